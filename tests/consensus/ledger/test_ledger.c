/* Rounds from block 0 to the end of the job, through the public interface. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "fixture.h"
#include "proto/q24.h"

static const uint16_t sizes[] = {1, 2, 3, 4, 7};
#define NSIZES (sizeof(sizes) / sizeof(*sizes))

static void
genesis(void **state)
{
	struct town t;
	int64_t model[6];
	struct hash h;

	(void)state;
	town_open(&t, &(struct town_setup){.n = 4, .rounds = 3});
	job_start_model(&t.f.job, model);
	h = q24_hash("qml.model", model, 6);
	assert_int_equal(ledger_height(t.l), 0);
	assert_true(hash_equal(ledger_head(t.l), &t.fid));
	assert_int_equal(ledger_time_ms(t.l), TOWN_FOUNDED_MS);
	assert_memory_equal(ledger_model(t.l), model, sizeof(model));
	assert_true(hash_equal(&ledger_round(t.l)->base_model, &h));
	assert_int_equal(ledger_round(t.l)->number, 0);
	assert_int_equal(ledger_round(t.l)->collect_at_ms,
	    ledger_round(t.l)->collect_at_ms);
	assert_int_equal(ledger_nmembers(t.l), 4);
	assert_null(ledger_member(t.l, 4));
	assert_false(ledger_active(t.l, 4));
	assert_null(ledger_last_round(t.l));
	assert_true(hash_equal(ledger_federation_id(t.l), &t.fid));
	town_close(&t);
}

static void
refuses_bad_federation(void **state)
{
	struct town t;
	struct ledger *l = NULL;

	(void)state;
	town_open(&t, &(struct town_setup){.n = 2, .rounds = 3});
	t.f.job.rounds = 0;
	assert_int_equal(ledger_new(&t.f, &l), -EINVAL);
	assert_null(l);
	town_close(&t);
}

/* The model by hand: previous plus the mean, an oracle with its own sums. */
static void
expect_mean(const struct town *t, const int64_t *before, const int64_t *after)
{
	for (uint32_t j = 0; j < 6; j++) {
		int64_t sum = 0;
		int64_t n = 0;
		int64_t floor2;

		for (unsigned i = 0; i < t->npool; i++) {
			if (t->pool[i]->kind != ANSWER_UPDATE)
				continue;
			sum += t->pool[i]->delta[j];
			n++;
		}
		/* |exact - got| <= 1/2, in units of 1 / (2 n) */
		floor2 = 2 * (sum - n * (after[j] - before[j]));
		assert_true(floor2 <= n && floor2 >= -n);
	}
}

static void
happy_rounds(void **state)
{
	(void)state;
	for (size_t s = 0; s < NSIZES; s++) {
		struct town t;
		int64_t before[6];

		town_open(&t, &(struct town_setup){.n = sizes[s], .rounds = 5});
		for (uint64_t k = 0; k < 5; k++) {
			struct block *b;

			memcpy(before, ledger_model(t.l), sizeof(before));
			town_all(&t, ANSWER_UPDATE);
			t.now_ms += 200;
			b = town_build(&t);
			assert_int_equal(b->header.kind, BLOCK_AGGREGATE);
			assert_int_equal(b->header.nanswers, sizes[s]);
			assert_int_equal(ledger_check(t.l, b), LEDGER_OK);
			assert_int_equal(ledger_apply(t.l, b), 0);
			expect_mean(&t, before, ledger_model(t.l));
			town_certify(&t, &t.commit, k + 1, &b->id);
			t.has_commit = true;
			assert_int_equal(ledger_round(t.l)->number, k + 1);
			assert_int_equal(ledger_round(t.l)->aggregated, k + 1);
			assert_int_equal(ledger_round(t.l)->opened_ms,
			    t.now_ms);
			while (t.npool > 0)
				answer_unref(t.pool[--t.npool]);
			block_free(b);
		}
		assert_true(ledger_round(t.l)->finished);
		assert_int_equal(ledger_height(t.l), 5);
		town_close(&t);
	}
}

