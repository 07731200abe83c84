#include "sim/circuit/program_build.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define BYTES_DEFAULT ((size_t)1 << 30)

static const struct {
	const char *name;
	uint32_t ntargets, nangles;
} gates[PROGRAM_NGATES] = {
    [PROGRAM_GPHASE] = {"gphase", 0, 1},
    [PROGRAM_ID] = {"id", 1, 0},
    [PROGRAM_X] = {"x", 1, 0},
    [PROGRAM_Y] = {"y", 1, 0},
    [PROGRAM_Z] = {"z", 1, 0},
    [PROGRAM_H] = {"h", 1, 0},
    [PROGRAM_S] = {"s", 1, 0},
    [PROGRAM_SDG] = {"sdg", 1, 0},
    [PROGRAM_T] = {"t", 1, 0},
    [PROGRAM_TDG] = {"tdg", 1, 0},
    [PROGRAM_SX] = {"sx", 1, 0},
    [PROGRAM_SXDG] = {"sxdg", 1, 0},
    [PROGRAM_P] = {"p", 1, 1},
    [PROGRAM_RX] = {"rx", 1, 1},
    [PROGRAM_RY] = {"ry", 1, 1},
    [PROGRAM_RZ] = {"rz", 1, 1},
    [PROGRAM_U] = {"u", 1, 3},
    [PROGRAM_SWAP] = {"swap", 2, 0},
    [PROGRAM_RXX] = {"rxx", 2, 1},
    [PROGRAM_RYY] = {"ryy", 2, 1},
    [PROGRAM_RZZ] = {"rzz", 2, 1},
    [PROGRAM_MATRIX] = {"unitary", 0, 0},
};

void
program_close(struct program *p)
{
	free(p->ops);
	free(p->wires);
	free(p->angles);
	free(p->terms);
	free(p->numbers);
	free(p->conds);
	free(p->inputs);
	free(p->registers);
	*p = (struct program)PROGRAM_INIT;
}

const char *
program_gate_name(enum program_gate g)
{
	return gates[g].name;
}

uint32_t
program_gate_targets(enum program_gate g)
{
	return gates[g].ntargets;
}

uint32_t
program_gate_angles(enum program_gate g)
{
	return gates[g].nangles;
}

/* Room for n more of size bytes each after *used. */
static int
reserve(struct program *p, void **array, uint32_t *cap, size_t size,
    size_t need)
{
	size_t max = p->bytes_max ? p->bytes_max : BYTES_DEFAULT;
	size_t want = *cap ? (size_t)*cap * 2 : 16;
	size_t more;
	void *grown;

	if (need <= *cap)
		return 0;
	if (need > INT32_MAX)
		return -ENOMEM;
	if (want < need)
		want = need;
	more = (want - *cap) * size;
	if (p->bytes > max || more > max - p->bytes)
		return -ENOMEM;
	grown = realloc(*array, want * size);
	if (grown == NULL)
		return -ENOMEM;
	*array = grown;
	*cap = (uint32_t)want;
	p->bytes += more;
	return 0;
}

