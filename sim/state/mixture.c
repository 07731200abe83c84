#include "sim/state/mixture.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sim/circuit/program_build.h"
#include "sim/state/noise_model.h"
#include "sim/state/noisy_plan.h"

#define NEGLIGIBLE 1e-14

/* One course of the program. */
struct course {
	struct density density; /* trace: its probability */
	uint32_t op;            /* the next one */
	uint64_t bits;
	uint64_t pending; /* bits to be read at the end, from qubit of[] */
	uint8_t of[64];
};

struct run {
	const struct noisy_plan *plan;
	const struct vector_room *room;
	struct mixture *out;
	struct course open[MIXTURE_MAX_OPEN + 1];
	uint32_t nopen;
	bool measures;
};

static int
new_density(struct run *r, struct density *d)
{
	uint64_t bytes = density_bytes(r->plan->program->nqubits);
	uint64_t have = r->nopen + (r->out->density.state.memory != NULL);

	*d = (struct density)DENSITY_INIT;
	if (r->room && r->room->bytes_max &&
	    bytes > r->room->bytes_max / (have + 1))
		return -EFBIG;
	return density_init(d, r->plan->program->nqubits, r->room);
}

static struct readout
readout_of(const struct run *r, uint32_t q)
{
	return r->plan->model ? r->plan->model->readout[q]
			      : (struct readout){0};
}

static void
run_acts(struct density *d, const struct noisy_act *a, uint32_t n)
{
	uint32_t i;

	for (i = 0; i < n; i++)
		density_channel(d, a[i].channel, a[i].qubits);
}

/* Two courses, by what is read: the one for 1 waits. */
static int
measure(struct run *r, struct course *c, const struct program_op *op)
{
	uint32_t q = r->plan->program->wires[op->wire0];
	struct readout e = readout_of(r, q);
	double zero[2] = {1.0 - e.p1_given_0, e.p0_given_1};
	double one[2] = {e.p1_given_0, 1.0 - e.p0_given_1};
	double all = density_trace(&c->density);
	double up = density_one(&c->density, q), read_one;
	struct course *other;
	int rc;

	read_one = one[0] * (all - up) + one[1] * up;
	c->bits &= ~(UINT64_C(1) << op->bit);
	c->pending &= ~(UINT64_C(1) << op->bit);
	if (read_one < NEGLIGIBLE) {
		density_read(&c->density, q, zero);
		return 0;
	}
	if (all - read_one < NEGLIGIBLE) {
		density_read(&c->density, q, one);
		c->bits |= UINT64_C(1) << op->bit;
		return 0;
	}
	if (r->nopen == MIXTURE_MAX_OPEN)
		return -E2BIG;
	other = &r->open[r->nopen];
	*other = *c;
	rc = new_density(r, &other->density);
	if (rc < 0)
		return rc;
	r->nopen++;
	density_copy(&other->density, &c->density);
	density_read(&other->density, q, one);
	other->bits |= UINT64_C(1) << op->bit;
	other->op = c->op + 1;
	density_read(&c->density, q, zero);
	return 0;
}

static void
assign(struct course *c, const struct program *p, const struct program_op *op)
{
	bool value = program_cond_value(p, op->cond, &c->bits);

	c->bits &= ~(UINT64_C(1) << op->bit);
	c->bits |= (uint64_t)value << op->bit;
	c->pending &= ~(UINT64_C(1) << op->bit);
}

static int
step(struct run *r, struct course *c)
{
	const struct program *p = r->plan->program;
	const struct program_op *op = &p->ops[c->op];
	const struct noisy_op *n = &r->plan->ops[c->op];
	const struct noisy_act *acts = r->plan->acts + n->act0;
	uint32_t next = c->op + 1;
	int rc = 0;

	run_acts(&c->density, acts, n->nbefore);
	switch (op->kind) {
	case PROGRAM_GATE:
		density_apply(&c->density, &n->gate);
		break;
	case PROGRAM_MEASURE:
		if (n->last) {
			c->pending |= UINT64_C(1) << op->bit;
			c->of[op->bit] = (uint8_t)p->wires[op->wire0];
		} else {
			rc = measure(r, c, op);
		}
		break;
	case PROGRAM_RESET:
		density_reset(&c->density, p->wires[op->wire0]);
		break;
	case PROGRAM_ASSIGN:
		assign(c, p, op);
		break;
	case PROGRAM_JUMP_UNLESS:
		if (!program_cond_value(p, op->cond, &c->bits))
			next = op->jump;
		break;
	case PROGRAM_JUMP:
		next = op->jump;
		break;
	case PROGRAM_BARRIER:
		break;
	}
	if (rc == 0)
		run_acts(&c->density, acts + n->nbefore, n->nafter);
	c->op = next;
	return rc;
}

