#include "sim/learn/vqe_circuit.h"

#include <assert.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sim/observable/mapping.h"
#include "sim/state/mathfun.h"

#define BLOCK 4096u /* amplitudes summed before they join the total */

static inline uint64_t
odd(uint64_t x)
{
	return (uint64_t)__builtin_parityll(x);
}

static uint32_t
ys(const struct pauli_term *p)
{
	return mapping_ones(p->x & p->z);
}

void
vqe_circuit_close(struct vqe_circuit *c)
{
	free(c->ops);
	*c = (struct vqe_circuit)VQE_CIRCUIT_INIT;
}

static int
append(struct vqe_circuit *c, const struct vqe_op *op)
{
	struct vqe_op *grown;

	if (c->nops == VQE_CIRCUIT_MAX_OPS)
		return -E2BIG;
	if (c->nops == c->cap) {
		c->cap = c->cap ? 2 * c->cap : 64;
		grown = realloc(c->ops, c->cap * sizeof(*grown));
		if (grown == NULL)
			return -ENOMEM;
		c->ops = grown;
	}
	c->ops[c->nops++] = *op;
	return 0;
}

int
vqe_circuit_turn(struct vqe_circuit *c, uint32_t param, double coef,
    const struct pauli_term *string)
{
	const struct vqe_op op = {.gate = VQE_TURN,
	    .param = param,
	    .coef = coef,
	    .x = string->x,
	    .z = string->z};

	assert(param <= c->nparams);
	if (param == c->nparams)
		c->nparams++;
	return append(c, &op);
}

int
vqe_circuit_h(struct vqe_circuit *c, uint32_t qubit)
{
	const struct vqe_op op = {.gate = VQE_H, .qubit = {qubit}};

	return append(c, &op);
}

int
vqe_circuit_cx(struct vqe_circuit *c, uint32_t control, uint32_t target)
{
	const struct vqe_op op = {.gate = VQE_CX, .qubit = {control, target}};

	return append(c, &op);
}

/* exp(i theta s P) turns by -2 s theta. */
int
vqe_circuit_exponential(struct vqe_circuit *c, uint32_t param,
    const struct pauli_sum *generator)
{
	size_t i;
	int rc = 0;

	for (i = 0; i < generator->nterms && rc == 0; i++)
		rc = vqe_circuit_turn(c, param, -2.0 * generator->terms[i].coef,
		    &generator->terms[i]);
	return rc;
}

/* (re, im) times i^quarter */
static inline void
quarter_turn(uint32_t quarter, double *re, double *im)
{
	double t = *re;

	if (quarter & 1) {
		*re = -*im;
		*im = t;
	}
	if (quarter & 2) {
		*re = -*re;
		*im = -*im;
	}
}

/* v = (cosine - i sine P) v of a diagonal P. */
static void
turn_diagonal(struct vector *v, uint64_t z, double sine, double cosine)
{
	uint64_t size = UINT64_C(1) << v->nqubits, i;

	for (i = 0; i < size; i++) {
		double s = odd(z & i) ? -sine : sine;
		double re = v->amp[0][i], im = v->amp[1][i];

		v->amp[0][i] = cosine * re + s * im;
		v->amp[1][i] = cosine * im - s * re;
	}
}

/* The two amplitudes of i and i ^ x; (P v)[i] = i^y (-1)^|z & j| v[j]. */
static inline void
turn_pair(struct vector *v, const struct pauli_term *p, uint64_t i,
    const double *sc)
{
	uint64_t j = i ^ p->x;
	double ar = v->amp[0][i], ai = v->amp[1][i];
	double br = v->amp[0][j], bi = v->amp[1][j];
	double pr = br, pi = bi, qr = ar, qi = ai;
	uint32_t y = ys(p);
	double si = odd(p->z & j) ? -sc[0] : sc[0];
	double sj = odd(p->z & i) ? -sc[0] : sc[0];

	quarter_turn(y, &pr, &pi);
	quarter_turn(y, &qr, &qi);
	/* -i s (pr + i pi) = s pi - i s pr */
	v->amp[0][i] = sc[1] * ar + si * pi;
	v->amp[1][i] = sc[1] * ai - si * pr;
	v->amp[0][j] = sc[1] * br + sj * qi;
	v->amp[1][j] = sc[1] * bi - sj * qr;
}

static void
turn(struct vector *v, const struct vqe_op *op, double angle)
{
	const struct pauli_term p = {.x = op->x, .z = op->z};
	uint64_t size = UINT64_C(1) << v->nqubits, low, i;
	double sc[2];

	mathfun_sincos(0.5 * angle, &sc[0], &sc[1]);
	if (op->x == 0) {
		turn_diagonal(v, op->z, sc[0], sc[1]);
		return;
	}
	low = op->x & -op->x;
	for (i = 0; i < size; i++) {
		if ((i & low) == 0)
			turn_pair(v, &p, i, sc);
	}
}

