/* Adam against its definition, written out by hand. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sim/learn/optimiser.h"

static void
test_definition(void **state)
{
	const struct optimiser_rate rate = {.lr = 0.1,
	    .beta1 = 0.9,
	    .beta2 = 0.99,
	    .eps = 1e-8};
	const double grads[3] = {2.0, -1.0, 0.5};
	double theta = 1.0, want = 1.0, m = 0.0, v = 0.0;
	struct moments a;
	int t;

	(void)state;
	assert_int_equal(moments_init(&a, 1), 0);
	for (t = 1; t <= 3; t++) {
		double g = grads[t - 1];

		optimiser_step(&a, &rate, &g, 1, &theta);
		m = 0.9 * m + 0.1 * g;
		v = 0.99 * v + 0.01 * g * g;
		want -= 0.1 * (m / (1 - pow(0.9, t))) /
		    (sqrt(v / (1 - pow(0.99, t))) + 1e-8);
		assert_true(fabs(theta - want) < 1e-14);
	}
	moments_close(&a);
	moments_close(&a);
}

/* The first step has length lr whatever the gradient's size. */
static void
test_first_step(void **state)
{
	const struct optimiser_rate rate = {.lr = 0.01,
	    .beta1 = 0.9,
	    .beta2 = 0.999,
	    .eps = 1e-8};
	double grad[3] = {1e-3, -50.0, 0.0}, theta[3] = {0.0, 0.0, 0.0};
	struct moments a;

	(void)state;
	assert_int_equal(moments_init(&a, 3), 0);
	optimiser_step(&a, &rate, grad, 3, theta);
	assert_true(fabs(theta[0] + 0.01) < 1e-6);
	assert_true(fabs(theta[1] - 0.01) < 1e-6);
	assert_true(theta[2] == 0.0);
	moments_close(&a);
}

/* Of two parameters the second decays. */
static void
test_others(void **state)
{
	const double grads[3][2] = {{2.0, -1.0}, {0.5, 0.25}, {-3.0, 1.0}};
	struct optimiser_rate rate = {.lr = 0.1,
	    .beta1 = 0.9,
	    .beta2 = 0.99,
	    .eps = 1e-8,
	    .momentum = 0.8,
	    .decay = 0.05};
	double x[2] = {1.0, 2.0}, y[2] = {1.0, 2.0}, v = 0.0;
	struct moments a, b;
	int t;

	(void)state;
	assert_int_equal(moments_init(&a, 2), 0);
	rate.kind = OPTIMISER_SGD;
	for (t = 0; t < 3; t++) {
		optimiser_step(&a, &rate, grads[t], 2, x);
		v = 0.8 * v + grads[t][0];
		y[0] -= 0.1 * v;
		assert_true(fabs(x[0] - y[0]) < 1e-15);
	}
	moments_close(&a);
	assert_int_equal(moments_init(&a, 2), 0);
	rate.kind = OPTIMISER_RMSPROP;
	for (t = 0, v = 0.0, x[0] = y[0] = 1.0; t < 3; t++) {
		optimiser_step(&a, &rate, grads[t], 2, x);
		v = 0.99 * v + 0.01 * grads[t][0] * grads[t][0];
		y[0] -= 0.1 * grads[t][0] / (sqrt(v) + 1e-8);
		assert_true(fabs(x[0] - y[0]) < 1e-14);
	}
	moments_close(&a);
	assert_int_equal(moments_init(&a, 2), 0);
	assert_int_equal(moments_init(&b, 2), 0);
	x[0] = y[0] = 1.0;
	x[1] = y[1] = 2.0;
	rate.kind = OPTIMISER_ADAMW;
	optimiser_step(&a, &rate, grads[0], 1, x);
	rate.kind = OPTIMISER_ADAM;
	optimiser_step(&b, &rate, grads[0], 1, y);
	assert_true(x[0] == y[0]);
	assert_true(fabs(x[1] - (y[1] - 0.1 * 0.05 * 2.0)) < 1e-15);
	moments_close(&a);
	moments_close(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_definition),
	    cmocka_unit_test(test_first_step),
	    cmocka_unit_test(test_others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
