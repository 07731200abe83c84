/*
 * hamiltonian_ground.c - the lowest eigenvalue by Lanczos with three vectors.
 * Without orthogonalising against all of them eigenvalues come more than once,
 * which does not move the lowest.
 */
#include "sim/observable/hamiltonian.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "sim/learn/rng.h"
#include "sim/state/vector.h"

#define STEPS_MAX 600
#define EVERY 10 /* steps between looks at the eigenvalue */

struct lanczos {
	const struct hamiltonian *of;
	bool sector;
	struct vector v, last, next;
	double a[STEPS_MAX], b[STEPS_MAX]; /* of the tridiagonal matrix */
	size_t n;
};

static void
scale(struct vector *v, double by)
{
	size_t size = (size_t)1 << v->nqubits, i;

	for (i = 0; i < size; i++) {
		v->amp[0][i] *= by;
		v->amp[1][i] *= by;
	}
}

/* v -= by * from */
static void
subtract(struct vector *v, double by, const struct vector *from)
{
	size_t size = (size_t)1 << v->nqubits, i;

	for (i = 0; i < size; i++) {
		v->amp[0][i] -= by * from->amp[0][i];
		v->amp[1][i] -= by * from->amp[1][i];
	}
}

/* Zero outside the sector: rounding would lead out of it. */
static void
keep_sector(const struct lanczos *l, struct vector *v)
{
	size_t size = (size_t)1 << v->nqubits, i;

	for (i = 0; l->sector && i < size; i++) {
		bool fits;

		mapping_occupied(&l->of->mapping, i, &fits);
		if (!fits)
			v->amp[0][i] = v->amp[1][i] = 0.0;
	}
}

static double
uniform(struct rng *r)
{
	return (double)(rng_u64(r) >> 11) * 0x1p-53 - 0.5;
}

static int
start(struct lanczos *l)
{
	static const uint8_t seed[RNG_SEED_BYTES] = {7};
	size_t size = (size_t)1 << l->of->nqubits, i;
	struct rng r;
	double norm;

	rng_init(&r, seed, 0);
	for (i = 0; i < size; i++) {
		l->v.amp[0][i] = uniform(&r);
		l->v.amp[1][i] = uniform(&r);
	}
	keep_sector(l, &l->v);
	norm = vector_norm(&l->v);
	if (norm == 0.0)
		return -EDOM;
	scale(&l->v, 1.0 / sqrt(norm));
	scale(&l->last, 0.0);
	return 0;
}

/* False: the space is used up. */
static bool
step(struct lanczos *l)
{
	double inner[2], before = l->n ? l->b[l->n - 1] : 0.0, norm;
	struct vector t;

	pauli_apply(&l->of->sum, &l->v, &l->next);
	keep_sector(l, &l->next);
	vector_inner(&l->v, &l->next, inner);
	l->a[l->n] = inner[0];
	subtract(&l->next, inner[0], &l->v);
	subtract(&l->next, before, &l->last);
	norm = sqrt(vector_norm(&l->next));
	l->b[l->n++] = norm;
	if (norm < 1e-10)
		return false;
	scale(&l->next, 1.0 / norm);
	t = l->last;
	l->last = l->v;
	l->v = l->next;
	l->next = t;
	return true;
}

/* Eigenvalues below x: negative pivots of T - x. */
static size_t
below(const struct lanczos *l, double x)
{
	double d = 1.0;
	size_t i, count = 0;

	for (i = 0; i < l->n; i++) {
		double b = i ? l->b[i - 1] : 0.0;

		d = l->a[i] - x - (i ? b * b / d : 0.0);
		if (d == 0.0)
			d = 1e-300;
		count += d < 0.0;
	}
	return count;
}

/* The lowest, by bisection between Gershgorin's bounds. */
static double
lowest(const struct lanczos *l)
{
	double lo = 0.0, hi = 0.0;
	size_t i;

	for (i = 0; i < l->n; i++) {
		double r = l->b[i] + (i ? l->b[i - 1] : 0.0);

		if (i == 0 || l->a[i] - r < lo)
			lo = l->a[i] - r;
		if (i == 0 || l->a[i] + r > hi)
			hi = l->a[i] + r;
	}
	for (i = 0; i < 200; i++) {
		double mid = lo + 0.5 * (hi - lo);

		if (mid <= lo || mid >= hi)
			break;
		if (below(l, mid) > 0)
			hi = mid;
		else
			lo = mid;
	}
	return hi;
}

static double
iterate(struct lanczos *l)
{
	double value = 0.0, was;
	bool going = true;

	while (going && l->n < STEPS_MAX) {
		going = step(l);
		if (going && l->n % EVERY != 0)
			continue;
		was = value;
		value = lowest(l);
		if (l->n > EVERY && fabs(value - was) <= 1e-14 * fabs(value))
			break;
	}
	return value;
}

int
hamiltonian_ground(const struct hamiltonian *h, bool sector, double *out)
{
	struct lanczos *l = calloc(1, sizeof(*l));
	int rc = l ? 0 : -ENOMEM;

	if (rc == 0) {
		l->of = h;
		l->sector = sector && h->electrons;
		rc = vector_init(&l->v, h->nqubits, NULL);
	}
	if (rc == 0)
		rc = vector_init(&l->last, h->nqubits, NULL);
	if (rc == 0)
		rc = vector_init(&l->next, h->nqubits, NULL);
	if (rc == 0)
		rc = start(l);
	if (rc == 0)
		*out = iterate(l);
	if (l) {
		vector_close(&l->v);
		vector_close(&l->last);
		vector_close(&l->next);
	}
	free(l);
	return rc;
}
