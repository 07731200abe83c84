/*
 * members_seen.c - who sits where, from the transactions of decided blocks.
 *
 * Proposals, votes and what they change, worked out by other means than those
 * of consensus/: counting and nothing else.
 */
#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "consensus/books/body.h"
#include "tests/cluster/state.h"

static uint16_t
slot_of_key(const struct world *w, const struct sign_public *key)
{
	for (uint16_t i = 0; i < w->nslots; i++)
		if (memcmp(&w->members.machine[i].sign, key, sizeof(*key)) == 0)
			return i;
	return MEMBERS_NO_SLOT;
}

static int
seat_of_slot(const struct members_table *t, uint16_t slot)
{
	for (uint16_t i = 0; i < t->n; i++)
		if (t->seat[i].state != SEAT_FREE && t->seat[i].slot == slot)
			return i;
	return -1;
}

static int
free_seat(const struct members_table *t)
{
	uint16_t i = 0;

	while (i < t->n && t->seat[i].state != SEAT_FREE)
		i++;
	return i < FEDERATION_MAX_MEMBERS ? i : -1;
}

static void
sit(struct members_table *t, int seat, const struct members_seat *s)
{
	t->seat[seat] = *s;
	if (seat == t->n)
		t->n++;
}

/* Keys that have never been a member's. */
static bool
is_new(const struct members_table *t, uint16_t slot)
{
	int seat = seat_of_slot(t, slot);

	return slot != MEMBERS_NO_SLOT && !t->spent[slot] &&
	    (seat < 0 || t->seat[seat].state == SEAT_CANDIDATE);
}

static bool
add(struct members_table *t, uint16_t slot, uint32_t power, uint64_t *moved)
{
	const struct members_seat s = {SEAT_MEMBER, slot, slot, power, false};
	int seat = seat_of_slot(t, slot);

	if (!is_new(t, slot))
		return false;
	if (seat < 0)
		seat = free_seat(t);
	if (seat < 0)
		return false;
	*moved += power;
	sit(t, seat, &s);
	t->spent[slot] = true;
	return true;
}

static bool
rotate(const struct world *w, struct members_table *t, struct members_seat *s,
    uint16_t slot, uint64_t *moved)
{
	int own = seat_of_slot(t, slot);
	size_t i = (size_t)(s - t->seat);

	if (!is_new(t, slot) || t->turned[i])
		return false;
	t->turned[i] = t->spent[slot] = true;
	if (own >= 0)
		t->seat[own] = (struct members_seat){0};
	*moved += s->power;
	/* Every second machine is one of the same member's. */
	s->heir = (s->heir || w->nodes[s->slot].liar) && slot % 2 == 0;
	s->slot = slot;
	return true;
}

static bool
remove_seat(struct members_table *t, struct members_seat *s, uint64_t *moved)
{
	*moved += s->power;
	s->power = 0;
	s->state = SEAT_LEFT;
	for (uint16_t i = 0; i < t->n; i++)
		if (t->seat[i].state == SEAT_MEMBER)
			return true;
	return false;
}

static bool
weigh(struct members_seat *s, uint32_t power, uint64_t *moved)
{
	*moved += s->power > power ? s->power - power : power - s->power;
	s->power = power;
	return true;
}

bool
members_change(const struct world *w, struct members_table *t,
    const struct payload *p, uint64_t *moved)
{
	uint16_t slot = slot_of_key(w, &p->member.m.sign);
	struct members_seat *s = NULL;

	if (p->member.op == PAYLOAD_MEMBER_ADD)
		return add(t, slot, p->member.m.power, moved);
	for (uint16_t i = 0; i < t->n; i++)
		if (t->seat[i].state == SEAT_MEMBER &&
		    hash_equal(&p->member.seat,
			&w->members.machine[t->seat[i].founder].id))
			s = &t->seat[i];
	if (s == NULL)
		return false;
	if (p->member.op == PAYLOAD_MEMBER_REMOVE)
		return remove_seat(t, s, moved);
	if (p->member.op == PAYLOAD_MEMBER_POWER)
		return weigh(s, p->member.m.power, moved);
	return rotate(w, t, s, slot, moved);
}

