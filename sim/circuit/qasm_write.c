#include "sim/circuit/qasm_write.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/circuit/qasm_text.h"

#define TEXT_MAX ((size_t)1 << 30)

void
qasm_put_fail(struct qasm_text *t, int rc, const char *why)
{
	if (t->rc == 0)
		snprintf(t->err, 128, "%s", why);
	if (t->rc == 0)
		t->rc = rc;
}

static bool
make_room(struct qasm_text *t, size_t more)
{
	size_t cap = t->cap ? t->cap : 4096;
	char *grown;

	while (cap < t->len + more)
		cap *= 2;
	if (cap == t->cap)
		return true;
	grown = cap > TEXT_MAX ? NULL : realloc(t->text, cap);
	if (grown == NULL) {
		qasm_put_fail(t, -ENOMEM, "the text is too long");
		return false;
	}
	t->text = grown;
	t->cap = cap;
	return true;
}

void
qasm_put(struct qasm_text *t, const char *format, ...)
{
	va_list ap;
	int n;

	if (t->rc < 0 || !make_room(t, 512))
		return;
	va_start(ap, format);
	n = vsnprintf(t->text + t->len, t->cap - t->len, format, ap);
	va_end(ap);
	if (n < 0 || (size_t)n >= t->cap - t->len)
		qasm_put_fail(t, -ENOMEM, "a line is too long");
	else
		t->len += (size_t)n;
}

void
qasm_put_angle(struct qasm_text *t, const struct program_angle *a)
{
	const struct program *p = t->p;
	double value = a->offset;
	uint32_t i;

	if (t->style->symbolic && a->nterms > 0) {
		if (a->linearised)
			qasm_put_fail(t, -ENOTSUP,
			    "an angle is no affine form of the inputs: it "
			    "can be written with values only");
		for (i = a->term0; i < a->term0 + a->nterms; i++)
			qasm_put(t, "%s%.17g*%s",
			    i == a->term0 || p->terms[i].coef < 0 ? "" : "+",
			    p->terms[i].coef,
			    p->inputs[p->terms[i].input].name);
		if (a->offset != 0.0)
			qasm_put(t, "%+.17g", a->offset);
		return;
	}
	for (i = a->term0; i < a->term0 + a->nterms; i++) {
		value += p->terms[i].coef * p->inputs[p->terms[i].input].value;
	}
	qasm_put(t, "%.17g", value);
}

