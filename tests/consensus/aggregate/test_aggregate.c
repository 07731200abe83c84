/* The rules against exact rational arithmetic done slowly and differently. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "consensus/aggregate/aggregate.h"

#define N_MAX 16
#define DIM 5

__extension__ typedef __int128 wide;

static uint64_t rng = 0x9e3779b97f4a7c15u;

static uint64_t
draw(void)
{
	rng ^= rng << 13;
	rng ^= rng >> 7;
	rng ^= rng << 17;
	return rng;
}

static uint16_t
below(uint32_t n)
{
	return (uint16_t)((draw() >> 20) % n);
}

struct sample {
	int64_t x[N_MAX][DIM];
	const int64_t *rows[N_MAX];
	uint32_t weights[N_MAX];
	struct aggregate_input in;
};

/* Small values give many halves and ties, large ones the sign bits. */
static int64_t
draw_value(unsigned style)
{
	uint64_t bits = draw();

	if (style == 0)
		return (int64_t)(bits >> 32) % 5 - 2;
	if (style == 1)
		return (int64_t)(bits % (1u << 27)) - (1 << 26);
	if (style == 2)
		return (int64_t)(bits >> 1) - INT64_MAX / 2;
	return bits & 1 ? INT64_MAX : INT64_MIN;
}

static void
sample_draw(struct sample *s, unsigned style)
{
	uint16_t n = (uint16_t)(1 + below(N_MAX));

	for (uint16_t i = 0; i < n; i++) {
		s->rows[i] = s->x[i];
		s->weights[i] = 1u + below(style == 0 ? 4 : 1u << 20);
		for (int j = 0; j < DIM; j++)
			s->x[i][j] = draw_value(style);
	}
	s->in = (struct aggregate_input){
	    .updates = s->rows,
	    .n = n,
	    .dim = DIM,
	};
}

/* got = round_half_even(num / den)? Decided by 2 |num - got den| against den,
 * which needs no division. |num| < 2^91, den < 2^25. */
static void
assert_rounded(int64_t got, wide num, wide den)
{
	wide twice = 2 * (num - (wide)got * den);
	wide size = twice < 0 ? -twice : twice;

	assert_true(size <= den);
	if (size == den)
		assert_int_equal(got % 2, 0);
}

static void
mean_exact(void **state)
{
	(void)state;
	for (unsigned round = 0; round < 40000; round++) {
		struct sample s;
		int64_t out[DIM];
		wide den = 0;

		sample_draw(&s, round % 4);
		s.in.weights = round & 4 ? s.weights : NULL;
		assert_int_equal(aggregate_run(JOB_MEAN, &s.in, out), 0);
		for (uint16_t i = 0; i < s.in.n; i++)
			den += s.in.weights ? s.weights[i] : 1;
		for (int j = 0; j < DIM; j++) {
			wide num = 0;

			for (uint16_t i = 0; i < s.in.n; i++)
				num += (s.in.weights ? (wide)s.weights[i]
						     : (wide)1) *
				    s.x[i][j];
			assert_rounded(out[j], num, den);
		}
	}
}

/* Oracle without a sort: an element is kept if its rank, ties by index, lies
 * in [trim, n - trim). */
static wide
kept_sum(const struct sample *s, int j, uint16_t trim)
{
	wide sum = 0;

	for (uint16_t i = 0; i < s->in.n; i++) {
		uint16_t rank = 0;

		for (uint16_t k = 0; k < s->in.n; k++)
			if (s->x[k][j] < s->x[i][j] ||
			    (s->x[k][j] == s->x[i][j] && k < i))
				rank++;
		if (rank >= trim && rank < s->in.n - trim)
			sum += s->x[i][j];
	}
	return sum;
}