static void
summary_of_round(void **state)
{
	struct town t;
	const struct ledger_round_summary *r;

	(void)state;
	town_open(&t, &(struct town_setup){.n = 4, .rounds = 5});
	town_answer(&t, 0, ANSWER_UPDATE);
	town_answer(&t, 1, ANSWER_NO_UPDATE);
	town_answer(&t, 2, ANSWER_UPDATE);
	town_answer(&t, 3, ANSWER_UPDATE);
	t.pool[0]->loss_after_q24 = 5 * Q24_ONE;
	answer_sign(t.pool[0], t.keys[0], &t.fid);
	for (uint16_t v = 0; v < 4; v++)
		town_attest(&t, v, UINT64_MAX);
	t.now_ms += 321;
	assert_int_equal(town_step(&t), BLOCK_AGGREGATE);
	r = ledger_last_round(t.l);
	assert_non_null(r);
	assert_int_equal(r->round, 0);
	assert_int_equal(r->height, 1);
	assert_int_equal(r->duration_ms, 321);
	assert_int_equal(r->nparts, 4);
	assert_int_equal(r->nupdates, 3);
	assert_int_equal(r->rows, 10 + 12 + 13);
	assert_int_equal(r->correct, 0 + 2 + 3);
	assert_int_equal(r->part[1].kind, ANSWER_NO_UPDATE);
	assert_int_equal(r->part[1].reason, ANSWER_REASON_NO_DATA);
	assert_int_equal(r->loss_before_q24, 3 * Q24_ONE);
	/* (10 * 5 + 25 * 2) / 35 */
	assert_int_equal(r->loss_after_q24, q24_div(100 * Q24_ONE, 35));
	town_close(&t);
}

/* Weeks may pass between the founding and the first meeting of a quorum. */
static void
first_block_starts_the_clock(void **state)
{
	struct town t;
	struct ledger_inputs in;
	uint64_t when;

	(void)state;
	town_open(&t, &(struct town_setup){.n = 4, .rounds = 2});
	t.now_ms += UINT64_C(14) * 86400000;
	/* Nobody has trained yet, and the attestations say so. */
	for (uint16_t v = 0; v < 4; v++)
		town_attest(&t, v, 0);
	in = town_inputs(&t, 0);
	assert_true(ledger_due(t.l, &in, &when));
	assert_int_equal(town_step(&t), BLOCK_ORDINARY);
	assert_int_equal(ledger_round(t.l)->number, 0);
	assert_int_equal(ledger_round(t.l)->opened_ms, t.now_ms);
	assert_int_equal(ledger_round(t.l)->collect_at_ms,
	    t.now_ms + TOWN_COLLECT_MS);
	town_close(&t);
}

static void
heartbeats(void **state)
{
	struct town t;
	struct ledger_inputs in;
	struct hash missing;
	struct block *b;
	uint64_t when, opened;

	(void)state;
	town_open(&t, &(struct town_setup){.n = 4, .rounds = 1});
	town_begin(&t);
	opened = t.now_ms;
	for (int k = 0; k < 2; k++) {
		in = town_inputs(&t, 0);
		assert_false(ledger_due(t.l, &in, &when));
		assert_int_equal(when, t.now_ms + TOWN_HEARTBEAT_MS);
		assert_int_equal(ledger_build(t.l, &in, &b, &missing), -EAGAIN);
		t.now_ms = when;
		in = town_inputs(&t, 0);
		assert_true(ledger_due(t.l, &in, &when));
		assert_int_equal(town_step(&t), BLOCK_ORDINARY);
		assert_int_equal(ledger_round(t.l)->opened_ms, opened);
	}
	town_all(&t, ANSWER_UPDATE);
	t.now_ms += TOWN_INTERVAL_MS;
	assert_int_equal(town_step(&t), BLOCK_AGGREGATE); /* the only round */
	assert_true(ledger_round(t.l)->finished);
	assert_int_equal(ledger_last_round(t.l)->height, 4);
	/* Finished: attestations change nothing any more. */
	town_all(&t, ANSWER_UPDATE);
	in = town_inputs(&t, 0);
	in.now_ms += TOWN_HEARTBEAT_MS - 1;
	assert_false(ledger_due(t.l, &in, &when));
	assert_int_equal(ledger_build(t.l, &in, &b, &missing), -EAGAIN);
	t.now_ms += TOWN_HEARTBEAT_MS;
	assert_int_equal(town_step(&t), BLOCK_ORDINARY);
	assert_int_equal(ledger_round(t.l)->number, 1);
	town_close(&t);
}

