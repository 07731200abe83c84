#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "daemon/trainer/csv.h"

/* Records as text: fields in <>, lines in front. */
struct log {
	char text[4096];
	size_t len;
	int stop_after; /* records; 0: never */
};

static int
on_record(void *arg, const struct csv_record *r)
{
	struct log *l = arg;
	size_t i;

	l->len += (size_t)snprintf(l->text + l->len, sizeof(l->text) - l->len,
	    "%u:", (unsigned)r->line);
	for (i = 0; i < r->nfields; i++)
		l->len += (size_t)snprintf(l->text + l->len,
		    sizeof(l->text) - l->len, "<%s>", r->fields[i]);
	return l->stop_after > 0 && --l->stop_after == 0;
}

/* In pieces of the given size. */
static enum csv_verdict
read_text(const char *text, size_t piece, struct log *l, uint64_t *line)
{
	size_t at = 0, n, len = strlen(text);
	enum csv_verdict v;
	struct csv c;

	assert_int_equal(csv_init(&c, on_record, l), 0);
	while (at < len) {
		n = len - at < piece ? len - at : piece;
		csv_feed(&c, text + at, n);
		at += n;
	}
	v = csv_end(&c);
	*line = c.line;
	csv_close(&c);
	return v;
}

static void
expect(const char *text, enum csv_verdict verdict, const char *records)
{
	size_t piece;
	uint64_t line;

	for (piece = 1; piece < 9; piece++) {
		struct log l = {.len = 0};

		assert_int_equal(read_text(text, piece, &l, &line), verdict);
		assert_string_equal(l.text, records);
	}
}

static void
test_records(void **state)
{
	(void)state;
	expect("", CSV_OK, "");
	expect("a,b\n1,2\n", CSV_OK, "1:<a><b>2:<1><2>");
	expect("a,b\n1,2", CSV_OK, "1:<a><b>2:<1><2>");
	expect("a,b\r\n1,2\r\n", CSV_OK, "1:<a><b>2:<1><2>");
	expect("a,b\r\n1,2\r", CSV_OK, "1:<a><b>2:<1><2>");
	expect("\xef\xbb\xbf"
	       "a,b\n",
	    CSV_OK, "1:<a><b>");
	expect(" a ,\tb\t\n1,,\n", CSV_OK, "1:<a><b>2:<1><><>");
	expect("a\n1\n\n\n", CSV_OK, "1:<a>2:<1>");
	expect("a b,c\n", CSV_OK, "1:<a b><c>");
}

static void
test_quotes(void **state)
{
	(void)state;
	expect("\"a\",\"b,c\"\n", CSV_OK, "1:<a><b,c>");
	expect("\"a\"\"b\",\" c \"\r\n", CSV_OK, "1:<a\"b>< c >");
	expect("\"a\nb\",c\nd,e\n", CSV_OK, "1:<a\nb><c>3:<d><e>");
	expect(" \"a\" ,b\n", CSV_OK, "1:<a><b>");
	expect("\"\"\n", CSV_OK, "1:<>");
	expect("a\"b\n", CSV_BAD_QUOTE, "");
	expect("\"a\"b\n", CSV_BAD_QUOTE, "");
	expect("\"a\" \"b\"\n", CSV_BAD_QUOTE, "");
	expect("x\n\"a\n", CSV_OPEN_QUOTE, "1:<x>");
}

static void
test_refusals_name_the_line(void **state)
{
	struct log l = {.len = 0};
	uint64_t line;

	(void)state;
	assert_int_equal(read_text("a\n1\n\n2\n", 3, &l, &line),
	    CSV_BLANK_LINE);
	assert_int_equal(line, 3);
	l.len = 0;
	assert_int_equal(read_text("a\n1\nb\x01\n", 3, &l, &line),
	    CSV_CONTROL_BYTE);
	assert_int_equal(line, 3);
	expect("a\rb\n", CSV_CONTROL_BYTE, "");
	expect("\xef\xbb"
	       "a\n",
	    CSV_CONTROL_BYTE, "");
	l.len = 0;
	l.stop_after = 2;
	assert_int_equal(read_text("a\nb\nc\n", 99, &l, &line), CSV_STOPPED);
	assert_string_equal(l.text, "1:<a>2:<b>");
}

static int
count(void *arg, const struct csv_record *r)
{
	*(size_t *)arg = r->nfields;
	return 0;
}

/* n times the unit, then a line end. */
static enum csv_verdict
read_long(const char *unit, size_t n, size_t *nfields)
{
	enum csv_verdict v;
	struct csv c;
	size_t i;

	assert_int_equal(csv_init(&c, count, nfields), 0);
	for (i = 0; i < n; i++)
		csv_feed(&c, unit, strlen(unit));
	csv_feed(&c, "\n", 1);
	v = csv_end(&c);
	csv_close(&c);
	return v;
}

static void
test_limits(void **state)
{
	size_t n = 0;

	(void)state;
	assert_int_equal(read_long("x", CSV_FIELD_BYTES_MAX, &n), CSV_OK);
	assert_int_equal(read_long("x", CSV_FIELD_BYTES_MAX + 1, &n),
	    CSV_FIELD_TOO_LONG);
	assert_int_equal(read_long("1,", CSV_FIELDS_MAX - 1, &n), CSV_OK);
	assert_int_equal(n, CSV_FIELDS_MAX);
	assert_int_equal(read_long("1,", CSV_FIELDS_MAX, &n),
	    CSV_TOO_MANY_FIELDS);
	assert_int_equal(read_long("0123456789012345678901234567890123456789"
				   "0123456789012345678901234567890123456789,",
			     4000, &n),
	    CSV_RECORD_TOO_LONG);
}

static void
test_numbers(void **state)
{
	static const struct {
		const char *text;
		double v;
	} good[] = {
	    {"0", 0},
	    {"-0", 0},
	    {"1", 1},
	    {"+1.5", 1.5},
	    {".5", 0.5},
	    {"5.", 5},
	    {"-2e3", -2000},
	    {"1E-2", 0.01},
	    {"1e+2", 100},
	    {"0.1", 0.1},
	    {"1e-400", 0},
	};
	static const char *const bad[] = {"1,5", "0x10", "1e", "e1", ".", "+",
	    "1 2", "--1", "1.2.3", "12abc", "1e1.5", "infinite", "1_000"};
	static const char *const wild[] = {"nan", "NaN", "-nan", "inf", "-Inf",
	    "infinity", "1e999", "NA", "null", "?"};
	double v = 7;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		assert_int_equal(csv_parse_number(good[i].text, &v),
		    CSV_NUMBER_OK);
		assert_memory_equal(&v, &good[i].v, sizeof(v));
	}
	v = 7;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(csv_parse_number(bad[i], &v), CSV_NUMBER_BAD);
	for (i = 0; i < sizeof(wild) / sizeof(wild[0]); i++)
		assert_int_equal(csv_parse_number(wild[i], &v),
		    CSV_NUMBER_NOT_FINITE);
	assert_int_equal(csv_parse_number("", &v), CSV_NUMBER_EMPTY);
	assert_true(v == 7);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_records),
	    cmocka_unit_test(test_quotes),
	    cmocka_unit_test(test_refusals_name_the_line),
	    cmocka_unit_test(test_limits),
	    cmocka_unit_test(test_numbers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
