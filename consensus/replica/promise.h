/*
 * promise.h - our answer's id goes onto the chain before our answer leaves.
 *
 * Only where the federation wants that: consensus/ledger/sealed.h.
 */
#ifndef QML_CONSENSUS_REPLICA_PROMISE_H
#define QML_CONSENSUS_REPLICA_PROMISE_H

#include "consensus/replica/state.h"

/* Something changed: names our answer, or shows it when its time has come, and
 * takes up what others showed a moment too early. */
void promise_step(struct replica *r);
/* An answer that came while the round is sealed here; takes the reference. */
void promise_park(struct replica *r, struct answer *a);
void promise_clear(struct replica *r);

#endif
