/*
 * view.h - read the BFT core: certificate, gossip, "why is it stuck".
 */
#ifndef QML_CONSENSUS_BFT_VIEW_H
#define QML_CONSENSUS_BFT_VIEW_H

#include <stdbool.h>
#include <stdint.h>

#include "consensus/bft/bft.h"

struct bft_status {
	uint64_t height;
	int32_t round; /* BFT_NO_ROUND: waiting for work or peers */
	enum bft_step_name step;
	bool decided, halted;
	struct bft_mark locked, valid;
	uint16_t proposer; /* of the round; of round 0 while waiting */
	bool have_proposal;
	enum bft_known known; /* verdict on the proposed block */
	uint64_t prevote_power, precommit_power, total_power; /* any value */
	uint64_t unsynced;    /* records given out, not yet durable */
	uint64_t deadline_ms; /* 0: nothing but messages can help */
};

void bft_status(const struct bft *b, struct bft_status *out);

/* Highest round of this height heard of from validator i; -1: none. */
int32_t bft_seen_round(const struct bft *b, uint16_t i);

/* Rounds held, ascending; returns how many. */
unsigned bft_rounds(const struct bft *b, uint32_t out[static BFT_MAX_ROUNDS]);

/* Whose votes of (round, type) are held; block NULL: any value. Empty if the
 * round is not held. Ask for the block where a quorum is being completed:
 * a validator that voted twice is in the set of both blocks. */
struct bft_bits bft_votes(const struct bft *b, uint32_t round,
    enum vote_type type, const struct hash *block);

/* The vote with key's round, type and validator; for block, or the first one
 * if block is NULL. false: not held. */
bool bft_vote(const struct bft *b, const struct vote *key,
    const struct hash *block, struct vote *out);

/* All we hold of key's round, type and validator: 0, 1, or 2 votes of one
 * that votes twice. Gossip must pass on both: the others may lack just the
 * second one to see a quorum that exists, and would wait for ever. */
unsigned bft_vote_both(const struct bft *b, const struct vote *key,
    struct vote out[static 2]);

/* The votes that lead to the current round from any earlier one: a quorum of
 * precommits of the round before it (L47), or votes of this and later rounds by
 * more than N / 3 (L55). Returns how many; 0: round 0, none yet, or after a
 * restart they are not held. */
uint16_t bft_passage(const struct bft *b,
    struct vote out[static BFT_MAX_VALIDATORS]);

/* The proposal in force in a round. false: not held. */
bool bft_proposal(const struct bft *b, uint32_t round, struct bft_offer *out);

/* After COMMIT: the precommits held for the decided block, in index order.
 * Late precommits extend it until the next HEIGHT. */
void bft_certificate(const struct bft *b, struct commit *out);

#endif
