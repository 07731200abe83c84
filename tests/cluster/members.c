#include "tests/cluster/members.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/cluster/state.h"

bool
members_has(const struct world *w)
{
	const struct world_setup *s = &w->setup;

	return (s->members || s->seed % 8 == 6) && !s->steady && !s->dead &&
	    !s->halves && w->n + MEMBERS_LATER <= FEDERATION_MAX_MEMBERS;
}

void
members_found(struct world *w)
{
	struct economy *e = &w->fed.economy;

	if (!members_has(w))
		return;
	if (e->cap == 0)
		*e = ECONOMY_DEFAULT;
	e->voting_period = 3 + (uint32_t)(w->setup.seed / 8 % 4);
	e->voting_extension = 0;
	e->voting_lock = 0;
}

static void
make_machine(struct world *w, uint16_t slot)
{
	uint8_t seed[SIGN_SEED_LEN] = {(uint8_t)(slot + 1), 0x6d};
	struct member *m = &w->members.machine[slot];
	int rc = sign_key_new(seed, &w->keys[slot]);

	assert(rc == 0);
	m->sign = sign_key_public(w->keys[slot]);
	m->network[0] = (uint8_t)(slot + 1);
	m->network[1] = 0x6d;
	m->id = member_id(&m->sign, m->network);
	snprintf(m->name, sizeof(m->name), "late%u", slot);
	m->power = m->weight = 1;
}

void
members_open(struct world *w)
{
	struct members *m = &w->members;
	struct members_set *s;

	m->sets = s = calloc(1, sizeof(*s));
	m->nsets = 1;
	m->now.n = s->n = w->n;
	for (uint16_t i = 0; i < w->n; i++) {
		m->machine[i] = w->fed.members[i];
		m->now.seat[i] = (struct members_seat){SEAT_MEMBER, i, i,
		    w->fed.members[i].power, false};
		m->now.spent[i] = true;
		s->slot[i] = i;
		s->power[i] = w->fed.members[i].power;
		s->total += s->power[i];
	}
	if (!members_has(w))
		return;
	m->motions = calloc(MEMBERS_MOTIONS, sizeof(*m->motions));
	assert(m->motions != NULL);
	for (uint16_t i = w->n; i < w->n + MEMBERS_LATER; i++)
		make_machine(w, i);
}

void
members_close(struct world *w)
{
	free(w->members.sets);
	free(w->members.motions);
	for (uint16_t i = 0; i < w->nslots; i++)
		free(w->nodes[i].who);
	for (uint16_t i = w->n; i < MEMBERS_SLOTS; i++)
		sign_key_free(w->keys[i]);
}

const struct members_set *
members_at(const struct world *w, uint64_t height)
{
	size_t i = w->members.nsets - 1;

	while (i > 0 && w->members.sets[i].from > height)
		i--;
	return &w->members.sets[i];
}

bool
members_quorum(const struct world *w, uint64_t height, uint64_t power)
{
	return 3 * power > 2 * members_at(w, height)->total;
}

uint16_t
members_slot(const struct world *w, uint64_t height, uint16_t seat)
{
	const struct members_set *s = members_at(w, height);

	return seat < s->n && s->power[seat] > 0 ? s->slot[seat]
						 : MEMBERS_NO_SLOT;
}

const struct sign_public *
members_key(const struct world *w, uint64_t height, uint16_t seat)
{
	uint16_t slot = members_slot(w, height, seat);

	return slot == MEMBERS_NO_SLOT ? NULL : &w->members.machine[slot].sign;
}

bool
members_liar(const struct world *w, uint16_t seat)
{
	for (size_t i = 0; i < w->members.nsets; i++) {
		const struct members_set *s = &w->members.sets[i];

		if (seat < s->n && s->power[seat] > 0 &&
		    w->nodes[s->slot[seat]].liar)
			return true;
	}
	return false;
}

bool
members_needed(const struct world *w, uint16_t slot)
{
	const uint64_t height = w->result->heights + 1;

	for (unsigned k = 0; k < 2; k++) {
		const struct members_set *s = members_at(w, height + k);

		for (uint16_t i = 0; i < s->n; i++)
			if (s->power[i] > 0 && s->slot[i] == slot)
				return true;
	}
	return false;
}

