/*
 * net.c - links between slots: what arrives, when, twice or never.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "tests/cluster/state.h"

static bool
is_linked(const struct world *w, uint16_t a, uint16_t b)
{
	const struct world_node *x = &w->nodes[a], *y = &w->nodes[b];

	return x->up && y->up && members_peer(w, a, b) >= 0 &&
	    members_peer(w, b, a) >= 0 && x->cut[b] != CUT_KNOWN &&
	    y->cut[a] != CUT_KNOWN && w->now >= x->mute_until[b];
}

/* One machine, or two with one key. */
static bool
is_same(const struct world *w, uint16_t a, uint16_t b)
{
	return a == b ||
	    (w->has_twin && w->nodes[a].member == w->nodes[b].member);
}

/* Another machine in a seat is another link. */
static void
see(struct world *w, uint16_t a, uint16_t m, uint8_t slot)
{
	struct world_node *n = &w->nodes[a];
	struct replica_event ev = {.type = REPLICA_EV_PEER_DOWN, .peer = m};

	if (slot == n->sees[m])
		return;
	if (n->sees[m] != 0)
		node_step(w, a, &ev);
	ev.type = REPLICA_EV_PEER_UP;
	n->sees[m] = slot;
	if (slot != 0)
		node_step(w, a, &ev);
}

/* Tell everybody whose links came up or went down. */
void
net_links(struct world *w)
{
	for (uint16_t a = 0; a < w->nslots; a++) {
		uint8_t sees[WORLD_MAX] = {0};

		for (uint16_t b = 0; b < w->nslots; b++)
			if (!is_same(w, a, b) && is_linked(w, a, b))
				sees[members_peer(w, a, b)] =
				    members_has(w) ? (uint8_t)(1 + b) : 1;
		for (uint16_t m = 0; m < WORLD_MAX && w->nodes[a].up; m++)
			see(w, a, m, sees[m]);
	}
}

static void
set_cut(struct world *w, uint16_t a, uint16_t b, enum world_cut cut)
{
	w->nodes[a].cut[b] = w->nodes[b].cut[a] = (uint8_t)cut;
}

static void
heal(struct world *w)
{
	for (uint16_t i = 0; i < w->nslots; i++)
		memset(w->nodes[i].cut, CUT_NOT, sizeof(w->nodes[i].cut));
}

/* Two halves at random; with a bridge, one node stays in both. */
static void
split_halves(struct world *w, bool bridge)
{
	uint16_t both =
	    bridge ? (uint16_t)rng_below(&w->rng, w->nslots) : WORLD_MAX;
	bool side[WORLD_MAX];

	for (uint16_t i = 0; i < w->nslots; i++)
		side[i] = rng_chance(&w->rng, 500);
	if (w->has_twin) /* a twin is where its brother is not */
		side[w->n] = !side[w->nodes[w->n].member];
	for (uint16_t i = 0; i < w->nslots; i++)
		for (uint16_t j = 0; j < i; j++)
			if (side[i] != side[j] && i != both && j != both)
				set_cut(w, i, j, CUT_KNOWN);
}

static void
split_one(struct world *w)
{
	uint16_t one = (uint16_t)rng_below(&w->rng, w->nslots);

	for (uint16_t i = 0; i < w->nslots; i++)
		if (i != one)
			set_cut(w, i, one, CUT_KNOWN);
}

static void
split_oneway(struct world *w)
{
	for (uint16_t i = 0; i < w->nslots; i++)
		for (uint16_t j = 0; j < w->nslots; j++)
			if (i != j && rng_chance(&w->rng, 250))
				w->nodes[i].cut[j] = CUT_SILENT;
}

/* Until the next partition one node hears no proposals and prevotes, and its
 * own proposals are lost: it goes from round to round by the precommits of the
 * others. */
static void
make_deaf(struct world *w)
{
	w->deaf = (uint16_t)(1 + rng_below(&w->rng, w->nslots));
}

static bool
is_lost_on(const struct world *w, const struct world_event *e,
    const uint8_t *data, size_t len)
{
	struct wire_msg m;
	bool lost;

	if (w->deaf == 0 || (e->node != w->deaf - 1 && e->from != w->deaf - 1))
		return false;
	if (wire_decode(data, len, WORLD_DIM, &m) != WIRE_OK)
		return false;
	lost = m.type == WIRE_PROPOSAL ||
	    (m.type == WIRE_VOTE && m.u.vote.type == VOTE_PREVOTE &&
		e->node == w->deaf - 1);
	wire_msg_close(&m);
	return lost;
}

