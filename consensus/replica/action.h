/*
 * action.h - what goes into a replica and what it asks for.
 */
#ifndef QML_CONSENSUS_REPLICA_ACTION_H
#define QML_CONSENSUS_REPLICA_ACTION_H

#include <stddef.h>
#include <stdint.h>

#include "consensus/chain/votelog.h"
#include "proto/answer.h"
#include "proto/block.h"
#include "proto/hash.h"
#include "proto/vote.h"

#define REPLICA_ALL UINT16_MAX
#define REPLICA_SERVE_BYTES (32u << 20) /* no more blocks for one SERVE then */

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
	REPLICA_TRAIN,   /* train on the ledger's model, which opened fl_round
			  * first; replaces earlier ones */
	REPLICA_CANCEL,  /* that training can count in no round any more */
	REPLICA_APPLIED, /* block is decided, durable and in the ledger */
	REPLICA_PUNISH,  /* peer sent what no honest node sends: text */
	REPLICA_NOTICE,  /* something a person may want to see: text */
	REPLICA_HALT,    /* stop voting for good: text says why */
};

enum replica_store {
	REPLICA_STORE_RECORD, /* record into the vote log */
	REPLICA_STORE_ANSWER, /* data under id into the pool */
	REPLICA_STORE_BODY,   /* data (an undecided block) into the pool */
	REPLICA_STORE_POLKA,  /* data (the prevotes for one) into the pool */
	/* data (the votes that led to a round) into the pool, in place of
	 * those of the round before */
	REPLICA_STORE_PASSAGE,
	REPLICA_STORE_BLOCK,  /* data and commit onto the chain at height */
	REPLICA_STORE_PROOF,  /* data (evidence) under id into the pool */
	REPLICA_STORE_PROVED, /* the evidence under id is of no use any more */
};

/* Traffic classes, most urgent first. */
enum replica_class {
	REPLICA_CLASS_VOTE,
	REPLICA_CLASS_STATUS, /* worthless when the next one is out */
	REPLICA_CLASS_ANSWER,
	REPLICA_CLASS_TX,
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

#endif
