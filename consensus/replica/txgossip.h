/*
 * txgossip.h - how transactions reach everybody.
 *
 * Whoever submits one sends it to all; a pool that is not empty is announced
 * by ids from time to time, and what is missing asked for. All of it goes
 * behind votes and answers.
 */
#ifndef QML_CONSENSUS_REPLICA_TXGOSSIP_H
#define QML_CONSENSUS_REPLICA_TXGOSSIP_H

#include "consensus/replica/state.h"

/* Takes the reference. As txpool_add. */
int txgossip_submit(struct replica *r, struct tx *t);
/* Takes the reference. NULL, or what no honest node sends. */
const char *txgossip_recv(struct replica *r, struct tx *t);
void txgossip_heard(struct replica *r, uint16_t peer,
    const struct wire_ids *ids);
void txgossip_send(struct replica *r, uint16_t peer,
    const struct wire_ids *ids);
/* With every STATUS. */
void txgossip_tick(struct replica *r);

#endif
