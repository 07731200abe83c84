/*
 * books.h - what the members own, owe, allowed and decided: the part of the
 * shared state that transactions change.
 *
 * Accounts and tokens, data assets, orders, contributions and pay, proposals,
 * model versions, credentials. Everything is integers and heights; the same
 * transactions give the same root on any machine. A transaction applies as a
 * whole or not at all, and a refusal says why. Tokens are the consortium's own
 * credits: nothing here knows money. Pure; one thread.
 *
 * Conservation, true after every call: all accounts + treasury + escrows +
 * rewards not paid yet = minted - burned, and minted <= cap.
 */
#ifndef QML_CONSENSUS_BOOKS_BOOKS_H
#define QML_CONSENSUS_BOOKS_BOOKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "consensus/books/verdict.h"
#include "consensus/privacy/rdp.h"
#include "consensus/votes/proposal.h"
#include "proto/hash.h"
#include "proto/sign.h"
#include "proto/tx.h"

#define BOOKS_MEMBERS_MAX PROPOSAL_VOTERS_MAX
/* Fees are flat, so memory has bounds of its own. All assets that a member ever
 * registered: a withdrawn one's budget stays spent. Under 1 KiB each, so 1 MiB
 * for a member and 100 MiB for a hundred. */
#define BOOKS_ASSETS_MAX 1024
/* Orders that are over, of everybody: the row and its job are at most 84 KiB,
 * so 21 MiB. With a new order the oldest of them leave the state, first those
 * of which no round was run; the chain and its index have them still. */
#define BOOKS_ORDERS_OVER_MAX 256

struct books; /* opaque: its tables belong to this folder */

/* Of what is minted for a round; millionths, they add up to 10^6. What does
 * not divide goes to the treasury. */
struct books_shares {
	uint32_t contributors; /* by their Shapley values */
	uint32_t signers;      /* of the block's certificate, equally */
	uint32_t assets;       /* owners of the data used, equally */
	uint32_t treasury;
};

/* Public rows that tell what a round's updates are worth: see shard.h. */
struct books_validation {
	uint32_t shards; /* 0: none; utilities may be stated all the same */
	uint32_t every;  /* one round of so many is valued, drawn by lot */
	struct hash root;
};

/* What a job asks of data and of accounts: the ledger reads it out of the
 * job's bytes. */
struct books_job {
	uint8_t task;        /* enum job_task */
	struct hash circuit; /* zero: the task has none */
	uint32_t rounds;
	uint32_t members;     /* fewest whose updates its rule can combine */
	struct rdp_step step; /* q_ppb 0: trains without noise */
	uint32_t steps;       /* noisy steps a round */
};

struct books_ask {
	const struct books_job *job; /* NULL: only consent is looked at */
	uint64_t height;
};

/* Fixed at the founding. */
struct books_terms {
	uint64_t cap;       /* never more units than this */
	uint64_t opening;   /* every founder's account */
	uint64_t mint;      /* of the first round */
	uint64_t half_life; /* rounds */
	uint64_t fee;       /* least of a transaction; half is burned */
	struct books_shares shares;
	struct proposal_calendar calendar;
	uint32_t worth_blocks; /* a round's utilities are waited for so long */
	bool assets_needed;    /* updates count only with a registered asset */
	/* -EINVAL: not a job that can run here; -ENOMEM. */
	int (*job)(const void *arg, const uint8_t *bytes, uint32_t len,
	    struct books_job *out);
	const void *job_arg;
	struct books_validation validation;
};

#define BOOKS_TERMS_DEFAULT                                      \
	((struct books_terms){.cap = UINT64_C(1000000000000000), \
	    .opening = UINT64_C(1000000000),                     \
	    .mint = UINT64_C(100000000),                         \
	    .half_life = 1000,                                   \
	    .fee = 1000,                                         \
	    .shares = {700000, 100000, 100000, 100000},          \
	    .calendar = {100, 20, 1000, 100},                    \
	    .worth_blocks = 20})

struct books_founder {
	struct sign_public key;
	char name[33];
};

/* -ENOMEM; -EINVAL: the shares do not add up or the opening balances pass the
 * cap. */
int books_new(const struct books_terms *terms,
    const struct books_founder *founders, uint16_t n, struct books **out)
    __attribute__((warn_unused_result));
int books_clone(const struct books *b, struct books **out)
    __attribute__((warn_unused_result));
void books_free(struct books *b); /* NULL is fine */
/* Whom terms.job is asked with from now on. */
void books_bind(struct books *b, const void *job_arg);

/* Would it apply in the block at `height`, after what applied before? The
 * signature is the caller's business. BOOKS_NO_MEMORY: nobody knows. */
enum books_verdict books_check(const struct books *b, const struct tx *t,
    uint64_t height);
/* A verdict (>= 0, never BOOKS_NO_MEMORY), or -ENOMEM; nothing changed unless
 * it is BOOKS_OK. */
int books_apply(struct books *b, const struct tx *t, uint64_t height)
    __attribute__((warn_unused_result));

/* May this member's update with this asset (its rows' root) enter a round of
 * the running job? `job` is what that one asks for: its task and circuit must
 * be allowed, and one more round of it fit into the asset's budget. */
enum books_verdict books_update(const struct books *b, uint16_t member,
    const struct hash *asset, const struct books_ask *ask);
/* What this member promised for the round; NULL: nothing. */
const struct hash *books_promise(const struct books *b, uint16_t member,
    const struct hash *job, uint64_t round);

/* RFC 6962 over the roots of the tables, in the order of the README. */
struct hash books_root(const struct books *b);
/* The invariant above, recounted: for tests and assertions. */
bool books_conserved(const struct books *b);

#endif
