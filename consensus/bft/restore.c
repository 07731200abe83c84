#include <assert.h>

#include "consensus/bft/rounds.h"
#include "consensus/bft/rules.h"

/* Later records never take a lock or a valid block back. */
static void
take_mark(struct bft_mark *m, const struct bft_mark *from)
{
	if (from->round > m->round)
		*m = *from;
}

static bool
sane(const struct bft_record *r)
{
	int64_t round = r->round;

	return r->type <= BFT_RECORD_PRECOMMIT && round <= BFT_ROUND_MAX &&
	    r->locked.round <= round && r->valid.round <= round &&
	    r->valid.round >= r->locked.round &&
	    r->locked.round >= BFT_NO_ROUND &&
	    (r->locked.round == BFT_NO_ROUND) ==
	    hash_is_zero(&r->locked.block) &&
	    (r->valid.round == BFT_NO_ROUND) == hash_is_zero(&r->valid.block) &&
	    (r->type != BFT_RECORD_PROPOSAL || !hash_is_zero(&r->block));
}

/* Where did we stand when the last record was written? */
static enum bft_verdict
find_position(struct bft *b, const struct bft_record *r, size_t n)
{
	for (; n > 0; n--, r++) {
		if (r->height != b->height)
			continue;
		if (!sane(r))
			return BFT_BAD_TYPE;
		take_mark(&b->locked, &r->locked);
		take_mark(&b->valid, &r->valid);
		if ((int32_t)r->round > b->signed_round) {
			b->signed_round = (int32_t)r->round;
			b->signed_type = r->type;
		} else if ((int32_t)r->round == b->signed_round &&
		    r->type > b->signed_type) {
			b->signed_type = r->type;
		}
	}
	return BFT_OK;
}

static void
trust_block(struct bft *b, const struct hash *id)
{
	if (!hash_is_zero(id))
		known_get(b, id)->known = BFT_BLOCK_VALID;
}

/* The record is durable, so its message may leave at once: the same bytes
 * as before the stop. */
static enum bft_verdict
take_record(struct bft *b, const struct bft_record *r)
{
	struct bft_round *s = rounds_get(b, (int32_t)r->round);

	if (s == NULL)
		return BFT_OK;
	if (s->mine[r->type])
		return hash_equal(&s->my_block[r->type], &r->block)
		    ? BFT_OK
		    : BFT_CONFLICT;
	s->mine[r->type] = true;
	s->my_block[r->type] = r->block;
	if (r->type == BFT_RECORD_PROPOSAL)
		s->my_valid_round = r->valid_round;
	trust_block(b, &r->block);
	rules_withhold(b,
	    &(struct bft_pending){.seq = b->persisted,
		.type = r->type,
		.round = r->round,
		.valid_round = r->valid_round,
		.block = r->block});
	return BFT_OK;
}

enum bft_verdict
restore_records(struct bft *b, const struct bft_record *records,
    size_t nrecords)
{
	static const enum bft_step_name step_after[] = {BFT_STEP_PROPOSE,
	    BFT_STEP_PREVOTE, BFT_STEP_PRECOMMIT};
	enum bft_verdict verdict;

	assert(b->round == BFT_NO_ROUND && b->npending == 0);
	if (b->self == BFT_NOT_VALIDATOR)
		return BFT_OK;
	verdict = find_position(b, records, nrecords);
	if (verdict != BFT_OK || b->signed_round == BFT_NO_ROUND)
		goto out;
	b->round = b->signed_round;
	b->step = step_after[b->signed_type];
	trust_block(b, &b->locked.block);
	trust_block(b, &b->valid.block);
	(void)rounds_get(b, b->round);
	if (b->step == BFT_STEP_PROPOSE)
		rules_arm(b, BFT_T_PROPOSE);
	for (size_t i = 0; i < nrecords && verdict == BFT_OK; i++) {
		if (records[i].height == b->height)
			verdict = take_record(b, &records[i]);
	}
out:
	/* A log that contradicts itself must not lead to one more vote. */
	b->halted = verdict != BFT_OK;
	return verdict;
}
