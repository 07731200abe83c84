#include "consensus/bft/rules.h"

#include <assert.h>

#include "consensus/bft/proposer.h"
#include "consensus/bft/quorum.h"
#include "consensus/bft/rounds.h"

#define PREVOTES(s) (&(s)->votes[0])
#define PRECOMMITS(s) (&(s)->votes[1])

static const struct hash nil;

struct bft_action *
out_add(struct bft_out *out, enum bft_action_type type, const struct bft *b)
{
	struct bft_action *a;

	assert(out->nactions < BFT_MAX_ACTIONS);
	a = &out->actions[out->nactions++];
	a->type = type;
	a->height = b->height;
	a->round = b->round < 0 ? 0 : (uint32_t)b->round;
	a->valid_round = BFT_NO_ROUND;
	a->block = nil;
	return a;
}

static void
out_block(struct bft_out *out, enum bft_action_type type, const struct bft *b,
    const struct bft_mark *m)
{
	struct bft_action *a = out_add(out, type, b);

	a->round = (uint32_t)m->round;
	a->block = m->block;
}

static struct bft_round *
current(struct bft *b)
{
	struct bft_round *s = rounds_find(b, b->round);

	assert(s != NULL);
	return s;
}

/* The oldest send gives way: to the others a lost message, never a wrong
 * one. It takes a disk that is rounds behind. */
void
rules_withhold(struct bft *b, const struct bft_pending *p)
{
	if (b->npending == BFT_MAX_PENDING) {
		for (size_t i = 1; i < b->npending; i++)
			b->pending[i - 1] = b->pending[i];
		b->npending--;
		b->dropped_sends++;
	}
	b->pending[b->npending++] = *p;
}

/*
 * The only place where something to sign comes into being. Within a height
 * (round, type) only grows, so nothing is ever signed twice.
 */
static void
record(struct bft *b, struct bft_out *out, enum bft_record_type type,
    const struct hash *block, int32_t valid_round)
{
	struct bft_round *s = current(b);
	struct bft_action *a;

	if (b->self == BFT_NOT_VALIDATOR)
		return;
	assert(b->round > b->signed_round ||
	    (b->round == b->signed_round && type > b->signed_type));
	b->signed_round = b->round;
	b->signed_type = (uint8_t)type;
	s->mine[type] = true;
	s->my_block[type] = *block;
	if (type == BFT_RECORD_PROPOSAL)
		s->my_valid_round = valid_round;
	a = out_add(out, BFT_PERSIST, b);
	a->persist.seq = ++b->seq;
	a->persist.record = (struct bft_record){
	    .type = (uint8_t)type,
	    .height = b->height,
	    .round = (uint32_t)b->round,
	    .valid_round = valid_round,
	    .block = *block,
	    .locked = b->locked,
	    .valid = b->valid,
	};
	rules_withhold(b,
	    &(struct bft_pending){.seq = b->seq,
		.type = (uint8_t)type,
		.round = (uint32_t)b->round,
		.valid_round = valid_round,
		.block = *block});
}

void
rules_propose(struct bft *b, struct bft_out *out, const struct hash *block,
    int32_t valid_round)
{
	record(b, out, BFT_RECORD_PROPOSAL, block, valid_round);
}

static void
prevote(struct bft *b, struct bft_out *out, const struct hash *block)
{
	assert(b->step == BFT_STEP_PROPOSE);
	b->step = BFT_STEP_PREVOTE;
	b->deadline_ms[BFT_T_PROPOSE] = 0;
	record(b, out, BFT_RECORD_PREVOTE, block, BFT_NO_ROUND);
}

static void
precommit(struct bft *b, struct bft_out *out, const struct hash *block)
{
	assert(b->step == BFT_STEP_PREVOTE);
	b->step = BFT_STEP_PRECOMMIT;
	b->deadline_ms[BFT_T_PREVOTE] = 0;
	record(b, out, BFT_RECORD_PRECOMMIT, block, BFT_NO_ROUND);
}

void
rules_arm(struct bft *b, enum bft_timer timer)
{
	const struct bft_params *p = &b->params;
	const uint32_t base[] = {p->propose_ms, p->prevote_ms, p->precommit_ms};
	const uint32_t delta[] = {p->propose_delta_ms, p->prevote_delta_ms,
	    p->precommit_delta_ms};
	uint64_t ms = base[timer] + (uint64_t)b->round * delta[timer];

	b->deadline_ms[timer] = b->now_ms + (ms < p->cap_ms ? ms : p->cap_ms);
}

