/*
 * ctl_why.c - one sentence: what must happen before the next block comes.
 *
 * The causes are asked in the order in which one would mend them.
 */
#include "daemon/node/ctl_methods.h"

#include <inttypes.h>
#include <stdio.h>
#include <time.h>

#include "consensus/bft/quorum.h"
#include "consensus/bft/view.h"

#define NAMES_LEN 160
#define NAMES_SHOWN 4

/* Which members: those for whom missing(n, i) holds. */
typedef bool missing_fn(const struct node *n, uint16_t i);

static bool
lacks_link(const struct node *n, uint16_t i)
{
	return i != n->self && !peers_up(n->peers, i);
}

static bool
lacks_answer(const struct node *n, uint16_t i)
{
	return !replica_holds_answer(n->replica, i);
}

static bool
lacks_attest(const struct node *n, uint16_t i)
{
	return !replica_holds_attest(n->replica, i);
}

static struct bft_bits
votes_of(const struct node *n, enum vote_type type)
{
	const struct bft *b = replica_bft(n->replica);
	struct bft_status s;

	bft_status(b, &s);
	return bft_votes(b, (uint32_t)s.round, type, NULL);
}

static bool
lacks_prevote(const struct node *n, uint16_t i)
{
	struct bft_bits b = votes_of(n, VOTE_PREVOTE);

	return !bft_bits_has(&b, i);
}

static bool
lacks_precommit(const struct node *n, uint16_t i)
{
	struct bft_bits b = votes_of(n, VOTE_PRECOMMIT);

	return !bft_bits_has(&b, i);
}

/* "beta, delta and 3 more"; returns how many there are. */
static unsigned
list_names(const struct node *n, missing_fn *missing, char out[NAMES_LEN])
{
	const struct federation *f = n->roster;
	unsigned k = 0;
	size_t at = 0;

	out[0] = '\0';
	for (uint16_t i = 0; i < f->nmembers; i++) {
		if (!missing(n, i))
			continue;
		if (k++ < NAMES_SHOWN)
			at += (size_t)snprintf(out + at, NAMES_LEN - at, "%s%s",
			    at > 0 ? ", " : "", f->members[i].name);
	}
	if (k > NAMES_SHOWN)
		snprintf(out + at, NAMES_LEN - at, " and %u more",
		    k - NAMES_SHOWN);
	return k;
}

/* Time of day, as the operator's clock on the wall shows it. */
static void
clock_text(uint64_t wall_ms, char out[16])
{
	time_t t = (time_t)(wall_ms / 1000);
	struct tm tm;

	out[0] = '\0';
	if (localtime_r(&t, &tm) != NULL)
		(void)strftime(out, 16, "%H:%M:%S", &tm);
}

static bool
why_no_quorum(const struct node *n, char out[CTL_WHY_LEN])
{
	const uint32_t *power = ledger_powers(replica_ledger(n->replica));
	const uint16_t members = n->roster->nmembers;
	uint64_t up = 0, total = 0;
	char names[NAMES_LEN];
	unsigned down;

	for (uint16_t i = 0; i < members; i++) {
		total += power[i];
		up += lacks_link(n, i) ? 0 : power[i];
	}
	if (quorum_reached(up, total))
		return false;
	down = list_names(n, lacks_link, names);
	snprintf(out, CTL_WHY_LEN,
	    "no quorum: links to %u of %u others, not to %s; more than two "
	    "thirds of the votes must be together",
	    members - 1u - down, members - 1u, names);
	return true;
}

