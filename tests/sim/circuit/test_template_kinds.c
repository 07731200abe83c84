/* Encodings against kernels by formula, layers that undo each other, circuits
 * that narrow. */
#include <complex.h>
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "sim/circuit/circuit.h"
#include "sim/circuit/template.h"
#include "sim/learn/qkernel.h"
#include "sim/state/pool.h"
#include "tests/sim/circuit/dense.h"

#define PI 3.14159265358979323846
#define N 4

static void
run(const struct circuit *c, const double *theta, const double *x,
    double complex *state)
{
	memset(state, 0, DENSE_MAX * sizeof(*state));
	state[0] = 1.0;
	dense_run(c, theta, x, state);
}

typedef int encoding(struct circuit *c, const struct template_input *in);

/* Fidelity of two samples' states, and of qkernel's of x'. */
static void
check_kernel(encoding *encode, enum qkernel_kind kind)
{
	static const double x[2 * N] = {0.1, 0.7, 0.35, 0.9, 0.6, 0.2, 0.8,
	    0.45};
	struct template_input in = {.count = N, .scale = 1.3, .shift = -0.4};
	struct qkernel_map map = {.kind = kind, .nqubits = N, .reps = 1};
	struct qkernel_states s = QKERNEL_STATES_INIT;
	double complex a[DENSE_MAX], b[DENSE_MAX];
	double turned[2 * N], gram[4];
	struct pool *pool;
	struct circuit c;
	int i;

	assert_int_equal(circuit_init(&c, N), 0);
	assert_int_equal(encode(&c, &in), 0);
	run(&c, NULL, x, a);
	run(&c, NULL, x + N, b);
	for (i = 0; i < 2 * N; i++)
		turned[i] = 1.3 * x[i] - 0.4;
	assert_int_equal(pool_new(&pool, 1), 0);
	assert_int_equal(qkernel_states_init(&s, &map, turned, 2, pool), 0);
	qkernel_gram(&s, &s, gram, pool);
	assert_true(fabs(1.0 - dense_distance(a, b, N) - gram[1]) < 1e-12);
	assert_true(gram[1] < 0.999);
	qkernel_states_close(&s);
	pool_free(pool);
	circuit_close(&c);
}

static void
test_maps(void **state)
{
	(void)state;
	check_kernel(template_zz, QKERNEL_ZZ);
	check_kernel(template_iqp, QKERNEL_IQP);
}

/* x'_i in turns about Y and Z, trained ones by theta x' + offset. */
static void
test_angles(void **state)
{
	static const double x[5] = {0.1, 0.7, 0.35, 0.9, 0.6};
	static const double theta[10] = {2, 0.5, -1, 1, 3, 0.1, 0.2, 0.3, 0.4,
	    0.5};
	struct template_input in = {.count = 5,
	    .scale = 1.5,
	    .shift = 0.25,
	    .trained = true,
	    .offset0 = 5};
	double complex a[DENSE_MAX], b[DENSE_MAX];
	struct circuit c, plain;
	uint32_t i;

	(void)state;
	assert_int_equal(circuit_init(&c, 2), 0);
	assert_int_equal(circuit_init(&plain, 2), 0);
	assert_int_equal(template_angles(&c, &in), 0);
	assert_int_equal(c.nparams, 10);
	assert_int_equal(c.nfeatures, 5);
	for (i = 0; i < 5; i++) {
		struct circuit_gate g = {.op = i / 2 % 2 ? CIRCUIT_RZ
							 : CIRCUIT_RY,
		    .q = {i % 2, 0}};

		g.angle.offset = theta[i] * (1.5 * x[i] + 0.25) + theta[5 + i];
		assert_int_equal(circuit_add(&plain, &g), 0);
	}
	run(&c, theta, x, a);
	run(&plain, NULL, NULL, b);
	assert_true(dense_distance(a, b, 2) < 1e-12);
	in.count = 4;
	assert_int_equal(template_iqp(&plain, &in), -EINVAL);
	circuit_close(&c);
	circuit_close(&plain);
}

static void
check_mirror(enum template_kind kind)
{
	uint32_t size = template_layer_size(kind, N), i;
	struct template_layer l = {.kind = kind, .index = 1};
	double complex a[DENSE_MAX], b[DENSE_MAX];
	double theta[64] = {0};
	struct circuit c;

	assert_in_range(size, 1, 32);
	assert_int_equal(circuit_init(&c, N), 0);
	assert_int_equal(template_angle(&c, N), 0);
	{
		static const double x[N] = {0.1, 0.7, 0.35, 0.9};

		run(&c, NULL, x, a);
		assert_int_equal(template_layer(&c, &l), 0);
		l.param0 = size;
		l.mirrored = true;
		assert_int_equal(template_layer(&c, &l), 0);
		assert_int_equal(c.nparams, 2 * size);
		for (i = 0; i < size; i++) {
			theta[i] = (double)(i * 37 % 101) * 0.05 - 2.0;
			theta[2 * size - 1 - i] = -theta[i];
		}
		run(&c, theta, x, b);
		assert_true(dense_distance(a, b, N) < 1e-12);
		theta[3] += 0.5;
		theta[4] += 0.5;
		run(&c, theta, x, b);
		assert_true(dense_distance(a, b, N) > 1e-3);
	}
	circuit_close(&c);
}

static void
test_mirrors(void **state)
{
	(void)state;
	check_mirror(TEMPLATE_STRONGLY_ENTANGLING);
	check_mirror(TEMPLATE_HARDWARE_EFFICIENT);
	check_mirror(TEMPLATE_RX_RZ_RX);
}

