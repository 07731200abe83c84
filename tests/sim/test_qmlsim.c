/* The public header: what goes in comes out, to the last bit on any threads. */
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sim/qmlsim.h"

#define N 4
#define NPARAMS 6
#define ROWS 21
#define NMASKS 3

static const uint32_t masks[NMASKS] = {1, 6, 0};

struct problem {
	double theta[NPARAMS], x[ROWS][N], weights[ROWS][NMASKS];
};

static void
fill(struct problem *p)
{
	size_t i;

	for (i = 0; i < NPARAMS; i++)
		p->theta[i] = 0.4 * (double)i - 1.1;
	for (i = 0; i < ROWS * N; i++)
		p->x[i / N][i % N] = (double)(i * 37 % 101) * 0.02 - 1.0;
	for (i = 0; i < ROWS * NMASKS; i++)
		p->weights[i / NMASKS][i % NMASKS] = (double)(i % 7) - 3.0;
}

/* Every gate there is, on qubits in turn. */
static struct qmlsim *
make(uint32_t threads, enum qmlsim_isa isa)
{
	const struct qmlsim_options o = {threads, isa};
	struct qmlsim_circuit *c;
	struct qmlsim *s;
	uint32_t i;

	assert_int_equal(qmlsim_circuit_new(&c, N), 0);
	for (i = 0; i < 2 * (QMLSIM_CPHASE + 1); i++) {
		struct qmlsim_gate g = {.op = (enum qmlsim_op)(
					    i % (QMLSIM_CPHASE + 1)),
		    .q = {i % N, (i + 1 + i % 3) % N},
		    .angle = {QMLSIM_PARAM, i % NPARAMS, 0.7, 0.1,
			(enum qmlsim_value)(i % 3), i % N}};

		assert_int_equal(qmlsim_circuit_add(c, &g), 0);
	}
	assert_int_equal(qmlsim_circuit_params(c), NPARAMS);
	assert_int_equal(qmlsim_circuit_features(c), N);
	assert_int_equal(qmlsim_new(&s, c, &o), 0);
	qmlsim_circuit_free(c);
	return s;
}

static double
total(struct qmlsim *s, const struct problem *p)
{
	const struct qmlsim_batch b = {p->theta, &p->x[0][0], ROWS, masks,
	    NMASKS};
	double out[ROWS][NMASKS], sum = 0.0;
	size_t i, k;

	assert_int_equal(qmlsim_expect(s, &b, &out[0][0]), 0);
	for (i = 0; i < ROWS; i++) {
		assert_true(fabs(out[i][2] - 1.0) < 1e-13);
		for (k = 0; k < NMASKS; k++)
			sum += p->weights[i][k] * out[i][k];
	}
	return sum;
}

struct result {
	double values[ROWS][NMASKS], sum[NPARAMS], each[ROWS][NPARAMS];
	double inputs[ROWS][N];
};

static void
differentiate(struct qmlsim *s, const struct problem *p, struct result *r)
{
	const struct qmlsim_batch b = {p->theta, &p->x[0][0], ROWS, masks,
	    NMASKS};
	const struct qmlsim_gradient want = {&r->values[0][0], r->sum,
	    &r->each[0][0], &r->inputs[0][0]};

	assert_int_equal(qmlsim_gradient(s, &b, &p->weights[0][0], &want), 0);
}

static void
test_gradient(void **state)
{
	struct qmlsim *s = make(2, QMLSIM_AUTO);
	const double h = 1e-5;
	struct problem p;
	struct result r;
	double up, *at;
	size_t i, k;

	(void)state;
	fill(&p);
	differentiate(s, &p, &r);
	for (k = 0; k < NPARAMS + ROWS * N; k++) {
		at = k < NPARAMS ? &p.theta[k]
				 : &p.x[(k - NPARAMS) / N][(k - NPARAMS) % N];
		*at += h;
		up = total(s, &p);
		*at -= 2 * h;
		up = (up - total(s, &p)) / (2 * h);
		*at += h;
		at = k < NPARAMS
		    ? &r.sum[k]
		    : &r.inputs[(k - NPARAMS) / N][(k - NPARAMS) % N];
		assert_true(fabs(up - *at) < 1e-6);
	}
	for (k = 0; k < NPARAMS; k++) {
		for (i = 0; i < ROWS; i++)
			r.sum[k] -= r.each[i][k];
		assert_true(fabs(r.sum[k]) < 1e-12);
	}
	qmlsim_free(s);
}

static void
test_bits(void **state)
{
	static const enum qmlsim_isa isa[] = {QMLSIM_PLAIN, QMLSIM_AVX2,
	    QMLSIM_AVX512, QMLSIM_NEON};
	static struct result want, got;
	struct qmlsim_circuit *c;
	struct problem p;
	struct qmlsim *s;
	uint32_t i;

	(void)state;
	fill(&p);
	s = make(1, QMLSIM_AUTO);
	differentiate(s, &p, &want);
	qmlsim_free(s);
	assert_int_equal(qmlsim_circuit_new(&c, 1), 0);
	for (i = 0; i < 4; i++) {
		const struct qmlsim_options o = {1, isa[i]};

		if (qmlsim_new(&s, c, &o) == -ENOTSUP)
			continue;
		qmlsim_free(s);
		s = make(i + 1, isa[i]);
		differentiate(s, &p, &got);
		assert_memory_equal(&got, &want, sizeof(got));
		qmlsim_free(s);
	}
	qmlsim_circuit_free(c);
}

