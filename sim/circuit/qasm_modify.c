#include "sim/circuit/qasm_modify.h"

#include <assert.h>
#include <errno.h>
#include <math.h>
#include <string.h>

#include "sim/circuit/qasm_math.h"
#include "sim/circuit/unitary.h"
#include "sim/state/vector.h"

#define PI 3.14159265358979323846
#define WIRES_MAX PROGRAM_MAX_QUBITS

int
qasm_emit(struct qasm_place at, const struct program_op *op,
    const uint32_t *qubits, const struct qasm_value *angles)
{
	struct program_op g = *op;
	uint32_t i;
	int rc = qasm_step(at.r, 4);

	assert(angles || program_gate_angles(g.gate) == 0);
	if (rc < 0)
		return rc;
	for (i = 0; angles && i < program_gate_angles(g.gate); i++) {
		struct program_angle a = {.offset = angles[i].offset,
		    .nterms = angles[i].nterms,
		    .linearised = angles[i].linearised};

		rc = program_add_angle(at.r->p, &a, angles[i].terms);
		if (rc == -EINVAL)
			return qasm_fail(at.r, at.token,
			    "an angle is too large, or no number");
		if (rc < 0)
			return qasm_failed(at.r, at.token, rc);
		if (i == 0)
			g.angle0 = (uint32_t)rc;
	}
	g.line = at.r->tokens[at.token].line;
	rc = program_add_gate(at.r->p, &g, qubits);
	return rc < 0 ? qasm_failed(at.r, at.token, rc) : 0;
}

/* The op again, at the end. Wires are copied: adding may move them. */
static int
append(struct qasm_place at, const struct program_op *op)
{
	struct program *p = at.r->p;
	uint32_t wires[WIRES_MAX], n = op->ncontrols + op->ntargets;
	struct program_op g = *op;
	int rc = qasm_step(at.r, 4);

	if (rc < 0)
		return rc;
	if (n > 0)
		memcpy(wires, p->wires + op->wire0, n * sizeof(*wires));
	if (g.kind == PROGRAM_BARRIER)
		rc = program_add_barrier(p, wires, n);
	else
		rc = program_add_gate(p, &g, wires);
	return rc < 0 ? qasm_failed(at.r, at.token, rc) : 0;
}

static int
control_op(struct qasm_place at, uint32_t i, const struct qasm_controls *c)
{
	struct program *p = at.r->p;
	struct program_op g = p->ops[i];
	uint32_t wires[2 * WIRES_MAX], n = g.ncontrols + g.ntargets;
	int rc;

	if (g.ncontrols + c->n > 31 || n + c->n > WIRES_MAX)
		return qasm_fail(at.r, at.token, "too many controls");
	memcpy(wires, c->qubits, c->n * sizeof(*wires));
	if (n > 0)
		memcpy(wires + c->n, p->wires + g.wire0, n * sizeof(*wires));
	g.ncontrols += c->n;
	g.when = g.when << c->n | (c->when ? (1u << c->n) - 1 : 0);
	/* A phase of qubits that are all 1 is P on one of them. */
	if (g.gate == PROGRAM_GPHASE && g.when == (1u << g.ncontrols) - 1) {
		g.gate = PROGRAM_P;
		g.ncontrols--;
		g.ntargets = 1;
		g.when >>= 1;
	}
	/* Appending makes room for the wires; the op then goes to i. */
	rc = program_add_gate(p, &g, wires);
	if (rc < 0)
		return qasm_failed(at.r, at.token, rc);
	p->ops[i] = p->ops[--p->nops];
	return 0;
}

int
qasm_control(struct qasm_place at, uint32_t start,
    const struct qasm_controls *c)
{
	struct program *p = at.r->p;
	uint32_t i, end = p->nops;
	int rc = qasm_step(at.r, 4 * (uint64_t)(end - start));

	for (i = start; i < end && rc == 0; i++) {
		if (p->ops[i].kind == PROGRAM_GATE)
			rc = control_op(at, i, c);
	}
	return rc;
}

