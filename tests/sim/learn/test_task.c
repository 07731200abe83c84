/* The task table: what is accepted, how large, where it starts. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sim/learn/task.h"
#include "sim/learn/train.h"

static struct task_spec
digits(void)
{
	struct task_spec s = {.name = "vqc", .nfeatures = 64, .nclasses = 10};

	task_spec_suggest(&s);
	return s;
}

static void
test_suggest(void **state)
{
	struct task_spec s = digits();

	(void)state;
	assert_int_equal(s.nqubits, 6);
	assert_int_equal(s.nlayers, 12);
	assert_int_equal(s.encoding, TASK_ENC_AMPLITUDE);
	s.nfeatures = 4;
	task_spec_suggest(&s);
	assert_int_equal(s.encoding, TASK_ENC_ANGLE);
	assert_int_equal(s.nqubits, 4);
	for (s.nfeatures = 1; s.nfeatures <= 4096; s.nfeatures++) {
		task_spec_suggest(&s);
		assert_null(task_check(&s));
	}
	s.nfeatures = 4097;
	task_spec_suggest(&s);
	assert_non_null(task_check(&s));
}

static void
test_sizes(void **state)
{
	struct task_spec s = digits();
	struct task t;
	int64_t *x;
	size_t i;

	(void)state;
	assert_int_equal(task_init(&t, &s), 0);
	assert_int_equal(t.nangles, 12 * 6 * 3);
	assert_int_equal(t.nobs, 21);
	assert_int_equal(t.nparams, 216 + 220);
	x = calloc(t.nparams, sizeof(*x));
	assert_non_null(x);
	task_periods(&t, x);
	for (i = 0; i < t.nparams; i++)
		assert_true(x[i] == (i < 216 ? TASK_PERIOD_2PI : 0));
	free(x);
	task_close(&t);
	task_close(&t);
	s.ansatz = TASK_HARDWARE_EFFICIENT;
	assert_int_equal(task_init(&t, &s), 0);
	assert_int_equal(t.nparams, 144 + 220);
	task_close(&t);
	s.name = "linear";
	assert_int_equal(task_init(&t, &s), 0);
	assert_int_equal(t.nangles, 0);
	assert_int_equal(t.nparams, 650);
	task_close(&t);
}

static void
test_table(void **state)
{
	(void)state;
	assert_string_equal(task_at(0)->name, "vqc");
	assert_string_equal(task_at(1)->name, "linear");
	assert_string_equal(task_at(2)->name, "qsvm");
	assert_string_equal(task_at(3)->name, "qpca");
	assert_string_equal(task_at(4)->name, "vqe");
	assert_null(task_at(5));
	assert_ptr_equal(task_find("linear"), task_at(1));
	assert_null(task_find("vqd"));
}

static void
check_refused(struct task_spec s)
{
	struct task t;

	assert_non_null(task_check(&s));
	assert_int_equal(task_init(&t, &s), -EINVAL);
	assert_null(t.ops);
}

static void
test_refused(void **state)
{
	struct task_spec s = digits();

	(void)state;
	assert_null(task_check(&s));
	s.name = "vqe";
	check_refused(s);
	s = digits();
	s.nclasses = 1;
	check_refused(s);
	s = digits();
	s.nqubits = 5;
	check_refused(s);
	s.nqubits = TASK_MAX_QUBITS + 1;
	check_refused(s);
	s = digits();
	s.encoding = TASK_ENC_IQP;
	check_refused(s);
	s = digits();
	s.encoding = TASK_ENC_NONE;
	check_refused(s);
	s = digits();
	s.nlayers = 0;
	check_refused(s);
	s.nlayers = TASK_MAX_LAYERS + 1;
	check_refused(s);
	s = digits();
	s.head_scale = 0.0;
	check_refused(s);
	s.name = "linear";
	check_refused(s);
}

static void
test_start(void **state)
{
	uint8_t seed[32] = {1};
	struct task_spec s = digits();
	int64_t a[436], b[436];
	struct task t;
	size_t i, same = 0, big = 0;

	(void)state;
	assert_int_equal(task_init(&t, &s), 0);
	task_init_params(&t, seed, a);
	task_init_params(&t, seed, b);
	assert_memory_equal(a, b, sizeof(a));
	seed[0] = 2;
	task_init_params(&t, seed, b);
	for (i = 0; i < 216; i++) {
		assert_true(
		    a[i] >= -TASK_INIT_RANGE && a[i] <= TASK_INIT_RANGE);
		same += a[i] == b[i];
		big +=
		    a[i] > TASK_INIT_RANGE / 2 || a[i] < -TASK_INIT_RANGE / 2;
	}
	assert_int_equal(same, 0);
	assert_in_range(big, 70, 146);
	for (i = 216; i < 436; i++)
		assert_true(a[i] == 0);
	task_close(&t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_suggest),
	    cmocka_unit_test(test_sizes),
	    cmocka_unit_test(test_table),
	    cmocka_unit_test(test_refused),
	    cmocka_unit_test(test_start),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