/* Probabilities of the states give the expectations. */
static void
test_states(void **state)
{
	struct qmlsim *s = make(1, QMLSIM_AUTO);
	static double psi[ROWS][1 << N][2];
	struct problem p;
	struct result r;
	size_t i, k, x;

	(void)state;
	fill(&p);
	differentiate(s, &p, &r);
	assert_int_equal(qmlsim_states(s,
			     &(struct qmlsim_batch){.theta = p.theta,
				 .features = &p.x[0][0],
				 .n = ROWS},
			     &psi[0][0][0]),
	    0);
	for (i = 0; i < ROWS; i++) {
		for (k = 0; k < NMASKS; k++) {
			for (x = 0; x < 1 << N; x++) {
				int odd =
				    __builtin_popcount((uint32_t)x & masks[k]) &
				    1;
				double pr = psi[i][x][0] * psi[i][x][0] +
				    psi[i][x][1] * psi[i][x][1];

				r.values[i][k] -= odd ? -pr : pr;
			}
			assert_true(fabs(r.values[i][k]) < 1e-13);
		}
	}
	qmlsim_free(s);
}

static void
test_refused(void **state)
{
	struct qmlsim_gate g = {.op = QMLSIM_RX, .q = {0, 0}};
	const uint32_t mask = 4;
	double theta = 0.0, x[4] = {1, 2, 2, 4}, out;
	struct qmlsim_batch b = {&theta, x, 1, &mask, 1};
	struct qmlsim_circuit *c;
	struct qmlsim *s;

	(void)state;
	assert_int_equal(qmlsim_circuit_new(&c, 0), -EINVAL);
	assert_null(c);
	assert_int_equal(qmlsim_circuit_new(&c, QMLSIM_MAX_QUBITS + 1),
	    -EINVAL);
	assert_int_equal(qmlsim_circuit_new(&c, 2), 0);
	assert_int_equal(qmlsim_circuit_amplitudes(c, 5), -EINVAL);
	assert_int_equal(qmlsim_circuit_amplitudes(c, 4), 0);
	g.angle.value = QMLSIM_FEATURE;
	g.angle.index = 4;
	assert_int_equal(qmlsim_circuit_add(c, &g), -EINVAL);
	g.angle.index = 3;
	g.q[0] = 2;
	assert_int_equal(qmlsim_circuit_add(c, &g), -EINVAL);
	g.q[0] = 1;
	g.angle.coef = (double)NAN;
	assert_int_equal(qmlsim_circuit_add(c, &g), -EINVAL);
	g.angle.coef = 1.0;
	g.op = (enum qmlsim_op)(QMLSIM_CPHASE + 1);
	assert_int_equal(qmlsim_circuit_add(c, &g), -EINVAL);
	g.op = QMLSIM_RX;
	assert_int_equal(qmlsim_circuit_add(c, &g), 0);
	assert_int_equal(qmlsim_new(&s, c,
			     &(struct qmlsim_options){.threads = 65}),
	    -EINVAL);
	assert_null(s);
	assert_int_equal(qmlsim_new(&s, c, NULL), 0);
	assert_int_equal(qmlsim_expect(s, &b, &out), -EINVAL);
	b.nmasks = 0;
	assert_int_equal(qmlsim_expect(s, &b, &out), 0);
	qmlsim_free(s);
	qmlsim_free(NULL);
	qmlsim_circuit_free(c);
	qmlsim_circuit_free(NULL);
}

