/* The path of the books: what is refused with which verdict, who is paid. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "consensus/books/state.h"
#include "tests/consensus/books/town.h"

static struct books_terms
terms(void)
{
	struct books_terms t = BOOKS_TERMS_DEFAULT;

	t.job = town_job_of;
	t.calendar = (struct proposal_calendar){10, 3, 20, 1};
	return t;
}

static int
transfer(struct town *t, uint16_t from, const struct sign_public *to,
    uint64_t amount)
{
	struct body_transfer x = {.to = *to, .amount = amount};
	struct bytes_writer w = BYTES_WRITER_INIT;

	body_transfer_put(&w, &x);
	return town_do(t, from, TX_TRANSFER, &w, NULL);
}

static enum books_verdict
may_update(const struct town *t, uint16_t member, const struct hash *root)
{
	return books_update(t->books, member, root,
	    &(struct books_ask){NULL, t->height});
}

static uint64_t
balance(const struct town *t, uint16_t i)
{
	return account_find(t->books, &t->pub[i])->balance;
}

static void
test_transfer_nonce_fee_expiry(void **state)
{
	struct books_terms tm = terms();
	struct bytes_writer w = BYTES_WRITER_INIT;
	struct town t;
	struct tx *x;

	(void)state;
	town_open(&t, 4, &tm);
	assert_int_equal(transfer(&t, 0, &t.pub[1], 500), BOOKS_OK);
	assert_int_equal(balance(&t, 0), tm.opening - 500 - tm.fee);
	assert_int_equal(balance(&t, 1), tm.opening + 500);
	assert_int_equal(transfer(&t, 0, &t.pub[1], 0), BOOKS_BODY);
	/* All but the fee can be sent, one unit more cannot. */
	assert_int_equal(transfer(&t, 0, &t.pub[1],
			     balance(&t, 0) - tm.fee + 1),
	    BOOKS_FUNDS);

	body_transfer_put(&w,
	    &(struct body_transfer){.to = t.pub[1], .amount = 5});
	x = town_tx(&t, 0, TX_TRANSFER, &w);
	assert_int_equal(books_apply(t.books, x, t.height), BOOKS_OK);
	/* Played again, and with a gap. */
	assert_int_equal(books_apply(t.books, x, t.height), BOOKS_NONCE);
	x->nonce += 2;
	assert_int_equal(books_apply(t.books, x, t.height), BOOKS_NONCE);
	x->nonce--;
	x->fee = tm.fee - 1;
	assert_int_equal(books_apply(t.books, x, t.height), BOOKS_FEE);
	x->fee = tm.fee;
	assert_int_equal(books_apply(t.books, x, x->expires + 1),
	    BOOKS_EXPIRED);
	x->len--;
	assert_int_equal(books_apply(t.books, x, t.height), BOOKS_BODY);
	x->len++;
	x->sender.b[0] ^= 1;
	assert_int_equal(books_apply(t.books, x, t.height), BOOKS_NOBODY);
	tx_unref(x);
	assert_true(books_conserved(t.books));
	town_close(&t);
}

/* An order that is fine but for one thing. */
static int
order(struct town *t, const struct hash *asset, const struct body_order *with,
    const struct town_job *job, struct hash *id)
{
	struct body_order o = {.purpose = "research",
	    .price = 1000,
	    .escrow = 5000,
	    .nassets = 1};

	if (with)
		o = *with;
	o.assets[0] = *asset;
	return town_order(t, 3, &o, job, id);
}

static const struct town_job plain = {1, 9, 5, false};
static const struct town_job noisy = {1, 9, 5, true};

