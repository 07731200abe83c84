/* sim_grad.c - qmlsim grad: the gradient of one observable, or fidelity. */
#include "daemon/cli/sim.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/cli/sim_job.h"
#include "daemon/cli/sim_value.h"
#include "sim/circuit/program_run.h"
#include "sim/gradient/program_gradient.h"
#include "sim/gradient/rule.h"
#include "sim/gradient/shift.h"
#include "sim/learn/rng.h"

#define DIFFERENCE 1e-5
#define SPSA_DRAWS 100
#define SPSA_STEP 0.01
#define SPSA_SHOTS_STEP 0.1 /* less drowns in the noise of shots */

static const char usage[] =
    "usage: qmlsim grad FILE.qasm --expval OBS [OPTIONS]\n"
    "       qmlsim grad FILE.qasm --fidelity FILE2.qasm [--at NAME=VALUE]..\n"
    "         [--method adjoint|shift|spsa|fd] [--set NAME=VALUE]...\n"
    "         [--shots N --seed S] [--noise FILE] [--mitigate]\n"
    "         [--draws D] [--step H] [--threads T] [--json]\n"
    "The derivative by every input, in order of declaration; in a program\n"
    "without inputs by every angle of every gate. --fidelity: of |<2|1>|^2,\n"
    "by the inputs of FILE; --at sets those of FILE2, which else are as in\n"
    "FILE. --shots, for each value of shift or spsa; --noise: as a machine\n"
    "with FILE's noise shows them, --mitigate: its errors of reading undone.\n"
    "spsa: the mean of D draws (100) of step H; fd: differences of step H.\n";

/* By a machine of which values are all we have. */
struct machine {
	struct sim_value value;
	struct program *p;
};

static int
evaluate(void *arg, const struct program *p, uint64_t draw, double *value)
{
	struct machine *m = arg;
	struct estimate e;
	int rc = sim_value_get(&m->value, p, &e);

	(void)draw; /* every call draws anew */
	*value = e.mean;
	return rc;
}

static int
evaluate_at(void *arg, const double *theta, uint64_t call, double *value)
{
	struct machine *m = arg;
	uint32_t i;

	for (i = 0; i < m->p->ninputs; i++)
		m->p->inputs[i].value = theta[i];
	return evaluate(m, m->p, call, value);
}

static int
machine_spsa(struct machine *m, const struct sim_job *j, double *grad)
{
	uint8_t key[RNG_SEED_BYTES] = {'s', 'p', 's', 'a'};
	struct rng rng;
	struct rule_spsa how = {.h = j->step,
	    .repeats = (uint32_t)j->draws,
	    .rng = &rng};
	struct rule r = {.eval = evaluate_at,
	    .arg = m,
	    .nparams = m->p->ninputs};
	double *theta = calloc(m->p->ninputs + 1u, sizeof(*theta));
	uint32_t i;
	int rc;

	if (theta == NULL)
		return -ENOMEM;
	for (i = 0; i < 8; i++)
		key[8 + i] = (uint8_t)(j->seed >> 8 * i);
	rng_init(&rng, key, 0);
	for (i = 0; i < m->p->ninputs; i++)
		theta[i] = m->p->inputs[i].value;
	if (how.h <= 0.0)
		how.h = j->shots ? SPSA_SHOTS_STEP : SPSA_STEP;
	rc = rule_spsa(&r, theta, &how, grad);
	for (i = 0; i < m->p->ninputs; i++)
		m->p->inputs[i].value = theta[i];
	free(theta);
	return rc;
}

