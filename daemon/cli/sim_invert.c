/*
 * sim_invert.c - qmlsim invert: rows found again in the gradients they gave,
 * and what noise does against it.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/cli/sim.h"
#include "sim/learn/dataset.h"
#include "sim/learn/fit.h"
#include "sim/learn/invert.h"
#include "sim/learn/private_gradient.h"
#include "sim/learn/task.h"

#define FOUND 0.01 /* of a row that counts as recovered, the largest error */
#define CLASSES 3
#define FEATURES_MAX 8
#define Q24 16777216.0

static const char usage[] =
    "usage: qmlsim invert [--task vqc|linear] [--features D] [--layers L]\n"
    "         [--rows N] [--noise S] [--clip C] [--starts K] [--seed I]\n"
    "         [--json]\n"
    "The red team: a member trains one step on one row, and whoever sees the\n"
    "update looks for the row. N random rows (10) of D features (4) in a\n"
    "circuit of L layers (2) are attacked: with privacy off, then with noise\n"
    "of S times a clip of C (1 and 1; privacy.noise, privacy.clip). The\n"
    "attack knows circuit, model, clip and that the row was in the step, and\n"
    "searches from K points for each label (8).\n";

struct attack {
	const char *kind;
	struct task task;
	struct dataset rows;
	double *theta, *seen;
	struct invert how;
	struct train_privacy privacy;
	uint8_t seed[RNG_SEED_BYTES];
	bool json;
};

/* Of all rows attacked in one way. */
struct score {
	unsigned found, labels;
	double error; /* mean over features and rows of |x' - x| */
};

struct settings {
	unsigned long features, layers, rows, starts, seed;
	double noise, clip;
};

static int
open_task(struct attack *a, const struct settings *s)
{
	struct task_spec spec = {.name = a->kind,
	    .nfeatures = (uint32_t)s->features,
	    .nclasses = CLASSES};
	const char *why;
	int64_t *params;
	int rc;

	task_spec_suggest(&spec);
	if (strcmp(a->kind, "vqc") == 0) {
		spec.encoding = TASK_ENC_ANGLE;
		spec.nqubits = (uint32_t)s->features;
		spec.nlayers = (uint32_t)s->layers;
	}
	why = task_check(&spec);
	if (why != NULL)
		return cli_error(CLI_USAGE, "%s", why);
	rc = task_init(&a->task, &spec);
	if (rc < 0)
		return cli_error(CLI_FAILED, "%s", strerror(-rc));
	params = calloc(a->task.nparams, sizeof(*params));
	a->theta = calloc(a->task.nparams, sizeof(*a->theta));
	a->seen = calloc(a->task.nparams, sizeof(*a->seen));
	if (params == NULL || a->theta == NULL || a->seen == NULL) {
		free(params);
		return cli_error(CLI_FAILED, "out of memory");
	}
	task_init_params(&a->task, a->seed, params);
	for (size_t i = 0; i < a->task.nparams; i++)
		a->theta[i] = (double)params[i] / Q24;
	free(params);
	return CLI_OK;
}

/* A head of zeros shows nothing of what stands before it; in later rounds it is
 * not zero any more. */
static void
warm_head(struct attack *a, struct rng *r)
{
	const struct task *t = &a->task;

	for (size_t i = t->nparams - t->nhead; i < t->nparams; i++)
		a->theta[i] = (double)(rng_u64(r) >> 11) * 0x1p-53 - 0.5;
}

static int
open_rows(struct attack *a, const struct settings *s)
{
	struct rng r;
	size_t i;

	if (dataset_init(&a->rows, s->rows, s->features) < 0)
		return cli_error(CLI_FAILED, "out of memory");
	rng_init(&r, a->seed, 1);
	for (i = 0; i < s->rows * s->features; i++)
		a->rows.features[i] = (double)(rng_u64(&r) >> 11) * 0x1p-53;
	for (i = 0; i < s->rows; i++)
		a->rows.labels[i] = (int32_t)rng_below(&r, CLASSES);
	warm_head(a, &r);
	a->how = (struct invert){.task = &a->task,
	    .theta = a->theta,
	    .starts = (unsigned)s->starts,
	    .seed = a->seed};
	a->privacy = (struct train_privacy){.q_ppb = 1000000000,
	    .sigma_milli = (uint32_t)(s->noise * 1000 + 0.5),
	    .clip = (int64_t)(s->clip * Q24),
	    .rows = 1,
	    .steps = 1};
	memcpy(a->privacy.seed, a->seed, sizeof(a->privacy.seed));
	return CLI_OK;
}

/* The noisy gradient of row i alone. */
static int
show_private(struct attack *a, size_t i)
{
	const uint32_t pick = (uint32_t)i;
	struct private_gradient g = PRIVATE_GRADIENT_INIT;
	struct dataset one = DATASET_INIT;
	struct fit f = FIT_INIT;
	int rc = dataset_select(&one, &a->rows, &pick, 1);

	a->privacy.stream = 2 * i;
	if (rc == 0)
		rc = fit_open(&f, &a->task, &(struct fit_how){.nthreads = 1});
	if (rc == 0)
		rc = fit_load(&f, &one);
	if (rc == 0)
		rc = private_gradient_open(&g, &a->privacy, 1, a->task.nparams);
	if (rc == 0)
		private_gradient_step(&g, &f, a->theta, a->seen);
	private_gradient_close(&g);
	fit_close(&f);
	dataset_close(&one);
	return rc;
}

