#include "sim/state/noisy_plan.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sim/circuit/program_build.h"
#include "sim/state/noise_model.h"

#define IDLE_MIN_S 1e-15 /* a shorter wait is rounding */

void
noisy_plan_close(struct noisy_plan *n)
{
	uint32_t i;

	for (i = 0; i < n->nown; i++)
		kraus_close(&n->own[i]);
	free(n->own);
	free(n->ops);
	free(n->numbers);
	free(n->acts);
	*n = (struct noisy_plan)NOISY_PLAN_INIT;
}

static size_t
numbers_of(const struct program_op *op)
{
	return op->kind == PROGRAM_GATE ? (size_t)2 << 2 * op->ntargets : 0;
}

static void
gate_init(struct vector_gate *g, const struct program *p,
    const struct program_op *op, double *matrix)
{
	const uint32_t *w = p->wires + op->wire0;
	uint32_t i;

	g->ntargets = op->ntargets;
	g->mask = 0;
	g->value = 0;
	for (i = 0; i < op->ncontrols; i++) {
		g->mask |= UINT64_C(1) << w[i];
		g->value |= (uint64_t)(op->when >> i & 1) << w[i];
	}
	for (i = 0; i < op->ntargets; i++)
		g->target[i] = w[op->ncontrols + i];
	program_matrix(p, op, matrix);
	g->matrix = matrix;
}

/* Matrices of all gates. */
static int
gates_init(struct noisy_plan *n)
{
	const struct program *p = n->program;
	size_t total = 1, at = 0;
	uint32_t i;

	for (i = 0; i < p->nops; i++)
		total += numbers_of(&p->ops[i]);
	n->ops = calloc((size_t)p->nops + 1, sizeof(*n->ops));
	n->numbers = malloc(total * sizeof(*n->numbers));
	if (n->ops == NULL || n->numbers == NULL)
		return -ENOMEM;
	for (i = 0; i < p->nops; i++) {
		if (p->ops[i].kind == PROGRAM_GATE)
			gate_init(&n->ops[i].gate, p, &p->ops[i],
			    n->numbers + at);
		at += numbers_of(&p->ops[i]);
	}
	return 0;
}

static void
cond_bits(const struct program *p, uint32_t cond, uint64_t *bits)
{
	const struct program_cond *c = &p->conds[cond];

	switch (c->logic) {
	case PROGRAM_FALSE:
	case PROGRAM_TRUE:
		break;
	case PROGRAM_BIT:
		*bits |= UINT64_C(1) << c->a;
		break;
	case PROGRAM_NOT:
		cond_bits(p, c->a, bits);
		break;
	case PROGRAM_AND:
	case PROGRAM_OR:
	case PROGRAM_XOR:
		cond_bits(p, c->a, bits);
		cond_bits(p, c->b, bits);
		break;
	}
}

/* Backwards: a measurement is the last word on its qubit and its bit when no
 * later op acts on the qubit, and none reads or writes the bit. */
static void
mark_last(struct noisy_plan *n)
{
	const struct program *p = n->program;
	uint64_t used = 0, bits = 0;
	uint32_t i, j;

	n->measures = false;
	for (i = p->nops; i-- > 0;) {
		const struct program_op *op = &p->ops[i];
		const uint32_t *w = p->wires + op->wire0;

		switch (op->kind) {
		case PROGRAM_MEASURE:
			n->ops[i].last =
			    !(used >> w[0] & 1) && !(bits >> op->bit & 1);
			used |= UINT64_C(1) << w[0];
			bits |= UINT64_C(1) << op->bit;
			n->measures = true;
			break;
		case PROGRAM_ASSIGN:
			bits |= UINT64_C(1) << op->bit;
			cond_bits(p, op->cond, &bits);
			break;
		case PROGRAM_JUMP_UNLESS:
			cond_bits(p, op->cond, &bits);
			break;
		case PROGRAM_GATE:
		case PROGRAM_RESET:
			for (j = 0; j < op->ncontrols + op->ntargets; j++)
				used |= UINT64_C(1) << w[j];
			if (op->kind == PROGRAM_RESET)
				used |= UINT64_C(1) << w[0];
			break;
		case PROGRAM_BARRIER:
		case PROGRAM_JUMP:
			break;
		}
	}
}

static int
add_act(struct noisy_plan *n, const struct kraus *c, const uint32_t *qubits)
{
	struct noisy_act *a;

	if (n->nacts == n->capacts) {
		uint32_t cap = n->capacts ? n->capacts * 2 : 64;
		void *grown;

		if (cap > UINT32_MAX / 4)
			return -ENOMEM;
		grown = realloc(n->acts, cap * sizeof(*n->acts));
		if (grown == NULL)
			return -ENOMEM;
		n->acts = grown;
		n->capacts = cap;
	}
	a = &n->acts[n->nacts++];
	*a = (struct noisy_act){.channel = c};
	memcpy(a->qubits, qubits, c->nqubits * sizeof(*qubits));
	return 0;
}

static int
add_step(struct noisy_plan *n, const struct noise_step *s, const uint32_t *w,
    uint32_t arity)
{
	const struct kraus *c = &n->model->channels[s->channel];
	uint32_t i;
	int rc = 0;

	if (s->on != NOISE_EACH) {
		if (s->on >= arity || c->nqubits != 1)
			return -EINVAL;
		return add_act(n, c, w + s->on);
	}
	if (c->nqubits == arity)
		return add_act(n, c, w);
	if (c->nqubits != 1)
		return -EINVAL;
	for (i = 0; rc == 0 && i < arity; i++)
		rc = add_act(n, c, w + i);
	return rc;
}