/* Against the states, and differences of the values. */
static void
test_fidelity(void **state)
{
	static double states[2][ROWS][2 << N];
	double value[ROWS], grad[ROWS][NPARAMS], dx[ROWS][N], dy[ROWS][N];
	double up[ROWS], down[ROWS], y[ROWS][N], was;
	const double h = 1e-5;
	struct problem p;
	struct qmlsim *s = make(2, QMLSIM_AUTO);
	struct qmlsim_pairs pairs = {p.theta, *p.x, *y, ROWS, value, *grad, *dx,
	    *dy};
	struct qmlsim_pairs plain = {.theta = p.theta,
	    .x = *p.x,
	    .y = *y,
	    .n = ROWS};
	struct qmlsim_batch b = {p.theta, *p.x, ROWS, masks, NMASKS};
	size_t i, k;

	(void)state;
	fill(&p);
	for (i = 0; i < ROWS * N; i++)
		y[i / N][i % N] = 0.3 - p.x[i / N][(i + 1) % N];
	assert_int_equal(qmlsim_states(s, &b, **states), 0);
	b.features = *y;
	assert_int_equal(qmlsim_states(s, &b, *states[1]), 0);
	assert_int_equal(qmlsim_fidelity(s, &pairs), 0);
	for (i = 0; i < ROWS; i++) {
		double re = 0.0, im = 0.0;

		for (k = 0; k < 1 << N; k++) {
			const double *u = &states[0][i][2 * k];
			const double *v = &states[1][i][2 * k];

			re += u[0] * v[0] + u[1] * v[1];
			im += u[1] * v[0] - u[0] * v[1];
		}
		assert_true(fabs(value[i] - re * re - im * im) < 1e-13);
	}
	for (k = 0; k < NPARAMS; k++) {
		was = p.theta[k];
		p.theta[k] = was + h;
		plain.value = up;
		assert_int_equal(qmlsim_fidelity(s, &plain), 0);
		p.theta[k] = was - h;
		plain.value = down;
		assert_int_equal(qmlsim_fidelity(s, &plain), 0);
		p.theta[k] = was;
		for (i = 0; i < ROWS; i++)
			assert_true(fabs((up[i] - down[i]) / (2.0 * h) -
					grad[i][k]) < 1e-8);
	}
	for (k = 0; k < 2 * N; k++) {
		double *at = k < N ? &p.x[5][k] : &y[5][k - N];

		was = *at;
		*at = was + h;
		plain.value = up;
		assert_int_equal(qmlsim_fidelity(s, &plain), 0);
		*at = was - h;
		plain.value = down;
		assert_int_equal(qmlsim_fidelity(s, &plain), 0);
		*at = was;
		assert_true(fabs((up[5] - down[5]) / (2.0 * h) -
				(k < N ? dx[5][k] : dy[5][k - N])) < 1e-8);
	}
	qmlsim_free(s);
}

/* Past the size where a state has the lanes to itself. */
static void
test_large(void **state)
{
	enum { SIZE = 13 };
	static double states[2 * 2 << SIZE];
	const double x[2] = {0.7, -1.2}, theta = 0.9, h = 1e-5;
	uint32_t one[SIZE], q, y;
	struct qmlsim_circuit *c;
	struct qmlsim_batch b = {&theta, x, 2, one, SIZE};
	double values[2 * SIZE], inputs[2], near[2][2 * SIZE], moved[2];
	struct qmlsim_gradient g = {.inputs = inputs};
	struct qmlsim *s;
	size_t i, k;

	(void)state;
	assert_int_equal(qmlsim_circuit_new(&c, SIZE), 0);
	for (i = 0; i < 5 * SIZE; i++) {
		static const enum qmlsim_op ops[] = {QMLSIM_RX, QMLSIM_CNOT,
		    QMLSIM_RZ, QMLSIM_RY, QMLSIM_CRY};
		struct qmlsim_gate gate = {.op = ops[i % 5],
		    .q = {(uint32_t)(i % SIZE), (uint32_t)((i + 4) % SIZE)},
		    .angle = {QMLSIM_FEATURE, 0, 0.8, 0.1 * (double)i,
			i % 2 == 0 ? QMLSIM_PARAM : QMLSIM_NONE, 0}};

		assert_int_equal(qmlsim_circuit_add(c, &gate), 0);
	}
	assert_int_equal(qmlsim_new(&s, c, NULL), 0);
	for (q = 0; q < SIZE; q++)
		one[q] = UINT32_C(1) << q;
	assert_int_equal(qmlsim_expect(s, &b, values), 0);
	assert_int_equal(qmlsim_states(s, &b, states), 0);
	for (i = 0; i < 2; i++) {
		for (q = 0; q < SIZE; q++) {
			const double *v = states + (i * 2 << SIZE);

			for (y = 0; y < UINT32_C(1) << SIZE; y++, v += 2)
				values[i * SIZE + q] -= (y >> q & 1 ? -1 : 1) *
				    (v[0] * v[0] + v[1] * v[1]);
			assert_true(fabs(values[i * SIZE + q]) < 1e-13);
		}
	}
	assert_int_equal(qmlsim_gradient(s, &b, NULL, &g), 0);
	for (k = 0; k < 2; k++) {
		moved[0] = x[0] + (k == 0 ? h : -h);
		moved[1] = x[1] + (k == 0 ? h : -h);
		b.features = moved;
		assert_int_equal(qmlsim_expect(s, &b, near[k]), 0);
	}
	for (i = 0; i < 2; i++) {
		double up = 0.0, down = 0.0;

		for (q = 0; q < SIZE; q++) {
			up += near[0][i * SIZE + q];
			down += near[1][i * SIZE + q];
		}
		assert_true(fabs((up - down) / (2 * h) - inputs[i]) < 1e-7);
	}
	qmlsim_free(s);
	qmlsim_circuit_free(c);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_fidelity),
	    cmocka_unit_test(test_gradient),
	    cmocka_unit_test(test_bits),
	    cmocka_unit_test(test_states),
	    cmocka_unit_test(test_refused),
	    cmocka_unit_test(test_large),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