static void
test_default_deny(void **state)
{
	static const struct town_job other_task = {2, 9, 5, false};
	static const struct town_job other_circuit = {1, 8, 5, false};
	static const struct town_job longer = {1, 9, 6, false};
	struct body_order o = {.purpose = "research",
	    .price = 1000,
	    .escrow = 5000,
	    .nassets = 1};
	struct body_asset a = town_asset(1);
	struct books_terms tm = terms();
	struct hash id;
	struct town t;

	(void)state;
	town_open(&t, 4, &tm);
	a.ncircuits = 1;
	a.circuits[0].b[0] = 9;
	a.rounds = 5;
	assert_int_equal(town_register(&t, 0, &a, &id), BOOKS_OK);
	assert_int_equal(town_register(&t, 0, &a, NULL), BOOKS_EXISTS);
	assert_int_equal(order(&t, &id, NULL, &other_task, NULL),
	    BOOKS_TASK_DENIED);
	assert_int_equal(order(&t, &id, NULL, &other_circuit, NULL),
	    BOOKS_CIRCUIT_DENIED);
	o.escrow = 6000;
	assert_int_equal(order(&t, &id, &o, &longer, NULL),
	    BOOKS_ASSET_USED_UP);
	o.escrow = 4999;
	assert_int_equal(order(&t, &id, &o, &plain, NULL), BOOKS_PRICE);
	o.escrow = 5000;
	o.price = 999;
	assert_int_equal(order(&t, &id, &o, &plain, NULL), BOOKS_PRICE);
	o.price = 1000;
	o.policy.b[3] = 1;
	assert_int_equal(order(&t, &id, &o, &plain, NULL), BOOKS_POLICY);
	o.policy.b[3] = 0;
	memcpy(o.purpose, "adverts", sizeof("adverts"));
	assert_int_equal(order(&t, &id, &o, &plain, NULL), BOOKS_PURPOSE);
	assert_int_equal(order(&t, &id, NULL, &plain, NULL), BOOKS_OK);
	assert_int_equal(balance(&t, 3),
	    tm.opening - tm.fee - 5000); /* in escrow */
	town_close(&t);
}

static void
test_consent_ends(void **state)
{
	struct books_terms tm = terms();
	struct body_asset a = town_asset(1);
	struct hash id, oid;
	struct town t;

	(void)state;
	town_open(&t, 4, &tm);
	assert_int_equal(town_register(&t, 0, &a, &id), BOOKS_OK);
	assert_int_equal(order(&t, &id, NULL, &plain, &oid), BOOKS_OK);
	assert_int_equal(town_ref(&t, 1, TX_ORDER_ACCEPT, &oid),
	    BOOKS_NOT_OWNER);
	assert_int_equal(town_ref(&t, 0, TX_ORDER_ACCEPT, &oid), BOOKS_OK);
	assert_int_equal(town_ref(&t, 0, TX_ORDER_ACCEPT, &oid), BOOKS_STATE);
	books_job_started(t.books, &oid);
	assert_int_equal(may_update(&t, 0, &a.root), BOOKS_OK);
	assert_int_equal(may_update(&t, 1, &a.root), BOOKS_UNKNOWN);
	assert_int_equal(town_ref(&t, 1, TX_ASSET_WITHDRAW, &id),
	    BOOKS_NOT_OWNER);
	assert_int_equal(town_ref(&t, 0, TX_ASSET_WITHDRAW, &id), BOOKS_OK);
	assert_int_equal(town_ref(&t, 0, TX_ASSET_WITHDRAW, &id), BOOKS_STATE);
	assert_int_equal(may_update(&t, 0, &a.root), BOOKS_ASSET_WITHDRAWN);
	assert_int_equal(order(&t, &id, NULL, &plain, NULL),
	    BOOKS_ASSET_WITHDRAWN);
	books_job_finished(t.books, &oid);
	assert_int_equal(balance(&t, 3), tm.opening - tm.fee);

	a = town_asset(2);
	assert_int_equal(town_register(&t, 0, &a, &id), BOOKS_OK);
	t.height = a.expires;
	assert_int_equal(order(&t, &id, NULL, &plain, NULL),
	    BOOKS_ASSET_EXPIRED);
	assert_true(books_conserved(t.books));
	town_close(&t);
}

