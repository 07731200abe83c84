/*
 * What contradicts itself: proofs that a peer brings, attestations that do not
 * fit each other, words with our key that we never said.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "consensus/books/body.h"
#include "tests/consensus/replica/site.h"

static struct hash fed;

static void
open_site(struct site *s)
{
	site_start(s);
	assert_int_equal(federation_id(&s->f, &fed), 0);
	s->ms = 10;
}

/* Two votes of `who` at a height, signed by `signer`. */
static struct evidence *
two_votes(const struct site *s, uint16_t who, uint64_t height, uint16_t signer)
{
	struct vote v[2];
	struct evidence *e = NULL;

	for (int i = 0; i < 2; i++) {
		v[i] = (struct vote){.type = VOTE_PREVOTE,
		    .height = height,
		    .block = hash_bytes("x", &i, sizeof(i)),
		    .validator = who};
		vote_sign(&v[i], s->keys[signer], &fed);
	}
	assert_int_equal(evidence_of_votes(&v[0], &v[1], &e), 0);
	return e;
}

static size_t
stored(const struct site *s, enum replica_store kind)
{
	size_t n = 0;

	for (size_t i = 0; i < s->nseen; i++)
		n += s->seen[i].type == REPLICA_STORE &&
		    s->seen[i].store == kind;
	return n;
}

/* A peer's proof: kept, written down and told on, once; a forged one is the
 * peer's own fault. */
static void
a_peer_brings_proof(void **state)
{
	struct wire_msg m = {.type = WIRE_EVIDENCE};
	struct evidence *e;
	struct site s;

	(void)state;
	open_site(&s);
	e = two_votes(&s, 2, 1, 2);
	m.u.evidence = e;
	site_message(&s, 3, &m);
	assert_int_equal(stored(&s, REPLICA_STORE_PROOF), 1);
	assert_non_null(site_sent(&s, WIRE_EVIDENCE));
	assert_ptr_not_equal(replica_proof(s.r, 0), NULL);
	assert_true(hash_equal(&replica_proof(s.r, 0)->id, &e->id));
	site_message(&s, 1, &m);
	assert_int_equal(stored(&s, REPLICA_STORE_PROOF), 0);
	assert_null(site_sent(&s, WIRE_EVIDENCE));
	assert_int_equal(site_count(&s, REPLICA_PUNISH), 0);
	evidence_unref(e);
	m.u.evidence = e = two_votes(&s, 1, 1, 2); /* signed by another */
	site_message(&s, 3, &m);
	assert_int_equal(site_count(&s, REPLICA_PUNISH), 1);
	evidence_unref(e);
	m.u.evidence = e = two_votes(&s, 1, 50, 1); /* nobody was there yet */
	site_message(&s, 3, &m);
	assert_int_equal(site_count(&s, REPLICA_PUNISH), 0);
	evidence_unref(e);
	assert_null(replica_proof(s.r, 1));
	site_close(&s);
}

static void
attest(struct site *s, uint16_t who, uint32_t seq, const struct hash *held)
{
	struct attest a = {.validator = who, .seq = seq};
	struct wire_msg m = {.type = WIRE_ATTEST, .u.attest = &a};

	a.job = ledger_round(replica_ledger(s->r))->job;
	if (held != NULL) {
		a.member[a.nheld] = 2;
		a.held[a.nheld++] = *held;
	}
	attest_sign(&a, s->keys[who], &fed);
	site_message(s, 3, &m);
}

/* A higher number replaces what was said, the same number twice proves. */
static void
attestations_that_differ(void **state)
{
	static const struct hash some = {{5}}, other = {{6}};
	struct site s;

	(void)state;
	open_site(&s);
	attest(&s, 1, 1, NULL);
	attest(&s, 1, 2, &some);
	attest(&s, 1, 2, &some);  /* heard again */
	attest(&s, 1, 1, &other); /* of the past: nobody looks */
	assert_null(replica_proof(s.r, 0));
	assert_int_equal(site_count(&s, REPLICA_PUNISH), 0);
	attest(&s, 1, 2, &other);
	assert_int_equal(site_count(&s, REPLICA_PUNISH), 0);
	assert_int_equal(site_count(&s, REPLICA_NOTICE), 1);
	assert_ptr_not_equal(replica_proof(s.r, 0), NULL);
	assert_int_equal(replica_proof(s.r, 0)->kind, EVIDENCE_ATTESTS);
	assert_int_equal(replica_proof(s.r, 0)->who, 1);
	assert_non_null(site_sent(&s, WIRE_EVIDENCE));
	site_close(&s);
}

