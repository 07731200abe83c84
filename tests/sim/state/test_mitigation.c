/* The fits on curves they must follow exactly; folding of every gate. */
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "sim/circuit/program_build.h"
#include "sim/state/mitigation.h"
#include "sim/state/noisy_plan.h"

static const double scales[4] = {1, 3, 5, 9};

static void
test_fits(void **state)
{
	struct mitigation_point cubic[4], line[4], decay[4];
	struct mitigation_fit fit;
	size_t i;

	(void)state;
	for (i = 0; i < 4; i++) {
		double s = scales[i];

		cubic[i] = (struct mitigation_point){s,
		    0.7 - 0.3 * s + 0.04 * s * s - 0.002 * s * s * s, 0.01};
		line[i] = (struct mitigation_point){s, -0.4 + 0.06 * s, 0.01};
		decay[i] = (struct mitigation_point){s,
		    0.1 - 0.9 * exp(-0.3 * s), 0.01};
	}
	assert_int_equal(mitigation_richardson(cubic, 4, &fit), 0);
	assert_true(fabs(fit.value - 0.7) < 1e-13);
	assert_int_equal(mitigation_linear(line, 4, &fit), 0);
	assert_true(fabs(fit.value + 0.4) < 1e-13);
	/* Textbook: s^2 (1/n + mean^2 / sum (x - mean)^2). */
	assert_true(
	    fabs(fit.error - 0.01 * sqrt(0.25 + 4.5 * 4.5 / 35)) < 1e-13);
	assert_int_equal(mitigation_exponential(decay, 4, 0.1, &fit), 0);
	assert_true(fabs(fit.value + 0.8) < 1e-12);
	assert_true(fit.error > 0.01);
	assert_int_equal(mitigation_exponential(line, 4, -0.2, &fit), -EDOM);
	assert_int_equal(mitigation_richardson(cubic, 1, &fit), -EINVAL);
	line[1].scale = 1;
	assert_int_equal(mitigation_linear(line, 4, &fit), -EINVAL);
	/* The weights of 1, 3, 5 are (15, -10, 3) / 8. */
	assert_int_equal(mitigation_richardson(decay, 3, &fit), 0);
	assert_true(fabs(fit.error - 0.01 * sqrt(225 + 100 + 9) / 8) < 1e-15);
}

/* Each gate of program.h, with a control, on angles that depend on an input. */
static void
every_gate(struct program *p)
{
	const double m[8] = {0.6, 0, 0, 0.8, 0, 0.8, 0.6, 0};
	static const uint32_t qubits[3] = {2, 0, 1};
	uint32_t g, i;

	*p = (struct program)PROGRAM_INIT;
	assert_int_equal(program_add_register(p, "q", 3, true), 0);
	assert_int_equal(program_add_register(p, "c", 3, false), 0);
	assert_int_equal(program_add_input(p, "a"), 0);
	assert_int_equal(program_set(p, "a", 0.37), 0);
	assert_int_equal(program_add_numbers(p, m, 8), 0);
	for (g = 0; g < PROGRAM_NGATES; g++) {
		struct program_op op = {.gate = (enum program_gate)g,
		    .ncontrols = 1,
		    .ntargets = program_gate_targets((enum program_gate)g),
		    .when = g % 2};

		if (g == PROGRAM_MATRIX)
			op.ntargets = 1;
		for (i = 0; i < program_gate_angles(op.gate); i++) {
			struct program_term t = {0, 1.0 + i};
			struct program_angle a = {.offset = 0.2 + g,
			    .nterms = 1};
			int at = program_add_angle(p, &a, &t);

			assert_true(at >= 0);
			if (i == 0)
				op.angle0 = (uint32_t)at;
		}
		assert_int_equal(program_add_gate(p, &op, qubits), 0);
	}
}

static void
run(const struct program *p, struct vector *v)
{
	struct noisy_plan n;
	uint32_t i;

	assert_int_equal(noisy_plan_init(&n, p, NULL), 0);
	for (i = 0; i < p->nops; i++) {
		if (p->ops[i].kind == PROGRAM_GATE)
			vector_apply(v, &n.ops[i].gate);
	}
	noisy_plan_close(&n);
}

static void
test_folded_is_same(void **state)
{
	const double h[8] = {0.6, 0, 0.8, 0, 0.8, 0, -0.6, 0};
	struct vector_gate g = {.ntargets = 1, .matrix = h};
	struct program p, folded = PROGRAM_INIT;
	struct vector a, b;
	double inner[2];
	uint32_t q;

	(void)state;
	every_gate(&p);
	assert_int_equal(program_add_measure(&p, 1, 2), 0);
	assert_int_equal(mitigation_fold(&p, 5, &folded), 0);
	assert_int_equal(folded.nops, 5 * (p.nops - 1) + 1);
	assert_int_equal(folded.ops[folded.nops - 1].kind, PROGRAM_MEASURE);
	assert_int_equal(folded.ops[folded.nops - 1].bit, 2);
	/* Another value of the input, to see that angles still depend on it. */
	assert_int_equal(program_set(&p, "a", -1.1), 0);
	assert_int_equal(program_set(&folded, "a", -1.1), 0);
	assert_int_equal(vector_init(&a, 3, NULL), 0);
	assert_int_equal(vector_init(&b, 3, NULL), 0);
	for (q = 0; q < 3; q++) {
		g.target[0] = q;
		vector_apply(&a, &g);
	}
	vector_copy(&b, &a);
	run(&p, &a);
	run(&folded, &b);
	vector_inner(&a, &b, inner);
	assert_true(fabs(inner[0] - 1) < 1e-12 && fabs(inner[1]) < 1e-12);
	vector_close(&a);
	vector_close(&b);
	program_close(&folded);
	folded = (struct program)PROGRAM_INIT;
	assert_int_equal(mitigation_fold(&p, 2, &folded), -EINVAL);
	assert_int_equal(program_add_reset(&p, 0), 0);
	assert_int_equal(mitigation_fold(&p, 3, &folded), -ENOTSUP);
	program_close(&folded);
	program_close(&p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_fits),
	    cmocka_unit_test(test_folded_is_same),
	};

	return cmocka_run_group_tests_name("mitigation", tests, NULL, NULL);
}
