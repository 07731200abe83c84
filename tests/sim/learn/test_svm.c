/*
 * Quantum kernels and support vector machines against numbers of numpy and
 * sklearn (tests/data/qsvm): five data sets, three maps, three box constraints.
 */
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "numbers.h"
#include "sim/learn/landmark.h"
#include "sim/learn/linalg.h"
#include "sim/learn/svm.h"

#define NTRAIN 40
#define NTEST 60
#define FIRST 5 /* decisions that a file lists */

struct bench {
	char path[64];
	struct landmark_map map;
	double *x, *z; /* train, test */
	int32_t y[NTRAIN], yz[NTEST];
	size_t ntest;
	double k[NTRAIN * NTRAIN], kz[NTEST * NTRAIN];
};

static void
labels(const char *path, const char *name, int32_t *y, size_t n)
{
	double *x = numbers_read(path, name, n);
	size_t i;

	for (i = 0; i < n; i++)
		y[i] = (int32_t)x[i];
	free(x);
}

static void
bench_open(struct bench *b, const char *name, size_t ntest)
{
	size_t d;

	snprintf(b->path, sizeof(b->path), "tests/data/qsvm/%s.txt", name);
	d = (size_t)numbers_one(b->path, "features");
	b->map = (struct landmark_map){.nfeatures = (uint32_t)d, .scale = 1.0};
	b->ntest = ntest;
	b->x = numbers_read(b->path, "x_train", NTRAIN * d);
	b->z = numbers_read(b->path, "x_test", ntest * d);
	labels(b->path, "y_train", b->y, NTRAIN);
	labels(b->path, "y_test", b->yz, ntest);
}

static void
bench_close(struct bench *b)
{
	free(b->x);
	free(b->z);
}

static double *
record(const struct bench *b, const char *key, size_t n)
{
	char name[128];

	snprintf(name, sizeof(name), "%s.%s",
	    landmark_kind_name((int)b->map.kind), key);
	return numbers_read(b->path, name, n);
}

static double
one(const struct bench *b, const char *key)
{
	double *x = record(b, key, 0), first = x[0];

	free(x);
	return first;
}

/* Both matrices to 1e-10; the file rounds to 12 digits. */
static void
check_kernels(struct bench *b, enum landmark_kind kind)
{
	const struct landmark_rows train = {b->x, NTRAIN};
	const struct landmark_rows test = {b->z, b->ntest};
	double *k, *kz, w[NTRAIN];
	size_t i, j, at = 0;

	b->map.kind = kind;
	b->map.reps = kind == LANDMARK_RY ? 1 : 2;
	k = record(b, "K_train", NTRAIN * (NTRAIN + 1) / 2);
	kz = record(b, "K_test", b->ntest * NTRAIN);
	assert_int_equal(landmark_kernel(&b->map, &train, &train, b->k, NULL),
	    0);
	assert_int_equal(landmark_kernel(&b->map, &test, &train, b->kz, NULL),
	    0);
	for (i = 0; i < NTRAIN; i++) {
		for (j = i; j < NTRAIN; j++, at++) {
			assert_true(fabs(b->k[i * NTRAIN + j] - k[at]) < 1e-10);
			assert_true(
			    b->k[i * NTRAIN + j] == b->k[j * NTRAIN + i]);
		}
	}
	for (i = 0; i < b->ntest * NTRAIN; i++)
		assert_true(fabs(b->kz[i] - kz[i]) < 1e-10);
	assert_int_equal(linalg_eigen(b->k, NTRAIN, w, NULL), 0);
	assert_true(w[NTRAIN - 1] > -1e-12);
	free(k);
	free(kz);
}

static double
accuracy(const struct svm *s, const double *k, const int32_t *y, size_t n)
{
	size_t right = 0, i;

	for (i = 0; i < n; i++)
		right += svm_guess(s, k + i * NTRAIN) == y[i];
	return (double)right / (double)n;
}

static void
check_machine(struct bench *b, const char *c)
{
	const struct svm_rows rows = {b->k, b->y, NTRAIN, 2};
	char key[64];
	double *d, want;
	struct svm s;
	size_t i;

	assert_int_equal(svm_fit(&s, &rows, strtod(c, NULL), 1e-8), 0);
	assert_int_equal(s.npairs, 1);
	snprintf(key, sizeof(key), "C%s.n_sv", c);
	assert_int_equal(svm_support(&s), (size_t)one(b, key));
	snprintf(key, sizeof(key), "C%s.dual_objective", c);
	want = one(b, key);
	assert_true(fabs(s.pairs[0].objective - want) < 1e-9 * want);
	snprintf(key, sizeof(key), "C%s.bias", c);
	assert_true(fabs(s.pairs[0].bias - one(b, key)) < 1e-6);
	snprintf(key, sizeof(key), "C%s.train_acc", c);
	assert_true(accuracy(&s, b->k, b->y, NTRAIN) == one(b, key));
	snprintf(key, sizeof(key), "C%s.test_acc", c);
	assert_true(accuracy(&s, b->kz, b->yz, b->ntest) == one(b, key));
	snprintf(key, sizeof(key), "C%s.decision_test_first5", c);
	d = record(b, key, FIRST);
	for (i = 0; i < FIRST; i++)
		assert_true(
		    fabs(svm_decide(&s, 0, b->kz + i * NTRAIN) - d[i]) < 1e-6);
	free(d);
	svm_close(&s);
}

