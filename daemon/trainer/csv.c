#include "daemon/trainer/csv.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const unsigned char bom[3] = {0xef, 0xbb, 0xbf};

int
csv_init(struct csv *c, csv_record_fn *fn, void *arg)
{
	*c = CSV_INIT;
	c->fn = fn;
	c->arg = arg;
	c->line = 1;
	c->first_line = 1;
	c->text = malloc(CSV_RECORD_BYTES_MAX);
	c->fields = calloc(CSV_FIELDS_MAX, sizeof(*c->fields));
	if (!c->text || !c->fields) {
		csv_close(c);
		return -ENOMEM;
	}
	return 0;
}

void
csv_close(struct csv *c)
{
	free(c->text);
	free(c->fields);
	*c = CSV_INIT;
}

static void
put(struct csv *c, char byte)
{
	if (c->len - c->field_at >= CSV_FIELD_BYTES_MAX) {
		c->verdict = CSV_FIELD_TOO_LONG;
		return;
	}
	if (c->len + 1 >= CSV_RECORD_BYTES_MAX) {
		c->verdict = CSV_RECORD_TOO_LONG;
		return;
	}
	c->text[c->len++] = byte;
}

static bool
is_blank(char byte)
{
	return byte == ' ' || byte == '\t';
}

/* Blanks before an unquoted field were never stored. */
static void
trim_end(struct csv *c)
{
	while (c->len > c->field_at && is_blank(c->text[c->len - 1]))
		c->len--;
}

static void
end_field(struct csv *c)
{
	if (!c->quoted)
		trim_end(c);
	if (c->nfields == CSV_FIELDS_MAX) {
		c->verdict = CSV_TOO_MANY_FIELDS;
		return;
	}
	if (c->len + 1 >= CSV_RECORD_BYTES_MAX) {
		c->verdict = CSV_RECORD_TOO_LONG;
		return;
	}
	c->fields[c->nfields++] = c->text + c->field_at;
	c->text[c->len++] = '\0';
	c->field_at = c->len;
	c->any_quoted |= c->quoted;
	c->quoted = false;
	c->state = CSV_FIELD_START;
}

static void
reset_record(struct csv *c)
{
	c->nfields = 0;
	c->len = 0;
	c->field_at = 0;
	c->any_quoted = false;
	c->state = CSV_FIELD_START;
	c->first_line = c->line;
}

static void
end_record(struct csv *c)
{
	struct csv_record r;

	end_field(c);
	if (c->verdict != CSV_OK)
		return;
	if (c->nfields == 1 && c->fields[0][0] == '\0' && !c->any_quoted) {
		if (!c->blank_line)
			c->blank_line = c->first_line;
		return;
	}
	if (c->blank_line) {
		c->line = c->blank_line;
		c->verdict = CSV_BLANK_LINE;
		return;
	}
	r.line = c->first_line;
	r.nfields = c->nfields;
	r.fields = c->fields;
	if (c->fn(c->arg, &r))
		c->verdict = CSV_STOPPED;
}

static void
step_quoted(struct csv *c, char byte)
{
	if (byte == '"') {
		c->state = CSV_QUOTE_SEEN;
		return;
	}
	if (byte == '\n')
		c->line++;
	put(c, byte);
}

static void
end_line(struct csv *c)
{
	end_record(c);
	if (c->verdict != CSV_OK)
		return;
	c->line++;
	reset_record(c);
}

static void
step_outside(struct csv *c, char byte)
{
	bool closed =
	    c->state == CSV_QUOTE_SEEN || c->state == CSV_AFTER_QUOTES;

	if (byte == ',') {
		end_field(c);
	} else if (byte == '\n') {
		end_line(c);
	} else if (is_blank(byte)) {
		if (c->state == CSV_UNQUOTED)
			put(c, byte);
		else if (closed)
			c->state = CSV_AFTER_QUOTES;
	} else if (byte == '"') {
		if (c->state == CSV_FIELD_START) {
			c->state = CSV_QUOTED;
			c->quoted = true;
		} else if (c->state == CSV_QUOTE_SEEN) {
			c->state = CSV_QUOTED;
			put(c, byte);
		} else {
			c->verdict = CSV_BAD_QUOTE;
		}
	} else if (closed) {
		c->verdict = CSV_BAD_QUOTE;
	} else {
		c->state = CSV_UNQUOTED;
		put(c, byte);
	}
}

