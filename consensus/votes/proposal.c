#include "consensus/votes/proposal.h"

#include <assert.h>
#include <stddef.h>
#include <string.h>

#define HALF 500000
#define TWO_THIRDS 666667 /* exactly two of three do not suffice */
#define THIRD 334000

static const struct proposal_terms terms[PROPOSAL_KINDS] = {
    [PROPOSAL_TEXT] = {"text", HOUSE_SEATS, {THIRD, HALF, THIRD}, 0, false},
    [PROPOSAL_PARAM] = {"param", HOUSE_TOKENS, {THIRD, HALF, THIRD}, 100,
	false},
    [PROPOSAL_MEMBER] = {"member", HOUSE_SEATS, {HALF, TWO_THIRDS, THIRD}, 1000,
	false},
    [PROPOSAL_JOB] = {"job", HOUSE_SEATS, {HALF, HALF, THIRD}, 200, false},
    [PROPOSAL_RULE] = {"rule", HOUSE_BOTH, {HALF, TWO_THIRDS, THIRD}, 1000,
	false},
    [PROPOSAL_ASSET] = {"asset", HOUSE_SEATS, {THIRD, HALF, THIRD}, 10, false},
    [PROPOSAL_ETHICS] = {"ethics", HOUSE_SEATS, {HALF, TWO_THIRDS, THIRD}, 500,
	false},
    [PROPOSAL_TREASURY] = {"treasury", HOUSE_TOKENS, {THIRD, HALF, THIRD}, 500,
	false},
    [PROPOSAL_UPGRADE] = {"upgrade", HOUSE_BOTH, {HALF, TWO_THIRDS, THIRD},
	2000, false},
    [PROPOSAL_PAUSE] = {"pause", HOUSE_SEATS, {HALF, TWO_THIRDS, THIRD}, 0,
	true},
};

const struct proposal_terms *
proposal_terms(uint8_t kind)
{
	if (kind == 0 || kind >= PROPOSAL_KINDS)
		return NULL;
	return &terms[kind];
}

uint8_t
proposal_kind_named(const char *name)
{
	for (uint8_t k = 1; k < PROPOSAL_KINDS; k++)
		if (strcmp(terms[k].name, name) == 0)
			return k;
	return 0;
}

const char *
proposal_state_name(enum proposal_state s)
{
	switch (s) {
	case PROPOSAL_OPEN:
		return "open";
	case PROPOSAL_REJECTED:
		return "rejected";
	case PROPOSAL_NO_QUORUM:
		return "no quorum";
	case PROPOSAL_VETOED:
		return "vetoed";
	case PROPOSAL_QUEUED:
		return "queued";
	case PROPOSAL_EXECUTED:
		return "executed";
	case PROPOSAL_FAILED:
		return "failed";
	case PROPOSAL_EXPIRED:
		return "expired";
	case PROPOSAL_CANCELLED:
		return "cancelled";
	}
	return "unknown";
}

void
proposal_open(struct decision *p, const struct proposal_calendar *c,
    uint64_t height)
{
	assert(proposal_terms(p->kind) && p->nvoters <= PROPOSAL_VOTERS_MAX);
	p->state = PROPOSAL_OPEN;
	p->submitted = height;
	p->end = height + c->period;
	p->eta = 0;
	p->extended = false;
	memset(p->votes, VOTE_NONE, sizeof(p->votes));
}

void
proposal_tally(const struct decision *p, enum proposal_house house,
    struct ballots *out)
{
	const uint64_t *weight = house == HOUSE_SEATS ? p->seats : p->tokens;

	*out = (struct ballots){.total = 0};
	for (uint16_t i = 0; i < p->nvoters; i++) {
		out->total += weight[i];
		if (p->votes[i] != VOTE_NONE)
			out->count[p->votes[i]] += weight[i];
	}
}

