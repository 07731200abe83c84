/*
 * round.h - the open round: its times, its model, who is asked, what came
 * before. Part of the ledger's state.
 */
#ifndef QML_CONSENSUS_LEDGER_ROUND_H
#define QML_CONSENSUS_LEDGER_ROUND_H

#include <stdbool.h>
#include <stdint.h>

#include "consensus/ledger/bases.h"
#include "proto/federation.h"
#include "proto/hash.h"

struct ledger_round {
	struct hash job;
	uint64_t number; /* counts through all jobs; if finished, to come */
	uint64_t ruled;  /* first one by the rule in force; 0: the job's own */
	uint64_t first;  /* the job's; its own rounds count from here */
	uint64_t opened_ms; /* time of the block that opened it */
	/* Answers are named first and shown later: sealed.h. */
	bool sealed;
	uint64_t shown_ms; /* from then on they are; 0: from the beginning */
	uint64_t collect_at_ms;   /* collection over: attest what is held */
	uint64_t straggler_at_ms; /* closed or skipped from here on */
	struct hash base_model;
	struct hash order;   /* that bought the job; zero: the founders' */
	struct hash start;   /* the model it began with; zero: a new one */
	struct hash version; /* model of its last version; at first start */
	uint32_t skips;      /* skipped in a row just before this one */
	uint64_t skipped;    /* skipped so far, all together */
	uint64_t aggregated;
	bool finished;
	/* Early stopping: the best validation loss so far, and validated
	 * rounds since then; best is INT64_MAX before the first. */
	int64_t best_q24;
	uint32_t stale;
	struct bases bases; /* base_model is its newest */
	/* Whose data were ordered: all's in a job that nobody ordered. */
	bool takes_part[FEDERATION_MAX_MEMBERS];
	/* Who of those is asked: all, or a share that the head before it
	 * opened drew. */
	bool asked[FEDERATION_MAX_MEMBERS];
};

#endif
