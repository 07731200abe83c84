#include "sim/circuit/qasm_flow.h"

#include <errno.h>

#include "sim/circuit/qasm_expr.h"
#include "sim/circuit/qasm_statement.h"

#define CASES_MAX 256

int
qasm_loop_body(struct qasm *r)
{
	uint32_t was = r->loop_unknown;
	int rc;

	r->loop_unknown = r->unknown;
	r->loops++;
	rc = qasm_body(r);
	r->loops--;
	r->loop_unknown = was;
	if (r->leave == QASM_CONTINUE)
		r->leave = QASM_GO_ON;
	return rc;
}

static int
while_statement(struct qasm *r)
{
	uint32_t at = ++r->pos;
	struct qasm_place place = {r, at};
	struct qasm_value v = qasm_int(1);
	int rc = 0;

	while (rc == 0 && r->leave == QASM_GO_ON) {
		r->pos = at;
		rc = qasm_step(r, 1);
		if (rc == 0)
			rc = qasm_want_mark(r, '(');
		if (rc == 0)
			rc = qasm_expr(r, &v);
		if (rc == 0)
			rc = qasm_want_mark(r, ')');
		if (rc == 0)
			rc = qasm_to_bool(place, &v);
		if (rc == 0 && v.kind != QASM_INT)
			return qasm_fail(r, at,
			    "'while' on measured bits is not supported: it "
			    "may never end");
		if (rc == 0 && v.number == 0)
			return qasm_skip(r);
		if (rc == 0)
			rc = qasm_loop_body(r);
	}
	if (r->leave == QASM_BREAK)
		r->leave = QASM_GO_ON;
	return rc;
}

/* break, continue, end. */
static int
leave(struct qasm *r, enum qasm_leave how)
{
	uint32_t token = r->pos++;
	uint32_t outside = how == QASM_STOP ? 0 : r->loop_unknown;
	char name[48];

	qasm_spell(r, token, name);
	if (how == QASM_STOP && r->floor > 0 && r->subs == 0)
		return qasm_fail(r, token, "a gate cannot end the program");
	if (how != QASM_STOP && r->loops == 0)
		return qasm_fail(r, token, "'%s' outside of a loop", name);
	if (r->unknown != outside)
		return qasm_fail(r, token,
		    "'%s' would depend on a measurement: not supported", name);
	if (qasm_want_mark(r, ';') < 0)
		return -EINVAL;
	r->leave = how;
	return 1;
}

struct choice {
	struct qasm_value of;
	bool done;                       /* known, and its case was there */
	uint32_t past[CASES_MAX], npast; /* jumps to the end */
};

/* of == a || of == b .. up to the brace. */
static int
read_labels(struct qasm *r, const struct choice *c, struct qasm_value *out)
{
	struct qasm_place at = {r, r->pos};
	struct qasm_value label, one, all;
	int64_t v;
	int rc;

	*out = qasm_bool(false);
	do {
		rc = qasm_expr_int(r, &v);
		label = qasm_int(v);
		if (rc == 0)
			rc = qasm_binary(at, QASM_MARK2('=', '='), &c->of,
			    &label, &one);
		if (rc == 0)
			rc = qasm_binary(at, QASM_MARK2('|', '|'), out, &one,
			    &all);
		if (rc == 0)
			*out = all;
	} while (rc == 0 && qasm_take_mark(r, ','));
	return rc;
}

static int
case_unknown(struct qasm *r, struct choice *c, uint32_t cond)
{
	uint32_t token = r->pos;
	int unless = program_add_jump_unless(r->p, cond), past, rc;

	if (unless < 0)
		return qasm_failed(r, token, unless);
	if (c->npast == CASES_MAX)
		return qasm_fail(r, token, "over %d cases", CASES_MAX);
	rc = qasm_body(r);
	if (rc < 0)
		return rc;
	past = program_add_jump(r->p);
	if (past < 0)
		return qasm_failed(r, token, past);
	c->past[c->npast++] = (uint32_t)past;
	program_land(r->p, (uint32_t)unless);
	return 0;
}

