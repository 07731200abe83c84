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

/* One shape of all kinds, by number: what is compared, or 0 when the compiler
 * has no such circuit. */
static int
compare_any(struct job_task *j, unsigned shape, uint32_t nfeatures,
    uint32_t nclasses)
{
	static const enum task_encoding encodings[] = {TASK_ENC_ANGLE,
	    TASK_ENC_AMPLITUDE, TASK_ENC_IQP, TASK_ENC_ZZ, TASK_ENC_REUPLOAD};
	static const enum task_ansatz ansaetze[] = {TASK_STRONGLY_ENTANGLING,
	    TASK_HARDWARE_EFFICIENT, TASK_RX_RZ_RX, TASK_CONVOLUTIONAL,
	    TASK_TREE};
	static const enum task_readout readouts[] = {TASK_Z, TASK_Z_ZZ,
	    TASK_PAULIS};
	static char paulis[] = "Z0, X1";
	struct task_spec spec = {
	    .name = "vqc",
	    .nfeatures = nfeatures,
	    .nclasses = nclasses,
	    .output = nclasses == 0 ? TASK_REGRESSION : TASK_CLASSES,
	    .loss = nclasses == 0 ? TASK_SQUARED : TASK_CROSS_ENTROPY,
	    .encoding = encodings[shape % 5],
	    .ansatz = ansaetze[shape / 5 % 5],
	    .readout = readouts[shape / 25 % 3],
	    .head = shape / 75 % 2 ? TASK_HEAD_NONE : TASK_HEAD_LINEAR,
	    .nqubits = j->qubits,
	    .nlayers = j->layers,
	    .uploads = j->uploads,
	    .head_scale = 1,
	};
	struct task t = TASK_INIT;

	j->encoding = (uint8_t)(JOB_ANGLE + shape % 5);
	j->ansatz = (uint8_t)(JOB_STRONGLY_ENTANGLING + shape / 5 % 5);
	j->readout = (uint8_t)(JOB_Z + shape / 25 % 3);
	j->head = shape / 75 % 2 ? JOB_HEAD_DIRECT : JOB_HEAD_LINEAR;
	j->input = spec.readout == TASK_PAULIS ? paulis : NULL;
	spec.paulis = j->input;
	if (task_check(&spec) != NULL || task_init(&t, &spec) < 0)
		return 0;
	/* What does not follow is stated; a template's angles are not. */
	j->nangles = j->ansatz >= JOB_CONVOLUTIONAL ? (uint32_t)t.nangles : 0;
	j->nscales = 0;
	assert_int_equal(job_task_sizes(j, nfeatures, nclasses), 0);
	assert_int_equal(j->dim, t.nparams);
	assert_int_equal(j->update, t.nupdate);
	assert_int_equal(j->nangles, t.nangles);
	assert_int_equal(j->nscales, t.nscales);
	task_close(&t);
	return 1;
}

static void
test_all_kinds(void **state)
{
	static const uint32_t features[] = {1, 2, 3, 5, 9};
	static const uint32_t classes[] = {0, 2, 3};
	struct job_task j;
	unsigned shape, i, k;
	unsigned seen[150] = {0}, made = 0;

	(void)state;
	job_task_default(&j, JOB_VQC);
	for (j.qubits = 1; j.qubits <= 6; j.qubits++)
		for (k = 0; k < 4 * 15; k++)
			for (shape = 0; shape < 150; shape++) {
				i = k / 4;
				j.layers = (uint16_t)(1 + k % 4);
				j.uploads = (uint16_t)(k % 3 % (j.layers + 1u));
				seen[shape] += (unsigned)compare_any(&j, shape,
				    features[i % 5], classes[i / 5]);
			}
	j.input = NULL;
	for (shape = 0; shape < 150; shape++)
		made += seen[shape] > 0;
	print_message("%u of 150 kinds of circuit\n", made);
	/* All but reupload before a tree or a convolution. */
	assert_int_equal(made, 138);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_vqc),
	    cmocka_unit_test(test_linear),
	    cmocka_unit_test(test_all_kinds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
