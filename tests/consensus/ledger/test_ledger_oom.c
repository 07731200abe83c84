/* The k-th allocation fails, k = 1, 2, ... until none does: a clear error,
 * nothing leaked (the sanitizers look), the ledger as good as before; or the
 * very outcome of a node with memory enough. A verdict that comes of too little
 * memory would be one against bytes that the others find good. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "consensus/books/body.h"
#include "consensus/books/view.h"
#include "consensus/ledger/image.h"
#include "consensus/ledger/seats.h"
#include "consensus/replica/txpool.h"
#include "fixture.h"
#include "proto/q24.h"
#include "tests/oom.h"

#define DIM 6
#define FEE 1000
#define PRICE 70
#define OWNERS 2

/* A town where a job is bought: the order and its acceptances come in one
 * block, and start in a later one. */
struct shop {
	struct town t;
	struct tx *txs[OWNERS + 1];
	size_t ntxs;
	uint64_t nonce[OWNERS + 1];
	struct hash asset[OWNERS];
	struct block *b; /* the next one, as it is with memory enough */
};

static struct shop shop;

/* A model to start from is read, and looked at, in memory of its own. */
static void
with_start(struct job *j)
{
	static const int64_t zeros[DIM];

	free(j->start_params);
	j->start_params = malloc(2 * DIM + 1);
	assert_non_null(j->start_params);
	for (size_t i = 0; i < DIM; i++)
		memcpy(j->start_params + 2 * i, "0\n", 3);
	j->start = q24_hash("qml.model", zeros, DIM);
}

/* Runs op with the k-th allocation failing; true when it got through. */
static bool
survived(size_t k, int (*op)(struct town *t), struct town *t)
{
	int rc;
	bool through;

	oom_arm(k);
	rc = op(t);
	through = !oom_disarm();
	assert_int_equal(rc, through ? 0 : -ENOMEM);
	return through;
}

static int
op_new(struct town *t)
{
	struct ledger *l = NULL;
	int rc = ledger_new(&t->f, &l);

	assert_int_equal(l == NULL, rc < 0);
	ledger_free(l);
	return rc;
}

static int
op_clone(struct town *t)
{
	struct ledger *l = NULL;
	int rc = ledger_clone(t->l, &l);

	assert_int_equal(l == NULL, rc < 0);
	ledger_free(l);
	return rc;
}

static int
op_build(struct town *t)
{
	struct ledger_inputs in = town_inputs(t, 0);
	struct hash missing;
	struct block *b = NULL;
	int rc = ledger_build(t->l, &in, &b, &missing);

	assert_int_equal(b == NULL, rc < 0);
	oom_pause(true); /* what was built is looked at with memory enough */
	if (b)
		assert_int_equal(ledger_check(t->l, b), LEDGER_OK);
	oom_pause(false);
	block_free(b);
	return rc;
}

static void
survive(int (*op)(struct town *t), struct town *t)
{
	size_t k = 1;

	while (!survived(k, op, t))
		k++;
	assert_true(k > 3);
}

static void
every_allocation(void **state)
{
	static int (*const ops[])(struct town *) = {op_new, op_clone, op_build};
	struct town t;

	(void)state;
	town_open(&t, &(struct town_setup){.n = 4, .rounds = 9});
	town_all(&t, ANSWER_UPDATE);
	t.now_ms += 100;
	town_step(&t);
	town_all(&t, ANSWER_UPDATE);
	t.now_ms += 100;
	for (size_t i = 0; i < sizeof(ops) / sizeof(*ops); i++)
		survive(ops[i], &t);
	assert_int_equal(town_step(&t), BLOCK_AGGREGATE);
	town_close(&t);
}

/* What a re-founding does in the middle of it cannot fail. */
static void
seats_are_hashed(void **state)
{
	struct hash validators, members;
	struct town t;

	(void)state;
	town_open(&t, &(struct town_setup){.n = 7, .rounds = 1});
	oom_arm(1);
	validators = seats_hash_validators(ledger_seats(t.l));
	members = seats_hash_members(ledger_seats(t.l));
	assert_false(oom_disarm());
	assert_true(hash_equal(&validators, ledger_validators(t.l)));
	assert_false(hash_equal(&members, &validators));
	town_close(&t);
}

