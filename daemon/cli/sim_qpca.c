/* sim_qpca.c - qmlsim qpca: principal components as a quantum machine would
 * find them, beside LAPACK. */
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/cli/sim.h"
#include "daemon/cli/sim_number.h"
#include "daemon/cli/sim_table.h"
#include "sim/learn/dataset.h"
#include "sim/learn/jacobi.h"
#include "sim/learn/linalg.h"
#include "sim/learn/phase.h"
#include "sim/learn/qpca_density.h"
#include "sim/learn/vqse.h"

static const char usage[] =
    "usage: qmlsim qpca --data FILE.csv -k K [--label COLUMN] [--json]\n"
    "         [--method lapack|phase|vqse] [--raw] [--vectors]\n"
    "         [--encoding covariance|amplitude] [--bits T] [--copies N]\n"
    "         [--layers L] [--starts S] [--seed N]\n"
    "The K largest eigenvalues of the density matrix of the rows: covariance\n"
    "over its trace (columns standardised, unless --raw), or the mean of\n"
    "|x><x| of normalised rows. lapack: classically. phase: phase estimation\n"
    "with T bits (5) on exp(2 pi i rho), exactly or, with --copies N, made of\n"
    "N copies of rho a power of one. vqse: a circuit of L layers (4 a qubit)\n"
    "trained from S starts (6). --label names a column to leave out. The\n"
    "simulation holds all of rho: no speed-up is claimed.\n";

enum {
	DATA,
	K,
	LABEL,
	METHOD,
	ENCODING,
	BITS,
	COPIES,
	LAYERS,
	STARTS,
	SEED,
	NVALUES
};

enum method { LAPACK, PHASE, VQSE };

/* A component as a method finds it. */
struct found {
	double value;
	double chance;  /* phase: of the outcome */
	double overlap; /* squared, with LAPACK's vector of this rank; below
			 * 0: not known */
	size_t outcome;
};

struct qpca {
	const char *v[NVALUES];
	bool raw, json, vectors;
	enum method method;
	enum qpca_density_kind encoding;
	uint32_t k, bits, copies, layers, starts, seed;
	struct qpca_density rho;
	size_t nrows, nfeatures;
	double *values, *u;  /* LAPACK's, of rho->n */
	double *chances;     /* phase: 2^bits outcomes */
	struct found *found; /* n */
	size_t nfound;
	uint64_t evaluations; /* vqse */
	size_t nparams;
};

/* The place of text in words, 0 without text. */
static int
read_word(const char *name, const char *text, const char *const *words,
    int *out)
{
	*out = 0;
	if (text == NULL)
		return CLI_OK;
	for (; words[*out] != NULL; (*out)++) {
		if (strcmp(words[*out], text) == 0)
			return CLI_OK;
	}
	return cli_error(CLI_USAGE, "%s: there is no \"%.40s\"\n%s", name, text,
	    usage);
}

static const char *const methods[] = {"lapack", "phase", "vqse", NULL};

static int
read_options(struct qpca *q)
{
	static const char *const encodings[] = {"covariance", "amplitude",
	    NULL};
	int method, encoding, rc;

	if (q->v[DATA] == NULL || q->v[K] == NULL)
		return cli_error(CLI_USAGE, "want --data and -k\n%s", usage);
	rc = read_word("--method", q->v[METHOD], methods, &method);
	if (rc == CLI_OK)
		rc = read_word("--encoding", q->v[ENCODING], encodings,
		    &encoding);
	if (rc == CLI_OK)
		rc = sim_count("-k", q->v[K], (struct sim_range){1, JACOBI_MAX},
		    &q->k);
	if (rc == CLI_OK)
		rc = sim_count("--bits", q->v[BITS],
		    (struct sim_range){1, PHASE_MAX_BITS}, &q->bits);
	if (rc == CLI_OK)
		rc = sim_count("--copies", q->v[COPIES],
		    (struct sim_range){1, 65536}, &q->copies);
	if (rc == CLI_OK)
		rc = sim_count("--layers", q->v[LAYERS],
		    (struct sim_range){1, VQSE_MAX_LAYERS}, &q->layers);
	if (rc == CLI_OK)
		rc = sim_count("--starts", q->v[STARTS],
		    (struct sim_range){1, 1000}, &q->starts);
	if (rc == CLI_OK)
		rc = sim_count("--seed", q->v[SEED],
		    (struct sim_range){1, UINT32_MAX}, &q->seed);
	if (rc != CLI_OK)
		return rc;
	q->method = (enum method)method;
	q->encoding = (enum qpca_density_kind)encoding;
	if (q->copies > 0 && q->bits > PHASE_MAX_COPY_BITS)
		return cli_error(CLI_USAGE, "--copies: at most %d bits",
		    PHASE_MAX_COPY_BITS);
	return CLI_OK;
}

