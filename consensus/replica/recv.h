/*
 * recv.h - judge one message of a peer.
 *
 * What no honest node sends costs the link; what is late, early or repeated
 * costs nothing. Early messages wait, bounded, for the next height.
 */
#ifndef QML_CONSENSUS_REPLICA_RECV_H
#define QML_CONSENSUS_REPLICA_RECV_H

#include "consensus/replica/state.h"

void recv_message(struct replica *r, uint16_t peer, const uint8_t *data,
    size_t len);
void recv_early(struct replica *r);
void recv_clear(struct replica *r);

#endif
