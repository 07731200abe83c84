/*
 * task.h - what is learnt: turns a model vector and rows into an update.
 *
 * A task is compiled once from its public description (struct task_spec) and
 * is read-only afterwards, so any number of threads may share it. Which kinds
 * of circuits, losses and starts there are: task_spec.h.
 *
 * Model vector, int64 Q24 (24 fraction bits), of a task with a fit_map:
 *   nangles circuit angles (radians), layer by layer; then nscales factors of
 *   features (TASK_ENC_REUPLOAD), layer by layer; then the head's weights,
 *   noutputs x (nobs + 1), each output's bias last.
 *   vqc: nobs as the readout says, z_zz all <Z_i>, then all <Z_i Z_j>, i < j.
 *   linear: no angles, the features are the observables.
 * Other tasks say in their own header what their vector is.
 *
 * To add one: a file with a struct task_ops, one row in task.c's table.
 */
#ifndef QML_SIM_LEARN_TASK_H
#define QML_SIM_LEARN_TASK_H

#include <stddef.h>
#include <stdint.h>

#include "sim/learn/task_spec.h"

#define TASK_Q24_ONE (INT64_C(1) << 24)
#define TASK_PERIOD_2PI INT64_C(105414357) /* round(2 pi 2^24) */

struct task_ops;
struct dataset;
struct fit_map;
struct train_job;
struct train_metrics;
struct train_score;

struct task {
	const struct task_ops *ops;
	/* name points to static storage; what else the spec points to is owned
	 * by the task: ops->open copies the specs of qsvm, qpca and vqe. */
	struct task_spec spec;
	size_t nparams;
	size_t nangles;  /* of nparams, those of the circuit: first */
	size_t nscales;  /* then these */
	size_t nobs;     /* inputs of the linear head */
	size_t noutputs; /* logits: classes, or 1 */
	size_t nhead;    /* parameters of the head: last; may be 0 */
	size_t nupdate;  /* numbers of an update: nparams, if not set by open */
	void *impl;      /* owned by ops: the compiled plan */
};

#define TASK_INIT                         \
	{                                 \
		.ops = NULL, .impl = NULL \
	}

/* One row of the task table. */
struct task_ops {
	const char *name;
	/* NULL if the spec is fine, else a sentence without a full stop. */
	const char *(*check)(const struct task_spec *spec);
	/* Sets impl and, with a map, nangles, nscales, nobs: the head's size
	 * follows. Without a map nparams and what applies of the others. */
	int (*open)(struct task *t);
	void (*close)(struct task *t);
	const struct fit_map *map;       /* rows to head inputs; or NULL */
	const struct fit_map *noisy_map; /* with shots and noise; or NULL */
	/* delta[nupdate]. */
	int (*local_update)(const struct train_job *job, int64_t *delta,
	    struct train_metrics *metrics);
	int (*evaluate)(const struct train_job *job, struct train_score *out);
	/* NULL: as task_init_params() and task_periods() say. */
	void (*init_params)(const struct task *t, const uint8_t *seed,
	    int64_t *params);
	void (*periods)(const struct task *t, int64_t *period);
	/* A stage before another task: new rows of task_width() features in
	 * [0, 1], labels and targets kept. NULL: cannot be a stage. -ENOMEM,
	 * -EDOM. */
	int (*project)(const struct task *t, const int64_t *params,
	    const struct dataset *in, struct dataset *out);
	uint32_t (*width)(const struct task *t);
};

/* The row of that name, or NULL. */
const struct task_ops *task_find(const char *name);

/* The i-th row, or NULL past the end: to list what there is. */
const struct task_ops *task_at(size_t i);

/* NULL if task_init() would accept the spec, else why not. */
const char *task_check(const struct task_spec *spec);

/* Compiles; the spec's pointers are borrowed for the call. -EINVAL if
 * task_check() objects, or the circuit's text is refused; -ENOMEM. */
int task_init(struct task *t, const struct task_spec *spec);

void task_close(struct task *t);

/* period[nparams] in Q24: TASK_PERIOD_2PI for circuit angles, 0 = none. */
void task_periods(const struct task *t, int64_t *period);

/*
 * M_0, an integer stream of a 32-byte seed, the same on every machine. Angles
 * by spec.start (task_spec.h), scales one, the head zero, so that the first
 * prediction favours no class. Only these integers matter: spec.start,
 * spec.start_range, spec.nlayers, nangles, nscales, nparams.
 */
void task_init_params(const struct task *t, const uint8_t *seed,
    int64_t *params);

/* The demo's choice for data of this shape; fills everything but the name and
 * the shape. Up to 8 features become angles, more become amplitudes; twice as
 * many layers as qubits. Digits: 6 qubits, 12 layers. */
void task_spec_suggest(struct task_spec *spec);

#endif
