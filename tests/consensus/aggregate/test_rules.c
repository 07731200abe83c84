/* What holds for every rule and pre-aggregator, on random updates. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "consensus/aggregate/aggregate.h"
#include "consensus/aggregate/pre.h"
#include "consensus/aggregate/vectors.h"

#define N_MAX 14
#define DIM 6
#define TURN ((int64_t)105414357) /* 2 pi */

static struct aggregate_scratch scratch;
static uint64_t rng = 0x2545f4914f6cdd1du;

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

/* In [-spread, spread]. */
static int64_t
around(int64_t spread)
{
	return (int64_t)(draw() % (uint64_t)(2 * spread + 1)) - spread;
}

struct sample {
	int64_t x[N_MAX][DIM];
	const int64_t *rows[N_MAX];
	uint32_t weights[N_MAX];
	int64_t previous[DIM];
	struct aggregate_knobs knobs;
	struct aggregate_input in;
};

static void
sample_draw(struct sample *s, int64_t spread)
{
	*s = (struct sample){.knobs = {.tau = Q24_ONE,
				 .nu = 1000,
				 .iterations = 8,
				 .clip = Q24_ONE,
				 .bucket = 2}};
	s->in = (struct aggregate_input){.updates = s->rows,
	    .weights = s->weights,
	    .previous = s->previous,
	    .knobs = &s->knobs,
	    .scratch = &scratch,
	    .n = (uint16_t)(1 + below(N_MAX)),
	    .dim = DIM};
	s->in.f = below((s->in.n + 1u) / 2);
	for (int j = 0; j < DIM; j++)
		s->previous[j] = around(spread);
	for (uint16_t i = 0; i < s->in.n; i++) {
		s->rows[i] = s->x[i];
		s->weights[i] = 1u + below(5);
		for (int j = 0; j < DIM; j++)
			s->x[i][j] = around(spread);
	}
}

static void
shuffle(struct sample *s)
{
	for (uint16_t i = s->in.n; i > 1; i--) {
		uint16_t k = below(i);
		const int64_t *row = s->rows[k];
		uint32_t w = s->weights[k];

		s->rows[k] = s->rows[i - 1];
		s->weights[k] = s->weights[i - 1];
		s->rows[i - 1] = row;
		s->weights[i - 1] = w;
	}
}

static void
run_rule(const struct aggregate_rule *r, const struct sample *s, int64_t *out)
{
	assert_int_equal(aggregate_run(r->id, &s->in, out), 0);
}

/* Spread 1 makes ties of every kind; a large one makes none. */
static void
order_is_irrelevant(void **state)
{
	int64_t a[DIM], b[DIM];
	struct sample s;

	(void)state;
	for (int round = 0; round < 600; round++) {
		sample_draw(&s, round % 2 ? 1 : Q24_ONE);
		for (size_t i = 0; aggregate_at(i); i++) {
			run_rule(aggregate_at(i), &s, a);
			shuffle(&s);
			run_rule(aggregate_at(i), &s, b);
			assert_memory_equal(a, b, sizeof(a));
		}
	}
}

static int
compare_rows(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(int64_t[DIM]));
}

/* Into y, in an order of their own; returns how many. */
static size_t
pre_sorted(uint8_t id, const struct sample *s, int64_t (*y)[DIM])
{
	int64_t *out[N_MAX];
	int n;

	for (int k = 0; k < N_MAX; k++)
		out[k] = y[k];
	n = pre_run(id, &s->in, out);
	assert_true(n > 0);
	qsort(y, (size_t)n, sizeof(*y), compare_rows);
	return (size_t)n;
}

/* The set of results does not depend on the order either. */
static void
pre_order_is_irrelevant(void **state)
{
	int64_t y[2][N_MAX][DIM];
	struct sample s;
	size_t n;

	(void)state;
	for (int round = 0; round < 400; round++) {
		sample_draw(&s, round % 2 ? 1 : Q24_ONE);
		s.knobs.seed.b[0] = (uint8_t)round;
		for (size_t i = 0; pre_at(i); i++) {
			n = pre_sorted(pre_at(i)->id, &s, y[0]);
			shuffle(&s);
			assert_int_equal(pre_sorted(pre_at(i)->id, &s, y[1]),
			    n);
			assert_memory_equal(y[0], y[1], n * sizeof(y[0][0]));
		}
	}
}

