/*
 * qasm_declare.c - registers, classical values, inputs, aliases, gates, and
 * assignment.
 */
#include "sim/circuit/qasm_statement.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "sim/circuit/qasm_expr.h"
#include "sim/circuit/qasm_gate.h"
#include "sim/circuit/qasm_logic.h"

struct type {
	uint32_t token;
	int64_t width; /* 0: not given */
};

static struct qasm_place
place(struct qasm *r, uint32_t token)
{
	return (struct qasm_place){r, token};
}

static int
declare(struct qasm *r, uint32_t token, const struct qasm_symbol *s)
{
	char name[48];

	if (r->level == 0 && qasm_library_owns(r, token))
		return qasm_fail(r, token, "'%s' is a gate of the library",
		    qasm_spell(r, token, name));
	return qasm_declare(r, token, s);
}

/* Registers and inputs: at the top, once. */
static int
want_global(struct qasm *r, uint32_t token)
{
	if (r->level > 0 || r->unknown > 0)
		return qasm_fail(r, token,
		    "this belongs outside of blocks and gates");
	return 0;
}

static int
add_register(struct qasm *r, uint32_t name, int64_t size, bool quantum)
{
	struct qasm_symbol s = {
	    .kind = quantum ? QASM_SYMBOL_QUBITS : QASM_SYMBOL_BITS};
	uint32_t first = quantum ? r->p->nqubits : r->p->nbits, i;
	uint32_t max = quantum ? PROGRAM_MAX_QUBITS : PROGRAM_MAX_BITS;
	const struct qasm_token *t = &r->tokens[name];
	char text[PROGRAM_NAME_BYTES];
	int rc;

	s.scalar = size == 0;
	s.nlist = size == 0 ? 1 : (uint32_t)size;
	if (t->len >= sizeof(text))
		return qasm_fail(r, name, "the name is too long");
	if (s.nlist > max - first)
		return qasm_fail(r, name, "more than %u %s", max,
		    quantum ? "qubits" : "bits");
	memcpy(text, r->text + t->at, t->len);
	text[t->len] = '\0';
	s.list = qasm_alloc(r, s.nlist * sizeof(*s.list));
	if (s.list == NULL)
		return qasm_no_memory(r);
	for (i = 0; i < s.nlist; i++)
		s.list[i] = first + i;
	rc = declare(r, name, &s);
	if (rc < 0)
		return rc;
	rc = program_add_register(r->p, text, s.nlist, quantum);
	return rc < 0 ? qasm_failed(r, name, rc) : 0;
}

/* qreg q[3]; creg c[3]; size optional in OpenQASM 3. */
static int
old_register(struct qasm *r, bool quantum)
{
	uint32_t token = r->pos++, name = 0;
	int64_t size = 0;
	int rc = want_global(r, token);

	if (rc == 0)
		rc = qasm_want_name(r, &name);
	if (rc == 0 && r->version == 2 && !qasm_is_mark(r, '['))
		return qasm_want_mark(r, '[');
	if (rc == 0)
		rc = qasm_width(r, 0, &size);
	if (rc == 0 && !qasm_is_mark(r, ';'))
		return qasm_want_mark(r, ';');
	if (rc == 0)
		rc = add_register(r, name, size, quantum);
	return rc < 0 ? rc : qasm_want_mark(r, ';');
}

static bool
depends(const struct program *p, uint32_t cond, uint32_t bit)
{
	const struct program_cond *c = &p->conds[cond];

	if (c->logic == PROGRAM_BIT)
		return c->a == bit;
	if (c->logic == PROGRAM_NOT)
		return depends(p, c->a, bit);
	if (c->logic < PROGRAM_NOT)
		return false;
	return depends(p, c->a, bit) || depends(p, c->b, bit);
}

/* Bits take their values one by one: none may be read after it is written. */
static int
assign_bits(struct qasm *r, uint32_t token, const struct qasm_list *bits,
    struct qasm_value *v)
{
	uint32_t i, j;
	int rc = 0;

	if (v->kind == QASM_FLOAT)
		return qasm_fail(r, token, "a real number has no bits");
	if (v->kind == QASM_BITS && v->width != bits->n)
		return qasm_fail(r, token, "%u bits into %u", v->width,
		    bits->n);
	rc = qasm_widen(place(r, token), v, bits->n);
	for (i = 1; i < bits->n && rc == 0; i++) {
		rc = qasm_step(r, i);
		for (j = 0; j < i && rc == 0; j++) {
			if (depends(r->p, v->conds[i], bits->items[j]))
				return qasm_fail(r, token,
				    "bits that are written are read here; go "
				    "through another register");
		}
	}
	for (i = 0; i < bits->n && rc == 0; i++) {
		rc = program_add_assign(r->p, bits->items[i], v->conds[i]);
		if (rc < 0)
			return qasm_failed(r, token, rc);
	}
	return rc;
}

