/*
 * Several jobs in one chain: bought, accepted, run, paid and refunded to the
 * unit; from a new model or from a version; cancelled; and the same for who
 * reads the chain again from any block on.
 */
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
#define PRICE 70 /* of each asset, a round */
#define ROUNDS 3 /* of an ordered job */
#define WAIT 200 /* txs in one block */

/* A town, what waits for its next block, and one that reads its chain. */
struct market {
	struct town t;
	struct ledger *other;
	struct tx *txs[WAIT];
	size_t ntxs;
	uint64_t nonce[4];
	struct hash asset[4]; /* by owner */
};

static struct hash
root_of(uint16_t m)
{
	return hash_bytes("x", &m, sizeof(m));
}

static struct hash
put(struct market *k, uint16_t from, uint8_t kind, struct bytes_writer *w)
{
	struct tx *x = tx_new((uint32_t)w->len);

	assert_non_null(x);
	assert_int_equal(w->error, 0);
	memcpy(x->body, w->data, w->len);
	bytes_writer_close(w);
	x->kind = kind;
	x->nonce = k->nonce[from]++;
	x->fee = FEE;
	x->expires = 100000;
	tx_sign(x, k->t.keys[from], &k->t.fid);
	k->txs[k->ntxs++] = x;
	return x->id;
}

static void
put_ref(struct market *k, uint16_t from, uint8_t kind, const struct hash *id)
{
	struct bytes_writer w = BYTES_WRITER_INIT;
	struct body_ref b = {*id};

	body_ref_put(&w, &b);
	put(k, from, kind, &w);
}

static struct bytes_writer
order_body(struct market *k, const struct job *j, const uint16_t *who, size_t n)
{
	struct bytes_writer w = BYTES_WRITER_INIT, job = BYTES_WRITER_INIT;
	struct body_order b = {.price = n * PRICE,
	    .escrow = n * PRICE * j->rounds + 11};

	job_put(&job, j);
	b.job = job.data;
	b.job_len = (uint32_t)job.len;
	for (size_t i = 0; i < n; i++)
		b.assets[b.nassets++] = k->asset[who[i]];
	for (size_t i = 0; i < n; i++)
		for (size_t l = i + 1; l < n; l++)
			if (hash_compare(&b.assets[l], &b.assets[i]) < 0) {
				struct hash h = b.assets[i];

				b.assets[i] = b.assets[l];
				b.assets[l] = h;
			}
	body_order_put(&w, &b);
	bytes_writer_close(&job);
	return w;
}

/* Ordered and accepted in the blocks to come. */
static struct hash
order(struct market *k, const struct job *j, const uint16_t *who, size_t n)
{
	struct bytes_writer w = order_body(k, j, who, n);
	struct hash id = put(k, 3, TX_ORDER, &w);

	for (size_t i = 0; i < n; i++)
		put_ref(k, who[i], TX_ORDER_ACCEPT, &id);
	return id;
}

/* What the books say of such an order. */
static enum books_verdict
verdict(struct market *k, const struct job *j, const uint16_t *who, size_t n)
{
	struct bytes_writer w = order_body(k, j, who, n);
	enum books_verdict v;

	put(k, 3, TX_ORDER, &w);
	k->nonce[3]--;
	v = ledger_tx_fits(k->t.l, k->txs[--k->ntxs]);
	tx_unref(k->txs[k->ntxs]);
	return v;
}

static void
same_state(const struct ledger *a, const struct ledger *b)
{
	struct hash x[LEDGER_LEAVES], y[LEDGER_LEAVES];

	ledger_leaves(a, x);
	ledger_leaves(b, y);
	assert_memory_equal(x, y, sizeof(x));
	assert_int_equal(ledger_dim(a), ledger_dim(b));
	assert_memory_equal(ledger_model(a), ledger_model(b),
	    ledger_dim(a) * sizeof(int64_t));
}

/* A block of what waits and of the answers there are; each reader of the
 * chain is a copy of the one before it. */
