/* What a job may ask of the ledger beside a rule: a share of the members,
 * early stopping, moments of a server, control variates, a stage. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "proto/q24.h"
#include "tests/consensus/ledger/fixture.h"

#define ROUNDS 20

static void
open_town(struct town *t, uint16_t n, void (*edit)(struct job *))
{
	town_open(t,
	    &(struct town_setup){.n = n, .rounds = ROUNDS, .edit = edit});
	town_begin(t);
}

/* Everybody who is asked answers, zero where nothing is learnt; all attest. */
static void
answer_all(struct town *t, void (*spoil)(struct answer *a))
{
	struct answer *a;

	for (uint16_t m = 0; m < t->f.nmembers; m++) {
		if (!ledger_asked(t->l, m))
			continue;
		a = town_draft(t, m, ANSWER_UPDATE);
		if (spoil != NULL)
			spoil(a);
		town_keep(t, a);
	}
	for (uint16_t v = 0; v < t->f.nmembers; v++)
		town_attest(t, v, UINT64_MAX);
	t->now_ms += TOWN_INTERVAL_MS;
}

static void
half(struct job *j)
{
	j->combine.participation = (struct decimal){5, -1};
}

/* Four of eight are asked, drawn anew, and nobody else is waited for. */
static void
participation(void **state)
{
	struct town t;
	unsigned turns[8] = {0}, asked;
	struct answer *a;

	(void)state;
	open_town(&t, 8, half);
	for (unsigned r = 0; r < ROUNDS; r++) {
		asked = 0;
		for (uint16_t m = 0; m < 8; m++) {
			asked += ledger_asked(t.l, m);
			turns[m] += ledger_asked(t.l, m);
			if (ledger_asked(t.l, m))
				continue;
			a = town_draft(&t, m, ANSWER_UPDATE);
			answer_sign(a, t.keys[m], &t.fid);
			assert_int_equal(ledger_check_answer(t.l, a),
			    LEDGER_MEMBER);
			answer_unref(a);
		}
		assert_int_equal(asked, 4);
		answer_all(&t, NULL);
		assert_int_equal(town_step(&t), BLOCK_AGGREGATE);
	}
	assert_true(ledger_round(t.l)->finished);
	for (uint16_t m = 0; m < 8; m++)
		assert_true(turns[m] > 0 && turns[m] < ROUNDS);
	town_close(&t);
}

static void
patient(struct job *j)
{
	j->patience = 2;
	j->validation = (struct decimal){2, -1};
	j->progress = (struct decimal){1, -2};
}

static int64_t told;

/* Member 0 says that all is well. */
static void
validated(struct answer *a)
{
	a->valid_rows = 10;
	a->valid_loss_q24 = a->member == 0 ? 0 : told;
}

static void
early_stop(void **state)
{
	struct town t;
	unsigned r;

	(void)state;
	open_town(&t, 4, patient);
	for (r = 0; r < 5; r++) { /* two hundredths better each time */
		told = Q24_ONE - r * (Q24_ONE / 50);
		answer_all(&t, validated);
		assert_int_equal(town_step(&t), BLOCK_AGGREGATE);
		assert_false(ledger_round(t.l)->finished);
		assert_true(ledger_round(t.l)->best_q24 == told);
	}
	told -= Q24_ONE / 200; /* too little to count */
	answer_all(&t, validated);
	assert_int_equal(town_step(&t), BLOCK_AGGREGATE);
	assert_int_equal(ledger_round(t.l)->stale, 1);
	assert_false(ledger_round(t.l)->finished);
	answer_all(&t, validated);
	assert_int_equal(town_step(&t), BLOCK_AGGREGATE);
	assert_true(ledger_round(t.l)->finished);
	assert_int_equal(ledger_round(t.l)->number, 7);
	town_close(&t);
}

static int64_t rate;

static void
rated(struct job *j)
{
	j->combine.server_rate = (struct decimal){rate, 0};
}

/* Twice the rate is twice the step, from the job to the model. */
static void
server_rate(void **state)
{
	int64_t step[3];
	struct town t;

	(void)state;
	for (rate = 1; rate <= 3; rate++) {
		open_town(&t, 4, rated);
		step[rate - 1] = -ledger_model(t.l)[0];
		answer_all(&t, NULL);
		assert_int_equal(town_step(&t), BLOCK_AGGREGATE);
		step[rate - 1] += ledger_model(t.l)[0];
		town_close(&t);
	}
	assert_true(step[0] != 0);
	assert_int_equal(step[1], 2 * step[0]);
	assert_int_equal(step[2], 3 * step[0]);
}

static void
adam(struct job *j)
{
	j->combine.server = JOB_SERVER_ADAM;
	j->combine.server_rate = (struct decimal){1, -1};
	j->combine.rule = JOB_CENTERED_CLIPPING;
	j->combine.faults = 1;
}

/* Moments and the last aggregate are state: a ledger that replays the blocks,
 * and one that was copied half way, have the same leaves after each. */