static int
bits_right_side(struct qasm *r, const struct qasm_list *bits)
{
	uint32_t token = r->pos;
	struct qasm_value v;
	int rc;

	if (qasm_is_word(r, "measure"))
		return qasm_measure(r, bits);
	rc = qasm_expr(r, &v);
	return rc < 0 ? rc : assign_bits(r, token, bits, &v);
}

/* bit[3] c; bit[3] c = measure q; */
static int
new_register(struct qasm *r, bool quantum)
{
	uint32_t token = r->pos++, name = 0;
	struct qasm_list bits;
	const struct qasm_symbol *s;
	int64_t size = 0;
	int rc = want_global(r, token);

	if (rc == 0)
		rc = qasm_width(r, 0, &size);
	if (rc == 0)
		rc = qasm_want_name(r, &name);
	if (rc < 0)
		return rc;
	if (!qasm_is_mark(r, ';') && (quantum || !qasm_is_mark(r, '=')))
		return qasm_want_mark(r, ';');
	rc = add_register(r, name, size, quantum);
	if (rc == 0 && qasm_take_mark(r, '=')) {
		s = qasm_find(r, name);
		bits = (struct qasm_list){s->list, s->nlist, s->scalar};
		rc = bits_right_side(r, &bits);
	}
	return rc < 0 ? rc : qasm_want_mark(r, ';');
}

/* The value as its declared type holds it. */
static int
fit(struct qasm *r, const struct type *t, struct qasm_value *v)
{
	struct qasm_place at = place(r, t->token);
	int rc;

	if (qasm_token_is(r, t->token, "bool")) {
		rc = qasm_to_bool(at, v);
		if (rc == 0 && v->kind == QASM_BITS)
			return qasm_fail(r, t->token,
			    "a bool that depends on a measurement is not "
			    "supported; use a bit");
		return rc;
	}
	if (!qasm_token_is(r, t->token, "int") &&
	    !qasm_token_is(r, t->token, "uint"))
		return qasm_to_float(at, v);
	rc = qasm_to_int(at, v);
	if (rc < 0)
		return rc;
	if (qasm_token_is(r, t->token, "uint") &&
	    (v->number < 0 ||
		(t->width > 0 && t->width < 63 && v->number >> t->width != 0)))
		return qasm_fail(r, t->token, "%lld does not fit this type",
		    (long long)v->number);
	v->width = (uint32_t)t->width;
	return 0;
}

static int
read_type(struct qasm *r, struct type *t)
{
	t->token = r->pos++;
	return qasm_width(r, 0, &t->width);
}

static int
new_value(struct qasm *r, bool constant)
{
	struct qasm_symbol s = {.kind = QASM_SYMBOL_VALUE,
	    .constant = constant};
	struct type t;
	uint32_t name;
	int rc;

	if (!qasm_is_type(r))
		return qasm_fail(r, r->pos, "want a type");
	if (qasm_is_word(r, "bit"))
		return qasm_fail(r, r->pos, "constant bits are not supported");
	rc = read_type(r, &t);
	if (rc == 0)
		rc = qasm_want_name(r, &name);
	s.value = qasm_int(0);
	if (rc == 0 && (constant || qasm_is_mark(r, '='))) {
		rc = qasm_want_mark(r, '=');
		if (rc == 0)
			rc = qasm_expr(r, &s.value);
	}
	if (rc == 0)
		rc = fit(r, &t, &s.value);
	if (rc == 0 && !qasm_is_mark(r, ';'))
		return qasm_want_mark(r, ';');
	s.params = t.token; /* the type, for assignments */
	s.nparams = (uint32_t)t.width;
	if (rc == 0)
		rc = declare(r, name, &s);
	return rc < 0 ? rc : qasm_want_mark(r, ';');
}

static const struct qasm_set *
find_set(const struct qasm *r, const char *name)
{
	size_t i;

	for (i = 0; i < r->options->nsets; i++) {
		if (strcmp(r->options->sets[i].name, name) == 0)
			return &r->options->sets[i];
	}
	return NULL;
}

/* Symbols for float and angle; other types need their value now. */
static int
input_value(struct qasm *r, const struct type *t, uint32_t name,
    struct qasm_value *out)
{
	const struct qasm_token *n = &r->tokens[name];
	char text[PROGRAM_NAME_BYTES];
	const struct qasm_set *set;
	int i;

