#include "sim/state/mitigation.h"

#include <assert.h>
#include <errno.h>
#include <math.h>
#include <string.h>

#include "sim/circuit/program_build.h"
#include "sim/state/mathfun.h"

static int
copy_registers(const struct program *p, struct program *out)
{
	uint32_t i;
	int rc = 0;

	for (i = 0; rc == 0 && i < p->nregisters; i++) {
		const struct program_register *r = &p->registers[i];

		rc = program_add_register(out, r->name, r->size, r->quantum);
	}
	for (i = 0; rc >= 0 && i < p->ninputs; i++) {
		rc = program_add_input(out, p->inputs[i].name);
		if (rc >= 0)
			out->inputs[rc] = p->inputs[i];
	}
	return rc < 0 ? rc : 0;
}

/* angle0 of the op's copy; sign -1 for the inverse of a gate. */
static int
copy_angles(const struct program *p, const struct program_op *op, double sign,
    struct program *out)
{
	int first = 0, at;
	uint32_t i, k;

	for (i = 0; i < op->nangles; i++) {
		/* U(t, phi, lambda)^-1 = U(-t, -lambda, -phi). */
		uint32_t from = sign < 0.0 && i > 0 ? op->nangles - i : i;
		struct program_angle a = p->angles[op->angle0 + from];
		const struct program_term *terms = p->terms + a.term0;
		uint32_t term0 = out->nterms;

		a.offset *= sign;
		at = program_add_angle(out, &a, terms);
		if (at < 0)
			return at;
		for (k = 0; k < a.nterms; k++)
			out->terms[term0 + k].coef *= sign;
		if (i == 0)
			first = at;
	}
	return first;
}

static int
copy_numbers(const struct program *p, const struct program_op *op, bool inverse,
    struct program *out)
{
	double m[2u << 2 * PROGRAM_MAX_TARGETS];
	const double *from = p->numbers + op->number0;
	uint32_t d = 1u << op->ntargets, i, j;

	for (i = 0; i < d; i++) {
		for (j = 0; j < d; j++) {
			const double *x = from +
			    (size_t)2 * (inverse ? j * d + i : i * d + j);

			m[2 * (i * d + j)] = x[0];
			m[2 * (i * d + j) + 1] = inverse ? -x[1] : x[1];
		}
	}
	return program_add_numbers(out, m, 2 * d * d);
}

static enum program_gate
inverse_of(enum program_gate g)
{
	static const enum program_gate pair[][2] = {{PROGRAM_S, PROGRAM_SDG},
	    {PROGRAM_T, PROGRAM_TDG}, {PROGRAM_SX, PROGRAM_SXDG}};
	size_t i;

	for (i = 0; i < sizeof(pair) / sizeof(pair[0]); i++) {
		if (g == pair[i][0])
			return pair[i][1];
		if (g == pair[i][1])
			return pair[i][0];
	}
	return g; /* its own, or by its angles or numbers */
}

static int
copy_gate(const struct program *p, const struct program_op *op, bool inverse,
    struct program *out)
{
	struct program_op g = *op;
	int at = copy_angles(p, op, inverse ? -1.0 : 1.0, out);

	if (at < 0)
		return at;
	g.angle0 = (uint32_t)at;
	if (inverse)
		g.gate = inverse_of(op->gate);
	if (g.gate == PROGRAM_MATRIX) {
		at = copy_numbers(p, op, inverse, out);
		if (at < 0)
			return at;
		g.number0 = (uint32_t)at;
	}
	return program_add_gate(out, &g, p->wires + op->wire0);
}

static int
copy_op(const struct program *p, const struct program_op *op, bool inverse,
    struct program *out)
{
	const uint32_t *w = p->wires + op->wire0;

	if (op->kind == PROGRAM_GATE)
		return copy_gate(p, op, inverse, out);
	if (op->kind == PROGRAM_BARRIER)
		return program_add_barrier(out, w, op->ntargets);
	return 0;
}

