/* sim_run.c - qmlsim run: probabilities, expectations, counts. */
#include "daemon/cli/sim.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/cli/sim_job.h"
#include "daemon/cli/sim_noise.h"
#include "daemon/cli/sim_value.h"
#include "sim/circuit/program_build.h"
#include "sim/circuit/program_run.h"

#define DRAWN_MAX 10000000
#define PROB_MIN 1e-12 /* less is not printed */
#define BRANCHES_MAX (UINT64_C(1) << 20)
#define BRANCHES_MIN 1024 /* are followed whatever the state's size */

static const char usage[] =
    "usage: qmlsim run FILE.qasm [--shots N --seed S] [--probs K]\n"
    "         [--expval \"0.5*X0 Z2\"]... [--variance] [--set NAME=VALUE]...\n"
    "         [--threads T] [--noise FILE] [--json]\n"
    "       qmlsim run FILE.qasm --expval OBS... [--from-shots --shots N]\n"
    "         [--noise FILE [--mitigate] [--zne 1,3,5] [--fit "
    "richardson|linear|exponential]]\n"
    "Bit strings have qubit 0 on the right; counts are of the classical bits\n"
    "where the program measures. With measurements only at the end,\n"
    "probabilities are those before them. --from-shots: expectations from N\n"
    "shots, shared by strings that are read together; --mitigate: errors of\n"
    "reading undone; --zne: noise of gates made so many times as large, and\n"
    "followed back to none.\n";

struct entry {
	double p;
	uint64_t x;
};

struct result {
	struct sim_job *job;
	struct vector v;
	double *probs; /* NULL for unitary programs: v has them */
	double expval[SIM_JOB_OBSERVABLES];
	double variance[SIM_JOB_OBSERVABLES]; /* if wanted */
	struct entry *top; /* a heap, the least in front; then sorted */
	size_t ntop;
	struct program_counts counts;
};

/* Falling probability to 10 decimals, then rising index. */
static int
order(const struct entry *a, const struct entry *b)
{
	double pa = floor(a->p * 1e10 + 0.5), pb = floor(b->p * 1e10 + 0.5);

	if (pa != pb)
		return pa > pb ? -1 : 1;
	return a->x < b->x ? -1 : a->x > b->x;
}

static int
by_order(const void *a, const void *b)
{
	return order(a, b);
}

static void
sift_down(struct entry *heap, size_t n)
{
	size_t i = 0, child;

	for (; (child = 2 * i + 1) < n; i = child) {
		struct entry t = heap[i];

		if (child + 1 < n && order(&heap[child + 1], &heap[child]) > 0)
			child++;
		if (order(&heap[i], &heap[child]) > 0)
			return;
		heap[i] = heap[child];
		heap[child] = t;
	}
}

static void
offer(struct result *r, double p, uint64_t x)
{
	struct entry e = {p, x}, t;
	size_t i, up;

	if (!(p > PROB_MIN) || r->job->probs == 0)
		return;
	if (r->ntop == r->job->probs) {
		if (order(&e, &r->top[0]) > 0)
			return;
		r->top[0] = e;
		sift_down(r->top, r->ntop);
		return;
	}
	r->top[r->ntop++] = e;
	for (i = r->ntop - 1; i > 0; i = up) {
		up = (i - 1) / 2;
		if (order(&r->top[i], &r->top[up]) < 0)
			break;
		t = r->top[i];
		r->top[i] = r->top[up];
		r->top[up] = t;
	}
}

static int
choose_top(struct result *r)
{
	uint64_t size = UINT64_C(1) << r->v.nqubits, x;

	if (r->job->probs > size)
		r->job->probs = size;
	r->top = malloc((size_t)(r->job->probs + 1) * sizeof(*r->top));
	if (r->top == NULL)
		return -ENOMEM;
	for (x = 0; x < size; x++) {
		double re = r->v.amp[0][x], im = r->v.amp[1][x];

		offer(r, r->probs ? r->probs[x] : re * re + im * im, x);
	}
	qsort(r->top, r->ntop, sizeof(*r->top), by_order);
	return 0;
}

static int
add_branch(void *arg, const struct program_branch *b)
{
	struct result *r = arg;
	size_t i;

	vector_probs(b->v, 1.0, r->probs);
	for (i = 0; i < r->job->nobservables; i++)
		r->expval[i] += pauli_expect(&r->job->sums[i], b->v);
	return 0;
}

/* <S^2> - <S>^2 of each observable; a second state beside the first. */
static int
vary(struct result *r)
{
	struct vector work = VECTOR_INIT;
	size_t i;
	int rc = vector_init(&work, r->v.nqubits, &r->job->room);

	work.pool = r->v.pool;
	for (i = 0; i < r->job->nobservables && rc == 0; i++)
		r->variance[i] = pauli_variance(&r->job->sums[i], &r->v, &work);
	vector_close(&work);
	return rc;
}

/* Less for large states, each of which is a copy. */
static uint64_t
branches_max(uint32_t nqubits)
{
	uint64_t most =
	    nqubits > 10 ? BRANCHES_MAX >> (nqubits - 10) : BRANCHES_MAX;

	return most > BRANCHES_MIN ? most : BRANCHES_MIN;
}

