#include "sim/observable/fcidump.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LINE_MAX_BYTES 512
#define HEADER_LINES_MAX 64

struct reader {
	const char *at, *end;
	size_t line;
	char text[LINE_MAX_BYTES]; /* of this line */
	char *err;
};

__attribute__((format(printf, 2, 3))) static int
fail(struct reader *r, const char *format, ...)
{
	va_list ap;
	int n = snprintf(r->err, FCIDUMP_ERROR_LEN, "line %zu: ", r->line);

	va_start(ap, format);
	vsnprintf(r->err + n, FCIDUMP_ERROR_LEN - (size_t)n, format, ap);
	va_end(ap);
	return -EINVAL;
}

/* 1: a line; 0: the end. Exponents with D, as Fortran writes them, become E;
 * letters large. */
static int
next_line(struct reader *r)
{
	size_t n = 0;

	if (r->at == r->end)
		return 0;
	r->line++;
	for (; r->at < r->end && *r->at != '\n'; r->at++) {
		char c = *r->at;

		if (c == '\0' || n + 1 == LINE_MAX_BYTES)
			return fail(r, "no line of an FCIDUMP file");
		r->text[n++] = c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
	}
	if (r->at < r->end)
		r->at++;
	r->text[n] = '\0';
	return 1;
}

/* The value of "NAME = integer" in the line, if it has that name. */
static int
header_value(struct reader *r, const char *name, long *out)
{
	const char *p = strstr(r->text, name);
	size_t len = strlen(name);
	char *end;

	if (p == NULL || (p > r->text && p[-1] >= 'A' && p[-1] <= 'Z'))
		return 0;
	p += len;
	p += strspn(p, " \t");
	if (*p != '=')
		return 0;
	errno = 0;
	*out = strtol(p + 1, &end, 10);
	if (end == p + 1 || errno != 0)
		return fail(r, "%s wants a whole number", name);
	return 0;
}

struct header {
	long norb, nelec, ms2, unrestricted;
};

static bool
header_ends(const char *line)
{
	return strstr(line, "&END") || strstr(line, "$END") ||
	    strchr(line, '/');
}

static int
read_header(struct reader *r, struct header *h)
{
	bool done = false;
	int rc = next_line(r);
	size_t i;

	if (rc <= 0 || strstr(r->text, "FCI") == NULL)
		return rc < 0 ? rc : fail(r, "&FCI belongs here");
	for (i = 0; i < HEADER_LINES_MAX && !done; i++) {
		rc = header_value(r, "NORB", &h->norb);
		if (rc == 0)
			rc = header_value(r, "NELEC", &h->nelec);
		if (rc == 0)
			rc = header_value(r, "MS2", &h->ms2);
		if (rc == 0)
			rc = header_value(r, "IUHF", &h->unrestricted);
		if (rc < 0)
			return rc;
		done = header_ends(r->text);
		if (!done && (rc = next_line(r)) <= 0)
			return rc < 0 ? rc : fail(r, "&END is missing");
	}
	return done ? 0 : fail(r, "the header does not end");
}

static int
take_header(struct reader *r, const struct header *h, struct fcidump *f)
{
	size_t n;

	if (h->norb < 1 || h->norb > FCIDUMP_MAX_ORBITALS)
		return fail(r, "NORB must be 1 to %d", FCIDUMP_MAX_ORBITALS);
	if (h->nelec < 0 || h->nelec > 2 * h->norb)
		return fail(r, "NELEC must be 0 to %ld", 2 * h->norb);
	if (h->ms2 < -h->nelec || h->ms2 > h->nelec ||
	    (h->nelec + h->ms2) % 2 != 0 || (h->nelec + h->ms2) / 2 > h->norb ||
	    (h->nelec - h->ms2) / 2 > h->norb)
		return fail(r, "NELEC and MS2 do not go together");
	if (h->unrestricted != 0)
		return fail(r, "unrestricted orbitals are not supported");
	f->norbitals = (uint32_t)h->norb;
	f->alpha = (uint32_t)((h->nelec + h->ms2) / 2);
	f->beta = (uint32_t)((h->nelec - h->ms2) / 2);
	n = (size_t)h->norb;
	f->one = calloc(n * n, sizeof(*f->one));
	f->two = calloc(n * n * n * n, sizeof(*f->two));
	return f->one && f->two ? 0 : -ENOMEM;
}