static void
stragglers_are_left_out(void **state)
{
	struct town t;
	struct ledger_inputs in;
	struct hash missing;
	struct block *b = NULL;
	uint64_t when;

	(void)state;
	town_open(&t, &(struct town_setup){.n = 4, .rounds = 9});
	town_begin(&t);
	/* Three of four: enough at the end of the collection. */
	for (uint16_t m = 0; m < 3; m++)
		town_answer(&t, m, ANSWER_UPDATE);
	for (uint16_t v = 0; v < 3; v++)
		town_attest(&t, v, UINT64_MAX);
	t.now_ms += TOWN_COLLECT_MS - 1;
	in = town_inputs(&t, 0);
	assert_false(ledger_due(t.l, &in, &when));
	assert_int_equal(when, ledger_round(t.l)->collect_at_ms);
	assert_int_equal(ledger_build(t.l, &in, &b, &missing), -EAGAIN);
	t.now_ms++;
	assert_int_equal(town_step(&t), BLOCK_AGGREGATE);
	assert_int_equal(ledger_last_round(t.l)->nparts, 3);
	/* Two of four: only at the straggler time. */
	town_answer(&t, 1, ANSWER_UPDATE);
	town_answer(&t, 3, ANSWER_UPDATE);
	for (uint16_t v = 0; v < 4; v++)
		town_attest(&t, v, UINT64_MAX);
	in = town_inputs(&t, 0);
	assert_false(ledger_due(t.l, &in, &when));
	assert_int_equal(when, t.now_ms + TOWN_STRAGGLER_MS);
	t.now_ms = when;
	assert_int_equal(town_step(&t), BLOCK_AGGREGATE);
	assert_int_equal(ledger_last_round(t.l)->nupdates, 2);
	town_close(&t);
}

static void
skips_wait_longer_each_time(void **state)
{
	static const uint64_t patience[] = {1, 2, 4, 8, 8, 8};
	struct town t;
	struct hash base;
	uint64_t when;

	(void)state;
	town_open(&t, &(struct town_setup){.n = 4, .rounds = 9});
	town_begin(&t);
	base = ledger_round(t.l)->base_model;
	for (unsigned k = 0; k < 6; k++) {
		const struct ledger_round *r = ledger_round(t.l);
		struct ledger_inputs in;

		assert_int_equal(r->skips, k);
		assert_int_equal(r->collect_at_ms - r->opened_ms,
		    patience[k] * TOWN_COLLECT_MS);
		assert_int_equal(r->straggler_at_ms - r->opened_ms,
		    patience[k] * TOWN_STRAGGLER_MS);
		town_answer(&t, 2, ANSWER_UPDATE); /* alone */
		for (uint16_t v = 0; v < 3; v++)
			town_attest(&t, v, UINT64_MAX);
		in = town_inputs(&t, 0);
		assert_false(ledger_due(t.l, &in, &when));
		assert_int_equal(when, r->straggler_at_ms);
		t.now_ms = when;
		assert_int_equal(town_step(&t), BLOCK_SKIP);
		assert_true(hash_equal(&ledger_round(t.l)->base_model, &base));
	}
	town_all(&t, ANSWER_UPDATE);
	t.now_ms += TOWN_INTERVAL_MS;
	assert_int_equal(town_step(&t), BLOCK_AGGREGATE);
	assert_int_equal(ledger_round(t.l)->skips, 0);
	assert_int_equal(ledger_round(t.l)->skipped, 6);
	assert_int_equal(ledger_round(t.l)->collect_at_ms,
	    t.now_ms + TOWN_COLLECT_MS);
	town_close(&t);
}

