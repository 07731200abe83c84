/* The member's line: every changed character is found, no key is borrowed. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/cli/member_line.h"
#include "proto/noise.h"

static struct keys
keys_of(uint8_t n)
{
	static uint8_t secret[32];
	uint8_t seed[32] = {n};
	struct keys k = KEYS_INIT;

	assert_int_equal(sign_key_new(seed, &k.sign), 0);
	k.sign_public = sign_key_public(k.sign);
	secret[0] = n;
	noise_public(secret, k.network_public);
	k.id = member_id(&k.sign_public, k.network_public);
	return k;
}

static void
test_round_trip(void **state)
{
	static const char *const addresses[] = {"", "alpha.example:7701",
	    "[2001:db8::1]:7701"};
	char line[MEMBER_LINE_LEN], padded[MEMBER_LINE_LEN + 16], err[256];
	struct keys k = keys_of(1);
	struct member m;
	size_t i;

	(void)state;
	for (i = 0; i < 3; i++) {
		member_line_make(&k, "alpha", addresses[i], line);
		assert_null(strchr(line, '\n'));
		assert_int_equal(member_line_parse(line, &m, err, sizeof(err)),
		    0);
		assert_string_equal(m.name, "alpha");
		assert_string_equal(m.address, addresses[i]);
		assert_true(hash_equal(&m.id, &k.id));
		assert_int_equal(m.power, 1);
		assert_int_equal(m.weight, 1);
		snprintf(padded, sizeof(padded), " \t%s \r\n", line);
		assert_int_equal(member_line_parse(padded, &m, err,
				     sizeof(err)),
		    0);
	}
	sign_key_free(k.sign);
}

static void
test_mistakes(void **state)
{
	char line[MEMBER_LINE_LEN], bad[MEMBER_LINE_LEN], err[256];
	struct keys k = keys_of(1);
	struct member m;
	size_t i, len;

	(void)state;
	member_line_make(&k, "alpha", "a:1", line);
	len = strlen(line);
	for (i = 0; i < len; i++) {
		memcpy(bad, line, len + 1);
		bad[i] = bad[i] == 'b' ? 'c' : 'b';
		assert_int_equal(member_line_parse(bad, &m, err, sizeof(err)),
		    -EINVAL);
		memcpy(bad, line, i);
		bad[i] = '\0';
		assert_int_equal(member_line_parse(bad, &m, err, sizeof(err)),
		    -EINVAL);
		memcpy(bad + i, line + i + 1, len - i);
		assert_int_equal(member_line_parse(bad, &m, err, sizeof(err)),
		    -EINVAL);
	}
	memset(bad, 'a', sizeof(bad) - 1);
	bad[sizeof(bad) - 1] = '\0';
	assert_int_equal(member_line_parse(bad, &m, err, sizeof(err)), -EINVAL);
	sign_key_free(k.sign);
}

/* A line whose check is right but whose proof is another's. */
static void
test_proof(void **state)
{
	char line[MEMBER_LINE_LEN], other[MEMBER_LINE_LEN], err[256];
	char forged[MEMBER_LINE_LEN], hex[HASH_HEX_LEN];
	struct keys a = keys_of(1), b = keys_of(2);
	struct member m;
	struct hash h;
	size_t at = sizeof("qmlmember1 alpha a:1 ") - 1;

	(void)state;
	member_line_make(&a, "alpha", "a:1", line);
	member_line_make(&b, "alpha", "a:1", other);
	/* b claims a's signing key. */
	memcpy(forged, other, sizeof(forged));
	memcpy(forged + at, line + at, 64);
	h = hash_bytes("qml.memberline", forged, strlen(forged) - 9);
	hash_hex(&h, hex);
	memcpy(forged + strlen(forged) - 8, hex, 8);
	assert_int_equal(member_line_parse(forged, &m, err, sizeof(err)),
	    -EINVAL);
	assert_non_null(strstr(err, "signature"));
	sign_key_free(a.sign);
	sign_key_free(b.sign);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_round_trip),
	    cmocka_unit_test(test_mistakes),
	    cmocka_unit_test(test_proof),
	};

	if (sign_setup() != 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
