/* vqse_search.c - L-BFGS from several starts. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sim/learn/rng.h"
#include "sim/learn/vqe_lbfgs.h"
#include "sim/learn/vqse.h"

#define PI 0x1.921fb54442d18p+1
#define GRADIENT_MIN 1e-11

static double
evaluate(void *arg, const double *theta, double *grad)
{
	return vqse_cost(arg, theta, grad);
}

static void
draw_start(const uint8_t *seed, uint32_t start, double *theta, size_t n)
{
	struct rng r;
	size_t i;

	rng_init(&r, seed, start);
	for (i = 0; i < n; i++)
		theta[i] = PI * ((double)(rng_u64(&r) >> 11) * 0x1p-52 - 1.0);
}

int
vqse_search(struct vqse *v, const struct vqse_search *how, double *theta,
    struct vqse_found *found)
{
	const struct lbfgs l = {.n = v->nparams,
	    .eval = evaluate,
	    .arg = v,
	    .gradient_min = GRADIENT_MIN,
	    .steps_max = how->iterations};
	struct lbfgs_result got;
	double *x;
	uint32_t s;
	int rc = 0;

	*found = (struct vqse_found){.cost = 2.0}; /* it is at most 1 */
	if (how->starts < 1 || how->iterations < 1)
		return -EINVAL;
	x = calloc(v->nparams, sizeof(*x));
	if (x == NULL)
		return -ENOMEM;
	for (s = 0; rc == 0 && s < how->starts; s++) {
		draw_start(how->seed, s, x, v->nparams);
		rc = lbfgs_minimize(&l, x, &got);
		found->evaluations += rc == 0 ? got.evals : 0;
		if (rc < 0 || got.value >= found->cost)
			continue;
		found->cost = got.value;
		found->start = s;
		found->iterations = got.steps;
		memcpy(theta, x, v->nparams * sizeof(*theta));
	}
	if (rc == 0) /* v->p of what is returned */
		found->cost = vqse_cost(v, theta, NULL);
	free(x);
	return rc;
}
