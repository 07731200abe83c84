#include "consensus/books/journal.h"

#include "consensus/books/state.h"

const char *
books_cause_name(enum books_cause c)
{
	static const char *const names[BOOKS_CAUSES] = {
	    [BOOKS_CAUSE_FEE] = "fee",
	    [BOOKS_CAUSE_TRANSFER] = "transfer",
	    [BOOKS_CAUSE_ESCROW] = "escrow",
	    [BOOKS_CAUSE_REFUND] = "refund",
	    [BOOKS_CAUSE_DATA_PRICE] = "data_price",
	    [BOOKS_CAUSE_SIGNED] = "signed",
	    [BOOKS_CAUSE_DATA_REWARD] = "data_reward",
	    [BOOKS_CAUSE_CONTRIBUTION] = "contribution",
	    [BOOKS_CAUSE_REMAINDER] = "remainder",
	    [BOOKS_CAUSE_DECISION] = "decision",
	    [BOOKS_CAUSE_LEASE] = "lease",
	    [BOOKS_CAUSE_ROYALTY] = "royalty",
	    [BOOKS_CAUSE_SEAT] = "seat",
	};

	return c < BOOKS_CAUSES ? names[c] : "";
}

void
books_watch(const struct books *b, struct books_journal j)
{
	b->memory->journal = j;
}

/* key NULL: the treasury. */
static void
tell(const struct books *b, const struct account *a, int64_t change,
    const struct note *n)
{
	const struct books_memory *m = b->memory;
	struct books_entry e = {.cause = n->cause,
	    .change = change,
	    .balance = a ? a->balance : b->treasury,
	    .tx = m->tx,
	    .number = n->number,
	    .value = n->value};

	if (!m->journal.put)
		return;
	if (a)
		e.account = a->key;
	if (n->about)
		e.about = *n->about;
	m->journal.put(m->journal.arg, &e);
}

void
account_add(struct books *b, struct account *a, uint64_t amount,
    const struct note *n)
{
	a->balance += amount;
	tell(b, a, (int64_t)amount, n);
}

void
account_take(struct books *b, struct account *a, uint64_t amount,
    const struct note *n)
{
	a->balance -= amount;
	/* What members must send costs no fee, and is no entry. */
	if (amount > 0)
		tell(b, a, -(int64_t)amount, n);
}

void
treasury_add(struct books *b, uint64_t amount, const struct note *n)
{
	b->treasury += amount;
	if (amount > 0)
		tell(b, NULL, (int64_t)amount, n);
}

void
treasury_take(struct books *b, uint64_t amount, const struct note *n)
{
	b->treasury -= amount;
	tell(b, NULL, -(int64_t)amount, n);
}
