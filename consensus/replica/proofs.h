/*
 * proofs.h - evidence that waits for a block.
 *
 * Made of what this node holds, both signatures verified when it came, or told
 * by a peer; told on once, and kept, in the pool too, until a block has it or
 * it is too old. What the pool has about heights that the chain lost waits for
 * them. Internal to the room.
 */
#ifndef QML_CONSENSUS_REPLICA_PROOFS_H
#define QML_CONSENSUS_REPLICA_PROOFS_H

#include "consensus/bft/event.h"
#include "proto/answer.h"
#include "proto/attest.h"
#include "proto/evidence.h"

struct replica;

/* The core saw two votes or two proposals. */
void proofs_of_core(struct replica *r, const struct bft_action *a);
void proofs_of_answers(struct replica *r, const struct answer *a,
    const struct answer *b);
void proofs_of_attests(struct replica *r, const struct attest *a,
    const struct attest *b);
/* From a peer; takes it. What is wrong with it, or NULL. */
const char *proofs_recv(struct replica *r, struct evidence *e);
/* A block was applied: forget what is on record or too old. */
void proofs_turn(struct replica *r);
void proofs_clear(struct replica *r);

#endif