/* A name that both dialects, and their readers, take for a register. */
static bool
is_plain(const char *name)
{
	static const char *const taken[] = {"q", "if", "in", "pi", "let", "for",
	    "int", "bit", "end", "def", "inv", "pow", "tau", "box", "qreg",
	    "creg", "gate", "uint", "bool", "else", "true", "ctrl", "input",
	    "reset", "qubit", "float", "angle", "const", "false", "while",
	    "break", "array", "euler", "extern", "return", "switch", "gphase",
	    "output", "opaque", "measure", "barrier", "include", "negctrl",
	    "sin", "cos", "tan", "exp", "ln", "sqrt", "delay", "mod", "log",
	    "phase", "cphase", "void", "case", "cal", "defcal", "duration",
	    "stretch", "complex", "continue", "readonly", "mutable", "pragma",
	    "nop", "arcsin", "arccos", "arctan", "floor", "ceiling", "sizeof",
	    "popcount"};
	size_t i, n = strlen(name);
	enum program_gate g;

	if (strncmp(name, "bits", 4) == 0 || name[0] < 'a' || name[0] > 'z' ||
	    strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_") != n)
		return false;
	for (i = 0; i < sizeof(taken) / sizeof(taken[0]); i++) {
		if (strcmp(name, taken[i]) == 0)
			return false;
	}
	/* c and a gate's name is a gate's name too. */
	for (g = PROGRAM_GPHASE; g < PROGRAM_NGATES; g++) {
		if (strcmp(name, program_gate_name(g)) == 0 ||
		    (n > 1 && strstr(name, program_gate_name(g)) &&
			name[0] == 'c' && n < 6))
			return false;
	}
	return name[0] != 'u' || n > 3;
}

static void
put_register(struct qasm_text *t, uint32_t i, char *out)
{
	const struct program_register *r = &t->p->registers[i];

	if (is_plain(r->name))
		snprintf(out, PROGRAM_NAME_BYTES, "%s", r->name);
	else
		snprintf(out, PROGRAM_NAME_BYTES, "bits%u", i);
}

static void
put_bit(struct qasm_text *t, uint32_t bit)
{
	char name[PROGRAM_NAME_BYTES];
	uint32_t i;

	for (i = 0; i < t->p->nregisters; i++) {
		const struct program_register *r = &t->p->registers[i];

		if (r->quantum || bit < r->first || bit >= r->first + r->size)
			continue;
		put_register(t, i, name);
		qasm_put(t, "%s[%u]", name, bit - r->first);
	}
}

static void
put_cond(struct qasm_text *t, uint32_t cond)
{
	static const char *const marks[] = {[PROGRAM_AND] = " && ",
	    [PROGRAM_OR] = " || ",
	    [PROGRAM_XOR] = " != "};
	const struct program_cond *c = &t->p->conds[cond];

	if (c->logic == PROGRAM_FALSE || c->logic == PROGRAM_TRUE) {
		qasm_put(t, c->logic == PROGRAM_TRUE ? "true" : "false");
	} else if (c->logic == PROGRAM_BIT) {
		qasm_put(t, "(");
		put_bit(t, c->a);
		qasm_put(t, " == 1)");
	} else if (c->logic == PROGRAM_NOT) {
		qasm_put(t, "!");
		put_cond(t, c->a);
	} else {
		qasm_put(t, "(");
		put_cond(t, c->a);
		qasm_put(t, "%s", marks[c->logic]);
		put_cond(t, c->b);
		qasm_put(t, ")");
	}
}

static void
put_barrier(struct qasm_text *t, const struct program_op *op)
{
	uint32_t i;

	qasm_put(t, "barrier");
	for (i = 0; i < op->ntargets; i++)
		qasm_put(t, "%s q[%u]", i ? "," : "",
		    t->p->wires[op->wire0 + i]);
	qasm_put(t, ";\n");
}

static void
put_measure(struct qasm_text *t, const struct program_op *op)
{
	uint32_t q = t->p->wires[op->wire0];

	if (t->style->dialect == QASM_DIALECT_2) {
		if (op->bit == PROGRAM_NO_BIT)
			qasm_put_fail(t, -ENOTSUP,
			    "a measurement without a bit cannot be written "
			    "as OpenQASM 2");
		qasm_put(t, "measure q[%u] -> ", q);
		put_bit(t, op->bit);
		qasm_put(t, ";\n");
		return;
	}
	if (op->bit != PROGRAM_NO_BIT) {
		put_bit(t, op->bit);
		qasm_put(t, " = ");
	}
	qasm_put(t, "measure q[%u];\n", q);
}

static void
put_op(struct qasm_text *t, const struct program_op *op)
{
	bool plain = op->kind == PROGRAM_GATE || op->kind == PROGRAM_MEASURE ||
	    op->kind == PROGRAM_RESET || op->kind == PROGRAM_BARRIER;

	if (!plain && t->style->dialect == QASM_DIALECT_2)
		qasm_put_fail(t, -ENOTSUP,
		    "conditions cannot be written as OpenQASM 2");
	if (op->kind == PROGRAM_GATE)
		qasm_put_gate(t, op);
	else if (op->kind == PROGRAM_MEASURE)
		put_measure(t, op);
	else if (op->kind == PROGRAM_RESET)
		qasm_put(t, "reset q[%u];\n", t->p->wires[op->wire0]);
	else if (op->kind == PROGRAM_BARRIER)
		put_barrier(t, op);
	if (op->kind != PROGRAM_ASSIGN)
		return;
	put_bit(t, op->bit);
	qasm_put(t, " = bit(");
	put_cond(t, op->cond);
	qasm_put(t, ");\n");
}

/* Jumps nest as the reader made them: JUMP_UNLESS to after the block, or to
 * after the JUMP that ends it, which skips the else. */
static void
put_range(struct qasm_text *t, uint32_t from, uint32_t to)
{
	const struct program *p = t->p;

	while (from < to && t->rc == 0) {
		const struct program_op *op = &p->ops[from++];
		uint32_t end = op->jump;
		bool both;

		if (op->kind != PROGRAM_JUMP_UNLESS) {
			put_op(t, op);
			continue;
		}
		both = end > from && p->ops[end - 1].kind == PROGRAM_JUMP &&
		    p->ops[end - 1].jump >= end;
		if (t->style->dialect == QASM_DIALECT_2)
			put_op(t, op);
		qasm_put(t, "if (");
		put_cond(t, op->cond);
		qasm_put(t, ") {\n");
		put_range(t, from, both ? end - 1 : end);
		qasm_put(t, "}");
		from = end;
		if (both) {
			qasm_put(t, " else {\n");
			from = p->ops[end - 1].jump;
			put_range(t, end, from);
			qasm_put(t, "}");
		}
		qasm_put(t, "\n");
	}
}

static bool
uses(const struct program *p, enum program_gate g)
{
	uint32_t i;

	for (i = 0; i < p->nops; i++) {
		if (p->ops[i].kind == PROGRAM_GATE && p->ops[i].gate == g)
			return true;
	}
	return false;
}

/* Gates that are not in stdgates.inc, or not in every qelib1.inc. */
static void
put_definitions(struct qasm_text *t)
{
	const struct program *p = t->p;
	bool three = t->style->dialect == QASM_DIALECT_3;

	if (uses(p, PROGRAM_SXDG) && three)
		qasm_put(t, "gate sxdg a { h a; sdg a; h a; }\n");
	if (uses(p, PROGRAM_RZZ) && three)
		qasm_put(t,
		    "gate rzz(t) a, b { cx a, b; rz(t) b; "
		    "cx a, b; }\n");
	if (uses(p, PROGRAM_RXX) && three)
		qasm_put(t,
		    "gate rxx(t) a, b { h a; h b; cx a, b; rz(t) b; "
		    "cx a, b; h a; h b; }\n");
	if (uses(p, PROGRAM_RYY))
		qasm_put(t,
		    "gate ryy(t) a, b { rx(pi/2) a; rx(pi/2) b; "
		    "cx a, b; rz(t) b; cx a, b; rx(-pi/2) a; "
		    "rx(-pi/2) b; }\n");
}

static void
put_header(struct qasm_text *t)
{
	bool three = t->style->dialect == QASM_DIALECT_3;
	const struct program *p = t->p;
	char name[PROGRAM_NAME_BYTES];
	uint32_t i;

	qasm_put(t, "%s\n", three ? "OPENQASM 3.0;" : "OPENQASM 2.0;");
	qasm_put(t, "include \"%s\";\n", three ? "stdgates.inc" : "qelib1.inc");
	qasm_put(t,
	    "// q[0] is the least significant bit of a basis state; "
	    "global phases are left out.\n");
	put_definitions(t);
	for (i = 0; three && t->style->symbolic && i < p->ninputs; i++)
		qasm_put(t, "input float[64] %s;\n", p->inputs[i].name);
	qasm_put(t, three ? "qubit[%u] q;\n" : "qreg q[%u];\n", p->nqubits);
	for (i = 0; i < p->nregisters; i++) {
		if (p->registers[i].quantum)
			continue;
		put_register(t, i, name);
		if (three)
			qasm_put(t, "bit[%u] %s;\n", p->registers[i].size,
			    name);
		else
			qasm_put(t, "creg %s[%u];\n", name,
			    p->registers[i].size);
	}
}

int
qasm_write(const struct program *p, const struct qasm_style *style, char **text,
    char err[static 128])
{
	struct qasm_style s = *style;
	struct qasm_text t = {.p = p, .style = &s, .err = err};
	uint32_t i;

	err[0] = '\0';
	*text = NULL;
	if (s.dialect == QASM_DIALECT_2)
		s.symbolic = false;
	for (i = 0; !s.symbolic && i < p->ninputs; i++) {
		if (!p->inputs[i].set)
			qasm_put_fail(&t, -ENOTSUP, "an input has no value");
	}
	if (s.dialect == QASM_DIALECT_JSON) {
		qasm_put_json(&t);
	} else {
		put_header(&t);
		put_range(&t, 0, p->nops);
	}
	if (t.rc < 0)
		free(t.text);
	else
		*text = t.text;
	return t.rc;
}