/* (pq|rs) in all eight places. */
static void
set_two(struct fcidump *f, const long *o, double value)
{
	size_t n = f->norbitals, i;

	for (i = 0; i < 8; i++) {
		size_t a = (size_t)o[i & 1 ? 1 : 0] - 1;
		size_t b = (size_t)o[i & 1 ? 0 : 1] - 1;
		size_t c = (size_t)o[i & 2 ? 3 : 2] - 1;
		size_t d = (size_t)o[i & 2 ? 2 : 3] - 1;

		if (i & 4)
			f->two[((c * n + d) * n + a) * n + b] = value;
		else
			f->two[((a * n + b) * n + c) * n + d] = value;
	}
}

static int
take_integral(struct reader *r, struct fcidump *f, double value, const long *o)
{
	size_t n = f->norbitals;
	int i;

	for (i = 0; i < 4; i++) {
		if (o[i] < 0 || o[i] > (long)n)
			return fail(r, "orbital %ld of %zu", o[i], n);
	}
	if (o[0] && o[1] && o[2] && o[3]) {
		set_two(f, o, value);
	} else if (o[0] && o[1] && !o[2] && !o[3]) {
		f->one[(size_t)(o[0] - 1) * n + (size_t)(o[1] - 1)] = value;
		f->one[(size_t)(o[1] - 1) * n + (size_t)(o[0] - 1)] = value;
	} else if (!o[0] && !o[1] && !o[2] && !o[3]) {
		f->core = value;
	} else if (o[1] || o[2] || o[3]) {
		return fail(r, "these indices name no integral");
	} /* else: an orbital's energy, which nothing here needs */
	return 0;
}

static int
read_integral(struct reader *r, struct fcidump *f)
{
	const char *p = r->text;
	char *end, *d;
	long o[4];
	double value;
	int i;

	for (d = r->text; (d = strchr(d, 'D')); d++)
		*d = 'E';
	if (p[strspn(p, " \t\r")] == '\0')
		return 0;
	p += strspn(p, " \t");
	if (strspn(p, "+-.0123456789E") != strcspn(p, " \t\r"))
		return fail(r, "the integral is no number");
	value = strtod(p, &end);
	if (end == p || !(fabs(value) < 1e12))
		return fail(r, "the integral is no number");
	for (i = 0; i < 4; i++) {
		errno = 0;
		p = end;
		o[i] = strtol(p, &end, 10);
		if (end == p || errno != 0)
			return fail(r, "four orbitals belong after the number");
	}
	if (end[strspn(end, " \t\r")] != '\0')
		return fail(r, "the line is too long");
	return take_integral(r, f, value, o);
}

int
fcidump_read(struct fcidump *f, const char *text, size_t len,
    char err[static FCIDUMP_ERROR_LEN])
{
	struct reader r = {.at = text, .end = text + len, .err = err};
	struct header h = {.norb = -1, .nelec = -1};
	int rc;

	*f = (struct fcidump)FCIDUMP_INIT;
	snprintf(err, FCIDUMP_ERROR_LEN, "no memory");
	rc = read_header(&r, &h);
	if (rc == 0)
		rc = take_header(&r, &h, f);
	while (rc == 0 && (rc = next_line(&r)) > 0)
		rc = read_integral(&r, f);
	if (rc < 0)
		fcidump_close(f);
	return rc;
}

void
fcidump_close(struct fcidump *f)
{
	free(f->one);
	free(f->two);
	*f = (struct fcidump)FCIDUMP_INIT;
}
