/*
 * trainer.h - the supervised child that alone sees the rows.
 *
 * Starts the configured command (default: qmltrain beside this program),
 * speaks trainwire with it over two pipes, and starts it again with a pause
 * when it dies. A crash costs the round that was being trained, never a vote.
 * A round that was cancelled is not waited for: its result is dropped by its
 * number. A child that says nothing for ten minutes after that hangs, and is
 * started again; how long a training takes that can still count, and how long
 * the rows are read, is nobody's business here. Loop thread only.
 */
#ifndef QML_DAEMON_NODE_TRAINER_H
#define QML_DAEMON_NODE_TRAINER_H

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "proto/federation.h"
#include "proto/trainwire.h"

struct trainer; /* opaque: hides its pipes */

enum trainer_state {
	TRAINER_NONE,     /* no data configured, or stopped */
	TRAINER_STARTING, /* setup sent, waiting for READY */
	TRAINER_IDLE,
	TRAINER_BUSY,
	TRAINER_REFUSED, /* the data do not fit; text says why */
	TRAINER_WAITING, /* died; started again soon */
};

/* Where the rows are: a path or a command, both NULL without data. */
struct trainer_data {
	const char *path;
	const char *labels;   /* of a file of their own, or NULL */
	char *const *command; /* NULL-terminated; prints CSV */
	const char *beside;   /* of a command: what stands for its file's name
			       * where terms and account are kept */
	bool one_class;       /* train on rows of a single class, too */
};

struct trainer_config {
	char **command;           /* NULL-terminated; borrowed for life */
	struct trainer_data data; /* borrowed for life */
	uint8_t salt[32];
	uint16_t threads;
	bool confine;     /* false behind a launcher */
	uint64_t late_ms; /* patience after a cancelled round; 0: as it is */
	const struct federation *federation; /* copied */
};

struct trainer_callbacks {
	void *arg;
	void (*ready)(void *arg, const struct trainwire_ready *r);
	void (*refused)(void *arg, const char *text);
	/* The result of trainer_train for this round. delta is borrowed. */
	void (*trained)(void *arg, const struct trainwire_trained *t);
	/* No result for this round: answer_reason and a sentence. */
	void (*failed)(void *arg, uint64_t round, uint8_t reason,
	    const char *text);
	/* The answer to trainer_worth; borrowed. NULL: never asked. */
	void (*worthed)(void *arg, const struct trainwire_worthed *w);
	void (*stopped)(void *arg); /* after trainer_stop */
};

bool trainer_has_data(const struct trainer_data *d);
/* The data of a SETUP. -EMSGSIZE: the command is too long. */
int trainer_put_data(struct trainwire_setup *s, const struct trainer_data *d)
    __attribute__((warn_unused_result));

/* Starts the child. Both arguments are kept, the federation as a copy.
 * -ENOMEM or uv's code. */
int trainer_start(struct trainer **out, uv_loop_t *loop,
    const struct trainer_config *cfg, const struct trainer_callbacks *cb)
    __attribute__((warn_unused_result));
/* Train this round as soon as the child is ready; a round in progress or
 * waiting is replaced. m->model [m->dim] is copied. */
void trainer_train(struct trainer *t, const struct trainwire_model *m);
/* The round can count no more. */
void trainer_cancel(struct trainer *t);
/* Another job: what is being trained is dropped, and the child starts again
 * with this federation (copied). -ENOMEM: it goes on as it was. */
int trainer_follow(struct trainer *t, const struct federation *f)
    __attribute__((warn_unused_result));
/* What a closed round's updates are worth: found out while the child has
 * nothing to train. *x is borrowed for the call. One at a time; a child that
 * dies forgets it, and READY comes again. -EAGAIN: not ready, -EMSGSIZE: too
 * large for a message, -ENOMEM or uv's code. */
int trainer_worth(struct trainer *t, const struct trainwire_worth *x)
    __attribute__((warn_unused_result));
enum trainer_state trainer_state(const struct trainer *t);
/* What READY said; all zero before. */
const struct trainwire_ready *trainer_ready(const struct trainer *t);
const char *trainer_text(const struct trainer *t); /* last problem, or "" */
/* The salt is wiped here, and the child ended for good: it has no rows any
 * more. Rounds are answered with "no data". */
void trainer_forget(struct trainer *t);
/* SIGTERM, then SIGKILL after two seconds; `stopped` when all is closed. What
 * the child still says is not heard. Idempotent. */
void trainer_stop(struct trainer *t);
void trainer_free(struct trainer *t); /* after stopped; NULL is fine */

#endif
