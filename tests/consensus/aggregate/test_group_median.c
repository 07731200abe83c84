/* The assignment's balance, medians against sorting by counting, and liars. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "consensus/aggregate/group_median.h"
#include "proto/q24.h"

#define D 3
#define PARTS 5
#define N_MAX 10
#define BLOCK (D + 1)
#define DIM (PARTS * BLOCK)

static uint64_t rng = 0x9e3779b97f4a7c15u;

static int64_t
draw(int64_t bound)
{
	rng ^= rng << 13;
	rng ^= rng >> 7;
	rng ^= rng << 17;
	return (int64_t)(rng >> 1) % (2 * bound + 1) - bound;
}

struct world {
	struct group_median_shape shape;
	uint8_t assigned[N_MAX * PARTS];
	int64_t truth[DIM];
	int64_t x[N_MAX][DIM];
	const int64_t *rows[N_MAX];
	int64_t model[D + 2];
	struct group_median_input in;
};

/* Everybody reports the truth of what it was given. */
static void
world_make(struct world *w, uint16_t n, uint16_t f, uint8_t seed)
{
	struct hash h = {{seed}};

	w->shape = (struct group_median_shape){n, f, PARTS, D};
	assert_int_equal(group_median_check(&w->shape), 0);
	group_median_assign(&w->shape, &h, w->assigned);
	for (int j = 0; j < DIM; j++)
		w->truth[j] = draw(1000000000);
	for (int j = 0; j < D; j++)
		w->truth[(PARTS - 1) * BLOCK + j] = 0;
	for (int j = 0; j < D + 2; j++)
		w->model[j] = draw(1000000);
	for (uint16_t m = 0; m < n; m++) {
		w->rows[m] = w->x[m];
		for (int j = 0; j < DIM; j++)
			w->x[m][j] = w->assigned[m * PARTS + j / BLOCK]
			    ? w->truth[j]
			    : 0;
	}
	w->in = (struct group_median_input){w->shape, w->assigned, w->rows,
	    w->model};
}

static void
check_truth(const struct world *w, const int64_t *got)
{
	int64_t want[D + 2] = {0};

	for (int p = 0; p < PARTS - 1; p++)
		for (int j = 0; j <= D; j++)
			want[j] += w->truth[p * BLOCK + j];
	want[D] -= w->model[D];
	want[D + 1] = w->truth[DIM - 1] - w->model[D + 1];
	assert_memory_equal(got, want, sizeof(want));
}

static void
test_assignment(void **state)
{
	struct hash a = {{1}}, b = {{2}};
	uint8_t one[N_MAX * PARTS], two[N_MAX * PARTS];
	int differ = 0;

	(void)state;
	for (uint16_t n = 1; n <= N_MAX; n++) {
		struct group_median_shape s = {n, (uint16_t)((n - 1) / 3),
		    PARTS, D};
		uint16_t copies = group_median_copies(&s);
		int least = PARTS, most = 0;

		assert_int_equal(copies, 2 * s.faults + 1);
		group_median_assign(&s, &a, one);
		group_median_assign(&s, &b, two);
		differ += memcmp(one, two, n * PARTS) != 0;
		for (int p = 0; p < PARTS; p++) {
			int sum = 0;

			for (uint16_t m = 0; m < n; m++)
				sum += one[m * PARTS + p];
			assert_int_equal(sum, copies);
		}
		for (uint16_t m = 0; m < n; m++) {
			int load = 0;

			for (int p = 0; p < PARTS; p++)
				load += one[m * PARTS + p];
			least = load < least ? load : least;
			most = load > most ? load : most;
		}
		assert_true(most - least <= 1);
	}
	assert_true(differ > 2);
	/* Fewer than 2 f + 1 members: all of them. */
	assert_int_equal(group_median_copies(
			     &(struct group_median_shape){3, 2, PARTS, D}),
	    3);
}

static void
lie(struct world *w, uint16_t m)
{
	if (draw(1) == 0)
		w->rows[m] = NULL;
	for (int j = 0; j < DIM; j++)
		w->x[m][j] = draw(1) == 0 ? INT64_MIN : -3 * w->truth[j];
}

static void
check_liars(uint16_t n, uint16_t f, uint32_t set)
{
	int64_t got[D + 2];
	struct world w;

	world_make(&w, n, f, (uint8_t)set);
	for (uint16_t m = 0; m < n; m++)
		if (set >> m & 1)
			lie(&w, m);
	assert_int_equal(group_median_run(&w.in, got), 0);
	check_truth(&w, got);
}

/* Every set of at most f members lies in every way, or is silent. */
static void
test_liars(void **state)
{
	(void)state;
	for (uint16_t n = 4; n <= N_MAX; n += 3) {
		uint16_t f = (uint16_t)((n - 1) / 3);

		for (uint32_t set = 0; set < 1u << n; set++)
			if (__builtin_popcount(set) <= f)
				check_liars(n, f, set);
	}
}

