#include "daemon/cli/sim_job.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/cli/cli.h"
#include "daemon/cli/sim_bench.h"
#include "sim/state/pool.h"

#define POOL_QUBITS 16 /* smaller states stay with one thread */

static int
parse_count(const char *name, const char *text, uint64_t *out)
{
	char *end;

	errno = 0;
	*out = strtoull(text, &end, 10);
	if (errno != 0 || *end != '\0' || text[0] < '0' || text[0] > '9')
		return cli_error(CLI_USAGE, "%s wants a number, not \"%.40s\"",
		    name, text);
	return CLI_OK;
}

static int
parse_set(struct sim_job *j, const char *text)
{
	const char *eq = strchr(text, '=');
	char *end, *name;
	double v;

	v = eq ? strtod(eq + 1, &end) : 0.0;
	if (eq == NULL || eq == text || end == eq + 1 || *end != '\0' ||
	    !isfinite(v))
		return cli_error(CLI_USAGE,
		    "--set wants NAME=NUMBER, not \"%.60s\"", text);
	if (j->nsets == SIM_JOB_SETS)
		return cli_error(CLI_USAGE, "too many --set");
	name = strndup(text, (size_t)(eq - text));
	if (name == NULL)
		return cli_error(CLI_FAILED, "no memory");
	j->sets[j->nsets++] = (struct qasm_set){.name = name, .value = v};
	return CLI_OK;
}

static int
take_option(struct sim_job *j, const char *name, const char *value)
{
	if (strcmp(name, "--set") == 0)
		return parse_set(j, value);
	if (strcmp(name, "--shots") == 0)
		return parse_count(name, value, &j->shots);
	if (strcmp(name, "--seed") == 0)
		return parse_count(name, value, &j->seed);
	if (strcmp(name, "--threads") == 0)
		return parse_count(name, value, &j->threads);
	if (strcmp(name, "--probs") == 0) {
		j->probs_given = true;
		return parse_count(name, value, &j->probs);
	}
	if (strcmp(name, "--method") == 0 || strcmp(name, "--format") == 0)
		j->method = value;
	else if (strcmp(name, "--noise") == 0)
		j->noise = value;
	else if (j->nobservables < SIM_JOB_OBSERVABLES)
		j->observables[j->nobservables++] = value;
	else
		return cli_error(CLI_USAGE, "too many --expval");
	return CLI_OK;
}

/* --name VALUE or --name=VALUE, if usage has " --name " or "[--name ". */
static int
parse_option(struct sim_job *j, int argc, char **argv, int *i)
{
	static const char *const names[] = {"--set", "--shots", "--seed",
	    "--threads", "--probs", "--method", "--noise", "--format",
	    "--expval"};
	const char *word = argv[*i];
	char name[16];
	size_t k;

	for (k = 0; k < sizeof(names) / sizeof(names[0]); k++) {
		size_t n = strlen(names[k]);

		snprintf(name, sizeof(name), "%s ", names[k]);
		if (strstr(j->usage, name) == NULL ||
		    strncmp(word, names[k], n) != 0)
			continue;
		if (word[n] == '=')
			return take_option(j, names[k], word + n + 1);
		if (word[n] != '\0')
			continue;
		if (*i + 1 == argc)
			return cli_error(CLI_USAGE, "%s wants a value", word);
		return take_option(j, names[k], argv[++*i]);
	}
	return cli_error(CLI_USAGE, "there is no option \"%.40s\" here\n%s",
	    word, j->usage);
}

int
sim_job_parse(struct sim_job *j, int argc, char **argv)
{
	int i, rc = CLI_OK;

	for (i = 1; i < argc && rc == CLI_OK; i++) {
		if (strcmp(argv[i], "--help") == 0 ||
		    strcmp(argv[i], "-h") == 0) {
			fputs(j->usage, stdout);
			return -1;
		}
		if (strcmp(argv[i], "--json") == 0)
			j->json = true;
		else if (strncmp(argv[i], "--", 2) == 0)
			rc = parse_option(j, argc, argv, &i);
		else if (j->path)
			rc = cli_error(CLI_USAGE,
			    "\"%.60s\" is one word too many\n%s", argv[i],
			    j->usage);
		else
			j->path = argv[i];
	}
	if (rc == CLI_OK && j->path == NULL)
		rc = cli_error(CLI_USAGE, "which file?\n%s", j->usage);
	return rc;
}

