/*
 * Seeds through the swarm. One seed again, e.g. after a failure:
 *   QML_TEST_SEED=1234 test_swarm
 *
 * What catches which bug (each was tried): a send before PERSISTED: the
 * oracle's check_durable, within the first seeds; a lock that is not restored
 * or that nil opens: check_lock_rule, later agreement; >= for > in
 * the quorum: check_precommit; a proposal built anew after a restart or
 * a vote that differs: check_signed_once; no FETCH, no second ballots, no
 * valid value or no L55: "no end".
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "swarm.h"

static struct swarm swarm;

static uint64_t
nseeds(uint64_t normal)
{
	return getenv("QML_TEST_LONG") != NULL ? 50 * normal : normal;
}

static void
run_seeds(unsigned n, uint64_t count)
{
	const char *only = getenv("QML_TEST_SEED");
	struct swarm *s = &swarm;

	s->steps = s->crashes = s->restored = s->conflicts = 0;
	s->max_round = s->evidence = 0;
	for (uint64_t seed = 0; seed < count; seed++) {
		if (only != NULL)
			seed = strtoull(only, NULL, 10);
		swarm_run(s, seed, n);
		if (only != NULL)
			return;
	}
	printf("n %u: %llu seeds, %llu steps, %llu crashes, %llu records "
	       "restored, %llu conflicts, %llu evidence, round %llu\n",
	    n, (unsigned long long)count, (unsigned long long)s->steps,
	    (unsigned long long)s->crashes, (unsigned long long)s->restored,
	    (unsigned long long)s->conflicts, (unsigned long long)s->evidence,
	    (unsigned long long)s->max_round);
	/* A swarm in which nothing goes wrong tests nothing. */
	assert_true(s->crashes > 0 && s->restored > 0 && s->max_round > 0);
	if (n >= 4)
		assert_true(s->conflicts > 0 && s->evidence > 0);
}

static void
one_alone(void **state)
{
	(void)state;
	run_seeds(1, nseeds(50));
}

static void
two_and_three(void **state)
{
	(void)state;
	run_seeds(2, nseeds(50));
	run_seeds(3, nseeds(50));
}

static void
four(void **state)
{
	(void)state;
	run_seeds(4, nseeds(400));
}

static void
seven(void **state)
{
	(void)state;
	run_seeds(7, nseeds(150));
}

static int
release(void **state)
{
	(void)state;
	swarm_free(&swarm);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(one_alone),
	    cmocka_unit_test(two_and_three),
	    cmocka_unit_test(four),
	    cmocka_unit_test(seven),
	};

	return cmocka_run_group_tests(tests, NULL, release);
}