	if (n->len >= sizeof(text))
		return qasm_fail(r, name, "the name is too long");
	memcpy(text, r->text + n->at, n->len);
	text[n->len] = '\0';
	set = find_set(r, text);
	if (set && !(fabs(set->value) <= 1e15))
		return qasm_fail(r, name, "'%s' is set to no number", text);
	i = program_add_input(r->p, text);
	if (i < 0)
		return qasm_failed(r, name, i);
	r->p->inputs[i].set = set != NULL;
	r->p->inputs[i].value = set ? set->value : 0.0;
	if (qasm_token_is(r, t->token, "float") ||
	    qasm_token_is(r, t->token, "angle"))
		return qasm_from_input(place(r, name), (uint32_t)i, out);
	if (set == NULL)
		return qasm_fail(r, name, "input '%s' needs a value", text);
	*out = qasm_float(set->value);
	if (!qasm_token_is(r, t->token, "bool") &&
	    floor(set->value) != set->value)
		return qasm_fail(r, name, "input '%s' is an integer", text);
	return 0;
}

static int
input(struct qasm *r)
{
	struct qasm_symbol s = {.kind = QASM_SYMBOL_VALUE, .constant = true};
	uint32_t token = r->pos++, name = 0;
	struct type t;
	int rc = want_global(r, token);

	if (rc == 0 && (!qasm_is_type(r) || qasm_is_word(r, "bit")))
		return qasm_fail(r, r->pos,
		    "want an input of type float, angle, int, uint or bool");
	if (rc == 0)
		rc = read_type(r, &t);
	if (rc == 0)
		rc = qasm_want_name(r, &name);
	if (rc == 0 && !qasm_is_mark(r, ';'))
		return qasm_want_mark(r, ';');
	if (rc == 0)
		rc = input_value(r, &t, name, &s.value);
	if (rc == 0)
		rc = fit(r, &t, &s.value);
	if (rc == 0)
		rc = declare(r, name, &s);
	return rc < 0 ? rc : qasm_want_mark(r, ';');
}

static int
alias(struct qasm *r)
{
	struct qasm_symbol s = {.kind = QASM_SYMBOL_QUBITS};
	const struct qasm_symbol *of;
	struct qasm_list list;
	uint32_t name;
	int rc;

	r->pos++;
	rc = qasm_want_name(r, &name);
	if (rc == 0)
		rc = qasm_want_mark(r, '=');
	if (rc < 0)
		return rc;
	of = qasm_now(r)->kind == QASM_NAME ? qasm_find(r, r->pos) : NULL;
	if (of && of->kind == QASM_SYMBOL_BITS)
		s.kind = QASM_SYMBOL_BITS;
	rc = s.kind == QASM_SYMBOL_BITS ? qasm_bits(r, &list)
					: qasm_qubits(r, &list);
	if (rc < 0)
		return rc;
	s.list = list.items;
	s.nlist = list.n;
	s.scalar = list.single;
	rc = declare(r, name, &s);
	return rc < 0 ? rc : qasm_want_mark(r, ';');
}

/* name, name, ...: tokens *first, *first + 2, ... */
static int
names(struct qasm *r, uint32_t *first, uint32_t *n)
{
	uint32_t token;
	int rc = 0;

	*first = r->pos;
	do {
		rc = qasm_want_name(r, &token);
		*n += 1;
	} while (rc == 0 && qasm_take_mark(r, ','));
	return rc;
}

/* Once with qubits 0, 1, ... and angles 1, emitting nothing: a mistake is
 * found even if nobody calls the gate. */
static int
check_body(struct qasm *r, struct qasm_symbol *s)
{
	uint32_t floor_was = r->floor, i;
	uint32_t *items = qasm_alloc(r, s->nqubits * sizeof(*items));
	int rc = 0;

	if (items == NULL)
		return qasm_no_memory(r);
	qasm_push(r);
	r->floor = r->level;
	r->dry = true;
	for (i = 0; i < s->nparams && rc == 0; i++) {
		struct qasm_symbol v = {.kind = QASM_SYMBOL_VALUE,
		    .constant = true,
		    .value = qasm_float(1.0)};

		rc = qasm_declare(r, s->params + 2 * i, &v);
	}
	for (i = 0; i < s->nqubits && rc == 0; i++) {
		struct qasm_symbol q = {.kind = QASM_SYMBOL_QUBITS,
		    .scalar = true,
		    .list = &items[i],
		    .nlist = 1};

		items[i] = i;
		rc = qasm_declare(r, s->qubits + 2 * i, &q);
	}
	if (rc == 0)
		rc = qasm_gate_body(r, s->body);
	r->dry = false;
	r->floor = floor_was;
	qasm_pop(r);
	r->pos += rc == 0; /* the brace */
	return rc;
}