/* A control byte is no text; CR is one only before LF. */
static bool
step_control(struct csv *c, char byte)
{
	unsigned char u = (unsigned char)byte;

	if (c->nbom < 3) {
		if (u == bom[c->nbom]) {
			c->nbom++;
			return true;
		}
		if (c->nbom > 0)
			c->verdict = CSV_CONTROL_BYTE;
		c->nbom = 3;
	}
	if (u < 0x20 && byte != '\t' && byte != '\n' && byte != '\r')
		c->verdict = CSV_CONTROL_BYTE;
	return c->verdict != CSV_OK;
}

static void
step(struct csv *c, char byte)
{
	if (step_control(c, byte))
		return;
	if (c->state == CSV_QUOTED) {
		step_quoted(c, byte);
		return;
	}
	if (c->state == CSV_CR_SEEN) {
		if (byte == '\n')
			end_line(c);
		else
			c->verdict = CSV_CONTROL_BYTE;
		return;
	}
	if (byte != '\r') {
		step_outside(c, byte);
		return;
	}
	c->state = CSV_CR_SEEN; /* end_line closes the field at LF */
}

enum csv_verdict
csv_feed(struct csv *c, const void *data, size_t len)
{
	const char *p = data;
	size_t i;

	for (i = 0; i < len && c->verdict == CSV_OK; i++)
		step(c, p[i]);
	return c->verdict;
}

enum csv_verdict
csv_end(struct csv *c)
{
	if (c->verdict != CSV_OK)
		return c->verdict;
	if (c->state == CSV_QUOTED)
		c->verdict = CSV_OPEN_QUOTE;
	else if (c->state != CSV_FIELD_START || c->nfields > 0)
		end_record(c);
	return c->verdict;
}

const char *
csv_verdict_text(enum csv_verdict v)
{
	switch (v) {
	case CSV_OK:
		return "nothing is wrong";
	case CSV_STOPPED:
		return "reading was stopped";
	case CSV_RECORD_TOO_LONG:
		return "the row is longer than 262144 bytes";
	case CSV_FIELD_TOO_LONG:
		return "a field is longer than 255 bytes";
	case CSV_TOO_MANY_FIELDS:
		return "the row has more than 4097 fields";
	case CSV_BAD_QUOTE:
		return "a quote stands inside a field; quote the whole field "
		       "and write each quote in it twice";
	case CSV_OPEN_QUOTE:
		return "a quoted field is never closed";
	case CSV_CONTROL_BYTE:
		return "there is a byte that no CSV text has; save the file "
		       "as UTF-8 text with LF or CRLF line ends";
	case CSV_BLANK_LINE:
		return "the line is blank; remove it";
	}
	return "unknown";
}

static const char *
skip_digits(const char *p, size_t *n)
{
	while (*p >= '0' && *p <= '9') {
		p++;
		++*n;
	}
	return p;
}

/* True if text is a number in the form the header states. */
static bool
is_number(const char *p)
{
	size_t digits = 0, exponent = 0;

	if (*p == '+' || *p == '-')
		p++;
	p = skip_digits(p, &digits);
	if (*p == '.')
		p = skip_digits(p + 1, &digits);
	if (digits == 0)
		return false;
	if (*p != 'e' && *p != 'E')
		return *p == '\0';
	p++;
	if (*p == '+' || *p == '-')
		p++;
	p = skip_digits(p, &exponent);
	return exponent > 0 && *p == '\0';
}

static bool
is_not_finite(const char *p)
{
	static const char *const words[] = {"nan", "inf", "infinity", "na",
	    "n/a", "null", "none", "?"};
	size_t i;

	if (*p == '+' || *p == '-')
		p++;
	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (strcasecmp(p, words[i]) == 0)
			return true;
	}
	return false;
}

enum csv_number
csv_parse_number(const char *text, double *out)
{
	double v;

	if (*text == '\0')
		return CSV_NUMBER_EMPTY;
	if (!is_number(text))
		return is_not_finite(text) ? CSV_NUMBER_NOT_FINITE
					   : CSV_NUMBER_BAD;
	v = strtod(text, NULL);
	/* The form was checked, so only the size can be wrong. */
	if (v > 1.7976931348623157e308 || v < -1.7976931348623157e308)
		return CSV_NUMBER_NOT_FINITE;
	*out = v == 0 ? 0.0 : v;
	return CSV_NUMBER_OK;
}
