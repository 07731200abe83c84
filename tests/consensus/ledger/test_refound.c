/*
 * Without a quorum, from the last block on: who may, what stays, and what was
 * signed before is worth nothing after.
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
#include "consensus/chain/verify.h"
#include "consensus/ledger/seats.h"
#include "poll.h"

#define BLOCKS 40

static struct block *chain[BLOCKS];
static struct commit commits[BLOCKS];
static size_t nchain;

static void
keep(struct town *t, struct block *b)
{
	town_commit(t, b);
	assert_true(nchain < BLOCKS);
	commits[nchain] = t->commit;
	chain[nchain++] = b;
}

static void
train(struct town *t)
{
	town_all(t, ANSWER_UPDATE);
	t->now_ms += TOWN_INTERVAL_MS;
	keep(t, town_build(t));
	assert_int_equal(chain[nchain - 1]->header.kind, BLOCK_AGGREGATE);
}

static void
beat(struct town *t)
{
	t->now_ms += TOWN_HEARTBEAT_MS;
	keep(t, town_build(t));
}

static void
begin(struct town *t, uint16_t n)
{
	nchain = 0;
	town_open(t, &(struct town_setup){.n = n, .rounds = 1000});
	beat(t);
	train(t);
	train(t);
}

static void
end(struct town *t)
{
	while (nchain > 0)
		block_free(chain[--nchain]);
	town_close(t);
}

/* By the first so many, all of whom sign. */
static struct refound
draw_up(struct town *t, uint16_t n)
{
	struct refound r = {.federation = *ledger_federation_id(t->l),
	    .height = ledger_height(t->l),
	    .block = *ledger_head(t->l),
	    .state = chain[nchain - 1]->header.state_root,
	    .at_ms = t->now_ms + 86400000,
	    .n = n};

	for (uint16_t i = 0; i < n; i++)
		r.seat[i] = i;
	for (uint16_t i = 0; i < n; i++)
		refound_sign(&r, i, town_key(t, i));
	return r;
}

/* Everything again, by somebody who knows of it. */
static struct ledger *
again(struct town *t)
{
	struct ledger *l;

	assert_int_equal(ledger_new(&t->f, &l), 0);
	for (size_t i = 0; i < nchain; i++)
		assert_int_equal(ledger_apply(l, chain[i]), 0);
	return l;
}

static void
take(struct town *t, const struct refound *r)
{
	assert_int_equal(federation_refound(&t->f, r), 0);
	ledger_free(t->l);
	t->l = again(t);
	t->fid = *ledger_federation_id(t->l);
	t->now_ms = r->at_ms;
}

static void
resign(struct town *t, struct refound *r)
{
	for (uint16_t i = 0; i < r->n; i++)
		refound_sign(r, i, town_key(t, r->seat[i]));
}

static void
who_may(void **state)
{
	struct refound good, r;
	struct town t;

	(void)state;
	begin(&t, 4);
	good = draw_up(&t, 2);
	assert_true(ledger_refound_fits(t.l, &good));
	r = draw_up(&t, 1); /* nobody else is left */
	assert_true(ledger_refound_fits(t.l, &r));
	r = draw_up(&t, 3); /* a quorum votes */
	assert_false(ledger_refound_fits(t.l, &r));
	r = good;
	r.consent[1].alg = 0;
	assert_false(refound_complete(&r));
	assert_false(ledger_refound_fits(t.l, &r));
	r = good; /* one signs for two */
	refound_sign(&r, 1, town_key(&t, 0));
	assert_false(ledger_refound_fits(t.l, &r));
	r = good;
	r.consent[1].b[7] ^= 1;
	assert_false(ledger_refound_fits(t.l, &r));
	r = good; /* what they signed named others */
	r.seat[1] = 3;
	assert_false(ledger_refound_fits(t.l, &r));
	r = good;
	r.height--;
	resign(&t, &r);
	assert_false(ledger_refound_fits(t.l, &r));
	r = good;
	r.block.b[0] ^= 1;
	resign(&t, &r);
	assert_false(ledger_refound_fits(t.l, &r));
	r = good;
	r.state.b[0] ^= 1;
	resign(&t, &r);
	assert_false(ledger_refound_fits(t.l, &r));
	r = good;
	r.federation.b[0] ^= 1;
	resign(&t, &r);
	assert_false(ledger_refound_fits(t.l, &r));
	end(&t);
}

