/*
 * One oracle for all executors: every gate on every ordered choice of qubits
 * up to six, and random circuits, by dense matrices; eight samples at a time,
 * amplitudes in the lanes, a program on a state vector and on a density matrix
 * must find the same. Gradients: adjoint of each of them, shift rules, and
 * differences of the oracle. Tiles begin at 13 qubits: against the vector.
 */
#include <assert.h>
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

#include "sim/circuit/circuit.h"
#include "sim/circuit/circuit_program.h"
#include "sim/circuit/plan.h"
#include "sim/circuit/program_build.h"
#include "sim/circuit/program_run.h"
#include "sim/gradient/program_gradient.h"
#include "sim/gradient/samples.h"
#include "sim/observable/pauli.h"
#include "sim/state/mixture.h"
#include "sim/state/noisy_plan.h"
#include "sim/state/pool.h"
#include "tests/sim/circuit/dense.h"

#define PARAMS 3
#define FEATURES 6

static struct pool *pool;
static const double theta[PARAMS] = {0.41, -1.3, 2.2};
static const double features[FEATURES] = {0.3, -0.8, 1.1, 0.6, -1.7, 0.2};
static uint64_t draws;
static bool uploads; /* features in angles anywhere */

static uint32_t
draw(uint32_t n)
{
	uint64_t z = (draws += 0x9e3779b97f4a7c15u);

	assert(n > 0);
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return (uint32_t)((z ^ (z >> 31)) % n);
}

static void
add(struct circuit *c, enum circuit_op op, uint32_t a, uint32_t b)
{
	struct circuit_gate g = {.op = op, .q = {a, b}};

	if (circuit_turns(op))
		g.angle = (struct circuit_angle){.ref = CIRCUIT_PARAM,
		    .index = draw(PARAMS),
		    .coef = 0.5 + 0.25 * draw(5),
		    .offset = 0.3 * draw(7)};
	if (circuit_turns(op) && uploads) {
		if (draw(2) == 0)
			g.angle.ref = CIRCUIT_FEATURE;
		if (draw(2) == 0) /* programs know no theta theta */
			g.angle.by = g.angle.ref == CIRCUIT_PARAM
			    ? CIRCUIT_FEATURE
			    : (enum circuit_ref)(1 + draw(2));
		g.angle.by_index = draw(PARAMS);
	}
	assert_int_equal(circuit_add(c, &g), 0);
}

/* Features first, as the executor with amplitudes in the lanes wants it. */
static void
begin(struct circuit *c, uint32_t n)
{
	struct circuit_gate g = {.op = CIRCUIT_RY,
	    .angle = {.ref = CIRCUIT_FEATURE, .coef = 0.9, .offset = 0.2}};
	uint32_t q;

	assert_int_equal(circuit_init(c, n), 0);
	for (q = 0; q < n; q++) {
		g.q[0] = q;
		g.angle.index = q % FEATURES;
		assert_int_equal(circuit_add(c, &g), 0);
	}
	for (q = 0; q < PARAMS; q++) { /* all parameters are in use */
		g.op = q == 1 ? CIRCUIT_RX : CIRCUIT_RZ;
		g.q[0] = q % n;
		g.angle = (struct circuit_angle){.ref = CIRCUIT_PARAM,
		    .index = q,
		    .coef = 1.0};
		assert_int_equal(circuit_add(c, &g), 0);
	}
}

/* Phases become visible to Z. */
static void
finish(struct circuit *c)
{
	uint32_t q;

	for (q = 0; q < c->nqubits; q++) {
		add(c, q & 1 ? CIRCUIT_H : CIRCUIT_RX, q, 0);
		add(c, CIRCUIT_RY, q, 0);
	}
}

static double
oracle(const struct circuit *c, const double *at, uint32_t mask)
{
	double complex psi[DENSE_MAX] = {1};
	double sum = 0.0;
	uint32_t x;

	dense_run(c, at, features, psi);
	for (x = 0; x < UINT32_C(1) << c->nqubits; x++) {
		double p = creal(psi[x]) * creal(psi[x]) +
		    cimag(psi[x]) * cimag(psi[x]);

		sum += __builtin_parity(x & mask) ? -p : p;
	}
	return sum;
}

