/* What a group starts from. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sim/state/batch.h"
#include "sim/state/lanes.h"

static double
amp(const struct batch *b, size_t x, size_t lane)
{
	return b->amp[0][x * LANES + lane];
}

static void
test_normalise(void **state)
{
	double x[3] = {3.0, 0.0, -4.0}, zero[2] = {0.0, 0.0};
	double tiny[2] = {0.0, 1e-155}, big[2] = {1e-10, 1e10};

	(void)state;
	batch_normalise(x, 3);
	assert_true(x[0] == 0.6 && x[1] == 0.0 && x[2] == -0.8);
	batch_normalise(zero, 2);
	assert_true(zero[0] == 1.0 && zero[1] == 0.0);
	batch_normalise(tiny, 2);
	assert_true(tiny[0] == 1.0 && tiny[1] == 0.0);
	batch_normalise(big, 2);
	assert_true(fabs(big[0] - 1e-20) < 1e-35 && big[1] == 1.0);
}

static void
test_amplitudes(void **state)
{
	const double a[3] = {0.5, 0.1, 0.2}, c[3] = {0.7, 0.8, 0.9};
	const double *rows[LANES] = {a, NULL, c};
	struct batch b;
	size_t i;

	(void)state;
	assert_int_equal(batch_init(&b, 2), 0);
	for (i = 0; i < 4 * LANES; i++)
		b.amp[0][i] = b.amp[1][i] = 9.0;
	batch_load_amplitudes(&b, rows, 3);
	assert_true(amp(&b, 0, 0) == 0.5 && amp(&b, 2, 0) == 0.2);
	assert_true(amp(&b, 1, 2) == 0.8 && amp(&b, 3, 2) == 0.0);
	assert_true(amp(&b, 0, 1) == 0.0 && amp(&b, 0, 7) == 0.0);
	for (i = 0; i < 4 * LANES; i++)
		assert_true(b.amp[1][i] == 0.0);
	batch_close(&b);
}

static void
test_product(void **state)
{
	const double a[4] = {0.6, 0.8, 0.28, 0.96};
	const double *rows[LANES] = {[5] = a};
	struct batch b;
	size_t i;

	(void)state;
	assert_int_equal(batch_init(&b, 2), 0);
	for (i = 0; i < 4 * LANES; i++)
		b.amp[0][i] = b.amp[1][i] = 9.0;
	batch_load_product(&b, lanes_pick(LANES_PLAIN), rows);
	/* Qubit 0 is the low bit of the index. */
	assert_true(fabs(amp(&b, 0, 5) - 0.6 * 0.28) < 1e-16);
	assert_true(fabs(amp(&b, 1, 5) - 0.8 * 0.28) < 1e-16);
	assert_true(fabs(amp(&b, 2, 5) - 0.6 * 0.96) < 1e-16);
	assert_true(fabs(amp(&b, 3, 5) - 0.8 * 0.96) < 1e-16);
	assert_true(amp(&b, 0, 0) == 0.0);
	assert_true(b.amp[1][5] == 0.0);
	batch_close(&b);
}

static void
test_close_twice(void **state)
{
	struct batch b;

	(void)state;
	assert_int_equal(batch_init(&b, 3), 0);
	batch_close(&b);
	batch_close(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_normalise),
	    cmocka_unit_test(test_amplitudes),
	    cmocka_unit_test(test_product),
	    cmocka_unit_test(test_close_twice),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
