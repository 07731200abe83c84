#include "sim/circuit/qasm_logic.h"

#include <errno.h>

#define CONDS_MAX 4096u /* of one statement: they are evaluated recursively */

int
qasm_cond(struct qasm_place at, struct program_cond c, uint32_t *out)
{
	struct program *p = at.r->p;
	enum program_logic a = PROGRAM_BIT, b = PROGRAM_BIT;
	int rc;

	if (c.logic >= PROGRAM_NOT)
		a = p->conds[c.a].logic;
	if (c.logic > PROGRAM_NOT)
		b = p->conds[c.b].logic;
	*out = c.a;
	if (c.logic == PROGRAM_NOT && a == PROGRAM_FALSE)
		c.logic = PROGRAM_TRUE;
	else if (c.logic == PROGRAM_NOT && a == PROGRAM_TRUE)
		c.logic = PROGRAM_FALSE;
	else if ((c.logic == PROGRAM_AND && b == PROGRAM_TRUE) ||
	    ((c.logic == PROGRAM_OR || c.logic == PROGRAM_XOR) &&
		b == PROGRAM_FALSE))
		return 0;
	else if ((c.logic == PROGRAM_AND && a == PROGRAM_FALSE) ||
	    (c.logic == PROGRAM_OR && a == PROGRAM_TRUE))
		return 0;
	*out = c.b;
	if ((c.logic == PROGRAM_AND && a == PROGRAM_TRUE) ||
	    ((c.logic == PROGRAM_OR || c.logic == PROGRAM_XOR) &&
		a == PROGRAM_FALSE))
		return 0;
	if ((c.logic == PROGRAM_AND && b == PROGRAM_FALSE) ||
	    (c.logic == PROGRAM_OR && b == PROGRAM_TRUE))
		return 0;
	if (p->nconds - at.r->cond0 >= CONDS_MAX)
		return qasm_fail(at.r, at.token, "the condition is too long");
	rc = qasm_step(at.r, 1);
	if (rc < 0)
		return rc;
	rc = program_add_cond(p, c);
	if (rc < 0)
		return qasm_failed(at.r, at.token, rc);
	*out = (uint32_t)rc;
	return 0;
}

static int
overflow(struct qasm_place at)
{
	return qasm_fail(at.r, at.token, "the integer is too large");
}

/* b > 0 shifts are below 63, so nothing here is undefined. */
static int
integer_power(struct qasm_place at, int64_t x, int64_t y, int64_t *out)
{
	int64_t v = 1;

	if (x == 1 || y == 0 || (x == -1 && y % 2 == 0)) {
		*out = 1;
		return 0;
	}
	if (x == 0 || x == -1) {
		*out = x;
		return 0;
	}
	for (; y > 0; y--) {
		if (__builtin_mul_overflow(v, x, &v))
			return overflow(at);
	}
	*out = v;
	return 0;
}

static int
divide_int(struct qasm_place at, uint32_t op, const struct qasm_value *a,
    const struct qasm_value *b, struct qasm_value *out)
{
	int64_t x = a->number, y = b->number;

	if (y == 0 && at.r->dry)
		y = 1;
	if (y == 0)
		return qasm_fail(at.r, at.token, "division by zero");
	if (x == INT64_MIN && y == -1)
		return overflow(at);
	*out = qasm_int(op == '/' ? x / y : x % y);
	if (op == '/') {
		out->cut = x % y != 0;
		out->offset = (double)x / (double)y;
	}
	return 0;
}

static int
shift_int(struct qasm_place at, uint32_t op, int64_t x, int64_t y, int64_t *out)
{
	if (x < 0 || y < 0 || y > 62)
		return qasm_fail(at.r, at.token, "no such shift");
	if (op == QASM_MARK2('>', '>'))
		*out = x >> y;
	else if (x > INT64_MAX >> y)
		return overflow(at);
	else
		*out = (int64_t)((uint64_t)x << y);
	return 0;
}

