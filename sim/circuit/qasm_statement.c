#include "sim/circuit/qasm_statement.h"

#include <errno.h>
#include <string.h>

#include "sim/circuit/qasm_def.h"
#include "sim/circuit/qasm_expr.h"
#include "sim/circuit/qasm_flow.h"
#include "sim/circuit/qasm_gate.h"

static struct qasm_place
here(struct qasm *r)
{
	return (struct qasm_place){r, r->pos};
}

int
qasm_body(struct qasm *r)
{
	int rc = 0;

	qasm_push(r);
	if (qasm_take_mark(r, '{')) {
		while (rc == 0 && !qasm_is_mark(r, '}'))
			rc = r->leave ? qasm_skip(r) : qasm_statement(r);
		r->pos += rc == 0;
	} else {
		rc = qasm_statement(r);
	}
	qasm_pop(r);
	return rc;
}

int
qasm_gate_body(struct qasm *r, uint32_t start)
{
	int rc = 0;

	r->pos = start;
	while (rc == 0 && !qasm_is_mark(r, '}'))
		rc = qasm_statement(r);
	return rc;
}

static int
skip_brackets(struct qasm *r)
{
	uint32_t depth = 0, start = r->pos;

	do {
		if (qasm_now(r)->kind == QASM_END)
			return qasm_fail(r, start, "the bracket is not closed");
		if (qasm_is_mark(r, '(') || qasm_is_mark(r, '{') ||
		    qasm_is_mark(r, '['))
			depth++;
		if (qasm_is_mark(r, ')') || qasm_is_mark(r, '}') ||
		    qasm_is_mark(r, ']'))
			depth--;
		r->pos++;
	} while (depth > 0);
	return qasm_step(r, (r->pos - start) / 16);
}

int
qasm_skip(struct qasm *r)
{
	int rc = qasm_enter(r);

	if (rc < 0)
		return rc;
	if (qasm_is_mark(r, '{')) {
		rc = skip_brackets(r);
	} else if (qasm_take_word(r, "while")) {
		rc = skip_brackets(r);
		if (rc == 0)
			rc = qasm_skip(r);
	} else if (qasm_is_word(r, "switch") || qasm_is_word(r, "box")) {
		while (rc == 0 && qasm_now(r)->kind != QASM_END &&
		    !qasm_is_mark(r, '{'))
			r->pos++;
		rc = skip_brackets(r);
	} else if (qasm_take_word(r, "if")) {
		rc = skip_brackets(r);
		if (rc == 0)
			rc = qasm_skip(r);
		if (rc == 0 && qasm_take_word(r, "else"))
			rc = qasm_skip(r);
	} else if (qasm_take_word(r, "for")) {
		while (rc == 0 && qasm_now(r)->kind != QASM_END &&
		    !qasm_is_mark(r, '[') && !qasm_is_mark(r, '{'))
			r->pos++;
		/* for int[8] i in: the first bracket may be the type's */
		rc = skip_brackets(r);
		if (rc == 0 && qasm_now(r)->kind == QASM_NAME &&
		    r->tokens[r->pos + 1].kind == QASM_NAME &&
		    qasm_token_is(r, r->pos + 1, "in")) {
			r->pos += 2;
			rc = skip_brackets(r);
		}
		if (rc == 0)
			rc = qasm_skip(r);
	} else {
		while (rc == 0 && !qasm_take_mark(r, ';')) {
			if (qasm_now(r)->kind == QASM_END)
				rc = qasm_want_mark(r, ';');
			else if (qasm_is_mark(r, '{'))
				rc = skip_brackets(r);
			else
				r->pos++;
		}
	}
	r->depth--;
	return rc;
}

static int
if_known(struct qasm *r, bool yes)
{
	int rc = yes ? qasm_body(r) : qasm_skip(r);

	if (rc == 0 && r->version == 3 && qasm_take_word(r, "else"))
		rc = yes ? qasm_skip(r) : qasm_body(r);
	return rc;
}

static int
if_unknown(struct qasm *r, uint32_t cond)
{
	uint32_t token = r->pos;
	int unless = program_add_jump_unless(r->p, cond), past, rc;

	if (unless < 0)
		return qasm_failed(r, token, unless);
	r->unknown++;
	rc = qasm_body(r);
	if (rc == 0 && r->version == 3 && qasm_take_word(r, "else")) {
		past = program_add_jump(r->p);
		if (past < 0)
			return qasm_failed(r, token, past);
		program_land(r->p, (uint32_t)unless);
		rc = qasm_body(r);
		program_land(r->p, (uint32_t)past);
	} else if (rc == 0) {
		program_land(r->p, (uint32_t)unless);
	}
	r->unknown--;
	return rc;
}

