/*
 * Every kind of circuit, readout, loss and head: the fast engine against state
 * vectors of the same circuit as a program, its gradient against shift rules
 * there and against finite differences of the loss.
 */
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sim/learn/dataset.h"
#include "sim/learn/fit.h"
#include "sim/learn/task.h"
#include "sim/learn/train.h"
#include "sim/learn/vqc.h"
#include "sim/learn/vqc_circuit.h"
#include "tests/sim/learn/rows.h"

#define NROWS 11
#define NFEATURES 5
#define NCLASSES 3

static const char circuit_text[] =
    "OPENQASM 3.0;\n"
    "include \"stdgates.inc\";\n"
    "input float x0; input float x_1; input float a; input float b;\n"
    "input float c; input float d;\n"
    "qubit[4] q; bit[4] m;\n"
    "ry(pi * x0) q[0]; h q[1]; rz(pi * x_1 + 0.3) q[1]; cx q[0], q[1];\n"
    "rx(a) q[2]; crx(b) q[2], q[3]; ry(0.5 * c) q[1]; cx q[1], q[2];\n"
    "ry(pi * x0) q[2]; rz(2 * a + 0.1) q[3]; ry(d) q[3]; cx q[3], q[0];\n"
    "ry(b) q[0]; m = measure q;\n";

static const double weights[NCLASSES] = {0.5, 2.0, 1.25};

struct kind {
	enum task_encoding encoding;
	enum task_ansatz ansatz;
	enum task_readout readout;
	uint32_t nqubits, nlayers, uploads;
	enum task_loss loss;
	enum task_head head;
	enum task_start start;
	bool weighted, regression;
	size_t nangles, nscales, nobs; /* expected */
};

static const struct kind kinds[] = {
    {TASK_ENC_ANGLE, TASK_HARDWARE_EFFICIENT, TASK_Z_ZZ, 3, 2, 0,
	TASK_CROSS_ENTROPY, TASK_HEAD_LINEAR, TASK_START_UNIFORM, true, false,
	12, 0, 6},
    {TASK_ENC_ANGLE, TASK_STRONGLY_ENTANGLING, TASK_Z, 3, 3, 2, TASK_HINGE,
	TASK_HEAD_LINEAR, TASK_START_SMALL, true, false, 27, 0, 3},
    {TASK_ENC_REUPLOAD, TASK_STRONGLY_ENTANGLING, TASK_Z_ZZ, 2, 3, 0,
	TASK_SQUARED, TASK_HEAD_LINEAR, TASK_START_UNIFORM, false, false,
	3 * (5 + 6), 15, 3},
    {TASK_ENC_REUPLOAD, TASK_HARDWARE_EFFICIENT, TASK_Z, 3, 2, 1, TASK_SQUARED,
	TASK_HEAD_NONE, TASK_START_UNIFORM, false, true, 2 * (5 + 6), 5, 3},
    {TASK_ENC_AMPLITUDE, TASK_RX_RZ_RX, TASK_Z, 3, 4, 0, TASK_CROSS_ENTROPY,
	TASK_HEAD_NONE, TASK_START_NORMAL, false, false, 36, 0, 3},
    {TASK_ENC_AMPLITUDE, TASK_STRONGLY_ENTANGLING, TASK_Z_ZZ, 3, 4, 0,
	TASK_SQUARED, TASK_HEAD_LINEAR, TASK_START_IDENTITY, false, true, 36, 0,
	6},
    {TASK_ENC_IQP, TASK_HARDWARE_EFFICIENT, TASK_Z_ZZ, 5, 2, 2, TASK_HINGE,
	TASK_HEAD_NONE, TASK_START_LAYERWISE, false, false, 20, 0, 15},
    {TASK_ENC_ZZ, TASK_STRONGLY_ENTANGLING, TASK_PAULIS, 5, 1, 0,
	TASK_CROSS_ENTROPY, TASK_HEAD_LINEAR, TASK_START_ZERO, false, false, 15,
	0, 4},
    {TASK_ENC_ANGLE, TASK_CONVOLUTIONAL, TASK_Z_ZZ, 5, 2, 0, TASK_CROSS_ENTROPY,
	TASK_HEAD_LINEAR, TASK_START_UNIFORM, false, false, 34, 0, 3},
    {TASK_ENC_AMPLITUDE, TASK_TREE, TASK_Z, 4, 2, 0, TASK_SQUARED,
	TASK_HEAD_NONE, TASK_START_UNIFORM, false, true, 18, 0, 1},
    {TASK_ENC_NONE, TASK_QASM, TASK_Z_ZZ, 4, 0, 0, TASK_CROSS_ENTROPY,
	TASK_HEAD_LINEAR, TASK_START_UNIFORM, true, false, 4, 0, 10},
};