/* Half to even may differ by one where the shift is odd. */
static void
shift_one(const struct aggregate_rule *r, struct sample *s)
{
	int64_t a[DIM], b[DIM], shift[DIM];

	run_rule(r, s, a);
	for (int j = 0; j < DIM; j++) {
		shift[j] = around(Q24_ONE);
		s->previous[j] += shift[j];
		for (uint16_t k = 0; k < s->in.n; k++)
			s->x[k][j] += shift[j];
	}
	run_rule(r, s, b);
	for (int j = 0; j < DIM; j++)
		assert_true(llabs(b[j] - a[j] - shift[j]) <= 4);
}

/* Zero as a start is the exception: the geometric median of shifted updates
 * comes from elsewhere. */
static void
translation(void **state)
{
	struct sample s;

	(void)state;
	for (int round = 0; round < 300; round++) {
		sample_draw(&s, Q24_ONE);
		for (size_t i = 0; aggregate_at(i); i++)
			if (aggregate_at(i)->id != AGGREGATE_GEOMETRIC_MEDIAN)
				shift_one(aggregate_at(i), &s);
	}
}

/* The honest lie within Q24_ONE / 100 of zero. */
static void
assert_stands(const struct aggregate_rule *r, const struct sample *s)
{
	int64_t out[DIM];

	run_rule(r, s, out);
	for (int j = 0; j < DIM; j++)
		if (llabs(out[j]) > Q24_ONE / 20)
			fail_msg("%s n %u f %u: %lld", r->name, s->in.n,
			    s->in.f, (long long)out[j]);
}

/* f liars at any distance move a robust rule only so far from the honest. */
static void
liars_are_bounded(void **state)
{
	int64_t out[DIM];
	struct sample s;

	(void)state;
	for (int round = 0; round < 400; round++) {
		sample_draw(&s, Q24_ONE / 100);
		memset(s.previous, 0, sizeof(s.previous));
		s.knobs.tau = Q24_ONE / 50;
		s.knobs.iterations = 64; /* until Weiszfeld is there */
		s.in.f = (uint16_t)((s.in.n - 1) / 3);
		for (int k = 0; k < s.in.f * DIM; k++)
			s.x[k / DIM][k % DIM] = (int64_t)1
			    << (30 + 3 * (k % DIM));
		shuffle(&s);
		for (size_t i = 0; aggregate_at(i); i++)
			if (aggregate_at(i)->id != AGGREGATE_MEAN)
				assert_stands(aggregate_at(i), &s);
		run_rule(aggregate_find(AGGREGATE_MEAN), &s, out);
		assert_true(s.in.f == 0 || out[0] > Q24_ONE);
	}
}

/* Whole turns added to an update change nothing. */
static void
turns_are_free(void **state)
{
	int64_t periods[DIM] = {TURN, 0, TURN / 2, TURN, 0, 7};
	int64_t a[DIM], b[DIM];
	struct sample s;

	(void)state;
	for (int round = 0; round < 300; round++) {
		sample_draw(&s, TURN);
		s.in.periods = periods;
		for (size_t i = 0; aggregate_at(i); i++) {
			run_rule(aggregate_at(i), &s, a);
			for (int j = 0; j < DIM; j++)
				s.x[0][j] += periods[j] * around(3);
			run_rule(aggregate_at(i), &s, b);
			assert_memory_equal(a, b, sizeof(a));
		}
	}
}