/* Every field that is signed is in the id. */
static void
bytes(void **state)
{
	struct bytes_writer w = BYTES_WRITER_INIT;
	struct bytes_reader rd;
	struct refound r, x;
	struct hash id, other;
	struct town t;

	(void)state;
	begin(&t, 4);
	r = draw_up(&t, 2);
	id = refound_id(&r);
	refound_put(&w, &r);
	rd = bytes_reader_of(w.data, w.len);
	refound_get(&rd, &x);
	assert_true(bytes_reader_done(&rd));
	other = refound_id(&x);
	assert_true(hash_equal(&id, &other));
	assert_true(ledger_refound_fits(t.l, &x));
	for (size_t i = 0; i < w.len; i++) {
		w.data[i] ^= 1;
		rd = bytes_reader_of(w.data, w.len);
		refound_get(&rd, &x);
		assert_false(
		    bytes_reader_done(&rd) && ledger_refound_fits(t.l, &x));
		w.data[i] ^= 1;
	}
	for (size_t i = 0; i < w.len; i++) {
		rd = bytes_reader_of(w.data, i);
		refound_get(&rd, &x);
		assert_false(bytes_reader_done(&rd));
	}
	bytes_writer_close(&w);
	end(&t);
}

static void
all_goes_on(void **state)
{
	struct hash old, head, model, x[LEDGER_LEAVES], y[LEDGER_LEAVES];
	struct ledger *l, *copy;
	struct refound r;
	uint64_t round, had;
	struct town t;

	(void)state;
	begin(&t, 4);
	old = t.fid;
	head = *ledger_head(t.l);
	model = ledger_round(t.l)->base_model;
	round = ledger_round(t.l)->number;
	had = books_account(ledger_books(t.l), &ledger_member(t.l, 3)->sign)
		  ->balance;
	r = draw_up(&t, 2);
	take(&t, &r);
	assert_false(hash_equal(&t.fid, &old));
	assert_true(hash_equal(ledger_head(t.l), &head));
	assert_true(hash_equal(&ledger_round(t.l)->base_model, &model));
	assert_int_equal(ledger_round(t.l)->number, round + 1);
	assert_int_equal(ledger_round(t.l)->opened_ms, r.at_ms);
	assert_true(ledger_active(t.l, 1));
	assert_false(ledger_active(t.l, 2));
	assert_int_equal(ledger_powers(t.l)[3], 0);
	assert_int_equal(seats_members(ledger_seats(t.l)), 2);
	/* By two, behind a block that four signed. */
	beat(&t);
	assert_true(hash_equal(&chain[nchain - 1]->header.prev, &head));
	assert_int_equal(t.commit.nsigs, 2);
	train(&t);
	assert_int_equal(chain[nchain - 1]->header.nanswers, 2);
	assert_int_equal(books_account(ledger_books(t.l),
			     &ledger_member(t.l, 3)->sign)
			     ->balance,
	    had);
	/* The same state after the same blocks, and in a copy. */
	l = again(&t);
	ledger_leaves(t.l, x);
	ledger_leaves(l, y);
	assert_memory_equal(x, y, sizeof(x));
	assert_int_equal(ledger_clone(l, &copy), 0);
	assert_true(hash_equal(ledger_federation_id(copy), &t.fid));
	ledger_free(copy);
	ledger_free(l);
	end(&t);
}

/* Who does not know of it follows neither it nor what comes after, and what
 * was signed for the one is nothing in the other. */
