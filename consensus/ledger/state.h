/*
 * state.h - the inside of a ledger, shared by the files of this folder only.
 */
#ifndef QML_CONSENSUS_LEDGER_STATE_H
#define QML_CONSENSUS_LEDGER_STATE_H

#include <stdbool.h>
#include <stdint.h>

#include "consensus/ledger/bench.h"
#include "consensus/ledger/close.h"
#include "consensus/ledger/enact.h"
#include "consensus/ledger/jobs.h"
#include "consensus/ledger/leaves.h"
#include "consensus/ledger/ledger.h"
#include "consensus/ledger/merge.h"
#include "consensus/ledger/seats.h"
#include "consensus/ledger/seen.h"
#include "proto/merkle.h"

/* What may change behind a const ledger: memory, never meaning. */
struct ledger_memory {
	struct seen seen;
	bool replaying; /* signatures and norms are taken as verified */
	bool skimming;  /* and so are the roots of state and history */
	/* The outcome of a block: valid for `block` until the next apply. */
	bool has_next;
	struct hash block;
	struct hash aggregate;
	struct hash moments_hash;
	struct ledger_round next;
	struct enact enact; /* what it decides; params hold after it */
	struct hash params_hash;
	struct seats *seats;    /* owned: of the next block but two */
	struct hash validators; /* theirs */
	struct hash members;    /* of all seats given */
	bool reseated;          /* the block's successor has other members */
	int64_t *model;         /* [dim]; meaningful if the block aggregates */
	int64_t *moments;       /* [nmoments], likewise */
	struct books *books;    /* owned, meaningful with has_next */
	struct books *consent;  /* owned; NULL: stays what it was */
	struct conduct conduct;
	struct bench bench;
	struct jobs_start start;   /* the job that it starts */
	struct shelf_model minted; /* the version that it mints */
};

struct ledger {
	/* fixed in app version 1 */
	struct federation f;
	struct hash fid, past_fid; /* at height + 1; of the head */
	struct merge merge;
	/* moved by every block */
	struct shelf shelf;
	uint64_t height;
	uint16_t version; /* of the head's rules */
	uint16_t known;   /* the last rules that we go by */
	uint64_t time_ms;
	struct hash head;
	struct merkle history; /* ids 0..height */
	struct ledger_round round;
	struct conduct conduct;
	struct seats *seats; /* at height + 1 */
	struct seats *next;  /* at height + 2; what is voted now comes after */
	uint64_t old_until[FEDERATION_MAX_MEMBERS][2]; /* height, round */
	/* Keys change twice within the window of evidence: those before the
	 * seat's old ones. Of a third change in it the first are forgotten. */
	struct sign_public older[FEDERATION_MAX_MEMBERS];
	uint64_t older_until[FEDERATION_MAX_MEMBERS][2];
	struct electorate past; /* whose votes the head's certificate has */
	uint32_t power[FEDERATION_MAX_MEMBERS]; /* by seat, at height + 1 */
	uint32_t weight[FEDERATION_MAX_MEMBERS];
	bool active[FEDERATION_MAX_MEMBERS];
	struct hash validators, next_validators, members;
	struct bench bench;
	uint32_t turns[FEDERATION_MAX_MEMBERS]; /* power without the bench */
	int64_t *model;                         /* [dim] */
	int64_t *moments;                       /* [merge.nmoments] */
	struct hash moments_hash;
	struct books *books;
	/* What data could be used when the round was opened: a withdrawal
	 * counts from the next round on, or those who hold an answer and those
	 * who look later would disagree about it. */
	struct books *consent;
	uint64_t consent_height;
	struct ledger_params params;
	struct hash params_hash;
	bool has_last;
	struct ledger_round_summary last;
	struct ledger_memory *memory;
};

/* At the height of a re-founding that it knows of: goes on as that says.
 * -ENOMEM: it does not yet, the ledger is of no use. */
int refound_due(struct ledger *l) __attribute__((warn_unused_result));

/* Room for the vectors of l->f.job, all zero. -ENOMEM, -EINVAL. */
int state_rejob(struct ledger *l) __attribute__((warn_unused_result));
/* Arrays of a ledger whose seats have changed. */
void state_seated(struct ledger *l);

/* a + b, or the largest time there is. */
static inline uint64_t
state_later(uint64_t a, uint64_t b)
{
	return a > UINT64_MAX - b ? UINT64_MAX : a + b;
}

/* Leaves when the moving state is this. */
struct state_now {
	const struct ledger_round *round;
	const struct hash *moments;
	const struct hash *params;
	const struct books *books;
	const struct bench *bench;
	const struct conduct *conduct;
	const struct hash *validators, *next_validators, *members;
	const struct hash *federation;
	uint16_t version, nseats;
};

void state_leaves(const struct state_now *now,
    struct hash out[static LEDGER_LEAVES]);
/* After the block that state_compute_next looked at. */
struct hash state_root_next(const struct ledger *l);
/* Of the moments; zero when there are none. */
struct hash state_hash_moments(const struct merge *m, const int64_t *moments);
void state_turns(struct ledger *l); /* from power and bench */
/* Opens round `number` of m's job; what came before in it is set already. */
struct opening {
	const struct merge *m;
	uint64_t number, opened_ms;
};
void state_open_round(const struct ledger *l, struct ledger_round *r,
    const struct opening *o);
/* Its times, by when it was opened, the skips before it and these. */
void state_time_round(struct ledger_round *r, const struct timing *t);
/* The outcome of b (kind, time, resolved answers, transactions) into l->memory,
 * without the block's id. LEDGER_AGGREGATE: its answers cannot be aggregated;
 * LEDGER_TX, LEDGER_NO_MEMORY. */
enum ledger_verdict state_compute_next(const struct ledger *l,
    const struct block *b);

#endif
