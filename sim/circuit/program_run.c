#include "sim/circuit/program_run.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "sim/circuit/program_build.h"

void
program_apply(const struct program *p, const struct program_op *op,
    struct vector *v)
{
	double m[2u << 2 * PROGRAM_MAX_TARGETS];
	struct vector_gate g = {.ntargets = op->ntargets, .matrix = m};
	const uint32_t *w = p->wires + op->wire0;
	uint32_t i;

	assert(op->kind == PROGRAM_GATE);
	if (op->gate == PROGRAM_ID)
		return;
	program_matrix(p, op, m);
	for (i = 0; i < op->ncontrols; i++) {
		g.mask |= UINT64_C(1) << w[i];
		g.value |= (uint64_t)(op->when >> i & 1) << w[i];
	}
	for (i = 0; i < op->ntargets; i++)
		g.target[i] = w[op->ncontrols + i];
	vector_apply(v, &g);
}

int
program_run(const struct program *p, struct vector *v)
{
	uint32_t i;

	assert(v->nqubits == p->nqubits);
	if (!program_is_unitary(p))
		return -EINVAL;
	vector_zero(v);
	for (i = 0; i < p->nops; i++) {
		if (p->ops[i].kind == PROGRAM_GATE)
			program_apply(p, &p->ops[i], v);
	}
	return 0;
}

struct walk {
	const struct program *p;
	const struct program_visitor *visitor;
	uint64_t nbranches;
};

static void
set_bit(uint64_t *bits, uint32_t bit, bool value)
{
	uint64_t mask;

	if (bit == PROGRAM_NO_BIT)
		return;
	mask = UINT64_C(1) << (bit % 64);
	bits[bit / 64] = (bits[bit / 64] & ~mask) | (value ? mask : 0);
}

/* What a measurement or reset leaves when the outcome was one. */
static void
collapse(const struct program *p, const struct program_op *op, bool one,
    struct vector *v)
{
	static const double flip[8] = {0, 0, 1, 0, 1, 0, 0, 0};
	struct vector_gate g = {.ntargets = 1, .matrix = flip};

	g.target[0] = p->wires[op->wire0];
	vector_project(v, g.target[0], one, 1.0);
	if (op->kind == PROGRAM_RESET && one)
		vector_apply(v, &g);
}

/* <v| (qubit q is bit) |v> */
static double
weight(const struct vector *v, uint32_t q, bool bit)
{
	static const double one[2] = {1.0, 0.0};
	struct vector_gate g = {.matrix = one};
	double out[2];

	g.mask = UINT64_C(1) << q;
	g.value = bit ? g.mask : 0;
	vector_inner_gate(v, v, &g, out);
	return out[0];
}

static int walk_from(struct walk *w, uint32_t pc, struct vector *v,
    uint64_t *bits);

/* The less likely outcome in a copy: it has at most half, so copies nest at
 * most log2(1 / PROGRAM_BRANCH_MIN) deep. */
static int
fork_branch(struct walk *w, uint32_t pc, const struct vector *v,
    const uint64_t *bits, bool one)
{
	const struct program_op *op = &w->p->ops[pc];
	uint64_t copy_bits[PROGRAM_BIT_WORDS];
	struct vector copy = VECTOR_INIT;
	int rc = vector_init(&copy, v->nqubits, w->visitor->room);

	if (rc < 0)
		return rc;
	copy.pool = v->pool;
	vector_copy(&copy, v);
	memcpy(copy_bits, bits, sizeof(copy_bits));
	collapse(w->p, op, one, &copy);
	if (op->kind == PROGRAM_MEASURE)
		set_bit(copy_bits, op->bit, one);
	rc = walk_from(w, pc + 1, &copy, copy_bits);
	vector_close(&copy);
	return rc;
}

static int
measure(struct walk *w, uint32_t pc, struct vector *v, uint64_t *bits)
{
	const struct program_op *op = &w->p->ops[pc];
	uint32_t q = w->p->wires[op->wire0];
	double p[2] = {weight(v, q, false), weight(v, q, true)};
	bool one = p[1] > p[0];
	int rc = 0;

	if (p[!one] > PROGRAM_BRANCH_MIN)
		rc = fork_branch(w, pc, v, bits, !one);
	collapse(w->p, op, one, v);
	if (op->kind == PROGRAM_MEASURE)
		set_bit(bits, op->bit, one);
	return rc;
}

static int
walk_from(struct walk *w, uint32_t pc, struct vector *v, uint64_t *bits)
{
	const struct program *p = w->p;
	struct program_branch end = {.v = v, .bits = bits};
	int rc = 0;

	while (pc < p->nops && rc == 0) {
		const struct program_op *op = &p->ops[pc];

		pc++;
		switch (op->kind) {
		case PROGRAM_GATE:
			program_apply(p, op, v);
			break;
		case PROGRAM_MEASURE:
		case PROGRAM_RESET:
			rc = measure(w, pc - 1, v, bits);
			break;
		case PROGRAM_BARRIER:
			break;
		case PROGRAM_ASSIGN:
			set_bit(bits, op->bit,
			    program_cond_value(p, op->cond, bits));
			break;
		case PROGRAM_JUMP_UNLESS:
			if (!program_cond_value(p, op->cond, bits))
				pc = op->jump;
			break;
		case PROGRAM_JUMP:
			pc = op->jump;
			break;
		}
	}
	if (rc != 0)
		return rc;
	if (w->nbranches++ >= w->visitor->branches_max)
		return -EFBIG;
	end.probability = vector_norm(v);
	return w->visitor->visit(w->visitor->arg, &end);
}

int
program_branches(const struct program *p, struct vector *v,
    const struct program_visitor *visitor)
{
	struct walk w = {.p = p, .visitor = visitor};
	uint64_t bits[PROGRAM_BIT_WORDS] = {0};

	assert(v->nqubits == p->nqubits);
	vector_zero(v);
	return walk_from(&w, 0, v, bits);
}
