/* Overlaps of states and their gradients against a dense simulation moved by
 * small steps, for parameters and for the features of both sides. */
#include <complex.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sim/circuit/bind.h"
#include "sim/circuit/circuit.h"
#include "sim/circuit/plan.h"
#include "sim/gradient/fidelity.h"
#include "sim/qmlsim.h"
#include "sim/state/lanes.h"

#define N 3
#define NPARAMS 5
#define PAIRS 5

/* Every gate with parameters, features and products; ends in a diagonal. */
static void
fill(struct circuit *c, struct qmlsim_circuit *same)
{
	uint32_t i;

	assert_int_equal(circuit_init(c, N), 0);
	for (i = 0; i < 2 * CIRCUIT_NOPS; i++) {
		struct circuit_gate g = {.op = (enum circuit_op)(
					     (i * 5 + 4) % CIRCUIT_NOPS),
		    .q = {i % N, (i + 1 + i % 2) % N},
		    .angle = {.ref = i % 2 ? CIRCUIT_PARAM : CIRCUIT_FEATURE,
			.index = i % 3,
			.coef = 0.8,
			.offset = 0.2,
			.by = (enum circuit_ref)(i % 3),
			.by_index = i % 3}};
		struct qmlsim_gate to;

		if (i % 2 != 0)
			g.angle.index = i / 2 % NPARAMS;
		to = (struct qmlsim_gate){.op = (enum qmlsim_op)g.op,
		    .q = {g.q[0], g.q[1]},
		    .angle = {(enum qmlsim_value)g.angle.ref, g.angle.index,
			g.angle.coef, g.angle.offset,
			(enum qmlsim_value)g.angle.by, g.angle.by_index}};
		assert_int_equal(circuit_add(c, &g), 0);
		assert_int_equal(qmlsim_circuit_add(same, &to), 0);
	}
}

/* From states that the library gave out. */
static double
overlap(struct qmlsim *s, const double *theta, const double *x, const double *y)
{
	double rows[2][N], psi[2][1 << N][2];
	const struct qmlsim_batch b = {theta, &rows[0][0], 2, NULL, 0};
	double complex sum = 0;
	size_t i;

	memcpy(rows[0], x, sizeof(rows[0]));
	memcpy(rows[1], y, sizeof(rows[1]));
	assert_int_equal(qmlsim_states(s, &b, &psi[0][0][0]), 0);
	for (i = 0; i < 1 << N; i++)
		sum += (psi[1][i][0] - I * psi[1][i][1]) *
		    (psi[0][i][0] + I * psi[0][i][1]);
	return creal(sum * conj(sum));
}

struct sides {
	double theta[NPARAMS], x[2][PAIRS][N];
};

/* d overlap / d *at of a pair, by moving it. */
static double
moved(struct qmlsim *s, struct sides *p, size_t pair, double *at)
{
	const double h = 1e-5;
	double up, down;

	*at += h;
	up = overlap(s, p->theta, p->x[0][pair], p->x[1][pair]);
	*at -= 2 * h;
	down = overlap(s, p->theta, p->x[0][pair], p->x[1][pair]);
	*at += h;
	return (up - down) / (2 * h);
}

static void
check(struct qmlsim *s, struct sides *p, const struct fidelity *f,
    const double *value, const double *grad)
{
	size_t i, k, side;

	for (i = 0; i < PAIRS; i++) {
		assert_true(
		    fabs(value[i] -
			overlap(s, p->theta, p->x[0][i], p->x[1][i])) < 1e-13);
		for (k = 0; k < NPARAMS; k++)
			assert_true(fabs(grad[k * LANES + i] -
					moved(s, p, i, &p->theta[k])) < 1e-7);
		for (k = 0; k < 2 * (size_t)N; k++) {
			side = k / N;
			assert_true(
			    fabs(f->side[side].each.dx[k % N * LANES + i] -
				moved(s, p, i, &p->x[side][i][k % N])) < 1e-7);
		}
	}
}

static void
test_fidelity(void **state)
{
	double value[LANES], *grad = lanes_alloc(NPARAMS * LANES);
	const double *rows[2][LANES] = {{NULL}};
	struct qmlsim_circuit *same;
	struct fidelity f;
	struct circuit c;
	struct qmlsim *s;
	struct sides p;
	struct plan plan;
	struct bind b;
	double *prepared;
	size_t i, size;

	(void)state;
	assert_int_equal(qmlsim_circuit_new(&same, N), 0);
	fill(&c, same);
	assert_int_equal(c.nparams, NPARAMS);
	assert_int_equal(c.nfeatures, N);
	assert_int_equal(qmlsim_new(&s, same, NULL), 0);
	assert_int_equal(plan_compile(&plan, &c), 0);
	assert_int_equal(bind_init(&b, &plan), 0);
	assert_int_equal(fidelity_init(&f, &plan, lanes_pick(LANES_AUTO)), 0);
	for (i = 0; i < NPARAMS; i++)
		p.theta[i] = 0.7 * (double)i - 1.2;
	for (i = 0; i < 2 * (size_t)PAIRS * N; i++)
		p.x[i / (PAIRS * N)][i / N % PAIRS][i % N] =
		    (double)(i * 37 % 101) * 0.02 - 1.0;
	size = adjoint_row_size(&plan);
	prepared = lanes_alloc(2 * PAIRS * size);
	assert_non_null(prepared);
	bind_set(&b, &plan, f.side[0].lanes, p.theta);
	adjoint_prepare(&plan, f.side[0].lanes, &p.x[0][0][0],
	    2 * (size_t)PAIRS, prepared);
	for (i = 0; i < 2 * (size_t)PAIRS; i++)
		rows[i / PAIRS][i % PAIRS] = prepared + i * size;
	fidelity_gradient(&f, &b,
	    &(struct fidelity_pair){rows[0], rows[1], value}, grad);
	check(s, &p, &f, value, grad);
	assert_true(value[PAIRS] == 0.0 && value[LANES - 1] == 0.0);
	free(prepared);
	free(grad);
	fidelity_close(&f);
	bind_close(&b);
	plan_close(&plan);
	circuit_close(&c);
	qmlsim_free(s);
	qmlsim_circuit_free(same);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_fidelity),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
