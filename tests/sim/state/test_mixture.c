/* Noisy programs, exactly: the reference values, measurement, conditions. */
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "sim/circuit/program_build.h"
#include "sim/observable/pauli.h"
#include "sim/state/mitigation.h"
#include "sim/state/mixture.h"
#include "sim/state/noisy_plan.h"
#include "tests/sim/state/noisecase.h"

#define NEAR 1e-10

static void
assert_near(double got, double want, double by, const char *what)
{
	if (!(fabs(got - want) <= by))
		fail_msg("%s: got %.17g, want %.17g", what, got, want);
}

static void
run(struct mixture *m, const struct program *p, const struct noise_model *n)
{
	struct noisy_plan plan;

	assert_int_equal(noisy_plan_init(&plan, p, n), 0);
	assert_int_equal(mixture_run(m, &plan, NULL), 0);
	noisy_plan_close(&plan);
}

static double
expect(const struct density *d, uint64_t x, uint64_t z)
{
	struct pauli_term t = {.x = x, .z = z, .coef = 1.0};

	return density_string_expect(&t, d);
}

static uint64_t
all_of(const struct noisecase *c)
{
	return (UINT64_C(1) << c->nqubits) - 1;
}

/* Of the mean sign of a string of Z over so many shots drawn from p. */
static double
sampled_std(const double *p, uint32_t n, uint64_t z, double shots)
{
	double mean = 0;
	double square = 0;

	for (uint32_t i = 0; i < 1u << n; i++) {
		double sign = __builtin_parityll(i & z) ? -1 : 1;

		mean += p[i] * sign;
		square += p[i];
	}
	return sqrt((square - mean * mean) / shots);
}

static void
check_values(const struct noisecase *c, const struct mixture *m)
{
	const struct density *d = &m->density;
	double p[16] = {0};
	uint32_t q;

	for (q = 0; q < c->nqubits; q++) {
		uint64_t b = UINT64_C(1) << q;

		assert_near(expect(d, 0, b), c->z[q], NEAR, "z");
		assert_near(expect(d, b, 0), c->x[q], NEAR, "x");
		assert_near(expect(d, b, b), c->y[q], NEAR, "y");
		if (q + 1 < c->nqubits)
			assert_near(expect(d, 0, 3 * b), c->zz[q], NEAR, "zz");
	}
	assert_near(expect(d, 0, all_of(c)), c->zall, NEAR, "zall");
	assert_near(density_purity(d), c->purity, NEAR, "purity");
	assert_near(density_trace(d), 1.0, NEAR, "trace");
	density_probs(d, 1.0, p);
	for (q = 0; q < 1u << c->nqubits; q++)
		assert_near(p[q], c->probs[q], NEAR, "probs");
	for (q = 0; q <= c->nqubits; q++)
		assert_near(sampled_std(p, c->nqubits,
				q < c->nqubits ? UINT64_C(1) << q : all_of(c),
				c->shots[0]),
		    c->shots[1 + q], NEAR, "std of sampled z");
}

/* The state the program gives without noise. */
static void
ideal_vector(struct vector *v, const struct program *p)
{
	struct noisy_plan plan;
	uint32_t i;

	assert_int_equal(vector_init(v, p->nqubits, NULL), 0);
	assert_int_equal(noisy_plan_init(&plan, p, NULL), 0);
	for (i = 0; i < p->nops; i++)
		vector_apply(v, &plan.ops[i].gate);
	noisy_plan_close(&plan);
}

