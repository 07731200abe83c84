/*
 * node.h - the daemon: one loop, one owner of all state.
 *
 * Feeds the replica with what links, storage, trainer and clock bring, and
 * carries out its actions in order. Makes no decision of its own. Everything
 * here runs on the loop thread.
 */
#ifndef QML_DAEMON_NODE_NODE_H
#define QML_DAEMON_NODE_NODE_H

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "consensus/replica/replica.h"
#include "consensus/replica/roster.h"
#include "daemon/node/control.h"
#include "daemon/node/peers.h"
#include "daemon/node/storage.h"
#include "daemon/node/trainer.h"
#include "daemon/node/trim.h"
#include "daemon/node/why.h"
#include "daemon/node/worth.h"

#define NODE_ROUNDS_KEPT 4096 /* in memory, for status */
#define NODE_ROUNDS_RECALLED 128
#define NODE_LATENCIES_KEPT 1024
#define NODE_TXS_KEPT 4096 /* ids of the last ones, for those who ask */

/* Everything is borrowed for the life of the node. */
struct node_options {
	const char *home;
	const struct federation *federation; /* as founded */
	struct hash id;                      /* of our keys */
	uint16_t self;             /* ROSTER_NOBODY: a guest until voted in */
	const struct member *host; /* who invited us, or NULL */
	const struct sign_key *key;
	const uint8_t *network_secret; /* X25519 [32] */
	const uint8_t *psk;            /* [32], or NULL */
	const char *listen;            /* NULL: dial only */
	const char *socket;            /* control socket path */
	char **trainer_command;        /* NULL-terminated */
	struct trainer_data data;      /* none: validate only */
	uint8_t *salt;                 /* [32]; wiped when it is erased */
	uint16_t threads;
	uint32_t scrub_ms; /* look through what is stored this often; 0: not */
	bool confine;
	bool plain_links; /* tests only */
	uint16_t rules;   /* tests only; 0: all that we know */
};

/* A closed round, for people. */
struct node_round {
	uint64_t round, height, time_ms, duration_ms;
	uint8_t kind;          /* enum block_kind */
	uint8_t task, control; /* enum job_kind; task 0: not known */
	uint16_t nparts, nupdates;
	uint64_t rows, correct;
	int64_t loss_before_q24, loss_after_q24;
	/* As in struct ledger_round_summary. */
	uint64_t control_correct, valid_rows, valid_correct;
	uint64_t valid_control_correct;
	int64_t control_loss_q24, valid_loss_q24, valid_control_loss_q24;
};

struct node_tx {
	struct hash id;
	uint64_t height;
};

struct node {
	const struct node_options *opt;
	struct hash federation_id;
	struct roster who;
	const struct federation *roster; /* who: the members as they are now */
	uint16_t self;                   /* our seat now */
	uv_loop_t loop;
	struct replica *replica;
	struct storage *storage;
	struct peers *peers;
	struct trainer *trainer; /* NULL without data */
	struct hash job;         /* what the trainer was given */
	uint64_t job_ruled;      /* by which rule: its first round */
	uint64_t job_first;      /* its first round: trainers count from 0 */
	struct worth *worth;     /* what closed rounds were worth */
	struct control *control;
	uv_timer_t timer;
	struct trim trim;
	uv_signal_t sigterm, sigint;
	bool peers_open, trainer_open, storage_open, control_open;
	bool stopping, timer_open;
	bool driving; /* inside node_drive */
	int exit_code;
	uint64_t started_ms; /* mono */
	uint64_t ready_ms;   /* mono: listeners up, chain verified */
	bool stop_asked;     /* by the control socket, once it has answered */
	uint64_t guest_ms;   /* mono: last time an invitation was looked up */
	uint64_t refused_ms; /* mono: last line about strangers */
	uint64_t nrefused;   /* since then */
	const char *halted;  /* why we stopped voting, or NULL */
	const char *unused;  /* why our data are not taken now, or NULL */
	bool clock_off;      /* the wall clock: nothing is proposed */
	bool full;           /* the disk: nothing can be signed */
	bool rotten;         /* stored blocks or votes are damaged */
	bool unread;         /* something stored could not be read */
	bool behind[TABLES_PARTS]; /* index.db, checkpoints: not kept up */

	struct node_round rounds[NODE_ROUNDS_KEPT]; /* ring by round */
	uint64_t nrounds;                           /* ever */
	uint64_t answer_ms; /* mono: last answer of the open round came */
	uint16_t nanswers;
	bool held[FEDERATION_MAX_MEMBERS]; /* answers of held_round, told */
	uint64_t held_round;
	uint32_t latency_us[NODE_LATENCIES_KEPT]; /* ring: answer to block */
	uint64_t nlatencies;
	struct node_tx txs[NODE_TXS_KEPT]; /* ring, of blocks since the start */
	uint64_t ntxs;
	size_t ngone;           /* of what the pool refused, for txs/ */
	uint64_t last_block_ms; /* mono: we took the last one; 0: none yet */
	struct why why;         /* nothing comes right now */
};

/*
 * Runs until SIGTERM or SIGINT, or until it cannot go on. Returns the exit
 * code of DESIGN section 10; what went wrong has been logged.
 */
int node_run(const struct node_options *opt);

/* Begin to drain; the loop ends when everything is closed. Idempotent. */
void node_stop(struct node *n, int exit_code);

/* A transaction of ours; takes the reference. As replica_submit. */
int node_submit(struct node *n, struct tx *t);
/* Of the block that holds it; 0: none of those since the start does. */
uint64_t node_tx_height(const struct node *n, const struct hash *id);

uint64_t node_mono_ms(void);
uint64_t node_wall_ms(void);

#endif