static void
test_privacy_budget(void **state)
{
	struct books_closed c = {.height = 1,
	    .nuses = 1,
	    .steps = 10,
	    .step = {50000000, 1200}};
	struct books_terms tm = terms();
	struct body_asset a = town_asset(1);
	struct body_order o = {.purpose = "research", .nassets = 1};
	struct hash id, oid;
	struct books_use use;
	struct town t;

	(void)state;
	town_open(&t, 4, &tm);
	a.price = 0;
	a.privacy = (struct rdp_target){3000, 5}; /* 118 steps */
	assert_int_equal(town_register(&t, 0, &a, &id), BOOKS_OK);
	assert_int_equal(order(&t, &id, &o, &plain, NULL), BOOKS_PRIVACY);
	/* 50 of 118 steps; then 50 more; the third job does not fit. */
	for (int k = 0; k < 2; k++) {
		assert_int_equal(order(&t, &id, &o, &noisy, &oid), BOOKS_OK);
		assert_int_equal(town_ref(&t, 0, TX_ORDER_ACCEPT, &oid),
		    BOOKS_OK);
		books_job_started(t.books, &oid);
		use = (struct books_use){0, a.root};
		c.uses = &use;
		for (int r = 0; r < 5; r++) {
			c.round++;
			assert_int_equal(books_close_round(t.books, &c), 0);
		}
		books_job_finished(t.books, &oid);
	}
	assert_int_equal(order(&t, &id, &o, &noisy, NULL), BOOKS_PRIVACY);
	/* A new version over the same people starts where this one stands. */
	a.root.b[1] = 1;
	a.parent = id;
	assert_int_equal(town_register(&t, 0, &a, &id), BOOKS_OK);
	assert_int_equal(order(&t, &id, &o, &noisy, NULL), BOOKS_PRIVACY);
	assert_true(books_conserved(t.books));
	town_close(&t);
}

static int
say_worth(struct town *t, uint16_t from, uint64_t round, const int64_t *v,
    uint16_t n)
{
	struct bytes_writer game = BYTES_WRITER_INIT;
	struct bytes_writer w = BYTES_WRITER_INIT;
	struct body_worth x = {.round = round, .n = n};
	int rc;

	for (uint16_t i = 0; i < n; i++)
		bytes_put_i64(&game, v[i]);
	x.utility = game.data;
	body_worth_put(&w, &x);
	rc = town_do(t, from, TX_WORTH, &w, NULL);
	bytes_writer_close(&game);
	return rc;
}

/* Reference S4: the third member poisons; one validator lies about it. */
static void
test_poisoner_earns_nothing(void **state)
{
	static const int64_t truth[8] = {500, 700, 680, 790, 430, 610, 600,
	    720};
	static const int64_t lie[8] = {0, 0, 0, 0, 900, 900, 900, 900};
	struct books_use uses[] = {{0, {{0}}}, {1, {{0}}}, {2, {{0}}}};
	struct books_closed c = {.height = 1,
	    .round = 7,
	    .uses = uses,
	    .nuses = 3};
	struct books_terms tm = terms();
	uint64_t before[4];
	struct town t;

	(void)state;
	tm.shares = (struct books_shares){1000000, 0, 0, 0};
	tm.mint = 1000;
	town_open(&t, 4, &tm);
	assert_int_equal(books_close_round(t.books, &c), 0);
	assert_int_equal(say_worth(&t, 0, 8, truth, 8), BOOKS_UNKNOWN);
	assert_int_equal(say_worth(&t, 0, 7, truth, 4), BOOKS_BODY);
	assert_int_equal(say_worth(&t, 0, 7, truth, 8), BOOKS_OK);
	assert_int_equal(say_worth(&t, 0, 7, truth, 8), BOOKS_EXISTS);
	assert_int_equal(say_worth(&t, 1, 7, truth, 8), BOOKS_OK);
	assert_int_equal(say_worth(&t, 2, 7, lie, 8), BOOKS_OK);
	assert_int_equal(say_worth(&t, 3, 7, truth, 8), BOOKS_OK);
	for (uint16_t i = 0; i < 4; i++)
		before[i] = balance(&t, i);
	assert_int_equal(books_end_block(t.books, 2), 0);
	assert_int_equal(balance(&t, 0) - before[0], 525);
	assert_int_equal(balance(&t, 1) - before[1], 475);
	assert_int_equal(balance(&t, 2) - before[2], 0);
	assert_true(books_conserved(t.books));

	/* Without a quorum of words the treasury keeps it. */
	c.round = 8;
	assert_int_equal(books_close_round(t.books, &c), 0);
	assert_int_equal(say_worth(&t, 0, 8, truth, 8), BOOKS_OK);
	before[0] = balance(&t, 0);
	assert_int_equal(books_end_block(t.books, c.height + tm.worth_blocks),
	    0);
	assert_int_equal(balance(&t, 0), before[0]);
	assert_true(books_conserved(t.books));
	town_close(&t);
}

