/* What a person reads: spans, sizes, curves, tables; and qmlctl's words. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/cli/ctl.h"
#include "daemon/cli/ctl_text.h"

static void
test_quantities(void **state)
{
	static const struct {
		int64_t ms;
		const char *want;
	} spans[] = {{-5, "0 ms"}, {0, "0 ms"}, {999, "999 ms"},
	    {1000, "1.0 s"}, {59999, "59.9 s"}, {60000, "1 min 0 s"},
	    {3599999, "59 min 59 s"}, {3600000, "1 h 0 min"},
	    {86399999, "23 h 59 min"}, {273600000, "3 d 4 h"}};
	static const struct {
		int64_t bytes;
		const char *want;
	} sizes[] = {{0, "0 B"}, {999, "999 B"}, {1000, "1.0 kB"},
	    {999949, "999.9 kB"}, {999950, "1.0 MB"}, {7487488, "7.5 MB"},
	    {4000000000000000, "4000.0 TB"}};
	char out[CTL_TEXT_LEN];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(spans) / sizeof(spans[0]); i++)
		assert_string_equal(ctl_text_span(spans[i].ms, out),
		    spans[i].want);
	for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
		assert_string_equal(ctl_text_bytes(sizes[i].bytes, out),
		    sizes[i].want);
	assert_string_equal(ctl_text_id("qn1", out), "qn1");
	assert_string_equal(ctl_text_id("qn1abcdefghijkl", out),
	    "qn1abcdefghi...");
}

static void
test_curve(void **state)
{
	const double v[] = {1, 0.5, 0, 0.75};
	const double flat[] = {2, 2};
	char out[64];

	(void)state;
	ctl_text_spark(v, 4, out, sizeof(out));
	assert_string_equal(out, "█▅▁▆");
	ctl_text_spark(flat, 2, out, sizeof(out));
	assert_string_equal(out, "▁▁");
	ctl_text_spark(v, 4, out, 7); /* room for the last two */
	assert_string_equal(out, "▁█");
	ctl_text_spark(v, 0, out, sizeof(out));
	assert_string_equal(out, "");
	assert_int_equal(ctl_text_width("▁█a"), 3);
}

/* No byte of a message may steer the terminal. */
static void
test_clean(void **state)
{
	char out[16];

	(void)state;
	assert_string_equal(ctl_text_clean("a\x1b[2J\n\x7f", out, 16),
	    "a?[2J??");
	assert_string_equal(ctl_text_clean("\xc2\x9b"
					   "2J",
				out, 16),
	    "?2J");
	/* Nor turn the text behind it around: U+202E, U+2066 and its end. */
	assert_string_equal(ctl_text_clean("a\xe2\x80\xae"
					   "b\xe2\x81\xa6"
					   "c\xe2\x81\xa9",
				out, 16),
	    "a?b?c?");
	assert_string_equal(ctl_text_clean("\xc3\xa9\xe2\x96\x81", out, 16),
	    "\xc3\xa9\xe2\x96\x81");
	assert_string_equal(ctl_text_clean("abcdef", out, 4), "abc");
}

static void
test_table(void **state)
{
	static const char *const titles[] = {"NAME", ">N", "NOTE"};
	static const char *const rows[][3] = {{"a", "1", ""},
	    {"longer", "100", "x"}, {"▁", "7", "last"}};
	struct ctl_table t;
	char *text = NULL;
	size_t len, i;
	FILE *f = open_memstream(&text, &len);

	(void)state;
	assert_non_null(f);
	ctl_table_init(&t, titles, 3);
	for (i = 0; i < 3; i++)
		ctl_table_add(&t, rows[i]);
	assert_int_equal(ctl_table_print(&t, f), 0);
	ctl_table_close(&t);
	fclose(f);
	assert_string_equal(text,
	    "NAME      N  NOTE\n"
	    "a         1\n"
	    "longer  100  x\n"
	    "▁         7  last\n");
	free(text);
}

static void
arranged(const char *const *in, const char *const *want)
{
	char *argv[8];
	int argc = 0, i;
	char **out;

	for (; in[argc] != NULL; argc++)
		argv[argc] = (char *)(uintptr_t)in[argc];
	out = ctl_arrange(&argc, argv);
	for (i = 0; i < argc; i++)
		assert_string_equal(out[i], want[i]);
	assert_null(want[argc]);
	free(out);
}

static void
test_words(void **state)
{
	static const char *const in[][8] = {{"q", NULL}, {"q", "--json", NULL},
	    {"q", "--home", "peers", "peers", "--json", NULL},
	    {"q", "--json", "--timeout=3", "round", "3", NULL},
	    {"q", "--help", NULL}, {"q", "--home", NULL},
	    {"q", "-V", "peers", NULL}};
	static const char *const want[][8] = {{"q", "status", NULL},
	    {"q", "status", "--json", NULL},
	    {"q", "peers", "--home", "peers", "--json", NULL},
	    {"q", "round", "--json", "--timeout=3", "3", NULL},
	    {"q", "--help", NULL}, {"q", "status", "--home", NULL},
	    {"q", "-V", "peers", NULL}};
	uint64_t n;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(in) / sizeof(in[0]); i++)
		arranged(in[i], want[i]);
	assert_true(ctl_number("0", &n) && n == 0);
	assert_true(ctl_number("9223372036854775807", &n) && n == INT64_MAX);
	assert_false(ctl_number("9223372036854775808", &n));
	assert_false(ctl_number("99999999999999999999", &n));
	assert_false(ctl_number("", &n));
	assert_false(ctl_number("-1", &n));
	assert_false(ctl_number(" 1", &n));
	assert_false(ctl_number("1x", &n));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_quantities),
	    cmocka_unit_test(test_curve),
	    cmocka_unit_test(test_clean),
	    cmocka_unit_test(test_table),
	    cmocka_unit_test(test_words),
	};

	return cmocka_run_group_tests_name("ctl_text", tests, NULL, NULL);
}