static void
two_federations(void **state)
{
	const struct hash *fid;
	struct refound r;
	struct ledger *l;
	struct commit c;
	struct town t;
	struct vote v;
	struct hash old;

	(void)state;
	begin(&t, 4);
	old = t.fid;
	r = draw_up(&t, 2);
	take(&t, &r);
	beat(&t);
	t.f.nrefounded = 0;
	assert_int_equal(ledger_new(&t.f, &l), 0);
	for (size_t i = 0; i + 1 < nchain; i++)
		assert_int_equal(ledger_apply(l, chain[i]), 0);
	assert_int_equal(ledger_check(l, chain[nchain - 1]), LEDGER_FEDERATION);
	fid = ledger_federation_id(l);
	assert_true(hash_equal(fid, &old));
	t.f.nrefounded = 1;
	/* The head's certificate is of before, a vote on the next is not. */
	ledger_free(l);
	l = again(&t);
	ledger_free(t.l);
	t.l = l;
	v = (struct vote){.type = VOTE_PRECOMMIT,
	    .height = ledger_height(l) + 1};
	vote_sign(&v, town_key(&t, 0), &old);
	assert_int_equal(ledger_check_vote(l, &v), LEDGER_SIGNATURE);
	vote_sign(&v, town_key(&t, 0), &t.fid);
	assert_int_equal(ledger_check_vote(l, &v), LEDGER_OK);
	c = commits[nchain - 1];
	assert_int_equal(ledger_check_commit(l, &c, c.height, &c.block),
	    LEDGER_OK);
	c.sigs[0].b[9] ^= 1;
	assert_int_not_equal(ledger_check_commit(l, &c, c.height, &c.block),
	    LEDGER_OK);
	end(&t);
}

static enum verify_verdict
walk(struct town *t, size_t n, struct verify *v, int *found)
{
	enum verify_verdict verdict = VERIFY_OK;

	*found = 0;
	assert_int_equal(verify_init(v, &t->f), 0);
	for (size_t i = 0; i < n && verdict == VERIFY_OK; i++) {
		verdict = verify_block(v, chain[i], &commits[i]);
		if (verdict == VERIFY_OK && *found == 0)
			*found = verify_refound(v);
	}
	return verdict;
}

/* The second reading of the rules, which has no state. */
static void
verified_apart(void **state)
{
	struct verify v;
	struct refound r;
	struct town t;
	int found;

	(void)state;
	begin(&t, 4);
	r = draw_up(&t, 2);
	take(&t, &r);
	beat(&t);
	train(&t);
	assert_int_equal(walk(&t, nchain, &v, &found), VERIFY_OK);
	assert_int_equal(found, 1);
	assert_true(hash_equal(&v.federation, &t.fid));
	/* One signature less: it does not hold, and nothing follows. */
	t.f.refounded[0].consent[1].b[3] ^= 1;
	assert_int_equal(walk(&t, nchain, &v, &found), VERIFY_FEDERATION);
	assert_int_equal(found, -EBADMSG);
	t.f.refounded[0].consent[1].b[3] ^= 1;
	t.f.nrefounded = 0;
	assert_int_equal(walk(&t, nchain, &v, &found), VERIFY_FEDERATION);
	t.f.nrefounded = 1;
	end(&t);
}

/* Again, of the three that were left of seven, by one. */
static void
twice(void **state)
{
	struct refound r;
	struct town t;

	(void)state;
	begin(&t, 7);
	r = draw_up(&t, 3);
	take(&t, &r);
	beat(&t);
	train(&t);
	r = draw_up(&t, 1);
	take(&t, &r);
	assert_int_equal(t.f.nrefounded, 2);
	beat(&t);
	assert_int_equal(t.commit.nsigs, 1);
	train(&t);
	/* What does not begin where the last one ended has no place. */
	assert_int_equal(federation_refound(&t.f, &r), -EINVAL);
	end(&t);
}

/* In its turn nothing comes of the first: the others' blocks, a round later. */
static void
bench_first(struct town *t)
{
	while (ledger_turns(t->l)[0] > 0) {
		struct ledger_inputs in;
		struct hash missing;
		struct block *b;

		t->now_ms += TOWN_HEARTBEAT_MS;
		in = town_inputs(t, ledger_proposer(t->l, 0) == 0);
		assert_int_equal(ledger_build(t->l, &in, &b, &missing), 0);
		keep(t, b);
	}
}

/* Who sat on the bench is the only one left: it has all turns. */
static void
from_the_bench(void **state)
{
	struct refound r;
	struct town t;

	(void)state;
	begin(&t, 4);
	bench_first(&t);
	r = draw_up(&t, 1);
	take(&t, &r);
	assert_int_equal(ledger_turns(t.l)[0], 1);
	assert_int_equal(ledger_proposer(t.l, 0), 0);
	beat(&t);
	train(&t);
	end(&t);
}

