#include "sim/learn/invert.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sim/learn/dataset.h"
#include "sim/learn/fit.h"
#include "sim/learn/rng.h"
#include "sim/learn/task.h"

#define STEP 0x1p-20 /* of differences; gradients are good to 2^-50 */
#define TRIES 40
#define D INVERT_FEATURES_MAX

/* A search in progress. */
struct hunt {
	const struct invert *v;
	size_t d, n; /* features, parameters */
	struct fit fit;
	struct dataset rows; /* the point, and a step along each feature */
	uint32_t pick[D + 1];
	double *each;   /* their gradients, as fit_gradients lays them out */
	double *shown;  /* [d + 1][n], cut */
	double *differ; /* [n], shown - seen */
	const double *seen;
};

static void
hunt_close(struct hunt *h)
{
	fit_close(&h->fit);
	dataset_close(&h->rows);
	free(h->each);
	free(h->shown);
	free(h->differ);
}

static int
hunt_open(struct hunt *h, const struct invert *v)
{
	const struct task *t = v->task;
	size_t lanes;
	int rc;

	*h = (struct hunt){.v = v,
	    .d = t->spec.nfeatures,
	    .n = t->nparams,
	    .fit = FIT_INIT,
	    .rows = DATASET_INIT};
	if (h->d < 1 || h->d > D || t->spec.output != TASK_CLASSES)
		return -EINVAL;
	lanes = (h->d + 1 + LANES - 1) / LANES * LANES;
	rc = dataset_init(&h->rows, h->d + 1, h->d);
	if (rc == 0)
		rc = fit_open(&h->fit, t, &(struct fit_how){.nthreads = 1});
	if (rc < 0)
		return rc;
	h->each = lanes_alloc(lanes * h->n);
	h->shown = calloc((h->d + 1) * h->n, sizeof(*h->shown));
	h->differ = calloc(h->n, sizeof(*h->differ));
	for (uint32_t i = 0; i <= h->d; i++)
		h->pick[i] = i;
	return h->each == NULL || h->shown == NULL || h->differ == NULL
	    ? -ENOMEM
	    : 0;
}

static void
cut(const struct hunt *h, double *g)
{
	double sum = 0, f;

	for (size_t k = 0; k < h->n; k++)
		sum += g[k] * g[k];
	if (h->v->clip <= 0 || sum <= h->v->clip * h->v->clip)
		return;
	f = h->v->clip / sqrt(sum);
	for (size_t k = 0; k < h->n; k++)
		g[k] *= f;
}

/* Gradients at x and at a step from it along every feature; with those of the
 * first, how far they are from what was seen (squared). */
static int
look(struct hunt *h, const double *x, int32_t label, double *far)
{
	double *g = h->shown;
	int rc;

	for (size_t i = 0; i <= h->d; i++) {
		double *row = h->rows.features + i * h->d;

		memcpy(row, x, h->d * sizeof(*x));
		if (i > 0)
			row[i - 1] += x[i - 1] < 0.5 ? STEP : -STEP;
		h->rows.labels[i] = label;
	}
	rc = fit_load(&h->fit, &h->rows);
	if (rc < 0)
		return rc;
	fit_gradients(&h->fit, h->v->theta, h->pick, h->d + 1, h->each);
	for (size_t i = 0; i <= h->d; i++) {
		for (size_t k = 0; k < h->n; k++)
			g[i * h->n + k] = h->each[FIT_EACH(i, k, h->n)];
		cut(h, g + i * h->n);
	}
	*far = 0;
	for (size_t k = 0; h->seen != NULL && k < h->n; k++) {
		h->differ[k] = g[k] - h->seen[k];
		*far += h->differ[k] * h->differ[k];
	}
	return 0;
}

