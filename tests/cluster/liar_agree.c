/*
 * liar_agree.c - lies about blocks: votes and proposals.
 */
#include <stdlib.h>
#include <string.h>

#include "consensus/aggregate/aggregate.h"
#include "proto/merkle.h"
#include "proto/q24.h"
#include "tests/cluster/state.h"

#define MODEL_LEAF 5 /* ledger_leaf_name() says "model" */

/* Which of two stories a receiver is told about a height. */
static bool
other_side(const struct liar *l, uint16_t to, uint64_t height)
{
	return ((to + (height % 3) * to + height + l->slot) & 1) != 0;
}

static void
tell_vote(struct world *w, struct liar *l, uint16_t to, const struct vote *v)
{
	struct wire_msg m = {.type = WIRE_VOTE};

	m.u.vote = *v;
	vote_sign(&m.u.vote, liar_key(w, l), &w->fed_id);
	liar_tell(w, l, to, &m);
}

static void
fuzz_vote(struct world *w, struct liar *l, uint16_t to, struct vote v)
{
	switch (rng_below(&w->rng, 5)) {
	case 0:
		v.round++;
		break;
	case 1:
		v.round -= v.round > 0;
		break;
	case 2:
		v.type = v.type == VOTE_PREVOTE ? VOTE_PRECOMMIT : VOTE_PREVOTE;
		break;
	case 3:
		v.height++;
		break;
	default:
		v.block.b[0] ^= 1;
		break;
	}
	world_count(w, COUNT_FUZZED_VOTE);
	tell_vote(w, l, to, &v);
}

bool
liar_vote(struct world *w, struct liar *l, uint16_t to, const struct vote *v)
{
	struct vote other = *v;

	if (liar_lock_vote(w, l, to, v))
		return true;
	if (l->old != l->slot && rng_chance(&w->rng, 300)) {
		tell_vote(w, l, to, v);
		return true;
	}
	if (liar_does(l, COUNT_FUZZED_VOTE) && rng_chance(&w->rng, 200)) {
		fuzz_vote(w, l, to, *v);
		return rng_chance(&w->rng, 500);
	}
	if (!liar_does(l, COUNT_TWO_VOTES) || !other_side(l, to, v->height))
		return false;
	if (hash_is_zero(&v->block) || rng_chance(&w->rng, 500))
		other.block = l->ids[rng_below(&w->rng, LIAR_IDS)];
	else
		other.block = (struct hash){{0}};
	world_count(w, COUNT_TWO_VOTES);
	tell_vote(w, l, to, &other);
	return true;
}

static struct answer *
find_answer(void *arg, const struct hash *id)
{
	struct liar *l = arg;

	for (size_t i = 0; i < LIAR_ANSWERS; i++)
		if (l->answers[i] != NULL && hash_equal(&l->answers[i]->id, id))
			return l->answers[i];
	return NULL;
}

static bool
resolve(struct liar *l, struct block *b)
{
	struct answer *a;

	for (uint16_t i = 0; i < b->header.nanswers; i++) {
		a = find_answer(l, &b->answer_ids[i]);
		if (a == NULL)
			return false;
		if (b->answers[i] == NULL)
			b->answers[i] = answer_ref(a);
	}
	return true;
}

/* The sum of the block's updates, off by `off` in its first coordinate. */
static bool
aggregate(const struct block *b, int64_t off, int64_t out[WORLD_DIM])
{
	const int64_t *updates[VOTE_MAX_VALIDATORS];
	struct aggregate_input in = {.updates = updates, .dim = WORLD_DIM};

	for (uint16_t i = 0; i < b->header.nanswers; i++)
		if (b->answers[i]->kind == ANSWER_UPDATE)
			updates[in.n++] = b->answers[i]->delta;
	if (in.n == 0 || aggregate_run(JOB_MEAN, &in, out) < 0)
		return false;
	out[0] += off;
	return true;
}

/* Everything in the header follows from the body again, but for a unit. */
static bool
redo(const struct ledger *l, struct block *b, int64_t off_sum, int64_t off)
{
	struct hash leaves[LEDGER_LEAVES];
	int64_t sum[WORLD_DIM];

	if (!ledger_leaves_after(l, b, leaves))
		return false;
	if (b->header.kind == BLOCK_AGGREGATE) {
		if (!aggregate(b, off_sum, sum))
			return false;
		b->header.aggregate = q24_hash("qml.agg", sum, WORLD_DIM);
		for (int i = 0; i < WORLD_DIM; i++)
			sum[i] += ledger_model(l)[i];
		sum[0] += off;
		leaves[MODEL_LEAF] = q24_hash("qml.model", sum, WORLD_DIM);
		b->header.model = leaves[MODEL_LEAF];
	} else if (off_sum != 0 || off != 0) {
		return false;
	}
	b->header.state_root = merkle_root_of(leaves, LEDGER_LEAVES);
	return block_seal(b) == 0;
}