#define NKINDS (sizeof(kinds) / sizeof(kinds[0]))

static struct task_spec
spec_of(const struct kind *k)
{
	return (struct task_spec){.name = "vqc",
	    .nfeatures = NFEATURES,
	    .nclasses = k->regression ? 0 : NCLASSES,
	    .encoding = k->encoding,
	    .ansatz = k->ansatz,
	    .readout = k->readout,
	    .nqubits = k->nqubits,
	    .nlayers = k->nlayers,
	    .uploads = k->uploads,
	    .head_scale = 1.5,
	    .output = k->regression ? TASK_REGRESSION : TASK_CLASSES,
	    .loss = k->loss,
	    .head = k->head,
	    .start = k->start,
	    .class_weights = k->weighted ? weights : NULL,
	    .qasm = k->ansatz == TASK_QASM ? circuit_text : NULL,
	    .qasm_len = k->ansatz == TASK_QASM ? sizeof(circuit_text) - 1 : 0,
	    .paulis =
		k->readout == TASK_PAULIS ? "X0, Z1 Y2, Y2,X0 Z3 Z4" : NULL};
}

struct fixture {
	struct dataset ds;
	struct task task;
	struct fit fit, slow;
	double *theta, *grad, *other;
	uint32_t pick[NROWS];
};

static void
fixture_open(struct fixture *f, const struct kind *k)
{
	const struct fit_noise none = {.shots = 0};
	struct task_spec spec = spec_of(k);
	size_t i;

	rows_make(&f->ds, NROWS, NFEATURES, NCLASSES);
	assert_int_equal(dataset_want_targets(&f->ds), 0);
	for (i = 0; i < NROWS; i++) {
		f->ds.targets[i] = (double)(i * 5 % 7) / 7.0;
		f->pick[i] = (uint32_t)(NROWS - 1 - i);
	}
	assert_null(task_check(&spec));
	assert_int_equal(task_init(&f->task, &spec), 0);
	assert_int_equal(fit_open(&f->fit, &f->task,
			     &(struct fit_how){.nthreads = 2}),
	    0);
	assert_int_equal(fit_open(&f->slow, &f->task,
			     &(struct fit_how){.nthreads = 2, .noise = &none}),
	    0);
	assert_int_equal(fit_load(&f->fit, &f->ds), 0);
	assert_int_equal(fit_load(&f->slow, &f->ds), 0);
	f->theta = calloc(f->task.nparams, sizeof(double));
	f->grad = calloc(f->task.nparams, sizeof(double));
	f->other = calloc(f->task.nparams, sizeof(double));
	assert_true(f->theta != NULL && f->grad != NULL && f->other != NULL);
	for (i = 0; i < f->task.nparams; i++)
		f->theta[i] = (double)(i * 37 % 101) * 0.02 - 1.0;
}

static void
fixture_close(struct fixture *f)
{
	free(f->theta);
	free(f->grad);
	free(f->other);
	fit_close(&f->fit);
	fit_close(&f->slow);
	task_close(&f->task);
	dataset_close(&f->ds);
}

static double
loss(struct fit *f, const struct fixture *x)
{
	double out;

	assert_int_equal(fit_value(f, x->theta, x->pick, NROWS, &out), 0);
	return out;
}

static void
check_difference(struct fixture *f, size_t i)
{
	double was = f->theta[i], up, h = 1e-5;

	f->theta[i] = was + h;
	up = loss(&f->fit, f);
	f->theta[i] = was - h;
	assert_true(
	    fabs((up - loss(&f->fit, f)) / (2 * h) - f->grad[i]) < 1e-8);
	f->theta[i] = was;
}

