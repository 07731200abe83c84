/*
 * Compiled plans against full matrices: every gate on every qubit and pair for
 * n <= 5, between random gates; random circuits; what the compiler merges.
 */
#include <complex.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/sim/circuit/dense.h"
#include "sim/circuit/bind.h"
#include "sim/circuit/circuit.h"
#include "sim/circuit/plan.h"
#include "sim/circuit/template.h"
#include "sim/gradient/adjoint.h"
#include "sim/state/lanes.h"

#define NPARAMS 24
#define NFEATURES DENSE_MAX_QUBITS
#define TOLERANCE 1e-13

static uint64_t draw_state = 1;

static uint32_t
draw(uint32_t n)
{
	draw_state = draw_state * UINT64_C(6364136223846793005) +
	    UINT64_C(1442695040888963407);
	return (uint32_t)(draw_state >> 33) % n;
}

static double
draw_unit(void)
{
	return (double)draw(UINT32_C(1) << 30) * 0x1p-29 - 1.0;
}

static void
add(struct circuit *c, enum circuit_op op, uint32_t q0, uint32_t q1)
{
	struct circuit_gate g = {.op = op, .q = {q0, q1}};

	g.angle.ref = draw(4) == 0 ? CIRCUIT_CONST : CIRCUIT_PARAM;
	g.angle.index = draw(NPARAMS);
	g.angle.coef = draw(3) == 0 ? -2.0 : 1.0;
	g.angle.offset = draw(3) == 0 ? 4.0 * draw_unit() : 0.0;
	if (draw(3) == 0) {
		g.angle.ref = CIRCUIT_FEATURE;
		g.angle.index = draw(NFEATURES);
	}
	if (draw(3) == 0 && g.angle.ref != CIRCUIT_CONST) {
		g.angle.by = draw(2) == 0 ? CIRCUIT_PARAM : CIRCUIT_FEATURE;
		g.angle.by_index = draw(NFEATURES);
	}
	assert_int_equal(circuit_add(c, &g), 0);
}

static void
add_random(struct circuit *c)
{
	uint32_t q0 = draw(c->nqubits), q1 = q0;
	enum circuit_op op;

	do {
		op = (enum circuit_op)draw(CIRCUIT_NOPS);
	} while (c->nqubits == 1 && circuit_arity(op) == 2);
	while (c->nqubits > 1 && q1 == q0)
		q1 = draw(c->nqubits);
	add(c, op, q0, q1);
}

/* Runs both and compares states. */
static void
check(const struct circuit *c, const double *theta)
{
	double complex want[DENSE_MAX] = {1}, got[DENSE_MAX];
	double row[3 * DENSE_MAX_QUBITS], out[2 * DENSE_MAX];
	double x[DENSE_MAX_QUBITS] = {0.3, -0.8, 0.11, 1.7, 0.9, -2.0};
	const double *rows[LANES] = {row};
	struct adjoint a;
	struct plan p;
	struct bind b;
	uint32_t i;

	assert_int_equal(plan_compile(&p, c), 0);
	assert_int_equal(bind_init(&b, &p), 0);
	assert_int_equal(adjoint_init(&a, &p, lanes_pick(LANES_AUTO)), 0);
	bind_set(&b, &p, a.lanes, theta);
	adjoint_prepare(&p, a.lanes, x, 1, row);
	adjoint_forward(&a, &b, rows);
	adjoint_state(&a, &b, out);
	for (i = 0; i < UINT32_C(1) << c->nqubits; i++)
		got[i] = out[2 * i] + I * out[2 * i + 1];
	dense_run(c, theta, x, want);
	assert_true(dense_distance(got, want, c->nqubits) < TOLERANCE);
	adjoint_close(&a);
	bind_close(&b);
	plan_close(&p);
}

static void
make_theta(double *theta)
{
	size_t i;

	for (i = 0; i < NPARAMS; i++)
		theta[i] = 7.0 * draw_unit();
}

