#include "consensus/bft/view.h"

#include <string.h>

#include "consensus/bft/proposer.h"
#include "consensus/bft/quorum.h"
#include "consensus/bft/rounds.h"

static const struct bft_round *
find_round(const struct bft *b, int64_t round)
{
	for (unsigned i = 0; round >= 0 && i < BFT_MAX_ROUNDS; i++) {
		if (b->rounds[i].round == round)
			return &b->rounds[i];
	}
	return NULL;
}

void
bft_status(const struct bft *b, struct bft_status *out)
{
	const struct bft_round *s = find_round(b, b->round);
	const struct bft_offer *o = s != NULL ? round_in_force(s) : NULL;

	memset(out, 0, sizeof(*out));
	out->height = b->height;
	out->round = b->entered ? b->round : BFT_NO_ROUND;
	out->step = b->step;
	out->decided = b->decided;
	out->halted = b->halted;
	out->locked = b->locked;
	out->valid = b->valid;
	out->total_power = b->set.total;
	out->unsynced = b->seq - b->persisted;
	if (b->set.n > 0)
		out->proposer = bft_proposer(b->set.turns, b->set.n, b->height,
		    b->round < 0 ? 0 : (uint32_t)b->round);
	if (s != NULL) {
		out->prevote_power = s->votes[0].any;
		out->precommit_power = s->votes[1].any;
	}
	if (o != NULL) {
		out->have_proposal = true;
		out->known = known_of(b, &o->p.block);
	}
	for (unsigned i = 0; i < BFT_NTIMERS && !b->decided; i++) {
		uint64_t t = b->deadline_ms[i];

		if (t != 0 && (out->deadline_ms == 0 || t < out->deadline_ms))
			out->deadline_ms = t;
	}
}

int32_t
bft_seen_round(const struct bft *b, uint16_t i)
{
	return i < b->set.n ? b->seen[i].round : BFT_NO_ROUND;
}

unsigned
bft_rounds(const struct bft *b, uint32_t out[static BFT_MAX_ROUNDS])
{
	unsigned n = 0;

	for (unsigned i = 0; b->entered && i < BFT_MAX_ROUNDS; i++) {
		unsigned at = n;

		if (b->rounds[i].round == BFT_NO_ROUND)
			continue;
		for (; at > 0 && (int32_t)out[at - 1] > b->rounds[i].round;
		     at--)
			out[at] = out[at - 1];
		out[at] = (uint32_t)b->rounds[i].round;
		n++;
	}
	return n;
}

static const struct bft_tally *
find_tally(const struct bft *b, uint32_t round, unsigned type)
{
	const struct bft_round *s = find_round(b, round);

	if (!b->entered || s == NULL ||
	    (type != VOTE_PREVOTE && type != VOTE_PRECOMMIT))
		return NULL;
	return &s->votes[type - VOTE_PREVOTE];
}

struct bft_bits
bft_votes(const struct bft *b, uint32_t round, enum vote_type type,
    const struct hash *block)
{
	const struct bft_tally *t = find_tally(b, round, type);
	struct bft_bits bits = {{0, 0}};

	for (uint16_t i = 0; t != NULL && i < b->set.n; i++) {
		if (block == NULL ? bft_bits_has(&t->have, i)
				  : tally_find(t, i, block) != NULL)
			bft_bits_add(&bits, i);
	}
	return bits;
}

bool
bft_vote(const struct bft *b, const struct vote *key, const struct hash *block,
    struct vote *out)
{
	const struct bft_tally *t = find_tally(b, key->round, key->type);
	const struct bft_ballot *ballot = NULL;

	if (t == NULL || key->validator >= b->set.n)
		return false;
	if (block != NULL)
		ballot = tally_find(t, key->validator, block);
	else if (bft_bits_has(&t->have, key->validator))
		ballot = &t->ballots[0][key->validator];
	if (ballot == NULL)
		return false;
	memset(out, 0, sizeof(*out));
	out->type = key->type;
	out->height = b->height;
	out->round = key->round;
	out->block = ballot->block;
	out->validator = key->validator;
	out->sig = ballot->sig;
	return true;
}

unsigned
bft_vote_both(const struct bft *b, const struct vote *key,
    struct vote out[static 2])
{
	const struct bft_tally *t = find_tally(b, key->round, key->type);

	if (!bft_vote(b, key, NULL, &out[0]))
		return 0;
	if (!bft_bits_has(&t->twice, key->validator))
		return 1;
	out[1] = out[0];
	out[1].block = t->ballots[1][key->validator].block;
	out[1].sig = t->ballots[1][key->validator].sig;
	return 2;
}

static bool
passage_vote(const struct bft *b, const struct bft_tally *before, uint16_t i,
    struct vote *v)
{
	struct vote key = {.type = VOTE_PRECOMMIT, .validator = i};
	const struct bft_heard *h = &b->seen[i];

	if (before != NULL) {
		key.round = (uint32_t)b->round - 1;
		return bft_vote(b, &key, NULL, v);
	}
	*v = (struct vote){.type = h->type,
	    .height = b->height,
	    .round = (uint32_t)h->round,
	    .block = h->ballot.block,
	    .validator = i,
	    .sig = h->ballot.sig};
	return h->round >= b->round;
}

uint16_t
bft_passage(const struct bft *b, struct vote out[static BFT_MAX_VALIDATORS])
{
	const struct bft_tally *before;
	uint64_t power = 0;
	uint16_t n = 0;

	if (!b->entered || b->round <= 0)
		return 0;
	before = find_tally(b, (uint32_t)b->round - 1, VOTE_PRECOMMIT);
	if (before != NULL && !quorum_reached(before->any, b->set.total))
		before = NULL;
	for (uint16_t i = 0; i < b->set.n; i++) {
		if (!passage_vote(b, before, i, &out[n]))
			continue;
		power += b->set.power[i];
		n++;
	}
	return quorum_honest(power, b->set.total) ? n : 0;
}

bool
bft_proposal(const struct bft *b, uint32_t round, struct bft_offer *out)
{
	const struct bft_round *s = b->entered ? find_round(b, round) : NULL;
	const struct bft_offer *o = s != NULL ? round_in_force(s) : NULL;

	if (o == NULL)
		return false;
	*out = *o;
	return true;
}

void
bft_certificate(const struct bft *b, struct commit *out)
{
	const struct bft_tally *t;

	memset(out, 0, sizeof(*out));
	if (!b->decided)
		return;
	out->height = b->height;
	out->round = (uint32_t)b->decision.round;
	out->block = b->decision.block;
	t = find_tally(b, out->round, VOTE_PRECOMMIT);
	for (uint16_t i = 0; t != NULL && i < b->set.n; i++) {
		const struct bft_ballot *v = tally_find(t, i, &out->block);

		if (v == NULL)
			continue;
		out->validators[out->nsigs] = i;
		out->sigs[out->nsigs++] = v->sig;
	}
}