int
qasm_binary_int(struct qasm_place at, uint32_t op, const struct qasm_value *a,
    const struct qasm_value *b, struct qasm_value *out)
{
	int64_t x = a->number, y = b->number, v = 0;
	bool cut = a->cut || b->cut, over = false;
	int rc = 0;

	switch (op) {
	case '+':
		over = __builtin_add_overflow(x, y, &v);
		break;
	case '-':
		over = __builtin_sub_overflow(x, y, &v);
		break;
	case '*':
		over = __builtin_mul_overflow(x, y, &v);
		break;
	case '/':
	case '%':
		rc = divide_int(at, op, a, b, out);
		out->cut = out->cut || cut;
		return rc;
	case QASM_MARK2('*', '*'):
		if (y < 0) {
			struct qasm_value fx = qasm_float((double)x);

			return qasm_binary(at, op, &fx, b, out);
		}
		rc = integer_power(at, x, y, &v);
		break;
	case QASM_MARK2('<', '<'):
	case QASM_MARK2('>', '>'):
		rc = shift_int(at, op, x, y, &v);
		break;
	case '&':
		v = x & y;
		break;
	case '|':
		v = x | y;
		break;
	case '^':
		v = x ^ y;
		break;
	default:
		*out = qasm_bool(op == '<'           ? x < y
			: op == '>'                  ? x > y
			: op == QASM_MARK2('<', '=') ? x <= y
			: op == QASM_MARK2('>', '=') ? x >= y
			: op == QASM_MARK2('=', '=') ? x == y
						     : x != y);
		return 0;
	}
	if (over)
		return overflow(at);
	*out = qasm_int(v);
	out->cut = cut;
	out->is_bool =
	    a->is_bool && b->is_bool && (op == '&' || op == '|' || op == '^');
	return rc;
}

int
qasm_widen(struct qasm_place at, struct qasm_value *v, uint32_t width)
{
	struct qasm_value out = {.kind = QASM_BITS, .width = width};
	uint32_t i;
	int rc = 0;

	if (width == 0 || width > PROGRAM_MAX_BITS)
		return qasm_fail(at.r, at.token, "no such number of bits");
	out.conds = qasm_alloc(at.r, width * sizeof(*out.conds));
	if (out.conds == NULL)
		return qasm_no_memory(at.r);
	out.is_signed = v->kind == QASM_BITS && v->is_signed;
	for (i = 0; i < width && rc == 0; i++) {
		struct program_cond c = {.logic = PROGRAM_FALSE};

		if (v->kind == QASM_BITS && (i < v->width || v->is_signed)) {
			out.conds[i] =
			    v->conds[i < v->width ? i : v->width - 1];
			continue;
		}
		if (v->kind == QASM_INT && (v->number >> (i < 63 ? i : 63) & 1))
			c.logic = PROGRAM_TRUE;
		rc = qasm_cond(at, c, &out.conds[i]);
	}
	*v = out;
	return rc;
}

static int
one_bit(struct qasm_place at, uint32_t cond, struct qasm_value *out)
{
	uint32_t *conds = qasm_alloc(at.r, sizeof(*conds));

	if (conds == NULL)
		return qasm_no_memory(at.r);
	conds[0] = cond;
	*out = (struct qasm_value){.kind = QASM_BITS,
	    .width = 1,
	    .conds = conds,
	    .is_bool = true};
	return 0;
}

int
qasm_not_bits(struct qasm_place at, const struct qasm_value *a,
    struct qasm_value *out)
{
	struct qasm_value v = *a;
	uint32_t i;
	int rc = qasm_widen(at, &v, a->width);

	for (i = 0; rc == 0 && i < v.width; i++)
		rc = qasm_cond(at,
		    (struct program_cond){PROGRAM_NOT, a->conds[i], 0},
		    &v.conds[i]);
	v.is_bool = a->is_bool;
	*out = v;
	return rc;
}

/* Bits needed for a number, with its sign. */
static uint32_t
width_of(const struct qasm_value *v)
{
	int64_t x = v->number;
	uint32_t n = 1;

	if (v->kind == QASM_BITS)
		return v->width + (v->is_signed ? 0 : 1);
	for (x = x < 0 ? ~x : x; x > 0; x >>= 1)
		n++;
	return n;
}

