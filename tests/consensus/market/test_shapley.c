/* Shapley values and payouts: the known games, and sums that must be exact. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "consensus/market/payout.h"
#include "consensus/market/shapley.h"

static uint64_t rng = 0x9e3779b97f4a7c15u;

static uint64_t
draw(void)
{
	rng ^= rng << 13;
	rng ^= rng >> 7;
	rng ^= rng << 17;
	return rng;
}

/* Reference trust.md 3.3. Index: bit i is player i. */
static const int64_t glove[8] = {0, 0, 0, 1, 0, 1, 0, 1};
static const int64_t airport[8] = {0, 1, 2, 2, 3, 3, 3, 3};
static const int64_t clone[16] = {500, 700, 680, 790, 640, 770, 750, 860, 640,
    770, 750, 860, 640, 770, 750, 860};
static const int64_t no_clone[8] = {500, 700, 680, 790, 640, 770, 750, 860};
static const int64_t poisoner[8] = {500, 700, 680, 790, 430, 610, 600, 720};
static const int64_t small[8] = {0, 40, 60, 70, 80, 75, 85, 90};

struct game {
	const int64_t *v;
	unsigned n;
	int64_t want[4];
};

static void
test_known_games(void **state)
{
	static const struct game games[] = {
	    {glove, 3, {4, 1, 1}},
	    {airport, 3, {2, 5, 11}},
	    {clone, 4, {3300, 2820, 1260, 1260}},
	    {no_clone, 3, {860, 740, 560}},
	    {poisoner, 3, {930, 840, -450}},
	    {small, 3, {95, 185, 260}},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(games) / sizeof(*games); i++) {
		int64_t got[SHAPLEY_EXACT_MAX];

		shapley_exact(games[i].v, games[i].n, got);
		for (unsigned k = 0; k < games[i].n; k++)
			assert_int_equal(got[k], games[i].want[k]);
	}
}

static int64_t
total(const int64_t *x, unsigned n)
{
	int64_t sum = 0;

	for (unsigned i = 0; i < n; i++)
		sum += x[i];
	return sum;
}

/* Efficiency, symmetry and the null player, over 10^5 games. */
static void
test_random_games(void **state)
{
	static const int64_t factorial[] = {1, 1, 2, 6, 24, 120, 720, 5040,
	    40320};
	int64_t v[1 << SHAPLEY_EXACT_MAX] = {0};
	int64_t value[SHAPLEY_EXACT_MAX];
	int64_t weights[SHAPLEY_EXACT_MAX];
	uint64_t parts[SHAPLEY_EXACT_MAX];

	(void)state;
	for (int run = 0; run < 100000; run++) {
		unsigned n = 1 + (unsigned)(draw() % (run % 100 ? 5 : 8));
		unsigned null = (unsigned)(draw() % n);
		uint64_t amount = draw() >> (draw() % 64);
		uint64_t sum = 0;

		for (unsigned s = 0; s < 1u << n; s++)
			v[s] = (int64_t)(draw() % 2001) - 1000;
		for (unsigned s = 0; s < 1u << n; s++)
			if (s >> null & 1)
				v[s] = v[s & ~(1u << null)];
		shapley_exact(v, n, value);
		assert_int_equal(total(value, n),
		    factorial[n] * (v[(1u << n) - 1] - v[0]));
		assert_int_equal(value[null], 0);
		for (unsigned i = 0; i < n; i++)
			weights[i] = value[i];
		sum = payout_split(amount, weights, n, parts);
		for (unsigned i = 0; i < n; i++) {
			assert_true(weights[i] > 0 || parts[i] == 0);
			sum -= parts[i];
		}
		assert_int_equal(sum, 0);
	}
}

static struct hash
reference_seed(void)
{
	struct hash h;

	assert_int_equal(hash_from_hex("173a564564b4ae10549d5c54a5d04958"
				       "df6811bdae6f58f476a2705a85fed29c",
			     &h),
	    0);
	return h;
}

static void
test_permutation_vectors(void **state)
{
	static const uint8_t four[4][4] = {{1, 3, 0, 2}, {3, 0, 2, 1},
	    {1, 2, 3, 0}, {3, 1, 2, 0}};
	static const uint8_t seven[2][7] = {{0, 6, 2, 4, 1, 3, 5},
	    {1, 3, 6, 2, 4, 5, 0}};
	struct hash seed = reference_seed();
	uint8_t got[SHAPLEY_PLAYERS_MAX];

	(void)state;
	for (uint32_t m = 0; m < 4; m++) {
		shapley_order(&seed, m, 4, got);
		assert_memory_equal(got, four[m], 4);
	}
	for (uint32_t m = 0; m < 2; m++) {
		shapley_order(&seed, m, 7, got);
		assert_memory_equal(got, seven[m], 7);
	}
	assert_int_equal(shapley_permutations(9), 36);
	assert_int_equal(shapley_permutations(100), 64);
}

