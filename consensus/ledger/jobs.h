/*
 * jobs.h - one job after another: how they end, and which comes next.
 *
 * When no job runs, the oldest order that its data's owners accepted starts
 * with the block that finds it: a new model or one from the shelf, rounds that
 * go on being counted, moments and late models of its own. Only members whose
 * data are in the order are asked; it ends when none of them sits here. An
 * order that does not fit any more when its turn comes, or whose rule wants
 * more of them, is cancelled and its escrow goes back. A rule that was voted
 * changes how the running job combines from the next round on, not which job it
 * is. Pure but for memory.
 */
#ifndef QML_CONSENSUS_LEDGER_JOBS_H
#define QML_CONSENSUS_LEDGER_JOBS_H

#include "consensus/books/turn.h"
#include "consensus/ledger/ledger.h"
#include "consensus/ledger/merge.h"
#include "consensus/ledger/seats.h"

/* What a block starts, until that block is applied. */
struct jobs_start {
	bool on;
	struct job job;           /* the next one, or the same by a new rule */
	struct merge merge;       /* of the job above */
	int64_t *model, *moments; /* [dim], [nmoments + 1] */
	int64_t *model_room, *moments_room; /* as long, for blocks to come */
};

void jobs_drop(struct jobs_start *s); /* accepts zeros */

/* What the books ask about the bytes of an order; arg is the ledger. -EINVAL:
 * no job that could run here; -ENOMEM, which says nothing about them. */
int jobs_read(const void *arg, const uint8_t *bytes, uint32_t len,
    struct books_job *out) __attribute__((warn_unused_result));

/* Could those who sit there run this job? -EINVAL: no; -ENOMEM. */
int jobs_suit(const struct ledger *l, const struct seats *s,
    const struct job *j) __attribute__((warn_unused_result));

/* Whose updates the running job can have. */
uint32_t jobs_taking_part(const struct ledger *l, const struct seats *s);

/* After b's transactions and its round: l->memory->next may end, be minted and
 * become the first round of the next job, l->memory->start. -ENOMEM. */
int jobs_turn(const struct ledger *l, const struct block *b,
    struct books *books) __attribute__((warn_unused_result));
/* The block is applied: what it starts is what runs. Cannot fail. */
void jobs_take(struct ledger *l);

/* Versions that were minted last: what a job may start from by hash. */
#define SHELF_MAX 32
struct shelf {
	unsigned n;
	struct shelf_model {
		struct hash model;
		uint32_t dim;
		int64_t *params; /* [dim], owned */
	} at[SHELF_MAX];         /* the newest last */
};

void shelf_close(struct shelf *s); /* accepts zeros */
int shelf_copy(struct shelf *to, const struct shelf *from)
    __attribute__((warn_unused_result));
/* NULL: not there. */
const struct shelf_model *shelf_find(const struct shelf *s,
    const struct hash *model);
/* Takes params; the oldest makes room. A model that is there stays. */
void shelf_add(struct shelf *s, const struct shelf_model *m);

#endif
