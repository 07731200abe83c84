/* sim_grad.c - qmlsim grad: the gradient of one observable. */
#include "daemon/cli/sim.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/cli/sim_job.h"
#include "daemon/cli/sim_noise.h"
#include "sim/gradient/program_gradient.h"

#define DIFFERENCE 1e-5
#define SPSA_DRAWS 100
#define SPSA_STEP 0.01

static int
gradient(const struct sim_job *j, const struct program_problem *q,
    double *value, double *grad)
{
	struct program_spsa spsa = {.seed = j->seed,
	    .draws = SPSA_DRAWS,
	    .h = SPSA_STEP};
	int rc;

	if (strcmp(j->method, "adjoint") == 0)
		return program_adjoint(q, value, grad);
	rc = program_expect(q, value);
	if (rc < 0)
		return rc;
	if (strcmp(j->method, "shift") == 0)
		return program_shift(q, grad);
	if (strcmp(j->method, "spsa") == 0)
		return program_spsa(q, &spsa, grad);
	return program_difference(q, DIFFERENCE, grad);
}

static void
print(const struct sim_job *j, double value, const double *grad)
{
	const struct program *p = &j->program;
	uint32_t i;

	if (!j->json) {
		printf("<%s>  %.15g\n", j->observables[0], value);
		for (i = 0; i < p->ninputs; i++)
			printf("%s  %.15g\n", p->inputs[i].name, grad[i]);
		return;
	}
	printf("{\"value\":%.15g,\"method\":\"%s\",\"inputs\":[", value,
	    j->method);
	for (i = 0; i < p->ninputs; i++)
		printf("%s\"%s\"", i ? "," : "", p->inputs[i].name);
	printf("],\"grad\":[");
	for (i = 0; i < p->ninputs; i++)
		printf("%s%.15g", i ? "," : "", grad[i]);
	printf("]}\n");
}

static int
grad_job(struct sim_job *j)
{
	struct program_problem q = {.p = &j->program,
	    .sum = &j->sums[0],
	    .room = &j->room,
	    .pool = j->pool};
	double *grad, value = 0.0;
	int rc = 0;

	if (j->program.ninputs == 0)
		rc = program_free_angles(&j->program);
	grad = calloc(j->program.ninputs + 1u, sizeof(*grad));
	if (grad == NULL)
		rc = -ENOMEM;
	if (rc == 0)
		rc = j->noise ? sim_noise_gradient(j, &value, grad)
			      : gradient(j, &q, &value, grad);
	if (rc < 0)
		rc = sim_job_failed(j, rc);
	else if (rc == CLI_OK)
		print(j, value, grad);
	free(grad);
	return rc;
}

static int
check_method(const struct sim_job *j)
{
	static const char *const methods[] = {"adjoint", "shift", "spsa", "fd"};
	size_t i;

	if (j->nobservables != 1)
		return cli_error(CLI_USAGE, "grad wants one --expval");
	if (j->noise && strcmp(j->method, "shift") != 0)
		return cli_error(CLI_USAGE, "--noise wants --method shift");
	for (i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
		if (strcmp(j->method, methods[i]) == 0)
			return CLI_OK;
	}
	return cli_error(CLI_USAGE, "--method is adjoint, shift, spsa or fd");
}

int
sim_grad(int argc, char **argv)
{
	struct sim_job *j = calloc(1, sizeof(*j));
	int rc;

	if (j == NULL)
		return cli_error(CLI_FAILED, "no memory");
	j->usage = "usage: qmlsim grad FILE.qasm --expval OBS\n"
		   "         [--method adjoint|shift|spsa|fd] "
		   "[--set NAME=VALUE]...\n"
		   "         [--seed S] [--threads T] [--noise FILE] [--json]\n"
		   "The derivative by every input, in order of declaration; "
		   "in a program without\n"
		   "inputs by every angle of every gate. spsa: the mean of "
		   "100 draws.\n";
	j->method = "adjoint";
	rc = sim_job_parse(j, argc, argv);
	if (rc == CLI_OK)
		rc = check_method(j);
	if (rc == CLI_OK)
		rc = sim_job_load(j, true);
	if (rc == CLI_OK)
		rc = grad_job(j);
	sim_job_close(j);
	free(j);
	return rc < 0 ? CLI_OK : rc;
}