/* Do all houses that the kind names have their quorum? */
static bool
quorum_of_all(const struct decision *p)
{
	const struct proposal_terms *t = proposal_terms(p->kind);
	struct ballots tally;

	for (unsigned h = HOUSE_SEATS; h <= HOUSE_TOKENS; h++) {
		if (!(t->houses & h))
			continue;
		proposal_tally(p, (enum proposal_house)h, &tally);
		if (!ballots_has_quorum(&tally, &t->rule))
			return false;
	}
	return true;
}

/* Of two houses the worse result counts; a veto is the worst. */
static enum ballots_result
result_of_all(const struct decision *p)
{
	const struct proposal_terms *t = proposal_terms(p->kind);
	enum ballots_result all = BALLOTS_PASSED;
	struct ballots tally;

	for (unsigned h = HOUSE_SEATS; h <= HOUSE_TOKENS; h++) {
		enum ballots_result r;

		if (!(t->houses & h))
			continue;
		proposal_tally(p, (enum proposal_house)h, &tally);
		r = ballots_close(&tally, &t->rule);
		if (r > all)
			all = r;
	}
	return all;
}

static bool
decided_early(const struct decision *p)
{
	const struct proposal_terms *t = proposal_terms(p->kind);
	struct ballots tally;

	if (!t->early)
		return false;
	for (unsigned h = HOUSE_SEATS; h <= HOUSE_TOKENS; h++) {
		if (!(t->houses & h))
			continue;
		proposal_tally(p, (enum proposal_house)h, &tally);
		if (!ballots_decided(&tally, &t->rule))
			return false;
	}
	return true;
}

bool
proposal_vote(struct decision *p, const struct proposal_calendar *c,
    uint16_t voter, enum vote_option option, uint64_t height)
{
	bool had;

	if (p->state != PROPOSAL_OPEN || height <= p->submitted ||
	    height > p->end || voter >= p->nvoters || option < VOTE_YES ||
	    option > VOTE_ABSTAIN)
		return false;
	if (p->seats[voter] == 0 && p->tokens[voter] == 0)
		return false;
	had = quorum_of_all(p);
	p->votes[voter] = (uint8_t)option;
	/* Nobody wins by coming in the last block: others get time to answer,
	 * once. */
	if (!had && !p->extended && quorum_of_all(p) &&
	    p->end - height < c->extension) {
		p->end = height + c->extension;
		p->extended = true;
	}
	return true;
}

bool
proposal_cancel(struct decision *p)
{
	if (p->state != PROPOSAL_OPEN)
		return false;
	for (uint16_t i = 0; i < p->nvoters; i++)
		if (p->votes[i] != VOTE_NONE)
			return false;
	p->state = PROPOSAL_CANCELLED;
	return true;
}

static void
close_vote(struct decision *p, const struct proposal_calendar *c,
    uint64_t height)
{
	uint64_t lock = proposal_terms(p->kind)->time_lock;

	switch (result_of_all(p)) {
	case BALLOTS_PASSED:
		p->state = PROPOSAL_QUEUED;
		p->eta = height + lock * c->lock_percent / 100;
		return;
	case BALLOTS_VETOED:
		p->state = PROPOSAL_VETOED;
		return;
	case BALLOTS_NO_QUORUM:
		p->state = PROPOSAL_NO_QUORUM;
		return;
	case BALLOTS_REJECTED:
	case BALLOTS_ALL_ABSTAIN:
		p->state = PROPOSAL_REJECTED;
		return;
	}
}

bool
proposal_step(struct decision *p, const struct proposal_calendar *c,
    uint64_t height)
{
	if (p->state == PROPOSAL_OPEN && (height >= p->end || decided_early(p)))
		close_vote(p, c, height);
	if (p->state != PROPOSAL_QUEUED || height < p->eta)
		return false;
	if (height - p->eta > c->grace) {
		p->state = PROPOSAL_EXPIRED;
		return false;
	}
	return true;
}

void
proposal_done(struct decision *p, bool ok)
{
	assert(p->state == PROPOSAL_QUEUED);
	p->state = ok ? PROPOSAL_EXECUTED : PROPOSAL_FAILED;
}
