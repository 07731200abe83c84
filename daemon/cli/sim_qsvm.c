/* sim_qsvm.c - qmlsim qsvm: a support vector machine on a quantum kernel. */
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/cli/sim.h"
#include "daemon/cli/sim_labelled.h"
#include "daemon/cli/sim_number.h"
#include "sim/learn/landmark.h"
#include "sim/learn/qsvm.h"
#include "sim/learn/qsvm_align.h"
#include "sim/learn/svm.h"
#include "sim/learn/task.h"
#include "sim/learn/train.h"
#include "sim/state/pool.h"

#define EPS 1e-6 /* of libsvm's stopping rule */
#define ROWS_MAX 8192
#define HEAD_SCALE 4.0 /* of the machine on landmarks */
#define STEPS 1000

static const char usage[] =
    "usage: qmlsim qsvm --map zz|z|iqp|ry --data TRAIN.csv [--test TEST.csv]\n"
    "         [--C 10] [--reps R] [--scale S] [--minmax] [--align STEPS]\n"
    "         [--landmarks M] [--threads T] [--json]\n"
    "A support vector machine on the kernel |<x|y>|^2 of a feature map, by\n"
    "libsvm. The last column is the label, a whole number. Features are\n"
    "angles as they stand; --minmax first maps each column to 0..1 by the\n"
    "rows of --data, --scale multiplies all (in radians), --align finds a\n"
    "factor for each feature by kernel-target alignment. Beside it the same\n"
    "machine on a Gaussian kernel, the best aligned of eight widths: where\n"
    "that does better, use that. --landmarks (with --minmax): what a job of\n"
    "task qsvm with M public rows drawn in the ranges can reach.\n";

enum { MAP, DATA, TEST, COST, REPS, SCALE, ALIGN, MARKS, THREADS, NVALUES };

/* A machine and how it did. */
struct machine {
	struct svm svm;
	double train, test; /* accuracies; test < 0: none asked for */
	double gamma;       /* of the Gaussian kernel */
	double off;         /* mean entry off the diagonal */
};

struct qsvm {
	const char *v[NVALUES];
	bool minmax, json;
	struct landmark_map map;
	double c;
	uint32_t align, nthreads, marks;
	struct sim_labelled train, test;
	double *scales; /* of --align, or NULL */
	struct qsvm_aligned aligned;
	double alignment;
	struct pool *pool;
	double *k, *kt; /* train by train, test by train */
	struct machine quantum, classical;
	double marks_train, marks_test;
};

static int
read_options(struct qsvm *q)
{
	int kind, rc;

	if (q->v[MAP] == NULL || q->v[DATA] == NULL)
		return cli_error(CLI_USAGE, "want --map and --data\n%s", usage);
	kind = landmark_kind_find(q->v[MAP]);
	if (kind < 0)
		return cli_error(CLI_USAGE,
		    "--map: there is no \"%.40s\"; want zz, z, iqp or ry",
		    q->v[MAP]);
	q->map.kind = (enum landmark_kind)kind;
	q->map.reps = kind == LANDMARK_ZZ || kind == LANDMARK_Z ? 2 : 1;
	rc = sim_number("--C", q->v[COST], &q->c);
	if (rc == CLI_OK && !(q->c > 0.0))
		rc = cli_error(CLI_USAGE, "--C must be above 0");
	if (rc == CLI_OK)
		rc = sim_number("--scale", q->v[SCALE], &q->map.scale);
	if (rc == CLI_OK)
		rc = sim_count("--reps", q->v[REPS],
		    (struct sim_range){0, QKERNEL_MAX_REPS}, &q->map.reps);
	if (rc == CLI_OK)
		rc = sim_count("--align", q->v[ALIGN],
		    (struct sim_range){0, 1000}, &q->align);
	if (rc == CLI_OK)
		rc = sim_count("--landmarks", q->v[MARKS],
		    (struct sim_range){0, LANDMARK_MAX}, &q->marks);
	if (rc == CLI_OK && q->marks > 0 && !q->minmax)
		rc = cli_error(CLI_USAGE, "--landmarks wants --minmax");
	if (rc == CLI_OK)
		rc = sim_count("--threads", q->v[THREADS],
		    (struct sim_range){0, POOL_MAX_THREADS}, &q->nthreads);
	return rc;
}

