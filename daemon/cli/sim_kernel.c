/* sim_kernel.c - qmlsim kernel: kernel matrices of rows. */
#include "daemon/cli/sim.h"

#include <errno.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/cli/sim_bench.h"
#include "daemon/cli/sim_number.h"
#include "daemon/cli/sim_table.h"
#include "sim/learn/feature_map.h"
#include "sim/learn/projected.h"
#include "sim/state/pool.h"

static const char usage[] =
    "usage: qmlsim kernel --map zz|z|iqp|pauli|angle|amplitude\n"
    "         --data FILE.csv [--test FILE.csv] [-o K.npy] [--json]\n"
    "         [--label COLUMN] [--reps R] [--projected] [--gamma G]\n"
    "         [--paulis Z,ZZ] [--entanglement full|linear|circular]\n"
    "         [--alpha A] [--axis x|y|z] [--scale S] [--qubits N]\n"
    "         [--threads T]\n"
    "K of all pairs of rows of --data, or with --test of each of its rows\n"
    "(down) with each of --data (across): |<x|y>|^2, or with --projected\n"
    "exp(-G sum |rho_q(x) - rho_q(y)|^2) over single qubits. A line of names\n"
    "is passed over; --label names a column that is none of the features.\n";

enum {
	MAP,
	DATA,
	TEST,
	OUT,
	LABEL,
	REPS,
	GAMMA,
	THREADS,
	PAULIS,
	CHOICE,
	ALPHA,
	AXIS,
	SCALE,
	QUBITS,
	NVALUES
};

struct kernel {
	const char *v[NVALUES];
	bool projected, json;
	struct feature_map map;
	char *strings; /* of --paulis, cut up */
	double gamma;
	struct sim_table table[2]; /* --data, --test */
	size_t ntables;
	struct pool *pool;
	size_t nthreads;
	double *k;
};

/* The place of text in words, which end with NULL; -1 after saying so. */
static int
read_word(const char *name, const char *text, const char *const *words)
{
	int i;

	for (i = 0; words[i] != NULL; i++) {
		if (strcmp(text, words[i]) == 0)
			return i;
	}
	(void)cli_error(CLI_USAGE, "--%s: there is no \"%.40s\"\n%s", name,
	    text, usage);
	return -1;
}

static int
read_map(struct kernel *k)
{
	static const char *const kinds[] = {"zz", "z", "iqp", "pauli", "angle",
	    "amplitude", NULL};
	static const char *const choices[] = {"full", "linear", "circular",
	    NULL};
	static const char *const axes[] = {"x", "y", "z", NULL};
	int kind = read_word("map", k->v[MAP], kinds);
	int choice = read_word("entanglement",
	    k->v[CHOICE] ? k->v[CHOICE] : "full", choices);
	int axis = read_word("axis", k->v[AXIS] ? k->v[AXIS] : "y", axes);

	if (kind < 0 || choice < 0 || axis < 0)
		return CLI_USAGE;
	k->map.kind = (enum feature_map_kind)kind;
	k->map.choice = (enum feature_map_choice)choice;
	k->map.axis = *axes[axis];
	/* Two, as Qiskit; one where more says nothing new. */
	k->map.reps = kind == FEATURE_MAP_ZZ || kind == FEATURE_MAP_Z ||
		kind == FEATURE_MAP_PAULI
	    ? 2
	    : 1;
	return CLI_OK;
}

static int
read_strings(struct kernel *k)
{
	const char *text = k->v[PAULIS] ? k->v[PAULIS] : "Z,ZZ";
	char *at, *next;

	k->strings = strdup(text);
	if (k->strings == NULL)
		return cli_error(CLI_FAILED, "no memory");
	for (at = k->strings; at != NULL; at = next) {
		next = strchr(at, ',');
		if (next != NULL)
			*next++ = '\0';
		if (k->map.nstrings == FEATURE_MAP_MAX_STRINGS)
			return cli_error(CLI_USAGE, "--paulis: at most %d",
			    FEATURE_MAP_MAX_STRINGS);
		k->map.strings[k->map.nstrings++] = at;
	}
	return CLI_OK;
}

