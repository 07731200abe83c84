#include "sim/circuit/circuit_program.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "sim/circuit/circuit.h"
#include "sim/circuit/program_build.h"
#include "sim/circuit/qasm_math.h"
#include "sim/state/batch.h"

/* The program's gate, and how many of the circuit's qubits control it. */
static const struct {
	enum program_gate gate;
	uint32_t ncontrols;
} gates[CIRCUIT_NOPS] = {
    [CIRCUIT_RX] = {PROGRAM_RX, 0},
    [CIRCUIT_RY] = {PROGRAM_RY, 0},
    [CIRCUIT_RZ] = {PROGRAM_RZ, 0},
    [CIRCUIT_RZZ] = {PROGRAM_RZZ, 0},
    [CIRCUIT_H] = {PROGRAM_H, 0},
    [CIRCUIT_X] = {PROGRAM_X, 0},
    [CIRCUIT_Y] = {PROGRAM_Y, 0},
    [CIRCUIT_Z] = {PROGRAM_Z, 0},
    [CIRCUIT_S] = {PROGRAM_S, 0},
    [CIRCUIT_SDG] = {PROGRAM_SDG, 0},
    [CIRCUIT_T] = {PROGRAM_T, 0},
    [CIRCUIT_TDG] = {PROGRAM_TDG, 0},
    [CIRCUIT_CNOT] = {PROGRAM_X, 1},
    [CIRCUIT_CZ] = {PROGRAM_Z, 1},
    [CIRCUIT_SWAP] = {PROGRAM_SWAP, 0},
    [CIRCUIT_RXX] = {PROGRAM_RXX, 0},
    [CIRCUIT_RYY] = {PROGRAM_RYY, 0},
    [CIRCUIT_CRX] = {PROGRAM_RX, 1},
    [CIRCUIT_CRY] = {PROGRAM_RY, 1},
    [CIRCUIT_CRZ] = {PROGRAM_RZ, 1},
    [CIRCUIT_CPHASE] = {PROGRAM_P, 1},
};

struct making {
	const struct circuit *c;
	const struct circuit_values *v;
	struct program *p;
	uint32_t theta0, x0; /* first input of each kind */
};

static int
add_inputs(struct program *p, const char *name, uint32_t n, uint32_t *first)
{
	char text[PROGRAM_NAME_BYTES];
	uint32_t i;
	int rc = 0;

	*first = p->ninputs;
	for (i = 0; i < n && rc >= 0; i++) {
		snprintf(text, sizeof(text), "%s_%u", name, i);
		rc = program_add_input(p, text);
	}
	return rc < 0 ? rc : 0;
}

/* A factor is a number or an input: *coef is multiplied, or *input is set.
 * False: there is an input already. */
static bool
factor(const struct making *m, enum circuit_ref ref, uint32_t index,
    struct program_term *t)
{
	const double *values =
	    ref == CIRCUIT_PARAM ? m->v->theta : m->v->features;

	if (ref == CIRCUIT_CONST)
		return true;
	if (values != NULL) {
		t->coef *= values[index];
		return true;
	}
	if (t->input != UINT32_MAX)
		return false;
	t->input = index + (ref == CIRCUIT_PARAM ? m->theta0 : m->x0);
	return true;
}

/* The index of the program's angle, or an error. */
static int
add_angle(const struct making *m, const struct circuit_angle *a)
{
	struct program_term t = {UINT32_MAX, a->coef};
	struct program_angle out = {.offset = a->offset};

	if (a->ref == CIRCUIT_CONST)
		return program_add_angle(m->p, &out, &t);
	if (!factor(m, a->ref, a->index, &t) ||
	    !factor(m, a->by, a->by_index, &t))
		return -ENOTSUP;
	if (t.input == UINT32_MAX)
		out.offset += t.coef;
	else
		out.nterms = 1;
	return program_add_angle(m->p, &out, &t);
}

static int
add_gate(const struct making *m, const struct circuit_gate *g)
{
	struct program_op op = {.kind = PROGRAM_GATE,
	    .gate = gates[g->op].gate};
	int angle = 0;

	op.ncontrols = gates[g->op].ncontrols;
	op.ntargets = circuit_arity(g->op) - op.ncontrols;
	op.when = op.ncontrols;
	if (circuit_turns(g->op))
		angle = add_angle(m, &g->angle);
	if (angle < 0)
		return angle;
	op.angle0 = (uint32_t)angle;
	return program_add_gate(m->p, &op, g->q);
}