static uint8_t
step(struct market *k)
{
	struct ledger_inputs in;
	struct hash missing;
	struct ledger *copy;
	struct block *b = NULL;
	uint8_t kind;

	k->t.now_ms += TOWN_INTERVAL_MS;
	in = town_inputs(&k->t, 0);
	in.txs = k->txs;
	in.ntxs = k->ntxs;
	assert_int_equal(ledger_build(k->t.l, &in, &b, &missing), 0);
	assert_int_equal(b->header.ntxs, k->ntxs);
	assert_int_equal(ledger_check(k->t.l, b), LEDGER_OK);
	town_commit(&k->t, b);
	assert_int_equal(ledger_clone(k->other, &copy), 0);
	ledger_free(k->other);
	k->other = copy;
	assert_int_equal(ledger_replay(k->other, b), 0);
	same_state(k->t.l, k->other);
	assert_true(books_conserved(ledger_books(k->t.l)));
	kind = b->header.kind;
	block_free(b);
	while (k->ntxs > 0)
		tx_unref(k->txs[--k->ntxs]);
	return kind;
}

/* Everybody who is asked has an update and all attest. */
static void
answer(struct market *k)
{
	for (uint16_t m = 0; m < 4; m++) {
		struct answer *a;

		if (!ledger_asked(k->t.l, m))
			continue;
		a = town_draft(&k->t, m, ANSWER_UPDATE);
		a->data_asset = root_of(m);
		town_keep(&k->t, a);
	}
	for (uint16_t v = 0; v < 4; v++)
		town_attest(&k->t, v, UINT64_MAX);
}

static void
round_closes(struct market *k)
{
	answer(k);
	assert_int_equal(step(k), BLOCK_AGGREGATE);
}

static void
open_market(struct market *k, uint32_t rounds)
{
	*k = (struct market){.ntxs = 0};
	town_open(&k->t, &(struct town_setup){.n = 4, .rounds = rounds});
	assert_int_equal(ledger_new(&k->t.f, &k->other), 0);
	for (uint16_t m = 0; m < 4; m++) {
		struct bytes_writer w = BYTES_WRITER_INIT;
		struct body_asset b = {.root = root_of(m),
		    .rows = 10,
		    .tasks = 1u << JOB_LINEAR,
		    .price = PRICE,
		    .expires = 100000,
		    .name = "rows"};

		body_asset_put(&w, &b);
		k->asset[m] = put(k, m, TX_ASSET_REGISTER, &w);
	}
	assert_int_equal(step(k), BLOCK_ORDINARY);
}

static void
close_market(struct market *k)
{
	ledger_free(k->other);
	town_close(&k->t);
}

/* A job of another size than the founders'. */
static struct job
larger_job(const struct market *k)
{
	struct job j = k->t.f.job;

	j.rounds = ROUNDS;
	j.local.scaffold = true;
	j.seed = hash_bytes("x", "second", 6);
	assert_int_equal(job_sizes(&j, 2, 2), 0);
	assert_int_equal(j.dim, 12);
	return j;
}

static uint64_t
balance(const struct market *k, uint16_t m)
{
	const struct books *b = ledger_books(k->t.l);

	return books_account(b, &k->t.f.members[m].sign)->balance;
}

static const struct order *
order_at(const struct market *k, size_t i)
{
	const struct order *o = books_order_at(ledger_books(k->t.l), i);

	assert_non_null(o);
	return o;
}

static const uint16_t first_three[] = {0, 1, 2};

static void
second_job(void **state)
{
	struct market k;
	struct job j;
	struct hash first;
	uint64_t had, bought;

	(void)state;
	open_market(&k, 2);
	first = ledger_round(k.t.l)->job;
	j = larger_job(&k);
	round_closes(&k);
	had = balance(&k, 3);
	order(&k, &j, first_three, 3);
	assert_int_equal(step(&k), BLOCK_ORDINARY);
	bought = had - FEE - (3 * PRICE * ROUNDS + 11);
	assert_int_equal(balance(&k, 3), bought);
	/* It waits until the founders' job is over. */
	assert_int_equal(order_at(&k, 0)->state, ORDER_QUEUED);
	assert_true(hash_equal(ledger_job_id(k.t.l), &first));
	round_closes(&k);
	assert_int_equal(order_at(&k, 0)->state, ORDER_RUNNING);
	assert_false(hash_equal(ledger_job_id(k.t.l), &first));
	assert_int_equal(ledger_dim(k.t.l), 12);
	assert_int_equal(ledger_round(k.t.l)->number, 2);
	assert_int_equal(ledger_job_round(k.t.l), 0);
	assert_false(ledger_round(k.t.l)->finished);
	assert_false(ledger_asked(k.t.l, 3));
	for (int i = 0; i < ROUNDS; i++) {
		assert_int_equal(ledger_job_round(k.t.l), i);
		round_closes(&k);
	}
	assert_true(ledger_round(k.t.l)->finished);
	assert_int_equal(order_at(&k, 0)->state, ORDER_DONE);
	assert_int_equal(order_at(&k, 0)->paid, 3 * PRICE * ROUNDS);
	assert_int_equal(order_at(&k, 0)->escrow, 0);
	close_market(&k);
}

