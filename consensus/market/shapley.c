#include "consensus/market/shapley.h"

#include <assert.h>
#include <string.h>

#include "proto/sha256.h"

#define WORDS (SHA256_LEN / 4)

static int64_t
factorial(unsigned n)
{
	int64_t f = 1;

	while (n > 1)
		f *= n--;
	return f;
}

/* Players in a set; the compiler's own would call a library on old CPUs. */
static unsigned
count(unsigned set)
{
	unsigned n = 0;

	for (; set; set &= set - 1)
		n++;
	return n;
}

void
shapley_exact(const int64_t *v, unsigned n, int64_t *value)
{
	int64_t weight[SHAPLEY_EXACT_MAX];

	assert(n >= 1 && n <= SHAPLEY_EXACT_MAX);
	/* In how many orders exactly these s players come before i. */
	for (unsigned s = 0; s < n; s++)
		weight[s] = factorial(s) * factorial(n - s - 1);
	memset(value, 0, n * sizeof(*value));
	for (unsigned set = 0; set < 1u << n; set++) {
		unsigned size = count(set);

		assert(v[set] >= -SHAPLEY_UTILITY_MAX);
		assert(v[set] <= SHAPLEY_UTILITY_MAX);
		for (unsigned i = 0; i < n; i++)
			if (!(set >> i & 1))
				value[i] +=
				    weight[size] * (v[set | 1u << i] - v[set]);
	}
}

unsigned
shapley_permutations(unsigned n)
{
	return 4 * n < 64 ? 4 * n : 64;
}

/* The draws of one permutation. */
struct draws {
	uint8_t block[HASH_LEN + 8]; /* seed, m, counter */
	uint8_t out[SHA256_LEN];
	uint32_t counter;
	unsigned used;
};

static void
put_u32(uint8_t *p, uint32_t x)
{
	for (int i = 0; i < 4; i++)
		p[i] = (uint8_t)(x >> (24 - 8 * i));
}

static uint32_t
next_word(struct draws *d)
{
	const uint8_t *p;

	if (d->used == WORDS) {
		put_u32(d->block + HASH_LEN + 4, d->counter++);
		sha256(d->block, sizeof(d->block), d->out);
		d->used = 0;
	}
	p = d->out + 4 * (size_t)d->used++;
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 |
	    (uint32_t)p[2] << 8 | p[3];
}

/* Uniform in 0..n-1: what would favour the small ones is drawn again. */
static uint32_t
next_below(struct draws *d, uint32_t n)
{
	uint64_t fair = (UINT64_C(1) << 32) - (UINT64_C(1) << 32) % n;
	uint32_t x;

	do
		x = next_word(d);
	while (x >= fair);
	return x % n;
}

void
shapley_order(const struct hash *seed, uint32_t m, unsigned n, uint8_t *out)
{
	struct draws d = {.used = WORDS};

	assert(n >= 1 && n <= SHAPLEY_PLAYERS_MAX);
	memcpy(d.block, seed->b, HASH_LEN);
	put_u32(d.block + HASH_LEN, m);
	for (unsigned i = 0; i < n; i++)
		out[i] = (uint8_t)i;
	for (unsigned i = n - 1; i > 0; i--) {
		uint32_t j = next_below(&d, i + 1);
		uint8_t swap = out[i];

		out[i] = out[j];
		out[j] = swap;
	}
}

int64_t
shapley_add_order(const uint8_t *order, unsigned n, const int64_t *along,
    int64_t tolerance, int64_t *value)
{
	for (unsigned k = 0; k < n; k++) {
		int64_t left = along[n] - along[k];

		if (left <= tolerance && left >= -tolerance)
			return left;
		value[order[k]] += along[k + 1] - along[k];
	}
	return 0;
}
