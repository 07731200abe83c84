/* The pool of transactions: bounds, order, what a block does to it, and what
 * a replica does with what peers say about transactions. */
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
#include "consensus/replica/txpool.h"
#include "tests/consensus/replica/site.h"

/* With this body; the writer is closed. */
static struct tx *
unsigned_tx(struct bytes_writer *w)
{
	struct tx *t = tx_new((uint32_t)w->len);

	assert_non_null(t);
	assert_int_equal(w->error, 0);
	memcpy(t->body, w->data, w->len);
	bytes_writer_close(w);
	return t;
}

static struct tx *
transfer(struct site *s, uint16_t from, uint64_t nonce, uint64_t amount)
{
	struct body_transfer b = {.amount = amount};
	struct bytes_writer w = BYTES_WRITER_INIT;
	struct hash fid;
	struct tx *t;

	memset(b.to.b, 7, sizeof(b.to.b));
	body_transfer_put(&w, &b);
	t = unsigned_tx(&w);
	assert_int_equal(federation_id(&s->f, &fid), 0);
	t->kind = TX_TRANSFER;
	t->nonce = nonce;
	t->fee = 1000;
	t->expires = 50;
	tx_sign(t, s->keys[from], &fid);
	return t;
}

static int
add(struct txpool *p, struct site *s, struct tx *t)
{
	int rc = txpool_add(p, replica_ledger(s->r), t);

	tx_unref(t);
	return rc;
}

static void
bounds(void **state)
{
	struct txpool *p = calloc(1, sizeof(*p));
	struct sign_public key;
	struct site s;
	struct tx *t;

	(void)state;
	assert_non_null(p);
	site_open(&s, 4);
	site_boot(&s);
	key = sign_key_public(s.keys[1]);
	assert_int_equal(add(p, &s, transfer(&s, 1, 3, 5)), 0);
	assert_int_equal(p->nfit, 0); /* three before it are missing */
	assert_int_equal(add(p, &s, transfer(&s, 1, 3, 6)), BOOKS_NONCE);
	assert_int_equal(add(p, &s, transfer(&s, 1, 3, 5)), -EEXIST);
	assert_int_equal(txpool_nonce(p, replica_ledger(s.r), &key), 4);
	assert_int_equal(add(p, &s, transfer(&s, 1, 0, 5)), 0);
	assert_int_equal(p->nfit, 1);
	assert_int_equal(add(p, &s, transfer(&s, 1, TXPOOL_SENDER_MAX, 5)),
	    BOOKS_NONCE);
	assert_int_equal(add(p, &s, transfer(&s, 2, 0, UINT64_C(1) << 60)),
	    BOOKS_FUNDS);
	t = transfer(&s, 2, 0, 5);
	t->sig.b[3] ^= 1;
	assert_int_equal(add(p, &s, t), -EBADMSG);
	for (uint64_t i = 1; i < TXPOOL_SENDER_MAX; i++)
		if (i != 3)
			assert_int_equal(add(p, &s, transfer(&s, 1, i, 5)), 0);
	assert_int_equal(p->n, TXPOOL_SENDER_MAX);
	/* The ledger did not move: all of them stay. */
	txpool_turn(p, replica_ledger(s.r));
	assert_int_equal(p->n, TXPOOL_SENDER_MAX);
	txpool_clear(p);
	assert_int_equal(p->n + p->bytes, 0);
	free(p);
	site_close(&s);
}

/* After some that are missing. */
static struct tx *
early(struct site *s, uint16_t from, uint64_t nonce, uint32_t len)
{
	struct tx *t = tx_new(len);
	struct hash fid;

	assert_non_null(t);
	assert_int_equal(federation_id(&s->f, &fid), 0);
	memset(t->body, 0, len);
	t->kind = TX_TRANSFER;
	t->nonce = nonce;
	t->expires = UINT64_MAX;
	tx_sign(t, s->keys[from], &fid);
	return t;
}

/* One account fills the pool with what nobody can apply: another one's
 * transaction gets in all the same, and the last of those goes. */