/* Who is not in the order has nothing to say, and its price is not paid. */
static void
only_who_is_ordered(void **state)
{
	static const uint16_t two[] = {1, 2};
	struct market k;
	struct answer *a;
	struct job j;

	(void)state;
	open_market(&k, 1);
	round_closes(&k);
	assert_true(ledger_round(k.t.l)->finished);
	j = larger_job(&k);
	order(&k, &j, two, 2);
	step(&k);
	for (uint16_t m = 0; m < 4; m++)
		assert_int_equal(ledger_asked(k.t.l, m), m == 1 || m == 2);
	a = town_draft(&k.t, 0, ANSWER_UPDATE);
	a->data_asset = root_of(0);
	answer_sign(a, k.t.keys[0], &k.t.fid);
	assert_int_equal(ledger_check_answer(k.t.l, a), LEDGER_MEMBER);
	answer_unref(a);
	/* Rows that nobody ordered are no use either. */
	a = town_draft(&k.t, 1, ANSWER_UPDATE);
	a->data_asset = root_of(0);
	answer_sign(a, k.t.keys[1], &k.t.fid);
	assert_int_equal(ledger_check_answer(k.t.l, a), LEDGER_ASSET);
	answer_unref(a);
	round_closes(&k);
	assert_int_equal(order_at(&k, 0)->paid, 2 * PRICE);
	close_market(&k);
}

static void
from_a_version(void **state)
{
	struct market k;
	struct hash model, none;
	const struct token *one, *two;
	struct job j;

	(void)state;
	open_market(&k, 1);
	round_closes(&k);
	model = ledger_round(k.t.l)->base_model;
	one = books_token_at(ledger_books(k.t.l), 0);
	assert_true(hash_equal(&one->model, &model));
	j = k.t.f.job;
	j.rounds = 2;
	none = hash_bytes("x", "nobody's", 8);
	j.start = none;
	assert_int_equal(verdict(&k, &j, first_three, 3), BOOKS_BODY);
	j.start = model;
	order(&k, &j, first_three, 3);
	step(&k);
	assert_true(hash_equal(&ledger_round(k.t.l)->base_model, &model));
	assert_true(hash_equal(&ledger_round(k.t.l)->start, &model));
	round_closes(&k);
	round_closes(&k);
	two = books_token_at(ledger_books(k.t.l), 1);
	assert_non_null(two);
	one = books_token_at(ledger_books(k.t.l), 0);
	assert_true(hash_equal(&two->parent, &one->id));
	assert_int_equal(two->round_from, 1);
	assert_int_equal(two->round_to, 3);
	assert_memory_equal(&two->owner, &k.t.f.members[3].sign,
	    sizeof(two->owner));
	/* One of another size cannot start there. */
	j = larger_job(&k);
	j.start = model;
	assert_int_equal(verdict(&k, &j, first_three, 3), BOOKS_BODY);
	close_market(&k);
}

