/*
 * The fixed-order eigensolver: against LAPACK, against what defines
 * eigenvectors, and on odd matrices. Bits: test_kernel_bits.c.
 */
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sim/learn/jacobi.h"
#include "sim/learn/linalg.h"
#include "sim/learn/rng.h"

#define NMAX 64

static void
random_symmetric(double *a, size_t n, uint64_t stream)
{
	const uint8_t seed[RNG_SEED_BYTES] = {7};
	struct rng r;
	size_t i, j;

	rng_init(&r, seed, stream);
	for (i = 0; i < n; i++) {
		for (j = i; j < n; j++) {
			a[i * n + j] =
			    (double)(rng_u64(&r) >> 11) * 0x1p-52 - 1.0;
			a[j * n + i] = a[i * n + j];
		}
	}
}

static double
dot(const double *x, const double *y, size_t n)
{
	double sum = 0.0;
	size_t i;

	for (i = 0; i < n; i++)
		sum += x[i] * y[i];
	return sum;
}

/* A v = value v, vectors orthonormal, values down, signs as promised. */
static void
check_pairs(const double *a, size_t n, const double *w, const double *v)
{
	size_t i, j, k;

	for (i = 0; i < n; i++) {
		size_t best = 0;

		assert_true(i == 0 || w[i - 1] >= w[i]);
		for (k = 0; k < n; k++) {
			double x = dot(a + k * n, v + i * n, n);

			assert_true(fabs(x - w[i] * v[i * n + k]) < 1e-12);
			if (fabs(v[i * n + k]) > fabs(v[i * n + best]))
				best = k;
		}
		assert_true(v[i * n + best] > 0.0);
		for (j = 0; j < n; j++)
			assert_true(fabs(dot(v + i * n, v + j * n, n) -
					(i == j ? 1.0 : 0.0)) < 1e-13);
	}
}

static void
test_against_lapack(void **state)
{
	static double a[NMAX * NMAX], v[NMAX * NMAX], u[NMAX * NMAX];
	double w[NMAX], x[NMAX];
	size_t n, i;

	(void)state;
	for (n = 1; n <= NMAX; n += n < 6 ? 1 : 29) {
		random_symmetric(a, n, n);
		assert_int_equal(jacobi_eigen(a, n, w, v), 0);
		assert_int_equal(linalg_eigen(a, n, x, u), 0);
		check_pairs(a, n, w, v);
		for (i = 0; i < n; i++)
			assert_true(fabs(w[i] - x[i]) < 1e-13 * NMAX);
		for (i = 0; i < n * n; i++)
			assert_true(fabs(u[i] - v[i]) < 1e-9);
	}
}

static void
test_degenerate(void **state)
{
	double a[16] = {0}, w[4], v[16];
	size_t i;

	(void)state;
	assert_int_equal(jacobi_eigen(a, 4, w, v), 0);
	for (i = 0; i < 4; i++)
		assert_true(w[i] == 0.0 && v[i * 5] == 1.0);
	for (i = 0; i < 16; i++)
		a[i] = 1.0; /* rank one: 4, 0, 0, 0 */
	assert_int_equal(jacobi_eigen(a, 4, w, v), 0);
	check_pairs(a, 4, w, v);
	assert_true(fabs(w[0] - 4.0) < 1e-14 && fabs(w[1]) < 1e-15);
	for (i = 0; i < 16; i++)
		a[i] = i % 5 == 0 ? 2.0 : 0.0;
	assert_int_equal(jacobi_eigen(a, 4, w, NULL), 0);
	assert_true(w[0] == 2.0 && w[3] == 2.0);
	/* Far apart in size. */
	a[0] = 1e300;
	a[1] = 1e140;
	a[5] = 1e-20;
	assert_int_equal(jacobi_eigen(a, 4, w, v), 0);
	assert_true(w[0] == 1e300 && isfinite(w[3]));
}

static void
test_refused(void **state)
{
	static double big[(JACOBI_MAX + 1) * (JACOBI_MAX + 1)];
	double a[4] = {1.0, NAN, 0.0, 1.0}, w[JACOBI_MAX + 1], v[4];

	(void)state;
	assert_int_equal(jacobi_eigen(a, 2, w, v), -EDOM);
	a[1] = INFINITY;
	assert_int_equal(jacobi_eigen(a, 2, w, v), -EDOM);
	assert_int_equal(linalg_eigen(a, 2, w, v), -EDOM);
	assert_int_equal(jacobi_eigen(a, 0, w, v), -EINVAL);
	assert_int_equal(linalg_eigen(a, 0, w, v), -EINVAL);
	assert_int_equal(jacobi_eigen(big, JACOBI_MAX + 1, w, NULL), -EINVAL);
}

/* Pauli Y and a complex 2x2 with known values. */
static void
test_hermitian(void **state)
{
	const double y[8] = {0, 0, 0, -1, 0, 1, 0, 0};
	const double h[8] = {1, 0, 1, 1, 1, -1, 2, 0};
	double w[2];

	(void)state;
	assert_int_equal(linalg_eigen_hermitian(y, 2, w), 0);
	assert_true(fabs(w[0] + 1.0) < 1e-15 && fabs(w[1] - 1.0) < 1e-15);
	assert_int_equal(linalg_eigen_hermitian(h, 2, w), 0);
	assert_true(fabs(w[0]) < 1e-14 && fabs(w[1] - 3.0) < 1e-14);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_against_lapack),
	    cmocka_unit_test(test_degenerate),
	    cmocka_unit_test(test_refused),
	    cmocka_unit_test(test_hermitian),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
