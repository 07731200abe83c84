/*
 * sync.h - catch up with decided blocks.
 *
 * A claimed height is a hint; only a block that verifies moves us. While an
 * honest part of the power claims to be further on, we do not vote.
 */
#ifndef QML_CONSENSUS_REPLICA_SYNC_H
#define QML_CONSENSUS_REPLICA_SYNC_H

#include "consensus/replica/state.h"

uint64_t sync_target(const struct replica *r);
bool sync_active(const struct replica *r);
void sync_ask(struct replica *r);
void sync_block(struct replica *r, uint16_t peer, struct wire_decided *d,
    size_t len);
void sync_next(struct replica *r);
void sync_clear(struct replica *r);

#endif