static void
check_readout(struct noisecase *c)
{
	double p[16] = {0}, square[16];
	struct mixture m;
	uint32_t q, i;

	for (q = 0; q < c->nqubits; q++)
		c->model.readout[q] =
		    (struct readout){.p1_given_0 = c->readout[0],
			.p0_given_1 = c->readout[1]};
	run(&m, &c->program, &c->model);
	assert_int_equal(m.outcomes.nbits, c->nqubits);
	for (i = 0; i < m.outcomes.n; i++)
		p[m.outcomes.items[i].bits] = m.outcomes.items[i].p;
	for (i = 0; i < 1u << c->nqubits; i++)
		assert_near(p[i], c->read_probs[i], NEAR, "read probs");
	for (q = 0; q <= c->nqubits; q++) {
		uint64_t z = q < c->nqubits ? UINT64_C(1) << q : all_of(c);
		struct pauli_term t = {.z = z, .coef = 1.0};
		struct pauli_sum one = {.terms = &t, .nterms = 1}, seen;

		assert_int_equal(readout_observable(c->model.readout, &one,
				     &seen),
		    0);
		assert_near(density_expect(&seen, &m.density),
		    q < c->nqubits ? c->read_z[q] : c->read_zall, NEAR,
		    "read z");
		pauli_close(&seen);
	}
	memcpy(square, p, sizeof(p));
	assert_int_equal(readout_invert(c->model.readout, c->nqubits, p), 0);
	assert_int_equal(readout_least_squares(c->model.readout, c->nqubits,
			     square),
	    0);
	for (i = 0; i < 1u << c->nqubits; i++) {
		assert_near(p[i], c->probs[i], NEAR, "inverse");
		assert_near(square[i], c->probs[i], NEAR, "least squares");
	}
	mixture_close(&m);
}

static void
test_reference(void **state)
{
	static struct noisecase c[NOISECASE_MAX];
	size_t n = noisecase_read(c), i;
	struct mixture m;
	struct vector ideal;

	(void)state;
	assert_int_equal(n, 8);
	for (i = 0; i < n; i++) {
		run(&m, &c[i].program, &c[i].model);
		check_values(&c[i], &m);
		ideal_vector(&ideal, &c[i].program);
		assert_near(density_fidelity(&m.density, &ideal), c[i].fidelity,
		    NEAR, "fidelity");
		vector_close(&ideal);
		mixture_close(&m);
		check_readout(&c[i]);
	}
	noisecase_close(c, n);
}

/* <Z..Z>, <Z0>, ... of the folded program. */
static void
folded(const struct noisecase *c, uint32_t scale, double *out)
{
	struct program p = PROGRAM_INIT;
	struct mixture m;
	uint32_t q;

	assert_int_equal(mitigation_fold(&c->program, scale, &p), 0);
	assert_int_equal(p.nops, scale * c->program.nops);
	run(&m, &p, &c->model);
	out[0] = expect(&m.density, 0, all_of(c));
	for (q = 0; q < c->nqubits; q++)
		out[1 + q] = expect(&m.density, 0, UINT64_C(1) << q);
	mixture_close(&m);
	program_close(&p);
}

static void
test_folding(void **state)
{
	static struct noisecase c[NOISECASE_MAX];
	size_t n = noisecase_read(c), i, k, checked = 0;
	double value[3][5], raw = 0.0, linear = 0.0, rich = 0.0;
	uint32_t q;

	(void)state;
	for (i = 0; i < n; i++) {
		if (!c[i].has_zne)
			continue;
		for (k = 0; k < 3; k++)
			folded(&c[i], (uint32_t)(2 * k + 1), value[k]);
		for (q = 0; q <= c[i].nqubits; q++) {
			struct mitigation_point p[3];
			struct mitigation_fit fit;

			for (k = 0; k < 3; k++) {
				assert_near(value[k][q], c[i].zne[k][q], NEAR,
				    "folded");
				p[k] =
				    (struct mitigation_point){.scale =
								  (double)(2 *
									  k +
								      1),
					.value = value[k][q]};
			}
			assert_int_equal(mitigation_linear(p, 3, &fit), 0);
			assert_near(fit.value, c[i].zne_linear[q], NEAR,
			    "linear");
			linear += fabs(fit.value - c[i].zne_ideal[q]);
			assert_int_equal(mitigation_richardson(p, 3, &fit), 0);
			assert_near(fit.value, c[i].zne_richardson[q], NEAR,
			    "richardson");
			rich += fabs(fit.value - c[i].zne_ideal[q]);
			raw += fabs(value[0][q] - c[i].zne_ideal[q]);
			checked++;
		}
	}
	assert_int_equal(checked, 3 * 4 + 3 * 5);
	/* What it is for: the bias shrinks. */
	assert_true(linear < 0.85 * raw && rich < 0.6 * raw);
	noisecase_close(c, n);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_reference),
	    cmocka_unit_test(test_folding),
	};

	return cmocka_run_group_tests_name("mixture", tests, NULL, NULL);
}