/* All gates once, forwards or as the inverse. */
static int
copy_gates(const struct program *p, bool inverse, struct program *out)
{
	uint32_t i;
	int rc = 0;

	for (i = 0; rc == 0 && i < p->nops; i++)
		rc = copy_op(p, &p->ops[inverse ? p->nops - 1 - i : i], inverse,
		    out);
	return rc;
}

int
mitigation_fold(const struct program *p, uint32_t scale, struct program *out)
{
	uint32_t i;
	int rc;

	if (scale % 2 == 0)
		return -EINVAL;
	if (!program_is_unitary(p))
		return -ENOTSUP;
	rc = copy_registers(p, out);
	for (i = 0; rc == 0 && i < scale; i++)
		rc = copy_gates(p, i % 2 == 1, out);
	for (i = 0; rc == 0 && i < p->nops; i++) {
		const struct program_op *op = &p->ops[i];

		if (op->kind == PROGRAM_MEASURE)
			rc = program_add_measure(out, p->wires[op->wire0],
			    op->bit);
	}
	return rc;
}

/* Scales all different, and enough of them. */
static int
check(const struct mitigation_point *p, size_t n)
{
	size_t i, j;

	if (n < 2 || n > MITIGATION_MAX_POINTS)
		return -EINVAL;
	for (i = 0; i < n; i++) {
		for (j = 0; j < i; j++) {
			if (p[i].scale == p[j].scale)
				return -EINVAL;
		}
	}
	return 0;
}

/* The value is a sum of weights times points. */
static void
weigh(const struct mitigation_point *p, size_t n, const double *weight,
    struct mitigation_fit *out)
{
	double var = 0.0;
	size_t i;

	out->value = 0.0;
	for (i = 0; i < n; i++) {
		double e = weight[i] * p[i].error;

		out->value += weight[i] * p[i].value;
		var += e * e;
	}
	out->error = sqrt(var);
}

int
mitigation_richardson(const struct mitigation_point *p, size_t n,
    struct mitigation_fit *out)
{
	double weight[MITIGATION_MAX_POINTS];
	size_t i, j;

	if (check(p, n) < 0)
		return -EINVAL;
	for (i = 0; i < n; i++) {
		weight[i] = 1.0;
		for (j = 0; j < n; j++) {
			if (j != i)
				weight[i] *=
				    p[j].scale / (p[j].scale - p[i].scale);
		}
	}
	weigh(p, n, weight, out);
	return 0;
}

int
mitigation_linear(const struct mitigation_point *p, size_t n,
    struct mitigation_fit *out)
{
	double weight[MITIGATION_MAX_POINTS], mean = 0.0, spread = 0.0;
	size_t i;

	if (check(p, n) < 0)
		return -EINVAL;
	for (i = 0; i < n; i++)
		mean += p[i].scale / (double)n;
	for (i = 0; i < n; i++)
		spread += (p[i].scale - mean) * (p[i].scale - mean);
	for (i = 0; i < n; i++)
		weight[i] =
		    1.0 / (double)n - mean * (p[i].scale - mean) / spread;
	weigh(p, n, weight, out);
	return 0;
}

int
mitigation_exponential(const struct mitigation_point *p, size_t n, double limit,
    struct mitigation_fit *out)
{
	struct mitigation_point log_of[MITIGATION_MAX_POINTS];
	double sign, size;
	size_t i;

	if (check(p, n) < 0)
		return -EINVAL;
	sign = p[0].value > limit ? 1.0 : -1.0;
	for (i = 0; i < n; i++) {
		double above = sign * (p[i].value - limit);

		if (!(above > 1e-300))
			return -EDOM;
		log_of[i] = p[i];
		log_of[i].value = mathfun_log(above);
		log_of[i].error = p[i].error / above;
	}
	(void)mitigation_linear(log_of, n, out);
	size = mathfun_exp(out->value);
	out->value = limit + sign * size;
	out->error *= size;
	return 0;
}
