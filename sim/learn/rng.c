#include "sim/learn/rng.h"

#include <assert.h>
#include <string.h>

/* The same word of RNG_BLOCKS blocks: integers, so vectors draw the same. */
typedef uint32_t lanes __attribute__((vector_size(4 * RNG_BLOCKS)));

static inline void
turn(lanes *x, unsigned n)
{
	*x = *x << n | *x >> (32 - n);
}

static inline void
quarter(lanes *x, unsigned a, unsigned b, unsigned c, unsigned d)
{
	x[a] += x[b];
	x[d] ^= x[a];
	turn(&x[d], 16);
	x[c] += x[d];
	x[b] ^= x[c];
	turn(&x[b], 12);
	x[a] += x[b];
	x[d] ^= x[a];
	turn(&x[d], 8);
	x[c] += x[d];
	x[b] ^= x[c];
	turn(&x[b], 7);
}

void
rng_chacha20(const uint32_t input[static 16],
    uint32_t out[static 16 * RNG_BLOCKS])
{
	const uint64_t first = input[12] | (uint64_t)input[13] << 32;
	lanes in[16], x[16];

	for (unsigned w = 0; w < 16; w++)
		for (unsigned i = 0; i < RNG_BLOCKS; i++)
			in[w][i] = input[w];
	for (unsigned i = 0; i < RNG_BLOCKS; i++) {
		in[12][i] = (uint32_t)(first + i);
		in[13][i] = (uint32_t)((first + i) >> 32);
	}
	memcpy(x, in, sizeof(x));
	for (unsigned i = 0; i < 10; i++) {
		quarter(x, 0, 4, 8, 12);
		quarter(x, 1, 5, 9, 13);
		quarter(x, 2, 6, 10, 14);
		quarter(x, 3, 7, 11, 15);
		quarter(x, 0, 5, 10, 15);
		quarter(x, 1, 6, 11, 12);
		quarter(x, 2, 7, 8, 13);
		quarter(x, 3, 4, 9, 14);
	}
	for (unsigned w = 0; w < 16; w++)
		x[w] += in[w];
	for (unsigned i = 0; i < RNG_BLOCKS; i++)
		for (unsigned w = 0; w < 16; w++)
			out[i * 16 + w] = x[w][i];
}

void
rng_init(struct rng *r, const uint8_t seed[static RNG_SEED_BYTES],
    uint64_t stream)
{
	unsigned i;

	for (i = 0; i < 8; i++)
		r->key[i] = (uint32_t)seed[4 * i] |
		    (uint32_t)seed[4 * i + 1] << 8 |
		    (uint32_t)seed[4 * i + 2] << 16 |
		    (uint32_t)seed[4 * i + 3] << 24;
	r->stream = stream;
	r->block = 0;
	r->used = RNG_BLOCKS * 16;
}

static uint32_t
next_word(struct rng *r)
{
	uint32_t in[16] = {0x61707865, 0x3320646e, 0x79622d32, 0x6b206574};

	if (r->used == RNG_BLOCKS * 16) {
		memcpy(in + 4, r->key, sizeof(r->key));
		in[12] = (uint32_t)r->block;
		in[13] = (uint32_t)(r->block >> 32);
		in[14] = (uint32_t)r->stream;
		in[15] = (uint32_t)(r->stream >> 32);
		rng_chacha20(in, r->words);
		r->block += RNG_BLOCKS;
		r->used = 0;
	}
	return r->words[r->used++];
}

uint64_t
rng_u64(struct rng *r)
{
	uint64_t low = next_word(r);

	return low | (uint64_t)next_word(r) << 32;
}

uint64_t
rng_below(struct rng *r, uint64_t n)
{
	uint64_t skip, x;

	assert(n > 0);
	/* 2^64 mod n values at the bottom would be drawn once too often. */
	skip = (0 - n) % n;
	do {
		x = rng_u64(r);
	} while (x < skip);
	return x % n;
}

void
rng_shuffle(struct rng *r, uint32_t *a, size_t n)
{
	size_t i;

	for (i = n; i > 1; i--) {
		size_t j = (size_t)rng_below(r, i);
		uint32_t t = a[i - 1];

		a[i - 1] = a[j];
		a[j] = t;
	}
}