/* Half a turn apart by the short way, a whole one by the long. */
static void
means_between_windings(void **state)
{
	int64_t half = TURN / 2, y[2][1], *out[2] = {y[0], y[1]};
	int64_t a = half - 10, b = -(half - 10), c = half - 12;
	const int64_t *rows[3] = {&a, &b, &c};
	struct aggregate_input in = {.updates = rows,
	    .periods = &(int64_t){TURN},
	    .scratch = &scratch,
	    .n = 3,
	    .f = 1,
	    .dim = 1};
	int64_t z[3][1], *nnm[3] = {z[0], z[1], z[2]};
	int64_t got;

	(void)state;
	(void)out;
	assert_int_equal(aggregate_run(AGGREGATE_MULTI_KRUM, &in, &got), 0);
	assert_int_equal(got, half - 11);
	assert_int_equal(aggregate_run(AGGREGATE_MDA, &in, &got), 0);
	assert_int_equal(got, half - 11);
	assert_int_equal(pre_run(PRE_NNM, &in, nnm), 3);
	assert_int_equal(z[0][0], half - 11);
	/* b's nearest is a, 21 away over the top: TURN is odd. */
	assert_true(llabs(z[1][0] - (-half)) <= 1);
}

/* The ends of int64 saturate, and no intermediate overflows (UBSan looks). */
static void
extremes(void **state)
{
	int64_t y[N_MAX][DIM], *out[N_MAX], z[DIM];
	struct sample s;

	(void)state;
	for (int k = 0; k < N_MAX; k++)
		out[k] = y[k];
	for (int round = 0; round < 200; round++) {
		sample_draw(&s, 1);
		for (uint16_t i = 0; i < s.in.n; i++)
			for (int j = 0; j < DIM; j++)
				s.x[i][j] = draw() & 1 ? INT64_MAX : INT64_MIN;
		s.knobs.tau = s.knobs.nu = s.knobs.clip =
		    round % 2 ? INT64_MAX : 1;
		for (size_t i = 0; aggregate_at(i); i++)
			run_rule(aggregate_at(i), &s, z);
		for (size_t i = 0; pre_at(i); i++)
			assert_true(pre_run(pre_at(i)->id, &s.in, out) > 0);
	}
}

static q24_uwide
diameter(const struct sample *s, unsigned set)
{
	q24_uwide worst = 0;

	for (unsigned pair = 0; pair < 81; pair++) {
		uint16_t i = (uint16_t)(pair / 9), k = (uint16_t)(pair % 9);
		q24_uwide d;

		if (!(set >> i & set >> k & 1))
			continue;
		d = vectors_distance(&s->in, i, s->rows[k]);
		worst = d > worst ? d : worst;
	}
	return worst;
}

static bool
is_mean_of(const struct sample *s, unsigned set, const int64_t *got)
{
	for (int j = 0; j < DIM; j++) {
		q24_wide sum = 0;

		for (uint16_t i = 0; i < s->in.n; i++)
			sum += set >> i & 1 ? s->x[i][j] : 0;
		if (q24_div128(sum, __builtin_popcount(set)) != got[j])
			return false;
	}
	return true;
}

/* MDA by trying every subset, another way: the result is the mean of one of
 * the narrowest. */
static void
mda_is_least(void **state)
{
	int64_t got[DIM];
	struct sample s;

	(void)state;
	for (int round = 0; round < 150; round++) {
		q24_uwide best = ~(q24_uwide)0;
		bool found = false;

		sample_draw(&s, Q24_ONE);
		s.in.n = (uint16_t)(s.in.n < 9 ? s.in.n : 9);
		s.in.f = (uint16_t)(s.in.f < (s.in.n + 1) / 2 ? s.in.f : 0);
		run_rule(aggregate_find(AGGREGATE_MDA), &s, got);
		for (unsigned set = 0; set < 1u << s.in.n; set++) {
			q24_uwide d;

			if (__builtin_popcount(set) != s.in.n - s.in.f)
				continue;
			d = diameter(&s, set);
			if (d > best)
				continue;
			found =
			    (d == best && found) || is_mean_of(&s, set, got);
			best = d;
		}
		assert_true(found);
	}
}

static void
roots_are_exact(void **state)
{
	(void)state;
	for (int round = 0; round < 20000; round++) {
		q24_uwide x = ((q24_uwide)draw() << 64 | draw()) >> below(128);
		q24_uwide r = vectors_root(x);

		assert_true(r * r <= x);
		assert_true(r == UINT64_MAX || (r + 1) * (r + 1) > x);
	}
	assert_int_equal(vectors_root(0), 0);
	assert_true(vectors_root(~(q24_uwide)0) == UINT64_MAX);
}

