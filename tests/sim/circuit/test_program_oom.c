/*
 * Memory that runs out at the k-th request, k = 1, 2, ..: reading, running,
 * sampling, differentiating, writing a program, its noise, and feature maps
 * give a clean -ENOMEM each time, and the sanitizer sees that nothing is left.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sim/circuit/circuit.h"
#include "sim/circuit/circuit_program.h"
#include "sim/circuit/program_build.h"
#include "sim/circuit/program_run.h"
#include "sim/circuit/qasm.h"
#include "sim/circuit/qasm_write.h"
#include "sim/gradient/program_gradient.h"
#include "sim/learn/feature_map.h"
#include "sim/observable/pauli.h"
#include "sim/state/mitigation.h"
#include "sim/state/mixture.h"
#include "sim/state/noise_model.h"
#include "sim/state/noisy_plan.h"
#include "sim/state/pool.h"
#include "sim/state/trajectory.h"
#include "tests/oom.h"

#define HEAD "OPENQASM 3.0;\ninclude \"stdgates.inc\";\n"

static const char plain[] = HEAD
    "input float a; gate g(t) x1 { rx(t) x1; ctrl @ gphase(t) x1; }\n"
    "qubit[3] q; let r = q[0:1] ++ q[2]; h r; for int i in {0, 1} { g(a) q[i]; "
    "} ctrl @ pow(0.5) @ g(0.3) q[0], q[1]; cx q[0], q[2];\n";
static const char branching[] = HEAD
    "qubit[2] q; bit[2] c; h q; c = measure q; if (c == 2) { x q[0]; } else { "
    "reset q[1]; } switch (c) { case 1 { h q[0]; } } c[0] = measure q[0];\n";

static int
read_program(struct program *p, const char *text)
{
	const struct qasm_set set = {"a", 0.4};
	const struct qasm_options o = {.sets = &set,
	    .nsets = text == plain ? 1 : 0};
	struct qasm_error e;
	int rc;

	*p = (struct program)PROGRAM_INIT;
	rc = qasm_read(p, text, strlen(text), &o, &e);
	assert_true(rc == 0 || e.text[0] != '\0');
	return rc;
}

static int
gradients(void)
{
	const struct program_spsa spsa = {.seed = 1, .draws = 2, .h = 0.1};
	struct pauli_sum sum = PAULI_SUM_INIT;
	struct program p;
	struct program_problem q = {.p = &p, .sum = &sum};
	char err[128];
	double grad[64], value;
	int rc = read_program(&p, plain);

	if (rc == 0)
		rc = pauli_parse(&sum, "Z0 + 0.5*X1 Y2", 3, err);
	if (rc == 0)
		rc = program_adjoint(&q, &value, grad);
	if (rc == 0)
		rc = program_shift(&q, grad);
	if (rc == 0)
		rc = program_spsa(&q, &spsa, grad);
	if (rc == 0)
		rc = program_difference(&q, 1e-5, grad);
	if (rc == 0)
		rc = program_free_angles(&p);
	pauli_close(&sum);
	program_close(&p);
	return rc;
}

static int
shots_of(const char *text)
{
	struct program_counts counts = PROGRAM_COUNTS_INIT;
	struct vector v = VECTOR_INIT;
	struct program p;
	int rc = read_program(&p, text);

	if (rc == 0)
		rc = vector_init(&v, p.nqubits, NULL);
	if (rc == 0)
		rc = program_shots(&p, &v, 50, 7, &counts);
	program_counts_close(&counts);
	vector_close(&v);
	program_close(&p);
	return rc;
}

static int
shots(void)
{
	int rc = shots_of(plain);

	return rc == 0 ? shots_of(branching) : rc;
}

static int
writing(void)
{
	struct qasm_style style = {.dialect = QASM_DIALECT_2};
	struct circuit c = CIRCUIT_INIT;
	const struct circuit_values v = {NULL, NULL};
	struct program p, again = PROGRAM_INIT;
	char err[128], *text = NULL;
	int rc = read_program(&p, plain), i;

	for (i = 0; i < 3 && rc == 0; i++) {
		style.dialect = (enum qasm_dialect)i;
		rc = qasm_write(&p, &style, &text, err);
		free(text);
		text = NULL;
	}
	if (rc == 0)
		rc = program_to_circuit(&p, &c);
	if (rc == -ENOTSUP) /* ctrl @ pow(0.5): fine, but not here */
		rc = circuit_init(&c, 2);
	if (rc == 0)
		rc = circuit_program(&c, &v, &again);
	program_close(&again);
	again = (struct program)PROGRAM_INIT;
	if (rc == 0)
		rc = mitigation_fold(&p, 3, &again);
	program_close(&again);
	circuit_close(&c);
	program_close(&p);
	return rc;
}

