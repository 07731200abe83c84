/*
 * sim_counts_job.c - qmlsim counts: what measured counts say.
 */
#include "daemon/cli/sim.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/cli/sim_noise.h"

#define FILES_MAX 256
#define OBSERVABLES_MAX 256

static const char usage[] =
    "usage: qmlsim counts [BASIS=]FILE... --expval OBS...\n"
    "         [--noise FILE] [--json]\n"
    "FILE holds counts that a machine measured: {\"0101\": 12, ...}, alone or "
    "under\n"
    "\"counts\", bit 0 on the right. BASIS is the letter of each bit, bit 0 on "
    "the right,\n"
    "like XXZ: what was turned to Z before it was read; all Z if missing.\n"
    "--noise: its errors of reading are undone, bit by bit.\n";

struct job {
	const char *files[FILES_MAX], *observables[OBSERVABLES_MAX];
	size_t nfiles, nobservables;
	const char *noise;
	bool json;
	struct counts counts[FILES_MAX];
	struct measured bases[FILES_MAX];
	struct noise_model model;
	char err[SIM_NOISE_ERROR_LEN];
};

/* The option's value, or NULL and *i as it was. */
static const char *
value_of(const char *name, int argc, char **argv, int *i)
{
	size_t n = strlen(name);

	assert(argv[*i] != NULL);
	if (strncmp(argv[*i], name, n) != 0)
		return NULL;
	if (argv[*i][n] == '=')
		return argv[*i] + n + 1;
	if (argv[*i][n] != '\0' || *i + 1 == argc)
		return NULL;
	return argv[++*i];
}

static int
take_word(struct job *j, int argc, char **argv, int *i)
{
	const char *value = value_of("--expval", argc, argv, i);

	if (value && j->nobservables == OBSERVABLES_MAX)
		return cli_error(CLI_USAGE, "too many --expval");
	if (value) {
		j->observables[j->nobservables++] = value;
		return CLI_OK;
	}
	value = value_of("--noise", argc, argv, i);
	if (value) {
		j->noise = value;
		return CLI_OK;
	}
	assert(argv[*i] != NULL);
	if (strcmp(argv[*i], "--json") == 0) {
		j->json = true;
		return CLI_OK;
	}
	if (argv[*i][0] == '-')
		return cli_error(CLI_USAGE, "\"%.40s\" is not right here\n%s",
		    argv[*i], usage);
	if (j->nfiles == FILES_MAX)
		return cli_error(CLI_USAGE, "too many files");
	j->files[j->nfiles++] = argv[*i];
	return CLI_OK;
}

/* CLI_OK, -1 after --help, or what to return. */
static int
parse(struct job *j, int argc, char **argv)
{
	int i, rc = CLI_OK;

	for (i = 1; i < argc && rc == CLI_OK; i++) {
		if (strcmp(argv[i], "--help") == 0 ||
		    strcmp(argv[i], "-h") == 0) {
			fputs(usage, stdout);
			return -1;
		}
		rc = take_word(j, argc, argv, &i);
	}
	if (rc == CLI_OK && (j->nfiles == 0 || j->nobservables == 0))
		rc =
		    cli_error(CLI_USAGE, "want a file and --expval\n%s", usage);
	return rc;
}

/* The letters, the first being the highest bit; *path is what follows. */
static int
parse_basis(const char *word, struct measured *m, const char **path)
{
	size_t n = strspn(word, "XYZ"), i;

	m->x = 0;
	m->z = UINT64_MAX;
	*path = word;
	if (n == 0 || word[n] != '=')
		return 0;
	if (n != m->counts->nbits && m->counts->nbits != 0)
		return -EINVAL;
	for (i = 0; i < n && i < 64; i++) {
		uint64_t bit = UINT64_C(1) << (n - 1 - i);

		if (word[i] != 'Z')
			m->x |= bit;
		if (word[i] == 'X')
			m->z &= ~bit;
	}
	*path = word + n + 1;
	return 0;
}

