/*
 * Programs as circuits of the batch engine: the same state up to a phase.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "sim/circuit/program_build.h"
#include "sim/circuit/program_run.h"
#include "sim/circuit/qasm.h"
#include "tests/sim/circuit/dense.h"

#define HEAD                                                     \
	"OPENQASM 3.0;\ninclude \"stdgates.inc\";\n"             \
	"input float a; input float b;\nqubit[3] q; bit[3] c;\n" \
	"ry(0.4) q[0]; rx(1.1) q[1]; U(0.3, 0.8, -0.2) q[2];\n"

static void
read_program(struct program *p, const char *gate)
{
	static const struct qasm_set sets[2] = {{"a", 0.37}, {"b", -1.21}};
	struct qasm_options o = {.sets = sets, .nsets = 2};
	struct qasm_error e;
	char text[1024];

	snprintf(text, sizeof(text),
	    HEAD "%s\nrx(0.6) q; ry(0.9) q;\nc = measure q;\n", gate);
	if (qasm_read(p, text, strlen(text), &o, &e) < 0)
		fail_msg("%u:%u: %s: %s", e.line, e.column, e.text, gate);
}

static void
check(const char *gate)
{
	static const double theta[2] = {0.37, -1.21};
	struct program p = PROGRAM_INIT;
	struct circuit c = CIRCUIT_INIT;
	struct vector v = VECTOR_INIT;
	double complex got[8], want[8] = {1};
	int x;

	read_program(&p, gate);
	assert_int_equal(program_to_circuit(&p, &c), 0);
	assert_int_equal(c.nparams, 2);
	assert_int_equal(vector_init(&v, 3, NULL), 0);
	assert_int_equal(program_run(&p, &v), 0);
	for (x = 0; x < 8; x++)
		got[x] = v.amp[0][x] + I * v.amp[1][x];
	dense_run(&c, theta, NULL, want);
	if (!(dense_distance(got, want, 3) < 1e-13))
		fail_msg("%s: %g", gate, dense_distance(got, want, 3));
	vector_close(&v);
	circuit_close(&c);
	program_close(&p);
}

static void
test_gates(void **state)
{
	static const char *const gates[] = {"x q[1];", "y q[0];", "z q[2];",
	    "h q[0];", "s q[0];", "sdg q[1];", "t q[1];", "tdg q[2];",
	    "sx q[1];", "inv @ sx q[0];", "id q[0];", "gphase(0.3);",
	    "p(a) q[0];", "rx(2*a-b+0.3) q[1];", "ry(b/3) q[2];",
	    "rz(a+b) q[0];", "U(a, b, a-b) q[1];", "u3(b, 0.1, a) q[0];",
	    "swap q[0], q[2];", "cx q[2], q[0];", "cy q[0], q[1];",
	    "cz q[1], q[2];", "ch q[0], q[2];", "cp(a) q[0], q[1];",
	    "crx(b) q[1], q[0];", "cry(a-b) q[2], q[1];", "crz(a) q[0], q[2];",
	    "cu(a, b, 0.3, b) q[1], q[0];", "ctrl @ sx q[0], q[1];",
	    "ctrl @ inv @ sx q[2], q[1];", "ctrl @ s q[0], q[1];",
	    "ctrl @ tdg q[0], q[1];", "ccx q[0], q[1], q[2];",
	    "ctrl(2) @ y q[2], q[0], q[1];", "ctrl(2) @ h q[2], q[1], q[0];",
	    "cswap q[1], q[0], q[2];", "negctrl @ rx(a) q[0], q[1];",
	    "negctrl(2) @ x q[0], q[2], q[1];",
	    "ctrl(2) @ p(a+b) q[0], q[1], q[2];", "negctrl @ gphase(a) q[1];",
	    "negctrl @ ctrl @ gphase(b) q[1], q[2];"};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(gates) / sizeof(gates[0]); i++)
		check(gates[i]);
}

static void
test_refused(void **state)
{
	static const char *const gates[] = {"reset q[0];",
	    "c[0] = measure q[0]; x q[0];", "rx(sin(a)) q[0];",
	    "pow(0.5) @ swap q[0], q[1];", "ctrl(2) @ rx(a) q[0], q[1], q[2];"};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(gates) / sizeof(gates[0]); i++) {
		struct program p = PROGRAM_INIT;
		struct circuit c = CIRCUIT_INIT;

		read_program(&p, gates[i]);
		assert_int_equal(program_to_circuit(&p, &c), -ENOTSUP);
		assert_null(c.gates);
		program_close(&p);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_gates),
	    cmocka_unit_test(test_refused),
	};

	return cmocka_run_group_tests_name("program circuit", tests, NULL,
	    NULL);
}