/* The whole file, or NULL with errno. */
static char *
read_file(const char *path, size_t *len)
{
	FILE *f = strcmp(path, "-") == 0 ? stdin : fopen(path, "rb");
	size_t cap = 1 << 16, n = 0;
	char *text = f ? malloc(cap) : NULL, *grown;

	while (text && (n += fread(text + n, 1, cap - n, f)) == cap) {
		if (cap > QASM_TEXT_BYTES_MAX) {
			errno = EFBIG;
			break;
		}
		grown = realloc(text, cap *= 2);
		if (grown == NULL)
			free(text);
		text = grown;
	}
	if (text && (ferror(f) || n == cap)) {
		free(text);
		text = NULL;
	}
	if (f && f != stdin)
		fclose(f);
	*len = n;
	return text;
}

static int
load_program(struct sim_job *j)
{
	struct qasm_options o = {.sets = j->sets, .nsets = j->nsets};
	struct qasm_error e;
	size_t len;
	char *text;
	int rc;

	errno = 0;
	text = read_file(j->path, &len);
	if (text == NULL)
		return cli_error(errno == ENOENT ? CLI_NOT_FOUND : CLI_IO,
		    "%s: %s", j->path,
		    errno ? strerror(errno) : "it cannot be read");
	rc = qasm_read(&j->program, text, len, &o, &e);
	free(text);
	if (rc == -ENOENT)
		return cli_error(CLI_USAGE, "%s: %s", j->path, e.text);
	if (rc < 0)
		return cli_error(CLI_FAILED, "%s:%u:%u: %s", j->path, e.line,
		    e.column, e.text);
	if (j->program.nqubits == 0)
		return cli_error(CLI_FAILED, "%s: there are no qubits",
		    j->path);
	return CLI_OK;
}

static int
load_sums(struct sim_job *j)
{
	char err[128];
	size_t i;

	for (i = 0; i < j->nobservables; i++) {
		if (pauli_parse(&j->sums[i], j->observables[i],
			j->program.nqubits, err) < 0)
			return cli_error(CLI_USAGE, "--expval \"%.60s\": %s",
			    j->observables[i], err);
	}
	return CLI_OK;
}

int
sim_job_load(struct sim_job *j, bool want_values)
{
	long cores = sysconf(_SC_NPROCESSORS_ONLN);
	uint32_t i;
	int rc = load_program(j);

	if (rc == CLI_OK)
		rc = load_sums(j);
	for (i = 0; rc == CLI_OK && want_values && i < j->program.ninputs;
	     i++) {
		if (!j->program.inputs[i].set)
			rc = cli_error(CLI_USAGE,
			    "input '%s' has no value: --set %s=NUMBER",
			    j->program.inputs[i].name,
			    j->program.inputs[i].name);
	}
	if (j->threads == 0)
		j->threads = cores > 0 ? (uint64_t)cores : 1;
	if (j->threads > POOL_MAX_THREADS)
		j->threads = POOL_MAX_THREADS;
	j->room.bytes_max = bench_memory();
	j->room.advise = bench_advise;
	if (rc == CLI_OK && j->program.nqubits >= POOL_QUBITS &&
	    pool_new(&j->pool, (size_t)j->threads) < 0)
		j->pool = NULL; /* one thread does it too */
	return rc;
}

int
sim_job_failed(const struct sim_job *j, int rc)
{
	double need = (double)vector_bytes(j->program.nqubits) / 0x1p30;

	if (rc == -EFBIG && need > (double)j->room.bytes_max / 0x1p30)
		return cli_error(CLI_FAILED,
		    "%u qubits need %.3g GiB for one state; this machine has "
		    "%.3g GiB free",
		    j->program.nqubits, need,
		    (double)j->room.bytes_max / 0x1p30);
	if (rc == -EFBIG)
		return cli_error(CLI_FAILED,
		    "too many outcomes of measurements, or too many shots");
	if (rc == -ENOTSUP)
		return cli_error(CLI_FAILED,
		    "the adjoint method wants a program without measurements "
		    "on the way; use --method shift");
	return cli_error(CLI_FAILED, "%s", strerror(-rc));
}

void
sim_job_close(struct sim_job *j)
{
	size_t i;

	for (i = 0; i < j->nsets; i++)
		free((char *)(uintptr_t)j->sets[i].name);
	for (i = 0; i < j->nobservables; i++)
		pauli_close(&j->sums[i]);
	program_close(&j->program);
	pool_free(j->pool);
}
