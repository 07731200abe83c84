/* Templates gate by gate, as their header writes them. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sim/circuit/circuit.h"
#include "sim/circuit/template.h"

static void
check_rotation(const struct circuit_gate *g, enum circuit_op op, uint32_t q,
    uint32_t param)
{
	assert_int_equal(g->op, op);
	assert_int_equal(g->q[0], q);
	assert_int_equal(g->angle.ref, CIRCUIT_PARAM);
	assert_int_equal(g->angle.index, param);
	assert_true(g->angle.coef == 1.0 && g->angle.offset == 0.0);
}

static void
check_cnot(const struct circuit_gate *g, uint32_t from, uint32_t to)
{
	assert_int_equal(g->op, CIRCUIT_CNOT);
	assert_int_equal(g->q[0], from);
	assert_int_equal(g->q[1], to);
}

static void
test_strongly_entangling(void **state)
{
	const struct circuit_gate *g;
	struct circuit c;
	uint32_t l, q;

	(void)state;
	assert_int_equal(circuit_init(&c, 4), 0);
	assert_int_equal(template_strongly_entangling(&c, 5), 0);
	assert_int_equal(c.nparams, 60);
	assert_int_equal(c.ngates, 5 * 16);
	for (l = 0, g = c.gates; l < 5; l++) {
		for (q = 0; q < 4; q++) {
			check_rotation(g++, CIRCUIT_RZ, q, 12 * l + 3 * q);
			check_rotation(g++, CIRCUIT_RY, q, 12 * l + 3 * q + 1);
			check_rotation(g++, CIRCUIT_RZ, q, 12 * l + 3 * q + 2);
		}
		/* Ranges 1 2 3 1 2. */
		for (q = 0; q < 4; q++)
			check_cnot(g++, q, (q + 1 + l % 3) % 4);
	}
	circuit_close(&c);
}

static void
test_hardware_efficient(void **state)
{
	struct circuit c;

	(void)state;
	assert_int_equal(circuit_init(&c, 3), 0);
	assert_int_equal(template_hardware_efficient(&c, 2), 0);
	assert_int_equal(c.nparams, 12);
	assert_int_equal(c.ngates, 18);
	check_rotation(&c.gates[0], CIRCUIT_RY, 0, 0);
	check_rotation(&c.gates[1], CIRCUIT_RZ, 0, 1);
	check_cnot(&c.gates[8], 2, 0);
	check_rotation(&c.gates[9], CIRCUIT_RY, 0, 6);
	circuit_close(&c);
}

static void
test_small(void **state)
{
	struct circuit c;

	(void)state;
	assert_int_equal(circuit_init(&c, 1), 0);
	assert_int_equal(template_strongly_entangling(&c, 2), 0);
	assert_int_equal(c.ngates, 6);
	circuit_close(&c);
	assert_int_equal(circuit_init(&c, 2), 0);
	assert_int_equal(template_strongly_entangling(&c, 1), 0);
	check_cnot(&c.gates[6], 0, 1);
	check_cnot(&c.gates[7], 1, 0);
	circuit_close(&c);
}

static void
test_encodings(void **state)
{
	struct circuit c;

	(void)state;
	assert_int_equal(circuit_init(&c, 3), 0);
	assert_int_equal(template_angle(&c, 4), -EINVAL);
	assert_int_equal(template_amplitude(&c, 9), -EINVAL);
	assert_int_equal(template_amplitude(&c, 0), -EINVAL);
	assert_int_equal(template_amplitude(&c, 8), 0);
	assert_int_equal(c.nfeatures, 8);
	assert_int_equal(c.start, CIRCUIT_AMPLITUDES);
	circuit_close(&c);
	assert_int_equal(circuit_init(&c, 3), 0);
	assert_int_equal(template_angle(&c, 2), 0);
	assert_int_equal(c.ngates, 2);
	assert_int_equal(c.nfeatures, 2);
	assert_int_equal(c.gates[1].op, CIRCUIT_RY);
	assert_true(c.gates[1].angle.coef == 3.14159265358979323846);
	/* Amplitudes must come before any gate. */
	assert_int_equal(template_amplitude(&c, 8), -EINVAL);
	circuit_close(&c);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_strongly_entangling),
	    cmocka_unit_test(test_hardware_efficient),
	    cmocka_unit_test(test_small),
	    cmocka_unit_test(test_encodings),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