static int
attack_row(struct attack *a, size_t i, bool private, struct score *out)
{
	const double *row = a->rows.features + i * a->rows.d;
	struct invert_found found;
	double error, worst = 0;
	int rc;

	a->how.clip = private ? (double)a->privacy.clip / Q24 : 0;
	rc = private ? show_private(a, i)
		     : invert_show(&a->how, row, a->rows.labels[i], a->seen);
	if (rc == 0)
		rc = invert_run(&a->how, a->seen, &found);
	if (rc != 0)
		return cli_error(CLI_FAILED, "%s", strerror(-rc));
	for (size_t k = 0; k < a->rows.d; k++) {
		error = fabs(found.row[k] - row[k]);
		worst = error > worst ? error : worst;
		out->error += error / (double)(a->rows.d * a->rows.n);
	}
	out->found += worst < FOUND;
	out->labels += found.label == a->rows.labels[i];
	return CLI_OK;
}

/* By who saw nothing: the middle of every feature. */
static double
blind_error(const struct attack *a)
{
	double sum = 0;

	for (size_t i = 0; i < a->rows.n * a->rows.d; i++)
		sum += fabs(a->rows.features[i] - 0.5);
	return sum / (double)(a->rows.n * a->rows.d);
}

static void
print_score(const struct attack *a, const char *what, const struct score *s)
{
	if (a->json)
		printf("\"%s\":{\"rows\":%zu,\"recovered\":%u,\"labels\":%u,"
		       "\"mean_error\":%.6f},",
		    what, a->rows.n, s->found, s->labels, s->error);
	else
		printf("privacy %-4s %3u of %zu rows recovered, %3u labels; "
		       "mean error of a feature %.4f\n",
		    what, s->found, a->rows.n, s->labels, s->error);
}

static int
run(struct attack *a)
{
	struct score off = {.found = 0}, on = {.found = 0};
	int rc = CLI_OK;

	for (size_t i = 0; i < a->rows.n && rc == CLI_OK; i++)
		rc = attack_row(a, i, false, &off);
	for (size_t i = 0; i < a->rows.n && rc == CLI_OK; i++)
		rc = attack_row(a, i, true, &on);
	if (rc != CLI_OK)
		return rc;
	if (a->json)
		printf("{\"task\":\"%s\",\"parameters\":%zu,", a->kind,
		    a->task.nparams);
	else
		printf("%s, %zu features, %zu parameters; a row counts as "
		       "recovered when no feature is off by %.2g of its "
		       "range\n",
		    a->kind, a->rows.d, a->task.nparams, FOUND);
	print_score(a, "off", &off);
	print_score(a, "on", &on);
	if (a->json)
		printf("\"blind_error\":%.6f}\n", blind_error(a));
	else
		printf("who saw nothing and says the middle is off by %.4f\n",
		    blind_error(a));
	return CLI_OK;
}

static bool
whole(const char *text, unsigned long lo, unsigned long hi, unsigned long *out)
{
	char *end;

	if (text == NULL)
		return true;
	errno = 0;
	*out = strtoul(text, &end, 10);
	return *text >= '0' && *text <= '9' && *end == '\0' && errno == 0 &&
	    *out >= lo && *out <= hi;
}

static bool
real(const char *text, double lo, double hi, double *out)
{
	char *end;

	if (text == NULL)
		return true;
	*out = strtod(text, &end);
	return *text != '\0' && *end == '\0' && *out >= lo && *out <= hi;
}

static int
read_options(struct attack *a, struct settings *s, int argc, char **argv)
{
	const char *v[7] = {NULL};
	const struct cli_option options[] = {{"task", &a->kind, NULL},
	    {"features", &v[0], NULL}, {"layers", &v[1], NULL},
	    {"rows", &v[2], NULL}, {"noise", &v[3], NULL},
	    {"clip", &v[4], NULL}, {"starts", &v[5], NULL},
	    {"seed", &v[6], NULL}, {"json", NULL, &a->json}};
	const struct cli_options o = {options,
	    sizeof(options) / sizeof(options[0]), usage, 0};
	int rc = cli_parse(&o, &argc, argv);

	if (rc != CLI_OK)
		return rc;
	if (strcmp(a->kind, "vqc") != 0 && strcmp(a->kind, "linear") != 0)
		return cli_error(CLI_USAGE, "--task: want vqc or linear");
	if (!whole(v[0], 1, FEATURES_MAX, &s->features) ||
	    !whole(v[1], 1, 64, &s->layers) ||
	    !whole(v[2], 1, 1000, &s->rows) ||
	    !whole(v[5], 1, 1000, &s->starts) ||
	    !whole(v[6], 0, UINT32_MAX, &s->seed))
		return cli_error(CLI_USAGE,
		    "want --features 1 to 8, --layers 1 to 64, --rows and "
		    "--starts 1 to 1000");
	if (!real(v[3], 0.001, 1000, &s->noise) ||
	    !real(v[4], 0.001, 1000, &s->clip) || s->noise * s->clip > 16)
		return cli_error(CLI_USAGE,
		    "want --noise and --clip 0.001 to 1000, and at most 16 "
		    "together");
	return CLI_OK;
}

int
sim_invert(int argc, char **argv)
{
	struct attack a = {.kind = "vqc",
	    .task = TASK_INIT,
	    .rows = DATASET_INIT};
	struct settings s = {4, 2, 10, 8, 1, 1.0, 1.0};
	int rc = read_options(&a, &s, argc, argv);

	for (int i = 0; i < 4; i++)
		a.seed[i] = (uint8_t)(s.seed >> (8 * i));
	if (rc == CLI_OK)
		rc = open_task(&a, &s);
	if (rc == CLI_OK)
		rc = open_rows(&a, &s);
	if (rc == CLI_OK)
		rc = run(&a);
	if (a.task.ops != NULL)
		task_close(&a.task);
	dataset_close(&a.rows);
	free(a.theta);
	free(a.seen);
	return rc < 0 ? CLI_OK : rc;
}