/* lt: a < b; else a == b. Two's complement: the highest bit has the sign. */
static int
compare(struct qasm_place at, bool lt, const struct qasm_value *a,
    const struct qasm_value *b, uint32_t *out)
{
	uint32_t i, na = 0, nb = 0, t = 0;
	int rc = qasm_cond(at,
	    (struct program_cond){lt ? PROGRAM_FALSE : PROGRAM_TRUE, 0, 0},
	    out);

	for (i = 0; rc == 0 && i < a->width; i++) {
		bool top = i + 1 == a->width;
		uint32_t x = top && lt ? b->conds[i] : a->conds[i];
		uint32_t y = top && lt ? a->conds[i] : b->conds[i];

		rc = qasm_cond(at, (struct program_cond){PROGRAM_XOR, x, y},
		    &na);
		if (rc == 0)
			rc = qasm_cond(at,
			    (struct program_cond){PROGRAM_NOT, na, 0}, &nb);
		if (rc == 0)
			rc = qasm_cond(at,
			    (struct program_cond){PROGRAM_AND, nb, *out}, &t);
		*out = t;
		if (rc < 0 || !lt)
			continue;
		/* x != y and y: x = 0, y = 1. */
		rc = qasm_cond(at, (struct program_cond){PROGRAM_AND, na, y},
		    &na);
		if (rc == 0)
			rc = qasm_cond(at,
			    (struct program_cond){PROGRAM_OR, na, t}, out);
	}
	return rc;
}

static int
compare_bits(struct qasm_place at, uint32_t op, const struct qasm_value *va,
    const struct qasm_value *vb, struct qasm_value *out)
{
	bool swap = op == '>' || op == QASM_MARK2('<', '=');
	bool lt = op != QASM_MARK2('=', '=') && op != QASM_MARK2('!', '=');
	bool not = op == QASM_MARK2('<', '=') || op == QASM_MARK2('>', '=') ||
	    op == QASM_MARK2('!', '=');
	struct qasm_value a = swap ? *vb : *va, b = swap ? *va : *vb;
	uint32_t width = width_of(&a), cond = 0;
	int rc;

	if (width_of(&b) > width)
		width = width_of(&b);
	rc = qasm_widen(at, &a, width);
	if (rc == 0)
		rc = qasm_widen(at, &b, width);
	if (rc == 0)
		rc = compare(at, lt, &a, &b, &cond);
	if (rc == 0 && not )
		rc = qasm_cond(at, (struct program_cond){PROGRAM_NOT, cond, 0},
		    &cond);
	return rc < 0 ? rc : one_bit(at, cond, out);
}

static int
bitwise(struct qasm_place at, enum program_logic logic,
    const struct qasm_value *va, const struct qasm_value *vb,
    struct qasm_value *out)
{
	struct qasm_value a = *va, b = *vb;
	uint32_t i, width = a.kind == QASM_BITS ? a.width : b.width;
	int rc;

	if (a.kind == QASM_BITS && b.kind == QASM_BITS && a.width != b.width)
		return qasm_fail(at.r, at.token,
		    "the sides have %u and %u bits", a.width, b.width);
	rc = qasm_widen(at, &a, width);
	if (rc == 0)
		rc = qasm_widen(at, &b, width);
	for (i = 0; rc == 0 && i < width; i++)
		rc = qasm_cond(at,
		    (struct program_cond){logic, a.conds[i], b.conds[i]},
		    &a.conds[i]);
	a.is_bool = va->is_bool && vb->is_bool;
	*out = a;
	return rc;
}

int
qasm_binary_bits(struct qasm_place at, uint32_t op, const struct qasm_value *a,
    const struct qasm_value *b, struct qasm_value *out)
{
	struct qasm_value x = *a, y = *b;
	int rc;

	if (a->kind == QASM_FLOAT || b->kind == QASM_FLOAT)
		return qasm_fail(at.r, at.token,
		    "numbers that depend on a measurement are not supported");
	switch (op) {
	case QASM_MARK2('&', '&'):
	case QASM_MARK2('|', '|'):
		rc = qasm_to_bool(at, &x);
		if (rc == 0)
			rc = qasm_to_bool(at, &y);
		if (rc < 0)
			return rc;
		if (x.kind == QASM_INT)
			x.is_bool = true;
		rc = bitwise(at, (op & 0xff) == '&' ? PROGRAM_AND : PROGRAM_OR,
		    &x, &y, out);
		out->is_bool = true;
		return rc;
	case '&':
		return bitwise(at, PROGRAM_AND, a, b, out);
	case '|':
		return bitwise(at, PROGRAM_OR, a, b, out);
	case '^':
		return bitwise(at, PROGRAM_XOR, a, b, out);
	case '<':
	case '>':
	case QASM_MARK2('<', '='):
	case QASM_MARK2('>', '='):
	case QASM_MARK2('=', '='):
	case QASM_MARK2('!', '='):
		return compare_bits(at, op, a, b, out);
	default:
		return qasm_fail(at.r, at.token,
		    "arithmetic on measured bits is not supported");
	}
}
