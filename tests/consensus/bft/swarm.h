/*
 * swarm.h - a federation of cores in one process, in virtual time.
 *
 * One seed gives the sizes, powers, faults and every delay. Messages are
 * lost, doubled, reordered and cut off by partitions, disks are slow, nodes
 * crash and keep any prefix of what they had queued, less than a third of the
 * power is faulty (random equivocator that sees all, two nodes with one
 * key, or silent). At heal_ms all of that but the faulty ends, and the
 * others must finish. An oracle that forgets nothing checks every message.
 */
#ifndef QML_TESTS_CONSENSUS_BFT_SWARM_H
#define QML_TESTS_CONSENSUS_BFT_SWARM_H

#include "consensus/bft/bft.h"
#include "consensus/bft/view.h"

#define SWARM_NODES 10 /* seven validators and up to two twins */
#define SWARM_HEIGHTS 4
#define SWARM_LOG 1024
#define SWARM_POLKAS 64
#define SWARM_FACTS (1u << 16)

enum swarm_fault { FAULT_NONE, FAULT_RANDOM, FAULT_TWIN, FAULT_SILENT };

enum swarm_kind {
	SWARM_VOTE,
	SWARM_OFFER,
	SWARM_CATCHUP, /* the block of a decided height */
	SWARM_PERSISTED,
	SWARM_VERDICT,
	SWARM_BUILT,
	SWARM_ENTER,
	SWARM_WORK,
	SWARM_TIMER,
	SWARM_GOSSIP,
	SWARM_EVIL,
	SWARM_CRASH,
	SWARM_RESTART,
	SWARM_PARTITION,
};

/* Something that happens to one node at one time. */
struct swarm_msg {
	uint64_t at_ms, order;
	enum swarm_kind kind;
	uint8_t to;
	uint32_t epoch; /* of local events: those of a crashed life are void */
	uint64_t height;
	uint64_t seq;
	bool flag;
	struct hash block;
	uint32_t round;
	union {
		struct vote vote;
		struct bft_offer offer;
	};
};

/* The prevotes behind a valid value, on the disk before record `at`. */
struct swarm_polka {
	size_t at, n;
	int32_t round;
	struct vote votes[BFT_MAX_VALIDATORS];
};

struct swarm_node {
	struct bft b;
	uint16_t self;
	enum swarm_fault fault;
	bool up;
	uint8_t group; /* partition */
	uint32_t epoch;
	uint64_t height;
	uint64_t timer_ms, disk_ms;
	size_t nlog, ndurable;
	struct bft_record log[SWARM_LOG];
	uint64_t seq[SWARM_LOG];
	struct swarm_polka polkas[SWARM_POLKAS];
	size_t npolkas;
	/* for the oracle: the last block precommitted */
	uint64_t lock_height, lock_num;
	uint32_t lock_round;
};

/* What the oracle knows: key to value. */
struct swarm_fact {
	uint64_t key, value;
};

struct swarm {
	uint64_t seed, rng, now_ms, heal_ms, order, nblocks;
	unsigned nnodes;
	uint16_t n;
	uint32_t power[BFT_MAX_VALIDATORS];
	uint64_t total;
	unsigned loss, twice, late_ms; /* percent, percent, ms */
	struct swarm_node nodes[SWARM_NODES];
	struct bft_out out;
	size_t nqueue, queue_max;
	struct swarm_msg *queue; /* heap by (at_ms, order) */
	struct swarm_fact facts[SWARM_FACTS];
	/* did the seed do anything? */
	uint64_t steps, crashes, restored, conflicts, max_round, evidence;
};

/* Run one seed; a broken promise fails the test and names the seed. */
void swarm_run(struct swarm *s, uint64_t seed, unsigned n);
void swarm_free(struct swarm *s);

/* queue.c of the swarm */
uint64_t swarm_random(struct swarm *s, uint64_t below);
void swarm_push(struct swarm *s, const struct swarm_msg *m, uint64_t delay_ms);
bool swarm_pop(struct swarm *s, struct swarm_msg *out);

/* Blocks carry a number, the height, the round and whether they are valid. */
struct hash swarm_block(struct swarm *s, uint64_t height, uint32_t round,
    bool valid);
uint64_t swarm_block_num(const struct hash *h);
bool swarm_block_valid(const struct hash *h, uint64_t height);
uint32_t swarm_block_round(const struct hash *h);

/* The oracle. */
bool swarm_honest(const struct swarm *s, uint16_t validator);
void oracle_vote(struct swarm *s, const struct vote *v);
void oracle_send(struct swarm *s, struct swarm_node *node,
    const struct bft_action *a);
void oracle_commit(struct swarm *s, struct swarm_node *node,
    const struct bft_action *a);
void oracle_evidence(struct swarm *s, const struct bft_action *a);

/* A faulty node's turn. */
void swarm_evil(struct swarm *s, struct swarm_node *node);
/* Give m to one node through the network. */
void swarm_transmit(struct swarm *s, const struct swarm_node *from,
    const struct swarm_node *to, struct swarm_msg *m);

#endif