/* Everybody refuses: nothing to wait for but the collection time. */
static void
all_refuse(void **state)
{
	struct town t;
	struct ledger_inputs in;
	uint64_t when;

	(void)state;
	town_open(&t, &(struct town_setup){.n = 4, .rounds = 2});
	town_begin(&t);
	town_all(&t, ANSWER_NO_UPDATE);
	in = town_inputs(&t, 0);
	assert_false(ledger_due(t.l, &in, &when));
	assert_int_equal(when, ledger_round(t.l)->collect_at_ms);
	t.now_ms = when;
	assert_int_equal(town_step(&t), BLOCK_SKIP);
	assert_int_equal(ledger_last_round(t.l)->kind, BLOCK_SKIP);
	assert_int_equal(ledger_last_round(t.l)->nparts, 4);
	assert_int_equal(ledger_last_round(t.l)->nupdates, 0);
	assert_int_equal(ledger_last_round(t.l)->loss_after_q24, 0);
	town_close(&t);
}

static void
trimmed_needs_its_minimum(void **state)
{
	struct town t;
	struct ledger_inputs in;
	uint64_t when;

	(void)state;
	town_open(&t,
	    &(struct town_setup){.n = 4,
		.rounds = 2,
		.rule = JOB_TRIMMED_MEAN,
		.trim = 1});
	town_begin(&t);
	town_answer(&t, 0, ANSWER_UPDATE);
	town_answer(&t, 1, ANSWER_UPDATE);
	town_answer(&t, 2, ANSWER_NO_UPDATE);
	town_answer(&t, 3, ANSWER_NO_UPDATE);
	for (uint16_t v = 0; v < 4; v++)
		town_attest(&t, v, UINT64_MAX);
	in = town_inputs(&t, 0);
	assert_false(ledger_due(t.l, &in, &when));
	t.now_ms = when;
	assert_int_equal(town_step(&t), BLOCK_SKIP);
	town_all(&t, ANSWER_UPDATE);
	t.now_ms += TOWN_INTERVAL_MS;
	assert_int_equal(town_step(&t), BLOCK_AGGREGATE);
	town_close(&t);
}

static void
registered_weights(void **state)
{
	struct town t;
	int64_t sum = 0;
	int64_t weights = 0;

	(void)state;
	town_open(&t,
	    &(struct town_setup){.n = 3, .rounds = 2, .weighted = true});
	town_all(&t, ANSWER_UPDATE);
	for (uint16_t i = 0; i < 3; i++) {
		sum += t.pool[i]->delta[4] * (int64_t)t.f.members[i].weight;
		weights += t.f.members[i].weight;
	}
	assert_int_equal(weights, 6);
	t.now_ms += 100;
	assert_int_equal(town_step(&t), BLOCK_AGGREGATE);
	assert_int_equal(ledger_model(t.l)[4], q24_div(sum, 6));
	town_close(&t);
}

/* One vote with more than two thirds of the power is a quorum alone. */
static void
power_counts(void **state)
{
	struct town t;
	struct ledger_inputs in;
	uint64_t when;
	uint16_t strong = 0;

	(void)state;
	town_open(&t,
	    &(struct town_setup){.n = 4, .rounds = 2, .powers = {10, 1, 1, 1}});
	town_begin(&t);
	while (t.f.members[strong].power != 10)
		strong++;
	for (uint16_t m = 0; m < 4; m++)
		town_answer(&t, m, ANSWER_UPDATE);
	for (uint16_t v = 0; v < 4; v++)
		if (v != strong)
			town_attest(&t, v, UINT64_MAX);
	in = town_inputs(&t, 0);
	ledger_due(t.l, &in, &when);
	assert_int_equal(when, ledger_time_ms(t.l) + TOWN_HEARTBEAT_MS);
	memset(t.given, 0, sizeof(t.given));
	town_attest(&t, strong, UINT64_MAX);
	t.now_ms += TOWN_INTERVAL_MS;
	assert_int_equal(town_step(&t), BLOCK_AGGREGATE);
	town_close(&t);
}

