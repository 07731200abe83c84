/* Expectations against sums over the state itself. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "sim/circuit/bind.h"
#include "sim/circuit/circuit.h"
#include "sim/circuit/plan.h"
#include "sim/circuit/template.h"
#include "sim/gradient/adjoint.h"
#include "sim/observable/zstring.h"
#include "sim/state/lanes.h"

#define N 4
#define SIZE 16
#define NOBS (N + N * (N - 1) / 2)

struct fixture {
	struct circuit c;
	struct plan p;
	struct bind b;
	struct adjoint a;
	double state[2 * SIZE];
};

/* Layers, X gates and rotations beyond a half turn: signs from all sides. */
static void
fixture_open(struct fixture *f)
{
	struct circuit_gate x = {.op = CIRCUIT_X, .q = {1, 0}};
	double theta[12 * N], row[2 * N];
	double features[N] = {0.3, 0.9, 0.5, 0.1};
	const double *rows[LANES] = {row};
	size_t i;

	assert_int_equal(circuit_init(&f->c, N), 0);
	assert_int_equal(template_angle(&f->c, N), 0);
	assert_int_equal(template_strongly_entangling(&f->c, 2), 0);
	assert_int_equal(circuit_add(&f->c, &x), 0);
	assert_int_equal(template_strongly_entangling(&f->c, 2), 0);
	x.q[0] = 3;
	assert_int_equal(circuit_add(&f->c, &x), 0);
	for (i = 0; i < 12 * N; i++)
		theta[i] = (double)i * 0.77 - 9.0;
	assert_int_equal(plan_compile(&f->p, &f->c), 0);
	assert_int_equal(bind_init(&f->b, &f->p), 0);
	assert_int_equal(adjoint_init(&f->a, &f->p, lanes_pick(LANES_AUTO)), 0);
	bind_set(&f->b, &f->p, f->a.lanes, theta);
	adjoint_prepare(&f->p, f->a.lanes, features, 1, row);
	adjoint_forward(&f->a, &f->b, rows);
	adjoint_state(&f->a, &f->b, f->state);
}

static void
fixture_close(struct fixture *f)
{
	adjoint_close(&f->a);
	bind_close(&f->b);
	plan_close(&f->p);
	circuit_close(&f->c);
}

static double
expect(const double *state, uint32_t mask)
{
	double sum = 0.0;
	uint32_t x;

	for (x = 0; x < SIZE; x++) {
		double p = state[2 * x] * state[2 * x] +
		    state[2 * x + 1] * state[2 * x + 1];

		sum += (__builtin_popcount(x & mask) & 1) != 0 ? -p : p;
	}
	return sum;
}

static void
test_pairs(void **state)
{
	double out[NOBS * LANES];
	struct fixture f;
	struct zstring z;
	uint32_t i, j, k = 0;

	(void)state;
	fixture_open(&f);
	assert_int_equal(zstring_init_pairs(&z, &f.p), 0);
	assert_int_equal(z.count, NOBS);
	zstring_expect(&z, &f.b, f.a.lanes, f.a.diag, out);
	for (i = 0; i < N; i++, k++)
		assert_true(
		    fabs(out[k * LANES] - expect(f.state, 1U << i)) < 1e-14);
	for (i = 0; i < N; i++) {
		for (j = i + 1; j < N; j++, k++)
			assert_true(
			    fabs(out[k * LANES] -
				expect(f.state, 1U << i | 1U << j)) < 1e-14);
	}
	zstring_close(&z);
	fixture_close(&f);
}

static void
test_any_string(void **state)
{
	uint32_t logical[SIZE], i;
	double out[SIZE * LANES];
	struct fixture f;
	struct zstring z;

	(void)state;
	fixture_open(&f);
	for (i = 0; i < SIZE; i++)
		logical[i] = i;
	assert_int_equal(zstring_init(&z, &f.p, logical, SIZE), 0);
	zstring_expect(&z, &f.b, f.a.lanes, f.a.diag, out);
	for (i = 0; i < SIZE; i++) {
		assert_true(fabs(out[i * LANES] - expect(f.state, i)) < 1e-14);
		assert_true(out[i * LANES + 1] == 0.0); /* lane not used */
	}
	zstring_close(&z);
	zstring_close(&z);
	fixture_close(&f);
}

/* sum_x p(x) diag(x) = sum_k w_k <O_k>. */
static void
test_weigh(void **state)
{
	double out[NOBS * LANES], weight[NOBS * LANES], probs[SIZE];
	double diag[SIZE * LANES] __attribute__((aligned(LANES_ALIGN)));
	double left = 0.0, right = 0.0;
	struct fixture f;
	struct zstring z;
	size_t i;

	(void)state;
	fixture_open(&f);
	assert_int_equal(zstring_init_pairs(&z, &f.p), 0);
	for (i = 0; i < SIZE; i++)
		probs[i] = f.a.diag[i * LANES];
	for (i = 0; i < NOBS * LANES; i++)
		weight[i] = (double)(i * i % 17) - 8.0;
	zstring_expect(&z, &f.b, f.a.lanes, f.a.diag, out);
	zstring_weigh(&z, &f.b, f.a.lanes, weight, diag);
	for (i = 0; i < SIZE; i++)
		left += probs[i] * diag[i * LANES];
	for (i = 0; i < NOBS; i++)
		right += weight[i * LANES] * out[i * LANES];
	assert_true(fabs(left - right) < 1e-13);
	zstring_close(&z);
	fixture_close(&f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_pairs),
	    cmocka_unit_test(test_any_string),
	    cmocka_unit_test(test_weigh),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
