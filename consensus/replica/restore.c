#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "consensus/replica/agree.h"
#include "consensus/replica/bodies.h"
#include "consensus/replica/round.h"
#include "consensus/replica/silence.h"
#include "consensus/replica/state.h"

/*
 * What a node brings back from its disk: the chain, then the pool, then the
 * vote log. Order matters, since each is judged by what came before it.
 */

int
replica_replay(struct replica *r, const struct block *b, const struct commit *c,
    bool last)
{
	int rc;

	if (r->last_commit == NULL)
		r->last_commit = malloc(sizeof(*r->last_commit));
	if (r->last_commit == NULL)
		return -ENOMEM;
	if (r->deciding != NULL)
		r->deciding(r->witness_arg, r->ledger, b);
	rc = last ? ledger_replay(r->ledger, b) : ledger_skim(r->ledger, b);
	if (rc < 0)
		return rc == -ENOMEM ? rc : -EBADMSG;
	*r->last_commit = *c;
	agree_seat(r);
	round_enter(r);
	return 0;
}

int
replica_restore(struct replica *r, struct ledger *l, const struct commit *c)
{
	if (r->last_commit == NULL)
		r->last_commit = malloc(sizeof(*r->last_commit));
	if (r->last_commit == NULL) {
		ledger_free(l);
		return -ENOMEM;
	}
	ledger_version_limit(l, r->rules);
	ledger_free(r->ledger);
	r->ledger = l;
	*r->last_commit = *c;
	agree_seat(r);
	round_enter(r);
	/* Not the head, if it was opened before. */
	r->round_height = silence_opened(r);
	return 0;
}

/* Bodies whose last answer is here. */
static void
settle(struct replica *r)
{
	for (size_t i = 0; i < REPLICA_MAX_BODIES; i++) {
		struct replica_body *body = &r->bodies[i];
		enum ledger_verdict v;

		if (body->block == NULL || body->checked ||
		    !bodies_resolve(r, body->block))
			continue;
		v = ledger_check(r->ledger, body->block);
		r->load_failed |= v == LEDGER_NO_MEMORY;
		if (v == LEDGER_NO_MEMORY)
			continue;
		body->checked = true;
		body->valid = v == LEDGER_OK;
	}
}

void
replica_load_answer(struct replica *r, const uint8_t *data, size_t len)
{
	struct bytes_reader rd = bytes_reader_of(data, len);
	struct answer *a = answer_get(&rd, ledger_update_dim(r->ledger));
	const char *why;

	r->load_failed |= rd.nomem;
	if (a == NULL || !bytes_reader_done(&rd)) {
		answer_unref(a);
		return;
	}
	if (round_accept(r, a, &why))
		settle(r);
}

void
replica_load_body(struct replica *r, const uint8_t *data, size_t len)
{
	struct bytes_reader rd = bytes_reader_of(data, len);
	struct block *b = block_get(&rd);
	struct replica_body *body;

	r->load_failed |= rd.nomem;
	if (b == NULL || !bytes_reader_done(&rd) ||
	    b->header.height != ledger_height(r->ledger) + 1) {
		block_free(b);
		return;
	}
	body = bodies_add(r, b);
	if (body == NULL)
		return;
	body->stored = true;
	settle(r);
}

/*
 * Of ours only the answer that the vote log names counts. One that got no
 * further than the pool never left; sent now it would stand beside the one
 * that is made after the next loss of the pool.
 */
static void
drop_unnamed(struct replica *r, const struct hash *named)
{
	struct answer **slot = r->answers[r->self];

	if (r->own != NULL &&
	    (named == NULL || !hash_equal(&r->own->id, named))) {
		answer_unref(r->own);
		r->own = NULL;
	}
	for (int k = 0; k < 2; k++) {
		if (slot[k] == NULL ||
		    (named != NULL && hash_equal(&slot[k]->id, named)))
			continue;
		answer_unref(slot[k]);
		slot[k] = NULL;
	}
	if (slot[0] == NULL) {
		slot[0] = slot[1];
		slot[1] = NULL;
	}
}

int
replica_load_records(struct replica *r, const struct votelog_record *recs,
    size_t n)
{
	const struct ledger_round *lr = ledger_round(r->ledger);
	const uint64_t height = ledger_height(r->ledger);
	const struct votelog_record *last;

	/* What we locked, or said, may be in what there was no room for. */
	if (r->load_failed)
		return -ENOMEM;
	if (n == 0) {
		drop_unnamed(r, NULL);
		return 0;
	}
	last = &recs[n - 1];
	/* Alone there is nobody to fetch the blocks from. */
	if (r->n == 1 && last->has_bft && last->bft.height > height + 1)
		return -EBADMSG;
	silence_restore(r, last);
	if (last->has_attest && last->attest.fl_round == lr->number)
		r->own_seq = last->attest.seq;
	drop_unnamed(r,
	    last->has_answer && last->answer.fl_round == lr->number
		? &last->answer.id
		: NULL);
	/* An answer that was signed but whose bytes are gone must not be made
	 * again with other bytes: this round passes without ours. */
	if (last->has_answer && last->answer.fl_round == lr->number &&
	    round_find(r, &last->answer.id) == NULL && r->own == NULL)
		r->own_lost = true;
	r->records = calloc(n, sizeof(*r->records));
	if (r->records == NULL)
		return -ENOMEM;
	/* What was signed for the height that is due; for a later one if the
	 * chain lost blocks, which come back first. */
	for (size_t i = 0; i < n; i++)
		if (recs[i].type == VOTELOG_BFT &&
		    recs[i].bft.height == last->bft.height &&
		    recs[i].bft.height > height)
			r->records[r->nrecords++] = recs[i].bft;
	return 0;
}