static int
read_tables(struct qsvm *q)
{
	const char *why;
	int rc = sim_labelled_read(&q->train, q->v[DATA], NULL);

	if (rc == CLI_OK && q->v[TEST] != NULL)
		rc = sim_labelled_read(&q->test, q->v[TEST], &q->train);
	if (rc != CLI_OK)
		return rc;
	if (q->train.rows.n > ROWS_MAX)
		return cli_error(CLI_FAILED,
		    "%s: %zu rows; a kernel matrix of over %d is too large",
		    q->v[DATA], q->train.rows.n, ROWS_MAX);
	q->map.nfeatures = (uint32_t)q->train.rows.d;
	why = landmark_map_check(&q->map);
	if (why != NULL)
		return cli_error(CLI_FAILED, "%zu features: %s",
		    q->train.rows.d, why);
	if (q->minmax)
		sim_labelled_minmax(&q->train.rows,
		    q->v[TEST] != NULL ? &q->test.rows : NULL);
	return CLI_OK;
}

static int
align(struct qsvm *q)
{
	const struct qsvm_align_rows rows = {{q->train.rows.features,
						 q->train.rows.n},
	    q->train.rows.labels, q->train.nclasses};
	size_t i;

	if (q->align == 0)
		return 0;
	q->scales = calloc(q->map.nfeatures, sizeof(*q->scales));
	if (q->scales == NULL)
		return -ENOMEM;
	for (i = 0; i < q->map.nfeatures; i++)
		q->scales[i] = q->map.scale;
	q->map.scales = q->scales;
	return qsvm_align(&q->map, &rows, q->align, q->scales, &q->aligned);
}

static double
accuracy(const struct svm *s, const double *k, const struct dataset *ds)
{
	size_t right = 0, i;

	for (i = 0; i < ds->n; i++)
		right += svm_guess(s, k + i * s->n) == ds->labels[i];
	return (double)right / (double)ds->n;
}

static double
mean_off_diagonal(const double *k, size_t n)
{
	double sum = 0.0;
	size_t i, j;

	for (i = 0; i < n; i++) {
		for (j = 0; j < n; j++)
			sum += i != j ? k[i * n + j] : 0.0;
	}
	return n > 1 ? sum / ((double)n * (double)(n - 1)) : 0.0;
}

static int
learn(struct qsvm *q, struct machine *m)
{
	const struct svm_rows rows = {q->k, q->train.rows.labels,
	    q->train.rows.n, q->train.nclasses};
	int rc;

	svm_close(&m->svm);
	rc = svm_fit(&m->svm, &rows, q->c, EPS);
	if (rc < 0)
		return rc;
	m->off = mean_off_diagonal(q->k, rows.n);
	m->train = accuracy(&m->svm, q->k, &q->train.rows);
	m->test = -1.0;
	if (q->v[TEST] != NULL)
		m->test = accuracy(&m->svm, q->kt, &q->test.rows);
	return 0;
}

static int
fit_quantum(struct qsvm *q)
{
	const struct landmark_rows a = {q->train.rows.features,
	    q->train.rows.n};
	const struct landmark_rows b = {q->test.rows.features, q->test.rows.n};
	int rc = landmark_kernel(&q->map, &a, &a, q->k, q->pool);

	if (rc == 0 && q->v[TEST] != NULL)
		rc = landmark_kernel(&q->map, &b, &a, q->kt, q->pool);
	if (rc == 0)
		q->alignment = qsvm_alignment(q->k, q->train.rows.labels, a.n,
		    q->train.nclasses);
	return rc == 0 ? learn(q, &q->quantum) : rc;
}