int
circuit_program(const struct circuit *c, const struct circuit_values *v,
    struct program *p)
{
	struct making m = {.c = c, .v = v, .p = p};
	bool starts = c->start == CIRCUIT_AMPLITUDES;
	size_t i;
	int rc = program_add_register(p, "q", c->nqubits, true);

	if (rc >= 0 && v->features == NULL && !starts)
		rc = add_inputs(p, "x", c->nfeatures, &m.x0);
	if (rc >= 0 && v->theta == NULL)
		rc = add_inputs(p, "theta", c->nparams, &m.theta0);
	if (rc >= 0 && v->features != NULL && starts)
		rc = circuit_program_amplitudes(p, v->features, c->nfeatures);
	for (i = 0; i < c->ngates && rc >= 0; i++)
		rc = add_gate(&m, &c->gates[i]);
	if (rc < 0)
		program_close(p);
	return rc < 0 ? rc : 0;
}

static int
add_ry(struct program *p, uint32_t q, double a)
{
	struct program_op op = {.kind = PROGRAM_GATE,
	    .gate = PROGRAM_RY,
	    .ntargets = 1};
	struct program_angle angle = {.offset = a};
	int rc = program_add_angle(p, &angle, NULL);

	if (rc < 0)
		return rc;
	op.angle0 = (uint32_t)rc;
	return program_add_gate(p, &op, &q);
}

static int
add_cnot(struct program *p, uint32_t control, uint32_t target)
{
	struct program_op op = {.kind = PROGRAM_GATE,
	    .gate = PROGRAM_X,
	    .ncontrols = 1,
	    .ntargets = 1,
	    .when = 1};
	const uint32_t q[2] = {control, target};

	return program_add_gate(p, &op, q);
}

/* The bit in which Gray's code i of m bits differs from the next one. */
static uint32_t
changes(uint32_t i, uint32_t m)
{
	uint32_t bit = 0;

	while (bit + 1 < m && !((i + 1) >> bit & 1))
		bit++;
	return bit;
}

/*
 * RY(a[b]) on qubit k where the qubits above it are b, of n in all: with
 * m = n - 1 - k of these, 2^m RYs with a CNOT after each, from the bit in which
 * Gray's code changes. a is used up: its Walsh transform gives the angles.
 */
static int
add_choice(struct program *p, uint32_t k, double *a)
{
	uint32_t m = p->nqubits - 1 - k, n = UINT32_C(1) << m, h, i;
	bool any = false;
	int rc = 0;

	for (h = 1; h < n; h *= 2) {
		for (i = 0; i < n; i++) {
			double x = a[i], y = a[i | h];

			if (i & h)
				continue;
			a[i] = x + y;
			a[i | h] = x - y;
		}
	}
	for (i = 0; i < n; i++)
		any |= a[i] != 0.0;
	for (i = 0; i < n && any && rc >= 0; i++) {
		rc = add_ry(p, k, a[i ^ i >> 1] / (double)n);
		if (rc >= 0 && m > 0)
			rc = add_cnot(p, k + 1 + changes(i, m), k);
	}
	return rc;
}

/* Halves r from n entries: pairs to their length; angle[n / 2] turns |0> to
 * the pair. */
static void
halve(double *r, double *angle, size_t n)
{
	size_t i;

	for (i = 0; i < n / 2; i++) {
		double x = r[2 * i], y = r[2 * i + 1];

		angle[i] = 2.0 * qasm_atan2(y, x);
		r[i] = sqrt(x * x + y * y);
	}
}

int
circuit_program_amplitudes(struct program *p, const double *amp, uint32_t count)
{
	size_t n = (size_t)1 << p->nqubits, k;
	uint32_t q;
	double *r = calloc(2 * n, sizeof(*r));
	int rc = r ? 0 : -ENOMEM;

	for (k = 0; k < count && rc == 0; k++) {
		r[k] = amp[k];
		if (!isfinite(amp[k]))
			rc = -EINVAL;
	}
	if (rc == 0)
		batch_normalise(r, count);
	/* A level of the tree after the other: that of qubit q, 2^(nqubits -
	 * 1 - q) angles, stands at 2 n - 2^(nqubits - q). */
	for (k = n; k > 1 && rc == 0; k /= 2)
		halve(r, r + 2 * n - k, k);
	for (q = p->nqubits; q > 0 && rc >= 0; q--)
		rc = add_choice(p, q - 1, r + 2 * n - (n >> (q - 1)));
	free(r);
	return rc < 0 ? rc : 0;
}
