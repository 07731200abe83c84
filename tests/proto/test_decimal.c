/* Decimals against strtod, their canonical text, and what is refused. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "proto/decimal.h"
#include "proto/q24.h"

static uint64_t seed = 7;

static uint64_t
next(void)
{
	uint64_t z = (seed += 0x9e3779b97f4a7c15u);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

static struct decimal
parse(const char *text)
{
	struct decimal d = {99, 99};

	if (decimal_parse(text, &d) != 0)
		fail_msg("'%s' was refused", text);
	return d;
}

static void
test_text(void **state)
{
	static const char *const cases[][2] = {
	    {"0", "0"},
	    {"-0", "0"},
	    {"+0.000", "0"},
	    {"0e99", "0"},
	    {"16", "16"},
	    {"16.000", "16"},
	    {"0016", "16"},
	    {"0.02", "0.02"},
	    {"2e-2", "0.02"},
	    {"-1.5E+1", "-15"},
	    {"1.5e-9", "1.5e-9"},
	    {"0.0000015", "0.0000015"},
	    {"0.00000015", "1.5e-7"},
	    {"100000", "100000"},
	    {"123456789012345678", "123456789012345678"},
	    {"1e17", "100000000000000000"},
	    {"1e18", "1e18"},
	    {"1e100", "1e100"},
	    {"-9.99e-50", "-9.99e-50"},
	    {"0.000000000000000000000000000001e30", "1"},
	    {"1.50000000000000000000000000000000000", "1.5"},
	    {"1000000000000000000000000000000e-30", "1"},
	};
	char text[DECIMAL_TEXT_LEN];
	struct decimal d;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		d = parse(cases[i][0]);
		assert_string_equal(decimal_text(&d, text), cases[i][1]);
		assert_true(d.mant == 0 ? d.exp == 0 : d.mant % 10 != 0);
	}
}

static void
test_refused(void **state)
{
	static const struct {
		const char *text;
		int rc;
	} cases[] = {
	    {"", -EINVAL},
	    {"-", -EINVAL},
	    {"+-1", -EINVAL},
	    {".5", -EINVAL},
	    {"5.", -EINVAL},
	    {"1.2.3", -EINVAL},
	    {"nan", -EINVAL},
	    {"inf", -EINVAL},
	    {"0x10", -EINVAL},
	    {"1e", -EINVAL},
	    {"1e+", -EINVAL},
	    {"e5", -EINVAL},
	    {" 1", -EINVAL},
	    {"1 ", -EINVAL},
	    {"1,5", -EINVAL},
	    {"1_000", -EINVAL},
	    {"1e5.5", -EINVAL},
	    {"1f", -EINVAL},
	    {"1e101", -ERANGE},
	    {"1e-101", -ERANGE},
	    {"1234567890123456789", -ERANGE},
	    {"0.1234567890123456789", -ERANGE},
	    {"1e99999999999999999999", -ERANGE},
	};
	struct decimal d = {5, 5};
	char big[200];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		if (decimal_parse(cases[i].text, &d) != cases[i].rc)
			fail_msg("'%s': wrong verdict", cases[i].text);
	memset(big, '1', sizeof(big) - 1);
	big[sizeof(big) - 1] = '\0';
	assert_int_equal(decimal_parse(big, &d), -ERANGE);
	assert_true(d.mant == 5 && d.exp == 5);
}

static void
random_text(char *text, size_t size)
{
	int64_t m = (int64_t)(next() % 1000000000000000000u);
	int scale = (int)(next() % 4) * 6 + 1;

	m /= (int64_t)(next() % 2 ? 1 : 1000000000);
	if (next() % 2)
		snprintf(text, size, "%s%lld.%0*llde%d", next() % 2 ? "-" : "",
		    (long long)(m % 100000), scale > 13 ? 13 : scale,
		    (long long)(m / 1000000), (int)(next() % 80) - 40);
	else
		snprintf(text, size, "%lld", (long long)m);
}

static void
test_strtod(void **state)
{
	char text[80], back[DECIMAL_TEXT_LEN];
	struct decimal d, e;
	int i, n = 0;

	(void)state;
	for (i = 0; i < 50000; i++) {
		random_text(text, sizeof(text));
		if (decimal_parse(text, &d) != 0)
			continue;
		n++;
		assert_true(decimal_double(&d) == strtod(text, NULL));
		e = parse(decimal_text(&d, back));
		assert_true(e.mant == d.mant && e.exp == d.exp);
		assert_true(strtod(back, NULL) == decimal_double(&d));
	}
	assert_true(n > 30000);
}

static void
test_q24(void **state)
{
	static const struct {
		const char *text;
		int64_t want;
	} cases[] = {
	    {"0", 0},
	    {"1", Q24_ONE},
	    {"-1", -Q24_ONE},
	    {"0.02", 335544},
	    {"-0.02", -335544},
	    {"1e-100", 0},
	    {"3.141592653589793", 52707179},
	    {"2.98023223876953125e-8", 0}, /* 2^-25, half a step: even */
	    {"2.98023223876953126e-8", 1},
	    {"-2.98023223876953126e-8", -1},
	    {"8.94069671630859375e-8", 2}, /* a step and a half */
	    {"-8.94069671630859375e-8", -2},
	    {"1.78813934326171875e-7", 3},
	    {"549755813887", 549755813887 * Q24_ONE},
	    {"-549755813888", INT64_MIN},
	};
	struct decimal d;
	int64_t v, w;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		d = parse(cases[i].text);
		assert_int_equal(decimal_q24(&d, &v), 0);
		assert_true(v == cases[i].want);
	}
	d = parse("549755813888");
	assert_int_equal(decimal_q24(&d, &v), -ERANGE);
	d = parse("1e100");
	assert_int_equal(decimal_q24(&d, &v), -ERANGE);
	d = parse("-1e100");
	assert_int_equal(decimal_q24(&d, &v), -ERANGE);
	for (i = 0; i < 20000; i++) {
		w = (int64_t)(next() % 2000001) - 1000000;
		d = (struct decimal){w % 10 ? w : w + 1, -4};
		assert_int_equal(decimal_q24(&d, &v), 0);
		assert_true(v == q24_div128((q24_wide)d.mant * Q24_ONE, 10000));
	}
}

