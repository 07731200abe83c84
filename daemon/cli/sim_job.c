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
parse_set(const char *option, const char *text, struct qasm_set *sets,
    size_t *n)
{
	const char *eq = strchr(text, '=');
	char *end, *name;
	double v;

	v = eq ? strtod(eq + 1, &end) : 0.0;
	if (eq == NULL || eq == text || end == eq + 1 || *end != '\0' ||
	    !isfinite(v))
		return cli_error(CLI_USAGE,
		    "%s wants NAME=NUMBER, not \"%.60s\"", option, text);
	if (*n == SIM_JOB_SETS)
		return cli_error(CLI_USAGE, "too many %s", option);
	name = strndup(text, (size_t)(eq - text));
	if (name == NULL)
		return cli_error(CLI_FAILED, "no memory");
	sets[(*n)++] = (struct qasm_set){.name = name, .value = v};
	return CLI_OK;
}

static int
parse_step(const char *text, double *out)
{
	char *end;

	*out = strtod(text, &end);
	if (end == text || *end != '\0' || !(*out > 0.0) || *out > 10.0)
		return cli_error(CLI_USAGE,
		    "--step wants a number above 0, not \"%.40s\"", text);
	return CLI_OK;
}

static int
take_word(struct sim_job *j, const char *name, const char *value)
{
	if (strcmp(name, "--method") == 0 || strcmp(name, "--format") == 0)
		j->method = value;
	else if (strcmp(name, "--noise") == 0)
		j->noise = value;
	else if (strcmp(name, "--zne") == 0)
		j->zne = value;
	else if (strcmp(name, "--fit") == 0)
		j->fit = value;
	else if (strcmp(name, "--fidelity") == 0)
		j->other = value;
	else if (j->nobservables < SIM_JOB_OBSERVABLES)
		j->observables[j->nobservables++] = value;
	else
		return cli_error(CLI_USAGE, "too many --expval");
	return CLI_OK;
}

static int
take_option(struct sim_job *j, const char *name, const char *value)
{
	if (strcmp(name, "--set") == 0)
		return parse_set(name, value, j->sets, &j->nsets);
	if (strcmp(name, "--at") == 0)
		return parse_set(name, value, j->at, &j->nat);
	if (strcmp(name, "--shots") == 0)
		return parse_count(name, value, &j->shots);
	if (strcmp(name, "--seed") == 0)
		return parse_count(name, value, &j->seed);
	if (strcmp(name, "--threads") == 0)
		return parse_count(name, value, &j->threads);
	if (strcmp(name, "--draws") == 0)
		return parse_count(name, value, &j->draws);
	if (strcmp(name, "--step") == 0)
		return parse_step(value, &j->step);
	if (strcmp(name, "--probs") == 0) {
		j->probs_given = true;
		return parse_count(name, value, &j->probs);
	}
	return take_word(j, name, value);
}

/* --name VALUE or --name=VALUE, if usage has " --name " or "[--name ". */
static int
parse_option(struct sim_job *j, int argc, char **argv, int *i)
{
	static const char *const names[] = {"--set", "--shots", "--seed",
	    "--threads", "--probs", "--method", "--noise", "--format",
	    "--expval", "--zne", "--fit", "--fidelity", "--at", "--draws",
	    "--step"};
	const struct {
		const char *name;
		bool *flag;
	} flags[] = {{"--from-shots", &j->from_shots},
	    {"--mitigate", &j->mitigate}, {"--variance", &j->variance}};
	const char *word = argv[*i];
	char name[16];
	size_t k;

	for (k = 0; k < 3; k++) {
		if (strcmp(word, flags[k].name) == 0 &&
		    strstr(j->usage, word) != NULL) {
			*flags[k].flag = true;
			return CLI_OK;
		}
	}

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
load_program(const char *path, const struct qasm_options *o, struct program *p)
{
	struct qasm_error e;
	size_t len;
	char *text;
	int rc;

	errno = 0;
	text = read_file(path, &len);
	if (text == NULL)
		return cli_error(errno == ENOENT ? CLI_NOT_FOUND : CLI_IO,
		    "%s: %s", path,
		    errno ? strerror(errno) : "it cannot be read");
	rc = qasm_read(p, text, len, o, &e);
	free(text);
	if (rc == -ENOENT)
		return cli_error(CLI_USAGE, "%s: %s", path, e.text);
	if (rc < 0)
		return cli_error(CLI_FAILED, "%s:%u:%u: %s", path, e.line,
		    e.column, e.text);
	if (p->nqubits == 0)
		return cli_error(CLI_FAILED, "%s: there are no qubits", path);
	return CLI_OK;
}

/* What is not set has the value of the input of that name in *from. */
static int
set_rest(struct program *p, const struct program *from, const char *path)
{
	uint32_t i, k;

	for (i = 0; i < p->ninputs; i++) {
		struct program_input *in = &p->inputs[i];

		for (k = 0; !in->set && k < from->ninputs; k++) {
			if (strcmp(from->inputs[k].name, in->name) == 0)
				*in = from->inputs[k];
		}
		if (!in->set)
			return cli_error(CLI_USAGE,
			    "%s: input '%s' has no value: --at %s=NUMBER", path,
			    in->name, in->name);
	}
	return CLI_OK;
}

int
sim_job_load_other(const struct sim_job *j, struct program *p)
{
	const struct qasm_options o = {.sets = j->at, .nsets = j->nat};
	int rc = load_program(j->other, &o, p);

	if (rc == CLI_OK)
		rc = set_rest(p, &j->program, j->other);
	if (rc == CLI_OK && p->nqubits != j->program.nqubits)
		rc = cli_error(CLI_FAILED, "%s has %u qubits, %s %u", j->other,
		    p->nqubits, j->path, j->program.nqubits);
	return rc;
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
	const struct qasm_options o = {.sets = j->sets, .nsets = j->nsets};
	long cores = sysconf(_SC_NPROCESSORS_ONLN);
	uint32_t i;
	int rc = load_program(j->path, &o, &j->program);

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
		    "the measurements on the way have too many outcomes to "
		    "follow each, or there are over 10^8 shots; run --shots N "
		    "draws up to 10^7 runs instead");
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
	for (i = 0; i < j->nat; i++)
		free((char *)(uintptr_t)j->at[i].name);
	for (i = 0; i < j->nobservables; i++)
		pauli_close(&j->sums[i]);
	program_close(&j->program);
	pool_free(j->pool);
}
