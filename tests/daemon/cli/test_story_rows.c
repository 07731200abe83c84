/* Guesses beside the labels of their rows. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "daemon/cli/story_rows.h"

static char csv[] = "/tmp/test-story-csv-XXXXXX";
static char said[] = "/tmp/test-story-said-XXXXXX";
static struct story_score n;

static void
put(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
}

static int
score(const char *rows, const char *guesses)
{
	put(csv, rows);
	put(said, guesses);
	return story_rows_score(csv, said, &n);
}

static void
test_counts(void **state)
{
	(void)state;
	assert_int_equal(score("a,y\n0.5,1\n0.2,0\n0.1,1\n9,1\n",
			     "row,y\n1,1\n2,1\n3,0\n4,1\n"),
	    0);
	assert_int_equal(n.rows, 4);
	assert_int_equal(n.right, 2);
	assert_int_equal(n.commonest, 3);
	/* Without a line's end at the end. */
	assert_int_equal(score("a,y\n0,0", "row,y\n1,0"), 0);
	assert_int_equal(n.rows, 1);
	assert_int_equal(n.right, 1);
}

static void
test_refusals(void **state)
{
	static const char *const pairs[][2] = {
	    {"a,y\n0,0\n1,1\n", "row,y\n1,0\n"},
	    {"a,y\n0,0\n", "row,y\n1,0\n2,0\n"},
	    {"a,y\n0,x\n", "row,y\n1,0\n"},
	    {"a,y\n0,0\n", "row,y\n1,\n"},
	    {"a,y\n", "row,y\n"},
	    {"", ""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++)
		assert_int_equal(score(pairs[i][0], pairs[i][1]), -EINVAL);
	assert_int_equal(story_rows_score("/nonexistent/x", said, &n), -ENOENT);
	assert_int_equal(story_rows_score(csv, "/nonexistent/x", &n), -ENOENT);
}

static int
make_files(void **state)
{
	int a = mkstemp(csv), b = mkstemp(said);

	(void)state;
	return a < 0 || b < 0 || close(a) != 0 || close(b) != 0;
}

static int
drop_files(void **state)
{
	(void)state;
	return unlink(csv) != 0 || unlink(said) != 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_counts),
	    cmocka_unit_test(test_refusals),
	};

	return cmocka_run_group_tests(tests, make_files, drop_files);
}
