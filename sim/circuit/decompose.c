#include "sim/circuit/decompose.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "sim/circuit/circuit.h"
#include "sim/circuit/qasm_math.h"
#include "sim/circuit/unitary.h"

#define TOLERANCE 1e-9
#define TURNS_MAX 6

/* Acts on the two basis states low and low ^ bit: RZ(first), RY, RZ(last). */
struct pair_turn {
	uint32_t target, control, when;
	double first, turn, last;
};

static int
add(struct circuit *c, enum circuit_op op, const uint32_t *q, double angle)
{
	const struct circuit_gate g = {.op = op,
	    .q = {q[0], q[1]},
	    .angle = {.ref = CIRCUIT_CONST, .coef = 1.0, .offset = angle}};

	return angle == 0.0 && circuit_turns(op) ? 0 : circuit_add(c, &g);
}

static bool
is_unitary(const double *m, uint32_t dim)
{
	uint32_t i, j, k;

	for (i = 0; i < dim; i++) {
		for (j = 0; j < dim; j++) {
			double re = i == j ? -1.0 : 0.0, im = 0.0;

			for (k = 0; k < dim; k++) {
				const double *x = &m[2 * (i * dim + k)];
				const double *y = &m[2 * (j * dim + k)];

				re += x[0] * y[0] + x[1] * y[1];
				im += x[1] * y[0] - x[0] * y[1];
			}
			/* Also false for NaN. */
			if (!(fabs(re) + fabs(im) < TOLERANCE))
				return false;
		}
	}
	return true;
}

static int
one_qubit(struct circuit *c, uint32_t q, const double *m)
{
	const uint32_t both[2] = {q, 0};
	double a[4];
	int rc;

	unitary_angles(m, a);
	rc = add(c, CIRCUIT_RZ, both, a[2]);
	if (rc == 0)
		rc = add(c, CIRCUIT_RY, both, a[0]);
	return rc == 0 ? add(c, CIRCUIT_RZ, both, a[1]) : rc;
}

/* Rows p and r of m by [[a*, b*], [-b, a]] / length, which makes m[r][col] 0;
 * *t is its inverse. */
static bool
eliminate(double *m, uint32_t p, uint32_t r, uint32_t col, struct pair_turn *t)
{
	double ar = m[2 * (4 * p + col)], ai = m[2 * (4 * p + col) + 1];
	double br = m[2 * (4 * r + col)], bi = m[2 * (4 * r + col) + 1];
	double na = sqrt(ar * ar + ai * ai), nb = sqrt(br * br + bi * bi);
	double length = sqrt(na * na + nb * nb);
	double pa = na > 0.0 ? qasm_atan2(ai, ar) : 0.0;
	double pb = nb > 0.0 ? qasm_atan2(bi, br) : 0.0;
	uint32_t k;

	if (nb < 1e-15)
		return false;
	t->target = (p ^ r) >> 1;
	t->control = 1 - t->target;
	t->when = p >> t->control & 1;
	t->turn = 2.0 * qasm_atan2(nb, na);
	if ((p >> t->target & 1) != 0) { /* p is the qubit's 1 */
		t->turn = -t->turn;
		pa = -pa;
		pb = -pb;
	}
	t->last = pb - pa;
	t->first = -pa - pb;
	for (k = 0; k < 4; k++) {
		double *x = &m[2 * (4 * p + k)], *y = &m[2 * (4 * r + k)];
		double xr = x[0], xi = x[1], yr = y[0], yi = y[1];

		x[0] = (ar * xr + ai * xi + br * yr + bi * yi) / length;
		x[1] = (ar * xi - ai * xr + br * yi - bi * yr) / length;
		y[0] = (ar * yr - ai * yi - br * xr + bi * xi) / length;
		y[1] = (ar * yi + ai * yr - br * xi - bi * xr) / length;
	}
	return true;
}

static int
add_diagonal(struct circuit *c, const uint32_t *q, const double *m)
{
	const uint32_t high[2] = {q[1], q[0]};
	double d[4];
	uint32_t i;
	int rc;

	for (i = 0; i < 4; i++)
		d[i] = qasm_atan2(m[10 * i + 1], m[10 * i]);
	rc = add(c, CIRCUIT_RZ, q, -0.5 * (d[0] - d[1] + d[2] - d[3]));
	if (rc == 0)
		rc = add(c, CIRCUIT_RZ, high,
		    -0.5 * (d[0] + d[1] - d[2] - d[3]));
	return rc == 0
	    ? add(c, CIRCUIT_RZZ, q, -0.5 * (d[0] - d[1] - d[2] + d[3]))
	    : rc;
}

/* Controlled by a 1; an X around it makes that a 0. */
static int
add_turn(struct circuit *c, const uint32_t *q, const struct pair_turn *t)
{
	const uint32_t on[2] = {q[t->control], q[t->target]};
	int rc = t->when == 0 ? add(c, CIRCUIT_X, on, 0.0) : 0;

	if (rc == 0)
		rc = add(c, CIRCUIT_CRZ, on, t->first);
	if (rc == 0)
		rc = add(c, CIRCUIT_CRY, on, t->turn);
	if (rc == 0)
		rc = add(c, CIRCUIT_CRZ, on, t->last);
	if (rc == 0 && t->when == 0)
		rc = add(c, CIRCUIT_X, on, 0.0);
	return rc;
}

/* Column by column, each row by its neighbour in Gray order, so that a turn
 * touches two states that differ in one qubit. */
static int
two_qubits(struct circuit *c, const uint32_t *q, double *m)
{
	static const uint32_t gray[4] = {0, 1, 3, 2};
	struct pair_turn turns[TURNS_MAX];
	uint32_t i, j, n = 0;
	int rc;

	for (i = 0; i < 3; i++) {
		for (j = 3; j > i; j--) {
			if (eliminate(m, gray[j - 1], gray[j], gray[i],
				&turns[n]))
				n++;
		}
	}
	rc = add_diagonal(c, q, m);
	while (n-- > 0 && rc == 0)
		rc = add_turn(c, q, &turns[n]);
	return rc;
}

int
decompose(struct circuit *c, const uint32_t *q, uint32_t n, const double *m)
{
	double work[32];

	if (n < 1 || n > 2 || q[0] >= c->nqubits ||
	    (n == 2 && (q[1] >= c->nqubits || q[1] == q[0])))
		return -EINVAL;
	if (!is_unitary(m, 1U << n))
		return -EDOM;
	if (n == 1)
		return one_qubit(c, q[0], m);
	memcpy(work, m, sizeof(work));
	return two_qubits(c, q, work);
}
