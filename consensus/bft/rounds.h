/*
 * rounds.h - which rounds and blocks of a height are remembered.
 *
 * Kept whatever comes: the current round, the next, locked, valid, decided,
 * the last eight, and the valid rounds that the current and the next proposal
 * name. Then rounds with a quorum of prevotes for a block or precommits of
 * more than N / 3 for blocks; then rounds that other proposals name; then the
 * rest. Of equals the lowest goes first.
 * Inner header of the room: bft.c and its parts only.
 */
#ifndef QML_CONSENSUS_BFT_ROUNDS_H
#define QML_CONSENSUS_BFT_ROUNDS_H

#include "consensus/bft/bft.h"

/* NULL: not held. */
struct bft_round *rounds_find(struct bft *b, int64_t round);
/* Find or make room; NULL: not worth keeping. Never NULL for the rounds that
 * are always kept. */
struct bft_round *rounds_get(struct bft *b, int32_t round);
/* Forget all rounds and blocks. */
void rounds_clear(struct bft *b);

/* Store a checked proposal. *first is set on a first conflict: evidence is
 * due against offers[0]. */
enum bft_verdict round_offer(struct bft_round *s, const struct bft_offer *o,
    bool *first);
/* The proposal in force; NULL: none, or it lost against a majority (A1). */
const struct bft_offer *round_in_force(const struct bft_round *s);
/* A1: a majority for another block than the proposed one has formed? */
void round_follow_majority(struct bft_round *s);

/* Verdict on block; BFT_BLOCK_UNKNOWN if nothing is remembered. */
enum bft_known known_of(const struct bft *b, const struct hash *id);
/* NULL: not remembered. */
struct bft_block *known_find(struct bft *b, const struct hash *id);
/* Find or remember; never NULL. */
struct bft_block *known_get(struct bft *b, const struct hash *id);

#endif
