/* Local training: rounding, clipping, bounds, schedule, refusals. */
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
#include "sim/learn/task.h"
#include "sim/learn/train.h"
#include "sim/learn/train_state.h"
#include "tests/sim/learn/rows.h"

#define NROWS 90

__extension__ typedef unsigned __int128 wide;

struct fixture {
	struct dataset ds;
	struct task task;
	struct train_hyper hyper;
	struct train_job job;
	struct train_metrics metrics;
	int64_t *params;
	int64_t *delta;
};

static void
fixture_open(struct fixture *f)
{
	rows_make(&f->ds, NROWS, 4, 3);
	rows_task(&f->task, "vqc", &f->ds, 3, 2);
	f->params = calloc(f->task.nparams, sizeof(*f->params));
	f->delta = calloc(f->task.nparams, sizeof(*f->delta));
	assert_true(f->params != NULL && f->delta != NULL);
	train_hyper_default(&f->hyper);
	task_init_params(&f->task, f->hyper.seed, f->params);
	f->job = (struct train_job){.task = &f->task,
	    .rows = &f->ds,
	    .params = f->params,
	    .hyper = &f->hyper};
}

static void
fixture_close(struct fixture *f)
{
	free(f->params);
	free(f->delta);
	task_close(&f->task);
	dataset_close(&f->ds);
}

static int
train(struct fixture *f)
{
	return train_local(&f->job, f->delta, &f->metrics);
}

static wide
square_sum(const struct fixture *f)
{
	wide sum = 0;
	size_t i;

	for (i = 0; i < f->task.nparams; i++) {
		int64_t d = f->delta[i];
		uint64_t u = d < 0 ? 0 - (uint64_t)d : (uint64_t)d;

		sum += (wide)u * u;
	}
	return sum;
}

static void
test_learns(void **state)
{
	struct train_score score = {.guess = NULL};
	struct fixture f;
	size_t i;

	(void)state;
	fixture_open(&f);
	assert_int_equal(train(&f), 0);
	assert_int_equal(f.metrics.rows, NROWS);
	assert_true(f.metrics.loss_after < 0.5 * f.metrics.loss_before);
	assert_true(f.metrics.correct_after > 80);
	assert_false(f.metrics.clipped);
	assert_true(fabs(sqrt((double)square_sum(&f)) * 0x1p-24 -
			f.metrics.norm) < 1e-5);
	/* The metrics are those of what is sent, not of the doubles. */
	for (i = 0; i < f.task.nparams; i++)
		f.params[i] += f.delta[i];
	assert_int_equal(train_evaluate(&f.job, &score), 0);
	assert_true(score.loss == f.metrics.loss_after);
	assert_int_equal(score.correct, f.metrics.correct_after);
	fixture_close(&f);
}

/* Whatever the clip, the integers obey it exactly. */
static void
test_clip(void **state)
{
	static const int64_t clip[] = {1, 2, 7, 100, 12345, 1 << 20, 1 << 24};
	struct fixture f;
	size_t i;

	(void)state;
	fixture_open(&f);
	for (i = 0; i < sizeof(clip) / sizeof(clip[0]); i++) {
		f.hyper.clip_l2 = clip[i];
		assert_int_equal(train(&f), 0);
		assert_true(f.metrics.clipped);
		assert_true(square_sum(&f) <=
		    (wide)((uint64_t)clip[i]) * (uint64_t)clip[i]);
		/* and is not much smaller than allowed */
		if (clip[i] > 10000)
			assert_true(sqrt((double)square_sum(&f)) >
			    0.999 * (double)clip[i]);
	}
	f.hyper.clip_l2 = INT64_C(1) << 40;
	assert_int_equal(train(&f), 0);
	assert_false(f.metrics.clipped);
	fixture_close(&f);
}

static void
test_bound(void **state)
{
	struct fixture f;
	size_t i, at = 0;

	(void)state;
	fixture_open(&f);
	f.hyper.bound = 1 << 20;
	assert_int_equal(train(&f), 0);
	assert_true(f.metrics.clipped);
	for (i = 0; i < f.task.nparams; i++) {
		assert_true(f.delta[i] <= 1 << 20 && f.delta[i] >= -(1 << 20));
		at += f.delta[i] == 1 << 20 || f.delta[i] == -(1 << 20);
	}
	assert_true(at > 0);
	fixture_close(&f);
}

static void
test_round_even(void **state)
{
	(void)state;
	assert_true(train_round_even(0.5) == 0);
	assert_true(train_round_even(1.5) == 2);
	assert_true(train_round_even(2.5) == 2);
	assert_true(train_round_even(-0.5) == 0);
	assert_true(train_round_even(-1.5) == -2);
	assert_true(train_round_even(-2.5) == -2);
	assert_true(train_round_even(-2.6) == -3);
	assert_true(train_round_even(2.4999999999999996) == 2);
	assert_true(train_round_even(0x1p60) == INT64_C(1) << 60);
}

static void
test_rate(void **state)
{
	struct train_hyper h;

	(void)state;
	train_hyper_default(&h);
	h.lr = 1.0;
	h.lr_end = 0.2;
	assert_true(train_rate(&h) == 1.0);
	h.nrounds = 5;
	assert_true(train_rate(&h) == 1.0);
	h.round = 2;
	assert_true(fabs(train_rate(&h) - 0.6) < 1e-15);
	h.round = 4;
	assert_true(train_rate(&h) == 0.2);
	h.round = 99;
	assert_true(train_rate(&h) == 0.2);
}

