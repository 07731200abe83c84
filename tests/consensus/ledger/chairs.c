#include "tests/consensus/ledger/chairs.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

bool
chairs_taken(const struct chairs *t, const struct chairs_wish *x, unsigned but)
{
	for (unsigned i = 0; i < t->n; i++)
		if (i != but && t->at[i].state == SEAT_MEMBER &&
		    (t->at[i].name == x->name ||
			(x->address != CHAIRS_NOBODY &&
			    t->at[i].address == x->address)))
			return true;
	return false;
}

unsigned
chairs_candidate(const struct chairs *t, uint8_t network)
{
	unsigned i = 0;

	while (i < t->n &&
	    (t->at[i].state != SEAT_CANDIDATE || t->at[i].network != network))
		i++;
	return i;
}

static unsigned
place_for(const struct chairs *t, uint8_t network)
{
	unsigned i = chairs_candidate(t, network);

	if (i < t->n)
		return i;
	for (i = 0; i < t->n && t->at[i].state != SEAT_FREE;)
		i++;
	return i;
}

void
chairs_place(struct chairs *t, const struct chairs_wish *x,
    enum seat_state state)
{
	unsigned i = place_for(t, x->network);

	assert_true(i < CHAIRS);
	t->n += i == t->n;
	t->at[i] = (struct chair){.state = state,
	    .sign = x->sign,
	    .network = x->network,
	    .name = x->name,
	    .address = x->address,
	    .first = {x->sign, x->network},
	    .power = state == SEAT_MEMBER ? x->power : 0};
}

static bool
spend(struct chairs *t, const struct chairs_wish *x)
{
	if (t->spent[0][x->sign] || t->spent[1][x->network])
		return false;
	return t->spent[0][x->sign] = t->spent[1][x->network] = true;
}

static bool
change(struct chairs *t, const struct chairs_wish *x)
{
	struct chair *c = &t->at[x->seat];
	unsigned own;

	if (x->op == PAYLOAD_MEMBER_ADD) {
		if (chairs_taken(t, x, CHAIRS) || !spend(t, x))
			return false;
		chairs_place(t, x, SEAT_MEMBER);
		return true;
	}
	if (c->state != SEAT_MEMBER)
		return false;
	if (x->op == PAYLOAD_MEMBER_POWER)
		c->power = x->power;
	if (x->op == PAYLOAD_MEMBER_REMOVE) {
		c->state = SEAT_LEFT;
		c->power = 0;
	}
	if (x->op != PAYLOAD_MEMBER_ROTATE)
		return true;
	if (c->turned || chairs_taken(t, x, x->seat) || !spend(t, x))
		return false;
	own = chairs_candidate(t, x->network);
	if (own < t->n)
		t->at[own] = (struct chair){.state = SEAT_FREE};
	c->sign = x->sign;
	c->network = x->network;
	c->address = x->address;
	c->turned = true;
	return true;
}

/* What changed hands, whatever on the way: a third; or, of fewer than four,
 * one seat by no more than the heaviest has. */
static bool
small(const struct chairs *a, const struct chairs *b, uint64_t moved)
{
	static const struct chair none = {.state = SEAT_FREE};
	unsigned members = 0, seats = 0;
	uint64_t all = 0, most = 0;

	for (unsigned i = 0; i < b->n; i++) {
		const struct chair *x = i < a->n ? &a->at[i] : &none;

		members += x->power > 0;
		all += x->power;
		most = x->power > most ? x->power : most;
		seats += x->power != b->at[i].power ||
		    (x->power > 0 && x->sign != b->at[i].sign);
	}
	return 3 * moved <= all || (members < 4 && seats == 1 && moved <= most);
}

static uint64_t
weight_of(const struct chairs *t, const struct chairs_wish *x)
{
	uint32_t had = x->op == PAYLOAD_MEMBER_ADD ? 0 : t->at[x->seat].power;

	if (x->op == PAYLOAD_MEMBER_ADD)
		return x->power;
	if (x->op == PAYLOAD_MEMBER_POWER)
		return had > x->power ? had - x->power : x->power - had;
	return had;
}

static bool
somebody_sits(const struct chairs *t)
{
	uint64_t all = 0;

	for (unsigned i = 0; i < t->n; i++)
		all += t->at[i].power;
	return all > 0;
}

/* *moved and *t change if it can be done. */
bool
chairs_do(struct chairs *t, const struct chairs *before,
    const struct chairs_wish *x, uint64_t *moved)
{
	uint64_t sum = *moved + weight_of(t, x);
	struct chairs after = *t;

	if (!change(&after, x) || !somebody_sits(&after) ||
	    !small(before, &after, sum))
		return false;
	*t = after;
	*moved = sum;
	return true;
}

struct chairs_wish
chairs_rotation(uint8_t seat, uint8_t sign, uint8_t network)
{
	return (struct chairs_wish){.op = PAYLOAD_MEMBER_ROTATE,
	    .seat = seat,
	    .sign = sign,
	    .network = network,
	    .name = CHAIRS_KEYS,
	    .address = CHAIRS_NOBODY,
	    .power = 1};
}

bool
chairs_backed(const struct motion *m, const struct chairs *voting)
{
	uint64_t yes = 0, all = 0;

	for (unsigned i = 0; i < voting->n; i++) {
		all += voting->at[i].power;
		if (i < m->p.nvoters && m->p.votes[i] == VOTE_YES)
			yes += voting->at[i].power;
	}
	return 3 * yes > all;
}
