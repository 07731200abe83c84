/*
 * Every gate loop: the widths give the bits of plain C, and plain C does what
 * the header says.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sim/state/lanes.h"

#define NQUBITS 5
#define SIZE ((size_t)1 << NQUBITS)
#define ROWS (SIZE * LANES)

/* Wide enough for a dense layer of 7 x 9 with its gradient. */
struct store {
	double *a[8];
};

static uint64_t draw_state;

static double
draw(void)
{
	draw_state = draw_state * UINT64_C(6364136223846793005) + 1442695041;
	return (double)(draw_state >> 11) * 0x1p-52 - 1.0;
}

static void
store_open(struct store *s)
{
	size_t k, i;

	draw_state = 7;
	for (k = 0; k < 8; k++) {
		s->a[k] = lanes_alloc(4 * ROWS);
		assert_non_null(s->a[k]);
		for (i = 0; i < 4 * ROWS; i++)
			s->a[k][i] = draw();
	}
}

static void
store_close(struct store *s)
{
	size_t k;

	for (k = 0; k < 8; k++)
		free(s->a[k]);
}

/* Rotations of qubits 1, 3, 4 behind a map in which they are mixed. */
static void
make_block(struct lanes_block *b, uint32_t nrots)
{
	static const uint32_t col[3] = {0x03, 0x0c, 0x19};
	static const uint32_t rest[5] = {0x02, 0x04, 0x10, 0x01, 0x08};
	uint32_t lead[NQUBITS] = {0}, i, k, v, n = 0;

	memset(b, 0, sizeof(*b));
	b->nrots = nrots;
	for (i = 0; i < 8; i++) {
		for (k = 0; k < nrots; k++)
			b->off[i] ^= (i >> k & 1) != 0 ? col[k] : 0;
	}
	/* Complete the columns to a basis. */
	for (i = 0; i < nrots + 5; i++) {
		v = i < nrots ? col[i] : rest[i - nrots];
		for (k = NQUBITS; k-- > 0;)
			v ^= (v >> k & 1) != 0 ? lead[k] : 0;
		if (v == 0)
			continue;
		lead[31 - __builtin_clz(v)] = v;
		if (i >= nrots)
			b->basis[n++] = rest[i - nrots];
	}
	b->nbasis = n;
	assert_int_equal(n + nrots, NQUBITS);
}

static void
run_rotations(const struct lanes *l, struct store *s)
{
	const double t[3] = {0.25, -0.7, 0.9};
	struct lanes_block b;
	uint32_t n;

	for (n = 1; n <= 3; n++) {
		make_block(&b, n);
		l->ry(s->a[0], &b, t);
		l->ry_undo(s->a[1], s->a[2], &b, t, s->a[3]);
	}
}

static void
run_all(const struct lanes *l, struct store *s)
{
	double *const p[2] = {s->a[0], s->a[1]};
	double *const q[2] = {s->a[2], s->a[4]};
	struct lanes_dense m = {s->a[7], 7, 9};

	run_rotations(l, s);
	l->diag(p, s->a[7], SIZE);
	l->diag_undo(p, q, s->a[7], s->a[5], SIZE);
	l->diag_sum(p, q, s->a[5], SIZE);
	l->wht(s->a[5], NQUBITS);
	l->norms(p, s->a[6], SIZE);
	l->scale(p, q, s->a[6], SIZE);
	l->sincos(s->a[5], s->a[6], SIZE);
	l->product(s->a[3] + ROWS, s->a[6], NQUBITS);
	l->dense(&m, s->a[3] + ROWS, s->a[4]);
	l->softmax(s->a[4], 7, s->a[6], s->a[6] + LANES);
	l->dense_undo(&m, s->a[4], s->a[5] + ROWS);
	l->dense_grad(&m, s->a[5] + ROWS, s->a[4], s->a[6] + 2 * LANES);
}

static void
test_bits(void **state)
{
	static const enum lanes_isa isa[] = {LANES_AVX2, LANES_AVX512,
	    LANES_AUTO};
	struct store want, got;
	size_t i, k;

	(void)state;
	store_open(&want);
	run_all(lanes_pick(LANES_PLAIN), &want);
	for (i = 0; i < sizeof(isa) / sizeof(isa[0]); i++) {
		const struct lanes *l = lanes_pick(isa[i]);

		if (l == NULL)
			continue;
		store_open(&got);
		run_all(l, &got);
		for (k = 0; k < 8; k++)
			assert_memory_equal(got.a[k], want.a[k],
			    4 * ROWS * sizeof(double));
		store_close(&got);
	}
	store_close(&want);
}

#define ALIGNED __attribute__((aligned(LANES_ALIGN)))