static int
if_statement(struct qasm *r)
{
	struct qasm_place at = here(r);
	struct qasm_value v = qasm_int(0);
	enum program_logic logic;
	int rc;

	r->pos++;
	rc = qasm_want_mark(r, '(');
	if (rc == 0)
		rc = qasm_expr(r, &v);
	if (rc == 0)
		rc = qasm_want_mark(r, ')');
	if (rc == 0)
		rc = qasm_to_bool(at, &v);
	if (rc < 0)
		return rc;
	if (v.kind == QASM_INT)
		return if_known(r, v.number != 0);
	logic = r->p->conds[v.conds[0]].logic;
	if (logic == PROGRAM_TRUE || logic == PROGRAM_FALSE)
		return if_known(r, logic == PROGRAM_TRUE);
	return if_unknown(r, v.conds[0]);
}

struct loop {
	uint32_t name, body;
};

static int
loop_once(struct qasm *r, const struct loop *l, int64_t value)
{
	struct qasm_symbol s = {.kind = QASM_SYMBOL_VALUE,
	    .constant = true,
	    .value = qasm_int(value)};
	int rc = qasm_step(r, 1);

	qasm_push(r);
	if (rc == 0)
		rc = qasm_declare(r, l->name, &s);
	r->pos = l->body;
	if (rc == 0)
		rc = qasm_loop_body(r);
	qasm_pop(r);
	return rc;
}

static int
loop_range(struct qasm *r, struct loop *l)
{
	struct qasm_range g;
	int64_t i;
	bool any = false;
	int rc = qasm_range(r, -1, &g);

	if (rc == 0 && g.one)
		return qasm_fail(r, r->pos, "want a range: [0:3]");
	if (rc == 0)
		rc = qasm_want_mark(r, ']');
	l->body = r->pos;
	for (i = g.first; rc == 0 && r->leave == QASM_GO_ON &&
	     (g.step > 0 ? i <= g.last : i >= g.last);
	     i += g.step) {
		rc = loop_once(r, l, i);
		any = true;
	}
	if (r->leave == QASM_BREAK)
		r->leave = QASM_GO_ON;
	return rc < 0 || any ? rc : qasm_skip(r);
}

/* The set is read twice: to find the body, then value by value. */
static int
loop_set(struct qasm *r, struct loop *l)
{
	uint32_t at = r->pos, after = 0;
	int64_t value;
	int rc = 0;

	do {
		rc = qasm_expr_int(r, &value);
	} while (rc == 0 && qasm_take_mark(r, ','));
	if (rc == 0)
		rc = qasm_want_mark(r, '}');
	l->body = r->pos;
	while (rc == 0) {
		r->pos = at;
		rc = qasm_expr_int(r, &value);
		at = r->pos + 1;
		after = qasm_is_mark(r, ',');
		if (rc == 0)
			rc = loop_once(r, l, value);
		if (!after || r->leave != QASM_GO_ON)
			break;
	}
	if (r->leave == QASM_BREAK)
		r->leave = QASM_GO_ON;
	return rc;
}

static int
for_statement(struct qasm *r)
{
	struct loop l = {0};
	int64_t width;
	int rc = 0;

	r->pos++;
	if (qasm_is_type(r)) {
		r->pos++;
		rc = qasm_width(r, 0, &width);
	}
	if (rc == 0)
		rc = qasm_want_name(r, &l.name);
	if (rc < 0)
		return rc;
	if (!qasm_take_word(r, "in"))
		return qasm_fail(r, r->pos, "want 'in'");
	if (qasm_take_mark(r, '['))
		return loop_range(r, &l);
	if (qasm_take_mark(r, '{'))
		return loop_set(r, &l);
	return qasm_fail(r, r->pos,
	    "only loops over [a:b] and {a, b} are supported");
}

static int
written_bits(struct qasm *r, struct qasm_list *out)
{
	const struct qasm_symbol *s = NULL;
	char name[48];

	if (qasm_now(r)->kind == QASM_NAME)
		s = qasm_find(r, r->pos);
	if (s != NULL && s->constant)
		return qasm_fail(r, r->pos, "'%s' is a constant",
		    qasm_spell(r, r->pos, name));
	return qasm_bits(r, out);
}

int
qasm_measure(struct qasm *r, const struct qasm_list *bits)
{
	struct qasm_list qubits, into;
	uint32_t token = r->pos++, i;
	int rc;

	if (r->floor > 0 && r->subs == 0)
		return qasm_fail(r, token, "a gate cannot measure");
	rc = qasm_qubits(r, &qubits);
	if (rc < 0)
		return rc;
	into = (struct qasm_list){NULL, qubits.n, qubits.single};
	if (bits)
		into = *bits;
	else if (qasm_take_mark(r, QASM_MARK2('-', '>')))
		rc = written_bits(r, &into);
	if (rc < 0)
		return rc;
	if (into.n != qubits.n)
		return qasm_fail(r, token, "%u qubits into %u bits", qubits.n,
		    into.n);
	for (i = 0; i < qubits.n && rc == 0; i++) {
		rc = qasm_step(r, 1);
		if (rc < 0)
			return rc;
		rc = program_add_measure(r->p, qubits.items[i],
		    into.items ? into.items[i] : PROGRAM_NO_BIT);
	}
	return rc < 0 ? qasm_failed(r, token, rc) : 0;
}

