#include "sim/gradient/shift.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "sim/circuit/program_build.h"

#define PI 3.14159265358979323846

/* sum of weight * f(a + by): the derivative by a. */
struct rule {
	uint32_t n;
	double by[4], weight[4];
};

/* Gap 1 between the generator's eigenvalues. */
static const struct rule two = {.n = 2,
    .by = {0.5 * PI, -0.5 * PI},
    .weight = {0.5, -0.5}};

/* Gaps 1/2 and 1; weights (sqrt(2) +- 1) / (4 sqrt(2)): Wierichs and others,
 * Quantum 6, 677 (2022); Anselmetti and others, New J. Phys. 23, 113010. */
#define PLUS 0.42677669529663688110
#define MINUS 0.07322330470336311890
static const struct rule four = {.n = 4,
    .by = {0.5 * PI, -0.5 * PI, 1.5 * PI, -1.5 * PI},
    .weight = {PLUS, -PLUS, -MINUS, MINUS}};

/* Of angle k of the op. Without controls a rotation's eigenvalues are 1/2 and
 * -1/2, and those of a phase 0 and 1; with controls 0 joins the first. */
static const struct rule *
rule_of(const struct program_op *op, uint32_t k)
{
	switch (op->gate) {
	case PROGRAM_RX:
	case PROGRAM_RY:
	case PROGRAM_RZ:
	case PROGRAM_RXX:
	case PROGRAM_RYY:
	case PROGRAM_RZZ:
		return op->ncontrols ? &four : &two;
	case PROGRAM_U: /* = P(phi) RY(t) P(lambda) */
		return k == 0 && op->ncontrols ? &four : &two;
	case PROGRAM_P:
		return &two;
	case PROGRAM_GPHASE:
		return op->ncontrols ? &two : NULL; /* nobody can see it */
	case PROGRAM_ID:
	case PROGRAM_X:
	case PROGRAM_Y:
	case PROGRAM_Z:
	case PROGRAM_H:
	case PROGRAM_S:
	case PROGRAM_SDG:
	case PROGRAM_T:
	case PROGRAM_TDG:
	case PROGRAM_SX:
	case PROGRAM_SXDG:
	case PROGRAM_SWAP:
	case PROGRAM_MATRIX:
	case PROGRAM_NGATES:
		break;
	}
	return NULL;
}

/* NULL when the angle does not depend on an input. */
static const struct rule *
rule_at(const struct program *p, uint32_t op, uint32_t k)
{
	const struct program_op *o = &p->ops[op];

	if (o->kind != PROGRAM_GATE || k >= o->nangles ||
	    p->angles[o->angle0 + k].nterms == 0)
		return NULL;
	return rule_of(o, k);
}

uint64_t
shift_calls(const struct program *p)
{
	uint64_t calls = 0;
	uint32_t i, k;

	for (i = 0; i < p->nops; i++) {
		for (k = 0; k < 3; k++) {
			const struct rule *r = rule_at(p, i, k);

			calls += r ? r->n : 0;
		}
	}
	return calls;
}

/* slope[nvalues] = derivative by the angle, for this op alone. */
static int
angle_slope(struct shift *s, struct program *p, uint32_t angle,
    const struct rule *r, double *slope)
{
	double *value = slope + s->nvalues; /* scratch */
	double offset = p->angles[angle].offset;
	uint32_t i;
	size_t v;
	int rc = 0;

	memset(slope, 0, s->nvalues * sizeof(*slope));
	for (i = 0; rc == 0 && i < r->n; i++) {
		p->angles[angle].offset = offset + r->by[i];
		rc = s->eval(s->arg, p, s->ndraws++, value);
		for (v = 0; rc == 0 && v < s->nvalues; v++)
			slope[v] += r->weight[i] * value[v];
	}
	p->angles[angle].offset = offset;
	return rc;
}

/* By the chain rule; an input that appears twice in one angle adds up. */
static void
add_slope(const struct program *p, uint32_t angle, size_t nvalues,
    const double *slope, double *grad)
{
	const struct program_angle *a = &p->angles[angle];
	uint32_t i;
	size_t v;

	for (i = a->term0; i < a->term0 + a->nterms; i++) {
		for (v = 0; v < nvalues; v++)
			grad[v * p->ninputs + p->terms[i].input] +=
			    p->terms[i].coef * slope[v];
	}
}

/* Gives the op angles of its own, so that a shift moves no other gate; the
 * ones it had come back in *was. */
static int
detach(struct program *p, struct program_op *op, uint32_t *was)
{
	uint32_t i;
	int first = 0, at;

	*was = op->angle0;
	for (i = 0; i < op->nangles; i++) {
		struct program_angle a = p->angles[*was + i];

		/* Terms are shared: nobody changes them. */
		a.nterms = 0;
		at = program_add_angle(p, &a, NULL);
		if (at < 0)
			return at;
		p->angles[at].term0 = p->angles[*was + i].term0;
		p->angles[at].nterms = p->angles[*was + i].nterms;
		if (i == 0)
			first = at;
	}
	op->angle0 = (uint32_t)first;
	return 0;
}

static int
op_gradient(struct shift *s, struct program *p, uint32_t i, double *scratch,
    double *grad)
{
	struct program_op *op = &p->ops[i];
	uint32_t nangles = p->nangles, was = op->angle0, k;
	int rc = detach(p, op, &was);

	for (k = 0; rc == 0 && k < op->nangles; k++) {
		const struct rule *r = rule_at(p, i, k);

		if (r == NULL)
			continue;
		rc = angle_slope(s, p, op->angle0 + k, r, scratch);
		if (rc == 0)
			add_slope(p, op->angle0 + k, s->nvalues, scratch, grad);
	}
	op->angle0 = was;
	p->nangles = nangles;
	return rc;
}

int
shift_gradient(struct shift *s, struct program *p, double *grad)
{
	double *scratch = malloc((2 * s->nvalues + 1) * sizeof(*scratch));
	uint32_t i, k;
	int rc = 0;

	if (scratch == NULL)
		return -ENOMEM;
	memset(grad, 0, s->nvalues * p->ninputs * sizeof(*grad));
	for (i = 0; rc == 0 && i < p->nops; i++) {
		bool moves = false;

		for (k = 0; k < 3; k++)
			moves |= rule_at(p, i, k) != NULL;
		if (moves)
			rc = op_gradient(s, p, i, scratch, grad);
	}
	free(scratch);
	return rc;
}

int
shift_differences(struct shift *s, struct program *p, double h, double *grad)
{
	double *value = malloc((2 * s->nvalues + 1) * sizeof(*value));
	double *other = value + s->nvalues;
	uint32_t i;
	size_t v;
	int rc = value ? 0 : -ENOMEM;

	for (i = 0; rc == 0 && i < p->ninputs; i++) {
		double at = p->inputs[i].value;

		p->inputs[i].value = at + h;
		rc = s->eval(s->arg, p, s->ndraws++, value);
		p->inputs[i].value = at - h;
		if (rc == 0)
			rc = s->eval(s->arg, p, s->ndraws++, other);
		p->inputs[i].value = at;
		for (v = 0; rc == 0 && v < s->nvalues; v++)
			grad[v * p->ninputs + i] =
			    (value[v] - other[v]) / (2.0 * h);
	}
	free(value);
	return rc;
}
