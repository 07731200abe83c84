#include "sim/learn/jacobi.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define SWEEPS_MAX 60

struct work {
	size_t n;
	double *a; /* n * n, symmetric */
	double *v; /* rows are vectors in the making, or NULL */
};

/* (x, y) -> (c x - s y, s x + c y), element by element. */
static void
turn(double *x, double *y, size_t n, const double cs[static 2])
{
	size_t k;

	for (k = 0; k < n; k++) {
		double p = x[k], q = y[k];

		x[k] = cs[0] * p - cs[1] * q;
		y[k] = cs[1] * p + cs[0] * q;
	}
}

/* Makes a[p][q] zero. */
static void
rotate(struct work *w, size_t p, size_t q)
{
	size_t n = w->n, k;
	double *rp = w->a + p * n, *rq = w->a + q * n;
	double apq = rp[q], app = rp[p], aqq = rq[q], theta, t, cs[2];

	theta = (aqq - app) / (2.0 * apq);
	t = 1.0 / (fabs(theta) + sqrt(theta * theta + 1.0));
	if (theta < 0.0)
		t = -t;
	cs[0] = 1.0 / sqrt(t * t + 1.0);
	cs[1] = t * cs[0];
	turn(rp, rq, n, cs);
	rp[p] = app - t * apq;
	rq[q] = aqq + t * apq;
	rp[q] = 0.0;
	rq[p] = 0.0;
	for (k = 0; k < n; k++) {
		w->a[k * n + p] = rp[k];
		w->a[k * n + q] = rq[k];
	}
	if (w->v != NULL)
		turn(w->v + p * n, w->v + q * n, n, cs);
}

/* Whether adding x to both does not change them. */
static bool
negligible(double x, double a, double b)
{
	x = fabs(x);
	return fabs(a) + x == fabs(a) && fabs(b) + x == fabs(b);
}

/* One pass over the upper triangle; how many entries were not zero. */
static size_t
sweep(struct work *w, bool late)
{
	size_t n = w->n, p, q, count = 0;

	for (p = 0; p + 1 < n; p++) {
		for (q = p + 1; q < n; q++) {
			double x = w->a[p * n + q];

			if (x == 0.0)
				continue;
			if (late &&
			    negligible(x, w->a[p * n + p], w->a[q * n + q])) {
				w->a[p * n + q] = 0.0;
				w->a[q * n + p] = 0.0;
				continue;
			}
			rotate(w, p, q);
			count++;
		}
	}
	return count;
}

static int
load(struct work *w, const double *a)
{
	size_t n = w->n, i, j;

	for (i = 0; i < n; i++) {
		for (j = i; j < n; j++) {
			if (!isfinite(a[i * n + j]))
				return -EDOM;
			w->a[i * n + j] = a[i * n + j];
			w->a[j * n + i] = a[i * n + j];
		}
	}
	for (i = 0; w->v != NULL && i < n; i++) {
		memset(w->v + i * n, 0, n * sizeof(*w->v));
		w->v[i * n + i] = 1.0;
	}
	return 0;
}

static void
face_up(double *v, size_t n)
{
	size_t best = 0, k;
	double sign;

	for (k = 1; k < n; k++) {
		if (fabs(v[k]) > fabs(v[best]))
			best = k;
	}
	sign = v[best] < 0.0 ? -1.0 : 1.0;
	for (k = 0; k < n; k++)
		v[k] *= sign;
}

int
jacobi_order(size_t n, double *values, double *vectors)
{
	double *row = malloc(n * sizeof(*row));
	size_t i, k;

	if (row == NULL)
		return -ENOMEM;
	for (i = 1; i < n; i++) {
		double x = values[i];

		if (vectors != NULL)
			memcpy(row, vectors + i * n, n * sizeof(*row));
		for (k = i; k > 0 && values[k - 1] < x; k--) {
			values[k] = values[k - 1];
			if (vectors != NULL)
				memcpy(vectors + k * n, vectors + (k - 1) * n,
				    n * sizeof(*row));
		}
		values[k] = x;
		if (vectors != NULL)
			memcpy(vectors + k * n, row, n * sizeof(*row));
	}
	for (i = 0; vectors != NULL && i < n; i++)
		face_up(vectors + i * n, n);
	free(row);
	return 0;
}

int
jacobi_eigen(const double *a, size_t n, double *values, double *vectors)
{
	struct work w = {n, NULL, vectors};
	size_t i, left = 1;
	int rc;

	if (n < 1 || n > JACOBI_MAX)
		return -EINVAL;
	w.a = malloc(n * n * sizeof(*w.a));
	if (w.a == NULL)
		return -ENOMEM;
	rc = load(&w, a);
	for (i = 0; i < SWEEPS_MAX && rc == 0 && left > 0; i++)
		left = sweep(&w, i >= 3);
	if (rc == 0 && left > 0)
		rc = -EDOM;
	for (i = 0; i < n && rc == 0; i++) {
		values[i] = w.a[i * n + i];
		if (!isfinite(values[i]))
			rc = -EDOM;
	}
	if (rc == 0)
		rc = jacobi_order(n, values, vectors);
	free(w.a);
	return rc;
}