/* One after another, in the block that ends the one before. */
static void
queue(void **state)
{
	struct market k;
	struct job small, large;
	struct hash third;
	uint64_t had;

	(void)state;
	open_market(&k, 1);
	large = larger_job(&k);
	small = k.t.f.job;
	small.rounds = 1;
	order(&k, &large, first_three, 3);
	order(&k, &small, first_three, 3);
	third = order(&k, &small, first_three, 3);
	step(&k);
	had = balance(&k, 3);
	put_ref(&k, 3, TX_ORDER_CANCEL, &third);
	step(&k);
	assert_int_equal(balance(&k, 3), had + 3 * PRICE + 11 - FEE);
	assert_int_equal(order_at(&k, 2)->state, ORDER_CANCELLED);
	round_closes(&k);
	assert_int_equal(order_at(&k, 0)->state, ORDER_RUNNING);
	assert_int_equal(order_at(&k, 1)->state, ORDER_QUEUED);
	for (int i = 0; i < ROUNDS; i++)
		round_closes(&k);
	assert_int_equal(order_at(&k, 0)->state, ORDER_DONE);
	assert_int_equal(order_at(&k, 1)->state, ORDER_RUNNING);
	assert_int_equal(ledger_dim(k.t.l), 6);
	round_closes(&k);
	assert_int_equal(order_at(&k, 1)->state, ORDER_DONE);
	assert_true(ledger_round(k.t.l)->finished);
	assert_int_equal(ledger_round(k.t.l)->number, 1 + ROUNDS + 1);
	/* The chain is ready for one more. */
	order(&k, &small, first_three, 3);
	step(&k);
	round_closes(&k);
	assert_int_equal(order_at(&k, 3)->state, ORDER_DONE);
	close_market(&k);
}

/* Broken off by its buyer: what was trained is paid, the rest goes back, and
 * an answer to the round that never closed is one that comes late. */
static void
cancelled_while_it_runs(void **state)
{
	struct market k;
	struct answer *late;
	struct job j;
	struct hash id;
	uint64_t had;

	(void)state;
	open_market(&k, 1);
	round_closes(&k);
	j = larger_job(&k);
	had = balance(&k, 3);
	id = order(&k, &j, first_three, 3);
	step(&k);
	round_closes(&k);
	late = town_draft(&k.t, 0, ANSWER_UPDATE);
	late->data_asset = root_of(0);
	answer_sign(late, k.t.keys[0], &k.t.fid);
	assert_int_equal(ledger_check_answer(k.t.l, late), LEDGER_OK);
	put_ref(&k, 3, TX_ORDER_CANCEL, &id);
	order(&k, &j, first_three, 3);
	/* A round that closes in the same block is paid, too. */
	answer(&k);
	assert_int_equal(step(&k), BLOCK_AGGREGATE);
	assert_int_equal(order_at(&k, 0)->state, ORDER_CANCELLED);
	assert_int_equal(order_at(&k, 0)->paid, 2 * 3 * PRICE);
	assert_int_equal(order_at(&k, 1)->state, ORDER_RUNNING);
	assert_int_not_equal(ledger_check_answer(k.t.l, late), LEDGER_OK);
	answer_unref(late);
	assert_int_equal(ledger_round(k.t.l)->number, 3);
	/* And in the middle of a round its number is gone. */
	id = order_at(&k, 1)->id;
	put_ref(&k, 3, TX_ORDER_CANCEL, &id);
	assert_int_equal(step(&k), BLOCK_ORDINARY);
	assert_true(ledger_round(k.t.l)->finished);
	assert_int_equal(ledger_round(k.t.l)->number, 4);
	assert_int_equal(order_at(&k, 1)->paid, 0);
	assert_true(balance(&k, 3) > had - 4 * FEE - 2 * 3 * PRICE);
	close_market(&k);
}

/* What fitted when it was accepted need not fit when its turn comes. */
static void
consent_lost_in_the_queue(void **state)
{
	struct market k;
	struct job j;
	uint64_t had;

	(void)state;
	open_market(&k, 1);
	j = larger_job(&k);
	had = balance(&k, 3);
	order(&k, &j, first_three, 3);
	step(&k);
	put_ref(&k, 2, TX_ASSET_WITHDRAW, &k.asset[2]);
	step(&k);
	assert_int_equal(order_at(&k, 0)->state, ORDER_QUEUED);
	for (uint16_t m = 0; m < 4; m++)
		town_answer(&k.t, m, ANSWER_UPDATE);
	for (uint16_t v = 0; v < 4; v++)
		town_attest(&k.t, v, UINT64_MAX);
	assert_int_equal(step(&k), BLOCK_AGGREGATE);
	assert_int_equal(order_at(&k, 0)->state, ORDER_CANCELLED);
	assert_int_equal(order_at(&k, 0)->paid, 0);
	assert_true(balance(&k, 3) >= had - FEE);
	assert_true(ledger_round(k.t.l)->finished);
	close_market(&k);
}