/* Carried moments: two calls of 5 steps on all rows = one of 10. */
static void
test_carry(void **state)
{
	int64_t once[64], twice[64];
	size_t size;
	struct train_state kept;
	struct fixture f;
	size_t i;

	(void)state;
	fixture_open(&f);
	assert_true(f.task.nparams <= 64);
	size = f.task.nparams * sizeof(once[0]);
	f.hyper.batch = NROWS;
	f.hyper.steps = 10;
	assert_int_equal(train(&f), 0);
	memcpy(once, f.delta, size);
	f.hyper.steps = 5;
	assert_int_equal(train_state_init(&kept, f.task.nparams), 0);
	f.job.state = &kept;
	assert_int_equal(train(&f), 0);
	memcpy(twice, f.delta, size);
	for (i = 0; i < f.task.nparams; i++)
		f.params[i] += f.delta[i];
	assert_int_equal(train(&f), 0);
	for (i = 0; i < f.task.nparams; i++)
		assert_true(llabs(once[i] - twice[i] - f.delta[i]) < 16);
	train_state_close(&kept);
	assert_int_equal(train_state_init(&kept, 3), 0);
	assert_int_equal(train(&f), -EINVAL);
	train_state_close(&kept);
	fixture_close(&f);
}

static bool
stop_third(void *arg)
{
	int *calls = arg;

	return ++*calls == 3;
}

static void
test_stop(void **state)
{
	struct fixture f;
	int calls = 0;

	(void)state;
	fixture_open(&f);
	f.job.stop = stop_third;
	f.job.stop_arg = &calls;
	assert_int_equal(train(&f), -ECANCELED);
	assert_int_equal(calls, 3);
	fixture_close(&f);
}

static void
test_seed_matters(void **state)
{
	struct fixture f;
	uint64_t a, b;

	(void)state;
	fixture_open(&f);
	assert_int_equal(train(&f), 0);
	a = rows_hash(f.delta, f.task.nparams);
	f.hyper.seed[5] = 1;
	assert_int_equal(train(&f), 0);
	b = rows_hash(f.delta, f.task.nparams);
	assert_true(a != b);
	/* One cell of one row, changed by little, changes the update. */
	f.ds.features[17] += 1e-3;
	assert_int_equal(train(&f), 0);
	assert_true(b != rows_hash(f.delta, f.task.nparams));
	fixture_close(&f);
}

static void
test_few_rows(void **state)
{
	struct fixture f;

	(void)state;
	fixture_open(&f);
	f.ds.n = 1;
	assert_int_equal(train(&f), 0);
	assert_int_equal(f.metrics.rows, 1);
	f.ds.n = 0;
	assert_int_equal(train(&f), -EINVAL);
	f.ds.n = NROWS;
	f.ds.labels[4] = 3;
	assert_int_equal(train(&f), -EINVAL);
	f.ds.labels[4] = 0;
	f.ds.features[2] = (double)NAN;
	assert_int_equal(train(&f), -EDOM);
	fixture_close(&f);
}

/* A sum that int64 cannot hold is refused, not wrapped. */
static void
test_overflow(void **state)
{
	struct fixture f;
	size_t i;

	(void)state;
	fixture_open(&f);
	for (i = 0; i < f.task.nangles; i++)
		f.params[i] = INT64_MAX;
	assert_int_equal(train(&f), -EDOM);
	for (i = 0; i < f.task.nangles; i++)
		f.params[i] = INT64_MIN;
	assert_int_equal(train(&f), -EDOM);
	fixture_close(&f);
}

static void
check_hyper(struct train_hyper h, const char *word)
{
	const char *why = train_hyper_check(&h);

	assert_non_null(why);
	assert_non_null(strstr(why, word));
}

static void
test_hyper_check(void **state)
{
	struct train_hyper h, d;

	(void)state;
	train_hyper_default(&d);
	assert_null(train_hyper_check(&d));
	h = d;
	h.lr = (double)NAN;
	check_hyper(h, "lr");
	h = d;
	h.lr_end = -1.0;
	check_hyper(h, "lr_end");
	h = d;
	h.steps = 0;
	check_hyper(h, "steps");
	h = d;
	h.batch = 0;
	check_hyper(h, "batch");
	h = d;
	h.threads = 65;
	check_hyper(h, "threads");
	h = d;
	h.beta1 = 1.0;
	check_hyper(h, "beta1");
	h = d;
	h.eps = 0.0;
	check_hyper(h, "eps");
	h = d;
	h.l2 = -0.1;
	check_hyper(h, "l2");
	h = d;
	h.clip_l2 = -1;
	check_hyper(h, "clip_l2");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_learns),
	    cmocka_unit_test(test_clip),
	    cmocka_unit_test(test_bound),
	    cmocka_unit_test(test_round_even),
	    cmocka_unit_test(test_rate),
	    cmocka_unit_test(test_carry),
	    cmocka_unit_test(test_stop),
	    cmocka_unit_test(test_seed_matters),
	    cmocka_unit_test(test_few_rows),
	    cmocka_unit_test(test_overflow),
	    cmocka_unit_test(test_hyper_check),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