static int
machine_gradient(struct sim_job *j, double *value, double *grad)
{
	struct machine m = {.p = &j->program};
	struct shift s = {.eval = evaluate, .arg = &m, .nvalues = 1};
	int rc;

	j->from_shots = j->shots > 0;
	rc = sim_value_open(&m.value, j);
	if (rc == CLI_OK)
		rc = evaluate(&m, &j->program, 0, value);
	if (rc == 0 && strcmp(j->method, "shift") == 0)
		rc = shift_gradient(&s, &j->program, grad);
	else if (rc == 0)
		rc = machine_spsa(&m, j, grad);
	if (rc < 0)
		rc = cli_error(CLI_FAILED, "%s",
		    m.value.err[0] ? m.value.err : strerror(-rc));
	sim_value_close(&m.value);
	return rc;
}

static int
plain_gradient(const struct sim_job *j, const struct program_problem *q,
    double *value, double *grad)
{
	struct program_spsa spsa = {.seed = j->seed,
	    .draws = (uint32_t)j->draws,
	    .h = j->step > 0.0 ? j->step : SPSA_STEP};
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
	return program_difference(q, j->step > 0.0 ? j->step : DIFFERENCE,
	    grad);
}

/* The state of the other program. An exit code, or -errno. */
static int
run_other(const struct sim_job *j, struct vector *v)
{
	struct program other = PROGRAM_INIT;
	int rc = sim_job_load_other(j, &other);

	if (rc == CLI_OK)
		rc = vector_init(v, other.nqubits, &j->room);
	v->pool = j->pool;
	if (rc == CLI_OK)
		rc = program_run(&other, v);
	if (rc == -EINVAL)
		rc = cli_error(CLI_FAILED,
		    "%s: a fidelity wants a program without measurements on "
		    "the way",
		    j->other);
	program_close(&other);
	return rc;
}

static void
print(const struct sim_job *j, double value, const double *grad)
{
	const struct program *p = &j->program;
	uint32_t i;

	if (!j->json) {
		printf("<%s>  %.15g\n", j->other ? j->other : j->observables[0],
		    value);
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
	struct vector other = VECTOR_INIT;
	struct program_problem q = {.p = &j->program,
	    .sum = &j->sums[0],
	    .other = j->other ? &other : NULL,
	    .room = &j->room,
	    .pool = j->pool};
	double *grad, value = 0.0;
	int rc = j->other ? run_other(j, &other) : 0;

	if (rc == 0 && j->program.ninputs == 0)
		rc = program_free_angles(&j->program);
	grad = calloc(j->program.ninputs + 1u, sizeof(*grad));
	if (grad == NULL)
		rc = -ENOMEM;
	if (rc == 0)
		rc = j->noise || j->shots ? machine_gradient(j, &value, grad)
					  : plain_gradient(j, &q, &value, grad);
	if (rc < 0)
		rc = sim_job_failed(j, rc);
	else if (rc == CLI_OK)
		print(j, value, grad);
	free(grad);
	vector_close(&other);
	return rc;
}

static int
check_method(const struct sim_job *j)
{
	static const char *const methods[] = {"adjoint", "shift", "spsa", "fd"};
	bool values =
	    strcmp(j->method, "shift") == 0 || strcmp(j->method, "spsa") == 0;
	size_t i;

	if (j->nobservables + (j->other ? 1 : 0) != 1)
		return cli_error(CLI_USAGE,
		    "grad wants one --expval, or --fidelity");
	if ((j->noise || j->shots) && !values)
		return cli_error(CLI_USAGE,
		    "--noise wants --method shift or spsa, and so does "
		    "--shots");
	if ((j->noise || j->shots) && j->other)
		return cli_error(CLI_USAGE,
		    "--fidelity is exact: without --noise and --shots");
	if (j->mitigate && !j->noise)
		return cli_error(CLI_USAGE, "--mitigate wants --noise FILE");
	if (j->nat > 0 && !j->other)
		return cli_error(CLI_USAGE, "--at wants --fidelity FILE2");
	if (j->draws < 1 || j->draws > 1000000)
		return cli_error(CLI_USAGE, "--draws wants 1 to 1000000");
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
	j->usage = usage;
	j->method = "adjoint";
	j->draws = SPSA_DRAWS;
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
