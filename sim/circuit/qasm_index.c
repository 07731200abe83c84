/*
 * qasm_index.c - subscripts, ranges and operands.
 */
#include "sim/circuit/qasm_expr.h"

#include <errno.h>
#include <string.h>

int
qasm_range(struct qasm *r, int64_t size, struct qasm_range *out)
{
	bool open = size >= 0;
	uint32_t token = r->pos;
	int rc = 0;

	*out = (struct qasm_range){.first = 0, .step = 1, .last = size - 1};
	if (!qasm_is_mark(r, ':') || !open)
		rc = qasm_expr_int(r, &out->first);
	if (rc < 0)
		return rc;
	if (!qasm_take_mark(r, ':')) {
		out->one = true;
		out->last = out->first;
		return 0;
	}
	if (open && qasm_is_mark(r, ']'))
		return 0;
	rc = qasm_expr_int(r, &out->last);
	if (rc == 0 && qasm_take_mark(r, ':')) {
		out->step = out->last;
		out->last = size - 1;
		if (!open || !qasm_is_mark(r, ']'))
			rc = qasm_expr_int(r, &out->last);
	}
	if (rc == 0 && out->step == 0)
		return qasm_fail(r, token, "a range of step 0");
	if (rc == 0 &&
	    (out->first > INT32_MAX || out->first < INT32_MIN ||
		out->last > INT32_MAX || out->last < INT32_MIN ||
		out->step > INT32_MAX || out->step < INT32_MIN))
		return qasm_fail(r, token, "the range is too large");
	return rc;
}

static int
pick(struct qasm *r, const struct qasm_list *all, int64_t i,
    struct qasm_list *out)
{
	uint32_t token = r->pos;
	int64_t at = i < 0 && r->version == 3 ? i + all->n : i;

	if (at < 0 || at >= all->n)
		return qasm_fail(r, token - 1,
		    "index %lld is out of range: there are %u", (long long)i,
		    all->n);
	out->items[out->n++] = all->items[at];
	return 0;
}

static int
pick_range(struct qasm *r, const struct qasm_list *all, struct qasm_list *out)
{
	struct qasm_range g;
	int64_t i;
	int rc = qasm_range(r, all->n, &g);

	if (rc < 0)
		return rc;
	out->single = g.one;
	if (g.one)
		return pick(r, all, g.first, out);
	if (r->version == 2)
		return qasm_fail(r, r->pos, "OpenQASM 2 has no ranges");
	if (g.first < 0)
		g.first += all->n;
	if (g.last < 0)
		g.last += all->n;
	for (i = g.first; g.step > 0 ? i <= g.last : i >= g.last; i += g.step) {
		rc = pick(r, all, i, out);
		if (rc < 0)
			return rc;
		if (out->n == all->n)
			break;
	}
	if (out->n == 0)
		return qasm_fail(r, r->pos, "the range is empty");
	return 0;
}

static int
pick_set(struct qasm *r, const struct qasm_list *all, struct qasm_list *out)
{
	int64_t i;
	int rc;

	r->pos++;
	do {
		if (out->n == all->n)
			return qasm_fail(r, r->pos, "more than there are");
		rc = qasm_expr_int(r, &i);
		if (rc == 0)
			rc = pick(r, all, i, out);
		if (rc < 0)
			return rc;
	} while (qasm_take_mark(r, ','));
	return qasm_want_mark(r, '}');
}

int
qasm_subscript(struct qasm *r, const struct qasm_list *all,
    struct qasm_list *out)
{
	struct qasm_list some = {.n = 0};
	int rc;

	*out = *all;
	if (!qasm_take_mark(r, '['))
		return 0;
	some.items = qasm_alloc(r, all->n * sizeof(*some.items));
	if (some.items == NULL)
		return qasm_no_memory(r);
	rc = qasm_step(r, all->n);
	if (rc < 0)
		return rc;
	if (r->version == 3 && qasm_is_mark(r, '{'))
		rc = pick_set(r, all, &some);
	else
		rc = pick_range(r, all, &some);
	*out = some;
	return rc < 0 ? rc : qasm_want_mark(r, ']');
}

/* The number behind a $, or -1. */
static int64_t
physical_number(const struct qasm *r, uint32_t token)
{
	const struct qasm_token *t = &r->tokens[token];
	int64_t n;

	if (t->kind != QASM_MARK || t->code != '$' ||
	    t[1].kind != QASM_INTEGER || t[1].at != t->at + 1 ||
	    qasm_integer(r->text + t[1].at, t[1].len, &n) < 0)
		return -1;
	return n;
}

