/*
 * Optimisers that ask the circuit for more than a gradient: the natural
 * gradient against an elimination of its own, Rotosolve and SPSA by what they
 * reach, and every optimiser's bits.
 */
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sim/gradient/metric.h"
#include "sim/learn/dataset.h"
#include "sim/learn/fit.h"
#include "sim/learn/task.h"
#include "sim/learn/train.h"
#include "sim/learn/vqc.h"
#include "sim/learn/vqc_circuit.h"
#include "tests/sim/learn/rows.h"

#define NROWS 40
#define MAX 64
#define Q24 16777216.0

struct fixture {
	struct dataset ds;
	struct task task;
	struct train_hyper hyper;
	struct train_job job;
	struct train_metrics metrics;
	int64_t params[MAX], delta[MAX];
};

static void
fixture_open(struct fixture *f)
{
	rows_make(&f->ds, NROWS, 3, 2);
	rows_task(&f->task, "vqc", &f->ds, 2, 2);
	assert_in_range(f->task.nparams, 1, MAX);
	train_hyper_default(&f->hyper);
	f->hyper.batch = NROWS;
	f->hyper.order = TRAIN_IN_ORDER;
	f->hyper.steps = 1;
	f->hyper.seed[0] = 9;
	task_init_params(&f->task, f->hyper.seed, f->params);
	f->params[f->task.nangles] = 5000000;
	f->params[f->task.nparams - 2] = -4000000;
	f->job = (struct train_job){.task = &f->task,
	    .rows = &f->ds,
	    .params = f->params,
	    .hyper = &f->hyper};
}

static void
fixture_close(struct fixture *f)
{
	task_close(&f->task);
	dataset_close(&f->ds);
}

static void
train(struct fixture *f)
{
	assert_int_equal(train_local(&f->job, f->delta, &f->metrics), 0);
}

static void
gradient(struct fixture *f, const double *theta, double *grad)
{
	uint32_t pick[NROWS];
	struct fit fit;
	uint32_t i;

	for (i = 0; i < NROWS; i++)
		pick[i] = i;
	assert_int_equal(fit_open(&fit, &f->task,
			     &(struct fit_how){.nthreads = 1}),
	    0);
	assert_int_equal(fit_load(&fit, &f->ds), 0);
	assert_int_equal(fit_gradient(&fit, theta, pick, NROWS, grad), 0);
	fit_close(&fit);
}

/* a[n][n] x = b by Gauss's elimination with pivots. */
static void
eliminate(double a[MAX][MAX], double *b, size_t n)
{
	size_t i, j, k, best;

	for (i = 0; i < n; i++) {
		for (best = i, j = i + 1; j < n; j++) {
			if (fabs(a[j][i]) > fabs(a[best][i]))
				best = j;
		}
		for (k = 0; k < n; k++) {
			double t = a[i][k];

			a[i][k] = a[best][k];
			a[best][k] = t;
		}
		{
			double t = b[i];

			b[i] = b[best];
			b[best] = t;
		}
		for (j = 0; j < n; j++) {
			double by = j == i ? 0.0 : a[j][i] / a[i][i];

			for (k = 0; k < n; k++)
				a[j][k] -= by * a[i][k];
			b[j] -= by * b[i];
		}
	}
	for (i = 0; i < n; i++)
		b[i] /= a[i][i];
}

static void
test_natural(void **state)
{
	static double a[MAX][MAX];
	double theta[MAX], grad[MAX], one[MAX * MAX];
	struct metric m = {.theta = theta};
	struct fixture f;
	size_t n, i, k, r;

	(void)state;
	fixture_open(&f);
	n = f.task.nangles;
	for (i = 0; i < f.task.nparams; i++)
		theta[i] = (double)f.params[i] / Q24;
	gradient(&f, theta, grad);
	memset(a, 0, sizeof(a));
	for (r = 0; r < 4; r++) {
		m.features = f.ds.features + r * f.ds.d;
		assert_int_equal(metric_compute(&vqc_circuit_of(&f.task)
						     ->circuit,
				     &m, one),
		    0);
		for (i = 0; i < n; i++) {
			for (k = 0; k < n; k++)
				a[i][k] += 0.25 * one[i * n + k];
		}
	}
	for (i = 0; i < n; i++)
		a[i][i] += 0.05;
	eliminate(a, grad, n);
	f.hyper.optimiser = OPTIMISER_NATURAL;
	f.hyper.damping = 0.05;
	f.hyper.lr = 0.1;
	train(&f);
	for (i = 0; i < f.task.nparams; i++)
		assert_true(
		    fabs(-0.1 * grad[i] * Q24 - (double)f.delta[i]) < 1.0);
	f.hyper.steps = 20;
	train(&f);
	assert_true(f.metrics.loss_after < 0.7 * f.metrics.loss_before);
	fixture_close(&f);
}

/* With a squared loss of one linear observable per angle each angle is at its
 * minimum: another sweep over it alone finds nothing lower. */
static void
test_rotosolve(void **state)
{
	struct fixture f;
	double was;
	int i;

	(void)state;
	fixture_open(&f);
	f.hyper.optimiser = OPTIMISER_ROTOSOLVE;
	f.hyper.lr = 0.5;
	train(&f);
	was = f.metrics.loss_before;
	assert_true(f.metrics.loss_after < 0.9 * was);
	for (i = 0; i < 8; i++) {
		size_t k;

		for (k = 0; k < f.task.nparams; k++)
			f.params[k] += f.delta[k];
		train(&f);
		assert_true(
		    f.metrics.loss_after <= f.metrics.loss_before + 1e-3);
	}
	assert_true(f.metrics.loss_after < 0.5 * was);
	fixture_close(&f);
}