static void
check_kind(const struct kind *k)
{
	struct fixture f;
	size_t i;

	fixture_open(&f, k);
	assert_int_equal(f.task.nangles, k->nangles);
	assert_int_equal(f.task.nscales, k->nscales);
	assert_int_equal(f.task.nobs, k->nobs);
	assert_true(fabs(loss(&f.fit, &f) - loss(&f.slow, &f)) < 1e-12);
	assert_int_equal(fit_gradient(&f.fit, f.theta, f.pick, NROWS, f.grad),
	    0);
	assert_int_equal(fit_gradient(&f.slow, f.theta, f.pick, NROWS, f.other),
	    0);
	for (i = 0; i < f.task.nparams; i++) {
		assert_true(fabs(f.grad[i] - f.other[i]) < 1e-12);
		check_difference(&f, i);
	}
	fixture_close(&f);
}

static void
test_kinds(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < NKINDS; i++)
		check_kind(&kinds[i]);
}

/* Angles that a circuit's text names have period 2 pi in the model. */
static void
test_periods(void **state)
{
	struct fixture f;
	double was;
	size_t i;

	(void)state;
	fixture_open(&f, &kinds[NKINDS - 1]);
	was = loss(&f.fit, &f);
	for (i = 0; i < f.task.nangles; i++) {
		f.theta[i] += 2 * 3.14159265358979323846;
		assert_true(fabs(loss(&f.fit, &f) - was) < 1e-12);
		f.theta[i] -= 3.14159265358979323846;
		assert_true(fabs(loss(&f.fit, &f) - was) > 1e-6);
		f.theta[i] -= 3.14159265358979323846;
	}
	fixture_close(&f);
}

/* An identity start leaves the encoded state: <Z> of RY(pi x)|0> is cos. */
static void
test_identity(void **state)
{
	struct task_spec spec = {.name = "vqc",
	    .nfeatures = 3,
	    .nclasses = 2,
	    .ansatz = TASK_STRONGLY_ENTANGLING,
	    .readout = TASK_Z,
	    .head = TASK_HEAD_NONE,
	    .head_scale = 1.0,
	    .start = TASK_START_IDENTITY,
	    .nqubits = 3,
	    .nlayers = 6};
	double output[2], theta[54];
	struct train_score score = {.output = output};
	const uint8_t seed[32] = {3};
	int64_t params[54];
	struct dataset ds;
	struct task t;
	struct fit f;
	size_t i, zeros = 0;

	(void)state;
	rows_make(&ds, 1, 3, 2);
	assert_int_equal(task_init(&t, &spec), 0);
	assert_int_equal(t.nparams, 54);
	task_init_params(&t, seed, params);
	for (i = 0; i < 54; i++) {
		theta[i] = (double)params[i] / 16777216.0;
		zeros += params[i] == 0;
	}
	assert_in_range(zeros, 0, 2);
	assert_int_equal(fit_open(&f, &t, &(struct fit_how){.nthreads = 1}), 0);
	assert_int_equal(fit_load(&f, &ds), 0);
	assert_int_equal(fit_score(&f, theta, &score), 0);
	for (i = 0; i < 2; i++)
		assert_true(
		    fabs(output[i] -
			cos(3.14159265358979323846 * ds.features[i])) < 1e-12);
	theta[0] += 0.3;
	theta[1] += 0.3;
	assert_int_equal(fit_score(&f, theta, &score), 0);
	assert_true(fabs(output[0] -
			cos(3.14159265358979323846 * ds.features[0])) > 1e-6);
	fit_close(&f);
	task_close(&t);
	dataset_close(&ds);
}

static void
check_refused(const struct kind *base, const struct kind *k)
{
	struct task_spec good = spec_of(base), bad = spec_of(k);
	struct task t;

	assert_null(task_check(&good));
	assert_non_null(task_check(&bad));
	assert_int_equal(task_init(&t, &bad), -EINVAL);
}

