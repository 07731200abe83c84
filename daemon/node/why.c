/*
 * why.c - the causes, each with its sentence; since when, and the log.
 */
#include "daemon/node/why.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "consensus/bft/quorum.h"
#include "consensus/bft/view.h"
#include "consensus/ledger/seats.h"
#include "daemon/node/log.h"
#include "daemon/node/node.h"

#define NAMES_LEN 160
#define NAMES_SHOWN 4

/* Which members: those for whom missing(n, i) holds; of a seat that somebody
 * left, or is not voted into yet, nothing is expected. */
typedef bool missing_fn(const struct node *n, uint16_t i);

static bool
lacks_link(const struct node *n, uint16_t i)
{
	return i != n->self && !peers_up(n->peers, i);
}

/* It refused us, for somebody with our key was there before. */
static bool
is_taken(const struct node *n, uint16_t i)
{
	struct peers_info info;

	if (i == n->self)
		return false;
	peers_info(n->peers, i, &info);
	return !info.up && info.last_error == -EALREADY;
}

/* It answers, and hangs up before it says a word. */
static bool
is_refused(const struct node *n, uint16_t i)
{
	struct peers_info info;

	if (i == n->self)
		return false;
	peers_info(n->peers, i, &info);
	return !info.up && info.last_error == -ECONNRESET;
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

/* "beta, delta and 3 more"; w->of says which, and the result how many. */
static unsigned
list_names(const struct node *n, missing_fn *missing, struct why *w,
    char out[NAMES_LEN])
{
	const struct federation *f = n->roster;
	unsigned k = 0;
	size_t at = 0;

	out[0] = '\0';
	memset(w->of, 0, sizeof(w->of));
	for (uint16_t i = 0; i < f->nmembers; i++) {
		if (f->members[i].power == 0 || !missing(n, i))
			continue;
		w->of[i] = true;
		if (k++ < NAMES_SHOWN)
			at += (size_t)snprintf(out + at, NAMES_LEN - at, "%s%s",
			    at > 0 ? ", " : "", f->members[i].name);
	}
	if (k > NAMES_SHOWN)
		snprintf(out + at, NAMES_LEN - at, " and %u more",
		    k - NAMES_SHOWN);
	return k;
}

/* Time of day as the operator's clock on the wall shows it, or as in the rest
 * of a log line. */
static void
clock_text(uint64_t wall_ms, bool utc, char out[16])
{
	time_t t = (time_t)(wall_ms / 1000);
	struct tm tm;

	out[0] = '\0';
	if ((utc ? gmtime_r(&t, &tm) : localtime_r(&t, &tm)) != NULL)
		(void)strftime(out, 16, utc ? "%H:%M:%SZ" : "%H:%M:%S", &tm);
}

static bool
lacks_part(const struct node *n, uint16_t i)
{
	bool of[VOTE_MAX_VALIDATORS];

	return replica_parts_missing(n->replica, of) > 0 && of[i];
}

static void __attribute__((format(printf, 3, 4)))
set(struct why *w, enum why_reason reason, const char *fmt, ...)
{
	va_list ap;

	w->reason = reason;
	va_start(ap, fmt);
	vsnprintf(w->text, sizeof(w->text), fmt, ap);
	va_end(ap);
}

/* What those who cannot be reached say about it. */
static void
add_reason(const struct node *n, struct why *w, unsigned down)
{
	const size_t at = strlen(w->text), left = sizeof(w->text) - at;
	char names[NAMES_LEN];
	struct why other;

	if (list_names(n, is_taken, &other, names) > 0) {
		w->reason = WHY_KEY_TWICE;
		snprintf(w->text + at, left,
		    ". %s had a link with this node's key already: is it in "
		    "use on another machine?",
		    names);
	} else if (list_names(n, is_refused, &other, names) == down) {
		snprintf(w->text + at, left,
		    ". They answer and hang up: is this node still a member "
		    "there (qmlctl members), and did they go on under another "
		    "id?");
	}
}

static bool
ask_quorum(const struct node *n, struct why *w)
{
	const uint32_t *power = ledger_powers(replica_ledger(n->replica));
	const uint16_t voters = ledger_nmembers(replica_ledger(n->replica));
	uint64_t up = 0, total = 0;
	unsigned others = 0, down;
	char names[NAMES_LEN];

	for (uint16_t i = 0; i < voters && i < n->roster->nmembers; i++) {
		total += power[i];
		up += lacks_link(n, i) ? 0 : power[i];
		others += i != n->self && power[i] > 0;
	}
	if (quorum_reached(up, total))
		return false;
	down = list_names(n, lacks_link, w, names);
	set(w, WHY_NO_QUORUM,
	    "no quorum: links to %u of %u others, not to %s; of %" PRIu64
	    " votes %" PRIu64 " are together, and more than two thirds must be",
	    others - down, others, names, total, up);
	if (down > 0)
		add_reason(n, w, down);
	return true;
}

/* Its own seat, as the last block that it has leaves it. */
static enum seat_state
own_seat(const struct node *n)
{
	const struct seats *s = ledger_seats(replica_ledger(n->replica));
	const struct sign_public own = sign_key_public(n->opt->key);

	if (n->self < s->n)
		return (enum seat_state)s->state[n->self];
	for (uint16_t i = 0; i < s->n; i++)
		if (memcmp(&s->old[i], &own, sizeof(own)) == 0)
			return SEAT_LEFT; /* to other keys */
	return SEAT_FREE;
}

static bool
any_link(const struct node *n)
{
	for (uint16_t i = 0; i < n->roster->nmembers; i++)
		if (!lacks_link(n, i) && i != n->self)
			return true;
	return false;
}

/* A seat that is gone comes before what is missing for a vote that it does not
 * have; somebody who is to get one follows like everybody. */
static bool
ask_seat(const struct node *n, struct why *w)
{
	if (own_seat(n) == SEAT_MEMBER)
		return false;
	if (own_seat(n) == SEAT_LEFT)
		set(w, WHY_NO_SEAT,
		    "this node has no seat any more, by the members' vote: it "
		    "signs nothing, and %s block %" PRIu64,
		    any_link(n) ? "the others soon send it nothing; it has"
				: "nobody sends it anything after",
		    w->height - 1);
	else
		set(w, WHY_NO_SEAT,
		    "no member yet: it follows, and signs nothing until the "
		    "members have voted for it (qmlctl proposal list)");
	return true;
}

static bool
ask_parts(const struct node *n, const struct bft_status *s, struct why *w)
{
	bool of[VOTE_MAX_VALIDATORS];
	unsigned missing = replica_parts_missing(n->replica, of);
	char names[NAMES_LEN];

	if (!s->have_proposal || s->known != BFT_BLOCK_UNKNOWN || missing == 0)
		return false;
	if (list_names(n, lacks_part, w, names) == 0)
		snprintf(names, sizeof(names), "somebody");
	set(w, WHY_PARTS,
	    "waits for %u of the answers that the block of %s holds, by %s",
	    missing, n->roster->members[s->proposer].name, names);
	return true;
}

static bool
ask_agreement(const struct node *n, struct why *w)
{
	char names[NAMES_LEN], view[48] = "";
	struct bft_status s;

	bft_status(replica_bft(n->replica), &s);
	if (s.round < 0 || s.decided)
		return false;
	if (s.round > 0)
		snprintf(view, sizeof(view), " (attempt %d)", s.round + 1);
	if (ask_parts(n, &s, w))
		return true;
	if (s.step == BFT_STEP_PROPOSE && !s.have_proposal) {
		w->of[s.proposer] = true;
		set(w, WHY_PROPOSER, "waits for a proposal by %s%s",
		    n->roster->members[s.proposer].name, view);
	} else if (s.step != BFT_STEP_PRECOMMIT &&
	    !quorum_reached(s.prevote_power, s.total_power) &&
	    list_names(n, lacks_prevote, w, names) > 0) {
		set(w, WHY_PREVOTES, "waits for prevotes of %s%s", names, view);
	} else if (!quorum_reached(s.precommit_power, s.total_power) &&
	    list_names(n, lacks_precommit, w, names) > 0) {
		set(w, WHY_PRECOMMITS, "waits for precommits of %s%s", names,
		    view);
	} else {
		set(w, WHY_AGREEING, "agreeing on block %" PRIu64 "%s",
		    s.height, view);
	}
	return true;
}

static void
ask_round(const struct node *n, struct why *w)
{
	const struct ledger_round *lr =
	    ledger_round(replica_ledger(n->replica));
	const struct replica_progress p = replica_progress(n->replica);
	char names[NAMES_LEN], until[16];
	unsigned k = list_names(n, lacks_answer, w, names);

	w->late = node_wall_ms() >= lr->collect_at_ms;
	clock_text(w->late ? lr->straggler_at_ms : lr->collect_at_ms, false,
	    until);
	if (k > 0 && p.training && !p.answered)
		set(w, WHY_TRAINER,
		    "its own trainer has not finished; waits for answers of "
		    "%s until %s (%s)",
		    names, until,
		    w->late ? "too few so far; then the round is skipped"
			    : "collection");
	else if (k > 0)
		set(w, WHY_ANSWERS, "waits for answers of %s until %s (%s)",
		    names, until,
		    w->late ? "too few so far; then the round is skipped"
			    : "collection");
	else if (list_names(n, lacks_attest, w, names) > 0)
		set(w, WHY_ATTESTS,
		    "all answers are in; waits for the attestations of %s",
		    names);
	else
		set(w, WHY_DUE, "all answers are in; the next block is due");
}

/* What keeps this node from signing. */
static bool
ask_self(const struct node *n, struct why *w)
{
	const struct replica_progress p = replica_progress(n->replica);

	if (n->halted != NULL)
		set(w, WHY_HALTED, "stopped voting: %s", n->halted);
	else if (n->full)
		set(w, WHY_DISK_FULL,
		    "the disk is full: it signs nothing until there is room "
		    "under %s",
		    n->opt->home);
	else if (n->stopping)
		set(w, WHY_STOPPING, "shutting down");
	else if (p.clock_off_ms != 0)
		set(w, WHY_CLOCK,
		    "its clock is %.1f s %s those of the others: it proposes "
		    "nothing until that is mended",
		    (double)(p.clock_off_ms > 0 ? p.clock_off_ms
						: -p.clock_off_ms) /
			1000,
		    p.clock_off_ms > 0 ? "ahead of" : "behind");
	else if (p.twin)
		set(w, WHY_KEY_TWICE,
		    "the key of this node is in use elsewhere: something came "
		    "with its signature that it never signed, so it signs "
		    "nothing; stop the other one, then start this one again");
	else if (p.silent_until == UINT64_MAX)
		set(w, WHY_QUARANTINE,
		    "in quarantine: the vote log was lost, so it signs "
		    "nothing until it has heard from enough members");
	else if (p.silent_until > 0)
		set(w, WHY_SILENT,
		    "follows, and signs from block %" PRIu64
		    " on: before it could contradict what it signed once (if "
		    "too many are silent at once for blocks to come: qmlnode "
		    "assert-never-voted --help)",
		    p.silent_until);
	else if (p.syncing)
		set(w, WHY_SYNCING, "syncing %" PRIu64 " of %" PRIu64,
		    ledger_height(replica_ledger(n->replica)), p.target);
	else
		return false;
	return true;
}

static void
ask(const struct node *n, struct why *w)
{
	const struct ledger *l = replica_ledger(n->replica);
	const struct ledger_round *lr = ledger_round(l);
	struct bft_status s;

	bft_status(replica_bft(n->replica), &s);
	w->height = ledger_height(l) + 1;
	w->round = lr->number;
	w->attempt = s.round;
	if (ask_self(n, w) || ask_seat(n, w) || ask_quorum(n, w) ||
	    ask_agreement(n, w))
		return;
	if (lr->finished)
		set(w, WHY_FINISHED,
		    "job finished: %" PRIu64 " rounds; only heartbeats until "
		    "the next job",
		    ledger_job_round(l));
	else if (ledger_paused(l))
		set(w, WHY_PAUSED,
		    "paused by the members' vote until block %" PRIu64
		    "; no round is closed before",
		    ledger_params(l)->paused_until);
	else
		ask_round(n, w);
}

const char *
why_word(enum why_reason reason)
{
	static const char *const words[WHY_NREASONS] = {
	    [WHY_HALTED] = "halted",
	    [WHY_DISK_FULL] = "disk_full",
	    [WHY_STOPPING] = "stopping",
	    [WHY_KEY_TWICE] = "key_twice",
	    [WHY_QUARANTINE] = "quarantine",
	    [WHY_SILENT] = "silent",
	    [WHY_SYNCING] = "syncing",
	    [WHY_NO_SEAT] = "no_seat",
	    [WHY_NO_QUORUM] = "no_quorum",
	    [WHY_CLOCK] = "clock",
	    [WHY_PROPOSER] = "proposer",
	    [WHY_PARTS] = "parts",
	    [WHY_PREVOTES] = "prevotes",
	    [WHY_PRECOMMITS] = "precommits",
	    [WHY_AGREEING] = "agreeing",
	    [WHY_FINISHED] = "finished",
	    [WHY_PAUSED] = "paused",
	    [WHY_TRAINER] = "own_trainer",
	    [WHY_ANSWERS] = "answers",
	    [WHY_ATTESTS] = "attestations",
	    [WHY_DUE] = "due",
	};

	return words[reason];
}

const char *
why_step(const struct node *n)
{
	static const char *const steps[] = {"propose", "prevote", "precommit"};
	struct bft_status s;

	bft_status(replica_bft(n->replica), &s);
	return s.round < 0 ? "wait" : steps[s.step];
}

/* Does the same thing still stand in the way? A quorum or a disk is missing
 * whatever height is due; a vote is missing for one attempt. */
static bool
is_same(const struct why *a, const struct why *b)
{
	if (a->reason != b->reason)
		return false;
	if (a->reason < WHY_PROPOSER || a->reason == WHY_FINISHED ||
	    a->reason == WHY_PAUSED)
		return true;
	if (a->reason < WHY_FINISHED)
		return a->height == b->height && a->attempt == b->attempt;
	return a->round == b->round;
}

/* Work that the members gave themselves time for is nothing to report. */
static bool
is_trouble(const struct why *w)
{
	if (w->reason == WHY_TRAINER || w->reason == WHY_ANSWERS)
		return w->late;
	return w->reason != WHY_FINISHED && w->reason != WHY_PAUSED &&
	    w->reason != WHY_STOPPING && w->reason != WHY_NO_SEAT;
}

bool
why_stuck(const struct node *n)
{
	const struct why *w = &n->why;

	return w->reason >= WHY_PROPOSER && w->reason <= WHY_AGREEING &&
	    node_mono_ms() >= w->trouble_ms + WHY_TELL_MS;
}

static void
tell(struct node *n, uint64_t mono)
{
	struct why *w = &n->why;
	uint64_t last =
	    n->last_block_ms != 0 ? n->last_block_ms : n->started_ms;
	char since[16];

	/* Attempts change within seconds while the whole still stands; a
	 * heartbeat that is due only now has not been kept away by anything. */
	if (!is_trouble(w) || mono < w->trouble_ms + WHY_TELL_MS ||
	    (w->told_ms != 0 && mono < w->told_ms + WHY_AGAIN_MS))
		return;
	w->told_ms = mono;
	clock_text(w->since_wall_ms, true, since);
	log_warn("block.waits",
	    "reason=%s height=%" PRIu64 " attempt=%d step=%s since=%s "
	    "seconds=%" PRIu64 " no_block_for=%" PRIu64 " why=\"%s\"",
	    why_word(w->reason), w->height, w->attempt + 1, why_step(n), since,
	    (mono - w->since_ms) / 1000, (mono - last) / 1000, w->text);
}

void
why_look(struct node *n, bool now)
{
	const uint64_t mono = node_mono_ms();
	struct why w = {.looked_ms = mono};

	if (!now && n->why.looked_ms != 0 &&
	    mono < n->why.looked_ms + WHY_LOOK_MS)
		return;
	ask(n, &w);
	w.since_ms = mono;
	w.since_wall_ms = node_wall_ms();
	if (n->why.since_ms != 0 && is_same(&n->why, &w)) {
		w.since_ms = n->why.since_ms;
		w.since_wall_ms = n->why.since_wall_ms;
	}
	if (is_trouble(&w))
		w.trouble_ms =
		    n->why.trouble_ms != 0 && n->why.height == w.height
		    ? n->why.trouble_ms
		    : mono;
	/* What is told again at once is a new cause, not a new attempt. */
	if (w.reason == n->why.reason)
		w.told_ms = n->why.told_ms;
	n->why = w;
	tell(n, mono);
}
