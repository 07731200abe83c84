#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "consensus/bft/proposer.h"
#include "consensus/bft/quorum.h"

static void
equal_powers_take_turns(void **state)
{
	uint32_t power[100];

	(void)state;
	for (uint32_t w = 1; w <= PROPOSER_POWER_MAX; w *= 1024) {
		for (uint16_t i = 0; i < 100; i++)
			power[i] = w;
		for (uint16_t n = 1; n <= 100; n++) {
			for (uint32_t k = 0; k < 250; k++)
				assert_int_equal(bft_proposer(power, n, 7, k),
				    (7 + k) % n);
		}
	}
	assert_int_equal(bft_proposer(power, 3, UINT64_MAX, 1), 1);
	assert_int_equal(bft_proposer(power, 1, UINT64_MAX, UINT32_MAX), 0);
}

static uint64_t
next(uint64_t *x)
{
	*x ^= *x << 13;
	*x ^= *x >> 7;
	*x ^= *x << 17;
	return *x;
}

/* In N turns validator i has power[i], and never falls two turns behind its
 * share: the place of turn j is within one step of (2j + 1) N / 2w. */
static void
shares_are_exact_and_smooth(void **state)
{
	uint64_t x = 88172645463325252;

	(void)state;
	for (unsigned test = 0; test < 200; test++) {
		uint16_t n = (uint16_t)(1 + next(&x) % 12);
		uint32_t power[12], turns[12] = {0};
		uint64_t total = 0, start = next(&x) >> 8;

		for (uint16_t i = 0; i < n; i++) {
			power[i] = (uint32_t)(1 + next(&x) % 40);
			total += power[i];
		}
		start -= start % total;
		for (uint32_t k = 0; k < total; k++) {
			uint16_t i = bft_proposer(power, n, start, k);
			double share;

			assert_true(i < n);
			turns[i]++;
			share = (double)(k + 1) * power[i] / (double)total;
			assert_true(turns[i] < share + 1 + n * 0.5);
			assert_true(turns[i] > share - 1 - n * 0.5);
		}
		for (uint16_t i = 0; i < n; i++)
			assert_int_equal(turns[i], power[i]);
	}
}

static void
height_and_round_are_one_count(void **state)
{
	const uint32_t power[] = {1, 1000000, 77, 1 << 20, 3};

	(void)state;
	for (uint32_t k = 0; k < 2000; k++)
		assert_int_equal(bft_proposer(power, 5, 123456, k),
		    bft_proposer(power, 5, 123456 + k, 0));
}

/* Turns in order of (2j + 1) / 2w, by brute force with cross products. */
static uint16_t
slow_proposer(const uint32_t *power, uint16_t n, uint64_t turn)
{
	uint32_t taken[8] = {0};
	uint16_t best = 0;

	for (uint64_t k = 0; k <= turn; k++) {
		for (uint16_t i = best = 0; i < n; i++) {
			if ((2 * (uint64_t)taken[i] + 1) * power[best] <
			    (2 * (uint64_t)taken[best] + 1) * power[i])
				best = i;
		}
		taken[best]++;
	}
	return best;
}

static void
agrees_with_brute_force(void **state)
{
	uint64_t x = 4101842887655102017;

	(void)state;
	for (unsigned test = 0; test < 300; test++) {
		uint16_t n = (uint16_t)(2 + next(&x) % 6);
		uint32_t power[8];
		uint64_t total = 0, turn;
		uint32_t max = test % 2 == 0 ? 9 : PROPOSER_POWER_MAX;

		for (uint16_t i = 0; i < n; i++) {
			power[i] = (uint32_t)(1 + next(&x) % max);
			total += power[i];
		}
		turn = next(&x) % (total < 3000 ? total : 3000);
		assert_int_equal(bft_proposer(power, n, turn, 0),
		    slow_proposer(power, n, turn));
	}
}

static void
thresholds(void **state)
{
	(void)state;
	/* n: quorum, honest (reference 2.1) */
	static const uint32_t want[][3] = {{1, 1, 1}, {2, 2, 1}, {3, 3, 2},
	    {4, 3, 2}, {7, 5, 3}, {10, 7, 4}, {100, 67, 34}};

	for (unsigned i = 0; i < sizeof(want) / sizeof(want[0]); i++) {
		uint32_t n = want[i][0];

		for (uint32_t p = 0; p <= n; p++) {
			assert_int_equal(quorum_reached(p, n), p >= want[i][1]);
			assert_int_equal(quorum_honest(p, n), p >= want[i][2]);
		}
	}
	assert_true(quorum_reached(UINT64_C(1) << 31, UINT64_C(1) << 31));
}

/* Who has no turns never proposes; the others keep their order. */
static void
the_bench_is_passed_over(void **state)
{
	uint32_t turns[7] = {1, 0, 1, 1, 0, 1, 1};
	static const uint16_t order[5] = {0, 2, 3, 5, 6};
	uint16_t times[7] = {0};

	(void)state;
	for (uint32_t k = 0; k < 50; k++)
		assert_int_equal(bft_proposer(turns, 7, 3, k),
		    order[(3 + k) % 5]);
	turns[2] = 4;
	turns[6] = 3;
	for (uint32_t k = 0; k < 10; k++)
		times[bft_proposer(turns, 7, 20, k)]++;
	for (uint16_t i = 0; i < 7; i++)
		assert_int_equal(times[i], turns[i]);
	turns[0] = turns[2] = turns[3] = turns[5] = 0;
	assert_int_equal(bft_proposer(turns, 7, UINT64_MAX, 9), 6);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(equal_powers_take_turns),
	    cmocka_unit_test(the_bench_is_passed_over),
	    cmocka_unit_test(shares_are_exact_and_smooth),
	    cmocka_unit_test(height_and_round_are_one_count),
	    cmocka_unit_test(agrees_with_brute_force),
	    cmocka_unit_test(thresholds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
