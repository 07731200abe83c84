/*
 * vqe_lbfgs.h - a minimum of a smooth function by L-BFGS (Nocedal, Math. Comp.
 * 35 (1980) 773) with a line search for the weak Wolfe conditions by doubling
 * and halving. +, -, *, /, sqrt only: the same steps on every machine.
 */
#ifndef QML_SIM_LEARN_VQE_LBFGS_H
#define QML_SIM_LEARN_VQE_LBFGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LBFGS_HISTORY 12

struct lbfgs {
	size_t n;
	/* f and its gradient at x. */
	double (*eval)(void *arg, const double *x, double *grad);
	void *arg;
	double gradient_min; /* done when the gradient's length is below */
	uint32_t steps_max;
};

struct lbfgs_result {
	double value, gradient; /* at the end; the gradient's length */
	uint32_t steps, evals;
	bool converged; /* gradient_min, or no lower value was to be found */
};

/* From x to a minimum, in x. -ENOMEM. */
int lbfgs_minimize(const struct lbfgs *l, double *x, struct lbfgs_result *out);

#endif
