#include "consensus/replica/txpool.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "consensus/books/view.h"
#include "consensus/ledger/sealed.h"

static bool
same_key(const struct sign_public *a, const struct sign_public *b)
{
	return memcmp(a->b, b->b, sizeof(a->b)) == 0;
}

/* An id is a hash: any of its bits will do. Who grinds ids into one list has
 * the whole of it searched, as a list without heads is. */
static size_t
head_of(const struct hash *id)
{
	return (id->b[0] | (size_t)id->b[1] << 8) & (TXPOOL_HEADS - 1);
}

static void
link_in(uint16_t *first, uint16_t *next, size_t i)
{
	next[i] = *first;
	*first = (uint16_t)(i + 1);
}

struct tx *
txpool_find(const struct txpool *p, const struct hash *id)
{
	for (uint16_t k = p->tx_first[head_of(id)]; k > 0;
	     k = p->tx_next[k - 1])
		if (hash_equal(&p->txs[k - 1]->id, id))
			return p->txs[k - 1];
	return NULL;
}

/* Only earlier ones of its sender are missing. */
static bool
is_ahead(const struct ledger *l, const struct tx *t)
{
	const struct account *a = books_account(ledger_books(l), &t->sender);

	if (sealed_ahead(l, t))
		return true;
	return a != NULL && !tx_is_duty(t->kind) && t->nonce > a->nonce &&
	    t->nonce - a->nonce < TXPOOL_SENDER_MAX &&
	    ledger_height(l) < t->expires;
}

/* BOOKS_OK: it applies now. BOOKS_NONCE with *ahead: it may later. */
static enum books_verdict
judge(const struct ledger *l, const struct tx *t, bool *ahead)
{
	*ahead = is_ahead(l, t);
	if (*ahead)
		return BOOKS_NONCE;
	return ledger_tx_fits(l, t);
}

static bool
is_full(const struct txpool *p, const struct tx *t)
{
	return p->n == TXPOOL_MAX || p->bytes + tx_len(t) > TXPOOL_BYTES_MAX;
}

static int
find_room(const struct txpool *p, const struct tx *t)
{
	unsigned of_sender = 0;

	for (size_t i = 0; i < p->n; i++) {
		const struct tx *held = p->txs[i];

		assert(held != NULL);
		if (!same_key(&held->sender, &t->sender))
			continue;
		if (held->nonce == t->nonce && !tx_is_duty(held->kind) &&
		    !tx_is_duty(t->kind))
			return (int)BOOKS_NONCE;
		of_sender++;
	}
	return of_sender == TXPOOL_SENDER_MAX ? -ENOSPC : 0;
}

static void
forget(struct txpool *p, struct tx *t, enum books_verdict why)
{
	size_t i = p->ngone++ % TXPOOL_GONE;
	struct txpool_gone *g = &p->gone[i];
	uint16_t *at = &p->gone_first[head_of(&g->id)];

	if (p->ngone > TXPOOL_GONE) { /* the oldest makes room */
		while (*at != i + 1)
			at = &p->gone_next[*at - 1];
		*at = p->gone_next[i];
	}
	*g = (struct txpool_gone){t->id, why};
	link_in(&p->gone_first[head_of(&t->id)], p->gone_next, i);
	p->bytes -= tx_len(t);
	tx_unref(t);
}

/* The places are new after some went. */
static void
find_places(struct txpool *p)
{
	memset(p->tx_first, 0, sizeof(p->tx_first));
	for (size_t i = 0; i < p->n; i++)
		link_in(&p->tx_first[head_of(&p->txs[i]->id)], p->tx_next, i);
}

/* For t, which applies, what does not yet gives way. Who has an account can
 * fill the pool with such, at no cost, and nobody's vote would get in. */
static void
make_room(struct txpool *p, const struct tx *t)
{
	const size_t before = p->n;
	size_t fit = p->nfit;

	for (size_t i = p->n; i-- > 0 && is_full(p, t);) {
		if (fit > 0 && p->fit[fit - 1] == p->txs[i]) {
			fit--; /* in the same order */
			continue;
		}
		forget(p, p->txs[i], BOOKS_OK);
		memmove(&p->txs[i], &p->txs[i + 1],
		    (--p->n - i) * sizeof(p->txs[0]));
	}
	if (p->n < before)
		find_places(p);
}

int
txpool_add(struct txpool *p, const struct ledger *l, struct tx *t)
{
	enum books_verdict v;
	bool ahead;
	int rc;

	if (txpool_find(p, &t->id) != NULL)
		return -EEXIST;
	v = judge(l, t, &ahead);
	if (v == BOOKS_NO_MEMORY)
		return -ENOMEM;
	if (v != BOOKS_OK && !ahead)
		return (int)v;
	rc = find_room(p, t);
	if (rc != 0)
		return rc;
	if (ahead && is_full(p, t))
		return -ENOSPC;
	if (ledger_check_tx(l, t) != LEDGER_OK)
		return -EBADMSG;
	make_room(p, t);
	if (is_full(p, t))
		return -ENOSPC;
	link_in(&p->tx_first[head_of(&t->id)], p->tx_next, p->n);
	p->txs[p->n++] = tx_ref(t);
	p->bytes += tx_len(t);
	if (v == BOOKS_OK)
		p->fit[p->nfit++] = t;
	return 0;
}

void
txpool_turn(struct txpool *p, const struct ledger *l)
{
	size_t kept = 0;

	p->nfit = 0;
	memset(p->tx_first, 0, sizeof(p->tx_first));
	for (size_t i = 0; i < p->n; i++) {
		bool ahead;
		enum books_verdict v = judge(l, p->txs[i], &ahead);

		if (v != BOOKS_OK && !ahead && v != BOOKS_NO_MEMORY) {
			forget(p, p->txs[i], v);
			continue;
		}
		if (v == BOOKS_OK)
			p->fit[p->nfit++] = p->txs[i];
		link_in(&p->tx_first[head_of(&p->txs[i]->id)], p->tx_next,
		    kept);
		p->txs[kept++] = p->txs[i];
	}
	p->n = kept;
}

const struct txpool_gone *
txpool_why(const struct txpool *p, const struct hash *id)
{
	for (uint16_t k = p->gone_first[head_of(id)]; k > 0;
	     k = p->gone_next[k - 1])
		if (hash_equal(&p->gone[k - 1].id, id))
			return &p->gone[k - 1];
	return NULL;
}

uint64_t
txpool_nonce(const struct txpool *p, const struct ledger *l,
    const struct sign_public *sender)
{
	const struct account *a = books_account(ledger_books(l), sender);
	uint64_t next = a != NULL ? a->nonce : 0;

	for (size_t i = 0; i < p->n; i++)
		if (same_key(&p->txs[i]->sender, sender) &&
		    !tx_is_duty(p->txs[i]->kind) && p->txs[i]->nonce >= next)
			next = p->txs[i]->nonce + 1;
	return next;
}

void
txpool_clear(struct txpool *p)
{
	for (size_t i = 0; i < p->n; i++)
		tx_unref(p->txs[i]);
	memset(p->tx_first, 0, sizeof(p->tx_first));
	p->n = p->bytes = p->nfit = 0;
}