static int
reset_statement(struct qasm *r)
{
	struct qasm_list qubits;
	uint32_t token = r->pos++, i;
	int rc;

	if (r->floor > 0 && r->subs == 0)
		return qasm_fail(r, token, "a gate cannot reset");
	rc = qasm_qubits(r, &qubits);
	for (i = 0; rc == 0 && i < qubits.n; i++) {
		rc = qasm_step(r, 1);
		if (rc == 0)
			rc = program_add_reset(r->p, qubits.items[i]);
	}
	if (rc < 0)
		return qasm_failed(r, token, rc);
	return qasm_want_mark(r, ';');
}

/* all[*n]: each of them once. */
static int
barrier_qubits(struct qasm *r, uint32_t *all, uint32_t *n)
{
	struct qasm_list qubits;
	uint64_t seen = 0;
	uint32_t i;
	int rc;

	do {
		rc = qasm_qubits(r, &qubits);
		for (i = 0; rc == 0 && i < qubits.n; i++) {
			if (!(seen >> qubits.items[i] & 1))
				all[(*n)++] = qubits.items[i];
			seen |= UINT64_C(1) << qubits.items[i];
		}
	} while (rc == 0 && qasm_take_mark(r, ','));
	return rc;
}

static int
barrier_statement(struct qasm *r)
{
	uint32_t all[PROGRAM_MAX_QUBITS], n = 0, token = r->pos++;
	int rc = qasm_step(r, 1);

	if (rc < 0)
		return rc;
	if (r->version == 3 && qasm_is_mark(r, ';')) {
		for (n = 0; n < r->p->nqubits; n++)
			all[n] = n;
	} else {
		rc = barrier_qubits(r, all, &n);
	}
	if (rc == 0 && !r->dry && n > 0)
		rc = program_add_barrier(r->p, all, n);
	if (rc < 0)
		return qasm_failed(r, token, rc);
	return qasm_want_mark(r, ';');
}

static int
refused(struct qasm *r)
{
	static const char *const words[] = {"extern", "return", "case",
	    "default", "cal", "defcal", "defcalgrammar", "duration", "stretch",
	    "complex", "array", "pragma", "readonly", "mutable", "nop"};
	size_t i;

	for (i = 0; r->version == 3 && i < sizeof(words) / sizeof(words[0]);
	     i++) {
		if (qasm_is_word(r, words[i]))
			return qasm_fail(r, r->pos, "'%s' is not supported",
			    words[i]);
	}
	if (qasm_is_mark(r, '#'))
		return qasm_fail(r, r->pos, "pragmas are not supported");
	return 0;
}

static int
dispatch(struct qasm *r)
{
	const struct qasm_symbol *s;
	bool three = r->version == 3;
	int rc = three ? qasm_flow(r) : 0;

	if (rc == 0)
		rc = refused(r);
	if (rc == 0)
		rc = qasm_declaration(r);
	if (rc != 0)
		return rc < 0 ? rc : 0;
	if (qasm_is_word(r, "if")) {
		if (r->floor > 0 && !three)
			return qasm_fail(r, r->pos, "'if' in a gate");
		return if_statement(r);
	}
	if (three && qasm_is_word(r, "for"))
		return for_statement(r);
	if (three && qasm_is_word(r, "def"))
		return qasm_def(r);
	if (three && qasm_is_mark(r, '{'))
		return qasm_body(r);
	if (qasm_is_word(r, "measure")) {
		rc = qasm_measure(r, NULL);
		return rc < 0 ? rc : qasm_want_mark(r, ';');
	}
	if (qasm_is_word(r, "reset"))
		return reset_statement(r);
	if (qasm_is_word(r, "barrier"))
		return barrier_statement(r);
	if (qasm_now(r)->kind == QASM_NAME && three) {
		s = qasm_find(r, r->pos);
		if (s && s->kind == QASM_SYMBOL_DEF)
			return qasm_def_call(r);
		if (s && s->kind != QASM_SYMBOL_GATE &&
		    s->kind != QASM_SYMBOL_QUBITS)
			return qasm_assignment(r);
	}
	return qasm_gate_call(r);
}

int
qasm_statement(struct qasm *r)
{
	int rc = qasm_enter(r);

	if (rc < 0)
		return rc;
	r->cond0 = r->p->nconds;
	rc = dispatch(r);
	r->depth--;
	return rc;
}
