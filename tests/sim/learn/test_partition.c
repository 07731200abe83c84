/* Uneven shares: every row once, the promised unevenness, the same draws. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "sim/learn/partition.h"

#define NROWS 1200
#define NCLASSES 6
#define NNODES 5

static int32_t labels[NROWS];
static uint8_t seed[SPLIT_SEED_BYTES];
static int16_t owner[NROWS];

/* 200 rows a class, mixed; every tenth is held out. */
static struct split
make(uint8_t first)
{
	size_t i;

	seed[0] = first;
	for (i = 0; i < NROWS; i++) {
		labels[i] = (int32_t)(i * 7 % NCLASSES);
		owner[i] = i % 10 == 9 ? SPLIT_HELDOUT : SPLIT_FREE;
	}
	return (struct split){labels, NROWS, NCLASSES, seed};
}

static size_t
count(int who, int class)
{
	size_t i, n = 0;

	for (i = 0; i < NROWS; i++)
		n += owner[i] == who && (class < 0 || labels[i] == class);
	return n;
}

/* Held-out rows stayed so, every other one has a node. */
static void
check_whole(void)
{
	size_t i, n = 0;

	for (i = 0; i < NROWS; i++)
		assert_int_equal(owner[i] == SPLIT_HELDOUT, i % 10 == 9);
	for (i = 0; i < NNODES; i++) {
		assert_true(count((int)i, -1) > 0);
		n += count((int)i, -1);
	}
	assert_int_equal(n, NROWS - NROWS / 10);
}

static uint64_t
digest(void)
{
	uint64_t h = 14695981039346656037u;
	size_t i;

	for (i = 0; i < NROWS; i++)
		h = (h ^ (uint16_t)owner[i]) * 1099511628211u;
	return h;
}

static void
test_dirichlet(void **state)
{
	struct split s = make(1);
	uint64_t first;
	size_t c, i, most = 0;

	(void)state;
	assert_int_equal(partition_dirichlet(&s, NNODES, 0.1, owner), 0);
	check_whole();
	/* At alpha 0.1 somebody has most of a class. */
	for (c = 0; c < NCLASSES; c++)
		for (i = 0; i < NNODES; i++)
			if (count((int)i, (int)c) > most)
				most = count((int)i, (int)c);
	assert_true(most > 120);
	first = digest();
	/* The draws are part of what experiments are compared by. */
	assert_true(first == UINT64_C(0xe04570c3af82b262));
	s = make(1);
	assert_int_equal(partition_dirichlet(&s, NNODES, 0.1, owner), 0);
	assert_true(digest() == first);
	s = make(2);
	assert_int_equal(partition_dirichlet(&s, NNODES, 0.1, owner), 0);
	assert_true(digest() != first);
	/* At alpha 1000 nobody is far from a fifth of 180. */
	s = make(1);
	assert_int_equal(partition_dirichlet(&s, NNODES, 1000, owner), 0);
	for (c = 0; c < NCLASSES; c++)
		for (i = 0; i < NNODES; i++)
			assert_in_range(count((int)i, (int)c), 27, 45);
}

static void
test_quantity(void **state)
{
	struct split s = make(3);
	size_t i, most = 0, least = NROWS, n, big = 0;

	(void)state;
	assert_int_equal(partition_quantity(&s, NNODES, 0.3, owner), 0);
	check_whole();
	for (i = 0; i < NNODES; i++) {
		n = count((int)i, -1);
		if (n > most) {
			most = n;
			big = i;
		}
		if (n < least)
			least = n;
	}
	assert_true(most > 4 * least);
	/* Classes are mixed evenly in the big one. */
	for (i = 0; i < NCLASSES; i++)
		assert_in_range(count((int)big, (int)i),
		    most / NCLASSES * 6 / 10, most / NCLASSES * 14 / 10);
}