/* With our key and a number that we have not come to: another node has it. */
static void
an_attestation_of_ours(void **state)
{
	struct wire_msg m = {.type = WIRE_ATTEST};
	struct attest a = {.validator = 0, .seq = 9};
	struct site s;

	(void)state;
	open_site(&s);
	a.job = ledger_round(replica_ledger(s.r))->job;
	m.u.attest = &a;
	attest_sign(&a, s.keys[3], &fed); /* not even with our key */
	site_message(&s, 3, &m);
	assert_false(replica_progress(s.r).twin);
	attest_sign(&a, s.keys[0], &fed);
	site_message(&s, 3, &m);
	assert_true(replica_progress(s.r).twin);
	assert_int_equal(site_count(&s, REPLICA_NOTICE), 1);
	assert_int_equal(site_count(&s, REPLICA_PUNISH), 0);
	site_close(&s);
}

/* Transactions: offered, asked for, refused when nobody signed them. What is
 * for somebody without a chain is nothing to us. */
static void
offers_and_strays(void **state)
{
	struct wire_msg m = {.type = WIRE_TX_IDS};
	struct bytes_writer w = BYTES_WRITER_INIT;
	struct body_transfer pay = {.amount = 5};
	struct tx *t;
	struct site s;

	(void)state;
	open_site(&s);
	m.u.ids.n = 1;
	m.u.ids.ids[0].b[0] = 7;
	site_message(&s, 2, &m);
	assert_non_null(site_sent(&s, WIRE_TX_REQ));
	assert_true(hash_equal(&site_sent(&s, WIRE_TX_REQ)->u.ids.ids[0],
	    &m.u.ids.ids[0]));
	pay.to = s.f.members[1].sign;
	body_transfer_put(&w, &pay);
	t = tx_new((uint32_t)w.len);
	assert_non_null(t);
	memcpy(t->body, w.data, w.len);
	bytes_writer_close(&w);
	t->kind = TX_TRANSFER;
	t->fee = 1000;
	t->expires = 100;
	tx_sign(t, s.keys[2], &fed);
	t->sig.b[0] ^= 1;
	m = (struct wire_msg){.type = WIRE_TX, .u.tx = t};
	site_message(&s, 2, &m);
	assert_int_equal(site_count(&s, REPLICA_PUNISH), 1);
	t->sig.b[0] ^= 1;
	site_message(&s, 2, &m);
	assert_int_equal(site_count(&s, REPLICA_PUNISH), 0);
	tx_unref(t);
	m = (struct wire_msg){.type = WIRE_JOINED};
	site_message(&s, 2, &m);
	assert_int_equal(site_count(&s, REPLICA_PUNISH), 0);
	site_close(&s);
}

/* A member's update to the open round is kept, one that nobody may give is
 * not. A kind of message that is not known is no fault: it may come yet. */
static void
answers_of_others(void **state)
{
	static const uint8_t later[] = {0x08, 0x7f};
	struct replica_event ev = {.type = REPLICA_EV_MSG, .peer = 2};
	struct wire_msg m = {.type = WIRE_ANSWER};
	const struct ledger_round *lr;
	struct answer *a = site_draft(0);
	struct site s;

	(void)state;
	open_site(&s);
	lr = ledger_round(replica_ledger(s.r));
	a->version = ANSWER_VERSION;
	a->member = 2;
	a->job = lr->job;
	a->base_model = lr->bases.one[0].model;
	a->clip_q24 = (uint64_t)ledger_clip_q24(replica_ledger(s.r));
	m.u.answer = a;
	answer_sign(a, s.keys[1], &fed);
	site_message(&s, 2, &m);
	assert_int_equal(site_count(&s, REPLICA_PUNISH), 1);
	assert_false(replica_holds_answer(s.r, 2));
	answer_sign(a, s.keys[2], &fed);
	site_message(&s, 3, &m); /* whoever brings it */
	assert_int_equal(site_count(&s, REPLICA_PUNISH), 0);
	assert_true(replica_holds_answer(s.r, 2));
	assert_int_equal(stored(&s, REPLICA_STORE_ANSWER), 1);
	answer_unref(a);
	ev.msg.data = later;
	ev.msg.len = sizeof(later);
	site_step(&s, ev);
	assert_int_equal(site_count(&s, REPLICA_PUNISH), 0);
	site_close(&s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_peer_brings_proof),
	    cmocka_unit_test(attestations_that_differ),
	    cmocka_unit_test(an_attestation_of_ours),
	    cmocka_unit_test(offers_and_strays),
	    cmocka_unit_test(answers_of_others),
	};

	if (sign_setup() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
