/*
 * train_search.h - one optimiser step of a local training, by whatever the
 * optimiser asks of the circuit.
 *
 * By the gradient of a batch (adjoint, or shift rules where there are shots or
 * noise); SPSA: by two values of the loss for all parameters; natural gradient:
 * the circuit's angles through the inverse of their metric, averaged over rows
 * of the batch; Rotosolve: each angle in turn to the minimum of the sine
 * through three values, if that is lower, the head by its gradient.
 */
#ifndef QML_SIM_LEARN_TRAIN_SEARCH_H
#define QML_SIM_LEARN_TRAIN_SEARCH_H

#include "sim/learn/fit.h"
#include "sim/learn/optimiser.h"
#include "sim/learn/private_gradient.h"
#include "sim/learn/rng.h"

struct train_job;

struct train_search {
	const struct train_job *job; /* kept */
	struct fit fit;
	struct moments *moments; /* set by the caller, kept */
	struct optimiser_rate rate;
	struct rng rng;                 /* of perturbations */
	struct private_gradient hidden; /* open when the job is private */
	double *theta;                  /* nparams, as all below */
	double *grad;
	double *other;  /* scratch */
	double *metric; /* nangles^2, or NULL */
};

#define TRAIN_SEARCH_INIT                                        \
	{                                                        \
		.fit = FIT_INIT, .hidden = PRIVATE_GRADIENT_INIT \
	}

struct train_batch {
	const uint32_t *pick;
	size_t n;
	/* What else belongs into the gradient, before the step. */
	void (*adjust)(void *arg, double *grad);
	void *arg;
};

/* theta is left 0, and the rows are the caller's to load. -EINVAL, -ENOMEM;
 * -ENOTSUP: the task cannot be trained so. */
int train_search_open(struct train_search *s, const struct train_job *job);
void train_search_close(struct train_search *s);

/* -ENOMEM; -EDOM: a value or the metric is not finite. */
int train_search_step(struct train_search *s, const struct train_batch *b);

/* Shots and noise of the job in *out; NULL if it has neither. */
struct fit_noise;
const struct fit_noise *train_noise(const struct train_job *job,
    struct fit_noise *out);

#endif
