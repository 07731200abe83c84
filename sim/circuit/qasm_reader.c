#include "sim/circuit/qasm_reader.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STEPS_DEFAULT UINT64_C(100000000)
#define CHUNK_BYTES ((size_t)32 << 10)

struct qasm_chunk {
	struct qasm_chunk *next;
	size_t size;
	_Alignas(16) unsigned char data[];
};

int
qasm_fail(struct qasm *r, uint32_t token, const char *format, ...)
{
	const struct qasm_token *t = &r->tokens[token];
	va_list ap;

	if (r->error->text[0] != '\0')
		return -EINVAL;
	r->error->line = t->line;
	r->error->column = t->column;
	va_start(ap, format);
	vsnprintf(r->error->text, sizeof(r->error->text), format, ap);
	va_end(ap);
	return -EINVAL;
}

int
qasm_failed(struct qasm *r, uint32_t token, int rc)
{
	if (rc == -ENOMEM)
		qasm_fail(r, token, "the program is too large");
	else
		qasm_fail(r, token, "this is out of range");
	return rc;
}

int
qasm_step(struct qasm *r, uint64_t n)
{
	uint64_t max =
	    r->options->steps_max ? r->options->steps_max : STEPS_DEFAULT;

	r->steps += n;
	if (r->steps <= max)
		return 0;
	qasm_fail(r, r->pos, "the program is too long: over %llu steps",
	    (unsigned long long)max);
	return -ENOMEM;
}

int
qasm_enter(struct qasm *r)
{
	if (r->depth >= QASM_DEPTH_MAX)
		return qasm_fail(r, r->pos, "nested deeper than %d",
		    QASM_DEPTH_MAX);
	r->depth++;
	return qasm_step(r, 1);
}

int
qasm_no_memory(struct qasm *r)
{
	qasm_fail(r, r->pos, "the program is too large");
	return -ENOMEM;
}

void *
qasm_alloc(struct qasm *r, size_t size)
{
	size_t want = CHUNK_BYTES;
	struct qasm_chunk *c;
	void *out;

	size = (size + 15) & ~(size_t)15;
	if (r->chunk == NULL || size > r->chunk->size - r->chunk_used) {
		if (want < size)
			want = size;
		if (want > r->bytes_max || r->bytes > r->bytes_max - want)
			return NULL;
		c = malloc(sizeof(*c) + want);
		if (c == NULL)
			return NULL;
		c->next = r->chunk;
		c->size = want;
		r->chunk = c;
		r->chunk_used = 0;
		r->bytes += want;
	}
	out = r->chunk->data + r->chunk_used;
	r->chunk_used += size;
	memset(out, 0, size);
	return out;
}

struct qasm_mark
qasm_mark(const struct qasm *r)
{
	return (struct qasm_mark){r->chunk, r->chunk_used};
}

void
qasm_release(struct qasm *r, struct qasm_mark to)
{
	while (r->chunk != to.chunk) {
		struct qasm_chunk *c = r->chunk;

		r->chunk = c->next;
		r->bytes -= c->size;
		free(c);
	}
	r->chunk_used = to.used;
}

void
qasm_free(struct qasm *r)
{
	qasm_release(r, (struct qasm_mark){NULL, 0});
	free(r->tokens);
	free(r->symbols);
	r->tokens = NULL;
	r->symbols = NULL;
}

const struct qasm_token *
qasm_now(const struct qasm *r)
{
	return &r->tokens[r->pos];
}

bool
qasm_is_mark(const struct qasm *r, uint32_t code)
{
	return qasm_now(r)->kind == QASM_MARK && qasm_now(r)->code == code;
}

bool
qasm_token_is(const struct qasm *r, uint32_t token, const char *word)
{
	const struct qasm_token *t = &r->tokens[token];

	return t->kind == QASM_NAME && t->len == strlen(word) &&
	    memcmp(r->text + t->at, word, t->len) == 0;
}

bool
qasm_is_word(const struct qasm *r, const char *word)
{
	return qasm_token_is(r, r->pos, word);
}

bool
qasm_take_mark(struct qasm *r, uint32_t code)
{
	if (!qasm_is_mark(r, code))
		return false;
	r->pos++;
	return true;
}

bool
qasm_take_word(struct qasm *r, const char *word)
{
	if (!qasm_is_word(r, word))
		return false;
	r->pos++;
	return true;
}

const char *
qasm_spell(const struct qasm *r, uint32_t token, char out[static 48])
{
	const struct qasm_token *t = &r->tokens[token];
	uint32_t i, n = t->len < 40 ? t->len : 40;

	if (t->kind == QASM_END)
		n = (uint32_t)snprintf(out, 48, "end of file");
	else
		memcpy(out, r->text + t->at, n);
	for (i = 0; i < n; i++) { /* errors go to terminals */
		if ((unsigned char)out[i] < 0x20 || out[i] == 0x7f)
			out[i] = '?';
	}
	out[n] = '\0';
	return out;
}

