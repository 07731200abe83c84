/*
 * checkpoint.h - state/HEIGHT.state: the ledger's state at one height, so that
 * a start reads the chain from there and not from block 1.
 *
 * Never an authority: it is used only if its own hash is right, if it was
 * written for this federation at a block of this chain, and if the state in it
 * has the root that this block's header names. Whatever else it may be, it is
 * passed over, the one before it or block 1 takes its place, and nothing is
 * lost but time. So no file is renamed and none is ever written over: one that
 * a crash tore is not whole, and the older goes only when the newer is durable.
 * An audit does not look at them. One thread, the disk's.
 */
#ifndef QML_CONSENSUS_CHAIN_CHECKPOINT_H
#define QML_CONSENSUS_CHAIN_CHECKPOINT_H

#include <stdint.h>

#include "consensus/chain/disk.h"
#include "consensus/chain/segments.h"
#include "consensus/ledger/ledger.h"

#define CHECKPOINT_DIR "state"
#define CHECKPOINT_EVERY 1000         /* blocks */
#define CHECKPOINT_BYTES (256u << 20) /* a larger state is not written */

/* What was found while one was looked for. */
struct checkpoint_report {
	uint64_t height; /* of the one that is used; 0: none */
	unsigned passed; /* files that were of no use */
};

/* *l, whose head is a block of s, durable. What is older than
 * the newest at keep or below goes. f: as founded. -EINVAL: l is not what the
 * header of its head says, as after a re-founding; -EMSGSIZE; what the disk
 * says. */
int checkpoint_write(struct segments *s, const struct federation *f,
    const struct ledger *l, uint64_t keep) __attribute__((warn_unused_result));

/* The newest at max or below that is good; *out NULL: there is none. -ENOMEM,
 * or what the disk says. */
int checkpoint_read(struct segments *s, const struct federation *f,
    uint64_t max, struct ledger **out, struct checkpoint_report *report)
    __attribute__((warn_unused_result));

/* The state in these bytes of a file. -EBADMSG: it is none of this federation,
 * or damaged. */
int checkpoint_decode(const struct federation *f, const void *data, size_t len,
    struct ledger **out) __attribute__((warn_unused_result));

#endif