/* The state before measurements at the end, or the mean of all outcomes. */
static int
compute(struct result *r)
{
	struct sim_job *j = r->job;
	struct program_visitor visitor = {.visit = add_branch,
	    .arg = r,
	    .branches_max = branches_max(j->program.nqubits),
	    .room = &j->room};
	size_t i;
	int rc = vector_init(&r->v, j->program.nqubits, &j->room);

	if (rc < 0)
		return rc;
	r->v.pool = j->pool;
	if (!program_is_unitary(&j->program) && j->variance)
		return -ENOTSUP;
	if (!program_is_unitary(&j->program)) {
		r->probs = calloc((size_t)1 << r->v.nqubits, sizeof(double));
		if (r->probs == NULL)
			return -ENOMEM;
		rc = program_branches(&j->program, &r->v, &visitor);
		return rc < 0 ? rc : choose_top(r);
	}
	rc = program_run(&j->program, &r->v);
	for (i = 0; i < j->nobservables && rc == 0; i++)
		r->expval[i] = pauli_expect(&j->sums[i], &r->v);
	if (rc == 0 && j->variance)
		rc = vary(r);
	return rc < 0 ? rc : choose_top(r);
}

static void
print_bits(const uint64_t *bits, uint32_t n)
{
	uint32_t i;

	for (i = n; i > 0; i--)
		putchar(bits[(i - 1) / 64] >> (i - 1) % 64 & 1 ? '1' : '0');
}

static uint32_t
count_width(const struct result *r)
{
	return r->counts.qubits ? r->v.nqubits : r->job->program.nbits;
}

static void
print_json(const struct result *r)
{
	size_t i;

	printf("{\"qubits\":%u,\"probs\":[", r->v.nqubits);
	for (i = 0; i < r->ntop; i++) {
		printf("%s[\"", i ? "," : "");
		print_bits(&r->top[i].x, r->v.nqubits);
		printf("\",%.15g]", r->top[i].p);
	}
	printf("],\"expval\":[");
	for (i = 0; i < r->job->nobservables; i++)
		printf("%s%.15g", i ? "," : "", r->expval[i]);
	for (i = 0; r->job->variance && i < r->job->nobservables; i++)
		printf("%s%.15g", i ? "," : "],\"variance\":[", r->variance[i]);
	printf("],\"counts\":{");
	for (i = 0; i < r->counts.nitems; i++) {
		printf("%s\"", i ? "," : "");
		print_bits(r->counts.items[i].bits, count_width(r));
		printf("\":%" PRIu64, r->counts.items[i].count);
	}
	printf("}}\n");
}

static void
print_value(const struct result *r, size_t i)
{
	printf("<%s>  %.15g", r->job->observables[i], r->expval[i]);
	if (r->job->variance)
		printf("  variance %.15g", r->variance[i]);
	printf("\n");
}

static void
print_text(const struct result *r)
{
	bool alone = r->job->nobservables == 0 && r->job->shots == 0;
	size_t i;

	for (i = 0; (alone || r->job->probs_given) && i < r->ntop; i++) {
		print_bits(&r->top[i].x, r->v.nqubits);
		printf("  %.15g\n", r->top[i].p);
	}
	for (i = 0; i < r->job->nobservables; i++)
		print_value(r, i);
	for (i = 0; i < r->counts.nitems; i++) {
		print_bits(r->counts.items[i].bits, count_width(r));
		printf("  %" PRIu64 "\n", r->counts.items[i].count);
	}
}

static int
run_job(struct sim_job *j)
{
	struct result r = {.job = j,
	    .v = VECTOR_INIT,
	    .counts = PROGRAM_COUNTS_INIT};
	int rc = compute(&r);

	if (rc == 0 && j->shots > 0)
		rc = program_shots(&j->program, &r.v, j->shots, j->seed,
		    &r.counts);
	/* Too many outcomes to follow each: runs are drawn, without noise. */
	if (rc == -EFBIG && r.v.memory != NULL && j->shots > 0 &&
	    j->shots <= DRAWN_MAX)
		rc = sim_noise_job(j);
	else if (rc == -ENOTSUP)
		rc = cli_error(CLI_FAILED,
		    "--variance wants a program without measurements on the "
		    "way");
	else if (rc < 0)
		rc = sim_job_failed(j, rc);
	else if (j->json)
		print_json(&r);
	else
		print_text(&r);
	program_counts_close(&r.counts);
	vector_close(&r.v);
	free(r.probs);
	free(r.top);
	return rc;
}

int
sim_run(int argc, char **argv)
{
	struct sim_job *j = calloc(1, sizeof(*j));
	bool values;
	int rc;

	if (j == NULL)
		return cli_error(CLI_FAILED, "no memory");
	j->usage = usage;
	j->probs = SIM_JOB_PROBS;
	rc = sim_job_parse(j, argc, argv);
	values = j->from_shots || j->mitigate || j->zne || j->fit;
	if (rc == CLI_OK && j->variance && (values || j->noise))
		rc = cli_error(CLI_USAGE,
		    "--variance is exact: without --noise and --from-shots");
	if (rc == CLI_OK)
		rc = sim_job_load(j, true);
	if (rc == CLI_OK)
		rc = values    ? sim_value_job(j)
		    : j->noise ? sim_noise_job(j)
			       : run_job(j);
	sim_job_close(j);
	free(j);
	return rc < 0 ? CLI_OK : rc;
}
