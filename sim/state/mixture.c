#include "sim/state/mixture.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sim/circuit/program.h"
#include "sim/state/kraus.h"
#include "sim/state/noisy_plan.h"

#define NEGLIGIBLE 1e-14

/* One course of the program. */
struct course {
	struct density density; /* trace: its probability */
	uint32_t op;            /* the next one */
	struct noisy_bits b;
};

struct run {
	const struct noisy_plan *plan;
	const struct vector_room *room;
	struct mixture *out;
	struct course open[MIXTURE_MAX_OPEN + 1];
	uint32_t nopen;
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
	struct readout e = noisy_plan_readout(r->plan, q);
	double zero[2] = {1.0 - e.p1_given_0, e.p0_given_1};
	double one[2] = {e.p1_given_0, 1.0 - e.p0_given_1};
	double all = density_trace(&c->density);
	double up = density_one(&c->density, q), read_one;
	struct course *other;
	int rc;

	read_one = one[0] * (all - up) + one[1] * up;
	c->b.bits &= ~(UINT64_C(1) << op->bit);
	if (read_one < NEGLIGIBLE) {
		density_read(&c->density, q, zero);
		return 0;
	}
	if (all - read_one < NEGLIGIBLE) {
		density_read(&c->density, q, one);
		c->b.bits |= UINT64_C(1) << op->bit;
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
	other->b.bits |= UINT64_C(1) << op->bit;
	other->op = c->op + 1;
	density_read(&c->density, q, zero);
	return 0;
}

static int
step(struct run *r, struct course *c)
{
	const struct program *p = r->plan->program;
	const struct program_op *op = &p->ops[c->op];
	const struct noisy_op *n = &r->plan->ops[c->op];
	const struct noisy_act *acts = r->plan->acts + n->act0;
	int rc = 0;

	run_acts(&c->density, acts, n->nbefore);
	if (op->kind == PROGRAM_GATE)
		density_apply(&c->density, &n->gate);
	else if (op->kind == PROGRAM_RESET)
		density_reset(&c->density, p->wires[op->wire0]);
	else if (op->kind == PROGRAM_MEASURE && !n->last)
		rc = measure(r, c, op);
	if (rc == 0)
		run_acts(&c->density, acts + n->nbefore, n->nafter);
	c->op = noisy_plan_next(r->plan, c->op, &c->b);
	return rc;
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
	uint32_t n = noisy_plan_readings(r->plan, &c->b, qubit, bit), k;
	double *p = calloc(2 * dim, sizeof(*p)), *marginal;
	int rc = 0;

	if (p == NULL)
		return -ENOMEM;
	marginal = p + dim;
	density_probs(&c->density, 1.0, p);
	for (i = 0; i < dim; i++)
		marginal[collect(i, qubit, n)] += p[i];
	for (k = 0; k < n; k++)
		errors[k] = noisy_plan_readout(r->plan, qubit[k]);
	readout_confuse(errors, n, marginal);
	for (i = 0; rc == 0 && i < (size_t)1 << n; i++) {
		if (marginal[i] > 0.0)
			rc = outcomes_add(&r->out->outcomes,
			    c->b.bits | spread(i, bit, n), marginal[i]);
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
	m->outcomes.nbits = noisy_plan_nbits(n);
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
