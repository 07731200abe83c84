/* Who gets which row. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "sim/learn/split.h"

#define NROWS 1003
#define NCLASSES 10

static int32_t labels[NROWS];
static uint8_t seed[SPLIT_SEED_BYTES];

static struct split
make(void)
{
	size_t i;

	for (i = 0; i < NROWS; i++)
		labels[i] = (int32_t)(i * i % 1009 % NCLASSES);
	return (struct split){labels, NROWS, NCLASSES, seed};
}

static size_t
count(const int16_t *owner, int who, int class)
{
	size_t i, n = 0;

	for (i = 0; i < NROWS; i++)
		n += owner[i] == who && (class < 0 || labels[i] == class);
	return n;
}

static size_t
class_size(int class)
{
	size_t i, n = 0;

	for (i = 0; i < NROWS; i++)
		n += labels[i] == class;
	return n;
}

static void
test_heldout(void **state)
{
	struct split s = make();
	int16_t owner[NROWS];
	int c;

	(void)state;
	assert_int_equal(split_heldout(&s, 20, owner), 0);
	for (c = 0; c < NCLASSES; c++)
		assert_int_equal(count(owner, SPLIT_HELDOUT, c),
		    class_size(c) * 20 / 100);
	assert_int_equal(count(owner, SPLIT_FREE, -1) +
		count(owner, SPLIT_HELDOUT, -1),
	    NROWS);
	assert_int_equal(split_heldout(&s, 0, owner), 0);
	assert_int_equal(count(owner, SPLIT_FREE, -1), NROWS);
	assert_int_equal(split_heldout(&s, 100, owner), -EINVAL);
}

static void
test_iid(void **state)
{
	int16_t owner[NROWS], was[NROWS];
	struct split s = make();
	size_t least = NROWS, most = 0, n;
	int k;

	(void)state;
	assert_int_equal(split_heldout(&s, 20, owner), 0);
	memcpy(was, owner, sizeof(was));
	assert_int_equal(split_iid(&s, 7, owner), 0);
	for (k = 0; k < 7; k++) {
		n = count(owner, k, -1);
		least = n < least ? n : least;
		most = n > most ? n : most;
	}
	assert_true(most - least <= 1);
	assert_int_equal(count(owner, SPLIT_FREE, -1), 0);
	for (k = 0; k < NROWS; k++)
		assert_true(
		    (owner[k] == SPLIT_HELDOUT) == (was[k] == SPLIT_HELDOUT));
}

static void
test_label_skew(void **state)
{
	int homes[4] = {0}, c, k, home;
	struct split s = make();
	int16_t owner[NROWS];
	size_t n, mine;

	(void)state;
	assert_int_equal(split_heldout(&s, 20, owner), 0);
	assert_int_equal(split_label_skew(&s, 4, 95, owner), 0);
	assert_int_equal(count(owner, SPLIT_FREE, -1), 0);
	for (c = 0; c < NCLASSES; c++) {
		n = class_size(c) - count(owner, SPLIT_HELDOUT, c);
		for (home = -1, k = 0; k < 4; k++) {
			mine = count(owner, k, c);
			if (2 * mine > n) {
				home = k;
				assert_int_equal(mine, n * 95 / 100);
			} else {
				assert_true(mine <= (n - n * 95 / 100) / 3 + 1);
			}
		}
		assert_in_range(home, 0, 3);
		homes[home]++;
	}
	for (k = 0; k < 4; k++)
		assert_in_range(homes[k], 2, 3);
}

/* More nodes than classes: each node is home to one class, none is empty. */
static void
test_more_nodes_than_classes(void **state)
{
	struct split s = make();
	int16_t owner[NROWS];
	int k, c, mostly;
	size_t i;

	(void)state;
	for (i = 0; i < NROWS; i++)
		labels[i] = (int32_t)(i % 3);
	s.nclasses = 3;
	assert_int_equal(split_heldout(&s, 0, owner), 0);
	assert_int_equal(split_label_skew(&s, 7, 90, owner), 0);
	for (k = 0; k < 7; k++) {
		for (mostly = 0, c = 0; c < 3; c++)
			mostly += 2 * count(owner, k, c) > count(owner, k, -1);
		assert_int_equal(mostly, 1);
	}
}

static void
test_seeds(void **state)
{
	int16_t a[NROWS], b[NROWS];
	struct split s = make();
	size_t i, same = 0;

	(void)state;
	assert_int_equal(split_heldout(&s, 20, a), 0);
	assert_int_equal(split_label_skew(&s, 4, 95, a), 0);
	assert_int_equal(split_heldout(&s, 20, b), 0);
	assert_int_equal(split_label_skew(&s, 4, 95, b), 0);
	assert_memory_equal(a, b, sizeof(a));
	seed[0]++;
	assert_int_equal(split_heldout(&s, 20, b), 0);
	assert_int_equal(split_label_skew(&s, 4, 95, b), 0);
	for (i = 0; i < NROWS; i++)
		same += a[i] == b[i];
	assert_true(same < NROWS / 2);
	seed[0]--;
}

static void
test_refused(void **state)
{
	struct split s = make();
	int16_t owner[NROWS];

	(void)state;
	assert_int_equal(split_heldout(&s, 10, owner), 0);
	assert_int_equal(split_iid(&s, 0, owner), -EINVAL);
	assert_int_equal(split_label_skew(&s, 4, 101, owner), -EINVAL);
	labels[5] = NCLASSES;
	assert_int_equal(split_iid(&s, 4, owner), -EINVAL);
	labels[5] = -1;
	assert_int_equal(split_heldout(&s, 10, owner), -EINVAL);
}

static void
test_rows(void **state)
{
	const int16_t owner[6] = {1, 0, SPLIT_HELDOUT, 1, SPLIT_HELDOUT, 2};
	uint32_t rows[6];

	(void)state;
	assert_int_equal(split_rows(owner, 6, 1, rows), 2);
	assert_true(rows[0] == 0 && rows[1] == 3);
	assert_int_equal(split_rows(owner, 6, SPLIT_HELDOUT, rows), 2);
	assert_true(rows[0] == 2 && rows[1] == 4);
	assert_int_equal(split_rows(owner, 6, 9, rows), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_heldout),
	    cmocka_unit_test(test_iid),
	    cmocka_unit_test(test_label_skew),
	    cmocka_unit_test(test_more_nodes_than_classes),
	    cmocka_unit_test(test_seeds),
	    cmocka_unit_test(test_refused),
	    cmocka_unit_test(test_rows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