/* At most a third; of fewer than four members one, none above the heaviest. */
bool
members_small(const struct members_table *before,
    const struct members_table *after, uint64_t moved)
{
	uint64_t total = 0, heaviest = 0;
	unsigned members = 0, changed = 0;

	for (uint16_t i = 0; i < after->n; i++) {
		const struct members_seat *a = &after->seat[i];
		const struct members_seat none = {.state = SEAT_FREE};
		const struct members_seat *b =
		    i < before->n ? &before->seat[i] : &none;

		total += b->power;
		members += b->power > 0;
		heaviest = b->power > heaviest ? b->power : heaviest;
		changed += (a->power > 0 || b->power > 0) &&
		    (a->power != b->power || a->slot != b->slot);
	}
	return 3 * moved <= total ||
	    (members < 4 && changed == 1 && moved <= heaviest);
}

static void
seen_proposal(struct world *w, const struct block *b, const struct tx *t)
{
	struct bytes_reader r = bytes_reader_of(t->body, t->len);
	struct members *m = &w->members;
	const struct members_set *s = members_at(w, b->header.height);
	struct members_motion *x = &m->motions[m->nmotions++];
	struct body_propose p = {0};

	assert(m->nmotions < MEMBERS_MOTIONS);
	body_propose_get(&r, &p);
	x->open = true;
	x->at = b->header.height;
	x->end = x->at + w->fed.economy.voting_period;
	x->about_members = p.kind == PROPOSAL_MEMBER &&
	    payload_get(p.kind, p.payload, p.len, &x->what);
	x->payload = hash_bytes("qml.payload", p.payload, p.len);
	x->slot = MEMBERS_NO_SLOT;
	if (x->about_members &&
	    (x->what.member.op == PAYLOAD_MEMBER_ADD ||
		x->what.member.op == PAYLOAD_MEMBER_ROTATE))
		x->slot = slot_of_key(w, &x->what.member.m.sign);
	for (uint16_t i = 0; i < s->n; i++)
		x->voter[i] = s->power[i] > 0;
}

static void
seen_vote(struct world *w, const struct block *b, const struct tx *t)
{
	struct bytes_reader r = bytes_reader_of(t->body, t->len);
	const struct members_set *s = members_at(w, b->header.height);
	uint16_t slot = slot_of_key(w, &t->sender);
	struct members *m = &w->members;
	struct body_ballot v = {0};

	body_ballot_get(&r, &v);
	for (uint16_t i = 0; i < s->n; i++)
		if (s->power[i] > 0 && s->slot[i] == slot && v.proposal > 0 &&
		    v.proposal <= m->nmotions)
			m->motions[v.proposal - 1].said[i] = v.option;
}

/* One seat, one vote: half of them speak, more than two thirds of who takes
 * a side say yes, less than a third of all who speak object. */
static bool
has_passed(const struct members_motion *x)
{
	uint64_t said[VOTE_ABSTAIN + 1] = {0}, voters = 0, cast, sides;

	for (uint16_t i = 0; i < FEDERATION_MAX_MEMBERS; i++) {
		voters += x->voter[i];
		if (x->voter[i])
			said[x->said[i]]++;
	}
	cast = voters - said[VOTE_NONE];
	sides = cast - said[VOTE_ABSTAIN];
	return cast > 0 && 2 * cast >= voters && sides > 0 &&
	    1000 * said[VOTE_VETO] < 334 * cast &&
	    1000000 * said[VOTE_YES] > 666667 * sides;
}

/* By who has more than a third of the power at that height. */
static bool
is_backed(const struct world *w, const struct members_motion *x,
    uint64_t height)
{
	const struct members_set *s = members_at(w, height);
	uint64_t yes = 0;

	for (uint16_t i = 0; i < s->n; i++)
		if (x->voter[i] && x->said[i] == VOTE_YES)
			yes += s->power[i];
	return 3 * yes > s->total;
}

static void
count_change(struct world *w, const struct members_motion *x, bool done)
{
	static const enum count of[] = {[PAYLOAD_MEMBER_ADD] =
					    COUNT_MEMBER_ADDED,
	    [PAYLOAD_MEMBER_REMOVE] = COUNT_MEMBER_REMOVED,
	    [PAYLOAD_MEMBER_POWER] = COUNT_MEMBER_WEIGHED,
	    [PAYLOAD_MEMBER_ROTATE] = COUNT_MEMBER_ROTATED};

	world_count(w, done ? of[x->what.member.op] : COUNT_MEMBER_REFUSED);
	if (w->setup.trace)
		printf("%8" PRIu64 " motion %zu: op %u %s\n", w->now,
		    (size_t)(x - w->members.motions) + 1, x->what.member.op,
		    done ? "is done" : "comes to nothing");
}

