#include "sim/observable/fermion.h"

#include <assert.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sim/observable/fcidump.h"
#include "sim/observable/pauli.h"

#define FIRST_ROOM 1024u

void
fermion_close(struct fermion *f)
{
	free(f->terms);
	*f = (struct fermion)FERMION_INIT;
}

static int
by_string(const void *pa, const void *pb)
{
	const struct pauli_term *a = pa, *b = pb;

	if (a->x != b->x)
		return a->x < b->x ? -1 : 1;
	if (a->z != b->z)
		return a->z < b->z ? -1 : 1;
	/* Equal strings in one order, so that their sum has one value. */
	if (a->coef != b->coef)
		return a->coef < b->coef ? -1 : 1;
	return 0;
}

/* Equal strings become one. */
static size_t
merge(struct pauli_term *t, size_t n)
{
	size_t i, k = 0;

	if (n > 0)
		qsort(t, n, sizeof(*t), by_string);
	for (i = 0; i < n; i++) {
		if (k > 0 && t[k - 1].x == t[i].x && t[k - 1].z == t[i].z)
			t[k - 1].coef += t[i].coef;
		else
			t[k++] = t[i];
	}
	return k;
}

/* Room for one product more: by joining equal strings first. */
static int
make_room(struct fermion *f)
{
	struct pauli_term *grown;
	size_t cap;

	if (f->cap - f->nterms >= 1u << FERMION_MAX_OPS)
		return 0;
	f->nterms = merge(f->terms, f->nterms);
	if (f->nterms > PAULI_MAX_TERMS)
		return -E2BIG;
	if (f->nterms < f->cap / 2)
		return 0;
	cap = f->cap ? 2 * f->cap : FIRST_ROOM;
	grown = realloc(f->terms, cap * sizeof(*grown));
	if (grown == NULL)
		return -ENOMEM;
	f->terms = grown;
	f->cap = cap;
	return 0;
}

/* t times a_p = (X - X Z) / 2 behind a chain of Zs, or its conjugate (X + X Z)
 * / 2; second: which of the two strings. */
static void
multiply(struct pauli_term *t, const struct fermion_op *op, bool second)
{
	uint64_t x = UINT64_C(1) << op->orbital, z = x - 1;

	t->coef *= 0.5;
	if (second) {
		z |= x;
		if (!op->creates)
			t->coef = -t->coef;
	}
	/* X^a Z^b X^x = (-1)^|b & x| X^(a ^ x) Z^b */
	if (t->z & x)
		t->coef = -t->coef;
	t->x ^= x;
	t->z ^= z;
}

int
fermion_add(struct fermion *f, const struct fermion_op *ops, size_t n,
    double coef)
{
	uint32_t pick;
	size_t i;
	int rc;

	assert(n <= FERMION_MAX_OPS);
	rc = make_room(f);
	if (rc < 0)
		return rc;
	for (pick = 0; pick < 1u << n; pick++) {
		struct pauli_term t = {.coef = coef};

		for (i = 0; i < n; i++)
			multiply(&t, &ops[i], pick >> i & 1);
		f->terms[f->nterms++] = t;
	}
	return 0;
}

/* What the reduction of qubits cancelled. */
static size_t
drop(struct pauli_term *t, size_t n)
{
	size_t i, k = 0;

	for (i = 0; i < n; i++) {
		if (fabs(t[i].coef) >= FERMION_DROP)
			t[k++] = t[i];
	}
	return k;
}

/* X^x Z^z = (-i)^y P for y Ys: real for even y, -i times real for odd. */
static int
convert(struct fermion *f, const struct mapping *m, unsigned odd,
    struct pauli_sum *out)
{
	size_t i, k = 0;

	*out = (struct pauli_sum)PAULI_SUM_INIT;
	f->nterms = merge(f->terms, f->nterms);
	out->terms = malloc((f->nterms + 1) * sizeof(*out->terms));
	if (out->terms == NULL)
		return -ENOMEM;
	for (i = 0; i < f->nterms; i++) {
		struct pauli_term t = f->terms[i];
		unsigned y = mapping_ones(t.x & t.z);

		if (fabs(t.coef) < FERMION_DROP)
			continue;
		/* (-i)^y: 1, -i, -1, i; times i for antihermitian sums:
		 * -i (-i)^y = -1, 1 for y = 1, 3. */
		if (odd ? y % 4 == 1 : y % 4 == 2)
			t.coef = -t.coef;
		if (y % 2 != odd || !mapping_string(m, &t)) {
			pauli_close(out);
			return -EDOM;
		}
		out->terms[k++] = t;
	}
	out->nterms = drop(out->terms, merge(out->terms, k));
	if (out->nterms <= PAULI_MAX_TERMS)
		return 0;
	pauli_close(out);
	return -E2BIG;
}

int
fermion_hermitian(struct fermion *f, const struct mapping *m,
    struct pauli_sum *out)
{
	return convert(f, m, 0, out);
}

int
fermion_antihermitian(struct fermion *f, const struct mapping *m,
    struct pauli_sum *out)
{
	return convert(f, m, 1, out);
}

/* h_pq a+_p a_q for both spins. */
static int
add_one(struct fermion *f, uint32_t k, uint32_t p, uint32_t q, double h)
{
	uint32_t s;
	int rc = 0;

	for (s = 0; s < 2 && rc == 0; s++) {
		const struct fermion_op ops[] = {{p + s * k, true},
		    {q + s * k, false}};

		rc = fermion_add(f, ops, 2, h);
	}
	return rc;
}

/* (pq|rs) / 2 a+_p a+_r a_s a_q, spins of p, q and of r, s. o: p, q, r, s. */
static int
add_two(struct fermion *f, uint32_t k, const uint32_t *o, double g)
{
	uint32_t spins;
	int rc = 0;

	for (spins = 0; spins < 4 && rc == 0; spins++) {
		uint32_t a = spins & 1 ? k : 0, b = spins & 2 ? k : 0;
		const struct fermion_op ops[] = {{o[0] + a, true},
		    {o[2] + b, true}, {o[3] + b, false}, {o[1] + a, false}};

		if (ops[0].orbital != ops[1].orbital &&
		    ops[2].orbital != ops[3].orbital)
			rc = fermion_add(f, ops, 4, 0.5 * g);
	}
	return rc;
}

static int
add_integrals(struct fermion *f, const struct fcidump *of)
{
	uint32_t n = of->norbitals, i;
	int rc = fermion_add(f, NULL, 0, of->core);

	for (i = 0; i < n * n && rc == 0; i++) {
		if (of->one[i] != 0.0)
			rc = add_one(f, n, i / n, i % n, of->one[i]);
	}
	for (i = 0; i < n * n * n * n && rc == 0; i++) {
		const uint32_t o[4] = {i / (n * n * n), i / (n * n) % n,
		    i / n % n, i % n};

		if (of->two[i] != 0.0)
			rc = add_two(f, n, o, of->two[i]);
	}
	return rc;
}

int
fermion_molecule(const struct fcidump *of, const struct mapping *m,
    struct pauli_sum *out)
{
	struct fermion f = FERMION_INIT;
	int rc = add_integrals(&f, of);

	*out = (struct pauli_sum)PAULI_SUM_INIT;
	if (rc == 0)
		rc = fermion_hermitian(&f, m, out);
	fermion_close(&f);
	return rc;
}
