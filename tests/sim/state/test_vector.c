/*
 * The state vector: gates of any controls and targets against sums written
 * out, threads that change nothing, projections, draws, sizes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sim/state/pool.h"
#include "sim/state/vector.h"

static uint64_t draws = 5;

static uint64_t
draw(uint64_t n)
{
	uint64_t z = (draws += 0x9e3779b97f4a7c15u);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return (z ^ (z >> 31)) % n;
}

static void
fill(struct vector *v, uint32_t n)
{
	size_t x;

	assert_int_equal(vector_init(v, n, NULL), 0);
	for (x = 0; x < (size_t)1 << n; x++) {
		v->amp[0][x] = (double)draw(2001) / 1000.0 - 1.0;
		v->amp[1][x] = (double)draw(2001) / 1000.0 - 1.0;
	}
}

/* Sparse ones too, so that every fast path is met. */
static void
random_gate(struct vector_gate *g, double *m, uint32_t n)
{
	uint32_t i, dim, kind = (uint32_t)draw(5), q[VECTOR_MAX_QUBITS];

	memset(g, 0, sizeof(*g));
	g->ntargets = (uint32_t)draw(n < 4 ? n + 1 : 4);
	dim = 1u << g->ntargets;
	for (i = 0; i < n; i++)
		q[i] = i;
	for (i = n - 1; i > 0; i--) {
		uint32_t k = (uint32_t)draw(i + 1), was = q[i];

		q[i] = q[k];
		q[k] = was;
	}
	for (i = 0; i < g->ntargets; i++)
		g->target[i] = q[i];
	for (; i < n && draw(3) == 0; i++) {
		g->mask |= UINT64_C(1) << q[i];
		g->value |= draw(2) << q[i];
	}
	memset(m, 0, 2 * sizeof(*m) * dim * dim);
	for (i = 0; i < dim * dim; i++) {
		if (kind == 0 && i % (dim + 1) != 0)
			continue;
		m[2 * i] = (double)draw(2001) / 1000.0 - 1.0;
		m[2 * i + 1] = kind == 1 ? 0.0 : (double)draw(2001) / 1000.0;
	}
	if (kind == 2 && dim == 2)
		memcpy(m, (double[]){0, 0, 1, 0, 1, 0, 0, 0}, 8 * sizeof(*m));
	if (kind == 2 && dim == 4) {
		memset(m, 0, 32 * sizeof(*m));
		m[0] = m[12] = m[18] = m[30] = 1.0;
	}
	g->matrix = m;
}

static void
apply_slowly(const struct vector *v, const struct vector_gate *g,
    struct vector *out)
{
	uint32_t j, c, dim = 1u << g->ntargets;
	uint64_t x, size = UINT64_C(1) << v->nqubits;

	vector_copy(out, v);
	for (x = 0; x < size; x++) {
		uint32_t row = 0;
		uint64_t rest = x;

		if ((x & g->mask) != (g->value & g->mask))
			continue;
		for (j = 0; j < g->ntargets; j++) {
			row |= (uint32_t)(x >> g->target[j] & 1) << j;
			rest &= ~(UINT64_C(1) << g->target[j]);
		}
		out->amp[0][x] = 0.0;
		out->amp[1][x] = 0.0;
		for (c = 0; c < dim; c++) {
			const double *m = g->matrix + 2 * (row * dim + c);
			uint64_t y = rest;

			for (j = 0; j < g->ntargets; j++)
				y |= (uint64_t)(c >> j & 1) << g->target[j];
			out->amp[0][x] +=
			    m[0] * v->amp[0][y] - m[1] * v->amp[1][y];
			out->amp[1][x] +=
			    m[0] * v->amp[1][y] + m[1] * v->amp[0][y];
		}
	}
}

