/*
 * A job with noise: what an update must claim, what it must not tell, and an
 * asset whose budget ends in the middle of the job.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "consensus/books/body.h"
#include "consensus/books/view.h"
#include "consensus/ledger/txs.h"
#include "fixture.h"

/* Epsilon 3 at 1e-5 admits 118 steps (reference 2.4): two rounds of 50. */
static void
noisy(struct job *j)
{
	j->privacy = (struct job_privacy){.noise = {12, -1},
	    .rate = {5, -2},
	    .clip = {1, 0},
	    .min_rows = 10};
	j->local.steps = 50;
}

static void
open_town(struct town *t, void (*edit)(struct job *j))
{
	town_open(t,
	    &(struct town_setup){.n = 4, .rounds = 1000, .edit = edit});
	town_begin(t);
}

static enum ledger_verdict
said(struct town *t, struct answer *a)
{
	enum ledger_verdict v;

	answer_sign(a, t->keys[a->member], &t->fid);
	v = ledger_check_answer(t->l, a);
	answer_unref(a);
	return v;
}

#define SPOILT(want, ...)                                            \
	do {                                                         \
		struct answer *a = town_draft(&t, 1, ANSWER_UPDATE); \
		a->__VA_ARGS__;                                      \
		assert_int_equal(said(&t, a), want);                 \
	} while (0)

static void
claims(void **state)
{
	struct answer *no;
	struct town t;

	(void)state;
	open_town(&t, noisy);
	SPOILT(LEDGER_OK, correct = 0);
	SPOILT(LEDGER_PRIVACY, privacy.mechanism = PRIVACY_NONE);
	SPOILT(LEDGER_PRIVACY, privacy.q_ppb--);
	SPOILT(LEDGER_PRIVACY, privacy.sigma_milli--);
	SPOILT(LEDGER_PRIVACY, privacy.steps--);
	SPOILT(LEDGER_PRIVACY, privacy.clip_q24++);
	SPOILT(LEDGER_PRIVACY, seed_commit = (struct hash){{0}});
	/* What would tell of rows beside the noise. */
	SPOILT(LEDGER_PRIVACY, loss_before_q24 = 1);
	SPOILT(LEDGER_PRIVACY, loss_after_q24 = 1);
	SPOILT(LEDGER_PRIVACY, correct = 1);
	SPOILT(LEDGER_PRIVACY, control_loss_q24 = 1);
	SPOILT(LEDGER_PRIVACY, control_correct = 1);
	SPOILT(LEDGER_PRIVACY, valid_rows = 1);
	SPOILT(LEDGER_PRIVACY, steps = 49);
	SPOILT(LEDGER_FEW_ROWS, rows = 9);
	no = town_draft(&t, 1, ANSWER_NO_UPDATE);
	no->privacy = job_claim(ledger_job(t.l));
	assert_int_equal(said(&t, no), LEDGER_PRIVACY);
	town_close(&t);
	/* Nothing is claimed that the job does not ask for. */
	open_town(&t, NULL);
	SPOILT(LEDGER_OK, correct = 0);
	SPOILT(LEDGER_PRIVACY, privacy.mechanism = PRIVACY_SAMPLED_GAUSSIAN);
	SPOILT(LEDGER_PRIVACY, seed_commit.b[3] = 1);
	town_close(&t);
}

static struct tx *
data(struct town *t, const struct hash *root, uint32_t tasks)
{
	const struct sign_public key = sign_key_public(t->keys[2]);
	struct body_asset b = {.root = *root,
	    .rows = 12,
	    .tasks = tasks,
	    .expires = 100000,
	    .privacy = {3000, 5},
	    .name = "rows"};
	struct bytes_writer w = BYTES_WRITER_INIT;
	struct tx *x;

	body_asset_put(&w, &b);
	assert_int_equal(w.error, 0);
	x = tx_new((uint32_t)w.len);
	assert_non_null(x);
	memcpy(x->body, w.data, w.len);
	bytes_writer_close(&w);
	x->kind = TX_ASSET_REGISTER;
	x->nonce = books_account(ledger_books(t->l), &key)->nonce;
	x->fee = 1000;
	x->expires = 100000;
	tx_sign(x, t->keys[2], &t->fid);
	return x;
}