/* Of a job's last round the job's end is left: it comes with a block. */
static void
in_the_last_round(void **state)
{
	struct refound r;
	struct town t;

	(void)state;
	nchain = 0;
	town_open(&t, &(struct town_setup){.n = 4, .rounds = 2});
	beat(&t);
	train(&t);
	r = draw_up(&t, 2);
	take(&t, &r);
	assert_false(ledger_round(t.l)->finished);
	assert_null(books_token_at(ledger_books(t.l), 0));
	train(&t);
	assert_true(ledger_round(t.l)->finished);
	assert_non_null(books_token_at(ledger_books(t.l), 0));
	beat(&t);
	end(&t);
}

static struct hash
rows_of(uint16_t m)
{
	return hash_bytes("x", &m, sizeof(m));
}

static void
send(struct town *t, struct tx *x)
{
	struct ledger_inputs in;
	struct hash missing;
	struct block *b;

	t->now_ms += TOWN_INTERVAL_MS;
	in = town_inputs(t, 0);
	in.txs = &x;
	in.ntxs = 1;
	assert_int_equal(ledger_build(t->l, &in, &b, &missing), 0);
	assert_int_equal(b->header.ntxs, 1);
	keep(t, b);
	tx_unref(x);
}

/* Of one round on its buyer's own rows: it runs at once. */
static void
order(struct town *t)
{
	struct bytes_writer w = BYTES_WRITER_INIT, job = BYTES_WRITER_INIT;
	struct body_asset a = {.root = rows_of(0),
	    .rows = 10,
	    .tasks = 1u << JOB_LINEAR,
	    .price = 70,
	    .expires = 100000,
	    .name = "rows"};
	struct body_order o = {.price = 70, .escrow = 100, .nassets = 1};
	struct job j = t->f.job;
	struct body_ref ref;
	struct tx *x;

	body_asset_put(&w, &a);
	x = poll_tx(t, 0, TX_ASSET_REGISTER, &w);
	o.assets[0] = x->id;
	send(t, x);
	j.rounds = 1;
	job_put(&job, &j);
	o.job = job.data;
	o.job_len = (uint32_t)job.len;
	w = BYTES_WRITER_INIT;
	body_order_put(&w, &o);
	bytes_writer_close(&job);
	x = poll_tx(t, 0, TX_ORDER, &w);
	ref.id = x->id;
	send(t, x);
	w = BYTES_WRITER_INIT;
	body_ref_put(&w, &ref);
	send(t, poll_tx(t, 0, TX_ORDER_ACCEPT, &w));
}

/* The order ends as it would have, and the next block can come. */
static void
in_the_last_ordered_round(void **state)
{
	const struct order *o;
	struct refound r;
	struct answer *a;
	struct town t;

	(void)state;
	nchain = 0;
	town_open(&t, &(struct town_setup){.n = 4, .rounds = 1});
	beat(&t);
	train(&t);
	order(&t);
	assert_false(ledger_round(t.l)->finished);
	r = draw_up(&t, 2);
	take(&t, &r);
	beat(&t);
	o = books_order_at(ledger_books(t.l), 0);
	assert_int_equal(o->state, ORDER_RUNNING);
	a = town_draft(&t, 0, ANSWER_UPDATE);
	a->data_asset = rows_of(0);
	town_keep(&t, a);
	for (uint16_t v = 0; v < 2; v++)
		town_attest(&t, v, UINT64_MAX);
	t.now_ms += TOWN_INTERVAL_MS;
	keep(&t, town_build(&t));
	o = books_order_at(ledger_books(t.l), 0);
	assert_int_equal(o->state, ORDER_DONE);
	assert_int_equal(o->paid, 70);
	assert_int_equal(o->escrow, 0);
	beat(&t);
	end(&t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(who_may),
	    cmocka_unit_test(bytes),
	    cmocka_unit_test(all_goes_on),
	    cmocka_unit_test(two_federations),
	    cmocka_unit_test(verified_apart),
	    cmocka_unit_test(twice),
	    cmocka_unit_test(from_the_bench),
	    cmocka_unit_test(in_the_last_round),
	    cmocka_unit_test(in_the_last_ordered_round),
	};

	assert_int_equal(sign_setup(), 0);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