static void
arc_keeps_the_shorter(void **state)
{
	int64_t y[N_MAX][DIM], *out[N_MAX];
	struct sample s;

	(void)state;
	for (int k = 0; k < N_MAX; k++)
		out[k] = y[k];
	for (int round = 0; round < 300; round++) {
		unsigned same = 0;

		sample_draw(&s, Q24_ONE);
		assert_int_equal(pre_run(PRE_ARC, &s.in, out), s.in.n);
		for (uint16_t i = 0; i < s.in.n; i++)
			same += memcmp(y[i], s.x[i], sizeof(y[i])) == 0;
		assert_int_equal(same,
		    s.in.n -
			2u * s.in.f * (unsigned)(s.in.n - s.in.f) / s.in.n);
	}
}

static void
buckets_follow_the_seed(void **state)
{
	int64_t y[2][N_MAX][DIM], *out[N_MAX];
	struct sample s;
	int n = 0, differ = 0;

	(void)state;
	for (int round = 0; round < 20; round++) {
		do
			sample_draw(&s, Q24_ONE);
		while (s.in.n < 8);
		s.knobs.bucket = 3;
		for (int side = 0; side < 2; side++) {
			s.knobs.seed.b[31] = (uint8_t)side;
			for (int k = 0; k < N_MAX; k++)
				out[k] = y[side][k];
			n = pre_run(PRE_BUCKETING, &s.in, out);
			assert_int_equal(n, (s.in.n + 2) / 3);
		}
		differ += memcmp(y[0], y[1], (size_t)n * sizeof(y[0][0])) != 0;
	}
	assert_true(differ > 15);
}

static void
refusals(void **state)
{
	int64_t y[DIM], *out[N_MAX] = {y};
	struct sample s;

	(void)state;
	do
		sample_draw(&s, 5);
	while (s.in.n < 5);
	for (size_t i = 0; aggregate_at(i); i++) {
		const struct aggregate_rule *r = aggregate_at(i);

		assert_ptr_equal(aggregate_find(r->id), r);
		assert_ptr_equal(aggregate_named(r->name), r);
		assert_true(r->proved(3) >= r->minimum(3));
		s.in.f = s.in.n; /* never enough */
		if (r->id != AGGREGATE_MEAN)
			assert_int_equal(aggregate_run(r->id, &s.in, y),
			    -EINVAL);
	}
	s.in.f = 0;
	s.in.scratch = NULL;
	assert_int_equal(aggregate_run(AGGREGATE_KRUM, &s.in, y), -EINVAL);
	assert_int_equal(pre_run(PRE_NNM, &s.in, out), -EINVAL);
	s.knobs.tau = 0;
	assert_int_equal(aggregate_run(AGGREGATE_CENTERED_CLIPPING, &s.in, y),
	    -EINVAL);
	s.knobs.clip = s.knobs.bucket = 0;
	assert_int_equal(pre_run(PRE_CLIP, &s.in, out), -EINVAL);
	assert_int_equal(pre_run(PRE_BUCKETING, &s.in, out), -EINVAL);
	assert_int_equal(pre_run(0, &s.in, out), -EINVAL);
	s.in.f = s.in.n;
	assert_int_equal(pre_run(PRE_ARC, &s.in, out), -EINVAL);
	assert_null(aggregate_named("bulyan"));
	assert_null(pre_named(""));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(order_is_irrelevant),
	    cmocka_unit_test(pre_order_is_irrelevant),
	    cmocka_unit_test(translation),
	    cmocka_unit_test(liars_are_bounded),
	    cmocka_unit_test(turns_are_free),
	    cmocka_unit_test(means_between_windings),
	    cmocka_unit_test(extremes),
	    cmocka_unit_test(mda_is_least),
	    cmocka_unit_test(roots_are_exact),
	    cmocka_unit_test(arc_keeps_the_shorter),
	    cmocka_unit_test(buckets_follow_the_seed),
	    cmocka_unit_test(refusals),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
