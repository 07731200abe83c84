#include "sim/learn/vqe_ansatz.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>

#include "sim/learn/vqe_circuit.h"
#include "sim/observable/hamiltonian.h"

#define SETS_MAX 64

static int
turns_of_layer(struct vqe_circuit *c)
{
	uint32_t q;
	int rc = 0;

	for (q = 0; q < c->nqubits && rc == 0; q++) {
		const uint64_t bit = UINT64_C(1) << q;
		const struct pauli_term y = {.x = bit, .z = bit};
		const struct pauli_term z = {.z = bit};

		rc = vqe_circuit_turn(c, c->nparams, 1.0, &y);
		if (rc == 0)
			rc = vqe_circuit_turn(c, c->nparams, 1.0, &z);
	}
	return rc;
}

int
vqe_hea(struct vqe_circuit *c, uint32_t nqubits, uint32_t layers)
{
	uint32_t l, q, ring = nqubits > 2 ? nqubits : nqubits - 1;
	int rc;

	c->nqubits = nqubits;
	rc = turns_of_layer(c);
	for (l = 0; l < layers && rc == 0; l++) {
		for (q = 0; q < ring && rc == 0; q++)
			rc = vqe_circuit_cx(c, q, (q + 1) % nqubits);
		if (rc == 0)
			rc = turns_of_layer(c);
	}
	return rc;
}

static bool
is_field(const struct pauli_term *t)
{
	return mapping_ones(t->x | t->z) == 1;
}

/* Terms in sets, each with one angle; set[i] of term i. */
struct sets {
	const struct pauli_sum *sum;
	uint32_t nsets;
	uint32_t *of; /* UINT32_MAX: the identity */
};

/* Z, Y, X: 0, 1, 2; 3: none or several. */
static uint32_t
letter_of(const struct pauli_term *t)
{
	if (t->x == 0)
		return 0;
	if (t->z == 0)
		return 2;
	return t->x == t->z ? 1 : 3;
}

/* By letter, the field's letter last. */
static int
by_letter(struct sets *s, uint32_t field)
{
	size_t i;

	s->nsets = 3;
	for (i = 0; i < s->sum->nterms; i++) {
		const struct pauli_term *t = &s->sum->terms[i];
		uint32_t l = letter_of(t);

		s->of[i] = UINT32_MAX;
		if ((t->x | t->z) == 0)
			continue;
		if (l == 3)
			return -EDOM;
		s->of[i] = (l + 2 - field) % 3;
	}
	return 0;
}

/* Pairs of qubits so that those of a set are disjoint; the first set is that
 * of the pairs 0 1, 2 3, .. */
static int
by_pair(struct sets *s)
{
	uint64_t pairs[SETS_MAX][64], used[SETS_MAX] = {0};
	uint32_t n[SETS_MAX] = {0}, k, j;
	size_t i;

	s->nsets = 0;
	for (i = 0; i < s->sum->nterms; i++) {
		const struct pauli_term *t = &s->sum->terms[i];
		uint64_t on = t->x | t->z;

		s->of[i] = UINT32_MAX;
		if (on == 0)
			continue;
		if (mapping_ones(on) != 2 || letter_of(t) == 3)
			return -EDOM;
		for (k = 0; k < s->nsets; k++) {
			for (j = 0; j < n[k] && pairs[k][j] != on; j++)
				;
			if (j < n[k] || (used[k] & on) == 0)
				break;
		}
		if (k == SETS_MAX)
			return -EDOM;
		if (k == s->nsets)
			s->nsets++;
		if ((used[k] & on) == 0)
			pairs[k][n[k]++] = on;
		used[k] |= on;
		s->of[i] = k;
	}
	return 0;
}

static double
largest(const struct sets *s, uint32_t set)
{
	double most = 0.0;
	size_t i;

	for (i = 0; i < s->sum->nterms; i++) {
		double c = s->sum->terms[i].coef;

		if (s->of[i] == set && fabs(c) > fabs(most))
			most = c;
	}
	return most;
}

static int
add_set(struct vqe_circuit *c, const struct sets *s, uint32_t set)
{
	double most = largest(s, set);
	uint32_t param = c->nparams;
	size_t i;
	int rc = 0;

	for (i = 0; i < s->sum->nterms && rc == 0; i++) {
		const struct pauli_term *t = &s->sum->terms[i];

		if (s->of[i] == set)
			rc = vqe_circuit_turn(c, param, t->coef / most, t);
	}
	return rc;
}

/* The field's letter, or 3 without; *sign of its first term. */
static uint32_t
field_letter(const struct pauli_sum *sum, double *sign)
{
	size_t i;

	for (i = 0; i < sum->nterms; i++) {
		if (is_field(&sum->terms[i])) {
			*sign = sum->terms[i].coef;
			return letter_of(&sum->terms[i]);
		}
	}
	return 3;
}

/* |0> for a field -Z, |1> for +Z, |+> for -X, |-> for +X; singlets without a
 * field. */
static int
prepare(struct vqe_circuit *c, uint32_t field, double sign)
{
	uint64_t all = (UINT64_C(1) << c->nqubits) - 1;
	uint32_t q;
	int rc = 0;

	if (field == 0) {
		c->start = sign > 0.0 ? all : 0;
		return 0;
	}
	if (field == 1)
		return -EDOM;
	if (field == 2) {
		c->start = sign > 0.0 ? all : 0;
		for (q = 0; q < c->nqubits && rc == 0; q++)
			rc = vqe_circuit_h(c, q);
		return rc;
	}
	c->start = all;
	for (q = 0; q + 1 < c->nqubits && rc == 0; q += 2) {
		rc = vqe_circuit_h(c, q);
		if (rc == 0)
			rc = vqe_circuit_cx(c, q, q + 1);
	}
	return rc;
}

int
vqe_hva(struct vqe_circuit *c, const struct hamiltonian *h, uint32_t layers)
{
	uint32_t of[4096], field, l, k;
	struct sets s = {.sum = &h->sum, .of = of};
	double sign = 0.0;
	int rc;

	if (h->sum.nterms > sizeof(of) / sizeof(of[0]))
		return -EDOM;
	c->nqubits = h->nqubits;
	field = field_letter(&h->sum, &sign);
	rc = field < 3 ? by_letter(&s, field) : by_pair(&s);
	if (rc == 0)
		rc = prepare(c, field, sign);
	for (l = 0; l < layers && rc == 0; l++) {
		for (k = 0; k < s.nsets && rc == 0; k++)
			rc = add_set(c, &s, field < 3 ? k : s.nsets - 1 - k);
	}
	return rc;
}
