/*
 * Phase estimation and density-matrix exponentiation against numpy's exact
 * channels, and the closed form by copies against one made of dense swaps.
 */
#include <complex.h>
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "numbers.h"
#include "sim/learn/dataset.h"
#include "sim/learn/jacobi.h"
#include "sim/learn/phase.h"
#include "sim/learn/qpca_density.h"

#define REFERENCE "tests/data/qpca/reference.txt"
#define PI 3.14159265358979323846

static double *
record(const char *set, const char *key, size_t n)
{
	char name[96];

	snprintf(name, sizeof(name), "%s.%s", set, key);
	return numbers_read(REFERENCE, name, n);
}

static void
density(struct qpca_density *r, const char *set)
{
	const char *under = strrchr(set, '_');
	struct dataset ds = DATASET_INIT;
	char name[32];

	snprintf(name, sizeof(name), "%.*s", (int)(under - set), set);
	numbers_csv(&ds, name);
	assert_int_equal(qpca_density_init(r, &ds,
			     under[1] == 'c' ? QPCA_COVARIANCE
					     : QPCA_AMPLITUDES,
			     strcmp(name, "digits") != 0),
	    0);
	dataset_close(&ds);
}

static const char *const sets[] = {"iris_cov", "iris_amp", "wine_cov",
    "digits_cov", "digits_amp", "breast_cancer_cov"};

static void
test_outcomes(void **state)
{
	double w[64], p[32], *want, share[64], sum;
	struct qpca_density r;
	unsigned bits;
	size_t i, k;
	char key[8];

	(void)state;
	for (i = 0; i < 6; i++) {
		density(&r, sets[i]);
		assert_int_equal(jacobi_eigen(r.rho, r.n, w, NULL), 0);
		for (bits = 3; bits <= 5; bits += 2) {
			snprintf(key, sizeof(key), "qpe%u", bits);
			want = record(sets[i], key, (size_t)1 << bits);
			assert_int_equal(phase_outcomes(w, r.n, bits, p), 0);
			for (k = 0; k < (size_t)1 << bits; k++)
				assert_true(fabs(p[k] - want[k]) < 1e-9);
			free(want);
		}
		/* What is most likely left behind by the best outcome. */
		phase_left(w, r.n, 5, (size_t)(32.0 * w[0] + 0.5) % 32, share);
		for (k = 0, sum = 0.0; k < r.n; k++)
			sum += share[k];
		assert_true(fabs(sum - 1.0) < 1e-12);
		assert_true(i > 1 || share[0] > 0.9);
		qpca_density_close(&r);
	}
	assert_int_equal(phase_outcomes(w, 4, 0, p), -EINVAL);
	assert_int_equal(phase_outcomes(w, 4, 13, p), -EINVAL);
}

/* With more copies the outcomes approach the exact ones as 1 / copies. */
static void
test_copies_converge(void **state)
{
	double w[4], exact[32], p[32], gap[2] = {0.0, 0.0}, sum;
	struct qpca_density r;
	size_t i, k;

	(void)state;
	density(&r, "iris_cov");
	assert_int_equal(jacobi_eigen(r.rho, 4, w, NULL), 0);
	assert_int_equal(phase_outcomes(w, 4, 5, exact), 0);
	for (i = 0; i < 2; i++) {
		assert_int_equal(phase_outcomes_by_copies(w, 4, 5,
				     i == 0 ? 4096 : 8192, p),
		    0);
		for (k = 0, sum = 0.0; k < 32; k++) {
			sum += p[k];
			gap[i] = fmax(gap[i], fabs(p[k] - exact[k]));
			assert_true(p[k] > -1e-12);
		}
		assert_true(fabs(sum - 1.0) < 1e-12);
	}
	assert_true(gap[0] < 0.05);
	assert_true(gap[1] > 0.4 * gap[0] && gap[1] < 0.6 * gap[0]);
	assert_int_equal(phase_outcomes_by_copies(w, 4, 8, 1, p), -EINVAL);
	assert_int_equal(phase_outcomes_by_copies(w, 4, 3, 0, p), -EINVAL);
	qpca_density_close(&r);
}

/* Two states, two ancillas, made of swaps as 16 x 16 matrices: index
 * (ancillas, copy, system), ancilla 0 the lowest of two bits. */
#define DIM 16

static size_t
swapped(size_t i)
{
	return (i & 12) | (i & 1) << 1 | (i >> 1 & 1);
}

