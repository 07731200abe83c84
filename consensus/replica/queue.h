/*
 * queue.h - what the caller is to do, in order.
 *
 * A STORE is numbered and remembered together with what waits for it; the
 * caller's STORED releases that. Whatever cannot be queued for want of memory
 * is dropped like a lost message, except a STORE: that ends our voting.
 */
#ifndef QML_CONSENSUS_REPLICA_QUEUE_H
#define QML_CONSENSUS_REPLICA_QUEUE_H

#include "consensus/replica/state.h"

struct replica_action *queue_add(struct replica *r,
    enum replica_action_type type);
void queue_send(struct replica *r, uint16_t peer, enum replica_class class,
    const struct wire_msg *m);
uint64_t queue_store(struct replica *r, const struct replica_action *store,
    const struct replica_pending *wait);
void queue_notice(struct replica *r, enum replica_action_type type,
    uint16_t peer, const char *text);
void queue_stored(struct replica *r, uint64_t seq);

#endif
