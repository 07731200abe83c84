/*
 * body.h - what stands in a transaction's body, by kind.
 *
 * Fixed order, bounded, canonical: decoding and encoding again gives the same
 * bytes. Texts are printable and short; whatever is longer stays off the chain
 * and is named by its hash. Heights are the only clock. Pure.
 */
#ifndef QML_CONSENSUS_BOOKS_BODY_H
#define QML_CONSENSUS_BOOKS_BODY_H

#include <stddef.h>
#include <stdint.h>

#include "consensus/privacy/rdp.h"
#include "proto/bytes.h"
#include "proto/hash.h"
#include "proto/sign.h"
#include "proto/tx.h"

#define BODY_TEXT 64       /* with the terminating zero */
#define BODY_CIRCUITS 8    /* an asset may allow */
#define BODY_ASSETS 100    /* an order may ask for */
#define BODY_GAME_MAX 8192 /* utilities a validator may state */
#define BODY_JOB_MAX (80u << 10)
#define BODY_PAYLOAD_MAX (80u << 10)

struct body_transfer {
	struct sign_public to;
	uint64_t amount;
	char memo[BODY_TEXT];
};

/* A data asset's terms. Default deny: no task and no circuit is allowed that
 * is not named. */
struct body_asset {
	char name[BODY_TEXT];
	struct hash root;     /* salted Merkle root over the rows */
	struct hash schema;   /* of the agreed columns */
	struct hash manifest; /* of the owner's text about it */
	struct hash parent;   /* id of the version before; zero: none */
	uint32_t rows;
	char purpose[BODY_TEXT];
	char licence[BODY_TEXT]; /* SPDX */
	uint32_t tasks;          /* bit of enum job_task */
	uint8_t ncircuits;       /* 0: any circuit of an allowed task */
	struct hash circuits[BODY_CIRCUITS];
	uint64_t price;   /* a round, in token units */
	uint64_t expires; /* height from which consent is over */
	uint32_t rounds;  /* in all; 0: no limit */
	/* eps_milli 0: updates without noise are allowed. */
	struct rdp_target privacy;
	uint8_t credential; /* type the buyer must hold; 0: none */
};

struct body_ref { /* withdraw, erased, accept, cancel, revoke */
	struct hash id;
};

struct body_order {
	struct hash policy; /* ethics policy in force */
	char purpose[BODY_TEXT];
	uint64_t price; /* most the buyer pays a round, all assets together */
	uint64_t escrow;
	uint16_t nassets;
	struct hash assets[BODY_ASSETS]; /* ascending */
	uint32_t job_len;
	const uint8_t *job; /* canonical bytes; borrowed from the body */
};

struct body_commit { /* of an update not shown yet */
	struct hash job;
	uint64_t round;
	struct hash commit;
};

struct body_worth { /* v of every coalition, or along the orders */
	struct hash job;
	uint64_t round;
	uint16_t n;
	const uint8_t *utility; /* [8 n], big-endian; borrowed */
};

struct body_propose {
	uint8_t kind; /* enum proposal_kind */
	char title[BODY_TEXT];
	struct hash text; /* of the reasons given */
	uint32_t len;
	const uint8_t *payload; /* borrowed from the body */
};

struct body_ballot {
	uint64_t proposal;
	uint8_t option; /* enum vote_option */
};

struct body_model { /* transfer, approve, lease */
	struct hash token;
	struct sign_public to;
	uint64_t expires; /* lease: last height; else 0 */
	uint64_t price;   /* lease: paid to the owner; else 0 */
};

struct body_credential {
	struct hash id; /* of the signed document */
	struct sign_public subject;
	uint8_t type; /* enum credential_type */
	uint64_t expires;
};

void body_transfer_put(struct bytes_writer *w, const struct body_transfer *b);
void body_transfer_get(struct bytes_reader *r, struct body_transfer *out);
void body_asset_put(struct bytes_writer *w, const struct body_asset *b);
void body_asset_get(struct bytes_reader *r, struct body_asset *out);
void body_ref_put(struct bytes_writer *w, const struct body_ref *b);
void body_ref_get(struct bytes_reader *r, struct body_ref *out);
void body_order_put(struct bytes_writer *w, const struct body_order *b);
void body_order_get(struct bytes_reader *r, struct body_order *out);
void body_commit_put(struct bytes_writer *w, const struct body_commit *b);
void body_commit_get(struct bytes_reader *r, struct body_commit *out);
void body_worth_put(struct bytes_writer *w, const struct body_worth *b);
void body_worth_get(struct bytes_reader *r, struct body_worth *out);
/* Of the bytes of a body_worth; i < n. */
int64_t body_utility(const uint8_t *utility, uint16_t i);
void body_propose_put(struct bytes_writer *w, const struct body_propose *b);
void body_propose_get(struct bytes_reader *r, struct body_propose *out);
void body_ballot_put(struct bytes_writer *w, const struct body_ballot *b);
void body_ballot_get(struct bytes_reader *r, struct body_ballot *out);
void body_model_put(struct bytes_writer *w, const struct body_model *b);
void body_model_get(struct bytes_reader *r, struct body_model *out);
void body_credential_put(struct bytes_writer *w,
    const struct body_credential *b);
void body_credential_get(struct bytes_reader *r, struct body_credential *out);

#endif