static struct hash
put(uint16_t from, uint8_t kind, struct bytes_writer *w)
{
	struct tx *x = tx_new((uint32_t)w->len);

	assert_non_null(x);
	assert_int_equal(w->error, 0);
	memcpy(x->body, w->data, w->len);
	bytes_writer_close(w);
	x->kind = kind;
	x->nonce = shop.nonce[from]++;
	x->fee = FEE;
	x->expires = 100000;
	tx_sign(x, shop.t.keys[from], &shop.t.fid);
	shop.txs[shop.ntxs++] = x;
	return x->id;
}

static struct hash
root_of(uint16_t m)
{
	return hash_bytes("x", &m, sizeof(m));
}

static void
put_asset(uint16_t m)
{
	struct bytes_writer w = BYTES_WRITER_INIT;
	struct body_asset b = {.root = root_of(m),
	    .rows = 10,
	    .tasks = 1u << JOB_LINEAR,
	    .price = PRICE,
	    .expires = 100000,
	    .name = "rows"};

	body_asset_put(&w, &b);
	shop.asset[m] = put(m, TX_ASSET_REGISTER, &w);
}

static void
put_order(void)
{
	struct bytes_writer w = BYTES_WRITER_INIT, job = BYTES_WRITER_INIT;
	struct job j = *ledger_job(shop.t.l); /* texts borrowed: not closed */
	bool up = hash_compare(&shop.asset[0], &shop.asset[1]) < 0;
	struct body_order b = {.price = OWNERS * PRICE,
	    .escrow = OWNERS * PRICE,
	    .nassets = OWNERS,
	    .assets = {shop.asset[!up], shop.asset[up]}};
	struct hash id;

	j.start_params = NULL;
	with_start(&j);
	j.seed = root_of(77);
	job_put(&job, &j);
	free(j.start_params);
	b.job = job.data;
	b.job_len = (uint32_t)job.len;
	body_order_put(&w, &b);
	bytes_writer_close(&job);
	id = put(OWNERS, TX_ORDER, &w);
	for (uint16_t m = 0; m < OWNERS; m++) {
		w = BYTES_WRITER_INIT;
		body_ref_put(&w, &(struct body_ref){id});
		put(m, TX_ORDER_ACCEPT, &w);
	}
}

static struct ledger_inputs
shop_inputs(struct town *t)
{
	struct ledger_inputs in = town_inputs(t, 0);

	in.txs = shop.txs;
	in.ntxs = shop.ntxs;
	return in;
}

/* The same block, or none. */
static int
op_rebuild(struct town *t)
{
	struct ledger_inputs in = shop_inputs(t);
	struct hash missing;
	struct block *b = NULL;
	int rc = ledger_build(t->l, &in, &b, &missing);

	assert_int_equal(b == NULL, rc < 0);
	if (b)
		assert_true(hash_equal(&b->id, &shop.b->id));
	block_free(b);
	return rc;
}

static int
op_check(struct town *t)
{
	enum ledger_verdict v = ledger_check(t->l, shop.b);

	if (v == LEDGER_NO_MEMORY)
		return -ENOMEM;
	if (v != LEDGER_OK)
		fail_msg("%s", ledger_verdict_text(v));
	return 0;
}

/* All or nothing: what failed leaves a ledger that takes the block. */
static int
op_apply(struct town *t)
{
	const uint64_t h = ledger_height(t->l);
	struct ledger *l;
	struct hash state;
	int rc;

	oom_pause(true);
	assert_int_equal(ledger_clone(t->l, &l), 0);
	state = ledger_state(l);
	oom_pause(false);
	rc = ledger_apply(l, shop.b);
	oom_pause(true);
	if (rc < 0) {
		struct hash after = ledger_state(l);

		assert_int_equal(ledger_height(l), h);
		assert_true(hash_equal(&after, &state));
		assert_int_equal(ledger_apply(l, shop.b), 0);
	}
	state = ledger_state(l);
	assert_true(hash_equal(&state, &shop.b->header.state_root));
	ledger_free(l);
	oom_pause(false);
	return rc;
}

static int
op_fits(struct town *t)
{
	enum books_verdict v = ledger_tx_fits(t->l, shop.txs[0]);

	if (v == BOOKS_NO_MEMORY)
		return -ENOMEM;
	if (v != BOOKS_OK)
		fail_msg("%s", books_verdict_text(v));
	return 0;
}

