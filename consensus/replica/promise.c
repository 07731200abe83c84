#include "consensus/replica/promise.h"

#include <string.h>

#include "consensus/books/body.h"
#include "consensus/replica/round.h"
#include "consensus/replica/txgossip.h"

#define PROMISE_LIFE 1000 /* blocks; its round is over long before */

static bool
waits(const struct replica *r, const struct bytes_writer *body)
{
	const struct sign_public self = sign_key_public(r->key);

	for (size_t i = 0; i < r->txpool.n; i++) {
		const struct tx *t = r->txpool.txs[i];

		if (t->kind == TX_COMMIT && t->len == body->len &&
		    memcmp(t->sender.b, self.b, sizeof(self.b)) == 0 &&
		    memcmp(t->body, body->data, body->len) == 0)
			return true;
	}
	return false;
}

static void
name_own(struct replica *r)
{
	const struct body_commit b = {r->own->job, r->own->round, r->own->id};
	struct bytes_writer w = BYTES_WRITER_INIT;
	struct tx *t = NULL;

	body_commit_put(&w, &b);
	if (w.error == 0 && !waits(r, &w))
		t = tx_new((uint32_t)w.len);
	if (t != NULL) {
		memcpy(t->body, w.data, w.len);
		t->kind = TX_COMMIT;
		t->expires = ledger_height(r->ledger) + PROMISE_LIFE;
		tx_sign(t, r->key, ledger_federation_id(r->ledger));
		/* Refused: the pool is full, and it is tried again. */
		(void)!txgossip_submit(r, t);
	}
	bytes_writer_close(&w);
}

static void
show_own(struct replica *r)
{
	const struct hash *id = books_promise(ledger_books(r->ledger), r->self,
	    &r->own->job, r->own->round);

	if (id != NULL && hash_equal(id, &r->own->id)) {
		round_show(r);
		return;
	}
	/* Too late for this round: what others showed was seen by then. */
	answer_unref(r->own);
	r->own = NULL;
	r->own_lost = true;
}

static void
unpark(struct replica *r)
{
	for (uint16_t i = 0; i < r->n; i++) {
		struct answer *a = r->parked[i];
		const char *why;

		r->parked[i] = NULL;
		if (a != NULL)
			(void)round_accept(r, a, &why);
	}
}

void
promise_step(struct replica *r)
{
	const struct ledger_round *lr = ledger_round(r->ledger);

	if (!r->round_open ||
	    !ledger_federation(r->ledger)->economy.commit_updates)
		return;
	if (!lr->sealed)
		unpark(r);
	if (r->own == NULL || !r->own_stored || r->own->round != lr->number)
		return;
	if (!lr->sealed)
		show_own(r);
	else if (books_promise(ledger_books(r->ledger), r->self, &lr->job,
		     lr->number) == NULL)
		name_own(r);
}

void
promise_park(struct replica *r, struct answer *a)
{
	answer_unref(r->parked[a->member]);
	r->parked[a->member] = a;
}

void
promise_clear(struct replica *r)
{
	for (uint16_t i = 0; i < VOTE_MAX_VALIDATORS; i++) {
		answer_unref(r->parked[i]);
		r->parked[i] = NULL;
	}
}