static void
what_applies_gets_in(void **state)
{
	struct txpool *p = calloc(1, sizeof(*p));
	struct hash id, last = {{0}}, first = {{0}};
	uint32_t len = TX_BODY_MAX;
	uint64_t nonce = 1;
	struct site s;
	struct tx *t;

	(void)state;
	assert_non_null(p);
	site_open(&s, 4);
	site_boot(&s);
	while (len > 0) {
		t = early(&s, 1, nonce, len);
		id = t->id;
		if (add(p, &s, t) != 0) {
			len /= 2;
			continue;
		}
		last = id;
		first = nonce++ == 1 ? id : first;
	}
	assert_int_equal(p->nfit, 0);
	t = transfer(&s, 2, 0, 5);
	id = t->id;
	assert_int_equal(add(p, &s, t), 0);
	assert_non_null(txpool_find(p, &id));
	assert_non_null(txpool_find(p, &first));
	assert_null(txpool_find(p, &last));
	assert_int_equal(txpool_why(p, &last)->why, BOOKS_OK);
	/* Of which there are no more than before. */
	assert_int_equal(add(p, &s, early(&s, 3, 2, TX_BODY_MAX)), -ENOSPC);
	txpool_turn(p, replica_ledger(s.r));
	assert_int_equal(p->nfit, 1);
	assert_non_null(txpool_find(p, &id));
	txpool_clear(p);
	assert_int_equal(p->n + p->bytes, 0);
	free(p);
	site_close(&s);
}

/* Found by id whatever left the pool before, and why it left, until the ring
 * has gone round. */
static void
found_by_id(void **state)
{
	enum { BATCHES = 3, BATCH = 3 * TXPOOL_SENDER_MAX };
	static struct hash ids[BATCHES * BATCH];
	struct txpool *p = calloc(1, sizeof(*p));
	struct site s, alone;
	uint16_t from[4], nfrom = 0;
	size_t n = 0;

	(void)state;
	assert_non_null(p);
	site_open(&s, 4);
	site_boot(&s);
	site_open(&alone, 1);
	site_boot(&alone);
	for (uint16_t i = 0; i < 4; i++) {
		const struct sign_public a = sign_key_public(s.keys[i]),
					 b = sign_key_public(alone.keys[0]);

		if (memcmp(a.b, b.b, sizeof(a.b)) != 0 && nfrom < 3)
			from[nfrom++] = i;
	}
	for (unsigned b = 0; b < BATCHES; b++) {
		for (uint64_t i = 0; i < BATCH; i++) {
			struct tx *t = transfer(&s, from[i % 3], i / 3, 5 + b);

			ids[n++] = t->id;
			assert_int_equal(add(p, &s, t), 0);
		}
		for (size_t i = 0; i < n; i++)
			assert_int_equal(txpool_find(p, &ids[i]) != NULL,
			    i >= n - BATCH);
		/* Nobody there knows their senders. */
		txpool_turn(p, replica_ledger(alone.r));
		assert_int_equal(p->n, 0);
		for (size_t i = 0; i < n; i++) {
			assert_null(txpool_find(p, &ids[i]));
			assert_int_equal(txpool_why(p, &ids[i]) != NULL,
			    i + TXPOOL_GONE >= n);
		}
	}
	txpool_clear(p);
	free(p);
	site_close(&alone);
	site_close(&s);
}

static void
gossip(void **state)
{
	struct wire_msg m = {.type = WIRE_TX};
	struct site s;
	struct tx *t;

	(void)state;
	site_start(&s);
	/* Announced, asked for, taken, and given to who asks. */
	t = transfer(&s, 2, 0, 5);
	m.type = WIRE_TX_IDS;
	m.u.ids.n = 1;
	m.u.ids.ids[0] = t->id;
	site_message(&s, 1, &m);
	assert_non_null(site_sent(&s, WIRE_TX_REQ));
	assert_true(
	    hash_equal(&site_sent(&s, WIRE_TX_REQ)->u.ids.ids[0], &t->id));
	m = (struct wire_msg){.type = WIRE_TX};
	m.u.tx = t;
	site_message(&s, 1, &m);
	assert_int_equal(replica_txpool(s.r)->n, 1);
	assert_int_equal(site_count(&s, REPLICA_PUNISH), 0);
	m = (struct wire_msg){.type = WIRE_TX_IDS};
	m.u.ids.n = 1;
	m.u.ids.ids[0] = t->id;
	site_message(&s, 1, &m);
	assert_null(site_sent(&s, WIRE_TX_REQ));
	m.type = WIRE_TX_REQ;
	site_message(&s, 3, &m);
	assert_non_null(site_sent(&s, WIRE_TX));
	/* With the next status it is announced. */
	s.ms += 1000;
	site_simple(&s, REPLICA_EV_TIME);
	assert_non_null(site_sent(&s, WIRE_TX_IDS));
	tx_unref(t);
	/* Refused by our books: nobody's fault. A bad signature is. */
	t = transfer(&s, 2, 0, 9);
	m = (struct wire_msg){.type = WIRE_TX};
	m.u.tx = t;
	site_message(&s, 1, &m);
	assert_int_equal(site_count(&s, REPLICA_PUNISH), 0);
	tx_unref(t);
	t = transfer(&s, 3, 0, 9);
	t->sig.b[0] ^= 1;
	m.u.tx = t;
	site_message(&s, 1, &m);
	assert_int_equal(site_count(&s, REPLICA_PUNISH), 1);
	assert_int_equal(replica_txpool(s.r)->n, 1);
	tx_unref(t);
	site_close(&s);
}

