/*
 * session.h - one federation, one table of rows: train and score on them.
 *
 * What the trainer does between its messages, without pipes or confinement:
 * the child, the command line and replay all run this code, so a replayed
 * update is the same computation. One thread; the simulator's own threads
 * wait between calls and touch nothing.
 */
#ifndef QML_DAEMON_TRAINER_SESSION_H
#define QML_DAEMON_TRAINER_SESSION_H

#include <stdbool.h>
#include <stdint.h>

#include "daemon/trainer/table.h"
#include "proto/federation.h"
#include "proto/trainwire.h"
#include "sim/learn/dataset.h"
#include "sim/learn/task.h"

struct session {
	bool ready;
	struct federation federation;
	struct task task;
	struct dataset rows; /* scaled */
	struct hash data_asset;
	uint16_t threads;
	struct pool *pool; /* of threads, if kept between calls */
	bool plain;        /* portable gate loops only; never changes a bit */
	/* Asked between steps: true gives the training up. May be NULL. */
	bool (*stop)(void *arg);
	void *stop_arg;
};

#define SESSION_INIT                                              \
	{                                                         \
		.federation = FEDERATION_INIT, .task = TASK_INIT, \
		.rows = DATASET_INIT                              \
	}

struct session_source {
	const char *data; /* or NULL and a command: as struct source_spec */
	const char *labels;
	char *const *command;
	const uint8_t *salt; /* [32]; NULL: no data asset is made */
	uint16_t threads;    /* 0: one */
	bool unlabelled;
	bool show_values;
};

/* Copies *f. On success *t, when not NULL, gets the table with its rows moved
 * out; the caller closes it. -EINVAL, -ENOMEM, -errno of the file, with a
 * sentence in err; *s is then closed. */
int session_open(struct session *s, const struct federation *f,
    const struct session_source *source, struct table *t,
    char err[static TABLE_ERR_LEN]) __attribute__((warn_unused_result));
void session_close(struct session *s); /* accepts SESSION_INIT */

/* Starts the threads once for all calls to come; after confinement, which is a
 * thread's own. -ENOMEM, -EAGAIN: each call starts its own as before. */
int session_keep_threads(struct session *s) __attribute__((warn_unused_result));

/* One answer to one TRAIN: TRAINED, or FAILED with reason and sentence. The
 * delta obeys clip and bound exactly. *out is closed by the caller.
 * -ECANCELED when stop() said so: there is no answer then. */
int session_train(const struct session *s, const struct trainwire_model *m,
    struct trainwire_msg *out) __attribute__((warn_unused_result));
/* The same, and a delta is added to m->model: a federation of one. */
int session_round(const struct session *s, struct trainwire_model *m,
    struct trainwire_msg *out) __attribute__((warn_unused_result));
/* SCORED with confusion counts, or FAILED. */
void session_score(const struct session *s, const struct trainwire_model *m,
    struct trainwire_msg *out);
/* The class of each row into guess[rows.n]; as train_evaluate. */
int session_predict(const struct session *s, const int64_t *model,
    int32_t *guess) __attribute__((warn_unused_result));

#endif