/* Votes end, and what they decided is done, in order. */
static void
carry_out(struct world *w, uint64_t height)
{
	struct members *m = &w->members;
	const struct members_table before = m->now;
	uint64_t sum = 0;

	for (size_t i = 0; i < m->nmotions; i++) {
		struct members_motion *x = &m->motions[i];
		struct members_table after = m->now;
		uint64_t moved = sum;
		bool done;

		if (!x->open || height < x->end)
			continue;
		x->open = false;
		if (!x->about_members)
			continue;
		done = has_passed(x) && is_backed(w, x, height) &&
		    members_change(w, &after, &x->what, &moved) &&
		    members_small(&before, &after, moved);
		count_change(w, x, done);
		if (!done)
			continue;
		for (uint16_t k = 0; k < m->now.n; k++)
			if (after.seat[k].heir &&
			    !w->nodes[after.seat[k].slot].liar)
				liar_move(w, m->now.seat[k].slot,
				    after.seat[k].slot);
		m->now = after;
		sum = moved;
	}
	memset(m->now.turned, 0, sizeof(m->now.turned));
}

static void
nominate(struct world *w, uint64_t height)
{
	struct members *m = &w->members;
	bool named[MEMBERS_SLOTS] = {false};

	for (size_t i = 0; i < m->nmotions; i++) {
		const struct members_motion *x = &m->motions[i];
		const struct members_seat s = {SEAT_CANDIDATE, x->slot, x->slot,
		    0, false};
		int seat;

		if (!x->open || x->slot == MEMBERS_NO_SLOT)
			continue;
		named[x->slot] = true;
		seat = seat_of_slot(&m->now, x->slot);
		if (x->at != height || seat >= 0)
			continue;
		seat = free_seat(&m->now);
		if (seat >= 0)
			sit(&m->now, seat, &s);
	}
	for (uint16_t i = 0; i < m->now.n; i++)
		if (m->now.seat[i].state == SEAT_CANDIDATE &&
		    !named[m->now.seat[i].slot])
			m->now.seat[i] = (struct members_seat){0};
}

/* From two heights on. */
static void
put_set(struct world *w, uint64_t height)
{
	struct members *m = &w->members;
	struct members_set s = {.from = height + 2, .n = m->now.n};
	const struct members_set *last = &m->sets[m->nsets - 1];

	for (uint16_t i = 0; i < s.n; i++) {
		if (m->now.seat[i].state != SEAT_MEMBER)
			continue;
		s.power[i] = m->now.seat[i].power;
		s.slot[i] = m->now.seat[i].slot;
		s.total += s.power[i];
	}
	if (s.n == last->n &&
	    memcmp(s.power, last->power, sizeof(s.power)) == 0 &&
	    memcmp(s.slot, last->slot, sizeof(s.slot)) == 0)
		return;
	m->sets = realloc(m->sets, (m->nsets + 1) * sizeof(*m->sets));
	assert(m->sets != NULL);
	m->sets[m->nsets++] = s;
}

/* What was asked for and is over makes room for another wish. */
static void
forget_wishes(struct world *w, uint64_t height)
{
	struct members *m = &w->members;

	for (unsigned k = 0; k < MEMBERS_PENDING; k++) {
		struct members_wish *x = &m->wish[k];
		bool there = false, open = false;

		for (size_t i = x->since; i < m->nmotions; i++) {
			if (!hash_equal(&m->motions[i].payload, &x->hash))
				continue;
			there = true;
			open = open || m->motions[i].open;
		}
		if ((there && !open) || (!there && height > x->expires))
			x->on = false;
	}
}

void
members_block(struct world *w, const struct block *b)
{
	const uint64_t height = b->header.height;

	if (!members_has(w))
		return;
	if (members_slot(w, height, b->header.proposer) == MEMBERS_NO_SLOT)
		world_fail(w, "block %" PRIu64 " is proposed by nobody",
		    height);
	for (uint16_t i = 0; i < b->header.ntxs; i++) {
		if (b->txs[i]->kind == TX_PROPOSE)
			seen_proposal(w, b, b->txs[i]);
		if (b->txs[i]->kind == TX_VOTE)
			seen_vote(w, b, b->txs[i]);
	}
	carry_out(w, height);
	nominate(w, height);
	put_set(w, height);
	forget_wishes(w, height);
}
