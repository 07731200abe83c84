/*
 * guest.h - what somebody who is invited is told: the founding, and how the
 * vote about it stands.
 */
#ifndef QML_CONSENSUS_REPLICA_GUEST_H
#define QML_CONSENSUS_REPLICA_GUEST_H

#include "consensus/replica/state.h"

void guest_welcome(struct replica *r, uint16_t peer);

#endif
