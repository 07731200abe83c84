/*
 * pauli_text.c - Pauli sums from and to text.
 */
#include "sim/observable/pauli.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TEXT_BYTES_MAX (4u << 20)

struct reader {
	const char *text;
	const char *at;
	uint32_t nqubits;
	char *err; /* 128 bytes */
};

static void
skip(struct reader *r)
{
	while (
	    *r->at == ' ' || *r->at == '\t' || *r->at == '\n' || *r->at == '\r')
		r->at++;
}

static int
fail(const struct reader *r, const char *what)
{
	snprintf(r->err, 128, "column %zu: %s", (size_t)(r->at - r->text) + 1,
	    what);
	return -EINVAL;
}

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* strtod() also takes hex, inf and nan. */
static int
read_number(struct reader *r, double *out)
{
	size_t n = strspn(r->at, "0123456789.");
	char *end;

	if (r->at[n] == 'e' || r->at[n] == 'E') {
		n++;
		n += r->at[n] == '+' || r->at[n] == '-';
		n += strspn(r->at + n, "0123456789");
	}
	*out = strtod(r->at, &end);
	if (end != r->at + n || !(fabs(*out) <= 1e300))
		return fail(r, "no number");
	r->at = end;
	return 0;
}

static int
read_letter(struct reader *r, struct pauli_term *t)
{
	char letter = *r->at;
	uint64_t q = 0, bit;

	r->at++;
	if (letter == 'I' && !is_digit(*r->at))
		return 0;
	if (!is_digit(*r->at))
		return fail(r, "the number of a qubit belongs here");
	for (; is_digit(*r->at) && q < 1000; r->at++)
		q = 10 * q + (uint64_t)(*r->at - '0');
	if (q >= r->nqubits)
		return fail(r, "there is no such qubit");
	bit = UINT64_C(1) << q;
	if (letter == 'I')
		return 0;
	if ((t->x | t->z) & bit)
		return fail(r, "the qubit is in this term already");
	if (letter != 'Z')
		t->x |= bit;
	if (letter != 'X')
		t->z |= bit;
	return 0;
}

/* number | number * letters | letters */
static int
read_term(struct reader *r, struct pauli_term *t)
{
	bool any = false;
	int rc;

	*t = (struct pauli_term){.coef = 1.0};
	skip(r);
	if (is_digit(*r->at) || *r->at == '.') {
		rc = read_number(r, &t->coef);
		if (rc < 0)
			return rc;
		skip(r);
		any = true;
		if (*r->at == '*') {
			r->at++;
			skip(r);
			any = false;
		}
	}
	while (*r->at && strchr("IXYZ", *r->at)) {
		rc = read_letter(r, t);
		if (rc < 0)
			return rc;
		any = true;
		skip(r);
		if (*r->at == '*' || *r->at == '@') { /* X0*Z1, X0 @ Z1 */
			r->at++;
			skip(r);
			any = false;
		}
	}
	return any ? 0 : fail(r, "a term is missing");
}

static int
by_string(const void *pa, const void *pb)
{
	const struct pauli_term *a = pa, *b = pb;

	if (a->x != b->x)
		return a->x < b->x ? -1 : 1;
	if (a->z != b->z)
		return a->z < b->z ? -1 : 1;
	return 0;
}

static void
merge(struct pauli_sum *s)
{
	size_t i, n = 0;

	qsort(s->terms, s->nterms, sizeof(*s->terms), by_string);
	for (i = 0; i < s->nterms; i++) {
		if (n > 0 && by_string(&s->terms[n - 1], &s->terms[i]) == 0)
			s->terms[n - 1].coef += s->terms[i].coef;
		else
			s->terms[n++] = s->terms[i];
	}
	s->nterms = n;
}

static int
append(struct pauli_sum *s, size_t *cap, const struct pauli_term *t)
{
	struct pauli_term *grown;

	if (s->nterms == PAULI_MAX_TERMS)
		return -ENOMEM;
	if (s->nterms == *cap) {
		*cap = *cap ? 2 * *cap : 8;
		grown = realloc(s->terms, *cap * sizeof(*grown));
		if (grown == NULL)
			return -ENOMEM;
		s->terms = grown;
	}
	s->terms[s->nterms++] = *t;
	return 0;
}

static int
read_sum(struct reader *r, struct pauli_sum *s)
{
	size_t cap = 0;
	int rc;

	for (;;) {
		struct pauli_term t;
		double sign = 1.0;

		skip(r);
		if (*r->at == '+' || *r->at == '-') {
			sign = *r->at == '-' ? -1.0 : 1.0;
			r->at++;
		} else if (s->nterms > 0) {
			return fail(r, "+ or - belongs between terms");
		}
		rc = read_term(r, &t);
		if (rc == 0) {
			t.coef *= sign;
			rc = append(s, &cap, &t);
		}
		if (rc < 0)
			return rc;
		skip(r);
		if (*r->at == '\0')
			return 0;
	}
}

int
pauli_parse(struct pauli_sum *s, const char *text, uint32_t nqubits,
    char err[static 128])
{
	struct reader r = {.text = text,
	    .at = text,
	    .nqubits = nqubits,
	    .err = err};
	int rc;

	*s = (struct pauli_sum)PAULI_SUM_INIT;
	err[0] = '\0';
	if (nqubits > 64 || strlen(text) > TEXT_BYTES_MAX)
		return fail(&r, "too long");
	rc = read_sum(&r, s);
	if (rc == -ENOMEM)
		snprintf(err, 128, "too many terms");
	if (rc < 0)
		pauli_close(s);
	else
		merge(s);
	return rc;
}

size_t
pauli_print(const struct pauli_term *t, char *out, size_t len)
{
	char text[1024];
	uint64_t all = t->x | t->z;
	size_t n = (size_t)snprintf(text, sizeof(text), "%+.17g", t->coef);
	uint32_t q;

	for (q = 0; q < 64; q++) {
		char letter = t->x >> q & 1 ? (t->z >> q & 1 ? 'Y' : 'X') : 'Z';

		if (all >> q & 1)
			n += (size_t)snprintf(text + n, sizeof(text) - n,
			    "%c%c%u",
			    all & ((UINT64_C(1) << q) - 1) ? ' ' : '*', letter,
			    q);
	}
	if (len > 0) {
		size_t keep = n < len ? n : len - 1;

		memcpy(out, text, keep);
		out[keep] = '\0';
	}
	return n;
}
