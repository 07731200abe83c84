/*
 * What must hold in every run. The oracle sees each vote that any node made,
 * so it can tell which quorums exist anywhere in the federation.
 */
#include "swarm.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

#include "consensus/bft/quorum.h"

#define PROMISE(s, cond, what)                                           \
	do {                                                             \
		if (!(cond))                                             \
			fail_msg("seed %" PRIu64 " n %u: %s", (s)->seed, \
			    (unsigned)(s)->n, what);                     \
	} while (0)

bool
swarm_honest(const struct swarm *s, uint16_t validator)
{
	return s->nodes[validator].fault == FAULT_NONE;
}

static struct swarm_fact *
fact(struct swarm *s, uint64_t height, uint32_t round, uint64_t what)
{
	uint64_t key = 1 + height * 1000003 + round;
	uint64_t slot;

	key = (key ^ (key >> 31)) * UINT64_C(0x9e3779b97f4a7c15) + what;
	key = (key ^ (key >> 29)) * UINT64_C(0xbf58476d1ce4e5b9);
	key ^= key >> 32;
	key += key == 0;
	for (slot = key;; slot++) {
		struct swarm_fact *f = &s->facts[slot % SWARM_FACTS];

		if (f->key == key)
			return f;
		if (f->key != 0)
			continue;
		f->key = key;
		return f;
	}
}

/* Bit i: validator i voted so. */
static uint64_t *
voters(struct swarm *s, const struct vote *v)
{
	return &fact(s, v->height, v->round,
	    swarm_block_num(&v->block) * 8 + v->type)
		    ->value;
}

static uint64_t
voted_power(struct swarm *s, const struct vote *v)
{
	uint64_t mask = *voters(s, v), power = 0;

	for (uint16_t i = 0; i < s->n; i++) {
		if ((mask >> i) & 1)
			power += s->power[i];
	}
	return power;
}

void
oracle_vote(struct swarm *s, const struct vote *v)
{
	*voters(s, v) |= UINT64_C(1) << v->validator;
}

/* I3: over all crashes, one thing per (height, round, type). */
static void
check_signed_once(struct swarm *s, const struct swarm_node *node,
    const struct bft_action *a, const struct hash *block, unsigned type)
{
	struct swarm_fact *f = fact(s, a->height, a->round,
	    (UINT64_C(1) << 60) + node->self * 8u + type);
	uint64_t value = 1 + swarm_block_num(block) * 1024 +
	    (uint64_t)(a->valid_round + 1) % 1024;

	PROMISE(s, f->value == 0 || f->value == value, "signed twice");
	f->value = value;
}

/* I5: nothing leaves before its record is durable. This is what catches a
 * core that sends before PERSISTED. */
static void
check_durable(struct swarm *s, const struct swarm_node *node,
    const struct bft_action *a, const struct hash *block, unsigned type)
{
	for (size_t i = 0; i < node->ndurable; i++) {
		const struct bft_record *r = &node->log[i];

		if (r->height == a->height && r->round == a->round &&
		    r->type == type && hash_equal(&r->block, block))
			return;
	}
	PROMISE(s, false, "sent before its record was durable");
}

/* I4: after precommit(b, r) a prevote for c != b needs a quorum of prevotes
 * for c in a round from r on. */
static void
check_lock_rule(struct swarm *s, const struct swarm_node *node,
    const struct vote *v)
{
	struct vote polka = *v;

	if (hash_is_zero(&v->block) || node->lock_height != v->height ||
	    node->lock_round >= v->round ||
	    node->lock_num == swarm_block_num(&v->block))
		return;
	for (uint32_t r = node->lock_round; r < v->round; r++) {
		polka.round = r;
		if (quorum_reached(voted_power(s, &polka), s->total))
			return;
	}
	PROMISE(s, false, "prevoted against its lock");
}

