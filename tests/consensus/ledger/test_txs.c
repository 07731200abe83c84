/*
 * Transactions in blocks: what a proposer takes, what everybody refuses, and
 * that the books are the same for whoever reads the chain again.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "consensus/books/view.h"
#include "fixture.h"

#define FEE 1000

/* A transaction of this member with this body, signed. */
static struct tx *
make(struct town *t, uint16_t from, uint8_t kind, uint64_t nonce,
    struct bytes_writer *w)
{
	struct tx *x;

	assert_int_equal(w->error, 0);
	x = tx_new((uint32_t)w->len);
	assert_non_null(x);
	memcpy(x->body, w->data, w->len);
	x->kind = kind;
	x->nonce = nonce;
	x->fee = FEE;
	x->expires = 100000;
	tx_sign(x, t->keys[from], &t->fid);
	bytes_writer_close(w);
	return x;
}

static uint64_t
nonce_of(const struct town *t, uint16_t m)
{
	const struct sign_public key = sign_key_public(t->keys[m]);

	return books_account(ledger_books(t->l), &key)->nonce;
}

static uint64_t
balance_of(const struct ledger *l, const struct sign_public *key)
{
	const struct account *a = books_account(ledger_books(l), key);

	return a ? a->balance : 0;
}

static struct tx *
transfer(struct town *t, uint16_t from, uint64_t nonce, uint64_t amount)
{
	struct bytes_writer w = BYTES_WRITER_INIT;
	struct body_transfer b = {.amount = amount};

	memset(b.to.b, 0x5a, sizeof(b.to.b));
	body_transfer_put(&w, &b);
	return make(t, from, TX_TRANSFER, nonce, &w);
}

static struct tx *
data(struct town *t, uint16_t owner, const struct hash *root)
{
	struct bytes_writer w = BYTES_WRITER_INIT;
	struct body_asset b = {.root = *root,
	    .rows = 10,
	    .tasks = 6, /* vqc and linear */
	    .expires = 100000,
	    .name = "rows"};

	body_asset_put(&w, &b);
	return make(t, owner, TX_ASSET_REGISTER, nonce_of(t, owner), &w);
}

static struct tx *
withdraw(struct town *t, uint16_t owner, const struct hash *id)
{
	struct bytes_writer w = BYTES_WRITER_INIT;
	struct body_ref b = {*id};

	body_ref_put(&w, &b);
	return make(t, owner, TX_ASSET_WITHDRAW, nonce_of(t, owner), &w);
}

static struct block *
build(struct town *t, struct tx **txs, size_t n)
{
	struct ledger_inputs in = town_inputs(t, 0);
	struct hash missing;
	struct block *b = NULL;
	uint64_t when;

	in.txs = txs;
	in.ntxs = n;
	assert_true(ledger_due(t->l, &in, &when));
	assert_int_equal(ledger_build(t->l, &in, &b, &missing), 0);
	assert_int_equal(ledger_check(t->l, b), LEDGER_OK);
	return b;
}

/* One block with these; takes the references. */
static void
commit(struct town *t, struct tx **txs, size_t n, uint16_t want)
{
	struct block *b;

	t->now_ms += TOWN_INTERVAL_MS;
	b = build(t, txs, n);
	assert_int_equal(b->header.ntxs, want);
	town_commit(t, b);
	block_free(b);
	assert_true(books_conserved(ledger_books(t->l)));
	for (size_t i = 0; i < n; i++)
		tx_unref(txs[i]);
}

static void
open_town(struct town *t)
{
	town_open(t, &(struct town_setup){.n = 4, .rounds = 1000});
	town_begin(t);
}

static void
one_transfer(void **state)
{
	struct hash before[LEDGER_LEAVES], after[LEDGER_LEAVES];
	struct sign_public to;
	struct ledger_inputs in;
	struct town t;
	uint64_t when, had;
	struct tx *x;

	(void)state;
	open_town(&t);
	memset(to.b, 0x5a, sizeof(to.b));
	in = town_inputs(&t, 0);
	/* Nothing waits: the heartbeat is next. */
	assert_false(ledger_due(t.l, &in, &when));
	assert_true(when > t.now_ms + TOWN_INTERVAL_MS);
	ledger_leaves(t.l, before);
	had = balance_of(t.l, &t.f.members[0].sign);
	x = transfer(&t, 0, 0, 700);
	commit(&t, &x, 1, 1);
	assert_int_equal(balance_of(t.l, &to), 700);
	assert_int_equal(balance_of(t.l, &t.f.members[0].sign),
	    had - 700 - FEE);
	assert_int_equal(books_totals(ledger_books(t.l)).burned, FEE / 2);
	ledger_leaves(t.l, after);
	for (unsigned i = 0; i < LEDGER_LEAVES; i++)
		assert_int_equal(!hash_equal(&before[i], &after[i]),
		    strcmp(ledger_leaf_name(i), "books") == 0);
	town_close(&t);
}