static void
same_history_same_state(void **state)
{
	struct town t;
	struct ledger *a = NULL;
	struct ledger *c = NULL;
	struct hash x[LEDGER_LEAVES], y[LEDGER_LEAVES];

	(void)state;
	town_open(&t, &(struct town_setup){.n = 4, .rounds = 9});
	assert_int_equal(ledger_new(&t.f, &a), 0);
	for (unsigned k = 0; k < 9; k++) {
		struct block *b;

		town_all(&t, k % 3 ? ANSWER_UPDATE : ANSWER_NO_UPDATE);
		t.now_ms += k == 4 ? TOWN_HEARTBEAT_MS : 8 * TOWN_COLLECT_MS;
		b = town_build(&t);
		/* A fresh ledger verifies every signature itself. */
		ledger_free(c);
		assert_int_equal(ledger_clone(a, &c), 0);
		assert_int_equal(ledger_check(a, b), LEDGER_OK);
		assert_true(ledger_leaves_after(a, b, x));
		assert_int_equal(ledger_apply(a, b), 0);
		assert_int_equal(ledger_apply(c, b), 0);
		town_commit(&t, b);
		ledger_leaves(t.l, y);
		assert_memory_equal(x, y, sizeof(x));
		ledger_leaves(a, x);
		assert_memory_equal(x, y, sizeof(x));
		ledger_leaves(c, x);
		assert_memory_equal(x, y, sizeof(x));
		assert_memory_equal(ledger_model(a), ledger_model(c),
		    6 * sizeof(int64_t));
		block_free(b);
	}
	assert_true(hash_equal(ledger_head(a), ledger_head(t.l)));
	ledger_free(a);
	ledger_free(c);
	town_close(&t);
}

static void
apply_is_all_or_nothing(void **state)
{
	struct town t;
	struct ledger *fresh = NULL;
	struct hash x[LEDGER_LEAVES], y[LEDGER_LEAVES];
	struct block *b;
	struct answer *kept;

	(void)state;
	town_open(&t, &(struct town_setup){.n = 4, .rounds = 9});
	town_all(&t, ANSWER_UPDATE);
	t.now_ms += 100;
	b = town_build(&t);
	assert_int_equal(ledger_new(&t.f, &fresh), 0);
	ledger_leaves(fresh, x);
	kept = b->answers[2];
	b->answers[2] = NULL;
	assert_int_equal(ledger_check(fresh, b), LEDGER_MISSING_ANSWER);
	assert_int_equal(ledger_apply(fresh, b), -EBADMSG);
	/* Also when the same block passed with all answers before. */
	assert_int_equal(ledger_apply(t.l, b), -EBADMSG);
	b->answers[2] = kept;
	ledger_leaves(fresh, y);
	assert_memory_equal(x, y, sizeof(x));
	assert_int_equal(ledger_height(fresh), 0);
	assert_int_equal(ledger_apply(fresh, b), 0);
	assert_int_equal(ledger_apply(fresh, b), -EBADMSG); /* twice */
	assert_int_equal(ledger_height(fresh), 1);
	block_free(b);
	ledger_free(fresh);
	town_close(&t);
}

