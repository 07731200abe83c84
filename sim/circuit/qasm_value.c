#include "sim/circuit/qasm_value.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "sim/circuit/qasm_logic.h"
#include "sim/circuit/qasm_math.h"

struct qasm_value
qasm_int(int64_t v)
{
	return (struct qasm_value){.kind = QASM_INT,
	    .number = v,
	    .offset = (double)v};
}

struct qasm_value
qasm_bool(bool v)
{
	struct qasm_value out = qasm_int(v);

	out.is_bool = true;
	return out;
}

struct qasm_value
qasm_float(double v)
{
	return (struct qasm_value){.kind = QASM_FLOAT, .offset = v};
}

int
qasm_from_input(struct qasm_place at, uint32_t input, struct qasm_value *out)
{
	*out = qasm_float(0.0);
	out->terms = qasm_alloc(at.r, sizeof(*out->terms));
	if (out->terms == NULL)
		return qasm_no_memory(at.r);
	out->terms[0] = (struct program_term){.input = input, .coef = 1.0};
	out->nterms = 1;
	return 0;
}

int
qasm_to_float(struct qasm_place at, struct qasm_value *v)
{
	if (v->kind == QASM_FLOAT)
		return 0;
	if (v->kind == QASM_BITS)
		return qasm_fail(at.r, at.token,
		    "numbers that depend on a measurement are not supported");
	if (v->cut)
		return qasm_fail(at.r, at.token,
		    "a division of integers with a rest is used as a real "
		    "number; write 1.0 / 2");
	*v = qasm_float((double)v->number);
	return 0;
}

int
qasm_known(struct qasm_place at, const struct qasm_value *v, double *out)
{
	const struct program *p = at.r->p;
	double sum = v->offset;
	uint32_t i;

	*out = 0.0;
	for (i = 0; i < v->nterms; i++) {
		const struct program_input *in = &p->inputs[v->terms[i].input];

		if (!in->set && !at.r->dry)
			return qasm_fail(at.r, at.token,
			    "only affine forms of input '%s' while it has no "
			    "value",
			    in->name);
		sum += v->terms[i].coef * in->value;
	}
	*out = sum;
	return 0;
}

int
qasm_to_int(struct qasm_place at, struct qasm_value *v)
{
	double x = 0.0;
	int rc;

	if (v->kind == QASM_INT) {
		*v = qasm_int(v->number);
		return 0;
	}
	if (v->kind == QASM_BITS)
		return qasm_fail(at.r, at.token,
		    "integers that depend on a measurement are not supported "
		    "here");
	rc = qasm_known(at, v, &x);
	if (rc < 0)
		return rc;
	if (!(fabs(x) <= 9e15))
		return qasm_fail(at.r, at.token, "no integer is this large");
	*v = qasm_int((int64_t)(x < 0 ? -floor(-x) : floor(x)));
	return 0;
}

/* out = ca * a + cb * b, merged by input. */
static int
combine(struct qasm_place at, const struct qasm_value *a,
    const struct qasm_value *b, const double c[static 2],
    struct qasm_value *out)
{
	struct qasm_value sum = qasm_float(c[0] * a->offset + c[1] * b->offset);
	uint32_t na = a->terms ? a->nterms : 0, nb = b->terms ? b->nterms : 0;
	uint32_t i = 0, j = 0, n = na + nb;

	sum.linearised = a->linearised || b->linearised;
	if (n > 0) {
		if (qasm_step(at.r, n) < 0)
			return -ENOMEM;
		sum.terms = qasm_alloc(at.r, n * sizeof(*sum.terms));
		if (sum.terms == NULL)
			return qasm_no_memory(at.r);
	}
	while (sum.terms && (i < na || j < nb)) {
		struct program_term *t = &sum.terms[sum.nterms++];
		uint32_t x = i < na ? a->terms[i].input : UINT32_MAX;
		uint32_t y = j < nb ? b->terms[j].input : UINT32_MAX;

		t->input = x < y ? x : y;
		if (i < na && x <= y)
			t->coef += c[0] * a->terms[i++].coef;
		if (j < nb && y <= x)
			t->coef += c[1] * b->terms[j++].coef;
		if (t->coef == 0.0)
			sum.nterms--, *t = (struct program_term){0};
	}
	*out = sum;
	return 0;
}

