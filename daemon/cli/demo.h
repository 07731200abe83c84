/*
 * demo.h - a whole federation on this machine, through the real programs.
 *
 * found: rows are dealt out, keys made, the federation agreed on.
 * launch: one qmlnode per member on loopback. watch: rounds as they commit,
 * judged on rows that no node saw. report: what it came to, against honest
 * baselines, and what the audit of the chain proved.
 */
#ifndef QML_DAEMON_CLI_DEMO_H
#define QML_DAEMON_CLI_DEMO_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#include "daemon/cli/rpc_client.h"
#include "proto/federation.h"
#include "proto/id.h"

#define DEMO_NODES_MAX 16
#define DEMO_PATH_LEN 512

struct demo_node {
	char name[FEDERATION_NAME_LEN];
	char home[DEMO_PATH_LEN];
	uint16_t port;
	uint32_t rows;
	char counts[256]; /* rows per class, for people */
	pid_t pid;        /* 0: not running */
};

struct demo {
	/* options */
	unsigned nnodes, rounds;
	uint64_t seed;
	const char *data, *split, *home_option;
	bool keep, json;
	const char
	    *heldout; /* share of rows that no node sees; NULL: a fifth */
	bool story;
	/* When the homes are made, before the federation is written: 0 or an
	 * exit code. NULL: nothing to do. */
	int (*prepare)(struct demo *d);
	const char *rule, *momentum; /* instead of the job's own; NULL */
	/* A drill: the trainers of the last nliars nodes lie. NULL: none. */
	const char *attack, *tau;
	unsigned nliars;
	bool sweep;
	const char *picture; /* of a sweep; NULL: none */

	FILE *out; /* narration: stdout, or stderr with --json */
	bool tty;
	char home[DEMO_PATH_LEN];
	char rows[DEMO_PATH_LEN]; /* folder of the dealt rows */
	char qmlnode[DEMO_PATH_LEN], qmltrain[DEMO_PATH_LEN];
	char federation_path[DEMO_PATH_LEN];
	struct federation federation;
	char id[ID_TEXT_LEN];
	uint32_t heldout_rows;
	struct demo_node nodes[DEMO_NODES_MAX];
	struct rpc_client events; /* of the first node */

	/* results */
	uint64_t started_ms;
	unsigned committed;
	double accuracy, loss, best_accuracy;
	double majority, best_alone, logistic;
	double control; /* accuracy of the control arm, last round */
	bool heads_equal, models_equal, audit_ok;
	int64_t blocks;
};

/* Each returns 0 or an exit code of DESIGN section 10, having said why. */
int demo_found(struct demo *d);
int demo_launch(struct demo *d);
int demo_watch(struct demo *d);
/* Are all nodes at the same head and model? Ends the daemons. */
int demo_finish(struct demo *d);
int demo_judge(struct demo *d); /* baselines, audit */
int demo_audit(struct demo *d); /* the second half of demo_judge */
void demo_print_opening(const struct demo *d);
void demo_print_summary(const struct demo *d);
void demo_print_json(const struct demo *d);
/* Ends what still runs; removes a temporary home. */
void demo_close(struct demo *d);

/* Drills (demo_attack.c): the same federation with and without liars, and with
 * another rule; each in a home of its own. */
int demo_drill(const struct demo *options);
/* Every rule against every attack (demo_sweep.c), without daemons. */
int demo_sweep(struct demo *d);
/* Is there a rule of that name? Into the job. */
int demo_check_rule(const struct demo *d);
void demo_take_rule(struct demo *d);
/* What the job does with updates, for people. */
void demo_rule_words(const struct demo *d, char *out, size_t len);
/* "name path" of nodes from..to-1, for qmltrain; a file in the home. */
int demo_list_nodes(struct demo *d, const char *file, unsigned from,
    unsigned to);
/* Gives node i, made already, a trainer that lies. */
int demo_arm(struct demo *d, unsigned i);

/* SIGINT and SIGTERM end the demo in good order from here on. */
void demo_catch_signals(void);
bool demo_interrupted(void);
uint64_t demo_now_ms(void);  /* monotonic */
uint64_t demo_wall_ms(void); /* UNIX */
/* dir/name, cut never: both are ours. */
void demo_path(char *out, const char *dir, const char *name);
/* A program's JSON answer; NULL after saying what went wrong. */
struct jv *demo_ask(struct demo *d, char *const argv[]);

#endif