/* New angles: those of op times factor, for U in the order of its inverse. */
static int
scale_angles(struct qasm_place at, struct program_op *op, double factor)
{
	static const uint32_t inverse_u[3] = {0, 2, 1};
	struct program *p = at.r->p;
	uint32_t i, j, first = op->angle0;
	int rc = 0;

	for (i = 0; i < op->nangles; i++) {
		uint32_t from = op->gate == PROGRAM_U ? inverse_u[i % 3] : i;
		struct program_angle a = p->angles[first + from];
		struct program_term *terms =
		    qasm_alloc(at.r, (a.nterms + 1) * sizeof(*terms));

		if (terms == NULL)
			return qasm_no_memory(at.r);
		a.offset *= factor;
		for (j = 0; j < a.nterms; j++) {
			terms[j] = p->terms[a.term0 + j];
			terms[j].coef *= factor;
		}
		rc = program_add_angle(p, &a, terms);
		if (rc < 0)
			return qasm_failed(at.r, at.token, rc);
		if (i == 0)
			op->angle0 = (uint32_t)rc;
	}
	return 0;
}

static int
invert_matrix(struct qasm_place at, struct program_op *op)
{
	double m[2u << 2 * PROGRAM_MAX_TARGETS];
	uint32_t dim = 1u << op->ntargets, i, j;
	const double *from = at.r->p->numbers + op->number0;
	int rc;

	for (i = 0; i < dim; i++) {
		for (j = 0; j < dim; j++) {
			m[2 * (i * dim + j)] = from[2 * (j * dim + i)];
			m[2 * (i * dim + j) + 1] = -from[2 * (j * dim + i) + 1];
		}
	}
	rc = program_add_numbers(at.r->p, m, 2 * dim * dim);
	if (rc < 0)
		return qasm_failed(at.r, at.token, rc);
	op->number0 = (uint32_t)rc;
	return 0;
}

static int
invert_op(struct qasm_place at, struct program_op *op)
{
	static const struct {
		enum program_gate a, b;
	} pairs[] = {{PROGRAM_S, PROGRAM_SDG}, {PROGRAM_T, PROGRAM_TDG},
	    {PROGRAM_SX, PROGRAM_SXDG}};
	size_t i;

	if (op->kind != PROGRAM_GATE)
		return 0;
	for (i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		if (op->gate == pairs[i].a || op->gate == pairs[i].b) {
			op->gate =
			    op->gate == pairs[i].a ? pairs[i].b : pairs[i].a;
			return 0;
		}
	}
	if (op->gate == PROGRAM_MATRIX)
		return invert_matrix(at, op);
	return scale_angles(at, op, -1.0);
}

int
qasm_invert(struct qasm_place at, uint32_t start)
{
	struct program *p = at.r->p;
	uint32_t i, n = p->nops - start;
	int rc = qasm_step(at.r, 4 * (uint64_t)n);

	for (i = 0; i < n / 2; i++) {
		struct program_op t = p->ops[start + i];

		p->ops[start + i] = p->ops[start + n - 1 - i];
		p->ops[start + n - 1 - i] = t;
	}
	for (i = start; i < start + n && rc == 0; i++)
		rc = invert_op(at, &p->ops[i]);
	return rc;
}

static int
repeat(struct qasm_place at, uint32_t start, double times)
{
	struct program *p = at.r->p;
	uint32_t i, n = p->nops - start;
	struct program_op *op = &p->ops[start];
	int rc = 0;

	if (times < 0.0) {
		rc = qasm_invert(at, start);
		times = -times;
	}
	if (rc < 0)
		return rc;
	if (times == 0.0 || n == 0) {
		p->nops = start;
		return 0;
	}
	/* Rotations of one axis: exact for whole powers. */
	if (n == 1 && op->kind == PROGRAM_GATE && op->nangles == 1)
		return scale_angles(at, op, times);
	for (; times > 1.0 && rc == 0; times -= 1.0) {
		for (i = 0; i < n && rc == 0; i++)
			rc = append(at, &p->ops[start + i]);
	}
	return rc;
}

