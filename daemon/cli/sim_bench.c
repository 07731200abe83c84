/*
 * sim_bench.c - qmlsim bench: options, clocks.
 */
#define _GNU_SOURCE /* MADV_HUGEPAGE */
#include "daemon/cli/sim_bench.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "daemon/cli/sim.h"
#include "sim/circuit/circuit.h"
#include "sim/gradient/samples.h"
#include "sim/state/pool.h"

static const char usage[] =
    "usage: qmlsim bench vqc-gradient --qubits N --layers L --batch B "
    "--threads T\n"
    "       qmlsim bench forward --qubits N --layers L --threads T\n"
    "       qmlsim bench kernel --qubits N --samples S --threads T\n"
    "  [--repeats R]     best and median of R runs after one that is not "
    "counted (5)\n"
    "  [--isa NAME]      auto, plain, avx2 or avx512\n"
    "  [--executor NAME] auto, lanes (8 samples at a time) or amps (one)\n"
    "  [--json]          the result alone\n";

double
bench_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

double
bench_cpu(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static int
by_size(const void *a, const void *b)
{
	double x, y;

	memcpy(&x, a, sizeof(x));
	memcpy(&y, b, sizeof(y));
	return x < y ? -1 : x > y;
}

struct bench_times
bench_sum_up(double *seconds, size_t n)
{
	qsort(seconds, n, sizeof(*seconds), by_size);
	return (
	    struct bench_times){.best = seconds[0], .median = seconds[n / 2]};
}

void
bench_advise(void *mem, size_t bytes)
{
#if defined(MADV_HUGEPAGE)
	/* Only speed depends on it. */
	(void)madvise(mem, bytes, MADV_HUGEPAGE);
#else
	(void)mem;
	(void)bytes;
#endif
}

uint64_t
bench_memory(void)
{
	char line[128];
	unsigned long long kib = 0;
	FILE *f = fopen("/proc/meminfo", "r");

	if (f == NULL)
		return UINT64_MAX;
	while (kib == 0 && fgets(line, sizeof(line), f) != NULL) {
		if (sscanf(line, "MemAvailable: %llu kB", &kib) != 1)
			kib = 0;
	}
	fclose(f);
	return kib == 0 ? UINT64_MAX : (uint64_t)kib * 1024;
}

double
bench_feature(uint32_t i, size_t sample)
{
	return 0.2 + 0.11 * (double)i + 0.013 * (double)sample;
}

/* A whole number of at least 1 in *out. */
static int
read_count(const char *name, const char *text, size_t max, size_t *out)
{
	char *end;
	long v;

	if (text == NULL)
		return CLI_OK;
	errno = 0;
	v = strtol(text, &end, 10);
	if (errno != 0 || end == text || *end != '\0' || v < 1 ||
	    (size_t)v > max)
		return cli_error(CLI_USAGE,
		    "--%s \"%.20s\": want a whole number, 1 to %zu", name, text,
		    max);
	*out = (size_t)v;
	return CLI_OK;
}

struct word {
	const char *name;
	int value;
};

static int
read_word(const char *option, const char *text, const struct word *words,
    int *out)
{
	size_t i;

	if (text == NULL)
		return CLI_OK;
	for (i = 0; words[i].name != NULL; i++) {
		if (strcmp(text, words[i].name) == 0) {
			*out = words[i].value;
			return CLI_OK;
		}
	}
	return cli_error(CLI_USAGE, "--%s: there is no \"%.20s\"\n%s", option,
	    text, usage);
}

enum {
	QUBITS,
	LAYERS,
	BATCH,
	SAMPLES,
	THREADS,
	REPEATS,
	ISA,
	EXECUTOR,
	NVALUES
};

static int
read_options(struct bench_options *o, const char *const *v)
{
	static const struct word isas[] = {{"auto", LANES_AUTO},
	    {"plain", LANES_PLAIN}, {"avx2", LANES_AVX2},
	    {"avx512", LANES_AVX512}, {NULL, 0}};
	static const struct word executors[] = {{"auto", SAMPLES_AUTO},
	    {"lanes", SAMPLES_LANES}, {"amps", SAMPLES_AMPS}, {NULL, 0}};
	size_t nqubits = 8, nlayers = 6;
	int isa = LANES_AUTO, rc;

	rc = read_count("qubits", v[QUBITS], CIRCUIT_MAX_QUBITS, &nqubits);
	if (rc == CLI_OK)
		rc = read_count("layers", v[LAYERS], 1000, &nlayers);
	if (rc == CLI_OK)
		rc = read_count("batch", v[BATCH], 1000000, &o->nsamples);
	if (rc == CLI_OK)
		rc = read_count("samples", v[SAMPLES], 100000, &o->nsamples);
	if (rc == CLI_OK)
		rc = read_count("threads", v[THREADS], POOL_MAX_THREADS,
		    &o->nthreads);
	if (rc == CLI_OK)
		rc = read_count("repeats", v[REPEATS], 1000000, &o->repeats);
	if (rc == CLI_OK)
		rc = read_word("isa", v[ISA], isas, &isa);
	if (rc == CLI_OK)
		rc =
		    read_word("executor", v[EXECUTOR], executors, &o->executor);
	o->nqubits = (uint32_t)nqubits;
	o->nlayers = (uint32_t)nlayers;
	o->isa = (enum lanes_isa)isa;
	if (rc == CLI_OK && lanes_pick(o->isa) == NULL)
		rc = cli_error(CLI_USAGE, "this CPU has no %s", v[ISA]);
	return rc;
}

int
sim_bench(int argc, char **argv)
{
	const char *v[NVALUES] = {NULL};
	struct bench_options b = {.nsamples = 64, .nthreads = 1, .repeats = 5};
	const struct cli_option options[] = {{"qubits", &v[QUBITS], NULL},
	    {"layers", &v[LAYERS], NULL}, {"batch", &v[BATCH], NULL},
	    {"samples", &v[SAMPLES], NULL}, {"threads", &v[THREADS], NULL},
	    {"repeats", &v[REPEATS], NULL}, {"isa", &v[ISA], NULL},
	    {"executor", &v[EXECUTOR], NULL}, {"json", NULL, &b.json}};
	const struct cli_options o = {options,
	    sizeof(options) / sizeof(options[0]), usage, 1};
	int rc = cli_parse(&o, &argc, argv);

	if (rc != CLI_OK)
		return rc < 0 ? CLI_OK : rc;
	rc = read_options(&b, v);
	if (rc != CLI_OK)
		return rc;
	if (argc > 1 && strcmp(argv[1], "vqc-gradient") == 0)
		return bench_gradient(&b);
	if (argc > 1 && strcmp(argv[1], "forward") == 0)
		return bench_forward(&b);
	if (argc > 1 && strcmp(argv[1], "kernel") == 0)
		return bench_kernel(&b);
	return cli_error(CLI_USAGE, "bench what?\n%s", usage);
}