/* One qubit, one angle, loss linear in cos: the minimum in one step. */
static void
test_rotosolve_exact(void **state)
{
	struct task_spec spec = {.name = "vqc",
	    .nfeatures = 1,
	    .output = TASK_REGRESSION,
	    .loss = TASK_SQUARED,
	    .head = TASK_HEAD_NONE,
	    .head_scale = 1e-4,
	    .ansatz = TASK_HARDWARE_EFFICIENT,
	    .readout = TASK_Z,
	    .nqubits = 1,
	    .nlayers = 1};
	int64_t params[2] = {12345678, 0}, delta[2];
	struct train_metrics m;
	struct train_hyper h;
	struct dataset ds;
	struct task t;
	struct train_job job = {.task = &t,
	    .rows = &ds,
	    .params = params,
	    .hyper = &h};

	(void)state;
	assert_int_equal(dataset_init(&ds, 1, 1), 0);
	assert_int_equal(dataset_want_targets(&ds), 0);
	ds.targets[0] = 1.0;
	ds.features[0] = 0.25;
	assert_int_equal(task_init(&t, &spec), 0);
	assert_int_equal(t.nparams, 2);
	train_hyper_default(&h);
	h.optimiser = OPTIMISER_ROTOSOLVE;
	h.steps = 1;
	assert_int_equal(train_local(&job, delta, &m), 0);
	/* (1e-4 cos a - 1)^2 is lowest at a = 0, a = pi / 4 + theta. */
	assert_true(fabs((double)(params[0] + delta[0]) / Q24 +
			0.78539816339744831) < 1e-3);
	assert_true(delta[1] == 0);
	task_close(&t);
	dataset_close(&ds);
}

static void
test_spsa(void **state)
{
	struct fixture f;

	(void)state;
	fixture_open(&f);
	f.hyper.optimiser = OPTIMISER_SPSA;
	f.hyper.steps = 200;
	f.hyper.lr = 0.05;
	f.hyper.perturbations = 2;
	train(&f);
	assert_true(f.metrics.loss_after < 0.6 * f.metrics.loss_before);
	fixture_close(&f);
}

/* Many perturbations of a small step: the gradient itself. */
static void
test_spsa_mean(void **state)
{
	double theta[MAX], grad[MAX], dot = 0.0, a = 0.0, b = 0.0;
	struct fixture f;
	size_t i;

	(void)state;
	fixture_open(&f);
	for (i = 0; i < f.task.nparams; i++)
		theta[i] = (double)f.params[i] / Q24;
	gradient(&f, theta, grad);
	f.hyper.optimiser = OPTIMISER_SPSA;
	f.hyper.lr = 1.0;
	f.hyper.perturb = 1e-3;
	f.hyper.perturbations = 4000;
	train(&f);
	for (i = 0; i < f.task.nparams; i++) {
		double x = -(double)f.delta[i] / Q24;

		dot += x * grad[i];
		a += x * x;
		b += grad[i] * grad[i];
	}
	assert_true(dot / sqrt(a * b) > 0.99);
	assert_true(fabs(dot / b - 1.0) < 0.05);
	fixture_close(&f);
}

static const struct {
	enum optimiser_kind kind;
	enum train_method method;
	uint64_t hash;
} golden[] = {
    {OPTIMISER_ADAM, TRAIN_SHIFT, UINT64_C(0xdaa4b104b2b64647)},
    {OPTIMISER_ADAMW, TRAIN_ADJOINT, UINT64_C(0x0485c5bdc4966d51)},
    {OPTIMISER_SGD, TRAIN_ADJOINT, UINT64_C(0x21ce5d2205c3977b)},
    {OPTIMISER_RMSPROP, TRAIN_PERTURB, UINT64_C(0x9349bc6fa24a71c2)},
    {OPTIMISER_SPSA, TRAIN_ADJOINT, UINT64_C(0x25b988c478b956ef)},
    {OPTIMISER_NATURAL, TRAIN_ADJOINT, UINT64_C(0x041d06afbb19f99d)},
    {OPTIMISER_ROTOSOLVE, TRAIN_ADJOINT, UINT64_C(0x760ea383bc45044a)},
};

static void
test_bits(void **state)
{
	struct fixture f;
	size_t i, wrong = 0;

	(void)state;
	fixture_open(&f);
	f.hyper.steps = 3;
	f.hyper.batch = 17;
	f.hyper.momentum = 0.9;
	f.hyper.decay = 0.01;
	f.hyper.perturbations = 3;
	for (i = 0; i < sizeof(golden) / sizeof(golden[0]); i++) {
		uint32_t threads;

		f.hyper.optimiser = golden[i].kind;
		f.hyper.method = golden[i].method;
		for (threads = 1; threads <= 3; threads += 2) {
			uint64_t hash;

			f.hyper.threads = threads;
			f.hyper.isa = threads == 1 ? LANES_AUTO : LANES_PLAIN;
			train(&f);
			hash = rows_hash(f.delta, f.task.nparams);
			wrong += hash != golden[i].hash;
			print_message("%zu: 0x%016llx\n", i,
			    (unsigned long long)hash);
		}
	}
	assert_int_equal(wrong, 0);
	fixture_close(&f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_natural),
	    cmocka_unit_test(test_rotosolve),
	    cmocka_unit_test(test_rotosolve_exact),
	    cmocka_unit_test(test_spsa),
	    cmocka_unit_test(test_spsa_mean),
	    cmocka_unit_test(test_bits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