/* The gates of a range as one matrix on the qubits of list. */
struct dense {
	uint32_t qubits[PROGRAM_MAX_TARGETS];
	uint32_t n;
	double m[2u << 2 * PROGRAM_MAX_TARGETS];
};

static int
dense_qubits(struct qasm_place at, uint32_t start, bool controls,
    struct dense *d)
{
	const struct program *p = at.r->p;
	uint32_t i, j, k;

	d->n = 0;
	for (i = start; i < p->nops; i++) {
		const struct program_op *op = &p->ops[i];

		for (j = controls ? 0 : op->ncontrols;
		     op->kind == PROGRAM_GATE &&
		     j < op->ncontrols + op->ntargets;
		     j++) {
			uint32_t w = p->wires[op->wire0 + j];

			for (k = 0; k < d->n && d->qubits[k] != w;)
				k++;
			if (k < d->n)
				continue;
			if (d->n == PROGRAM_MAX_TARGETS)
				return qasm_fail(at.r, at.token,
				    "a fractional power of more than %d "
				    "qubits is not supported",
				    PROGRAM_MAX_TARGETS);
			d->qubits[d->n++] = w;
		}
		for (j = 0; j < op->nangles; j++) {
			if (p->angles[op->angle0 + j].nterms > 0)
				return qasm_fail(at.r, at.token,
				    "a fractional power of a gate that takes "
				    "an input is not supported");
		}
	}
	return 0;
}

static void
dense_apply(const struct program *p, const struct program_op *op,
    const struct dense *d, struct vector *v)
{
	double m[2u << 2 * PROGRAM_MAX_TARGETS];
	struct vector_gate g = {.ntargets = op->ntargets, .matrix = m};
	uint32_t j, k;

	program_matrix(p, op, m);
	for (j = 0; j < op->ncontrols + op->ntargets; j++) {
		for (k = 0;
		     k < d->n && d->qubits[k] != p->wires[op->wire0 + j];)
			k++;
		if (j >= op->ncontrols) {
			g.target[j - op->ncontrols] = k;
		} else if (k < d->n) {
			g.mask |= UINT64_C(1) << k;
			g.value |= (uint64_t)(op->when >> j & 1) << k;
		}
	}
	vector_apply(v, &g);
}

static int
dense_matrix(struct qasm_place at, uint32_t start, struct dense *d)
{
	const struct program *p = at.r->p;
	struct vector v = VECTOR_INIT;
	uint32_t dim = 1u << d->n, i, c;
	int rc =
	    qasm_step(at.r, (uint64_t)dim * dim * (p->nops - start + 4 * dim));

	if (rc == 0 && vector_init(&v, d->n, NULL) < 0)
		rc = qasm_no_memory(at.r);
	for (c = 0; rc == 0 && c < dim; c++) {
		vector_zero(&v);
		v.amp[0][0] = 0.0;
		v.amp[0][c] = 1.0;
		for (i = start; i < p->nops; i++) {
			if (p->ops[i].kind == PROGRAM_GATE)
				dense_apply(p, &p->ops[i], d, &v);
		}
		for (i = 0; i < dim; i++) {
			d->m[2 * (i * dim + c)] = v.amp[0][i];
			d->m[2 * (i * dim + c) + 1] = v.amp[1][i];
		}
	}
	vector_close(&v);
	return rc;
}