static int
propose(struct town *t, uint16_t from, uint8_t kind, struct bytes_writer *p)
{
	struct body_propose x = {.kind = kind, .title = "do it"};
	struct bytes_writer w = BYTES_WRITER_INIT;
	int rc;

	x.payload = p->data;
	x.len = (uint32_t)p->len;
	body_propose_put(&w, &x);
	rc = town_do(t, from, TX_PROPOSE, &w, NULL);
	bytes_writer_close(p);
	return rc;
}

static int
vote(struct town *t, uint16_t from, uint64_t id, enum vote_option o)
{
	struct body_ballot x = {id, (uint8_t)o};
	struct bytes_writer w = BYTES_WRITER_INIT;

	body_ballot_put(&w, &x);
	return town_do(t, from, TX_VOTE, &w, NULL);
}

static void
end_blocks(struct town *t, unsigned n)
{
	while (n-- > 0)
		assert_int_equal(books_end_block(t->books, t->height++), 0);
}

static void
test_members_decide(void **state)
{
	struct bytes_writer p = BYTES_WRITER_INIT;
	struct books_terms tm = terms();
	struct body_asset a = town_asset(1);
	struct books_due due;
	struct hash id, policy = {{42}};
	uint64_t treasury;
	struct town t;

	(void)state;
	town_open(&t, 4, &tm);
	assert_int_equal(town_register(&t, 0, &a, &id), BOOKS_OK);
	bytes_put_hash(&p, &policy);
	assert_int_equal(propose(&t, 0, PROPOSAL_ETHICS, &p), BOOKS_OK);
	bytes_put_hash(&p, &id);
	bytes_put_u8(&p, 1);
	assert_int_equal(propose(&t, 1, PROPOSAL_ASSET, &p), BOOKS_OK);
	bytes_put_raw(&p, t.pub[2].b, SIGN_PUBLIC_LEN);
	bytes_put_u64(&p, UINT64_MAX);
	assert_int_equal(propose(&t, 1, PROPOSAL_TREASURY, &p), BOOKS_FUNDS);
	bytes_put_u8(&p, 77);
	assert_int_equal(propose(&t, 1, PROPOSAL_PARAM, &p), BOOKS_BODY);
	bytes_put_u32(&p, 77);
	assert_int_equal(propose(&t, 1, PROPOSAL_PAUSE, &p), BOOKS_OK);
	assert_int_equal(vote(&t, 0, 1, VOTE_YES), BOOKS_VOTED); /* too soon */
	end_blocks(&t, 1);
	for (uint16_t i = 0; i < 3; i++)
		for (uint64_t m = 1; m <= 3; m++)
			assert_int_equal(vote(&t, i, m, VOTE_YES), BOOKS_OK);
	assert_int_equal(vote(&t, 0, 9, VOTE_YES), BOOKS_UNKNOWN);
	/* A transfer after the snapshot buys no vote. */
	treasury = t.books->treasury;
	assert_int_equal(transfer(&t, 0, &t.pub[3], 1000), BOOKS_OK);
	end_blocks(&t, 10);
	assert_int_equal(t.books->policy.b[0], 0); /* time lock: 5 blocks */
	end_blocks(&t, 6);
	assert_int_equal(t.books->policy.b[0], 42);
	assert_int_equal(order(&t, &id, NULL, &plain, NULL), BOOKS_POLICY);
	assert_int_equal(may_update(&t, 0, &a.root), BOOKS_ASSET_BANNED);
	due = books_next_due(t.books, t.height);
	assert_int_equal(due.proposal, 3);
	assert_int_equal(due.kind, PROPOSAL_PAUSE);
	assert_int_equal(due.len, 4);
	assert_int_equal(due.payload[3], 77);
	books_executed(t.books, 3, true);
	assert_int_equal(books_next_due(t.books, t.height).proposal, 0);
	assert_true(t.books->treasury > treasury);
	town_close(&t);
}

