/* Every channel is completely positive and keeps the trace; what is refused;
 * the fidelity. */
#include <complex.h>
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "sim/learn/rng.h"
#include "sim/state/kraus.h"
#include "sim/state/shots.h"

#define SQUARE_MAX 64

/* choi[(r, r1)][(c, c1)] = entry of the superoperator from (r1, c1) to (r, c);
 * indices low bits first. Built from what density_channel() uses. */
static uint32_t
choi_of(const struct kraus *c, double complex choi[SQUARE_MAX][SQUARE_MAX])
{
	uint32_t d = 1u << c->nqubits, i;

	memset(choi, 0, SQUARE_MAX * sizeof(choi[0]));
	for (i = 0; i < c->nvalues; i++) {
		uint32_t r = c->row[i] % d, col = c->row[i] / d;
		uint32_t r1 = c->col[i] % d, col1 = c->col[i] / d;

		choi[r * d + r1][col * d + col1] =
		    c->value[2 * i] + I * c->value[2 * i + 1];
	}
	return d * d;
}

/* Cholesky of m + 1e-12: NaN or a negative pivot says it is not positive. */
static void
assert_positive(double complex m[SQUARE_MAX][SQUARE_MAX], uint32_t n)
{
	uint32_t i, j, k;

	for (i = 0; i < n * n; i++)
		assert_true(
		    cabs(m[i / n][i % n] - conj(m[i % n][i / n])) < 1e-12);
	for (j = 0; j < n; j++) {
		double pivot = creal(m[j][j]) + 1e-12;

		for (k = 0; k < j; k++)
			pivot -= creal(m[j][k] * conj(m[j][k]));
		if (!(pivot > 0.0))
			fail_msg("pivot %u is %g", j, pivot);
		m[j][j] = sqrt(pivot);
		for (i = j + 1; i < n; i++) {
			double complex s = m[i][j];

			for (k = 0; k < j; k++)
				s -= m[i][k] * conj(m[j][k]);
			m[i][j] = s / m[j][j];
		}
	}
}

static void
assert_channel(struct kraus *c)
{
	static double complex choi[SQUARE_MAX][SQUARE_MAX];
	uint32_t n = choi_of(c, choi), d = 1u << c->nqubits, a, b, r;

	for (a = 0; a < d; a++) {
		for (b = 0; b < d; b++) {
			double complex trace = 0.0;

			for (r = 0; r < d; r++)
				trace += choi[r * d + a][r * d + b];
			assert_true(cabs(trace - (a == b)) < 1e-12);
		}
	}
	assert_positive(choi, n);
	kraus_close(c);
}

static void
test_physical(void **state)
{
	uint8_t seed[RNG_SEED_BYTES] = {3};
	struct kraus c, e, both;
	struct rng r;
	uint32_t i;

	(void)state;
	rng_init(&r, seed, 0);
	for (i = 0; i < 50; i++) {
		/* Also the ends of every range. */
		double p = i < 2 ? i : shots_uniform(&r);
		double q = i < 4 ? i % 2 : shots_uniform(&r);
		struct kraus_thermal t = {.t1 = 0.01 + shots_uniform(&r),
		    .time = 3 * p,
		    .excited = q};

		t.t2 = 2.0 * t.t1 * (i < 5 ? 1.0 : 0.01 + 0.99 * p);
		assert_int_equal(kraus_depolarizing(&c, 1, p * 4 / 3), 0);
		assert_channel(&c);
		assert_int_equal(kraus_depolarizing(&c, 2, p * 16 / 15), 0);
		assert_channel(&c);
		assert_int_equal(kraus_generalized_damping(&c, p, q), 0);
		assert_channel(&c);
		assert_int_equal(kraus_phase_damping(&c, p), 0);
		assert_channel(&c);
		assert_int_equal(kraus_bit_flip(&c, p), 0);
		assert_channel(&c);
		assert_int_equal(kraus_rotation(&c, 3, 'y', 9 * p), 0);
		assert_channel(&c);
		assert_int_equal(kraus_thermal(&c, &t), 0);
		assert_int_equal(kraus_amplitude_damping(&e, p), 0);
		assert_int_equal(kraus_compose(&both, &c, &e), 0);
		assert_channel(&both);
		assert_int_equal(kraus_tensor(&both, &e, &c), 0);
		assert_channel(&both);
		assert_channel(&c);
		assert_channel(&e);
	}
}

