#include "sim/circuit/qasm.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/circuit/qasm_reader.h"
#include "sim/circuit/qasm_statement.h"

#define BYTES_DEFAULT ((size_t)1 << 30)

static int
lex_failed(struct qasm *r, const struct qasm_token *t, const char *why)
{
	r->error->line = t->line;
	r->error->column = t->column;
	snprintf(r->error->text, sizeof(r->error->text), "%s", why);
	return -EINVAL;
}

static int
room_for_tokens(struct qasm *r)
{
	size_t cap = r->captokens ? (size_t)r->captokens * 2 : 1024, more;
	struct qasm_token *grown;

	if (r->ntokens + 2 < r->captokens)
		return 0;
	more = (cap - r->captokens) * sizeof(*grown);
	if (more > r->bytes_max || r->bytes > r->bytes_max - more)
		return -ENOMEM;
	grown = realloc(r->tokens, cap * sizeof(*grown));
	if (grown == NULL)
		return -ENOMEM;
	r->tokens = grown;
	r->captokens = (uint32_t)cap;
	r->bytes += more;
	return 0;
}

/* All tokens, and two that end the text: one may look ahead by one. */
static int
lex_all(struct qasm *r, size_t len)
{
	struct qasm_lexer l = {.text = r->text, .len = len, .line = 1};
	struct qasm_token t = {.line = 1, .column = 1};
	int rc;

	do {
		rc = room_for_tokens(r);
		if (rc < 0) {
			lex_failed(r, &t, "the program is too large");
			return rc;
		}
		rc = qasm_lex(&l, &t);
		if (rc < 0)
			return lex_failed(r, &t, l.why);
		r->tokens[r->ntokens++] = t;
	} while (t.kind != QASM_END);
	r->tokens[r->ntokens++] = t;
	return 0;
}

/* OPENQASM 2.0; without it, OpenQASM 3. */
static int
read_version(struct qasm *r)
{
	const char *s;
	char got[48];

	r->version = 3;
	if (!qasm_take_word(r, "OPENQASM"))
		return 0;
	s = r->text + qasm_now(r)->at;
	if (qasm_now(r)->kind == QASM_REAL && qasm_now(r)->len == 3 &&
	    memcmp(s, "2.0", 3) == 0)
		r->version = 2;
	else if (!(qasm_now(r)->kind == QASM_INTEGER && qasm_now(r)->len == 1 &&
		     *s == '3') &&
	    !(qasm_now(r)->kind == QASM_REAL && qasm_now(r)->len == 3 &&
		(memcmp(s, "3.0", 3) == 0 || memcmp(s, "3.1", 3) == 0)))
		return qasm_fail(r, r->pos, "OpenQASM %s is not supported",
		    qasm_spell(r, r->pos, got));
	r->pos++;
	return qasm_want_mark(r, ';');
}

static int
read_include(struct qasm *r)
{
	const char *want = r->version == 2 ? "qelib1.inc" : "stdgates.inc";
	const struct qasm_token *t = qasm_now(r);
	char name[48];

	if (t->kind != QASM_STRING || t->len != strlen(want) ||
	    memcmp(r->text + t->at, want, t->len) != 0)
		return qasm_fail(r, r->pos,
		    "include of '%s' is not supported, only \"%s\"",
		    qasm_spell(r, r->pos, name), want);
	r->pos++;
	r->library = true;
	return qasm_want_mark(r, ';');
}

static int
read_program(struct qasm *r)
{
	int rc = read_version(r);

	while (rc == 0 && qasm_now(r)->kind != QASM_END &&
	    r->leave == QASM_GO_ON) {
		if (qasm_take_word(r, "include"))
			rc = read_include(r);
		else
			rc = qasm_statement(r);
	}
	return rc;
}

static int
check_sets(const struct program *p, const struct qasm_options *o,
    struct qasm_error *e)
{
	size_t i;
	uint32_t j;

	for (i = 0; i < o->nsets; i++) {
		for (j = 0; j < p->ninputs; j++) {
			if (strcmp(o->sets[i].name, p->inputs[j].name) == 0)
				break;
		}
		if (j < p->ninputs)
			continue;
		snprintf(e->text, sizeof(e->text), "there is no input '%.100s'",
		    o->sets[i].name);
		return -ENOENT;
	}
	return 0;
}

int
qasm_read(struct program *p, const char *text, size_t len,
    const struct qasm_options *options, struct qasm_error *error)
{
	static const struct qasm_options none;
	const struct qasm_options *o = options ? options : &none;
	size_t bytes = o->bytes_max ? o->bytes_max : BYTES_DEFAULT;
	struct qasm *r = malloc(sizeof(*r));
	size_t i;
	int rc;

	*p = (struct program)PROGRAM_INIT;
	*error = (struct qasm_error){.line = 1, .column = 1};
	if (r == NULL || len > QASM_TEXT_BYTES_MAX) {
		free(r);
		snprintf(error->text, sizeof(error->text),
		    "the program is too large");
		return -ENOMEM;
	}
	p->bytes_max = bytes / 2;
	*r = (struct qasm){.p = p,
	    .options = o,
	    .error = error,
	    .text = text,
	    .bytes_max = bytes / 2};
	for (i = 0; i < QASM_BUCKETS; i++)
		r->bucket[i] = -1;
	rc = lex_all(r, len);
	if (rc == 0)
		rc = read_program(r);
	if (rc == 0)
		rc = check_sets(p, o, error);
	qasm_free(r);
	free(r);
	if (rc < 0)
		program_close(p);
	return rc;
}