static void
near(double got, double want, double tolerance, const char *who)
{
	if (!(fabs(got - want) < tolerance))
		fail_msg("%s: %.17g, not %.17g", who, got, want);
}

struct answer {
	double value, grad[PARAMS];
};

static void
by_samples(const struct circuit *c, uint32_t mask,
    enum samples_executor executor, struct answer *out)
{
	struct samples_options o = {.pool = pool,
	    .executor = executor,
	    .gradients = true};
	struct samples_batch b = {.features = features,
	    .n = 1,
	    .mask = mask,
	    .value = &out->value,
	    .grad = out->grad};
	struct samples *s;
	struct plan p;

	assert_int_equal(plan_compile(&p, c), 0);
	assert_int_equal(samples_new(&s, &p, &o), 0);
	samples_bind(s, theta);
	assert_int_equal(samples_run(s, &b), 0);
	samples_free(s);
	plan_close(&p);
}

static void
by_density(const struct program *p, const struct pauli_sum *sum, double want)
{
	struct noisy_plan n = NOISY_PLAN_INIT;
	struct mixture m;

	assert_int_equal(noisy_plan_init(&n, p, NULL), 0);
	assert_int_equal(mixture_run(&m, &n, NULL), 0);
	near(density_expect(sum, &m.density), want, 1e-12, "density");
	mixture_close(&m);
	noisy_plan_close(&n);
}

static void
set_inputs(struct program *p)
{
	uint32_t i;

	assert_int_equal(p->ninputs, PARAMS);
	for (i = 0; i < PARAMS; i++) {
		p->inputs[i].value = theta[i];
		p->inputs[i].set = true;
	}
}

static void
by_program(const struct circuit *c, uint32_t mask, const struct answer *want)
{
	const struct circuit_values v = {NULL, features};
	struct program p = PROGRAM_INIT;
	struct pauli_term z = {0, mask, 1.0};
	struct pauli_sum sum = {&z, 1};
	struct program_problem q = {.p = &p, .sum = &sum};
	double value, adjoint[PARAMS], shift[PARAMS];
	size_t k;

	assert_int_equal(circuit_program(c, &v, &p), 0);
	set_inputs(&p);
	assert_int_equal(program_adjoint(&q, &value, adjoint), 0);
	assert_int_equal(program_shift(&q, shift), 0);
	near(value, want->value, 1e-12, "vector");
	for (k = 0; k < PARAMS; k++) {
		near(adjoint[k], want->grad[k], 1e-11, "vector, adjoint");
		near(shift[k], want->grad[k], 1e-11, "vector, shift");
	}
	by_density(&p, &sum, want->value);
	program_close(&p);
}

static void
check(const struct circuit *c)
{
	uint32_t mask = 1 + draw((UINT32_C(1) << c->nqubits) - 1);
	double value = oracle(c, theta, mask), at[PARAMS], up, down;
	struct answer lanes, amps;
	size_t k;

	by_samples(c, mask, SAMPLES_LANES, &lanes);
	near(lanes.value, value, 1e-12, "lanes");
	for (k = 0; k < PARAMS; k++) {
		memcpy(at, theta, sizeof(at));
		at[k] = theta[k] + 1e-5;
		up = oracle(c, at, mask);
		at[k] = theta[k] - 1e-5;
		down = oracle(c, at, mask);
		near(lanes.grad[k], (up - down) / 2e-5, 2e-8, "differences");
	}
	by_program(c, mask, &lanes);
	if (c->nqubits < 4)
		return;
	by_samples(c, mask, SAMPLES_AMPS, &amps);
	near(amps.value, value, 1e-12, "amplitudes");
	for (k = 0; k < PARAMS; k++)
		near(amps.grad[k], lanes.grad[k], 1e-11, "amplitudes, adjoint");
}

