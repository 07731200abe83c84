#include "daemon/cli/sim_number.h"

#include <math.h>
#include <stdlib.h>

#include "daemon/cli/cli.h"

int
sim_number(const char *name, const char *text, double *out)
{
	char *end;
	double v;

	if (text == NULL)
		return CLI_OK;
	v = strtod(text, &end);
	if (end == text || *end != '\0' || !isfinite(v))
		return cli_error(CLI_USAGE, "%s wants a number, not \"%.40s\"",
		    name, text);
	*out = v;
	return CLI_OK;
}

int
sim_count(const char *name, const char *text, struct sim_range range,
    uint32_t *out)
{
	double v = 0.0;

	if (text == NULL)
		return CLI_OK;
	if (sim_number(name, text, &v) != CLI_OK)
		return CLI_USAGE;
	if (v < range.least || v > range.most || v != floor(v))
		return cli_error(CLI_USAGE,
		    "%s \"%.20s\": want a whole number, %u to %u", name, text,
		    range.least, range.most);
	*out = (uint32_t)v;
	return CLI_OK;
}