static void
test_compare(void **state)
{
	struct decimal a, b;
	double x, y;
	int i;

	(void)state;
	for (i = 0; i < 50000; i++) {
		a.mant = (int64_t)(next() % 2001) - 1000;
		a.exp = (int8_t)((int)(next() % 9) - 4);
		b.mant = (int64_t)(next() % 2001) - 1000;
		b.exp = (int8_t)((int)(next() % 9) - 4);
		x = decimal_double(&a);
		y = decimal_double(&b);
		assert_int_equal(decimal_compare(&a, &b), (x > y) - (x < y));
	}
	a = parse("999999999999999999e82");
	b = parse("1e100");
	assert_int_equal(decimal_compare(&a, &b), -1);
	a = parse("-1e100");
	assert_int_equal(decimal_compare(&a, &b), -1);
	assert_int_equal(decimal_compare(&b, &b), 0);
}

static void
test_codec(void **state)
{
	static const uint8_t bad[][9] = {
	    {0, 0, 0, 0, 0, 0, 0, 10, 0}, /* not reduced */
	    {0, 0, 0, 0, 0, 0, 0, 0, 1},  /* zero with an exponent */
	    {0, 0, 0, 0, 0, 0, 0, 1, 101},
	    {0, 0, 0, 0, 0, 0, 0, 1, 0x80},
	    {0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0},
	    {0x80, 0, 0, 0, 0, 0, 0, 0, 0},
	};
	static const uint8_t good[9] = {0, 0, 0, 0, 0, 0, 0, 2, 0xfe};
	struct bytes_writer w = BYTES_WRITER_INIT;
	struct bytes_reader r;
	struct decimal d = parse("0.02"), e;
	size_t i;

	(void)state;
	decimal_put(&w, &d);
	assert_int_equal(w.len, sizeof(good));
	assert_memory_equal(w.data, good, sizeof(good));
	r = bytes_reader_of(w.data, w.len);
	decimal_get(&r, &e);
	assert_true(bytes_reader_done(&r));
	assert_true(e.mant == d.mant && e.exp == d.exp);
	bytes_writer_close(&w);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		r = bytes_reader_of(bad[i], sizeof(bad[i]));
		decimal_get(&r, &e);
		assert_false(bytes_reader_done(&r));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_text),
	    cmocka_unit_test(test_refused),
	    cmocka_unit_test(test_strtod),
	    cmocka_unit_test(test_q24),
	    cmocka_unit_test(test_compare),
	    cmocka_unit_test(test_codec),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