/* Every gate of that many qubits on a, or on a and b. */
static void
check_all_on(uint32_t n, uint32_t a, uint32_t b)
{
	struct circuit c;
	enum circuit_op op;

	begin(&c, n);
	for (op = CIRCUIT_RX; op < CIRCUIT_NOPS; op++) {
		if ((circuit_arity(op) == 2) == (a != b))
			add(&c, op, a, b);
	}
	finish(&c);
	check(&c);
	circuit_close(&c);
}

static void
test_every_gate(void **state)
{
	uint32_t n, i;

	(void)state;
	draws = 1;
	for (n = 1; n <= 6; n++) {
		for (i = 0; i < n * n; i++)
			check_all_on(n, i / n, i % n);
	}
}

/* Each gate alone: what errs may not hide behind another. */
static void
test_one_gate(void **state)
{
	struct circuit c;
	uint32_t i;
	enum circuit_op op;

	(void)state;
	draws = 2;
	for (op = CIRCUIT_RX; op < CIRCUIT_NOPS; op++) {
		for (i = 0; i < 16; i++) {
			if ((i / 4 == i % 4) != (circuit_arity(op) == 1))
				continue;
			begin(&c, 4);
			add(&c, op, i / 4, i % 4);
			finish(&c);
			check(&c);
			circuit_close(&c);
		}
	}
}

static void
fill(struct circuit *c, uint32_t ngates)
{
	uint32_t n = c->nqubits, a;
	enum circuit_op op;

	while (ngates-- > 0) {
		op = (enum circuit_op)draw(CIRCUIT_NOPS);
		a = draw(n);
		if (circuit_arity(op) == 1 || n > 1)
			add(c, op, a, n > 1 ? (a + 1 + draw(n - 1)) % n : 0);
	}
}

static void
test_random(void **state)
{
	struct circuit c;
	uint32_t i;

	(void)state;
	draws = 3;
	for (i = 0; i < 120; i++) {
		begin(&c, 1 + i % 6);
		fill(&c, 25);
		finish(&c);
		check(&c);
		circuit_close(&c);
	}
}

/* Products and sums with features at any place. */
static void
test_uploads(void **state)
{
	struct circuit c;
	uint32_t i;

	(void)state;
	draws = 5;
	uploads = true;
	for (i = 0; i < 120; i++) {
		begin(&c, 1 + i % 6);
		fill(&c, 25);
		finish(&c);
		check(&c);
		circuit_close(&c);
	}
	uploads = false;
}

static void
test_tiles(void **state)
{
	const struct circuit_values v = {NULL, features};
	struct samples_options o = {.pool = pool};
	struct pauli_term z = {0, 0, 1.0};
	struct pauli_sum sum = {&z, 1};
	struct program p = PROGRAM_INIT;
	struct program_problem q = {.p = &p, .sum = &sum};
	struct samples *s;
	struct samples_batch b = {.features = features, .n = 1};
	struct circuit c;
	struct plan plan;
	double value, want;
	uint32_t i;

	(void)state;
	draws = 4;
	for (i = 0; i < 3; i++) {
		begin(&c, 19 - i);
		fill(&c, 60);
		finish(&c);
		b.mask = 1 + draw((UINT32_C(1) << c.nqubits) - 1);
		b.value = &value;
		z.z = b.mask;
		assert_int_equal(plan_compile(&plan, &c), 0);
		assert_int_equal(samples_new(&s, &plan, &o), 0);
		samples_bind(s, theta);
		assert_int_equal(samples_run(s, &b), 0);
		samples_free(s);
		plan_close(&plan);
		assert_int_equal(circuit_program(&c, &v, &p), 0);
		set_inputs(&p);
		assert_int_equal(program_expect(&q, &want), 0);
		near(value, want, 1e-12, "tiles");
		program_close(&p);
		circuit_close(&c);
	}
}

static int
setup(void **state)
{
	(void)state;
	return pool_new(&pool, 2);
}

static int
teardown(void **state)
{
	(void)state;
	pool_free(pool);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_every_gate),
	    cmocka_unit_test(test_one_gate),
	    cmocka_unit_test(test_random),
	    cmocka_unit_test(test_uploads),
	    cmocka_unit_test(test_tiles),
	};

	return cmocka_run_group_tests_name("executors", tests, setup, teardown);
}
