/*
 * Each check of an audit is killed by its own mutation of a valid chain, which
 * everybody signed: exactly that check fails, at that block.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "consensus/books/view.h"
#include "daemon/cli/audit.h"
#include "rich.h"

static struct town *
town_of(struct rich *r)
{
	return &r->chain.town;
}

/* A valid block of these kinds, to be spoilt. */
static struct block *
with_tx(struct rich *r)
{
	struct tx *x = rich_transfer(r, 3, 5, "");

	return rich_next(r, &x, 1, false);
}

/* The block's transaction becomes another one; takes x. */
static void
swap_tx(struct rich *r, struct tx *x)
{
	struct block *b = with_tx(r);

	tx_unref(b->txs[0]);
	b->txs[0] = x;
	rich_seal(r, b);
	block_free(b);
}

/* Signs answer i again after a change, and all that names it. */
static void
sign_answer(struct rich *r, struct block *b, uint16_t i)
{
	struct town *t = town_of(r);
	struct answer *a = b->answers[i];

	answer_sign(a, t->keys[a->member], &t->fid);
	b->answer_ids[i] = a->id;
	for (uint16_t v = 0; v < b->header.nattests; v++) {
		struct attest *s = &b->attests[v];

		for (uint16_t k = 0; k < s->nheld; k++)
			if (s->member[k] == a->member)
				s->held[k] = a->id;
		attest_sign(s, t->keys[s->validator], &t->fid);
	}
}

static void
header(struct rich *r, size_t offset)
{
	struct block *b = rich_next(r, NULL, 0, true);

	((uint8_t *)&b->header)[offset] ^= 1;
	rich_seal(r, b);
	block_free(b);
}

static void
time_stands_still(struct rich *r)
{
	struct block *b = rich_next(r, NULL, 0, true);

	b->header.time_ms = ledger_time_ms(town_of(r)->l);
	rich_seal(r, b);
	block_free(b);
}

static void
other_block_before(struct rich *r)
{
	header(r, offsetof(struct header, prev));
}

static void
too_few_signed(struct rich *r)
{
	struct block *b = rich_next(r, NULL, 0, true);
	struct town *t = town_of(r);

	town_certify(t, &t->commit, b->header.height, &b->id);
	t->commit.nsigs = 2;
	rich_append(r, b);
	block_free(b);
}

static void
signature_of_nobody(struct rich *r)
{
	struct block *b = rich_next(r, NULL, 0, true);
	struct town *t = town_of(r);

	town_certify(t, &t->commit, b->header.height, &b->id);
	t->commit.sigs[3].b[9] ^= 1;
	rich_append(r, b);
	block_free(b);
}

static void
other_validators(struct rich *r)
{
	header(r, offsetof(struct header, next_validators));
}

static void
not_its_turn(struct rich *r)
{
	struct block *b = rich_next(r, NULL, 0, true);

	b->header.proposer = (uint16_t)((b->header.proposer + 1) % 4);
	rich_seal(r, b);
	block_free(b);
}

static void
played_twice(struct rich *r)
{
	struct tx *x = rich_transfer(r, 3, 5, "");

	x->nonce--;
	tx_sign(x, town_of(r)->keys[3], &town_of(r)->fid);
	swap_tx(r, x);
}

static void
signed_by_another(struct rich *r)
{
	struct tx *x = rich_transfer(r, 3, 5, "");

	x->sig.b[3] ^= 1;
	swap_tx(r, x);
}

static void
other_state(struct rich *r)
{
	header(r, offsetof(struct header, state_root));
}

static void
other_history(struct rich *r)
{
	header(r, offsetof(struct header, history_root));
}

static void
spent_twice(struct rich *r)
{
	struct town *t = town_of(r);
	const struct account *a =
	    books_account(ledger_books(t->l), &t->f.members[3].sign);

	swap_tx(r, rich_transfer(r, 3, a->balance, ""));
}

static void
left_out(struct rich *r)
{
	struct block *b = rich_next(r, NULL, 0, true);

	answer_unref(b->answers[3]);
	b->answers[3] = NULL;
	b->header.nanswers = 3;
	rich_seal(r, b);
	b->header.nanswers = 4;
	block_free(b);
}