static int
make_density(struct qpca *q)
{
	struct sim_table t = SIM_TABLE_INIT;
	struct dataset ds = DATASET_INIT;
	int rc = sim_table_read(&t, q->v[DATA], q->v[LABEL]), rc2;

	if (rc != CLI_OK)
		return rc;
	q->nrows = t.rows;
	q->nfeatures = t.columns;
	ds.n = t.rows; /* a view: nothing is labelled here */
	ds.d = t.columns;
	ds.features = t.x;
	if (t.columns > JACOBI_MAX)
		rc = cli_error(CLI_FAILED, "%s: %zu columns, at most %d",
		    q->v[DATA], t.columns, JACOBI_MAX);
	else if (q->k > t.columns)
		rc = cli_error(CLI_USAGE,
		    "-k %" PRIu32 ": there are %zu "
		    "columns",
		    q->k, t.columns);
	rc2 = rc == CLI_OK
	    ? qpca_density_init(&q->rho, &ds, q->encoding, !q->raw)
	    : 0;
	if (rc2 < 0)
		rc = cli_error(CLI_FAILED, "%s: %s", q->v[DATA],
		    rc2 == -EDOM ? "the rows do not vary" : strerror(-rc2));
	sim_table_close(&t);
	return rc;
}

static int
by_lapack(struct qpca *q)
{
	size_t i;

	for (i = 0; i < q->k; i++)
		q->found[i] =
		    (struct found){.value = q->values[i], .overlap = 1.0};
	q->nfound = q->k;
	return 0;
}

/* The likeliest outcomes that are no shoulder of a likelier neighbour; the
 * value read is k / 2^bits, 1 where all is in one direction. */
static void
pick_outcomes(struct qpca *q, double *share)
{
	size_t size = (size_t)1 << q->bits, i, k;

	while (q->nfound < q->k) {
		struct found *f = &q->found[q->nfound];

		*f = (struct found){.chance = 0.0};
		for (k = 0; k < size; k++) {
			double here = q->chances[k];
			bool peak = here >= q->chances[(k + 1) % size] &&
			    here >= q->chances[(k + size - 1) % size];

			for (i = 0; i < q->nfound; i++)
				peak = peak && q->found[i].outcome != k;
			if (peak && here > f->chance) {
				f->chance = here;
				f->outcome = k;
			}
		}
		if (!(f->chance > 0.0))
			return;
		f->value = (double)f->outcome / (double)size;
		phase_left(q->values, q->rho.n, q->bits, f->outcome, share);
		f->overlap = q->copies > 0 ? -1.0 : share[q->nfound];
		q->nfound++;
	}
}

static int
by_phase(struct qpca *q)
{
	double *share = calloc(q->rho.n, sizeof(*share));
	int rc;

	q->chances = calloc((size_t)1 << q->bits, sizeof(*q->chances));
	if (share == NULL || q->chances == NULL)
		rc = -ENOMEM;
	else if (q->copies > 0)
		rc = phase_outcomes_by_copies(q->values, q->rho.n, q->bits,
		    q->copies, q->chances);
	else
		rc = phase_outcomes(q->values, q->rho.n, q->bits, q->chances);
	if (rc == 0)
		pick_outcomes(q, share);
	free(share);
	return rc;
}

static int
search(struct qpca *q, struct vqse *v, double *theta)
{
	struct vqse_search how = {.starts = q->starts, .iterations = 1000};
	struct vqse_found found;
	size_t i;
	int rc;

	memcpy(how.seed, &q->seed, sizeof(q->seed));
	rc = vqse_search(v, &how, theta, &found);
	q->evaluations = found.evaluations;
	q->nparams = v->nparams;
	for (i = 0; i < q->k && rc == 0; i++)
		q->found[i].value = v->p[i];
	for (i = 0; i < q->k && rc == 0; i++)
		rc = vqse_overlap(v, theta, q->u + i * q->rho.n, i,
		    &q->found[i].overlap);
	q->nfound = q->k;
	return rc;
}

