/*
 * The federated quantum-kernel machine: accuracy against the local one on
 * pooled rows, and what is refused. Bits: test_kernel_bits.c.
 */
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "numbers.h"
#include "sim/learn/dataset.h"
#include "sim/learn/landmark.h"
#include "sim/learn/qsvm.h"
#include "sim/learn/rng.h"
#include "sim/learn/svm.h"
#include "sim/learn/task.h"
#include "sim/learn/train.h"

#define NODES 4
#define ROUNDS 20
#define SPLITS 5
#define C 10.0

static const uint8_t seed[32] = {9};

/* Columns to [0, 1] by their largest and smallest values, as if agreed. */
static void
scale_columns(struct dataset *ds)
{
	struct data_range range[32];
	size_t i, c;

	for (c = 0; c < ds->d; c++) {
		range[c].lo = range[c].hi = ds->features[c];
		for (i = 0; i < ds->n; i++) {
			double x = ds->features[i * ds->d + c];

			range[c].lo = fmin(range[c].lo, x);
			range[c].hi = fmax(range[c].hi, x);
		}
	}
	assert_int_equal(dataset_scale(ds, range, NULL), 0);
}

/* Rows of part 0: one in four, held out; 1 .. NODES: a node's; above: of all
 * nodes. */
static void
take(struct dataset *out, const struct dataset *all, size_t part,
    uint64_t split)
{
	uint32_t order[1024], rows[1024];
	struct rng r;
	size_t i, n = 0;

	assert_true(all->n <= 1024);
	for (i = 0; i < all->n; i++)
		order[i] = (uint32_t)i;
	rng_init(&r, seed, split);
	rng_shuffle(&r, order, all->n);
	for (i = 0; i < all->n; i++) {
		size_t who = i % 4 == 3 ? 0 : 1 + i * NODES / all->n;

		if (who == part || (part == NODES + 1 && who > 0))
			rows[n++] = order[i];
	}
	*out = (struct dataset)DATASET_INIT;
	assert_int_equal(dataset_select(out, all, rows, n), 0);
}

static double
local_machine(const struct landmark_map *map, const struct dataset *train,
    const struct dataset *test, size_t nclasses)
{
	const struct landmark_rows a = {train->features, train->n};
	const struct landmark_rows b = {test->features, test->n};
	double *k = calloc(a.n * a.n, sizeof(*k));
	double *kz = calloc(b.n * a.n, sizeof(*kz));
	const struct svm_rows rows = {k, train->labels, a.n, nclasses};
	size_t right = 0, i;
	struct svm s;

	assert_non_null(k);
	assert_non_null(kz);
	assert_int_equal(landmark_kernel(map, &a, &a, k, NULL), 0);
	assert_int_equal(landmark_kernel(map, &b, &a, kz, NULL), 0);
	assert_int_equal(svm_fit(&s, &rows, C, 1e-4), 0);
	for (i = 0; i < b.n; i++)
		right += svm_guess(&s, kz + i * a.n) == test->labels[i];
	svm_close(&s);
	free(k);
	free(kz);
	return (double)right / (double)b.n;
}

static void
open_task(struct task *t, const struct qsvm_spec *q, size_t d, size_t nclasses)
{
	const struct task_spec spec = {.name = "qsvm",
	    .nfeatures = (uint32_t)d,
	    .nclasses = (uint32_t)nclasses,
	    .head_scale = 4.0,
	    .loss = TASK_HINGE,
	    .qsvm = q};
	const char *why = task_check(&spec);

	if (why != NULL)
		fail_msg("%s", why);
	assert_int_equal(task_init(t, &spec), 0);
}

/* params += mean of the nodes' updates, in integers. */
static void
federated_round(const struct task *t, const struct dataset *nodes,
    struct train_hyper *h, int64_t *params)
{
	int64_t *delta = calloc(t->nparams, sizeof(*delta));
	int64_t *sum = calloc(t->nparams, sizeof(*sum));
	struct train_job job = {.task = t, .params = params, .hyper = h};
	struct train_metrics m;
	size_t k, i;

	assert_non_null(delta);
	assert_non_null(sum);
	for (k = 0; k < NODES; k++) {
		job.rows = &nodes[k];
		h->seed[0] = (uint8_t)k;
		assert_int_equal(train_local(&job, delta, &m), 0);
		for (i = 0; i < t->nparams; i++)
			sum[i] += delta[i];
	}
	for (i = 0; i < t->nparams; i++)
		params[i] += sum[i] / NODES;
	free(delta);
	free(sum);
}

