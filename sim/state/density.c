#include "sim/state/density.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "sim/observable/pauli.h"
#include "sim/state/kraus.h"

#define SHIFTS_MAX (1u << 2 * KRAUS_MAX_QUBITS)

uint64_t
density_bytes(uint32_t nqubits)
{
	if (nqubits > DENSITY_MAX_QUBITS)
		return UINT64_MAX;
	return vector_bytes(2 * nqubits);
}

int
density_init(struct density *d, uint32_t nqubits,
    const struct vector_room *room)
{
	*d = (struct density)DENSITY_INIT;
	if (nqubits > DENSITY_MAX_QUBITS)
		return -EINVAL;
	d->nqubits = nqubits;
	return vector_init(&d->state, 2 * nqubits, room);
}

void
density_close(struct density *d)
{
	vector_close(&d->state);
	*d = (struct density)DENSITY_INIT;
}

void
density_zero(struct density *d)
{
	vector_zero(&d->state);
}

void
density_copy(struct density *d, const struct density *from)
{
	vector_copy(&d->state, &from->state);
}

void
density_from_vector(struct density *d, const struct vector *v)
{
	const double *re = v->amp[0], *im = v->amp[1];
	size_t dim = (size_t)1 << d->nqubits, r, c, i = 0;

	assert(v->nqubits == d->nqubits);
	for (c = 0; c < dim; c++) {
		for (r = 0; r < dim; r++, i++) {
			d->state.amp[0][i] = re[r] * re[c] + im[r] * im[c];
			d->state.amp[1][i] = im[r] * re[c] - re[r] * im[c];
		}
	}
}

void
density_add(struct density *d, double weight, const struct density *from)
{
	size_t n = (size_t)1 << 2 * d->nqubits, i;
	uint32_t part;

	assert(d->nqubits == from->nqubits);
	for (part = 0; part < 2; part++) {
		for (i = 0; i < n; i++)
			d->state.amp[part][i] +=
			    weight * from->state.amp[part][i];
	}
}

void
density_scale(struct density *d, double by)
{
	size_t n = (size_t)1 << 2 * d->nqubits, i;
	uint32_t part;

	for (part = 0; part < 2; part++) {
		for (i = 0; i < n; i++)
			d->state.amp[part][i] *= by;
	}
}

void
density_apply(struct density *d, const struct vector_gate *g)
{
	double conj[2u << 2 * VECTOR_MAX_TARGETS];
	struct vector_gate column = *g;
	size_t n = (size_t)1 << 2 * g->ntargets, i;

	vector_apply(&d->state, g);
	for (i = 0; i < n; i++) {
		conj[2 * i] = g->matrix[2 * i];
		conj[2 * i + 1] = -g->matrix[2 * i + 1];
	}
	for (i = 0; i < g->ntargets; i++)
		column.target[i] += d->nqubits;
	column.mask <<= d->nqubits;
	column.value <<= d->nqubits;
	column.matrix = conj;
	vector_apply(&d->state, &column);
}

/* The superoperator on one group, whose entries are at shift[]. */
static inline void
kraus_group(const struct kraus *c, double *re, double *im, const size_t *shift)
{
	double xr[SHIFTS_MAX], xi[SHIFTS_MAX];
	uint32_t dim = 1u << 2 * c->nqubits, i;

	for (i = 0; i < dim; i++) {
		xr[i] = re[shift[i]];
		xi[i] = im[shift[i]];
		re[shift[i]] = 0.0;
		im[shift[i]] = 0.0;
	}
	for (i = 0; i < c->nvalues; i++) {
		const double *m = c->value + (size_t)2 * i;
		double x = xr[c->col[i]], y = xi[c->col[i]];
		size_t at = shift[c->row[i]];

		re[at] += m[0] * x - m[1] * y;
		im[at] += m[0] * y + m[1] * x;
	}
}