/* One more liar than f on one part does move it: the bound is tight. */
static void
test_too_many(void **state)
{
	int64_t got[D + 2], honest[D + 2];
	struct world w;
	int lying = 0;

	(void)state;
	world_make(&w, 4, 1, 9);
	assert_int_equal(group_median_run(&w.in, honest), 0);
	for (uint16_t m = 0; m < 4 && lying < 2; m++) {
		if (w.assigned[m * PARTS] == 0)
			continue;
		w.x[m][0] += 1000;
		lying++;
	}
	assert_int_equal(group_median_run(&w.in, got), 0);
	assert_int_equal(got[0], honest[0] + 1000);
}

/* Two reports: their mean, half to even; one is too few with f = 1. */
static void
test_few(void **state)
{
	int64_t got[D + 2], want[D + 2] = {0};
	struct world w;
	int kept = 0;

	(void)state;
	world_make(&w, 3, 1, 4);
	memset(w.x, 0, sizeof(w.x));
	memset(w.model, 0, sizeof(w.model));
	w.rows[1] = NULL;
	w.x[0][0] = 3;
	w.x[2][0] = 6; /* 4.5 to 4 */
	w.x[0][1] = -5;
	w.x[2][1] = -2; /* -3.5 to -4 */
	want[0] = 4;
	want[1] = -4;
	assert_int_equal(group_median_run(&w.in, got), 0);
	assert_memory_equal(got, want, sizeof(want));
	w.rows[0] = NULL;
	memset(want, 0, sizeof(want));
	assert_int_equal(group_median_run(&w.in, got), -ENODATA);
	assert_memory_equal(got, want, sizeof(want));
	/* Of n = 4 with one gone every part still has two. */
	world_make(&w, 4, 1, 4);
	for (uint16_t m = 0; m < 4; m++)
		if (kept++ == 2)
			w.rows[m] = NULL;
	assert_int_equal(group_median_run(&w.in, got), 0);
	check_truth(&w, got);
}

/* Saturates instead of wrapping round. */
static void
test_extremes(void **state)
{
	int64_t got[D + 2];
	struct world w;

	(void)state;
	world_make(&w, 1, 0, 0);
	for (int j = 0; j < DIM; j++)
		w.x[0][j] = j % 2 ? INT64_MAX : INT64_MIN;
	w.model[D] = -2;
	w.model[D + 1] = INT64_MIN;
	assert_int_equal(group_median_run(&w.in, got), 0);
	assert_int_equal(got[0], INT64_MIN);
	assert_int_equal(got[1], INT64_MAX);
	assert_int_equal(got[D], INT64_MAX);
	assert_int_equal(got[D + 1], INT64_MAX);
}

static void
test_fits(void **state)
{
	struct world w;

	(void)state;
	world_make(&w, 7, 2, 3);
	for (uint16_t m = 0; m < 7; m++) {
		assert_true(group_median_fits(&w.shape, w.assigned, m, w.x[m]));
		for (int j = 0; j < DIM; j++) {
			int p = j / BLOCK;
			int free = w.assigned[m * PARTS + p] &&
			    (p < PARTS - 1 || j == DIM - 1);
			int64_t keep = w.x[m][j];

			w.x[m][j] = 7;
			assert_int_equal(group_median_fits(&w.shape, w.assigned,
					     m, w.x[m]),
			    free);
			w.x[m][j] = keep;
		}
	}
}

static void
test_shapes(void **state)
{
	struct group_median_shape s = {4, 1, 9, 24};

	(void)state;
	assert_int_equal(group_median_check(&s), 0);
	assert_int_equal(group_median_dim(&s), 9 * 25);
	assert_int_equal(group_median_model_dim(&s), 26);
	s.nparts = 1;
	assert_int_equal(group_median_check(&s), -EINVAL);
	s.nparts = GROUP_MEDIAN_MAX_PARTS;
	s.nangles = GROUP_MEDIAN_MAX_ANGLES; /* 266305 numbers */
	assert_int_equal(group_median_check(&s), -EINVAL);
	s.nangles = 0;
	assert_int_equal(group_median_check(&s), -EINVAL);
	s = (struct group_median_shape){2, 2, 9, 24};
	assert_int_equal(group_median_check(&s), -EINVAL);
	s = (struct group_median_shape){101, 2, 9, 24};
	assert_int_equal(group_median_check(&s), -EINVAL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_assignment),
	    cmocka_unit_test(test_liars),
	    cmocka_unit_test(test_too_many),
	    cmocka_unit_test(test_few),
	    cmocka_unit_test(test_extremes),
	    cmocka_unit_test(test_fits),
	    cmocka_unit_test(test_shapes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
