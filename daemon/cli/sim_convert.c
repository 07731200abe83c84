/* sim_convert.c - qmlsim convert: OpenQASM 2 or 3 to either, or to JSON. */
#include "daemon/cli/sim.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/cli/sim_job.h"
#include "sim/circuit/qasm_write.h"

static int
convert(const struct sim_job *j)
{
	struct qasm_style style = {.dialect = QASM_DIALECT_3};
	const char *to = j->json ? "json" : j->method;
	char err[128], *text;
	uint32_t i;

	if (strcmp(to, "qasm2") == 0)
		style.dialect = QASM_DIALECT_2;
	else if (strcmp(to, "json") == 0)
		style.dialect = QASM_DIALECT_JSON;
	else if (strcmp(to, "qasm3") != 0)
		return cli_error(CLI_USAGE, "--format is qasm3, qasm2 or json");
	/* Symbols, unless every input has its value. */
	for (i = 0; i < j->program.ninputs; i++)
		style.symbolic |= !j->program.inputs[i].set;
	if (qasm_write(&j->program, &style, &text, err) < 0)
		return cli_error(CLI_FAILED, "%s", err);
	fputs(text, stdout);
	free(text);
	return CLI_OK;
}

int
sim_convert(int argc, char **argv)
{
	struct sim_job *j = calloc(1, sizeof(*j));
	int rc;

	if (j == NULL)
		return cli_error(CLI_FAILED, "no memory");
	j->usage = "usage: qmlsim convert FILE.qasm [--format "
		   "qasm3|qasm2|json] [--set NAME=VALUE]...\n"
		   "Inputs stay symbols unless all are set.\n";
	j->method = "qasm3";
	rc = sim_job_parse(j, argc, argv);
	if (rc == CLI_OK)
		rc = sim_job_load(j, false);
	if (rc == CLI_OK)
		rc = convert(j);
	sim_job_close(j);
	free(j);
	return rc < 0 ? CLI_OK : rc;
}
