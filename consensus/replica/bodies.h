/*
 * bodies.h - proposed blocks of the height, by reference or resolved.
 *
 * A block is validated once all its answers are at hand, and its write is
 * queued before the core hears that it is valid.
 */
#ifndef QML_CONSENSUS_REPLICA_BODIES_H
#define QML_CONSENSUS_REPLICA_BODIES_H

#include "consensus/replica/state.h"

struct replica_body *bodies_find(struct replica *r, const struct hash *id);
/* Takes the block; NULL when there is no room (the block is freed). */
struct replica_body *bodies_add(struct replica *r, struct block *b);
void bodies_want(struct replica *r, const struct hash *id);
void bodies_retry(struct replica *r);
bool bodies_resolve(struct replica *r, struct block *b);
void bodies_store(struct replica *r, struct replica_body *body);
void bodies_ask(struct replica *r, const struct hash *id);
/* Does a proposed block wait for this answer? */
bool bodies_name(const struct replica *r, const struct hash *id);
void bodies_clear(struct replica *r);

#endif
