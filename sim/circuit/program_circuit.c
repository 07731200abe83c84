/*
 * program_circuit.c - a program as gates of the batch engine, up to a global
 * phase. Inputs become parameters in order of declaration.
 */
#include "sim/circuit/program_build.h"

#include <errno.h>

#include "sim/circuit/circuit.h"

#define PI 3.14159265358979323846

struct lowering {
	const struct program *p;
	struct circuit *c;
	const uint32_t *control; /* of the op in hand */
	uint32_t n;              /* controls */
	const uint32_t *target;
	int rc;
};

static void
emit(struct lowering *l, enum circuit_op op, const uint32_t *q,
    struct circuit_angle a)
{
	struct circuit_gate g = {.op = op, .angle = a};
	unsigned i;

	for (i = 0; i < circuit_arity(op) && i < 2; i++)
		g.q[i] = q[i];
	if (l->rc == 0)
		l->rc = circuit_add(l->c, &g);
}

static void
fixed(struct lowering *l, enum circuit_op op, uint32_t a, uint32_t b)
{
	const uint32_t q[2] = {a, b};

	emit(l, op, q, (struct circuit_angle){.ref = CIRCUIT_CONST});
}

static void
turn(struct lowering *l, enum circuit_op op, const uint32_t *q, double angle)
{
	emit(l, op, q,
	    (struct circuit_angle){.ref = CIRCUIT_CONST, .offset = angle});
}

/* Rotations of one axis add up: one gate for each input of the angle. */
static void
rotate(struct lowering *l, enum circuit_op op, const uint32_t *q,
    const struct program_angle *a, double factor)
{
	const struct program_term *t = l->p->terms + a->term0;
	uint32_t i;

	if (a->linearised && l->rc == 0)
		l->rc = -ENOTSUP;
	if (a->nterms == 0)
		turn(l, op, q, factor * a->offset);
	for (i = 0; i < a->nterms; i++)
		emit(l, op, q,
		    (struct circuit_angle){.ref = CIRCUIT_PARAM,
			.index = t[i].input,
			.coef = factor * t[i].coef,
			.offset = i == 0 ? factor * a->offset : 0.0});
}

/* exp(i a) where controls and target are 1. */
static void
phase(struct lowering *l, const struct program_angle *a)
{
	uint32_t near[2] = {l->n > 1 ? l->control[1] : 0, l->target[0]};
	uint32_t far[2] = {l->n > 0 ? l->control[0] : 0, l->target[0]};

	if (l->n == 0) {
		rotate(l, CIRCUIT_RZ, l->target, a, 1.0);
	} else if (l->n == 1) {
		rotate(l, CIRCUIT_CPHASE, far, a, 1.0);
	} else {
		rotate(l, CIRCUIT_CPHASE, near, a, 0.5);
		fixed(l, CIRCUIT_CNOT, far[0], near[0]);
		rotate(l, CIRCUIT_CPHASE, near, a, -0.5);
		fixed(l, CIRCUIT_CNOT, far[0], near[0]);
		rotate(l, CIRCUIT_CPHASE, far, a, 0.5);
	}
}

static void
phase_of(struct lowering *l, double angle)
{
	struct program_angle a = {.offset = angle};

	phase(l, &a);
}

static void
flip(struct lowering *l)
{
	if (l->n == 0) {
		fixed(l, CIRCUIT_X, l->target[0], 0);
	} else if (l->n == 1) {
		fixed(l, CIRCUIT_CNOT, l->control[0], l->target[0]);
	} else {
		fixed(l, CIRCUIT_H, l->target[0], 0);
		phase_of(l, PI);
		fixed(l, CIRCUIT_H, l->target[0], 0);
	}
}

static void
axis(struct lowering *l, enum circuit_op plain, enum circuit_op controlled,
    const struct program_angle *a)
{
	uint32_t q[2] = {l->n ? l->control[0] : 0, l->target[0]};

	if (l->n > 1 && l->rc == 0)
		l->rc = -ENOTSUP;
	rotate(l, l->n ? controlled : plain, l->n ? q : l->target, a, 1.0);
}

static void
root(struct lowering *l, double angle)
{
	if (l->n == 0) {
		turn(l, CIRCUIT_RX, l->target, angle);
		return;
	}
	fixed(l, CIRCUIT_H, l->target[0], 0);
	phase_of(l, angle);
	fixed(l, CIRCUIT_H, l->target[0], 0);
}

