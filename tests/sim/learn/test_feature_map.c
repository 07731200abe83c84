/*
 * Feature maps and kernels: Qiskit's Pauli maps, what is known in closed form,
 * and that other ways to the same map agree.
 */
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sim/learn/feature_map.h"
#include "sim/learn/projected.h"
#include "sim/state/pool.h"

#define PI 3.14159265358979323846
#define ROWS 11 /* not a multiple of LANES */

static struct pool *pool;

static int
setup(void **state)
{
	(void)state;
	return pool_new(&pool, 2);
}

static int
teardown(void **state)
{
	(void)state;
	pool_free(pool);
	return 0;
}

static void
fill(double *x, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		x[i] = (double)(i * 37 % 101) * 0.031 - 0.8;
}

static void
states(struct qkernel_states *s, const struct feature_map *m, const double *x,
    size_t n)
{
	assert_null(feature_map_check(m));
	assert_int_equal(feature_map_states(m, x, n, pool, s), 0);
}

/* k[n * n] of the map's states. */
static void
kernel(const struct feature_map *m, const double *x, size_t n, double *k)
{
	struct qkernel_states s;

	states(&s, m, x, n);
	qkernel_gram(&s, &s, k, pool);
	qkernel_states_close(&s);
}

static void
assert_close(double got, double want, const char *what)
{
	if (!(fabs(got - want) < 1e-12))
		fail_msg("%s: %.17g, not %.17g", what, got, want);
}

static double
number(FILE *f)
{
	double v;

	assert_int_equal(fscanf(f, "%lf", &v), 1);
	return v;
}

/* One case of the file; false at its end. */
static bool
check_case(FILE *f)
{
	char strings[64], choice[16], *at, *next;
	struct feature_map m = {.kind = FEATURE_MAP_PAULI};
	double x[64], k[64], bloch[64];
	struct qkernel_states s;
	size_t n, i;

	if (fscanf(f, "%u %63s %u %15s %lf %zu", &m.nqubits, strings, &m.reps,
		choice, &m.alpha, &n) != 6)
		return false;
	m.nfeatures = m.nqubits;
	m.choice = choice[0] == 'f' ? FEATURE_MAP_FULL
	    : choice[0] == 'l'      ? FEATURE_MAP_LINEAR
				    : FEATURE_MAP_CIRCULAR;
	for (at = strings; at != NULL; at = next) {
		next = strchr(at, ',');
		if (next != NULL)
			*next++ = '\0';
		m.strings[m.nstrings++] = at;
	}
	for (i = 0; i < n * m.nqubits; i++)
		x[i] = number(f);
	states(&s, &m, x, n);
	qkernel_gram(&s, &s, k, pool);
	projected_bloch(&s, bloch, pool);
	qkernel_states_close(&s);
	for (i = 0; i < n * n; i++)
		assert_close(k[i], number(f), choice);
	for (i = 0; i < (size_t)3 * m.nqubits; i++)
		assert_close(bloch[i], number(f), "bloch");
	return true;
}

static void
test_qiskit(void **state)
{
	FILE *f = fopen("tests/data/kernels/pauli.txt", "r");
	char line[256];
	unsigned ncases = 0;

	(void)state;
	assert_non_null(f);
	assert_non_null(fgets(line, sizeof(line), f));
	assert_non_null(fgets(line, sizeof(line), f));
	while (check_case(f))
		ncases++;
	fclose(f);
	assert_int_equal(ncases, 5);
}

/* Z and ZZ are Pauli maps: circuits and the tables of qkernel.h agree. */
static void
test_two_ways(void **state)
{
	struct feature_map m = {.kind = FEATURE_MAP_ZZ,
	    .nqubits = 4,
	    .nfeatures = 4,
	    .reps = 3,
	    .alpha = 2.0,
	    .strings = {"Z", "ZZ"}};
	double x[ROWS * 4], a[ROWS * ROWS], b[ROWS * ROWS];
	size_t i;

	(void)state;
	fill(x, ROWS * 4);
	kernel(&m, x, ROWS, a);
	m.kind = FEATURE_MAP_PAULI;
	m.nstrings = 2;
	kernel(&m, x, ROWS, b);
	for (i = 0; i < ROWS * ROWS; i++)
		assert_close(b[i], a[i], "zz");
	m.nstrings = 1;
	kernel(&m, x, ROWS, b);
	m.kind = FEATURE_MAP_Z;
	kernel(&m, x, ROWS, a);
	for (i = 0; i < ROWS * ROWS; i++)
		assert_close(b[i], a[i], "z");
}