static void
trimmed_exact(void **state)
{
	(void)state;
	for (unsigned round = 0; round < 40000; round++) {
		struct sample s;
		int64_t out[DIM];

		sample_draw(&s, round % 4);
		s.in.f = below((s.in.n + 1u) / 2);
		s.in.weights = round & 4 ? s.weights : NULL; /* ignored */
		assert_int_equal(aggregate_run(JOB_TRIMMED_MEAN, &s.in, out),
		    0);
		for (int j = 0; j < DIM; j++)
			assert_rounded(out[j], kept_sum(&s, j, s.in.f),
			    s.in.n - 2 * s.in.f);
	}
}

static void
order_is_irrelevant(void **state)
{
	(void)state;
	for (unsigned round = 0; round < 20000; round++) {
		struct sample s;
		uint8_t rule = round & 8 ? JOB_MEAN : JOB_TRIMMED_MEAN;
		int64_t a[DIM], b[DIM];

		sample_draw(&s, round % 4);
		s.in.weights = s.weights;
		s.in.f = below((s.in.n + 1u) / 2);
		assert_int_equal(aggregate_run(rule, &s.in, a), 0);
		for (uint16_t i = s.in.n; i > 1; i--) {
			uint16_t k = below(i);
			const int64_t *row = s.rows[i - 1];
			uint32_t w = s.weights[i - 1];

			s.rows[i - 1] = s.rows[k];
			s.weights[i - 1] = s.weights[k];
			s.rows[k] = row;
			s.weights[k] = w;
		}
		assert_int_equal(aggregate_run(rule, &s.in, b), 0);
		assert_memory_equal(a, b, sizeof(a));
	}
}

/* trim outliers at each end, as large as they come, change nothing beyond the
 * range of the others. */
static void
trimming_bounds_outliers(void **state)
{
	(void)state;
	for (unsigned round = 0; round < 20000; round++) {
		struct sample s;
		int64_t out[DIM];
		uint16_t nbad;

		sample_draw(&s, 1);
		s.in.f = (uint16_t)((s.in.n - 1) / 2);
		nbad = below(s.in.f + 1u);
		for (uint16_t i = 0; i < nbad; i++)
			for (int j = 0; j < DIM; j++)
				s.x[i][j] = draw_value(3);
		assert_int_equal(aggregate_run(JOB_TRIMMED_MEAN, &s.in, out),
		    0);
		for (int j = 0; j < DIM; j++) {
			int64_t lo = INT64_MAX;
			int64_t hi = INT64_MIN;

			for (uint16_t i = nbad; i < s.in.n; i++) {
				lo = s.x[i][j] < lo ? s.x[i][j] : lo;
				hi = s.x[i][j] > hi ? s.x[i][j] : hi;
			}
			assert_true(out[j] >= lo && out[j] <= hi);
		}
	}
}

static void
by_hand(void **state)
{
	/* Columns: a half up to even, down to even, both negative, ends. */
	static const int64_t x[4][DIM] = {
	    {1, 2, -1, INT64_MAX, 7},
	    {2, 3, -2, INT64_MAX, 7},
	    {INT64_MAX, INT64_MAX, INT64_MAX, INT64_MAX, 7},
	    {INT64_MIN, INT64_MIN, INT64_MIN, INT64_MIN, 7},
	};
	static const int64_t mean2[DIM] = {2, 2, -2, INT64_MAX, 7};
	/* 2 / 4 goes to 0; (3 max + min) / 4 lies just above max / 2. */
	static const int64_t mean4[DIM] = {0, 1, -1, INT64_MAX / 2, 7};
	const int64_t *rows[4] = {x[0], x[1], x[2], x[3]};
	struct aggregate_input in = {.updates = rows, .n = 2, .dim = DIM};
	int64_t out[DIM];

	(void)state;
	assert_int_equal(aggregate_run(JOB_MEAN, &in, out), 0);
	assert_memory_equal(out, mean2, sizeof(out));
	in.n = 4;
	assert_int_equal(aggregate_run(JOB_MEAN, &in, out), 0);
	assert_memory_equal(out, mean4, sizeof(out));
	in.f = 1;
	assert_int_equal(aggregate_run(JOB_TRIMMED_MEAN, &in, out), 0);
	assert_memory_equal(out, mean2, sizeof(out));
}

