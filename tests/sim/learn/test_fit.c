/* The loss's gradient against finite differences, for both tasks. */
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
#include "sim/learn/task.h"
#include "sim/learn/train.h"
#include "tests/sim/learn/rows.h"

#define NROWS 37 /* not a multiple of a group or of a block */

static double
loss(struct fit *f, const double *theta)
{
	struct train_score score = {.guess = NULL};

	assert_int_equal(fit_score(f, theta, &score), 0);
	return score.loss;
}

static void
check_gradient(const char *name, size_t d, size_t nclasses)
{
	double *theta, *grad, was, up;
	const double h = 1e-5;
	uint32_t pick[NROWS];
	struct dataset ds;
	struct task t;
	struct fit f;
	size_t i;

	rows_make(&ds, NROWS, d, nclasses);
	rows_task(&t, name, &ds, nclasses, 3);
	assert_int_equal(fit_open(&f, &t, &(struct fit_how){.nthreads = 1}), 0);
	assert_int_equal(fit_load(&f, &ds), 0);
	theta = calloc(t.nparams, sizeof(*theta));
	grad = calloc(t.nparams, sizeof(*grad));
	assert_true(theta != NULL && grad != NULL);
	for (i = 0; i < t.nparams; i++)
		theta[i] = (double)(i * 37 % 101) * 0.02 - 1.0;
	for (i = 0; i < NROWS; i++)
		pick[i] = (uint32_t)(NROWS - 1 - i);
	assert_int_equal(fit_gradient(&f, theta, pick, NROWS, grad), 0);
	for (i = 0; i < t.nparams; i++) {
		was = theta[i];
		theta[i] = was + h;
		up = loss(&f, theta);
		theta[i] = was - h;
		assert_true(
		    fabs((up - loss(&f, theta)) / (2 * h) - grad[i]) < 1e-8);
		theta[i] = was;
	}
	free(theta);
	free(grad);
	fit_close(&f);
	task_close(&t);
	dataset_close(&ds);
}

/* Each row's own gradient against its loss moved, against the gradient of that
 * row alone, and their mean against the gradient of the mean. */
static void
check_each(const char *name, size_t d, size_t nclasses)
{
	double *theta, *grads, *grad, up[NROWS];
	const double h = 1e-5;
	uint32_t pick[NROWS];
	struct dataset ds;
	struct task t;
	struct fit f;
	size_t i, k, n;

	rows_make(&ds, NROWS, d, nclasses);
	rows_task(&t, name, &ds, nclasses, 2);
	n = t.nparams;
	assert_int_equal(fit_open(&f, &t, &(struct fit_how){.nthreads = 2}), 0);
	assert_int_equal(fit_load(&f, &ds), 0);
	theta = calloc(n, sizeof(*theta));
	grad = calloc(n, sizeof(*grad));
	grads = calloc(n * (NROWS + LANES), sizeof(*grads));
	assert_true(theta != NULL && grad != NULL && grads != NULL);
	for (i = 0; i < n; i++)
		theta[i] = (double)(i * 37 % 101) * 0.02 - 1.0;
	for (i = 0; i < NROWS; i++)
		pick[i] = (uint32_t)i;
	fit_gradients(&f, theta, pick, NROWS, grads);
	for (k = 0; k < n; k++) {
		theta[k] += h;
		(void)loss(&f, theta);
		memcpy(up, f.losses, sizeof(up));
		theta[k] -= 2 * h;
		(void)loss(&f, theta);
		theta[k] += h;
		for (i = 0; i < NROWS; i++)
			assert_true(fabs((up[i] - f.losses[i]) / (2 * h) -
					grads[FIT_EACH(i, k, n)]) < 1e-8);
	}
	for (i = 0; i < NROWS; i++) {
		assert_int_equal(fit_gradient(&f, theta, &pick[i], 1, grad), 0);
		for (k = 0; k < n; k++)
			assert_true(
			    fabs(grad[k] - grads[FIT_EACH(i, k, n)]) < 1e-13);
	}
	assert_int_equal(fit_gradient(&f, theta, pick, NROWS, grad), 0);
	for (k = 0; k < n; k++) {
		for (i = 0; i < NROWS; i++)
			grad[k] -= grads[FIT_EACH(i, k, n)] / NROWS;
		assert_true(fabs(grad[k]) < 1e-13);
	}
	free(theta);
	free(grad);
	free(grads);
	fit_close(&f);
	task_close(&t);
	dataset_close(&ds);
}

static void
test_each_row(void **state)
{
	(void)state;
	check_each("vqc", 4, 3);
	check_each("vqc", 11, 2);
	check_each("linear", 5, 4);
}

static void
test_vqc_angle(void **state)
{
	(void)state;
	check_gradient("vqc", 4, 3);
}

static void
test_vqc_amplitude(void **state)
{
	(void)state;
	check_gradient("vqc", 11, 2);
}

static void
test_linear(void **state)
{
	(void)state;
	check_gradient("linear", 5, 4);
}

/* A zero model: loss log(classes), everything guessed as class 0. */
static void
test_zero_model(void **state)
{
	uint32_t confusion[9];
	int32_t guess[NROWS];
	struct train_score score = {.confusion = confusion, .guess = guess};
	struct dataset ds;
	double *theta;
	struct task t;
	struct fit f;
	size_t i;

	(void)state;
	rows_make(&ds, NROWS, 4, 3);
	rows_task(&t, "vqc", &ds, 3, 1);
	theta = calloc(t.nparams, sizeof(*theta));
	assert_non_null(theta);
	assert_int_equal(fit_open(&f, &t, &(struct fit_how){.nthreads = 2}), 0);
	assert_int_equal(fit_load(&f, &ds), 0);
	assert_int_equal(fit_score(&f, theta, &score), 0);
	assert_true(fabs(score.loss - log(3.0)) < 1e-15);
	assert_int_equal(score.rows, NROWS);
	assert_int_equal(score.correct, 13);
	assert_int_equal(confusion[0], 13);
	assert_int_equal(confusion[3], 12);
	assert_int_equal(confusion[6], 12);
	assert_int_equal(confusion[4], 0);
	for (i = 0; i < NROWS; i++)
		assert_int_equal(guess[i], 0);
	assert_true(score.guess == guess);
	free(theta);
	fit_close(&f);
	task_close(&t);
	dataset_close(&ds);
}

static void
test_refused(void **state)
{
	struct dataset ds, narrow;
	struct task t;
	struct fit f;

	(void)state;
	rows_make(&ds, NROWS, 4, 3);
	rows_make(&narrow, NROWS, 3, 3);
	rows_task(&t, "vqc", &ds, 3, 1);
	assert_int_equal(fit_open(&f, &t, &(struct fit_how){.nthreads = 0}),
	    -EINVAL);
	assert_int_equal(fit_open(&f, &t, &(struct fit_how){.nthreads = 1}), 0);
	assert_int_equal(fit_load(&f, &narrow), -EINVAL);
	ds.labels[3] = 3;
	assert_int_equal(fit_load(&f, &ds), -EINVAL);
	ds.labels[3] = -1;
	assert_int_equal(fit_load(&f, &ds), -EINVAL);
	fit_close(&f);
	fit_close(&f);
	task_close(&t);
	dataset_close(&ds);
	dataset_close(&narrow);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_vqc_angle),
	    cmocka_unit_test(test_each_row),
	    cmocka_unit_test(test_vqc_amplitude),
	    cmocka_unit_test(test_linear),
	    cmocka_unit_test(test_zero_model),
	    cmocka_unit_test(test_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