/* Versions on the way, each the child of the one before. */
static void
checkpoints(void **state)
{
	const struct token *t[4];
	struct market k;
	struct job j;
	uint32_t dim;

	(void)state;
	open_market(&k, 1);
	round_closes(&k);
	j = k.t.f.job;
	j.rounds = 5;
	j.checkpoint_every = 2;
	j.start = ledger_round(k.t.l)->base_model;
	order(&k, &j, first_three, 3);
	step(&k);
	for (int i = 0; i < 5; i++)
		round_closes(&k);
	for (size_t i = 0; i < 4; i++) {
		t[i] = books_token_at(ledger_books(k.t.l), i);
		assert_non_null(t[i]);
		assert_non_null(
		    ledger_version_params(k.t.l, &t[i]->model, &dim));
		assert_int_equal(dim, 6);
	}
	assert_null(books_token_at(ledger_books(k.t.l), 4));
	assert_int_equal(t[1]->round_to, 1 + 2);
	assert_int_equal(t[2]->round_to, 1 + 4);
	assert_int_equal(t[3]->round_to, 1 + 5);
	for (size_t i = 1; i < 4; i++)
		assert_true(hash_equal(&t[i]->parent, &t[i - 1]->id));
	close_market(&k);
}

/* Proposed and voted for, and blocks until it is done. */
static void
vote_median(struct market *k)
{
	struct bytes_writer w = town_rule_body(&k->t, JOB_MEDIAN);

	put(k, 0, TX_PROPOSE, &w);
	step(k);
	for (uint16_t m = 0; m < 4; m++) {
		struct bytes_writer v = BYTES_WRITER_INIT;

		body_ballot_put(&v, &(struct body_ballot){1, VOTE_YES});
		put(k, m, TX_VOTE, &v);
	}
	for (; ledger_round(k->t.l)->ruled == 0; step(k))
		k->t.now_ms += TOWN_HEARTBEAT_MS;
}

/* The order goes on: its rounds, of which one is broken off, and its escrow. */
static void
an_order_under_another_rule(void **state)
{
	struct market k;
	struct job j;

	(void)state;
	open_market(&k, 1);
	j = larger_job(&k);
	order(&k, &j, first_three, 3);
	step(&k);
	round_closes(&k);
	round_closes(&k);
	vote_median(&k);
	assert_int_equal(ledger_job(k.t.l)->combine.rule, JOB_MEDIAN);
	assert_int_equal(ledger_job_round(k.t.l), 2);
	assert_false(ledger_asked(k.t.l, 3));
	round_closes(&k);
	assert_int_equal(order_at(&k, 0)->state, ORDER_DONE);
	assert_int_equal(order_at(&k, 0)->paid, 2 * 3 * PRICE);
	assert_int_equal(order_at(&k, 0)->escrow, 0);
	close_market(&k);
}

static void
what_cannot_run(void **state)
{
	struct market k;
	struct job j;

	(void)state;
	open_market(&k, 1);
	j = larger_job(&k);
	assert_int_equal(verdict(&k, &j, first_three, 3), BOOKS_OK);
	j.dim++;
	assert_int_equal(verdict(&k, &j, first_three, 3), BOOKS_BODY);
	j = larger_job(&k);
	j.combine.rule = JOB_TRIMMED_MEAN;
	j.combine.faults = 1;
	assert_int_equal(verdict(&k, &j, first_three, 2), BOOKS_FEW_MEMBERS);
	assert_int_equal(verdict(&k, &j, first_three, 3), BOOKS_OK);
	job_default(&j, JOB_QPCA);
	j.rounds = 2;
	j.main.components = 1;
	assert_int_equal(job_sizes(&j, 2, 2), 0);
	assert_int_equal(verdict(&k, &j, first_three, 3), BOOKS_TASK_DENIED);
	close_market(&k);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(second_job),
	    cmocka_unit_test(only_who_is_ordered),
	    cmocka_unit_test(from_a_version),
	    cmocka_unit_test(queue),
	    cmocka_unit_test(cancelled_while_it_runs),
	    cmocka_unit_test(consent_lost_in_the_queue),
	    cmocka_unit_test(checkpoints),
	    cmocka_unit_test(an_order_under_another_rule),
	    cmocka_unit_test(what_cannot_run),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