/* All of them are one register, as large as the largest number wants. */
static int
declare_physical(struct qasm *r)
{
	int64_t most = -1, n;
	uint32_t i;
	int rc = qasm_step(r, r->ntokens / 16);

	for (i = 0; i < r->ntokens && rc == 0; i++) {
		n = physical_number(r, i);
		most = n > most ? n : most;
	}
	if (rc < 0)
		return rc;
	if (most >= PROGRAM_MAX_QUBITS - (int64_t)r->p->nqubits)
		return qasm_fail(r, r->pos, "at most %d qubits",
		    PROGRAM_MAX_QUBITS);
	r->physical0 = r->p->nqubits;
	r->nphysical = (uint32_t)most + 1;
	rc = program_add_register(r->p, "physical", r->nphysical, true);
	return rc < 0 ? qasm_failed(r, r->pos, rc) : 0;
}

/* $3 */
static int
physical(struct qasm *r, struct qasm_list *out)
{
	int64_t n = physical_number(r, r->pos);
	int rc = 0;

	if (n < 0)
		return qasm_fail(r, r->pos, "want a number right after $");
	if (r->floor > 0 && r->subs == 0)
		return qasm_fail(r, r->pos, "a gate has no physical qubits");
	if (r->nphysical == 0)
		rc = declare_physical(r);
	if (rc < 0)
		return rc;
	out->items = qasm_alloc(r, sizeof(*out->items));
	if (out->items == NULL)
		return qasm_no_memory(r);
	out->items[0] = r->physical0 + (uint32_t)n;
	out->n = 1;
	out->single = true;
	r->pos += 2;
	return 0;
}

static int
one_operand(struct qasm *r, enum qasm_symbol_kind kind, struct qasm_list *out)
{
	const struct qasm_symbol *s;
	struct qasm_list all, part;
	uint32_t token;
	char text[48];
	int rc;

	if (qasm_is_mark(r, '$') && kind == QASM_SYMBOL_QUBITS)
		return physical(r, out);
	rc = qasm_want_name(r, &token);
	if (rc < 0)
		return rc;
	s = qasm_find(r, token);
	if (s == NULL)
		return qasm_fail(r, token, "'%s' is not declared",
		    qasm_spell(r, token, text));
	if (s->kind != kind)
		return qasm_fail(r, token, "'%s' is no %s register",
		    qasm_spell(r, token, text),
		    kind == QASM_SYMBOL_QUBITS ? "qubit" : "bit");
	all = (struct qasm_list){s->list, s->nlist, s->scalar};
	if (s->scalar && qasm_is_mark(r, '['))
		return qasm_fail(r, r->pos, "'%s' has no elements",
		    qasm_spell(r, token, text));
	*out = all;
	while (rc == 0 && qasm_is_mark(r, '[') && !all.single) {
		rc = qasm_subscript(r, &all, &part);
		all = part;
		*out = part;
	}
	return rc;
}

static int
operand(struct qasm *r, enum qasm_symbol_kind kind, struct qasm_list *out)
{
	struct qasm_list more = {.n = 0};
	uint32_t *joined;
	int rc = one_operand(r, kind, out);

	while (rc == 0 && r->version == 3 &&
	    qasm_take_mark(r, QASM_MARK2('+', '+'))) {
		rc = one_operand(r, kind, &more);
		if (rc < 0)
			return rc;
		if (out->n + more.n > PROGRAM_MAX_BITS)
			return qasm_fail(r, r->pos, "too many together");
		joined = qasm_alloc(r, (out->n + more.n) * sizeof(*joined));
		if (joined == NULL)
			return qasm_no_memory(r);
		if (out->n > 0)
			memcpy(joined, out->items, out->n * sizeof(*joined));
		if (more.n > 0)
			memcpy(joined + out->n, more.items,
			    more.n * sizeof(*joined));
		*out = (struct qasm_list){joined, out->n + more.n, false};
	}
	return rc;
}

int
qasm_qubits(struct qasm *r, struct qasm_list *out)
{
	return operand(r, QASM_SYMBOL_QUBITS, out);
}

int
qasm_bits(struct qasm *r, struct qasm_list *out)
{
	return operand(r, QASM_SYMBOL_BITS, out);
}
