/*
 * journal.h - every change of a balance, told to whoever keeps accounts.
 *
 * The books say what an account holds; how it came to that is told here, entry
 * by entry, in the order in which it happens. Listening changes nothing: the
 * journal is memory, not state. Pure.
 */
#ifndef QML_CONSENSUS_BOOKS_JOURNAL_H
#define QML_CONSENSUS_BOOKS_JOURNAL_H

#include <stdint.h>

#include "proto/hash.h"
#include "proto/sign.h"

struct books;

enum books_cause {
	BOOKS_CAUSE_FEE,         /* half is burned, half goes to the treasury */
	BOOKS_CAUSE_TRANSFER,    /* about: nothing */
	BOOKS_CAUSE_ESCROW,      /* about: the order */
	BOOKS_CAUSE_REFUND,      /* about: the order */
	BOOKS_CAUSE_DATA_PRICE,  /* about: the asset; number: the round */
	BOOKS_CAUSE_SIGNED,      /* about: the job; number: the round */
	BOOKS_CAUSE_DATA_REWARD, /* likewise */
	BOOKS_CAUSE_CONTRIBUTION, /* likewise; value: what it was worth */
	BOOKS_CAUSE_REMAINDER,    /* of a round, to the treasury; likewise */
	BOOKS_CAUSE_DECISION,     /* number: the proposal */
	BOOKS_CAUSE_LEASE,        /* about: the token */
	BOOKS_CAUSE_ROYALTY,      /* about: the token */
	BOOKS_CAUSE_SEAT,         /* a newcomer's start; another key's all */
	BOOKS_CAUSES,             /* past the last */
};

/* Short and stable, for tables and JSON: "data_price". */
const char *books_cause_name(enum books_cause c);

struct books_entry {
	enum books_cause cause;
	struct sign_public account; /* zero: the treasury */
	int64_t change;             /* units; 0: worth nothing, and said so */
	uint64_t balance;           /* after it */
	struct hash tx;             /* zero: of a round or a decision */
	struct hash about;
	uint64_t number;
	int64_t value;
};

struct books_journal {
	void (*put)(void *arg, const struct books_entry *e);
	void *arg;
};

/* Clones made from now on tell it as well. {NULL}: nobody listens. */
void books_watch(const struct books *b, struct books_journal j);

#endif
