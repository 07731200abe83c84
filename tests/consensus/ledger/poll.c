#include "tests/consensus/ledger/poll.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define FEE 1000
#define BLOCKS_MAX 4000

/* The chain so far, for who replays it. */
static struct block *chain[BLOCKS_MAX];
static size_t nchain;

struct tx *
poll_tx(struct town *t, uint16_t from, uint8_t kind, struct bytes_writer *w)
{
	struct sign_public key = sign_key_public(t->keys[from]);
	struct tx *x = tx_new((uint32_t)w->len);

	assert_non_null(x);
	memcpy(x->body, w->data, w->len);
	x->kind = kind;
	x->nonce = books_account(ledger_books(t->l), &key)->nonce;
	x->fee = FEE;
	x->expires = 100000;
	tx_sign(x, t->keys[from], &t->fid);
	bytes_writer_close(w);
	return x;
}

struct tx *
poll_proposal(struct town *t, uint16_t from, uint8_t kind,
    const struct payload *p)
{
	struct bytes_writer w = BYTES_WRITER_INIT, x = BYTES_WRITER_INIT;
	struct body_propose b = {.kind = kind, .title = "change"};

	payload_put(&x, kind, p);
	b.payload = x.data;
	b.len = (uint32_t)x.len;
	body_propose_put(&w, &b);
	bytes_writer_close(&x);
	return poll_tx(t, from, TX_PROPOSE, &w);
}

struct payload
poll_newcomer(struct town *t, uint8_t op, uint8_t seed)
{
	const struct hash none = {{0}};
	struct payload p = {.member = {.op = op}};
	uint8_t bytes[SIGN_SEED_LEN] = {0};
	struct hash digest;

	bytes[0] = seed;
	bytes[1] = 0x77;
	assert_int_equal(sign_key_new(bytes, &t->more[t->nmore]), 0);
	p.member.m = (struct member){.power = 1, .weight = 1};
	p.member.m.sign = sign_key_public(t->more[t->nmore++]);
	memset(p.member.m.network, 100 + seed, sizeof(p.member.m.network));
	snprintf(p.member.m.name, sizeof(p.member.m.name), "new%u", seed);
	p.member.m.id = member_id(&p.member.m.sign, p.member.m.network);
	digest = payload_proof(&p.member.m);
	sign_message(t->more[t->nmore - 1], PAYLOAD_PROOF_CONTEXT, &none,
	    &digest, &p.member.proof);
	return p;
}

void
poll_keep(struct town *t, struct block *b)
{
	town_commit(t, b);
	assert_true(nchain < BLOCKS_MAX);
	chain[nchain++] = b;
}

void
poll_commit(struct town *t, struct tx **txs, size_t n)
{
	struct ledger_inputs in;
	struct hash missing;
	struct block *b;

	t->now_ms += ledger_params(t->l)->timing.interval;
	in = town_inputs(t, 0);
	in.txs = txs;
	in.ntxs = n;
	assert_int_equal(ledger_build(t->l, &in, &b, &missing), 0);
	assert_int_equal(b->header.ntxs, n);
	poll_keep(t, b);
	for (size_t i = 0; i < n; i++)
		tx_unref(txs[i]);
}

void
poll_beat(struct town *t)
{
	t->now_ms += ledger_params(t->l)->timing.heartbeat;
	poll_keep(t, town_build(t));
}

void
poll_vote(struct town *t, uint64_t id)
{
	struct tx *txs[TOWN_MAX];

	for (uint16_t i = 0; i < t->f.nmembers; i++) {
		struct bytes_writer w = BYTES_WRITER_INIT;
		struct body_ballot b = {id, VOTE_YES};

		body_ballot_put(&w, &b);
		txs[i] = poll_tx(t, i, TX_VOTE, &w);
	}
	poll_commit(t, txs, t->f.nmembers);
}

const struct motion *
poll_motion(const struct town *t, uint64_t id)
{
	return books_motion_at(ledger_books(t->l), id - 1);
}

uint64_t
poll_pass(struct town *t, uint8_t kind, const struct payload *p)
{
	struct tx *x = poll_proposal(t, 0, kind, p);
	uint64_t id = 1;

	assert_int_equal(ledger_tx_fits(t->l, x), BOOKS_OK);
	poll_commit(t, &x, 1);
	while (poll_motion(t, id + 1) != NULL)
		id++;
	poll_vote(t, id);
	return id;
}

enum proposal_state
poll_wait(struct town *t, uint64_t id)
{
	while (poll_motion(t, id)->p.state == PROPOSAL_OPEN ||
	    poll_motion(t, id)->p.state == PROPOSAL_QUEUED)
		poll_beat(t);
	return (enum proposal_state)poll_motion(t, id)->p.state;
}

void
poll_begin(struct town *t, const struct town_setup *s)
{
	nchain = 0;
	town_open(t, s);
	t->now_ms = TOWN_FOUNDED_MS + 60000;
	poll_keep(t, town_build(t));
}

const struct block *
poll_last(void)
{
	return chain[nchain - 1];
}

void
poll_end(struct town *t)
{
	struct hash x[LEDGER_LEAVES], y[LEDGER_LEAVES];
	struct ledger *other;

	assert_int_equal(ledger_new(&t->f, &other), 0);
	for (size_t i = 0; i < nchain; i++) {
		assert_int_equal(ledger_apply(other, chain[i]), 0);
		block_free(chain[i]);
	}
	ledger_leaves(t->l, x);
	ledger_leaves(other, y);
	assert_memory_equal(x, y, sizeof(x));
	assert_memory_equal(&ledger_params(t->l)->timing,
	    &ledger_params(other)->timing, sizeof(struct timing));
	ledger_free(other);
	town_close(t);
}