static void
commit(struct town *t, struct tx *x)
{
	struct ledger_inputs in;
	struct block *b = NULL;
	struct hash missing;

	t->now_ms += TOWN_INTERVAL_MS;
	in = town_inputs(t, 0);
	in.txs = &x;
	in.ntxs = 1;
	assert_int_equal(ledger_build(t->l, &in, &b, &missing), 0);
	assert_int_equal(b->header.ntxs, 1);
	town_commit(t, b);
	block_free(b);
	tx_unref(x);
}

/* All four answer, number 2 with this asset if it may; its verdict. */
static enum ledger_verdict
play(struct town *t, const struct hash *root)
{
	enum ledger_verdict v = LEDGER_OK;
	unsigned bits = 0;

	for (uint16_t m = 0; m < 4; m++) {
		struct answer *a = town_draft(t, m, ANSWER_UPDATE);

		a->data_asset = m == 2 ? *root : a->data_asset;
		answer_sign(a, t->keys[m], &t->fid);
		if (m == 2)
			v = ledger_check_answer(t->l, a);
		answer_unref(a);
		if (m == 2 && v != LEDGER_OK) {
			bits |= 1u << town_answer(t, m, ANSWER_NO_UPDATE);
			continue;
		}
		a = town_draft(t, m, ANSWER_UPDATE);
		a->data_asset = m == 2 ? *root : a->data_asset;
		bits |= 1u << town_keep(t, a);
	}
	for (uint16_t m = 0; m < 4; m++)
		town_attest(t, m, bits);
	t->now_ms += TOWN_INTERVAL_MS;
	assert_int_equal(town_step(t), BLOCK_AGGREGATE);
	return v;
}

/* The members see it coming, and everybody sees the same. */
static void
budget_ends(void **state)
{
	struct hash root = hash_bytes("x", "rows", 4);
	const struct asset *a;
	struct ledger *copy;
	struct town t;

	(void)state;
	open_town(&t, noisy);
	commit(&t, data(&t, &root, 0x3e));
	/* Consent is that of the round's opening: from the next one on. */
	assert_int_equal(play(&t, &root), LEDGER_OK);
	a = books_asset_at(ledger_books(t.l), 0);
	assert_int_equal(a->privacy.steps, 50);
	assert_int_equal(txs_consent(t.l, 2, &root), BOOKS_OK);
	assert_int_equal(play(&t, &root), LEDGER_OK);
	a = books_asset_at(ledger_books(t.l), 0);
	assert_int_equal(a->privacy.steps, 100);
	assert_int_equal(txs_consent(t.l, 2, &root), BOOKS_PRIVACY);
	assert_int_equal(ledger_clone(t.l, &copy), 0);
	assert_int_equal(txs_consent(copy, 2, &root), BOOKS_PRIVACY);
	ledger_free(copy);
	for (int k = 0; k < 3; k++)
		assert_int_equal(play(&t, &root), LEDGER_ASSET);
	a = books_asset_at(ledger_books(t.l), 0);
	assert_int_equal(a->privacy.steps, 100);
	town_close(&t);
}

/* The owner asks for noise, or for other tasks: without an order, too. */
static void
terms_hold(void **state)
{
	struct hash root = hash_bytes("x", "rows", 4);
	struct town t;

	(void)state;
	open_town(&t, NULL);
	commit(&t, data(&t, &root, 0x3e));
	assert_int_equal(play(&t, &root), LEDGER_OK); /* opened before */
	assert_int_equal(txs_consent(t.l, 2, &root), BOOKS_PRIVACY);
	assert_int_equal(play(&t, &root), LEDGER_ASSET);
	town_close(&t);
	open_town(&t, noisy);
	commit(&t, data(&t, &root, 1u << JOB_QPCA));
	(void)play(&t, &root);
	assert_int_equal(txs_consent(t.l, 2, &root), BOOKS_TASK_DENIED);
	assert_int_equal(play(&t, &root), LEDGER_ASSET);
	town_close(&t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(claims),
	    cmocka_unit_test(budget_ends),
	    cmocka_unit_test(terms_hold),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
