/* Each gate's matrix, phase included, against the oracle's; slopes against
 * small steps. */
#include <complex.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "sim/circuit/circuit.h"
#include "sim/circuit/gate_matrix.h"
#include "tests/sim/circuit/dense.h"

static const double angles[] = {0.0, 0.7, -2.9, 8.1};

/* Column x of the gate on qubits 0 and 1. */
static void
column(enum circuit_op op, double angle, unsigned x, double complex *out)
{
	struct circuit_gate g = {.op = op,
	    .q = {0, 1},
	    .angle = {.offset = angle}};
	struct circuit c;

	memset(out, 0, 4 * sizeof(*out));
	out[x] = 1;
	assert_int_equal(circuit_init(&c, circuit_arity(op)), 0);
	assert_int_equal(circuit_add(&c, &g), 0);
	dense_run(&c, NULL, NULL, out);
	circuit_close(&c);
}

static void
test_matrices(void **state)
{
	double complex want[4];
	double m[32];
	unsigned x, y, dim;
	size_t i;
	int op;

	(void)state;
	for (op = 0; op < CIRCUIT_NOPS; op++) {
		dim = 1U << circuit_arity((enum circuit_op)op);
		for (i = 0; i < 4 * (size_t)dim; i++) {
			x = (unsigned)i % dim;
			gate_matrix((enum circuit_op)op, angles[i / dim], m);
			column((enum circuit_op)op, angles[i / dim], x, want);
			for (y = 0; y < dim; y++)
				assert_true(
				    cabs(want[y] - m[2 * (y * dim + x)] -
					I * m[2 * (y * dim + x) + 1]) < 1e-14);
		}
	}
}

static void
test_slopes(void **state)
{
	const double h = 1e-5;
	double up[32], down[32], m[32];
	unsigned i, k, n;
	int op;

	(void)state;
	for (op = 0; op < CIRCUIT_NOPS; op++) {
		n = circuit_arity((enum circuit_op)op) == 2 ? 32 : 8;
		for (k = 0; k < 4; k++) {
			gate_matrix((enum circuit_op)op, angles[k] + h, up);
			gate_matrix((enum circuit_op)op, angles[k] - h, down);
			gate_matrix_slope((enum circuit_op)op, angles[k], m);
			for (i = 0; i < n; i++)
				assert_true(fabs((up[i] - down[i]) / (2 * h) -
						m[i]) < 1e-9);
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_matrices),
	    cmocka_unit_test(test_slopes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