static int
by_vqse(struct qpca *q)
{
	uint32_t layers = q->layers > 0 ? q->layers : 4 * q->rho.nqubits;
	struct vqse v;
	double *theta;
	int rc;

	rc = vqse_init(&v, q->rho.rho, q->rho.nqubits, VQSE_REAL, layers);
	if (rc < 0)
		return rc;
	q->layers = layers;
	theta = calloc(v.nparams, sizeof(*theta));
	rc = theta != NULL ? search(q, &v, theta) : -ENOMEM;
	free(theta);
	vqse_close(&v);
	return rc;
}

static int
run(struct qpca *q)
{
	size_t n = q->rho.n;
	int rc = 0;

	if (q->method == VQSE && q->rho.nqubits > VQSE_MAX_QUBITS)
		return cli_error(CLI_FAILED,
		    "vqse: %u qubits, at most %d; try --method lapack",
		    (unsigned)q->rho.nqubits, VQSE_MAX_QUBITS);
	q->values = calloc(n, sizeof(*q->values));
	q->u = calloc(n * n, sizeof(*q->u));
	q->found = calloc(n, sizeof(*q->found));
	if (q->values == NULL || q->u == NULL || q->found == NULL)
		rc = -ENOMEM;
	if (rc == 0)
		rc = linalg_eigen(q->rho.rho, n, q->values, q->u);
	switch (rc == 0 ? q->method : LAPACK) {
	case LAPACK:
		rc = rc == 0 ? by_lapack(q) : rc;
		break;
	case PHASE:
		rc = by_phase(q);
		break;
	case VQSE:
		rc = by_vqse(q);
		break;
	}
	return rc == 0 ? CLI_OK
		       : cli_error(CLI_FAILED, "qpca: %s", strerror(-rc));
}

static void
print_list(const char *name, const double *x, size_t n)
{
	size_t i;

	printf("\"%s\":[", name);
	for (i = 0; i < n; i++)
		printf("%s%.15g", i > 0 ? "," : "", x[i]);
	printf("]");
}

static void
print_json(const struct qpca *q)
{
	size_t i;

	printf("{\"method\":\"%s\",\"rows\":%zu,\"features\":%zu,"
	       "\"qubits\":%u,",
	    methods[q->method], q->nrows, q->nfeatures,
	    (unsigned)q->rho.nqubits);
	printf("\"purity\":%.12g,\"entropy_bits\":%.12g,",
	    qpca_density_purity(q->values, q->rho.n),
	    qpca_density_entropy(q->values, q->rho.n));
	print_list("lapack", q->values, q->k);
	printf(",\"found\":[");
	for (i = 0; i < q->nfound; i++) {
		const struct found *f = &q->found[i];

		printf("%s{\"value\":%.15g,\"overlap\":%.9g", i > 0 ? "," : "",
		    f->value, f->overlap);
		if (q->method == PHASE)
			printf(",\"outcome\":%zu,\"chance\":%.12g", f->outcome,
			    f->chance);
		printf("}");
	}
	printf("]");
	if (q->method == PHASE) {
		printf(",\"bits\":%" PRIu32 ",\"copies\":%" PRIu32 ",", q->bits,
		    q->copies);
		print_list("outcomes", q->chances, (size_t)1 << q->bits);
	}
	if (q->method == VQSE)
		printf(",\"layers\":%" PRIu32 ",\"parameters\":%zu,"
		       "\"evaluations\":%" PRIu64,
		    q->layers, q->nparams, q->evaluations);
	for (i = 0; q->vectors && i < q->k; i++) {
		printf("%s", i == 0 ? ",\"vectors\":[{" : ",{");
		print_list("vector", q->u + i * q->rho.n, q->nfeatures);
		printf("}%s", i + 1 == q->k ? "]" : "");
	}
	printf("}\n");
}

