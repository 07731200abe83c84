/*
 * state.h - the inside of the books, shared by the files of this folder only.
 */
#ifndef QML_CONSENSUS_BOOKS_STATE_H
#define QML_CONSENSUS_BOOKS_STATE_H

#include "consensus/books/journal.h"
#include "consensus/books/rows.h"
#include "consensus/books/shard.h"
#include "consensus/books/turn.h"

#define SETTLED_KEPT 8

struct table {
	size_t n, cap, size;
	uint8_t *rows;
};

/* What may change behind const books: memory, never meaning. */
struct books_memory {
	struct rdp_step step; /* the last whose cost was worked out */
	struct rdp_table cost;
	struct books_journal journal;
	struct hash tx; /* that is being applied; zero: none */
};

struct books {
	struct books_terms terms;
	struct books_memory *memory;
	uint16_t nmembers;
	struct sign_public members[BOOKS_MEMBERS_MAX]; /* zero: no seat */
	bool active[BOOKS_MEMBERS_MAX];
	struct table accounts; /* struct account, by key */
	struct table assets;   /* struct asset, in order of registration */
	struct table orders;
	struct table motions; /* struct motion, id = place + 1 */
	struct table tokens;
	struct table credentials;
	struct table valuations; /* open ones */
	struct table uses;
	struct table promises; /* of the open round */
	struct hash policy;    /* ethics; zero: none voted */
	uint64_t treasury, minted, burned;
	uint64_t rounds;      /* closed, for the mint schedule */
	uint64_t pot;         /* of rounds that were not drawn to be valued */
	uint32_t shards_used; /* the next valuation takes this one */
	struct settled settled[SETTLED_KEPT]; /* ring; not state */
	uint64_t nsettled;                    /* ever */
	int64_t earned[BOOKS_MEMBERS_MAX]; /* contribution to the running job */
};

/* One transaction on its way in. */
struct step {
	const struct tx *t;
	uint64_t height;
	struct blob *blob; /* room for what its kind keeps; commit takes it */
	struct books_job wants; /* what an order's job asks for */
	union {
		struct body_transfer transfer;
		struct body_asset asset;
		struct body_ref ref;
		struct body_order order;
		struct body_commit commit;
		struct body_worth worth;
		struct body_shard shard;
		struct body_propose propose;
		struct body_ballot ballot;
		struct body_model model;
		struct body_credential credential;
	} u;
};

#define BOOKS_ROWS(type, table) ((type *)(void *)(table).rows)

/* Room for one more row. -ENOMEM. */
int table_reserve(struct table *t) __attribute__((warn_unused_result));
/* A zeroed row at `at`; there is room. */
void *table_insert(struct table *t, size_t at);

struct blob *blob_new(uint32_t len); /* NULL: memory */
struct blob *blob_ref(struct blob *b);
void blob_unref(struct blob *b); /* NULL is fine */

/* The cost of a step, worked out once: it takes most of a millisecond. */
const struct rdp_table *step_cost(const struct books *b,
    const struct rdp_step *step);

bool key_equal(const struct sign_public *a, const struct sign_public *b);
bool key_zero(const struct sign_public *k);
/* NULL: nobody. */
struct account *account_find(const struct books *b,
    const struct sign_public *key);
/* Makes it where it is missing; room was reserved. */
struct account *account_get(struct books *b, const struct sign_public *key);
uint16_t members_active(const struct books *b);
uint16_t member_of(const struct books *b, const struct sign_public *key);
/* Why a balance changes: what the journal says of it. */
struct note {
	enum books_cause cause;
	const struct hash *about; /* NULL: nothing */
	uint64_t number;
	int64_t value;
};

/* The only ways in which a balance changes. */
void account_add(struct books *b, struct account *a, uint64_t amount,
    const struct note *n);
void account_take(struct books *b, struct account *a, uint64_t amount,
    const struct note *n);
void treasury_add(struct books *b, uint64_t amount, const struct note *n);
void treasury_take(struct books *b, uint64_t amount, const struct note *n);

/* What the sender has left after the fee. */
uint64_t step_funds(const struct books *b, const struct step *s);

struct asset *asset_find(const struct books *b, const struct hash *id);
/* The asset over these rows, registered by this key. */
struct asset *asset_of_root(const struct books *b,
    const struct sign_public *owner, const struct hash *root);
enum books_verdict asset_usable(const struct asset *a, uint64_t height);
/* Its task and circuit are on the owner's list, the rounds fit its budget. */
enum books_verdict asset_allows(const struct books *b, const struct asset *a,
    const struct books_job *job, uint32_t rounds);
struct order *order_find(const struct books *b, const struct hash *id);
struct order *order_running(const struct books *b);
enum books_verdict order_read(const struct books *b, struct step *s);

/* Each kind: what stands against it, and doing it. */
struct kind_row {
	enum books_verdict (
	    *check)(const struct books *b, const struct step *s);
	void (*commit)(struct books *b, struct step *s);
};

extern const struct kind_row kind_transfer, kind_asset_register,
    kind_asset_withdraw, kind_asset_erased, kind_order, kind_order_accept,
    kind_order_cancel, kind_commit, kind_worth, kind_propose, kind_vote,
    kind_model_transfer, kind_model_approve, kind_model_lease, kind_credential,
    kind_revoke, kind_shard;

/* A credential of this type that is good at this height. */
bool credential_held(const struct books *b, const struct sign_public *subject,
    uint8_t type, uint64_t height);
/* Valuations that are complete or too old are paid. */
void worth_end_block(struct books *b, uint64_t height);
/* Proposals close, those of the books' own kinds are carried out. -ENOMEM. */
int govern_end_block(struct books *b, uint64_t height);
void models_end_block(struct books *b, uint64_t height);

#endif
