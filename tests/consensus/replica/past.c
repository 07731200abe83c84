#include "tests/consensus/replica/past.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "consensus/books/body.h"

static void
certify(const struct site *s, const struct chain *x, const struct block *b,
    struct commit *c)
{
	*c = (struct commit){.height = b->header.height,
	    .block = b->id,
	    .nsigs = 3};
	for (uint16_t i = 0; i < c->nsigs; i++) {
		struct vote v = {.type = VOTE_PRECOMMIT,
		    .height = c->height,
		    .block = c->block,
		    .validator = (uint16_t)(i + 1)};

		vote_sign(&v, s->keys[i + 1], &x->fed);
		c->validators[i] = v.validator;
		c->sigs[i] = v.sig;
	}
}

static struct tx *
sign(const struct site *s, const struct chain *x, uint8_t kind, uint64_t nonce,
    struct bytes_writer *w)
{
	struct tx *t = tx_new((uint32_t)w->len);

	assert_non_null(t);
	assert_int_equal(w->error, 0);
	memcpy(t->body, w->data, w->len);
	bytes_writer_close(w);
	t->kind = kind;
	t->nonce = nonce;
	t->fee = 1000;
	t->expires = 50;
	tx_sign(t, s->keys[1], &x->fed);
	return t;
}

/* One member's data, and orders of it that nobody accepts, with long texts. */
static void
large_orders(const struct site *s, const struct chain *x,
    struct tx *txs[static 1 + CHAIN_LARGE])
{
	static char text[60001];
	struct bytes_writer w = BYTES_WRITER_INIT, job = BYTES_WRITER_INIT;
	struct body_asset a = {.root = x->fed,
	    .rows = 10,
	    .tasks = 1u << JOB_LINEAR,
	    .expires = 1000,
	    .name = "rows"};
	struct body_order o = {.nassets = 1};
	struct job j = s->f.job; /* borrowed: never closed */

	memset(text, '1', sizeof(text) - 2);
	text[sizeof(text) - 2] = '\n';
	j.main.class_weights = text;
	job_put(&job, &j);
	body_asset_put(&w, &a);
	txs[0] = sign(s, x, TX_ASSET_REGISTER, 0, &w);
	o.assets[0] = txs[0]->id;
	o.job = job.data;
	o.job_len = (uint32_t)job.len;
	for (uint64_t k = 1; k <= CHAIN_LARGE; k++) {
		w = BYTES_WRITER_INIT;
		body_order_put(&w, &o);
		txs[k] = sign(s, x, TX_ORDER, k, &w);
	}
	bytes_writer_close(&job);
}

static void
make(const struct site *s, struct chain *x, struct tx *const *txs)
{
	const struct attest *none[4] = {NULL};
	struct ledger *l;
	struct hash missing;

	assert_int_equal(ledger_new(&s->f, &l), 0);
	for (unsigned k = 0; k < CHAIN_LEN; k++) {
		const bool large = txs != NULL && k < 2;
		const struct ledger_inputs in = {.now_ms = SITE_WALL +
			6000u * (k + 1),
		    .proposer = ledger_proposer(l, 0),
		    .last_commit = k > 0 ? &x->c[k - 1] : NULL,
		    .attests = none,
		    .txs = large ? txs + k : NULL,
		    .ntxs = !large ? 0
			: k == 0   ? 1
				   : CHAIN_LARGE};

		assert_int_equal(ledger_build(l, &in, &x->b[k], &missing), 0);
		assert_int_equal(x->b[k]->header.ntxs, in.ntxs);
		certify(s, x, x->b[k], &x->c[k]);
		assert_int_equal(ledger_replay(l, x->b[k]), 0);
	}
	ledger_free(l);
}

void
chain_make(const struct site *s, struct chain *x)
{
	assert_int_equal(federation_id(&s->f, &x->fed), 0);
	make(s, x, NULL);
}

void
chain_make_large(const struct site *s, struct chain *x)
{
	struct tx *txs[1 + CHAIN_LARGE];

	assert_int_equal(federation_id(&s->f, &x->fed), 0);
	large_orders(s, x, txs);
	make(s, x, txs);
	for (unsigned k = 0; k <= CHAIN_LARGE; k++)
		tx_unref(txs[k]);
}

void
chain_close(struct chain *x)
{
	for (unsigned k = 0; k < CHAIN_LEN; k++)
		block_free(x->b[k]);
}

void
chain_meet(struct site *s)
{
	site_simple(s, REPLICA_EV_START);
	for (uint16_t i = 1; i < 4; i++)
		site_peer(s, i, true);
}

void
chain_claim(struct site *s, uint16_t from, uint64_t head)
{
	struct wire_msg m = {.type = WIRE_STATUS};

	m.u.status = (struct wire_status){.head = head,
	    .height = head + 1,
	    .round = VOTE_NO_ROUND,
	    .polka_round = VOTE_NO_ROUND};
	site_message(s, from, &m);
}

void
chain_give(struct site *s, uint16_t from, const struct chain *x, unsigned k)
{
	struct wire_msg m = {.type = WIRE_BLOCK};

	m.u.decided.block = x->b[k];
	m.u.decided.commit = x->c[k];
	site_message(s, from, &m);
}

uint16_t
chain_asked(const struct site *s)
{
	for (size_t i = 0, k = 0; i < s->nseen; i++) {
		if (s->seen[i].type != REPLICA_SEND)
			continue;
		if (s->sent[k++].type == WIRE_BLOCK_REQ)
			return s->seen[i].peer;
	}
	return 0;
}

uint16_t
chain_behind(struct site *s, struct chain *x,
    void (*how)(const struct site *s, struct chain *x))
{
	uint16_t peer = 0;

	site_open(s, 4);
	how(s, x);
	site_boot(s);
	s->ms = 20000;
	chain_meet(s);
	for (uint16_t i = 1; i < 4; i++) {
		chain_claim(s, i, CHAIN_LEN);
		if (peer == 0)
			peer = chain_asked(s);
	}
	assert_int_not_equal(peer, 0);
	return peer;
}
