/*
 * index_state.h - the inside of the index, shared by index.c, index_books.c
 * and index_fill.c only.
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
	bool filling;      /* without a journal, and nobody may read yet */
	bool unsorted;     /* rows are found by nothing but their keys yet */
	unsigned refills;
	uint64_t scrubbed; /* pages that index_scrub has looked at */
	/* What the blocks led to, to say what members own, allowed and decided.
	 * Of the height of head, or on its way there; NULL: not begun. */
	struct ledger *ledger;
	struct hash seated;   /* the members that the table has */
	struct books *before; /* as the tables have them; in a transaction */
	bool skim;            /* the next block is not the last of some */
	bool refused; /* a block that the ledger refuses: no more books */
	struct books_entry *entries; /* of the block that is applied */
	size_t nentries, entries_max;
	bool entry_lost; /* no memory for it */
};

/* Run a statement that returns nothing; see sql.h for types. */
#define INDEX_RUN(x, s, ...) sql_run((x)->stmt[s], __VA_ARGS__)

/* An empty file in place of what is there. */
int index_start_over(struct index *x) __attribute__((warn_unused_result));
/* The rows of the next block, inside a transaction. */
int index_put(struct index *x, const struct block *b, const struct commit *c)
    __attribute__((warn_unused_result));
/* What was filled without a journal becomes an index like any other. */
void index_settle(struct index *x);

/* Accounts as they were founded, into empty tables. */
int index_books_found(struct index *x) __attribute__((warn_unused_result));
/* A ledger at height 0, unless there is one. -ENOMEM. */
int index_books_begin(struct index *x) __attribute__((warn_unused_result));
/* Block b, which is at the ledger's height + 1, between begin and end of a
 * transaction; the rows that it changed are written by end. */
int index_books_open(struct index *x) __attribute__((warn_unused_result));
int index_books_apply(struct index *x, const struct block *b)
    __attribute__((warn_unused_result));
int index_books_end(struct index *x) __attribute__((warn_unused_result));
/* The same without writing: the tables have it already. */
int index_books_replay(struct index *x, const struct block *b)
    __attribute__((warn_unused_result));
/* Replaying has still to reach the head. */
bool index_books_behind(const struct index *x);
void index_books_close(struct index *x);

#endif
