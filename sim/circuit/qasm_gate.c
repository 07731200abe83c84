#include "sim/circuit/qasm_gate.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "sim/circuit/qasm_expr.h"
#include "sim/circuit/qasm_modify.h"

#define MODIFIERS_MAX 32u
#define OPERANDS_MAX PROGRAM_MAX_QUBITS
#define PARAMS_MAX 64u

enum modifier_kind { MODIFIER_CTRL, MODIFIER_INV, MODIFIER_POW };

struct modifier {
	enum modifier_kind kind;
	bool when;
	uint32_t n; /* controls */
	double power;
};

struct call {
	uint32_t token;
	struct modifier modifiers[MODIFIERS_MAX];
	uint32_t nmodifiers, ncontrols;
	const struct qasm_library *library; /* or else */
	struct qasm_symbol gate;
	struct qasm_value params[PARAMS_MAX];
	uint32_t nparams, nqubits;
	struct qasm_list operands[OPERANDS_MAX];
	uint32_t noperands;
};

static int
read_power(struct qasm *r, double *out)
{
	struct qasm_value v = qasm_int(0);
	uint32_t token = r->pos;
	struct qasm_place at = {r, token};
	int rc = qasm_want_mark(r, '(');

	if (rc == 0)
		rc = qasm_expr(r, &v);
	if (rc < 0)
		return rc;
	if (v.kind == QASM_BITS)
		return qasm_fail(r, token, "want a number");
	/* pow(1/2): what exact division gives. */
	if (v.kind == QASM_INT)
		v = qasm_float(v.cut ? v.offset : (double)v.number);
	rc = qasm_known(at, &v, out);
	return rc < 0 ? rc : qasm_want_mark(r, ')');
}

static int
read_modifier(struct qasm *r, struct modifier *m)
{
	int64_t n = 1;
	int rc = 0;

	*m = (struct modifier){.kind = MODIFIER_INV};
	if (qasm_take_word(r, "pow")) {
		m->kind = MODIFIER_POW;
		rc = read_power(r, &m->power);
	} else if (!qasm_take_word(r, "inv")) {
		m->kind = MODIFIER_CTRL;
		m->when = qasm_is_word(r, "ctrl");
		r->pos++;
		if (qasm_take_mark(r, '(')) {
			rc = qasm_expr_int(r, &n);
			if (rc == 0)
				rc = qasm_want_mark(r, ')');
		}
		if (rc == 0 && (n < 1 || n > 31))
			return qasm_fail(r, r->pos - 1,
			    "want 1 to 31 controls");
		m->n = (uint32_t)n;
	}
	return rc < 0 ? rc : qasm_want_mark(r, '@');
}

static int
read_modifiers(struct qasm *r, struct call *c)
{
	int rc = 0;

	while (rc == 0 && r->version == 3 &&
	    (qasm_is_word(r, "ctrl") || qasm_is_word(r, "negctrl") ||
		qasm_is_word(r, "inv") || qasm_is_word(r, "pow"))) {
		if (c->nmodifiers == MODIFIERS_MAX)
			return qasm_fail(r, r->pos, "too many modifiers");
		rc = read_modifier(r, &c->modifiers[c->nmodifiers]);
		c->ncontrols += c->modifiers[c->nmodifiers++].n;
	}
	if (c->ncontrols > 31)
		return qasm_fail(r, r->pos, "too many controls");
	return rc;
}

static int
read_name(struct qasm *r, struct call *c)
{
	const struct qasm_symbol *s;
	char text[48];
	int rc = qasm_want_name(r, &c->token);

	if (rc < 0)
		return rc;
	s = qasm_find(r, c->token);
	if (s && s->kind == QASM_SYMBOL_GATE) {
		c->gate = *s;
		c->nparams = s->nparams;
		c->nqubits = s->nqubits;
		if (s->body == 0)
			return qasm_fail(r, c->token,
			    "'%s' is opaque: nobody says what it does",
			    qasm_spell(r, c->token, text));
		return 0;
	}
	c->library = s ? NULL : qasm_library_find(r, c->token);
	if (c->library == NULL)
		return qasm_fail(r, c->token,
		    s ? "'%s' is no gate" : "gate '%s' is not defined",
		    qasm_spell(r, c->token, text));
	c->nparams = c->library->nparams;
	c->nqubits = c->library->nqubits;
	return 0;
}

static int
read_params(struct qasm *r, struct call *c)
{
	struct qasm_value v;
	uint32_t n = 0;
	char text[48];
	int rc = 0;

	if (qasm_take_mark(r, '(') && !qasm_take_mark(r, ')')) {
		do {
			struct qasm_place at = {r, r->pos};

			rc = qasm_expr(r, &v);
			if (rc == 0)
				rc = qasm_to_float(at, &v);
			if (rc < 0)
				return rc;
			if (n < PARAMS_MAX)
				c->params[n] = v;
			n++;
		} while (qasm_take_mark(r, ','));
		rc = qasm_want_mark(r, ')');
	}
	if (rc == 0 && n != c->nparams)
		return qasm_fail(r, c->token, "'%s' takes %u angles, got %u",
		    qasm_spell(r, c->token, text), c->nparams, n);
	return rc;
}

