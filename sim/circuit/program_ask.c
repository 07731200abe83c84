/*
 * program_ask.c - values and matrices of a program's parts.
 */
#include "sim/circuit/program_build.h"

#include <assert.h>
#include <errno.h>
#include <math.h>
#include <string.h>

#include "sim/circuit/circuit.h"
#include "sim/state/mathfun.h"

#define HALF_SQRT 0.70710678118654752440

/* Depth is bounded by the reader: a condition names earlier ones only. */
bool
program_cond_value(const struct program *p, uint32_t cond, const uint64_t *bits)
{
	const struct program_cond *c = &p->conds[cond];

	assert(cond < p->nconds);
	switch (c->logic) {
	case PROGRAM_FALSE:
		return false;
	case PROGRAM_TRUE:
		return true;
	case PROGRAM_BIT:
		return bits[c->a / 64] >> (c->a % 64) & 1;
	case PROGRAM_NOT:
		return !program_cond_value(p, c->a, bits);
	case PROGRAM_AND:
		return program_cond_value(p, c->a, bits) &&
		    program_cond_value(p, c->b, bits);
	case PROGRAM_OR:
		return program_cond_value(p, c->a, bits) ||
		    program_cond_value(p, c->b, bits);
	case PROGRAM_XOR:
		return program_cond_value(p, c->a, bits) !=
		    program_cond_value(p, c->b, bits);
	}
	return false;
}

double
program_angle_value(const struct program *p, uint32_t angle)
{
	const struct program_angle *a = &p->angles[angle];
	double sum = a->offset;
	uint32_t i;

	for (i = a->term0; i < a->term0 + a->nterms; i++)
		sum += p->terms[i].coef * p->inputs[p->terms[i].input].value;
	return sum;
}

double
program_angle_slope(const struct program *p, uint32_t angle, uint32_t input)
{
	const struct program_angle *a = &p->angles[angle];
	double sum = 0.0;
	uint32_t i;

	for (i = a->term0; i < a->term0 + a->nterms; i++) {
		if (p->terms[i].input == input)
			sum += p->terms[i].coef;
	}
	return sum;
}

int
program_set(struct program *p, const char *name, double value)
{
	uint32_t i, j, k;

	for (i = 0; i < p->ninputs && strcmp(p->inputs[i].name, name) != 0;)
		i++;
	if (i == p->ninputs)
		return -ENOENT;
	for (j = 0; j < p->nangles; j++) {
		for (k = 0; p->angles[j].linearised && k < p->angles[j].nterms;
		     k++) {
			if (p->terms[p->angles[j].term0 + k].input == i)
				return -EDOM;
		}
	}
	p->inputs[i].value = value;
	p->inputs[i].set = true;
	return 0;
}

static void
put(double *m, uint32_t i, double re, double im)
{
	m[2 * i] = re;
	m[2 * i + 1] = im;
}

static void
phase(double *m, uint32_t i, double a)
{
	mathfun_sincos(a, &m[2 * i + 1], &m[2 * i]);
}

static void
matrix_u(const struct program *p, const struct program_op *op, double *m)
{
	double lambda = program_angle_value(p, op->angle0 + 2);
	double phi = program_angle_value(p, op->angle0 + 1);
	double s, c, re, im;

	mathfun_sincos(0.5 * program_angle_value(p, op->angle0), &s, &c);
	put(m, 0, c, 0.0);
	mathfun_sincos(lambda, &im, &re);
	put(m, 1, -s * re, -s * im);
	mathfun_sincos(phi, &im, &re);
	put(m, 2, s * re, s * im);
	mathfun_sincos(phi + lambda, &im, &re);
	put(m, 3, c * re, c * im);
}

static void
matrix_rotation(enum program_gate g, double a, double *m)
{
	double s, c;

	mathfun_sincos(0.5 * a, &s, &c);
	put(m, 0, c, g == PROGRAM_RZ ? -s : 0.0);
	put(m, 3, c, g == PROGRAM_RZ ? s : 0.0);
	if (g == PROGRAM_RX) {
		put(m, 1, 0.0, -s);
		put(m, 2, 0.0, -s);
	} else if (g == PROGRAM_RY) {
		put(m, 1, -s, 0.0);
		put(m, 2, s, 0.0);
	}
}