/* One member takes all the places for proposals: the others have theirs. */
static void
test_a_place_for_each(void **state)
{
	struct bytes_writer p = BYTES_WRITER_INIT;
	struct books_terms tm = terms();
	struct town t;

	(void)state;
	town_open(&t, 4, &tm);
	for (unsigned i = 0; i < OPEN_PROPOSALS_MAX; i++)
		assert_int_equal(propose(&t, 0, PROPOSAL_TEXT, &p), BOOKS_OK);
	assert_int_equal(propose(&t, 0, PROPOSAL_TEXT, &p), BOOKS_LIMIT);
	for (uint16_t i = 1; i < 4; i++) {
		assert_int_equal(propose(&t, i, PROPOSAL_TEXT, &p), BOOKS_OK);
		assert_int_equal(propose(&t, i, PROPOSAL_TEXT, &p),
		    BOOKS_LIMIT);
	}
	/* Those are over when their time is, and so is the limit. */
	end_blocks(&t, 1 + tm.calendar.period);
	assert_int_equal(propose(&t, 0, PROPOSAL_TEXT, &p), BOOKS_OK);
	assert_int_equal(propose(&t, 0, PROPOSAL_TEXT, &p), BOOKS_OK);
	town_close(&t);
}

static int
order_by(struct town *t, uint16_t from, const struct hash *asset)
{
	const struct body_order o = {.purpose = "research",
	    .price = 1000,
	    .escrow = 5000,
	    .nassets = 1,
	    .assets = {*asset}};

	return town_order(t, from, &o, &plain, NULL);
}

/* And so it is with orders that nobody accepts; a stranger has no place of its
 * own, or there were as many as accounts. */
static void
test_an_order_for_each(void **state)
{
	const uint8_t seed[SIGN_SEED_LEN] = {99};
	struct books_terms tm = terms();
	struct body_asset a = town_asset(1);
	struct hash id, mine;
	struct town t;

	(void)state;
	town_open(&t, 4, &tm);
	assert_int_equal(sign_key_new(seed, &t.keys[4]), 0);
	t.pub[4] = sign_key_public(t.keys[4]);
	assert_int_equal(transfer(&t, 0, &t.pub[4], 100000), BOOKS_OK);
	assert_int_equal(town_register(&t, 0, &a, &id), BOOKS_OK);
	assert_int_equal(order(&t, &id, NULL, &plain, &mine), BOOKS_OK);
	for (unsigned i = 1; i < OPEN_ORDERS_MAX; i++)
		assert_int_equal(order_by(&t, 3, &id), BOOKS_OK);
	assert_int_equal(order_by(&t, 3, &id), BOOKS_LIMIT);
	assert_int_equal(order_by(&t, 2, &id), BOOKS_OK);
	assert_int_equal(order_by(&t, 2, &id), BOOKS_LIMIT);
	assert_int_equal(order_by(&t, 4, &id), BOOKS_LIMIT);
	assert_int_equal(town_ref(&t, 3, TX_ORDER_CANCEL, &mine), BOOKS_OK);
	assert_int_equal(order_by(&t, 2, &id), BOOKS_LIMIT);
	assert_int_equal(order_by(&t, 1, &id), BOOKS_OK);
	sign_key_free(t.keys[4]);
	town_close(&t);
}

static int
model_tx(struct town *t, uint16_t from, uint8_t kind,
    const struct body_model *m)
{
	struct bytes_writer w = BYTES_WRITER_INIT;

	body_model_put(&w, m);
	return town_do(t, from, kind, &w, NULL);
}