static double
federated(const struct task *t, const struct dataset *nodes,
    const struct dataset *test)
{
	int64_t *params = calloc(t->nparams, sizeof(*params));
	struct train_score score = {.confusion = NULL};
	struct train_hyper h;
	struct train_job job = {.task = t, .rows = test, .hyper = &h};

	assert_non_null(params);
	job.params = params;
	train_hyper_default(&h);
	h.lr = 0.2;
	h.lr_end = 0.01;
	h.nrounds = ROUNDS;
	h.l2 = 1e-4;
	for (h.round = 0; h.round < ROUNDS; h.round++)
		federated_round(t, nodes, &h, params);
	assert_int_equal(train_evaluate(&job, &score), 0);
	free(params);
	return (double)score.correct / (double)score.rows;
}

/* Both accuracies, added to sum. */
static void
compare(const struct task *t, const struct dataset *all, uint64_t split,
    double sum[static 2])
{
	const struct qsvm_spec *q = t->spec.qsvm;
	const struct landmark_map map = {q->map, t->spec.nfeatures, q->reps,
	    q->scale, NULL};
	struct dataset nodes[NODES], test, pooled;
	size_t k;

	take(&test, all, 0, split);
	take(&pooled, all, NODES + 1, split);
	for (k = 0; k < NODES; k++)
		take(&nodes[k], all, k + 1, split);
	assert_int_equal(test.n + pooled.n, all->n);
	sum[0] += local_machine(&map, &pooled, &test, t->spec.nclasses);
	sum[1] += federated(t, nodes, &test);
	for (k = 0; k < NODES; k++)
		dataset_close(&nodes[k]);
	dataset_close(&test);
	dataset_close(&pooled);
}

/* Within two points of the local machine, over splits of 37 to 142 rows. */
static void
check_set(const char *name, const struct qsvm_spec *q, size_t nclasses)
{
	struct dataset all = DATASET_INIT;
	double sum[2] = {0.0, 0.0};
	uint64_t split;
	struct task t;

	numbers_csv(&all, name);
	scale_columns(&all);
	open_task(&t, q, all.d, nclasses);
	for (split = 0; split < SPLITS; split++)
		compare(&t, &all, split, sum);
	print_message("%s, %s: local %.4f, federated %.4f\n", name,
	    landmark_kind_name((int)q->map), sum[0] / SPLITS, sum[1] / SPLITS);
	assert_true(sum[1] > sum[0] - 0.02 * SPLITS);
	task_close(&t);
	dataset_close(&all);
}

static void
test_federated(void **state)
{
	struct qsvm_spec q;

	(void)state;
	qsvm_spec_default(&q);
	check_set("iris", &q, 3);
	q.map = LANDMARK_Z;
	check_set("iris", &q, 3);
	q.map = LANDMARK_RY;
	q.reps = 1;
	q.scale = 1.0;
	check_set("iris", &q, 3);
	check_set("wine", &q, 3);
	check_set("breast_cancer", &q, 2);
}

static void
test_refused(void **state)
{
	struct qsvm_spec q;
	struct task_spec s = {.name = "qsvm",
	    .nfeatures = 4,
	    .nclasses = 2,
	    .head_scale = 1.0};
	double marks[4] = {0.0, 0.5, 1.5, 1.0};

	(void)state;
	assert_non_null(task_check(&s));
	s.qsvm = &q;
	qsvm_spec_default(&q);
	assert_null(task_check(&s));
	q.nlandmarks = 0;
	assert_string_equal(task_check(&s), "landmarks must be 1 to 256");
	q.nlandmarks = 1;
	q.landmarks = marks;
	assert_string_equal(task_check(&s),
	    "landmarks must lie inside the ranges");
	marks[2] = 0.0;
	assert_null(task_check(&s));
	s.nfeatures = 17;
	assert_non_null(task_check(&s));
	s.nfeatures = 4;
	q.ridge = 1.0;
	assert_non_null(task_check(&s));
	q.ridge = 0.0;
	s.head = TASK_HEAD_NONE;
	assert_non_null(task_check(&s));
	s.head = TASK_HEAD_LINEAR;
	s.output = TASK_REGRESSION;
	s.nclasses = 0;
	s.loss = TASK_SQUARED;
	assert_string_equal(task_check(&s), "qsvm tells classes apart");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_federated),
	    cmocka_unit_test(test_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
