/* Updates that come too late for their round: which count later, and how
 * much. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "proto/q24.h"
#include "tests/consensus/ledger/fixture.h"

#define ROUNDS 12
#define LATE 3 /* the member that is */

static uint8_t rule, carry, before;

static void
settings(struct job *j)
{
	j->combine.rule = rule;
	j->combine.stragglers = carry > 0 ? JOB_CARRY : JOB_DROP;
	j->combine.carry_rounds = carry;
	if (before > 0) {
		j->combine.pre[0] = JOB_ARC;
		j->combine.pre[1] = before;
	}
}

static void
open_town(struct town *t, uint8_t carry_, uint8_t rule_)
{
	carry = carry_;
	rule = rule_;
	town_open(t,
	    &(struct town_setup){.n = 4,
		.rounds = ROUNDS,
		.trim = rule_ == JOB_MEAN ? 0 : 1,
		.edit = settings});
	town_begin(t);
}

static void
attest_all(struct town *t, unsigned wait_ms)
{
	for (uint16_t v = 0; v < 4; v++)
		town_attest(t, v, UINT64_MAX);
	t->now_ms += wait_ms;
}

/* A round that the late member is not in. */
static void
without(struct town *t, uint8_t kind)
{
	for (uint16_t m = 0; m < LATE; m++)
		town_answer(t, m, kind);
	attest_all(t, 0);
	t->now_ms = kind == ANSWER_UPDATE ? ledger_round(t->l)->collect_at_ms
					  : ledger_round(t->l)->straggler_at_ms;
	assert_int_equal(town_step(t),
	    kind == ANSWER_UPDATE ? BLOCK_AGGREGATE : BLOCK_SKIP);
}

static enum ledger_verdict
verdict_on(struct town *t, const struct hash *base, uint8_t kind)
{
	struct answer *a = town_draft(t, LATE, kind);
	enum ledger_verdict v;

	a->base_model = *base;
	answer_sign(a, t->keys[LATE], &t->fid);
	v = ledger_check_answer(t->l, a);
	answer_unref(a);
	return v;
}

static void
weights(void **state)
{
	(void)state;
	for (int age = 0; age < BASES_MAX; age++) {
		q24_uwide w = (q24_uwide)bases_weight(age), one = 1;

		assert_true(w * w * (unsigned)(1 + age) <= one << 48);
		assert_true(
		    (w + 1) * (w + 1) * (unsigned)(1 + age) > one << 48);
	}
	assert_true(bases_weight(0) == Q24_ONE);
}

static void
old_models(void **state)
{
	struct hash base[5];
	struct town t;

	(void)state;
	open_town(&t, 2, JOB_MEAN);
	for (unsigned r = 0; r < 4; r++) {
		base[r] = ledger_round(t.l)->base_model;
		without(&t, ANSWER_UPDATE);
	}
	base[4] = ledger_round(t.l)->base_model;
	assert_int_equal(ledger_round(t.l)->bases.n, 3);
	for (unsigned r = 0; r < 5; r++) {
		assert_int_equal(verdict_on(&t, &base[r], ANSWER_UPDATE),
		    r < 2 ? LEDGER_BASE_MODEL : LEDGER_OK);
		assert_int_equal(verdict_on(&t, &base[r], ANSWER_NO_UPDATE),
		    r < 4 ? LEDGER_BASE_MODEL : LEDGER_OK);
	}
	town_close(&t);

	open_town(&t, 0, JOB_MEAN);
	base[0] = ledger_round(t.l)->base_model;
	without(&t, ANSWER_UPDATE);
	assert_int_equal(verdict_on(&t, &base[0], ANSWER_UPDATE),
	    LEDGER_BASE_MODEL);
	town_close(&t);
}

/* The late member's update from `base` and everybody's own; closes the
 * round. */
static void
with_late(struct town *t, const struct hash *base)
{
	struct answer *a = town_draft(t, LATE, ANSWER_UPDATE);

	a->base_model = *base;
	town_keep(t, a);
	for (uint16_t m = 0; m < LATE; m++)
		town_answer(t, m, ANSWER_UPDATE);
	attest_all(t, TOWN_INTERVAL_MS);
	assert_int_equal(town_step(t), BLOCK_AGGREGATE);
}

static void
once(void **state)
{
	struct hash base[3];
	struct town t;

	(void)state;
	open_town(&t, 4, JOB_MEAN);
	base[0] = ledger_round(t.l)->base_model;
	without(&t, ANSWER_UPDATE);
	base[1] = ledger_round(t.l)->base_model;
	without(&t, ANSWER_UPDATE);
	assert_int_equal(ledger_round(t.l)->bases.used[LATE], 0);
	with_late(&t, &base[1]);
	assert_int_equal(ledger_round(t.l)->bases.used[LATE], 2);
	assert_int_equal(ledger_round(t.l)->bases.used[0], 3);
	base[2] = ledger_round(t.l)->base_model;
	for (unsigned k = 0; k < 3; k++)
		assert_int_equal(verdict_on(&t, &base[k], ANSWER_UPDATE),
		    k < 2 ? LEDGER_BASE_USED : LEDGER_OK);
	town_close(&t);
}

/* A skipped round leaves the model, so its work is not late: and for who drops
 * stragglers its work is over. */
