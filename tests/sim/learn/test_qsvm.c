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
#include "sim/learn/partition.h"
#include "sim/learn/qsvm.h"
#include "sim/learn/split.h"
#include "sim/learn/svm.h"
#include "sim/learn/task.h"
#include "sim/learn/train.h"

#define NODES 4
#define ROUNDS 40
#define SPLITS 5
#define SPLITS_SMALL 25 /* one row of iris is 2.8 points of a split */
#define ROWS_SMALL 150
#define POOLED NODES
#define C 10.0

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

/* Who has which row: a quarter held out, the rest dealt evenly or by
 * Dirichlet(0.3), which leaves some nodes without some classes. */
static void
deal(const struct dataset *all, size_t nclasses, uint8_t number, bool skewed,
    int16_t *owner)
{
	const uint8_t seed[SPLIT_SEED_BYTES] = {9, number};
	const struct split s = {all->labels, all->n, nclasses, seed};

	assert_int_equal(split_heldout(&s, 25, owner), 0);
	if (skewed)
		assert_int_equal(partition_dirichlet(&s, NODES, 0.3, owner), 0);
	else
		assert_int_equal(split_iid(&s, NODES, owner), 0);
}

/* Rows of a node, SPLIT_HELDOUT, or POOLED: all nodes. */
static void
take(struct dataset *out, const struct dataset *all, const int16_t *owner,
    int who)
{
	uint32_t rows[1024];
	size_t i, n = 0;

	assert_true(all->n <= 1024);
	for (i = 0; i < all->n; i++) {
		if (owner[i] == who || (who == POOLED && owner[i] >= 0))
			rows[n++] = (uint32_t)i;
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

/* params += mean of the nodes' updates by their rows, in integers. */
static void
federated_round(const struct task *t, const struct dataset *nodes,
    struct train_hyper *h, int64_t *params)
{
	int64_t *delta = calloc(t->nparams, sizeof(*delta));
	int64_t *sum = calloc(t->nparams, sizeof(*sum));
	struct train_job job = {.task = t, .params = params, .hyper = h};
	struct train_metrics m;
	int64_t rows = 0;
	size_t k, i;

	assert_non_null(delta);
	assert_non_null(sum);
	for (k = 0; k < NODES; k++) {
		job.rows = &nodes[k];
		h->seed[0] = (uint8_t)k;
		assert_int_equal(train_local(&job, delta, &m), 0);
		for (i = 0; i < t->nparams; i++)
			sum[i] += delta[i] * (int64_t)nodes[k].n;
		rows += (int64_t)nodes[k].n;
	}
	for (i = 0; i < t->nparams; i++)
		params[i] += sum[i] / rows;
	free(delta);
	free(sum);
}

static double
federated(const struct task *t, const struct dataset *nodes,
    const struct dataset *test, uint32_t shots)
{
	int64_t *params = calloc(t->nparams, sizeof(*params));
	struct train_score score = {.confusion = NULL};
	struct train_hyper h;
	struct train_job job = {.task = t, .rows = test, .hyper = &h};

	assert_non_null(params);
	job.params = params;
	train_hyper_default(&h);
	/* Adam would make the steps of a node with one class as long as those
	 * of others. The decay is that of C = 10 and 200 rows. */
	h.optimiser = OPTIMISER_SGD;
	h.momentum = 0.9;
	h.steps = 20;
	h.lr = 0.05;
	h.lr_end = 0.01;
	h.nrounds = ROUNDS;
	h.l2 = 4e-3;
	h.shots = shots;
	h.method = shots > 0 ? TRAIN_SHIFT : TRAIN_ADJOINT;
	for (h.round = 0; h.round < ROUNDS; h.round++)
		federated_round(t, nodes, &h, params);
	assert_int_equal(train_evaluate(&job, &score), 0);
	free(params);
	return (double)score.correct / (double)score.rows;
}

struct trial {
	const char *name;
	enum landmark_kind map;
	uint32_t reps;
	double scale;
	size_t nclasses;
	bool skewed;
	uint32_t shots; /* of each kernel entry; 0: exact */
};

/* Both accuracies, added to sum. */
static void
compare(const struct task *t, const struct dataset *all, const int16_t *owner,
    uint32_t shots, double sum[static 2])
{
	const struct qsvm_spec *q = t->spec.qsvm;
	const struct landmark_map map = {q->map, t->spec.nfeatures, q->reps,
	    q->scale, NULL};
	struct dataset nodes[NODES], test, pooled;
	int k;

	take(&test, all, owner, SPLIT_HELDOUT);
	take(&pooled, all, owner, POOLED);
	for (k = 0; k < NODES; k++)
		take(&nodes[k], all, owner, k);
	assert_int_equal(test.n + pooled.n, all->n);
	sum[0] += local_machine(&map, &pooled, &test, t->spec.nclasses);
	sum[1] += federated(t, nodes, &test, shots);
	for (k = 0; k < NODES; k++)
		dataset_close(&nodes[k]);
	dataset_close(&test);
	dataset_close(&pooled);
}

/* How much the local machine is better, over splits of 36 to 142 rows. */
static double
run_trial(const struct trial *tr)
{
	struct dataset all = DATASET_INIT;
	double sum[2] = {0.0, 0.0};
	struct qsvm_spec q;
	int16_t owner[1024];
	struct task t;
	uint8_t splits, i;

	numbers_csv(&all, tr->name);
	scale_columns(&all);
	splits = tr->shots > 0    ? 2
	    : all.n <= ROWS_SMALL ? SPLITS_SMALL
				  : SPLITS;
	qsvm_spec_default(&q);
	q.map = tr->map;
	q.reps = tr->reps;
	q.scale = tr->scale;
	q.ridge = tr->shots > 0 ? 1.0 / 16.0 : 0.0;
	open_task(&t, &q, all.d, tr->nclasses);
	for (i = 0; i < splits; i++) {
		deal(&all, tr->nclasses, i, tr->skewed, owner);
		compare(&t, &all, owner, tr->shots, sum);
	}
	print_message("%s, %s, %s, %u shots: local %.4f, federated %.4f\n",
	    tr->name, landmark_kind_name((int)tr->map),
	    tr->skewed ? "Dirichlet" : "even", (unsigned)tr->shots,
	    sum[0] / splits, sum[1] / splits);
	task_close(&t);
	dataset_close(&all);
	return (sum[0] - sum[1]) / splits;
}

static void
test_federated(void **state)
{
	static const struct trial trials[] = {
	    {"iris", LANDMARK_Z, 2, 0.5, 3, false, 200},
	    {"iris", LANDMARK_ZZ, 2, 0.5, 3, false, 0},
	    {"iris", LANDMARK_Z, 2, 0.5, 3, false, 0},
	    {"iris", LANDMARK_RY, 1, 1.0, 3, false, 0},
	    {"wine", LANDMARK_RY, 1, 1.0, 3, false, 0},
	    {"breast_cancer", LANDMARK_RY, 1, 1.0, 2, false, 0},
	    {"iris", LANDMARK_ZZ, 2, 0.5, 3, true, 0},
	    {"iris", LANDMARK_RY, 1, 1.0, 3, true, 0},
	    {"wine", LANDMARK_RY, 1, 1.0, 3, true, 0},
	    {"breast_cancer", LANDMARK_RY, 1, 1.0, 2, true, 0},
	};
	size_t n = sizeof(trials) / sizeof(trials[0]), i;

	(void)state;
	for (i = 0; i < n; i++) {
		double lost = run_trial(&trials[i]);

		assert_true(lost < (trials[i].shots ? 0.05 : 0.02));
	}
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
