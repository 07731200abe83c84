/*
 * ctl_worth.c - what the updates of closed rounds were worth, as JSON.
 */
#include <stdio.h>

#include "consensus/books/turn.h"
#include "consensus/books/view.h"
#include "consensus/market/shapley.h"
#include "daemon/node/ctl_methods.h"

#define ROUNDS_DEFAULT 20

static void
put_hash(struct jv *o, const char *key, const struct hash *h)
{
	char hex[HASH_HEX_LEN];

	jv_put_string(o, key, hash_hex(h, hex));
}

static const char *
name_of(const struct node *n, uint16_t member)
{
	return ledger_member(replica_ledger(n->replica), member)->name;
}

/* A round's values are this much too large: n!, or the number of orders. */
static int64_t
scale_of(uint16_t players)
{
	int64_t f = 1;

	if (players > SHAPLEY_EXACT_MAX)
		return shapley_permutations(players);
	while (players > 1)
		f *= players--;
	return f;
}

static struct jv *
settled_json(const struct node *n, const struct settled *s)
{
	struct jv *o = jv_object(), *members = jv_array();

	jv_put_integer(o, "round", (int64_t)s->round);
	jv_put_integer(o, "height", (int64_t)s->height);
	put_hash(o, "job", &s->job);
	jv_put_integer(o, "shard", (int64_t)s->shard - 1);
	jv_put_integer(o, "reward", (int64_t)s->reward);
	jv_put_boolean(o, "paid", s->paid);
	jv_put_integer(o, "said", s->nsaid);
	jv_put_integer(o, "before", s->nobody);
	jv_put_integer(o, "after", s->all);
	jv_put_integer(o, "scale", scale_of(s->n));
	for (uint16_t i = 0; i < s->n; i++) {
		struct jv *m = jv_object();

		jv_put_string(m, "member", name_of(n, s->members[i]));
		jv_put_integer(m, "value", s->value[i]);
		jv_put_integer(m, "units", (int64_t)s->part[i]);
		jv_add(members, m);
	}
	jv_put(o, "members", members);
	return o;
}

static struct jv *
open_json(const struct node *n, const struct valuation *v)
{
	const struct ledger *l = replica_ledger(n->replica);
	struct jv *o = jv_object(), *said = jv_array();

	jv_put_integer(o, "round", (int64_t)v->round);
	put_hash(o, "job", &v->job);
	jv_put_integer(o, "shard", (int64_t)v->shard - 1);
	jv_put_boolean(o, "shown", v->shown);
	jv_put_integer(o, "until", (int64_t)v->until);
	for (uint16_t i = 0; i < ledger_nmembers(l); i++)
		if (v->said[i] != NULL)
			jv_add(said, jv_string(name_of(n, i)));
	jv_put(o, "said", said);
	return o;
}

struct jv *
ctl_worth(struct node *n, const struct jv *params, CTL_ERR_ARGS)
{
	const struct books *b = ledger_books(replica_ledger(n->replica));
	const struct books_validation *terms = books_validation(b);
	int64_t most = jv_int(jv_get(params, "n"), ROUNDS_DEFAULT);
	struct jv *o, *v, *open, *rounds;
	const struct valuation *row;
	const struct settled *s;

	if (most < 1 || most > WORTH_SETTLED_KEPT) {
		*code = CTL_PARAMS;
		snprintf(err, errlen, "n: want 1 to %d", WORTH_SETTLED_KEPT);
		return NULL;
	}
	o = ctl_object("qml.worth/1");
	v = jv_object();
	open = jv_array();
	rounds = jv_array();
	jv_put_integer(v, "shards", terms->shards);
	jv_put_integer(v, "every", terms->every);
	jv_put_integer(v, "used", books_shards_used(b));
	jv_put(o, "validation", v);
	for (size_t i = 0; (row = books_valuation_at(b, i)) != NULL; i++)
		jv_add(open, open_json(n, row));
	jv_put(o, "open", open);
	for (int64_t i = 0;
	     i < most && (s = worth_settled(n->worth, (uint64_t)i)) != NULL;
	     i++)
		jv_add(rounds, settled_json(n, s));
	jv_put(o, "rounds", rounds);
	return o;
}