static int
one_case(struct qasm *r, struct choice *c)
{
	struct qasm_place at = {r, r->pos};
	struct qasm_value v;
	int rc;

	if (qasm_take_word(r, "default")) {
		rc = c->done ? qasm_skip(r) : qasm_body(r);
		if (rc == 0 && !qasm_is_mark(r, '}'))
			return qasm_fail(r, r->pos, "'default' comes last");
		return rc;
	}
	if (!qasm_take_word(r, "case"))
		return qasm_fail(r, r->pos, "want 'case' or 'default'");
	rc = read_labels(r, c, &v);
	if (rc == 0)
		rc = qasm_to_bool(at, &v);
	if (rc < 0)
		return rc;
	if (!qasm_is_mark(r, '{'))
		return qasm_want_mark(r, '{');
	if (v.kind != QASM_INT)
		return case_unknown(r, c, v.conds[0]);
	if (c->done || v.number == 0)
		return qasm_skip(r);
	c->done = true;
	return qasm_body(r);
}

static int
switch_statement(struct qasm *r)
{
	struct choice c = {.done = false};
	uint32_t was = r->unknown;
	int rc;

	r->pos++;
	rc = qasm_want_mark(r, '(');
	if (rc == 0)
		rc = qasm_expr(r, &c.of);
	if (rc == 0)
		rc = qasm_want_mark(r, ')');
	if (rc == 0)
		rc = qasm_want_mark(r, '{');
	if (rc == 0 && c.of.kind == QASM_FLOAT)
		return qasm_fail(r, r->pos, "'switch' wants an integer");
	if (rc == 0 && c.of.kind == QASM_BITS)
		r->unknown++;
	while (rc == 0 && !qasm_is_mark(r, '}'))
		rc = one_case(r, &c);
	r->unknown = was;
	while (c.npast > 0)
		program_land(r->p, c.past[--c.npast]);
	r->pos += rc == 0;
	return rc;
}

/* [100ns], which says nothing to a machine without a clock. */
static int
pass_time(struct qasm *r)
{
	uint32_t start = r->pos;

	if (!qasm_take_mark(r, '['))
		return 0;
	while (!qasm_take_mark(r, ']')) {
		if (qasm_now(r)->kind == QASM_END || qasm_is_mark(r, ';'))
			return qasm_fail(r, start, "the bracket is not closed");
		r->pos++;
	}
	return qasm_step(r, (r->pos - start) / 16);
}

static int
box_statement(struct qasm *r)
{
	int rc;

	r->pos++;
	rc = pass_time(r);
	if (rc == 0 && !qasm_is_mark(r, '{'))
		return qasm_want_mark(r, '{');
	return rc < 0 ? rc : qasm_body(r);
}

static int
delay_statement(struct qasm *r)
{
	struct qasm_list qubits;
	int rc;

	r->pos++;
	if (!qasm_is_mark(r, '['))
		return qasm_want_mark(r, '[');
	rc = pass_time(r);
	while (rc == 0 && !qasm_is_mark(r, ';')) {
		rc = qasm_qubits(r, &qubits);
		if (rc == 0 && !qasm_take_mark(r, ','))
			break;
	}
	return rc < 0 ? rc : qasm_want_mark(r, ';');
}

/* To the end of its line: advice, which a reader may leave. */
static int
pass_annotation(struct qasm *r)
{
	uint32_t line = qasm_now(r)->line, start = r->pos;

	while (qasm_now(r)->kind != QASM_END && qasm_now(r)->line == line)
		r->pos++;
	if (qasm_now(r)->kind == QASM_END)
		return qasm_fail(r, start, "an annotation of nothing");
	return qasm_step(r, (r->pos - start) / 16);
}

int
qasm_flow(struct qasm *r)
{
	int rc = 0;

	while (rc == 0 && qasm_is_mark(r, '@'))
		rc = pass_annotation(r);
	if (rc < 0)
		return rc;
	if (qasm_is_word(r, "while"))
		rc = while_statement(r);
	else if (qasm_is_word(r, "switch"))
		rc = switch_statement(r);
	else if (qasm_is_word(r, "box"))
		rc = box_statement(r);
	else if (qasm_is_word(r, "delay"))
		rc = delay_statement(r);
	else if (qasm_is_word(r, "break"))
		return leave(r, QASM_BREAK);
	else if (qasm_is_word(r, "continue"))
		return leave(r, QASM_CONTINUE);
	else if (qasm_is_word(r, "end"))
		return leave(r, QASM_STOP);
	else
		return 0;
	return rc < 0 ? rc : 1;
}