bool
members_certified(const struct world *w, const struct commit *c)
{
	const struct members_set *s = members_at(w, c->height);
	uint64_t power = 0;

	for (uint16_t i = 0; i < c->nsigs; i++) {
		struct vote v = commit_vote(c, i);
		const struct sign_public *key =
		    members_key(w, c->height, v.validator);

		if (key == NULL || v.type != VOTE_PRECOMMIT ||
		    (i > 0 && v.validator <= c->validators[i - 1]) ||
		    !vote_verify(&v, key, &w->fed_id))
			return false;
		power += s->power[v.validator];
	}
	return 3 * power > 2 * s->total;
}

int
members_peer(const struct world *w, uint16_t a, uint16_t b)
{
	const struct roster *r = w->nodes[a].who;
	const uint8_t *network = w->members.machine[b].network;

	if (r == NULL)
		return w->nodes[b].member;
	for (uint16_t i = 0; i < r->f.nmembers; i++)
		if (memcmp(r->m[i].network, network, 32) == 0)
			return i;
	return -1;
}

void
members_follow(struct world *w, uint16_t slot)
{
	struct world_node *n = &w->nodes[slot];
	const struct ledger *l = replica_ledger(n->replica);

	if (!members_has(w))
		return;
	if (n->who == NULL) {
		n->who = calloc(1, sizeof(*n->who));
		assert(n->who != NULL);
		roster_open(n->who, &w->fed, &w->members.machine[slot].id);
	}
	/* A liar goes on in the name that it had. */
	if (!n->liar || replica_self(n->replica) != REPLICA_NOBODY)
		n->member = replica_self(n->replica);
	if (roster_follow(n->who, l))
		world_push(w,
		    (struct world_event){.type = WORLD_LINKS, .at = w->now});
}

/* Those with power and their keys, as the transactions say. */
static bool
is_same(const struct world *w, const struct seats *s, uint64_t height)
{
	const struct members_set *want = members_at(w, height);
	uint64_t total = 0;

	for (uint16_t i = 0; i < s->n; i++) {
		const struct sign_public *key = members_key(w, height, i);
		uint32_t power = key != NULL ? want->power[i] : 0;

		total += power;
		if (s->m[i].power != power ||
		    (s->state[i] == SEAT_MEMBER) != (power > 0) ||
		    (key != NULL &&
			memcmp(key, &s->m[i].sign, sizeof(*key)) != 0))
			return false;
	}
	return total == want->total;
}

/* Who may sign the next block, by what this node checks signatures with. */
static bool
is_in_force(const struct world *w, const struct ledger *l, uint64_t height)
{
	const struct members_set *want = members_at(w, height);

	for (uint16_t i = 0; i < FEDERATION_MAX_MEMBERS; i++) {
		const struct sign_public *key = members_key(w, height, i);

		if (ledger_powers(l)[i] != (key != NULL ? want->power[i] : 0) ||
		    ledger_active(l, i) != (key != NULL))
			return false;
		if (key != NULL &&
		    memcmp(key, &ledger_member(l, i)->sign, sizeof(*key)) != 0)
			return false;
	}
	return true;
}

void
members_applied(struct world *w, uint16_t slot, uint64_t height)
{
	const struct ledger *l = replica_ledger(w->nodes[slot].replica);

	if (!members_has(w))
		return;
	w->nodes[slot].moved = true;
	/* An action later than the block's own: the ledger may have moved. */
	if (ledger_height(l) != height || w->nodes[slot].liar)
		return;
	world_count(w, COUNT_CHECK_SEATS);
	if (!is_in_force(w, l, height + 1))
		world_fail(w, "node %u has other members for height %" PRIu64,
		    slot, height + 1);
	if (!is_same(w, ledger_seats(l), height + 2))
		world_fail(w, "node %u has other members for height %" PRIu64,
		    slot, height + 2);
}

void
members_sent(struct world *w, uint16_t slot, uint64_t height, uint16_t seat)
{
	if (!members_has(w))
		return;
	if (members_slot(w, height, seat) != slot)
		world_fail(w,
		    "node %u signs at height %" PRIu64
		    " for seat %u, which is not its own then",
		    slot, height, seat);
	if (slot >= w->n)
		world_count(w, COUNT_LATER_SIGNED);
}