#define RESERVE(p, list, more)                                               \
	reserve(p, (void **)&(p)->list, &(p)->cap##list, sizeof(*(p)->list), \
	    (size_t)(p)->n##list + (more))

int
program_add_register(struct program *p, const char *name, uint32_t size,
    bool quantum)
{
	uint32_t *total = quantum ? &p->nqubits : &p->nbits;
	uint32_t max = quantum ? PROGRAM_MAX_QUBITS : PROGRAM_MAX_BITS;
	struct program_register *r;
	int rc;

	if (size == 0 || size > max - *total ||
	    strlen(name) >= PROGRAM_NAME_BYTES)
		return -EINVAL;
	rc = RESERVE(p, registers, 1);
	if (rc < 0)
		return rc;
	r = &p->registers[p->nregisters++];
	*r = (struct program_register){.first = *total,
	    .size = size,
	    .quantum = quantum};
	memcpy(r->name, name, strlen(name) + 1);
	*total += size;
	return 0;
}

int
program_add_input(struct program *p, const char *name)
{
	struct program_input *in;
	int rc;

	if (strlen(name) >= PROGRAM_NAME_BYTES ||
	    p->ninputs >= PROGRAM_MAX_INPUTS)
		return -EINVAL;
	rc = RESERVE(p, inputs, 1);
	if (rc < 0)
		return rc;
	in = &p->inputs[p->ninputs];
	*in = (struct program_input){.set = false};
	memcpy(in->name, name, strlen(name) + 1);
	return (int)p->ninputs++;
}

int
program_add_angle(struct program *p, const struct program_angle *a,
    const struct program_term *terms)
{
	uint32_t i;
	int rc;

	/* Not finite, or so large that a sine of it has no meaning. */
	if (!(fabs(a->offset) <= 1e15))
		return -EINVAL;
	for (i = 0; i < a->nterms; i++) {
		if (terms[i].input >= p->ninputs ||
		    !(fabs(terms[i].coef) <= 1e15))
			return -EINVAL;
	}
	rc = RESERVE(p, angles, 1);
	if (rc == 0)
		rc = RESERVE(p, terms, a->nterms + 1);
	if (rc < 0)
		return rc;
	p->angles[p->nangles] = *a;
	p->angles[p->nangles].term0 = p->nterms;
	if (a->nterms > 0)
		memcpy(p->terms + p->nterms, terms, a->nterms * sizeof(*terms));
	p->nterms += a->nterms;
	return (int)p->nangles++;
}

static int
add_op(struct program *p, const struct program_op *op, const uint32_t *wires,
    uint32_t nwires)
{
	uint64_t seen = 0;
	uint32_t i;
	int rc;

	for (i = 0; i < nwires; i++) {
		if (wires[i] >= p->nqubits ||
		    (seen & (UINT64_C(1) << wires[i])))
			return -EINVAL;
		seen |= UINT64_C(1) << wires[i];
	}
	rc = RESERVE(p, ops, 1);
	/* What has no wires or angles points behind the last one, so there is
	 * always a list to point into. */
	if (rc == 0)
		rc = RESERVE(p, wires, nwires + 1);
	if (rc == 0)
		rc = RESERVE(p, angles, 1);
	if (rc < 0)
		return rc;
	if (nwires > 0)
		memcpy(p->wires + p->nwires, wires, nwires * sizeof(*wires));
	p->ops[p->nops] = *op;
	p->ops[p->nops].wire0 = p->nwires;
	p->nwires += nwires;
	return (int)p->nops++;
}

int
program_add_gate(struct program *p, const struct program_op *op,
    const uint32_t *qubits)
{
	struct program_op g = *op;
	int rc;

	g.kind = PROGRAM_GATE;
	if (g.gate == PROGRAM_MATRIX) {
		if (g.ntargets == 0 || g.ntargets > PROGRAM_MAX_TARGETS ||
		    (uint64_t)g.number0 + (UINT64_C(2) << 2 * g.ntargets) >
			p->nnumbers)
			return -EINVAL;
		g.nangles = 0;
	} else {
		if ((unsigned)g.gate >= PROGRAM_NGATES ||
		    g.ntargets != gates[g.gate].ntargets)
			return -EINVAL;
		g.nangles = gates[g.gate].nangles;
	}
	if (g.ncontrols > 32 || (uint64_t)g.angle0 + g.nangles > p->nangles)
		return -EINVAL;
	rc = add_op(p, &g, qubits, g.ncontrols + g.ntargets);
	return rc < 0 ? rc : 0;
}

int
program_add_measure(struct program *p, uint32_t qubit, uint32_t bit)
{
	struct program_op op = {.kind = PROGRAM_MEASURE, .ntargets = 1};
	int rc;

	if (bit >= p->nbits && bit != PROGRAM_NO_BIT)
		return -EINVAL;
	op.bit = bit;
	rc = add_op(p, &op, &qubit, 1);
	return rc < 0 ? rc : 0;
}

int
program_add_reset(struct program *p, uint32_t qubit)
{
	struct program_op op = {.kind = PROGRAM_RESET, .ntargets = 1};
	int rc = add_op(p, &op, &qubit, 1);

	return rc < 0 ? rc : 0;
}

int
program_add_barrier(struct program *p, const uint32_t *qubits, uint32_t n)
{
	struct program_op op = {.kind = PROGRAM_BARRIER, .ntargets = n};
	int rc = add_op(p, &op, qubits, n);

	return rc < 0 ? rc : 0;
}

int
program_add_assign(struct program *p, uint32_t bit, uint32_t cond)
{
	struct program_op op = {.kind = PROGRAM_ASSIGN, .bit = bit};
	int rc;

	if (bit >= p->nbits || cond >= p->nconds)
		return -EINVAL;
	op.cond = cond;
	rc = add_op(p, &op, NULL, 0);
	return rc < 0 ? rc : 0;
}

int
program_add_jump_unless(struct program *p, uint32_t cond)
{
	struct program_op op = {.kind = PROGRAM_JUMP_UNLESS, .cond = cond};

	if (cond >= p->nconds)
		return -EINVAL;
	return add_op(p, &op, NULL, 0);
}

int
program_add_jump(struct program *p)
{
	struct program_op op = {.kind = PROGRAM_JUMP};

	return add_op(p, &op, NULL, 0);
}

void
program_land(struct program *p, uint32_t op)
{
	assert(op < p->nops &&
	    (p->ops[op].kind == PROGRAM_JUMP ||
		p->ops[op].kind == PROGRAM_JUMP_UNLESS));
	p->ops[op].jump = p->nops;
}

int
program_add_cond(struct program *p, struct program_cond c)
{
	bool two = c.logic == PROGRAM_AND || c.logic == PROGRAM_OR ||
	    c.logic == PROGRAM_XOR;
	int rc;

	if ((c.logic == PROGRAM_BIT && c.a >= p->nbits) ||
	    ((c.logic == PROGRAM_NOT || two) && c.a >= p->nconds) ||
	    (two && c.b >= p->nconds))
		return -EINVAL;
	rc = RESERVE(p, conds, 1);
	if (rc < 0)
		return rc;
	p->conds[p->nconds] = c;
	return (int)p->nconds++;
}

int
program_add_numbers(struct program *p, const double *x, uint32_t n)
{
	int rc = RESERVE(p, numbers, n);

	if (rc < 0)
		return rc;
	memcpy(p->numbers + p->nnumbers, x, n * sizeof(*x));
	p->nnumbers += n;
	return (int)(p->nnumbers - n);
}