static void
two_qubits(struct lowering *l, const struct program_op *op)
{
	const struct program_angle *a = &l->p->angles[op->angle0];
	const uint32_t *t = l->target;
	const uint32_t both[2] = {l->n ? l->control[0] : 0, t[1]};

	if (op->gate == PROGRAM_SWAP && l->n == 1) {
		struct lowering toffoli = *l;

		toffoli.control = both;
		toffoli.n = 2;
		fixed(l, CIRCUIT_CNOT, t[0], t[1]);
		flip(&toffoli);
		fixed(l, CIRCUIT_CNOT, t[0], t[1]);
		l->rc = toffoli.rc ? toffoli.rc : l->rc;
		return;
	}
	if (l->n > 0 && l->rc == 0)
		l->rc = -ENOTSUP;
	if (op->gate == PROGRAM_SWAP)
		fixed(l, CIRCUIT_SWAP, t[0], t[1]);
	else
		rotate(l,
		    op->gate == PROGRAM_RXX       ? CIRCUIT_RXX
			: op->gate == PROGRAM_RYY ? CIRCUIT_RYY
						  : CIRCUIT_RZZ,
		    t, a, 1.0);
}

static void
one_qubit(struct lowering *l, const struct program_op *op)
{
	const struct program_angle *a = l->p->angles + op->angle0;
	uint32_t t = l->target[0];

	switch ((int)op->gate) {
	case PROGRAM_X:
		flip(l);
		break;
	case PROGRAM_Y:
		fixed(l, CIRCUIT_SDG, t, 0);
		flip(l);
		fixed(l, CIRCUIT_S, t, 0);
		break;
	case PROGRAM_Z:
		phase_of(l, PI);
		break;
	case PROGRAM_H: /* z, between eighths of a turn */
		turn(l, CIRCUIT_RY, l->target, -PI / 4.0);
		phase_of(l, PI);
		turn(l, CIRCUIT_RY, l->target, PI / 4.0);
		break;
	case PROGRAM_S:
	case PROGRAM_SDG:
		phase_of(l, op->gate == PROGRAM_S ? PI / 2.0 : -PI / 2.0);
		break;
	case PROGRAM_T:
	case PROGRAM_TDG:
		phase_of(l, op->gate == PROGRAM_T ? PI / 4.0 : -PI / 4.0);
		break;
	case PROGRAM_SX:
	case PROGRAM_SXDG:
		root(l, op->gate == PROGRAM_SX ? PI / 2.0 : -PI / 2.0);
		break;
	case PROGRAM_P:
		phase(l, a);
		break;
	case PROGRAM_RX:
		axis(l, CIRCUIT_RX, CIRCUIT_CRX, a);
		break;
	case PROGRAM_RY:
		axis(l, CIRCUIT_RY, CIRCUIT_CRY, a);
		break;
	case PROGRAM_RZ:
		axis(l, CIRCUIT_RZ, CIRCUIT_CRZ, a);
		break;
	case PROGRAM_U:
		phase(l, a + 2);
		axis(l, CIRCUIT_RY, CIRCUIT_CRY, a);
		phase(l, a + 1);
		break;
	default:
		if (l->rc == 0)
			l->rc = -ENOTSUP;
	}
}

/* Controls that are to be 0 stand between two X. */
static void
flip_zeros(struct lowering *l, const struct program_op *op)
{
	uint32_t i;

	for (i = 0; i < op->ncontrols; i++) {
		if (!(op->when >> i & 1))
			fixed(l, CIRCUIT_X, l->p->wires[op->wire0 + i], 0);
	}
}

static void
lower_op(struct lowering *l, const struct program_op *op)
{
	struct program_op g = *op;

	if (g.gate == PROGRAM_ID ||
	    (g.gate == PROGRAM_GPHASE && g.ncontrols == 0))
		return;
	l->control = l->p->wires + op->wire0;
	l->n = op->ncontrols;
	if (g.gate == PROGRAM_GPHASE) { /* P on the last control */
		g.gate = PROGRAM_P;
		l->n--;
	}
	l->target = l->control + l->n;
	if (l->n > 2 && l->rc == 0)
		l->rc = -ENOTSUP;
	flip_zeros(l, op);
	if (program_gate_targets(g.gate) == 2)
		two_qubits(l, &g);
	else
		one_qubit(l, &g);
	flip_zeros(l, op);
}

int
program_to_circuit(const struct program *p, struct circuit *c)
{
	struct lowering l = {.p = p, .c = c};
	uint32_t i;

	if (!program_is_unitary(p))
		return -ENOTSUP;
	l.rc = circuit_init(c, p->nqubits);
	for (i = 0; i < p->nops && l.rc == 0; i++) {
		if (p->ops[i].kind == PROGRAM_GATE)
			lower_op(&l, &p->ops[i]);
	}
	if (l.rc == 0 && c->nparams < p->ninputs)
		c->nparams = p->ninputs;
	if (l.rc < 0)
		circuit_close(c);
	return l.rc;
}
