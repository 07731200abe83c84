/*
 * Memory that runs out at the k-th request, k = 1, 2, ..., until training
 * passes: each time a clean -ENOMEM, and afterwards nothing is left allocated.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sim/learn/baseline.h"
#include "sim/learn/dataset.h"
#include "sim/learn/split.h"
#include "sim/learn/task.h"
#include "sim/learn/train.h"
#include "sim/learn/train_state.h"
#include "tests/oom.h"
#include "tests/sim/learn/rows.h"

static int
train_how(const struct task_spec *spec, const struct dataset *ds,
    const struct train_hyper *h)
{
	int64_t params[256] = {0}, delta[256];
	struct train_state state;
	struct train_metrics m;
	struct task t;
	struct train_job job = {.task = &t,
	    .rows = ds,
	    .params = params,
	    .hyper = h,
	    .state = &state};
	int rc;

	rc = task_init(&t, spec);
	if (rc < 0)
		return rc;
	assert_true(t.nparams <= 256);
	rc = train_state_init(&state, t.nparams);
	if (rc == 0)
		rc = train_local(&job, delta, &m);
	if (rc == 0)
		rc = train_evaluate(&job, &(struct train_score){.loss = 0});
	train_state_close(&state);
	task_close(&t);
	return rc;
}

static int
train(const struct task_spec *spec, const struct dataset *ds)
{
	struct train_hyper h;

	train_hyper_default(&h);
	h.steps = 2;
	h.threads = 2;
	return train_how(spec, ds, &h);
}

/* Observables that could not be had are NaN, and training says so. */
static void
check_how(const struct task_spec *spec, const struct train_hyper *h)
{
	struct dataset ds;
	bool struck;
	size_t k;
	int rc;

	rows_make(&ds, 12, 5, 3);
	for (k = 1, rc = -ENOMEM; rc != 0 && k < 4000; k++) {
		oom_arm(k);
		rc = train_how(spec, &ds, h);
		struck = oom_disarm();
		assert_true(rc == 0 || rc == -ENOMEM || rc == -EAGAIN ||
		    (rc == -EDOM && h->shots > 0));
		assert_true(rc != 0 || !struck);
	}
	assert_int_equal(rc, 0);
	assert_in_range(k, 30, 3999);
	dataset_close(&ds);
}

static const char text[] =
    "OPENQASM 3.0; include \"stdgates.inc\"; input float x0; input float a;\n"
    "input float b; qubit[2] q; ry(x0) q[0]; rx(a) q[1]; cx q[0], q[1];\n"
    "crz(b) q[1], q[0];\n";

static void
test_kinds(void **state)
{
	const double weights[3] = {1, 2, 3};
	struct task_spec spec = {.name = "vqc",
	    .nfeatures = 5,
	    .nclasses = 3,
	    .encoding = TASK_ENC_NONE,
	    .ansatz = TASK_QASM,
	    .qasm = text,
	    .qasm_len = sizeof(text) - 1,
	    .readout = TASK_PAULIS,
	    .paulis = "X0,Z1",
	    .class_weights = weights,
	    .nqubits = 2,
	    .head_scale = 1.0};
	struct train_hyper h;

	(void)state;
	train_hyper_default(&h);
	h.steps = 1;
	h.batch = 4;
	h.score_max = 1;
	h.optimiser = OPTIMISER_NATURAL;
	check_how(&spec, &h);
	h.optimiser = OPTIMISER_ADAM;
	h.method = TRAIN_SHIFT;
	h.shots = 5;
	h.batch = 1;
	check_how(&spec, &h);
	spec.encoding = TASK_ENC_REUPLOAD;
	spec.ansatz = TASK_STRONGLY_ENTANGLING;
	spec.start = TASK_START_LAYERWISE;
	spec.nlayers = 2;
	h.method = TRAIN_ADJOINT;
	h.shots = 0;
	h.optimiser = OPTIMISER_SPSA;
	check_how(&spec, &h);
}

static void
test_train(void **state)
{
	struct task_spec spec = {.name = "vqc", .nfeatures = 5, .nclasses = 3};
	struct dataset ds;
	bool struck;
	size_t k;
	int rc;

	(void)state;
	rows_make(&ds, 40, 5, 3);
	task_spec_suggest(&spec);
	spec.nlayers = 2;
	for (k = 1, rc = -ENOMEM; rc != 0 && k < 1000; k++) {
		oom_arm(k);
		rc = train(&spec, &ds);
		struck = oom_disarm();
		assert_true(rc == 0 || rc == -ENOMEM || rc == -EAGAIN);
		assert_true(rc != 0 || !struck);
	}
	assert_int_equal(rc, 0);
	assert_in_range(k, 30, 999);
	dataset_close(&ds);
}

static int
baseline_and_split(const struct dataset *ds)
{
	const uint8_t seed[SPLIT_SEED_BYTES] = {0};
	struct split s = {ds->labels, ds->n, 3, seed};
	struct baseline out;
	int16_t owner[40];
	int rc;

	rc = split_heldout(&s, 20, owner);
	if (rc == 0)
		rc = split_label_skew(&s, 4, 90, owner);
	if (rc == 0)
		rc = split_iid(&s, 4, owner);
	if (rc == 0)
		rc = baseline_majority(ds, ds, 3, &out);
	if (rc == 0)
		rc = baseline_logistic(ds, ds, 3, &out);
	return rc;
}

static void
test_baseline_and_split(void **state)
{
	struct dataset ds;
	size_t k;
	int rc;

	(void)state;
	rows_make(&ds, 40, 5, 3);
	for (k = 1, rc = -ENOMEM; rc != 0 && k < 1000; k++) {
		oom_arm(k);
		rc = baseline_and_split(&ds);
		oom_disarm();
		assert_true(rc == 0 || rc == -ENOMEM);
	}
	assert_int_equal(rc, 0);
	assert_in_range(k, 15, 999);
	dataset_close(&ds);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_train),
	    cmocka_unit_test(test_kinds),
	    cmocka_unit_test(test_baseline_and_split),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
