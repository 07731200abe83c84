/* Noisy training: sensitivity as integers, reproducible from its seed, and
 * nothing else about the rows in what it says. */
#include <assert.h>
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sim/learn/dataset.h"
#include "sim/learn/fit.h"
#include "sim/learn/private_gradient.h"
#include "sim/learn/task.h"
#include "sim/learn/train.h"
#include "sim/learn/train_state.h"
#include "tests/sim/learn/rows.h"

#define NROWS 50
#define PARAMS 64
#define Q24 16777216.0

struct fixture {
	struct dataset ds;
	struct task task;
	struct train_hyper hyper;
	struct train_privacy privacy;
	struct train_job job;
	struct train_metrics metrics;
	int64_t params[PARAMS];
	int64_t delta[PARAMS];
};

static void
fixture_open(struct fixture *f, const char *task)
{
	*f = (struct fixture){.ds = DATASET_INIT};
	rows_make(&f->ds, NROWS, 4, 3);
	rows_task(&f->task, task, &f->ds, 3, 2);
	assert_in_range(f->task.nparams, 1, PARAMS);
	train_hyper_default(&f->hyper);
	f->privacy = (struct train_privacy){.q_ppb = 300000000,
	    .sigma_milli = 1200,
	    .clip = 1 << 24,
	    .rows = 40,
	    .steps = 5,
	    .seed = {7}};
	task_init_params(&f->task, f->hyper.seed, f->params);
	f->job = (struct train_job){.task = &f->task,
	    .rows = &f->ds,
	    .params = f->params,
	    .hyper = &f->hyper,
	    .privacy = &f->privacy};
}

static void
fixture_close(struct fixture *f)
{
	task_close(&f->task);
	dataset_close(&f->ds);
}

/* One step's gradient on the first n rows. */
static void
gradient(struct fixture *f, size_t n, double *grad)
{
	double theta[PARAMS];
	struct private_gradient g;
	struct fit fit;
	size_t i, all = f->ds.n;

	for (i = 0; i < f->task.nparams; i++)
		theta[i] = (double)f->params[i] / Q24;
	f->ds.n = n;
	assert_int_equal(fit_open(&fit, &f->task,
			     &(struct fit_how){.nthreads = 1}),
	    0);
	assert_int_equal(fit_load(&fit, &f->ds), 0);
	assert_int_equal(private_gradient_open(&g, &f->privacy, n,
			     f->task.nparams),
	    0);
	private_gradient_step(&g, &fit, theta, grad);
	private_gradient_close(&g);
	fit_close(&fit);
	f->ds.n = all;
}

/* With every row taken and the same noise, one row more moves the sum by its
 * own clipped gradient: by at most clip, and by clip where it is cut. */
static void
test_sensitivity(void **state)
{
	static const int64_t clips[] = {1 << 14, 1 << 20, 1 << 24};
	double with[PARAMS], without[PARAMS], sum;
	struct fixture f;
	size_t k, i;
	unsigned cut = 0;

	(void)state;
	fixture_open(&f, "vqc");
	f.privacy.q_ppb = 1000000000;
	for (k = 0; k < 3; k++) {
		f.privacy.clip = clips[k];
		for (size_t n = NROWS - 8; n < NROWS; n++) {
			gradient(&f, n, without);
			gradient(&f, n + 1, with);
			sum = 0;
			for (i = 0; i < f.task.nparams; i++) {
				double d = (with[i] - without[i]) * 40 * Q24;

				sum += rint(d) * rint(d);
			}
			assert_true(sqrt(sum) <= (double)clips[k] + 1e-6);
			cut += sqrt(sum) > (double)clips[k] - 16;
		}
	}
	assert_true(cut >= 8);
	fixture_close(&f);
}

/* Next to no noise and no clip that cuts: the mean of the rows' gradients. */
static void
test_unbiased(void **state)
{
	double got[PARAMS], want[PARAMS], theta[PARAMS];
	uint32_t pick[NROWS];
	struct fixture f;
	struct fit fit;
	size_t i;

	(void)state;
	fixture_open(&f, "vqc");
	f.privacy.q_ppb = 1000000000;
	f.privacy.rows = NROWS;
	f.privacy.clip = INT64_C(1) << 29;
	f.privacy.sigma_milli = 1;
	gradient(&f, NROWS, got);
	for (i = 0; i < NROWS; i++)
		pick[i] = (uint32_t)i;
	for (i = 0; i < f.task.nparams; i++)
		theta[i] = (double)f.params[i] / Q24;
	assert_int_equal(fit_open(&fit, &f.task,
			     &(struct fit_how){.nthreads = 1}),
	    0);
	assert_int_equal(fit_load(&fit, &f.ds), 0);
	assert_int_equal(fit_gradient(&fit, theta, pick, NROWS, want), 0);
	/* 0.001 * 32 / 50 is the deviation. */
	for (i = 0; i < f.task.nparams; i++)
		assert_true(fabs(got[i] - want[i]) < 6 * 0.001 * 32 / NROWS);
	fit_close(&fit);
	fixture_close(&f);
}