static void
beyond_the_bound(struct rich *r)
{
	struct block *b = rich_next(r, NULL, 0, true);

	b->answers[1]->delta[0] = ledger_bound_q24(town_of(r)->l) + 1;
	sign_answer(r, b, 1);
	rich_seal(r, b);
	block_free(b);
}

static void
other_aggregate(struct rich *r)
{
	header(r, offsetof(struct header, aggregate));
}

static void
other_model(struct rich *r)
{
	header(r, offsetof(struct header, model));
}

/* The third round is closed, and somebody speaks of the second once more. */
static void
worth_of_a_paid_round(struct rich *r)
{
	swap_tx(r, rich_worth(r, 2, 1));
}

static void
noise_not_added(struct rich *r)
{
	struct block *b = rich_next(r, NULL, 0, true);

	b->answers[2]->privacy.sigma_milli /= 2;
	sign_answer(r, b, 2);
	rich_seal(r, b);
	block_free(b);
}

static void
too_few_rows(struct rich *r)
{
	struct block *b = rich_next(r, NULL, 0, true);

	b->answers[2]->rows = 3;
	sign_answer(r, b, 2);
	rich_seal(r, b);
	block_free(b);
}

static struct tx *
about(struct rich *r, uint16_t from, uint8_t kind, const struct hash *id)
{
	struct bytes_writer w = BYTES_WRITER_INIT;
	struct body_ref b = {*id};

	body_ref_put(&w, &b);
	return rich_tx(r, from, kind, &w, 0);
}

/* The owner withdraws, a round later its data are used all the same. */
static void
withdrawn_data(struct rich *r)
{
	struct tx *x = about(r, 2, TX_ASSET_WITHDRAW, &r->asset[2]);
	struct hash rows = r->rows[2];
	struct block *b;

	rich_commit(r, rich_next(r, &x, 1, true));
	memset(&r->rows[2], 0, sizeof(r->rows[2]));
	b = rich_next(r, NULL, 0, true);
	b->answers[2]->data_asset = rows;
	sign_answer(r, b, 2);
	rich_seal(r, b);
	block_free(b);
}

static void
data_of_another(struct rich *r)
{
	swap_tx(r, about(r, 1, TX_ASSET_WITHDRAW, &r->asset[2]));
}

static void
voted_too_late(struct rich *r)
{
	swap_tx(r, rich_vote(r, 3, 1));
}

static void
other_params(struct rich *r)
{
	header(r, offsetof(struct header, params));
}

static void
moved_by_another(struct rich *r)
{
	struct town *t = town_of(r);
	struct bytes_writer w = BYTES_WRITER_INIT;
	struct body_model b = {.token =
				   books_token_at(ledger_books(t->l), 0)->id,
	    .to = t->f.members[3].sign};

	body_model_put(&w, &b);
	swap_tx(r, rich_tx(r, 3, TX_MODEL_TRANSFER, &w, 0));
}

static void
revoked_by_another(struct rich *r)
{
	swap_tx(r, about(r, 3, TX_REVOKE, &r->credential));
}

static void
ordered_without_credential(struct rich *r)
{
	const struct books_totals t = books_totals(ledger_books(town_of(r)->l));

	swap_tx(r, rich_order(r, 3, &t.policy));
}

/* Member 2 holds it no longer. */
static void
ordered_after_revocation(struct rich *r)
{
	const struct books_totals t = books_totals(ledger_books(town_of(r)->l));
	struct tx *x = rich_order(r, 2, &t.policy);

	assert_int_equal(ledger_tx_fits(town_of(r)->l, x), BOOKS_OK);
	tx_unref(x);
	x = about(r, 1, TX_REVOKE, &r->credential);
	rich_commit(r, rich_next(r, &x, 1, false));
	swap_tx(r, rich_order(r, 2, &t.policy));
}

static void
ordered_under_no_policy(struct rich *r)
{
	const struct hash none = {{0}};

	swap_tx(r, rich_order(r, 2, &none));
}

