/* What goes wrong, in words: nothing is left in memory by saying it. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>
#include <uv.h>

#include "daemon/node/link.h"
#include "daemon/node/log.h"

static unsigned asked;

static void *
counted_malloc(size_t n)
{
	asked++;
	return malloc(n);
}

static void *
counted_calloc(size_t n, size_t size)
{
	asked++;
	return calloc(n, size);
}

static void *
counted_realloc(void *p, size_t n)
{
	asked++;
	return realloc(p, n);
}

static void
words(void **state)
{
	(void)state;
	assert_string_equal(log_why(-ENOENT), "no such file or directory");
	assert_string_equal(log_why(UV_EOF), "end of file");
	assert_string_equal(log_why(-EBADMSG), "Bad message");
	assert_string_equal(log_why(-4999), "Unknown system error -4999");
	assert_int_equal(asked, 0);
}

/* Whoever looks at its peers often enough asked for one of these each time. */
static void
reasons(void **state)
{
	(void)state;
	for (int e = 0; e < 200; e++)
		assert_true(link_reason(-e)[0] != '\0');
	assert_int_equal(asked, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(words),
	    cmocka_unit_test(reasons),
	};

	if (uv_replace_allocator(counted_malloc, counted_realloc,
		counted_calloc, free) != 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