/* Of coins and noise: means and spread over many steps. */
static void
test_statistics(void **state)
{
	enum { STEPS = 400 };
	double grad[PARAMS], sum = 0, squares = 0, want, n;
	struct fixture f;
	size_t i;
	int k;

	(void)state;
	fixture_open(&f, "linear");
	f.privacy.clip = 1 << 14; /* a thousandth: rows hardly show */
	f.privacy.sigma_milli = 1000000;
	for (k = 0; k < STEPS; k++) {
		f.privacy.seed[1] = (uint8_t)k;
		f.privacy.seed[2] = (uint8_t)(k >> 8);
		gradient(&f, NROWS, grad);
		for (i = 0; i < f.task.nparams; i++) {
			sum += grad[i];
			squares += grad[i] * grad[i];
		}
	}
	n = (double)STEPS * (double)f.task.nparams;
	want = 1000 * 0x1p-10 / (0.3 * 40); /* sigma clip over q rows */
	assert_true(fabs(sum / n) < 5 * want / sqrt(n));
	assert_true(fabs(squares / n / (want * want) - 1) < 5 * sqrt(2 / n));
	fixture_close(&f);
}

static void
test_reproducible(void **state)
{
	int64_t first[PARAMS];
	struct fixture f;
	struct train_state s;

	(void)state;
	fixture_open(&f, "vqc");
	assert_int_equal(train_local(&f.job, first, &f.metrics), 0);
	assert_int_equal(f.metrics.rows, 40);
	assert_int_equal(f.metrics.steps, 5);
	assert_int_equal(f.metrics.correct_before, 0);
	assert_int_equal(f.metrics.correct_after, 0);
	assert_true(f.metrics.loss_before == 0 && f.metrics.loss_after == 0);
	f.hyper.threads = 3;
	f.hyper.isa = LANES_PLAIN;
	/* Batches are not looked at. */
	f.hyper.batch = 3;
	f.hyper.epochs = 9;
	assert_int_equal(train_local(&f.job, f.delta, &f.metrics), 0);
	assert_memory_equal(f.delta, first, f.task.nparams * sizeof(first[0]));
	/* Recorded: the same with any compiler, on any machine. */
	assert_int_equal(rows_hash(first, f.task.nparams), 0xccc22b055adf4b9c);
	f.privacy.seed[31] ^= 1;
	assert_int_equal(train_local(&f.job, f.delta, &f.metrics), 0);
	assert_memory_not_equal(f.delta, first,
	    f.task.nparams * sizeof(first[0]));
	f.privacy.seed[31] ^= 1;
	f.privacy.stream = 2;
	assert_int_equal(train_local(&f.job, f.delta, &f.metrics), 0);
	assert_memory_not_equal(f.delta, first,
	    f.task.nparams * sizeof(first[0]));
	/* With a state, too: its momentum is made of noisy gradients. */
	assert_int_equal(train_state_init(&s, f.task.nparams), 0);
	f.job.state = &s;
	f.hyper.worker = 0.9;
	assert_int_equal(train_local(&f.job, f.delta, &f.metrics), 0);
	assert_int_equal(s.steps, 5);
	train_state_close(&s);
	fixture_close(&f);
}

/* From the parameters given, wherever they are. */
static void
test_goes_on(void **state)
{
	struct fixture f;
	size_t i;

	(void)state;
	fixture_open(&f, "vqc");
	for (i = 0; i < f.task.nparams; i++)
		f.params[i] += 1 << 24;
	f.hyper.lr = 1e-6;
	f.hyper.lr_end = 0;
	assert_int_equal(train_local(&f.job, f.delta, &f.metrics), 0);
	for (i = 0; i < f.task.nparams; i++)
		assert_true(llabs(f.delta[i]) < 1000 && f.delta[i] != 0);
	fixture_close(&f);
}

/* With little noise it learns. */
static void
test_learns(void **state)
{
	struct train_score before = {0}, after = {0};
	struct fixture f;
	size_t i;

	(void)state;
	fixture_open(&f, "linear");
	f.privacy.sigma_milli = 300;
	f.privacy.steps = 200;
	f.hyper.lr = 0.05;
	assert_int_equal(train_evaluate(&f.job, &before), 0);
	assert_int_equal(train_local(&f.job, f.delta, &f.metrics), 0);
	for (i = 0; i < f.task.nparams; i++)
		f.params[i] += f.delta[i];
	assert_int_equal(train_evaluate(&f.job, &after), 0);
	assert_true(after.loss < 0.8 * before.loss);
	fixture_close(&f);
}

static void
test_refused(void **state)
{
	static const enum optimiser_kind others[] = {OPTIMISER_SPSA,
	    OPTIMISER_NATURAL, OPTIMISER_ROTOSOLVE};
	struct fixture f;
	size_t i;

	(void)state;
	fixture_open(&f, "vqc");
	for (i = 0; i < 3; i++) {
		f.hyper.optimiser = others[i];
		assert_int_equal(train_local(&f.job, f.delta, &f.metrics),
		    -ENOTSUP);
	}
	f.hyper.optimiser = OPTIMISER_ADAM;
	f.hyper.method = TRAIN_SHIFT;
	assert_int_equal(train_local(&f.job, f.delta, &f.metrics), -ENOTSUP);
	f.hyper.method = TRAIN_ADJOINT;
	assert_int_equal(train_local(&f.job, f.delta, &f.metrics), 0);
	f.privacy.clip = 0;
	assert_int_equal(train_local(&f.job, f.delta, &f.metrics), -EINVAL);
	f.privacy.clip = INT64_C(1) << 28; /* times 1.2 */
	assert_int_equal(train_local(&f.job, f.delta, &f.metrics), -EINVAL);
	f.privacy.clip = 1 << 24;
	f.privacy.q_ppb = 0;
	assert_int_equal(train_local(&f.job, f.delta, &f.metrics), -EINVAL);
	fixture_close(&f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_sensitivity),
	    cmocka_unit_test(test_unbiased),
	    cmocka_unit_test(test_statistics),
	    cmocka_unit_test(test_reproducible),
	    cmocka_unit_test(test_goes_on),
	    cmocka_unit_test(test_learns),
	    cmocka_unit_test(test_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
