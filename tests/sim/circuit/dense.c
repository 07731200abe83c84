#include "tests/sim/circuit/dense.h"

#include <math.h>
#include <string.h>

static double
factor(enum circuit_ref ref, uint32_t index, const double *theta,
    const double *features)
{
	if (ref == CIRCUIT_PARAM)
		return theta[index];
	return ref == CIRCUIT_FEATURE ? features[index] : 1.0;
}

static double
angle_of(const struct circuit_angle *a, const double *theta,
    const double *features)
{
	if (a->ref == CIRCUIT_CONST)
		return a->offset;
	return a->coef * factor(a->ref, a->index, theta, features) *
	    factor(a->by, a->by_index, theta, features) +
	    a->offset;
}

/* A diagonal 2 x 2 with entries exp(i lo), exp(i hi). */
static void
phase2(double lo, double hi, double complex m[4][4])
{
	m[0][0] = cexp(I * lo);
	m[1][1] = cexp(I * hi);
}

static void
rotation(enum circuit_op op, double a, double complex m[4][4])
{
	double c = cos(a / 2), s = sin(a / 2);

	m[0][0] = c;
	m[1][1] = c;
	m[0][1] = op == CIRCUIT_RX ? -I * s : -s;
	m[1][0] = op == CIRCUIT_RX ? -I * s : s;
}

static void
one_qubit(enum circuit_op op, double a, double complex m[4][4])
{
	const double pi = acos(-1.0), r = sqrt(0.5);

	if (op == CIRCUIT_RX || op == CIRCUIT_RY) {
		rotation(op, a, m);
	} else if (op == CIRCUIT_RZ) {
		phase2(-a / 2, a / 2, m);
	} else if (op == CIRCUIT_H) {
		m[0][0] = m[0][1] = m[1][0] = r;
		m[1][1] = -r;
	} else if (op == CIRCUIT_X) {
		m[0][1] = m[1][0] = 1;
	} else if (op == CIRCUIT_Y) {
		m[0][1] = -I;
		m[1][0] = I;
	} else if (op == CIRCUIT_Z) {
		phase2(0, pi, m);
	} else if (op == CIRCUIT_S || op == CIRCUIT_SDG) {
		phase2(0, op == CIRCUIT_S ? pi / 2 : -pi / 2, m);
	} else {
		phase2(0, op == CIRCUIT_T ? pi / 4 : -pi / 4, m);
	}
}

/* exp(-i a P P / 2), P = X or Y. */
static void
double_turn(enum circuit_op op, double a, double complex m[4][4])
{
	unsigned i;

	for (i = 0; i < 4; i++) {
		double sign = op == CIRCUIT_RYY && (i == 0 || i == 3) ? -1 : 1;

		m[i][i] = cos(a / 2);
		m[3 - i][i] = -I * sign * sin(a / 2);
	}
}

/* q[0] has the low bit, so its ones are indices 1 and 3. */
static void
controlled(enum circuit_op op, double a, double complex m[4][4])
{
	double c = cos(a / 2), s = sin(a / 2);

	m[0][0] = m[2][2] = 1;
	m[1][1] = m[3][3] = c;
	if (op == CIRCUIT_CRX) {
		m[1][3] = m[3][1] = -I * s;
	} else if (op == CIRCUIT_CRY) {
		m[1][3] = -s;
		m[3][1] = s;
	} else {
		m[1][1] = op == CIRCUIT_CRZ ? cexp(-I * a / 2) : 1;
		m[3][3] = cexp(op == CIRCUIT_CRZ ? I * a / 2 : I * a);
	}
}

/* Index 2 b1 + b0 with b0 the bit of q[0], b1 that of q[1]. */
static void
two_qubits(enum circuit_op op, double a, double complex m[4][4])
{
	unsigned i;

	if (op == CIRCUIT_RXX || op == CIRCUIT_RYY) {
		double_turn(op, a, m);
	} else if (op >= CIRCUIT_CRX) {
		controlled(op, a, m);
	} else if (op == CIRCUIT_CNOT) {
		m[0][0] = m[2][2] = m[1][3] = m[3][1] = 1;
	} else if (op == CIRCUIT_SWAP) {
		m[0][0] = m[3][3] = m[1][2] = m[2][1] = 1;
	} else {
		for (i = 0; i < 4; i++) {
			double z = i == 0 || i == 3 ? 1 : -1;

			m[i][i] = op == CIRCUIT_RZZ ? cexp(-I * a * z / 2)
			    : i == 3                ? -1
						    : 1;
		}
	}
}

static unsigned
local_index(const struct circuit_gate *g, uint32_t x)
{
	unsigned i = x >> g->q[0] & 1;

	if (circuit_arity(g->op) == 2)
		i |= (x >> g->q[1] & 1) << 1;
	return i;
}

/* out = G in, G[y][x] = m[local y][local x] if all other bits agree. */
static void
apply(const struct circuit_gate *g, double complex m[4][4], uint32_t n,
    double complex *state)
{
	static double complex out[DENSE_MAX];
	uint32_t size = UINT32_C(1) << n, mine = UINT32_C(1) << g->q[0], x, y;

	if (circuit_arity(g->op) == 2)
		mine |= UINT32_C(1) << g->q[1];
	for (y = 0; y < size; y++) {
		out[y] = 0;
		for (x = 0; x < size; x++) {
			if ((x & ~mine) == (y & ~mine))
				out[y] +=
				    m[local_index(g, y)][local_index(g, x)] *
				    state[x];
		}
	}
	memcpy(state, out, size * sizeof(*state));
}

void
dense_run(const struct circuit *c, const double *theta, const double *features,
    double complex *state)
{
	size_t i;

	for (i = 0; i < c->ngates; i++) {
		const struct circuit_gate *g = &c->gates[i];
		double a = angle_of(&g->angle, theta, features);
		double complex m[4][4] = {{0}};

		if (circuit_arity(g->op) == 2)
			two_qubits(g->op, a, m);
		else
			one_qubit(g->op, a, m);
		apply(g, m, c->nqubits, state);
	}
}

double
dense_distance(const double complex *a, const double complex *b,
    uint32_t nqubits)
{
	double complex dot = 0;
	double na = 0, nb = 0;
	uint32_t x;

	for (x = 0; x < UINT32_C(1) << nqubits; x++) {
		dot += conj(a[x]) * b[x];
		na += creal(conj(a[x]) * a[x]);
		nb += creal(conj(b[x]) * b[x]);
	}
	return fabs(na - 1) + fabs(nb - 1) + fabs(1 - creal(dot * conj(dot)));
}