static size_t
classes_of(int node)
{
	size_t c, n = 0;

	for (c = 0; c < NCLASSES; c++)
		n += count(node, (int)c) > 0;
	return n;
}

static void
test_shards(void **state)
{
	struct split s = make(4);
	size_t i;

	(void)state;
	assert_int_equal(partition_shards(&s, NNODES, 2, owner), 0);
	check_whole();
	for (i = 0; i < NNODES; i++) {
		assert_int_equal(count((int)i, -1), 1080 / NNODES);
		/* A shard of 108 rows spans two classes of 180 at most. */
		assert_in_range(classes_of((int)i), 1, 4);
	}
	s = make(4);
	assert_int_equal(partition_shards(&s, NNODES, 0, owner), -EINVAL);
	assert_int_equal(partition_shards(&s, 0, 2, owner), -EINVAL);
}

static void
test_labels(void **state)
{
	struct split s = make(5);
	size_t i;

	(void)state;
	assert_int_equal(partition_labels(&s, NNODES, 2, owner), 0);
	check_whole();
	for (i = 0; i < NNODES; i++)
		assert_int_equal(classes_of((int)i), 2);
	s = make(5);
	assert_int_equal(partition_labels(&s, NNODES, NCLASSES, owner), 0);
	check_whole();
	for (i = 0; i < NNODES; i++)
		assert_int_equal(classes_of((int)i), NCLASSES);
	/* Five nodes of one class leave the sixth without one. */
	s = make(5);
	assert_int_equal(partition_labels(&s, NNODES, 1, owner), -EINVAL);
	assert_int_equal(partition_labels(&s, NNODES, 7, owner), -EINVAL);
}

static void
test_refused(void **state)
{
	struct split s = make(6);

	(void)state;
	assert_int_equal(partition_dirichlet(&s, NNODES, 0, owner), -EINVAL);
	assert_int_equal(partition_dirichlet(&s, NNODES, 2000, owner), -EINVAL);
	labels[7] = NCLASSES;
	assert_int_equal(partition_dirichlet(&s, NNODES, 1, owner), -EINVAL);
	s = make(6);
	s.n = 3; /* of which no five can have one */
	assert_int_equal(partition_dirichlet(&s, NNODES, 1, owner), -ERANGE);
}

/* As quantum-fed-infer: node i holds (i + j) mod 8, j < c. */
static void
test_ring(void **state)
{
	size_t node, j, class, n;

	(void)state;
	for (node = 0; node < 7; node++) {
		for (j = 0; j < 3; j++)
			assert_true(partition_ring(node, (node + j) % 8, 8, 3));
		for (class = 0, n = 0; class < 8; class ++)
			n += partition_ring(node, class, 8, 3);
		assert_int_equal(n, 3);
	}
	assert_true(partition_ring(9, 1, 8, 1));
	assert_true(partition_ring(2, 1, 8, 8));
}

static void
test_validation(void **state)
{
	struct split s = make(7);
	size_t c;

	(void)state;
	assert_int_equal(split_heldout(&s, 20, owner), 0);
	assert_int_equal(split_validation(&s, 25, owner), 0);
	for (c = 0; c < NCLASSES; c++) {
		assert_int_equal(count(SPLIT_HELDOUT, (int)c), 40);
		assert_int_equal(count(SPLIT_VALIDATION, (int)c), 40);
		assert_int_equal(count(SPLIT_FREE, (int)c), 120);
	}
	assert_int_equal(partition_dirichlet(&s, NNODES, 1, owner), 0);
	assert_int_equal(count(SPLIT_VALIDATION, -1), 240);
	assert_int_equal(count(SPLIT_FREE, -1), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_dirichlet),
	    cmocka_unit_test(test_quantity),
	    cmocka_unit_test(test_shards),
	    cmocka_unit_test(test_labels),
	    cmocka_unit_test(test_refused),
	    cmocka_unit_test(test_ring),
	    cmocka_unit_test(test_validation),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
