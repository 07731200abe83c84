/*
 * test_redial.c - a member that was away for long is dialed again soon.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "daemon/node/link.h"
#include "daemon/node/redial.h"

static const struct link_timing timing = {.retry = 200, .retry_max = 5000};

static void
test_capped_at_five_seconds(void **state)
{
	const uint32_t randoms[] = {0, 1, 4999, 5000, 5001, UINT32_MAX};

	(void)state;
	for (unsigned k = 0; k < 100000; k = k < 40 ? k + 1 : 3 * k)
		for (size_t i = 0; i < 6; i++)
			for (int yields = 0; yields < 2; yields++) {
				uint32_t p = redial_pause(&timing, k,
				    randoms[i], yields != 0);

				assert_in_range(p, 1, 5000);
			}
	/* UINT32_MAX attempts: no shift beyond the width. */
	assert_in_range(redial_pause(&timing, UINT32_MAX, 7, true), 1, 5000);
}

/* Each doubles what the next pause may be, from 0.2 s on. */
static void
test_grows(void **state)
{
	const uint32_t most[] = {201, 401, 801, 1601, 3201, 5000, 5000};

	(void)state;
	for (unsigned k = 0; k < 7; k++) {
		uint32_t longest = 0;

		for (uint32_t r = 0; r < 6000; r++) {
			uint32_t p = redial_pause(&timing, k, r, false);

			longest = p > longest ? p : longest;
		}
		assert_int_equal(longest, most[k]);
	}
}

/* Who has the larger index waits longer, so that one of two links is not made
 * to be thrown away. */
static void
test_yields(void **state)
{
	(void)state;
	for (uint32_t r = 0; r < 200; r++)
		assert_int_equal(redial_pause(&timing, 0, r, true),
		    redial_pause(&timing, 0, r, false) + REDIAL_YIELD_MS);
}

/* Ten minutes of partition in virtual time, healed at any moment. */
static void
test_partition(void **state)
{
	uint32_t random = 1;

	(void)state;
	for (unsigned run = 0; run < 1000; run++) {
		const uint64_t heal = 600000 + run * 7;
		uint64_t now = 0;
		unsigned attempts = 0;

		while (now < heal) {
			random = random * 1664525u + 1013904223u;
			now += redial_pause(&timing, attempts++, random >> 4,
			    run % 2 != 0);
		}
		assert_true(now - heal < 5000);
		/* Dialing without pause would be no back-off. */
		assert_in_range(attempts, 120, 600);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_capped_at_five_seconds),
	    cmocka_unit_test(test_grows),
	    cmocka_unit_test(test_yields),
	    cmocka_unit_test(test_partition),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
