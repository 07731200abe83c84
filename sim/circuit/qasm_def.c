#include "sim/circuit/qasm_def.h"

#include <errno.h>

#include "sim/circuit/qasm_expr.h"
#include "sim/circuit/qasm_statement.h"

int
qasm_def(struct qasm *r)
{
	struct qasm_symbol s = {.kind = QASM_SYMBOL_DEF};
	uint32_t token = r->pos++, name;
	int rc;

	if (r->level > 0)
		return qasm_fail(r, token, "'def' inside of a block");
	rc = qasm_want_name(r, &name);
	if (rc < 0)
		return rc;
	s.token = name;
	s.params = r->pos;
	if (!qasm_is_mark(r, '('))
		return qasm_want_mark(r, '(');
	while (qasm_now(r)->kind != QASM_END && !qasm_is_mark(r, '{')) {
		if (qasm_is_mark(r, QASM_MARK2('-', '>')))
			return qasm_fail(r, r->pos,
			    "a 'def' that returns something is not supported");
		r->pos++;
	}
	s.body = r->pos + 1;
	rc = qasm_step(r, (r->pos - token) / 16);
	if (rc == 0)
		rc = qasm_skip(r);
	return rc < 0 ? rc : qasm_declare(r, name, &s);
}

#define ARGUMENTS_MAX 64

/* What a call has read: a name of the body and what it stands for. */
struct argument {
	uint32_t type, name; /* tokens */
	int64_t width;       /* 0: none */
	bool is_list;        /* of qubits or bits; else a value */
	struct qasm_list list;
	struct qasm_value value;
};

/* One value, as the type in the definition wants it. */
static int
read_value(struct qasm *r, uint32_t type, struct argument *a)
{
	struct qasm_place at = {r, r->pos};
	int rc = qasm_expr(r, &a->value);

	if (rc < 0)
		return rc;
	if (qasm_token_is(r, type, "float") || qasm_token_is(r, type, "angle"))
		return qasm_to_float(at, &a->value);
	if (qasm_token_is(r, type, "bool"))
		return qasm_to_bool(at, &a->value);
	if (qasm_token_is(r, type, "int") || qasm_token_is(r, type, "uint"))
		return qasm_to_int(at, &a->value);
	return a->value.kind == QASM_BITS
	    ? 0
	    : qasm_fail(r, at.token, "want classical bits");
}

static bool
is_qubits(const struct qasm *r, const struct argument *a)
{
	return qasm_token_is(r, a->type, "qubit");
}

/* Bits of a register keep their places; those of an expression are a value. */
static bool
is_bits(struct qasm *r, const struct argument *a)
{
	const struct qasm_symbol *s = NULL;

	if (qasm_token_is(r, a->type, "bit") && qasm_now(r)->kind == QASM_NAME)
		s = qasm_find(r, r->pos);
	return s != NULL && s->kind == QASM_SYMBOL_BITS;
}

static int
read_argument(struct qasm *r, struct argument *a)
{
	uint32_t token = r->pos, want = a->width ? (uint32_t)a->width : 1;
	bool bits = is_bits(r, a);
	int rc;

	a->is_list = bits || is_qubits(r, a);
	if (!a->is_list)
		return read_value(r, a->type, a);
	rc = bits ? qasm_bits(r, &a->list) : qasm_qubits(r, &a->list);
	if (rc == 0 && a->list.n != want)
		return qasm_fail(r, token, "want %u %s, got %u", want,
		    bits ? "bits" : "qubits", a->list.n);
	return rc;
}

static int
name_argument(struct qasm *r, const struct argument *a)
{
	struct qasm_symbol s = {.kind = QASM_SYMBOL_VALUE,
	    .constant = true,
	    .value = a->value};

	if (a->is_list)
		s = (struct qasm_symbol){.kind = is_qubits(r, a)
			? QASM_SYMBOL_QUBITS
			: QASM_SYMBOL_BITS,
		    .constant = true, /* bits are passed by value */
		    .scalar = a->width == 0,
		    .list = a->list.items,
		    .nlist = a->list.n};
	return qasm_declare(r, a->name, &s);
}

