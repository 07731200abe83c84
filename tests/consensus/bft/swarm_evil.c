/*
 * The faulty node that sees everything: it looks at a victim's state, and
 * sends it votes and proposals made to fit, others to the next one.
 */
#include "swarm.h"

#include <string.h>

#include "consensus/bft/proposer.h"

static struct hash
tempting_block(struct swarm *s, const struct swarm_node *victim)
{
	const struct swarm_node *other = &s->nodes[swarm_random(s, s->nnodes)];
	uint32_t round = victim->b.round < 0 ? 0 : (uint32_t)victim->b.round;
	struct bft_offer o;
	struct hash nil = {{0}};

	switch (swarm_random(s, 8)) {
	case 0:
		return other->b.locked.block;
	case 1:
		return other->b.valid.block;
	case 2:
		return victim->b.valid.block;
	case 3:
		return swarm_block(s, victim->height,
		    (uint32_t)swarm_random(s, round + 2),
		    swarm_random(s, 2) == 0);
	case 4:
		if (bft_proposal(&other->b, round, &o))
			return o.p.block;
		return nil;
	case 5:
	case 6:
		if (bft_proposal(&victim->b, round, &o))
			return o.p.block;
		return nil;
	default:
		return nil;
	}
}

static void
evil_vote(struct swarm *s, const struct swarm_node *node,
    const struct swarm_node *victim)
{
	struct swarm_msg m = {.kind = SWARM_VOTE};
	int64_t round = victim->b.round - 2 + (int64_t)swarm_random(s, 5);

	if (swarm_random(s, 50) == 0)
		round = (int64_t)swarm_random(s, 1000);
	m.vote.type = (uint8_t)(1 + swarm_random(s, 2));
	m.vote.height = victim->height;
	m.vote.round = round < 0 ? 0 : (uint32_t)round;
	m.vote.block = tempting_block(s, victim);
	m.vote.validator = node->self;
	m.vote.sig.b[0] = (uint8_t)(node->self + 1);
	m.vote.sig.b[1] = m.vote.type;
	oracle_vote(s, &m.vote);
	swarm_transmit(s, node, victim, &m);
}

static void
evil_offer(struct swarm *s, const struct swarm_node *node,
    const struct swarm_node *victim)
{
	struct swarm_msg m = {.kind = SWARM_OFFER};
	uint32_t round = (uint32_t)(victim->b.round < 0 ? 0 : victim->b.round);

	round += (uint32_t)swarm_random(s, 2);
	if (bft_proposer(s->power, s->n, victim->height, round) != node->self)
		return;
	m.offer.p.height = victim->height;
	m.offer.p.round = round;
	m.offer.p.valid_round = (int32_t)swarm_random(s, round + 1) - 1;
	m.offer.p.block = tempting_block(s, victim);
	m.offer.p.proposer = node->self;
	m.offer.block_round = swarm_block_round(&m.offer.p.block);
	m.offer.timely = swarm_random(s, 8) != 0;
	swarm_transmit(s, node, victim, &m);
}

void
swarm_evil(struct swarm *s, struct swarm_node *node)
{
	struct swarm_msg again = {.kind = SWARM_EVIL,
	    .to = (uint8_t)(node - s->nodes)};

	for (uint64_t i = swarm_random(s, 6); i > 0; i--) {
		const struct swarm_node *victim =
		    &s->nodes[swarm_random(s, s->nnodes)];

		if (victim->fault == FAULT_RANDOM || !victim->b.entered)
			continue;
		evil_vote(s, node, victim);
		if (swarm_random(s, 3) == 0)
			evil_offer(s, node, victim);
	}
	swarm_push(s, &again, 20 + swarm_random(s, 100));
}