/* Options of another map are mistakes, not something to pass over. */
static int
check_options(const struct kernel *k)
{
	static const struct {
		int option;
		const char *name;
		enum feature_map_kind kind;
	} own[] = {{PAULIS, "paulis", FEATURE_MAP_PAULI},
	    {CHOICE, "entanglement", FEATURE_MAP_PAULI},
	    {ALPHA, "alpha", FEATURE_MAP_PAULI},
	    {AXIS, "axis", FEATURE_MAP_ANGLE},
	    {SCALE, "scale", FEATURE_MAP_ANGLE},
	    {QUBITS, "qubits", FEATURE_MAP_AMPLITUDE}};
	size_t i;

	for (i = 0; i < sizeof(own) / sizeof(own[0]); i++) {
		if (k->v[own[i].option] && k->map.kind != own[i].kind)
			return cli_error(CLI_USAGE,
			    "--%s does not belong to --map %s", own[i].name,
			    k->v[MAP]);
	}
	if (k->v[GAMMA] && !k->projected)
		return cli_error(CLI_USAGE, "--gamma wants --projected");
	return CLI_OK;
}

static int
read_options(struct kernel *k)
{
	uint32_t threads = 1;
	int rc;

	if (k->v[MAP] == NULL || k->v[DATA] == NULL)
		return cli_error(CLI_USAGE, "want --map and --data\n%s", usage);
	rc = read_map(k);
	if (rc == CLI_OK)
		rc = check_options(k);
	if (rc == CLI_OK)
		rc = read_strings(k);
	if (rc == CLI_OK)
		rc = sim_count("--reps", k->v[REPS],
		    (struct sim_range){1, QKERNEL_MAX_REPS}, &k->map.reps);
	if (rc == CLI_OK)
		rc = sim_count("--threads", k->v[THREADS],
		    (struct sim_range){1, POOL_MAX_THREADS}, &threads);
	if (rc == CLI_OK)
		rc = sim_number("--alpha", k->v[ALPHA], &k->map.alpha);
	if (rc == CLI_OK)
		rc = sim_number("--scale", k->v[SCALE], &k->map.scale);
	if (rc == CLI_OK)
		rc = sim_number("--gamma", k->v[GAMMA], &k->gamma);
	k->nthreads = threads;
	return rc;
}

static int
read_tables(struct kernel *k)
{
	uint32_t n = 1;
	size_t d, i;
	const char *why;
	int rc = sim_table_read(&k->table[0], k->v[DATA], k->v[LABEL]);

	k->ntables = k->v[TEST] ? 2 : 1;
	if (rc == CLI_OK && k->v[TEST])
		rc = sim_table_read(&k->table[1], k->v[TEST], k->v[LABEL]);
	if (rc != CLI_OK)
		return rc;
	d = k->table[0].columns;
	for (i = 1; i < k->ntables; i++) {
		if (k->table[i].columns != d)
			return cli_error(CLI_FAILED,
			    "%s has %zu columns, %s %zu", k->v[TEST],
			    k->table[i].columns, k->v[DATA], d);
	}
	while (n < 32 && (uint64_t)1 << n < d)
		n++;
	rc = sim_count("--qubits", k->v[QUBITS],
	    (struct sim_range){1, QKERNEL_MAX_QUBITS}, &n);
	k->map.nfeatures = (uint32_t)d;
	k->map.nqubits = k->map.kind == FEATURE_MAP_AMPLITUDE ? n : (uint32_t)d;
	why = feature_map_check(&k->map);
	if (rc == CLI_OK && why != NULL)
		return cli_error(CLI_FAILED, "%zu columns, %u qubits: %s", d,
		    k->map.nqubits, why);
	return rc;
}

/* Both tables' states and the matrix must fit. */
static int
check_memory(const struct kernel *k)
{
	double need = 8.0 * (double)k->table[0].rows *
	    (double)k->table[k->ntables - 1].rows;
	double have = (double)bench_memory();
	size_t i, bytes;

	for (i = 0; i < k->ntables; i++) {
		bytes =
		    feature_map_bytes(&k->map, k->table[i].rows, k->nthreads);
		need += (double)bytes;
	}
	if (need <= have)
		return CLI_OK;
	return cli_error(CLI_FAILED,
	    "%zu rows of %u qubits need %.3g GiB; this machine has %.3g GiB "
	    "free",
	    k->table[0].rows + k->table[1].rows, k->map.nqubits, need / 0x1p30,
	    have / 0x1p30);
}

static int
project(struct kernel *k, const struct qkernel_states *s)
{
	struct projected_rows rows[2];
	double *bloch[2] = {NULL, NULL};
	size_t i;
	int rc = 0;

	for (i = 0; i < k->ntables; i++) {
		bloch[i] = calloc(s[i].n, 3 * k->map.nqubits * sizeof(double));
		if (bloch[i] == NULL)
			rc = -ENOMEM;
		else
			projected_bloch(&s[i], bloch[i], k->pool);
		rows[i] = (struct projected_rows){bloch[i], s[i].n};
	}
	if (rc == 0)
		projected_gram(&rows[k->ntables - 1], &rows[0], k->map.nqubits,
		    k->gamma, k->k);
	free(bloch[0]);
	free(bloch[1]);
	return rc;
}

