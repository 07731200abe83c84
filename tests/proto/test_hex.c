/* Hex digits: there and back, and every character that is none. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "proto/hex.h"

static void
there_and_back(void **state)
{
	uint8_t all[256], back[256];
	char text[2 * sizeof(all) + 1], none[1] = "x";

	(void)state;
	for (size_t i = 0; i < sizeof(all); i++)
		all[i] = (uint8_t)i;
	assert_ptr_equal(hex_put(all, sizeof(all), text), text);
	assert_int_equal(strlen(text), 2 * sizeof(all));
	assert_memory_equal(text, "000102", 6);
	assert_string_equal(text + 506, "fdfeff");
	assert_int_equal(hex_get(text, back, sizeof(back)), 0);
	assert_memory_equal(all, back, sizeof(all));
	assert_string_equal(hex_put(all, 0, none), "");
	assert_int_equal(hex_get("zz", back, 0), 0);
	assert_int_equal(hex_get("aBCd and more", back, 2), 0);
	assert_memory_equal(back, "\xab\xcd", 2);
}

static void
what_is_no_digit(void **state)
{
	uint8_t out[2];
	char text[5];

	(void)state;
	for (int c = 0; c < 256; c++)
		for (size_t at = 0; at < 4; at++) {
			memcpy(text, "0a9F", sizeof(text));
			text[at] = (char)c;
			assert_int_equal(hex_get(text, out, 2),
			    c != 0 && strchr("0123456789abcdefABCDEF", c)
				? 0
				: -EINVAL);
		}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(there_and_back),
	    cmocka_unit_test(what_is_no_digit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
