/* What a federation may ask of a local training, each against its formula. */
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

#include "sim/learn/batches.h"
#include "sim/learn/dataset.h"
#include "sim/learn/fit.h"
#include "sim/learn/task.h"
#include "sim/learn/train.h"
#include "sim/learn/train_state.h"
#include "tests/sim/learn/rows.h"

#define NROWS 50
#define Q24 16777216.0

struct fixture {
	struct dataset ds;
	struct task task;
	struct train_hyper hyper;
	struct train_state state;
	struct train_job job;
	struct train_metrics metrics;
	int64_t params[64];
	int64_t delta[64];
};

static void
fixture_open(struct fixture *f)
{
	rows_make(&f->ds, NROWS, 4, 3);
	rows_task(&f->task, "vqc", &f->ds, 3, 2);
	assert_in_range(f->task.nparams, 1, 64);
	train_hyper_default(&f->hyper);
	f->hyper.steps = 3;
	f->hyper.batch = 20;
	task_init_params(&f->task, f->hyper.seed, f->params);
	assert_int_equal(train_state_init(&f->state, f->task.nparams), 0);
	f->job = (struct train_job){.task = &f->task,
	    .rows = &f->ds,
	    .params = f->params,
	    .hyper = &f->hyper,
	    .state = &f->state};
}

static void
fixture_close(struct fixture *f)
{
	train_state_close(&f->state);
	task_close(&f->task);
	dataset_close(&f->ds);
}

static void
train(struct fixture *f)
{
	assert_int_equal(train_local(&f->job, f->delta, &f->metrics), 0);
}

/* The gradient of rows pick[n] at the parameters. */
static void
gradient(struct fixture *f, const uint32_t *pick, size_t n, double *grad)
{
	double theta[64];
	struct fit fit;
	size_t i;

	for (i = 0; i < f->task.nparams; i++)
		theta[i] = (double)f->params[i] / Q24;
	assert_int_equal(fit_open(&fit, &f->task,
			     &(struct fit_how){.nthreads = 1}),
	    0);
	assert_int_equal(fit_load(&fit, &f->ds), 0);
	assert_int_equal(fit_gradient(&fit, theta, pick, n, grad), 0);
	fit_close(&fit);
}

static void
check_batch(struct batches *b, uint32_t first, size_t n)
{
	const uint32_t *rows;
	size_t i;

	assert_int_equal(batches_next(b, &rows), n);
	for (i = 0; i < n; i++)
		assert_int_equal(rows[i], first + i);
}

static void
test_in_order(void **state)
{
	struct train_hyper h;
	struct batches b;

	(void)state;
	train_hyper_default(&h);
	h.order = TRAIN_IN_ORDER;
	h.batch = 20;
	assert_int_equal(batches_init(&b, &h, 50, 0), 0);
	check_batch(&b, 0, 20);
	check_batch(&b, 20, 20);
	check_batch(&b, 40, 10);
	check_batch(&b, 0, 20);
	batches_rewind(&b, &h, 90);
	check_batch(&b, 40, 10);
	check_batch(&b, 0, 20);
	batches_close(&b);
	h.batch = 64;
	assert_int_equal(batches_init(&b, &h, 50, 0), 0);
	check_batch(&b, 0, 50);
	check_batch(&b, 0, 50);
	batches_close(&b);
	h.epochs = 3;
	h.batch = 20;
	assert_true(train_steps(&h, 50) == 9);
	h.order = TRAIN_SHUFFLED;
	assert_true(train_steps(&h, 50) == 6);
	h.epochs = 0;
	assert_true(train_steps(&h, 50) == 40);
}

/* Two calls of one step with carried state and rows in order are one call of
 * two, but for the rounding between them. */
static void
test_carried_place(void **state)
{
	int64_t once[64];
	struct fixture f;
	size_t i;

	(void)state;
	fixture_open(&f);
	f.hyper.order = TRAIN_IN_ORDER;
	f.hyper.steps = 4;
	train(&f);
	assert_int_equal(f.metrics.steps, 4);
	assert_true(f.state.at == 20 && f.state.steps == 4);
	memcpy(once, f.delta, sizeof(once));
	train_state_close(&f.state);
	assert_int_equal(train_state_init(&f.state, f.task.nparams), 0);
	for (i = 0; i < f.task.nparams; i++)
		once[i] += f.params[i];
	f.hyper.steps = 1;
	for (f.hyper.round = 0; f.hyper.round < 4; f.hyper.round++) {
		f.hyper.score_max = f.hyper.round % 2 ? 1 : 0;
		train(&f);
		for (i = 0; i < f.task.nparams; i++)
			f.params[i] += f.delta[i];
	}
	for (i = 0; i < f.task.nparams; i++)
		assert_true(llabs(once[i] - f.params[i]) < 64);
	fixture_close(&f);
}