static void
test_reference(void **state)
{
	static const char *const names[] = {"iris_1v2_4f_01", "iris_1v2_4f_0pi",
	    "wine_0v1_pca2", "breast_cancer_pca3"};
	static const enum landmark_kind kinds[] = {LANDMARK_ZZ, LANDMARK_Z,
	    LANDMARK_RY};
	static struct bench b;
	size_t i, k;

	(void)state;
	for (i = 0; i < 4; i++) {
		bench_open(&b, names[i], NTEST);
		for (k = 0; k < 3; k++) {
			check_kernels(&b, kinds[k]);
			check_machine(&b, "1");
			check_machine(&b, "10");
			check_machine(&b, "100");
		}
		bench_close(&b);
	}
}

/* Havlicek's kind of data: the quantum kernel separates it, no RBF does. */
static void
test_adhoc(void **state)
{
	static const char *const cs[] = {"1", "10", "1000"};
	static struct bench b;
	size_t i;

	(void)state;
	bench_open(&b, "adhoc_n2_gap0.3", 40);
	check_kernels(&b, LANDMARK_ZZ);
	assert_true(numbers_one(b.path, "rbf") < 0.73);
	for (i = 0; i < 3; i++) {
		const struct svm_rows rows = {b.k, b.y, NTRAIN, 2};
		char key[64];
		struct svm s;
		double *want;

		snprintf(key, sizeof(key), "C%s.train_test", cs[i]);
		want = record(&b, key, 2);
		assert_int_equal(svm_fit(&s, &rows, strtod(cs[i], NULL), 1e-6),
		    0);
		assert_true(accuracy(&s, b.k, b.y, NTRAIN) == want[0]);
		assert_true(accuracy(&s, b.kz, b.yz, 40) == want[1]);
		assert_true(want[0] == 1.0 && want[1] == 1.0);
		svm_close(&s);
		free(want);
	}
	bench_close(&b);
}

/* Three classes on a line; then one of them without rows. */
static void
test_classes(void **state)
{
	double k[NTRAIN * NTRAIN], x[NTRAIN];
	int32_t y[NTRAIN];
	const struct svm_rows rows = {k, y, NTRAIN, 3};
	struct svm s;
	size_t i, j;

	(void)state;
	for (i = 0; i < NTRAIN; i++) {
		x[i] = (double)i / 10.0;
		y[i] = i < 13 ? 0 : i < 26 ? 1 : 2;
	}
	for (i = 0; i < NTRAIN; i++) {
		for (j = 0; j < NTRAIN; j++)
			k[i * NTRAIN + j] = exp(-(x[i] - x[j]) * (x[i] - x[j]));
	}
	assert_int_equal(svm_fit(&s, &rows, 100.0, 1e-6), 0);
	assert_int_equal(s.npairs, 3);
	assert_int_equal(s.pairs[1].low, 0);
	assert_int_equal(s.pairs[1].high, 2);
	assert_true(accuracy(&s, k, y, NTRAIN) == 1.0);
	svm_close(&s);
	for (i = 13; i < 26; i++)
		y[i] = 2;
	assert_int_equal(svm_fit(&s, &rows, 100.0, 1e-6), 0);
	assert_int_equal(s.pairs[0].nhigh, 0);
	assert_true(s.pairs[0].bias == -1.0 && s.pairs[2].bias == 1.0);
	assert_true(accuracy(&s, k, y, NTRAIN) == 1.0);
	svm_close(&s);
}

static void
test_refused(void **state)
{
	double k[4] = {1.0, 0.5, 0.5, 1.0};
	int32_t y[2] = {0, 1};
	struct svm_rows rows = {k, y, 2, 2};
	struct svm s;

	(void)state;
	assert_int_equal(svm_fit(&s, &rows, 0.0, 1e-3), -EINVAL);
	assert_int_equal(svm_fit(&s, &rows, 1.0, 0.0), -EINVAL);
	y[1] = 2;
	assert_int_equal(svm_fit(&s, &rows, 1.0, 1e-3), -EINVAL);
	y[1] = 1;
	k[2] = NAN;
	assert_int_equal(svm_fit(&s, &rows, 1.0, 1e-3), -EDOM);
	rows.n = 0;
	assert_int_equal(svm_fit(&s, &rows, 1.0, 1e-3), -EINVAL);
	svm_close(&s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_reference),
	    cmocka_unit_test(test_adhoc),
	    cmocka_unit_test(test_classes),
	    cmocka_unit_test(test_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