static void
test_angle(void **state)
{
	struct feature_map m = {.kind = FEATURE_MAP_ANGLE,
	    .nqubits = 3,
	    .nfeatures = 3,
	    .reps = 2,
	    .scale = 0.9};
	double x[ROWS * 3], k[ROWS * ROWS], c, want;
	size_t i, j, q;
	const char *axis;

	(void)state;
	fill(x, ROWS * 3);
	for (axis = "xyz"; *axis != '\0'; axis++) {
		m.axis = *axis;
		kernel(&m, x, ROWS, k);
		for (i = 0; i < ROWS * ROWS; i++) {
			j = i % ROWS;
			want = 1.0; /* z turns |0> by a phase only */
			for (q = 0; q < 3 && *axis != 'z'; q++) {
				c = cos(
				    0.9 * (x[i / ROWS * 3 + q] - x[j * 3 + q]));
				want *= c * c;
			}
			assert_close(k[i], want, "angle");
		}
	}
}

static void
test_amplitude(void **state)
{
	struct feature_map m = {.kind = FEATURE_MAP_AMPLITUDE,
	    .nqubits = 3,
	    .nfeatures = 5,
	    .reps = 1};
	double x[ROWS * 5], k[ROWS * ROWS], dot[3];
	size_t i, j, q;

	(void)state;
	fill(x, ROWS * 5);
	kernel(&m, x, ROWS, k);
	for (i = 0; i < ROWS; i++) {
		for (j = 0; j < ROWS; j++) {
			memset(dot, 0, sizeof(dot));
			for (q = 0; q < 5; q++) {
				dot[0] += x[i * 5 + q] * x[j * 5 + q];
				dot[1] += x[i * 5 + q] * x[i * 5 + q];
				dot[2] += x[j * 5 + q] * x[j * 5 + q];
			}
			assert_close(k[i * ROWS + j],
			    dot[0] * dot[0] / (dot[1] * dot[2]), "amplitude");
		}
	}
}

/* A qubit turned by RY(a) has the vector (sin a, 0, cos a). */
static void
test_projected(void **state)
{
	struct feature_map m = {.kind = FEATURE_MAP_ANGLE,
	    .nqubits = 2,
	    .nfeatures = 2,
	    .reps = 1,
	    .axis = 'y',
	    .scale = 1.0};
	double x[ROWS * 2], bloch[ROWS * 6], k[ROWS * ROWS], part[2 * ROWS];
	struct projected_rows all = {bloch, ROWS}, two = {bloch + 18, 2};
	struct qkernel_states s;
	size_t i, j, q;

	(void)state;
	fill(x, ROWS * 2);
	states(&s, &m, x, ROWS);
	projected_bloch(&s, bloch, pool);
	qkernel_states_close(&s);
	for (i = 0; i < ROWS * 2; i++) {
		assert_close(bloch[3 * i], sin(x[i]), "X");
		assert_close(bloch[3 * i + 1], 0.0, "Y");
		assert_close(bloch[3 * i + 2], cos(x[i]), "Z");
	}
	projected_gram(&all, &all, 2, 0.7, k);
	for (i = 0; i < ROWS; i++) {
		for (j = 0; j < ROWS; j++) {
			double square = 0.0;

			for (q = 0; q < 2; q++)
				square +=
				    1.0 - cos(x[2 * i + q] - x[2 * j + q]);
			assert_close(k[i * ROWS + j], exp(-0.7 * square),
			    "projected");
		}
		assert_true(k[i * ROWS + i] == 1.0);
	}
	projected_gram(&two, &all, 2, 0.7, part);
	assert_memory_equal(part, k + 3 * ROWS, sizeof(part));
}

/* zz's states are not normalised: the vectors must not mind. */
static void
test_bloch_of_zz(void **state)
{
	struct feature_map m = {.kind = FEATURE_MAP_ZZ,
	    .nqubits = 3,
	    .nfeatures = 3,
	    .reps = 2,
	    .alpha = 2.0,
	    .strings = {"Z", "ZZ"},
	    .nstrings = 2};
	double x[ROWS * 3], a[ROWS * 9], b[ROWS * 9];
	struct qkernel_states s;
	size_t i;

	(void)state;
	fill(x, ROWS * 3);
	states(&s, &m, x, ROWS);
	projected_bloch(&s, a, pool);
	qkernel_states_close(&s);
	m.kind = FEATURE_MAP_PAULI;
	states(&s, &m, x, ROWS);
	projected_bloch(&s, b, pool);
	qkernel_states_close(&s);
	for (i = 0; i < ROWS * 9; i++)
		assert_close(a[i], b[i], "bloch");
}

