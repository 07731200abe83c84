#include <string.h>

#include "consensus/books/state.h"

bool
key_equal(const struct sign_public *a, const struct sign_public *b)
{
	return memcmp(a->b, b->b, SIGN_PUBLIC_LEN) == 0;
}

bool
key_zero(const struct sign_public *k)
{
	static const struct sign_public zero;

	return key_equal(k, &zero);
}

/* Where the key is or would be. */
static size_t
place_of(const struct books *b, const struct sign_public *key)
{
	const struct account *rows = BOOKS_ROWS(struct account, b->accounts);
	size_t lo = 0;
	size_t hi = b->accounts.n;

	while (lo < hi) {
		size_t mid = (lo + hi) / 2;

		if (memcmp(rows[mid].key.b, key->b, SIGN_PUBLIC_LEN) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

struct account *
account_find(const struct books *b, const struct sign_public *key)
{
	struct account *rows = BOOKS_ROWS(struct account, b->accounts);
	size_t at = place_of(b, key);

	if (at < b->accounts.n && key_equal(&rows[at].key, key))
		return &rows[at];
	return NULL;
}

struct account *
account_get(struct books *b, const struct sign_public *key)
{
	struct account *a = account_find(b, key);

	if (a)
		return a;
	a = table_insert(&b->accounts, place_of(b, key));
	a->key = *key;
	a->member = NO_MEMBER;
	return a;
}

uint16_t
member_of(const struct books *b, const struct sign_public *key)
{
	const struct account *a = account_find(b, key);

	return a ? a->member : NO_MEMBER;
}

uint64_t
step_funds(const struct books *b, const struct step *s)
{
	const struct account *a = account_find(b, &s->t->sender);

	return a && a->balance > s->t->fee ? a->balance - s->t->fee : 0;
}

static enum books_verdict
check_transfer(const struct books *b, const struct step *s)
{
	const struct body_transfer *x = &s->u.transfer;

	if (x->amount == 0 || key_zero(&x->to))
		return BOOKS_BODY;
	return x->amount <= step_funds(b, s) ? BOOKS_OK : BOOKS_FUNDS;
}

static void
commit_transfer(struct books *b, struct step *s)
{
	const struct body_transfer *x = &s->u.transfer;
	const struct note why = {.cause = BOOKS_CAUSE_TRANSFER};
	struct account *to = account_get(b, &x->to);

	/* Conservation keeps every sum below the cap. */
	account_add(b, to, x->amount, &why);
	account_take(b, account_find(b, &s->t->sender), x->amount, &why);
}

const struct kind_row kind_transfer = {check_transfer, commit_transfer};