static int
make_noise(struct noise_model *m)
{
	const struct noise_rule any = {.gate = ""};
	const struct noise_calibration c = {.n = 1,
	    .t1 = {1e-4, 1e-4},
	    .t2 = {1e-4, 1e-4},
	    .time = 1e-7,
	    .error = 0.01};
	int rc = noise_model_add_rule(m, &any);

	m->idle[0].t1 = m->idle[0].t2 = 1e-4;
	return rc == 0 ? noise_model_add_calibration(m, &c) : rc;
}

static int
noise_on(const struct program *p, const struct noise_model *m)
{
	uint8_t seed[RNG_SEED_BYTES] = {0};
	struct trajectory_wish wish = {.runs = 9, .seed = seed, .counts = true};
	struct noisy_plan n = NOISY_PLAN_INIT;
	struct trajectory t;
	struct mixture mix;
	int rc = noisy_plan_init(&n, p, m);

	if (rc == 0) {
		rc = mixture_run(&mix, &n, NULL);
		if (rc == 0)
			mixture_close(&mix);
	}
	if (rc == 0) {
		rc = trajectory_run(&t, &n, &wish);
		if (rc == 0)
			trajectory_close(&t);
	}
	noisy_plan_close(&n);
	return rc;
}

static int
noise(void)
{
	static struct noise_model m;
	struct program p;
	int rc = read_program(&p, branching);

	m = (struct noise_model)NOISE_MODEL_INIT;
	if (rc == 0)
		rc = make_noise(&m);
	if (rc == 0)
		rc = noise_on(&p, &m);
	noise_model_close(&m);
	program_close(&p);
	return rc;
}

static int
feature_maps(void)
{
	struct feature_map m = {.kind = FEATURE_MAP_PAULI,
	    .nqubits = 3,
	    .nfeatures = 3,
	    .reps = 2,
	    .alpha = 2.0,
	    .axis = 'y',
	    .scale = 1.0,
	    .strings = {"Y", "ZZ"},
	    .nstrings = 2};
	const double x[6] = {0.1, 0.2, 0.3, 0.4, 0.5, 0.6};
	struct qkernel_states s;
	struct pool *pool;
	int rc = pool_new(&pool, 1), kind;

	if (rc < 0)
		return rc;
	for (kind = 0; kind <= FEATURE_MAP_AMPLITUDE && rc == 0; kind++) {
		m.kind = (enum feature_map_kind)kind;
		rc = feature_map_states(&m, x, 2, pool, &s);
		if (rc == 0)
			qkernel_states_close(&s);
	}
	pool_free(pool);
	return rc;
}

/* fn until it asks less than k times; each failure is -ENOMEM. At most spare
 * requests are for what it can do without. */
static void
walk(int (*fn)(void), size_t least, size_t spare)
{
	size_t k, passed = 0;
	bool struck;
	int rc;

	for (k = 1;; k++) {
		oom_arm(k);
		rc = fn();
		struck = oom_disarm();
		if (rc != 0)
			assert_int_equal(rc, -ENOMEM);
		if (!struck)
			break;
		passed += rc == 0;
		assert_true(k < 100000);
	}
	assert_int_equal(rc, 0);
	assert_true(k > least);
	if (passed != spare)
		fail_msg("%zu failures did not matter", passed);
}

static void
test_gradients(void **state)
{
	(void)state;
	walk(gradients, 10, 0);
}

static void
test_shots(void **state)
{
	(void)state;
	walk(shots, 20, 0);
}

static void
test_writing(void **state)
{
	(void)state;
	walk(writing, 20, 0);
}

static void
test_noise(void **state)
{
	(void)state;
	walk(noise, 20, 0);
}

static void
test_feature_maps(void **state)
{
	(void)state;
	/* The check and the estimate of memory make blocks of their own. */
	walk(feature_maps, 20, 2);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_gradients),
	    cmocka_unit_test(test_shots),
	    cmocka_unit_test(test_writing),
	    cmocka_unit_test(test_noise),
	    cmocka_unit_test(test_feature_maps),
	};

	return cmocka_run_group_tests_name("oom", tests, NULL, NULL);
}
