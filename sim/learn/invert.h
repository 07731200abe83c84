/*
 * invert.h - the attack: a row, found again in the gradient that it gave.
 *
 * Who sees an update of one step on one row knows the model, the circuit and
 * the gradient. Rows are tried until one gives the same gradient: steps of
 * Levenberg and Marquardt from random starts, for every label. It works on
 * circuits that can be simulated at all, so it tests what must stand against
 * it: private_gradient.h. Not part of any training.
 */
#ifndef QML_SIM_LEARN_INVERT_H
#define QML_SIM_LEARN_INVERT_H

#include <stddef.h>
#include <stdint.h>

#define INVERT_FEATURES_MAX 32

struct task;

struct invert {
	const struct task *task; /* classes, with a fit_map */
	const double *theta;     /* [nparams], where the gradient was taken */
	double clip;             /* L2 it was cut to; 0: it was not */
	unsigned starts;         /* tried for each label */
	const uint8_t *seed;     /* [32], of the starts */
};

struct invert_found {
	double row[INVERT_FEATURES_MAX]; /* in [0, 1] */
	int32_t label;
	double residual; /* L2 of what the gradients still differ by */
};

/* What one row would show: its gradient, cut to the clip; seen[nparams].
 * -EINVAL: too many features, or no classes; -ENOMEM. */
int invert_show(const struct invert *v, const double *row, int32_t label,
    double *seen);
/* The row whose gradient is nearest to seen[nparams]. As above. */
int invert_run(const struct invert *v, const double *seen,
    struct invert_found *out);

#endif
