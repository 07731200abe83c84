/* Shift rules, SPSA and differences against the adjoint, on a circuit whose
 * parameters turn single qubits, pairs, controlled ones and several gates. */
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sim/gradient/rule.h"
#include "sim/learn/rng.h"
#include "sim/qmlsim.h"

#define N 3
#define NPARAMS 6

static const uint32_t mask = 5;

static void
add(struct qmlsim_circuit *c, enum qmlsim_op op, uint32_t q, uint32_t k)
{
	const struct qmlsim_gate g = {.op = op,
	    .q = {q % N, (q + 1) % N},
	    .angle = {.value = QMLSIM_PARAM, .index = k, .coef = 1.0}};

	assert_int_equal(qmlsim_circuit_add(c, &g), 0);
}

static struct qmlsim *
make(void)
{
	struct qmlsim_circuit *c;
	struct qmlsim *s;
	uint32_t q;

	assert_int_equal(qmlsim_circuit_new(&c, N), 0);
	for (q = 0; q < N; q++)
		add(c, QMLSIM_H, q, 0);
	add(c, QMLSIM_RY, 0, 0);
	add(c, QMLSIM_CRX, 0, 1);
	add(c, QMLSIM_RZZ, 1, 2);
	for (q = 0; q < N; q++)
		add(c, QMLSIM_RX, q, 3);
	add(c, QMLSIM_CPHASE, 2, 4);
	for (q = 0; q < N; q++) {
		add(c, QMLSIM_SDG, q, 0);
		add(c, QMLSIM_H, q, 0);
	}
	add(c, QMLSIM_CRY, 1, 5);
	assert_int_equal(qmlsim_new(&s, c, NULL), 0);
	qmlsim_circuit_free(c);
	return s;
}

static int
evaluate(void *arg, const double *theta, uint64_t call, double *value)
{
	const struct qmlsim_batch b = {theta, theta, 1, &mask, 1};

	(void)call;
	return qmlsim_expect(arg, &b, value);
}

static void
adjoint(struct qmlsim *s, const double *theta, double *grad)
{
	const struct qmlsim_batch b = {theta, theta, 1, &mask, 1};
	const struct qmlsim_gradient want = {.sum = grad};

	assert_int_equal(qmlsim_gradient(s, &b, NULL, &want), 0);
}

static const double start[NPARAMS] = {0.3, -1.2, 0.8, 2.1, -0.4, 1.7};

static void
test_shift(void **state)
{
	static const double one[] = {1.0}, control[] = {0.5, 1.0};
	static const double many[] = {1.0, 2.0, 3.0};
	const struct rule_waves waves[NPARAMS] = {{one, 1}, {control, 2},
	    {one, 1}, {many, 3}, {one, 1}, {control, 2}};
	double theta[NPARAMS], want[NPARAMS], got[NPARAMS], fd[NPARAMS];
	struct qmlsim *s = make();
	struct rule r = {evaluate, s, NPARAMS, 0};
	size_t k;

	(void)state;
	memcpy(theta, start, sizeof(theta));
	adjoint(s, theta, want);
	assert_int_equal(rule_shift(&r, theta, waves, got), 0);
	assert_int_equal(r.calls, 2 * (1 + 2 + 1 + 3 + 1 + 2));
	assert_int_equal(rule_differences(&r, theta, 1e-5, fd), 0);
	for (k = 0; k < NPARAMS; k++) {
		assert_true(fabs(got[k] - want[k]) < 1e-12);
		assert_true(fabs(fd[k] - want[k]) < 1e-8);
		assert_true(fabs(want[k]) > 1e-3);
	}
	/* Two terms are wrong where a parameter turns more than one gate. */
	assert_int_equal(rule_shift(&r, theta, NULL, got), 0);
	assert_true(fabs(got[0] - want[0]) < 1e-12);
	assert_true(fabs(got[3] - want[3]) > 1e-3);
	assert_memory_equal(theta, start, sizeof(theta));
	qmlsim_free(s);
}

/* For R equal rotations the weights are known in closed form. */
static void
test_weights(void **state)
{
	double f[8], s[8], weight[8], half;
	struct rule_waves w = {f, 0};
	size_t i;

	(void)state;
	assert_int_equal(rule_weights(&w, s, weight), -EINVAL);
	for (w.n = 1; w.n <= 8; w.n++) {
		f[w.n - 1] = (double)w.n;
		assert_int_equal(rule_weights(&w, s, weight), 0);
		for (i = 0; i < w.n; i++) {
			half = sin(0.5 * s[i]);
			half = (i % 2 == 0 ? 1.0 : -1.0) /
			    (4.0 * (double)w.n * half * half);
			assert_true(fabs(weight[i] - half) < 1e-12);
		}
	}
	w.n = 2;
	f[1] = f[0];
	assert_int_equal(rule_weights(&w, s, weight), -EINVAL);
	f[1] = (double)INFINITY;
	assert_int_equal(rule_weights(&w, s, weight), -EINVAL);
}

static void
test_spsa(void **state)
{
	static const uint8_t seed[RNG_SEED_BYTES] = {7};
	double theta[NPARAMS], want[NPARAMS], got[NPARAMS], again[NPARAMS];
	struct qmlsim *s = make();
	struct rule r = {evaluate, s, NPARAMS, 0};
	struct rng rng;
	const struct rule_spsa o = {1e-3, 20000, &rng};
	double worst = 0.0;
	size_t k;

	(void)state;
	memcpy(theta, start, sizeof(theta));
	adjoint(s, theta, want);
	rng_init(&rng, seed, 0);
	assert_int_equal(rule_spsa(&r, theta, &o, got), 0);
	assert_int_equal(r.calls, 40000);
	rng_init(&rng, seed, 0);
	assert_int_equal(rule_spsa(&r, theta, &o, again), 0);
	assert_memory_equal(got, again, sizeof(got));
	for (k = 0; k < NPARAMS; k++) {
		double d = fabs(got[k] - want[k]);

		worst = d > worst ? d : worst;
	}
	/* Seven standard errors of sqrt(sum g^2 / repeats), about 0.006. */
	assert_true(worst < 0.04);
	assert_true(worst > 1e-6);
	qmlsim_free(s);
}

static int
refuse(void *arg, const double *theta, uint64_t call, double *value)
{
	(void)arg;
	*value = theta[0];
	return call == 3 ? -EIO : 0;
}

static void
test_errors(void **state)
{
	double theta[2] = {0.1, 0.2}, grad[2];
	struct rule r = {refuse, NULL, 2, 0};

	(void)state;
	assert_int_equal(rule_shift(&r, theta, NULL, grad), -EIO);
	assert_int_equal(r.calls, 4);
	assert_true(theta[0] == 0.1 && theta[1] == 0.2);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_shift),
	    cmocka_unit_test(test_weights),
	    cmocka_unit_test(test_spsa),
	    cmocka_unit_test(test_errors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
