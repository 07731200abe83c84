#include "tests/cluster/liar.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/cluster/state.h"

/* The ways to lie: consecutive in enum count. */
#define LIAR_FIRST COUNT_TWO_VOTES
#define LIAR_LAST COUNT_AMNESIA
_Static_assert(LIAR_LAST - LIAR_FIRST < 64, "ways are bits of 64");

bool
liar_does(const struct liar *l, unsigned way)
{
	return (l->ways >> (way - LIAR_FIRST) & 1) != 0;
}

struct liar *
liar_of(struct world *w, uint16_t slot)
{
	for (unsigned i = 0; i < w->nliars; i++)
		if (w->liars[i].slot == slot)
			return &w->liars[i];
	return NULL;
}

const struct sign_key *
liar_key(struct world *w, const struct liar *l)
{
	if (l->old == l->slot || rng_chance(&w->rng, 500))
		return world_key(w, l->slot);
	world_count(w, COUNT_OLD_KEY);
	return world_key(w, l->old);
}

static void
schedule(struct world *w, const struct liar *l, uint64_t at)
{
	world_push(w,
	    (struct world_event){.type = WORLD_LIE, .node = l->slot, .at = at});
}

void
liar_move(struct world *w, uint16_t from, uint16_t to)
{
	struct liar *l = liar_of(w, from);

	w->nodes[to].liar = true;
	if (l == NULL)
		return;
	l->old = from;
	l->slot = to;
	schedule(w, l, w->now + 1);
}

/* One to five ways each; every twelfth liar tries everything. */
void
liar_draw(struct world *w)
{
	const unsigned all = LIAR_LAST - LIAR_FIRST + 1;

	for (unsigned i = 0; i < w->nliars; i++) {
		struct liar *l = &w->liars[i];
		uint64_t nways = 1 + rng_below(&w->rng, 5);

		do {
			l->slot = (uint16_t)rng_below(&w->rng, w->n);
		} while (w->nodes[l->slot].liar);
		l->old = l->slot;
		w->nodes[l->slot].liar = true;
		world_count(w, COUNT_LIAR);
		while (nways-- > 0)
			l->ways |= UINT64_C(1) << rng_below(&w->rng, all);
		if (rng_chance(&w->rng, 80))
			l->ways = (UINT64_C(1) << all) - 1;
		for (unsigned k = 0; k < all && w->setup.trace; k++)
			if (l->ways >> k & 1)
				printf("         node %u lies: %s\n", l->slot,
				    count_text((enum count)(LIAR_FIRST + k)));
		schedule(w, l, 1500);
	}
}

void
liar_close(struct liar *l)
{
	for (size_t i = 0; i < LIAR_HEARD; i++)
		free(l->heard[i].data);
	for (size_t i = 0; i < LIAR_ANSWERS; i++)
		answer_unref(l->answers[i]);
	for (size_t i = 0; i < VOTE_MAX_VALIDATORS; i++)
		free(l->attests[i]);
	liar_past_close(l);
}

void
liar_tell(struct world *w, const struct liar *l, uint16_t to,
    const struct wire_msg *m)
{
	uint8_t *data;
	size_t len;

	watch_lied(w, m);
	if (wire_encode(m, &data, &len) < 0)
		return;
	net_send(w, l->slot, to, data, len);
	free(data);
}

static void
keep_sample(struct world *w, struct liar *l, const uint8_t *data, size_t len)
{
	struct liar_heard *h = &l->heard[rng_below(&w->rng, LIAR_HEARD)];

	if (!rng_chance(&w->rng, 200))
		return;
	free(h->data);
	h->data = malloc(len);
	assert(h->data != NULL);
	memcpy(h->data, data, len);
	h->len = len;
}

void
liar_keep(struct liar *l, struct answer *a)
{
	struct answer **slot = &l->answers[l->nanswers++ % LIAR_ANSWERS];

	answer_unref(*slot);
	*slot = answer_ref(a);
}

static void
remember(struct world *w, struct liar *l, struct wire_msg *m)
{
	struct attest **at;

	liar_lock_hear(l, m);
	if (m->type == WIRE_ANSWER) {
		liar_keep(l, m->u.answer);
		l->models[l->nmodels++ % LIAR_IDS] = m->u.answer->base_model;
	}
	if (m->type == WIRE_PROPOSAL && liar_does(l, COUNT_IN_NAME))
		liar_in_name(w, l, &m->u.proposal);
	if (m->type == WIRE_PROPOSAL)
		l->ids[l->nids++ % LIAR_IDS] = m->u.proposal.head.block;
	if (m->type != WIRE_ATTEST ||
	    m->u.attest->validator >= VOTE_MAX_VALIDATORS)
		return;
	at = &l->attests[m->u.attest->validator];
	free(*at);
	*at = m->u.attest;
	m->u.attest = NULL;
}

static void
listen(struct world *w, struct liar *l, const struct replica_action *a)
{
	struct wire_msg m;

	keep_sample(w, l, a->data, a->len);
	if (a->class != REPLICA_CLASS_VOTE && a->class != REPLICA_CLASS_ANSWER)
		return;
	if (wire_decode(a->data, a->len, WORLD_DIM, &m) != WIRE_OK)
		return;
	remember(w, l, &m);
	wire_msg_close(&m);
}