/* The gate under test stands between random ones, behind random CNOTs. */
static void
check_gate(enum circuit_op op, uint32_t n, uint32_t q0, uint32_t q1)
{
	double theta[NPARAMS];
	struct circuit c;
	int i;

	make_theta(theta);
	assert_int_equal(circuit_init(&c, n), 0);
	for (i = 0; i < 6; i++)
		add_random(&c);
	add(&c, op, q0, q1);
	for (i = 0; i < 6; i++)
		add_random(&c);
	check(&c, theta);
	circuit_close(&c);
}

static void
check_op(enum circuit_op op, uint32_t n)
{
	uint32_t q0, q1;

	for (q0 = 0; q0 < n; q0++) {
		for (q1 = 0; q1 < n; q1++) {
			if (circuit_arity(op) == 2 && q0 == q1)
				continue;
			check_gate(op, n, q0, q1);
		}
	}
}

static void
test_every_gate_every_pair(void **state)
{
	uint32_t n;
	int op;

	(void)state;
	for (n = 1; n <= 5; n++) {
		for (op = CIRCUIT_RX; op < CIRCUIT_NOPS; op++) {
			if (n > 1 || circuit_arity((enum circuit_op)op) == 1)
				check_op((enum circuit_op)op, n);
		}
	}
}

/* Alone on |+...+>-like product states, so that no other gate can hide it. */
static void
test_every_gate_alone(void **state)
{
	const double theta[NPARAMS] = {0.7};
	struct circuit_gate g = {.q = {2, 0}};
	struct circuit c;
	int op;

	(void)state;
	for (op = CIRCUIT_RX; op < CIRCUIT_NOPS; op++) {
		assert_int_equal(circuit_init(&c, 3), 0);
		assert_int_equal(template_angle(&c, 3), 0);
		g.op = (enum circuit_op)op;
		g.angle =
		    (struct circuit_angle){.ref = CIRCUIT_PARAM, .coef = 1.0};
		assert_int_equal(circuit_add(&c, &g), 0);
		check(&c, theta);
		circuit_close(&c);
	}
}

static void
test_random_circuits(void **state)
{
	double theta[NPARAMS];
	struct circuit c;
	uint32_t n, i, k;

	(void)state;
	for (k = 0; k < 400; k++) {
		n = 1 + draw(DENSE_MAX_QUBITS);
		make_theta(theta);
		assert_int_equal(circuit_init(&c, n), 0);
		if (draw(2) == 0)
			assert_int_equal(template_angle(&c, 1 + draw(n)), 0);
		for (i = draw(60); i > 0; i--)
			add_random(&c);
		check(&c, theta);
		circuit_close(&c);
	}
}

/* Quarter and half turns and their neighbours, where tangents change over. */
static void
test_turning_points(void **state)
{
	const double pi = 3.14159265358979323846;
	double theta[NPARAMS];
	struct circuit c;
	uint32_t i;
	int k;

	(void)state;
	for (k = -8; k <= 8; k++) {
		assert_int_equal(circuit_init(&c, 3), 0);
		for (i = 0; i < 20; i++)
			add_random(&c);
		for (i = 0; i < NPARAMS; i++)
			theta[i] = k * pi / 2 + (double)((int)i % 3 - 1) * 1e-9;
		check(&c, theta);
		circuit_close(&c);
	}
}

static void
test_templates_compile_flat(void **state)
{
	struct circuit c;
	struct plan p;

	(void)state;
	assert_int_equal(circuit_init(&c, 6), 0);
	assert_int_equal(template_amplitude(&c, 64), 0);
	assert_int_equal(template_strongly_entangling(&c, 12), 0);
	assert_int_equal(plan_compile(&p, &c), 0);
	/* One step a layer, and the last diagonal; two blocks of three RYs. */
	assert_int_equal(p.nsteps, 13);
	assert_int_equal(p.nrots, 72);
	assert_int_equal(p.nblocks, 24);
	assert_int_equal(p.nphases, 144);
	assert_int_equal(p.steps[1].nphases, 12);
	assert_int_equal(p.steps[12].nrots, 0);
	plan_close(&p);
	circuit_close(&c);
}