/* k[i][j] = exp(-gamma |x_i - y_j|^2 / variance). */
static void
gaussian(const struct dataset *x, const struct dataset *y, double gamma,
    double *k)
{
	size_t i, j, c;

	for (i = 0; i < x->n; i++) {
		for (j = 0; j < y->n; j++) {
			double sum = 0.0;

			for (c = 0; c < x->d; c++) {
				double d = x->features[i * x->d + c] -
				    y->features[j * y->d + c];

				sum += d * d;
			}
			k[i * y->n + j] = exp(-gamma * sum);
		}
	}
}

/* Mean squared distance from the middle: the unit of widths. */
static double
variance(const struct dataset *ds)
{
	double all = 0.0;
	size_t i, c;

	for (c = 0; c < ds->d; c++) {
		double sum = 0.0, square = 0.0;

		for (i = 0; i < ds->n; i++) {
			double x = ds->features[i * ds->d + c];

			sum += x;
			square += x * x;
		}
		sum /= (double)ds->n;
		all += square / (double)ds->n - sum * sum;
	}
	return all > 0.0 ? all : 1.0;
}

/*
 * The width with the largest alignment, a rule that sees no test row and that
 * the quantum map's scale may use as well.
 */
static int
fit_classical(struct qsvm *q)
{
	double unit = variance(&q->train.rows), best = -2.0, gamma;
	int i;

	for (i = -3; i <= 4; i++) {
		double a;

		gamma = ldexp(1.0, i) / unit;
		gaussian(&q->train.rows, &q->train.rows, gamma, q->k);
		a = qsvm_alignment(q->k, q->train.rows.labels, q->train.rows.n,
		    q->train.nclasses);
		if (a > best) {
			best = a;
			q->classical.gamma = gamma;
		}
	}
	gamma = q->classical.gamma;
	gaussian(&q->train.rows, &q->train.rows, gamma, q->k);
	if (q->v[TEST] != NULL)
		gaussian(&q->test.rows, &q->train.rows, gamma, q->kt);
	return learn(q, &q->classical);
}

static int
score_landmarks(const struct train_job *job, const struct dataset *rows,
    double *accuracy_out)
{
	struct train_score score = {.confusion = NULL};
	struct train_job mine = *job;
	int rc;

	mine.rows = rows;
	rc = train_evaluate(&mine, &score);
	if (rc == 0)
		*accuracy_out = (double)score.correct / (double)score.rows;
	return rc;
}

static int
train_landmarks(struct qsvm *q, const struct task *t)
{
	int64_t *params = calloc(t->nparams, sizeof(*params));
	int64_t *delta = calloc(t->nparams, sizeof(*delta));
	struct train_metrics m;
	struct train_hyper h;
	struct train_job job = {.task = t,
	    .rows = &q->train.rows,
	    .params = params,
	    .hyper = &h};
	int rc = params != NULL && delta != NULL ? 0 : -ENOMEM;
	size_t i;

	train_hyper_default(&h);
	h.optimiser = OPTIMISER_SGD;
	h.momentum = 0.9;
	h.lr = 0.05;
	h.steps = STEPS;
	h.l2 = HEAD_SCALE * HEAD_SCALE / (q->c * (double)q->train.rows.n);
	h.l2 = h.l2 < 1.0 ? h.l2 : 1.0;
	if (rc == 0)
		rc = train_local(&job, delta, &m);
	for (i = 0; i < t->nparams && rc == 0; i++)
		params[i] += delta[i];
	if (rc == 0)
		rc = score_landmarks(&job, &q->train.rows, &q->marks_train);
	if (rc == 0 && q->v[TEST] != NULL)
		rc = score_landmarks(&job, &q->test.rows, &q->marks_test);
	free(params);
	free(delta);
	return rc;
}

