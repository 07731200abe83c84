#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <sodium.h>

#include "proto/sign.h"

/* RFC 8032 7.1: seed, public key, message, signature. */
static const struct {
	const char *seed, *public, *message, *sig;
} rfc[] = {
    {"9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
	"d75a980182b10ab7d54bfed3c964073a"
	"0ee172f3daa62325af021a68f707511a",
	"",
	"e5564300c360ac729086e2cc806e828a"
	"84877f1eb8e5d974d873e06522490155"
	"5fb8821590a33bacc61e39701cf9b46b"
	"d25bf5f0595bbe24655141438e7a100b"},
    {"4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
	"3d4017c3e843895a92b70aa74d1b7ebc"
	"9c982ccf2ec4968cc0cd55f12af4660c",
	"72",
	"92a009a9f0d4cab8720e820b5f642540"
	"a2b27b5416503f8fb3762223ebdb69da"
	"085ac1e43e15996e458f3613d0f11d8c"
	"387b2eaeb4302aeeb00d291612bb0c00"},
    {"c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
	"fc51cd8e6218a1a38da47ed00230f058"
	"0816ed13ba3303ac5deb911548908025",
	"af82",
	"6291d657deec24024827e69c3abe01a3"
	"0ce548a284743a445e3680d7db5ac3ac"
	"18ff9b538d16f290ae67f760984dc659"
	"4a7c15e9716ed28dc027beceea1ec40a"},
};

static size_t
unhex(const char *hex, uint8_t *out)
{
	size_t n = strlen(hex) / 2;

	for (size_t i = 0; i < n; i++) {
		char digits[3] = {hex[2 * i], hex[2 * i + 1], '\0'};

		out[i] = (uint8_t)strtoul(digits, NULL, 16);
	}
	return n;
}

static struct sign_key *
key_of(const char *seed_hex)
{
	uint8_t seed[SIGN_SEED_LEN];
	struct sign_key *k;

	assert_int_equal(unhex(seed_hex, seed), SIGN_SEED_LEN);
	assert_int_equal(sign_key_new(seed, &k), 0);
	return k;
}

/* The vectors sign bare messages, our API never does: keys through ours, the
 * rest through the library under it. */
static void
test_rfc_8032(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rfc) / sizeof(rfc[0]); i++) {
		uint8_t want[64], msg[8], sig[64];
		size_t len = unhex(rfc[i].message, msg);
		struct sign_key *k = key_of(rfc[i].seed);
		struct sign_public pk = sign_key_public(k);

		unhex(rfc[i].public, want);
		assert_memory_equal(pk.b, want, 32);
		unhex(rfc[i].sig, sig);
		assert_int_equal(crypto_sign_verify_detached(sig, msg, len,
				     pk.b),
		    0);
		sign_key_free(k);
	}
}

/* Over "qml.vote.v1" padded to 16, 32 x 0x11, 32 x 0x22: made with the
 * reference code of RFC 8032, appendix A. */
static void
test_golden(void **state)
{
	struct sign_key *k = key_of(rfc[0].seed);
	struct sign_public pk = sign_key_public(k);
	struct hash federation, digest;
	struct signature sig;
	uint8_t want[64];

	(void)state;
	memset(federation.b, 0x11, HASH_LEN);
	memset(digest.b, 0x22, HASH_LEN);
	sign_message(k, "qml.vote.v1", &federation, &digest, &sig);
	assert_int_equal(sig.alg, SIGN_ED25519);
	unhex("c1e68032ff3f3e0a27183501b10a8cfc"
	      "4c130307d8486a329aa55d9f005a62ac"
	      "3919e10970bbacbf522f81f54a5c74a3"
	      "fdc349f3ee0847e9d4be77a976edd90b",
	    want);
	assert_memory_equal(sig.b, want, 64);
	assert_true(
	    sign_verify(&pk, "qml.vote.v1", &federation, &digest, &sig));
	sign_key_free(k);
}

