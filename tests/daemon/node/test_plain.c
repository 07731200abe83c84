/* Which characters of others' texts act where they are shown; and a log line,
 * which is whole whatever is in it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "daemon/node/log.h"
#include "daemon/node/plain.h"

/* c in UTF-8; its length. */
static size_t
utf8(uint32_t c, char out[static 5])
{
	size_t n = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
	static const unsigned char heads[] = {0, 0, 0xc0, 0xe0, 0xf0};

	for (size_t i = n; i-- > 1; c >>= 6)
		out[i] = (char)(0x80 | (c & 0x3f));
	out[0] = (char)(heads[n] | c);
	out[n] = '\0';
	return n;
}

static bool
should_act(uint32_t c)
{
	return (c > 0 && c < 0x20) || (c >= 0x7f && c < 0xa0) ||
	    (c >= 0x2028 && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069);
}

static void
every_character(void **state)
{
	char s[5];

	(void)state;
	for (uint32_t c = 0; c < 0x110000; c++) {
		size_t n = utf8(c, s);

		if (c >= 0xd800 && c < 0xe000)
			continue;
		assert_int_equal(plain_acts(s), should_act(c) ? n : 0);
	}
}

/* What ends in the middle of a character is not looked at behind its end. */
static void
cut_short(void **state)
{
	static const char *const texts[] = {"\xc2", "\xe2", "\xe2\x80",
	    "\xe2\x81", "\xe2\x80z", "\xc2z"};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		assert_int_equal(plain_acts(texts[i]), 0);
}

static void
a_log_line(void **state)
{
	char line[256] = "";
	int err = dup(2), p[2];
	ssize_t n;

	(void)state;
	assert_true(err >= 0);
	assert_int_equal(pipe(p), 0);
	dup2(p[1], 2);
	log_error("test.line", "why=\"%s\"",
	    "a\nb\xc2\x9b"
	    "c\xe2\x80\xae"
	    "d\xc3\xa9");
	fflush(stderr);
	dup2(err, 2);
	close(err);
	close(p[1]);
	n = read(p[0], line, sizeof(line) - 1);
	close(p[0]);
	assert_true(n > 0);
	assert_non_null(
	    strstr(line, "ev=test.line why=\"a b  c   d\xc3\xa9\"\n"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_character),
	    cmocka_unit_test(cut_short),
	    cmocka_unit_test(a_log_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
