#include "sim/circuit/qasm_expr.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sim/circuit/qasm_logic.h"

#define PI 3.14159265358979323846
#define EULER 2.71828182845904523536
#define ARGS_MAX 2u

static int unary(struct qasm *r, struct qasm_value *out);

static struct qasm_place
here(struct qasm *r, uint32_t token)
{
	return (struct qasm_place){r, token};
}

static int
real_literal(struct qasm *r, struct qasm_value *out)
{
	const struct qasm_token *t = qasm_now(r);
	char text[64];
	uint32_t i, n = 0;

	for (i = 0; i < t->len && n < sizeof(text) - 1; i++) {
		if (r->text[t->at + i] != '_')
			text[n++] = r->text[t->at + i];
	}
	text[n] = '\0';
	if (i < t->len)
		return qasm_fail(r, r->pos, "the number is too long");
	*out = qasm_float(strtod(text, NULL));
	if (!(out->offset <= 1e300))
		return qasm_fail(r, r->pos, "the number is too large");
	r->pos++;
	return 0;
}

static int
integer_literal(struct qasm *r, struct qasm_value *out)
{
	const struct qasm_token *t = qasm_now(r);
	int64_t v;

	if (qasm_integer(r->text + t->at, t->len, &v) < 0)
		return qasm_fail(r, r->pos, "no integer, or too large");
	*out = qasm_int(v);
	r->pos++;
	return 0;
}

/* "0101": the last digit is bit 0. */
static int
bits_literal(struct qasm *r, struct qasm_value *out)
{
	const struct qasm_token *t = qasm_now(r);
	const char *s = r->text + t->at;
	struct qasm_value v = {.kind = QASM_BITS};
	uint32_t i;
	int rc = 0;

	v.conds = qasm_alloc(r, (t->len + 1) * sizeof(*v.conds));
	if (v.conds == NULL)
		return qasm_no_memory(r);
	for (i = t->len; i > 0 && rc == 0; i--) {
		struct program_cond c = {.logic = PROGRAM_FALSE};

		if (s[i - 1] == '_')
			continue;
		if (s[i - 1] == '1')
			c.logic = PROGRAM_TRUE;
		else if (s[i - 1] != '0')
			return qasm_fail(r, r->pos, "want bits: \"0110\"");
		rc = qasm_cond(here(r, r->pos), c, &v.conds[v.width++]);
	}
	if (rc == 0 && (v.width == 0 || v.width > PROGRAM_MAX_BITS))
		return qasm_fail(r, r->pos, "no such number of bits");
	r->pos++;
	*out = v;
	return rc;
}

static bool
is_type(const struct qasm *r)
{
	return r->version == 3 &&
	    (qasm_is_word(r, "int") || qasm_is_word(r, "uint") ||
		qasm_is_word(r, "float") || qasm_is_word(r, "angle") ||
		qasm_is_word(r, "bool") || qasm_is_word(r, "bit"));
}

/* int[8](x) and so on. */
static int
convert(struct qasm *r, uint32_t type, int64_t width, struct qasm_value *v)
{
	struct qasm_place at = here(r, type);
	int rc;

	if (qasm_token_is(r, type, "bool"))
		return qasm_to_bool(at, v);
	if (qasm_token_is(r, type, "float") || qasm_token_is(r, type, "angle"))
		return qasm_to_float(at, v);
	if (qasm_token_is(r, type, "bit")) {
		if (v->kind == QASM_FLOAT)
			return qasm_fail(r, type, "no bits of a real number");
		return width == 0 ? qasm_to_bool(at, v)
				  : qasm_widen(at, v, (uint32_t)width);
	}
	if (v->kind != QASM_BITS) {
		rc = qasm_to_int(at, v);
		v->width = (uint32_t)width;
		return rc;
	}
	/* Little-endian; a signed type of the same width has a sign bit. */
	v->is_bool = false;
	if (width > 0 && (uint32_t)width < v->width)
		return qasm_fail(r, type, "%u bits do not fit this type",
		    v->width);
	v->is_signed =
	    qasm_token_is(r, type, "int") && (uint32_t)width == v->width;
	return 0;
}

static int
cast(struct qasm *r, struct qasm_value *out)
{
	uint32_t type = r->pos++;
	int64_t width;
	int rc = qasm_width(r, 0, &width);

	if (rc == 0)
		rc = qasm_want_mark(r, '(');
	if (rc == 0)
		rc = qasm_expr(r, out);
	if (rc == 0)
		rc = qasm_want_mark(r, ')');
	return rc < 0 ? rc : convert(r, type, width, out);
}

