#include "daemon/cli/pasted.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/cli/join_line.h"
#include "daemon/cli/member_line.h"
#include "daemon/cli/refounded.h"
#include "proto/hash.h"

/* Around a line, never in it: quotes of shells, mails and typewriters. */
static bool
is_wrapping(char c)
{
	return strchr("'\"`<>\\", c) != NULL || (unsigned char)c >= 0x80;
}

/* Behind a break: how a mail marks what it quotes. */
static const char *
skip_mark(const char *p)
{
	const char *q = p + strspn(p, " \t\r\n");

	if (*q != '>')
		return p;
	q += strspn(q, ">");
	return *q == ' ' ? q + 1 : q;
}

/* From the magic on. A break stands for a blank, or for nothing. */
static bool
unwrap(const char *p, bool breaks_are_blanks, char *out, size_t len)
{
	bool blank = false;
	size_t n = 0;

	while (*p != '\0') {
		const char c = *p++;

		if (c == '\n') {
			blank = blank || breaks_are_blanks;
			p = skip_mark(p);
		} else if (c == ' ' || c == '\t') {
			blank = true;
		} else if (c != '\r' && !is_wrapping(c)) {
			if (n + 2 >= len)
				return false;
			if (blank && n > 0)
				out[n++] = ' ';
			blank = false;
			out[n++] = c;
		}
	}
	out[n] = '\0';
	return true;
}

void
pasted_check(const char *line, size_t len, const char *context,
    char out[static PASTED_CHECK_LEN + 1])
{
	struct hash h = hash_bytes(context, line, len);
	char hex[HASH_HEX_LEN];

	snprintf(out, PASTED_CHECK_LEN + 1, "%.8s", hash_hex(&h, hex));
}

static bool
is_whole(const char *line, const char *context, size_t *end)
{
	char want[PASTED_CHECK_LEN + 1];
	const char *space = strrchr(line, ' ');

	if (space == NULL || strlen(space + 1) != PASTED_CHECK_LEN)
		return false;
	*end = (size_t)(space - line);
	pasted_check(line, *end, context, want);
	return strcmp(space + 1, want) == 0;
}

bool
pasted_take(const char *text, const struct pasted_kind *k, char *out,
    size_t len, size_t *end)
{
	const char *p = strstr(text, k->magic);

	return p != NULL &&
	    ((unwrap(p, true, out, len) && is_whole(out, k->context, end)) ||
		(unwrap(p, false, out, len) && is_whole(out, k->context, end)));
}

char *
pasted_words(int argc, char **argv)
{
	size_t len = 1;
	char *text;

	for (int i = 1; i < argc; i++)
		len += strlen(argv[i]) + 1;
	text = malloc(len);
	if (text == NULL)
		return NULL;
	text[0] = '\0';
	for (int i = 1; i < argc; i++) {
		size_t at = strlen(text);

		snprintf(text + at, len - at, "%s%s", at > 0 ? " " : "",
		    argv[i]);
	}
	return text;
}

const char *
pasted_whose(const char *text)
{
	static const struct {
		const char *magic, *whose;
	} lines[] = {
	    {MEMBER_LINE_MAGIC,
		"this is the line of qmlnode init: it goes to who founds the "
		"federation (qmlnode federation add), or to a member of one "
		"that runs (qmlctl invite 'LINE')"},
	    {JOIN_LINE_MAGIC,
		"this is the line of qmlctl invite: it is for the new machine "
		"(qmlnode join 'LINE')"},
	    {JOIN_LINE_TICKET,
		"this is the line of qmlctl invite: it is for the new machine "
		"(qmlnode join 'LINE')"},
	    {REFOUNDED_MAGIC,
		"this is the line of qmlnode refound: it is for those who go "
		"on (qmlnode refound 'LINE')"},
	};

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		if (strstr(text, lines[i].magic) != NULL)
			return lines[i].whose;
	return NULL;
}