/* A hash to be named in the next round, by somebody nobody knows. */
static struct tx *
stranger(struct site *s, uint16_t i)
{
	const uint8_t seed[SIGN_SEED_LEN] = {9, (uint8_t)i, (uint8_t)(i >> 8)};
	const struct ledger_round *lr = ledger_round(replica_ledger(s->r));
	const struct body_commit b = {lr->job, lr->number + 1, {{1}}};
	struct bytes_writer w = BYTES_WRITER_INIT;
	struct sign_key *key;
	struct hash fid;
	struct tx *t;

	body_commit_put(&w, &b);
	t = unsigned_tx(&w);
	assert_int_equal(federation_id(&s->f, &fid), 0);
	t->kind = TX_COMMIT;
	t->expires = UINT64_MAX;
	assert_int_equal(sign_key_new(seed, &key), 0);
	tx_sign(t, key, &fid);
	sign_key_free(key);
	return t;
}

/* All places are taken by what may apply one day: what is announced is asked
 * for still, for it may apply now. */
static void
a_full_pool_asks(void **state)
{
	struct wire_msg m = {.type = WIRE_TX};
	struct site s;

	(void)state;
	site_open(&s, 4);
	s.f.economy = ECONOMY_DEFAULT;
	s.f.economy.commit_updates = true;
	site_boot(&s);
	site_simple(&s, REPLICA_EV_START);
	site_peer(&s, 1, true);
	for (uint16_t i = 0; i < TXPOOL_MAX; i++) {
		m.u.tx = stranger(&s, i);
		site_message(&s, 1, &m);
		tx_unref(m.u.tx);
	}
	assert_int_equal(replica_txpool(s.r)->n, TXPOOL_MAX);
	m = (struct wire_msg){.type = WIRE_TX_IDS};
	m.u.ids.n = 1;
	m.u.ids.ids[0] = (struct hash){{5}};
	site_message(&s, 1, &m);
	assert_non_null(site_sent(&s, WIRE_TX_REQ));
	m = (struct wire_msg){.type = WIRE_TX, .u.tx = transfer(&s, 2, 0, 5)};
	site_message(&s, 1, &m);
	assert_non_null(txpool_find(replica_txpool(s.r), &m.u.tx->id));
	tx_unref(m.u.tx);
	site_close(&s);
}

/* An id costs 32 bytes and a transaction up to 96 KiB. */
static void
asking_is_bounded(void **state)
{
	struct wire_msg m = {.type = WIRE_TX_REQ};
	size_t sent = 0;
	struct site s;

	(void)state;
	site_start(&s);
	for (uint64_t i = 0; i < 40; i++) {
		const struct replica_now now = {s.ms, SITE_WALL + s.ms};
		struct tx *t = transfer(&s, 0, i, 5);

		m.u.ids.ids[m.u.ids.n++] = t->id;
		assert_int_equal(replica_submit(s.r, &now, t), 0);
	}
	for (int k = 0; k < 200; k++) {
		site_message(&s, 1, &m);
		for (size_t i = 0; i < s.nsent; i++)
			sent += s.sent[i].type == WIRE_TX;
	}
	assert_true(sent > 40);
	assert_true(sent < 200 * 40 / 4);
	site_close(&s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(bounds),
	    cmocka_unit_test(what_applies_gets_in),
	    cmocka_unit_test(found_by_id),
	    cmocka_unit_test(gossip),
	    cmocka_unit_test(a_full_pool_asks),
	    cmocka_unit_test(asking_is_bounded),
	};

	return sign_setup() < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
