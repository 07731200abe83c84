/*
 * world.h - a simulated federation: real replicas, virtual time, one seed.
 *
 * Every node is the daemon's replica and store over a simulated disk. The
 * world owns clocks, network, crashes and liars, and checks after every step
 * that nothing which must not happen has happened. Single-threaded; a run is
 * a function of struct world_setup alone.
 */
#ifndef QML_TESTS_CLUSTER_WORLD_H
#define QML_TESTS_CLUSTER_WORLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "consensus/bft/view.h"
#include "consensus/replica/replica.h"
#include "consensus/replica/store.h"
#include "tests/cluster/rng.h"
#include "tests/cluster/simdisk.h"

#define WORLD_MAX 16
#define WORLD_HEIGHTS_MAX 4096

struct world_setup {
	uint64_t seed;
	uint16_t n;
	uint64_t heights; /* the run is over when all live nodes are there */
	bool trace;
	bool faults; /* network, crashes and clocks go wrong as the seed says */
};

/* Drawn from the seed; all zero in a calm world. */
struct world_faults {
	uint32_t loss, twice, slow; /* permille of messages */
	uint32_t delay_ms;
	uint64_t crash_ms;     /* mean time between crashes; 0: none */
	uint64_t partition_ms; /* mean time between partitions; 0: none */
	int64_t skew_ms;       /* largest clock error */
	uint64_t calm_at;      /* from here on everything works */
};

enum world_event_type {
	WORLD_TIMER,
	WORLD_DELIVER,
	WORLD_STORED,
	WORLD_TRAINED,
	WORLD_RESTART,
	WORLD_CRASH,
	WORLD_SPLIT,
};

struct world_event {
	uint64_t at;  /* virtual ms */
	uint64_t seq; /* ties in order of creation */
	enum world_event_type type;
	uint16_t node, from;
	uint32_t life;   /* of the node: events of an earlier life are void */
	uint64_t number; /* STORED: seq; TRAINED: fl_round */
	uint8_t *data;
	size_t len;
};

struct world_job {
	struct replica_action action;
	uint64_t at;
};

struct world_node {
	struct simdisk disk;
	struct store store;
	struct replica *replica;
	bool up;
	uint32_t life;
	uint64_t timer;         /* of the armed TIMER; others are void */
	struct world_job *jobs; /* storage queue */
	size_t njobs, cap;
	uint64_t head; /* highest height reported APPLIED */
	int64_t skew;  /* wall clock - true time, ms */
};

struct world {
	struct world_setup setup;
	struct rng rng;
	uint64_t now; /* virtual ms since the start */
	uint64_t seq, steps;
	struct world_faults faults;
	uint32_t side; /* bit i: which half node i is in */
	uint64_t ncrashes, nsplits;
	struct federation fed;
	struct hash fed_id;
	struct sign_key *keys[WORLD_MAX];
	struct world_node nodes[WORLD_MAX];
	struct world_event *heap;
	size_t nheap, cap;
	struct hash decided[WORLD_HEIGHTS_MAX]; /* zero: not yet */
	char failure[512]; /* first invariant that broke, or "" */
};

/* Returns 0 when the run reached its heights with every invariant intact. */
int world_run(const struct world_setup *setup, char *failure, size_t len);

#endif
