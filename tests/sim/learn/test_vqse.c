/*
 * The variational eigensolver: costs, gradients and diagonals at numpy's
 * points, and eigenvalues on two, three and four qubits.
 */
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
#include "sim/learn/qpca_density.h"
#include "sim/learn/vqse.h"

#define POINTS "tests/data/qpca/vqse.txt"

static double *
record(const char *set, const char *key, size_t n)
{
	char name[96];

	snprintf(name, sizeof(name), "%s.%s", set, key);
	return numbers_read(POINTS, name, n);
}

/* The first d columns of a table (0: all). */
static void
density(struct qpca_density *r, const char *name, size_t d, bool covariance)
{
	struct dataset all = DATASET_INIT, ds = DATASET_INIT;
	size_t i, c;

	numbers_csv(&all, name);
	d = d == 0 ? all.d : d;
	assert_int_equal(dataset_init(&ds, all.n, d), 0);
	for (i = 0; i < all.n; i++) {
		for (c = 0; c < d; c++)
			ds.features[i * d + c] = all.features[i * all.d + c];
	}
	assert_int_equal(qpca_density_init(r, &ds,
			     covariance ? QPCA_COVARIANCE : QPCA_AMPLITUDES,
			     true),
	    0);
	dataset_close(&ds);
	dataset_close(&all);
}

static void
check_point(const char *set, const char *name, bool covariance)
{
	double *theta, *grad, *got, *p, cost;
	struct qpca_density r;
	struct vqse v;
	size_t i;

	density(&r, name, 0, covariance);
	assert_int_equal(vqse_init(&v, r.rho, r.nqubits, VQSE_COMPLEX, 2), 0);
	theta = record(set, "point.theta", v.nparams);
	grad = record(set, "point.vqse_gradient", v.nparams);
	p = record(set, "point.diag_of_V_rho_Vdag", v.n);
	got = calloc(v.nparams, sizeof(*got));
	assert_non_null(got);
	cost = vqse_cost(&v, theta, got);
	for (i = 0; i < v.nparams; i++)
		assert_true(fabs(got[i] - grad[i]) < 1e-10);
	for (i = 0; i < v.n; i++)
		assert_true(fabs(v.p[i] - p[i]) < 1e-10);
	assert_true(vqse_cost(&v, theta, NULL) == cost);
	free(p);
	p = record(set, "point.vqse_cost", 1);
	assert_true(fabs(cost - p[0]) < 1e-10);
	free(p);
	p = record(set, "point.vqsd_cost_C1", 1);
	assert_true(fabs(vqse_diagonal_cost(&v) - p[0]) < 1e-10);
	free(p);
	free(theta);
	free(grad);
	free(got);
	vqse_close(&v);
	qpca_density_close(&r);
}

static void
test_points(void **state)
{
	(void)state;
	check_point("iris_cov", "iris", true);
	check_point("iris_amp", "iris", false);
	check_point("wine_cov", "wine", true);
}

struct bar {
	const char *name;
	size_t d;
	bool covariance;
	enum vqse_ansatz ansatz;
	uint32_t layers, starts, iterations;
	double error; /* of the worst eigenvalue */
};

static void
check_bar(const struct bar *b)
{
	struct vqse_search how = {b->starts, b->iterations, {1}};
	double w[64], u[64 * 64], worst = 0.0, overlap, least;
	struct vqse_found found;
	struct qpca_density r;
	struct vqse v;
	double *theta;
	size_t i;

	density(&r, b->name, b->d, b->covariance);
	assert_int_equal(jacobi_eigen(r.rho, r.n, w, u), 0);
	assert_int_equal(vqse_init(&v, r.rho, r.nqubits, b->ansatz, b->layers),
	    0);
	theta = calloc(v.nparams, sizeof(*theta));
	assert_non_null(theta);
	assert_int_equal(vqse_search(&v, &how, theta, &found), 0);
	for (i = 0, least = 0.0; i < v.n; i++) {
		worst = fmax(worst, fabs(v.p[i] - w[i]));
		least += w[i] * (double)i / (double)(v.n - 1);
	}
	assert_int_equal(vqse_overlap(&v, theta, u, 0, &overlap), 0);
	print_message("%s, %u qubits, %u layers, %zu parameters: error %.3g, "
		      "cost over the least %.3g, overlap of the first %.4f, "
		      "%llu evaluations\n",
	    b->name, (unsigned)r.nqubits, (unsigned)b->layers, v.nparams, worst,
	    found.cost - least, overlap, (unsigned long long)found.evaluations);
	assert_true(found.cost > least - 1e-12);
	assert_true(worst <= b->error);
	free(theta);
	vqse_close(&v);
	qpca_density_close(&r);
}

static void
test_bars(void **state)
{
	static const struct bar bars[] = {
	    {"iris", 0, true, VQSE_COMPLEX, 2, 4, 300, 1e-6},
	    {"iris", 0, false, VQSE_COMPLEX, 2, 4, 300, 1e-6},
	    /* Wine's first eight columns; with 4 layers .034. */
	    {"wine", 8, true, VQSE_COMPLEX, 8, 4, 400, 1e-6},
	    {"wine", 8, true, VQSE_REAL, 10, 6, 400, 0.008},
	    {"wine", 0, true, VQSE_COMPLEX, 4, 4, 400, 0.09},
	    {"wine", 0, true, VQSE_REAL, 32, 3, 800, 1e-3},
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bars) / sizeof(bars[0]); i++)
		check_bar(&bars[i]);
}

static void
test_refused(void **state)
{
	const double minus[4] = {1.5, 0.0, 0.0, -0.5}, zero[4] = {0};
	const double one[4] = {0.5, 0.5, 0.5, 0.5};
	struct vqse_search how = {0, 10, {0}};
	struct vqse_found found;
	double theta[64];
	struct vqse v;

	(void)state;
	assert_int_equal(vqse_init(&v, minus, 1, VQSE_REAL, 1), -EINVAL);
	assert_int_equal(vqse_init(&v, zero, 1, VQSE_REAL, 1), -EINVAL);
	assert_int_equal(vqse_init(&v, one, 0, VQSE_REAL, 1), -EINVAL);
	assert_int_equal(vqse_init(&v, one, 1, VQSE_REAL, 0), -EINVAL);
	assert_int_equal(vqse_init(&v, one, 1, VQSE_REAL, 1), 0);
	assert_int_equal(v.nstates, 1);
	assert_int_equal(vqse_search(&v, &how, theta, &found), -EINVAL);
	how.starts = 2;
	assert_int_equal(vqse_search(&v, &how, theta, &found), 0);
	assert_true(found.cost < 1e-12 && fabs(v.p[0] - 1.0) < 1e-12);
	vqse_close(&v);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_points),
	    cmocka_unit_test(test_bars),
	    cmocka_unit_test(test_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