static void
test_models_are_owned(void **state)
{
	struct books_mint m = {.model = {{5}},
	    .height = 1,
	    .royalty_ppm = 100000};
	struct books_terms tm = terms();
	struct body_model x = {.expires = 50, .price = 1000};
	uint64_t before[4];
	struct town t;

	(void)state;
	town_open(&t, 4, &tm);
	assert_int_equal(books_mint(t.books, &m), 0);
	assert_true(books_mint(t.books, &m) < 0);
	x.token = BOOKS_ROWS(struct token, t.books->tokens)[0].id;
	x.to = t.pub[1];
	assert_int_equal(model_tx(&t, 1, TX_MODEL_TRANSFER, &x),
	    BOOKS_NOT_OWNER);
	assert_int_equal(model_tx(&t, 1, TX_MODEL_APPROVE, &x),
	    BOOKS_NOT_OWNER);
	assert_int_equal(model_tx(&t, 0, TX_MODEL_APPROVE, &x), BOOKS_OK);
	x.to = t.pub[2];
	assert_int_equal(model_tx(&t, 1, TX_MODEL_TRANSFER, &x), BOOKS_OK);
	/* The approval went with the old owner. */
	assert_int_equal(model_tx(&t, 1, TX_MODEL_TRANSFER, &x),
	    BOOKS_NOT_OWNER);
	x.to = t.pub[3];
	assert_int_equal(model_tx(&t, 2, TX_MODEL_APPROVE, &x), BOOKS_OK);
	for (uint16_t i = 0; i < 4; i++)
		before[i] = balance(&t, i);
	assert_int_equal(model_tx(&t, 3, TX_MODEL_LEASE, &x), BOOKS_OK);
	/* A tenth is the makers', in equal parts; the rest the owner's. */
	assert_int_equal(balance(&t, 0) - before[0], 25);
	assert_int_equal(balance(&t, 2) - before[2], 925);
	assert_int_equal(before[3] - balance(&t, 3), 1000 - 25 + tm.fee);
	assert_int_equal(model_tx(&t, 2, TX_MODEL_LEASE, &x), BOOKS_STATE);
	assert_int_equal(books_end_block(t.books, 50), 0);
	assert_int_equal(model_tx(&t, 2, TX_MODEL_LEASE, &x), BOOKS_OK);
	town_close(&t);
}

static void
test_credentials(void **state)
{
	struct body_credential c = {.id = {{8}}, .type = 2, .expires = 100};
	struct bytes_writer w = BYTES_WRITER_INIT;
	struct books_terms tm = terms();
	struct body_asset a = town_asset(1);
	struct hash id;
	struct town t;

	(void)state;
	town_open(&t, 4, &tm);
	a.credential = 2;
	assert_int_equal(town_register(&t, 0, &a, &id), BOOKS_OK);
	assert_int_equal(order(&t, &id, NULL, &plain, NULL), BOOKS_CREDENTIAL);
	c.subject = t.pub[3];
	body_credential_put(&w, &c);
	assert_int_equal(town_do(&t, 1, TX_CREDENTIAL, &w, NULL), BOOKS_OK);
	assert_int_equal(order(&t, &id, NULL, &plain, NULL), BOOKS_OK);
	assert_int_equal(town_ref(&t, 0, TX_REVOKE, &c.id), BOOKS_NOT_OWNER);
	assert_int_equal(town_ref(&t, 1, TX_REVOKE, &c.id), BOOKS_OK);
	assert_int_equal(order(&t, &id, NULL, &plain, NULL), BOOKS_CREDENTIAL);
	town_close(&t);
}

static void
test_promises(void **state)
{
	struct body_commit c = {.round = 3, .commit = {{1}}};
	struct bytes_writer w = BYTES_WRITER_INIT;
	struct books_terms tm = terms();
	struct town t;

	(void)state;
	town_open(&t, 4, &tm);
	body_commit_put(&w, &c);
	assert_int_equal(town_do(&t, 2, TX_COMMIT, &w, NULL), BOOKS_OK);
	c.commit.b[0] = 2;
	body_commit_put(&w, &c);
	assert_int_equal(town_do(&t, 2, TX_COMMIT, &w, NULL), BOOKS_EXISTS);
	assert_int_equal(books_promise(t.books, 2, &c.job, 3)->b[0], 1);
	assert_null(books_promise(t.books, 1, &c.job, 3));
	assert_null(books_promise(t.books, 2, &c.job, 4));
	town_close(&t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_transfer_nonce_fee_expiry),
	    cmocka_unit_test(test_default_deny),
	    cmocka_unit_test(test_consent_ends),
	    cmocka_unit_test(test_privacy_budget),
	    cmocka_unit_test(test_poisoner_earns_nothing),
	    cmocka_unit_test(test_members_decide),
	    cmocka_unit_test(test_a_place_for_each),
	    cmocka_unit_test(test_an_order_for_each),
	    cmocka_unit_test(test_models_are_owned),
	    cmocka_unit_test(test_credentials),
	    cmocka_unit_test(test_promises),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