/* Type, width and name in the definition at *at, which goes behind them and a
 * comma. *more: there is another. */
static int
read_parameter(struct qasm *r, uint32_t *at, struct argument *a, bool *more)
{
	uint32_t was = r->pos;
	int rc;

	*a = (struct argument){.type = *at};
	r->pos = *at;
	if (!qasm_is_word(r, "qubit") && !qasm_is_word(r, "bit") &&
	    !qasm_is_type(r))
		return qasm_fail(r, r->pos, "want a type");
	r->pos++;
	rc = qasm_width(r, 0, &a->width);
	if (rc == 0 && (a->width < 0 || a->width > PROGRAM_MAX_BITS))
		return qasm_fail(r, r->pos, "want 1 to %d", PROGRAM_MAX_BITS);
	if (rc == 0)
		rc = qasm_want_name(r, &a->name);
	*more = rc == 0 && qasm_take_mark(r, ',');
	if (rc == 0 && !*more && !qasm_is_mark(r, ')'))
		return qasm_want_mark(r, ')');
	*at = r->pos;
	r->pos = was;
	return rc;
}

/* All are read before any is named: names of the body may be names here. */
static int
read_arguments(struct qasm *r, uint32_t at, struct argument *a, uint32_t *n)
{
	bool more =
	    r->tokens[at].kind != QASM_MARK || r->tokens[at].code != ')';
	int rc = 0;

	for (*n = 0; more && rc == 0; ++*n) {
		if (*n == ARGUMENTS_MAX)
			return qasm_fail(r, r->pos, "over %d arguments",
			    ARGUMENTS_MAX);
		if (*n > 0)
			rc = qasm_want_mark(r, ',');
		if (rc == 0)
			rc = read_parameter(r, &at, &a[*n], &more);
		if (rc == 0)
			rc = read_argument(r, &a[*n]);
	}
	if (rc == 0)
		rc = qasm_want_mark(r, ')');
	return rc < 0 ? rc : qasm_want_mark(r, ';');
}

static int
run_body(struct qasm *r, uint32_t body)
{
	int rc = 0;

	r->pos = body;
	while (rc == 0 && r->leave == QASM_GO_ON && !qasm_is_mark(r, '}'))
		rc = qasm_statement(r);
	return rc;
}

/* In a scope that sees its arguments, and of the others constants, gates and
 * subroutines. */
static int
run_inside(struct qasm *r, uint32_t body, const struct argument *a, uint32_t n)
{
	uint32_t floor_was = r->floor, loops = r->loops, pos = r->pos, i;
	int rc = 0;

	qasm_push(r);
	r->floor = r->level;
	r->subs++;
	r->loops = 0;
	for (i = 0; i < n && rc == 0; i++)
		rc = name_argument(r, &a[i]);
	if (rc == 0)
		rc = run_body(r, body);
	r->loops = loops;
	r->subs--;
	qasm_pop(r);
	r->floor = floor_was;
	r->pos = pos;
	return rc;
}

int
qasm_def_call(struct qasm *r)
{
	const struct qasm_symbol d = *qasm_find(r, r->pos);
	struct argument *a = qasm_alloc(r, ARGUMENTS_MAX * sizeof(*a));
	uint32_t n = 0;
	int rc = qasm_enter(r);

	if (rc < 0)
		return rc;
	if (a == NULL)
		return qasm_no_memory(r);
	r->pos++;
	rc = qasm_step(r, 1);
	if (rc == 0)
		rc = qasm_want_mark(r, '(');
	if (rc == 0)
		rc = read_arguments(r, d.params + 1, a, &n);
	if (rc == 0)
		rc = run_inside(r, d.body, a, n);
	r->depth--;
	return rc;
}
