#include "tests/consensus/replica/past.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

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

void
chain_make(const struct site *s, struct chain *x)
{
	const struct attest *none[4] = {NULL};
	struct ledger *l;
	struct hash missing;

	assert_int_equal(federation_id(&s->f, &x->fed), 0);
	assert_int_equal(ledger_new(&s->f, &l), 0);
	for (unsigned k = 0; k < CHAIN_LEN; k++) {
		const struct ledger_inputs in = {.now_ms = SITE_WALL +
			6000u * (k + 1),
		    .proposer = ledger_proposer(l, 0),
		    .last_commit = k > 0 ? &x->c[k - 1] : NULL,
		    .attests = none};

		assert_int_equal(ledger_build(l, &in, &x->b[k], &missing), 0);
		certify(s, x, x->b[k], &x->c[k]);
		assert_int_equal(ledger_replay(l, x->b[k]), 0);
	}
	ledger_free(l);
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
chain_behind(struct site *s, struct chain *x)
{
	uint16_t peer = 0;

	site_open(s, 4);
	chain_make(s, x);
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