static int
call(struct qasm *r, uint32_t name, struct qasm_value *out)
{
	struct qasm_value args[ARGS_MAX];
	uint32_t n = 0;
	char text[48];
	int rc;

	r->pos++; /* the bracket */
	do {
		if (n == ARGS_MAX)
			return qasm_fail(r, r->pos, "too many arguments");
		rc = qasm_expr(r, &args[n++]);
		if (rc < 0)
			return rc;
	} while (qasm_take_mark(r, ','));
	rc = qasm_want_mark(r, ')');
	if (rc < 0)
		return rc;
	rc = qasm_function(here(r, name), args, n, out);
	if (rc == -ENOENT)
		return qasm_fail(r, name, "there is no function '%s' of %u",
		    qasm_spell(r, name, text), n);
	return rc;
}

static int
bits_value(struct qasm *r, struct qasm_value *out)
{
	struct qasm_list bits;
	uint32_t i, token = r->pos;
	int rc = qasm_bits(r, &bits);

	*out = (struct qasm_value){.kind = QASM_BITS};
	if (rc < 0)
		return rc;
	out->width = bits.n;
	out->conds = qasm_alloc(r, bits.n * sizeof(*out->conds));
	if (out->conds == NULL)
		return qasm_no_memory(r);
	for (i = 0; i < bits.n && rc == 0; i++)
		rc = qasm_cond(here(r, token),
		    (struct program_cond){PROGRAM_BIT, bits.items[i], 0},
		    &out->conds[i]);
	return rc;
}

/* Bits of an integer: mask[i]. */
static int
integer_bit(struct qasm *r, struct qasm_value *v)
{
	uint32_t token = r->pos++;
	int64_t i = 0;
	int rc = qasm_expr_int(r, &i);

	if (rc == 0)
		rc = qasm_want_mark(r, ']');
	if (rc < 0)
		return rc;
	if (v->kind != QASM_INT || v->width == 0)
		return qasm_fail(r, token, "this has no bits");
	if (i < 0)
		i += v->width;
	if (i < 0 || i >= v->width)
		return qasm_fail(r, token, "there are %u bits", v->width);
	*v = qasm_bool(v->number >> (i < 63 ? i : 63) & 1);
	return 0;
}

static bool
constant(const struct qasm *r, uint32_t t, struct qasm_value *out)
{
	static const struct {
		const char *name;
		double v;
	} table[] = {{"pi", PI}, {"\xcf\x80", PI}, {"tau", 2.0 * PI},
	    {"\xcf\x84", 2.0 * PI}, {"euler", EULER}, {"\xe2\x84\x87", EULER}};
	size_t i;

	for (i = 0; i < (r->version == 2 ? 1 : sizeof(table) / sizeof(*table));
	     i++) {
		if (qasm_token_is(r, t, table[i].name)) {
			*out = qasm_float(table[i].v);
			return true;
		}
	}
	*out = qasm_bool(qasm_token_is(r, t, "true"));
	return r->version == 3 && (out->number || qasm_token_is(r, t, "false"));
}

static int
name(struct qasm *r, struct qasm_value *out)
{
	uint32_t t = r->pos;
	const struct qasm_symbol *s;
	char text[48];

	if (is_type(r))
		return cast(r, out);
	if (constant(r, t, out)) {
		r->pos++;
		return 0;
	}
	if (r->tokens[t + 1].kind == QASM_MARK &&
	    r->tokens[t + 1].code == '(') {
		r->pos++;
		return call(r, t, out);
	}
	s = qasm_find(r, t);
	if (s == NULL)
		return qasm_fail(r, t, "'%s' is not declared",
		    qasm_spell(r, t, text));
	if (s->kind == QASM_SYMBOL_BITS)
		return bits_value(r, out);
	if (s->kind != QASM_SYMBOL_VALUE)
		return qasm_fail(r, t, "'%s' is no value",
		    qasm_spell(r, t, text));
	*out = s->value;
	r->pos++;
	return qasm_is_mark(r, '[') ? integer_bit(r, out) : 0;
}

