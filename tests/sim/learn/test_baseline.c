/* Yardsticks. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sim/learn/baseline.h"
#include "sim/learn/dataset.h"
#include "tests/sim/learn/rows.h"

static void
test_majority(void **state)
{
	static const int32_t train[7] = {2, 0, 1, 2, 1, 0, 3};
	static const int32_t test[4] = {0, 2, 0, 1};
	struct dataset a, b;
	struct baseline out;
	size_t i;

	(void)state;
	assert_int_equal(dataset_init(&a, 7, 1), 0);
	assert_int_equal(dataset_init(&b, 4, 1), 0);
	for (i = 0; i < 7; i++)
		a.labels[i] = train[i];
	for (i = 0; i < 4; i++)
		b.labels[i] = test[i];
	/* 0, 1 and 2 are equally frequent: the lowest counts. */
	assert_int_equal(baseline_majority(&a, &b, 4, &out), 0);
	assert_int_equal(out.correct, 2);
	assert_int_equal(out.rows, 4);
	a.labels[6] = 1;
	assert_int_equal(baseline_majority(&a, &b, 4, &out), 0);
	assert_int_equal(out.correct, 1);
	dataset_close(&a);
	dataset_close(&b);
}

static void
test_logistic(void **state)
{
	struct dataset a, b;
	struct baseline out;

	(void)state;
	rows_make(&a, 300, 6, 3);
	rows_make(&b, 60, 6, 3);
	assert_int_equal(baseline_logistic(&a, &b, 3, &out), 0);
	assert_int_equal(out.rows, 60);
	assert_true(out.correct > 55);
	/* An independent solver of the same problem, slope 1e-9. */
	assert_true(fabs(out.train_loss - 0.073841934) < 5e-6);
	dataset_close(&a);
	dataset_close(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_majority),
	    cmocka_unit_test(test_logistic),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
