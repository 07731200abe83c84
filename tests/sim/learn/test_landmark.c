/*
 * Nystroem features: with the rows themselves as landmarks they give the
 * kernel back; with fewer they never exceed it. Bits: test_kernel_bits.c.
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

#include "sim/learn/landmark.h"
#include "sim/state/pool.h"

#define N 150 /* more than one block of rows */
#define M 24
#define D 3

static const uint8_t seed[32] = {1, 2, 3};

static double
dot(const double *a, const double *b, size_t n)
{
	double sum = 0.0;
	size_t i;

	for (i = 0; i < n; i++)
		sum += a[i] * b[i];
	return sum;
}

static struct landmark_map
map_of(int kind)
{
	return (struct landmark_map){(enum landmark_kind)kind, D, 2, 1.3, NULL};
}

static void
test_gives_kernel_back(void **state)
{
	static double x[M * D], k[M * M], phi[M * M];
	const struct landmark_rows rows = {x, M};
	size_t i, j;
	int kind;

	(void)state;
	landmark_draw(seed, M, D, x);
	for (kind = 0; landmark_kind_name(kind) != NULL; kind++) {
		const struct landmark_map map = map_of(kind);
		struct landmark l;

		assert_int_equal(landmark_init(&l, &map, &rows, 1e-13), 0);
		assert_int_equal(landmark_kernel(&map, &rows, &rows, k, NULL),
		    0);
		assert_int_equal(landmark_features(&l, &rows, phi, NULL), 0);
		for (i = 0; i < M; i++) {
			for (j = 0; j < M; j++)
				assert_true(
				    fabs(dot(phi + i * M, phi + j * M, M) -
					k[i * M + j]) < 1e-6);
		}
		landmark_close(&l);
	}
	assert_int_equal(kind, 4);
}

/* A projection shortens: |phi(x)|^2 <= K(x, x) = 1. */
static void
test_projects(void **state)
{
	static double x[N * D], phi[N * M];
	const struct landmark_rows z = {x, M}, rows = {x, N};
	const struct landmark_map map = map_of(LANDMARK_ZZ);
	struct landmark l;
	double least = 1.0;
	size_t i;

	(void)state;
	landmark_draw(seed, N, D, x);
	assert_int_equal(landmark_init(&l, &map, &z, 1e-9), 0);
	assert_int_equal(landmark_features(&l, &rows, phi, NULL), 0);
	for (i = 0; i < N; i++) {
		double length = dot(phi + i * M, phi + i * M, M);

		assert_true(length < 1.0 + 1e-6);
		least = length < least ? length : least;
	}
	assert_true(least < 0.999); /* of rows that are no landmarks */
	landmark_close(&l);
}

/* Twice the same landmark: no inverse, yet a feature. */
static void
test_repeated(void **state)
{
	double x[2 * D] = {0.1, 0.2, 0.3, 0.1, 0.2, 0.3}, phi[2];
	const struct landmark_rows z = {x, 2}, row = {x, 1};
	const struct landmark_map map = map_of(LANDMARK_ZZ);
	struct landmark l;

	(void)state;
	assert_int_equal(landmark_init(&l, &map, &z, 0x1p-20), 0);
	assert_int_equal(landmark_features(&l, &row, phi, NULL), 0);
	assert_true(fabs(dot(phi, phi, 2) - 1.0) < 1e-9);
	landmark_close(&l);
}

/* Sampled entries are unbiased, with the deviation of a coin. */
static void
test_shots(void **state)
{
	static double x[N * D], exact[N], phi[N], again[N];
	const struct landmark_rows z = {x, 1}, rows = {x, N};
	const struct landmark_map map = map_of(LANDMARK_ZZ);
	const struct landmark_shots how = {400, seed};
	double sum = 0.0, square = 0.0;
	struct landmark l;
	size_t i;

	(void)state;
	landmark_draw(seed, N, D, x);
	/* One landmark: the feature is the kernel's entry itself. */
	assert_int_equal(landmark_init(&l, &map, &z, 0x1p-20), 0);
	assert_int_equal(landmark_features(&l, &rows, exact, NULL), 0);
	assert_int_equal(landmark_features_sampled(&l, &rows, &how, phi, NULL),
	    0);
	assert_int_equal(landmark_features_sampled(&l, &rows, &how, again,
			     NULL),
	    0);
	assert_memory_equal(phi, again, sizeof(phi));
	assert_true(phi[0] == 1.0); /* the landmark with itself */
	for (i = 1; i < N; i++) {
		double p = exact[i], dev = sqrt(p * (1.0 - p) / 400.0);

		sum += (phi[i] - p) / dev;
		square += (phi[i] - p) * (phi[i] - p) / (dev * dev);
	}
	assert_true(fabs(sum) < 4.0 * sqrt(N));
	assert_true(fabs(square / (N - 1) - 1.0) < 4.0 * sqrt(2.0 / N));
	landmark_close(&l);
}

static void
test_refused(void **state)
{
	double x[D] = {0.0, NAN, 0.0};
	const struct landmark_rows z = {x, 1}, none = {x, 0};
	struct landmark_map map = map_of(LANDMARK_ZZ);
	struct landmark l;

	(void)state;
	assert_int_equal(landmark_kind_find("iqp"), LANDMARK_IQP);
	assert_int_equal(landmark_kind_find("zzz"), -1);
	assert_null(landmark_kind_name(4));
	assert_int_equal(landmark_init(&l, &map, &z, 0.1), -EDOM);
	assert_int_equal(landmark_init(&l, &map, &none, 0.1), -EINVAL);
	assert_int_equal(landmark_init(&l, &map, &z, 0.0), -EINVAL);
	map.reps = 9;
	assert_string_equal(landmark_map_check(&map), "reps must be 1 to 8");
	map = map_of(LANDMARK_ZZ);
	map.nfeatures = 17;
	assert_non_null(landmark_map_check(&map));
	map.kind = LANDMARK_Z;
	assert_null(landmark_map_check(&map));
	map.scale = NAN;
	assert_non_null(landmark_map_check(&map));
	assert_int_equal(landmark_init(&l, &map, &z, 0.1), -EINVAL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_gives_kernel_back),
	    cmocka_unit_test(test_projects),
	    cmocka_unit_test(test_repeated),
	    cmocka_unit_test(test_shots),
	    cmocka_unit_test(test_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
