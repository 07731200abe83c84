#include "consensus/books/view.h"

#include "consensus/books/state.h"

static const void *
row(const struct table *t, size_t i)
{
	return i < t->n ? t->rows + i * t->size : NULL;
}

static const struct table *
table_of(const struct books *b, enum books_table t)
{
	const struct table *const tables[BOOKS_TABLES] = {
	    [BOOKS_ACCOUNTS] = &b->accounts,
	    [BOOKS_ASSETS] = &b->assets,
	    [BOOKS_ORDERS] = &b->orders,
	    [BOOKS_MOTIONS] = &b->motions,
	    [BOOKS_TOKENS] = &b->tokens,
	    [BOOKS_CREDENTIALS] = &b->credentials,
	    [BOOKS_USES] = &b->uses,
	};

	return tables[t];
}

const void *
books_row_at(const struct books *b, enum books_table t, size_t i)
{
	return row(table_of(b, t), i);
}

size_t
books_row_size(const struct books *b, enum books_table t)
{
	return table_of(b, t)->size;
}

struct books_totals
books_totals(const struct books *b)
{
	return (struct books_totals){.treasury = b->treasury,
	    .minted = b->minted,
	    .burned = b->burned,
	    .cap = b->terms.cap,
	    .fee = b->terms.fee,
	    .rounds = b->rounds,
	    .policy = b->policy};
}

const struct proposal_calendar *
books_calendar(const struct books *b)
{
	return &b->terms.calendar;
}

const struct account *
books_account(const struct books *b, const struct sign_public *key)
{
	return account_find(b, key);
}

const struct account *
books_account_at(const struct books *b, size_t i)
{
	return row(&b->accounts, i);
}

const struct asset *
books_asset_at(const struct books *b, size_t i)
{
	return row(&b->assets, i);
}

const struct order *
books_order_at(const struct books *b, size_t i)
{
	return row(&b->orders, i);
}

const struct motion *
books_motion_at(const struct books *b, size_t i)
{
	return row(&b->motions, i);
}

const struct token *
books_token_at(const struct books *b, size_t i)
{
	return row(&b->tokens, i);
}

const struct credential *
books_credential_at(const struct books *b, size_t i)
{
	return row(&b->credentials, i);
}

const struct use *
books_use_at(const struct books *b, size_t i)
{
	return row(&b->uses, i);
}

const struct valuation *
books_valuation_at(const struct books *b, size_t i)
{
	return i < b->valuations.n
	    ? BOOKS_ROWS(const struct valuation, b->valuations) + i
	    : NULL;
}

uint64_t
books_nsettled(const struct books *b)
{
	return b->nsettled;
}

const struct settled *
books_settled_at(const struct books *b, uint64_t i)
{
	if (i >= b->nsettled || b->nsettled - i > SETTLED_KEPT)
		return NULL;
	return &b->settled[i % SETTLED_KEPT];
}

const struct books_validation *
books_validation(const struct books *b)
{
	return &b->terms.validation;
}

uint32_t
books_shards_used(const struct books *b)
{
	return b->shards_used;
}