void
rules_start(struct bft *b, int32_t round, struct bft_out *out)
{
	assert(round > b->round);
	b->round = round;
	b->step = BFT_STEP_PROPOSE;
	for (unsigned i = 0; i < BFT_NTIMERS; i++)
		b->deadline_ms[i] = 0;
	(void)rounds_get(b, round);
	rules_arm(b, BFT_T_PROPOSE);
	if (bft_proposer(b->set.turns, b->set.n, b->height, (uint32_t)round) !=
	    b->self)
		return;
	if (b->valid.round != BFT_NO_ROUND)
		rules_propose(b, out, &b->valid.block, b->valid.round);
	else
		(void)out_add(out, BFT_BUILD, b);
}

static bool
expired(const struct bft *b, enum bft_timer timer)
{
	return b->deadline_ms[timer] != 0 && b->deadline_ms[timer] <= b->now_ms;
}

void
rules_timers(struct bft *b, struct bft_out *out)
{
	if (expired(b, BFT_T_PROPOSE)) /* L57 */
		prevote(b, out, &nil);
	if (expired(b, BFT_T_PREVOTE)) /* L61 */
		precommit(b, out, &nil);
	if (!expired(b, BFT_T_PRECOMMIT))
		return;
	b->deadline_ms[BFT_T_PRECOMMIT] = 0;
	if (b->round < BFT_ROUND_MAX) /* L65 */
		rules_start(b, b->round + 1, out);
}

static bool
locked_on_other(const struct bft *b, const struct hash *block)
{
	return b->locked.round != BFT_NO_ROUND &&
	    !hash_equal(&b->locked.block, block);
}

/* L22: a fresh proposal. A refusal need not wait for the verdict. */
static bool
rule_l22(struct bft *b, struct bft_out *out)
{
	const struct bft_offer *o = round_in_force(current(b));
	enum bft_known known;

	if (b->step != BFT_STEP_PROPOSE || o == NULL ||
	    o->p.valid_round != BFT_NO_ROUND)
		return false;
	known = known_of(b, &o->p.block);
	if (!o->timely || o->block_round != (uint32_t)b->round ||
	    locked_on_other(b, &o->p.block))
		known = BFT_BLOCK_INVALID;
	if (known == BFT_BLOCK_UNKNOWN)
		return false;
	prevote(b, out, known == BFT_BLOCK_VALID ? &o->p.block : &nil);
	return true;
}

/* L28: a block that a quorum prevoted in an earlier round. Its time is not
 * looked at again. */
static bool
rule_l28(struct bft *b, struct bft_out *out)
{
	const struct bft_offer *o = round_in_force(current(b));
	const struct bft_round *old;
	enum bft_known known;

	if (b->step != BFT_STEP_PROPOSE || o == NULL ||
	    o->p.valid_round == BFT_NO_ROUND)
		return false;
	old = rounds_find(b, o->p.valid_round);
	if (old == NULL || !tally_won(PREVOTES(old), &o->p.block))
		return false;
	known = known_of(b, &o->p.block);
	if (o->block_round > (uint32_t)o->p.valid_round ||
	    (b->locked.round > o->p.valid_round &&
		locked_on_other(b, &o->p.block)))
		known = BFT_BLOCK_INVALID;
	if (known == BFT_BLOCK_UNKNOWN)
		return false;
	prevote(b, out, known == BFT_BLOCK_VALID ? &o->p.block : &nil);
	return true;
}

/*
 * L36: a quorum prevoted a block. The proposal message itself is not asked
 * for: the quorum contains honest validators that saw it, and a node that
 * got the other of two proposals must not be left behind (A1). The lock is
 * set before the record is made, so the record carries it.
 */
static bool
rule_l36(struct bft *b, struct bft_out *out)
{
	struct bft_round *s = current(b);
	const struct hash *block = &PREVOTES(s)->winner;

	if (s->did_l36 || b->step == BFT_STEP_PROPOSE ||
	    !PREVOTES(s)->majority || hash_is_zero(block) ||
	    known_of(b, block) != BFT_BLOCK_VALID)
		return false;
	s->did_l36 = true;
	b->valid = (struct bft_mark){*block, b->round};
	if (b->step == BFT_STEP_PREVOTE) {
		b->locked = b->valid;
		precommit(b, out, block);
	}
	return true;
}