static void
test_refused(void **state)
{
	struct kind k;

	(void)state;
	k = kinds[0];
	k.uploads = 3;
	check_refused(&kinds[0], &k);
	k = kinds[0];
	k.nlayers = 3;
	k.start = TASK_START_IDENTITY;
	check_refused(&kinds[0], &k);
	k = kinds[4];
	k.uploads = 2;
	check_refused(&kinds[4], &k);
	k = kinds[6];
	k.nqubits = 4;
	check_refused(&kinds[6], &k);
	k = kinds[8];
	k.nlayers = 4;
	check_refused(&kinds[8], &k);
	k = kinds[8];
	k.start = TASK_START_LAYERWISE;
	check_refused(&kinds[8], &k);
	k = kinds[10];
	k.encoding = TASK_ENC_ANGLE;
	check_refused(&kinds[10], &k);
	k = kinds[3];
	k.loss = TASK_CROSS_ENTROPY;
	check_refused(&kinds[3], &k);
	/* No observable for every class. */
	k = kinds[0];
	k.head = TASK_HEAD_NONE;
	k.nqubits = 2;
	k.readout = TASK_Z;
	{
		struct task_spec bad = spec_of(&k);
		struct task t;

		assert_int_equal(task_init(&t, &bad), -EINVAL);
	}
}

static int
init_paulis(const char *paulis)
{
	struct task_spec s = spec_of(&kinds[7]);
	struct task t;
	int rc;

	s.paulis = paulis;
	rc = task_init(&t, &s);
	task_close(&t);
	return rc;
}

static void
test_paulis(void **state)
{
	(void)state;
	assert_int_equal(init_paulis("Z0"), 0);
	assert_int_equal(init_paulis("Z0 Z1,X2 , Z1"), 0);
	assert_int_equal(init_paulis(""), -EINVAL);
	assert_int_equal(init_paulis("Z5"), -EINVAL);
	assert_int_equal(init_paulis("Z"), -EINVAL);
	assert_int_equal(init_paulis("Z0 Z0"), -EINVAL);
	assert_int_equal(init_paulis("Z0,X0"), -EINVAL);
	assert_int_equal(init_paulis("Z0,"), -EINVAL);
	assert_int_equal(init_paulis("Z0;"), -EINVAL);
	assert_int_equal(init_paulis("Z4294967296"), -EINVAL);
}

static int
shape(const char *body, struct vqc_shape *out, char err[static 256])
{
	char text[512];

	snprintf(text, sizeof(text), "OPENQASM 3.0;\n%s", body);
	return vqc_qasm_shape(text, strlen(text), out, err);
}

static void
test_texts(void **state)
{
	struct vqc_shape s;
	char err[256];

	(void)state;
	assert_int_equal(vqc_qasm_shape(circuit_text, sizeof(circuit_text) - 1,
			     &s, err),
	    0);
	assert_int_equal(s.nqubits, 4);
	assert_int_equal(s.nfeatures, 2);
	assert_int_equal(s.nangles, 4);
	assert_int_equal(shape("qubit q; nonsense q;", &s, err), -EINVAL);
	assert_non_null(strstr(err, "line 2"));
	assert_int_equal(shape("input float a; qubit q; U(0.3 * a, 0, 0) q;",
			     &s, err),
	    -EINVAL);
	assert_non_null(strstr(err, "input a"));
	assert_int_equal(
	    shape("qubit q; bit c; c = measure q; if (c) U(1, 0, 0) q;", &s,
		err),
	    -EINVAL);
	assert_non_null(strstr(err, "unitary"));
	assert_int_equal(shape("qubit[13] q;", &s, err), -EINVAL);
	assert_non_null(strstr(err, "12"));
	assert_int_equal(shape("input float x9999; qubit q; U(x9999, 0, 0) q;",
			     &s, err),
	    -EINVAL);
	assert_int_equal(vqc_qasm_shape("", 0, &s, err), -EINVAL);
	assert_int_equal(shape("qubit[12] q; for uint i in [0:4999] "
			       "{ U(0.1, 0, 0) q[0]; }",
			     &s, err),
	    -EINVAL);
	assert_non_null(strstr(err, "4096 gates"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_kinds),
	    cmocka_unit_test(test_periods),
	    cmocka_unit_test(test_identity),
	    cmocka_unit_test(test_refused),
	    cmocka_unit_test(test_paulis),
	    cmocka_unit_test(test_texts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
