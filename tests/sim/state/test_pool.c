/* Each block runs once, by a worker that exists, whatever the threads. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "sim/state/pool.h"

#define NBLOCKS 1000

struct tally {
	atomic_int seen[NBLOCKS];
	atomic_int inside[POOL_MAX_THREADS];
	atomic_int wrong;
	size_t nthreads;
};

static void
count(void *arg, size_t worker, size_t block)
{
	struct tally *t = arg;

	if (worker >= t->nthreads || block >= NBLOCKS) {
		atomic_fetch_add(&t->wrong, 1);
		return;
	}
	if (atomic_fetch_add(&t->inside[worker], 1) != 0)
		atomic_fetch_add(&t->wrong, 1);
	atomic_fetch_add(&t->seen[block], 1);
	atomic_fetch_sub(&t->inside[worker], 1);
}

static void
check_threads(size_t nthreads)
{
	static struct tally t;
	struct pool *p;
	size_t i, run;

	memset(&t, 0, sizeof(t));
	t.nthreads = nthreads;
	assert_int_equal(pool_new(&p, nthreads), 0);
	assert_int_equal(pool_threads(p), nthreads);
	for (run = 0; run < 50; run++)
		pool_run(p, NBLOCKS, count, &t);
	pool_run(p, 0, count, &t);
	pool_free(p);
	assert_int_equal(atomic_load(&t.wrong), 0);
	for (i = 0; i < NBLOCKS; i++)
		assert_int_equal(atomic_load(&t.seen[i]), 50);
}

static void
test_once_each(void **state)
{
	(void)state;
	check_threads(1);
	check_threads(2);
	check_threads(3);
	check_threads(16);
}

static void
test_limits(void **state)
{
	struct pool *p;

	(void)state;
	assert_int_equal(pool_new(&p, 0), -EINVAL);
	assert_null(p);
	assert_int_equal(pool_new(&p, POOL_MAX_THREADS + 1), -EINVAL);
	pool_free(NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_once_each),
	    cmocka_unit_test(test_limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