/* f(a, b) = value with partial derivatives: exact if there are no terms. */
static int
tangent(struct qasm_place at, const struct qasm_value *a,
    const struct qasm_value *b, const double f[static 3],
    struct qasm_value *out)
{
	struct qasm_value t = qasm_float(0.0);
	double now;
	int rc;

	if (!(fabs(f[0]) <= 1.7976931348623157e308) && !at.r->dry)
		return qasm_fail(at.r, at.token, "the result is no number");
	if (a->nterms == 0 && b->nterms == 0) {
		*out = qasm_float(
		    at.r->dry && !(fabs(f[0]) <= 1e300) ? 1.0 : f[0]);
		return 0;
	}
	rc = combine(at, a, b, f + 1, &t);
	if (rc < 0)
		return rc;
	t.offset = 0.0;
	rc = qasm_known(at, &t, &now);
	if (rc < 0)
		return rc;
	t.offset = f[0] - now;
	t.linearised = true;
	*out = t;
	return 0;
}

static int
multiply(struct qasm_place at, const struct qasm_value *a,
    const struct qasm_value *b, struct qasm_value *out)
{
	double c[2] = {b->offset, 0.0}, f[3], x = 0.0, y = 0.0;
	int rc;

	if (b->nterms == 0)
		return combine(at, a, &(struct qasm_value){0}, c, out);
	c[0] = a->offset;
	if (a->nterms == 0)
		return combine(at, b, &(struct qasm_value){0}, c, out);
	rc = qasm_known(at, a, &x);
	if (rc == 0)
		rc = qasm_known(at, b, &y);
	if (rc < 0)
		return rc;
	f[0] = x * y;
	f[1] = y;
	f[2] = x;
	return tangent(at, a, b, f, out);
}

static int
divide(struct qasm_place at, const struct qasm_value *a,
    const struct qasm_value *b, struct qasm_value *out)
{
	double c[2] = {0.0, 0.0}, f[3], x = 0.0, y = 0.0;
	int rc = qasm_known(at, b, &y);

	if (rc < 0)
		return rc;
	if (y == 0.0 && !at.r->dry)
		return qasm_fail(at.r, at.token, "division by zero");
	if (y == 0.0)
		y = 1.0;
	/* a / b, not a * (1 / b): pi / 3 has its own rounding. */
	if (b->nterms == 0 && a->nterms == 0) {
		*out = qasm_float(a->offset / y);
		return 0;
	}
	if (b->nterms == 0) {
		c[0] = 1.0 / y;
		rc = combine(at, a, &(struct qasm_value){0}, c, out);
		out->offset = a->offset / y;
		return rc;
	}
	rc = qasm_known(at, a, &x);
	if (rc < 0)
		return rc;
	f[0] = x / y;
	f[1] = 1.0 / y;
	f[2] = -x / (y * y);
	return tangent(at, a, b, f, out);
}

static int
power(struct qasm_place at, const struct qasm_value *a,
    const struct qasm_value *b, struct qasm_value *out)
{
	double x = 0.0, y = 0.0, f[3];
	int rc = qasm_known(at, a, &x);

	if (rc == 0)
		rc = qasm_known(at, b, &y);
	if (rc < 0)
		return rc;
	f[0] = qasm_pow(x, y);
	f[1] = a->nterms ? y * qasm_pow(x, y - 1.0) : 0.0;
	f[2] = b->nterms ? f[0] * qasm_log(x) : 0.0;
	return tangent(at, a, b, f, out);
}

static int
modulo(struct qasm_place at, const struct qasm_value *a,
    const struct qasm_value *b, struct qasm_value *out)
{
	double x = 0.0, y = 0.0, f[3] = {0.0, 1.0, 0.0}, whole;
	int rc = qasm_known(at, a, &x);

	if (rc == 0)
		rc = qasm_known(at, b, &y);
	if (rc < 0)
		return rc;
	if (y == 0.0 && !at.r->dry)
		return qasm_fail(at.r, at.token, "modulo by zero");
	whole = x / y; /* towards zero, as fmod() */
	whole = whole < 0.0 ? -floor(-whole) : floor(whole);
	f[0] = x - whole * y;
	f[2] = -whole;
	return tangent(at, a, b, f, out);
}

