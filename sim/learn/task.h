/*
 * task.h - what is learnt: turns a model vector and rows into an update.
 *
 * A task is compiled once from its public description (struct task_spec) and
 * is read-only afterwards, so any number of threads may share it.
 *
 * Model vector, int64 Q24 (24 fraction bits):
 *   vqc:    nlayers x nqubits x angles-per-qubit circuit angles (radians), then
 *           nclasses x (nobs + 1) head weights, each class's bias last, where
 *           nobs = n + n(n-1)/2: all <Z_i>, then all <Z_i Z_j>, i < j
 *           (readout z: only the former, nobs = n).
 *   linear: nclasses x (nfeatures + 1) weights, each class's bias last.
 *
 * To add one: a file with a struct task_ops, one row in task.c's table.
 */
#ifndef QML_SIM_LEARN_TASK_H
#define QML_SIM_LEARN_TASK_H

#include <stddef.h>
#include <stdint.h>

#define TASK_Q24_ONE (INT64_C(1) << 24)
#define TASK_PERIOD_2PI INT64_C(105414357) /* round(2 pi 2^24) */
#define TASK_MAX_QUBITS 12
#define TASK_MAX_LAYERS 256
#define TASK_MAX_CLASSES 256
#define TASK_MAX_FEATURES 4096
#define TASK_INIT_RANGE INT64_C(52707178) /* pi 2^24, rounded down */

enum task_encoding {
	TASK_ENC_ANGLE,    /* RY(pi x_i) on qubit i; needs d <= n */
	TASK_ENC_AMPLITUDE /* normalised x; needs d <= 2^n */
};

enum task_ansatz {
	TASK_STRONGLY_ENTANGLING, /* RZ RY RZ a qubit, then a ring of CNOTs */
	TASK_HARDWARE_EFFICIENT   /* RY RZ a qubit, then a ring of CNOTs */
};

/* What the head reads. */
enum task_readout {
	TASK_Z_ZZ, /* all <Z_i>, then all <Z_i Z_j>, i < j */
	TASK_Z     /* all <Z_i> */
};

/* The public description. The fields after nclasses are vqc's. */
struct task_spec {
	const char *name; /* "vqc" or "linear", borrowed for the call */
	uint32_t nfeatures;
	uint32_t nclasses; /* >= 2 */
	enum task_encoding encoding;
	enum task_ansatz ansatz;
	enum task_readout readout;
	uint32_t nqubits;
	uint32_t nlayers;
	double head_scale; /* observables are multiplied by it; > 0 */
};

struct task_ops;
struct dataset;
struct fit_map;
struct train_job;
struct train_metrics;
struct train_score;

struct task {
	const struct task_ops *ops;
	struct task_spec spec; /* spec.name points to static storage */
	size_t nparams;
	size_t nangles; /* of nparams, those of the circuit: first */
	size_t nobs;    /* inputs of the linear head */
	void *impl;     /* owned by ops: the compiled plan */
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
	int (*open)(struct task *t); /* sets nangles, nobs, impl */
	void (*close)(struct task *t);
	const struct fit_map *map; /* rows to head inputs */
	int (*local_update)(const struct train_job *job, int64_t *delta,
	    struct train_metrics *metrics);
	int (*evaluate)(const struct train_job *job, struct train_score *out);
};

/* The row of that name, or NULL. */
const struct task_ops *task_find(const char *name);

/* The i-th row, or NULL past the end: to list what there is. */
const struct task_ops *task_at(size_t i);

/* NULL if task_init() would accept the spec, else why not. */
const char *task_check(const struct task_spec *spec);

/* Compiles. -EINVAL if task_check() objects, -ENOMEM. */
int task_init(struct task *t, const struct task_spec *spec);

void task_close(struct task *t);

/* period[nparams] in Q24: TASK_PERIOD_2PI for circuit angles, 0 = none. */
void task_periods(const struct task *t, int64_t *period);

/* M_0, an integer stream of a 32-byte seed, the same on every machine: angles
 * uniform in +-TASK_INIT_RANGE, the head zero, so that the first prediction
 * favours no class. (Angles near 0 start slower: 1 point less on digits.) */
void task_init_params(const struct task *t, const uint8_t *seed,
    int64_t *params);

/* The demo's choice for data of this shape; fills everything but the name and
 * the shape. Up to 8 features become angles, more become amplitudes; twice as
 * many layers as qubits. Digits: 6 qubits, 12 layers. */
void task_spec_suggest(struct task_spec *spec);

#endif