static int
gate(struct qasm *r, bool opaque)
{
	struct qasm_symbol s = {.kind = QASM_SYMBOL_GATE};
	uint32_t token = r->pos++, name = 0;
	int rc = want_global(r, token);

	if (rc == 0)
		rc = qasm_want_name(r, &name);
	if (rc == 0 && qasm_take_mark(r, '(') && !qasm_take_mark(r, ')')) {
		rc = names(r, &s.params, &s.nparams);
		if (rc == 0)
			rc = qasm_want_mark(r, ')');
	}
	if (rc == 0)
		rc = names(r, &s.qubits, &s.nqubits);
	if (rc < 0)
		return rc;
	if (s.nqubits > PROGRAM_MAX_QUBITS || s.nparams > 64)
		return qasm_fail(r, name, "more than %d qubits or 64 angles",
		    PROGRAM_MAX_QUBITS);
	if (opaque) {
		rc = declare(r, name, &s);
		return rc < 0 ? rc : qasm_want_mark(r, ';');
	}
	rc = qasm_want_mark(r, '{');
	s.body = r->pos;
	if (rc == 0)
		rc = check_body(r, &s);
	return rc < 0 ? rc : declare(r, name, &s);
}

static int
output(struct qasm *r)
{
	r->pos++;
	if (!qasm_is_word(r, "bit"))
		return qasm_fail(r, r->pos,
		    "only output of type bit is supported");
	return new_register(r, false);
}

bool
qasm_is_type(const struct qasm *r)
{
	static const char *const types[] = {"int", "uint", "float", "angle",
	    "bool", "bit"};
	size_t i;

	for (i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		if (qasm_is_word(r, types[i]))
			return true;
	}
	return false;
}

static int
declaration_three(struct qasm *r)
{
	if (qasm_is_word(r, "qubit"))
		return new_register(r, true);
	if (qasm_is_word(r, "bit"))
		return new_register(r, false);
	if (qasm_is_word(r, "input"))
		return input(r);
	if (qasm_is_word(r, "output"))
		return output(r);
	if (qasm_is_word(r, "let"))
		return alias(r);
	if (qasm_take_word(r, "const"))
		return new_value(r, true);
	if (qasm_is_type(r))
		return new_value(r, false);
	return 1;
}

int
qasm_declaration(struct qasm *r)
{
	uint32_t token = r->pos;
	int rc = 1;

	if (qasm_is_word(r, "qreg") || qasm_is_word(r, "creg"))
		rc = old_register(r, qasm_is_word(r, "qreg"));
	else if (qasm_is_word(r, "gate"))
		rc = gate(r, false);
	else if (r->version == 2 && qasm_is_word(r, "opaque"))
		rc = gate(r, true);
	else if (r->version == 3)
		rc = declaration_three(r);
	if (rc == 0 && r->floor > 0 && r->subs == 0)
		return qasm_fail(r, token, "a gate cannot declare this");
	return rc == 0 ? 1 : rc == 1 ? 0 : rc;
}

/* x = e, x += e and so on, of a value known while reading. */
static int
assign_value(struct qasm *r, uint32_t token)
{
	struct qasm_symbol s = *qasm_find(r, token);
	uint32_t op = qasm_now(r)->code, mark = r->pos;
	struct type t = {.token = s.params, .width = s.nparams};
	struct qasm_value v;
	char name[48];
	int rc;

	qasm_spell(r, token, name);
	if (s.constant)
		return qasm_fail(r, token, "'%s' is a constant", name);
	if (r->unknown > 0)
		return qasm_fail(r, token,
		    "'%s' would depend on a measurement: not supported", name);
	if (qasm_now(r)->kind != QASM_MARK ||
	    (op != '=' && op >> 8 != '=' && op >> 16 != '='))
		return qasm_want_mark(r, '=');
	r->pos++;
	rc = qasm_expr(r, &v);
	if (rc == 0 && op != '=') {
		op = op >> 16 ? op & 0xffff : op & 0xff;
		rc = qasm_binary(place(r, mark), op, &s.value, &v, &v);
	}
	if (rc == 0)
		rc = fit(r, &t, &v);
	if (rc < 0)
		return rc;
	qasm_find(r, token)->value = v;
	return qasm_want_mark(r, ';');
}

int
qasm_assignment(struct qasm *r)
{
	uint32_t token = r->pos;
	const struct qasm_symbol *s = qasm_find(r, token);
	struct qasm_list bits;
	char name[48];
	int rc;

	if (s->kind == QASM_SYMBOL_VALUE) {
		r->pos++;
		return assign_value(r, token);
	}
	if (s->constant)
		return qasm_fail(r, token, "'%s' is a constant",
		    qasm_spell(r, token, name));
	rc = qasm_bits(r, &bits);
	if (rc == 0)
		rc = qasm_want_mark(r, '=');
	if (rc == 0)
		rc = bits_right_side(r, &bits);
	return rc < 0 ? rc : qasm_want_mark(r, ';');
}