static void
hadamard(struct vector *v, uint32_t q)
{
	const double r = 0x1.6a09e667f3bcdp-1; /* sqrt(1/2) */
	uint64_t size = UINT64_C(1) << v->nqubits, bit = UINT64_C(1) << q, i;
	uint32_t part;

	for (part = 0; part < 2; part++) {
		double *a = v->amp[part];

		for (i = 0; i < size; i++) {
			double x = a[i], y;

			if (i & bit)
				continue;
			y = a[i | bit];
			a[i] = r * (x + y);
			a[i | bit] = r * (x - y);
		}
	}
}

static void
cnot(struct vector *v, uint32_t control, uint32_t target)
{
	uint64_t size = UINT64_C(1) << v->nqubits, i;
	uint64_t c = UINT64_C(1) << control, t = UINT64_C(1) << target;
	uint32_t part;

	for (part = 0; part < 2; part++) {
		double *a = v->amp[part];

		for (i = 0; i < size; i++) {
			double x = a[i];

			if ((i & c) == 0 || (i & t) != 0)
				continue;
			a[i] = a[i | t];
			a[i | t] = x;
		}
	}
}

/* forwards: sign 1, back: -1. */
static void
apply(const struct vqe_op *op, const double *theta, double sign,
    struct vector *v)
{
	switch (op->gate) {
	case VQE_TURN:
		turn(v, op, sign * op->coef * theta[op->param]);
		break;
	case VQE_H:
		hadamard(v, op->qubit[0]);
		break;
	case VQE_CX:
		cnot(v, op->qubit[0], op->qubit[1]);
		break;
	}
}

void
vqe_circuit_run(const struct vqe_circuit *c, const double *theta,
    struct vector *v)
{
	size_t i;

	assert(v->nqubits == c->nqubits);
	vector_zero(v);
	v->amp[0][0] = 0.0;
	v->amp[0][c->start] = 1.0;
	for (i = 0; i < c->nops; i++)
		apply(&c->ops[i], theta, 1.0, v);
}

int
vqe_room_init(struct vqe_room *r, uint32_t nqubits)
{
	int rc;

	*r = (struct vqe_room)VQE_ROOM_INIT;
	rc = vector_init(&r->psi, nqubits, NULL);
	if (rc == 0)
		rc = vector_init(&r->lambda, nqubits, NULL);
	if (rc == 0)
		rc = vector_init(&r->work, nqubits, NULL);
	if (rc < 0)
		vqe_room_close(r);
	return rc;
}

void
vqe_room_close(struct vqe_room *r)
{
	vector_close(&r->psi);
	vector_close(&r->lambda);
	vector_close(&r->work);
}

double
vqe_string_imag(const struct pauli_term *p, const struct vector *a,
    const struct vector *b)
{
	uint64_t size = UINT64_C(1) << a->nqubits, i, end;
	uint32_t y = ys(p);
	double total = 0.0;

	for (i = 0; i < size; i = end) {
		double sum = 0.0;

		end = i + BLOCK < size ? i + BLOCK : size;
		for (; i < end; i++) {
			uint64_t j = i ^ p->x;
			double re = b->amp[0][i], im = b->amp[1][i], d;

			quarter_turn(y, &re, &im);
			d = a->amp[0][j] * im - a->amp[1][j] * re;
			sum += odd(p->z & i) ? -d : d;
		}
		total += sum;
	}
	return total;
}

double
vqe_circuit_gradient(const struct vqe_circuit *c, const struct pauli_sum *s,
    const double *theta, struct vqe_room *r, double *grad)
{
	double value[2];
	size_t i;

	memset(grad, 0, c->nparams * sizeof(*grad));
	pauli_apply(s, &r->psi, &r->lambda);
	vector_inner(&r->psi, &r->lambda, value);
	vector_copy(&r->work, &r->psi);
	for (i = c->nops; i-- > 0;) {
		const struct vqe_op *op = &c->ops[i];
		const struct pauli_term p = {.x = op->x, .z = op->z};

		/* d/da <S> = Im <lambda| P |psi>, lambda = S psi. */
		if (op->gate == VQE_TURN)
			grad[op->param] += op->coef *
			    vqe_string_imag(&p, &r->lambda, &r->work);
		apply(op, theta, -1.0, &r->work);
		apply(op, theta, -1.0, &r->lambda);
	}
	return value[0];
}