/* One qubit: U and a phase; more: the matrix. */
static int
dense_emit(struct qasm_place at, const struct dense *d)
{
	struct program_op op = {.gate = PROGRAM_MATRIX, .ntargets = d->n};
	struct qasm_value angles[4] = {{.kind = QASM_FLOAT},
	    {.kind = QASM_FLOAT}, {.kind = QASM_FLOAT}, {.kind = QASM_FLOAT}};
	double a[4];
	uint32_t i;
	int rc;

	if (d->n > 1) {
		rc = program_add_numbers(at.r->p, d->m, 2u << 2 * d->n);
		if (rc < 0)
			return qasm_failed(at.r, at.token, rc);
		op.number0 = (uint32_t)rc;
		return qasm_emit(at, &op, d->qubits, NULL);
	}
	op.gate = d->n ? PROGRAM_U : PROGRAM_GPHASE;
	if (d->n == 0)
		a[0] = qasm_atan2(d->m[1], d->m[0]);
	else
		unitary_angles(d->m, a);
	for (i = 0; i < (d->n ? 4 : 1); i++)
		angles[i].offset = a[i];
	rc = qasm_emit(at, &op, d->qubits, angles);
	op = (struct program_op){.gate = PROGRAM_GPHASE};
	if (rc == 0 && d->n > 0 && a[3] != 0.0)
		rc = qasm_emit(at, &op, NULL, &angles[3]);
	return rc;
}

/* Into (-pi, pi]. */
static double
principal(double a)
{
	a -= 2.0 * PI * floor((a + PI) / (2.0 * PI));
	return a < -PI + 1e-12 ? a + 2.0 * PI : a;
}

/* P, Z, S, T and phases keep their form: exp(i a) to exp(i r a). */
static bool
phase_of(const struct program *p, const struct program_op *op, double *a)
{
	static const struct {
		enum program_gate gate;
		double a;
	} fixed[] = {{PROGRAM_Z, PI}, {PROGRAM_S, PI / 2.0},
	    {PROGRAM_SDG, -PI / 2.0}, {PROGRAM_T, PI / 4.0},
	    {PROGRAM_TDG, -PI / 4.0}};
	size_t i;

	for (i = 0; i < sizeof(fixed) / sizeof(fixed[0]); i++) {
		if (op->gate == fixed[i].gate) {
			*a = fixed[i].a;
			return true;
		}
	}
	if (op->gate != PROGRAM_P && op->gate != PROGRAM_GPHASE)
		return false;
	*a = principal(p->angles[op->angle0].offset);
	return true;
}

static int
fraction(struct qasm_place at, uint32_t start, double power)
{
	struct program *p = at.r->p;
	bool single =
	    p->nops == start + 1 && p->ops[start].kind == PROGRAM_GATE;
	struct program_op op = p->ops[start];
	struct qasm_value angle = {.kind = QASM_FLOAT};
	struct dense d;
	uint32_t wires[WIRES_MAX], i;
	int rc = dense_qubits(at, start, !single, &d);

	if (rc < 0)
		return rc;
	if (op.ncontrols > 0)
		memcpy(wires, p->wires + op.wire0,
		    op.ncontrols * sizeof(*wires));
	if (single && phase_of(p, &op, &angle.offset)) {
		angle.offset *= power;
		if (op.gate != PROGRAM_GPHASE)
			op.gate = PROGRAM_P;
		if (op.ncontrols + op.ntargets > 0)
			memcpy(wires, p->wires + op.wire0,
			    (op.ncontrols + op.ntargets) * sizeof(*wires));
		p->nops = start;
		return qasm_emit(at, &op, wires, &angle);
	}
	if (single) /* the power of a controlled gate is controlled */
		p->ops[start].ncontrols = 0;
	if (single)
		p->ops[start].wire0 += op.ncontrols;
	rc = dense_matrix(at, start, &d);
	p->nops = start;
	if (rc == 0 && unitary_power(d.m, 1u << d.n, power) < 0)
		rc = qasm_fail(at.r, at.token, "this gate has no such power");
	if (rc == 0)
		rc = dense_emit(at, &d);
	for (i = single ? op.ncontrols : 0; i > 0 && rc == 0; i--) {
		struct qasm_controls c = {&wires[i - 1], 1,
		    op.when >> (i - 1) & 1};

		rc = qasm_control(at, start, &c);
	}
	return rc;
}

int
qasm_power(struct qasm_place at, uint32_t start, double power)
{
	if (!(fabs(power) <= 1e15))
		return qasm_fail(at.r, at.token, "the power is too large");
	if (floor(power) == power)
		return repeat(at, start, power);
	if (at.r->p->nops == start)
		return 0;
	return fraction(at, start, power);
}
