/*
 * liar_round.c - lies about a training round: answers and attestations.
 */
#include <stdlib.h>
#include <string.h>

#include "tests/cluster/state.h"

/* The same head, an update of our own making. */
static struct answer *
vary(struct world *w, const struct answer *a)
{
	struct answer *b = answer_new(WORLD_DIM);
	int64_t *delta;

	if (b == NULL)
		return NULL;
	delta = b->delta;
	*b = *a;
	b->delta = delta;
	b->nrefs = 1;
	b->kind = ANSWER_UPDATE;
	b->reason = ANSWER_REASON_NONE;
	b->dim = WORLD_DIM;
	b->rows = 1;
	for (int i = 0; i < WORLD_DIM; i++)
		delta[i] = (int64_t)rng_below(&w->rng, 100000);
	return b;
}

static void
tell_answer(struct world *w, struct liar *l, uint16_t to, struct answer *a)
{
	struct wire_msg m = {.type = WIRE_ANSWER};

	m.u.answer = a;
	if (to != l->slot)
		liar_tell(w, l, to, &m);
}

/* Everybody gets one of three. All are kept: one of them may be asked for. */
static void
tell_three(struct world *w, struct liar *l, const struct answer *a)
{
	unsigned n = 2 + (unsigned)rng_below(&w->rng, 2);
	struct answer *all[3] = {NULL};

	for (unsigned k = 0; k < n; k++) {
		all[k] = vary(w, a);
		if (all[k] == NULL)
			continue;
		answer_sign(all[k], liar_key(w, l), &w->fed_id);
		liar_keep(l, all[k]);
	}
	for (uint16_t i = 0; i < w->nslots; i++)
		if (all[(i + a->round) % n] != NULL)
			tell_answer(w, l, i, all[(i + a->round) % n]);
	for (unsigned k = 0; k < n; k++)
		answer_unref(all[k]);
}

/* Around the end of the collection, to a third: some will attest it. */
static void
tell_late(struct world *w, struct liar *l, const struct answer *a)
{
	const struct ledger *g = replica_ledger(w->nodes[l->slot].replica);
	uint64_t at = ledger_round(g)->collect_at_ms - WORLD_WALL0;
	uint16_t first = (uint16_t)rng_below(&w->rng, w->nslots);
	struct world_event e = {.type = WORLD_DELIVER, .from = l->slot};
	struct wire_msg m = {.type = WIRE_ANSWER};
	uint8_t *data;
	size_t len;

	m.u.answer = (struct answer *)a;
	if (wire_encode(&m, &data, &len) < 0)
		return;
	for (uint16_t k = 0; k < (w->n + 2) / 3; k++) {
		e.node = (uint16_t)((first + k) % w->nslots);
		e.at = at - 60 + rng_below(&w->rng, 120);
		if (e.node != l->slot)
			net_send_at(w, &e, data, len);
	}
	free(data);
}

static bool
tell_bad(struct world *w, struct liar *l, const struct answer *a,
    enum count way)
{
	struct answer *b = vary(w, a);

	if (b == NULL)
		return false;
	if (way == COUNT_STALE_MODEL) {
		b->base_model = l->models[rng_below(&w->rng, LIAR_IDS)];
	} else { /* the norm is the square root of clip^2 + 1 */
		memset(b->delta, 0, WORLD_DIM * sizeof(b->delta[0]));
		b->delta[0] = (int64_t)a->clip_q24;
		b->delta[1] = 1;
	}
	answer_sign(b, liar_key(w, l), &w->fed_id);
	world_count(w, way);
	for (uint16_t i = 0; i < w->nslots; i++)
		tell_answer(w, l, i, b);
	answer_unref(b);
	return true;
}

bool
liar_answer(struct world *w, struct liar *l, const struct answer *a)
{
	bool done = false;

	if (liar_does(l, COUNT_STALE_MODEL) && rng_chance(&w->rng, 500))
		done = tell_bad(w, l, a, COUNT_STALE_MODEL);
	if (liar_does(l, COUNT_CLIP_ONE) && rng_chance(&w->rng, 500))
		done = tell_bad(w, l, a, COUNT_CLIP_ONE);
	if (done)
		return true;
	if (liar_does(l, COUNT_TWO_ANSWERS) && rng_chance(&w->rng, 700)) {
		world_count(w, COUNT_TWO_ANSWERS);
		tell_three(w, l, a);
		return true;
	}
	if (liar_does(l, COUNT_LATE_ANSWER) && rng_chance(&w->rng, 700)) {
		world_count(w, COUNT_LATE_ANSWER);
		tell_late(w, l, a);
		return true;
	}
	if (liar_does(l, COUNT_WITHHELD)) { /* to a single one */
		world_count(w, COUNT_WITHHELD);
		tell_answer(w, l, (uint16_t)rng_below(&w->rng, w->nslots),
		    (struct answer *)a);
		return true;
	}
	return false;
}

static void
tell_attest(struct world *w, struct liar *l, uint16_t to, struct attest *a)
{
	struct wire_msg m = {.type = WIRE_ATTEST};

	attest_sign(a, liar_key(w, l), &w->fed_id);
	m.u.attest = a;
	if (to != l->slot)
		liar_tell(w, l, to, &m);
}

/* Every member, under ids that were made up. */
static void
make_up(struct world *w, struct attest *a)
{
	a->nheld = w->n;
	for (uint16_t i = 0; i < w->n; i++) {
		a->member[i] = i;
		a->held[i] = hash_bytes("made up", &w->seq, sizeof(w->seq));
		a->held[i].b[0] = (uint8_t)rng_next(&w->rng);
	}
}

/* An answer of two that we gave, where the receivers know the other one. */
static void
name_others(struct world *w, struct liar *l, struct attest *a)
{
	const struct answer *pick =
	    l->answers[rng_below(&w->rng, LIAR_ANSWERS)];

	for (uint16_t i = 0; i < a->nheld; i++)
		if (pick != NULL && pick->round == a->round &&
		    pick->member == a->member[i])
			a->held[i] = pick->id;
	if (a->nheld > 0 && rng_chance(&w->rng, 500))
		a->nheld--;
}

bool
liar_attest(struct world *w, struct liar *l, const struct attest *a)
{
	struct attest *b;
	bool two;

	if (liar_does(l, COUNT_FALSE_ATTEST) && rng_chance(&w->rng, 500))
		two = false;
	else if (liar_does(l, COUNT_TWO_ATTESTS))
		two = true;
	else
		return false;
	b = malloc(sizeof(*b));
	if (b == NULL)
		return false;
	for (uint16_t i = 0; i < w->nslots; i++) {
		*b = *a;
		if (!two)
			make_up(w, b);
		else if (i % 2 != 0)
			name_others(w, l, b);
		world_count(w, two ? COUNT_TWO_ATTESTS : COUNT_FALSE_ATTEST);
		tell_attest(w, l, i, b);
	}
	free(b);
	return true;
}