/* The decay of qubit q, which waited. */
static int
add_wait(struct noisy_plan *n, uint32_t q, double seconds)
{
	const struct noise_idle *idle = &n->model->idle[q];
	struct kraus_thermal t = {.t1 = idle->t1,
	    .t2 = idle->t2,
	    .time = seconds,
	    .excited = idle->excited};
	int rc;

	if (idle->t1 == 0.0 || seconds < IDLE_MIN_S)
		return 0;
	rc = kraus_thermal(&n->own[n->nown], &t);
	if (rc < 0)
		return rc;
	return add_act(n, &n->own[n->nown++], &q);
}

static uint32_t
wires_of(const struct program_op *op)
{
	switch (op->kind) {
	case PROGRAM_GATE:
	case PROGRAM_BARRIER:
		return op->ncontrols + op->ntargets;
	case PROGRAM_MEASURE:
	case PROGRAM_RESET:
		return 1;
	case PROGRAM_ASSIGN:
	case PROGRAM_JUMP_UNLESS:
	case PROGRAM_JUMP:
		break;
	}
	return 0;
}

/* Waits, then what the rule says, around op i; clock[q] in seconds. */
static int
add_op(struct noisy_plan *n, uint32_t i, double *clock)
{
	const struct program_op *op = &n->program->ops[i];
	const uint32_t *w = n->program->wires + op->wire0;
	const struct noise_rule *r = op->kind == PROGRAM_BARRIER
	    ? NULL
	    : noise_model_find(n->model, n->program, op);
	uint32_t arity = wires_of(op), k, before;
	double start = 0.0;
	int rc = 0;

	n->ops[i].act0 = n->nacts;
	for (k = 0; k < arity; k++)
		start = clock[w[k]] > start ? clock[w[k]] : start;
	for (k = 0; n->own && rc == 0 && k < arity; k++)
		rc = add_wait(n, w[k], start - clock[w[k]]);
	for (k = 0; k < arity; k++)
		clock[w[k]] = start + (r ? r->time : 0.0);
	before = n->nacts;
	for (k = 0; r && rc == 0 && k < r->nsteps; k++)
		rc = add_step(n, &n->model->steps[r->step0 + k], w, arity);
	if (op->kind == PROGRAM_MEASURE)
		before = n->nacts; /* its noise is before it */
	n->ops[i].nbefore = before - n->ops[i].act0;
	n->ops[i].nafter = n->nacts - before;
	return rc;
}

static int
acts_init(struct noisy_plan *n)
{
	double clock[PROGRAM_MAX_QUBITS] = {0};
	size_t waits = 1;
	uint32_t i;
	int rc = 0;

	if (noise_model_has_idle(n->model)) {
		for (i = 0; i < n->program->nops; i++)
			waits += wires_of(&n->program->ops[i]);
		/* Untouched room costs nothing. */
		n->own = calloc(waits, sizeof(*n->own));
		if (n->own == NULL)
			return -ENOMEM;
	}
	for (i = 0; rc == 0 && i < n->program->nops; i++) {
		if (wires_of(&n->program->ops[i]) > 0)
			rc = add_op(n, i, clock);
	}
	return rc;
}

int
noisy_plan_init(struct noisy_plan *n, const struct program *p,
    const struct noise_model *m)
{
	int rc;

	*n = (struct noisy_plan)NOISY_PLAN_INIT;
	if (p->nbits > 64 || p->nqubits > PROGRAM_MAX_QUBITS)
		return -ENOTSUP;
	n->program = p;
	n->model = m;
	rc = gates_init(n);
	if (rc == 0)
		mark_last(n);
	if (rc == 0 && m)
		rc = acts_init(n);
	if (rc < 0)
		noisy_plan_close(n);
	return rc;
}

static void
put_bit(struct noisy_bits *b, uint32_t bit, bool value)
{
	uint64_t mask = UINT64_C(1) << bit;

	b->bits = value ? b->bits | mask : b->bits & ~mask;
	b->pending &= ~mask;
}

uint32_t
noisy_plan_next(const struct noisy_plan *n, uint32_t i, struct noisy_bits *b)
{
	const struct program *p = n->program;
	const struct program_op *op = &p->ops[i];

	switch (op->kind) {
	case PROGRAM_MEASURE:
		if (n->ops[i].last) {
			put_bit(b, op->bit, false);
			b->pending |= UINT64_C(1) << op->bit;
			b->of[op->bit] = (uint8_t)p->wires[op->wire0];
		}
		break;
	case PROGRAM_ASSIGN:
		put_bit(b, op->bit, program_cond_value(p, op->cond, &b->bits));
		break;
	case PROGRAM_JUMP_UNLESS:
		if (!program_cond_value(p, op->cond, &b->bits))
			return op->jump;
		break;
	case PROGRAM_JUMP:
		return op->jump;
	case PROGRAM_GATE:
	case PROGRAM_RESET:
	case PROGRAM_BARRIER:
		break;
	}
	return i + 1;
}

uint32_t
noisy_plan_readings(const struct noisy_plan *n, const struct noisy_bits *b,
    uint8_t *qubit, uint8_t *bit)
{
	uint32_t count = 0, i;

	for (i = 0; !n->measures && i < n->program->nqubits; i++) {
		qubit[count] = (uint8_t)i;
		bit[count++] = (uint8_t)i;
	}
	for (i = 0; n->measures && i < 64; i++) {
		if (b->pending >> i & 1) {
			qubit[count] = b->of[i];
			bit[count++] = (uint8_t)i;
		}
	}
	return count;
}

uint32_t
noisy_plan_nbits(const struct noisy_plan *n)
{
	return n->measures ? n->program->nbits : n->program->nqubits;
}

struct readout
noisy_plan_readout(const struct noisy_plan *n, uint32_t q)
{
	return n->model ? n->model->readout[q] : (struct readout){0};
}
