/* Shift rules against central differences; under noise and shots too. */
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "sim/circuit/program_build.h"
#include "sim/gradient/shift.h"
#include "sim/observable/pauli.h"
#include "sim/state/mixture.h"
#include "sim/state/noise_model.h"
#include "sim/state/noisy_plan.h"

static struct pauli_term terms[2] = {{0, 5, 1.0}, {3, 2, 0.7}};
static const struct pauli_sum sums[2] = {{&terms[0], 1}, {&terms[1], 1}};

struct machine {
	const struct noise_model *noise;
	uint64_t shots; /* 0: exact */
	uint64_t calls;
	int fail_at;
};

static int
evaluate(void *arg, const struct program *p, uint64_t draw, double *values)
{
	uint8_t seed[RNG_SEED_BYTES] = {4};
	struct machine *m = arg;
	struct noisy_plan plan;
	struct mixture x;
	struct rng r;
	size_t i;

	assert_int_equal(draw, m->calls);
	if (m->fail_at && m->calls == (uint64_t)m->fail_at)
		return -EIO;
	m->calls++;
	assert_int_equal(noisy_plan_init(&plan, p, m->noise), 0);
	assert_int_equal(mixture_run(&x, &plan, NULL), 0);
	rng_init(&r, seed, draw);
	for (i = 0; i < 2; i++) {
		double e = density_expect(&sums[i], &x.density);
		double c = sums[i].terms[0].coef;
		uint64_t k, up = 0;

		for (k = 0; k < m->shots; k++)
			up += shots_uniform(&r) < 0.5 * (1 + e / c);
		values[i] = m->shots
		    ? c * (2.0 * (double)up / (double)m->shots - 1.0)
		    : e;
	}
	mixture_close(&x);
	noisy_plan_close(&plan);
	return 0;
}

/* coef * input + offset for each of the gate's angles, from input k on. */
static void
gate(struct program *p, enum program_gate g, uint32_t ncontrols, uint32_t k)
{
	static const uint32_t qubits[4][3] = {{2, 0, 1}, {0, 1, 2}, {1, 2, 0},
	    {0, 2, 1}};
	struct program_op op = {.gate = g,
	    .ncontrols = ncontrols,
	    .ntargets = program_gate_targets(g),
	    .when = k & ((1u << ncontrols) - 1)};
	uint32_t i;

	for (i = 0; i < program_gate_angles(g); i++) {
		struct program_term t[2] = {{(k + i) % p->ninputs, 0.8},
		    {(k + 2 * i + 1) % p->ninputs, -1.3}};
		struct program_angle a = {.offset = 0.1 * k, .nterms = 2};
		int at = program_add_angle(p, &a, t);

		assert_true(at >= 0);
		if (i == 0)
			op.angle0 = (uint32_t)at;
	}
	assert_int_equal(program_add_gate(p, &op, qubits[k % 4]), 0);
}

static void
make(struct program *p)
{
	static const struct {
		enum program_gate g;
		uint32_t ncontrols;
	} list[] = {{PROGRAM_RY, 0}, {PROGRAM_H, 0}, {PROGRAM_RX, 0},
	    {PROGRAM_RXX, 0}, {PROGRAM_RY, 1}, {PROGRAM_U, 0}, {PROGRAM_P, 1},
	    {PROGRAM_RZ, 2}, {PROGRAM_RYY, 1}, {PROGRAM_U, 1},
	    {PROGRAM_GPHASE, 1}, {PROGRAM_RZZ, 0}, {PROGRAM_P, 0},
	    {PROGRAM_SX, 0}, {PROGRAM_RX, 1}, {PROGRAM_GPHASE, 0}};
	uint32_t k;

	*p = (struct program)PROGRAM_INIT;
	assert_int_equal(program_add_register(p, "q", 3, true), 0);
	for (k = 0; k < 4; k++) {
		char name[2] = {(char)('a' + k), '\0'};

		assert_int_equal(program_add_input(p, name), k);
		assert_int_equal(program_set(p, name, 0.4 + 0.3 * k), 0);
	}
	for (k = 0; k < sizeof(list) / sizeof(list[0]); k++)
		gate(p, list[k].g, list[k].ncontrols, k);
	/* One angle in two gates: each is shifted alone. */
	p->ops[14].angle0 = p->ops[0].angle0;
}

