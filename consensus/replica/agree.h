/*
 * agree.h - drive the BFT core and carry out its actions.
 *
 * Events for the core are queued while its actions are carried out, so it is
 * never entered twice. A decided block is stored, then applied, then told.
 */
#ifndef QML_CONSENSUS_REPLICA_AGREE_H
#define QML_CONSENSUS_REPLICA_AGREE_H

#include "consensus/replica/state.h"

void agree_feed(struct replica *r, const struct bft_event *ev);
/* The core's time-outs at the next height. */
struct bft_params agree_params(const struct replica *r);
/* The members may have changed: finds our seat, and how many there are. */
void agree_seat(struct replica *r);
void agree_enter(struct replica *r);
void agree_try_build(struct replica *r);
void agree_persisted(struct replica *r, uint64_t bft_seq);
void agree_decide(struct replica *r, struct block *b, struct commit *c);
void agree_block_stored(struct replica *r);
void agree_verdict(struct replica *r, const struct hash *id, bool valid);

#endif
