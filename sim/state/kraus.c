/*
 * kraus.c - a channel from its operators, and what is computed of it.
 */
#include "sim/state/kraus.h"

#include <assert.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define DIM_MAX (1u << KRAUS_MAX_QUBITS)
#define NEGLIGIBLE 1e-16 /* superoperator entries are of order 1 */

void
kraus_close(struct kraus *c)
{
	free(c->kraus);
	free(c->effect);
	free(c->weight);
	free(c->row);
	free(c->col);
	free(c->value);
	*c = (struct kraus)KRAUS_INIT;
}

/* out += a^dagger b, d x d. */
static void
add_product(uint32_t d, const double *a, const double *b, double *out)
{
	uint32_t i, j, k;

	for (i = 0; i < d; i++) {
		for (j = 0; j < d; j++, out += 2) {
			for (k = 0; k < d; k++) {
				const double *x = a + (size_t)2 * (k * d + i);
				const double *y = b + (size_t)2 * (k * d + j);

				out[0] += x[0] * y[0] + x[1] * y[1];
				out[1] += x[0] * y[1] - x[1] * y[0];
			}
		}
	}
}

/* Distance of m from w times the identity; w is the mean of its diagonal when
 * it comes in negative. */
static double
off_identity(uint32_t d, const double *m, double *w)
{
	double worst = 0.0;
	uint32_t i;

	if (*w < 0.0) {
		*w = 0.0;
		for (i = 0; i < d; i++)
			*w += m[(size_t)2 * i * (d + 1)] / d;
	}
	for (i = 0; i < d * d; i++) {
		double want = i % (d + 1) == 0 ? *w : 0.0;
		double x = fabs(m[2 * i] - want) + fabs(m[2 * i + 1]);

		/* A NaN must not pass for small. */
		if (!(x <= worst))
			worst = x;
	}
	return worst;
}

static bool
all_zero(const double *m, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++) {
		if (!(m[i] == 0.0))
			return false;
	}
	return true;
}

/* Entry of the superoperator: how much of rho(r1, c1) goes to (r, c). */
static void
super_entry(const struct kraus *c, uint32_t to, uint32_t from,
    double out[static 2])
{
	uint32_t d = 1u << c->nqubits, i;
	uint32_t a = (to & (d - 1)) * d + (from & (d - 1));
	uint32_t b = (to >> c->nqubits) * d + (from >> c->nqubits);

	out[0] = 0.0;
	out[1] = 0.0;
	for (i = 0; i < c->nkraus; i++) {
		const double *k = c->kraus + (size_t)2 * i * d * d;
		const double *x = k + 2 * a, *y = k + 2 * b;

		out[0] += x[0] * y[0] + x[1] * y[1];
		out[1] += x[1] * y[0] - x[0] * y[1];
	}
}

static int
super_init(struct kraus *c)
{
	uint32_t dim = 1u << 2 * c->nqubits, to, from, n = 0;
	size_t cap = (size_t)dim * dim;
	double v[2];

	c->row = malloc(cap * sizeof(*c->row));
	c->col = malloc(cap * sizeof(*c->col));
	c->value = malloc(2 * cap * sizeof(*c->value));
	if (c->row == NULL || c->col == NULL || c->value == NULL)
		return -ENOMEM;
	for (to = 0; to < dim; to++) {
		for (from = 0; from < dim; from++) {
			super_entry(c, to, from, v);
			if (fabs(v[0]) + fabs(v[1]) < NEGLIGIBLE)
				continue;
			c->row[n] = to;
			c->col[n] = from;
			c->value[2 * n] = v[0];
			c->value[2 * n + 1] = v[1];
			n++;
		}
	}
	c->nvalues = n;
	return 0;
}

static int
effects_init(struct kraus *c)
{
	double sum[2 * DIM_MAX * DIM_MAX] = {0};
	uint32_t d = 1u << c->nqubits, i, j;
	size_t size = (size_t)2 * d * d;
	double one = 1.0;

	c->mixture = true;
	for (i = 0; i < c->nkraus; i++) {
		double *k = c->kraus + i * size, *e = c->effect + i * size;

		add_product(d, k, k, e);
		c->weight[i] = -1.0;
		if (!(off_identity(d, e, &c->weight[i]) <= 1e-14))
			c->mixture = false;
		for (j = 0; j < size; j++)
			sum[j] += e[j];
	}
	if (!(off_identity(d, sum, &one) <= KRAUS_TOLERANCE))
		return -EINVAL;
	return 0;
}