static void
make_noise(struct noise_model *m)
{
	struct noise_rule any = {.arity = 0};
	struct kraus c;

	*m = (struct noise_model)NOISE_MODEL_INIT;
	assert_int_equal(noise_model_add_rule(m, &any), 0);
	assert_int_equal(kraus_generalized_damping(&c, 0.03, 0.2), 0);
	assert_int_equal(noise_model_add_channel(m, &c), 0);
	assert_int_equal(noise_model_add_step(m,
			     (struct noise_step){0, NOISE_EACH}),
	    0);
}

static void
compare(const struct noise_model *noise)
{
	struct machine m = {.noise = noise}, d = {.noise = noise};
	struct shift s = {.eval = evaluate, .arg = &m, .nvalues = 2};
	struct shift h = {.eval = evaluate, .arg = &d, .nvalues = 2};
	double grad[8], want[8], size = 0.0;
	struct program p;
	uint32_t nangles, i;

	make(&p);
	nangles = p.nangles;
	assert_int_equal(shift_gradient(&s, &p, grad), 0);
	assert_int_equal(m.calls, shift_calls(&p));
	assert_int_equal(p.nangles, nangles);
	assert_int_equal(shift_differences(&h, &p, 1e-5, want), 0);
	for (i = 0; i < 8; i++) {
		size += fabs(want[i]);
		if (fabs(grad[i] - want[i]) > 1e-8)
			fail_msg("%u: %g, want %g", i, grad[i], want[i]);
	}
	assert_true(size > 0.5);
	program_close(&p);
}

static void
test_exact(void **state)
{
	(void)state;
	compare(NULL);
}

static void
test_noisy(void **state)
{
	struct noise_model m;

	(void)state;
	make_noise(&m);
	compare(&m);
	noise_model_close(&m);
}

/* Sampled values: the mean over many is within 5 standard errors. */
static void
test_shots(void **state)
{
	struct machine exact = {.calls = 0}, sampled = {.shots = 400};
	struct shift e = {.eval = evaluate, .arg = &exact, .nvalues = 2};
	struct shift s = {.eval = evaluate, .arg = &sampled, .nvalues = 2};
	double want[8], grad[8], mean[8] = {0}, square[8] = {0};
	const uint32_t n = 40;
	struct program p;
	uint32_t i, k;

	(void)state;
	make(&p);
	assert_int_equal(shift_gradient(&e, &p, want), 0);
	for (k = 0; k < n; k++) {
		assert_int_equal(shift_gradient(&s, &p, grad), 0);
		for (i = 0; i < 8; i++) {
			mean[i] += grad[i] / n;
			square[i] += grad[i] * grad[i] / n;
		}
	}
	assert_int_equal(s.ndraws, n * shift_calls(&p));
	for (i = 0; i < 8; i++) {
		double error = sqrt((square[i] - mean[i] * mean[i]) / (n - 1));

		assert_true(error > 0.0);
		assert_true(fabs(mean[i] - want[i]) < 5 * error);
	}
	program_close(&p);
}

static void
test_failure(void **state)
{
	struct machine m = {.fail_at = 7};
	struct shift s = {.eval = evaluate, .arg = &m, .nvalues = 2};
	struct program p;
	double grad[8];
	uint32_t nangles, first;

	(void)state;
	make(&p);
	nangles = p.nangles;
	first = p.ops[4].angle0;
	assert_int_equal(shift_gradient(&s, &p, grad), -EIO);
	assert_int_equal(p.nangles, nangles);
	assert_int_equal(p.ops[4].angle0, first);
	program_close(&p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_exact),
	    cmocka_unit_test(test_noisy),
	    cmocka_unit_test(test_shots),
	    cmocka_unit_test(test_failure),
	};

	return cmocka_run_group_tests_name("shift", tests, NULL, NULL);
}
