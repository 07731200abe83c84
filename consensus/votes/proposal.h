/*
 * proposal.h - one proposal from its submission to its execution.
 *
 *   OPEN (snapshot at submission) --end--> REJECTED | NO_QUORUM | VETOED
 *        \--end, or early where the kind allows it--> QUEUED (time lock)
 *             --eta--> due: the ledger executes the payload that was voted
 *                      --> EXECUTED | FAILED; not done by eta + grace: EXPIRED
 *
 * Voting weights are those of the snapshot, kept here: what anybody buys, sells
 * or loses afterwards changes no vote. A vote may be replaced until the end.
 * Seats and tokens are two houses; a kind names which of them must pass.
 * Heights are the only clock. Pure; reference trust.md 4.2.
 */
#ifndef QML_CONSENSUS_VOTES_PROPOSAL_H
#define QML_CONSENSUS_VOTES_PROPOSAL_H

#include <stdbool.h>
#include <stdint.h>

#include "consensus/votes/ballots.h"
#include "proto/hash.h"

#define PROPOSAL_VOTERS_MAX 100

enum proposal_kind {
	PROPOSAL_TEXT = 1, /* no effect */
	PROPOSAL_PARAM,    /* timings, bounds, rates */
	PROPOSAL_MEMBER,   /* add, remove, re-weight, rotate a key */
	PROPOSAL_JOB,      /* start, cancel: what is trained */
	PROPOSAL_RULE,     /* aggregation and voting rules */
	PROPOSAL_ASSET,    /* ban a data asset, or lift a ban */
	PROPOSAL_ETHICS,   /* hash of the policy's text */
	PROPOSAL_TREASURY, /* spend */
	PROPOSAL_UPGRADE,  /* versions from a height on */
	PROPOSAL_PAUSE,    /* emergency: pauses a job, lapses by itself */
	PROPOSAL_KINDS,    /* past the last */
};

enum proposal_house {
	HOUSE_SEATS = 1,
	HOUSE_TOKENS = 2,
	HOUSE_BOTH = 3,
};

/* What a kind asks for; blocks are counted from the one that executes. */
struct proposal_terms {
	const char *name; /* as in qmlctl and the index */
	uint8_t houses;   /* enum proposal_house */
	struct ballots_rule rule;
	uint32_t time_lock; /* blocks between passing and effect */
	bool early;         /* may pass before the end */
};

/* NULL: no such kind. */
const struct proposal_terms *proposal_terms(uint8_t kind);
/* 0: no such name. */
uint8_t proposal_kind_named(const char *name);

enum proposal_state {
	PROPOSAL_OPEN,
	PROPOSAL_REJECTED,
	PROPOSAL_NO_QUORUM,
	PROPOSAL_VETOED,
	PROPOSAL_QUEUED,
	PROPOSAL_EXECUTED,
	PROPOSAL_FAILED, /* passed, but could not be carried out */
	PROPOSAL_EXPIRED,
	PROPOSAL_CANCELLED,
};
const char *proposal_state_name(enum proposal_state s);

/* The federation's calendar, in blocks. */
struct proposal_calendar {
	uint32_t period; /* voting */
	uint32_t
	    extension;  /* left at least, once, when the quorum comes late */
	uint32_t grace; /* after eta */
	uint32_t lock_percent; /* of the kinds' time locks; 100 for real use */
};

/* Not proto/vote.h's proposal of a block. */
struct decision {
	uint64_t id; /* from 1 */
	uint8_t kind;
	uint8_t state;       /* enum proposal_state */
	uint16_t proposer;   /* its place among the voters */
	struct hash payload; /* what runs is what has this hash */
	uint64_t submitted;  /* height; the snapshot's as well */
	uint64_t end;        /* last height whose block may hold a vote */
	uint64_t eta;        /* from this height on; 0 while open */
	bool extended;
	uint16_t nvoters;
	uint64_t seats[PROPOSAL_VOTERS_MAX]; /* weights at the snapshot */
	uint64_t tokens[PROPOSAL_VOTERS_MAX];
	uint8_t votes[PROPOSAL_VOTERS_MAX]; /* enum vote_option */
};

/* Votes may come from the next block on. id, kind, proposer, payload, nvoters,
 * seats and tokens are set; the rest is filled. */
void proposal_open(struct decision *p, const struct proposal_calendar *c,
    uint64_t height);

/* The voter says `option` in the block at `height`. False: it has ended, has
 * not begun, is no option, or the voter had no weight at the snapshot. */
bool proposal_vote(struct decision *p, const struct proposal_calendar *c,
    uint16_t voter, enum vote_option option, uint64_t height)
    __attribute__((warn_unused_result));

/* By its proposer, before anybody has voted. */
bool proposal_cancel(struct decision *p) __attribute__((warn_unused_result));

/* After the votes of the block at `height`: closes, queues, expires. True when
 * the payload has to be carried out now; the caller then says how it went. */
bool proposal_step(struct decision *p, const struct proposal_calendar *c,
    uint64_t height) __attribute__((warn_unused_result));
void proposal_done(struct decision *p, bool ok);

/* One house as it stands: HOUSE_SEATS or HOUSE_TOKENS. */
void proposal_tally(const struct decision *p, enum proposal_house house,
    struct ballots *out);

#endif