/* The task that a federation trains, on all rows at once. */
static int
fit_landmarks(struct qsvm *q)
{
	struct qsvm_spec spec;
	const struct task_spec s = {.name = "qsvm",
	    .nfeatures = q->map.nfeatures,
	    .nclasses = (uint32_t)q->train.nclasses,
	    .head_scale = HEAD_SCALE,
	    .loss = TASK_HINGE,
	    .qsvm = &spec};
	struct task t;
	int rc;

	q->marks_test = -1.0;
	if (q->marks == 0)
		return 0;
	qsvm_spec_default(&spec);
	spec.map = q->map.kind;
	spec.reps = q->map.reps;
	spec.scale = q->map.scale;
	spec.scales = q->scales;
	spec.nlandmarks = q->marks;
	rc = task_init(&t, &s);
	if (rc < 0)
		return rc;
	rc = train_landmarks(q, &t);
	task_close(&t);
	return rc;
}

static int
run(struct qsvm *q)
{
	size_t n = q->train.rows.n;
	int rc = pool_new(&q->pool, q->nthreads > 0 ? q->nthreads : 1);

	q->k = calloc(n * n, sizeof(*q->k));
	q->kt = calloc(n * (q->test.rows.n + 1), sizeof(*q->kt));
	if (rc == 0 && (q->k == NULL || q->kt == NULL))
		rc = -ENOMEM;
	if (rc == 0)
		rc = align(q);
	if (rc == 0)
		rc = fit_quantum(q);
	if (rc == 0)
		rc = fit_classical(q);
	if (rc == 0)
		rc = fit_landmarks(q);
	return rc == 0 ? CLI_OK
		       : cli_error(CLI_FAILED, "qsvm: %s", strerror(-rc));
}

static void
print_scales(const struct qsvm *q)
{
	uint32_t i;

	for (i = 0; i < q->map.nfeatures; i++)
		printf("%s%.6g", i > 0 ? "," : "", q->scales[i]);
}

static void
print_json_machine(const char *name, const struct machine *m)
{
	printf("\"%s\":{\"train_accuracy\":%.6f,", name, m->train);
	if (m->test >= 0.0)
		printf("\"test_accuracy\":%.6f,", m->test);
	printf("\"support\":%zu,\"mean_off_diagonal\":%.9g",
	    svm_support(&m->svm), m->off);
}

static void
print_json(const struct qsvm *q)
{
	size_t i;

	printf("{\"map\":\"%s\",\"reps\":%" PRIu32 ",\"C\":%.9g,\"rows\":%zu,"
	       "\"features\":%zu,\"classes\":%zu,",
	    q->v[MAP], q->map.reps, q->c, q->train.rows.n, q->train.rows.d,
	    q->train.nclasses);
	if (q->scales != NULL) {
		printf("\"scales\":[");
		print_scales(q);
		printf("],\"align_steps\":%" PRIu32 ",", q->aligned.steps);
	}
	print_json_machine("quantum", &q->quantum);
	printf(",\"alignment\":%.9g,\"pairs\":[", q->alignment);
	for (i = 0; i < q->quantum.svm.npairs; i++) {
		const struct svm_pair *p = &q->quantum.svm.pairs[i];

		printf("%s{\"low\":%ld,\"high\":%ld,\"support\":%zu,"
		       "\"bias\":%.12g,\"dual_objective\":%.12g}",
		    i > 0 ? "," : "", q->train.names[p->low],
		    q->train.names[p->high], p->nsupport, p->bias,
		    p->objective);
	}
	printf("]},");
	if (q->marks > 0)
		printf("\"landmarks\":{\"landmarks\":%" PRIu32
		       ",\"train_accuracy\":%.6f",
		    q->marks, q->marks_train);
	if (q->marks > 0 && q->marks_test >= 0.0)
		printf(",\"test_accuracy\":%.6f", q->marks_test);
	printf("%s", q->marks > 0 ? "}," : "");
	print_json_machine("gaussian", &q->classical);
	printf(",\"gamma\":%.9g}}\n", q->classical.gamma);
}

static void
print_line(const char *name, double train, double test, size_t support)
{
	printf("  %-22s %7.4f", name, train);
	if (test >= 0.0)
		printf("  %7.4f", test);
	else
		printf("  %7s", "-");
	if (support > 0)
		printf("  %8zu\n", support);
	else
		printf("  %8s\n", "-");
}

