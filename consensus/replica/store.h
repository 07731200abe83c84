/*
 * store.h - a node's files together: chain, pool, vote log.
 *
 * Performs the STORE actions of a replica, in the order they came, and brings
 * a replica back from what is on the disk. The daemon's storage thread and
 * the simulated disks of tests/cluster run this same code. A failure of
 * store_perform other than a full disk is final: nothing that depends on it may
 * be reported STORED.
 * Room for the next block is taken when the last one is safe, so that -ENOSPC
 * comes before anything of a block is written.
 * One thread, the disk's.
 */
#ifndef QML_CONSENSUS_REPLICA_STORE_H
#define QML_CONSENSUS_REPLICA_STORE_H

#include <stddef.h>
#include <stdint.h>

#include "consensus/chain/checkpoint.h"
#include "consensus/chain/disk.h"
#include "consensus/chain/pool.h"
#include "consensus/chain/segments.h"
#include "consensus/chain/votelog.h"
#include "consensus/replica/replica.h"

struct store {
	struct segments segments;
	struct votelog log;
	struct pool pool;
	struct votelog_record *records; /* of the log at open, oldest first */
	size_t nrecords, cap;
	uint64_t room;   /* bytes kept free behind the last block */
	uint64_t every;  /* blocks between checkpoints; 0: none are used */
	uint64_t saved;  /* height of the last one */
	uint64_t behind; /* a checkpoint must be so far behind the head */
	struct checkpoint_report checkpoint; /* of store_load */
	bool unsure; /* what we signed is not known: see replica_quarantine */
};

#define STORE_INIT                                 \
	((struct store){.segments = SEGMENTS_INIT, \
	    .log = VOTELOG_INIT,                   \
	    .every = CHECKPOINT_EVERY})

/* Which part of opening failed. */
enum store_part { STORE_CHAIN, STORE_POOL, STORE_VOTELOG };

struct store_report {
	enum store_part part;
	struct segments_report chain;
	struct votelog_report log;
	bool cut;            /* chain: from chain.height on, to be fetched */
	unsigned log_number; /* of the log in force */
	int log_error;       /* why the one before is not; 0: it was found so */
	uint64_t log_lost;   /* record that is damaged; 0: its first page */
};

/* Bytes that the chain must have free behind its last block: a full block of
 * this federation, generously. Without them nothing is signed. */
uint64_t store_room(const struct federation *f);

/*
 * Opens all three, founding the chain with block 0 if there is none. Where
 * others have the chain (two founders, or who came later signed its last sound
 * block) its damaged end is cut off; where they can say how far we may have
 * signed (four founders, or four who sit by the last block that can be read), a
 * lost or damaged vote log is followed by a new one, in quarantine. Else
 * -EBADMSG: damage, or -ENOENT: the vote log is lost.
 * -EEXIST: the chain of another federation. -ENOSPC: no room for a block.
 * report says which part, where.
 */
int store_open(struct store *s, struct disk *d, const struct federation *f,
    const struct hash *node, struct store_report *report)
    __attribute__((warn_unused_result));
void store_close(struct store *s); /* accepts STORE_INIT */

/* Into a replica that was just made: from the newest checkpoint on, if one is
 * good. -EBADMSG: *height says which block does not fit, or 0 when the vote log
 * is ahead of the chain. */
int store_load(struct store *s, struct replica *r, uint64_t *height)
    __attribute__((warn_unused_result));

/* The state after some block of the chain: written when it is time for a
 * checkpoint, then 1; else 0. Nothing depends on it; f as founded. Failures as
 * of checkpoint_write. */
int store_checkpoint(struct store *s, const struct federation *f,
    const struct ledger *l) __attribute__((warn_unused_result));

/* a->type is REPLICA_STORE; borrowed. -ENOSPC and -EDQUOT are not final: the
 * same action may be performed again when there is room. */
int store_perform(struct store *s, const struct replica_action *a)
    __attribute__((warn_unused_result));

/* Decided block as it lies in the chain; the caller closes *out. -ENOENT. */
int store_block(struct store *s, uint64_t height, struct wire_decided *out)
    __attribute__((warn_unused_result));

#endif
