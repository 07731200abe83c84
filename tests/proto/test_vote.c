#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "proto/vote.h"
#include "tests/proto/sample.h"

#define ROUNDS 200

static void
expect_hex(struct hash h, const char *want)
{
	char hex[HASH_HEX_LEN];

	assert_string_equal(hash_hex(&h, hex), want);
}

/* Digests from Python's hashlib over the bytes of proto/README.md, the
 * signature from the reference code of RFC 8032. */
static void
test_golden(void **state)
{
	static const uint8_t seed[SIGN_SEED_LEN] = {0x9d, 0x61, 0xb1, 0x9d,
	    0xef, 0xfd, 0x5a, 0x60, 0xba, 0x84, 0x4a, 0xf4, 0x92, 0xec, 0x2c,
	    0xc4, 0x44, 0x49, 0xc5, 0x69, 0x7b, 0x32, 0x69, 0x19, 0x70, 0x3b,
	    0xac, 0x03, 0x1c, 0xae, 0x7f, 0x60};
	static const uint8_t head[] = {2, 1, 2, 3, 4, 5, 6, 7, 8, 0, 0, 0, 7,
	    0x33};
	static const uint8_t tail[] = {0x33, 0, 5, 1, 0x1e, 0xf9, 0xe9, 0x3d};
	struct vote v = {.type = VOTE_PRECOMMIT,
	    .height = 0x0102030405060708,
	    .round = 7,
	    .validator = 5};
	struct proposal p = {.height = v.height,
	    .round = 7,
	    .valid_round = VOTE_NO_ROUND,
	    .proposer = 5};
	struct bytes_writer w = BYTES_WRITER_INIT;
	struct hash federation;
	struct sign_key *k;

	(void)state;
	memset(federation.b, 0x11, HASH_LEN);
	memset(v.block.b, 0x33, HASH_LEN);
	p.block = v.block;
	expect_hex(vote_digest(&v),
	    "a354e7fbc691285dbd60fdd689c41887"
	    "8bf6a2c574d957fb32e74b29ba6ef184");
	expect_hex(proposal_digest(&p),
	    "2a6cab03da32dac13f2c210a5f26f16e"
	    "d67fb2408947a7d85ab0e2fa053aad01");
	assert_int_equal(sign_key_new(seed, &k), 0);
	vote_sign(&v, k, &federation);
	vote_put(&w, &v);
	assert_int_equal(w.len, 47 + 65);
	assert_memory_equal(w.data, head, sizeof(head));
	assert_memory_equal(w.data + 44, tail, sizeof(tail));
	bytes_writer_close(&w);
	sign_key_free(k);
}

SAMPLE_CODEC(vote)
SAMPLE_CODEC(proposal)
SAMPLE_CODEC(commit)

static void
test_codecs(void **state)
{
	struct sample s;

	(void)state;
	sample_open(&s, 1);
	for (int i = 0; i < ROUNDS; i++) {
		struct vote v = sample_vote(&s);
		struct proposal p = sample_proposal(&s);

		sample_check_codec(&vote_codec, &v);
		sample_check_codec(&proposal_codec, &p);
	}
	for (int i = 0; i < 20; i++) {
		struct commit c = sample_commit(&s, (uint64_t)i);

		sample_check_codec(&commit_codec, &c);
	}
	sample_close(&s);
}

static void
test_signatures(void **state)
{
	struct sample s;
	struct sign_public pk;
	struct proposal p;
	struct vote v;

	(void)state;
	sample_open(&s, 2);
	pk = sign_key_public(s.key);
	v = sample_vote(&s);
	p = sample_proposal(&s);
	assert_true(vote_verify(&v, &pk, &s.federation));
	assert_true(proposal_verify(&p, &pk, &s.federation));
	v.round++;
	p.valid_round = (int32_t)p.round - 1;
	p.round += 2;
	assert_false(vote_verify(&v, &pk, &s.federation));
	assert_false(proposal_verify(&p, &pk, &s.federation));
	sample_close(&s);
}

static bool
vote_accepted(const struct vote *v)
{
	uint8_t buf[256];
	struct bytes_writer w = bytes_writer_over(buf, sizeof(buf));
	struct bytes_reader r;
	struct vote back;

	vote_put(&w, v);
	r = bytes_reader_of(buf, w.len);
	vote_get(&r, &back);
	return bytes_reader_done(&r);
}

static bool
proposal_accepted(const struct proposal *p)
{
	uint8_t buf[256];
	struct bytes_writer w = bytes_writer_over(buf, sizeof(buf));
	struct bytes_reader r;
	struct proposal back;

	proposal_put(&w, p);
	r = bytes_reader_of(buf, w.len);
	proposal_get(&r, &back);
	return bytes_reader_done(&r);
}

static void
test_ranges(void **state)
{
	struct sample s;
	struct proposal p;
	struct vote v;

	(void)state;
	sample_open(&s, 3);
	v = sample_vote(&s);
	assert_true(vote_accepted(&v));
	v.type = 3;
	assert_false(vote_accepted(&v));
	v.type = 0;
	assert_false(vote_accepted(&v));
	v.type = VOTE_PREVOTE;
	v.validator = VOTE_MAX_VALIDATORS;
	assert_false(vote_accepted(&v));
	p = sample_proposal(&s);
	p.round = 5;
	p.valid_round = 4;
	assert_true(proposal_accepted(&p));
	p.valid_round = 5;
	assert_false(proposal_accepted(&p));
	p.valid_round = -2;
	assert_false(proposal_accepted(&p));
	sample_close(&s);
}

static void
test_commit_bitmap(void **state)
{
	uint8_t buf[8192];
	struct bytes_writer w = bytes_writer_over(buf, sizeof(buf));
	struct bytes_reader r;
	struct commit c, back;
	struct sample s;
	struct vote v;

	(void)state;
	sample_open(&s, 4);
	c = sample_commit(&s, 9);
	c.nsigs = 2;
	c.validators[0] = 0;
	c.validators[1] = 99;
	commit_put(&w, &c);
	assert_int_equal(w.len, 8 + 4 + 32 + 13 + 2 * 65);
	assert_int_equal(buf[44], 1);
	assert_int_equal(buf[56], 8);
	v = commit_vote(&c, 1);
	assert_int_equal(v.validator, 99);
	assert_int_equal(v.type, VOTE_PRECOMMIT);
	assert_int_equal(v.height, 9);
	/* Bit 100 and above belong to nobody. */
	buf[56] = 0x10;
	r = bytes_reader_of(buf, w.len);
	commit_get(&r, &back);
	assert_true(r.bad);
	/* An empty certificate is for height 0 only. */
	c.nsigs = 0;
	w = bytes_writer_over(buf, sizeof(buf));
	commit_put(&w, &c);
	r = bytes_reader_of(buf, w.len);
	commit_get(&r, &back);
	assert_true(r.bad);
	sample_close(&s);
}

static void
test_commit_hash_covers_signatures(void **state)
{
	struct sample s;
	struct commit c;
	struct hash a, b;

	(void)state;
	sample_open(&s, 5);
	c = sample_commit(&s, 3);
	a = commit_hash(&c);
	c.sigs[0].b[63] ^= 1;
	b = commit_hash(&c);
	assert_false(hash_equal(&a, &b));
	sample_close(&s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_golden),
	    cmocka_unit_test(test_codecs),
	    cmocka_unit_test(test_signatures),
	    cmocka_unit_test(test_ranges),
	    cmocka_unit_test(test_commit_bitmap),
	    cmocka_unit_test(test_commit_hash_covers_signatures),
	};

	if (sign_setup() != 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
