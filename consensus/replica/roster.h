/*
 * roster.h - the members as they are now, in the shape of a federation.
 *
 * Everything that names a member by its index, dials one or recognises one by
 * its key looks here; what the founders agreed on stays in the options. Seats
 * keep their index for good, so what was read before still means the same.
 * Nobody is dialed, or let in, at a seat that is free or was left some blocks
 * ago: who leaves has to hear of it. A seat that goes to other keys stays the
 * old machine's until the last block that it may vote for: without its vote
 * there may be no such block. Lives in one place for as long as the
 * node. Loop thread only.
 */
#ifndef QML_CONSENSUS_REPLICA_ROSTER_H
#define QML_CONSENSUS_REPLICA_ROSTER_H

#include <stdbool.h>

#include "consensus/ledger/ledger.h"
#include "consensus/ledger/seats.h"
#include "proto/federation.h"

#define ROSTER_GRACE 20                      /* blocks */
#define ROSTER_NOBODY FEDERATION_MAX_MEMBERS /* as REPLICA_NOBODY */

struct roster {
	struct federation f; /* its members are those below; never closed */
	struct member m[FEDERATION_MAX_MEMBERS + 1]; /* the last: a guest's */
	uint64_t left[FEDERATION_MAX_MEMBERS]; /* height at which we saw it */
	struct member host;                    /* see roster_expect */
	bool expecting;
};

/* The founders; all but the members is borrowed from f. */
void roster_open(struct roster *r, const struct federation *f,
    const struct hash *own);
/* Who invited us, by name, address and network key, may be nobody whom the
 * founding names, and all whom it names may be gone. Until our chain knows of
 * him he is dialed, and let in, at the seat that has his name, else at the
 * last one: what he says proves itself, wherever he sits. */
void roster_expect(struct roster *r, const struct member *host);
/* True if anything changed. */
bool roster_follow(struct roster *r, const struct ledger *l);

#endif
