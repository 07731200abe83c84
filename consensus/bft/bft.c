#include "consensus/bft/bft.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "consensus/bft/proposer.h"
#include "consensus/bft/rounds.h"
#include "consensus/bft/rules.h"

int
bft_set_params(struct bft *b, const struct bft_params *p)
{
	if (p->propose_ms == 0 || p->propose_ms > p->cap_ms ||
	    p->prevote_ms == 0 || p->prevote_ms > p->cap_ms ||
	    p->precommit_ms == 0 || p->precommit_ms > p->cap_ms)
		return -EINVAL;
	b->params = *p;
	return 0;
}

int
bft_init(struct bft *b, const struct bft_params *p)
{
	memset(b, 0, sizeof(*b));
	return bft_set_params(b, p);
}

static void
enter_height(struct bft *b, const struct bft_event *ev)
{
	static const struct bft_mark none = {.round = BFT_NO_ROUND};
	uint16_t n = ev->enter.n;

	assert(n >= 1 && n <= BFT_MAX_VALIDATORS);
	assert(ev->enter.self < n || ev->enter.self == BFT_NOT_VALIDATOR);
	assert(!b->entered || ev->enter.height > b->height);
	b->entered = true;
	b->decided = false;
	b->height = ev->enter.height;
	b->round = BFT_NO_ROUND;
	b->step = BFT_STEP_PROPOSE;
	b->self = ev->enter.self;
	b->locked = b->valid = b->decision = none;
	b->signed_round = BFT_NO_ROUND;
	b->signed_type = 0;
	b->npending = 0;
	b->set.n = n;
	b->set.total = 0;
	for (uint16_t i = 0; i < n; i++) {
		assert(ev->enter.power[i] <= PROPOSER_POWER_MAX);
		b->set.power[i] = ev->enter.power[i];
		b->set.turns[i] = ev->enter.turns != NULL ? ev->enter.turns[i]
							  : ev->enter.power[i];
		assert(
		    b->set.turns[i] == 0 || b->set.turns[i] == b->set.power[i]);
		b->set.total += ev->enter.power[i];
		b->seen[i].round = BFT_NO_ROUND;
	}
	assert(b->set.total > 0);
	for (unsigned i = 0; i < BFT_NTIMERS; i++)
		b->deadline_ms[i] = 0;
	rounds_clear(b);
}

static enum bft_verdict
check_place(const struct bft *b, uint64_t height, uint32_t round)
{
	if (height != b->height)
		return height < b->height ? BFT_OLD : BFT_FUTURE;
	if (round > BFT_ROUND_MAX)
		return BFT_BAD_ROUND;
	return BFT_OK;
}

/* L55 hears of any round; only rounds up to the next are stored. Proposals do
 * not count: what leads to a round must be kept and shown (bft_passage), and
 * who proposes votes at once. */
static void
hear(struct bft *b, const struct vote *v)
{
	struct bft_heard *h = &b->seen[v->validator];

	if ((int32_t)v->round > h->round)
		*h = (struct bft_heard){.round = (int32_t)v->round,
		    .type = v->type,
		    .ballot = {.block = v->block, .sig = v->sig}};
}

/*
 * Is a message signed with our key one that we recorded? Where the slot was
 * lost and made again we cannot tell, and it counts like any other.
 */
static bool
is_ours(struct bft *b, uint32_t round, enum bft_record_type type,
    const struct hash *block)
{
	const struct bft_round *s = rounds_find(b, round);

	if (s == NULL)
		return (int64_t)round <= b->signed_round;
	return s->late ||
	    (s->mine[type] && hash_equal(&s->my_block[type], block));
}

static void
vote_evidence(struct bft *b, const struct bft_ballot *held,
    const struct vote *v, struct bft_out *out)
{
	struct bft_action *a = out_add(out, BFT_EVIDENCE, b);
	unsigned first = hash_compare(&held->block, &v->block) > 0;

	a->round = v->round;
	a->evidence.votes = true;
	a->evidence.vote[first] = *v;
	a->evidence.vote[first].block = held->block;
	a->evidence.vote[first].sig = held->sig;
	a->evidence.vote[1 - first] = *v;
}

static enum bft_verdict
count_vote(struct bft *b, struct bft_round *s, const struct vote *v,
    struct bft_out *out)
{
	struct bft_tally *t = &s->votes[v->type - VOTE_PREVOTE];

	switch (tally_add(t, &b->set, v)) {
	case TALLY_NEW:
		round_follow_majority(s);
		return BFT_OK;
	case TALLY_SAME:
		return BFT_DUPLICATE;
	case TALLY_CONFLICT:
		vote_evidence(b, &t->ballots[0][v->validator], v, out);
		break;
	case TALLY_CONFLICT_OLD:
		break;
	}
	round_follow_majority(s);
	return BFT_CONFLICT;
}