static void
check_precommit(struct swarm *s, struct swarm_node *node, const struct vote *v)
{
	struct vote polka = *v;

	if (hash_is_zero(&v->block))
		return;
	polka.type = VOTE_PREVOTE;
	PROMISE(s, quorum_reached(voted_power(s, &polka), s->total),
	    "precommitted without a quorum of prevotes");
	PROMISE(s, swarm_block_valid(&v->block, v->height),
	    "precommitted an invalid block");
	node->lock_height = v->height;
	node->lock_round = v->round;
	node->lock_num = swarm_block_num(&v->block);
}

void
oracle_send(struct swarm *s, struct swarm_node *node,
    const struct bft_action *a)
{
	bool proposal = a->type == BFT_SEND_PROPOSAL;
	unsigned type = proposal ? BFT_RECORD_PROPOSAL : a->vote.type;

	check_durable(s, node, a, &a->block, type);
	PROMISE(s, node->b.height == a->height, "sent for another height");
	if (node->fault != FAULT_NONE)
		return; /* twins sign twice, that is their part */
	check_signed_once(s, node, a, &a->block, type);
	if (proposal) {
		PROMISE(s, swarm_block_valid(&a->block, a->height),
		    "proposed an invalid block");
		return;
	}
	PROMISE(s, a->vote.validator == node->self, "not its own vote");
	PROMISE(s, hash_equal(&a->vote.block, &a->block), "two blocks");
	if (type == VOTE_PREVOTE)
		check_lock_rule(s, node, &a->vote);
	else
		check_precommit(s, node, &a->vote);
}

void
oracle_commit(struct swarm *s, struct swarm_node *node,
    const struct bft_action *a)
{
	uint64_t num = swarm_block_num(&a->block), power = 0;
	struct swarm_fact *agreed = fact(s, a->height, 0, UINT64_C(1) << 61);
	struct commit c;

	PROMISE(s, a->height == node->height, "decided another height");
	PROMISE(s, swarm_block_valid(&a->block, a->height),
	    "decided an invalid block");
	PROMISE(s, agreed->value == 0 || agreed->value == num,
	    "agreement broken");
	agreed->value = num;
	bft_certificate(&node->b, &c);
	PROMISE(s,
	    c.height == a->height && c.round == a->round &&
		hash_equal(&c.block, &a->block),
	    "certificate of something else");
	for (uint16_t i = 0; i < c.nsigs; i++) {
		struct vote v = {.type = VOTE_PRECOMMIT,
		    .height = c.height,
		    .round = c.round,
		    .block = c.block,
		    .validator = c.validators[i]};

		PROMISE(s, i == 0 || c.validators[i] > c.validators[i - 1],
		    "certificate out of order");
		PROMISE(s, (*voters(s, &v) >> v.validator) & 1,
		    "certificate with a vote nobody made");
		PROMISE(s,
		    c.sigs[i].b[0] == v.validator + 1 &&
			c.sigs[i].b[1] == VOTE_PRECOMMIT,
		    "certificate with another's signature");
		power += s->power[v.validator];
	}
	PROMISE(s, quorum_reached(power, s->total), "certificate too weak");
}

/* I8: no honest node is ever accused. */
void
oracle_evidence(struct swarm *s, const struct bft_action *a)
{
	const struct vote *v = a->evidence.vote;
	const struct proposal *p = a->evidence.proposal;

	s->evidence++;
	if (a->evidence.votes) {
		PROMISE(s, !swarm_honest(s, v[0].validator), "honest accused");
		PROMISE(s,
		    v[0].validator == v[1].validator &&
			v[0].type == v[1].type && v[0].round == v[1].round &&
			v[0].height == v[1].height &&
			hash_compare(&v[0].block, &v[1].block) < 0,
		    "evidence of nothing");
		PROMISE(s,
		    (*voters(s, &v[0]) >> v[0].validator) & 1 &&
			(*voters(s, &v[1]) >> v[1].validator) & 1,
		    "evidence nobody made");
		return;
	}
	PROMISE(s, !swarm_honest(s, p[0].proposer), "honest accused");
	PROMISE(s,
	    p[0].proposer == p[1].proposer && p[0].round == p[1].round &&
		(p[0].valid_round != p[1].valid_round ||
		    !hash_equal(&p[0].block, &p[1].block)),
	    "evidence of nothing");
}
