/*
 * members.c - who sits down, leaves, or comes back with other keys.
 */
#include <errno.h>
#include <string.h>

#include "consensus/books/state.h"

uint16_t
members_active(const struct books *b)
{
	uint16_t n = 0;

	for (uint16_t i = 0; i < b->nmembers; i++)
		n = (uint16_t)(n + b->active[i]);
	return n;
}

static void
swap_key(struct sign_public *k, const struct sign_public *old,
    const struct sign_public *new)
{
	if (key_equal(k, old))
		*k = *new;
}

/* All that names the old key names the new one. */
static void
rename_owner(struct books *b, const struct sign_public *old,
    const struct sign_public *new)
{
	struct asset *assets = BOOKS_ROWS(struct asset, b->assets);
	struct order *orders = BOOKS_ROWS(struct order, b->orders);
	struct token *tokens = BOOKS_ROWS(struct token, b->tokens);
	struct credential *creds =
	    BOOKS_ROWS(struct credential, b->credentials);

	for (size_t i = 0; i < b->assets.n; i++)
		swap_key(&assets[i].owner, old, new);
	for (size_t i = 0; i < b->orders.n; i++)
		swap_key(&orders[i].buyer, old, new);
	for (size_t i = 0; i < b->tokens.n; i++) {
		swap_key(&tokens[i].owner, old, new);
		swap_key(&tokens[i].approved, old, new);
		swap_key(&tokens[i].user, old, new);
	}
	for (size_t i = 0; i < b->credentials.n; i++) {
		swap_key(&creds[i].issuer, old, new);
		swap_key(&creds[i].subject, old, new);
	}
}

/* What the old account holds; its own nonces go on at zero. */
static void
move_account(struct books *b, const struct sign_public *old,
    const struct sign_public *new)
{
	const struct note why = {.cause = BOOKS_CAUSE_SEAT};
	struct account *a;
	uint64_t amount;

	(void)account_get(b, new); /* before any row is pointed at: rows move */
	a = account_find(b, old);
	amount = a->balance;
	account_take(b, a, amount, &why);
	a->member = NO_MEMBER;
	account_add(b, account_find(b, new), amount, &why);
}

static void
sit_down(struct books *b, uint16_t i, const struct books_seat *s)
{
	const struct note why = {.cause = BOOKS_CAUSE_SEAT, .number = i};
	uint64_t amount = b->terms.opening;

	(void)account_get(b, &s->key);
	if (amount > b->treasury)
		amount = b->treasury;
	treasury_take(b, amount, &why);
	account_add(b, account_find(b, &s->key), amount, &why);
}

int
books_seat(struct books *b, uint16_t i, const struct books_seat *s)
{
	const struct sign_public old = b->members[i];
	struct account *a;
	int rc;

	if (i < b->nmembers && b->active[i] == s->active &&
	    key_equal(&old, &s->key))
		return 0;
	rc = table_reserve(&b->accounts);
	if (rc < 0)
		return rc;
	if (b->nmembers <= i)
		b->nmembers = (uint16_t)(i + 1);
	if (key_zero(&old))
		sit_down(b, i, s);
	else if (!key_equal(&old, &s->key))
		move_account(b, &old, &s->key);
	if (!key_zero(&old) && !key_equal(&old, &s->key))
		rename_owner(b, &old, &s->key);
	b->members[i] = s->key;
	b->active[i] = s->active;
	a = account_find(b, &s->key);
	a->member = s->active ? i : NO_MEMBER;
	memset(a->name, 0, sizeof(a->name));
	memcpy(a->name, s->name, strnlen(s->name, sizeof(a->name) - 1));
	return 0;
}
