#include "consensus/replica/silence.h"

#include "consensus/bft/quorum.h"
#include "consensus/replica/agree.h"
#include "consensus/replica/queue.h"
#include "consensus/replica/state.h"
#include "consensus/replica/sync.h"

bool
silence_now(const struct replica *r)
{
	return r->unsure || r->twin ||
	    ledger_height(r->ledger) + 1 < r->silent_until;
}

uint64_t
silence_until(const struct replica *r)
{
	if (r->unsure)
		return UINT64_MAX;
	return silence_now(r) && !r->twin ? r->silent_until : 0;
}

bool
silence_in_round(const struct replica *r)
{
	return r->unsure || r->twin || r->round_height + 1 < r->silent_until ||
	    r->fl_round < r->silent_rounds;
}

uint64_t
silence_opened(const struct replica *r)
{
	const struct ledger_round_summary *last = ledger_last_round(r->ledger);
	const struct federation *f = r->fed;
	uint64_t at = last != NULL ? last->height : 0;

	for (uint16_t i = 0; i < f->nrefounded; i++)
		if (f->refounded[i].height <= ledger_height(r->ledger) &&
		    f->refounded[i].height > at)
			at = f->refounded[i].height;
	return at;
}

/* A round that no block of our chain has opened yet: between two jobs the
 * number is that of the next one's first. */
static bool
is_to_come(const struct ledger_round *lr, uint64_t round)
{
	return round > lr->number || (lr->finished && round == lr->number);
}

void
silence_restore(struct replica *r, const struct votelog_record *last)
{
	const struct ledger_round *lr = ledger_round(r->ledger);

	r->silent_until = last->floor;
	/* A round that was entered in quarantine stays silent, however often
	 * we start in it. */
	if (silence_opened(r) + 1 < last->floor)
		r->silent_rounds = lr->number + 1;
	/* Blocks were lost. A vote for the next height is what every restart
	 * finds: the round that is open goes on with us. */
	if (last->has_bft && last->bft.height > ledger_height(r->ledger) + 1 &&
	    last->bft.height > r->silent_until)
		r->silent_until = last->bft.height;
	if (last->has_answer && is_to_come(lr, last->answer.fl_round))
		r->silent_rounds = last->answer.fl_round + 1;
	if (last->has_attest && is_to_come(lr, last->attest.fl_round) &&
	    last->attest.fl_round + 1 > r->silent_rounds)
		r->silent_rounds = last->attest.fl_round + 1;
}

void
replica_quarantine(struct replica *r)
{
	r->unsure = true;
}

void
silence_twin(struct replica *r, const char *what)
{
	if (r->twin || r->reckless || r->unsure)
		return;
	r->twin = true;
	queue_notice(r, REPLICA_NOTICE, r->self, what);
}

void
silence_accused(struct replica *r, const struct evidence *e)
{
	bool by_height =
	    e->kind == EVIDENCE_VOTES || e->kind == EVIDENCE_PROPOSALS;
	uint64_t last = by_height ? r->began_height + 1 : r->began_round;
	struct sign_public pk;

	if (!r->started || r->self == REPLICA_NOBODY || e->who != r->self ||
	    e->at <= last)
		return;
	/* A seat's old key may accuse the seat; it says nothing of ours. */
	pk = sign_key_public(r->key);
	if (evidence_verify(e, &pk, ledger_federation_id(r->ledger)))
		silence_twin(r,
		    "two different things with our key, where this node signed "
		    "one: the key is in use twice, so it signs nothing more");
}

/* Power of those who said a head up to this. */
static uint64_t
power_up_to(const struct replica *r, uint64_t head)
{
	const uint32_t *power = ledger_powers(r->ledger);
	uint64_t sum = 0;

	for (uint16_t i = 0; i < r->n; i++)
		if (i != r->self && r->told[i] && r->first_head[i] <= head)
			sum += power[i];
	return sum;
}

/* The least that is the highest head of a set of peers that is large enough;
 * UINT64_MAX: there is no such set yet. */
static uint64_t
find_bound(const struct replica *r)
{
	const uint32_t *power = ledger_powers(r->ledger);
	uint64_t total = 0, best = UINT64_MAX;

	for (uint16_t i = 0; i < r->n; i++)
		total += power[i];
	for (uint16_t i = 0; i < r->n; i++) {
		const uint64_t head = r->first_head[i];

		if (i != r->self && r->told[i] && head < best &&
		    quorum_overlaps(power_up_to(r, head), total))
			best = head;
	}
	return best;
}

/* What one alone says may be a lie, and others may speak yet. */
static bool
is_doubtful(const struct replica *r, uint64_t head)
{
	const uint64_t ours = ledger_height(r->ledger);
	const uint64_t theirs = sync_target(r) > ours ? sync_target(r) : ours;

	return head > theirs + 2;
}

void
silence_heard(struct replica *r, uint16_t peer, uint64_t head)
{
	struct replica_action store = {.store = REPLICA_STORE_RECORD};
	uint64_t bound;

	/* A head that leaves no height to vote at is a lie. */
	if (!r->unsure || head > UINT64_MAX - 4)
		return;
	if (!r->told[peer])
		r->first_head[peer] = head;
	r->told[peer] = true;
	bound = find_bound(r);
	if (bound == UINT64_MAX || is_doubtful(r, bound))
		return;
	if (bound < ledger_height(r->ledger))
		bound = ledger_height(r->ledger);
	r->unsure = false;
	r->silent_until = bound + 3;
	/* Before any vote: storage keeps the order. */
	store.record = (struct votelog_record){.type = VOTELOG_HEIGHT,
	    .floor = r->silent_until};
	(void)queue_store(r, &store, NULL);
	queue_notice(r, REPLICA_NOTICE, r->self,
	    "knows from which height on it can vote again");
}
