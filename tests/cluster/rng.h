/*
 * rng.h - xoshiro256** (Blackman and Vigna 2018) from one 64-bit seed.
 */
#ifndef QML_TESTS_CLUSTER_RNG_H
#define QML_TESTS_CLUSTER_RNG_H

#include <assert.h>
#include <stdbool.h>
#include <stdint.h>

struct rng {
	uint64_t s[4];
};

static inline struct rng
rng_of(uint64_t seed)
{
	struct rng r;

	for (int i = 0; i < 4; i++) { /* splitmix64 */
		uint64_t z = (seed += 0x9e3779b97f4a7c15u);

		z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
		z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
		r.s[i] = z ^ (z >> 31);
	}
	return r;
}

static inline uint64_t
rng_next(struct rng *r)
{
	uint64_t *s = r->s, x = s[1] * 5, t = s[1] << 17;

	x = (x << 7 | x >> 57) * 9;
	s[2] ^= s[0];
	s[3] ^= s[1];
	s[1] ^= s[2];
	s[0] ^= s[3];
	s[2] ^= t;
	s[3] = s[3] << 45 | s[3] >> 19;
	return x;
}

/* 0 .. n - 1; n > 0. */
static inline uint64_t
rng_below(struct rng *r, uint64_t n)
{
	assert(n > 0);
	return rng_next(r) % n;
}

/* True in `permille` of 1000 cases. */
static inline bool
rng_chance(struct rng *r, uint32_t permille)
{
	return rng_below(r, 1000) < permille;
}

#endif