static void
skipped(void **state)
{
	struct town t;

	(void)state;
	open_town(&t, 1, JOB_MEAN);
	without(&t, ANSWER_NO_UPDATE);
	assert_int_equal(ledger_round(t.l)->number, 1);
	assert_int_equal(ledger_round(t.l)->bases.n, 1);
	assert_int_equal(ledger_round(t.l)->bases.one[0].round, 0);
	without(&t, ANSWER_UPDATE);
	assert_int_equal(ledger_round(t.l)->bases.used[0], 1);
	assert_int_equal(ledger_round(t.l)->bases.one[0].round, 2);
	town_close(&t);
	open_town(&t, 0, JOB_MEAN);
	without(&t, ANSWER_NO_UPDATE);
	assert_int_equal(ledger_round(t.l)->bases.one[0].round, 1);
	town_close(&t);
}

/* What a round makes of a late update is what it makes of a fresh one that is
 * 1 / sqrt(1 + age) of it. */
static void
counts_less(void **state)
{
	static const uint8_t rules[] = {JOB_MEAN, JOB_MEDIAN, JOB_TRIMMED_MEAN,
	    JOB_GEOMETRIC_MEDIAN};
	int64_t model[6];
	struct hash base;
	struct answer *a;
	struct town t;

	(void)state;
	for (unsigned k = 0; k < 2 * sizeof(rules); k++) {
		before = k < sizeof(rules) ? 0 : JOB_NNM;
		for (unsigned scaled = 0; scaled < 2; scaled++) {
			open_town(&t, 3, rules[k % sizeof(rules)]);
			base = ledger_round(t.l)->base_model;
			without(&t, ANSWER_UPDATE);
			without(&t, ANSWER_UPDATE);
			t.rng = 7;
			a = town_draft(&t, LATE, ANSWER_UPDATE);
			if (scaled == 0)
				a->base_model = base;
			for (uint32_t j = 0; scaled > 0 && j < a->dim; j++)
				a->delta[j] = q24_div128((q24_wide)a->delta[j] *
					bases_weight(2),
				    Q24_ONE);
			town_keep(&t, a);
			for (uint16_t m = 0; m < LATE; m++)
				town_answer(&t, m, ANSWER_UPDATE);
			attest_all(&t, TOWN_INTERVAL_MS);
			assert_int_equal(town_step(&t), BLOCK_AGGREGATE);
			if (scaled > 0)
				assert_memory_equal(model, ledger_model(t.l),
				    sizeof(model));
			memcpy(model, ledger_model(t.l), sizeof(model));
			town_close(&t);
		}
	}
	before = 0;
}

static void
patient(struct job *j)
{
	settings(j);
	j->patience = 5;
	j->validation = (struct decimal){2, -1};
}

/* What a late update says of an older model does not stop the job. */
static void
validation(void **state)
{
	struct hash base;
	struct answer *a;
	struct town t;

	(void)state;
	carry = 2;
	rule = JOB_MEAN;
	town_open(&t,
	    &(struct town_setup){.n = 4, .rounds = ROUNDS, .edit = patient});
	town_begin(&t);
	base = ledger_round(t.l)->base_model;
	without(&t, ANSWER_UPDATE);
	for (uint16_t m = 2; m <= LATE; m++) {
		a = town_draft(&t, m, ANSWER_UPDATE);
		a->valid_rows = 5;
		a->valid_loss_q24 = m == LATE ? 1 : 9 * Q24_ONE;
		if (m == LATE)
			a->base_model = base;
		town_keep(&t, a);
	}
	attest_all(&t, TOWN_STRAGGLER_MS);
	assert_int_equal(town_step(&t), BLOCK_AGGREGATE);
	assert_true(ledger_round(t.l)->best_q24 == 9 * Q24_ONE);
	town_close(&t);
}

/* Whose work is in is part of the state: a ledger that counted otherwise would
 * not agree to the next block. */
static void
state_root(void **state)
{
	struct hash a[LEDGER_LEAVES], b[LEDGER_LEAVES];
	struct ledger *other;
	struct hash base;
	struct town t;

	(void)state;
	open_town(&t, 2, JOB_MEAN);
	base = ledger_round(t.l)->base_model;
	without(&t, ANSWER_UPDATE);
	with_late(&t, &base);
	assert_int_equal(ledger_clone(t.l, &other), 0);
	ledger_leaves(t.l, a);
	ledger_leaves(other, b);
	assert_memory_equal(a, b, sizeof(a));
	((struct ledger_round *)(uintptr_t)ledger_round(other))
	    ->bases.used[LATE]++;
	ledger_leaves(other, b);
	for (unsigned i = 0; i < LEDGER_LEAVES; i++)
		if (strcmp(ledger_leaf_name(i), "round") == 0)
			assert_memory_not_equal(&a[i], &b[i], sizeof(a[i]));
		else
			assert_memory_equal(&a[i], &b[i], sizeof(a[i]));
	ledger_free(other);
	town_close(&t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(weights),
	    cmocka_unit_test(old_models),
	    cmocka_unit_test(once),
	    cmocka_unit_test(skipped),
	    cmocka_unit_test(counts_less),
	    cmocka_unit_test(validation),
	    cmocka_unit_test(state_root),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
