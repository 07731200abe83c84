#include "consensus/privacy/budget.h"

#include <assert.h>

void
budget_open(struct budget *b, const struct rdp_target *t)
{
	*b = (struct budget){.target = *t};
	rdp_budget(t, &b->cap);
}

/* Steps that fit below the cap of one order. */
static uint64_t
room_at(int64_t cap, int64_t spent, int64_t cost, uint64_t want)
{
	uint64_t n;

	assert(cost > 0 && spent >= 0);
	if (cap <= 0 || spent >= cap)
		return 0;
	n = (uint64_t)(cap - spent) / (uint64_t)cost;
	return n < want ? n : want;
}

uint64_t
budget_room(const struct budget *b, const struct rdp_table *cost, uint64_t want)
{
	uint64_t best = 0;

	for (unsigned i = 0; i < RDP_ORDERS; i++) {
		uint64_t n = room_at(b->cap.nano[i], b->spent.nano[i],
		    cost->nano[i], want);

		if (n > best)
			best = n;
	}
	return best;
}

/* An order whose account is full stays full: sums saturate. */
static int64_t
add_cost(int64_t spent, int64_t cost, uint64_t n)
{
	uint64_t left = (uint64_t)(INT64_MAX - spent) / (uint64_t)cost;

	return n <= left ? spent + (int64_t)n * cost : INT64_MAX;
}

bool
budget_charge(struct budget *b, const struct rdp_table *cost, uint64_t n)
{
	if (budget_room(b, cost, n) < n)
		return false;
	for (unsigned i = 0; i < RDP_ORDERS; i++)
		b->spent.nano[i] = add_cost(b->spent.nano[i], cost->nano[i], n);
	b->steps += n;
	return true;
}

void
budget_inherit(struct budget *b, const struct budget *parent)
{
	b->spent = parent->spent;
	b->steps = parent->steps;
}