/* Our own chain: the state is recomputed, the signatures are not. */
static void
replay_trusts_signatures_only(void **state)
{
	struct town t;
	struct ledger *fresh = NULL;
	struct block *b;
	struct hash x[LEDGER_LEAVES], y[LEDGER_LEAVES];

	(void)state;
	town_open(&t, &(struct town_setup){.n = 4, .rounds = 9});
	assert_int_equal(ledger_new(&t.f, &fresh), 0);
	town_all(&t, ANSWER_UPDATE);
	t.now_ms += 100;
	b = town_build(&t);
	b->header.model.b[0] ^= 1;
	assert_int_equal(block_seal(b), 0);
	assert_int_equal(ledger_replay(fresh, b), -EBADMSG);
	b->header.model.b[0] ^= 1;
	b->attests[0].sig.b[0] ^= 1;
	b->header.state_root.b[0] ^= 1;
	assert_int_equal(block_seal(b), 0);
	assert_int_equal(ledger_replay(fresh, b), -EBADMSG);
	b->header.state_root.b[0] ^= 1;
	assert_int_equal(block_seal(b), 0);
	assert_int_equal(ledger_apply(fresh, b), -EBADMSG);
	assert_int_equal(ledger_replay(fresh, b), 0);
	town_step(&t);
	ledger_leaves(t.l, x);
	ledger_leaves(fresh, y);
	assert_memory_equal(x, y, sizeof(x));
	/* Nothing was remembered as verified. */
	block_free(b);
	town_all(&t, ANSWER_UPDATE);
	t.pool[0]->sig.b[0] ^= 1;
	assert_int_equal(ledger_check_answer(fresh, t.pool[0]),
	    LEDGER_SIGNATURE);
	ledger_free(fresh);
	town_close(&t);
}

/* What was checked last does not leak into another block's outcome. */
static void
memory_is_of_one_block(void **state)
{
	struct town t;
	struct ledger_inputs in;
	struct hash missing;
	struct block *one = NULL;
	struct block *two = NULL;
	struct block *bad = NULL;

	(void)state;
	town_open(&t, &(struct town_setup){.n = 4, .rounds = 9});
	for (uint16_t m = 0; m < 4; m++)
		town_answer(&t, m, ANSWER_UPDATE);
	for (uint16_t v = 0; v < 3; v++)
		town_attest(&t, v, v ? 15 : 7);
	t.now_ms += TOWN_COLLECT_MS;
	in = town_inputs(&t, 0);
	assert_int_equal(ledger_build(t.l, &in, &one, &missing), 0);
	in.now_ms++;
	assert_int_equal(ledger_build(t.l, &in, &two, &missing), 0);
	assert_int_equal(ledger_check(t.l, one), LEDGER_OK);
	in.now_ms++;
	assert_int_equal(ledger_build(t.l, &in, &bad, &missing), 0);
	bad->header.time_ms++;
	assert_int_equal(block_seal(bad), 0);
	assert_int_equal(ledger_check(t.l, bad), LEDGER_STATE);
	assert_int_equal(ledger_apply(t.l, one), 0);
	assert_int_equal(ledger_round(t.l)->opened_ms, one->header.time_ms);
	block_free(one);
	block_free(two);
	block_free(bad);
	town_close(&t);
}

static void
names(void **state)
{
	(void)state;
	for (unsigned i = 0; i < LEDGER_LEAVES; i++) {
		assert_true(strlen(ledger_leaf_name(i)) > 0);
		for (unsigned k = 0; k < i; k++)
			assert_string_not_equal(ledger_leaf_name(i),
			    ledger_leaf_name(k));
	}
	assert_string_equal(ledger_leaf_name(LEDGER_LEAVES), "");
	for (unsigned v = 0; v < LEDGER_VERDICTS; v++)
		assert_true(
		    strlen(ledger_verdict_text((enum ledger_verdict)v)) > 5);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(genesis),
	    cmocka_unit_test(refuses_bad_federation),
	    cmocka_unit_test(happy_rounds),
	    cmocka_unit_test(summary_of_round),
	    cmocka_unit_test(first_block_starts_the_clock),
	    cmocka_unit_test(heartbeats),
	    cmocka_unit_test(stragglers_are_left_out),
	    cmocka_unit_test(skips_wait_longer_each_time),
	    cmocka_unit_test(all_refuse),
	    cmocka_unit_test(trimmed_needs_its_minimum),
	    cmocka_unit_test(registered_weights),
	    cmocka_unit_test(power_counts),
	    cmocka_unit_test(same_history_same_state),
	    cmocka_unit_test(apply_is_all_or_nothing),
	    cmocka_unit_test(replay_trusts_signatures_only),
	    cmocka_unit_test(memory_is_of_one_block),
	    cmocka_unit_test(names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
