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

#include "daemon/trainer/arm.h"
#include "daemon/trainer/table.h"
#include "proto/federation.h"
#include "proto/trainwire.h"
#include "sim/learn/dataset.h"
#include "sim/learn/task.h"

#define SESSION_SEED_LEN 32

struct session {
	bool ready;
	struct federation federation;
	struct arm stage, main, control; /* the first and last if there are */
	struct dataset rows;             /* scaled; to train on */
	struct dataset valid; /* kept back from training; n may be 0 */
	/* What the main task sees of them behind a stage that is frozen. */
	struct dataset seen, seen_valid;
	struct hash seen_by; /* the frozen segment; zero: not yet */
	uint64_t trained;    /* 1 + round of the last training; 0: none */
	struct hash data_asset;
	/* A private job's: the seed of the next training, which nobody else may
	 * know, and the number of rows that may be said; 0: the job's least. */
	bool seeded;
	uint8_t seed[SESSION_SEED_LEN];
	uint32_t counted;
	uint16_t threads;
	struct pool *pool; /* of threads, if kept between calls */
	bool plain;        /* portable gate loops only; never changes a bit */
	/* Asked between steps: true gives the training up. May be NULL. */
	bool (*stop)(void *arg);
	void *stop_arg;
};

#define SESSION_INIT                                                         \
	{                                                                    \
		.federation = FEDERATION_INIT, .stage = ARM_INIT,            \
		.main = ARM_INIT, .control = ARM_INIT, .rows = DATASET_INIT, \
		.valid = DATASET_INIT, .seen = DATASET_INIT,                 \
		.seen_valid = DATASET_INIT                                   \
	}

struct session_source {
	const char *data; /* or NULL and a command: as struct source_spec */
	const char *labels;
	char *const *command;
	const uint8_t *salt; /* [32]; NULL: no data asset is made */
	uint16_t threads;    /* 0: one */
	bool unlabelled;
	bool show_values;
	bool member; /* these are a member's: some rows only validate */
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

/* What the session's files share: the rows of a role behind the stage that
 * session_see() last saw frozen in a model; -ENOMEM, -EDOM. */
int session_see(struct session *s, const int64_t *model)
    __attribute__((warn_unused_result));
const struct dataset *session_rows(const struct session *s, enum job_role role,
    bool valid);
struct session_sight {
	const int64_t *model; /* the whole */
	enum job_role role;
	bool valid; /* on the rows kept back */
};
int session_evaluate(struct session *s, const struct session_sight *sight,
    struct train_score *score) __attribute__((warn_unused_result));
/* The main task of a whole model on other rows, scaled: bit for bit the same
 * for every member. */
int session_evaluate_rows(struct session *s, const int64_t *model,
    const struct dataset *rows, struct train_score *score)
    __attribute__((warn_unused_result));
/* NULL, or why the model cannot be used. */
const char *session_fault(const struct session *s,
    const struct trainwire_model *m);
void session_fail(struct trainwire_msg *out, uint64_t round, uint8_t reason,
    const char *text);
uint8_t session_reason(int rc); /* enum answer_reason */

/* One answer to one TRAIN: TRAINED, or FAILED with reason and sentence. The
 * delta obeys clip and bound exactly. A private job uses up the seed: there is
 * one for every training. *out is closed by the caller.
 * -ECANCELED when stop() said so: there is no answer then. */
int session_train(struct session *s, const struct trainwire_model *m,
    struct trainwire_msg *out) __attribute__((warn_unused_result));
/* The same in a federation of one: the delta is added to m->model and the
 * trainer's state kept; the counters of *m go on, but not its round. */
int session_round(struct session *s, struct trainwire_model *m,
    struct trainwire_msg *out) __attribute__((warn_unused_result));
/* The trainer's state goes back to nobody's round. */
void session_forget(struct session *s);
/* For a private job tried at home, where nothing leaves: the next round's seed
 * follows from `from`, and all rows count. Nothing to do without noise. */
void session_trial_seed(struct session *s, const struct hash *from,
    uint64_t round);
/* SCORED with confusion counts, or FAILED. */
void session_score(struct session *s, const struct trainwire_model *m,
    struct trainwire_msg *out);
/* The class of each row into guess[rows.n]; as train_evaluate. */
int session_predict(struct session *s, const int64_t *model, int32_t *guess)
    __attribute__((warn_unused_result));

#endif
