#include "sim/state/readout.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sim/observable/pauli.h"

#define SINGULAR 1e-9
#define OBSERVABLE_MAX_WEIGHT 16
#define TERMS_MAX ((size_t)1 << 22)
#define STEPS_MAX 20000
#define STEP_SMALL 1e-14 /* relative to a total of 1 */

/* m, by rows, on bit q of the index. */
static void
apply_bit(const double m[static 4], uint32_t n, uint32_t q, double *p)
{
	size_t size = (size_t)1 << n, bit = (size_t)1 << q, i;

	for (i = 0; i < size; i++) {
		double x, y;

		if (i & bit)
			continue;
		x = p[i];
		y = p[i | bit];
		p[i] = m[0] * x + m[1] * y;
		p[i | bit] = m[2] * x + m[3] * y;
	}
}

static void
matrix(const struct readout *r, double m[static 4])
{
	m[0] = 1.0 - r->p1_given_0;
	m[1] = r->p0_given_1;
	m[2] = r->p1_given_0;
	m[3] = 1.0 - r->p0_given_1;
}

void
readout_confuse(const struct readout *r, uint32_t n, double *p)
{
	double m[4];
	uint32_t q;

	for (q = 0; q < n; q++) {
		matrix(&r[q], m);
		apply_bit(m, n, q, p);
	}
}

static void
confuse_transposed(const struct readout *r, uint32_t n, double *p)
{
	double m[4], t;
	uint32_t q;

	for (q = 0; q < n; q++) {
		matrix(&r[q], m);
		t = m[1];
		m[1] = m[2];
		m[2] = t;
		apply_bit(m, n, q, p);
	}
}

static double
determinant(const struct readout *r)
{
	return 1.0 - r->p1_given_0 - r->p0_given_1;
}

int
readout_invert(const struct readout *r, uint32_t n, double *p)
{
	double m[4], inverse[4], det;
	uint32_t q;

	for (q = 0; q < n; q++) {
		det = determinant(&r[q]);
		if (!(fabs(det) > SINGULAR))
			return -EDOM;
	}
	for (q = 0; q < n; q++) {
		det = determinant(&r[q]);
		matrix(&r[q], m);
		inverse[0] = m[3] / det;
		inverse[1] = -m[1] / det;
		inverse[2] = -m[2] / det;
		inverse[3] = m[0] / det;
		apply_bit(inverse, n, q, p);
	}
	return 0;
}

static int
descending(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return *x < *y ? 1 : *x > *y ? -1 : 0;
}

/* The nearest point with no negative entry and sum 1 (Duchi and others 2008,
 * figure 1); work has room for size numbers. */
static void
to_simplex(double *p, double *work, size_t size)
{
	double sum = 0.0, theta = 0.0;
	size_t i;

	memcpy(work, p, size * sizeof(*p));
	qsort(work, size, sizeof(*work), descending);
	for (i = 0; i < size; i++) {
		sum += work[i];
		if (work[i] - (sum - 1.0) / (double)(i + 1) <= 0.0)
			break;
		theta = (sum - 1.0) / (double)(i + 1);
	}
	for (i = 0; i < size; i++)
		p[i] = p[i] > theta ? p[i] - theta : 0.0;
}

struct descent {
	const struct readout *r;
	const double *want;
	double *at, *ahead, *grad, *work;
	uint32_t n;
	size_t size;
	double step, momentum;
};

/* One accelerated step (Beck and Teboulle 2009), started again when it turns
 * uphill (O'Donoghue and Candes 2015). Returns how far it went. */
static double
descend(struct descent *d)
{
	double next = 0.5 * (1.0 + sqrt(1.0 + 4.0 * d->momentum * d->momentum));
	double ratio = (d->momentum - 1.0) / next, uphill = 0.0, moved = 0.0;
	size_t i;

	memcpy(d->grad, d->ahead, d->size * sizeof(double));
	readout_confuse(d->r, d->n, d->grad);
	for (i = 0; i < d->size; i++)
		d->grad[i] -= d->want[i];
	confuse_transposed(d->r, d->n, d->grad);
	for (i = 0; i < d->size; i++)
		d->grad[i] = d->ahead[i] - d->step * d->grad[i];
	to_simplex(d->grad, d->work, d->size);
	for (i = 0; i < d->size; i++) {
		double move = d->grad[i] - d->at[i];

		uphill += (d->ahead[i] - d->grad[i]) * move;
		moved += fabs(move);
	}
	if (uphill > 0.0) {
		next = 1.0;
		ratio = 0.0;
	}
	for (i = 0; i < d->size; i++) {
		d->ahead[i] = d->grad[i] + ratio * (d->grad[i] - d->at[i]);
		d->at[i] = d->grad[i];
	}
	d->momentum = next;
	return moved;
}

