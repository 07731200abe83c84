/*
 * tally.h - the votes of one height, round and type.
 *
 * Per validator the first vote and at most one conflicting one are kept. A
 * conflicting vote counts for its own block, too: else a validator that
 * votes twice could show every node another half and starve a quorum that
 * exists (paper, line 28: the old prevotes must be seen by all).
 */
#ifndef QML_CONSENSUS_BFT_TALLY_H
#define QML_CONSENSUS_BFT_TALLY_H

#include <stdbool.h>
#include <stdint.h>

#include "consensus/bft/event.h"

/* A set of validators. */
struct bft_bits {
	uint64_t w[2];
};

_Static_assert(BFT_MAX_VALIDATORS <= 128, "bft_bits is too small");

static inline bool
bft_bits_has(const struct bft_bits *s, uint16_t i)
{
	return (s->w[i / 64] >> (i % 64)) & 1;
}

static inline void
bft_bits_add(struct bft_bits *s, uint16_t i)
{
	s->w[i / 64] |= UINT64_C(1) << (i % 64);
}

/* Validators of the height. */
struct bft_set {
	uint16_t n;
	uint64_t total;
	uint32_t power[BFT_MAX_VALIDATORS];
	uint32_t turns[BFT_MAX_VALIDATORS]; /* power, or 0: does not propose */
};

struct bft_ballot {
	struct hash block;
	struct signature sig;
};

struct bft_tally {
	struct bft_bits have;  /* ballots[0][i] is set */
	struct bft_bits twice; /* ballots[1][i] is set: conflicts */
	uint64_t any;          /* power of have */
	uint64_t blocks;       /* power of have that is not nil */
	bool majority;         /* `winner` has a quorum */
	struct hash winner;
	struct bft_ballot ballots[2][BFT_MAX_VALIDATORS];
};

enum tally_result {
	TALLY_NEW,
	TALLY_SAME,
	TALLY_CONFLICT,     /* a second value: kept, counted, report it */
	TALLY_CONFLICT_OLD, /* the validator was reported before */
};

/* Forget all votes. Does not touch ballots. */
void tally_clear(struct bft_tally *t);
/* Count vote v; v->validator < set->n. O(n). */
enum tally_result tally_add(struct bft_tally *t, const struct bft_set *set,
    const struct vote *v);
/* Power of the validators that voted for block (zero: nil). */
uint64_t tally_power(const struct bft_tally *t, const struct bft_set *set,
    const struct hash *block);
/* A quorum for block (zero: nil)? */
bool tally_won(const struct bft_tally *t, const struct hash *block);
/* The ballot of validator i for block, NULL if there is none. */
const struct bft_ballot *tally_find(const struct bft_tally *t, uint16_t i,
    const struct hash *block);
/* Assert that the sums fit the ballots. */
void tally_check(const struct bft_tally *t, const struct bft_set *set);

#endif