/* Only the rows looked at are made ready: the same update. */
static void
test_score_max(void **state)
{
	struct fixture f;
	uint64_t all;

	(void)state;
	fixture_open(&f);
	f.hyper.steps = 2;
	train(&f);
	assert_int_equal(f.metrics.scored, NROWS);
	all = rows_hash(f.delta, f.task.nparams);
	train_state_close(&f.state);
	assert_int_equal(train_state_init(&f.state, f.task.nparams), 0);
	f.hyper.score_max = 7;
	train(&f);
	assert_int_equal(f.metrics.scored, 7);
	assert_int_equal(f.metrics.rows, NROWS);
	assert_true(rows_hash(f.delta, f.task.nparams) == all);
	fixture_close(&f);
}

static void
test_proximal(void **state)
{
	double theta, g[64];
	struct fixture f;
	uint32_t pick[NROWS];
	size_t i;

	(void)state;
	fixture_open(&f);
	f.hyper.optimiser = OPTIMISER_SGD;
	f.hyper.order = TRAIN_IN_ORDER;
	f.hyper.batch = NROWS;
	f.hyper.lr = 0.1;
	f.hyper.steps = 2;
	f.hyper.proximal = 3.0;
	for (i = 0; i < NROWS; i++)
		pick[i] = (uint32_t)i;
	gradient(&f, pick, NROWS, g);
	train(&f);
	/* The second step: its own gradient, and 3 x what the first moved. */
	for (i = 0; i < f.task.nparams; i++)
		f.params[i] += train_round_even(-0.1 * g[i] * Q24);
	{
		double g2[64];

		gradient(&f, pick, NROWS, g2);
		for (i = 0; i < f.task.nparams; i++) {
			theta = -0.1 * g[i];
			theta -= 0.1 * (g2[i] + 3.0 * theta);
			assert_true(
			    fabs(theta * Q24 - (double)f.delta[i]) < 2.0);
		}
	}
	fixture_close(&f);
}

/* c_i+ is the mean gradient; a step goes along g - c_i + c. */
static void
test_scaffold(void **state)
{
	int64_t control[64], change[64];
	uint32_t pick[NROWS];
	struct fixture f;
	double g[64];
	size_t i;

	(void)state;
	fixture_open(&f);
	f.hyper.optimiser = OPTIMISER_SGD;
	f.hyper.order = TRAIN_IN_ORDER;
	f.hyper.batch = NROWS;
	f.hyper.lr = 0.5;
	f.hyper.steps = 1;
	f.job.control = control;
	assert_int_equal(train_local(&f.job, f.delta, &f.metrics), -EINVAL);
	f.job.control_delta = change;
	for (i = 0; i < f.task.nparams; i++) {
		control[i] = (int64_t)(i * 7919 % 1000) * 1000;
		f.state.control[i] = -(int64_t)(i * 104729 % 1000) * 1000;
	}
	for (i = 0; i < NROWS; i++)
		pick[i] = (uint32_t)i;
	gradient(&f, pick, NROWS, g);
	train(&f);
	for (i = 0; i < f.task.nparams; i++) {
		double was = -(double)(i * 104729 % 1000) * 1000.0;
		double step = g[i] + ((double)control[i] - was) / Q24;

		assert_true(fabs(-0.5 * step * Q24 - (double)f.delta[i]) < 1.0);
		assert_true(fabs(g[i] * Q24 - was - (double)change[i]) < 1.0);
		assert_true(
		    fabs(g[i] * Q24 - (double)f.state.control[i]) < 1.0);
	}
	f.job.state = NULL;
	assert_int_equal(train_local(&f.job, f.delta, &f.metrics), -EINVAL);
	fixture_close(&f);
}

