/*
 * proofs.h - evidence that waits for a block.
 *
 * Made of what this node holds, both signatures verified when it came; kept in
 * memory until a block has it or it is too old. Every node has its turn to
 * propose, so nothing is passed on. Internal to the room.
 */
#ifndef QML_CONSENSUS_REPLICA_PROOFS_H
#define QML_CONSENSUS_REPLICA_PROOFS_H

#include "consensus/bft/event.h"
#include "proto/answer.h"
#include "proto/attest.h"

struct replica;

/* The core saw two votes or two proposals. */
void proofs_of_core(struct replica *r, const struct bft_action *a);
void proofs_of_answers(struct replica *r, const struct answer *a,
    const struct answer *b);
void proofs_of_attests(struct replica *r, const struct attest *a,
    const struct attest *b);
/* A block was applied: forget what is on record or too old. */
void proofs_turn(struct replica *r);
void proofs_clear(struct replica *r);

#endif
