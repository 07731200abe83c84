#include "tests/cluster/txs.h"

#include <assert.h>
#include <inttypes.h>
#include <string.h>

#include "consensus/books/view.h"
#include "consensus/replica/txpool.h"
#include "tests/cluster/orders.h"
#include "tests/cluster/worth.h"

#define TXS_PAUSE_MS 2000 /* of a slot, at most, between two turns */

static void
schedule(struct world *w, uint16_t slot)
{
	if (w->setup.without >> FAULTS_TXS & 1u)
		return;
	world_push(w,
	    (struct world_event){.type = WORLD_TX,
		.node = slot,
		.at = w->now + 1 + rng_below(&w->txrng, TXS_PAUSE_MS)});
}

void
txs_draw(struct world *w)
{
	w->txrng = rng_of(w->setup.seed ^ UINT64_C(0x7478));
	for (uint16_t i = 0; i < w->nslots; i++)
		schedule(w, i);
}

static void
put_transfer(struct world *w, struct bytes_writer *out)
{
	struct body_transfer b = {.amount = 1 + rng_below(&w->txrng, 1000000)};
	uint64_t to = rng_below(&w->txrng, w->n + 5u);

	if (to < w->n)
		b.to = w->fed.members[to].sign;
	else
		memset(b.to.b, (int)(to + 1), sizeof(b.to.b));
	body_transfer_put(out, &b);
}

static void
put_asset(struct world *w, struct bytes_writer *out)
{
	uint64_t x = rng_next(&w->txrng);
	struct body_asset b = {.root = hash_bytes("rows", &x, sizeof(x)),
	    .rows = 10,
	    .tasks = 2,
	    .name = "rows",
	    .expires = 1 + rng_below(&w->txrng, 60)};

	body_asset_put(out, &b);
}

static void
put_withdraw(struct world *w, const struct books *books,
    struct bytes_writer *out)
{
	struct body_ref b = {{{0}}};
	const struct asset *a = books_asset_at(books, rng_below(&w->txrng, 8));

	if (a != NULL)
		b.id = a->id;
	body_ref_put(out, &b);
}

static void
put_vote(struct world *w, struct bytes_writer *out)
{
	struct body_ballot b = {.proposal = 1 + rng_below(&w->txrng, 4),
	    .option = (uint8_t)(1 + rng_below(&w->txrng, 4))};

	body_ballot_put(out, &b);
}

static uint8_t
put_any(struct world *w, const struct books *books, struct bytes_writer *out)
{
	struct body_propose motion = {.kind = PROPOSAL_TEXT, .title = "x"};

	switch (rng_below(&w->txrng, 8)) {
	case 0:
		put_asset(w, out);
		return TX_ASSET_REGISTER;
	case 1:
		put_withdraw(w, books, out);
		return TX_ASSET_WITHDRAW;
	case 2:
		body_propose_put(out, &motion);
		return TX_PROPOSE;
	case 3:
		put_vote(w, out);
		return TX_VOTE;
	default:
		put_transfer(w, out);
		return TX_TRANSFER;
	}
}

static struct tx *
make(struct world *w, const struct world_node *n)
{
	const struct ledger *l = replica_ledger(n->replica);
	const uint16_t slot = (uint16_t)(n - w->nodes);
	const struct sign_key *key = world_key(w, slot);
	const struct sign_public self = sign_key_public(key);
	struct bytes_writer body = BYTES_WRITER_INIT;
	uint8_t kind = worth_owed(w, n, &body);
	struct tx *t;

	if (kind == 0)
		kind = members_put(w, slot, &body);
	if (kind == 0 && orders_has(w))
		kind = orders_put(w, l, n->member, &body);
	if (kind == 0)
		kind = put_any(w, ledger_books(l), &body);
	assert(body.error == 0);
	t = tx_new((uint32_t)body.len);
	assert(t != NULL);
	memcpy(t->body, body.data, body.len);
	bytes_writer_close(&body);
	t->kind = kind;
	t->fee = books_totals(ledger_books(l)).fee;
	t->expires = ledger_height(l) + 1 + rng_below(&w->txrng, 30);
	if (kind == TX_PROPOSE && members_has(w))
		t->expires = ledger_height(l) + MEMBERS_EXPIRES;
	if (!tx_is_duty(kind))
		t->nonce = txpool_nonce(replica_txpool(n->replica), l, &self);
	tx_sign(t, key, &w->fed_id);
	return t;
}

void
txs_tick(struct world *w, uint16_t slot)
{
	struct world_node *n = &w->nodes[slot];
	const struct replica_now now = {w->now + 1,
	    (uint64_t)((int64_t)(WORLD_WALL0 + w->now) + n->skew)};
	struct replica_event ev = {.type = REPLICA_EV_TIME};

	schedule(w, slot);
	if (!n->up || n->doomed || n->liar || n->member == REPLICA_NOBODY)
		return;
	if (replica_submit(n->replica, &now, make(w, n)) == 0)
		world_count(w, COUNT_TX_SENT);
	node_step(w, slot, &ev);
}

void
txs_applied(struct world *w, uint16_t slot, const struct block *b)
{
	const struct ledger *l = replica_ledger(w->nodes[slot].replica);
	const struct hash root = books_root(ledger_books(l));
	const uint64_t height = b->header.height;

	w->result->counts[COUNT_TX_APPLIED] += b->header.ntxs;
	/* An action later than the block's own: the ledger may have moved. */
	if (ledger_height(l) != height || w->nodes[slot].liar)
		return;
	world_count(w, COUNT_CHECK_BOOKS);
	worth_applied(w, slot);
	if (!books_conserved(ledger_books(l)))
		world_fail(w, "node %u at %" PRIu64 " made tokens (I17)", slot,
		    height);
	if (height == w->books_height && !hash_equal(&root, &w->books_root))
		world_fail(w, "node %u at %" PRIu64 " has other books (I17)",
		    slot, height);
	if (height > w->books_height) {
		w->books_height = height;
		w->books_root = root;
	}
}
