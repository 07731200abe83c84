/*
 * wallclock.h - is our wall clock right, as far as the others can tell?
 *
 * Every STATUS says what time its sender has. Where more than half of the power
 * has another time than we, a block of ours would be refused as untimely: then
 * we propose nothing, say so, and go on by ourselves once the clocks agree
 * again. Votes on the blocks of others are judged by the rule of timeliness
 * and need no more. Reference 2.5. Internal to the room.
 */
#ifndef QML_CONSENSUS_REPLICA_WALLCLOCK_H
#define QML_CONSENSUS_REPLICA_WALLCLOCK_H

#include <stdint.h>

#include "proto/wire.h"

struct replica;
struct replica_peer;

/* Of a peer's STATUS that came just now. */
void wallclock_heard(const struct replica *r, struct replica_peer *p,
    const struct wire_status *s);
/* How far we are ahead of (> 0) or behind the others; 0: not so far that it
 * matters. Messages on their way look like a clock that is ahead, so that
 * counts only from the delay on that a proposal may have. */
int64_t wallclock_off_ms(const struct replica *r);

#endif
