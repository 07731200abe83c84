#include "daemon/cli/markup.h"

#include "daemon/node/plain.h"

void
markup_words(FILE *f, const char *words)
{
	for (const char *c = words; *c != '\0'; c++) {
		if (*c == '&')
			fputs("&amp;", f);
		else if (*c == '<')
			fputs("&lt;", f);
		else if (*c == '>')
			fputs("&gt;", f);
		else if (*c == '"')
			fputs("&quot;", f);
		else if (plain_acts(c) > 0) {
			fputc(' ', f);
			c += plain_acts(c) - 1;
		} else
			fputc(*c, f);
	}
}
