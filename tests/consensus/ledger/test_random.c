/*
 * Random histories: any answers, any attestations, any proposer, any pause.
 * What one ledger builds every other accepts without having seen its parts,
 * not a millisecond before ledger_due says, and all end in the same state.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "fixture.h"

#define STEPS 10

static const uint16_t sizes[] = {1, 2, 3, 4, 7};

static void
draw_setup(struct town_setup *s, uint64_t seed)
{
	*s = (struct town_setup){
	    .n = sizes[seed % 5],
	    .rounds = (uint32_t)(2 + seed % 6),
	    .weighted = seed % 3 == 0,
	};
	if (s->n >= 3 && seed % 4 == 1) {
		s->rule = JOB_TRIMMED_MEAN;
		s->trim = 1;
		s->weighted = false;
	}
	if (seed % 7 == 2)
		s->answers_min = (uint16_t)(1 + seed % s->n);
	for (uint16_t i = 0; i < s->n; i++)
		s->powers[i] = seed % 2 ? 1 : (uint32_t)(1 + (seed >> i) % 4);
}

/* Answers of some, now and then two of one; everybody attests a part. */
static void
draw_round(struct town *t)
{
	for (uint16_t m = 0; m < t->f.nmembers; m++) {
		if (town_random(t) % 5 == 0)
			continue;
		town_answer(t, m,
		    town_random(t) % 4 ? ANSWER_UPDATE : ANSWER_NO_UPDATE);
		if (town_random(t) % 8 == 0)
			town_answer(t, m, ANSWER_UPDATE);
	}
	for (uint16_t v = 0; v < t->f.nmembers; v++)
		if (town_random(t) % 6)
			town_attest(t, v,
			    town_random(t) % 2 ? UINT64_MAX : town_random(t));
}

static void
step_all(struct town *t, struct ledger *follower, struct ledger *reader)
{
	uint32_t bft_round = (uint32_t)(town_random(t) % 4);
	struct ledger_inputs in;
	struct ledger *cold = NULL;
	struct block *b = NULL;
	struct hash missing;
	uint64_t when;

	in = town_inputs(t, bft_round);
	in.now_ms = 0;
	assert_false(ledger_due(t->l, &in, &when));
	assert_true(when > ledger_time_ms(t->l));
	in.now_ms = when - 1;
	assert_int_equal(ledger_build(t->l, &in, &b, &missing), -EAGAIN);
	t->now_ms = in.now_ms = when + town_random(t) % 3;
	assert_true(ledger_due(t->l, &in, &when));
	assert_int_equal(ledger_build(t->l, &in, &b, &missing), 0);
	assert_int_equal(ledger_clone(follower, &cold), 0);
	assert_int_equal(ledger_check(follower, b), LEDGER_OK);
	assert_int_equal(ledger_apply(follower, b), 0);
	assert_int_equal(ledger_replay(cold, b), 0);
	/* Its last block's roots speak for all before. */
	assert_int_equal(ledger_height(reader) < STEPS - 1
		? ledger_skim(reader, b)
		: ledger_replay(reader, b),
	    0);
	town_commit(t, b);
	assert_true(hash_equal(ledger_head(cold), ledger_head(t->l)));
	block_free(b);
	ledger_free(cold);
}

static void
histories(void **state)
{
	uint64_t seeds = getenv("QML_TEST_LONG") ? 3000 : 150;

	(void)state;
	for (uint64_t seed = 1; seed <= seeds; seed++) {
		struct hash x[LEDGER_LEAVES], y[LEDGER_LEAVES];
		struct ledger *follower = NULL, *reader = NULL;
		struct town_setup s;
		struct town t;

		draw_setup(&s, seed);
		town_open(&t, &s);
		t.rng = seed * 0x9e3779b97f4a7c15u;
		assert_int_equal(ledger_new(&t.f, &follower), 0);
		assert_int_equal(ledger_new(&t.f, &reader), 0);
		for (int k = 0; k < STEPS; k++) {
			draw_round(&t);
			step_all(&t, follower, reader);
		}
		ledger_leaves(t.l, x);
		ledger_leaves(follower, y);
		assert_memory_equal(x, y, sizeof(x));
		assert_int_equal(ledger_height(t.l), STEPS);
		ledger_leaves(reader, y);
		assert_memory_equal(x, y, sizeof(x));
		ledger_free(reader);
		ledger_free(follower);
		town_close(&t);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(histories),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
