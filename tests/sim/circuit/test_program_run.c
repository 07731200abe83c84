/*
 * Sampling of programs and SPSA: what is drawn is what the probabilities say,
 * the same seed draws the same, and what is too much is refused.
 */
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "sim/circuit/program_build.h"
#include "sim/circuit/program_run.h"
#include "sim/circuit/qasm.h"
#include "sim/gradient/program_gradient.h"

#define HEAD "OPENQASM 3.0;\ninclude \"stdgates.inc\";\n"
#define SHOTS 100000

static void
read_text(struct program *p, const char *text)
{
	const struct qasm_set sets[] = {{"a", 0.7}, {"b", -0.4}};
	const struct qasm_options o = {.sets = sets,
	    .nsets = strstr(text, "input") ? 2 : 0};
	struct qasm_error e;

	*p = (struct program)PROGRAM_INIT;
	if (qasm_read(p, text, strlen(text), &o, &e) < 0)
		fail_msg("%u:%u: %s", e.line, e.column, e.text);
}

static void
sample(const char *text, uint64_t shots, uint64_t seed,
    struct program_counts *out)
{
	struct vector v = VECTOR_INIT;
	struct program p;

	read_text(&p, text);
	assert_int_equal(vector_init(&v, p.nqubits, NULL), 0);
	assert_int_equal(program_shots(&p, &v, shots, seed, out), 0);
	vector_close(&v);
	program_close(&p);
}

static uint64_t
count_of(const struct program_counts *c, uint64_t bits)
{
	size_t i;

	for (i = 0; i < c->nitems; i++) {
		if (c->items[i].bits[0] == bits)
			return c->items[i].count;
	}
	return 0;
}

/* Pearson's sum; 4 outcomes, so 3 degrees: above 16.3 once in a thousand. */
static void
check_four(const char *text, const double *p)
{
	struct program_counts c;
	double sum = 0.0;
	uint64_t total = 0, i;

	sample(text, SHOTS, 5, &c);
	for (i = 0; i < 4; i++) {
		double want = p[i] * SHOTS, got = (double)count_of(&c, i);

		total += count_of(&c, i);
		if (want > 0.0)
			sum += (got - want) * (got - want) / want;
		else
			assert_true(got <= 0.0);
	}
	assert_int_equal(total, SHOTS);
	assert_true(sum < 16.3);
	program_counts_close(&c);
}

static void
test_distribution(void **state)
{
	/* cos^2 and sin^2 of 0.35 and 0.9. */
	const double c = 0.88242109364, d = 0.38639895265;
	const double p[4] = {c * d, (1 - c) * d, c * (1 - d),
	    (1 - c) * (1 - d)};
	const double fed[4] = {c, 0.0, 0.0, 1 - c};

	(void)state;
	check_four(HEAD "qubit[2] q; ry(0.7) q[0]; ry(1.8) q[1];", p);
	check_four(HEAD "qubit[2] q; bit[2] c; ry(0.7) q[0]; ry(1.8) q[1]; "
			"c = measure q;",
	    p);
	check_four(HEAD "qubit[2] q; bit[2] c; ry(0.7) q[0]; c[0] = measure "
			"q[0]; if (c[0]) x q[1]; c[1] = measure q[1];",
	    fed);
	check_four(HEAD "qubit q; bit[2] c; ry(0.7) q; c[0] = measure q; reset "
			"q; ry(1.8) q; c[1] = measure q;",
	    p);
}

static void
test_seeds(void **state)
{
	static const char text[] = HEAD "qubit[3] q; h q;";
	struct program_counts a, b, c;

	(void)state;
	sample(text, 1000, 1, &a);
	sample(text, 1000, 1, &b);
	sample(text, 1000, 2, &c);
	assert_true(a.qubits && a.nitems == 8 && b.nitems == 8);
	assert_memory_equal(a.items, b.items, 8 * sizeof(*a.items));
	assert_memory_not_equal(a.items, c.items, 8 * sizeof(*a.items));
	program_counts_close(&a);
	program_counts_close(&b);
	program_counts_close(&c);
	sample(text, 0, 1, &a);
	assert_int_equal(a.nitems, 0);
	program_counts_close(&a);
}

