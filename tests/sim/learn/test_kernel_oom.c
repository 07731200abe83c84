/*
 * Memory that runs out at the k-th request, k = 1, 2, ..., until kernels and
 * components pass: each time a clean -ENOMEM, nothing left allocated (the
 * sanitizers look).
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sim/learn/dataset.h"
#include "sim/learn/linalg.h"
#include "sim/learn/phase.h"
#include "sim/learn/qpca.h"
#include "sim/learn/qpca_density.h"
#include "sim/learn/qsvm.h"
#include "sim/learn/qsvm_align.h"
#include "sim/learn/svm.h"
#include "sim/learn/task.h"
#include "sim/learn/train.h"
#include "sim/learn/vqse.h"
#include "tests/oom.h"
#include "tests/sim/learn/rows.h"

#define ROWS 20
#define COLUMNS 4

static struct dataset rows;

static int
train(const struct task_spec *spec)
{
	int64_t params[64] = {0}, delta[64];
	struct train_score score = {.confusion = NULL};
	struct dataset out = DATASET_INIT;
	struct train_metrics m;
	struct train_hyper h;
	struct task t;
	struct train_job job = {.task = &t,
	    .rows = &rows,
	    .params = params,
	    .hyper = &h};
	int rc = task_init(&t, spec);

	if (rc < 0)
		return rc;
	train_hyper_default(&h);
	h.steps = 2;
	rc = train_local(&job, delta, &m);
	if (rc == 0)
		rc = train_evaluate(&job, &score);
	if (rc == 0 && t.ops->project != NULL)
		rc = t.ops->project(&t, params, &rows, &out);
	dataset_close(&out);
	task_close(&t);
	return rc;
}

static int
run_qsvm(void)
{
	const double scales[COLUMNS] = {1.0, 0.5, 0.2, 0.1};
	struct qsvm_spec q;
	const struct task_spec spec = {.name = "qsvm",
	    .nfeatures = COLUMNS,
	    .nclasses = 3,
	    .head_scale = 1.0,
	    .loss = TASK_HINGE,
	    .qsvm = &q};
	int rc;

	qsvm_spec_default(&q);
	q.nlandmarks = 5;
	q.scales = scales;
	rc = train(&spec);
	q.map = LANDMARK_RY;
	return rc == 0 ? train(&spec) : rc;
}

static int
run_qpca(void)
{
	const double means[COLUMNS] = {0.5, 0.5, 0.5, 0.5};
	struct qpca_spec q;
	const struct task_spec spec = {.name = "qpca",
	    .nfeatures = COLUMNS,
	    .output = TASK_NOTHING,
	    .qpca = &q};

	qpca_spec_default(&q);
	q.min_rows = 5;
	q.means = means;
	return train(&spec);
}

static int
run_machine(void)
{
	const struct landmark_map map = {LANDMARK_ZZ, COLUMNS, 2, 1.0, NULL};
	const struct qsvm_align_rows r = {{rows.features, ROWS}, rows.labels,
	    3};
	double scales[COLUMNS] = {0.3, 0.3, 0.3, 0.3}, k[ROWS * ROWS];
	const struct svm_rows learn = {k, rows.labels, ROWS, 3};
	struct qsvm_aligned got;
	struct svm s;
	int rc = qsvm_align(&map, &r, 1, scales, &got);

	if (rc == 0)
		rc = landmark_kernel(&map, &r.rows, &r.rows, k, NULL);
	if (rc == 0)
		rc = svm_fit(&s, &learn, 10.0, 1e-3);
	if (rc == 0)
		svm_close(&s);
	return rc;
}

static int
run_density(void)
{
	struct vqse_search how = {1, 3, {0}};
	double values[4], u[16], p[8], theta[64], sigma[32] = {1.0}, d;
	struct phase_lmr l = {.n = 4, .time = 1.0, .steps = 1};
	struct vqse_found found;
	struct qpca_density r;
	struct vqse v;
	int rc = qpca_density_init(&r, &rows, QPCA_COVARIANCE, true);

	if (rc < 0)
		return rc;
	l.rho = r.rho;
	rc = linalg_eigen(r.rho, 4, values, u);
	if (rc == 0)
		rc = phase_outcomes_by_copies(values, 4, 3, 9, p);
	if (rc == 0)
		rc = phase_lmr_run(&l, sigma);
	if (rc == 0)
		rc = phase_lmr_exact(&l, sigma);
	if (rc == 0)
		rc = phase_distance(sigma, sigma, 4, &d);
	if (rc == 0)
		rc = vqse_init(&v, r.rho, 2, VQSE_REAL, 2);
	if (rc == 0) {
		rc = vqse_search(&v, &how, theta, &found);
		if (rc == 0)
			rc = vqse_overlap(&v, theta, u, 0, &d);
		vqse_close(&v);
	}
	qpca_density_close(&r);
	return rc;
}

/* Until it passes: always -ENOMEM before. */
static void
check(int (*run)(void), size_t least)
{
	size_t k;
	int rc = -ENOMEM;

	for (k = 1; rc != 0; k++) {
		oom_arm(k);
		rc = run();
		oom_disarm();
		if (rc != 0 && rc != -ENOMEM)
			fail_msg("request %zu: %d", k, rc);
		assert_true(k < 5000);
	}
	assert_true(k > least);
}

static void
test_all(void **state)
{
	(void)state;
	rows_make(&rows, ROWS, COLUMNS, 3);
	check(run_qsvm, 40);
	check(run_qpca, 15);
	check(run_machine, 30);
	check(run_density, 20);
	dataset_close(&rows);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
