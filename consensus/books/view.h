/*
 * view.h - the books' tables for those who show them: read only.
 *
 * Rows live until the books change. Accounts are in the order of their keys,
 * everything else in the order in which it came.
 */
#ifndef QML_CONSENSUS_BOOKS_VIEW_H
#define QML_CONSENSUS_BOOKS_VIEW_H

#include "consensus/books/rows.h"

struct books_totals {
	uint64_t treasury, minted, burned, cap;
	uint64_t fee;       /* least of a transaction */
	uint64_t rounds;    /* paid for */
	struct hash policy; /* ethics; zero: none voted */
};

struct books_totals books_totals(const struct books *b);
const struct proposal_calendar *books_calendar(const struct books *b);

enum books_table {
	BOOKS_ACCOUNTS,
	BOOKS_ASSETS,
	BOOKS_ORDERS,
	BOOKS_MOTIONS,
	BOOKS_TOKENS,
	BOOKS_CREDENTIALS,
	BOOKS_USES,
	BOOKS_TABLES, /* past the last */
};

/* Of any table, and how many bytes a row has. */
const void *books_row_at(const struct books *b, enum books_table t, size_t i);
size_t books_row_size(const struct books *b, enum books_table t);

/* NULL: no such row. */
const struct account *books_account(const struct books *b,
    const struct sign_public *key);
const struct account *books_account_at(const struct books *b, size_t i);
const struct asset *books_asset_at(const struct books *b, size_t i);
const struct order *books_order_at(const struct books *b, size_t i);
/* Where this order is refused for want of rounds or of a privacy budget: the
 * asset that lacks them, and how many rounds of the job still fit. Also NULL
 * where it is not. */
const struct asset *books_short_asset(const struct books *b, const struct tx *t,
    uint64_t height, uint64_t *rounds);
const struct motion *books_motion_at(const struct books *b, size_t i);
const struct token *books_token_at(const struct books *b, size_t i);
const struct credential *books_credential_at(const struct books *b, size_t i);
const struct use *books_use_at(const struct books *b, size_t i);
/* Open ones. */
const struct valuation *books_valuation_at(const struct books *b, size_t i);
/* How many are over, ever, and the i-th of them; NULL: too long ago. */
uint64_t books_nsettled(const struct books *b);
const struct settled *books_settled_at(const struct books *b, uint64_t i);
const struct books_validation *books_validation(const struct books *b);
uint32_t books_shards_used(const struct books *b);

#endif