/* undo(ry(x)) = (1 + t^2) x, and the sums are what the header says. */
static void
check_undo(const struct lanes *l, uint32_t nrots)
{
	static double p[ROWS] ALIGNED, q[ROWS] ALIGNED;
	static double was_p[ROWS], was_q[ROWS];
	const double t[3] = {0.25, -0.7, 0.9};
	double sum[3 * LANES] ALIGNED = {0.0}, grown = 1.0, want = 0.0;
	struct lanes_block b;
	size_t i, k;
	uint32_t x;

	make_block(&b, nrots);
	for (i = 0; i < ROWS; i++) {
		p[i] = was_p[i] = draw();
		q[i] = was_q[i] = draw();
	}
	for (k = 0; k < nrots; k++)
		grown *= 1.0 + t[k] * t[k];
	l->ry(p, &b, t);
	l->ry(q, &b, t);
	/* The last rotation's pairs in lane 2: x is off[...] plus the span. */
	for (i = 0; i < SIZE >> 1; i++) {
		x = 0;
		for (k = 0; k < NQUBITS - 1; k++) {
			uint32_t v = k < nrots - 1 ? b.off[1U << k]
						   : b.basis[k - (nrots - 1)];

			x ^= (i >> k & 1) != 0 ? v : 0;
		}
		want += q[(x ^ b.off[1U << (nrots - 1)]) * LANES + 2] *
			p[x * LANES + 2] -
		    q[x * LANES + 2] *
			p[(x ^ b.off[1U << (nrots - 1)]) * LANES + 2];
	}
	l->ry_undo(p, q, &b, t, sum);
	assert_true(fabs(sum[(nrots - 1) * LANES + 2] - want) < 1e-13);
	for (i = 0; i < ROWS; i++) {
		assert_true(fabs(p[i] - grown * was_p[i]) < 1e-14);
		assert_true(fabs(q[i] - grown * was_q[i]) < 1e-14);
	}
}

static void
test_undo(void **state)
{
	uint32_t n;

	(void)state;
	for (n = 1; n <= 3; n++)
		check_undo(lanes_pick(LANES_PLAIN), n);
}

static void
test_wht(void **state)
{
	const struct lanes *l = lanes_pick(LANES_PLAIN);
	static double a[ROWS] ALIGNED, was[ROWS];
	double sum;
	size_t m, x;

	(void)state;
	for (x = 0; x < ROWS; x++)
		a[x] = was[x] = draw();
	l->wht(a, NQUBITS);
	for (m = 0; m < SIZE; m++) {
		sum = 0.0;
		for (x = 0; x < SIZE; x++)
			sum += (__builtin_popcountll(m & x) & 1) != 0
			    ? -was[x * LANES + 3]
			    : was[x * LANES + 3];
		assert_true(fabs(sum - a[m * LANES + 3]) < 1e-13);
	}
}

static void
test_softmax(void **state)
{
	const struct lanes *l = lanes_pick(LANES_PLAIN);
	double z[3 * LANES], max[LANES], sum[LANES];
	size_t i;

	(void)state;
	for (i = 0; i < LANES; i++) {
		z[i] = 1000.0 + (double)i;
		z[LANES + i] = 999.0;
		z[2 * LANES + i] = -1e6;
	}
	l->softmax(z, 3, max, sum);
	for (i = 0; i < LANES; i++) {
		assert_true(max[i] == 1000.0 + (double)i);
		assert_true(z[i] == 1.0 && z[2 * LANES + i] == 0.0);
		assert_true(fabs(z[LANES + i] - exp(-1.0 - (double)i)) < 1e-16);
		assert_true(sum[i] == 1.0 + z[LANES + i]);
	}
}

static void
test_alloc(void **state)
{
	double *p = lanes_alloc(3);

	(void)state;
	assert_non_null(p);
	assert_int_equal((uintptr_t)p % LANES_ALIGN, 0);
	assert_true(p[0] == 0.0 && p[2] == 0.0);
	free(p);
	p = lanes_alloc(0);
	assert_non_null(p);
	free(p);
	assert_null(lanes_alloc(SIZE_MAX / 8));
	assert_null(lanes_alloc(SIZE_MAX));
}

static void
test_pick(void **state)
{
	(void)state;
	assert_string_equal(lanes_pick(LANES_PLAIN)->name, "plain");
	assert_non_null(lanes_pick(LANES_AUTO));
	print_message("widest here: %s\n", lanes_pick(LANES_AUTO)->name);
}

static void
test_total(void **state)
{
	const double row[LANES] = {1, 2, 4, 8, 16, 32, 64, 128};

	(void)state;
	assert_true(lanes_total(row) == 255.0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_bits),
	    cmocka_unit_test(test_undo),
	    cmocka_unit_test(test_wht),
	    cmocka_unit_test(test_softmax),
	    cmocka_unit_test(test_alloc),
	    cmocka_unit_test(test_pick),
	    cmocka_unit_test(test_total),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
