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

#include "tests/cluster/count.h"

enum world_liars {
	WORLD_LIARS_DRAWN, /* as the seed says */
	WORLD_LIARS_NONE,
	WORLD_LIARS_SOME,
	WORLD_LIARS_TWIN,
};

struct latency;

struct world_setup {
	uint64_t seed;
	uint16_t n;       /* 0: as the seed says, mostly 4 */
	uint64_t heights; /* the run is over when all live nodes are there */
	bool trace;
	bool calm; /* nothing goes wrong */
	/* One node never starts; links and disks take the same time always,
	 * and there is no training, so that blocks show the agreement's pace.*/
	bool dead;
	bool members;     /* they change, whatever the seed says */
	bool halves;      /* nothing but ten minutes in two halves, then one */
	bool steady;      /* the same, and every node is there */
	uint32_t without; /* bits of enum faults_kind */
	enum world_liars liars;
	struct latency *latency; /* NULL, or what time is measured with */
};

#define WORLD_PACE_FROM 30 /* blocks; by then the bench has settled */

struct world_result {
	char failure[512]; /* the first invariant that broke, or "" */
	uint64_t heights, virtual_ms, steps;
	uint64_t slow;    /* blocks first proposed in a round after 0 */
	uint64_t pace_ms; /* of the blocks after the first PACE_FROM */
	uint64_t trace;   /* hash of everything that happened, in order */
	uint64_t counts[COUNTS];
};

/* 0 when the run reached its heights with every invariant intact, else -1. */
int world_run(const struct world_setup *setup, struct world_result *out);

#endif