static int
compare_floats(struct qasm_place at, uint32_t op, const struct qasm_value *a,
    const struct qasm_value *b, struct qasm_value *out)
{
	double x = 0.0, y = 0.0;
	int rc = qasm_known(at, a, &x);

	if (rc == 0)
		rc = qasm_known(at, b, &y);
	if (rc < 0)
		return rc;
	*out = qasm_bool(op == '<'           ? x < y
		: op == '>'                  ? x > y
		: op == QASM_MARK2('<', '=') ? x <= y
		: op == QASM_MARK2('>', '=') ? x >= y
		: op == QASM_MARK2('=', '=') ? x == y
					     : x != y);
	return 0;
}

static int
binary_float(struct qasm_place at, uint32_t op, const struct qasm_value *va,
    const struct qasm_value *vb, struct qasm_value *out)
{
	struct qasm_value a = *va, b = *vb;
	double c[2] = {1.0, op == '-' ? -1.0 : 1.0};
	int rc = qasm_to_float(at, &a);

	if (rc == 0)
		rc = qasm_to_float(at, &b);
	if (rc < 0)
		return rc;
	switch (op) {
	case '+':
	case '-':
		return combine(at, &a, &b, c, out);
	case '*':
		return multiply(at, &a, &b, out);
	case '/':
		return divide(at, &a, &b, out);
	case '%':
		return modulo(at, &a, &b, out);
	case QASM_MARK2('*', '*'):
		return power(at, &a, &b, out);
	case '<':
	case '>':
	case QASM_MARK2('<', '='):
	case QASM_MARK2('>', '='):
	case QASM_MARK2('=', '='):
	case QASM_MARK2('!', '='):
		return compare_floats(at, op, &a, &b, out);
	default:
		return qasm_fail(at.r, at.token,
		    "this operator takes no real numbers");
	}
}

int
qasm_binary(struct qasm_place at, uint32_t op, const struct qasm_value *a,
    const struct qasm_value *b, struct qasm_value *out)
{
	int rc = qasm_step(at.r, 1);

	if (rc < 0)
		return rc;
	if (a->kind == QASM_BITS || b->kind == QASM_BITS)
		return qasm_binary_bits(at, op, a, b, out);
	if (op == QASM_MARK2('&', '&') || op == QASM_MARK2('|', '|')) {
		struct qasm_value x = *a, y = *b;

		rc = qasm_to_bool(at, &x);
		if (rc == 0)
			rc = qasm_to_bool(at, &y);
		if (rc < 0)
			return rc;
		*out = qasm_bool((op & 0xff) == '&' ? x.number && y.number
						    : x.number || y.number);
		return 0;
	}
	/* OpenQASM 2 has real numbers only. */
	if (a->kind == QASM_FLOAT || b->kind == QASM_FLOAT ||
	    (at.r->version == 2 && op != QASM_MARK2('=', '=')))
		return binary_float(at, op, a, b, out);
	return qasm_binary_int(at, op, a, b, out);
}

int
qasm_to_bool(struct qasm_place at, struct qasm_value *v)
{
	struct qasm_value zero = qasm_int(0);
	double x = 0.0;
	int rc;

	if (v->kind == QASM_INT) {
		*v = qasm_bool(v->number != 0);
		return 0;
	}
	if (v->kind == QASM_FLOAT) {
		rc = qasm_known(at, v, &x);
		*v = qasm_bool(rc == 0 && x != 0.0);
		return rc;
	}
	if (v->width == 1) {
		v->is_bool = true;
		return 0;
	}
	return qasm_binary_bits(at, QASM_MARK2('!', '='), v, &zero, v);
}

int
qasm_unary(struct qasm_place at, uint32_t op, const struct qasm_value *a,
    struct qasm_value *out)
{
	struct qasm_value zero = qasm_int(0), v = *a;
	double c[2] = {-1.0, 0.0};
	int rc;

