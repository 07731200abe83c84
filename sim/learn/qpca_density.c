#include "sim/learn/qpca_density.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "sim/learn/dataset.h"
#include "sim/learn/jacobi.h"
#include "sim/state/mathfun.h"

#define LOG2_E 1.4426950408889634

/* How columns are shifted and multiplied. */
struct columns {
	double *mean, *factor;
};

static int
measure(const struct dataset *ds, bool standardise, struct columns *c)
{
	size_t i, f;

	for (f = 0; f < ds->d; f++) {
		double sum = 0.0, square = 0.0;

		for (i = 0; i < ds->n; i++)
			sum += ds->features[i * ds->d + f];
		if (!isfinite(sum))
			return -EDOM;
		c->mean[f] = sum / (double)ds->n;
		c->factor[f] = 1.0;
		for (i = 0; i < ds->n && standardise; i++) {
			double x = ds->features[i * ds->d + f] - c->mean[f];

			square += x * x;
		}
		if (square > 0.0)
			c->factor[f] = 1.0 / sqrt(square / (double)ds->n);
	}
	return 0;
}

static void
shape_row(const struct dataset *ds, const struct columns *c, const double *row,
    double *x)
{
	double sum = 0.0;
	size_t f;

	for (f = 0; f < ds->d; f++) {
		x[f] =
		    c != NULL ? (row[f] - c->mean[f]) * c->factor[f] : row[f];
		sum += x[f] * x[f];
	}
	for (f = 0; c == NULL && sum > 0.0 && f < ds->d; f++)
		x[f] /= sqrt(sum);
}

static int
fill(struct qpca_density *r, const struct dataset *ds, const struct columns *c)
{
	double *x = calloc(ds->d, sizeof(*x)), trace = 0.0;
	size_t i, a, b;

	if (x == NULL)
		return -ENOMEM;
	for (i = 0; i < ds->n; i++) {
		shape_row(ds, c, ds->features + i * ds->d, x);
		for (a = 0; a < ds->d; a++) {
			for (b = a; b < ds->d; b++)
				r->rho[a * r->n + b] += x[a] * x[b];
		}
	}
	free(x);
	for (a = 0; a < ds->d; a++)
		trace += r->rho[a * r->n + a];
	if (!(trace > 0.0 && isfinite(trace)))
		return -EDOM;
	for (a = 0; a < ds->d; a++) {
		for (b = a; b < ds->d; b++) {
			r->rho[a * r->n + b] /= trace;
			r->rho[b * r->n + a] = r->rho[a * r->n + b];
		}
	}
	return 0;
}

int
qpca_density_init(struct qpca_density *r, const struct dataset *ds,
    enum qpca_density_kind kind, bool standardise)
{
	struct columns c = {NULL, NULL};
	int rc = -ENOMEM;

	*r = (struct qpca_density)QPCA_DENSITY_INIT;
	if (ds->n < 1 || ds->d < 1 || ds->d > JACOBI_MAX)
		return -EINVAL;
	for (r->n = 2, r->nqubits = 1; r->n < ds->d; r->n *= 2)
		r->nqubits++;
	r->rho = calloc(r->n * r->n, sizeof(*r->rho));
	c.mean = calloc(ds->d, sizeof(*c.mean));
	c.factor = calloc(ds->d, sizeof(*c.factor));
	if (r->rho != NULL && c.mean != NULL && c.factor != NULL)
		rc = measure(ds, standardise, &c);
	if (rc == 0)
		rc = fill(r, ds, kind == QPCA_COVARIANCE ? &c : NULL);
	free(c.mean);
	free(c.factor);
	if (rc < 0)
		qpca_density_close(r);
	return rc;
}

void
qpca_density_close(struct qpca_density *r)
{
	free(r->rho);
	*r = (struct qpca_density)QPCA_DENSITY_INIT;
}

double
qpca_density_purity(const double *values, size_t n)
{
	double sum = 0.0;
	size_t i;

	for (i = 0; i < n; i++)
		sum += values[i] * values[i];
	return sum;
}

double
qpca_density_entropy(const double *values, size_t n)
{
	double sum = 0.0;
	size_t i;

	for (i = 0; i < n; i++) {
		if (values[i] > 1e-300)
			sum -= values[i] * mathfun_log(values[i]) * LOG2_E;
	}
	return sum;
}
