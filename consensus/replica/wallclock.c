#include "consensus/replica/wallclock.h"

#include "consensus/replica/state.h"

void
wallclock_heard(const struct replica *r, struct replica_peer *p,
    const struct wire_status *s)
{
	/* A difference of unsigned numbers that no sum can wrap. */
	const int64_t limit = INT64_MAX / 4;
	int64_t ahead = (int64_t)(r->now.wall - s->wall_ms);

	if (ahead > limit)
		ahead = limit;
	p->ahead_ms = ahead < -limit ? -limit : ahead;
}

/* The power of those who find us ahead (or behind) by more than limit, and the
 * least of what they find. */
static uint64_t
power_of(const struct replica *r, int sign, int64_t limit, int64_t *least)
{
	const uint32_t *power = ledger_powers(r->ledger);
	uint64_t sum = 0;

	*least = INT64_MAX;
	for (uint16_t i = 0; i < r->n; i++) {
		const struct replica_peer *p = &r->peers[i];

		if (i == r->self || !p->up || !p->heard ||
		    sign * p->ahead_ms <= limit)
			continue;
		sum += power[i];
		if (sign * p->ahead_ms < *least)
			*least = sign * p->ahead_ms;
	}
	return sum;
}

int64_t
wallclock_off_ms(const struct replica *r)
{
	const struct timing *t = &ledger_params(r->ledger)->timing;
	const uint32_t *power = ledger_powers(r->ledger);
	uint64_t total = 0;
	int64_t off;

	for (uint16_t i = 0; i < r->n; i++)
		total += power[i];
	if (2 * power_of(r, 1, (int64_t)t->precision + t->delay, &off) > total)
		return off;
	if (2 * power_of(r, -1, t->precision, &off) > total)
		return -off;
	return 0;
}