/* In order of arrival, without what does not apply. */
static void
what_a_proposer_takes(void **state)
{
	struct tx *txs[6];
	struct town t;

	(void)state;
	open_town(&t);
	txs[0] = transfer(&t, 0, 1, 5); /* before its time */
	txs[1] = transfer(&t, 0, 0, 5);
	txs[2] = transfer(&t, 0, 0, 6); /* the nonce again */
	txs[3] = transfer(&t, 0, 1, 7);
	txs[4] = transfer(&t, 1, 0, UINT64_C(1) << 60);
	txs[5] = transfer(&t, 1, 0, 1);
	commit(&t, txs, 6, 3);
	assert_int_equal(nonce_of(&t, 0), 2);
	assert_int_equal(nonce_of(&t, 1), 1);
	town_close(&t);
}

static void
expect(struct town *t, struct block *b, struct tx *x, enum ledger_verdict want)
{
	tx_unref(b->txs[0]);
	b->txs[0] = x;
	assert_int_equal(block_seal(b), 0);
	assert_int_equal(ledger_check(t->l, b), want);
	assert_int_equal(ledger_apply(t->l, b), -EBADMSG);
}

static void
what_is_refused(void **state)
{
	struct town t;
	struct block *b;
	struct tx *x;

	(void)state;
	open_town(&t);
	t.now_ms += TOWN_INTERVAL_MS;
	x = transfer(&t, 0, 0, 5);
	b = build(&t, &x, 1);
	expect(&t, b, transfer(&t, 0, 1, 5), LEDGER_TX);
	expect(&t, b, transfer(&t, 0, 0, UINT64_C(1) << 60), LEDGER_TX);
	/* Another one that applies, under the root of this one. */
	expect(&t, b, transfer(&t, 0, 0, 6), LEDGER_STATE);
	tx_unref(x);
	x = transfer(&t, 0, 0, 5);
	x->sig.b[7] ^= 1;
	expect(&t, b, x, LEDGER_SIGNATURE);
	block_free(b);
	town_close(&t);
}

/* Consent ends with the next round: who looks at an answer before and after
 * the withdrawal sees the same, or the round could never be closed. */
static void
withdrawn_in_a_round(void **state)
{
	struct hash root = hash_bytes("x", "rows", 4);
	struct answer *a;
	struct town t;
	struct hash id;
	struct tx *x;

	(void)state;
	open_town(&t);
	x = data(&t, 2, &root);
	id = x->id;
	commit(&t, &x, 1, 1);
	town_all(&t, ANSWER_UPDATE);
	t.now_ms += TOWN_INTERVAL_MS;
	assert_int_equal(town_step(&t), BLOCK_AGGREGATE);
	a = town_draft(&t, 2, ANSWER_UPDATE);
	a->data_asset = root;
	answer_sign(a, t.keys[2], &t.fid);
	assert_int_equal(ledger_check_answer(t.l, a), LEDGER_OK);
	x = withdraw(&t, 2, &id);
	commit(&t, &x, 1, 1);
	assert_int_equal(ledger_check_answer(t.l, a), LEDGER_OK);
	answer_unref(a);
	town_all(&t, ANSWER_UPDATE);
	t.now_ms += TOWN_INTERVAL_MS;
	assert_int_equal(town_step(&t), BLOCK_AGGREGATE);
	a = town_draft(&t, 2, ANSWER_UPDATE);
	a->data_asset = root;
	answer_sign(a, t.keys[2], &t.fid);
	assert_int_equal(ledger_check_answer(t.l, a), LEDGER_ASSET);
	answer_unref(a);
	town_close(&t);
}

#define HISTORY 120