int
kraus_init(struct kraus *c, uint32_t nqubits, uint32_t nkraus,
    const double *kraus)
{
	size_t size = (size_t)2 << 2 * nqubits;
	uint32_t i;
	int rc;

	*c = (struct kraus)KRAUS_INIT;
	if (nqubits == 0 || nqubits > KRAUS_MAX_QUBITS || nkraus == 0)
		return -EINVAL;
	if (nkraus > KRAUS_MAX_OPERATORS)
		return -E2BIG;
	c->nqubits = nqubits;
	c->kraus = malloc(nkraus * size * sizeof(double));
	c->effect = calloc(nkraus * size, sizeof(double));
	c->weight = calloc(nkraus, sizeof(double));
	rc = c->kraus && c->effect && c->weight ? 0 : -ENOMEM;
	for (i = 0; rc == 0 && i < nkraus; i++) {
		if (all_zero(kraus + i * size, size))
			continue;
		memcpy(c->kraus + c->nkraus++ * size, kraus + i * size,
		    size * sizeof(double));
	}
	if (rc == 0)
		rc = effects_init(c);
	if (rc == 0)
		rc = super_init(c);
	if (rc < 0)
		kraus_close(c);
	return rc;
}

/* out = b a, each d x d. */
static void
multiply(uint32_t d, const double *b, const double *a, double *out)
{
	uint32_t i, j, k;

	for (i = 0; i < d; i++) {
		for (j = 0; j < d; j++, out += 2) {
			out[0] = 0.0;
			out[1] = 0.0;
			for (k = 0; k < d; k++) {
				const double *x = b + (size_t)2 * (i * d + k);
				const double *y = a + (size_t)2 * (k * d + j);

				out[0] += x[0] * y[0] - x[1] * y[1];
				out[1] += x[0] * y[1] + x[1] * y[0];
			}
		}
	}
}

int
kraus_compose(struct kraus *c, const struct kraus *first,
    const struct kraus *second)
{
	uint32_t d = 1u << first->nqubits, n = first->nkraus * second->nkraus;
	size_t size = (size_t)2 * d * d;
	uint32_t i, j;
	double *k;
	int rc;

	assert(first->nqubits == second->nqubits);
	*c = (struct kraus)KRAUS_INIT;
	if (n > KRAUS_MAX_OPERATORS)
		return -E2BIG;
	k = calloc(n * size, sizeof(*k));
	if (k == NULL)
		return -ENOMEM;
	for (i = 0; i < first->nkraus; i++) {
		for (j = 0; j < second->nkraus; j++)
			multiply(d, second->kraus + j * size,
			    first->kraus + i * size,
			    k + (i * second->nkraus + j) * size);
	}
	rc = kraus_init(c, first->nqubits, n, k);
	free(k);
	return rc;
}

/* out = b x a, a on the low qubits. */
static void
kronecker(const double *a, uint32_t da, const double *b, uint32_t db,
    double *out)
{
	uint32_t d = da * db, i, j;

	for (i = 0; i < d; i++) {
		for (j = 0; j < d; j++, out += 2) {
			const double *x =
			    a + (size_t)2 * (i % da * da + j % da);
			const double *y =
			    b + (size_t)2 * (i / da * db + j / da);

			out[0] = x[0] * y[0] - x[1] * y[1];
			out[1] = x[0] * y[1] + x[1] * y[0];
		}
	}
}

int
kraus_tensor(struct kraus *c, const struct kraus *a, const struct kraus *b)
{
	uint32_t da = 1u << a->nqubits, db = 1u << b->nqubits;
	uint32_t n = a->nkraus * b->nkraus, i, j;
	size_t size = (size_t)2 * da * da * db * db;
	double *k;
	int rc;

	*c = (struct kraus)KRAUS_INIT;
	if (n > KRAUS_MAX_OPERATORS ||
	    a->nqubits + b->nqubits > KRAUS_MAX_QUBITS)
		return -E2BIG;
	k = calloc(n * size, sizeof(*k));
	if (k == NULL)
		return -ENOMEM;
	for (i = 0; i < a->nkraus; i++) {
		for (j = 0; j < b->nkraus; j++)
			kronecker(a->kraus + (size_t)2 * i * da * da, da,
			    b->kraus + (size_t)2 * j * db * db, db,
			    k + (i * b->nkraus + j) * size);
	}
	rc = kraus_init(c, a->nqubits + b->nqubits, n, k);
	free(k);
	return rc;
}

double
kraus_fidelity(const struct kraus *c)
{
	uint32_t d = 1u << c->nqubits, i, j;
	double sum = 0.0;

	for (i = 0; i < c->nkraus; i++) {
		const double *k = c->kraus + (size_t)2 * i * d * d;
		double re = 0.0, im = 0.0;

		for (j = 0; j < d; j++) {
			re += k[(size_t)2 * j * (d + 1)];
			im += k[(size_t)2 * j * (d + 1) + 1];
		}
		sum += re * re + im * im;
	}
	/* The process fidelity is sum / d^2. */
	return (sum / d + 1.0) / (d + 1.0);
}
