/*
 * train.h - one node's share of a federation round, and scoring.
 *
 * Rows must be scaled to [0, 1] (dataset_scale). The same rows, parameters,
 * hyper-parameters, seed and carried moments give the same int64 delta on any
 * CPU, with any number of threads and either compiler.
 */
#ifndef QML_SIM_LEARN_TRAIN_H
#define QML_SIM_LEARN_TRAIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sim/state/lanes.h"

#define TRAIN_SEED_BYTES 32
#define TRAIN_MAX_THREADS 64

struct task;
struct dataset;
struct adam;
struct pool;

struct train_hyper {
	double lr;          /* Adam's step at round 0 */
	double lr_end;      /* at the last round; a cosine in between */
	uint32_t round;     /* 0 .. nrounds-1: where on that cosine */
	uint32_t nrounds;   /* 0: lr as it is */
	uint32_t steps;     /* Adam steps of this call */
	uint32_t batch;     /* rows of a step; fewer if there are fewer */
	uint32_t threads;   /* 1 .. TRAIN_MAX_THREADS; never changes bits */
	enum lanes_isa isa; /* never changes bits */
	double beta1;
	double beta2;
	double eps;
	double l2;       /* weight decay on head or linear weights */
	int64_t clip_l2; /* Q24; largest L2 norm of delta, 0 = none */
	int64_t bound;   /* Q24; largest |delta[i]|, 0 = none */
	uint8_t seed[TRAIN_SEED_BYTES];
};

/* The demo's values; the seed is zero. */
void train_hyper_default(struct train_hyper *h);

/* NULL if all fields are in range, else a sentence naming the field. */
const char *train_hyper_check(const struct train_hyper *h);

/* Everything is borrowed for the call. */
struct train_job {
	const struct task *task;
	const struct dataset *rows;
	const int64_t *params; /* Q24, task->nparams */
	const struct train_hyper *hyper;
	struct adam *carry;      /* moments kept between rounds, or NULL */
	bool (*stop)(void *arg); /* asked between steps; may be NULL */
	void *stop_arg;
	struct pool *pool; /* or NULL: made of hyper->threads for the call */
};

struct train_metrics {
	double loss_before;      /* mean cross-entropy over all rows */
	double loss_after;       /* with the rounded delta added */
	uint64_t correct_before; /* rows classified rightly */
	uint64_t correct_after;
	uint64_t rows;
	double norm; /* L2 of the delta before clipping */
	bool clipped;
};

struct train_score {
	double loss; /* mean cross-entropy */
	uint64_t correct;
	uint64_t rows;
	uint32_t *confusion; /* [truth * nclasses + guess], or NULL */
	int32_t *guess;      /* [rows], or NULL */
};

/*
 * Trains and leaves the difference of parameters, rounded once to Q24 (ties to
 * even), in delta[task->nparams]. After rounding the integer vector obeys
 * clip_l2 (sum of squares <= clip_l2^2) and bound exactly.
 * -EINVAL: no rows, hyper-parameter or label out of range; -ENOMEM;
 * -ECANCELED: stop() said so; -EDOM: training produced a non-finite number.
 */
int train_local(const struct train_job *job, int64_t *delta,
    struct train_metrics *metrics);

/* What train_local and train_evaluate call for tasks that have a fit_map. */
int train_by_gradient(const struct train_job *job, int64_t *delta,
    struct train_metrics *metrics);
int train_score_rows(const struct train_job *job, struct train_score *out);

/* Adam's step size at h->round. */
double train_rate(const struct train_hyper *h);

/* To the nearest integer, ties to even; |x| < 2^63. */
int64_t train_round_even(double x);

/* Scores job->params on job->rows; of hyper only threads and isa are used.
 * The caller sets out->confusion and out->guess (NULL, or with room) first. */
int train_evaluate(const struct train_job *job, struct train_score *out);

#endif