static void
test_gates(void **state)
{
	double m[2 * 64], got[2], re, im;
	struct vector_gate g;
	int i;

	(void)state;
	for (i = 0; i < 3000; i++) {
		struct vector v = VECTOR_INIT, a = VECTOR_INIT;
		struct vector w = VECTOR_INIT;
		uint32_t n = 1 + (uint32_t)draw(6);
		uint64_t x;

		fill(&v, n);
		fill(&a, n);
		assert_int_equal(vector_init(&w, n, NULL), 0);
		random_gate(&g, m, n);
		apply_slowly(&v, &g, &w);
		vector_inner_gate(&a, &v, &g, got);
		re = im = 0.0;
		for (x = 0; x < UINT64_C(1) << n; x++) {
			if ((x & g.mask) != (g.value & g.mask))
				continue;
			re += a.amp[0][x] * w.amp[0][x] +
			    a.amp[1][x] * w.amp[1][x];
			im += a.amp[0][x] * w.amp[1][x] -
			    a.amp[1][x] * w.amp[0][x];
		}
		assert_true(fabs(got[0] - re) < 1e-11);
		assert_true(fabs(got[1] - im) < 1e-11);
		vector_apply(&v, &g);
		for (x = 0; x < UINT64_C(1) << n; x++) {
			assert_true(fabs(v.amp[0][x] - w.amp[0][x]) < 1e-12);
			assert_true(fabs(v.amp[1][x] - w.amp[1][x]) < 1e-12);
		}
		vector_close(&v);
		vector_close(&a);
		vector_close(&w);
	}
}

static void
test_threads(void **state)
{
	struct vector v = VECTOR_INIT, w = VECTOR_INIT;
	struct vector_gate g;
	struct pool *pool;
	double m[2 * 64];
	uint32_t i;

	(void)state;
	assert_int_equal(pool_new(&pool, 3), 0);
	fill(&v, 17);
	assert_int_equal(vector_init(&w, 17, NULL), 0);
	vector_copy(&w, &v);
	w.pool = pool;
	for (i = 0; i < 40; i++) {
		random_gate(&g, m, 17);
		vector_apply(&v, &g);
		vector_apply(&w, &g);
		assert_memory_equal(v.memory, w.memory, 16u << 17);
	}
	assert_true(vector_norm(&v) == vector_norm(&w));
	assert_true(vector_one(&v, 3) == vector_one(&w, 3));
	vector_close(&v);
	vector_close(&w);
	pool_free(pool);
}

static void
test_measure(void **state)
{
	const double u[4] = {0.0, 0.3, 0.31, 0.999999}, down[2] = {0.5, 0.4};
	struct vector v = VECTOR_INIT;
	double p[4] = {0};
	uint64_t x[4];

	(void)state;
	assert_int_equal(vector_init(&v, 2, NULL), 0);
	v.amp[0][0] = 0.0;
	v.amp[1][1] = sqrt(0.3);
	v.amp[0][2] = -sqrt(0.7);
	assert_true(fabs(vector_one(&v, 1) - 0.7) < 1e-15);
	vector_probs(&v, 2.0, p);
	assert_true(fabs(p[1] - 0.6) < 1e-15 && p[0] == 0.0);
	assert_int_equal(vector_sample(&v, u, 4, x), 0);
	assert_int_equal(x[0], 1);
	assert_int_equal(x[2], 2);
	assert_int_equal(x[3], 2);
	assert_int_equal(vector_sample(&v, down, 2, x), -EINVAL);
	vector_project(&v, 1, true, 2.0);
	assert_true(fabs(vector_norm(&v) - 2.8) < 1e-14);
	assert_true(v.amp[1][1] == 0.0);
	vector_close(&v);
}

static void
test_sizes(void **state)
{
	struct vector_room room = {.bytes_max = 1 << 20};
	struct vector v = VECTOR_INIT;

	(void)state;
	assert_int_equal(vector_init(&v, 16, &room), 0);
	vector_close(&v);
	assert_int_equal(vector_init(&v, 17, &room), -EFBIG);
	assert_int_equal(vector_init(&v, 41, NULL), -EINVAL);
	assert_true(vector_bytes(20) == UINT64_C(16) << 20);
	vector_close(&v);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_gates),
	    cmocka_unit_test(test_threads),
	    cmocka_unit_test(test_measure),
	    cmocka_unit_test(test_sizes),
	};

	return cmocka_run_group_tests_name("vector", tests, NULL, NULL);
}
