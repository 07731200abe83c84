/*
 * replica.h - everything one node decides, without doing any of it.
 *
 * Joins the BFT core, the ledger, the answers of the open round, gossip and
 * block sync. Events go to replica_step(); replica_next() then hands out what
 * the caller must do, in order. Pure: time comes in with the event, storage,
 * links and training are actions. The daemon and the simulated federation of
 * tests/cluster drive this same code.
 *
 * Storage is ordered: the caller performs STORE actions one after another and
 * reports STORED(seq) when everything up to seq is durable. Whatever depends
 * on a record leaves only after that, by construction. One thread.
 */
#ifndef QML_CONSENSUS_REPLICA_REPLICA_H
#define QML_CONSENSUS_REPLICA_REPLICA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "consensus/ledger/ledger.h"
#include "consensus/replica/action.h"
#include "proto/federation.h"
#include "proto/sign.h"
#include "proto/wire.h"

#define REPLICA_NOBODY VOTE_MAX_VALIDATORS

struct bft;

struct replica; /* opaque: large, and nobody else's business */

struct replica_config {
	const struct federation *federation; /* borrowed for life */
	const struct sign_key *key;          /* borrowed for life */
	/* Our seat; REPLICA_NOBODY: none yet, we follow until we have one. It
	 * is found again by the key after every block. */
	uint16_t self;
	/* Signs on although its key is in use elsewhere: liars of tests. */
	bool reckless;
	/* NULL, or told of every vote with a good signature, ours included,
	 * before it is counted: what an outside witness compares. */
	void (*witness)(void *arg, const struct vote *v);
	/* NULL, or told of every decided block just before the ledger takes
	 * it, also when it is replayed at a start. */
	void (*deciding)(void *arg, const struct ledger *l,
	    const struct block *b);
	void *arg; /* of both */
	/* Last version of the rules to go by, for tests; 0: all we know. */
	uint16_t rules;
};

/* -ENOMEM, -EINVAL. The ledger stands after block 0. */
int replica_new(const struct replica_config *cfg, struct replica **out)
    __attribute__((warn_unused_result));
void replica_free(struct replica *r);

/* At start-up, before EV_START, in this order. Blocks from the chain, already
 * verified by their checksums: -EBADMSG if one does not fit the ledger, which
 * the last may have to say for those before it (ledger_skim); -ENOMEM. */
int replica_replay(struct replica *r, const struct block *b,
    const struct commit *c, bool last) __attribute__((warn_unused_result));
/* In place of the blocks up to l's head, whose certificate this is. Takes l. */
int replica_restore(struct replica *r, struct ledger *l, const struct commit *c)
    __attribute__((warn_unused_result));
/* Bytes from the pool; what is of no use any more is skipped. */
void replica_load_answer(struct replica *r, const uint8_t *data, size_t len);
void replica_load_body(struct replica *r, const uint8_t *data, size_t len);
/* The votes of POOL_POLKA and POOL_PASSAGE. */
void replica_load_votes(struct replica *r, const uint8_t *data, size_t len);
void replica_load_proof(struct replica *r, const uint8_t *data, size_t len);
/* Records of the vote log, oldest first. Where the log is ahead of the chain,
 * blocks were lost: nothing is signed until they are back; -EBADMSG where
 * nobody else has them; -ENOMEM, also of what was loaded before. */
int replica_load_records(struct replica *r, const struct votelog_record *recs,
    size_t n) __attribute__((warn_unused_result));

/* After the records: what we signed is not known any more. Nothing is signed
 * until the others say how far it can have been; see silence.h. */
void replica_quarantine(struct replica *r);

/* Cannot fail: a lack of memory drops messages, as a bad network would, or
 * ends in HALT. */
void replica_step(struct replica *r, const struct replica_event *ev);
/* The next thing to do; false when there is none. Call until false. */
bool replica_next(struct replica *r, struct replica_action *out);
/* Free what an action owns. */
void replica_action_close(struct replica_action *a);
/* mono time at which EV_TIME is due. Always set after EV_START. */
uint64_t replica_deadline(const struct replica *r);

/* Our seat now, or REPLICA_NOBODY. */
uint16_t replica_self(const struct replica *r);

/* For status and tests. */
const struct ledger *replica_ledger(const struct replica *r);
const struct federation *replica_founded(const struct replica *r);
const struct bft *replica_bft(const struct replica *r);
struct replica_counts {
	uint64_t bad_messages;  /* decoder or signature said no */
	uint64_t stale;         /* honest but late */
	uint64_t equivocations; /* two signed votes or proposals */
	uint64_t synced;        /* blocks got by block sync */
	uint64_t dropped;       /* for want of memory or room */
};
struct replica_counts replica_counts(const struct replica *r);
struct replica_progress {
	uint64_t fl_round;
	uint16_t answers; /* held for it */
	uint16_t attests;
	bool answered; /* ours is among them */
	bool training;
	bool syncing;
	uint64_t target; /* highest height an honest part claims */
	/* Our wall clock is ahead of (> 0) or behind that of more than half of
	 * the power: we propose nothing. */
	int64_t clock_off_ms;
	/* Silent: we sign nothing below this height; UINT64_MAX: not known
	 * yet, for too few members told us theirs (quarantine). 0: we vote. */
	uint64_t silent_until;
	/* Our key signed what we did not: nothing more is signed here. */
	bool twin;
};
struct replica_progress replica_progress(const struct replica *r);
/* Evidence that waits for a block, the oldest first; NULL: past the last. */
const struct evidence *replica_proof(const struct replica *r, size_t i);
/* Whether member i's answer / attestation of the open round is held. */
bool replica_holds_answer(const struct replica *r, uint16_t i);
bool replica_holds_attest(const struct replica *r, uint16_t i);

/* How many answers are missing here of blocks that the core waits for, and
 * whose they are as far as attestations say. */
unsigned replica_parts_missing(const struct replica *r,
    bool whose[static VOTE_MAX_VALIDATORS]);

/* A transaction of ours, signed; takes the reference. 0: it waits here and is
 * on its way to all; or what txpool_add says. Actions follow. */
int replica_submit(struct replica *r, const struct replica_now *now,
    struct tx *t) __attribute__((warn_unused_result));
/* What waits and what was refused. */
struct txpool;
const struct txpool *replica_txpool(const struct replica *r);

#endif
