/* job_sizes must say what the simulator's compiler says, for every shape. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "proto/job.h"
#include "proto/q24.h"
#include "sim/learn/task.h"

static void
compare(struct job_task *j, uint32_t nfeatures, uint32_t nclasses)
{
	struct task_spec spec = {
	    .name = j->kind == JOB_VQC ? "vqc" : "linear",
	    .nfeatures = nfeatures,
	    .nclasses = nclasses,
	    .encoding =
		j->encoding == JOB_ANGLE ? TASK_ENC_ANGLE : TASK_ENC_AMPLITUDE,
	    .ansatz = j->ansatz == JOB_HARDWARE_EFFICIENT
		? TASK_HARDWARE_EFFICIENT
		: TASK_STRONGLY_ENTANGLING,
	    .readout = j->readout == JOB_Z ? TASK_Z : TASK_Z_ZZ,
	    .nqubits = j->qubits,
	    .nlayers = j->layers,
	    .head_scale = 1,
	};
	struct task t = TASK_INIT;
	int64_t *period;
	size_t i;
	int rc = job_task_sizes(j, nfeatures, nclasses);

	/* A trainer may refuse more than consensus has to know. */
	if (task_check(&spec) != NULL)
		return;
	assert_int_equal(rc, 0);
	assert_int_equal(task_init(&t, &spec), 0);
	assert_int_equal(t.nparams, j->dim);
	period = calloc(t.nparams, sizeof(*period));
	assert_non_null(period);
	task_periods(&t, period);
	for (i = 0; i < t.nparams; i++)
		assert_true(period[i] == (i < j->nangles ? Q24_TWO_PI : 0));
	free(period);
	task_close(&t);
}

static void
test_vqc(void **state)
{
	static const uint32_t features[] = {1, 2, 4, 5, 8, 13, 30, 64, 65};
	struct job_task j;
	size_t i;

	(void)state;
	job_task_default(&j, JOB_VQC);
	for (j.qubits = 1; j.qubits <= 8; j.qubits++)
		for (j.layers = 1; j.layers <= 9; j.layers += 4)
			for (i = 0; i < 4 * 9; i++) {
				j.encoding = i % 2 ? JOB_ANGLE : JOB_AMPLITUDE;
				j.ansatz = i / 2 % 2 ? JOB_STRONGLY_ENTANGLING
						     : JOB_HARDWARE_EFFICIENT;
				j.readout = i % 3 ? JOB_Z_ZZ : JOB_Z;
				compare(&j, features[i / 4],
				    2 + (uint32_t)i % 9);
			}
}

static void
test_linear(void **state)
{
	struct job_task j;
	uint32_t n;

	(void)state;
	job_task_default(&j, JOB_LINEAR);
	for (n = 1; n < 100; n += 7)
		compare(&j, n, 2 + n % 10);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_vqc),
	    cmocka_unit_test(test_linear),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