void
net_split(struct world *w)
{
	heal(w);
	w->deaf = 0;
	if (!world_is_calm(w)) {
		switch (rng_below(&w->rng, 8)) {
		case 0:
		case 1:
			split_halves(w, false);
			world_count(w, COUNT_SPLIT_HALVES);
			break;
		case 2:
			split_halves(w, true);
			world_count(w, COUNT_SPLIT_BRIDGE);
			break;
		case 3:
			split_one(w);
			world_count(w, COUNT_SPLIT_ONE);
			break;
		case 4:
			split_oneway(w);
			world_count(w, COUNT_SPLIT_ONEWAY);
			break;
		case 5:
			make_deaf(w);
			world_count(w, COUNT_DEAF);
			break;
		default:
			break; /* whole for a while */
		}
		world_push(w,
		    (struct world_event){.type = WORLD_SPLIT,
			.at = w->now + 1 +
			    rng_below(&w->rng, 2 * w->faults.split_ms)});
	}
	net_links(w);
}

void
net_halves(struct world *w)
{
	for (uint16_t i = 0; i < w->nslots; i++)
		for (uint16_t j = (uint16_t)(i + 1); j < w->nslots; j += 2)
			set_cut(w, i, j, CUT_KNOWN);
	net_links(w);
}

/* a closes its link to b, who dials again later. */
void
net_mute(struct world *w, uint16_t a, uint16_t b)
{
	uint64_t until = w->now + 500 + rng_below(&w->rng, 2500);

	world_count(w, COUNT_MUTED);
	w->nodes[a].mute_until[b] = w->nodes[b].mute_until[a] = until;
	world_push(w, (struct world_event){.type = WORLD_LINKS, .at = w->now});
	world_push(w, (struct world_event){.type = WORLD_LINKS, .at = until});
}

/* When a message arrives; false: never. */
static bool
travel(struct world *w, uint64_t *at)
{
	const struct faults *f = &w->faults;

	*at = w->now + 1 + rng_below(&w->rng, 20);
	if (w->setup.steady || w->setup.dead)
		*at = w->now + 10;
	if (world_is_calm(w))
		return true;
	if (rng_chance(&w->rng, f->loss)) {
		world_count(w, COUNT_LOST);
		return false;
	}
	if (f->delay_ms > 0)
		*at += rng_below(&w->rng, f->delay_ms);
	if (rng_chance(&w->rng, f->slow)) {
		world_count(w, COUNT_SLOW);
		*at += rng_below(&w->rng, 3000);
	}
	return true;
}

static void
deliver(struct world *w, struct world_event e, const uint8_t *data, size_t len)
{
	e.data = malloc(len + 1);
	assert(e.data != NULL);
	if (len > 0)
		memcpy(e.data, data, len);
	e.len = len;
	world_push(w, e);
}

void
net_send_at(struct world *w, const struct world_event *e, const uint8_t *data,
    size_t len)
{
	if (e->at >= w->now && is_linked(w, e->from, e->node))
		deliver(w, *e, data, len);
}

void
net_send(struct world *w, uint16_t from, uint16_t to, const uint8_t *data,
    size_t len)
{
	struct world_event e = {.type = WORLD_DELIVER,
	    .node = to,
	    .from = from};

	if (is_same(w, to, from) || !is_linked(w, from, to) ||
	    w->nodes[from].cut[to] != CUT_NOT)
		return;
	if (w->setup.latency != NULL) {
		e.at = latency_arrival(w, from, to, len);
		deliver(w, e, data, len);
		return;
	}
	if (is_lost_on(w, &e, data, len) || !travel(w, &e.at))
		return;
	if (w->in_order) {
		uint64_t *last = &w->nodes[from].served_at[to];

		e.at = e.at > *last ? e.at : *last + 1;
		*last = e.at;
	}
	deliver(w, e, data, len);
	if (world_is_calm(w) || !rng_chance(&w->rng, w->faults.twice))
		return;
	world_count(w, COUNT_TWICE);
	e.at += rng_below(&w->rng, 2000);
	deliver(w, e, data, len);
}

void
net_broadcast(struct world *w, uint16_t from, const struct replica_action *a)
{
	for (uint16_t i = 0; i < w->nslots; i++)
		if (a->peer == REPLICA_ALL ||
		    (int)a->peer == members_peer(w, from, i))
			net_send(w, from, i, a->data, a->len);
}
