/*
 * liar.h - members that misbehave, at most f of n.
 *
 * A liar runs a real replica and owns a real key; what the replica wants to
 * send is changed on its way out, differently for each receiver, and more is
 * made up from what everybody else was heard to say. Which lies a liar tells
 * is drawn from the seed, one to five kinds of them.
 */
#ifndef QML_TESTS_CLUSTER_LIAR_H
#define QML_TESTS_CLUSTER_LIAR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/wire.h"

#define LIAR_MAX 33
#define LIAR_HEARD 64
#define LIAR_ANSWERS 128
#define LIAR_IDS 16

struct world;
struct replica_action;
struct sign_key;

struct liar {
	uint16_t slot;
	uint16_t old;  /* slot of its keys before they were changed */
	uint64_t ways; /* bit of enum count */
	struct liar_heard {
		uint8_t *data;
		size_t len;
	} heard[LIAR_HEARD];                  /* of anybody, a sample */
	struct answer *answers[LIAR_ANSWERS]; /* references, newest over old */
	size_t nanswers;
	struct attest *attests[VOTE_MAX_VALIDATORS]; /* newest heard */
	struct hash ids[LIAR_IDS];                   /* of proposed blocks */
	size_t nids;
	struct hash models[LIAR_IDS]; /* base models of rounds gone */
	size_t nmodels;
	struct liar_past *past; /* owned; NULL: none */
};

/* liar.c */
void liar_draw(struct world *w);
void liar_close(struct liar *l);
struct liar *liar_of(struct world *w, uint16_t slot); /* NULL: none */
bool liar_does(const struct liar *l, unsigned way);   /* enum count */
/* What the replica of a slot wants to send. True: the liar saw to it. */
bool liar_send(struct world *w, uint16_t slot, const struct replica_action *a);
/* What somebody honest sends. */
void liar_overhear(struct world *w, const struct replica_action *a);
/* A block that the replica of a slot serves; may be changed. */
void liar_serve(struct world *w, uint16_t slot, struct wire_decided *d);
/* Before a restart: a liar need not remember. */
void liar_forget(struct world *w, uint16_t slot);
/* Now and then, without being asked. */
void liar_tick(struct world *w, uint16_t slot);
void liar_keep(struct liar *l, struct answer *a); /* takes a reference */
void liar_tell(struct world *w, const struct liar *l, uint16_t to,
    const struct wire_msg *m);

/* Its keys: now and then those that have no seat any more. */
const struct sign_key *liar_key(struct world *w, const struct liar *l);
/* Other keys, on another machine, for the same liar. */
void liar_move(struct world *w, uint16_t from, uint16_t to);

/* liar_agree.c: true when the message was replaced for this receiver */
bool liar_vote(struct world *w, struct liar *l, uint16_t to,
    const struct vote *v);
bool liar_proposal(struct world *w, struct liar *l,
    const struct wire_proposal *p);
/* Says that somebody else proposed two blocks. */
void liar_in_name(struct world *w, struct liar *l,
    const struct wire_proposal *p);
void liar_flood(struct world *w, struct liar *l);

/* What it takes to tell another story. */
struct block *liar_copy(const struct block *b);
void liar_tell_block(struct world *w, struct liar *l, uint16_t to,
    const struct wire_proposal *p);

/* liar_lock.c: true when the message was replaced */
void liar_past_close(struct liar *l);
void liar_lock_hear(struct liar *l, const struct wire_msg *m);
bool liar_lock_vote(struct world *w, struct liar *l, uint16_t to,
    const struct vote *v);
bool liar_lock_proposal(struct world *w, struct liar *l,
    const struct wire_proposal *p);

/* liar_round.c */
bool liar_answer(struct world *w, struct liar *l, const struct answer *a);
bool liar_attest(struct world *w, struct liar *l, const struct attest *a);

#endif
