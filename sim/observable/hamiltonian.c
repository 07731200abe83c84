#include "sim/observable/hamiltonian.h"

#include <assert.h>
#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/observable/fcidump.h"
#include "sim/observable/fermion.h"
#include "sim/observable/hamiltonian_text.h"

int
hamiltonian_fail(struct hamiltonian_text *t, const char *format, ...)
{
	va_list ap;
	int n = snprintf(t->err, HAMILTONIAN_ERROR_LEN, "line %zu: ", t->line);

	va_start(ap, format);
	vsnprintf(t->err + n, HAMILTONIAN_ERROR_LEN - (size_t)n, format, ap);
	va_end(ap);
	return -EINVAL;
}

int
hamiltonian_append(struct hamiltonian_text *t, const struct pauli_term *p)
{
	struct pauli_term *grown;

	if (t->nterms == PAULI_MAX_TERMS)
		return hamiltonian_fail(t, "too many terms");
	if (t->nterms == t->cap) {
		t->cap = t->cap ? 2 * t->cap : 64;
		grown = realloc(t->terms, t->cap * sizeof(*grown));
		if (grown == NULL)
			return -ENOMEM;
		t->terms = grown;
	}
	t->terms[t->nterms++] = *p;
	return 0;
}

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* One letter and its qubit; I may have none. */
static int
read_letter(struct hamiltonian_text *t, const char **at, const char *end,
    struct pauli_term *p)
{
	char letter = **at;
	uint32_t q = 0;

	if (strchr("IXYZ", letter) == NULL)
		return hamiltonian_fail(t,
		    "I, X, Y or Z with a qubit belongs here");
	if (++*at == end || !is_digit(**at))
		return letter == 'I'
		    ? 0
		    : hamiltonian_fail(t, "%c wants a qubit's number", letter);
	for (; *at < end && is_digit(**at) && q < 1000; ++*at)
		q = 10 * q + (uint32_t)(**at - '0');
	if (q >= HAMILTONIAN_MAX_QUBITS)
		return hamiltonian_fail(t, "qubits go up to %d",
		    HAMILTONIAN_MAX_QUBITS - 1);
	if (q >= t->nqubits)
		t->nqubits = q + 1;
	if (letter != 'I' && (p->x | p->z) >> q & 1)
		return hamiltonian_fail(t, "qubit %u is in the term twice", q);
	if (letter == 'X' || letter == 'Y')
		p->x |= UINT64_C(1) << q;
	if (letter == 'Z' || letter == 'Y')
		p->z |= UINT64_C(1) << q;
	return 0;
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

int
hamiltonian_ops(struct hamiltonian_text *t, const char *at, const char *end,
    struct pauli_term *p)
{
	size_t n = 0;
	int rc = 0;

