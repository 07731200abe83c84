/*
 * worth.h - what the coalitions of a closed round are worth on public rows.
 *
 * A game of n updates: v(S) is the number of rows of the shard that the base
 * model plus the mean of the updates in S classifies rightly; without classes
 * floor(10^6 (1 - loss)). The mean is rounded once, ties to even; an update of
 * zeros is none, and equal updates count once, so that neither doing nothing
 * nor a copy adds anything. v(nobody) is the base model's.
 *
 * The same bits at every member: the same evaluation as a training's, rows
 * that all have, no clock. One coalition at a time, so that a training never
 * waits longer than that.
 */
#ifndef QML_DAEMON_TRAINER_WORTH_H
#define QML_DAEMON_TRAINER_WORTH_H

#include <stdint.h>

#include "daemon/trainer/session.h"
#include "proto/trainwire.h"

#define WORTH_NOBODY UINT16_MAX

struct worth {
	struct session *session;     /* borrowed */
	struct trainwire_worth game; /* owned */
	struct dataset rows;         /* scaled */
	/* By player: who sent the same update first; WORTH_NOBODY: zeros. */
	uint16_t first[TRAINWIRE_PLAYERS_MAX];
	int64_t *model;   /* [dim], of a coalition */
	int64_t *utility; /* [n] */
	uint16_t n, at;   /* at: those that are known */
};

#define WORTH_INIT ((struct worth){.rows = DATASET_INIT})

/* Takes what *game owns, also when it fails. -EINVAL: not a game of this job
 * or not rows of its schema, -ENOMEM; said in err. *w is closed then. */
int worth_open(struct worth *w, struct session *s, struct trainwire_worth *game,
    char err[static TABLE_ERR_LEN]) __attribute__((warn_unused_result));
void worth_close(struct worth *w); /* accepts WORTH_INIT */
/* The next coalition's utility. 1: all are known; 0: there are more; -EDOM, a
 * model that is not finite; -ENOMEM. */
int worth_step(struct worth *w) __attribute__((warn_unused_result));
/* All steps and WORTHED, or WORTHED without utilities and why; takes what
 * *game owns. */
void worth_answer(struct session *s, struct trainwire_worth *game,
    struct trainwire_msg *out);
/* Of a game that is over: *out takes the utilities. */
void worth_take(struct worth *w, struct trainwire_msg *out);
void worth_fail(struct trainwire_msg *out, uint64_t round, const char *why);

#endif