void
liar_overhear(struct world *w, const struct replica_action *a)
{
	for (unsigned i = 0; i < w->nliars; i++)
		listen(w, &w->liars[i], a);
}

/* Bytes that no encoder makes. */
static bool
send_broken(struct world *w, struct liar *l, uint16_t to,
    const struct replica_action *a)
{
	uint8_t *copy;
	size_t len = a->len;

	if (!rng_chance(&w->rng, 100) || len == 0)
		return false;
	if (!liar_does(l, COUNT_GARBAGE) && !liar_does(l, COUNT_HALF))
		return false;
	copy = malloc(len);
	assert(copy != NULL);
	memcpy(copy, a->data, len);
	if (liar_does(l, COUNT_HALF) && rng_chance(&w->rng, 500)) {
		len = (size_t)rng_below(&w->rng, len);
		world_count(w, COUNT_HALF);
	} else {
		for (uint64_t k = 1 + rng_below(&w->rng, 4); k-- > 0;)
			copy[rng_below(&w->rng, len)] ^=
			    (uint8_t)(1u << rng_below(&w->rng, 8));
		world_count(w, COUNT_GARBAGE);
	}
	net_send(w, l->slot, to, copy, len);
	free(copy);
	return true;
}

static uint64_t
absurd(struct world *w, uint64_t real)
{
	switch (rng_below(&w->rng, 6)) {
	case 0:
		return 0;
	case 1:
		return UINT64_MAX;
	case 2:
		return real + 1 + rng_below(&w->rng, 5);
	case 3:
		return rng_next(&w->rng);
	default:
		return real;
	}
}

static bool
lie_status(struct world *w, struct liar *l, uint16_t to,
    const struct wire_status *s)
{
	struct wire_msg m = {.type = WIRE_STATUS};
	struct wire_status *t = &m.u.status;
	int fill = rng_chance(&w->rng, 500) ? 0xff : 0;

	if (!liar_does(l, COUNT_STATUS_LIE) || !rng_chance(&w->rng, 500))
		return false;
	*t = *s;
	t->head = absurd(w, s->head);
	t->height = absurd(w, s->height);
	t->round = (int32_t)absurd(w, (uint64_t)(int64_t)s->round);
	t->fl_round = absurd(w, s->fl_round);
	t->polka_round = (int32_t)absurd(w, (uint64_t)(int64_t)s->polka_round);
	t->step = (uint8_t)absurd(w, s->step);
	memset(t->prevotes, fill, sizeof(t->prevotes));
	memset(t->precommits, fill, sizeof(t->precommits));
	memset(t->answers, fill, sizeof(t->answers));
	memset(t->attests, fill, sizeof(t->attests));
	memset(t->polka, fill, sizeof(t->polka));
	world_count(w, COUNT_STATUS_LIE);
	liar_tell(w, l, to, &m);
	return true;
}

/* Another bit in the signature, or in what was signed. */
static bool
forge(struct world *w, struct liar *l, uint16_t to, struct wire_msg *m)
{
	struct wire_msg f = *m;
	size_t at = (size_t)rng_below(&w->rng, SIGN_LEN);
	uint8_t *b = NULL;

	if (!liar_does(l, COUNT_FORGED) || !rng_chance(&w->rng, 300))
		return false;
	if (m->type == WIRE_VOTE) {
		if (rng_chance(&w->rng, 500))
			f.u.vote.validator =
			    (uint16_t)rng_below(&w->rng, w->n + 2u);
		else
			b = f.u.vote.sig.b;
	} else if (m->type == WIRE_PROPOSAL) {
		b = f.u.proposal.head.sig.b;
	} else if (m->type == WIRE_ANSWER) {
		b = m->u.answer->sig.b;
	} else {
		return false;
	}
	if (b != NULL)
		b[at] ^= 1;
	world_count(w, COUNT_FORGED);
	liar_tell(w, l, to, &f);
	if (b != NULL) /* an answer is shared with the next receiver */
		b[at] ^= 1;
	return true;
}

/* Per receiver: the truth, or something else. */
static void
send_to(struct world *w, struct liar *l, uint16_t to,
    const struct replica_action *a, struct wire_msg *m)
{
	const uint16_t self = w->nodes[l->slot].member;

	if (send_broken(w, l, to, a) || forge(w, l, to, m))
		return;
	if (m->type == WIRE_STATUS && lie_status(w, l, to, &m->u.status))
		return;
	if (m->type == WIRE_VOTE && m->u.vote.validator == self &&
	    liar_vote(w, l, to, &m->u.vote))
		return;
	if (m->type == WIRE_ANSWER && a->peer != REPLICA_ALL &&
	    liar_does(l, COUNT_WITHHELD)) {
		world_count(w, COUNT_WITHHELD);
		return;
	}
	watch_lied(w, m);
	net_send(w, l->slot, to, a->data, a->len);
}

