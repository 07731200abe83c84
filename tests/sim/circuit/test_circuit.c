/* The gate list and what it refuses. */
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sim/circuit/circuit.h"

static void
test_limits(void **state)
{
	struct circuit c;

	(void)state;
	assert_int_equal(circuit_init(&c, 0), -EINVAL);
	assert_int_equal(circuit_init(&c, CIRCUIT_MAX_QUBITS + 1), -EINVAL);
	assert_int_equal(circuit_init(&c, CIRCUIT_MAX_QUBITS), 0);
	circuit_close(&c);
	circuit_close(&c);
}

static int
try(struct circuit_gate g)
{
	struct circuit c;
	int rc;

	assert_int_equal(circuit_init(&c, 3), 0);
	rc = circuit_add(&c, &g);
	assert_int_equal(c.ngates, rc == 0 ? 1 : 0);
	circuit_close(&c);
	return rc;
}

static void
test_refused(void **state)
{
	struct circuit_gate g = {.op = CIRCUIT_CNOT, .q = {0, 1}};

	(void)state;
	assert_int_equal(try(g), 0);
	g.q[1] = 0;
	assert_int_equal(try(g), -EINVAL);
	g.q[1] = 3;
	assert_int_equal(try(g), -EINVAL);
	g.op = CIRCUIT_H;
	assert_int_equal(try(g), 0);
	g.q[0] = 3;
	assert_int_equal(try(g), -EINVAL);
	g = (struct circuit_gate){.op = CIRCUIT_RX};
	g.angle.offset = (double)NAN;
	assert_int_equal(try(g), -EINVAL);
	g.angle.offset = 0.0;
	g.angle.coef = (double)INFINITY;
	assert_int_equal(try(g), -EINVAL);
	g.angle.coef = 1.0;
	g.angle.index = UINT32_MAX;
	assert_int_equal(try(g), -EINVAL);
}

static void
test_counts(void **state)
{
	struct circuit_gate g = {.op = CIRCUIT_RX};
	struct circuit c;
	uint32_t i;

	(void)state;
	assert_int_equal(circuit_init(&c, 1), 0);
	for (i = 0; i < 1000; i++) {
		g.angle.ref = i % 2 == 0 ? CIRCUIT_PARAM : CIRCUIT_FEATURE;
		g.angle.index = i;
		assert_int_equal(circuit_add(&c, &g), 0);
	}
	assert_int_equal(c.ngates, 1000);
	assert_int_equal(c.nparams, 999);
	assert_int_equal(c.nfeatures, 1000);
	assert_int_equal(c.gates[777].angle.index, 777);
	circuit_close(&c);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_limits),
	    cmocka_unit_test(test_refused),
	    cmocka_unit_test(test_counts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
