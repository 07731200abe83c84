/*
 * sim_noise_job.c - qmlsim run FILE --noise FILE; without a file, drawn runs
 * of a program that measures too often to follow every outcome.
 */
#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "daemon/cli/cli.h"
#include "daemon/cli/sim_job.h"
#include "daemon/cli/sim_noise.h"

#define PROB_MIN 1e-12 /* less is not printed */

/* Falling probability to 10 decimals, then rising index. */
static int
by_probability(const void *a, const void *b)
{
	const struct outcome *x = a, *y = b;
	double px = floor(x->p * 1e10 + 0.5), py = floor(y->p * 1e10 + 0.5);

	if (px != py)
		return px > py ? -1 : 1;
	return x->bits < y->bits ? -1 : x->bits > y->bits;
}

/* The likeliest basis states; *n of them, for the caller to free. */
static struct outcome *
likeliest(const struct sim_job *j, const double *probs, size_t *n)
{
	size_t dim = probs ? (size_t)1 << j->program.nqubits : 0, i;
	struct outcome *top = malloc((dim + 1) * sizeof(*top));

	*n = 0;
	for (i = 0; top && i < dim; i++) {
		if (probs[i] > PROB_MIN)
			top[(*n)++] =
			    (struct outcome){.bits = i, .p = probs[i]};
	}
	if (top)
		qsort(top, *n, sizeof(*top), by_probability);
	if (*n > j->probs)
		*n = (size_t)j->probs;
	return top;
}

static void
print_json(const struct sim_job *j, const struct sim_noise_result *r,
    const struct outcome *top, size_t ntop)
{
	char bits[65];
	size_t i;

	assert(top != NULL || ntop == 0);
	assert(r->expval != NULL || j->nobservables == 0);
	printf("{\"qubits\":%u,\"probs\":[", j->program.nqubits);
	for (i = 0; i < ntop; i++) {
		counts_print_bits(top[i].bits, j->program.nqubits, bits);
		printf("%s[\"%s\",%.15g]", i ? "," : "", bits, top[i].p);
	}
	printf("],\"expval\":[");
	for (i = 0; i < j->nobservables; i++)
		printf("%s%.15g", i ? "," : "", r->expval[i].mean);
	printf("],\"error\":[");
	for (i = 0; i < j->nobservables; i++) {
		if (isfinite(r->expval[i].error))
			printf("%s%.15g", i ? "," : "", r->expval[i].error);
		else
			printf("%snull", i ? "," : "");
	}
	printf("],\"runs\":%" PRIu64 ",\"counts\":{", r->runs);
	for (i = 0; i < r->counts.n; i++) {
		counts_print_bits(r->counts.items[i].bits, r->counts.nbits,
		    bits);
		printf("%s\"%s\":%" PRIu64, i ? "," : "", bits,
		    r->counts.items[i].n);
	}
	printf("}}\n");
}

static void
print_text(const struct sim_job *j, const struct sim_noise_result *r,
    const struct outcome *top, size_t ntop)
{
	bool alone = j->nobservables == 0 && j->shots == 0;
	char bits[65];
	size_t i;

	assert(top != NULL || ntop == 0);
	assert(r->expval != NULL || j->nobservables == 0);
	for (i = 0; (alone || j->probs_given) && i < ntop; i++) {
		counts_print_bits(top[i].bits, j->program.nqubits, bits);
		printf("%s  %.15g\n", bits, top[i].p);
	}
	for (i = 0; i < j->nobservables; i++) {
		printf("<%s>  %.15g", j->observables[i], r->expval[i].mean);
		if (r->runs > 0)
			printf(" +- %.2g", r->expval[i].error);
		putchar('\n');
	}
	for (i = 0; i < r->counts.n; i++) {
		counts_print_bits(r->counts.items[i].bits, r->counts.nbits,
		    bits);
		printf("%s  %" PRIu64 "\n", bits, r->counts.items[i].n);
	}
}

static int
print(const struct sim_job *j, const struct sim_noise_result *r)
{
	size_t ntop;
	struct outcome *top = likeliest(j, r->probs, &ntop);

	if (top == NULL)
		return cli_error(CLI_FAILED, "no memory");
	if (j->json)
		print_json(j, r, top, ntop);
	else
		print_text(j, r, top, ntop);
	free(top);
	return CLI_OK;
}

/* Drawn runs have no probabilities to show: say so where these were asked. */
static bool
is_mute(const struct sim_job *j, const struct sim_noise_result *r)
{
	bool alone = j->nobservables == 0 && j->shots == 0;

	return r->probs == NULL && r->runs > 0 && (alone || j->probs_given);
}

int
sim_noise_job(const struct sim_job *j)
{
	struct sim_noise_wish wish = {.observables = j->sums,
	    .nobservables = j->nobservables,
	    .shots = j->shots,
	    .seed = j->seed,
	    .bytes_max = j->room.bytes_max,
	    .pool = j->pool};
	struct noise_model *m = calloc(1, sizeof(*m));
	struct sim_noise_result r = SIM_NOISE_RESULT_INIT;
	char err[SIM_NOISE_ERROR_LEN] = "no memory";
	int rc = m ? 0 : -ENOMEM;

	if (rc == 0 && j->noise)
		rc = sim_noise_read(m, j->noise, err);

	if (rc == 0)
		rc = sim_noise_run(&r, &j->program, m, &wish, err);
	if (rc < 0)
		rc = cli_error(CLI_FAILED, "%s", err);
	else if (is_mute(j, &r))
		rc = cli_error(CLI_FAILED,
		    "%u qubits take drawn runs, which give no probabilities: "
		    "--shots N counts, --expval OBS takes a mean",
		    (unsigned)j->program.nqubits);
	else
		rc = print(j, &r);
	sim_noise_result_close(&r);
	if (m)
		noise_model_close(m);
	free(m);
	return rc;
}