static bool
why_agreeing(const struct node *n, char out[CTL_WHY_LEN])
{
	const struct federation *f = n->roster;
	char names[NAMES_LEN], view[48] = "";
	struct bft_status s;

	bft_status(replica_bft(n->replica), &s);
	if (s.round < 0 || s.decided)
		return false;
	if (s.round > 0)
		snprintf(view, sizeof(view), " (attempt %d)", s.round + 1);
	if (s.step == BFT_STEP_PROPOSE && !s.have_proposal)
		snprintf(out, CTL_WHY_LEN, "waits for a proposal by %s%s",
		    f->members[s.proposer].name, view);
	else if (s.step != BFT_STEP_PRECOMMIT &&
	    !quorum_reached(s.prevote_power, s.total_power) &&
	    list_names(n, lacks_prevote, names) > 0)
		snprintf(out, CTL_WHY_LEN, "waits for prevotes of %s%s", names,
		    view);
	else if (!quorum_reached(s.precommit_power, s.total_power) &&
	    list_names(n, lacks_precommit, names) > 0)
		snprintf(out, CTL_WHY_LEN, "waits for precommits of %s%s",
		    names, view);
	else
		snprintf(out, CTL_WHY_LEN, "agreeing on block %" PRIu64 "%s",
		    s.height, view);
	return true;
}

static void
why_collecting(const struct node *n, char out[CTL_WHY_LEN])
{
	const struct ledger_round *lr =
	    ledger_round(replica_ledger(n->replica));
	const bool late = node_wall_ms() >= lr->collect_at_ms;
	char names[NAMES_LEN], until[16];

	clock_text(late ? lr->straggler_at_ms : lr->collect_at_ms, until);
	if (list_names(n, lacks_answer, names) > 0)
		snprintf(out, CTL_WHY_LEN,
		    "waits for answers of %s until %s (%s)", names, until,
		    late ? "too few so far; then the round is skipped"
			 : "collection");
	else if (list_names(n, lacks_attest, names) > 0)
		snprintf(out, CTL_WHY_LEN,
		    "all answers are in; waits for the attestations of %s",
		    names);
	else
		snprintf(out, CTL_WHY_LEN,
		    "all answers are in; the next block is due");
}

void
ctl_why(const struct node *n, char out[static CTL_WHY_LEN])
{
	const struct ledger *l = replica_ledger(n->replica);
	const struct ledger_round *lr = ledger_round(l);
	struct replica_progress p = replica_progress(n->replica);

	if (n->halted != NULL)
		snprintf(out, CTL_WHY_LEN, "stopped voting: %s", n->halted);
	else if (n->full)
		snprintf(out, CTL_WHY_LEN,
		    "the disk is full: it signs nothing until there is room "
		    "under %s",
		    n->opt->home);
	else if (n->stopping)
		snprintf(out, CTL_WHY_LEN, "shutting down");
	else if (p.clock_off_ms != 0)
		snprintf(out, CTL_WHY_LEN,
		    "its clock is %.1f s %s those of the others: it proposes "
		    "nothing until that is mended",
		    (double)(p.clock_off_ms > 0 ? p.clock_off_ms
						: -p.clock_off_ms) /
			1000,
		    p.clock_off_ms > 0 ? "ahead of" : "behind");
	else if (p.silent_until == UINT64_MAX)
		snprintf(out, CTL_WHY_LEN,
		    "in quarantine: the vote log was lost, so it signs "
		    "nothing until it has heard from enough members");
	else if (p.silent_until > 0)
		snprintf(out, CTL_WHY_LEN,
		    "follows, and signs from block %" PRIu64
		    " on: before it could contradict what it signed once",
		    p.silent_until);
	else if (p.syncing)
		snprintf(out, CTL_WHY_LEN, "syncing %" PRIu64 " of %" PRIu64,
		    ledger_height(l), p.target);
	else if (why_no_quorum(n, out))
		return;
	else if (why_agreeing(n, out))
		return;
	else if (lr->finished)
		snprintf(out, CTL_WHY_LEN,
		    "job finished: %" PRIu64 " rounds; only heartbeats until "
		    "the next job",
		    ledger_job_round(l));
	else if (ledger_paused(l))
		snprintf(out, CTL_WHY_LEN,
		    "paused by the members' vote until block %" PRIu64
		    "; no round is closed before",
		    ledger_params(l)->paused_until);
	else
		why_collecting(n, out);
}