/* Rows do not depend on the others, on threads or on the instruction set. */
static void
test_same_bits(void **state)
{
	static const enum lanes_isa isas[] = {LANES_PLAIN, LANES_AVX2,
	    LANES_AVX512};
	struct feature_map m = {.kind = FEATURE_MAP_PAULI,
	    .nqubits = 4,
	    .nfeatures = 4,
	    .reps = 2,
	    .alpha = 2.0,
	    .strings = {"Y", "XZ"},
	    .nstrings = 2};
	double x[ROWS * 4], a[ROWS * ROWS], b[ROWS * ROWS];
	struct qkernel_states s, t;
	struct pool *one;
	size_t i;

	(void)state;
	fill(x, ROWS * 4);
	kernel(&m, x, ROWS, a);
	for (i = 0; i < 3; i++) {
		if (lanes_pick(isas[i]) == NULL)
			continue;
		m.isa = isas[i];
		kernel(&m, x, ROWS, b);
		assert_memory_equal(a, b, sizeof(a));
	}
	m.isa = LANES_AUTO;
	assert_int_equal(pool_new(&one, 1), 0);
	assert_int_equal(feature_map_states(&m, x, ROWS, one, &s), 0);
	assert_int_equal(feature_map_states(&m, x + 12, 2, one, &t), 0);
	for (i = 0; i < 2 * 16 * 2; i++)
		assert_true(t.amp[i / 2 * LANES + i % 2] ==
		    s.amp[i / 2 * LANES + 3 + i % 2]);
	qkernel_gram(&t, &s, b, one);
	for (i = 0; i < 2 * ROWS; i++)
		assert_close(b[i], a[3 * ROWS + i], "rectangular");
	qkernel_states_close(&t);
	qkernel_states_close(&s);
	pool_free(one);
}

static void
test_refused(void **state)
{
	struct feature_map m = {.kind = FEATURE_MAP_PAULI,
	    .nqubits = 16,
	    .nfeatures = 16,
	    .reps = 1,
	    .alpha = 2.0,
	    .strings = {"ZZZZZZZZ"},
	    .nstrings = 1};
	double x[16] = {0};
	struct qkernel_states s;

	(void)state;
	assert_non_null(strstr(feature_map_check(&m), "over 4096"));
	assert_int_equal(feature_map_states(&m, x, 1, pool, &s), -EINVAL);
	assert_null(s.amp);
	m.strings[0] = "ZIZ";
	assert_non_null(strstr(feature_map_check(&m), "letters X, Y, Z"));
	m.strings[0] = "";
	assert_non_null(feature_map_check(&m));
	m.strings[0] = "Z";
	m.nqubits = m.nfeatures = 17;
	assert_non_null(strstr(feature_map_check(&m), "16 qubits"));
	m.nqubits = 3;
	assert_non_null(strstr(feature_map_check(&m), "each feature"));
	m.nfeatures = 3;
	m.strings[0] = "ZZZZ";
	assert_non_null(strstr(feature_map_check(&m), "longer"));
	m.strings[0] = "Z";
	m.reps = 9;
	assert_non_null(strstr(feature_map_check(&m), "8 reps"));
	m.reps = 1;
	assert_null(feature_map_check(&m));
	x[1] = NAN;
	assert_int_equal(feature_map_states(&m, x, 1, pool, &s), -EINVAL);
	x[1] = PI;
	assert_int_equal(feature_map_states(&m, x, 0, pool, &s), -EINVAL);
	assert_true(feature_map_bytes(&m, 9, 1) >= 16 * 8 * 16);
	assert_true(feature_map_bytes(&m, SIZE_MAX / 2, 1) == SIZE_MAX);
	m.kind = FEATURE_MAP_AMPLITUDE;
	m.nfeatures = 9;
	assert_non_null(strstr(feature_map_check(&m), "2^qubits"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_qiskit),
	    cmocka_unit_test(test_two_ways),
	    cmocka_unit_test(test_angle),
	    cmocka_unit_test(test_amplitude),
	    cmocka_unit_test(test_projected),
	    cmocka_unit_test(test_bloch_of_zz),
	    cmocka_unit_test(test_same_bits),
	    cmocka_unit_test(test_refused),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