static int
primary(struct qasm *r, struct qasm_value *out)
{
	char text[48];
	int rc;

	switch (qasm_now(r)->kind) {
	case QASM_INTEGER:
		return integer_literal(r, out);
	case QASM_REAL:
		return real_literal(r, out);
	case QASM_STRING:
		return bits_literal(r, out);
	case QASM_NAME:
		return name(r, out);
	case QASM_DURATION:
		return qasm_fail(r, r->pos, "times are not supported here");
	case QASM_MARK:
	case QASM_END:
		break;
	}
	if (!qasm_take_mark(r, '('))
		return qasm_fail(r, r->pos, "want a value, got '%s'",
		    qasm_spell(r, r->pos, text));
	rc = qasm_expr(r, out);
	return rc < 0 ? rc : qasm_want_mark(r, ')');
}

/* Right-associative, and above a sign on its left. */
static int
raised(struct qasm *r, struct qasm_value *out)
{
	uint32_t op = r->version == 2 ? '^' : QASM_MARK2('*', '*');
	struct qasm_value right;
	uint32_t token;
	int rc = primary(r, out);

	token = r->pos;
	if (rc < 0 || !qasm_take_mark(r, op))
		return rc;
	rc = unary(r, &right);
	return rc < 0 ? rc
		      : qasm_binary(here(r, token), QASM_MARK2('*', '*'), out,
			    &right, out);
}

static int
unary(struct qasm *r, struct qasm_value *out)
{
	uint32_t token = r->pos;
	int rc = qasm_enter(r);

	if (rc < 0)
		return rc;
	if (qasm_take_mark(r, '+')) {
		rc = unary(r, out);
	} else if (qasm_take_mark(r, '-') || qasm_take_mark(r, '!') ||
	    qasm_take_mark(r, '~')) {
		rc = unary(r, out);
		if (rc == 0)
			rc = qasm_unary(here(r, token), r->tokens[token].code,
			    out, out);
	} else {
		rc = raised(r, out);
	}
	r->depth--;
	return rc;
}

/* 0: not a binary operator. */
static int
precedence(const struct qasm *r)
{
	static const struct {
		uint32_t code;
		int level;
	} table[] = {{QASM_MARK2('|', '|'), 1}, {QASM_MARK2('&', '&'), 2},
	    {'|', 3}, {'^', 4}, {'&', 5}, {QASM_MARK2('=', '='), 6},
	    {QASM_MARK2('!', '='), 6}, {'<', 7}, {'>', 7},
	    {QASM_MARK2('<', '='), 7}, {QASM_MARK2('>', '='), 7},
	    {QASM_MARK2('<', '<'), 8}, {QASM_MARK2('>', '>'), 8}, {'+', 9},
	    {'-', 9}, {'*', 10}, {'/', 10}, {'%', 10}};
	size_t i;

	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		if (qasm_is_mark(r, table[i].code))
			return table[i].level;
	}
	return 0;
}

static int
climb(struct qasm *r, int least, struct qasm_value *out)
{
	struct qasm_value right;
	uint32_t token;
	int rc = unary(r, out), level;

	while (rc == 0 && (level = precedence(r)) >= least && level > 0) {
		token = r->pos++;
		rc = climb(r, level + 1, &right);
		if (rc == 0)
			rc = qasm_binary(here(r, token), r->tokens[token].code,
			    out, &right, out);
	}
	return rc;
}

int
qasm_expr(struct qasm *r, struct qasm_value *out)
{
	int rc = qasm_enter(r);

	if (rc < 0)
		return rc;
	rc = climb(r, 1, out);
	r->depth--;
	return rc;
}

int
qasm_expr_int(struct qasm *r, int64_t *out)
{
	struct qasm_value v;
	uint32_t token = r->pos;
	int rc = qasm_expr(r, &v);

	*out = 0;
	if (rc < 0)
		return rc;
	if (v.kind == QASM_FLOAT)
		return qasm_fail(r, token, "want an integer");
	rc = qasm_to_int(here(r, token), &v);
	*out = v.number;
	return rc;
}

int
qasm_width(struct qasm *r, int64_t otherwise, int64_t *out)
{
	uint32_t token = r->pos;
	int rc;

	*out = otherwise;
	if (!qasm_take_mark(r, '['))
		return 0;
	rc = qasm_expr_int(r, out);
	if (rc == 0 && (*out < 1 || *out > 1 << 20))
		return qasm_fail(r, token + 1, "want a size, at least 1");
	return rc < 0 ? rc : qasm_want_mark(r, ']');
}
