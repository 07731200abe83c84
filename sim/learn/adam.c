#include "sim/learn/adam.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

int
adam_init(struct adam *a, size_t n)
{
	*a = (struct adam)ADAM_INIT;
	a->m = calloc(n + 1, sizeof(*a->m));
	a->v = calloc(n + 1, sizeof(*a->v));
	if (a->m == NULL || a->v == NULL) {
		adam_close(a);
		return -ENOMEM;
	}
	a->n = n;
	a->pow1 = 1.0;
	a->pow2 = 1.0;
	return 0;
}

void
adam_close(struct adam *a)
{
	free(a->m);
	free(a->v);
	*a = (struct adam)ADAM_INIT;
}

void
adam_step(struct adam *a, const struct adam_rate *rate, const double *grad,
    double *theta)
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
