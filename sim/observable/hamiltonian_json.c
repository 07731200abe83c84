/*
 * hamiltonian_json.c - the JSON form of a Hamiltonian: only what it needs is
 * kept, everything else is checked and passed over.
 */
#include "sim/observable/hamiltonian_text.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sim/observable/hamiltonian.h"

#define DEPTH_MAX 16
#define WORD_MAX 96

/* A string as it stands, escapes not undone. */
struct word {
	const char *at;
	size_t len;
};

static char
peek(struct hamiltonian_text *t)
{
	for (; t->at < t->end; t->at++) {
		if (*t->at == '\n')
			t->line++;
		else if (*t->at != ' ' && *t->at != '\t' && *t->at != '\r')
			return *t->at;
	}
	return '\0';
}

static int
expect(struct hamiltonian_text *t, char c)
{
	if (peek(t) != c)
		return hamiltonian_fail(t, "%c is missing", c);
	t->at++;
	return 0;
}

static int
read_word(struct hamiltonian_text *t, struct word *w)
{
	int rc = expect(t, '"');

	*w = (struct word){t->at, 0};
	while (rc == 0 && t->at < t->end && *t->at != '"') {
		if ((unsigned char)*t->at < ' ')
			return hamiltonian_fail(t, "a string does not end");
		t->at += *t->at == '\\' && t->at + 1 < t->end ? 2 : 1;
	}
	if (rc < 0)
		return rc;
	if (t->at >= t->end)
		return hamiltonian_fail(t, "a string does not end");
	w->len = (size_t)(t->at - w->at);
	t->at++;
	return 0;
}

static bool
word_is(const struct word *w, const char *text)
{
	return w->len == strlen(text) && memcmp(w->at, text, w->len) == 0;
}

/* After an element: 1 if another follows, 0 at the closing bracket. */
static int
more(struct hamiltonian_text *t, char close)
{
	char c = peek(t);

	if (c != ',' && c != close)
		return hamiltonian_fail(t, ", or %c belongs here", close);
	t->at++;
	return c == ',';
}

/* Enters an object or array: 1 if it has elements. */
static int
enter(struct hamiltonian_text *t, char open, char close)
{
	int rc = expect(t, open);

	if (rc < 0)
		return rc;
	if (peek(t) != close)
		return 1;
	t->at++;
	return 0;
}

static int
read_key(struct hamiltonian_text *t, struct word *key)
{
	int rc = read_word(t, key);

	return rc < 0 ? rc : expect(t, ':');
}

static int
skip_scalar(struct hamiltonian_text *t)
{
	static const char *const words[] = {"true", "false", "null"};
	struct word w;
	double number;
	size_t i;

	if (peek(t) == '"')
		return read_word(t, &w);
	for (i = 0; i < 3; i++) {
		size_t n = strlen(words[i]);

		if ((size_t)(t->end - t->at) >= n &&
		    memcmp(t->at, words[i], n) == 0) {
			t->at += n;
			return 0;
		}
	}
	return hamiltonian_number(t, &t->at, &number);
}

/* Any value, by its brackets: a stack of at most DEPTH_MAX of them. */
static int
skip(struct hamiltonian_text *t)
{
	char close[DEPTH_MAX];
	size_t depth = 0;
	struct word key;
	int rc;

	for (;;) {
		char c = peek(t);
		bool opens = c == '{' || c == '[';

		if (opens && depth == DEPTH_MAX)
			return hamiltonian_fail(t, "nested too deeply");
		if (opens) {
			close[depth] = c == '{' ? '}' : ']';
			rc = enter(t, c, close[depth]);
			depth += rc > 0;
		} else {
			rc = skip_scalar(t);
		}
		while (rc == 0 && depth > 0) {
			rc = more(t, close[depth - 1]);
			depth -= rc == 0;
		}
		if (rc < 0 || depth == 0)
			return rc < 0 ? rc : 0;
		if (close[depth - 1] == '}' && (rc = read_key(t, &key)) < 0)
			return rc;
	}
}

/* "IXYZ": the last letter is qubit 0. */
static int
take_pauli(struct hamiltonian_text *t, const struct word *w,
    struct pauli_term *p)
{
	size_t i;

	if (w->len < 1 || w->len > HAMILTONIAN_MAX_QUBITS)
		return hamiltonian_fail(t, "a string has 1 to %d letters",
		    HAMILTONIAN_MAX_QUBITS);
	for (i = 0; i < w->len; i++) {
		uint64_t bit = UINT64_C(1) << (w->len - 1 - i);
		char c = w->at[i];

		if (memchr("IXYZ", c, 4) == NULL)
			return hamiltonian_fail(t,
			    "letters of a string are I, X, Y, Z");
		if (c == 'X' || c == 'Y')
			p->x |= bit;
		if (c == 'Z' || c == 'Y')
			p->z |= bit;
	}
	if (w->len > t->nqubits)
		t->nqubits = (uint32_t)w->len;
	return 0;
}

static int
take_ops(struct hamiltonian_text *t, const struct word *w, struct pauli_term *p)
{
	return hamiltonian_ops(t, w->at, w->at + w->len, p);
}

struct term_parts {
	struct pauli_term pauli, ops;
	bool has_coef, has_pauli, has_ops;
};

