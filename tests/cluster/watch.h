/*
 * watch.h - what is checked after every step: reference 4.2, I1 to I16.
 *
 * Sees everything that leaves an honest node and everything that becomes
 * durable, over all crashes of the run, and complains to the world.
 */
#ifndef QML_TESTS_CLUSTER_WATCH_H
#define QML_TESTS_CLUSTER_WATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/wire.h"

struct world;
struct replica_action;

enum watch_kind {
	WATCH_FREE,
	WATCH_SIGNED_PREVOTE, /* a height, b round; value block */
	WATCH_SIGNED_PRECOMMIT,
	WATCH_SIGNED_PROPOSAL, /* value: digest */
	WATCH_SIGNED_ANSWER,   /* a fl_round */
	WATCH_SIGNED_ATTEST,   /* a fl_round, b seq; value: digest */
	WATCH_DURABLE_PREVOTE, /* the same, in the vote log of slot who */
	WATCH_DURABLE_PRECOMMIT,
	WATCH_DURABLE_PROPOSAL, /* value: block */
	WATCH_DURABLE_ANSWER,
	WATCH_DURABLE_ATTEST,
	WATCH_POOL_ANSWER, /* value: id */
	WATCH_POOL_BODY,
	WATCH_HELD,     /* a fl_round; value: id that an honest node attested */
	WATCH_OPEN,     /* a fl_round; honest who was attested by somebody */
	WATCH_LEFT_OUT, /* a fl_round; honest who was left out by somebody */
	WATCH_DECIDED,  /* a height; value: block */
	WATCH_MODEL,    /* a height; value: model hash */
	WATCH_ACCUSED,  /* a place, b kind */
	WATCH_POOL_PROOF, /* of slot who: a place, b kind << 16 | accused */
	WATCH_PREVOTER,   /* who prevoted value at height a, round b */
};

struct watch_fact {
	uint8_t kind; /* enum watch_kind */
	uint16_t who;
	uint32_t b;
	uint64_t a;
	struct hash value;
};

/* An open-addressing table of facts that are never taken back. */
struct watch {
	struct watch_fact *facts; /* [cap], a power of two */
	size_t nfacts, cap;
};

void watch_close(struct watch *w);
/* The first fact of this key; with_value: that also has its value. */
const struct watch_fact *watch_find(const struct watch *t,
    const struct watch_fact *f, bool with_value);
void watch_add(struct watch *t, const struct watch_fact *f);

/* What an honest node sends, before anybody gets it. */
void watch_sent(struct world *w, uint16_t slot, const uint8_t *data,
    size_t len);
/* What a liar sends: its votes count for the lock rule. */
void watch_lied(struct world *w, const struct wire_msg *m);
/* What a twin sends: the same. */
void watch_twin(struct world *w, const struct replica_action *a);
/* A STORE that is asked for: nothing new is signed while behind (I15). */
void watch_asked(struct world *w, uint16_t slot,
    const struct replica_action *a);
/* A STORE that was performed. */
void watch_stored(struct world *w, uint16_t slot,
    const struct replica_action *a);
/* After the store was opened and before it is loaded. */
void watch_found(struct world *w, uint16_t slot);
/* And after that. */
void watch_loaded(struct world *w, uint16_t slot);
/* What it stored about others before its end (I9). */
void watch_proofs(struct world *w, uint16_t slot);
void watch_proof_stored(struct world *w, uint16_t slot,
    const struct replica_action *a);
/* The node is at this height: what waits there must not wait for long. */
void watch_proof_waits(struct world *w, uint16_t slot, uint64_t height);
/* A block that a node holds as decided: the same for all (I1). */
void watch_block(struct world *w, uint16_t slot, const struct block *b);
void watch_applied(struct world *w, uint16_t slot,
    const struct replica_action *a);
/* I8, I12, I14 of a block that nobody decided before. */
void watch_decision(struct world *w, const struct block *b);
bool watch_is_honest(const struct world *w, uint64_t height, uint16_t seat);
/* The block decided at a height; false: not yet. */
bool watch_decided(const struct world *w, uint64_t height, struct hash *out);

#endif
