/*
 * turn.h - what blocks and rounds do to the books, without a transaction.
 *
 * Called by the ledger for every block, in this order: transactions
 * (books_apply), books_close_round if the block closes one, books_end_block,
 * what books_next_due hands out, then the jobs' calls. After -ENOMEM the books
 * are half changed: work on a clone and throw it away. Pure.
 */
#ifndef QML_CONSENSUS_BOOKS_TURN_H
#define QML_CONSENSUS_BOOKS_TURN_H

#include "consensus/books/books.h"

/* One update that entered the round that was just closed. */
struct books_use {
	uint16_t member;
	struct hash asset; /* root of its rows; zero: none named */
};

struct books_closed {
	struct hash job;
	struct hash aggregate; /* of the round */
	uint64_t round;
	uint64_t height;
	const struct books_use *uses; /* by member */
	uint16_t nuses;
	uint16_t nsigners;
	const uint16_t *signers; /* members, of the newest certificate */
	uint32_t steps;          /* charged to each asset that has a budget */
	struct rdp_step step;    /* q_ppb 0: no noise was claimed */
};

/* Charges budgets, pays prices out of the order's escrow, mints the round's
 * reward, pays signers and owners of data, and opens the valuation that the
 * contributors' part waits for. -ENOMEM. */
int books_close_round(struct books *b, const struct books_closed *c)
    __attribute__((warn_unused_result));

/* A round that was closed without an update: nothing is minted, promises for
 * it are void. */
void books_skip_round(struct books *b);

/* How many utilities a validator states for a round with so many updates, and
 * the seed of the orders where there are more than SHAPLEY_EXACT_MAX: v of
 * every coalition by its bits; else v(none), v(all), then along each order
 * what lies between. */
uint16_t books_game_size(uint16_t players);
struct hash books_game_seed(const struct hash *job, uint64_t round,
    const struct hash *aggregate);

/* After all else of the block at `height`: valuations that all validators
 * spoke of, or that are over, are paid; proposals close; leases lapse.
 * -ENOMEM. */
int books_end_block(struct books *b, uint64_t height)
    __attribute__((warn_unused_result));

/* What a passed proposal wants done that is not the books' own business. The
 * caller does it, or cannot, and says so; then asks again. */
struct books_due {
	uint64_t proposal;      /* 0: nothing is due */
	uint8_t kind;           /* enum proposal_kind */
	const uint8_t *payload; /* borrowed until the books change */
	uint32_t len;
};

struct books_due books_next_due(const struct books *b, uint64_t height);
void books_executed(struct books *b, uint64_t proposal, bool ok);

/* The order whose job should run now: the running one, else the oldest whose
 * assets' owners all accepted. False: none. */
struct books_next_job {
	struct hash order;
	const uint8_t *bytes; /* borrowed until the books change */
	uint32_t len;
};

bool books_next_job(const struct books *b, struct books_next_job *out);
/* Is a closed round still being valued? Who values it needs its job. */
bool books_valuing(const struct books *b);
void books_job_started(struct books *b, const struct hash *order);
/* Refunds what is left of the escrow; done, or cancelled if it was ending. */
void books_job_finished(struct books *b, const struct hash *order);
/* Its buyer cancelled it while it ran. */
bool books_job_ending(const struct books *b, const struct hash *order);
/* Is it still what its data's owners allow, and under the policy in force? */
bool books_job_fits(const struct books *b, const struct hash *order,
    uint64_t height);
/* A queued one that cannot run any more: cancelled, refunded. */
void books_job_refused(struct books *b, const struct hash *order);
/* Does this member own data that the order asks for? */
bool books_in_order(const struct books *b, const struct hash *order,
    uint16_t member);

/* Who sits at index i from the next block on, or sat there. A newcomer gets as
 * much as a founder, as far as the treasury reaches; with other keys goes all
 * that the old ones owned. -ENOMEM. */
struct books_seat {
	struct sign_public key;
	const char *name;
	bool active;
};

int books_seat(struct books *b, uint16_t i, const struct books_seat *s)
    __attribute__((warn_unused_result));

/* A version of a model, once for each job and last round. Its shares are what
 * the members earned in this job, equal if nobody did. -EEXIST, -ENOMEM. */
struct books_mint {
	struct hash job, model;
	struct hash parent; /* token; zero: none */
	uint64_t round_from, round_to, height;
	uint32_t royalty_ppm;
};

int books_mint(struct books *b, const struct books_mint *m)
    __attribute__((warn_unused_result));
/* The newest token of this model; zero: none. */
struct hash books_version_of(const struct books *b, const struct hash *model);

#endif