static int
read_field(struct hamiltonian_text *t, const struct word *key,
    struct term_parts *p)
{
	struct word w;
	int rc;

	if (word_is(key, "coeff")) {
		p->has_coef = true;
		peek(t);
		return hamiltonian_number(t, &t->at, &p->pauli.coef);
	}
	if (!word_is(key, "pauli") && !word_is(key, "ops"))
		return skip(t);
	rc = read_word(t, &w);
	if (rc < 0)
		return rc;
	if (word_is(key, "pauli")) {
		rc = p->has_pauli ? hamiltonian_fail(t, "pauli twice")
				  : take_pauli(t, &w, &p->pauli);
		p->has_pauli = true;
	} else {
		rc = p->has_ops ? hamiltonian_fail(t, "ops twice")
				: take_ops(t, &w, &p->ops);
		p->has_ops = true;
	}
	return rc;
}

static int
read_term(struct hamiltonian_text *t)
{
	struct term_parts p = {.has_coef = false};
	struct word key;
	int rc = enter(t, '{', '}');

	while (rc > 0) {
		rc = read_key(t, &key);
		if (rc == 0)
			rc = read_field(t, &key, &p);
		if (rc == 0)
			rc = more(t, '}');
	}
	if (rc < 0)
		return rc;
	if (!p.has_coef || (!p.has_pauli && !p.has_ops))
		return hamiltonian_fail(t,
		    "a term wants coeff, and pauli or "
		    "ops");
	if (p.has_ops && !p.has_pauli) {
		p.pauli.x = p.ops.x;
		p.pauli.z = p.ops.z;
	} else if (p.has_ops &&
	    (p.pauli.x != p.ops.x || p.pauli.z != p.ops.z)) {
		return hamiltonian_fail(t,
		    "pauli and ops say different "
		    "things");
	}
	return hamiltonian_append(t, &p.pauli);
}

static int
read_terms(struct hamiltonian_text *t)
{
	int rc = enter(t, '[', ']');

	while (rc > 0) {
		rc = read_term(t);
		if (rc == 0)
			rc = more(t, ']');
	}
	return rc;
}

/* A whole number of 0 .. max. */
static int
read_whole(struct hamiltonian_text *t, double max, long *out)
{
	double v;
	int rc;

	peek(t);
	rc = hamiltonian_number(t, &t->at, &v);
	if (rc == 0 && (v < 0.0 || v > max || v != floor(v)))
		rc = hamiltonian_fail(t, "a whole number up to %g belongs here",
		    max);
	*out = rc == 0 ? (long)v : 0;
	return rc;
}

static int
read_active(struct hamiltonian_text *t)
{
	struct word key;
	int rc;

	if (peek(t) != '{')
		return skip(t);
	rc = enter(t, '{', '}');
	while (rc > 0) {
		rc = read_key(t, &key);
		if (rc == 0)
			rc = word_is(&key, "electrons") && peek(t) != 'n'
			    ? read_whole(t, 1000.0, &t->electrons)
			    : skip(t);
		if (rc == 0)
			rc = more(t, '}');
	}
	return rc;
}

static int
read_name(struct hamiltonian_text *t)
{
	struct word w;
	size_t i;
	int rc = read_word(t, &w);

	for (i = 0; rc == 0 && i < w.len && i + 1 < sizeof(t->name); i++) {
		char c = w.at[i];

		/* It is printed: nothing that means something to a terminal
		 * or to JSON. */
		t->name[i] =
		    c >= ' ' && c <= '~' && c != '"' && c != '\\' ? c : '_';
	}
	return rc;
}

static int
read_top(struct hamiltonian_text *t, const struct word *key, long *nqubits)
{
	static const char parity[] = "parity";
	struct word w;
	int rc;

	if (word_is(key, "terms"))
		return read_terms(t);
	if (word_is(key, "n_qubits"))
		return read_whole(t, HAMILTONIAN_MAX_QUBITS, nqubits);
	if (word_is(key, "active"))
		return read_active(t);
	if (word_is(key, "name"))
		return read_name(t);
	if (!word_is(key, "mapping") || peek(t) != '"')
		return skip(t);
	rc = read_word(t, &w);
	if (rc == 0)
		t->parity = w.len >= sizeof(parity) - 1 &&
		    memcmp(w.at, parity, sizeof(parity) - 1) == 0;
	return rc;
}

int
hamiltonian_json(struct hamiltonian_text *t)
{
	struct word key;
	long nqubits = -1;
	int rc = enter(t, '{', '}');

	while (rc > 0) {
		rc = read_key(t, &key);
		if (rc == 0)
			rc = read_top(t, &key, &nqubits);
		if (rc == 0)
			rc = more(t, '}');
	}
	if (rc < 0)
		return rc;
	if (peek(t) != '\0' || t->at != t->end)
		return hamiltonian_fail(t, "something follows the end");
	if (nqubits >= 0 && (uint32_t)nqubits < t->nqubits)
		return hamiltonian_fail(t, "n_qubits is %ld, terms use %u",
		    nqubits, t->nqubits);
	if (nqubits >= 0)
		t->nqubits = (uint32_t)nqubits;
	return 0;
}
