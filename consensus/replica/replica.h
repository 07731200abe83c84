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

#include "consensus/chain/votelog.h"
#include "consensus/ledger/ledger.h"
#include "proto/federation.h"
#include "proto/sign.h"
#include "proto/wire.h"

#define REPLICA_ALL UINT16_MAX

struct replica; /* opaque: large, and nobody else's business */

struct replica_config {
	const struct federation *federation; /* borrowed for life */
	const struct sign_key *key;          /* borrowed for life */
	uint16_t self;                       /* our member index */
	/* NULL, or told of every vote with a good signature, ours included,
	 * before it is counted: what an outside witness compares. */
	void (*witness)(void *arg, const struct vote *v);
	void *arg;
};

/* Both clocks in ms: mono never goes back, wall is UNIX time. */
struct replica_now {
	uint64_t mono;
	uint64_t wall;
};

enum replica_event_type {
	REPLICA_EV_START,   /* restored; begin to take part */
	REPLICA_EV_PEER_UP, /* an authenticated link to peer stands */
	REPLICA_EV_PEER_DOWN,
	REPLICA_EV_MSG,     /* bytes of one message from peer, borrowed */
	REPLICA_EV_STORED,  /* all up to seq durable */
	REPLICA_EV_TRAINED, /* our answer's draft; the reference is taken */
	REPLICA_EV_TIME,    /* replica_deadline() came */
};

struct replica_event {
	enum replica_event_type type;
	struct replica_now now;
	uint16_t peer; /* member index */
	union {
		struct {
			const uint8_t *data;
			size_t len;
		} msg;
		uint64_t seq;
		struct answer *answer;
	};
};

enum replica_action_type {
	REPLICA_SEND,    /* data to peer or REPLICA_ALL */
	REPLICA_STORE,   /* see enum replica_store */
	REPLICA_SERVE,   /* read blocks [from, from + count) for peer */
	REPLICA_TRAIN,   /* train fl_round on model; replaces earlier ones */
	REPLICA_CANCEL,  /* the round closed without our answer */
	REPLICA_APPLIED, /* block is decided, durable and in the ledger */
	REPLICA_PUNISH,  /* peer sent what no honest node sends: text */
	REPLICA_NOTICE,  /* something a person may want to see: text */
	REPLICA_HALT,    /* stop voting for good: text says why */
};

enum replica_store {
	REPLICA_STORE_RECORD, /* record into the vote log */
	REPLICA_STORE_ANSWER, /* data under id into the pool */
	REPLICA_STORE_BODY,   /* data (an undecided block) into the pool */
	REPLICA_STORE_BLOCK,  /* data and commit onto the chain at height */
};

/* Traffic classes, most urgent first. */
enum replica_class {
	REPLICA_CLASS_VOTE,
	REPLICA_CLASS_STATUS, /* worthless when the next one is out */
	REPLICA_CLASS_ANSWER,
	REPLICA_CLASS_SYNC,
};

struct replica_action {
	enum replica_action_type type;
	uint16_t peer;            /* SEND, SERVE, PUNISH */
	enum replica_class class; /* SEND */
	enum replica_store store; /* STORE */
	uint64_t seq;             /* STORE */
	uint64_t height;          /* STORE_BLOCK, SERVE (from), APPLIED */
	uint64_t fl_round;        /* TRAIN, CANCEL */
	uint16_t count;           /* SERVE */
	struct hash id;           /* STORE, APPLIED */
	uint8_t *data;            /* SEND, STORE: owned by the taker */
	size_t len;
	struct commit *commit;        /* STORE_BLOCK: owned by the taker */
	struct votelog_record record; /* STORE_RECORD */
	const struct block *block;    /* APPLIED: until the next step */
	const char *text;             /* static, or until the next step */
};

/* -ENOMEM, -EINVAL. The ledger stands after block 0. */
int replica_new(const struct replica_config *cfg, struct replica **out)
    __attribute__((warn_unused_result));
void replica_free(struct replica *r);

/* At start-up, before EV_START, in this order. Blocks from the chain, already
 * verified by their checksums: -EBADMSG if one does not fit the ledger. */
int replica_replay(struct replica *r, const struct block *b,
    const struct commit *c) __attribute__((warn_unused_result));
/* Bytes from the pool; what is of no use any more is skipped. */
void replica_load_answer(struct replica *r, const uint8_t *data, size_t len);
void replica_load_body(struct replica *r, const uint8_t *data, size_t len);
/* Records of the vote log, oldest first. -EBADMSG: the log is ahead of the
 * chain by more than one height, so blocks were lost. */
int replica_load_records(struct replica *r, const struct votelog_record *recs,
    size_t n) __attribute__((warn_unused_result));

/* Cannot fail: a lack of memory drops messages, as a bad network would, or
 * ends in HALT. */
void replica_step(struct replica *r, const struct replica_event *ev);
/* The next thing to do; false when there is none. Call until false. */
bool replica_next(struct replica *r, struct replica_action *out);
/* Free what an action owns. */
void replica_action_close(struct replica_action *a);
/* mono time at which EV_TIME is due. Always set after EV_START. */
uint64_t replica_deadline(const struct replica *r);

/* For status and tests. */
const struct ledger *replica_ledger(const struct replica *r);
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
};
struct replica_progress replica_progress(const struct replica *r);
/* Whether member i's answer / attestation of the open round is held. */
bool replica_holds_answer(const struct replica *r, uint16_t i);
bool replica_holds_attest(const struct replica *r, uint16_t i);

#endif
