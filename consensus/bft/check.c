#include <assert.h>

#include "consensus/bft/bft.h"
#include "consensus/bft/quorum.h"
#include "consensus/bft/rounds.h"

static void
check_mark(const struct bft *b, const struct bft_mark *m)
{
	assert(m->round >= BFT_NO_ROUND && m->round <= b->round);
	assert((m->round == BFT_NO_ROUND) == hash_is_zero(&m->block));
}

static void
check_rounds(const struct bft *b)
{
	bool current = b->round == BFT_NO_ROUND;

	for (unsigned i = 0; i < BFT_MAX_ROUNDS; i++) {
		const struct bft_round *s = &b->rounds[i];

		if (s->round == BFT_NO_ROUND)
			continue;
		assert(s->round <= b->round + 1);
		current = current || s->round == b->round;
		for (unsigned j = 0; j < i; j++)
			assert(b->rounds[j].round != s->round);
		assert(s->noffers <= 2 && s->in_force < (int)s->noffers);
		for (unsigned k = 0; k < 3; k++)
			assert(!s->mine[k] || s->round <= b->signed_round);
		tally_check(&s->votes[0], &b->set);
		tally_check(&s->votes[1], &b->set);
	}
	assert(current);
}

/* An own message never runs ahead of the step, and a step that signs has
 * signed. */
static void
check_own(const struct bft *b)
{
	if (b->self == BFT_NOT_VALIDATOR) {
		assert(b->signed_round == BFT_NO_ROUND && b->npending == 0);
		return;
	}
	assert(b->signed_round <= b->round);
	if (b->step != BFT_STEP_PROPOSE)
		assert(b->signed_round == b->round &&
		    b->signed_type == (uint8_t)b->step);
	else if (b->round != BFT_NO_ROUND && b->signed_round == b->round)
		assert(b->signed_type == BFT_RECORD_PROPOSAL);
}

static void
check_pending(const struct bft *b)
{
	assert(b->persisted <= b->seq);
	for (unsigned i = 0; i < BFT_NTIMERS; i++)
		assert(b->deadline_ms[i] <= b->now_ms + b->params.cap_ms);
	assert(b->npending <= BFT_MAX_PENDING);
	for (size_t i = 0; i < b->npending; i++) {
		assert(b->pending[i].seq > b->persisted);
		assert(b->pending[i].seq <= b->seq);
		assert(i == 0 || b->pending[i].seq > b->pending[i - 1].seq);
	}
}

static void
check_decision(const struct bft *b)
{
	uint64_t power = 0;

	for (unsigned i = 0; i < BFT_MAX_ROUNDS; i++) {
		const struct bft_round *s = &b->rounds[i];

		if (s->round == b->decision.round)
			power = tally_power(&s->votes[1], &b->set,
			    &b->decision.block);
	}
	assert(quorum_reached(power, b->set.total));
	assert(known_of(b, &b->decision.block) == BFT_BLOCK_VALID);
}

/* L55 leaves nobody behind: no honest part of the power is in a later round
 * when a step is over. */
static void
check_skip(const struct bft *b)
{
	uint64_t ahead = 0;

	for (uint16_t i = 0; i < b->set.n; i++)
		if (b->seen[i].round > b->round)
			ahead += b->set.power[i];
	assert(b->decided || !quorum_honest(ahead, b->set.total));
}

void
bft_check(const struct bft *b)
{
	if (!b->entered || b->halted)
		return;
	assert(b->round >= BFT_NO_ROUND);
	assert(b->round != BFT_NO_ROUND || b->step == BFT_STEP_PROPOSE);
	check_mark(b, &b->locked);
	check_mark(b, &b->valid);
	assert(b->valid.round >= b->locked.round);
	/* A block that could not be proposed again must not be a mark. */
	if (b->valid.round != BFT_NO_ROUND)
		assert(known_of(b, &b->valid.block) == BFT_BLOCK_VALID);
	if (b->locked.round != BFT_NO_ROUND)
		assert(known_of(b, &b->locked.block) == BFT_BLOCK_VALID);
	check_rounds(b);
	check_own(b);
	check_pending(b);
	check_skip(b);
	if (b->decided)
		check_decision(b);
}
