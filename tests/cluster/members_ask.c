/*
 * members_ask.c - what members ask for and say about it.
 *
 * Nothing is asked for after which liars could have a third of the power,
 * whichever of the changes under way come true.
 */
#include <string.h>

#include "consensus/books/body.h"
#include "consensus/books/view.h"
#include "tests/cluster/state.h"

#define ASK_TRIES 8
#define ASK_AGAIN 4 /* heights, before a vote is sent once more */

/* Who comes later knows the founders' keys alone: one of them has to be there,
 * or the newcomer finds nobody to ask for blocks. */
static bool
is_safe(const struct world *w, const struct members_table *t)
{
	uint64_t total = 0, bad = 0;
	unsigned known = 0;

	for (uint16_t i = 0; i < t->n; i++) {
		if (t->seat[i].state != SEAT_MEMBER)
			continue;
		total += t->seat[i].power;
		if (w->nodes[t->seat[i].slot].liar || t->seat[i].heir)
			bad += t->seat[i].power;
		else
			known += t->seat[i].slot < w->n;
	}
	return known > 0 && 3 * bad < total;
}

/* With any of the changes under way, and with none. */
static bool
is_always_safe(const struct world *w, const struct payload *p)
{
	const struct members *m = &w->members;

	for (unsigned mask = 0; mask < 1u << MEMBERS_PENDING; mask++) {
		struct members_table t = m->now, next;
		uint64_t moved = 0;

		for (unsigned k = 0; k < MEMBERS_PENDING; k++) {
			next = t;
			if (mask >> k & 1 && m->wish[k].on &&
			    members_change(w, &next, &m->wish[k].what, &moved))
				t = next;
			/* Each may come in a block of its own. */
			memset(t.turned, 0, sizeof(t.turned));
		}
		next = t;
		if (members_change(w, &next, p, &moved) && !is_safe(w, &next))
			return false;
	}
	return true;
}

static void
take_keys(const struct world *w, struct payload *p, uint16_t slot)
{
	const struct hash none = {{0}};
	struct hash digest;

	p->member.m = w->members.machine[slot];
	digest = payload_proof(&p->member.m);
	sign_message(w->keys[slot], PAYLOAD_PROOF_CONTEXT, &none, &digest,
	    &p->member.proof);
}

/* Something, possible or not. */
static void
draw(struct world *w, struct payload *p)
{
	const struct members *m = &w->members;
	uint16_t later = (uint16_t)(w->n + rng_below(&w->txrng, MEMBERS_LATER));
	const struct members_seat *s =
	    &m->now.seat[rng_below(&w->txrng, m->now.n)];
	static const enum payload_member_op ops[] = {PAYLOAD_MEMBER_ADD,
	    PAYLOAD_MEMBER_ADD, PAYLOAD_MEMBER_REMOVE, PAYLOAD_MEMBER_POWER,
	    PAYLOAD_MEMBER_ROTATE, PAYLOAD_MEMBER_ROTATE};

	memset(p, 0, sizeof(*p));
	p->member.op = (uint8_t)ops[rng_below(&w->txrng, 6)];
	p->member.seat = m->machine[s->founder].id;
	if (p->member.op == PAYLOAD_MEMBER_ADD ||
	    p->member.op == PAYLOAD_MEMBER_ROTATE)
		take_keys(w, p, later);
	p->member.m.weight = 1;
	p->member.m.power = 1 + (uint32_t)rng_below(&w->txrng, 2);
}

static bool
find_wish(struct world *w, struct payload *p)
{
	for (unsigned k = 0; k < ASK_TRIES; k++) {
		struct members_table t = w->members.now;
		uint64_t moved = 0;

		draw(w, p);
		if (members_change(w, &t, p, &moved) &&
		    members_small(&w->members.now, &t, moved) &&
		    is_always_safe(w, p))
			return true;
	}
	return false;
}

static uint8_t
ask(struct world *w, const struct ledger *l, struct bytes_writer *out)
{
	struct body_propose body = {.kind = PROPOSAL_MEMBER, .title = "x"};
	struct bytes_writer bytes = BYTES_WRITER_INIT;
	struct members_wish *x = w->members.wish;

	while (x < &w->members.wish[MEMBERS_PENDING] && x->on)
		x++;
	if (x == &w->members.wish[MEMBERS_PENDING] || !find_wish(w, &x->what))
		return 0;
	payload_put(&bytes, PROPOSAL_MEMBER, &x->what);
	body.payload = bytes.data;
	body.len = (uint32_t)bytes.len;
	body_propose_put(out, &body);
	x->hash = hash_bytes("qml.payload", bytes.data, bytes.len);
	bytes_writer_close(&bytes);
	x->on = true;
	x->since = w->members.nmotions;
	x->expires = ledger_height(l) + MEMBERS_EXPIRES;
	return TX_PROPOSE;
}

uint8_t
members_put(struct world *w, uint16_t slot, struct bytes_writer *out)
{
	struct world_node *n = &w->nodes[slot];
	const struct ledger *l = replica_ledger(n->replica);
	const struct books *books = ledger_books(l);
	struct members *m = &w->members;
	const struct motion *x;

	if (!members_has(w))
		return 0;
	for (size_t i = 0; (x = books_motion_at(books, i)) != NULL; i++) {
		struct body_ballot v = {.proposal = x->p.id};

		if (x->p.kind != PROPOSAL_MEMBER ||
		    x->p.state != PROPOSAL_OPEN ||
		    x->p.votes[n->member] != VOTE_NONE ||
		    (m->voted[slot] >= x->p.id &&
			ledger_height(l) < m->voted_at[slot] + ASK_AGAIN))
			continue;
		m->voted[slot] = x->p.id;
		m->voted_at[slot] = ledger_height(l);
		v.option = rng_chance(&w->txrng, 900) ? VOTE_YES : VOTE_NO;
		body_ballot_put(out, &v);
		return TX_VOTE;
	}
	return rng_chance(&w->txrng, 400) ? ask(w, l, out) : 0;
}
