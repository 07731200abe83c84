#include "consensus/market/payout.h"

#include <assert.h>
#include <stdbool.h>

__extension__ typedef unsigned __int128 wide;

/* The place that has the largest remainder and was not served yet; the lower
 * index where two have the same. */
static size_t
largest(const wide *rest, const bool *served, size_t n)
{
	size_t best = n;

	for (size_t i = 0; i < n; i++)
		if (!served[i] && (best == n || rest[i] > rest[best]))
			best = i;
	return best;
}

uint64_t
payout_split(uint64_t amount, const int64_t *weights, size_t n, uint64_t *parts)
{
	wide rest[PAYOUT_MAX];
	bool served[PAYOUT_MAX];
	uint64_t given = 0;
	wide total = 0;

	assert(n <= PAYOUT_MAX);
	for (size_t i = 0; i < n; i++)
		total += weights[i] > 0 ? (uint64_t)weights[i] : 0;
	for (size_t i = 0; i < n; i++) {
		wide share = weights[i] > 0 ? (uint64_t)weights[i] : 0;

		share *= amount;
		parts[i] = total ? (uint64_t)(share / total) : 0;
		rest[i] = total ? share % total : 0;
		/* A remainder of 0 has had its share in full. */
		served[i] = rest[i] == 0;
		given += parts[i];
	}
	if (total == 0)
		return 0;
	while (given < amount) {
		size_t i = largest(rest, served, n);

		assert(i < n);
		served[i] = true;
		parts[i]++;
		given++;
	}
	return given;
}

uint64_t
payout_minted(uint64_t first, uint64_t half_life, uint64_t round, uint64_t left)
{
	uint64_t halvings;
	uint64_t amount;

	assert(half_life > 0);
	halvings = round / half_life;
	amount = halvings < 64 ? first >> halvings : 0;
	return amount < left ? amount : left;
}