/* Bar A's layer: a chain, then three turns a qubit. */
static void
test_rx_rz_rx(void **state)
{
	static const enum circuit_op ops[3] = {CIRCUIT_RX, CIRCUIT_RZ,
	    CIRCUIT_RX};
	struct template_layer l = {.kind = TEMPLATE_RX_RZ_RX, .param0 = 0};
	struct circuit c;
	uint32_t i;

	(void)state;
	assert_int_equal(circuit_init(&c, 3), 0);
	assert_int_equal(template_layer(&c, &l), 0);
	assert_int_equal(c.ngates, 2 + 9);
	for (i = 0; i < 2; i++) {
		assert_int_equal(c.gates[i].op, CIRCUIT_CNOT);
		assert_int_equal(c.gates[i].q[0], i);
		assert_int_equal(c.gates[i].q[1], i + 1);
	}
	for (i = 0; i < 9; i++) {
		assert_int_equal(c.gates[2 + i].op, ops[i % 3]);
		assert_int_equal(c.gates[2 + i].q[0], i / 3);
		assert_int_equal(c.gates[2 + i].angle.index, i);
	}
	circuit_close(&c);
}

static size_t
count(const struct circuit *c, enum circuit_op op)
{
	size_t n = 0, i;

	for (i = 0; i < c->ngates; i++)
		n += c->gates[i].op == op;
	return n;
}

static void
check_left(const struct template_left *left, const uint32_t *want, uint32_t n)
{
	uint32_t i;

	assert_int_equal(left->n, n);
	for (i = 0; i < n; i++)
		assert_int_equal(left->qubit[i], want[i]);
}

static void
test_convolution(void **state)
{
	struct template_left left = {{0, 1, 2, 3, 4}, 5};
	static const uint32_t first[3] = {1, 3, 4}, second[2] = {3, 4};
	struct circuit c;

	(void)state;
	assert_int_equal(circuit_init(&c, 5), 0);
	/* Blocks on 01, 23, then 12, 34; two pools. */
	assert_int_equal(template_convolution(&c, &left, 0), 0);
	assert_int_equal(c.nparams, TEMPLATE_CONVOLUTION_SIZE);
	assert_int_equal(count(&c, CIRCUIT_RXX), 4);
	assert_int_equal(count(&c, CIRCUIT_CNOT), 2);
	check_left(&left, first, 3);
	/* 1 with 3, then 3 with 4. */
	assert_int_equal(template_convolution(&c, &left, 17), 0);
	assert_int_equal(count(&c, CIRCUIT_RXX), 6);
	check_left(&left, second, 2);
	/* A last pair has one block. */
	assert_int_equal(template_convolution(&c, &left, 34), 0);
	assert_int_equal(count(&c, CIRCUIT_RXX), 7);
	assert_int_equal(c.nparams, 51);
	assert_int_equal(left.n, 1);
	assert_int_equal(template_convolution(&c, &left, 51), -EINVAL);
	circuit_close(&c);
	left = (struct template_left){{0, 1, 2, 3}, 4};
	assert_int_equal(circuit_init(&c, 4), 0);
	/* An even number closes to a ring: 01, 23, 12, 30. */
	assert_int_equal(template_convolution(&c, &left, 0), 0);
	assert_int_equal(count(&c, CIRCUIT_RXX), 4);
	circuit_close(&c);
}

/* What the pool does: controlled on the first, a half turn of the second. */
static void
test_pool(void **state)
{
	struct template_left left = {{0, 1}, 2};
	double theta[TEMPLATE_CONVOLUTION_SIZE] = {0};
	double complex a[DENSE_MAX];
	struct circuit c;

	(void)state;
	/* RY(pi / 2) turns the CNOT's axis from X to Z: a controlled Z. */
	theta[15] = PI / 2;
	assert_int_equal(circuit_init(&c, 2), 0);
	assert_int_equal(template_convolution(&c, &left, 0), 0);
	run(&c, theta, NULL, a);
	assert_true(fabs(cabs(a[0]) - 1.0) < 1e-12);
	/* The first qubit set: Z of the second changes nothing, X does. */
	theta[1] = PI;
	run(&c, theta, NULL, a);
	assert_true(fabs(cabs(a[1]) - 1.0) < 1e-12);
	theta[15] = 0.0;
	run(&c, theta, NULL, a);
	assert_true(fabs(cabs(a[3]) - 1.0) < 1e-12);
	circuit_close(&c);
}

static void
test_tree(void **state)
{
	struct template_left left = {{0, 1, 2, 3, 4}, 5};
	static const uint32_t first[3] = {1, 3, 4}, second[2] = {3, 4};
	struct circuit c;

	(void)state;
	assert_int_equal(circuit_init(&c, 5), 0);
	assert_int_equal(template_tree_size(5), 12);
	assert_int_equal(template_tree(&c, &left, 0), 0);
	assert_int_equal(c.nparams, 12);
	check_left(&left, first, 3);
	assert_int_equal(template_tree(&c, &left, 12), 0);
	assert_int_equal(c.nparams, 18);
	assert_int_equal(count(&c, CIRCUIT_CNOT), 3);
	check_left(&left, second, 2);
	circuit_close(&c);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_maps),
	    cmocka_unit_test(test_angles),
	    cmocka_unit_test(test_mirrors),
	    cmocka_unit_test(test_rx_rz_rx),
	    cmocka_unit_test(test_convolution),
	    cmocka_unit_test(test_pool),
	    cmocka_unit_test(test_tree),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