/* 17 measurements on the way, each undecided. */
static void
test_too_much(void **state)
{
	char text[1024] = HEAD "qubit q; bit[17] c;";
	struct program_counts c;
	struct vector v = VECTOR_INIT;
	struct program p;
	size_t i, n = strlen(text);

	(void)state;
	for (i = 0; i < 17; i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n,
		    "h q; c[%zu] = measure q;", i);
	read_text(&p, text);
	assert_int_equal(vector_init(&v, 1, NULL), 0);
	assert_int_equal(program_shots(&p, &v, 10, 1, &c), -EFBIG);
	assert_null(c.items);
	assert_int_equal(program_shots(&p, &v, UINT64_C(1) << 40, 1, &c),
	    -EFBIG);
	vector_close(&v);
	program_close(&p);
}

/* f = cos a + cos(a) cos(b) ..: its mean over draws nears the gradient, and
 * inputs come back as they were. */
static void
test_spsa(void **state)
{
	struct program_spsa how = {.seed = 3, .draws = 4000, .h = 1e-3};
	struct pauli_sum sum;
	struct program p;
	struct program_problem q = {.p = &p, .sum = &sum};
	double grad[2], exact[2], again[2], value;
	char err[128];
	size_t i;

	(void)state;
	read_text(&p,
	    HEAD "input float a; input float b; qubit[2] q; ry(a) q[0]; "
		 "ry(b) q[1]; cx q[0], q[1]; rx(a + 2*b) q[1];");
	assert_int_equal(pauli_parse(&sum, "Z0 + 0.5*Z0 Z1", 2, err), 0);
	assert_int_equal(program_adjoint(&q, &value, exact), 0);
	assert_int_equal(program_spsa(&q, &how, grad), 0);
	assert_int_equal(program_spsa(&q, &how, again), 0);
	assert_memory_equal(grad, again, sizeof(grad));
	/* The error of one is the other's slope over the root of draws. */
	for (i = 0; i < 2; i++)
		assert_true(fabs(grad[i] - exact[i]) <
		    4.0 * fabs(exact[1 - i]) / sqrt(4000.0) + 1e-5);
	assert_true(fabs(p.inputs[0].value - 0.7) < 1e-12);
	assert_true(fabs(p.inputs[1].value + 0.4) < 1e-12);
	how.seed = 4;
	assert_int_equal(program_spsa(&q, &how, again), 0);
	assert_memory_not_equal(grad, again, sizeof(grad));
	pauli_close(&sum);
	program_close(&p);
}

/* The fidelity with a state is an observable like another. */
static void
test_fidelity(void **state)
{
	struct vector other = VECTOR_INIT;
	struct program p, o;
	struct program_problem q = {.p = &p, .other = &other};
	double adjoint[2], shift[2], fd[2], value, expect;
	size_t i;

	(void)state;
	read_text(&p,
	    HEAD "input float a; input float b; qubit[2] q; ry(a) q[0]; "
		 "crx(b) q[0], q[1]; rz(a*2) q[0]; cx q[1], q[0]; u3(a,b,a) "
		 "q[1];");
	read_text(&o,
	    HEAD "qubit[2] q; h q; t q[0]; cx q[0], q[1]; ry(0.3) "
		 "q[1];");
	assert_int_equal(vector_init(&other, 2, NULL), 0);
	assert_int_equal(program_run(&o, &other), 0);
	assert_int_equal(program_adjoint(&q, &value, adjoint), 0);
	assert_int_equal(program_shift(&q, shift), 0);
	assert_int_equal(program_difference(&q, 1e-5, fd), 0);
	assert_int_equal(program_expect(&q, &expect), 0);
	assert_true(fabs(value - expect) < 1e-14 && value > 0.0 && value < 1.0);
	for (i = 0; i < 2; i++) {
		assert_true(fabs(adjoint[i]) > 1e-3);
		assert_true(fabs(adjoint[i] - shift[i]) < 1e-12);
		assert_true(fabs(adjoint[i] - fd[i]) < 1e-8);
	}
	vector_close(&other);
	program_close(&p);
	program_close(&o);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_distribution),
	    cmocka_unit_test(test_seeds),
	    cmocka_unit_test(test_too_much),
	    cmocka_unit_test(test_spsa),
	    cmocka_unit_test(test_fidelity),
	};

	return cmocka_run_group_tests_name("program run", tests, NULL, NULL);
}
