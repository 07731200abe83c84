/*
 * sim_value_job.c - qmlsim run --from-shots, --mitigate, --zne: expectations
 * with their errors.
 */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/cli/cli.h"
#include "daemon/cli/sim_job.h"
#include "daemon/cli/sim_value.h"
#include "sim/state/mitigation.h"

struct zne {
	uint32_t scale[MITIGATION_MAX_POINTS];
	size_t n; /* 0: none is wanted */
	struct mitigation_point point[MITIGATION_MAX_POINTS];
};

static int
parse_scales(const char *text, struct zne *z)
{
	char *end;
	unsigned long v;

	while (text != NULL) {
		v = strtoul(text, &end, 10);
		if (end == text || (*end != ',' && *end != '\0') ||
		    v % 2 == 0 || v > 99 || z->n == MITIGATION_MAX_POINTS)
			return cli_error(CLI_USAGE,
			    "--zne wants 2 to %d odd numbers like 1,3,5",
			    MITIGATION_MAX_POINTS);
		z->scale[z->n++] = (uint32_t)v;
		text = *end == ',' ? end + 1 : NULL;
	}
	return z->n == 1 ? cli_error(CLI_USAGE, "--zne wants two or more")
			 : CLI_OK;
}

static int
check(const struct sim_job *j)
{
	static const char *const fits[] = {"richardson", "linear",
	    "exponential"};
	size_t i;

	if (j->nobservables == 0)
		return cli_error(CLI_USAGE,
		    "--from-shots, --mitigate and --zne want --expval");
	if (j->from_shots && j->shots == 0)
		return cli_error(CLI_USAGE, "--from-shots wants --shots N");
	if (j->shots > 0 && !j->from_shots)
		return cli_error(CLI_USAGE,
		    "with --mitigate or --zne, --shots wants --from-shots");
	if ((j->mitigate || j->zne) && j->noise == NULL)
		return cli_error(CLI_USAGE, "%s wants --noise FILE",
		    j->zne ? "--zne" : "--mitigate");
	if (j->fit != NULL && j->zne == NULL)
		return cli_error(CLI_USAGE, "--fit wants --zne");
	for (i = 0; j->fit != NULL && i < 3; i++) {
		if (strcmp(j->fit, fits[i]) == 0)
			return CLI_OK;
	}
	return j->fit
	    ? cli_error(CLI_USAGE, "--fit is richardson, linear or exponential")
	    : CLI_OK;
}

/* What is left when noise has mixed everything. */
static double
limit_of(const struct pauli_sum *s)
{
	double sum = 0.0;
	size_t i;

	for (i = 0; i < s->nterms; i++) {
		if (s->terms[i].x == 0 && s->terms[i].z == 0)
			sum += s->terms[i].coef;
	}
	return sum;
}

static int
fit(struct sim_value *v, const struct zne *z, struct estimate *out)
{
	const char *how = v->job->fit ? v->job->fit : "richardson";
	struct mitigation_fit f;
	int rc;

	if (how[0] == 'l')
		rc = mitigation_linear(z->point, z->n, &f);
	else if (how[0] == 'e')
		rc = mitigation_exponential(z->point, z->n, limit_of(v->sum),
		    &f);
	else
		rc = mitigation_richardson(z->point, z->n, &f);
	if (rc < 0) {
		snprintf(v->err, sizeof(v->err), "--zne: %s",
		    rc == -EDOM ? "values on both sides of the limit have no "
				  "exponential fit"
				: "two scales are equal");
		return rc;
	}
	*out = (struct estimate){f.value, f.error};
	return 0;
}

static int
extrapolate(struct sim_value *v, struct zne *z, struct estimate *out)
{
	struct program folded = PROGRAM_INIT;
	struct estimate e;
	size_t i;
	int rc = 0;

	for (i = 0; i < z->n && rc == 0; i++) {
		rc = mitigation_fold(&v->job->program, z->scale[i], &folded);
		if (rc < 0)
			snprintf(v->err, sizeof(v->err), "--zne: %s",
			    rc == -ENOTSUP ? "it wants a program without "
					     "measurements on the way"
					   : strerror(-rc));
		else
			rc = sim_value_get(v, &folded, &e);
		program_close(&folded);
		folded = (struct program)PROGRAM_INIT;
		if (rc == 0)
			z->point[i] =
			    (struct mitigation_point){(double)z->scale[i],
				e.mean, e.error};
	}
	return rc == 0 ? fit(v, z, out) : rc;
}

static void
print_one(const struct sim_job *j, size_t i, const struct estimate *e,
    const struct zne *z)
{
	size_t k;

	printf("<%s>  %.15g", j->observables[i], e->mean);
	if (e->error > 0.0)
		printf(" +- %.2g", e->error);
	for (k = 0; k < z->n; k++)
		printf("%s%u: %.6g%s", k ? ", " : "  (", z->scale[k],
		    z->point[k].value, k + 1 == z->n ? ")" : "");
	printf("\n");
}

static void
print_json(const struct sim_job *j, const struct estimate *e,
    const struct zne *z)
{
	size_t i, k;

	printf("{\"qubits\":%u,\"probs\":[],\"expval\":[", j->program.nqubits);
	for (i = 0; i < j->nobservables; i++)
		printf("%s%.15g", i ? "," : "", e[i].mean);
	printf("],\"error\":[");
	for (i = 0; i < j->nobservables; i++) {
		if (isfinite(e[i].error))
			printf("%s%.15g", i ? "," : "", e[i].error);
		else
			printf("%snull", i ? "," : "");
	}
	printf("]");
	for (i = 0; i < j->nobservables && z->n > 0; i++) {
		printf("%s[", i ? "," : ",\"zne\":[");
		for (k = 0; k < z->n; k++)
			printf("%s[%u,%.15g]", k ? "," : "", z[i].scale[k],
			    z[i].point[k].value);
		printf("]%s", i + 1 == j->nobservables ? "]" : "");
	}
	printf(",\"counts\":{}}\n");
}

static int
compute(struct sim_value *v, struct estimate *e, struct zne *z)
{
	const struct sim_job *j = v->job;
	size_t i;
	int rc = 0;

	for (i = 0; i < j->nobservables && rc == 0; i++) {
		v->sum = &j->sums[i];
		z[i] = z[0];
		rc = z->n > 0 ? extrapolate(v, &z[i], &e[i])
			      : sim_value_get(v, &j->program, &e[i]);
	}
	return rc < 0 ? cli_error(CLI_FAILED, "%s", v->err) : CLI_OK;
}

int
sim_value_job(struct sim_job *j)
{
	struct zne *z = calloc(SIM_JOB_OBSERVABLES, sizeof(*z));
	struct estimate e[SIM_JOB_OBSERVABLES] = {{0}};
	struct sim_value v = {.job = j};
	size_t i;
	int rc;

	if (z == NULL)
		return cli_error(CLI_FAILED, "no memory");
	rc = check(j);
	if (rc == CLI_OK)
		rc = parse_scales(j->zne, z);
	if (rc == CLI_OK)
		rc = sim_value_open(&v, j);
	if (rc == CLI_OK)
		rc = compute(&v, e, z);
	if (rc == CLI_OK && j->json)
		print_json(j, e, z);
	for (i = 0; i < j->nobservables && rc == CLI_OK && !j->json; i++)
		print_one(j, i, &e[i], &z[i]);
	sim_value_close(&v);
	free(z);
	return rc;
}
