#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "proto/hash.h"

static void
expect_hex(struct hash h, const char *want)
{
	char hex[HASH_HEX_LEN];

	assert_string_equal(hash_hex(&h, hex), want);
}

/* Python's hashlib.blake2b(m, digest_size=32, person=tag); the first is also
 * the well-known BLAKE2b-256 of nothing. */
static void
test_vectors(void **state)
{
	char *million = malloc(1000000);

	(void)state;
	assert_non_null(million);
	memset(million, 'a', 1000000);
	expect_hex(hash_bytes("", NULL, 0),
	    "0e5751c026e543b2e8ab2eb06099daa1"
	    "d1e5df47778f7787faab45cdf12fe3a8");
	expect_hex(hash_bytes("qml.test", "abc", 3),
	    "8656e6f83ecceb3da90d28e462880261"
	    "f291ae6feac0eefe3af7d73669da8ed7");
	expect_hex(hash_bytes("qml.0123456789ab", million, 1000000),
	    "992d631d5ca60e55844be394b57d9e0b"
	    "2a00dcff39384c8f9a9520cbbf11582c");
	free(million);
}

static void
test_stream_is_one_call(void **state)
{
	uint8_t data[700];
	struct hash_stream s;
	struct hash whole, parts;

	(void)state;
	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)(7 * i);
	whole = hash_bytes("qml.test", data, sizeof(data));
	for (size_t step = 1; step < 300; step += 13) {
		hash_begin(&s, "qml.test");
		for (size_t at = 0; at < sizeof(data); at += step) {
			size_t left = sizeof(data) - at;

			hash_add(&s, data + at, left < step ? left : step);
		}
		parts = hash_end(&s);
		assert_true(hash_equal(&whole, &parts));
	}
}

static void
test_tags_separate(void **state)
{
	struct hash a = hash_bytes("qml.a", "x", 1);
	struct hash b = hash_bytes("qml.b", "x", 1);

	(void)state;
	assert_false(hash_equal(&a, &b));
	assert_int_not_equal(hash_compare(&a, &b), 0);
	assert_true((hash_compare(&a, &b) < 0) == (hash_compare(&b, &a) > 0));
}

static void
test_hex(void **state)
{
	struct hash h = hash_bytes("qml.test", "abc", 3), back = {{0}};
	char hex[HASH_HEX_LEN + 1];

	(void)state;
	assert_true(hash_is_zero(&back));
	hash_hex(&h, hex);
	assert_int_equal(hash_from_hex(hex, &back), 0);
	assert_true(hash_equal(&h, &back));
	hex[0] = 'G';
	assert_int_equal(hash_from_hex(hex, &back), -EINVAL);
	hex[0] = 'A';
	assert_int_equal(hash_from_hex(hex, &back), 0);
	hex[63] = '\0';
	assert_int_equal(hash_from_hex(hex, &back), -EINVAL);
	memset(hex, '0', 65);
	hex[65] = '\0';
	assert_int_equal(hash_from_hex(hex, &back), -EINVAL);
	assert_int_equal(hash_from_hex("", &back), -EINVAL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_vectors),
	    cmocka_unit_test(test_stream_is_one_call),
	    cmocka_unit_test(test_tags_separate),
	    cmocka_unit_test(test_hex),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