	if (op == '!' || (op == '~' && a->kind == QASM_BITS)) {
		rc = op == '!' ? qasm_to_bool(at, &v) : 0;
		if (rc < 0)
			return rc;
		if (v.kind == QASM_BITS)
			return qasm_not_bits(at, &v, out);
		*out = qasm_bool(!v.number);
		return 0;
	}
	if (op == '-' && a->kind == QASM_INT)
		return qasm_binary_int(at, '-', &zero, a, out);
	if (op == '-' && a->kind == QASM_FLOAT)
		return combine(at, a, &zero, c, out);
	if (op == '~' && a->kind == QASM_INT) {
		*out = qasm_int(~a->number);
		return 0;
	}
	return qasm_fail(at.r, at.token, "this operator does not fit here");
}

/* One argument: value and derivative. */
static bool
one_argument(const char *name, double x, double f[static 2])
{
	if (strcmp(name, "sin") == 0) {
		f[0] = qasm_sin(x);
		f[1] = qasm_cos(x);
	} else if (strcmp(name, "cos") == 0) {
		f[0] = qasm_cos(x);
		f[1] = -qasm_sin(x);
	} else if (strcmp(name, "tan") == 0) {
		f[0] = qasm_tan(x);
		f[1] = 1.0 + f[0] * f[0];
	} else if (strcmp(name, "exp") == 0) {
		f[0] = qasm_exp(x);
		f[1] = f[0];
	} else if (strcmp(name, "ln") == 0 || strcmp(name, "log") == 0) {
		f[0] = qasm_log(x);
		f[1] = 1.0 / x;
	} else if (strcmp(name, "sqrt") == 0) {
		f[0] = x >= 0.0 ? sqrt(x) : (double)NAN;
		f[1] = 0.5 / f[0];
	} else if (strcmp(name, "arcsin") == 0 || strcmp(name, "asin") == 0) {
		f[0] = qasm_asin(x);
		f[1] = 1.0 / sqrt(fabs(1.0 - x * x));
	} else if (strcmp(name, "arccos") == 0 || strcmp(name, "acos") == 0) {
		f[0] = qasm_acos(x);
		f[1] = -1.0 / sqrt(fabs(1.0 - x * x));
	} else if (strcmp(name, "arctan") == 0 || strcmp(name, "atan") == 0) {
		f[0] = qasm_atan2(x, 1.0);
		f[1] = 1.0 / (1.0 + x * x);
	} else if (strcmp(name, "abs") == 0) {
		f[0] = fabs(x);
		f[1] = x < 0.0 ? -1.0 : 1.0;
	} else {
		return false;
	}
	return true;
}

/* floor and ceiling are steps: their result is a known number. */
static int
rounded(struct qasm_place at, const char *name, const struct qasm_value *v,
    struct qasm_value *out)
{
	double x = 0.0;
	int rc = qasm_known(at, v, &x);

	if (rc == 0)
		*out = qasm_float(name[0] == 'f' ? floor(x) : -floor(-x));
	return rc;
}

int
qasm_function(struct qasm_place at, const struct qasm_value *args, uint32_t n,
    struct qasm_value *out)
{
	struct qasm_value v = args[0], zero = qasm_float(0.0);
	double x = 0.0, f[3] = {0.0, 0.0, 0.0};
	char name[48];
	int rc;

	qasm_spell(at.r, at.token, name);
	if (n == 2 && strcmp(name, "pow") == 0)
		return qasm_binary(at, QASM_MARK2('*', '*'), &args[0], &args[1],
		    out);
	if (n == 2 && strcmp(name, "mod") == 0)
		return qasm_binary(at, '%', &args[0], &args[1], out);
	if (n != 1 ||
	    !(one_argument(name, 0.0, f) || strcmp(name, "floor") == 0 ||
		strcmp(name, "ceiling") == 0))
		return -ENOENT;
	rc = qasm_to_float(at, &v);
	if (rc < 0)
		return rc;
	if (strcmp(name, "floor") == 0 || strcmp(name, "ceiling") == 0)
		return rounded(at, name, &v, out);
	rc = qasm_known(at, &v, &x);
	if (rc < 0)
		return rc;
	one_argument(name, x, f);
	return tangent(at, &v, &zero, f, out);
}
