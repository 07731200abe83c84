/*
 * private_gradient.h - a gradient that hides every single row.
 *
 * Each row is taken by a coin of its own (Poisson sampling), its gradient is
 * cut to Q24 towards zero within the clip, checked as integers, and added; each
 * coordinate of the sum gets discrete Gaussian noise; then it is divided by a
 * public number. What comes out costs (q, sigma) for one step: reference
 * trust.md 2.1, 2.2, consensus/privacy/rdp.h. Coins and noise follow from a
 * seed that nobody else may know; all the rest is as reproducible as fit.h.
 */
#ifndef QML_SIM_LEARN_PRIVATE_GRADIENT_H
#define QML_SIM_LEARN_PRIVATE_GRADIENT_H

#include <stddef.h>
#include <stdint.h>

#include "sim/learn/gaussian.h"
#include "sim/learn/rng.h"

struct fit;

struct train_privacy {
	uint32_t q_ppb;       /* chance of a row to be in a step, 1e-9 */
	uint32_t sigma_milli; /* deviation of the noise over clip, 1e-3 */
	int64_t clip;         /* Q24; L2 of one row's gradient; sigma * clip is
			       * at most GAUSSIAN_SIGMA_MAX */
	uint32_t rows;        /* public: what the sums are shares of */
	uint32_t steps;       /* of one training */
	uint64_t stream; /* of the seed; two for each training that uses it */
	uint8_t seed[RNG_SEED_BYTES];
};

struct private_gradient {
	const struct train_privacy *how; /* kept */
	struct rng coins, noise;
	uint32_t deviation; /* of the noise, in units of Q24 */
	double share;       /* the sum times this is the gradient */
	size_t nrows, nparams, block;
	uint32_t *pick; /* [nrows], owned */
	double *each;   /* gradients of a block of rows, owned */
	int64_t *row;   /* [nparams], as the sum; owned */
	int64_t *sum;
};

#define PRIVATE_GRADIENT_INIT \
	{                     \
		.how = NULL   \
	}

/* -EINVAL: a number of *how is out of its range; -ENOMEM. */
int private_gradient_open(struct private_gradient *g,
    const struct train_privacy *how, size_t nrows, size_t nparams);
void private_gradient_close(struct private_gradient *g);

/* The next step's, at theta, into grad[nparams]. *f holds the rows. A row whose
 * gradient is not finite counts as zero. */
void private_gradient_step(struct private_gradient *g, struct fit *f,
    const double *theta, double *grad);

#endif
