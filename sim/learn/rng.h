/*
 * rng.h - reproducible draws from a 32-byte seed: ChaCha20 (RFC 8439) blocks
 * by counter. Streams of one seed are independent; integers only, so every
 * machine draws the same.
 */
#ifndef QML_SIM_LEARN_RNG_H
#define QML_SIM_LEARN_RNG_H

#include <stddef.h>
#include <stdint.h>

#define RNG_SEED_BYTES 32
#define RNG_BLOCKS 8 /* made at once, in lanes */

struct rng {
	uint32_t key[8];
	uint64_t stream;
	uint64_t block; /* the next one */
	/* RNG_BLOCKS blocks: word w of block b at [b * 16 + w]. */
	uint32_t words[RNG_BLOCKS * 16];
	unsigned used; /* of words */
};

/* RNG_BLOCKS blocks from one counter on; input as in RFC 8439 2.3: constants,
 * key, 64-bit counter, nonce. */
void rng_chacha20(const uint32_t input[static 16],
    uint32_t out[static 16 * RNG_BLOCKS]);

void rng_init(struct rng *r, const uint8_t seed[static RNG_SEED_BYTES],
    uint64_t stream);

uint64_t rng_u64(struct rng *r);

/* Uniform in 0 .. n-1, without bias; n > 0. */
uint64_t rng_below(struct rng *r, uint64_t n);

/* Fisher-Yates. */
void rng_shuffle(struct rng *r, uint32_t *a, size_t n);

#endif