	for (;;) {
		while (at < end && is_blank(*at))
			at++;
		if (at == end)
			break;
		rc = read_letter(t, &at, end, p);
		if (rc < 0)
			return rc;
		if (at < end && !is_blank(*at))
			return hamiltonian_fail(t,
			    "a blank belongs between operators");
		n++;
	}
	return n > 0 ? 0 : hamiltonian_fail(t, "the term has no operators");
}

int
hamiltonian_number(struct hamiltonian_text *t, const char **at, double *out)
{
	const char *p = *at;
	size_t digits;
	char *end;

	p += *p == '+' || *p == '-';
	digits = strspn(p, "0123456789.");
	p += digits;
	if (digits > 0 && (*p == 'e' || *p == 'E')) {
		p++;
		p += *p == '+' || *p == '-';
		p += strspn(p, "0123456789");
	}
	*out = digits > 0 ? strtod(*at, &end) : 0.0;
	if (digits == 0 || end != p || !(fabs(*out) < 1e12))
		return hamiltonian_fail(t, "a number belongs here");
	*at = p;
	return 0;
}

/* Text up to the end of the line or a comment; t->at moves behind it. */
static const char *
line_end(struct hamiltonian_text *t)
{
	const char *end = t->at, *next;

	while (end < t->end && *end != '\n')
		end++;
	next = end < t->end ? end + 1 : end;
	for (const char *p = t->at; p < end; p++) {
		if (*p == '#')
			end = p;
	}
	t->at = next;
	return end;
}

static int
read_lines(struct hamiltonian_text *t)
{
	int rc = 0;

	while (rc == 0 && t->at < t->end) {
		const char *p = t->at, *end;
		struct pauli_term term = {.coef = 0.0};

		t->line++;
		end = line_end(t);
		while (p < end && is_blank(*p))
			p++;
		if (p == end)
			continue;
		rc = hamiltonian_number(t, &p, &term.coef);
		if (rc == 0 && (p >= end || !is_blank(*p)))
			rc = hamiltonian_fail(t,
			    "\"number operators\" belongs on a line");
		if (rc == 0)
			rc = hamiltonian_ops(t, p, end, &term);
		if (rc == 0)
			rc = hamiltonian_append(t, &term);
	}
	return rc;
}

static int
by_string(const void *pa, const void *pb)
{
	const struct pauli_term *a = pa, *b = pb;

	if (a->x != b->x)
		return a->x < b->x ? -1 : 1;
	if (a->z != b->z)
		return a->z < b->z ? -1 : 1;
	if (a->coef != b->coef)
		return a->coef < b->coef ? -1 : 1;
	return 0;
}

/* The list becomes the sum, equal strings one. */
static void
take_terms(struct hamiltonian *h, struct hamiltonian_text *t)
{
	size_t i, k = 0;

	qsort(t->terms, t->nterms, sizeof(*t->terms), by_string);
	for (i = 0; i < t->nterms; i++) {
		if (k > 0 && t->terms[k - 1].x == t->terms[i].x &&
		    t->terms[k - 1].z == t->terms[i].z)
			t->terms[k - 1].coef += t->terms[i].coef;
		else
			t->terms[k++] = t->terms[i];
	}
	h->sum = (struct pauli_sum){.terms = t->terms, .nterms = k};
	t->terms = NULL;
	h->nqubits = t->nqubits;
	memcpy(h->name, t->name, sizeof(h->name));
}

/* Electrons that the caller or the file gives to a sum of strings. */
static int
take_electrons(struct hamiltonian *h, struct hamiltonian_text *t,
    const struct hamiltonian_options *o)
{
	bool parity = t->parity || o->mapping == MAPPING_PARITY;
	struct mapping *m = &h->mapping;

	*m = (struct mapping){.kind = parity ? MAPPING_PARITY : MAPPING_JW,
	    .norbitals = (t->nqubits + (parity ? 2 : 0)) / 2,
	    .alpha = o->alpha,
	    .beta = o->beta};
	if (o->alpha == 0 && o->beta == 0) {
		if (t->electrons < 0 || t->electrons % 2 != 0)
			return 0;
		m->alpha = m->beta = (uint32_t)t->electrons / 2;
	}
	if (t->nqubits % 2 != 0 || m->alpha > m->norbitals ||
	    m->beta > m->norbitals)
		return hamiltonian_fail(t,
		    "%u + %u electrons do not fit %u orbitals", m->alpha,
		    m->beta, m->norbitals);
	h->electrons = true;
	return 0;
}

static int
read_molecule(struct hamiltonian *h, const char *text, size_t len,
    const struct hamiltonian_options *o, char *err)
{
	struct fcidump f;
	int rc = fcidump_read(&f, text, len, err);

	if (rc < 0)
		return rc;
	h->electrons = true;
	h->mapping = (struct mapping){.kind = o->mapping,
	    .norbitals = f.norbitals,
	    .alpha = f.alpha,
	    .beta = f.beta};
	if (o->alpha + o->beta > 0) {
		h->mapping.alpha = o->alpha;
		h->mapping.beta = o->beta;
	}
	h->nqubits = mapping_qubits(&h->mapping);
	if (h->mapping.alpha > f.norbitals || h->mapping.beta > f.norbitals) {
		snprintf(err, HAMILTONIAN_ERROR_LEN,
		    "%u + %u electrons do not fit %u orbitals",
		    h->mapping.alpha, h->mapping.beta, f.norbitals);
		rc = -EINVAL;
	} else if (h->nqubits == 0) {
		snprintf(err, HAMILTONIAN_ERROR_LEN,
		    "one orbital leaves no qubit in the parity mapping");
		rc = -EINVAL;
	} else {
		rc = fermion_molecule(&f, &h->mapping, &h->sum);
	}
	if (rc == 0 && h->sum.nterms == 0) {
		snprintf(err, HAMILTONIAN_ERROR_LEN, "all integrals are 0");
		rc = -EINVAL;
	}
	fcidump_close(&f);
	return rc;
}

static int
read_sum(struct hamiltonian *h, char *text, size_t len,
    const struct hamiltonian_options *o, char *err)
{
	struct hamiltonian_text t = {.at = text,
	    .end = text + len,
	    .electrons = -1,
	    .err = err};
	size_t skip = strspn(text, " \t\r\n");
	int rc;

	if (text[skip] == '{') {
		t.line = 1;
		rc = hamiltonian_json(&t);
	} else {
		rc = read_lines(&t);
	}
	if (rc == 0 && (t.nterms == 0 || t.nqubits == 0))
		rc = hamiltonian_fail(&t, "there is no term on a qubit");
	if (rc == 0)
		rc = take_electrons(h, &t, o);
	if (rc == 0)
		take_terms(h, &t);
	free(t.terms);
	return rc;
}

int
hamiltonian_read(struct hamiltonian *h, const char *text, size_t len,
    const struct hamiltonian_options *o, char err[static HAMILTONIAN_ERROR_LEN])
{
	static const struct hamiltonian_options none = {.alpha = 0};
	char *copy;
	size_t skip;
	int rc;

	*h = (struct hamiltonian)HAMILTONIAN_INIT;
	snprintf(err, HAMILTONIAN_ERROR_LEN, "no memory");
	if (len > HAMILTONIAN_BYTES_MAX || memchr(text, '\0', len)) {
		snprintf(err, HAMILTONIAN_ERROR_LEN,
		    "not a text, or more than 16 MiB");
		return -EINVAL;
	}
	copy = malloc(len + 1);
	if (copy == NULL)
		return -ENOMEM;
	memcpy(copy, text, len);
	copy[len] = '\0';
	skip = strspn(copy, " \t\r\n");
	if (copy[skip] == '&' || copy[skip] == '$')
		rc = read_molecule(h, copy, len, o ? o : &none, err);
	else
		rc = read_sum(h, copy, len, o ? o : &none, err);
	free(copy);
	if (rc < 0)
		hamiltonian_close(h);
	return rc;
}

void
hamiltonian_close(struct hamiltonian *h)
{
	pauli_close(&h->sum);
	*h = (struct hamiltonian)HAMILTONIAN_INIT;
}

uint64_t
hamiltonian_reference(const struct hamiltonian *h)
{
	const struct mapping *m = &h->mapping;
	uint64_t up = (UINT64_C(1) << m->alpha) - 1;
	uint64_t down = (UINT64_C(1) << m->beta) - 1;

	assert(h->electrons);
	return mapping_state(m, up | down << m->norbitals);
}
