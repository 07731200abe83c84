/*
 * enact.h - carries out what the members voted for, where it is more than the
 * books' own business: parameters, the running job's rule, a pause, the end of
 * a job, a new version.
 *
 * Checked when it is proposed and again when it takes effect: the state may
 * have moved. A decision that does not fit any more changes nothing and ends
 * FAILED. What it changes holds from the next block on. Pure.
 */
#ifndef QML_CONSENSUS_LEDGER_ENACT_H
#define QML_CONSENSUS_LEDGER_ENACT_H

#include "consensus/books/turn.h"
#include "consensus/ledger/ledger.h"
#include "consensus/ledger/seats.h"
#include "consensus/votes/payload.h"

#define ENACT_STEP_MAX 10 /* a timing grows or shrinks at most this much */

/* What a block's decisions have changed so far. */
struct enact {
	struct ledger_params params; /* in: those of this block */
	uint64_t height;             /* of this block */
	bool job_over;               /* the running job was cancelled */
	bool ruled;          /* it goes on by params.combine and this clip */
	struct decimal clip; /* meaningful if ruled */
	struct seats *seats; /* borrowed: as they will be, two heights on */
	uint64_t moved;      /* power, in this block */
	bool trial;          /* *seats is not to be changed */
};

/* Could this be carried out as things stand at `e`? */
bool enact_possible(const struct ledger *l, const struct enact *e, uint8_t kind,
    const struct payload *p);
/* False: it could not, *e is as before. */
bool enact_run(const struct ledger *l, struct enact *e,
    const struct books_due *due) __attribute__((warn_unused_result));

/* Whom an open proposal names has a seat; whose was refused has none. */
void enact_candidates(const struct books *b, uint64_t height, struct seats *s);

/* A proposal's transaction asks for something possible; other kinds do. */
bool enact_tx(const struct ledger *l, const struct tx *t);

/* As founded. -ERANGE: the job's clip or bound is too large. */
int enact_found(const struct federation *f, struct ledger_params *out)
    __attribute__((warn_unused_result));
/* Leaf of the state root, also named by every header. */
struct hash enact_hash(const struct ledger_params *p);

/* Rules' version of the block at `height`. */
uint16_t enact_version(const struct ledger_params *p, uint64_t height);

#endif
