/*
 * Evidence proves that one author signed two different things, and nothing
 * else does.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <errno.h>

#include <cmocka.h>

#include "proto/evidence.h"
#include "tests/proto/sample.h"

/* One of each kind, from two objects that differ in one field. */
static struct evidence *
sample_evidence(struct sample *s, uint8_t kind)
{
	struct vote v[2] = {{.type = VOTE_PRECOMMIT, .height = 7, .round = 2}};
	struct proposal p[2] = {{.height = 7, .round = 3, .valid_round = -1}};
	struct answer a[2] = {{.version = ANSWER_VERSION,
	    .kind = ANSWER_NO_UPDATE,
	    .reason = ANSWER_REASON_DECLINED,
	    .member = 5,
	    .round = 9}};
	struct attest t[2] = {{.round = 9, .seq = 4, .validator = 5}};
	struct evidence *e = NULL;
	int rc = -EINVAL;

	v[0].validator = p[0].proposer = 5;
	p[0].block.b[0] = 1;
	v[1] = v[0];
	v[1].block.b[3] = 1;
	p[1] = p[0];
	p[1].valid_round = 1;
	a[1] = a[0];
	a[1].reason = ANSWER_REASON_NO_DATA;
	t[1] = t[0];
	t[1].nheld = 1;
	for (unsigned i = 0; i < 2; i++) {
		vote_sign(&v[i], s->key, &s->federation);
		proposal_sign(&p[i], s->key, &s->federation);
		answer_sign(&a[i], s->key, &s->federation);
		attest_sign(&t[i], s->key, &s->federation);
	}
	if (kind == EVIDENCE_VOTES)
		rc = evidence_of_votes(&v[0], &v[1], &e);
	if (kind == EVIDENCE_PROPOSALS)
		rc = evidence_of_proposals(&p[0], &p[1], &e);
	if (kind == EVIDENCE_ANSWERS)
		rc = evidence_of_answers(&a[0], &a[1], &e);
	if (kind == EVIDENCE_ATTESTS)
		rc = evidence_of_attests(&t[0], &t[1], &e);
	assert_int_equal(rc, 0);
	return e;
}

static struct evidence *
decode(const uint8_t *data, size_t len)
{
	struct bytes_reader r = bytes_reader_of(data, len);
	struct evidence *e = evidence_get(&r);

	if (e != NULL && bytes_reader_done(&r))
		return e;
	evidence_unref(e);
	return NULL;
}

static void
test_all_kinds(void **state)
{
	struct sample s;

	(void)state;
	sample_open(&s, 21);
	for (uint8_t k = EVIDENCE_VOTES; k < EVIDENCE_KINDS; k++) {
		struct sign_public pk = sign_key_public(s.key);
		struct evidence *e = sample_evidence(&s, k);
		struct evidence *back = decode(e->bytes, e->len);

		assert_non_null(back);
		assert_true(hash_equal(&back->id, &e->id));
		assert_int_equal(back->who, 5);
		assert_int_equal(back->at, k < EVIDENCE_ANSWERS ? 7 : 9);
		assert_int_equal(evidence_compare(e, back), 0);
		assert_true(evidence_verify(back, &pk, &s.federation));
		pk.b[0] ^= 1;
		assert_false(evidence_verify(back, &pk, &s.federation));
		evidence_unref(back);
		evidence_unref(e);
	}
	sample_close(&s);
}

/* A bit anywhere: refused, or canonical and not signed; and never shorter. */
static void
test_every_bit(void **state)
{
	struct sample s;

	(void)state;
	sample_open(&s, 22);
	for (uint8_t k = EVIDENCE_VOTES; k < EVIDENCE_KINDS; k++) {
		struct sign_public pk = sign_key_public(s.key);
		struct evidence *e = sample_evidence(&s, k), *back;

		for (size_t i = 0; i < e->len; i++) {
			assert_null(decode(e->bytes, i));
			e->bytes[i] ^= 0x10;
			back = decode(e->bytes, e->len);
			if (back != NULL) {
				assert_memory_equal(back->bytes, e->bytes,
				    e->len);
				assert_false(
				    evidence_verify(back, &pk, &s.federation));
			}
			evidence_unref(back);
			e->bytes[i] ^= 0x10;
		}
		evidence_unref(e);
	}
	sample_close(&s);
}

/* What an honest author signs too. */
static void
test_no_offence(void **state)
{
	struct vote a = {.type = VOTE_PREVOTE, .height = 4}, b = a;
	struct attest x = {.round = 4, .seq = 1}, y = x;
	struct evidence *e = NULL;

	(void)state;
	b.sig.b[5] ^= 1; /* the same vote, signed differently */
	assert_int_equal(evidence_of_votes(&a, &b, &e), -EINVAL);
	b.block.b[0] = 9;
	b.round = 1;
	assert_int_equal(evidence_of_votes(&a, &b, &e), -EINVAL);
	b.round = 0;
	b.type = VOTE_PRECOMMIT;
	assert_int_equal(evidence_of_votes(&a, &b, &e), -EINVAL);
	b.type = VOTE_PREVOTE;
	b.validator = 1;
	assert_int_equal(evidence_of_votes(&a, &b, &e), -EINVAL);
	y.seq = 2; /* a later one may name more */
	y.nheld = 1;
	assert_int_equal(evidence_of_attests(&x, &y, &e), -EINVAL);
	y.seq = 1;
	y.job.b[0] = 1;
	assert_int_equal(evidence_of_attests(&x, &y, &e), -EINVAL);
	assert_null(e);
}

/* Whichever was seen first, it is the same evidence; the other order of bytes
 * is not accepted. */
static void
test_one_order(void **state)
{
	struct vote a = {.type = VOTE_PREVOTE, .height = 4}, b = a;
	struct evidence *x, *y;
	uint8_t swapped[1024];
	size_t half;

	(void)state;
	b.block.b[0] = 9;
	a.sig.alg = b.sig.alg = SIGN_ED25519;
	assert_int_equal(evidence_of_votes(&a, &b, &x), 0);
	assert_int_equal(evidence_of_votes(&b, &a, &y), 0);
	assert_true(hash_equal(&x->id, &y->id));
	half = (x->len - 1) / 2;
	swapped[0] = x->bytes[0];
	memcpy(swapped + 1, x->bytes + 1 + half, half);
	memcpy(swapped + 1 + half, x->bytes + 1, half);
	assert_null(decode(swapped, x->len));
	evidence_unref(x);
	evidence_unref(y);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_all_kinds),
	    cmocka_unit_test(test_every_bit),
	    cmocka_unit_test(test_no_offence),
	    cmocka_unit_test(test_one_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