static bool
spoil_commit(struct world *w, struct block *b)
{
	struct commit *c = b->last_commit;

	if (c == NULL || c->nsigs == 0)
		return false;
	switch (rng_below(&w->rng, 4)) {
	case 0:
		c->nsigs = (uint16_t)(2u * w->n / 3);
		break;
	case 1:
		c->sigs[rng_below(&w->rng, c->nsigs)].b[7] ^= 1;
		break;
	case 2:
		c->round++;
		break;
	default:
		c->block.b[3] ^= 1;
		break;
	}
	return block_seal(b) == 0;
}

/* Drops an answer, and is consistent in everything else. */
static bool
leave_out(struct world *w, const struct ledger *l, struct block *b)
{
	uint16_t k;

	if (b->header.kind != BLOCK_AGGREGATE || b->header.nanswers < 2)
		return false;
	k = (uint16_t)rng_below(&w->rng, b->header.nanswers);
	answer_unref(b->answers[k]);
	for (uint16_t i = k; i + 1 < b->header.nanswers; i++) {
		b->answers[i] = b->answers[i + 1];
		b->answer_ids[i] = b->answer_ids[i + 1];
	}
	b->answers[--b->header.nanswers] = NULL;
	/* Without all, a round closes at the end of the collection. */
	if (b->header.time_ms < ledger_round(l)->collect_at_ms)
		b->header.time_ms = ledger_round(l)->collect_at_ms;
	return redo(l, b, 0, 0);
}

/* Two votes of somebody else, with our own signatures. */
static bool
accuse(struct world *w, struct liar *l, struct block *b)
{
	struct vote x = {.type = VOTE_PREVOTE,
	    .height = b->header.height,
	    .validator = (uint16_t)rng_below(&w->rng, w->n)};
	struct vote y = x;
	struct evidence *e;
	int rc;

	y.block.b[0] = 1;
	vote_sign(&x, liar_key(w, l), &w->fed_id);
	vote_sign(&y, liar_key(w, l), &w->fed_id);
	if (b->header.nevidence > 0 ||
	    x.validator == w->nodes[l->slot].member ||
	    evidence_of_votes(&x, &y, &e) < 0)
		return false;
	rc = block_add_evidence(b, &e, 1);
	evidence_unref(e);
	return rc == 0;
}

/* A bad block made of a good one; false: not this time. */
static bool
spoil(struct world *w, struct liar *l, enum count way, struct block *b)
{
	const struct ledger *g = replica_ledger(w->nodes[l->slot].replica);

	const int64_t unit = rng_chance(&w->rng, 500) ? 1 : -1;

	if (b->header.height != ledger_height(g) + 1 || !resolve(l, b))
		return false;
	if (way ==
	    COUNT_WRONG_AGGREGATE) /* and the model that follows, or not */
		return redo(g, b, unit, rng_chance(&w->rng, 500) ? -unit : 0);
	if (way == COUNT_WRONG_MODEL)
		return redo(g, b, 0, unit);
	if (way == COUNT_BAD_COMMIT)
		return spoil_commit(w, b);
	if (way == COUNT_FALSE_EVIDENCE)
		return accuse(w, l, b) && redo(g, b, 0, 0);
	if (way == COUNT_LEFT_OUT)
		return leave_out(w, g, b);
	b->header.time_ms += 700 + rng_below(&w->rng, 100000);
	return redo(g, b, 0, 0);
}

struct block *
liar_copy(const struct block *b)
{
	struct bytes_writer out = BYTES_WRITER_INIT;
	struct bytes_reader in;
	struct block *copy;

	block_put(&out, b);
	in = bytes_reader_of(out.data, out.len);
	copy = block_get(&in);
	bytes_writer_close(&out);
	return copy;
}

/* Another block that is as good: a millisecond later. */
static struct block *
second_block(struct world *w, struct liar *l, const struct block *b)
{
	const struct ledger *g = replica_ledger(w->nodes[l->slot].replica);
	const struct ledger_inputs in = {.now_ms = b->header.time_ms + 1,
	    .round = b->header.round,
	    .proposer = w->nodes[l->slot].member,
	    .last_commit = b->last_commit,
	    .attests = (const struct attest *const *)l->attests,
	    .find = find_answer,
	    .arg = l};
	struct block *out = NULL;
	struct hash missing;

	if (b->header.height != ledger_height(g) + 1 ||
	    b->header.proposer != in.proposer ||
	    ledger_build(g, &in, &out, &missing) < 0)
		return NULL;
	return out;
}

