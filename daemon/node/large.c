#include "daemon/node/large.h"

#include <assert.h>

#include "proto/frame.h"

size_t
large_share(const struct large *g)
{
	size_t window = frame_class_window(FRAME_D);
	size_t share = frame_class_max(FRAME_D) / g->nmembers;

	return share > window ? share : window;
}

/* Of those who wait; the first of equals. */
static const struct large_claim *
next_one(const struct large *g)
{
	const struct large_claim *best = NULL;

	for (const struct large_claim *c = g->first; c != NULL; c = c->next) {
		if (c->held)
			continue;
		if (best == NULL ||
		    g->took_ms[c->member] < g->took_ms[best->member])
			best = c;
	}
	return best;
}

bool
large_ask(struct large *g, struct large_claim *c, uint64_t now_ms)
{
	struct large_claim **last = &g->first;

	assert(c->member < FEDERATION_MAX_MEMBERS);
	if (!c->asked) {
		while (*last != NULL)
			last = &(*last)->next;
		*last = c;
		c->next = NULL;
		c->asked = true;
	}
	if (!c->held && g->held < LARGE_PLACES && next_one(g) == c) {
		c->held = true;
		c->since_ms = now_ms;
		c->came = 0;
		g->held++;
	}
	return c->held;
}

static bool
is_farthest(const struct large *g, const struct large_claim *c)
{
	for (const struct large_claim *o = g->first; o != NULL; o = o->next) {
		if (o->held && o->came > c->came)
			return false;
	}
	return true;
}

static bool
is_overdue(const struct large *g, const struct large_claim *c, uint64_t now_ms)
{
	uint64_t may = g->hold_ms;

	if (!c->held || now_ms - c->since_ms < may)
		return false;
	return now_ms - c->since_ms >= LARGE_LEAD * may || !is_farthest(g, c);
}

bool
large_must_go(const struct large *g, const struct large_claim *c,
    uint64_t now_ms)
{
	if (g->held < LARGE_PLACES || next_one(g) == NULL ||
	    !is_overdue(g, c, now_ms))
		return false;
	for (const struct large_claim *o = g->first; o != NULL; o = o->next) {
		if (is_overdue(g, o, now_ms) &&
		    o->came * (now_ms - c->since_ms) <
			c->came * (now_ms - o->since_ms))
			return false;
	}
	return true;
}

void
large_done(struct large *g, struct large_claim *c, uint64_t now_ms)
{
	struct large_claim **at;

	if (!c->asked)
		return;
	for (at = &g->first; *at != c; at = &(*at)->next)
		assert(*at != NULL);
	*at = c->next;
	if (c->held) {
		g->took_ms[c->member] = now_ms - c->since_ms;
		g->held--;
	}
	c->asked = c->held = false;
	c->next = NULL;
}