static int
compute(struct kernel *k)
{
	struct qkernel_states s[2] = {QKERNEL_STATES_INIT, QKERNEL_STATES_INIT};
	size_t i;
	int rc = pool_new(&k->pool, k->nthreads);

	k->k = calloc(k->table[k->ntables - 1].rows,
	    k->table[0].rows * sizeof(*k->k));
	if (k->k == NULL)
		rc = -ENOMEM;
	for (i = 0; i < k->ntables && rc == 0; i++)
		rc = feature_map_states(&k->map, k->table[i].x,
		    k->table[i].rows, k->pool, &s[i]);
	if (rc == 0 && k->projected)
		rc = project(k, s);
	else if (rc == 0)
		qkernel_gram(&s[k->ntables - 1], &s[0], k->k, k->pool);
	qkernel_states_close(&s[0]);
	qkernel_states_close(&s[1]);
	return rc == 0 ? CLI_OK
		       : cli_error(CLI_FAILED, "kernel: %s", strerror(-rc));
}

static void
print(const struct kernel *k)
{
	size_t rows = k->table[k->ntables - 1].rows, i, j;
	size_t columns = k->table[0].rows;

	if (k->json)
		printf("{\"map\":\"%s\",\"qubits\":%u,\"rows\":%zu,"
		       "\"columns\":%zu,\"k\":[",
		    k->v[MAP], k->map.nqubits, rows, columns);
	for (i = 0; i < rows; i++) {
		if (k->json)
			printf("%s[", i ? "," : "");
		for (j = 0; j < columns; j++)
			printf("%s%.15g", j ? "," : "", k->k[i * columns + j]);
		printf("%s", k->json ? "]" : "\n");
	}
	if (k->json)
		printf("]}\n");
}

static int
finish(const struct kernel *k)
{
	size_t rows = k->table[k->ntables - 1].rows;
	size_t columns = k->table[0].rows;
	int rc;

	if (k->v[OUT] == NULL) {
		print(k);
		return CLI_OK;
	}
	rc = sim_table_write_npy(k->v[OUT], k->k, rows, columns);
	if (rc != CLI_OK)
		return rc;
	if (k->json)
		printf("{\"map\":\"%s\",\"qubits\":%u,\"rows\":%zu,"
		       "\"columns\":%zu}\n",
		    k->v[MAP], k->map.nqubits, rows, columns);
	else
		printf("%s: %zu x %zu, %s, %u qubits%s\n", k->v[OUT], rows,
		    columns, k->v[MAP], k->map.nqubits,
		    k->projected ? ", projected" : "");
	return CLI_OK;
}

static int
parse(struct kernel *k, int argc, char **argv)
{
	const struct cli_option options[] = {{"map", &k->v[MAP], NULL},
	    {"data", &k->v[DATA], NULL}, {"test", &k->v[TEST], NULL},
	    {"out", &k->v[OUT], NULL}, {"label", &k->v[LABEL], NULL},
	    {"reps", &k->v[REPS], NULL}, {"gamma", &k->v[GAMMA], NULL},
	    {"threads", &k->v[THREADS], NULL}, {"paulis", &k->v[PAULIS], NULL},
	    {"entanglement", &k->v[CHOICE], NULL},
	    {"alpha", &k->v[ALPHA], NULL}, {"axis", &k->v[AXIS], NULL},
	    {"scale", &k->v[SCALE], NULL}, {"qubits", &k->v[QUBITS], NULL},
	    {"projected", NULL, &k->projected}, {"json", NULL, &k->json}};
	const struct cli_options o = {options,
	    sizeof(options) / sizeof(options[0]), usage, 0};
	static char out[] = "--out";
	int i;

	for (i = 1; i < argc; i++) {
		if (strcmp(argv[i], "-o") == 0)
			argv[i] = out;
	}
	return cli_parse(&o, &argc, argv);
}

int
sim_kernel(int argc, char **argv)
{
	struct kernel k = {.map = {.alpha = 2.0, .scale = 1.0}, .gamma = 1.0};
	int rc = parse(&k, argc, argv);

	if (rc != CLI_OK)
		return rc < 0 ? CLI_OK : rc;
	rc = read_options(&k);
	if (rc == CLI_OK)
		rc = read_tables(&k);
	if (rc == CLI_OK)
		rc = check_memory(&k);
	if (rc == CLI_OK)
		rc = compute(&k);
	if (rc == CLI_OK)
		rc = finish(&k);
	pool_free(k.pool);
	sim_table_close(&k.table[0]);
	sim_table_close(&k.table[1]);
	free(k.strings);
	free(k.k);
	return rc;
}
