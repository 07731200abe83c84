/* The closing rule over every number of members, answers and updates. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "consensus/ledger/state.h"
#include "fixture.h"

static uint16_t
at_least(uint16_t a, uint16_t b)
{
	return a > b ? a : b;
}

/* The sentences of the README, one by one. */
static void
expect(const struct town *t, uint16_t a, uint16_t u)
{
	const struct ledger_round *r = ledger_round(t->l);
	struct closing got = closing_rule(t->l, a, u);
	uint16_t m = t->f.nmembers;
	uint16_t rule = t->f.job.combine.rule == JOB_MEAN
	    ? 1
	    : (uint16_t)(2 * t->f.job.combine.faults + 1);
	uint16_t most =
	    (uint16_t)(t->f.answers_min ? t->f.answers_min : m - (m - 1) / 3);
	uint16_t some = at_least((uint16_t)((m - 1) / 3 + 1), rule);

	if (a == m && u >= rule) {
		assert_int_equal(got.kind, BLOCK_AGGREGATE);
		assert_int_equal(got.from_ms, 0);
	} else if (a == m) {
		assert_int_equal(got.kind, BLOCK_SKIP);
		assert_int_equal(got.from_ms, r->collect_at_ms);
	} else if (u >= at_least(most, rule)) {
		assert_int_equal(got.kind, BLOCK_AGGREGATE);
		assert_int_equal(got.from_ms, r->collect_at_ms);
	} else {
		assert_int_equal(got.kind,
		    u >= some ? BLOCK_AGGREGATE : BLOCK_SKIP);
		assert_int_equal(got.from_ms, r->straggler_at_ms);
	}
}

static void
every_answer(const struct town_setup *s)
{
	struct town t;

	town_open(&t, s);
	town_begin(&t);
	for (uint16_t a = 0; a <= s->n; a++)
		for (uint16_t u = 0; u <= a; u++)
			expect(&t, a, u);
	town_close(&t);
}

static void
every_number(void **state)
{
	(void)state;
	for (uint16_t n = 1; n <= TOWN_MAX; n++) {
		struct town_setup s = {.n = n, .rounds = 2};

		every_answer(&s);
		s.answers_min = n;
		every_answer(&s);
		s.answers_min = 1;
		every_answer(&s);
		s.answers_min = 0;
		s.rule = JOB_TRIMMED_MEAN;
		s.trim = (uint16_t)((n - 1) / 2);
		if (s.trim > 0)
			every_answer(&s);
	}
}

/* One more update never makes a round close later, nor be skipped. */
static void
more_is_never_worse(void **state)
{
	struct town t;

	(void)state;
	town_open(&t, &(struct town_setup){.n = TOWN_MAX, .rounds = 2});
	for (uint16_t a = 0; a < TOWN_MAX; a++)
		for (uint16_t u = 0; u <= a; u++) {
			struct closing x = closing_rule(t.l, a, u);
			struct closing y = closing_rule(t.l, (uint16_t)(a + 1),
			    (uint16_t)(u + 1));

			assert_true(y.from_ms <= x.from_ms);
			assert_true(x.kind == BLOCK_SKIP || y.kind == x.kind);
		}
	town_close(&t);
}

/* Faulty members below a third, even silent, never stop a round. */
static void
faulty_cannot_skip(void **state)
{
	(void)state;
	for (uint16_t n = 1; n <= TOWN_MAX; n++) {
		struct town t;
		uint16_t honest = (uint16_t)(n - (n - 1) / 3);
		struct closing c;

		town_open(&t, &(struct town_setup){.n = n, .rounds = 2});
		town_begin(&t);
		c = closing_rule(t.l, honest, honest);
		assert_int_equal(c.kind, BLOCK_AGGREGATE);
		assert_true(c.from_ms <= ledger_round(t.l)->collect_at_ms);
		town_close(&t);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_number),
	    cmocka_unit_test(more_is_never_worse),
	    cmocka_unit_test(faulty_cannot_skip),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