static void
test_worker_momentum(void **state)
{
	int64_t plain[64];
	struct fixture f;
	size_t i;

	(void)state;
	fixture_open(&f);
	train(&f);
	memcpy(plain, f.delta, sizeof(plain));
	train_state_close(&f.state);
	assert_int_equal(train_state_init(&f.state, f.task.nparams), 0);
	f.hyper.worker = 0.75;
	train(&f); /* a first update is a whole one */
	for (i = 0; i < f.task.nparams; i++)
		assert_true(fabs((double)(plain[i] - f.delta[i])) < 2.0);
	train_state_close(&f.state);
	assert_int_equal(train_state_init(&f.state, f.task.nparams), 0);
	f.state.fading = 0.5; /* older ones have a part in it */
	for (i = 0; i < f.task.nparams; i++)
		f.state.momentum[i] = 1000.0 * (double)i;
	train(&f);
	for (i = 0; i < f.task.nparams; i++) {
		double here = 0.25 * (double)f.job.params[i];

		assert_true(fabs((0.25 * ((double)plain[i] + here) +
				     750.0 * (double)i) /
				    0.625 -
				here - (double)f.delta[i]) < 2.0);
	}
	assert_true(f.state.fading == 0.375);
	f.job.state = NULL;
	assert_int_equal(train_local(&f.job, f.delta, &f.metrics), -EINVAL);
	fixture_close(&f);
}

static void
test_layerwise(void **state)
{
	struct fixture f;
	size_t i, round;

	(void)state;
	fixture_open(&f);
	f.hyper.layerwise = true;
	f.hyper.nrounds = 8;
	for (round = 0; round < 8; round++) {
		size_t open = round < 2 ? 12 : 24, still = 0;

		f.hyper.round = (uint32_t)round;
		train(&f);
		for (i = 0; i < 24; i++)
			still += f.delta[i] == 0;
		/* The last layer's RZ before its ring of CNOTs may turn
		 * nothing; what is held back does not move at all. */
		assert_true(still >= 24 - open);
		assert_true(f.delta[0] != 0 || round > 2);
		if (round >= 2)
			assert_true(still < 12);
	}
	fixture_close(&f);
}

static void
test_schedules(void **state)
{
	struct train_hyper h;

	(void)state;
	train_hyper_default(&h);
	h.lr = 0.8;
	h.nrounds = 100;
	h.schedule = TRAIN_CONSTANT;
	h.round = 70;
	assert_true(train_rate(&h) == 0.8);
	h.schedule = TRAIN_STEP;
	h.every = 30;
	h.factor = 0.5;
	assert_true(train_rate(&h) == 0.2);
	h.round = 0;
	h.warmup = 3;
	assert_true(train_rate(&h) == 0.2);
	h.round = 2;
	assert_true(fabs(train_rate(&h) - 0.6) < 1e-15);
	h.round = 3;
	assert_true(train_rate(&h) == 0.8);
	h.every = 1;
	h.round = 4000000000u;
	assert_true(train_rate(&h) == 0.0);
	h.every = 0;
	assert_non_null(strstr(train_hyper_check(&h), "every"));
}

static void
test_state_bytes(void **state)
{
	uint8_t *a, *b;
	struct train_state other;
	struct fixture f;
	size_t n;

	(void)state;
	fixture_open(&f);
	f.hyper.worker = 0.5;
	train(&f);
	n = train_state_size(f.task.nparams);
	a = calloc(n, 1);
	b = calloc(n, 1);
	assert(a != NULL && b != NULL);
	train_state_write(&f.state, a);
	assert_int_equal(train_state_init(&other, f.task.nparams), 0);
	train_state_write(&other, b);
	assert_memory_not_equal(a, b, n);
	assert_int_equal(train_state_read(&other, a, n - 1), -EINVAL);
	assert_int_equal(train_state_read(&other, a, n), 0);
	train_state_write(&other, b);
	assert_memory_equal(a, b, n);
	b[40] = 0x7f; /* an infinite moment */
	b[41] = 0xf0;
	memset(b + 42, 0, 6);
	assert_int_equal(train_state_read(&other, b, n), -EINVAL);
	train_state_write(&other, b);
	assert_memory_equal(a, b, n);
	free(a);
	free(b);
	train_state_close(&other);
	fixture_close(&f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_in_order),
	    cmocka_unit_test(test_carried_place),
	    cmocka_unit_test(test_score_max),
	    cmocka_unit_test(test_proximal),
	    cmocka_unit_test(test_scaffold),
	    cmocka_unit_test(test_worker_momentum),
	    cmocka_unit_test(test_layerwise),
	    cmocka_unit_test(test_schedules),
	    cmocka_unit_test(test_state_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