static void
test_bound_to_everything(void **state)
{
	struct sign_key *k = key_of(rfc[0].seed);
	struct sign_public pk = sign_key_public(k), other = pk;
	struct hash f = {{1}}, g = {{2}}, d = {{3}}, e = {{4}};
	struct signature sig, bad;

	(void)state;
	sign_message(k, "qml.a", &f, &d, &sig);
	assert_true(sign_verify(&pk, "qml.a", &f, &d, &sig));
	assert_false(sign_verify(&pk, "qml.b", &f, &d, &sig));
	assert_false(sign_verify(&pk, "qml.a", &g, &d, &sig));
	assert_false(sign_verify(&pk, "qml.a", &f, &e, &sig));
	unhex(rfc[1].public, other.b);
	assert_false(sign_verify(&other, "qml.a", &f, &d, &sig));
	bad = sig;
	bad.alg = 2;
	assert_false(sign_verify(&pk, "qml.a", &f, &d, &bad));
	for (size_t i = 0; i < 8 * SIGN_LEN; i++) {
		bad = sig;
		bad.b[i / 8] ^= (uint8_t)(1u << i % 8);
		assert_false(sign_verify(&pk, "qml.a", &f, &d, &bad));
	}
	sign_key_free(k);
}

/* S + L signs the same to a lax verifier; a second valid form of a signature
 * would let a relay change bytes that an honest node signed. */
static void
test_non_canonical_s(void **state)
{
	static const uint8_t order[32] = {0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63,
	    0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, 0, 0, 0,
	    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10};
	struct sign_key *k = key_of(rfc[2].seed);
	struct sign_public pk = sign_key_public(k);
	struct hash f = {{1}}, d = {{3}};
	struct signature sig;
	unsigned carry = 0;

	(void)state;
	sign_message(k, "qml.a", &f, &d, &sig);
	assert_true(sign_verify(&pk, "qml.a", &f, &d, &sig));
	for (size_t i = 0; i < 32; i++) {
		carry += (unsigned)sig.b[32 + i] + order[i];
		sig.b[32 + i] = (uint8_t)carry;
		carry >>= 8;
	}
	assert_int_equal(carry, 0);
	assert_false(sign_verify(&pk, "qml.a", &f, &d, &sig));
	sign_key_free(k);
}

/* With A and R of small order and S = 0 the equation holds for every message
 * or for one in eight: such a key must never verify anything. */
static void
test_small_order_keys(void **state)
{
	static const char *const points[] = {
	    "0100000000000000000000000000000000000000000000000000000000000000",
	    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	    "0000000000000000000000000000000000000000000000000000000000000000",
	    "0000000000000000000000000000000000000000000000000000000000000080",
	    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
	    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
	    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
	    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
	};
	const size_t n = sizeof(points) / sizeof(points[0]);
	struct hash f = {{1}}, d = {{0}};
	struct sign_public pk;
	struct signature sig = {.alg = SIGN_ED25519};

	(void)state;
	for (size_t a = 0; a < n; a++) {
		for (size_t r = 0; r < n * 16; r++) {
			unhex(points[a], pk.b);
			unhex(points[r % n], sig.b);
			d.b[0] = (uint8_t)r;
			assert_false(sign_verify(&pk, "qml.a", &f, &d, &sig));
		}
	}
}

static void
test_bytes(void **state)
{
	struct bytes_writer w = BYTES_WRITER_INIT;
	struct signature sig = {.alg = SIGN_ED25519}, back;
	struct bytes_reader r;

	(void)state;
	for (size_t i = 0; i < SIGN_LEN; i++)
		sig.b[i] = (uint8_t)i;
	signature_put(&w, &sig);
	assert_int_equal(w.len, 65);
	r = bytes_reader_of(w.data, w.len);
	signature_get(&r, &back);
	assert_true(bytes_reader_done(&r));
	assert_memory_equal(&back, &sig, sizeof(sig));
	w.data[0] = 2;
	r = bytes_reader_of(w.data, w.len);
	signature_get(&r, &back);
	assert_true(r.bad);
	bytes_writer_close(&w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_rfc_8032),
	    cmocka_unit_test(test_golden),
	    cmocka_unit_test(test_bound_to_everything),
	    cmocka_unit_test(test_non_canonical_s),
	    cmocka_unit_test(test_small_order_keys),
	    cmocka_unit_test(test_bytes),
	};

	if (sign_setup() != 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
