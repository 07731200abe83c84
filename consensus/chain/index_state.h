/*
 * index_state.h - the inside of the index, shared by index.c and
 * index_books.c only.
 */
#ifndef QML_CONSENSUS_CHAIN_INDEX_STATE_H
#define QML_CONSENSUS_CHAIN_INDEX_STATE_H

#include "consensus/chain/index.h"
#include "consensus/chain/schema.h"
#include "consensus/chain/sql.h"

struct ledger;
struct books_entry;

struct index {
	char *path;
	const struct federation *f;
	struct hash federation;
	struct sql *db;
	struct sql_stmt *stmt[SCHEMA_STATEMENTS];
	uint64_t head;
	bool branch_known; /* head is a block of the log */
	/* What the blocks led to, to say what members own, allowed and decided.
	 * Of the height of head, or on its way there; NULL: not begun. */
	struct ledger *ledger;
	bool refused; /* a block that the ledger refuses: no more books */
	struct books_entry *entries; /* of the block that is applied */
	size_t nentries, entries_max;
	bool entry_lost; /* no memory for it */
};

/* Run a statement that returns nothing; see sql.h for types. */
#define INDEX_RUN(x, s, ...) sql_run((x)->stmt[s], __VA_ARGS__)

/* Accounts as they were founded, into empty tables. */
int index_books_found(struct index *x) __attribute__((warn_unused_result));
/* A ledger at height 0, unless there is one. -ENOMEM. */
int index_books_begin(struct index *x) __attribute__((warn_unused_result));
/* Block b, which is at the ledger's height + 1, inside a transaction. */
int index_books_apply(struct index *x, const struct block *b)
    __attribute__((warn_unused_result));
/* The same without writing: the tables have it already. */
int index_books_replay(struct index *x, const struct block *b)
    __attribute__((warn_unused_result));
/* Replaying has still to reach the head. */
bool index_books_behind(const struct index *x);
void index_books_close(struct index *x);

#endif
