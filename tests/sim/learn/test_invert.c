/* The attack finds rows in clean gradients, and does not in noisy ones: what
 * privacy is for, and that it does something. */
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
#include "sim/learn/invert.h"
#include "sim/learn/private_gradient.h"
#include "sim/learn/task.h"
#include "tests/sim/learn/rows.h"

#define ROWS 6
#define PARAMS 96

static const uint8_t seed[RNG_SEED_BYTES] = {5};

struct fixture {
	struct dataset ds;
	struct task task;
	double theta[PARAMS], seen[PARAMS];
	struct invert how;
};

static void
fixture_open(struct fixture *f, const char *kind)
{
	struct task_spec spec = {.name = kind, .nfeatures = 4, .nclasses = 3};
	int64_t params[PARAMS];
	struct rng r;
	size_t i;

	*f = (struct fixture){.ds = DATASET_INIT};
	rows_make(&f->ds, ROWS, 4, 3);
	task_spec_suggest(&spec);
	if (strcmp(kind, "vqc") == 0) {
		spec.encoding = TASK_ENC_ANGLE;
		spec.nqubits = 4;
		spec.nlayers = 2;
	}
	assert_int_equal(task_init(&f->task, &spec), 0);
	assert_in_range(f->task.nparams, 1, PARAMS);
	task_init_params(&f->task, seed, params);
	rng_init(&r, seed, 9);
	for (i = 0; i < f->task.nparams; i++)
		f->theta[i] = i < f->task.nangles
		    ? (double)params[i] / 16777216.0
		    : (double)rng_below(&r, 1000) / 1000 - 0.5;
	f->how = (struct invert){.task = &f->task,
	    .theta = f->theta,
	    .starts = 8,
	    .seed = seed};
}

static void
fixture_close(struct fixture *f)
{
	task_close(&f->task);
	dataset_close(&f->ds);
}

/* The largest error of a feature of row i. */
static double
attack(struct fixture *f, size_t i, int32_t *label)
{
	struct invert_found found;
	double worst = 0;

	assert_int_equal(invert_run(&f->how, f->seen, &found), 0);
	*label = found.label;
	for (size_t k = 0; k < 4; k++)
		worst =
		    fmax(worst, fabs(found.row[k] - f->ds.features[i * 4 + k]));
	return worst;
}

static void
recovered(const char *kind, double clip)
{
	struct fixture f;
	int32_t label;

	fixture_open(&f, kind);
	f.how.clip = clip;
	for (size_t i = 0; i < ROWS; i++) {
		assert_int_equal(invert_show(&f.how, &f.ds.features[i * 4],
				     f.ds.labels[i], f.seen),
		    0);
		assert_true(attack(&f, i, &label) < 1e-4);
		assert_int_equal(label, f.ds.labels[i]);
	}
	fixture_close(&f);
}

static void
test_privacy_off(void **state)
{
	(void)state;
	recovered("vqc", 0);
	recovered("linear", 0);
	/* Clipping alone hides nothing. */
	recovered("vqc", 0.1);
}

/* The default: noise 1, clip 1. Of one row alone, which is its worst case. */
static void
test_privacy_on(void **state)
{
	struct train_privacy how = {.q_ppb = 1000000000,
	    .sigma_milli = 1000,
	    .clip = 1 << 24,
	    .rows = 1,
	    .steps = 1,
	    .seed = {3}};
	struct private_gradient g;
	struct dataset one;
	struct fixture f;
	struct fit fit;
	int32_t label;
	uint32_t pick;
	double sum = 0, error;

	(void)state;
	fixture_open(&f, "vqc");
	f.how.clip = 1;
	for (pick = 0; pick < ROWS; pick++) {
		assert_int_equal(dataset_select(&one, &f.ds, &pick, 1), 0);
		assert_int_equal(fit_open(&fit, &f.task,
				     &(struct fit_how){.nthreads = 1}),
		    0);
		assert_int_equal(fit_load(&fit, &one), 0);
		how.stream = 2 * pick;
		assert_int_equal(private_gradient_open(&g, &how, 1,
				     f.task.nparams),
		    0);
		private_gradient_step(&g, &fit, f.theta, f.seen);
		private_gradient_close(&g);
		fit_close(&fit);
		dataset_close(&one);
		error = attack(&f, pick, &label);
		assert_true(error > 0.05);
		sum += error;
	}
	/* Nowhere near, not just inexact. */
	assert_true(sum / ROWS > 0.25);
	fixture_close(&f);
}

static void
test_refused(void **state)
{
	struct invert_found found;
	struct fixture f;

	(void)state;
	fixture_open(&f, "linear");
	f.task.spec.nfeatures = INVERT_FEATURES_MAX + 1;
	assert_int_equal(invert_run(&f.how, f.seen, &found), -EINVAL);
	f.task.spec.nfeatures = 4;
	fixture_close(&f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_privacy_off),
	    cmocka_unit_test(test_privacy_on),
	    cmocka_unit_test(test_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
