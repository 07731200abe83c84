#include "config/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

int
config_fail(struct config_error *e, struct config_place at, const char *format,
    ...)
{
	va_list ap;
	int n;

	if (at.line > 0)
		n = snprintf(e->text, sizeof(e->text), "%s:%u:%u: ", e->file,
		    at.line, at.col);
	else
		n = snprintf(e->text, sizeof(e->text), "%s: ", e->file);
	if (n < 0 || (size_t)n >= sizeof(e->text))
		return -EINVAL;
	va_start(ap, format);
	vsnprintf(e->text + n, sizeof(e->text) - (size_t)n, format, ap);
	va_end(ap);
	return -EINVAL;
}
