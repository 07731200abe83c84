#include "consensus/bft/rounds.h"

#include <assert.h>

#include "consensus/bft/quorum.h"

#define RECENT 8 /* rounds kept behind the current one, itself included */

/* What a round can still be good for, ascending. */
enum worth {
	WORTH_NOTHING,
	WORTH_NAMED, /* some proposal held names it as its valid round */
	WORTH_VOTES, /* its votes may decide, or prove a valid round */
	WORTH_ALWAYS,
};

static const struct bft_round *
find(const struct bft *b, int64_t round)
{
	for (unsigned i = 0; round >= 0 && i < BFT_MAX_ROUNDS; i++) {
		if (b->rounds[i].round == round)
			return &b->rounds[i];
	}
	return NULL;
}

static bool
names(const struct bft_round *s, int32_t round)
{
	const struct bft_offer *o = s == NULL ? NULL : round_in_force(s);

	return o != NULL && o->p.valid_round == round;
}

/*
 * Line 28 needs the prevotes of the round that a proposal names, however old:
 * a node that dropped them would prevote nil for ever while the others wait
 * for it, locked.
 */
static enum worth
worth_of_round(const struct bft *b, int32_t round)
{
	if ((round > b->round - RECENT && round <= b->round + 1) ||
	    round == b->locked.round || round == b->valid.round ||
	    round == b->decision.round || names(find(b, b->round), round) ||
	    names(find(b, (int64_t)b->round + 1), round))
		return WORTH_ALWAYS;
	for (unsigned i = 0; i < BFT_MAX_ROUNDS; i++) {
		if (b->rounds[i].round != BFT_NO_ROUND &&
		    names(&b->rounds[i], round))
			return WORTH_NAMED;
	}
	return WORTH_NOTHING;
}

static enum worth
worth_of(const struct bft *b, const struct bft_round *s)
{
	enum worth worth = worth_of_round(b, s->round);

	if (worth != WORTH_ALWAYS &&
	    (quorum_honest(s->votes[1].blocks, b->set.total) ||
		(s->votes[0].majority && !hash_is_zero(&s->votes[0].winner))))
		return WORTH_VOTES;
	return worth;
}

static void
clear_slot(struct bft_round *s, int32_t round, bool late)
{
	static const struct hash nil;

	s->round = round;
	s->late = late;
	s->did_l34 = s->did_l36 = s->did_l47 = false;
	for (unsigned i = 0; i < 3; i++) {
		s->mine[i] = false;
		s->my_block[i] = nil;
	}
	s->my_valid_round = BFT_NO_ROUND;
	s->noffers = 0;
	s->in_force = -1;
	tally_clear(&s->votes[0]);
	tally_clear(&s->votes[1]);
}

struct bft_round *
rounds_find(struct bft *b, int64_t round)
{
	const struct bft_round *s = find(b, round);

	return s == NULL ? NULL : &b->rounds[s - b->rounds];
}

/* Less worth, then lower. */
static bool
before(const struct bft *b, const struct bft_round *x,
    const struct bft_round *y)
{
	enum worth wx = worth_of(b, x), wy = worth_of(b, y);

	return wx != wy ? wx < wy : x->round < y->round;
}

static struct bft_round *
find_victim(struct bft *b)
{
	struct bft_round *best = &b->rounds[0];

	for (unsigned i = 0; i < BFT_MAX_ROUNDS; i++) {
		struct bft_round *s = &b->rounds[i];

		if (s->round == BFT_NO_ROUND)
			return s;
		if (before(b, s, best))
			best = s;
	}
	return best;
}

struct bft_round *
rounds_get(struct bft *b, int32_t round)
{
	struct bft_round *s = rounds_find(b, round);
	enum worth worth, least;

	assert(round >= 0);
	if (s != NULL)
		return s;
	s = find_victim(b);
	if (s->round != BFT_NO_ROUND) {
		worth = worth_of_round(b, round);
		least = worth_of(b, s);
		if (worth < least || (worth == least && round < s->round))
			return NULL;
		/* 8 recent, the next, locked, valid, decided and two named:
		 * at most 14 of 16 must stay. */
		assert(least != WORTH_ALWAYS);
	}
	clear_slot(s, round, round < b->round);
	return s;
}

