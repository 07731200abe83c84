/*
 * liar_lock.c - a liar who keeps a block back that others left behind.
 *
 * It hears prevotes for a block, withholds its own, and says nil where the
 * others precommit. Once they are locked on another block, and it is its turn,
 * it adds what was missing and proposes the old one as valid since then.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "tests/cluster/state.h"

#define LOCK_VOTES 256
#define LOCK_BLOCKS 16

struct liar_past {
	uint64_t height; /* all below are of it */
	struct vote votes[LOCK_VOTES];
	size_t nvotes;
	struct block *blocks[LOCK_BLOCKS]; /* newest over old */
	size_t nblocks;
};

void
liar_past_close(struct liar *l)
{
	for (size_t i = 0; l->past != NULL && i < LOCK_BLOCKS; i++)
		block_free(l->past->blocks[i]);
	free(l->past);
}

/* Room for what is of this height; NULL: it is over. */
static struct liar_past *
past_of(struct liar *l, uint64_t height)
{
	if (l->past == NULL)
		l->past = calloc(1, sizeof(*l->past));
	assert(l->past != NULL);
	if (height < l->past->height)
		return NULL;
	if (height > l->past->height) {
		l->past->height = height;
		l->past->nvotes = 0;
	}
	return l->past;
}

static bool
is_held(const struct liar_past *p, const struct vote *v)
{
	for (size_t i = 0; i < p->nvotes; i++)
		if (p->votes[i].round == v->round &&
		    p->votes[i].validator == v->validator)
			return true;
	return false;
}

static void
keep_vote(struct liar *l, const struct vote *v)
{
	struct liar_past *p;

	if (v->type != VOTE_PREVOTE || hash_is_zero(&v->block))
		return;
	p = past_of(l, v->height);
	if (p != NULL && p->nvotes < LOCK_VOTES && !is_held(p, v))
		p->votes[p->nvotes++] = *v;
}

static const struct block *
block_of(const struct liar_past *p, const struct hash *id)
{
	for (size_t i = 0; i < LOCK_BLOCKS; i++)
		if (p->blocks[i] != NULL && hash_equal(&p->blocks[i]->id, id))
			return p->blocks[i];
	return NULL;
}

static void
keep_block(struct liar *l, const struct block *b)
{
	struct liar_past *p = past_of(l, b->header.height);
	struct block **at;

	if (p == NULL || block_of(p, &b->id) != NULL)
		return;
	at = &p->blocks[p->nblocks++ % LOCK_BLOCKS];
	block_free(*at);
	*at = liar_copy(b);
}

void
liar_lock_hear(struct liar *l, const struct wire_msg *m)
{
	if (!liar_does(l, COUNT_STALE_LOCK))
		return;
	if (m->type == WIRE_VOTE)
		keep_vote(l, &m->u.vote);
	if (m->type == WIRE_PROPOSAL)
		keep_block(l, m->u.proposal.block);
}

/* True: this vote of ours does not leave, or not as it is. */
bool
liar_lock_vote(struct world *w, struct liar *l, uint16_t to,
    const struct vote *v)
{
	struct wire_msg m = {.type = WIRE_VOTE};

	if (!liar_does(l, COUNT_STALE_LOCK) || hash_is_zero(&v->block) ||
	    v->height % 4 == 0)
		return false;
	if (v->type == VOTE_PREVOTE)
		return true;
	m.u.vote = *v;
	m.u.vote.block = (struct hash){{0}};
	vote_sign(&m.u.vote, liar_key(w, l), &w->fed_id);
	liar_tell(w, l, to, &m);
	return true;
}

/* Could this vote's block have a quorum with ours, and did somebody prevote
 * another one since? */
static bool
is_stale(const struct world *w, const struct liar *l, const struct vote *v)
{
	const uint16_t self = w->nodes[l->slot].member;
	const struct liar_past *p = l->past;
	unsigned n = 1;
	bool since = false;

	for (size_t i = 0; i < p->nvotes; i++) {
		const struct vote *x = &p->votes[i];
		bool same = hash_equal(&x->block, &v->block);

		n += same && x->round == v->round && x->validator != self;
		since = since || (!same && x->round > v->round);
	}
	return since && 3 * n > 2u * w->n && block_of(p, &v->block) != NULL;
}

static void
tell_polka(struct world *w, struct liar *l, uint16_t to, const struct vote *v)
{
	const uint16_t self = w->nodes[l->slot].member;
	struct wire_msg m = {.type = WIRE_VOTE};

	for (size_t i = 0; i < l->past->nvotes; i++) {
		m.u.vote = l->past->votes[i];
		if (m.u.vote.round == v->round && m.u.vote.validator != self)
			liar_tell(w, l, to, &m);
	}
	m.u.vote = *v;
	m.u.vote.validator = self;
	vote_sign(&m.u.vote, liar_key(w, l), &w->fed_id);
	liar_tell(w, l, to, &m);
}

bool
liar_lock_proposal(struct world *w, struct liar *l,
    const struct wire_proposal *p)
{
	struct wire_proposal q = *p;
	const struct vote *v = NULL;

	if (!liar_does(l, COUNT_STALE_LOCK) || l->past == NULL ||
	    l->past->height != p->head.height)
		return false;
	for (size_t i = 0; i < l->past->nvotes && v == NULL; i++)
		if (l->past->votes[i].round < p->head.round &&
		    is_stale(w, l, &l->past->votes[i]))
			v = &l->past->votes[i];
	if (v == NULL)
		return false;
	world_count(w, COUNT_STALE_LOCK);
	q.head.valid_round = (int32_t)v->round;
	q.block = (struct block *)block_of(l->past, &v->block);
	for (uint16_t i = 0; i < w->nslots; i++) {
		if (i == l->slot)
			continue;
		tell_polka(w, l, i, v);
		liar_tell_block(w, l, i, &q);
	}
	return true;
}
