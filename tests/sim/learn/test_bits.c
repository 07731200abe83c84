/*
 * The promise behind replay: same rows, parameters and seed give the same
 * int64 update on any CPU, thread count, ISA and compiler. The hashes below
 * are part of that promise: when one changes, every recorded update does.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sim/learn/dataset.h"
#include "sim/learn/fit.h"
#include "sim/learn/task.h"
#include "sim/learn/train.h"
#include "sim/state/pool.h"
#include "tests/sim/learn/rows.h"

struct golden {
	const char *task;
	size_t features;
	size_t classes;
	uint32_t layers;
	enum task_ansatz ansatz;
	uint64_t hash;
};

static const struct golden golden[] = {
    {"vqc", 16, 5, 4, TASK_STRONGLY_ENTANGLING, UINT64_C(0x85e39558945bcb79)},
    {"vqc", 3, 3, 3, TASK_STRONGLY_ENTANGLING, UINT64_C(0xd22663c3829ee68b)},
    {"vqc", 30, 2, 2, TASK_HARDWARE_EFFICIENT, UINT64_C(0x16943dac12aa3dbd)},
    {"linear", 16, 5, 1, TASK_STRONGLY_ENTANGLING,
	UINT64_C(0x605b14ced599d70f)},
};

#define NGOLDEN (sizeof(golden) / sizeof(golden[0]))

static struct pool *kept;

static uint64_t
run(const struct golden *g, uint32_t threads, bool plain)
{
	struct train_metrics m;
	struct train_hyper h;
	struct train_job job = {.hyper = &h};
	int64_t *params, *delta;
	struct task_spec spec;
	struct dataset ds;
	struct task t;
	uint64_t hash;

	rows_make(&ds, 83, g->features, g->classes);
	rows_task(&t, g->task, &ds, g->classes, g->layers);
	spec = t.spec;
	spec.ansatz = g->ansatz;
	task_close(&t);
	assert_int_equal(task_init(&t, &spec), 0);
	params = calloc(t.nparams, sizeof(*params));
	delta = calloc(t.nparams, sizeof(*delta));
	assert_true(params != NULL && delta != NULL);
	train_hyper_default(&h);
	memset(h.seed, 0x5a, sizeof(h.seed));
	h.steps = 12;
	h.batch = 37;
	h.threads = threads;
	h.isa = plain ? LANES_PLAIN : LANES_AUTO;
	h.round = 3;
	h.nrounds = 8;
	task_init_params(&t, h.seed, params);
	job.task = &t;
	job.rows = &ds;
	job.params = params;
	job.pool = kept;
	assert_int_equal(train_local(&job, delta, &m), 0);
	hash = rows_hash(delta, t.nparams);
	free(params);
	free(delta);
	task_close(&t);
	dataset_close(&ds);
	return hash;
}

static void
test_golden(void **state)
{
	size_t i, wrong = 0;

	(void)state;
	for (i = 0; i < NGOLDEN; i++) {
		uint64_t hash = run(&golden[i], 1, false);

		wrong += hash != golden[i].hash;
		print_message("update %zu: 0x%016llx\n", i,
		    (unsigned long long)hash);
	}
	assert_int_equal(wrong, 0);
}

static void
test_threads(void **state)
{
	uint32_t threads;
	size_t i;

	(void)state;
	for (i = 0; i < NGOLDEN; i++) {
		for (threads = 2; threads <= 5; threads++)
			assert_true(
			    run(&golden[i], threads, false) == golden[i].hash);
	}
}

/* A pool that outlives several calls, as a daemon keeps it. */
static void
test_kept_pool(void **state)
{
	struct pool *pool;
	size_t i;

	(void)state;
	assert_int_equal(pool_new(&pool, 3), 0);
	kept = pool;
	for (i = 0; i < 2 * NGOLDEN; i++)
		assert_true(run(&golden[i % NGOLDEN], 1, false) ==
		    golden[i % NGOLDEN].hash);
	kept = NULL;
	pool_free(pool);
}

static void
test_plain(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < NGOLDEN; i++) {
		assert_true(run(&golden[i], 1, true) == golden[i].hash);
		assert_true(run(&golden[i], 3, true) == golden[i].hash);
	}
}

/* Before rounding hides anything: the bits of one gradient. */
static uint64_t
run_gradient(uint32_t threads, bool plain)
{
	const struct fit_how how = {plain ? LANES_PLAIN : LANES_AUTO, threads,
	    NULL, NULL};
	double *theta, *grad;
	uint32_t pick[61];
	struct dataset ds;
	struct task t;
	struct fit f;
	int64_t *bits;
	uint64_t hash;
	size_t i;

	rows_make(&ds, 61, 30, 4);
	rows_task(&t, "vqc", &ds, 4, 5);
	assert_int_equal(fit_open(&f, &t, &how), 0);
	assert_int_equal(fit_load(&f, &ds), 0);
	theta = calloc(t.nparams, sizeof(*theta));
	grad = calloc(t.nparams, sizeof(*grad));
	bits = calloc(t.nparams, sizeof(*bits));
	assert_true(theta != NULL && grad != NULL && bits != NULL);
	for (i = 0; i < t.nparams; i++)
		theta[i] = (double)(i * 37 % 101) * 0.0625 - 3.0;
	for (i = 0; i < 61; i++)
		pick[i] = (uint32_t)(i * 7 % 61);
	assert_int_equal(fit_gradient(&f, theta, pick, 61, grad), 0);
	memcpy(bits, grad, t.nparams * sizeof(*bits));
	hash = rows_hash(bits, t.nparams);
	free(theta);
	free(grad);
	free(bits);
	fit_close(&f);
	task_close(&t);
	dataset_close(&ds);
	return hash;
}

static void
test_gradient_bits(void **state)
{
	const uint64_t want = UINT64_C(0x23a32f99e751e7d6);
	uint32_t threads;

	(void)state;
	print_message("gradient: 0x%016llx\n",
	    (unsigned long long)run_gradient(1, false));
	assert_true(run_gradient(1, true) == want);
	for (threads = 1; threads <= 4; threads++)
		assert_true(run_gradient(threads, false) == want);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_golden),
	    cmocka_unit_test(test_threads),
	    cmocka_unit_test(test_kept_pool),
	    cmocka_unit_test(test_plain),
	    cmocka_unit_test(test_gradient_bits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
