/*
 * test_nocore.c - a process that holds a key leaves no core file.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <sys/prctl.h>
#include <sys/resource.h>

#include <cmocka.h>

#include "daemon/cli/nocore.h"

static void
test_no_core_no_debugger(void **state)
{
	struct rlimit r = {1, 1};

	(void)state;
	assert_int_equal(prctl(PR_GET_DUMPABLE, 0, 0, 0, 0), 1);
	assert_int_equal(nocore_set(), 0);
	assert_int_equal(prctl(PR_GET_DUMPABLE, 0, 0, 0, 0), 0);
	assert_int_equal(getrlimit(RLIMIT_CORE, &r), 0);
	assert_int_equal(r.rlim_cur, 0);
	assert_int_equal(r.rlim_max, 0);
	assert_int_equal(nocore_set(), 0); /* again is no error */
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_no_core_no_debugger),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