static void
one_update_is_itself(void **state)
{
	(void)state;
	for (unsigned round = 0; round < 1000; round++) {
		struct sample s;
		int64_t out[DIM];

		sample_draw(&s, round % 4);
		s.in.n = 1;
		s.in.weights = s.weights;
		assert_int_equal(aggregate_run(JOB_MEAN, &s.in, out), 0);
		assert_memory_equal(out, s.x[0], sizeof(out));
		assert_int_equal(aggregate_run(JOB_TRIMMED_MEAN, &s.in, out),
		    0);
		assert_memory_equal(out, s.x[0], sizeof(out));
	}
}

static void
refusals(void **state)
{
	struct sample s;
	int64_t out[DIM] = {0};

	(void)state;
	sample_draw(&s, 0);
	s.in.n = 0;
	assert_int_equal(aggregate_run(JOB_MEAN, &s.in, out), -EINVAL);
	s.in.n = AGGREGATE_MAX_UPDATES + 1;
	assert_int_equal(aggregate_run(JOB_MEAN, &s.in, out), -EINVAL);
	s.in.n = 4;
	s.in.f = 2;
	assert_int_equal(aggregate_run(JOB_TRIMMED_MEAN, &s.in, out), -EINVAL);
	s.in.f = UINT16_MAX;
	assert_int_equal(aggregate_run(JOB_TRIMMED_MEAN, &s.in, out), -EINVAL);
	assert_int_equal(aggregate_run(0, &s.in, out), -EINVAL);
	assert_int_equal(aggregate_run(10, &s.in, out), -EINVAL);
	assert_null(aggregate_find(10));
	assert_string_equal(aggregate_find(JOB_MEAN)->name, "mean");
	assert_string_equal(aggregate_find(JOB_TRIMMED_MEAN)->name,
	    "trimmed_mean");
	assert_int_equal(aggregate_find(JOB_MEAN)->minimum(9), 1);
	assert_int_equal(aggregate_find(JOB_TRIMMED_MEAN)->minimum(9), 19);
}

static void
a_hundred_updates(void **state)
{
	int64_t x[AGGREGATE_MAX_UPDATES];
	const int64_t *rows[AGGREGATE_MAX_UPDATES];
	struct aggregate_input in = {
	    .updates = rows,
	    .n = AGGREGATE_MAX_UPDATES,
	    .dim = 1,
	};
	int64_t out;

	(void)state;
	for (int i = 0; i < AGGREGATE_MAX_UPDATES; i++) {
		x[i] = (i * 37) % 100; /* 0..99 in another order */
		rows[i] = &x[i];
	}
	assert_int_equal(aggregate_run(JOB_MEAN, &in, &out), 0);
	assert_int_equal(out, 50); /* 49.5, half to even */
	for (in.f = 0; in.f < 50; in.f++) {
		assert_int_equal(aggregate_run(JOB_TRIMMED_MEAN, &in, &out), 0);
		assert_int_equal(out, 50);
	}
	for (int i = 0; i < AGGREGATE_MAX_UPDATES; i++)
		x[i] = INT64_MIN;
	assert_int_equal(aggregate_run(JOB_MEAN, &in, &out), 0);
	assert_true(out == INT64_MIN);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(mean_exact),
	    cmocka_unit_test(trimmed_exact),
	    cmocka_unit_test(order_is_irrelevant),
	    cmocka_unit_test(trimming_bounds_outliers),
	    cmocka_unit_test(by_hand),
	    cmocka_unit_test(one_update_is_itself),
	    cmocka_unit_test(refusals),
	    cmocka_unit_test(a_hundred_updates),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