static void
test_mixtures(void **state)
{
	struct kraus c;

	(void)state;
	assert_int_equal(kraus_depolarizing(&c, 2, 0.16), 0);
	assert_true(c.mixture && c.nkraus == 16);
	assert_true(fabs(c.weight[0] - (1.0 - 0.15)) < 1e-15);
	assert_true(fabs(c.weight[5] - 0.01) < 1e-15);
	kraus_close(&c);
	assert_int_equal(kraus_amplitude_damping(&c, 0.16), 0);
	assert_true(!c.mixture && c.nkraus == 2);
	kraus_close(&c);
	/* No noise at all: the operators that are 0 are gone. */
	assert_int_equal(kraus_bit_flip(&c, 0.0), 0);
	assert_true(c.mixture && c.nkraus == 1);
	kraus_close(&c);
}

static void
test_refused(void **state)
{
	const double half[8] = {0.5, 0, 0, 0, 0, 0, 0.5, 0};
	double unit[8] = {1, 0, 0, 0, 0, 0, 1, 0};
	struct kraus_thermal t = {.t1 = 1, .t2 = 2.01, .time = 1};
	struct kraus c, d;

	(void)state;
	assert_int_equal(kraus_init(&c, 1, 1, half), -EINVAL);
	assert_int_equal(kraus_init(&c, 4, 1, unit), -EINVAL);
	assert_int_equal(kraus_init(&c, 1, 0, unit), -EINVAL);
	assert_int_equal(kraus_init(&c, 1, 65, unit), -E2BIG);
	unit[6] = 1.0 + 0.9e-10 / 2;
	assert_int_equal(kraus_init(&c, 1, 1, unit), 0);
	kraus_close(&c);
	unit[6] = 1.0 + 1.1e-10 / 2;
	assert_int_equal(kraus_init(&c, 1, 1, unit), -EINVAL);
	unit[6] = NAN;
	assert_int_equal(kraus_init(&c, 1, 1, unit), -EINVAL);
	assert_int_equal(kraus_depolarizing(&c, 1, 1.34), -EINVAL);
	assert_int_equal(kraus_depolarizing(&c, 3, 0.1), -EINVAL);
	assert_int_equal(kraus_amplitude_damping(&c, -1e-9), -EINVAL);
	assert_int_equal(kraus_phase_damping(&c, NAN), -EINVAL);
	assert_int_equal(kraus_bit_flip(&c, 1.5), -EINVAL);
	assert_int_equal(kraus_rotation(&c, 1, 'q', 1.0), -EINVAL);
	assert_int_equal(kraus_thermal(&c, &t), -EINVAL);
	t.t2 = 0.0;
	assert_int_equal(kraus_thermal(&c, &t), -EINVAL);
	assert_int_equal(kraus_depolarizing(&c, 2, 0.1), 0);
	assert_int_equal(kraus_compose(&d, &c, &c), -E2BIG);
	assert_int_equal(kraus_tensor(&d, &c, &c), -E2BIG);
	kraus_close(&c);
}

/* Known values: 1 - p / 2; (1 + ...) of amplitude damping; 1 of a unitary
 * that does nothing. */
static void
test_fidelity(void **state)
{
	struct kraus c;
	double g = 0.3, s = 1 + sqrt(1 - g);

	(void)state;
	assert_int_equal(kraus_depolarizing(&c, 1, 0.2), 0);
	assert_true(fabs(kraus_fidelity(&c) - 0.9) < 1e-15);
	kraus_close(&c);
	assert_int_equal(kraus_depolarizing(&c, 2, 0.2), 0);
	assert_true(fabs(kraus_fidelity(&c) - 0.85) < 1e-15);
	kraus_close(&c);
	assert_int_equal(kraus_amplitude_damping(&c, g), 0);
	assert_true(fabs(kraus_fidelity(&c) - (s * s / 2 + 1) / 3) < 1e-15);
	kraus_close(&c);
	assert_int_equal(kraus_rotation(&c, 1, 'x', 0.0), 0);
	assert_true(fabs(kraus_fidelity(&c) - 1.0) < 1e-15);
	kraus_close(&c);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_physical),
	    cmocka_unit_test(test_mixtures),
	    cmocka_unit_test(test_refused),
	    cmocka_unit_test(test_fidelity),
	};

	return cmocka_run_group_tests_name("kraus", tests, NULL, NULL);
}
