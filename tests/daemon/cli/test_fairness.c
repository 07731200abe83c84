/* Gaps between groups are exact, and small groups take no part. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "daemon/cli/fairness.h"

static void
assert_fraction(struct fraction f, uint64_t num, uint64_t den)
{
	assert_int_equal(f.num, num);
	assert_int_equal(f.den, den);
}

static void
test_fractions(void **state)
{
	(void)state;
	assert_fraction(fraction_of(0, 7), 0, 1);
	assert_fraction(fraction_of(14, 21), 2, 3);
	assert_true(
	    fraction_compare(fraction_of(1, 3), fraction_of(2, 6)) == 0);
	/* Closer than doubles can tell. */
	assert_true(fraction_compare((struct fraction){4294967294, 4294967295},
			(struct fraction){4294967293, 4294967294}) > 0);
}

static void
test_parity(void **state)
{
	/* 20 of 40, 30 of 40, 1 of 7 */
	const struct fairness_group g[] = {{15, 5, 15, 5}, {25, 5, 5, 5},
	    {1, 0, 3, 3}};
	struct fraction gap;

	(void)state;
	assert_true(fairness_parity(g, 3, &gap));
	assert_fraction(gap, 1, 4);
	assert_false(fairness_parity(g, 1, &gap));
	/* The small one alone beside another is no pair. */
	assert_false(fairness_parity(&g[1], 2, &gap));
}

static void
test_odds(void **state)
{
	/* true positives 3/4 and 5/6, false positives 1/4 and 1/2 */
	const struct fairness_group g[] = {{15, 5, 15, 5}, {25, 5, 5, 5}};
	/* The first has no row of the class. */
	const struct fairness_group h[] = {{0, 10, 30, 0}, {20, 10, 10, 0}};
	/* No rate is known of both. */
	const struct fairness_group none[] = {{0, 10, 30, 0}, {30, 0, 0, 10}};
	struct fraction gap;

	(void)state;
	assert_true(fairness_odds(g, 2, &gap));
	assert_fraction(gap, 1, 4);
	assert_true(fairness_odds(h, 2, &gap));
	assert_fraction(gap, 1, 4);
	assert_false(fairness_odds(none, 2, &gap));
}

/* Largest and smallest among many, whatever their order. */
static void
test_many(void **state)
{
	struct fairness_group g[9];
	struct fraction gap;

	(void)state;
	for (uint64_t i = 0; i < 9; i++) {
		uint64_t k = (i * 4 + 3) % 9;

		g[i] = (struct fairness_group){10 * k, 0, 10 * (9 - k), 10};
	}
	assert_true(fairness_parity(g, 9, &gap));
	assert_fraction(gap, 4, 5); /* 80/100 - 0/100 */
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_fractions),
	    cmocka_unit_test(test_parity),
	    cmocka_unit_test(test_odds),
	    cmocka_unit_test(test_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
