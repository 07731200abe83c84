/* Rows, ranges and the place of the first value that does not fit. */
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "sim/learn/dataset.h"

static void
test_init(void **state)
{
	struct dataset ds;

	(void)state;
	assert_int_equal(dataset_init(&ds, 0, 3), -EINVAL);
	assert_int_equal(dataset_init(&ds, 3, 0), -EINVAL);
	assert_int_equal(dataset_init(&ds, SIZE_MAX / 2, 8), -EOVERFLOW);
	assert_int_equal(dataset_init(&ds, 2, 3), 0);
	assert_true(ds.features[5] == 0.0 && ds.labels[1] == 0);
	dataset_close(&ds);
	dataset_close(&ds);
}

static void
test_scale(void **state)
{
	const struct data_range r[3] = {{-1.0, 3.0}, {5.0, 5.0}, {0.0, 16.0}};
	struct dataset ds;

	(void)state;
	assert_int_equal(dataset_init(&ds, 2, 3), 0);
	memcpy(ds.features, (double[6]){-1.0, 5.0, 16.0, 2.0, 5.0, 4.0},
	    6 * sizeof(double));
	assert_int_equal(dataset_scale(&ds, r, NULL), 0);
	assert_true(ds.features[0] == 0.0 && ds.features[3] == 0.75);
	assert_true(ds.features[1] == 0.0 && ds.features[4] == 0.0);
	assert_true(ds.features[2] == 1.0 && ds.features[5] == 0.25);
	dataset_close(&ds);
}

static void
check_refused(double value)
{
	const struct data_range r[2] = {{0.0, 1.0}, {-2.0, 2.0}};
	struct data_place where = {0, 0, 0.0};
	struct dataset ds;

	assert_int_equal(dataset_init(&ds, 3, 2), 0);
	ds.features[0] = 0.5;
	ds.features[5] = value;
	assert_int_equal(dataset_scale(&ds, r, &where), -ERANGE);
	assert_int_equal(where.row, 2);
	assert_int_equal(where.col, 1);
	assert_memory_equal(&where.value, &value, sizeof(value));
	assert_true(ds.features[0] == 0.5);
	assert_int_equal(dataset_scale(&ds, r, NULL), -ERANGE);
	dataset_close(&ds);
}

static void
test_out_of_range(void **state)
{
	(void)state;
	check_refused(2.0000000000000004);
	check_refused(-2.1);
	check_refused((double)NAN);
	check_refused((double)INFINITY);
}

static void
test_bad_ranges(void **state)
{
	const struct data_range turned = {1.0, 0.0};
	const struct data_range nan = {(double)NAN, 0.0};
	const struct data_range wide = {-1.5e308, 1.5e308};
	struct dataset ds;

	(void)state;
	assert_int_equal(dataset_init(&ds, 1, 1), 0);
	assert_int_equal(dataset_scale(&ds, &turned, NULL), -EINVAL);
	assert_int_equal(dataset_scale(&ds, &nan, NULL), -EINVAL);
	assert_int_equal(dataset_scale(&ds, &wide, NULL), 0);
	assert_true(ds.features[0] == 0.5);
	dataset_close(&ds);
}

static void
test_select_and_count(void **state)
{
	const uint32_t rows[4] = {2, 0, 2, 3};
	struct dataset ds, part;
	size_t counts[3], i;

	(void)state;
	assert_int_equal(dataset_init(&ds, 4, 2), 0);
	for (i = 0; i < 4; i++) {
		ds.features[2 * i] = (double)i;
		ds.features[2 * i + 1] = -(double)i;
		ds.labels[i] = (int32_t)(i % 3);
	}
	assert_int_equal(dataset_select(&part, &ds, rows, 4), 0);
	assert_int_equal(part.n, 4);
	assert_true(part.features[0] == 2.0 && part.features[1] == -2.0);
	assert_true(part.features[2] == 0.0 && part.features[6] == 3.0);
	assert_int_equal(dataset_count(&part, 3, counts), 2);
	assert_int_equal(counts[0], 2);
	assert_int_equal(counts[1], 0);
	assert_int_equal(counts[2], 2);
	dataset_close(&part);
	assert_int_equal(dataset_select(&part, &ds, rows, 0), 0);
	assert_int_equal(part.n, 0);
	dataset_close(&part);
	dataset_close(&ds);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_init),
	    cmocka_unit_test(test_scale),
	    cmocka_unit_test(test_out_of_range),
	    cmocka_unit_test(test_bad_ranges),
	    cmocka_unit_test(test_select_and_count),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
