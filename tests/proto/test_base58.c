/* base58btc: known texts, and back from every length. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "proto/base58.h"

/* draft-msporny-base58, section 5. */
static void
test_vectors(void **state)
{
	static const uint8_t bits[] = {0x00, 0x00, 0x28, 0x7f, 0xb4, 0xcd};
	char text[BASE58_TEXT_MAX];
	uint8_t back[6];

	(void)state;
	assert_string_equal(base58_text("Hello World!", 12, text),
	    "2NEpo7TZRRrLZSi2U");
	assert_string_equal(base58_text(bits, sizeof(bits), text), "11233QC4");
	assert_int_equal(base58_parse("11233QC4", back, sizeof(back)), 0);
	assert_memory_equal(back, bits, sizeof(bits));
	assert_string_equal(base58_text("", 0, text), "");
}

static void
test_round_trips(void **state)
{
	uint64_t rng = 88172645463325252u;

	(void)state;
	for (size_t len = 0; len <= BASE58_BYTES_MAX; len++) {
		uint8_t data[BASE58_BYTES_MAX + 1] = {0};
		uint8_t back[BASE58_BYTES_MAX + 1];
		char text[BASE58_TEXT_MAX];

		for (size_t i = 0; i < len; i++) {
			rng ^= rng << 13;
			rng ^= rng >> 7;
			rng ^= rng << 17;
			data[i] = i < len % 4 ? 0 : (uint8_t)rng;
		}
		base58_text(data, len, text);
		assert_true(strlen(text) < BASE58_TEXT_MAX);
		assert_int_equal(base58_parse(text, back, len), 0);
		assert_memory_equal(back, data, len);
		if (len > 0)
			assert_int_equal(base58_parse(text, back, len - 1),
			    -EINVAL);
		if (len < BASE58_BYTES_MAX)
			assert_int_equal(base58_parse(text, back, len + 1),
			    -EINVAL);
	}
}

static void
test_refused(void **state)
{
	uint8_t out[64];

	(void)state;
	assert_int_equal(base58_parse("0OIl", out, 3), -EINVAL);
	assert_int_equal(base58_parse("2NEpo7TZRRrLZSi2U ", out, 12), -EINVAL);
	assert_int_equal(base58_parse("zzzzzzzzzzzzzzzzzzzzzzzzzzzz", out, 4),
	    -EINVAL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_vectors),
	    cmocka_unit_test(test_round_trips),
	    cmocka_unit_test(test_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
