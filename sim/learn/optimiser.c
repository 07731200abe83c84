#include "sim/learn/optimiser.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

int
moments_init(struct moments *a, size_t n)
{
	*a = (struct moments)MOMENTS_INIT;
	a->m = calloc(n + 1, sizeof(*a->m));
	a->v = calloc(n + 1, sizeof(*a->v));
	if (a->m == NULL || a->v == NULL) {
		moments_close(a);
		return -ENOMEM;
	}
	a->n = n;
	a->pow1 = 1.0;
	a->pow2 = 1.0;
	return 0;
}

void
moments_close(struct moments *a)
{
	free(a->m);
	free(a->v);
	*a = (struct moments)MOMENTS_INIT;
}

static void
step_adam(struct moments *a, const struct optimiser_rate *rate,
    const double *grad, double *theta)
{
	double b1 = rate->beta1, b2 = rate->beta2;
	size_t i;

	a->pow1 *= b1;
	a->pow2 *= b2;
	for (i = 0; i < a->n; i++) {
		double g = grad[i], m, v;

		a->m[i] = b1 * a->m[i] + (1.0 - b1) * g;
		a->v[i] = b2 * a->v[i] + (1.0 - b2) * (g * g);
		m = a->m[i] / (1.0 - a->pow1);
		v = a->v[i] / (1.0 - a->pow2);
		theta[i] -= rate->lr * m / (sqrt(v) + rate->eps);
	}
}

static void
step_sgd(struct moments *a, const struct optimiser_rate *rate,
    const double *grad, double *theta)
{
	size_t i;

	for (i = 0; i < a->n; i++) {
		a->m[i] = rate->momentum * a->m[i] + grad[i];
		theta[i] -= rate->lr * a->m[i];
	}
}

static void
step_rmsprop(struct moments *a, const struct optimiser_rate *rate,
    const double *grad, double *theta)
{
	double b = rate->beta2;
	size_t i;

	for (i = 0; i < a->n; i++) {
		double g = grad[i];

		a->v[i] = b * a->v[i] + (1.0 - b) * (g * g);
		theta[i] -= rate->lr * g / (sqrt(a->v[i]) + rate->eps);
	}
}

void
optimiser_step(struct moments *a, const struct optimiser_rate *rate,
    const double *grad, size_t decayed, double *theta)
{
	size_t i;

	switch (rate->kind) {
	case OPTIMISER_ADAMW:
		for (i = decayed; i < a->n; i++)
			theta[i] -= rate->lr * rate->decay * theta[i];
		step_adam(a, rate, grad, theta);
		break;
	case OPTIMISER_ADAM:
		step_adam(a, rate, grad, theta);
		break;
	case OPTIMISER_RMSPROP:
		step_rmsprop(a, rate, grad, theta);
		break;
	case OPTIMISER_SGD:
	case OPTIMISER_SPSA:
	case OPTIMISER_NATURAL:
	case OPTIMISER_ROTOSOLVE:
		step_sgd(a, rate, grad, theta);
		break;
	}
}
