#include "tests/cluster/worth.h"

#include <assert.h>
#include <inttypes.h>
#include <string.h>

#include "consensus/books/shard.h"
#include "consensus/books/turn.h"
#include "consensus/books/view.h"
#include "consensus/market/shapley.h"
#include "proto/merkle.h"

#define SHARDS 256

static const uint8_t rows[SHARD_SALT_LEN + 4];

/* All shards are the same, and so is the path to each. */
static struct hash
root_of(struct world *w)
{
	struct hash leaves[SHARDS];

	for (unsigned i = 0; i < SHARDS; i++)
		leaves[i] = shard_leaf(rows, sizeof(rows));
	w->nshard_path = merkle_path(leaves, SHARDS, 0, w->shard_path);
	return merkle_root_of(leaves, SHARDS);
}

void
worth_found(struct world *w)
{
	struct economy e = ECONOMY_DEFAULT;

	if (w->setup.steady || w->setup.dead)
		return;
	if (w->setup.seed % 3 == 1) {
		e.validation_shards = SHARDS;
		e.validation_every = 1 + (uint32_t)(w->setup.seed / 3 % 3);
		e.validation_root = root_of(w);
	}
	e.commit_updates = w->setup.seed / 2 % 3 == 1;
	w->fed.economy = e;
}

static int64_t
truth(const struct valuation *v, uint16_t at)
{
	return (int64_t)((v->round * 31 + at * 17u) % 97);
}

static uint8_t
put_worth(struct world *w, const struct world_node *n,
    const struct valuation *v, struct bytes_writer *out)
{
	struct bytes_writer game = BYTES_WRITER_INIT;
	struct body_worth b = {.job = v->job, .round = v->round};
	bool liar = n->member == w->setup.seed % w->n && w->n >= 4;

	b.n = books_game_size(v->n);
	for (uint16_t i = 0; i < b.n; i++)
		bytes_put_i64(&game,
		    liar ? (int64_t)rng_below(&w->txrng, 1000000000)
			 : truth(v, i));
	assert(game.error == 0);
	b.utility = game.data;
	body_worth_put(out, &b);
	bytes_writer_close(&game);
	return TX_WORTH;
}

uint8_t
worth_owed(struct world *w, const struct world_node *n,
    struct bytes_writer *out)
{
	const struct books *b = ledger_books(replica_ledger(n->replica));
	const struct valuation *v;
	struct body_shard x;

	for (size_t i = 0; (v = books_valuation_at(b, i)) != NULL; i++) {
		if (v->shard == 0 || v->said[n->member] != NULL)
			continue;
		if (v->shown)
			return put_worth(w, n, v, out);
		x = (struct body_shard){.index = v->shard - 1,
		    .data = rows,
		    .len = sizeof(rows),
		    .npath = (uint8_t)w->nshard_path};
		memcpy(x.path, w->shard_path,
		    w->nshard_path * sizeof(x.path[0]));
		body_shard_put(out, &x);
		return TX_SHARD;
	}
	return 0;
}

/* What honest figures give; the settled one has what was paid by. */
static bool
is_true(const struct settled *s)
{
	int64_t game[1 << SHAPLEY_EXACT_MAX], value[SHAPLEY_EXACT_MAX];
	const struct valuation v = {.round = s->round};

	if (s->n > SHAPLEY_EXACT_MAX)
		return s->nobody == truth(&v, 0) && s->all == truth(&v, 1);
	for (uint16_t i = 0; i < books_game_size(s->n); i++)
		game[i] = truth(&v, i);
	shapley_exact(game, s->n, value);
	return memcmp(value, s->value, s->n * sizeof(*value)) == 0;
}

void
worth_applied(struct world *w, uint16_t slot)
{
	const struct books *b =
	    ledger_books(replica_ledger(w->nodes[slot].replica));
	uint64_t now = books_nsettled(b);
	const struct settled *s = now > 0 ? books_settled_at(b, now - 1) : NULL;

	if (w->fed.economy.commit_updates &&
	    !ledger_round(replica_ledger(w->nodes[slot].replica))->sealed)
		world_count(w, COUNT_SHOWN);
	if (s == NULL || !s->paid || w->fed.economy.validation_shards == 0)
		return;
	world_count(w, COUNT_PAID);
	if (!is_true(s))
		world_fail(w,
		    "node %u: a liar moved what round %" PRIu64
		    " was worth (I18)",
		    slot, s->round);
}