int
readout_least_squares(const struct readout *r, uint32_t n, double *p)
{
	size_t size = (size_t)1 << n;
	struct descent d = {.r = r, .n = n, .size = size, .momentum = 1.0};
	double steep = 1.0, *memory;
	uint32_t q, i;
	int rc;

	memory = malloc(5 * size * sizeof(*memory));
	if (memory == NULL)
		return -ENOMEM;
	d.want = memory;
	d.at = memory + size;
	d.ahead = memory + 2 * size;
	d.grad = memory + 3 * size;
	d.work = memory + 4 * size;
	memcpy(memory, p, size * sizeof(*p));
	/* |A|^2 <= |A|_1 |A|_inf, and columns sum to 1. */
	for (q = 0; q < n; q++)
		steep *= 1.0 + fabs(r[q].p1_given_0 - r[q].p0_given_1);
	d.step = 1.0 / steep;
	rc = readout_invert(r, n, p);
	if (rc < 0)
		goto out;
	to_simplex(p, d.work, size);
	memcpy(d.at, p, size * sizeof(*p));
	memcpy(d.ahead, p, size * sizeof(*p));
	for (i = 0; i < STEPS_MAX && descend(&d) > STEP_SMALL; i++)
		continue;
	memcpy(p, d.at, size * sizeof(*p));
out:
	free(memory);
	return rc;
}

void
readout_seen(const struct readout *r, double f[static 2])
{
	f[0] = 1.0 - 2.0 * r->p1_given_0;
	f[1] = 2.0 * r->p0_given_1 - 1.0;
}

int
readout_true(const struct readout *r, double f[static 2])
{
	double det = determinant(r);

	if (!(fabs(det) > SINGULAR))
		return -EDOM;
	/* P as seen is det P + (p0_given_1 - p1_given_0). */
	f[0] = (1.0 - r->p0_given_1 + r->p1_given_0) / det;
	f[1] = (-1.0 - r->p0_given_1 + r->p1_given_0) / det;
	return 0;
}

static uint32_t
count_ones(uint64_t x)
{
	uint32_t n = 0;

	for (; x; x &= x - 1)
		n++;
	return n;
}

/* The term with the letters of keep only, and the b of those that are gone. */
static struct pauli_term
part_of(const struct readout *r, const struct pauli_term *t, uint64_t keep)
{
	struct pauli_term out = {.x = t->x & keep,
	    .z = t->z & keep,
	    .coef = t->coef};
	uint64_t support = t->x | t->z;
	uint32_t q;

	for (q = 0; q < 64 && support >> q; q++) {
		if (keep >> q & support >> q & 1)
			out.coef *= determinant(&r[q]);
		else if (support >> q & 1)
			out.coef *= r[q].p0_given_1 - r[q].p1_given_0;
	}
	return out;
}

static int
by_string(const void *a, const void *b)
{
	const struct pauli_term *s = a, *t = b;

	if (s->x != t->x)
		return s->x < t->x ? -1 : 1;
	if (s->z != t->z)
		return s->z < t->z ? -1 : 1;
	return (s->coef > t->coef) - (s->coef < t->coef);
}

static void
join_equal(struct pauli_sum *s)
{
	size_t i, n = 0;

	if (s->nterms == 0)
		return;
	qsort(s->terms, s->nterms, sizeof(*s->terms), by_string);
	for (i = 1; i < s->nterms; i++) {
		if (s->terms[i].x == s->terms[n].x &&
		    s->terms[i].z == s->terms[n].z)
			s->terms[n].coef += s->terms[i].coef;
		else
			s->terms[++n] = s->terms[i];
	}
	s->nterms = n + 1;
}

int
readout_observable(const struct readout *r, const struct pauli_sum *s,
    struct pauli_sum *out)
{
	size_t total = 0, i;

	*out = (struct pauli_sum)PAULI_SUM_INIT;
	for (i = 0; i < s->nterms; i++) {
		uint32_t w = count_ones(s->terms[i].x | s->terms[i].z);

		if (w > OBSERVABLE_MAX_WEIGHT)
			return -E2BIG;
		total += (size_t)1 << w;
	}
	if (total > TERMS_MAX)
		return -E2BIG;
	out->terms = malloc((total ? total : 1) * sizeof(*out->terms));
	if (out->terms == NULL)
		return -ENOMEM;
	for (i = 0; i < s->nterms; i++) {
		uint64_t support = s->terms[i].x | s->terms[i].z;
		uint64_t keep = support;

		/* All subsets of support, from the whole down to none. */
		for (;; keep = (keep - 1) & support) {
			struct pauli_term t = part_of(r, &s->terms[i], keep);

			if (t.coef != 0.0)
				out->terms[out->nterms++] = t;
			if (keep == 0)
				break;
		}
	}
	join_equal(out);
	return 0;
}
