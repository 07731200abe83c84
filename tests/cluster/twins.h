/*
 * twins.h - four validators, one of them twice: all schedules of leaders and
 * partitions, on the pure core (Bano et al., "Twins", 2020).
 *
 * Five cores, two with the key of validator 3; nobody lies otherwise. A
 * schedule names for each round whose turn it is, and for each of its halves
 * which cores hear each other: in Tendermint a lock and a decision are made of
 * one round's two votes, so one partition a round would never part them.
 * Rounds in between, in which the proposer is silent, give any order of
 * leaders although the core has a fixed one.
 */
#ifndef QML_TESTS_CLUSTER_TWINS_H
#define QML_TESTS_CLUSTER_TWINS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "consensus/bft/bft.h"

#define TWINS_N 4
#define TWINS_CORES 5
#define TWINS_ROUNDS 4
#define TWINS_PARTITIONS 52 /* of five: Bell's number */
#define TWINS_QUEUE 512
#define TWINS_HEAL 8 /* rounds of a whole network in which all must end */
#define TWINS_INDEXES (TWINS_ROUNDS + TWINS_HEAL)
#define TWINS_LABELS (TWINS_INDEXES * TWINS_CORES)
#define TWINS_NONE UINT8_MAX

struct twins_msg {
	uint8_t from; /* core */
	bool is_vote;
	bool relayed; /* somebody's old vote */
	struct vote vote;
	struct bft_offer offer;
};

/* What a core said last, and a block by its round and maker: a label. */
struct twins_fact {
	uint8_t label, round; /* TWINS_NONE: nothing */
};

struct twins {
	struct bft core[TWINS_CORES];
	uint64_t now[TWINS_CORES];
	uint8_t decided[TWINS_CORES]; /* label */
	struct twins_fact
	    precommitted[TWINS_CORES];              /* newest that is not nil */
	uint8_t polka[TWINS_INDEXES][TWINS_LABELS]; /* who prevoted: bits */
	/* the round under way */
	uint8_t index; /* in the schedule */
	bool second;   /* half of the round: precommits arrive */
	bool silent;   /* its proposer says nothing */
	int32_t round; /* the core's number for it */
	int32_t number[TWINS_INDEXES]; /* the same of all in the schedule */
	uint8_t part[TWINS_CORES];
	struct twins_msg queue[TWINS_QUEUE];
	size_t tail;
	struct twins_msg said[TWINS_QUEUE]; /* votes of this round */
	size_t nsaid;
	uint64_t steps;
	char failure[160];
};

/* Height 1 entered, nothing said. */
void twins_init(struct twins *t);
/* What a core needs of another world: much smaller than the struct. */
void twins_copy(struct twins *to, const struct twins *from);
/* Silent rounds until `leader` is next. False: as for twins_round. */
bool twins_lead(struct twins *t, uint8_t leader);
/* The next round of a schedule in two halves: proposal and prevotes, then
 * precommits; part[] of a half hear each other. False: the run is over;
 * somebody decided and the rest wait for its block. */
bool twins_prevotes(struct twins *t, const uint8_t part[TWINS_CORES]);
bool twins_precommits(struct twins *t, const uint8_t part[TWINS_CORES]);
/* Whole network from here on: true once an honest core decided. */
bool twins_heals(struct twins *t);

/* twins_search.c: every schedule; the exit status of the program. */
int twins_run(unsigned rounds, bool json);

#endif