void
density_channel(struct density *d, const struct kraus *c,
    const uint32_t *qubits)
{
	uint32_t dim = 1u << 2 * c->nqubits, i, j;
	size_t size = (size_t)1 << 2 * d->nqubits, at, mask;
	size_t shift[SHIFTS_MAX] = {0};

	for (i = 0; i < dim; i++) {
		for (j = 0; j < c->nqubits; j++) {
			size_t row = (size_t)1 << qubits[j];

			assert(qubits[j] < d->nqubits);
			shift[i] |= i >> j & 1 ? row : 0;
			shift[i] |=
			    i >> (c->nqubits + j) & 1 ? row << d->nqubits : 0;
		}
	}
	mask = shift[dim - 1];
	/* Counts up through the bits outside of mask. */
	for (at = 0; at < size; at = ((at | mask) + 1) & ~mask)
		kraus_group(c, d->state.amp[0] + at, d->state.amp[1] + at,
		    shift);
}

double
density_one(const struct density *d, uint32_t q)
{
	size_t dim = (size_t)1 << d->nqubits, i;
	double sum = 0.0;

	for (i = 0; i < dim; i++) {
		if (i >> q & 1)
			sum += d->state.amp[0][i * (dim + 1)];
	}
	return sum;
}

double
density_trace(const struct density *d)
{
	size_t dim = (size_t)1 << d->nqubits, i;
	double sum = 0.0;

	for (i = 0; i < dim; i++)
		sum += d->state.amp[0][i * (dim + 1)];
	return sum;
}

double
density_purity(const struct density *d)
{
	return vector_norm(&d->state);
}

double
density_fidelity(const struct density *d, const struct vector *psi)
{
	const double *re = psi->amp[0], *im = psi->amp[1];
	size_t dim = (size_t)1 << d->nqubits, r, c, i = 0;
	double sum = 0.0;

	assert(psi->nqubits == d->nqubits);
	for (c = 0; c < dim; c++) {
		for (r = 0; r < dim; r++, i++) {
			/* conj(psi_r) psi_c */
			double a = re[r] * re[c] + im[r] * im[c];
			double b = re[r] * im[c] - im[r] * re[c];

			sum += a * d->state.amp[0][i] - b * d->state.amp[1][i];
		}
	}
	return sum;
}

void
density_read(struct density *d, uint32_t q, const double weight[static 2])
{
	size_t size = (size_t)1 << 2 * d->nqubits, i;
	uint32_t part;

	for (part = 0; part < 2; part++) {
		double *a = d->state.amp[part];

		for (i = 0; i < size; i++) {
			size_t row = i >> q & 1,
			       col = i >> (q + d->nqubits) & 1;

			a[i] = row == col ? weight[row] * a[i] : 0.0;
		}
	}
}

void
density_reset(struct density *d, uint32_t q)
{
	size_t size = (size_t)1 << 2 * d->nqubits, i;
	size_t row = (size_t)1 << q, col = row << d->nqubits;
	uint32_t part;

	for (part = 0; part < 2; part++) {
		double *a = d->state.amp[part];

		for (i = 0; i < size; i++) {
			if ((i & row) == 0 && (i & col) == 0)
				a[i] += a[i | row | col];
		}
		for (i = 0; i < size; i++) {
			if (i & (row | col))
				a[i] = 0.0;
		}
	}
}

void
density_probs(const struct density *d, double weight, double *out)
{
	size_t dim = (size_t)1 << d->nqubits, i;

	for (i = 0; i < dim; i++)
		out[i] += weight * d->state.amp[0][i * (dim + 1)];
}

static uint32_t
count_ones(uint64_t x)
{
	uint32_t n = 0;

	for (; x; x &= x - 1)
		n++;
	return n;
}

double
density_string_expect(const struct pauli_term *t, const struct density *d)
{
	size_t dim = (size_t)1 << d->nqubits, c;
	uint32_t quarter = count_ones(t->x & t->z);
	/* P |c> = i^quarter (-1)^(z . c) |c ^ x>; the real part of i times an
	 * element is minus its imaginary part. */
	const double *amp = d->state.amp[quarter & 1];
	double sum = 0.0;

	for (c = 0; c < dim; c++) {
		double e = amp[c + ((c ^ t->x) << d->nqubits)];

		sum += count_ones(t->z & c) & 1 ? -e : e;
	}
	/* i^1: -im, i^2: -re, i^3: +im. */
	return quarter % 4 == 1 || quarter % 4 == 2 ? -sum : sum;
}

double
density_expect(const struct pauli_sum *s, const struct density *d)
{
	double sum = 0.0;
	size_t i;

	for (i = 0; i < s->nterms; i++)
		sum +=
		    s->terms[i].coef * density_string_expect(&s->terms[i], d);
	return sum;
}
