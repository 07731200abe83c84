/* vqse_search.c - L-BFGS from several starts. */
#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "sim/learn/rng.h"
#include "sim/learn/vqse.h"

#define PI 0x1.921fb54442d18p+1
#define MEMORY 12
#define HALVINGS 40
#define GRADIENT_MIN 1e-11

struct climb {
	struct vqse *v;
	size_t n;
	double *theta, *grad, *next, *next_grad, *step;
	double *ds, *dy; /* MEMORY rows: changes of theta and gradient */
	double rho[MEMORY], alpha[MEMORY];
	size_t have, head; /* rows used; where the next one goes */
	double cost;
	uint64_t evaluations;
};

static void
climb_close(struct climb *c)
{
	free(c->theta);
	free(c->grad);
	free(c->next);
	free(c->next_grad);
	free(c->step);
	free(c->ds);
	free(c->dy);
}

static int
climb_open(struct climb *c, struct vqse *v)
{
	size_t n = v->nparams;

	*c = (struct climb){.v = v, .n = n};
	c->theta = calloc(n, sizeof(double));
	c->grad = calloc(n, sizeof(double));
	c->next = calloc(n, sizeof(double));
	c->next_grad = calloc(n, sizeof(double));
	c->step = calloc(n, sizeof(double));
	c->ds = calloc(MEMORY * n, sizeof(double));
	c->dy = calloc(MEMORY * n, sizeof(double));
	if (c->theta == NULL || c->grad == NULL || c->next == NULL ||
	    c->next_grad == NULL || c->step == NULL || c->ds == NULL ||
	    c->dy == NULL)
		return -ENOMEM;
	return 0;
}

static double
dot(const double *a, const double *b, size_t n)
{
	double sum = 0.0;
	size_t i;

	for (i = 0; i < n; i++)
		sum += a[i] * b[i];
	return sum;
}

/* to += f from. */
static void
add(double *to, const double *from, double f, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		to[i] += f * from[i];
}

/* step = -H grad by the two-loop recursion. */
static void
direction(struct climb *c)
{
	size_t n = c->n, i, k;

	for (i = 0; i < n; i++)
		c->step[i] = -c->grad[i];
	for (i = 0; i < c->have; i++) {
		k = (c->head + MEMORY - 1 - i) % MEMORY;
		c->alpha[k] = c->rho[k] * dot(c->ds + k * n, c->step, n);
		add(c->step, c->dy + k * n, -c->alpha[k], n);
	}
	if (c->have > 0) {
		const double *y;

		k = (c->head + MEMORY - 1) % MEMORY;
		y = c->dy + k * n;
		for (i = 0; i < n; i++)
			c->step[i] /= c->rho[k] * dot(y, y, n);
	}
	for (i = c->have; i-- > 0;) {
		double beta;

		k = (c->head + MEMORY - 1 - i) % MEMORY;
		beta = c->rho[k] * dot(c->dy + k * n, c->step, n);
		add(c->step, c->ds + k * n, c->alpha[k] - beta, n);
	}
}

/* Halves the step until the cost falls enough (Armijo). */
static bool
line_search(struct climb *c, double *cost)
{
	double slope = dot(c->grad, c->step, c->n), f = 1.0;
	int i;

	if (!(slope < 0.0))
		return false;
	if (c->have == 0) /* nothing known of the curvature */
		f = 0.5 / (1.0 + sqrt(dot(c->grad, c->grad, c->n)));
	for (i = 0; i < HALVINGS; i++, f *= 0.5) {
		memcpy(c->next, c->theta, c->n * sizeof(double));
		add(c->next, c->step, f, c->n);
		*cost = vqse_cost(c->v, c->next, c->next_grad);
		c->evaluations++;
		if (*cost <= c->cost + 1e-4 * f * slope)
			return true;
	}
	return false;
}

static void
remember(struct climb *c)
{
	double *s = c->ds + c->head * c->n, *y = c->dy + c->head * c->n, sy;
	size_t i;

	for (i = 0; i < c->n; i++) {
		s[i] = c->next[i] - c->theta[i];
		y[i] = c->next_grad[i] - c->grad[i];
	}
	sy = dot(s, y, c->n);
	if (sy > 1e-16 * sqrt(dot(s, s, c->n) * dot(y, y, c->n))) {
		c->rho[c->head] = 1.0 / sy;
		c->head = (c->head + 1) % MEMORY;
		c->have += c->have < MEMORY;
	}
	memcpy(c->theta, c->next, c->n * sizeof(double));
	memcpy(c->grad, c->next_grad, c->n * sizeof(double));
}

/* One start: how many iterations. */
static uint32_t
climb_run(struct climb *c, uint32_t most)
{
	double cost;
	uint32_t i;

	c->have = 0;
	c->head = 0;
	c->cost = vqse_cost(c->v, c->theta, c->grad);
	c->evaluations++;
	for (i = 0; i < most; i++) {
		if (dot(c->grad, c->grad, c->n) < GRADIENT_MIN * GRADIENT_MIN)
			break;
		direction(c);
		if (!line_search(c, &cost)) {
			if (c->have == 0)
				break;
			c->have = 0; /* once more, straight down */
			continue;
		}
		remember(c);
		c->cost = cost;
	}
	return i;
}

int
vqse_search(struct vqse *v, const struct vqse_search *how, double *theta,
    struct vqse_found *found)
{
	struct climb c;
	uint32_t s, done;
	int rc = climb_open(&c, v);
	size_t i;

	*found = (struct vqse_found){.cost = 2.0};
	if (rc == 0 && (how->starts < 1 || how->iterations < 1))
		rc = -EINVAL;
	for (s = 0; rc == 0 && s < how->starts; s++) {
		struct rng r;

		rng_init(&r, how->seed, s);
		for (i = 0; i < c.n; i++)
			c.theta[i] =
			    PI * ((double)(rng_u64(&r) >> 11) * 0x1p-52 - 1.0);
		done = climb_run(&c, how->iterations);
		if (c.cost >= found->cost)
			continue;
		found->cost = c.cost;
		found->start = s;
		found->iterations = done;
		memcpy(theta, c.theta, c.n * sizeof(*theta));
	}
	found->evaluations = c.evaluations;
	if (rc == 0) /* v->p of what is returned */
		found->cost = vqse_cost(v, theta, NULL);
	climb_close(&c);
	return rc;
}