void
rounds_clear(struct bft *b)
{
	static const struct bft_block empty;

	for (unsigned i = 0; i < BFT_MAX_ROUNDS; i++)
		clear_slot(&b->rounds[i], BFT_NO_ROUND, false);
	for (unsigned i = 0; i < BFT_MAX_BLOCKS; i++)
		b->blocks[i] = empty;
}

const struct bft_offer *
round_in_force(const struct bft_round *s)
{
	return s->in_force < 0 ? NULL : &s->offers[s->in_force];
}

/* The block that a quorum stands behind; NULL: none, or nil. Precommits
 * weigh more than prevotes. */
static const struct hash *
majority_block(const struct bft_round *s)
{
	for (unsigned k = 2; k-- > 0;) {
		const struct bft_tally *t = &s->votes[k];

		if (t->majority && !hash_is_zero(&t->winner))
			return &t->winner;
	}
	return NULL;
}

void
round_follow_majority(struct bft_round *s)
{
	const struct hash *block = majority_block(s);

	if (block == NULL)
		return;
	if (s->in_force >= 0 &&
	    hash_equal(&s->offers[s->in_force].p.block, block))
		return;
	s->in_force = -1;
	for (uint8_t i = 0; i < s->noffers; i++) {
		if (!hash_equal(&s->offers[i].p.block, block))
			continue;
		s->in_force = (int8_t)i;
		return;
	}
}

enum bft_verdict
round_offer(struct bft_round *s, const struct bft_offer *o, bool *first)
{
	const struct hash *block = majority_block(s);

	*first = false;
	for (unsigned i = 0; i < s->noffers; i++) {
		if (s->offers[i].p.valid_round == o->p.valid_round &&
		    hash_equal(&s->offers[i].p.block, &o->p.block))
			return BFT_DUPLICATE;
	}
	if (s->noffers == 0) {
		s->offers[s->noffers++] = *o;
		s->in_force = 0;
		round_follow_majority(s);
		return BFT_OK;
	}
	*first = s->noffers == 1;
	/* A third one is kept only if it is the one that won. */
	if (*first ||
	    (s->in_force < 0 && block != NULL &&
		hash_equal(&o->p.block, block))) {
		s->offers[1] = *o;
		s->noffers = 2;
		round_follow_majority(s);
	}
	return BFT_CONFLICT;
}

struct bft_block *
known_find(struct bft *b, const struct hash *id)
{
	for (unsigned i = 0; i < BFT_MAX_BLOCKS; i++) {
		if (hash_equal(&b->blocks[i].id, id))
			return &b->blocks[i];
	}
	return NULL;
}

enum bft_known
known_of(const struct bft *b, const struct hash *id)
{
	for (unsigned i = 0; i < BFT_MAX_BLOCKS; i++) {
		if (hash_equal(&b->blocks[i].id, id))
			return b->blocks[i].known;
	}
	return BFT_BLOCK_UNKNOWN;
}

static bool
block_used_in(const struct bft_round *s, const struct hash *id)
{
	const struct bft_offer *o = round_in_force(s);

	if (s->round == BFT_NO_ROUND)
		return false;
	return (o != NULL && hash_equal(&o->p.block, id)) ||
	    tally_won(&s->votes[0], id) || tally_won(&s->votes[1], id);
}

static bool
block_used(const struct bft *b, const struct hash *id)
{
	for (unsigned i = 0; i < BFT_MAX_ROUNDS; i++) {
		if (block_used_in(&b->rounds[i], id))
			return true;
	}
	return hash_equal(&b->locked.block, id) ||
	    hash_equal(&b->valid.block, id) ||
	    hash_equal(&b->decision.block, id);
}

/* 3 per round and 3 marks are in use at most: 51 of 64. */
static struct bft_block *
unused_block(struct bft *b)
{
	unsigned i = 0;

	while (block_used(b, &b->blocks[i].id)) {
		i++;
		assert(i < BFT_MAX_BLOCKS);
	}
	return &b->blocks[i];
}

struct bft_block *
known_get(struct bft *b, const struct hash *id)
{
	static const struct hash nil;
	struct bft_block *e = known_find(b, id);

	assert(b != NULL && !hash_is_zero(id));
	if (e != NULL)
		return e;
	e = known_find(b, &nil);
	if (e == NULL)
		e = unused_block(b);
	e->id = *id;
	e->known = BFT_BLOCK_UNKNOWN;
	e->fetched = false;
	return e;
}