/* A5, A6. */
static enum bft_verdict
recv_vote(struct bft *b, const struct vote *v, struct bft_out *out)
{
	enum bft_verdict verdict = check_place(b, v->height, v->round);
	struct bft_round *s;

	if (verdict != BFT_OK)
		return verdict;
	if (v->type != VOTE_PREVOTE && v->type != VOTE_PRECOMMIT)
		return BFT_BAD_TYPE;
	if (v->validator >= b->set.n)
		return BFT_BAD_INDEX;
	if (b->decided &&
	    (v->type != VOTE_PRECOMMIT ||
		(int64_t)v->round != b->decision.round ||
		!hash_equal(&v->block, &b->decision.block)))
		return BFT_OLD;
	if (v->validator == b->self &&
	    !is_ours(b, v->round, (enum bft_record_type)v->type, &v->block))
		return BFT_NOT_OURS;
	hear(b, v);
	if ((int64_t)v->round > (int64_t)b->round + 1)
		return BFT_FUTURE;
	s = rounds_get(b, (int32_t)v->round);
	return s == NULL ? BFT_OLD : count_vote(b, s, v, out);
}

static void
offer_evidence(struct bft *b, const struct bft_round *s,
    const struct bft_offer *o, struct bft_out *out)
{
	struct bft_action *a = out_add(out, BFT_EVIDENCE, b);
	const struct proposal *held = &s->offers[0].p;
	int order = hash_compare(&held->block, &o->p.block);
	unsigned first;

	if (order == 0) /* the same block with two valid rounds */
		order = held->valid_round > o->p.valid_round ? 1 : -1;
	first = order > 0;
	a->round = o->p.round;
	a->evidence.votes = false;
	a->evidence.proposal[first] = *held;
	a->evidence.proposal[1 - first] = o->p;
}

static enum bft_verdict
check_offer(struct bft *b, const struct proposal *p)
{
	enum bft_verdict verdict = check_place(b, p->height, p->round);
	const struct bft_round *s;

	if (verdict != BFT_OK)
		return verdict;
	if (b->decided)
		return BFT_OLD;
	if (p->valid_round < BFT_NO_ROUND ||
	    p->valid_round >= (int64_t)p->round)
		return BFT_BAD_ROUND;
	if (p->proposer >= b->set.n)
		return BFT_BAD_INDEX;
	if (p->proposer !=
	    bft_proposer(b->set.turns, b->set.n, b->height, p->round))
		return BFT_NOT_PROPOSER;
	if (hash_is_zero(&p->block))
		return BFT_BAD_BLOCK;
	if (p->proposer != b->self)
		return BFT_OK;
	s = rounds_find(b, p->round);
	if (s != NULL && !s->late && s->my_valid_round != p->valid_round)
		return BFT_NOT_OURS;
	return is_ours(b, p->round, BFT_RECORD_PROPOSAL, &p->block)
	    ? BFT_OK
	    : BFT_NOT_OURS;
}

static enum bft_verdict
recv_proposal(struct bft *b, const struct bft_offer *o, struct bft_out *out)
{
	enum bft_verdict verdict = check_offer(b, &o->p);
	const struct bft_offer *now;
	struct bft_round *s;
	struct bft_action *a;
	bool first;

	if (verdict != BFT_OK)
		return verdict;
	if ((int64_t)o->p.round > (int64_t)b->round + 1)
		return BFT_FUTURE;
	s = rounds_get(b, (int32_t)o->p.round);
	if (s == NULL)
		return BFT_OLD;
	verdict = round_offer(s, o, &first);
	if (first)
		offer_evidence(b, s, o, out);
	/* Of an old round a block is wanted only once a quorum precommits
	 * it; that is FETCH. A second proposal is wanted if it is the one that
	 * a majority named (A1): FETCH may have found nothing to get. */
	now = round_in_force(s);
	if (verdict == BFT_DUPLICATE || now == NULL ||
	    now->p.valid_round != o->p.valid_round ||
	    !hash_equal(&now->p.block, &o->p.block) || s->round < b->round ||
	    known_get(b, &o->p.block)->known != BFT_BLOCK_UNKNOWN)
		return verdict;
	a = out_add(out, BFT_VALIDATE, b);
	a->round = o->p.round;
	a->block = o->p.block;
	return verdict;
}