void
liar_tell_block(struct world *w, struct liar *l, uint16_t to,
    const struct wire_proposal *p)
{
	struct wire_msg m = {.type = WIRE_PROPOSAL};

	m.u.proposal = *p;
	m.u.proposal.head.block = p->block->id;
	proposal_sign(&m.u.proposal.head, liar_key(w, l), &w->fed_id);
	liar_tell(w, l, to, &m);
}

/* One block to some, the other one to the rest, and votes for both. */
static void
tell_both(struct world *w, struct liar *l, const struct wire_proposal *p,
    struct block *second)
{
	struct wire_proposal q = *p;
	struct vote v = {.height = p->head.height,
	    .round = p->head.round,
	    .validator = w->nodes[l->slot].member};

	q.block = second;
	for (uint16_t i = 0; i < w->nslots; i++) {
		bool other = other_side(l, i, p->head.height);

		if (i == l->slot)
			continue;
		liar_tell_block(w, l, i, other ? &q : p);
		v.block = other ? second->id : p->block->id;
		for (v.type = VOTE_PREVOTE; v.type <= VOTE_PRECOMMIT; v.type++)
			if (rng_chance(&w->rng, 700))
				tell_vote(w, l, i, &v);
	}
	l->ids[l->nids++ % LIAR_IDS] = second->id;
}

bool
liar_proposal(struct world *w, struct liar *l, const struct wire_proposal *p)
{
	static const enum count bad[] = {COUNT_WRONG_AGGREGATE,
	    COUNT_WRONG_MODEL, COUNT_BAD_COMMIT, COUNT_FALSE_EVIDENCE,
	    COUNT_BAD_TIME, COUNT_LEFT_OUT};
	const size_t nbad = sizeof(bad) / sizeof(bad[0]);
	size_t first = (size_t)rng_below(&w->rng, nbad);
	struct wire_proposal q = *p;
	struct block *b;

	if (liar_lock_proposal(w, l, p))
		return true;
	if (p->head.valid_round < 0 && liar_does(l, COUNT_TWO_BLOCKS) &&
	    (b = second_block(w, l, p->block)) != NULL) {
		world_count(w, COUNT_TWO_BLOCKS);
		tell_both(w, l, p, b);
		block_free(b);
		return true;
	}
	for (size_t k = 0; k < nbad; k++) {
		enum count way = bad[(first + k) % nbad];

		if (!liar_does(l, way) || !rng_chance(&w->rng, 700))
			continue;
		q.block = liar_copy(p->block);
		if (q.block == NULL || !spoil(w, l, way, q.block)) {
			block_free(q.block);
			continue;
		}
		world_count(w, way);
		for (uint16_t i = 0; i < w->nslots; i++)
			if (i != l->slot)
				liar_tell_block(w, l, i, &q);
		block_free(q.block);
		return true;
	}
	return false;
}

void
liar_in_name(struct world *w, struct liar *l, const struct wire_proposal *p)
{
	struct wire_proposal q = *p;

	if (p->head.proposer == w->nodes[l->slot].member ||
	    !rng_chance(&w->rng, 300))
		return;
	q.block = liar_copy(p->block);
	if (q.block == NULL)
		return;
	q.block->header.time_ms++;
	if (block_seal(q.block) == 0) {
		world_count(w, COUNT_IN_NAME);
		for (uint16_t i = 0; i < w->nslots; i++)
			if (i != l->slot)
				liar_tell_block(w, l, i, &q);
	}
	block_free(q.block);
}

/* Votes for what may come: they must neither fill memory nor move rounds. */
void
liar_flood(struct world *w, struct liar *l)
{
	struct bft_status s;
	struct vote v = {.validator = w->nodes[l->slot].member};
	uint16_t to = (uint16_t)rng_below(&w->rng, w->nslots);

	bft_status(replica_bft(w->nodes[l->slot].replica), &s);
	for (uint32_t k = 0; k < 20 && to != l->slot; k++) {
		v.type = k & 1 ? VOTE_PREVOTE : VOTE_PRECOMMIT;
		v.height = s.height + rng_below(&w->rng, 3);
		v.round = (uint32_t)(s.round + 1) +
		    (uint32_t)rng_below(&w->rng, k < 15 ? 8 : 1u << 30);
		v.block = l->ids[rng_below(&w->rng, LIAR_IDS)];
		v.block.b[1] = (uint8_t)k;
		world_count(w, COUNT_FLOOD);
		tell_vote(w, l, to, &v);
	}
}
