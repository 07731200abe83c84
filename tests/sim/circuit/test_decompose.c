/* Random and special unitaries, taken apart and multiplied out again by the
 * oracle. */
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
#include "sim/circuit/decompose.h"
#include "sim/circuit/gate_matrix.h"
#include "tests/sim/circuit/dense.h"

static uint64_t draw_state = 3;

static uint32_t
draw(uint32_t n)
{
	draw_state = draw_state * UINT64_C(6364136223846793005) +
	    UINT64_C(1442695040888963407);
	return (uint32_t)(draw_state >> 33) % n;
}

/* The circuit's matrix on n qubits. */
static void
multiply_out(const struct circuit *c, double complex m[4][4])
{
	uint32_t dim = UINT32_C(1) << c->nqubits, x, y;

	for (x = 0; x < dim; x++) {
		double complex column[DENSE_MAX] = {0};

		column[x] = 1;
		dense_run(c, NULL, NULL, column);
		for (y = 0; y < dim; y++)
			m[y][x] = column[y];
	}
}

/* |tr(A^dagger B)| = dim only for equal unitaries, up to a phase. */
static void
check(const struct circuit *from, bool swapped)
{
	double complex a[4][4], b[4][4], trace = 0;
	uint32_t n = from->nqubits, dim = UINT32_C(1) << n, x, y;
	const uint32_t q[2] = {swapped ? 1 : 0, swapped ? 0 : 1};
	double m[32];
	struct circuit c;

	multiply_out(from, a);
	for (y = 0; y < dim; y++) {
		for (x = 0; x < dim; x++) {
			uint32_t u = swapped ? (y >> 1 | (y & 1) << 1) : y;
			uint32_t v = swapped ? (x >> 1 | (x & 1) << 1) : x;

			m[2 * (y * dim + x)] = creal(a[u][v]);
			m[2 * (y * dim + x) + 1] = cimag(a[u][v]);
		}
	}
	assert_int_equal(circuit_init(&c, n), 0);
	assert_int_equal(decompose(&c, q, n, m), 0);
	multiply_out(&c, b);
	for (y = 0; y < dim; y++) {
		for (x = 0; x < dim; x++)
			trace += conj(a[y][x]) * b[y][x];
	}
	assert_true(fabs(cabs(trace) - dim) < 1e-13);
	circuit_close(&c);
}

static void
test_random(void **state)
{
	struct circuit c;
	uint32_t n, i, k;

	(void)state;
	for (k = 0; k < 600; k++) {
		n = 1 + k % 2;
		assert_int_equal(circuit_init(&c, n), 0);
		for (i = draw(30); i > 0; i--) {
			struct circuit_gate g = {.q = {draw(n), 0}};

			do {
				g.op = (enum circuit_op)draw(CIRCUIT_NOPS);
			} while (circuit_arity(g.op) > n);
			g.q[1] = 1 - g.q[0];
			g.angle.offset = draw(3) == 0
			    ? 0.25 * 3.14159265358979 * draw(9)
			    : 0.01 * draw(1000);
			assert_int_equal(circuit_add(&c, &g), 0);
		}
		check(&c, n == 2 && draw(2) == 0);
		circuit_close(&c);
	}
}

/* Each gate by itself: many zeros in the matrix. */
static void
test_gates(void **state)
{
	struct circuit c;
	int op;

	(void)state;
	for (op = 0; op < CIRCUIT_NOPS; op++) {
		struct circuit_gate g = {.op = (enum circuit_op)op,
		    .q = {0, 1},
		    .angle = {.offset = 1.1}};

		assert_int_equal(circuit_init(&c, circuit_arity(g.op)), 0);
		assert_int_equal(circuit_add(&c, &g), 0);
		check(&c, false);
		circuit_close(&c);
	}
}

static void
test_refused(void **state)
{
	const uint32_t q[2] = {0, 1}, same[2] = {1, 1}, far[2] = {0, 2};
	double m[32];
	struct circuit c;

	(void)state;
	assert_int_equal(circuit_init(&c, 2), 0);
	gate_matrix(CIRCUIT_CRY, 0.4, m);
	assert_int_equal(decompose(&c, same, 2, m), -EINVAL);
	assert_int_equal(decompose(&c, far, 2, m), -EINVAL);
	assert_int_equal(decompose(&c, q, 3, m), -EINVAL);
	m[31] = 1e-6;
	assert_int_equal(decompose(&c, q, 2, m), -EDOM);
	m[31] = (double)NAN;
	assert_int_equal(decompose(&c, q, 2, m), -EDOM);
	assert_int_equal(c.ngates, 0);
	circuit_close(&c);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_random),
	    cmocka_unit_test(test_gates),
	    cmocka_unit_test(test_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