/* Somebody is accused with a vote that another one signed. */
static void
evidence_of_nothing(struct rich *r)
{
	struct town *t = town_of(r);
	struct block *b = rich_next(r, NULL, 0, true);
	struct vote votes[2];
	struct evidence *e;

	for (int i = 0; i < 2; i++) {
		votes[i] = (struct vote){.type = VOTE_PREVOTE,
		    .height = 2,
		    .block = hash_bytes("x", &i, sizeof(i)),
		    .validator = 1};
		vote_sign(&votes[i], t->keys[1 + i], &t->fid);
	}
	assert_int_equal(evidence_of_votes(&votes[0], &votes[1], &e), 0);
	assert_int_equal(block_add_evidence(b, &e, 1), 0);
	evidence_unref(e);
	rich_seal(r, b);
	block_free(b);
}

static void
address_in_a_memo(struct rich *r)
{
	struct tx *x = rich_transfer(r, 3, 5, "for jane.doe@example.org");

	rich_commit(r, rich_next(r, &x, 1, false));
}

static void
phone_in_a_memo(struct rich *r)
{
	struct tx *x = rich_transfer(r, 3, 5, "call +41 44 123 45 67");

	rich_commit(r, rich_next(r, &x, 1, false));
}

static void
copied_update(struct rich *r)
{
	struct town *t = town_of(r);
	struct answer *first = NULL;

	t->now_ms += 500;
	for (uint16_t m = 0; m < RICH_MEMBERS; m++) {
		struct answer *a = town_draft(t, m, ANSWER_UPDATE);

		a->data_asset = r->rows[m];
		if (m == 2)
			memcpy(a->delta, first->delta,
			    a->dim * sizeof(*a->delta));
		first = first ? first : a;
		town_keep(t, a);
	}
	for (uint16_t v = 0; v < RICH_MEMBERS; v++)
		town_attest(t, v, UINT64_MAX);
	rich_commit(r, rich_next(r, NULL, 0, true));
}

static const struct mutation {
	enum check_id check;
	enum rich_stage stage;
	void (*run)(struct rich *r);
	const char *name;
} mutations[] = {
#define M(check, stage, f)          \
	{                           \
		check, stage, f, #f \
	}
    M(CHECK_ORDER, RICH_OPEN, time_stands_still),
    M(CHECK_ORDER, RICH_OPEN, other_block_before),
    M(CHECK_CERTIFICATES, RICH_OPEN, too_few_signed),
    M(CHECK_CERTIFICATES, RICH_OPEN, signature_of_nobody),
    M(CHECK_VALIDATORS, RICH_OPEN, other_validators),
    M(CHECK_VALIDATORS, RICH_OPEN, not_its_turn),
    M(CHECK_TRANSACTIONS, RICH_OPEN, played_twice),
    M(CHECK_TRANSACTIONS, RICH_OPEN, signed_by_another),
    M(CHECK_STATE, RICH_OPEN, other_state),
    M(CHECK_HISTORY, RICH_OPEN, other_history),
    M(CHECK_TOKENS, RICH_OPEN, spent_twice),
    M(CHECK_ROUNDS, RICH_OPEN, left_out),
    M(CHECK_ROUNDS, RICH_OPEN, beyond_the_bound),
    M(CHECK_MODEL, RICH_OPEN, other_aggregate),
    M(CHECK_MODEL, RICH_OPEN, other_model),
    M(CHECK_PAY, RICH_OPEN, worth_of_a_paid_round),
    M(CHECK_PRIVACY, RICH_OPEN, noise_not_added),
    M(CHECK_PRIVACY, RICH_OPEN, too_few_rows),
    M(CHECK_CONSENT, RICH_OPEN, withdrawn_data),
    M(CHECK_CONSENT, RICH_OPEN, data_of_another),
    M(CHECK_VOTES, RICH_OPEN, voted_too_late),
    M(CHECK_VOTES, RICH_OPEN, other_params),
    M(CHECK_VERSIONS, RICH_DONE, moved_by_another),
    M(CHECK_CREDENTIALS, RICH_OPEN, revoked_by_another),
    M(CHECK_CREDENTIALS, RICH_OPEN, ordered_without_credential),
    M(CHECK_CREDENTIALS, RICH_OPEN, ordered_after_revocation),
    M(CHECK_VOTES, RICH_OPEN, ordered_under_no_policy),
    M(CHECK_EVIDENCE, RICH_OPEN, evidence_of_nothing),
    M(CHECK_PERSONAL, RICH_OPEN, address_in_a_memo),
    M(CHECK_PERSONAL, RICH_DONE, phone_in_a_memo),
    M(CHECK_UNUSUAL, RICH_OPEN, copied_update),
#undef M
};

