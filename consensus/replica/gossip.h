/*
 * gossip.h - say what we hold, send what others lack.
 *
 * Everything is pushed once when it is made; a STATUS every now and then
 * repairs whatever was lost or came through a mesh with holes.
 */
#ifndef QML_CONSENSUS_REPLICA_GOSSIP_H
#define QML_CONSENSUS_REPLICA_GOSSIP_H

#include "consensus/replica/state.h"

void gossip_tick(struct replica *r);
void gossip_tell(struct replica *r, uint16_t peer);
void gossip_heard(struct replica *r, uint16_t peer,
    const struct wire_status *s);
void gossip_send_polka(struct replica *r, uint16_t peer, uint32_t round);

#endif