static void
dense_step(double complex x[8][8], const double *rho, unsigned a, double step)
{
	static double complex big[DIM][DIM], u[DIM][DIM], t[DIM][DIM];
	size_t i, j, k;

	memset(u, 0, sizeof(u));
	for (i = 0; i < DIM; i++) {
		for (j = 0; j < DIM; j++) {
			/* system is bit 0, copy bit 1 */
			big[i][j] = rho[(i >> 1 & 1) * 2 + (j >> 1 & 1)] *
			    x[i >> 2 << 1 | (i & 1)][j >> 2 << 1 | (j & 1)];
		}
		if (i >> 2 >> a & 1) {
			u[i][i] += cos(step);
			u[swapped(i)][i] += I * sin(step);
		} else {
			u[i][i] = 1.0;
		}
	}
	for (i = 0; i < DIM; i++) {
		for (j = 0; j < DIM; j++) {
			t[i][j] = 0.0;
			for (k = 0; k < DIM; k++)
				t[i][j] += u[i][k] * big[k][j];
		}
	}
	memset(x, 0, 64 * sizeof(x[0][0]));
	for (i = 0; i < DIM; i++) {
		for (j = 0; j < DIM; j++) {
			double complex sum = 0.0;

			if ((i >> 1 & 1) != (j >> 1 & 1))
				continue; /* traced out */
			for (k = 0; k < DIM; k++)
				sum += t[i][k] * conj(u[j][k]);
			x[i >> 2 << 1 | (i & 1)][j >> 2 << 1 | (j & 1)] += sum;
		}
	}
}

static double complex
traced(double complex x[8][8], size_t m, size_t q)
{
	return x[2 * m][2 * q] + x[2 * m + 1][2 * q + 1];
}

static void
test_copies_dense(void **state)
{
	const double rho[4] = {0.7, 0.2, 0.2, 0.3};
	double complex x[8][8];
	double w[2], p[4];
	size_t m, q, k;
	unsigned a, i;

	(void)state;
	for (m = 0; m < 8; m++) {
		for (q = 0; q < 8; q++)
			x[m][q] = rho[(m & 1) * 2 + (q & 1)] / 4.0;
	}
	for (a = 0; a < 2; a++) {
		for (i = 0; i < 5u << a; i++)
			dense_step(x, rho, a, 2.0 * PI / 5.0);
	}
	assert_int_equal(jacobi_eigen(rho, 2, w, NULL), 0);
	assert_int_equal(phase_outcomes_by_copies(w, 2, 2, 5, p), 0);
	for (k = 0; k < 4; k++) {
		double complex sum = 0.0;

		for (m = 0; m < 16; m++) {
			size_t row = m / 4, col = m % 4;

			sum += traced(x, row, col) *
			    cexp(-0.5 * PI * I * ((double)row - (double)col) *
				(double)k) /
			    4.0;
		}
		assert_true(fabs(creal(sum) - p[k]) < 1e-12);
	}
}

static void
test_exponentiation(void **state)
{
	size_t i, k;

	(void)state;
	for (i = 0; i < 2; i++) {
		struct qpca_density r;
		double *steps, *want, *re, *im, exact[32], run[32], d;
		char set[32];

		density(&r, sets[i]);
		snprintf(set, sizeof(set), "%s.lmr", sets[i]);
		steps = record(set, "steps", 7);
		want = record(set, "distance", 7);
		re = record(set, "exact_re", 16);
		im = record(set, "exact_im", 16);
		for (k = 0; k < 32; k++)
			exact[k] = k % 2 == 0 ? 0.25 : 0.0;
		assert_int_equal(phase_lmr_exact(&(struct phase_lmr){r.rho, r.n,
						     1.0, 1},
				     exact),
		    0);
		for (k = 0; k < 16; k++) {
			assert_true(fabs(exact[2 * k] - re[k]) < 1e-11);
			assert_true(fabs(exact[2 * k + 1] - im[k]) < 1e-11);
		}
		for (k = 0; k < 7; k++) {
			struct phase_lmr l = {r.rho, r.n, 1.0,
			    (uint32_t)steps[k]};
			size_t j;

			for (j = 0; j < 32; j++)
				run[j] = j % 2 == 0 ? 0.25 : 0.0;
			assert_int_equal(phase_lmr_run(&l, run), 0);
			assert_int_equal(phase_distance(run, exact, 4, &d), 0);
			assert_true(fabs(d - want[k]) < 1e-9);
		}
		free(steps);
		free(want);
		free(re);
		free(im);
		qpca_density_close(&r);
	}
}

static void
test_refused(void **state)
{
	double a[2] = {0.0, 0.0}, d;
	struct phase_lmr l = {a, 0, 1.0, 1};

	(void)state;
	assert_int_equal(phase_lmr_run(&l, a), -EINVAL);
	l.n = 1;
	l.steps = 0;
	assert_int_equal(phase_lmr_exact(&l, a), -EINVAL);
	l.steps = 1;
	l.time = NAN;
	assert_int_equal(phase_lmr_run(&l, a), -EINVAL);
	assert_int_equal(phase_distance(a, a, 65, &d), -EINVAL);
	assert_int_equal(phase_distance(a, a, 1, &d), 0);
	assert_true(d == 0.0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_outcomes),
	    cmocka_unit_test(test_copies_converge),
	    cmocka_unit_test(test_copies_dense),
	    cmocka_unit_test(test_exponentiation),
	    cmocka_unit_test(test_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