static void
print_head(const struct qpca *q)
{
	printf("%zu rows of %zu features: a density matrix of %u qubits, "
	       "purity %.4f, entropy %.3f bits\n",
	    q->nrows, q->nfeatures, (unsigned)q->rho.nqubits,
	    qpca_density_purity(q->values, q->rho.n),
	    qpca_density_entropy(q->values, q->rho.n));
	if (q->method == PHASE && q->copies > 0)
		printf("phase estimation: %" PRIu32 " bits, %" PRIu64
		       " copies of rho a run\n",
		    q->bits,
		    (uint64_t)q->copies * ((UINT64_C(1) << q->bits) - 1));
	else if (q->method == PHASE)
		printf("phase estimation: %" PRIu32 " bits, exact U\n",
		    q->bits);
	else if (q->method == VQSE)
		printf("VQSE: %" PRIu32 " layers, %zu parameters, %" PRIu64
		       " evaluations\n",
		    q->layers, q->nparams, q->evaluations);
	printf("\n  %3s  %9s  %9s", "", "lapack", "so far");
	if (q->method != LAPACK)
		printf("  %9s  %9s  %7s", methods[q->method], "error",
		    "overlap");
	printf("%s\n", q->method == PHASE ? "   chance" : "");
}

static void
print_found(const struct qpca *q, size_t i)
{
	const struct found *f = &q->found[i];

	printf("  %9.6f  %9.2e", f->value, fabs(f->value - q->values[i]));
	if (f->overlap >= 0.0)
		printf("  %7.4f", f->overlap);
	else
		printf("  %7s", "-");
	if (q->method == PHASE)
		printf("  %7.4f", f->chance);
}

static void
print_text(const struct qpca *q)
{
	double sum = 0.0;
	size_t i, c;

	print_head(q);
	for (i = 0; i < q->k; i++) {
		sum += q->values[i];
		printf("  %3zu  %9.6f  %9.6f", i + 1, q->values[i], sum);
		if (q->method != LAPACK && i < q->nfound)
			print_found(q, i);
		printf("\n");
	}
	for (i = 0; q->vectors && i < q->k; i++) {
		printf("\n  vector %zu:", i + 1);
		for (c = 0; c < q->nfeatures; c++)
			printf(" %.6f", q->u[i * q->rho.n + c]);
		printf("%s", i + 1 == q->k ? "\n" : "");
	}
	if (q->method == PHASE)
		printf("\n  overlap: how much of the state that is left is "
		       "the component of that rank.\n  Components closer "
		       "than %.3g share an outcome; --bits tells them "
		       "apart.\n",
		    ldexp(1.0, -(int)q->bits));
	if (q->method == VQSE)
		printf("\n  overlap: squared, with LAPACK's vector. Too "
		       "small? --layers %" PRIu32 ", or more --starts.\n",
		    q->layers * 2 < VQSE_MAX_LAYERS ? q->layers * 2
						    : VQSE_MAX_LAYERS);
}

static int
parse(struct qpca *q, int argc, char **argv)
{
	const struct cli_option options[] = {{"data", &q->v[DATA], NULL},
	    {"components", &q->v[K], NULL}, {"label", &q->v[LABEL], NULL},
	    {"method", &q->v[METHOD], NULL},
	    {"encoding", &q->v[ENCODING], NULL}, {"bits", &q->v[BITS], NULL},
	    {"copies", &q->v[COPIES], NULL}, {"layers", &q->v[LAYERS], NULL},
	    {"starts", &q->v[STARTS], NULL}, {"seed", &q->v[SEED], NULL},
	    {"raw", NULL, &q->raw}, {"vectors", NULL, &q->vectors},
	    {"json", NULL, &q->json}};
	const struct cli_options o = {options,
	    sizeof(options) / sizeof(options[0]), usage, 0};
	static char components[] = "--components";
	int i;

	for (i = 1; i < argc; i++) {
		if (strcmp(argv[i], "-k") == 0)
			argv[i] = components;
	}
	return cli_parse(&o, &argc, argv);
}

int
sim_qpca(int argc, char **argv)
{
	struct qpca q = {.bits = 5,
	    .starts = 6,
	    .seed = 1,
	    .rho = QPCA_DENSITY_INIT};
	int rc = parse(&q, argc, argv);

	if (rc != CLI_OK)
		return rc < 0 ? CLI_OK : rc;
	rc = read_options(&q);
	if (rc == CLI_OK)
		rc = make_density(&q);
	if (rc == CLI_OK)
		rc = run(&q);
	if (rc == CLI_OK && q.json)
		print_json(&q);
	else if (rc == CLI_OK)
		print_text(&q);
	qpca_density_close(&q.rho);
	free(q.values);
	free(q.u);
	free(q.chances);
	free(q.found);
	return rc;
}