/* The qubits whose readings are still to come, and the bits they go to. */
static uint32_t
readings(const struct run *r, const struct course *c, uint8_t *qubit,
    uint8_t *bit)
{
	uint32_t n = 0, i;

	for (i = 0; !r->measures && i < r->plan->program->nqubits; i++) {
		qubit[n] = (uint8_t)i;
		bit[n++] = (uint8_t)i;
	}
	for (i = 0; r->measures && i < 64; i++) {
		if (c->pending >> i & 1) {
			qubit[n] = c->of[i];
			bit[n++] = (uint8_t)i;
		}
	}
	return n;
}

static uint64_t
spread(uint64_t x, const uint8_t *to, uint32_t n)
{
	uint64_t out = 0;
	uint32_t i;

	for (i = 0; i < n; i++)
		out |= (x >> i & 1) << to[i];
	return out;
}

static uint64_t
collect(uint64_t x, const uint8_t *from, uint32_t n)
{
	uint64_t out = 0;
	uint32_t i;

	for (i = 0; i < n; i++)
		out |= (x >> from[i] & 1) << i;
	return out;
}

/* The distribution of what is read at the end of a course. */
static int
read_out(struct run *r, const struct course *c)
{
	size_t dim = (size_t)1 << c->density.nqubits, i;
	struct readout errors[DENSITY_MAX_QUBITS];
	uint8_t qubit[64], bit[64];
	uint32_t n = readings(r, c, qubit, bit), k;
	double *p = calloc(2 * dim, sizeof(*p));
	double *marginal = p + dim;
	int rc = 0;

	if (p == NULL)
		return -ENOMEM;
	density_probs(&c->density, 1.0, p);
	for (i = 0; i < dim; i++)
		marginal[collect(i, qubit, n)] += p[i];
	for (k = 0; k < n; k++)
		errors[k] = readout_of(r, qubit[k]);
	readout_confuse(errors, n, marginal);
	for (i = 0; rc == 0 && i < (size_t)1 << n; i++) {
		if (marginal[i] > 0.0)
			rc = outcomes_add(&r->out->outcomes,
			    c->bits | spread(i, bit, n), marginal[i]);
	}
	free(p);
	return rc;
}

/* Runs the newest open course to its end; others may open on the way. */
static int
run_course(struct run *r)
{
	struct course c = r->open[r->nopen - 1];
	uint32_t place = r->nopen - 1;
	int rc = 0;

	while (rc == 0 && c.op < r->plan->program->nops)
		rc = step(r, &c);
	if (rc == 0)
		rc = read_out(r, &c);
	if (rc == 0 && r->out->density.state.memory == NULL) {
		r->out->density = c.density;
		c.density = (struct density)DENSITY_INIT;
	} else if (rc == 0) {
		density_add(&r->out->density, 1.0, &c.density);
	}
	density_close(&c.density);
	/* The last one that opened takes its place. */
	r->nopen--;
	if (place != r->nopen)
		r->open[place] = r->open[r->nopen];
	else
		r->open[place].density = (struct density)DENSITY_INIT;
	return rc;
}

static bool
has_measurement(const struct program *p)
{
	uint32_t i;

	for (i = 0; i < p->nops; i++) {
		if (p->ops[i].kind == PROGRAM_MEASURE)
			return true;
	}
	return false;
}

int
mixture_run(struct mixture *m, const struct noisy_plan *n,
    const struct vector_room *room)
{
	struct run *r = calloc(1, sizeof(*r));
	int rc;

	*m = (struct mixture)MIXTURE_INIT;
	if (r == NULL)
		return -ENOMEM;
	r->plan = n;
	r->room = room;
	r->out = m;
	r->measures = has_measurement(n->program);
	m->outcomes.nbits =
	    r->measures ? n->program->nbits : n->program->nqubits;
	rc = new_density(r, &r->open[0].density);
	if (rc == 0)
		r->nopen = 1;
	while (rc == 0 && r->nopen > 0)
		rc = run_course(r);
	while (r->nopen > 0)
		density_close(&r->open[--r->nopen].density);
	if (rc == 0)
		outcomes_sort(&m->outcomes);
	else
		mixture_close(m);
	free(r);
	return rc;
}

void
mixture_close(struct mixture *m)
{
	density_close(&m->density);
	outcomes_close(&m->outcomes);
}