static int
load(struct job *j, size_t i)
{
	struct measured *m = &j->bases[i];
	struct counts *c = &j->counts[i];
	const char *path;
	int rc;

	m->counts = c;
	(void)parse_basis(j->files[i], m, &path);
	rc = sim_counts_read(c, path, j->err);
	if (rc < 0)
		return cli_error(CLI_FAILED, "%s", j->err);
	if (c->nbits != j->counts[0].nbits)
		return cli_error(CLI_FAILED,
		    "%s: has %u bits, the first file %u", path, c->nbits,
		    j->counts[0].nbits);
	if (parse_basis(j->files[i], m, &path) < 0)
		return cli_error(CLI_FAILED,
		    "%s: the basis wants one letter for each of %u bits",
		    j->files[i], c->nbits);
	return CLI_OK;
}

static int
estimate(struct job *j, const char *text, struct estimate *out)
{
	struct pauli_sum sum = PAULI_SUM_INIT;
	char why[128];
	int rc = pauli_parse(&sum, text, j->counts[0].nbits, why);

	if (rc < 0)
		return cli_error(CLI_FAILED, "--expval \"%.80s\": %s", text,
		    rc == -EINVAL ? why : "no memory");
	rc = counts_expect(&sum, j->bases, j->nfiles,
	    j->noise ? j->model.readout : NULL, out);
	pauli_close(&sum);
	if (rc == 0)
		return CLI_OK;
	return cli_error(CLI_FAILED, "--expval \"%.80s\": %s", text,
	    rc == -ENOENT       ? "no file has the basis of each string"
		: rc == -EDOM   ? "the errors of reading have no inverse"
		: rc == -EINVAL ? "a file has no counts"
				: strerror(-rc));
}

static int
print(struct job *j)
{
	struct estimate e[OBSERVABLES_MAX] = {{0}};
	size_t i;
	int rc = CLI_OK;

	for (i = 0; i < j->nobservables && rc == CLI_OK; i++)
		rc = estimate(j, j->observables[i], &e[i]);
	if (rc != CLI_OK)
		return rc;
	if (!j->json) {
		for (i = 0; i < j->nobservables; i++)
			printf("<%s>  %.15g +- %.2g\n", j->observables[i],
			    e[i].mean, e[i].error);
		return CLI_OK;
	}
	printf("{\"bits\":%u,\"expval\":[", j->counts[0].nbits);
	for (i = 0; i < j->nobservables; i++)
		printf("%s%.15g", i ? "," : "", e[i].mean);
	printf("],\"error\":[");
	for (i = 0; i < j->nobservables; i++)
		printf("%s%.15g", i ? "," : "", e[i].error);
	printf("]}\n");
	return CLI_OK;
}

int
sim_counts(int argc, char **argv)
{
	struct job *j = calloc(1, sizeof(*j));
	size_t i;
	int rc;

	if (j == NULL)
		return cli_error(CLI_FAILED, "no memory");
	rc = parse(j, argc, argv);
	if (rc == CLI_OK && j->noise &&
	    sim_noise_read(&j->model, j->noise, j->err) < 0)
		rc = cli_error(CLI_FAILED, "%s", j->err);
	for (i = 0; i < j->nfiles && rc == CLI_OK; i++)
		rc = load(j, i);
	if (rc == CLI_OK && j->noise && j->counts[0].nbits > PROGRAM_MAX_QUBITS)
		rc = cli_error(CLI_FAILED, "--noise: at most %d bits",
		    PROGRAM_MAX_QUBITS);
	if (rc == CLI_OK)
		rc = print(j);
	for (i = 0; i < j->nfiles; i++)
		counts_close(&j->counts[i]);
	noise_model_close(&j->model);
	free(j);
	return rc < 0 ? CLI_OK : rc;
}
