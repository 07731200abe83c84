/*
 * train.h - one node's share of a federation round, and scoring.
 *
 * Rows must be scaled to [0, 1] (dataset_scale). The same rows, parameters,
 * hyper-parameters, seed and carried state give the same int64 delta on any
 * CPU, with any number of threads and either compiler.
 */
#ifndef QML_SIM_LEARN_TRAIN_H
#define QML_SIM_LEARN_TRAIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sim/learn/train_hyper.h"

struct task;
struct dataset;
struct noise_model;
struct pool;
struct train_privacy;
struct train_state;

/* Everything is borrowed for the call. */
struct train_job {
	const struct task *task;
	const struct dataset *rows; /* NULL for tasks without */
	const int64_t *params;      /* Q24, task->nparams */
	const struct train_hyper *hyper;
	struct train_state *state; /* kept between rounds, or NULL: new. It is
				    * spoilt when the call fails: keep a copy */
	/* SCAFFOLD: the federation's control variates, Q24, and where the
	 * change of the node's own goes; both or none, and then a state. */
	const int64_t *control;
	int64_t *control_delta;
	const struct noise_model *noise; /* of the circuit, or NULL */
	/* Gradients that hide single rows, or NULL. The hyper-parameters'
	 * batches and lengths are then not used, and nothing is scored: all
	 * losses and counts of the metrics are 0, rows is the public number. */
	const struct train_privacy *privacy;
	bool (*stop)(void *arg); /* asked between steps; may be NULL */
	void *stop_arg;
	struct pool *pool; /* or NULL: made of hyper->threads for the call */
};

struct train_metrics {
	double loss_before;      /* mean loss over the rows scored */
	double loss_after;       /* with the rounded delta added */
	uint64_t correct_before; /* rows classified rightly; 0 of regression */
	uint64_t correct_after;
	uint64_t rows;
	uint64_t scored; /* rows that the four above are about */
	uint64_t steps;  /* taken: what FedNova divides by */
	double norm;     /* L2 of the delta before clipping */
	bool clipped;
};

struct train_score {
	double loss; /* mean, class weights included */
	uint64_t correct;
	uint64_t rows;
	uint32_t *confusion; /* [truth * nclasses + guess], or NULL */
	int32_t *guess;      /* [rows], or NULL */
	double *output;      /* [rows * noutputs]: logits, or the predicted
			      * target; or NULL */
};

/*
 * Trains and leaves the difference of parameters, rounded once to Q24 (ties to
 * even), in delta[task->nupdate]. After rounding the integer vector obeys
 * clip_l2 (sum of squares <= clip_l2^2) and bound exactly.
 * -EINVAL: no rows, hyper-parameter or label out of range; -ENOMEM;
 * -ECANCELED: stop() said so; -EDOM: training produced a non-finite number;
 * -ENOTSUP: the task cannot train that way.
 */
int train_local(const struct train_job *job, int64_t *delta,
    struct train_metrics *metrics);

/* What train_local and train_evaluate call for tasks that have a fit_map. */
int train_by_gradient(const struct train_job *job, int64_t *delta,
    struct train_metrics *metrics);
int train_score_rows(const struct train_job *job, struct train_score *out);

/* For tasks without one: x[nparams], the new parameters as doubles, becomes
 * the delta, clipped and rounded as above; norm and clipped are set. -EDOM. */
int train_finish(const struct train_job *job, double *x, int64_t *delta,
    struct train_metrics *metrics);

/* To the nearest integer, ties to even; |x| < 2^63. */
int64_t train_round_even(double x);

/* Scores job->params on job->rows; of hyper only threads, isa, shots,
 * mitigation and the seed are used. The caller sets out->confusion, guess and
 * output (NULL, or with room) first. */
int train_evaluate(const struct train_job *job, struct train_score *out);

#endif