static void
add_sampled(const int64_t *v, unsigned n, uint32_t m, int64_t *value)
{
	struct hash seed = reference_seed();
	int64_t along[SHAPLEY_PLAYERS_MAX + 1];
	uint8_t order[SHAPLEY_PLAYERS_MAX];
	unsigned set = 0;

	shapley_order(&seed, m, n, order);
	along[0] = v[0];
	for (unsigned k = 0; k < n; k++) {
		set |= 1u << order[k];
		along[k + 1] = v[set];
	}
	/* A negative tolerance never cuts an order short. */
	assert_int_equal(shapley_add_order(order, n, along, -1, value), 0);
}

static void
test_sampled_vectors(void **state)
{
	static const struct {
		uint32_t m;
		int64_t want[4];
	} v[] = {
	    {4, {460, 560, 70, 350}},
	    {16, {2340, 1950, 560, 910}},
	    {256, {35160, 29070, 15470, 12460}},
	    {4096, {564990, 477950, 212520, 219100}},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(v) / sizeof(*v); i++) {
		int64_t got[4] = {0};

		for (uint32_t m = 0; m < v[i].m; m++)
			add_sampled(clone, 4, m, got);
		for (unsigned k = 0; k < 4; k++)
			assert_int_equal(got[k], v[i].want[k]);
		assert_int_equal(total(got, 4), 360 * (int64_t)v[i].m);
	}
}

/* What a cut order leaves over and what it gave add up to the whole. */
static void
test_truncation(void **state)
{
	(void)state;
	for (int run = 0; run < 10000; run++) {
		unsigned n = 1 + (unsigned)(draw() % 20);
		struct hash seed = reference_seed();
		int64_t along[21];
		int64_t value[20] = {0};
		uint8_t order[20];
		bool seen[20] = {false};
		int64_t rest;

		shapley_order(&seed, (uint32_t)run, n, order);
		for (unsigned k = 0; k < n; k++) {
			assert_true(order[k] < n && !seen[order[k]]);
			seen[order[k]] = true;
		}
		for (unsigned k = 0; k <= n; k++)
			along[k] = (int64_t)(draw() % 100);
		rest = shapley_add_order(order, n, along,
		    (int64_t)(draw() % 20), value);
		assert_int_equal(total(value, n) + rest, along[n] - along[0]);
	}
}

static void
test_payout_vectors(void **state)
{
	static const int64_t s3[] = {3300, 2820, 1260, 1260};
	static const int64_t s4[] = {930, 840, -450};
	static const int64_t loo[] = {110, 90, 0, 0};
	static const int64_t none[] = {0, -5, 0};
	static const int64_t tie[] = {1, 1, 1};
	static const int64_t huge[] = {INT64_MAX, INT64_MAX, 1};
	uint64_t p[4];

	(void)state;
	assert_int_equal(payout_split(1000000, s3, 4, p), 1000000);
	assert_int_equal(p[0], 381945);
	assert_int_equal(p[1], 326389);
	assert_int_equal(p[2], 145833);
	assert_int_equal(p[3], 145833);
	assert_int_equal(payout_split(1000, s4, 3, p), 1000);
	assert_int_equal(p[0], 525);
	assert_int_equal(p[1], 475);
	assert_int_equal(p[2], 0);
	assert_int_equal(payout_split(1000, loo, 4, p), 1000);
	assert_int_equal(p[0], 550);
	assert_int_equal(p[1], 450);
	assert_int_equal(payout_split(1000, none, 3, p), 0);
	assert_int_equal(p[0] + p[1] + p[2], 0);
	assert_int_equal(payout_split(8, tie, 3, p), 8);
	assert_int_equal(p[0], 3);
	assert_int_equal(p[1], 3);
	assert_int_equal(p[2], 2);
	assert_true(payout_split(UINT64_MAX, huge, 3, p) == UINT64_MAX);
	assert_true(p[0] + p[1] + p[2] == UINT64_MAX);
}

static void
test_mint_schedule(void **state)
{
	(void)state;
	assert_int_equal(payout_minted(1000, 10, 0, 99999), 1000);
	assert_int_equal(payout_minted(1000, 10, 9, 99999), 1000);
	assert_int_equal(payout_minted(1000, 10, 10, 99999), 500);
	assert_int_equal(payout_minted(1000, 10, 99, 99999), 1);
	assert_int_equal(payout_minted(1000, 10, 100, 99999), 0);
	assert_int_equal(payout_minted(1000, 10, 0, 7), 7);
	assert_int_equal(payout_minted(UINT64_MAX, 1, 64, 7), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_known_games),
	    cmocka_unit_test(test_random_games),
	    cmocka_unit_test(test_permutation_vectors),
	    cmocka_unit_test(test_sampled_vectors),
	    cmocka_unit_test(test_truncation),
	    cmocka_unit_test(test_payout_vectors),
	    cmocka_unit_test(test_mint_schedule),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
