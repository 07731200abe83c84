#include "consensus/ledger/close.h"

#include "consensus/ledger/sealed.h"
#include "consensus/ledger/state.h"

static uint16_t
asked_members(const struct ledger *l)
{
	uint16_t n = 0;

	for (uint16_t i = 0; i < l->seats->n; i++)
		n = (uint16_t)(n + ledger_asked(l, i));
	return n;
}

static uint16_t
answers_min(const struct ledger *l)
{
	uint16_t n = seats_members(l->seats);

	if (l->params.answers_min != 0)
		return l->params.answers_min;
	return (uint16_t)(n - (n - 1) / 3);
}

/*
 * With all answers in there is nothing to wait for, except when they do not
 * suffice: then the collection time is still waited for, or a federation whose
 * members all pause would burn its rounds in seconds. Otherwise enough updates
 * close at the end of the collection, and at the straggler time either a
 * number that contains an honest member's closes or the round is skipped.
 */
/*
 * Between the founding and the day when a quorum first meets may lie weeks, and
 * the collection time of round 0 would long be over. So before block 1 no
 * round closes by time; block 1 may always be an ordinary one, and it opens
 * round 0 anew.
 */
static struct closing
by_time(const struct ledger *l, uint8_t kind, uint64_t from_ms)
{
	return (struct closing){kind, l->height > 0 ? from_ms : UINT64_MAX};
}

struct closing
closing_rule(const struct ledger *l, uint16_t nanswers, uint16_t nupdates)
{
	uint16_t m = asked_members(l);
	uint32_t rule_min = merge_minimum(&l->merge, l->round.aggregated);
	uint32_t some = (m - 1u) / 3 + 1;
	uint32_t most =
	    m < seats_members(l->seats) ? m - (m - 1u) / 3 : answers_min(l);

	/* What nobody named cannot come. */
	if (l->f.economy.commit_updates) {
		uint16_t n = sealed_named(l);

		if (l->round.sealed)
			return by_time(l, BLOCK_SKIP, UINT64_MAX);
		rule_min = n < m && rule_min < some ? some : rule_min;
		m = n;
	}
	if (some < rule_min)
		some = rule_min;
	if (most < rule_min)
		most = rule_min;
	if (nanswers == m && nupdates >= rule_min)
		return (struct closing){BLOCK_AGGREGATE, 0};
	if (nanswers == m)
		return by_time(l, BLOCK_SKIP, l->round.collect_at_ms);
	if (nupdates >= most)
		return by_time(l, BLOCK_AGGREGATE, l->round.collect_at_ms);
	if (nupdates >= some)
		return by_time(l, BLOCK_AGGREGATE, l->round.straggler_at_ms);
	return by_time(l, BLOCK_SKIP, l->round.straggler_at_ms);
}

/* Who has left, refuses or is too many can leave a set that no rule combines.
 * Such a block nobody could build, and no other would be due. */
struct closing
closing_of(const struct ledger *l, struct answer *const *answers, uint16_t n)
{
	const struct answer *updates[FEDERATION_MAX_MEMBERS];
	struct merge_round r = {.number = ledger_job_round(l),
	    .aggregated = l->round.aggregated,
	    .updates = updates,
	    .asked = l->round.asked};

	for (uint16_t i = 0; i < n && r.n < FEDERATION_MAX_MEMBERS; i++)
		if (answers[i]->kind == ANSWER_UPDATE)
			updates[r.n++] = answers[i];
	return closing_rule(l, n, merge_can(&l->merge, &r) ? r.n : 0);
}

uint64_t
closing_earliest_ms(const struct ledger *l)
{
	uint32_t gap = l->params.timing.interval;

	return state_later(l->time_ms, gap > 0 ? gap : 1);
}

uint64_t
closing_heartbeat_ms(const struct ledger *l)
{
	uint64_t beat = state_later(l->time_ms, l->params.timing.heartbeat);
	uint64_t earliest = closing_earliest_ms(l);
	uint64_t open = sealed_until_ms(l);

	beat = open < beat ? open : beat;
	return beat > earliest && l->height > 0 ? beat : earliest;
}
