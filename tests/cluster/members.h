/*
 * members.h - federations whose members change, in every eighth seed.
 *
 * Three machines more than founders: members propose and vote additions,
 * removals, other weights and other keys while everything else goes wrong, and
 * never so that liars have a third of the power. Who sits where is worked out
 * here a second time, from the transactions of decided blocks alone.
 */
#ifndef QML_TESTS_CLUSTER_MEMBERS_H
#define QML_TESTS_CLUSTER_MEMBERS_H

#include <stdbool.h>
#include <stdint.h>

#include "consensus/ledger/seats.h"
#include "consensus/replica/roster.h"
#include "consensus/votes/payload.h"
#include "proto/block.h"

#define MEMBERS_LATER 3   /* machines that come later */
#define MEMBERS_PENDING 2 /* changes that are asked for at once */
#define MEMBERS_MOTIONS 256
#define MEMBERS_EXPIRES 6 /* heights, of a transaction that proposes */
#define MEMBERS_SLOTS (FEDERATION_MAX_MEMBERS + 1)
#define MEMBERS_NO_SLOT UINT16_MAX

struct world;
struct replica_action;
struct ledger;
struct world_node;

/* Who can sign, from one height until the next of these. */
struct members_set {
	uint64_t from;
	uint16_t n; /* seats */
	uint64_t total;
	uint32_t power[FEDERATION_MAX_MEMBERS]; /* 0: not a member */
	uint16_t slot[FEDERATION_MAX_MEMBERS];  /* whose key it is */
};

struct members_seat {
	enum seat_state state;
	uint16_t founder; /* slot of its first keys: the seat's id */
	uint16_t slot;    /* of its keys now */
	uint32_t power;
	bool heir; /* the keys are another machine's, the member is a liar */
};

struct members_table {
	bool spent[MEMBERS_SLOTS];           /* its keys were a member's */
	bool turned[FEDERATION_MAX_MEMBERS]; /* other keys in this block */
	uint16_t n;
	struct members_seat seat[FEDERATION_MAX_MEMBERS];
};

struct members_motion {
	bool about_members, open, passed;
	uint64_t at, end; /* heights */
	struct hash payload;
	struct payload what;
	uint16_t slot; /* of the keys that it names */
	bool voter[FEDERATION_MAX_MEMBERS];
	uint8_t said[FEDERATION_MAX_MEMBERS]; /* enum vote_option */
};

/* A proposal that was sent and is not over. */
struct members_wish {
	bool on;
	struct payload what;
	struct hash hash;
	uint64_t expires; /* its transaction */
	size_t since;     /* motions there were */
};

struct members {
	struct member machine[MEMBERS_SLOTS]; /* keys, by slot */
	struct members_table now;             /* two heights on */
	struct members_set *sets;             /* by height, ascending */
	size_t nsets;
	struct members_motion *motions;
	size_t nmotions;
	struct members_wish wish[MEMBERS_PENDING];
	uint64_t voted[MEMBERS_SLOTS];    /* by slot: the last motion, */
	uint64_t voted_at[MEMBERS_SLOTS]; /* and its height then */
};

/* members.c */
bool members_has(const struct world *w);
void members_found(struct world *w); /* economy: short votes */
/* After the founders have their keys. */
void members_open(struct world *w);
void members_close(struct world *w);
/* The set of a height up to two after the newest block's. */
const struct members_set *members_at(const struct world *w, uint64_t height);
bool members_quorum(const struct world *w, uint64_t height, uint64_t power);
const struct sign_public *members_key(const struct world *w, uint64_t height,
    uint16_t seat); /* NULL: nobody */
/* The slot in this seat at this height, or MEMBERS_NO_SLOT. */
uint16_t members_slot(const struct world *w, uint64_t height, uint16_t seat);
/* Did a liar ever sit there? */
bool members_liar(const struct world *w, uint16_t seat);
/* Is this machine one of those that have to keep up? */
bool members_needed(const struct world *w, uint16_t slot);
/* A certificate by the set of its height: all signatures, a quorum. */
bool members_certified(const struct world *w, const struct commit *c);
/* The seat under which a has its link to b; -1: it knows no such machine. */
int members_peer(const struct world *w, uint16_t a, uint16_t b);
/* The node's ledger moved: its seat, and whom it knows. */
void members_follow(struct world *w, uint16_t slot);
/* The node applied a block. */
void members_applied(struct world *w, uint16_t slot, uint64_t height);
/* What is sent by a node under this seat at this height. */
void members_sent(struct world *w, uint16_t slot, uint64_t height,
    uint16_t seat);

/* members_seen.c: once per decided block, in order */
void members_block(struct world *w, const struct block *b);
/* On a copy: could this be carried out? *moved: power. */
bool members_change(const struct world *w, struct members_table *t,
    const struct payload *p, uint64_t *moved);
/* May so much change in one block? */
bool members_small(const struct members_table *before,
    const struct members_table *after, uint64_t moved);

/* members_ask.c: the body of what helps now, and its kind; 0: nothing */
uint8_t members_put(struct world *w, uint16_t slot, struct bytes_writer *out);

#endif
