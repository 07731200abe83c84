/*
 * rows.h - the rows of the books' tables, shared by the files of this folder.
 */
#ifndef QML_CONSENSUS_BOOKS_ROWS_H
#define QML_CONSENSUS_BOOKS_ROWS_H

#include <stdatomic.h>

#include "consensus/books/body.h"
#include "consensus/books/books.h"
#include "consensus/privacy/budget.h"

#define NO_MEMBER UINT16_MAX
#define OPEN_PROPOSALS_MAX 16
#define OPEN_ORDERS_MAX 64

/* Bytes that never change. Clones share them, one on the index's thread. */
struct blob {
	atomic_uint nrefs;
	uint32_t len;
	uint8_t data[];
};

struct account {
	struct sign_public key; /* the table is sorted by it */
	uint64_t balance;
	uint64_t nonce; /* of its next transaction */
	uint16_t member;
	char name[33]; /* of a member */
};

struct asset {
	struct hash id; /* of the transaction that registered it */
	struct sign_public owner;
	struct body_asset terms;
	uint64_t registered;
	uint64_t withdrawn; /* height; 0: not */
	uint64_t erased;    /* height; 0: not */
	bool banned;
	uint32_t used; /* rounds */
	struct budget privacy;
};

enum order_state {
	ORDER_OPEN, /* waits for the assets' owners */
	ORDER_QUEUED,
	ORDER_RUNNING,
	ORDER_DONE,
	ORDER_CANCELLED,
};

struct order {
	struct hash id;
	struct sign_public buyer;
	uint8_t state; /* enum order_state */
	char purpose[BODY_TEXT];
	struct hash policy;
	uint64_t price;
	uint64_t escrow;
	uint64_t paid;
	uint32_t rounds; /* run so far */
	bool ending;     /* cancelled by its buyer while it ran */
	uint16_t nassets;
	struct hash assets[BODY_ASSETS];
	bool accepted[BODY_ASSETS];
	struct books_job wants;
	struct blob *job;
	struct hash job_hash; /* of its bytes */
};

struct motion {
	struct decision p;
	char title[BODY_TEXT];
	struct hash text;
	struct blob *payload;
};

struct share {
	uint16_t member;
	uint32_t ppm;
};

struct token {
	struct hash id;
	struct hash job;
	struct hash parent;
	struct hash model;
	uint64_t round_from, round_to;
	uint64_t minted; /* height */
	struct sign_public owner;
	struct sign_public approved, user; /* zero: nobody */
	uint64_t user_until;               /* last height; 0: no user */
	uint32_t royalty_ppm;
	bool withdrawn_data; /* some of its data was withdrawn since */
	uint16_t nshares;
	struct share shares[BOOKS_MEMBERS_MAX];
};

struct credential {
	struct hash id;
	struct sign_public issuer, subject;
	uint8_t type;
	uint64_t issued, expires;
	uint64_t revoked; /* height; 0: not */
};

/* A closed round whose worth is being found out. */
struct valuation {
	struct hash job;
	uint64_t round;
	uint64_t reward;
	uint64_t until; /* height */
	struct hash seed;
	uint16_t n;
	uint16_t members[BOOKS_MEMBERS_MAX];  /* who updated */
	struct blob *said[BOOKS_MEMBERS_MAX]; /* utilities, by validator */
	uint16_t nsaid;
	uint32_t shard; /* 1 + index of the rows to use; 0: none */
	bool shown;     /* that shard is on the chain */
};

/* A valuation that is over. Memory for those who show it, not state. */
struct settled {
	struct hash job;
	uint64_t round, height, reward;
	uint32_t shard; /* 1 + index; 0: none */
	uint16_t n, nsaid;
	bool paid;           /* a quorum had spoken */
	int64_t nobody, all; /* utility of the base, and with all updates */
	uint16_t members[BOOKS_MEMBERS_MAX];
	int64_t value[BOOKS_MEMBERS_MAX]; /* n! phi, or over the orders */
	uint64_t part[BOOKS_MEMBERS_MAX]; /* units */
};

/* Of an update that its sender has not shown yet. */
struct promise {
	struct hash job;
	uint64_t round;
	uint16_t member;
	struct hash commit;
	uint64_t height;
};

/* Which job used which asset: what a model's card must say. */
struct use {
	struct hash job, asset;
	uint64_t rounds;
};

#endif
