#include "config/error.h"

#include <stdio.h>
#include <string.h>

#define QUOTE_BYTES_MAX 72

void
config_say(struct config_error *e, struct config_place at, const char *format,
    va_list ap)
{
	int n;

	e->at = at;
	if (at.line > 0)
		n = snprintf(e->text, sizeof(e->text), "%s:%u:%u: ", e->file,
		    at.line, at.col);
	else
		n = snprintf(e->text, sizeof(e->text), "%s: ", e->file);
	if (n >= 0 && (size_t)n < sizeof(e->text))
		vsnprintf(e->text + n, sizeof(e->text) - (size_t)n, format, ap);
}

/* The start of line number `line`, or NULL. */
static const char *
find_line(const char *data, size_t len, unsigned line)
{
	const char *p = data, *end = data + len;

	for (; line > 1; line--) {
		p = memchr(p, '\n', (size_t)(end - p));
		if (p == NULL)
			return NULL;
		p++;
	}
	return p < end ? p : NULL;
}

/* Bytes of the line that are shown; whatever a terminal could obey is not. */
static size_t
copy_line(const char *p, const char *end, char out[static QUOTE_BYTES_MAX + 1])
{
	size_t n;

	for (n = 0; n < QUOTE_BYTES_MAX && p < end && *p != '\n'; p++, n++)
		out[n] = (*p >= ' ' && *p < 127) || (*p & 0x80) ? *p : ' ';
	while (n > 0 && (out[n - 1] == ' ' || (out[n - 1] & 0xc0) == 0xc0))
		n--; /* blanks, and a character that was cut in two */
	out[n] = '\0';
	return n;
}

void
config_quote(struct config_error *e, const char *data, size_t len)
{
	char line[QUOTE_BYTES_MAX + 1], rest[CONFIG_ERROR_LEN], *nl;
	const char *p =
	    e->at.line > 0 ? find_line(data, len, e->at.line) : NULL;
	size_t used;

	if (p == NULL || copy_line(p, data + len, line) == 0 ||
	    e->at.col > QUOTE_BYTES_MAX)
		return;
	nl = strchr(e->text, '\n');
	snprintf(rest, sizeof(rest), "%s", nl != NULL ? nl : "");
	used = nl != NULL ? (size_t)(nl - e->text) : strlen(e->text);
	snprintf(e->text + used, sizeof(e->text) - used,
	    "\n%6u | %s\n       | %*s^%s", e->at.line, line, (int)e->at.col - 1,
	    "", rest);
}
