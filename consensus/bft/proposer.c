#include "consensus/bft/proposer.h"

#include <assert.h>
#include <stdbool.h>

/*
 * Turn j (0-based) of a validator with power w is at (2j + 1) / 2w on a circle
 * of length 1 (Sainte-Lague's divisors); turns are taken in that order, equal
 * ones by index. Two different places are at least 2^-42 apart for powers up
 * to 2^20, so a place is found exactly by bisection in units of 2^-43.
 */
#define PLACE_BITS 43

/* How many turns of power w lie at or before t / 2^43. */
static uint64_t
turns_until(uint32_t w, uint64_t t)
{
	return ((t * w >> (PLACE_BITS - 1)) + 1) / 2;
}

static uint64_t
all_turns_until(const uint32_t *power, uint16_t n, uint64_t t)
{
	uint64_t sum = 0;

	for (uint16_t i = 0; i < n; i++)
		sum += turns_until(power[i], t);
	return sum;
}

/* The k-th of those who have turns. */
static uint16_t
pick_equal(const uint32_t *power, uint16_t n, uint64_t k)
{
	for (uint16_t i = 0; i < n; i++)
		if (power[i] > 0 && k-- == 0)
			return i;
	assert(false && "unreachable: k is below their number");
	return 0;
}

static uint16_t
pick_turn(const uint32_t *power, uint16_t n, uint64_t turn)
{
	uint64_t lo = 0, hi = UINT64_C(1) << PLACE_BITS;
	uint64_t before;

	/* The smallest place that has more than `turn` turns up to it. */
	while (hi - lo > 1) {
		uint64_t mid = lo + (hi - lo) / 2;

		if (all_turns_until(power, n, mid) > turn)
			hi = mid;
		else
			lo = mid;
	}
	before = all_turns_until(power, n, lo);
	for (uint16_t i = 0; i < n; i++) {
		if (turns_until(power[i], hi) == turns_until(power[i], lo))
			continue;
		if (before++ == turn)
			return i;
	}
	assert(false && "unreachable: some validator has the turn");
	return 0;
}

uint16_t
bft_proposer(const uint32_t *turns, uint16_t n, uint64_t height, uint32_t round)
{
	uint32_t one = 0;
	bool equal = true;
	uint64_t total = 0, m = 0;

	for (uint16_t i = 0; i < n; i++) {
		assert(turns[i] <= PROPOSER_POWER_MAX);
		if (turns[i] == 0)
			continue;
		one = one == 0 ? turns[i] : one;
		equal = equal && turns[i] == one;
		total += turns[i];
		m++;
	}
	assert(m > 0);
	if (equal)
		return pick_equal(turns, n, (height % m + round % m) % m);
	return pick_turn(turns, n, (height % total + round % total) % total);
}
