#include "sim/learn/vqe_lbfgs.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define ARMIJO 1e-4
#define CURVATURE 0.9
#define TRIES 40 /* of a line search */

/* All of n numbers, in one allocation. */
struct work {
	const struct lbfgs *l;
	double *x, *g, *trial, *trial_g, *d;
	double *s, *y; /* LBFGS_HISTORY of each */
	double rho[LBFGS_HISTORY];
	size_t kept, next;
	double *memory;
	uint32_t evals;
};

static double
dot(const double *a, const double *b, size_t n)
{
	double sum = 0.0;
	size_t i;

	for (i = 0; i < n; i++)
		sum += a[i] * b[i];
	return sum;
}

static void
add(double *to, double by, const double *from, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		to[i] += by * from[i];
}

/* d = -H g by the two loops. */
static void
direction(struct work *w)
{
	size_t n = w->l->n, i, k;
	double alpha[LBFGS_HISTORY];

	for (i = 0; i < n; i++)
		w->d[i] = -w->g[i];
	for (i = 0; i < w->kept; i++) {
		k = (w->next + LBFGS_HISTORY - 1 - i) % LBFGS_HISTORY;
		alpha[k] = w->rho[k] * dot(&w->s[k * n], w->d, n);
		add(w->d, -alpha[k], &w->y[k * n], n);
	}
	if (w->kept > 0) {
		double *y;
		double scale;

		k = (w->next + LBFGS_HISTORY - 1) % LBFGS_HISTORY;
		y = &w->y[k * n];
		scale = 1.0 / (w->rho[k] * dot(y, y, n));
		for (i = 0; i < n; i++)
			w->d[i] *= scale;
	}
	for (i = w->kept; i-- > 0;) {
		k = (w->next + LBFGS_HISTORY - 1 - i) % LBFGS_HISTORY;
		add(w->d, alpha[k] - w->rho[k] * dot(&w->y[k * n], w->d, n),
		    &w->s[k * n], n);
	}
}

/* Leaves trial, trial_g; the value, or the old one if none is lower. */
static double
search(struct work *w, double value, bool *found)
{
	size_t n = w->l->n;
	double slope = dot(w->g, w->d, n), lo = 0.0, hi = INFINITY, f = value;
	double step = w->kept > 0 ? 1.0 : 1.0 / (1.0 + sqrt(-slope));
	int i;

	for (i = 0; i < TRIES; i++) {
		memcpy(w->trial, w->x, n * sizeof(double));
		add(w->trial, step, w->d, n);
		f = w->l->eval(w->l->arg, w->trial, w->trial_g);
		w->evals++;
		if (!(f <= value + ARMIJO * step * slope))
			hi = step;
		else if (dot(w->trial_g, w->d, n) < CURVATURE * slope)
			lo = step;
		else
			break;
		step = hi < INFINITY ? 0.5 * (lo + hi) : 2.0 * step;
	}
	*found = f < value;
	return *found ? f : value;
}

/* The step just taken joins the history, if it curves upwards. */
static void
remember(struct work *w)
{
	size_t n = w->l->n, i;
	double *s = &w->s[w->next * n], *y = &w->y[w->next * n], sy;

	for (i = 0; i < n; i++) {
		s[i] = w->trial[i] - w->x[i];
		y[i] = w->trial_g[i] - w->g[i];
	}
	sy = dot(s, y, n);
	if (!(sy > 1e-12 * sqrt(dot(s, s, n) * dot(y, y, n))))
		return;
	w->rho[w->next] = 1.0 / sy;
	w->next = (w->next + 1) % LBFGS_HISTORY;
	w->kept += w->kept < LBFGS_HISTORY;
}

static void
minimize(struct work *w, struct lbfgs_result *out)
{
	size_t n = w->l->n;
	bool found = true;

	out->value = w->l->eval(w->l->arg, w->x, w->g);
	w->evals = 1;
	for (out->steps = 0; out->steps < w->l->steps_max; out->steps++) {
		out->gradient = sqrt(dot(w->g, w->g, n));
		if (out->gradient < w->l->gradient_min)
			break;
		direction(w);
		if (!(dot(w->d, w->g, n) < 0.0)) {
			w->kept = 0;
			direction(w);
		}
		out->value = search(w, out->value, &found);
		if (!found && w->kept == 0)
			break;
		if (!found) { /* once more, straight down */
			w->kept = 0;
			continue;
		}
		remember(w);
		memcpy(w->x, w->trial, n * sizeof(double));
		memcpy(w->g, w->trial_g, n * sizeof(double));
	}
	out->gradient = sqrt(dot(w->g, w->g, n));
	out->converged = out->gradient < w->l->gradient_min || !found;
	out->evals = w->evals;
}

int
lbfgs_minimize(const struct lbfgs *l, double *x, struct lbfgs_result *out)
{
	struct work w = {.l = l, .x = x};
	size_t n = l->n;

	*out = (struct lbfgs_result){.value = 0.0};
	w.memory = calloc((4 + 2 * LBFGS_HISTORY) * n + 1, sizeof(double));
	if (w.memory == NULL)
		return -ENOMEM;
	w.g = w.memory;
	w.trial = w.g + n;
	w.trial_g = w.trial + n;
	w.d = w.trial_g + n;
	w.s = w.d + n;
	w.y = w.s + LBFGS_HISTORY * n;
	minimize(&w, out);
	free(w.memory);
	return 0;
}
