#include "consensus/ledger/included.h"

#include "consensus/bft/quorum.h"

/* How far each attestation has been read: they all ascend by member. */
struct cursor {
	const struct attest *a; /* NULL: none */
	uint32_t power;
	uint16_t i;
};

static void
advance(struct cursor *c, uint16_t member)
{
	while (c->a && c->i < c->a->nheld && c->a->member[c->i] < member)
		c->i++;
}

/* The id at the cursor if it is of this member, else NULL. */
static const struct hash *
held(const struct cursor *c, uint16_t member)
{
	if (!c->a || c->i >= c->a->nheld || c->a->member[c->i] != member)
		return NULL;
	return &c->a->held[c->i];
}

/* Power of all that attest what cursor c attests for this member. */
static uint64_t
support(const struct cursor *all, uint16_t n, const struct hash *id,
    uint16_t member)
{
	uint64_t power = 0;

	for (uint16_t k = 0; k < n; k++) {
		const struct hash *h = held(&all[k], member);

		if (h && hash_equal(h, id))
			power += all[k].power;
	}
	return power;
}

static void
add_member(struct included *out, const struct cursor *all, uint16_t n,
    uint16_t member, uint64_t total)
{
	const struct hash *found = NULL;

	for (uint16_t k = 0; k < n; k++) {
		const struct hash *id = held(&all[k], member);

		if (!id || (found && hash_equal(id, found)))
			continue;
		if (!quorum_honest(support(all, n, id, member), total))
			continue;
		if (found) {
			out->equivocal[out->nequivocal++] = member;
			return;
		}
		found = id;
	}
	if (!found)
		return;
	out->member[out->n] = member;
	out->id[out->n++] = *found;
}

void
included_compute(struct included *out, const struct attest *const *attests,
    const uint32_t *power, uint16_t n)
{
	struct cursor all[INCLUDED_MAX];
	uint64_t total = 0;

	*out = (struct included){0};
	for (uint16_t v = 0; v < n; v++) {
		all[v] = (struct cursor){attests[v], power[v], 0};
		total += power[v];
		if (!attests[v])
			continue;
		out->nattests++;
		out->power += power[v];
	}
	out->quorum = quorum_reached(out->power, total);
	for (uint16_t member = 0; member < n; member++) {
		for (uint16_t k = 0; k < n; k++)
			advance(&all[k], member);
		add_member(out, all, n, member, total);
	}
}
