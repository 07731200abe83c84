/* Command lines: options, positional words, nearest words, exit codes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "daemon/cli/cli.h"

static const char *home, *name;
static bool json;
static const struct cli_option options[] = {{"home", &home, NULL},
    {"name", &name, NULL}, {"json", NULL, &json}};
static const struct cli_options table = {options, 3, "usage: x\n", 2};

static int
parse(int *argc, char **argv)
{
	home = name = NULL;
	json = false;
	for (*argc = 0; argv[*argc] != NULL; (*argc)++)
		continue;
	return cli_parse(&table, argc, argv);
}

static void
test_options(void **state)
{
	char *a[] = {"cmd", "one", "--home", "/h", "--json", "two",
	    "--name=n=1", NULL};
	char *b[] = {"cmd", "--", "--home", "x", NULL};
	int argc;

	(void)state;
	assert_int_equal(parse(&argc, a), CLI_OK);
	assert_int_equal(argc, 3);
	assert_string_equal(a[1], "one");
	assert_string_equal(a[2], "two");
	assert_string_equal(home, "/h");
	assert_string_equal(name, "n=1");
	assert_true(json);
	assert_int_equal(parse(&argc, b), CLI_OK);
	assert_int_equal(argc, 3);
	assert_string_equal(b[1], "--home");
	assert_null(home);
}

static void
test_mistakes(void **state)
{
	char *lines[][5] = {{"cmd", "--hom", "x", NULL},
	    {"cmd", "--home", NULL}, {"cmd", "--json=1", NULL},
	    {"cmd", "a", "b", "c", NULL}, {"cmd", "--", "a", "b", NULL},
	    {"cmd", "--help", NULL}};
	static const int want[] = {CLI_USAGE, CLI_USAGE, CLI_USAGE, CLI_USAGE,
	    CLI_OK, -1};
	size_t i;
	int argc;

	(void)state;
	for (i = 0; i < 6; i++)
		assert_int_equal(parse(&argc, lines[i]), want[i]);
}

static int
run_it(int argc, char **argv)
{
	return argc == 2 && strcmp(argv[1], "word") == 0 ? 42 : 43;
}

static void
test_dispatch(void **state)
{
	static const struct cli_command commands[] = {{"status", run_it,
							  "what it does"},
	    {"secret", run_it, NULL}};
	const struct cli_program p = {"prog", "what", commands, 2};
	char *good[] = {"prog", "status", "word", NULL};
	char *hidden[] = {"prog", "secret", "word", NULL};
	char *near[] = {"prog", "statsu", NULL}, *none[] = {"prog", NULL};
	char *help[] = {"prog", "help", NULL};
	char *version[] = {"prog", "--version", NULL};

	(void)state;
	assert_int_equal(cli_dispatch(&p, 3, good), 42);
	assert_int_equal(cli_dispatch(&p, 3, hidden), 42);
	assert_int_equal(cli_dispatch(&p, 2, near), CLI_USAGE);
	assert_int_equal(cli_dispatch(&p, 1, none), CLI_USAGE);
	assert_int_equal(cli_dispatch(&p, 2, help), CLI_OK);
	assert_int_equal(cli_dispatch(&p, 2, version), CLI_OK);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_options),
	    cmocka_unit_test(test_mistakes),
	    cmocka_unit_test(test_dispatch),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
