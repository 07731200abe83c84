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
