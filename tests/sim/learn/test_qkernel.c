/*
 * Kernel matrices against published entries and against states built gate by
 * gate, which do not use the phases of qkernel.c.
 */
#include <complex.h>
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sim/learn/qkernel.h"
#include "sim/state/pool.h"

#define PI 3.14159265358979323846
#define NMAX 6

static double *
features(uint32_t nqubits, size_t n)
{
	double *x = calloc(n * nqubits, sizeof(*x));
	size_t i;

	assert_non_null(x);
	for (i = 0; i < n * nqubits; i++) {
		size_t sample = i / nqubits;

		x[i] =
		    0.2 + 0.11 * (double)(i % nqubits) + 0.013 * (double)sample;
	}
	return x;
}

static double *
matrix(const struct qkernel_map *m, size_t n, size_t nthreads)
{
	double *x = features(m->nqubits, n), *k = calloc(n * n, sizeof(*k));
	struct qkernel_states s;
	struct pool *pool;

	assert_non_null(k);
	assert_int_equal(pool_new(&pool, nthreads), 0);
	assert_int_equal(qkernel_states_init(&s, m, x, n, pool), 0);
	qkernel_gram(&s, &s, k, pool);
	qkernel_states_close(&s);
	pool_free(pool);
	free(x);
	return k;
}

static void
test_published(void **state)
{
	const struct qkernel_map m = {QKERNEL_ZZ, 10, 2, LANES_AUTO};
	double *k = matrix(&m, 500, 2);
	size_t i;

	(void)state;
	assert_true(fabs(k[1] - 0.613172904277) < 1e-12);
	assert_true(fabs(k[499] - 0.002381970874) < 1e-12);
	for (i = 0; i < 500; i++)
		assert_true(fabs(k[i * 501] - 1.0) < 1e-12);
	for (i = 0; i < 500; i++)
		assert_true(k[i * 500 + 7] == k[7 * 500 + i]);
	free(k);
}

/* exp(-i a Z(mask) / 2). */
static void
turn(double complex *psi, uint32_t n, uint32_t mask, double a)
{
	uint32_t x;

	for (x = 0; x < UINT32_C(1) << n; x++)
		psi[x] *= cexp(__builtin_popcount(mask & x) & 1 ? 0.5 * a * I
								: -0.5 * a * I);
}

static void
hadamard(double complex *psi, uint32_t n, uint32_t q)
{
	uint32_t x, bit = UINT32_C(1) << q;

	for (x = 0; x < UINT32_C(1) << n; x++) {
		double complex u = psi[x], v = psi[x ^ bit];

		if ((x & bit) != 0)
			continue;
		psi[x] = (u + v) / sqrt(2.0);
		psi[x ^ bit] = (u - v) / sqrt(2.0);
	}
}

/* A phase gate is a Z rotation, and p (b_j xor b_q) one of Z Z by -p. */
static void
gates(const struct qkernel_map *m, const double *x, double complex *psi)
{
	uint32_t n = m->nqubits, r, q, j;
	double s = m->kind == QKERNEL_IQP ? 1.0 : 2.0;

	memset(psi, 0, sizeof(*psi) << n);
	psi[0] = 1.0;
	for (r = 0; r < m->reps; r++) {
		for (q = 0; q < n; q++)
			hadamard(psi, n, q);
		for (q = 0; q < n; q++)
			turn(psi, n, UINT32_C(1) << q, s * x[q]);
		for (q = 0; q < n && m->kind != QKERNEL_Z; q++) {
			for (j = 0; j < q; j++)
				turn(psi, n,
				    UINT32_C(1) << q | UINT32_C(1) << j,
				    m->kind == QKERNEL_ZZ
					? 2.0 * (PI - x[j]) * (PI - x[q])
					: x[j] * x[q]);
		}
	}
}

static void
check_gates(const struct qkernel_map *m, size_t n)
{
	double complex a[1 << NMAX], b[1 << NMAX], dot;
	double *k = matrix(m, n, 1), *x = features(m->nqubits, n);
	size_t i, j, y;

	for (i = 0; i < n; i++) {
		gates(m, x + i * m->nqubits, a);
		for (j = 0; j < n; j++) {
			gates(m, x + j * m->nqubits, b);
			for (y = 0, dot = 0.0; y < (size_t)1 << m->nqubits; y++)
				dot += conj(a[y]) * b[y];
			assert_true(fabs(k[i * n + j] -
					creal(dot * conj(dot))) < 1e-12);
		}
	}
	free(k);
	free(x);
}

static void
test_gates(void **state)
{
	static const enum qkernel_kind kind[] = {QKERNEL_ZZ, QKERNEL_Z,
	    QKERNEL_IQP};
	struct qkernel_map m = {.isa = LANES_AUTO};
	size_t i;

	(void)state;
	for (i = 0; i < 3; i++) {
		m.kind = kind[i];
		for (m.nqubits = 1; m.nqubits <= NMAX; m.nqubits++) {
			for (m.reps = 1; m.reps <= 3; m.reps++)
				check_gates(&m, 3 + 4 * m.nqubits);
		}
	}
}

static void
test_rectangular(void **state)
{
	const struct qkernel_map m = {QKERNEL_ZZ, 5, 2, LANES_AUTO};
	double *x = features(5, 40), *all = matrix(&m, 40, 1), k[9 * 31];
	struct qkernel_states a, b;
	struct pool *pool;
	size_t i, j;

	(void)state;
	assert_int_equal(pool_new(&pool, 2), 0);
	assert_int_equal(qkernel_states_init(&a, &m, x, 9, pool), 0);
	assert_int_equal(qkernel_states_init(&b, &m, x + 45, 31, pool), 0);
	qkernel_gram(&a, &b, k, pool);
	for (i = 0; i < 9; i++) {
		for (j = 0; j < 31; j++)
			assert_true(
			    fabs(k[i * 31 + j] - all[i * 40 + 9 + j]) < 1e-15);
	}
	qkernel_states_close(&a);
	qkernel_states_close(&b);
	pool_free(pool);
	free(x);
	free(all);
}

static void
test_bits(void **state)
{
	static const enum lanes_isa isa[] = {LANES_AVX2, LANES_AVX512};
	struct qkernel_map m = {QKERNEL_ZZ, 6, 2, LANES_PLAIN};
	double *want = matrix(&m, 61, 1);
	size_t i;

	(void)state;
	for (i = 0; i < 2; i++) {
		double *got;

		m.isa = isa[i];
		if (lanes_pick(m.isa) == NULL)
			continue;
		got = matrix(&m, 61, 3);
		assert_memory_equal(got, want, 61 * 61 * sizeof(*got));
		free(got);
	}
	free(want);
}

static void
test_refusals(void **state)
{
	struct qkernel_map m = {QKERNEL_ZZ, 0, 2, LANES_AUTO};
	struct qkernel_states s;
	struct pool *pool;
	double x[32] = {0.0};

	(void)state;
	assert_int_equal(pool_new(&pool, 1), 0);
	assert_int_equal(qkernel_states_init(&s, &m, x, 1, pool), -EINVAL);
	m.nqubits = QKERNEL_MAX_QUBITS + 1;
	assert_int_equal(qkernel_states_init(&s, &m, x, 1, pool), -EINVAL);
	m.nqubits = 2;
	assert_int_equal(qkernel_states_init(&s, &m, x, 0, pool), -EINVAL);
	pool_free(pool);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_published),
	    cmocka_unit_test(test_gates),
	    cmocka_unit_test(test_rectangular),
	    cmocka_unit_test(test_bits),
	    cmocka_unit_test(test_refusals),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