static void
print_machines(const struct qsvm *q)
{
	const struct machine *m = &q->quantum;
	char name[32];

	printf("\n  %-22s %7s  %7s  %8s\n", "kernel", "train", "test",
	    "support");
	snprintf(name, sizeof(name), "quantum (%s)", q->v[MAP]);
	print_line(name, m->train, m->test, svm_support(&m->svm));
	snprintf(name, sizeof(name), "its %" PRIu32 " landmarks", q->marks);
	if (q->marks > 0)
		print_line(name, q->marks_train, q->marks_test, 0);
	m = &q->classical;
	snprintf(name, sizeof(name), "Gaussian (%.3g)", m->gamma);
	print_line(name, m->train, m->test, svm_support(&m->svm));
}

static void
print_advice(const struct qsvm *q)
{
	double quantum = q->quantum.test, gauss = q->classical.test;

	if (q->quantum.off < 0.1)
		printf(
		    "\nThe kernel's entries are close to 0 (%.3f on "
		    "average): each row resembles only itself. Try a smaller "
		    "--scale, or --align 20.\n",
		    q->quantum.off);
	if (quantum < 0.0)
		printf("\nName unseen rows with --test to see what was "
		       "learnt and what was memorised.\n");
	else if (gauss >= quantum)
		printf("\nThe Gaussian kernel does as well or better here.\n");
}

static void
print_text(const struct qsvm *q)
{
	size_t i;

	printf("%zu rows, %zu features, %zu classes; map %s x %" PRIu32
	       ", C %g\n",
	    q->train.rows.n, q->train.rows.d, q->train.nclasses, q->v[MAP],
	    q->map.reps, q->c);
	if (q->scales != NULL) {
		printf("alignment %.4f to %.4f in %" PRIu32 " steps; scales ",
		    q->aligned.before, q->aligned.after, q->aligned.steps);
		print_scales(q);
		printf("\n");
	}
	print_machines(q);
	printf("\n  alignment %.4f, mean entry off the diagonal %.4f\n",
	    q->alignment, q->quantum.off);
	for (i = 0; i < q->quantum.svm.npairs; i++) {
		const struct svm_pair *p = &q->quantum.svm.pairs[i];

		printf("  %ld against %ld: %zu support, bias %.6g, dual "
		       "objective %.9g\n",
		    q->train.names[p->high], q->train.names[p->low],
		    p->nsupport, p->bias, p->objective);
	}
	print_advice(q);
}

int
sim_qsvm(int argc, char **argv)
{
	struct qsvm q = {.map = {.scale = 1.0},
	    .c = 10.0,
	    .nthreads = 1,
	    .train = SIM_LABELLED_INIT,
	    .test = SIM_LABELLED_INIT};
	const struct cli_option options[] = {{"map", &q.v[MAP], NULL},
	    {"data", &q.v[DATA], NULL}, {"test", &q.v[TEST], NULL},
	    {"C", &q.v[COST], NULL}, {"reps", &q.v[REPS], NULL},
	    {"scale", &q.v[SCALE], NULL}, {"align", &q.v[ALIGN], NULL},
	    {"landmarks", &q.v[MARKS], NULL}, {"threads", &q.v[THREADS], NULL},
	    {"minmax", NULL, &q.minmax}, {"json", NULL, &q.json}};
	const struct cli_options o = {options,
	    sizeof(options) / sizeof(options[0]), usage, 0};
	int rc = cli_parse(&o, &argc, argv);

	if (rc != CLI_OK)
		return rc < 0 ? CLI_OK : rc;
	rc = read_options(&q);
	if (rc == CLI_OK)
		rc = read_tables(&q);
	if (rc == CLI_OK)
		rc = run(&q);
	if (rc == CLI_OK && q.json)
		print_json(&q);
	else if (rc == CLI_OK)
		print_text(&q);
	svm_close(&q.quantum.svm);
	svm_close(&q.classical.svm);
	sim_labelled_close(&q.train);
	sim_labelled_close(&q.test);
	pool_free(q.pool);
	free(q.scales);
	free(q.k);
	free(q.kt);
	return rc;
}