bool
liar_send(struct world *w, uint16_t slot, const struct replica_action *a)
{
	struct liar *l = liar_of(w, slot);
	const uint16_t self = w->nodes[slot].member;
	struct wire_msg m;
	bool done = false;

	if (l == NULL)
		return false;
	if (wire_decode(a->data, a->len, WORLD_DIM, &m) != WIRE_OK)
		return false;
	if (a->peer != REPLICA_ALL)
		; /* repairs go out one by one, below */
	else if (m.type == WIRE_PROPOSAL && m.u.proposal.head.proposer == self)
		done = liar_proposal(w, l, &m.u.proposal);
	else if (m.type == WIRE_ANSWER && m.u.answer->member == self)
		done = liar_answer(w, l, m.u.answer);
	else if (m.type == WIRE_ATTEST && m.u.attest->validator == self)
		done = liar_attest(w, l, m.u.attest);
	for (uint16_t i = 0; i < w->nslots && !done; i++)
		if (i != slot &&
		    (a->peer == REPLICA_ALL || a->peer == w->nodes[i].member))
			send_to(w, l, i, a, &m);
	remember(w, l, &m);
	wire_msg_close(&m);
	return true;
}

void
liar_serve(struct world *w, uint16_t slot, struct wire_decided *d)
{
	struct liar *l = liar_of(w, slot);

	if (l == NULL)
		return;
	if (liar_does(l, COUNT_SYNC_LIE) && rng_chance(&w->rng, 300)) {
		world_count(w, COUNT_SYNC_LIE);
		d->block->header.time_ms++;
		if (block_seal(d->block) == 0 && rng_chance(&w->rng, 500))
			d->commit.block = d->block->id;
	}
	if (liar_does(l, COUNT_SYNC_NO_QUORUM) && rng_chance(&w->rng, 300) &&
	    d->commit.nsigs > 1) {
		world_count(w, COUNT_SYNC_NO_QUORUM);
		d->commit.nsigs = (uint16_t)rng_below(&w->rng, 2u * w->n / 3);
		if (d->commit.nsigs == 0)
			d->commit.nsigs = 1;
	}
	if (liar_does(l, COUNT_SYNC_OTHER) && rng_chance(&w->rng, 300)) {
		world_count(w, COUNT_SYNC_OTHER);
		d->block->header.height++;
		if (block_seal(d->block) < 0)
			d->block->header.height--;
	}
}

void
liar_forget(struct world *w, uint16_t slot)
{
	struct liar *l = liar_of(w, slot);
	struct world_node *n = &w->nodes[slot];

	if (l == NULL || n->life == 0 || !liar_does(l, COUNT_AMNESIA))
		return;
	world_count(w, COUNT_AMNESIA);
	(void)!disk_unlink(&n->disk.disk, VOTELOG_NAME);
	(void)!disk_sync_dir(&n->disk.disk, "");
	if (votelog_create(&n->disk.disk, VOTELOG_NAME,
		&world_machine(w, slot)->id) < 0)
		world_fail(w, "liar %u cannot make a vote log", slot);
}

static void
replay(struct world *w, struct liar *l)
{
	for (unsigned k = 0; k < 4; k++) {
		struct liar_heard *h =
		    &l->heard[rng_below(&w->rng, LIAR_HEARD)];

		if (h->data == NULL)
			continue;
		world_count(w, COUNT_REPLAY);
		net_send(w, l->slot, (uint16_t)rng_below(&w->rng, w->nslots),
		    h->data, h->len);
	}
}

/* Well signed by a key that nobody knows, under any index. */
static void
send_unknown(struct world *w, struct liar *l)
{
	const struct bft *b = replica_bft(w->nodes[l->slot].replica);
	const uint8_t seed[SIGN_SEED_LEN] = {0xee, 0xee};
	struct wire_msg m = {.type = WIRE_VOTE};
	struct bft_status s;
	struct sign_key *key;

	bft_status(b, &s);
	if (sign_key_new(seed, &key) < 0)
		return;
	m.u.vote =
	    (struct vote){.type = rng_chance(&w->rng, 500) ? VOTE_PREVOTE
							   : VOTE_PRECOMMIT,
		.height = s.height,
		.round = s.round > 0 ? (uint32_t)s.round : 0,
		.block = l->ids[rng_below(&w->rng, LIAR_IDS)],
		.validator = (uint16_t)rng_below(&w->rng, w->n + 3u)};
	vote_sign(&m.u.vote, key, &w->fed_id);
	sign_key_free(key);
	world_count(w, COUNT_UNKNOWN_MEMBER);
	for (uint16_t i = 0; i < w->nslots; i++)
		liar_tell(w, l, i, &m);
}

void
liar_tick(struct world *w, uint16_t slot)
{
	struct liar *l = liar_of(w, slot);

	if (l == NULL)
		return;
	schedule(w, l, w->now + 50 + rng_below(&w->rng, 1000));
	if (!w->nodes[slot].up)
		return;
	if (liar_does(l, COUNT_REPLAY))
		replay(w, l);
	if (liar_does(l, COUNT_UNKNOWN_MEMBER))
		send_unknown(w, l);
	if (liar_does(l, COUNT_FLOOD))
		liar_flood(w, l);
}