/* L44: a quorum prevoted nil. This does not unlock. */
static bool
rule_l44(struct bft *b, struct bft_out *out)
{
	if (b->step != BFT_STEP_PREVOTE ||
	    !tally_won(PREVOTES(current(b)), &nil))
		return false;
	precommit(b, out, &nil);
	return true;
}

/* L34 and L47 only arm timers; each does so once a round. */
static bool
rules_l34_l47(struct bft *b)
{
	struct bft_round *s = current(b);

	if (!s->did_l34 && b->step == BFT_STEP_PREVOTE &&
	    quorum_reached(PREVOTES(s)->any, b->set.total)) {
		s->did_l34 = true;
		rules_arm(b, BFT_T_PREVOTE);
	}
	if (!s->did_l47 && quorum_reached(PRECOMMITS(s)->any, b->set.total)) {
		s->did_l47 = true;
		rules_arm(b, BFT_T_PRECOMMIT);
	}
	return false;
}

/* L49, and A3: an invalid block with a quorum of precommits means that we or
 * more than a third of the others are broken; going on would be a lie. */
static bool
rule_l49(struct bft *b, struct bft_out *out)
{
	for (unsigned i = 0; i < BFT_MAX_ROUNDS; i++) {
		const struct bft_round *s = &b->rounds[i];
		struct bft_mark m = {PRECOMMITS(s)->winner, s->round};
		enum bft_known known;

		if (s->round == BFT_NO_ROUND || !PRECOMMITS(s)->majority ||
		    hash_is_zero(&m.block))
			continue;
		known = known_of(b, &m.block);
		if (known == BFT_BLOCK_UNKNOWN)
			continue;
		b->halted = known == BFT_BLOCK_INVALID;
		b->decided = !b->halted;
		if (b->decided)
			b->decision = m;
		out_block(out, b->halted ? BFT_HALT : BFT_COMMIT, b, &m);
		return true;
	}
	return false;
}

/* L55: more than a third of the power is in a later round; also out of the
 * waiting state (A2). */
static bool
rule_l55(struct bft *b, struct bft_out *out)
{
	int32_t best = b->round;

	for (uint16_t i = 0; i < b->set.n; i++) {
		uint64_t power = 0;

		if (b->seen[i].round <= best)
			continue;
		for (uint16_t j = 0; j < b->set.n; j++) {
			if (b->seen[j].round >= b->seen[i].round)
				power += b->set.power[j];
		}
		if (quorum_honest(power, b->set.total))
			best = b->seen[i].round;
	}
	if (best == b->round)
		return false;
	rules_start(b, best, out);
	return true;
}

/* A2: a valid proposal for round 0 ends the wait. */
static bool
rule_wake(struct bft *b, struct bft_out *out)
{
	const struct bft_round *s = rounds_find(b, 0);
	const struct bft_offer *o = s != NULL ? round_in_force(s) : NULL;

	if (b->round != BFT_NO_ROUND || o == NULL ||
	    known_of(b, &o->p.block) != BFT_BLOCK_VALID)
		return false;
	rules_start(b, 0, out);
	return true;
}

/* A1: get the block of a majority. Old prevotes alone need no block. */
static void
fetch_missing(struct bft *b, struct bft_out *out, const struct bft_round *s)
{
	for (unsigned k = 0; k < 2; k++) {
		const struct bft_tally *t = &s->votes[k];
		struct bft_block *e;

		if (!t->majority || hash_is_zero(&t->winner) ||
		    (k == 0 && s->round < b->round))
			continue;
		e = known_get(b, &t->winner);
		if (e->known != BFT_BLOCK_UNKNOWN || e->fetched)
			continue;
		e->fetched = true;
		out_block(out, BFT_FETCH, b,
		    &(struct bft_mark){t->winner, s->round});
	}
}

static bool
apply_one(struct bft *b, struct bft_out *out)
{
	if (b->decided || b->halted)
		return false;
	if (rule_l49(b, out) || rule_l55(b, out) || rule_wake(b, out))
		return true;
	if (b->round == BFT_NO_ROUND)
		return false;
	return rule_l22(b, out) || rule_l28(b, out) || rule_l36(b, out) ||
	    rule_l44(b, out) || rules_l34_l47(b);
}

void
rules_run(struct bft *b, struct bft_out *out)
{
	while (apply_one(b, out))
		;
	if (b->decided || b->halted)
		return;
	for (unsigned i = 0; i < BFT_MAX_ROUNDS; i++) {
		if (b->rounds[i].round != BFT_NO_ROUND)
			fetch_missing(b, out, &b->rounds[i]);
	}
}
