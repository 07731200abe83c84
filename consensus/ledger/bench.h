/*
 * bench.h - who has no turn to propose for the time being.
 *
 * From chain data only, so that everybody agrees (reference 2.6). A validator
 * misses when a block that was proposed in a later round takes the place of
 * the one it had the first turn for; three misses without a block of its own
 * in between and it sits out. It plays again once its precommit is in four
 * of the last ten certificates since. At most F power sits out, of the
 * members who have the turns, so there is always an honest proposer. Votes are
 * not touched: the bench costs turns.
 */
#ifndef QML_CONSENSUS_LEDGER_BENCH_H
#define QML_CONSENSUS_LEDGER_BENCH_H

#include <stdbool.h>
#include <stdint.h>

#include "proto/federation.h"
#include "proto/hash.h"
#include "proto/vote.h"

#define BENCH_MISSES 3
#define BENCH_WINDOW 10 /* certificates looked at */
#define BENCH_PRESENT 4 /* of them, to play again */

/* By validator; all zero at the start. */
struct bench {
	uint8_t miss[FEDERATION_MAX_MEMBERS];
	bool out[FEDERATION_MAX_MEMBERS];
	/* While out: certificates since, newest in bit 0. */
	uint16_t signs[FEDERATION_MAX_MEMBERS];
};

struct bench_set {
	const uint32_t *power; /* [n], borrowed */
	uint16_t n;
};

struct bench_block {
	uint64_t height;
	uint32_t round; /* in which it was first proposed */
	uint16_t proposer;
	const struct commit *last; /* of the block before; NULL: none */
};

/* turns[i] = power[i], or 0 for who sits out. */
void bench_turns(const struct bench *b, const struct bench_set *set,
    uint32_t turns[]);
/* The block took effect; set: who sat at it, next: at the one after it. */
void bench_block(struct bench *b, const struct bench_set *set,
    const struct bench_set *next, const struct bench_block *at);
/* Lets back in whom there is no room for in this set, later seats first. */
void bench_fit(struct bench *b, const struct bench_set *set);
struct hash bench_hash(const struct bench *b, uint16_t n);

struct ledger;

/* As it stands after the head. */
const struct bench *ledger_bench(const struct ledger *l);

#endif
