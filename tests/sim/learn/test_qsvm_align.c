/*
 * Kernel alignment: values of numpy, the gradient of a product map in closed
 * form, and scales that pick the features which matter.
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
#include "sim/learn/landmark.h"
#include "sim/learn/qsvm_align.h"

#define N 40
#define SCALED "tests/data/qsvm/iris_1v2_4f_01.txt"

struct set {
	double *x;
	int32_t y[N];
	size_t d;
};

static void
load(struct set *s, const char *path)
{
	double *y = numbers_read(path, "y_train", N);
	size_t i;

	s->d = (size_t)numbers_one(path, "features");
	s->x = numbers_read(path, "x_train", N * s->d);
	for (i = 0; i < N; i++)
		s->y[i] = (int32_t)y[i];
	free(y);
}

static void
test_reference(void **state)
{
	static const enum landmark_kind kinds[] = {LANDMARK_ZZ, LANDMARK_Z,
	    LANDMARK_RY};
	static double k[N * N];
	struct set s;
	char key[64];
	size_t i;

	(void)state;
	load(&s, SCALED);
	for (i = 0; i < 3; i++) {
		const struct landmark_map map = {kinds[i], (uint32_t)s.d,
		    kinds[i] == LANDMARK_RY ? 1 : 2, 1.0, NULL};
		const struct landmark_rows rows = {s.x, N};

		assert_int_equal(landmark_kernel(&map, &rows, &rows, k, NULL),
		    0);
		snprintf(key, sizeof(key), "%s.kernel_target_alignment",
		    landmark_kind_name((int)kinds[i]));
		assert_true(fabs(qsvm_alignment(k, s.y, N, 2) -
				numbers_one(SCALED, key)) < 1e-9);
	}
	free(s.x);
}

/* K = prod cos^2(s (x - y) / 2): dK/ds = -K (x - y) tan(s (x - y) / 2). */
static double
closed_form(const struct set *s, const double *scales, size_t f)
{
	double kt = 0.0, kk = 0.0, dkt = 0.0, dkk = 0.0;
	size_t i, j, c;

	for (i = 0; i < N; i++) {
		for (j = 0; j < N; j++) {
			double k = 1.0, dk, t = s->y[i] == s->y[j] ? 1 : -1;

			for (c = 0; c < s->d; c++)
				k *= pow(cos(0.5 * scales[c] *
					     (s->x[i * s->d + c] -
						 s->x[j * s->d + c])),
				    2.0);
			dk = s->x[i * s->d + f] - s->x[j * s->d + f];
			dk = -k * dk * tan(0.5 * scales[f] * dk);
			kt += k * t;
			dkt += dk * t;
			kk += k * k;
			dkk += 2.0 * k * dk;
		}
	}
	return (dkt - 0.5 * kt * dkk / kk) / sqrt(kk) / N;
}

static void
test_gradient(void **state)
{
	const double scales[4] = {0.7, 1.1, 1.9, 0.4};
	const struct landmark_map map = {LANDMARK_RY, 4, 1, 0.0, scales};
	struct set s;
	struct qsvm_align_rows rows;
	double value, grad[4];
	size_t f;

	(void)state;
	load(&s, SCALED);
	rows = (struct qsvm_align_rows){{s.x, N}, s.y, 2};
	assert_int_equal(qsvm_align_gradient(&map, &rows, &value, grad), 0);
	for (f = 0; f < 4; f++)
		assert_true(fabs(grad[f] - closed_form(&s, scales, f)) < 1e-7);
	free(s.x);
}

static void
test_ascent(void **state)
{
	static const enum landmark_kind kinds[] = {LANDMARK_ZZ, LANDMARK_Z,
	    LANDMARK_IQP, LANDMARK_RY};
	struct set s;
	struct qsvm_align_rows rows;
	size_t i;

	(void)state;
	load(&s, SCALED);
	rows = (struct qsvm_align_rows){{s.x, N}, s.y, 2};
	for (i = 0; i < 4; i++) {
		const struct landmark_map map = {kinds[i], 4, 2, 0.0, NULL};
		double scales[4] = {0.5, 0.5, 0.5, 0.5};
		struct qsvm_aligned got;

		assert_int_equal(qsvm_align(&map, &rows, 30, scales, &got), 0);
		print_message("%s: %.4f to %.4f in %u steps, scales %.2f %.2f "
			      "%.2f %.2f\n",
		    landmark_kind_name((int)kinds[i]), got.before, got.after,
		    (unsigned)got.steps, scales[0], scales[1], scales[2],
		    scales[3]);
		assert_true(got.after > got.before + 0.05);
		assert_true(got.steps > 0 && got.steps <= 30);
		/* The petals' columns tell the two kinds apart. */
		assert_true(fabs(scales[2]) + fabs(scales[3]) >
		    fabs(scales[0]) + fabs(scales[1]));
	}
	free(s.x);
}

/* Four sites that exchange gradients alone reach what the pool does. */
static void
test_federated(void **state)
{
	double scales[4] = {0.5, 0.5, 0.5, 0.5}, mean[4], grad[4], value;
	struct landmark_map map = {LANDMARK_RY, 4, 1, 0.0, scales};
	struct qsvm_align_rows all;
	double first, last;
	struct set s;
	size_t round, k, f;
	int32_t y[4][N / 4];
	double x[4][N];

	(void)state;
	load(&s, SCALED);
	all = (struct qsvm_align_rows){{s.x, N}, s.y, 2};
	for (k = 0; k < N; k++) {
		y[k % 4][k / 4] = s.y[k];
		memcpy(&x[k % 4][k / 4 * 4], s.x + 4 * k, 4 * sizeof(double));
	}
	assert_int_equal(qsvm_align_gradient(&map, &all, &first, grad), 0);
	for (round = 0; round < 40; round++) {
		memset(mean, 0, sizeof(mean));
		for (k = 0; k < 4; k++) {
			const struct qsvm_align_rows mine = {{x[k], N / 4},
			    y[k], 2};

			assert_int_equal(qsvm_align_gradient(&map, &mine,
					     &value, grad),
			    0);
			for (f = 0; f < 4; f++)
				mean[f] += 0.25 * grad[f];
		}
		for (f = 0; f < 4; f++)
			scales[f] += 2.0 * mean[f];
	}
	assert_int_equal(qsvm_align_gradient(&map, &all, &last, grad), 0);
	print_message("federated: %.4f to %.4f\n", first, last);
	assert_true(last > first + 0.2);
	free(s.x);
}

static void
test_refused(void **state)
{
	const double x[4] = {0.0, 1.0, 2.0, 3.0};
	int32_t y[4] = {0, 1, 0, 2};
	struct landmark_map map = {LANDMARK_RY, 1, 1, 1.0, NULL};
	struct qsvm_align_rows rows = {{x, 4}, y, 2};
	struct qsvm_aligned got;
	double scale = 1.0, value, grad;

	(void)state;
	assert_int_equal(qsvm_align(&map, &rows, 1, &scale, &got), -EINVAL);
	rows.nclasses = 3;
	assert_int_equal(qsvm_align(&map, &rows, 1, &scale, &got), 0);
	assert_int_equal(qsvm_align_gradient(&map, &rows, &value, &grad),
	    -EINVAL);
	map.reps = 0;
	assert_int_equal(qsvm_align(&map, &rows, 1, &scale, &got), -EINVAL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_reference),
	    cmocka_unit_test(test_gradient),
	    cmocka_unit_test(test_ascent),
	    cmocka_unit_test(test_federated),
	    cmocka_unit_test(test_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
