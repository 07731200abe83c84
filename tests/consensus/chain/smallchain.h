/*
 * smallchain.h - a valid chain of a small federation, in a disk's chain/.
 *
 * Aggregates, skips, heartbeats, refusals and a late member, so that every
 * kind of object is in the files. The same bytes on every run.
 */
#ifndef QML_TESTS_CONSENSUS_CHAIN_SMALLCHAIN_H
#define QML_TESTS_CONSENSUS_CHAIN_SMALLCHAIN_H

#include "consensus/chain/segments.h"
#include "tests/consensus/ledger/fixture.h"

struct smallchain {
	struct town town;
	struct segments log; /* open for appends */
};

/* Block 0 only. seed makes another federation of the same shape. */
void smallchain_open(struct smallchain *c, struct disk *d, uint16_t n,
    uint32_t rounds);
void smallchain_close(struct smallchain *c);
/* One more block: what it is follows from the height. */
void smallchain_step(struct smallchain *c);
/* The block that smallchain_step would append next, committed already. */
struct block *smallchain_next(struct smallchain *c);
void smallchain_append(struct smallchain *c, const struct block *b);

#endif
