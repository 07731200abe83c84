#include "sim/circuit/gate_matrix.h"

#include <assert.h>
#include <string.h>

#include "sim/state/mathfun.h"

#define PI 0x1.921fb54442d18p+1
#define HALF_SQRT 0.70710678118654752440

static double
factor(enum circuit_ref ref, uint32_t index, const double *theta,
    const double *features)
{
	if (ref == CIRCUIT_PARAM)
		return theta[index];
	return ref == CIRCUIT_FEATURE ? features[index] : 1.0;
}

double
gate_angle(const struct circuit_angle *a, const double *theta,
    const double *features)
{
	if (a->ref == CIRCUIT_CONST)
		return a->offset;
	return a->coef *
	    (factor(a->ref, a->index, theta, features) *
		factor(a->by, a->by_index, theta, features)) +
	    a->offset;
}

static void
put(double *m, unsigned at, double re, double im)
{
	m[2 * at] = re;
	m[2 * at + 1] = im;
}

static void
phase(double *m, unsigned at, double a)
{
	mathfun_sincos(a, &m[2 * at + 1], &m[2 * at]);
}

/* RX, RY or RZ into the entries lo, hi of a matrix of dim columns. */
struct corner {
	double *m;
	unsigned dim, lo, hi;
};

static void
turn(const struct corner *at, enum circuit_op op, double a)
{
	unsigned diagonal[2] = {at->lo * at->dim + at->lo,
	    at->hi * at->dim + at->hi};
	unsigned up = at->lo * at->dim + at->hi;
	unsigned down = at->hi * at->dim + at->lo;
	double s, c;

	mathfun_sincos(0.5 * a, &s, &c);
	put(at->m, diagonal[0], c, op == CIRCUIT_RZ ? -s : 0.0);
	put(at->m, diagonal[1], c, op == CIRCUIT_RZ ? s : 0.0);
	if (op == CIRCUIT_RX) {
		put(at->m, up, 0.0, -s);
		put(at->m, down, 0.0, -s);
	} else if (op == CIRCUIT_RY) {
		put(at->m, up, -s, 0.0);
		put(at->m, down, s, 0.0);
	}
}

/* exp(-i a P P / 2), P = X, Y or Z. */
static void
turn_pair(enum circuit_op op, double a, double *m)
{
	double s, c;
	unsigned i;

	mathfun_sincos(0.5 * a, &s, &c);
	for (i = 0; i < 4; i++) {
		double z = i == 0 || i == 3 ? 1.0 : -1.0;

		put(m, 5 * i, c, op == CIRCUIT_RZZ ? -z * s : 0.0);
		if (op != CIRCUIT_RZZ)
			put(m, 4 * i + 3 - i, 0.0,
			    op == CIRCUIT_RYY ? z * s : -s);
	}
}

/* q[0], the low bit, controls: the entries 1 and 3 are turned. */
static void
controlled(enum circuit_op op, double a, double *m)
{
	const struct corner at = {m, 4, 1, 3};
	const enum circuit_op of = op == CIRCUIT_CRX ? CIRCUIT_RX
	    : op == CIRCUIT_CRY                      ? CIRCUIT_RY
						     : CIRCUIT_RZ;

	put(m, 0, 1.0, 0.0);
	put(m, 10, 1.0, 0.0);
	if (op != CIRCUIT_CPHASE) {
		turn(&at, of, a);
		return;
	}
	put(m, 5, 1.0, 0.0);
	phase(m, 15, a);
}

static void
hadamard(double *m)
{
	put(m, 0, HALF_SQRT, 0.0);
	put(m, 1, HALF_SQRT, 0.0);
	put(m, 2, HALF_SQRT, 0.0);
	put(m, 3, -HALF_SQRT, 0.0);
}

/* Rows to columns: where the ones of a permutation of four are. */
static void
permute(const unsigned *to, double *m)
{
	unsigned i;

	for (i = 0; i < 4; i++)
		put(m, 4 * to[i] + i, 1.0, 0.0);
}

void
gate_matrix(enum circuit_op op, double a, double *m)
{
	static const unsigned cnot[4] = {0, 3, 2, 1}, swap[4] = {0, 2, 1, 3};
	const struct corner all = {m, 2, 0, 1};
	unsigned i;

	memset(m, 0, (circuit_arity(op) == 2 ? 32 : 8) * sizeof(*m));
	switch (op) {
	case CIRCUIT_RX:
	case CIRCUIT_RY:
	case CIRCUIT_RZ:
		turn(&all, op, a);
		break;
	case CIRCUIT_RZZ:
	case CIRCUIT_RXX:
	case CIRCUIT_RYY:
		turn_pair(op, a, m);
		break;
	case CIRCUIT_CRX:
	case CIRCUIT_CRY:
	case CIRCUIT_CRZ:
	case CIRCUIT_CPHASE:
		controlled(op, a, m);
		break;
	case CIRCUIT_H:
		hadamard(m);
		break;
	case CIRCUIT_X:
		put(m, 1, 1.0, 0.0);
		put(m, 2, 1.0, 0.0);
		break;
	case CIRCUIT_Y:
		put(m, 1, 0.0, -1.0);
		put(m, 2, 0.0, 1.0);
		break;
	case CIRCUIT_Z:
	case CIRCUIT_S:
	case CIRCUIT_SDG:
	case CIRCUIT_T:
	case CIRCUIT_TDG:
		put(m, 0, 1.0, 0.0);
		a = op == CIRCUIT_Z                        ? PI
		    : op == CIRCUIT_S || op == CIRCUIT_SDG ? PI / 2
							   : PI / 4;
		phase(m, 3, op == CIRCUIT_SDG || op == CIRCUIT_TDG ? -a : a);
		break;
	case CIRCUIT_CNOT:
		permute(cnot, m);
		break;
	case CIRCUIT_SWAP:
		permute(swap, m);
		break;
	case CIRCUIT_CZ:
		for (i = 0; i < 4; i++)
			put(m, 5 * i, i == 3 ? -1.0 : 1.0, 0.0);
		break;
	case CIRCUIT_NOPS:
		assert(false);
	}
}

/* Half a turn more, halved, is the slope of every rotation. */
void
gate_matrix_slope(enum circuit_op op, double a, double *m)
{
	unsigned n = circuit_arity(op) == 2 ? 32 : 8, i;

	memset(m, 0, n * sizeof(*m));
	if (!circuit_turns(op))
		return;
	if (op == CIRCUIT_CPHASE) {
		phase(m, 15, a + PI / 2);
		return;
	}
	gate_matrix(op, a + PI, m);
	for (i = 0; i < n; i++)
		m[i] *= 0.5;
	if (op == CIRCUIT_CRX || op == CIRCUIT_CRY || op == CIRCUIT_CRZ) {
		m[0] = 0.0;
		m[20] = 0.0;
	}
}