static void
same_state(const struct ledger *a, const struct ledger *b)
{
	struct hash x[LEDGER_LEAVES], y[LEDGER_LEAVES];

	ledger_leaves(a, x);
	ledger_leaves(b, y);
	assert_memory_equal(x, y, sizeof(x));
}

/* Random transactions, rounds between them; after every block another ledger
 * that replays, and from time to time a new one from the first block on, are
 * where this one is. */
static void
replayed_at_any_block(void **state)
{
	struct block *blocks[HISTORY];
	struct ledger *other;
	struct town t;

	(void)state;
	open_town(&t);
	assert_int_equal(ledger_clone(t.l, &other), 0);
	for (unsigned i = 0; i < HISTORY; i++) {
		struct tx *txs[5];
		uint64_t nonce[4];
		size_t n = town_random(&t) % 6;

		for (uint16_t m = 0; m < 4; m++)
			nonce[m] = nonce_of(&t, m);
		for (size_t k = 0; k < n; k++) {
			uint16_t m = (uint16_t)(town_random(&t) % 4);

			txs[k] = transfer(&t, m, nonce[m]++,
			    1 + town_random(&t) % 100000);
		}
		if (n == 0 || town_random(&t) % 3 == 0)
			town_all(&t, ANSWER_UPDATE);
		t.now_ms += TOWN_INTERVAL_MS;
		blocks[i] = build(&t, txs, n);
		town_commit(&t, blocks[i]);
		for (size_t k = 0; k < n; k++)
			tx_unref(txs[k]);
		assert_int_equal(ledger_replay(other, blocks[i]), 0);
		same_state(t.l, other);
		assert_true(books_conserved(ledger_books(other)));
		if (town_random(&t) % 8 == 0) {
			struct ledger *copy;

			assert_int_equal(ledger_clone(other, &copy), 0);
			ledger_free(other);
			other = copy;
		}
	}
	assert_true(ledger_round(t.l)->aggregated > 20);
	for (unsigned i = 0; i < HISTORY; i++)
		block_free(blocks[i]);
	ledger_free(other);
	town_close(&t);
}

/* What the books know of the terms. */
static void
check_terms(const struct ledger *l, const struct books_terms *want)
{
	const struct books_totals got = books_totals(ledger_books(l));
	const struct proposal_calendar *c = books_calendar(ledger_books(l));
	const struct account *a = books_account_at(ledger_books(l), 0);

	assert_true(got.cap == want->cap && got.fee == want->fee);
	assert_true(a->balance == want->opening);
	assert_int_equal(c->period, want->calendar.period);
	assert_int_equal(c->extension, want->calendar.extension);
	assert_int_equal(c->grace, want->calendar.grace);
	assert_int_equal(c->lock_percent, want->calendar.lock_percent);
}

static void
test_economy(void **state)
{
	struct economy e = ECONOMY_DEFAULT;
	struct books_terms terms = BOOKS_TERMS_DEFAULT;
	struct town t;

	(void)state;
	town_open(&t, &(struct town_setup){.n = 4, .rounds = 2});
	check_terms(t.l, &terms);
	town_close(&t);
	e.cap = terms.cap = 5000;
	e.opening = terms.opening = 77;
	e.fee = terms.fee = 3;
	e.mint = 9;
	e.voting_period = terms.calendar.period = 5;
	e.voting_extension = terms.calendar.extension = 2;
	e.voting_grace = terms.calendar.grace = 6;
	e.voting_lock = terms.calendar.lock_percent = 7;
	town_open(&t, &(struct town_setup){.n = 4, .rounds = 2, .economy = &e});
	check_terms(t.l, &terms);
	town_begin(&t);
	t.now_ms += TOWN_INTERVAL_MS;
	town_all(&t, ANSWER_UPDATE);
	assert_int_equal(town_step(&t), BLOCK_AGGREGATE);
	assert_true(books_totals(ledger_books(t.l)).minted == 4 * 77 + 9);
	assert_true(books_conserved(ledger_books(t.l)));
	town_close(&t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_economy),
	    cmocka_unit_test(one_transfer),
	    cmocka_unit_test(what_a_proposer_takes),
	    cmocka_unit_test(what_is_refused),
	    cmocka_unit_test(withdrawn_in_a_round),
	    cmocka_unit_test(replayed_at_any_block),
	};

	return sign_setup() < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