static void
test_each_is_killed(void **state)
{
	bool killed[CHECKS] = {false};

	(void)state;
	for (size_t i = 0; i < sizeof(mutations) / sizeof(*mutations); i++) {
		const struct mutation *m = &mutations[i];
		struct rich r;
		struct audit a;
		uint64_t last;
		int rc;

		rich_open(&r, "town");
		rich_grow(&r, m->stage);
		m->run(&r);
		last = segments_head(&r.chain.log);
		rc = audit_run(&a, r.root, &r.chain.town.fid);
		rich_failed(&a, m->check, m->name);
		assert_int_equal(rc, checks_decides(m->check) ? -EBADMSG : 0);
		assert_int_equal(a.checks.of[m->check].height, last);
		if (rc < 0)
			assert_int_equal(a.fault.check, m->check);
		killed[m->check] = true;
		rich_close(&r);
	}
	for (enum check_id id = CHECK_ORDER; id < CHECKS; id++)
		if (id != CHECK_COMPLETE)
			assert_true(killed[id]);
}

/* The chain of another federation, sound in itself. */
static void
test_founding(void **state)
{
	struct rich ours, other;
	struct audit a;

	(void)state;
	rich_open(&ours, "town");
	rich_open(&other, "village");
	rich_grow(&other, RICH_OPEN);
	assert_int_equal(audit_run(&a, other.root, &other.chain.town.fid), 0);
	assert_int_equal(audit_run(&a, other.root, &ours.chain.town.fid),
	    -EBADMSG);
	rich_failed(&a, CHECK_FOUNDING, "founding");
	rich_close(&ours);
	rich_close(&other);
}

/* Nothing is failed on the chain that nobody touched, and almost all of it is
 * proved. */
static void
test_untouched(void **state)
{
	struct rich r;
	struct audit a;

	(void)state;
	rich_open(&r, "town");
	rich_grow(&r, RICH_DONE);
	assert_int_equal(audit_run(&a, r.root, &r.chain.town.fid), 0);
	rich_failed(&a, CHECK_NONE, "untouched");
	for (enum check_id id = CHECK_FOUNDING; id < CHECKS; id++)
		if (a.checks.of[id].state != CHECK_PROVED &&
		    id != CHECK_COMPLETE)
			fail_msg("%s: %s", check_code(id), a.checks.of[id].why);
	assert_int_equal(a.txs[TX_WORTH], RICH_MEMBERS * RICH_ROUNDS);
	assert_int_equal(a.txs[TX_VOTE], RICH_MEMBERS);
	assert_int_equal(a.nnoisy, RICH_MEMBERS * RICH_ROUNDS);
	rich_close(&r);
}

static void
test_personal_texts(void **state)
{
	(void)state;
	assert_true(findings_personal("a@b.ch"));
	assert_true(findings_personal("x y+z@mail-1.example.org!"));
	assert_true(findings_personal("+4144 1234567"));
	assert_false(findings_personal("12 @ 3.50"));
	assert_false(findings_personal("@home.now"));
	assert_false(findings_personal("INV-20261122-000017"));
	assert_false(findings_personal("1+23456789 rows")); /* no number */
	assert_false(findings_personal("a + b"));
	assert_false(findings_personal(""));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_untouched),
	    cmocka_unit_test(test_founding),
	    cmocka_unit_test(test_each_is_killed),
	    cmocka_unit_test(test_personal_texts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
