#include "daemon/cli/markup.h"

/* XML 1.0 has no other control characters than these three. */
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
		else if ((unsigned char)*c < ' ')
			fputc(' ', f);
		else
			fputc(*c, f);
	}
}