static void
moments(void **state)
{
	struct hash leaves[LEDGER_LEAVES], again[LEDGER_LEAVES];
	struct hash before = {{0}};
	struct ledger *fresh = NULL, *copy = NULL;
	struct block *b;
	struct town t;

	(void)state;
	town_open(&t,
	    &(struct town_setup){.n = 4, .rounds = ROUNDS, .edit = adam});
	assert_int_equal(ledger_new(&t.f, &fresh), 0);
	t.now_ms += TOWN_INTERVAL_MS;
	for (unsigned r = 0; r < 6; r++) {
		if (r > 0)
			answer_all(&t, NULL);
		b = town_build(&t);
		town_commit(&t, b);
		assert_int_equal(ledger_replay(fresh, b), 0);
		if (copy != NULL)
			assert_int_equal(ledger_replay(copy, b), 0);
		block_free(b);
		ledger_leaves(t.l, leaves);
		ledger_leaves(fresh, again);
		assert_memory_equal(leaves, again, sizeof(leaves));
		assert_false(r > 0 && hash_equal(&leaves[8], &before));
		before = leaves[8];
		if (copy != NULL) {
			ledger_leaves(copy, again);
			assert_memory_equal(leaves, again, sizeof(leaves));
		}
		if (r == 2)
			assert_int_equal(ledger_clone(t.l, &copy), 0);
	}
	assert_false(hash_is_zero(&before));
	ledger_free(fresh);
	ledger_free(copy);
	town_close(&t);
}

static void
scaffold(struct job *j)
{
	j->local.scaffold = true;
}

/* The variates move by the mean over all members, also those who are out. */
static void
variates(void **state)
{
	struct town t;
	q24_wide sum[12] = {0};
	const int64_t *m;

	(void)state;
	open_town(&t, 4, scaffold);
	assert_int_equal(ledger_dim(t.l), 12);
	for (uint16_t i = 0; i < 4; i++)
		town_answer(&t, i, i == 2 ? ANSWER_NO_UPDATE : ANSWER_UPDATE);
	for (unsigned i = 0; i < t.npool; i++)
		for (uint32_t k = 0; k < t.pool[i]->dim; k++)
			sum[k] += t.pool[i]->delta[k];
	for (uint16_t v = 0; v < 4; v++)
		town_attest(&t, v, UINT64_MAX);
	t.now_ms += TOWN_INTERVAL_MS;
	assert_int_equal(town_step(&t), BLOCK_AGGREGATE);
	m = ledger_model(t.l);
	for (uint32_t k = 0; k < 6; k++) {
		assert_true(m[k] == q24_div128(sum[k], 3));
		/* Two roundings: of the mean, of the share. */
		assert_true(m[6 + k] - q24_div128(sum[6 + k], 4) <= 1 &&
		    q24_div128(sum[6 + k], 4) - m[6 + k] <= 1);
	}
	town_close(&t);
}

static void
staged(struct job *j)
{
	job_task_default(&j->stage, JOB_QPCA);
	j->stage_rounds = 1;
}

static void
only_stage(struct answer *a)
{
	memset(a->delta + 3, 0, 6 * sizeof(*a->delta));
}

static void
only_main(struct answer *a)
{
	memset(a->delta, 0, 3 * sizeof(*a->delta));
}

static void
expect(struct town *t, void (*spoil)(struct answer *), enum ledger_verdict v)
{
	struct answer *a = town_draft(t, 1, ANSWER_UPDATE);

	if (spoil != NULL)
		spoil(a);
	answer_sign(a, t->keys[1], &t->fid);
	assert_int_equal(ledger_check_answer(t->l, a), v);
	answer_unref(a);
}

/* A stage is learnt in aggregated rounds only, then frozen for good. */
static void
stage(void **state)
{
	int64_t frozen[3];
	struct town t;

	(void)state;
	open_town(&t, 4, staged);
	assert_int_equal(ledger_dim(t.l), 3 + 6);
	town_all(&t, ANSWER_NO_UPDATE);
	t.now_ms += TOWN_STRAGGLER_MS;
	assert_int_equal(town_step(&t), BLOCK_SKIP);
	expect(&t, NULL, LEDGER_SEGMENT);
	expect(&t, only_main, LEDGER_SEGMENT);
	expect(&t, only_stage, LEDGER_OK);
	answer_all(&t, only_stage);
	assert_int_equal(town_step(&t), BLOCK_AGGREGATE);
	memcpy(frozen, ledger_model(t.l), sizeof(frozen));
	assert_true(frozen[0] != 0 && ledger_model(t.l)[3] == 0);
	expect(&t, only_stage, LEDGER_SEGMENT);
	answer_all(&t, only_main);
	assert_int_equal(town_step(&t), BLOCK_AGGREGATE);
	assert_memory_equal(frozen, ledger_model(t.l), sizeof(frozen));
	assert_true(ledger_model(t.l)[3] != 0);
	town_close(&t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(participation),
	    cmocka_unit_test(early_stop),
	    cmocka_unit_test(server_rate),
	    cmocka_unit_test(moments),
	    cmocka_unit_test(variates),
	    cmocka_unit_test(stage),
	};

	if (sign_setup() != 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