/* The first verdict on a block stands: it is a function of the block. */
static enum bft_verdict
recv_verdict(struct bft *b, const struct hash *block, bool valid)
{
	struct bft_block *e = hash_is_zero(block) ? NULL : known_find(b, block);

	if (e == NULL || b->decided || e->known != BFT_BLOCK_UNKNOWN)
		return BFT_UNKNOWN;
	e->known = valid ? BFT_BLOCK_VALID : BFT_BLOCK_INVALID;
	return BFT_OK;
}

/* Too late, for another round, or a second answer: not used. */
static enum bft_verdict
recv_built(struct bft *b, const struct bft_event *ev, struct bft_out *out)
{
	const struct bft_round *s = rounds_find(b, b->round);

	if (b->decided || s == NULL || !ev->built.ok ||
	    ev->built.height != b->height ||
	    (int64_t)ev->built.round != b->round ||
	    b->step != BFT_STEP_PROPOSE || s->mine[BFT_RECORD_PROPOSAL] ||
	    bft_proposer(b->set.turns, b->set.n, b->height, ev->built.round) !=
		b->self)
		return BFT_UNKNOWN;
	assert(!hash_is_zero(&ev->built.block));
	known_get(b, &ev->built.block)->known = BFT_BLOCK_VALID;
	rules_propose(b, out, &ev->built.block, BFT_NO_ROUND);
	return BFT_OK;
}

static enum bft_verdict
dispatch(struct bft *b, const struct bft_event *ev, struct bft_out *out)
{
	switch (ev->type) {
	case BFT_EV_HEIGHT:
		enter_height(b, ev);
		return BFT_OK;
	case BFT_EV_RESTORE:
		return restore_records(b, ev->restore.records,
		    ev->restore.nrecords);
	case BFT_EV_WORK:
		if (b->round == BFT_NO_ROUND && !b->decided)
			rules_start(b, 0, out);
		return BFT_OK;
	case BFT_EV_PROPOSAL:
		return recv_proposal(b, &ev->proposal, out);
	case BFT_EV_VOTE:
		return recv_vote(b, &ev->vote, out);
	case BFT_EV_VERDICT:
		return recv_verdict(b, &ev->verdict.block, ev->verdict.valid);
	case BFT_EV_BUILT:
		return recv_built(b, ev, out);
	case BFT_EV_PERSISTED:
		assert(ev->seq <= b->seq);
		if (ev->seq > b->persisted)
			b->persisted = ev->seq;
		return BFT_OK;
	case BFT_EV_TIME:
		if (!b->decided)
			rules_timers(b, out);
		return BFT_OK;
	}
	assert(false && "unreachable: unknown event");
	return BFT_OK;
}

static void
send_one(struct bft *b, const struct bft_pending *p, struct bft_out *out)
{
	struct bft_action *a = out_add(out,
	    p->type == BFT_RECORD_PROPOSAL ? BFT_SEND_PROPOSAL : BFT_SEND_VOTE,
	    b);

	a->round = p->round;
	a->valid_round = p->valid_round;
	a->block = p->block;
	if (p->type == BFT_RECORD_PROPOSAL)
		return;
	memset(&a->vote, 0, sizeof(a->vote));
	a->vote.type = p->type;
	a->vote.height = b->height;
	a->vote.round = p->round;
	a->vote.block = p->block;
	a->vote.validator = b->self;
}

/* The gate: nothing leaves before its record is durable. */
static void
release_sends(struct bft *b, struct bft_out *out)
{
	size_t n = 0;

	while (n < b->npending && b->pending[n].seq <= b->persisted)
		send_one(b, &b->pending[n++], out);
	b->npending -= n;
	for (size_t i = 0; n > 0 && i < b->npending; i++)
		b->pending[i] = b->pending[i + n];
}

static uint64_t
next_deadline(const struct bft *b)
{
	uint64_t min = 0;

	if (b->decided || b->halted)
		return 0;
	for (unsigned i = 0; i < BFT_NTIMERS; i++) {
		uint64_t t = b->deadline_ms[i];

		if (t != 0 && (min == 0 || t < min))
			min = t;
	}
	return min;
}

void
bft_step(struct bft *b, const struct bft_event *ev, struct bft_out *out)
{
	assert(ev->now_ms >= b->now_ms);
	b->now_ms = ev->now_ms;
	out->nactions = 0;
	if (b->halted || (!b->entered && ev->type != BFT_EV_HEIGHT)) {
		out->verdict = BFT_IDLE;
	} else {
		out->verdict = dispatch(b, ev, out);
		rules_run(b, out);
		if (!b->halted)
			release_sends(b, out);
	}
	b->counts[out->verdict]++;
	out->deadline_ms = next_deadline(b);
}
