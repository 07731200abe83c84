#include "config/error.h"

#include <stdio.h>

void
config_say(struct config_error *e, struct config_place at, const char *format,
    va_list ap)
{
	int n;

	if (at.line > 0)
		n = snprintf(e->text, sizeof(e->text), "%s:%u:%u: ", e->file,
		    at.line, at.col);
	else
		n = snprintf(e->text, sizeof(e->text), "%s: ", e->file);
	if (n >= 0 && (size_t)n < sizeof(e->text))
		vsnprintf(e->text + n, sizeof(e->text) - (size_t)n, format, ap);
}
