/*
 * state.h - the inside of a world, shared by the files of this folder.
 *
 * A slot is a machine; slots 0 .. n - 1 run the members in order, one more may
 * run a twin: the key of a member on a second machine.
 */
#ifndef QML_TESTS_CLUSTER_STATE_H
#define QML_TESTS_CLUSTER_STATE_H

#include "consensus/bft/view.h"
#include "consensus/ledger/leaves.h"
#include "consensus/replica/replica.h"
#include "consensus/replica/store.h"
#include "proto/merkle.h"
#include "tests/cluster/faults.h"
#include "tests/cluster/latency.h"
#include "tests/cluster/liar.h"
#include "tests/cluster/members.h"
#include "tests/cluster/rng.h"
#include "tests/cluster/simdisk.h"
#include "tests/cluster/watch.h"
#include "tests/cluster/world.h"

#define WORLD_MAX 101 /* slots: the largest federation and a twin */
#define WORLD_WALL0 UINT64_C(1700000000000)
#define WORLD_DIM 8

enum world_event_type {
	WORLD_TIMER,
	WORLD_DELIVER,
	WORLD_STORED,
	WORLD_TRAINED,
	WORLD_RESTART,
	WORLD_CRASH,
	WORLD_SPLIT,
	WORLD_HALVES,
	WORLD_LINKS, /* some came or went */
	WORLD_JUMP,  /* of a clock */
	WORLD_LIE,
	WORLD_TX, /* a member may send a transaction */
};

struct world_event {
	uint64_t at;  /* virtual ms */
	uint64_t seq; /* ties in order of creation */
	enum world_event_type type;
	uint16_t node, from;
	uint32_t life;   /* of the node: events of an earlier life are void */
	uint64_t number; /* TIMER: time; TRAINED: fl_round */
	uint8_t *data;
	size_t len;
};

struct world_job {
	struct replica_action action;
	uint64_t at;
};

struct world_node {
	uint16_t member; /* its seat now, or REPLICA_NOBODY */
	bool liar; /* nothing is promised about it, not even that it lies */
	bool up, doomed;
	struct simdisk disk;
	struct store store;
	struct replica *replica;
	uint32_t life;
	uint64_t timer;         /* of the armed TIMER; others are void */
	struct world_job *jobs; /* storage queue */
	size_t njobs, cap;
	uint64_t head;           /* highest height reported APPLIED */
	bool forgets;            /* its vote log is lost before it starts */
	bool rotten;             /* a bit of its chain was flipped */
	struct hash proof;       /* oldest evidence that waits here */
	uint64_t proof_since;    /* height */
	int64_t skew;            /* wall clock - true time, ms */
	bool moved;              /* it applied a block in this step */
	struct roster *who;      /* where members change: whom it knows */
	uint8_t sees[WORLD_MAX]; /* PEER_UP was said, by member: 1 + slot, or
				  * 1 where members stay */
	uint8_t cut[WORLD_MAX];  /* to slot: enum world_cut */
	uint64_t mute_until[WORLD_MAX];
	uint64_t served_at[WORLD_MAX]; /* last block to arrive, by slot */
};

#define WORLD_MODELS 16 /* more than JOB_CARRY_MAX */

enum world_cut {
	CUT_NOT,
	CUT_KNOWN,  /* the link is down and both ends know */
	CUT_SILENT, /* what is sent this way vanishes */
};

struct world {
	struct world_setup setup;
	struct world_result *result;
	struct rng rng;
	uint64_t now; /* virtual ms since the start */
	uint64_t seq;
	struct faults faults;
	uint16_t n, nslots, nfaulty; /* members; members that may misbehave */
	bool has_twin;
	bool has_loser; /* a member lost stored data: */
	uint16_t loser;
	uint16_t deaf;        /* 1 + slot; 0: nobody */
	bool in_order;        /* what is sent is one stream, as links are */
	bool mute_liars;      /* PUNISH closes the link for a while */
	uint64_t progress_ms; /* of the last block that was new */
	uint64_t closed_ms;   /* of the last round to close */
	uint64_t calm_head;   /* height when it became calm */
	struct federation fed;
	struct hash fed_id;
	struct sign_key *keys[WORLD_MAX];
	struct world_node *nodes; /* [nslots] */
	struct world_event *heap;
	size_t nheap, cap;
	struct watch watch;
	struct members members;
	int64_t model[WORLD_DIM]; /* the oracle's, after the newest block */
	uint64_t closed;          /* rounds of the job, so far */
	uint64_t serial;          /* how many models came before it */
	struct hash models[WORLD_MODELS]; /* by serial */
	/* By member: 1 + the serial of the newest model that an update of its
	 * in an aggregate is from. */
	uint64_t worked[WORLD_MAX];
	uint64_t time_ms; /* of that block */
	uint64_t pace_from;
	struct merkle history; /* ids of the decided blocks, in order */
	struct rng txrng;
	uint64_t books_height; /* newest height whose books were seen */
	struct hash books_root;
	struct hash shard_path[MERKLE_MAX_DEPTH]; /* of every shard */
	size_t nshard_path;
	struct liar liars[LIAR_MAX];
	unsigned nliars;
};

#include "tests/cluster/slots.h"

#endif