int
qasm_want_mark(struct qasm *r, uint32_t code)
{
	char got[48],
	    want[4] = {(char)(code & 0xff), (char)(code >> 8 & 0xff),
		(char)(code >> 16 & 0xff), 0};

	if (qasm_take_mark(r, code))
		return 0;
	return qasm_fail(r, r->pos, "want '%s', got '%s'", want,
	    qasm_spell(r, r->pos, got));
}

int
qasm_want_name(struct qasm *r, uint32_t *token)
{
	char got[48];

	*token = r->pos;
	if (qasm_now(r)->kind != QASM_NAME)
		return qasm_fail(r, r->pos, "want a name, got '%s'",
		    qasm_spell(r, r->pos, got));
	r->pos++;
	return 0;
}

static bool
same_name(const struct qasm *r, uint32_t a, uint32_t b)
{
	const struct qasm_token *s = &r->tokens[a], *t = &r->tokens[b];

	return s->code == t->code && s->len == t->len &&
	    memcmp(r->text + s->at, r->text + t->at, s->len) == 0;
}

/* Inside a gate's body only its own names, and of the global ones constants
 * and gates. */
static bool
visible(const struct qasm *r, const struct qasm_symbol *s)
{
	if (s->level >= r->floor)
		return true;
	return s->level == 0 &&
	    (s->kind == QASM_SYMBOL_GATE || s->kind == QASM_SYMBOL_DEF ||
		(s->kind == QASM_SYMBOL_VALUE && s->constant));
}

struct qasm_symbol *
qasm_find(struct qasm *r, uint32_t token)
{
	int32_t i = r->bucket[r->tokens[token].code % QASM_BUCKETS];

	for (; i >= 0; i = r->symbols[i].next) {
		struct qasm_symbol *s = &r->symbols[i];

		r->steps++;
		if (same_name(r, s->token, token) && visible(r, s))
			return s;
	}
	return NULL;
}

static bool
is_reserved(const struct qasm *r, uint32_t token)
{
	static const char *const both[] = {"gate", "measure", "reset",
	    "barrier", "if", "include", "opaque", "qreg", "creg", "pi", "U",
	    "OPENQASM"};
	static const char *const three[] = {"for", "while", "else", "in",
	    "input", "output", "const", "let", "int", "uint", "float", "angle",
	    "bool", "bit", "qubit", "ctrl", "negctrl", "inv", "pow", "gphase",
	    "def", "extern", "return", "true", "false", "tau", "euler", "box",
	    "delay", "end", "break", "continue", "switch", "case", "cal",
	    "defcal", "duration", "stretch", "complex", "array", "void"};
	size_t i;

	for (i = 0; i < sizeof(both) / sizeof(both[0]); i++) {
		if (qasm_token_is(r, token, both[i]))
			return true;
	}
	for (i = 0; r->version == 3 && i < sizeof(three) / sizeof(three[0]);
	     i++) {
		if (qasm_token_is(r, token, three[i]))
			return true;
	}
	return false;
}

int
qasm_declare(struct qasm *r, uint32_t token, const struct qasm_symbol *s)
{
	struct qasm_symbol *old = qasm_find(r, token);
	int32_t *head = &r->bucket[r->tokens[token].code % QASM_BUCKETS];
	size_t cap = r->capsymbols ? (size_t)r->capsymbols * 2 : 256;
	char name[48];

	if (is_reserved(r, token))
		return qasm_fail(r, token, "'%s' is a reserved word",
		    qasm_spell(r, token, name));
	if (old && old->level == r->level)
		return qasm_fail(r, token, "'%s' is declared already",
		    qasm_spell(r, token, name));
	if (r->nsymbols == r->capsymbols) {
		size_t more = (cap - r->capsymbols) * sizeof(*r->symbols);
		struct qasm_symbol *grown = NULL;

		if (more <= r->bytes_max && r->bytes <= r->bytes_max - more)
			grown = realloc(r->symbols, cap * sizeof(*grown));
		if (grown == NULL)
			return qasm_no_memory(r);
		r->symbols = grown;
		r->capsymbols = (uint32_t)cap;
		r->bytes += more;
	}
	r->symbols[r->nsymbols] = *s;
	r->symbols[r->nsymbols].token = token;
	r->symbols[r->nsymbols].level = r->level;
	r->symbols[r->nsymbols].next = *head;
	*head = (int32_t)r->nsymbols++;
	return 0;
}

void
qasm_push(struct qasm *r)
{
	r->level++;
}

void
qasm_pop(struct qasm *r)
{
	while (
	    r->nsymbols > 0 && r->symbols[r->nsymbols - 1].level == r->level) {
		struct qasm_symbol *s = &r->symbols[--r->nsymbols];

		r->bucket[r->tokens[s->token].code % QASM_BUCKETS] = s->next;
	}
	r->level--;
}