/* It waits, whether there is memory to look at it or not. */
static int
op_pool(struct town *t)
{
	static struct txpool pool;
	int rc = txpool_add(&pool, t->l, shop.txs[0]);

	if (rc == 0) {
		txpool_turn(&pool, t->l);
		assert_non_null(txpool_find(&pool, &shop.txs[0]->id));
		assert_null(txpool_why(&pool, &shop.txs[0]->id));
		rc = pool.nfit == 1 ? 0 : -ENOMEM;
	}
	txpool_clear(&pool);
	return rc;
}

/* A checkpoint that there is no memory to read is not a damaged one. */
static int
op_image(struct town *t)
{
	struct bytes_writer w = BYTES_WRITER_INIT;
	struct ledger *l = NULL;
	int rc;

	oom_pause(true);
	ledger_image(t->l, &w);
	assert_int_equal(w.error, 0);
	oom_pause(false);
	rc = ledger_of_image(&t->f, w.data, w.len, &l);
	assert_int_equal(l == NULL, rc < 0);
	ledger_free(l);
	bytes_writer_close(&w);
	return rc;
}

static int
op_federation(struct town *t)
{
	struct bytes_writer w = BYTES_WRITER_INIT;
	struct federation f;
	struct bytes_reader r;

	oom_pause(true);
	federation_put(&w, &t->f);
	assert_int_equal(w.error, 0);
	oom_pause(false);
	r = bytes_reader_of(w.data, w.len);
	federation_get(&r, &f);
	assert_int_equal(bytes_reader_done(&r), !r.nomem);
	federation_close(&f);
	bytes_writer_close(&w);
	return r.nomem ? -ENOMEM : 0;
}

/* The next block, met by a node whose memory fails anywhere; then it is there.
 * What was seen before is not: a ledger of its own each time. */
static void
short_of_memory(void)
{
	static int (*const ops[])(
	    struct town *) = {op_rebuild, op_check, op_apply, op_image};
	struct town *t = &shop.t;
	struct ledger_inputs in;
	struct hash missing;

	t->now_ms += TOWN_INTERVAL_MS;
	in = shop_inputs(t);
	assert_int_equal(ledger_build(t->l, &in, &shop.b, &missing), 0);
	assert_int_equal(shop.b->header.ntxs, shop.ntxs);
	for (size_t i = 0; i < sizeof(ops) / sizeof(*ops); i++)
		survive(ops[i], t);
	town_commit(t, shop.b);
	block_free(shop.b);
	while (shop.ntxs > 0)
		tx_unref(shop.txs[--shop.ntxs]);
}

/* An order is read when it is sent, put into a block, checked, committed and
 * started: nowhere does a lack of memory make it a bad one. */
static void
an_order(void **state)
{
	const struct order *o;

	(void)state;
	shop = (struct shop){.ntxs = 0};
	town_open(&shop.t,
	    &(struct town_setup){.n = 4, .rounds = 1, .edit = with_start});
	survive(op_new, &shop.t);
	survive(op_federation, &shop.t);
	for (uint16_t m = 0; m < OWNERS; m++)
		put_asset(m);
	short_of_memory();
	put_order();
	survive(op_fits, &shop.t);
	survive(op_pool, &shop.t);
	short_of_memory();
	o = books_order_at(ledger_books(shop.t.l), 0);
	assert_int_equal(o->state, ORDER_QUEUED);
	assert_int_equal(o->wants.rounds, 1);
	for (uint16_t m = 0; m < 4; m++) {
		struct answer *a = town_draft(&shop.t, m, ANSWER_UPDATE);

		if (m < OWNERS)
			a->data_asset = root_of(m);
		town_keep(&shop.t, a);
	}
	for (uint16_t v = 0; v < 4; v++)
		town_attest(&shop.t, v, UINT64_MAX);
	short_of_memory();
	o = books_order_at(ledger_books(shop.t.l), 0);
	assert_int_equal(o->state, ORDER_RUNNING);
	town_close(&shop.t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_allocation),
	    cmocka_unit_test(seats_are_hashed),
	    cmocka_unit_test(an_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
