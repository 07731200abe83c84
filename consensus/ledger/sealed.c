#include "consensus/ledger/sealed.h"

#include "consensus/books/body.h"
#include "consensus/ledger/state.h"

void
sealed_begin(const struct ledger *l, struct ledger_round *r)
{
	r->sealed = l->f.economy.commit_updates && !r->finished;
	r->shown_ms = 0;
}

static uint16_t
named(const struct ledger *l, const struct books *books,
    const struct ledger_round *r, uint16_t *asked)
{
	uint16_t n = 0;

	*asked = 0;
	for (uint16_t i = 0; i < l->seats->n; i++) {
		if (!l->active[i] || !r->asked[i])
			continue;
		++*asked;
		n = (uint16_t)(n +
		    (books_promise(books, i, &r->job, r->number) != NULL));
	}
	return n;
}

/* As many as close a round at the end of the collection. */
static uint64_t
until(const struct ledger_round *r, uint16_t n, uint16_t asked)
{
	return n >= asked - (asked - 1) / 3 ? r->collect_at_ms
					    : r->straggler_at_ms;
}

bool
sealed_turn(const struct ledger *l, const struct books *books,
    struct ledger_round *r, uint64_t time_ms)
{
	uint16_t asked, n;

	if (!r->sealed)
		return false;
	n = named(l, books, r, &asked);
	if (n < asked && time_ms < until(r, n, asked))
		return false;
	r->sealed = false;
	r->shown_ms = time_ms;
	return true;
}

uint16_t
sealed_named(const struct ledger *l)
{
	uint16_t asked;

	return named(l, l->books, &l->round, &asked);
}

uint64_t
sealed_until_ms(const struct ledger *l)
{
	uint16_t asked, n;

	if (!l->round.sealed || l->height == 0)
		return UINT64_MAX;
	n = named(l, l->books, &l->round, &asked);
	return until(&l->round, n, asked);
}

enum ledger_verdict
sealed_check(const struct ledger *l, const struct answer *a)
{
	const struct hash *id;

	if (!l->f.economy.commit_updates)
		return LEDGER_OK;
	if (l->round.sealed)
		return LEDGER_SEALED;
	id = books_promise(l->books, a->member, &l->round.job, l->round.number);
	return id && hash_equal(id, &a->id) ? LEDGER_OK : LEDGER_PROMISE;
}

bool
sealed_awaited(const struct ledger *l, uint16_t i)
{
	return ledger_asked(l, i) &&
	    (!l->f.economy.commit_updates ||
		books_promise(l->books, i, &l->round.job, l->round.number));
}

static bool
read_commit(const struct tx *t, struct body_commit *out)
{
	struct bytes_reader r = bytes_reader_of(t->body, t->len);

	body_commit_get(&r, out);
	return bytes_reader_done(&r);
}

bool
sealed_takes(const struct ledger *l, const struct tx *t)
{
	struct body_commit c;

	if (t->kind != TX_COMMIT)
		return true;
	return l->round.sealed && read_commit(t, &c) &&
	    c.round == l->round.number && hash_equal(&c.job, &l->round.job);
}

bool
sealed_ahead(const struct ledger *l, const struct tx *t)
{
	struct body_commit c;

	return t->kind == TX_COMMIT && l->f.economy.commit_updates &&
	    read_commit(t, &c) && c.round > l->round.number &&
	    c.round - l->round.number < 4;
}