static void
test_template_states(void **state)
{
	double theta[96];
	struct circuit c;
	uint32_t n, i;

	(void)state;
	for (i = 0; i < 96; i++)
		theta[i] = 3.0 * draw_unit();
	for (n = 1; n <= 6; n++) {
		assert_int_equal(circuit_init(&c, n), 0);
		assert_int_equal(template_angle(&c, n), 0);
		assert_int_equal(template_strongly_entangling(&c, 3), 0);
		assert_int_equal(template_hardware_efficient(&c, 2), 0);
		assert_int_equal(c.nparams, 13 * n);
		check(&c, theta);
		circuit_close(&c);
	}
}

/* Turns that follow each other are one, constants that cancel are none. */
static void
test_merges(void **state)
{
	struct circuit_gate g = {.op = CIRCUIT_RX, .q = {1, 0}};
	double theta[NPARAMS];
	struct circuit c;
	struct plan p;
	uint32_t i;

	(void)state;
	make_theta(theta);
	assert_int_equal(circuit_init(&c, 2), 0);
	for (i = 0; i < 4; i++) {
		g.angle = (struct circuit_angle){CIRCUIT_PARAM, i, 1.0, 0.1,
		    i % 2 == 0 ? CIRCUIT_FEATURE : CIRCUIT_CONST, i};
		assert_int_equal(circuit_add(&c, &g), 0);
	}
	assert_int_equal(plan_compile(&p, &c), 0);
	assert_int_equal(p.nrots, 1);
	assert_int_equal(p.nterms, 3);
	assert_int_equal(p.nphases, 2);
	assert_true(p.rots[0].lane);
	plan_close(&p);
	check(&c, theta);
	circuit_close(&c);
}

/* ZZ feature map: H, then all phases of a repetition in one diagonal. */
static void
test_feature_map_is_flat(void **state)
{
	enum { N = 4, REPS = 2 };
	double theta[NPARAMS] = {0};
	struct circuit_gate g;
	struct circuit c;
	struct plan p;
	uint32_t i, j, r;

	(void)state;
	assert_int_equal(circuit_init(&c, N), 0);
	for (r = 0; r < REPS; r++) {
		for (i = 0; i < N; i++) {
			g = (struct circuit_gate){.op = CIRCUIT_H, .q = {i, 0}};
			assert_int_equal(circuit_add(&c, &g), 0);
			g.op = CIRCUIT_RZ;
			g.angle = (struct circuit_angle){.ref = CIRCUIT_FEATURE,
			    .index = i,
			    .coef = 2.0};
			assert_int_equal(circuit_add(&c, &g), 0);
		}
		for (i = 0; i < N * N; i++) {
			j = i % N;
			if (i / N >= j)
				continue;
			g = (struct circuit_gate){.op = CIRCUIT_RZZ,
			    .q = {i / N, j}};
			g.angle = (struct circuit_angle){CIRCUIT_FEATURE, i / N,
			    2.0, 0.3, CIRCUIT_FEATURE, j};
			assert_int_equal(circuit_add(&c, &g), 0);
		}
	}
	assert_int_equal(plan_compile(&p, &c), 0);
	assert_int_equal(p.nsteps, 2);
	assert_int_equal(p.steps[0].nlane_phases, N + N * (N - 1) / 2);
	assert_int_equal(p.steps[0].spread.rank, N);
	plan_close(&p);
	check(&c, theta);
	circuit_close(&c);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_every_gate_every_pair),
	    cmocka_unit_test(test_every_gate_alone),
	    cmocka_unit_test(test_random_circuits),
	    cmocka_unit_test(test_turning_points),
	    cmocka_unit_test(test_templates_compile_flat),
	    cmocka_unit_test(test_template_states),
	    cmocka_unit_test(test_merges),
	    cmocka_unit_test(test_feature_map_is_flat),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