static void
matrix_two(enum program_gate g, double a, double *m)
{
	double s, c;
	uint32_t i;

	mathfun_sincos(0.5 * a, &s, &c);
	for (i = 0; i < 4; i++) {
		/* Z Z and the sign of Y Y: + on 00 and 11. */
		double sign = i == 0 || i == 3 ? 1.0 : -1.0;

		if (g == PROGRAM_RZZ) {
			put(m, 5 * i, c, -sign * s);
			continue;
		}
		put(m, 5 * i, c, 0.0);
		put(m, 4 * i + (3 - i), 0.0, g == PROGRAM_RXX ? -s : sign * s);
	}
}

static void
matrix_swap(double *m)
{
	put(m, 0, 1.0, 0.0);
	put(m, 6, 1.0, 0.0);
	put(m, 9, 1.0, 0.0);
	put(m, 15, 1.0, 0.0);
}

static void
matrix_sx(double a, double *m)
{
	put(m, 0, 0.5, a);
	put(m, 1, 0.5, -a);
	put(m, 2, 0.5, -a);
	put(m, 3, 0.5, a);
}

void
program_matrix(const struct program *p, const struct program_op *op, double *m)
{
	uint32_t size = 2u << 2 * op->ntargets;
	double a = op->nangles ? program_angle_value(p, op->angle0) : 0.0;

	memset(m, 0, size * sizeof(*m));
	switch (op->gate) {
	case PROGRAM_GPHASE:
		phase(m, 0, a);
		break;
	case PROGRAM_ID:
	case PROGRAM_Z:
		put(m, 0, 1.0, 0.0);
		put(m, 3, op->gate == PROGRAM_Z ? -1.0 : 1.0, 0.0);
		break;
	case PROGRAM_X:
		put(m, 1, 1.0, 0.0);
		put(m, 2, 1.0, 0.0);
		break;
	case PROGRAM_Y:
		put(m, 1, 0.0, -1.0);
		put(m, 2, 0.0, 1.0);
		break;
	case PROGRAM_H:
		put(m, 0, HALF_SQRT, 0.0);
		put(m, 1, HALF_SQRT, 0.0);
		put(m, 2, HALF_SQRT, 0.0);
		put(m, 3, -HALF_SQRT, 0.0);
		break;
	case PROGRAM_S:
	case PROGRAM_SDG:
		put(m, 0, 1.0, 0.0);
		put(m, 3, 0.0, op->gate == PROGRAM_S ? 1.0 : -1.0);
		break;
	case PROGRAM_T:
	case PROGRAM_TDG:
		put(m, 0, 1.0, 0.0);
		put(m, 3, HALF_SQRT,
		    op->gate == PROGRAM_T ? HALF_SQRT : -HALF_SQRT);
		break;
	case PROGRAM_SX:
	case PROGRAM_SXDG:
		matrix_sx(op->gate == PROGRAM_SX ? 0.5 : -0.5, m);
		break;
	case PROGRAM_P:
		put(m, 0, 1.0, 0.0);
		phase(m, 3, a);
		break;
	case PROGRAM_RX:
	case PROGRAM_RY:
	case PROGRAM_RZ:
		matrix_rotation(op->gate, a, m);
		break;
	case PROGRAM_U:
		matrix_u(p, op, m);
		break;
	case PROGRAM_SWAP:
		matrix_swap(m);
		break;
	case PROGRAM_RXX:
	case PROGRAM_RYY:
	case PROGRAM_RZZ:
		matrix_two(op->gate, a, m);
		break;
	case PROGRAM_MATRIX:
		memcpy(m, p->numbers + op->number0, size * sizeof(*m));
		break;
	case PROGRAM_NGATES:
		assert(false);
	}
}

bool
program_is_unitary(const struct program *p)
{
	uint64_t measured = 0;
	uint32_t i, j;

	for (i = 0; i < p->nops; i++) {
		const struct program_op *op = &p->ops[i];
		const uint32_t *w = p->wires + op->wire0;

		if (op->kind == PROGRAM_BARRIER)
			continue;
		if (op->kind == PROGRAM_MEASURE) {
			measured |= UINT64_C(1) << w[0];
			continue;
		}
		if (op->kind != PROGRAM_GATE)
			return false;
		for (j = 0; j < op->ncontrols + op->ntargets; j++) {
			if (measured >> w[j] & 1)
				return false;
		}
	}
	return true;
}
