/*
 * vqe_program.c - a circuit of an eigensolver as gates: a turn about a string
 * is a change of basis, a ladder of CNOTs, RZ, and back.
 */
#include "sim/learn/vqe_circuit.h"

#include <errno.h>
#include <stdio.h>

#include "sim/circuit/program.h"
#include "sim/circuit/program_build.h"

static int
gate1(struct program *p, enum program_gate gate, uint32_t q)
{
	const struct program_op op = {.kind = PROGRAM_GATE,
	    .gate = gate,
	    .ntargets = 1};

	return program_add_gate(p, &op, &q);
}

static int
cnot(struct program *p, uint32_t control, uint32_t target)
{
	const struct program_op op = {.kind = PROGRAM_GATE,
	    .gate = PROGRAM_X,
	    .ncontrols = 1,
	    .ntargets = 1,
	    .when = 1};
	const uint32_t q[2] = {control, target};

	return program_add_gate(p, &op, q);
}

static int
rotation(struct program *p, enum program_gate gate, const struct vqe_op *turn,
    const uint32_t *qubits)
{
	const struct program_angle angle = {.nterms = 1};
	const struct program_term term = {turn->param, turn->coef};
	struct program_op op = {.kind = PROGRAM_GATE,
	    .gate = gate,
	    .ntargets = program_gate_targets(gate),
	    .nangles = 1};
	int at = program_add_angle(p, &angle, &term);

	if (at < 0)
		return at;
	op.angle0 = (uint32_t)at;
	return program_add_gate(p, &op, qubits);
}

/* X, Y, Z: 1, 3, 2. */
static unsigned
letter(const struct vqe_op *t, uint32_t q)
{
	return (unsigned)(t->x >> q & 1) | (unsigned)(t->z >> q & 1) << 1;
}

/* So that the letter becomes Z, or back. */
static int
basis(struct program *p, const struct vqe_op *t, uint32_t q, bool back)
{
	unsigned l = letter(t, q);
	int rc = 0;

	if (l == 3 && !back)
		rc = gate1(p, PROGRAM_SDG, q);
	if (rc >= 0 && l != 2)
		rc = gate1(p, PROGRAM_H, q);
	if (rc >= 0 && l == 3 && back)
		rc = gate1(p, PROGRAM_S, q);
	return rc < 0 ? rc : 0;
}

static int
ladder(struct program *p, const struct vqe_op *t, const uint32_t *q, uint32_t n)
{
	uint32_t i;
	int rc = 0;

	for (i = 0; i < n && rc >= 0; i++)
		rc = basis(p, t, q[i], false);
	for (i = 0; i + 1 < n && rc >= 0; i++)
		rc = cnot(p, q[i], q[i + 1]);
	if (rc >= 0)
		rc = rotation(p, PROGRAM_RZ, t, &q[n - 1]);
	for (i = n - 1; i > 0 && rc >= 0; i--)
		rc = cnot(p, q[i - 1], q[i]);
	for (i = 0; i < n && rc >= 0; i++)
		rc = basis(p, t, q[i], true);
	return rc;
}

static int
turn(struct program *p, const struct vqe_op *t, uint32_t nqubits)
{
	static const enum program_gate one[] = {PROGRAM_ID, PROGRAM_RX,
	    PROGRAM_RZ, PROGRAM_RY};
	static const enum program_gate two[] = {PROGRAM_ID, PROGRAM_RXX,
	    PROGRAM_RZZ, PROGRAM_RYY};
	uint32_t q[64], n = 0, i;

	for (i = 0; i < nqubits; i++) {
		if (letter(t, i) != 0)
			q[n++] = i;
	}
	if (n == 0)
		return 0; /* a global phase */
	if (n == 1)
		return rotation(p, one[letter(t, q[0])], t, q);
	if (n == 2 && letter(t, q[0]) == letter(t, q[1]))
		return rotation(p, two[letter(t, q[0])], t, q);
	return ladder(p, t, q, n);
}

int
vqe_circuit_program(const struct vqe_circuit *c, struct program *p)
{
	char name[24];
	uint32_t i;
	size_t k;
	int rc = program_add_register(p, "q", c->nqubits, true);

	for (i = 0; i < c->nparams && rc >= 0; i++) {
		snprintf(name, sizeof(name), "theta%u", i);
		rc = program_add_input(p, name);
	}
	for (i = 0; i < c->nqubits && rc >= 0; i++) {
		if (c->start >> i & 1)
			rc = gate1(p, PROGRAM_X, i);
	}
	for (k = 0; k < c->nops && rc >= 0; k++) {
		const struct vqe_op *op = &c->ops[k];

		if (op->gate == VQE_TURN)
			rc = turn(p, op, c->nqubits);
		else if (op->gate == VQE_H)
			rc = gate1(p, PROGRAM_H, op->qubit[0]);
		else
			rc = cnot(p, op->qubit[0], op->qubit[1]);
	}
	if (rc < 0)
		program_close(p);
	return rc < 0 ? rc : 0;
}
