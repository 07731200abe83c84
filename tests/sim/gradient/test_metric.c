/* The metric against how fast states move apart: |<t|t + d>|^2 = 1 - d g d, in
 * second differences; textbook values; blocks. */
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "sim/circuit/circuit.h"
#include "sim/gradient/metric.h"
#include "sim/qmlsim.h"

#define N 3
#define NPARAMS 7

struct both {
	struct circuit c;
	struct qmlsim *s;
	double x[N];
};

static void
both_open(struct both *b)
{
	struct qmlsim_circuit *same;
	uint32_t i;

	*b = (struct both){.x = {0.4, -0.9, 1.3}};
	assert_int_equal(circuit_init(&b->c, N), 0);
	assert_int_equal(qmlsim_circuit_new(&same, N), 0);
	for (i = 0; i < 3 * CIRCUIT_NOPS; i++) {
		struct circuit_gate g = {.op = (enum circuit_op)(
					     (i * 8 + 4) % CIRCUIT_NOPS),
		    .q = {i % N, (i + 1 + i % 2) % N},
		    .angle = {.ref = CIRCUIT_PARAM,
			.index = i % NPARAMS,
			.coef = 0.8,
			.offset = 0.2,
			.by = (enum circuit_ref)(i % 4 % 3),
			.by_index = i % 3}};
		struct qmlsim_gate to = {.op = (enum qmlsim_op)g.op,
		    .q = {g.q[0], g.q[1]},
		    .angle = {QMLSIM_PARAM, g.angle.index, 0.8, 0.2,
			(enum qmlsim_value)g.angle.by, g.angle.by_index}};

		assert_int_equal(circuit_add(&b->c, &g), 0);
		assert_int_equal(qmlsim_circuit_add(same, &to), 0);
	}
	assert_int_equal(qmlsim_new(&b->s, same, NULL), 0);
	qmlsim_circuit_free(same);
}

static void
state_at(struct both *b, const double *theta, double out[1 << N][2])
{
	const struct qmlsim_batch batch = {.theta = theta,
	    .features = b->x,
	    .n = 1};

	assert_int_equal(qmlsim_states(b->s, &batch, &out[0][0]), 0);
}

/* |<t|t + hi e_i + hj e_j>|^2. */
static double
apart(struct both *b, const double *theta, const uint32_t *ij, double hi,
    double hj)
{
	double moved[NPARAMS], p[1 << N][2], q[1 << N][2], re = 0, im = 0;
	size_t x;

	memcpy(moved, theta, sizeof(moved));
	moved[ij[0]] += hi;
	moved[ij[1]] += hj;
	state_at(b, theta, p);
	state_at(b, moved, q);
	for (x = 0; x < 1 << N; x++) {
		re += p[x][0] * q[x][0] + p[x][1] * q[x][1];
		im += p[x][0] * q[x][1] - p[x][1] * q[x][0];
	}
	return re * re + im * im;
}

static void
test_full(void **state)
{
	const double theta[NPARAMS] = {0.3, -1.1, 0.8, 1.9, -0.6, 0.2, 2.4};
	double g[NPARAMS * NPARAMS], want, trace = 0.0;
	const double h = 1e-3;
	struct both b;
	struct metric m = {.theta = theta};
	uint32_t ij[2];

	(void)state;
	both_open(&b);
	m.features = b.x;
	assert_int_equal(b.c.nparams, NPARAMS);
	assert_int_equal(metric_compute(&b.c, &m, g), 0);
	for (ij[0] = 0; ij[0] < NPARAMS; ij[0]++) {
		for (ij[1] = 0; ij[1] < NPARAMS; ij[1]++) {
			want = apart(&b, theta, ij, h, h) +
			    apart(&b, theta, ij, -h, -h) -
			    apart(&b, theta, ij, h, -h) -
			    apart(&b, theta, ij, -h, h);
			want /= -8 * h * h;
			assert_true(
			    fabs(g[ij[0] * NPARAMS + ij[1]] - want) < 3e-4);
		}
		trace += g[ij[0] * NPARAMS + ij[0]];
	}
	assert_true(trace > 1.0);
	circuit_close(&b.c);
	qmlsim_free(b.s);
}

/* RY, then RZ on |0>: 1/4, and sin^2 / 4. Two layers as two blocks. */
static void
test_blocks(void **state)
{
	const double theta[4] = {0.9, 0.4, 1.3, -0.2};
	const uint32_t block[4] = {0, 0, 1, 1}, wrong[4] = {1, 1, 0, 0};
	struct metric m = {.theta = theta, .block = block};
	double g[16], full[16];
	struct circuit c;
	uint32_t i, j;

	(void)state;
	assert_int_equal(circuit_init(&c, 1), 0);
	for (i = 0; i < 4; i++) {
		struct circuit_gate gate = {
		    .op = i % 2 == 0 ? CIRCUIT_RY : CIRCUIT_RZ};

		gate.angle = (struct circuit_angle){.ref = CIRCUIT_PARAM,
		    .index = i,
		    .coef = 1.0};
		assert_int_equal(circuit_add(&c, &gate), 0);
	}
	assert_int_equal(metric_compute(&c, &m, g), 0);
	m.block = NULL;
	assert_int_equal(metric_compute(&c, &m, full), 0);
	assert_true(fabs(g[0] - 0.25) < 1e-15);
	assert_true(fabs(g[5] - 0.25 * sin(0.9) * sin(0.9)) < 1e-15);
	assert_true(fabs(g[1]) < 1e-15);
	for (i = 0; i < 4; i++) {
		for (j = 0; j < 4; j++) {
			double want = i / 2 == j / 2 ? full[4 * i + j] : 0.0;

			assert_true(fabs(g[4 * i + j] - want) < 1e-14);
		}
	}
	assert_true(fabs(full[2]) > 1e-2);
	m.block = wrong;
	assert_int_equal(metric_compute(&c, &m, g), -EINVAL);
	circuit_close(&c);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_full),
	    cmocka_unit_test(test_blocks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
