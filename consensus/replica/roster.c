#include "consensus/replica/roster.h"

#include <string.h>

void
roster_open(struct roster *r, const struct federation *f,
    const struct hash *own)
{
	*r = (struct roster){.f = *f};
	memcpy(r->m, f->members, f->nmembers * sizeof(r->m[0]));
	r->f.members = r->m;
	r->m[ROSTER_NOBODY] = (struct member){.name = "guest", .id = *own};
}

static bool
same(const struct member *a, const struct member *b)
{
	return hash_equal(&a->id, &b->id) &&
	    memcmp(a->name, b->name, sizeof(a->name)) == 0 &&
	    memcmp(a->address, b->address, sizeof(a->address)) == 0 &&
	    memcmp(&a->sign, &b->sign, sizeof(a->sign)) == 0 &&
	    memcmp(a->network, b->network, sizeof(a->network)) == 0 &&
	    a->power == b->power && a->weight == b->weight;
}

/* Of two machines that matter at one seat, the one that votes next. */
static const struct member *
in_seat(const struct seats *now, const struct seats *next, uint16_t i)
{
	const struct member *m = &next->m[i], *old = &now->m[i];

	if (i >= now->n ||
	    memcmp(m->network, old->network, sizeof(m->network)) == 0)
		return m;
	if (now->state[i] == SEAT_MEMBER && next->state[i] == SEAT_MEMBER)
		return old;
	/* Whoever waits for these keys' seat waited here. */
	return now->state[i] == SEAT_CANDIDATE && next->state[i] == SEAT_FREE
	    ? old
	    : m;
}

void
roster_expect(struct roster *r, const struct member *host)
{
	r->host = *host;
	r->expecting = true;
}

/* s->n: nowhere, for the chain knows him. */
static uint16_t
seat_of_host(struct roster *r, const struct seats *s)
{
	uint16_t i = 0;

	if (r->expecting && seats_find(s, r->host.network) >= 0)
		r->expecting = false;
	if (!r->expecting || s->n == 0)
		return s->n;
	while (i + 1 < s->n && strcmp(s->m[i].name, r->host.name) != 0)
		i++;
	return i;
}

static void
put_host(struct member *m, const struct member *host)
{
	memcpy(m->name, host->name, sizeof(m->name));
	memcpy(m->address, host->address, sizeof(m->address));
	memcpy(m->network, host->network, sizeof(m->network));
}

bool
roster_follow(struct roster *r, const struct ledger *l)
{
	const struct seats *now = ledger_seats_now(l), *s = ledger_seats(l);
	const uint64_t height = ledger_height(l);
	const uint16_t host = seat_of_host(r, s);
	bool changed = r->f.nmembers != s->n;

	r->f.nmembers = s->n;
	for (uint16_t i = 0; i < s->n; i++) {
		struct member m = *in_seat(now, s, i);

		if (s->state[i] != SEAT_LEFT)
			r->left[i] = 0;
		else if (r->left[i] == 0)
			r->left[i] = height + 1;
		if ((s->state[i] == SEAT_FREE &&
			(i >= now->n || now->state[i] != SEAT_CANDIDATE)) ||
		    (r->left[i] > 0 && height > r->left[i] + ROSTER_GRACE)) {
			memset(m.network, 0, sizeof(m.network));
			memset(m.address, 0, sizeof(m.address));
		}
		if (i == host)
			put_host(&m, &r->host);
		if (same(&m, &r->m[i]))
			continue;
		r->m[i] = m;
		changed = true;
	}
	return changed;
}