/* a[d][d] x = b by elimination with the largest pivot; x in b. */
static void
solve(size_t d, double a[D][D], double *b)
{
	for (size_t c = 0; c < d; c++) {
		size_t best = c;

		for (size_t r = c + 1; r < d; r++)
			best = fabs(a[r][c]) > fabs(a[best][c]) ? r : best;
		for (size_t k = 0; k < d; k++) {
			double t = a[c][k];

			a[c][k] = a[best][k];
			a[best][k] = t;
		}
		{
			double t = b[c];

			b[c] = b[best];
			b[best] = t;
		}
		for (size_t r = c + 1; r < d; r++) {
			double f = a[r][c] / a[c][c];

			for (size_t k = c; k < d; k++)
				a[r][k] -= f * a[c][k];
			b[r] -= f * b[c];
		}
	}
	for (size_t c = d; c-- > 0;) {
		for (size_t k = c + 1; k < d; k++)
			b[c] -= a[c][k] * b[k];
		b[c] /= a[c][c];
	}
}

/* The normal equations at x, damped; the point they lead to in to. */
static void
propose(const struct hunt *h, const double *x, double damping, double *to)
{
	const double *g = h->shown;
	double a[D][D] = {{0}}, b[D] = {0}, slope[D] = {0};

	for (size_t k = 0; k < h->n; k++) {
		for (size_t i = 0; i < h->d; i++)
			slope[i] = (g[(i + 1) * h->n + k] - g[k]) /
			    (x[i] < 0.5 ? STEP : -STEP);
		for (size_t i = 0; i < h->d; i++) {
			b[i] -= slope[i] * h->differ[k];
			for (size_t j = 0; j < h->d; j++)
				a[i][j] += slope[i] * slope[j];
		}
	}
	for (size_t i = 0; i < h->d; i++)
		a[i][i] += damping * (a[i][i] + 1e-12);
	solve(h->d, a, b);
	for (size_t i = 0; i < h->d; i++) {
		to[i] = x[i] + b[i];
		if (!(to[i] > 0))
			to[i] = 0;
		if (to[i] > 1)
			to[i] = 1;
	}
}

/* Downhill from x; how far it is there. */
static int
descend(struct hunt *h, double *x, int32_t label, double *far)
{
	double to[D], there = 0, damping = 1e-2;
	int rc = look(h, x, label, far);

	for (int i = 0; i < TRIES && rc == 0 && *far > 1e-24; i++) {
		propose(h, x, damping, to);
		rc = look(h, to, label, &there);
		if (rc == 0 && there < *far) {
			memcpy(x, to, h->d * sizeof(*x));
			*far = there;
			damping = damping > 1e-9 ? damping / 5 : damping;
			continue;
		}
		damping *= 4;
		if (rc == 0)
			rc = look(h, x, label, far);
	}
	return rc;
}

int
invert_show(const struct invert *v, const double *row, int32_t label,
    double *seen)
{
	struct hunt h;
	double far;
	int rc = hunt_open(&h, v);

	if (rc == 0)
		rc = look(&h, row, label, &far);
	if (rc == 0)
		memcpy(seen, h.shown, h.n * sizeof(*seen));
	hunt_close(&h);
	return rc;
}

int
invert_run(const struct invert *v, const double *seen, struct invert_found *out)
{
	struct hunt h;
	struct rng rng;
	double x[D] = {0}, far = 0, best = INFINITY;
	int rc = hunt_open(&h, v);

	*out = (struct invert_found){.label = -1};
	h.seen = seen;
	rng_init(&rng, v->seed, 0);
	for (unsigned s = 0; s < v->starts && rc == 0 && best > 1e-20; s++) {
		for (uint32_t c = 0; c < v->task->spec.nclasses && rc == 0;
		     c++) {
			for (size_t i = 0; i < h.d; i++)
				x[i] = (double)(rng_u64(&rng) >> 11) * 0x1p-53;
			rc = descend(&h, x, (int32_t)c, &far);
			if (rc < 0 || !(far < best))
				continue;
			best = far;
			out->label = (int32_t)c;
			memcpy(out->row, x, h.d * sizeof(*x));
		}
	}
	out->residual = sqrt(best);
	hunt_close(&h);
	return rc;
}