static int
read_operands(struct qasm *r, struct call *c)
{
	uint32_t want = c->nqubits + c->ncontrols;
	char text[48];
	int rc;

	if (!qasm_is_mark(r, ';')) {
		do {
			if (c->noperands == OPERANDS_MAX)
				return qasm_fail(r, r->pos, "too many qubits");
			rc = qasm_qubits(r, &c->operands[c->noperands++]);
			if (rc < 0)
				return rc;
		} while (qasm_take_mark(r, ','));
	}
	if (!qasm_is_mark(r, ';'))
		return qasm_want_mark(r, ';');
	if (c->noperands != want)
		return qasm_fail(r, c->token, "'%s' takes %u qubits, got %u",
		    qasm_spell(r, c->token, text), want, c->noperands);
	r->pos++;
	return 0;
}

/* Parameters and qubits get their names, then the body runs. */
static int
run_body(struct qasm_place at, const struct qasm_symbol *g,
    const uint32_t *qubits, const struct qasm_value *params)
{
	struct qasm *r = at.r;
	uint32_t pos = r->pos, floor_was = r->floor, subs = r->subs, i;
	uint32_t *items = qasm_alloc(r, (g->nqubits + 1) * sizeof(*items));
	int rc = qasm_enter(r);

	if (rc < 0)
		return rc;
	if (items == NULL)
		return qasm_no_memory(r);
	qasm_push(r);
	r->floor = r->level;
	r->subs = 0;
	for (i = 0; i < g->nparams && rc == 0; i++) {
		struct qasm_symbol s = {.kind = QASM_SYMBOL_VALUE,
		    .constant = true,
		    .value = params[i]};

		rc = qasm_declare(r, g->params + 2 * i, &s);
	}
	for (i = 0; i < g->nqubits && rc == 0; i++) {
		struct qasm_symbol s = {.kind = QASM_SYMBOL_QUBITS,
		    .scalar = true,
		    .list = &items[i],
		    .nlist = 1};

		items[i] = qubits[i];
		rc = qasm_declare(r, g->qubits + 2 * i, &s);
	}
	if (rc == 0)
		rc = qasm_gate_body(r, g->body);
	qasm_pop(r);
	r->floor = floor_was;
	r->subs = subs;
	r->pos = pos;
	r->depth--;
	return rc;
}

static int
modify(struct qasm_place at, const struct call *c, uint32_t start,
    const uint32_t *qubits)
{
	uint32_t i, first = c->ncontrols;
	int rc = 0;

	for (i = c->nmodifiers; i > 0 && rc == 0; i--) {
		const struct modifier *m = &c->modifiers[i - 1];
		struct qasm_controls k = {NULL, m->n, m->when};

		first -= m->n;
		k.qubits = qubits + first;
		if (m->kind == MODIFIER_CTRL)
			rc = qasm_control(at, start, &k);
		else if (m->kind == MODIFIER_INV)
			rc = qasm_invert(at, start);
		else
			rc = qasm_power(at, start, m->power);
	}
	return rc;
}

static int
apply(struct qasm *r, const struct call *c, const uint32_t *qubits)
{
	struct qasm_place at = {r, c->token};
	uint32_t i, n = c->nqubits + c->ncontrols, start = r->p->nops;
	uint64_t seen = 0;
	int rc = qasm_step(r, 1);

	for (i = 0; i < n; i++) {
		if (seen >> qubits[i] & 1)
			return qasm_fail(r, c->token,
			    "the same qubit is used twice");
		seen |= UINT64_C(1) << qubits[i];
	}
	if (rc < 0 || r->dry)
		return rc;
	if (c->library)
		rc = qasm_library_emit(at, c->library, qubits + c->ncontrols,
		    c->params);
	else
		rc = run_body(at, &c->gate, qubits + c->ncontrols, c->params);
	return rc < 0 ? rc : modify(at, c, start, qubits);
}

static int
broadcast(struct qasm *r, const struct call *c)
{
	uint32_t qubits[OPERANDS_MAX] = {0};
	uint32_t n = 1, i, j;
	bool many = false;
	int rc = 0;

	for (i = 0; i < c->noperands; i++) {
		if (c->operands[i].single)
			continue;
		if (many && c->operands[i].n != n)
			return qasm_fail(r, c->token,
			    "registers of %u and %u qubits", n,
			    c->operands[i].n);
		many = true;
		n = c->operands[i].n;
	}
	for (j = 0; j < n && rc == 0; j++) {
		for (i = 0; i < c->noperands; i++)
			qubits[i] =
			    c->operands[i].items[c->operands[i].single ? 0 : j];
		rc = apply(r, c, qubits);
	}
	return rc;
}

int
qasm_gate_call(struct qasm *r)
{
	struct qasm_mark mark = qasm_mark(r);
	struct call *c = qasm_alloc(r, sizeof(*c));
	int rc;

	if (c == NULL)
		return qasm_no_memory(r);
	rc = read_modifiers(r, c);
	if (rc == 0)
		rc = read_name(r, c);
	if (rc == 0)
		rc = read_params(r, c);
	if (rc == 0)
		rc = read_operands(r, c);
	if (rc == 0)
		rc = broadcast(r, c);
	qasm_release(r, mark);
	return rc;
}
