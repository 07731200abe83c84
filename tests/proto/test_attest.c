#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "proto/attest.h"
#include "tests/proto/sample.h"

SAMPLE_CODEC(attest)

static void
test_golden(void **state)
{
	static const uint8_t middle[] = {0, 0, 0, 0, 0, 0, 0, 9, 0, 0, 0, 2, 0,
	    4, 0, 2, 0, 1, 0x55};
	struct attest a = {.round = 9,
	    .seq = 2,
	    .validator = 4,
	    .nheld = 2,
	    .member = {1, 3}};
	uint8_t buf[512];
	struct bytes_writer w = bytes_writer_over(buf, sizeof(buf));
	struct hash digest, want;

	(void)state;
	memset(a.job.b, 0x44, HASH_LEN);
	memset(a.held[0].b, 0x55, HASH_LEN);
	memset(a.held[1].b, 0x66, HASH_LEN);
	a.sig.alg = SIGN_ED25519;
	attest_put(&w, &a);
	assert_int_equal(w.len, 48 + 2 * 34 + 65);
	assert_int_equal(buf[31], 0x44);
	assert_memory_equal(buf + 32, middle, sizeof(middle));
	assert_int_equal(buf[83], 3);
	digest = attest_digest(&a);
	/* The digest is over all but the signature. */
	want = hash_bytes("qml.attest", buf, 48 + 2 * 34);
	assert_true(hash_equal(&digest, &want));
}

static void
test_codec(void **state)
{
	struct sample s;

	(void)state;
	sample_open(&s, 11);
	for (int i = 0; i < 50; i++) {
		struct attest a = sample_attest(&s);

		sample_check_codec(&attest_codec, &a);
	}
	sample_close(&s);
}

static bool
accepted(const struct attest *a)
{
	uint8_t buf[4096];
	struct bytes_writer w = bytes_writer_over(buf, sizeof(buf));
	struct bytes_reader r;
	struct attest back;

	attest_put(&w, a);
	r = bytes_reader_of(buf, w.len);
	attest_get(&r, &back);
	return bytes_reader_done(&r);
}

static void
test_order_and_ranges(void **state)
{
	struct attest a = {.nheld = 3, .member = {1, 5, 99}};

	(void)state;
	a.sig.alg = SIGN_ED25519;
	assert_true(accepted(&a));
	a.member[1] = 1;
	assert_false(accepted(&a));
	a.member[1] = 0;
	assert_false(accepted(&a));
	a.member[1] = 5;
	a.member[2] = VOTE_MAX_VALIDATORS;
	assert_false(accepted(&a));
	a.nheld = 2;
	assert_true(accepted(&a));
	a.validator = VOTE_MAX_VALIDATORS;
	assert_false(accepted(&a));
}

/* A count beyond the array must not be followed. */
static void
test_count_too_large(void **state)
{
	uint8_t buf[48 + 200 * 34 + 65] = {0};
	struct bytes_reader r = bytes_reader_of(buf, sizeof(buf));
	struct attest back;

	(void)state;
	buf[47] = 101;
	attest_get(&r, &back);
	assert_true(r.bad);
	assert_int_equal(back.nheld, 0);
}

static void
test_signature(void **state)
{
	struct sign_public pk;
	struct attest a;
	struct sample s;

	(void)state;
	sample_open(&s, 12);
	pk = sign_key_public(s.key);
	do {
		a = sample_attest(&s);
	} while (a.nheld == 0);
	assert_true(attest_verify(&a, &pk, &s.federation));
	a.held[0].b[0] ^= 1;
	assert_false(attest_verify(&a, &pk, &s.federation));
	a.held[0].b[0] ^= 1;
	a.seq++;
	assert_false(attest_verify(&a, &pk, &s.federation));
	sample_close(&s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_golden),
	    cmocka_unit_test(test_codec),
	    cmocka_unit_test(test_order_and_ranges),
	    cmocka_unit_test(test_count_too_large),
	    cmocka_unit_test(test_signature),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
