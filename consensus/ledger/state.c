#include "consensus/ledger/state.h"

#include <stdlib.h>
#include <string.h>

#include "consensus/ledger/sealed.h"
#include "consensus/ledger/txs.h"
#include "proto/bytes.h"
#include "proto/q24.h"

#define PATIENCE_MAX 8 /* the times of a round grow at most this much */

static const char *const leaf_names[LEDGER_LEAVES] = {
    "validators",
    "next validators",
    "members",
    "params",
    "job",
    "model",
    "round",
    "counts",
    "moments",
    "books",
    "bench",
    "conduct",
};

const char *
ledger_leaf_name(unsigned i)
{
	return i < LEDGER_LEAVES ? leaf_names[i] : "";
}

static struct hash
hash_numbers(const char *tag, const uint64_t *v, size_t n)
{
	struct hash_stream s;

	hash_begin(&s, tag);
	for (size_t i = 0; i < n; i++) {
		uint8_t image[8];

		for (unsigned k = 0; k < 8; k++)
			image[k] = (uint8_t)(v[i] >> (56 - 8 * k));
		hash_add(&s, image, sizeof(image));
	}
	return hash_end(&s);
}

/* A round of a job that is not the first one. */
static struct hash
hash_later(const struct ledger_round *r, const struct hash *round)
{
	const struct hash all[3] = {*round, r->order, r->start};

	return hash_bytes("qml.later", all, sizeof(all));
}

void
state_leaves(const struct state_now *now, struct hash out[static LEDGER_LEAVES])
{
	const struct ledger_round *r = now->round;
	uint64_t round[3 + FEDERATION_MAX_MEMBERS] = {r->number, r->opened_ms,
	    r->finished};
	uint64_t counts[] = {r->skips, r->skipped, r->aggregated,
	    (uint64_t)r->best_q24, r->stale};

	out[0] = *now->validators;
	out[1] = *now->next_validators;
	out[2] = *now->members;
	if (now->version >= 2) {
		const struct hash both[2] = {out[2], *now->federation};

		out[2] = hash_bytes("qml.members2", both, sizeof(both));
	}
	out[3] = *now->params;
	out[4] = r->job;
	out[5] = r->base_model;
	for (uint16_t i = 0; i < now->nseats; i++)
		round[3 + i] = r->asked[i];
	out[6] = hash_numbers("qml.round", round, 3u + now->nseats);
	if (r->bases.carry > 0) {
		struct hash both[2] = {out[6],
		    bases_hash(&r->bases, now->nseats)};

		out[6] = hash_bytes("qml.carried", both, sizeof(both));
	}
	if (r->first > 0)
		out[6] = hash_later(r, &out[6]);
	if (r->sealed || r->shown_ms > 0) {
		const uint64_t seal[] = {r->sealed, r->shown_ms};
		struct hash both[2] = {out[6],
		    hash_numbers("qml.seal", seal, 2)};

		out[6] = hash_bytes("qml.sealed", both, sizeof(both));
	}
	out[7] = hash_numbers("qml.counts", counts, 5);
	out[8] = *now->moments;
	out[9] = books_root(now->books);
	out[10] = bench_hash(now->bench, now->nseats);
	out[11] = conduct_hash(now->conduct, now->nseats);
}

static void
leaves_next(const struct ledger *l, struct hash out[static LEDGER_LEAVES])
{
	const struct state_now now = {&l->memory->next,
	    &l->memory->moments_hash, &l->memory->params_hash, l->memory->books,
	    &l->memory->bench, &l->memory->conduct, &l->next_validators,
	    &l->memory->validators, &l->memory->members, &l->fid,
	    ledger_version(l), l->next->n};

	state_leaves(&now, out);
}

struct hash
state_root_next(const struct ledger *l)
{
	struct hash leaves[LEDGER_LEAVES];

	leaves_next(l, leaves);
	return merkle_root_of(leaves, LEDGER_LEAVES);
}

struct hash
state_hash_moments(const struct merge *m, const int64_t *moments)
{
	if (m->nmoments == 0)
		return (struct hash){{0}};
	return q24_hash("qml.moments", moments, m->nmoments);
}

/* A member's place in this round's draw. */
static struct hash
lot_of(const struct ledger *l, uint64_t number, uint16_t i)
{
	struct hash_stream s;
	uint8_t image[8];

	for (unsigned k = 0; k < 8; k++)
		image[k] = (uint8_t)(number >> (56 - 8 * k));
	hash_begin(&s, "qml.asked");
	hash_add(&s, l->head.b, HASH_LEN);
	hash_add(&s, image, sizeof(image));
	hash_add(&s, l->next->m[i].id.b, HASH_LEN);
	return hash_end(&s);
}

/* How many of n are asked: the job's share, rounded up, but enough for its
 * rule. */
static uint32_t
share_of(const struct merge *m, uint32_t n, uint64_t aggregated)
{
	uint32_t least = merge_minimum(m, aggregated), some;
	int64_t share = 0;

	if (decimal_q24(&m->job->combine.participation, &share) < 0)
		return n; /* job_check has refused such a job */
	some = (uint32_t)(((uint64_t)share * n + Q24_ONE - 1) / Q24_ONE);
	some = some < least ? least : some;
	return some < n ? some : n;
}

/* The head before the round decides, so nobody knows it much earlier; those
 * with the smallest lots are asked. */
static void
draw_asked(const struct ledger *l, const struct merge *m,
    struct ledger_round *r)
{
	struct hash lots[FEDERATION_MAX_MEMBERS];
	const struct seats *s = l->next;
	bool in[FEDERATION_MAX_MEMBERS] = {false};
	uint32_t all = 0, some, before;

	memset(r->asked, 0, sizeof(r->asked));
	for (uint16_t i = 0; i < s->n; i++) {
		lots[i] = lot_of(l, r->number, i);
		in[i] = r->takes_part[i] && s->state[i] == SEAT_MEMBER;
		all += in[i];
	}
	some = share_of(m, all, r->aggregated);
	for (uint16_t i = 0; i < s->n; i++) {
		before = 0;
		for (uint16_t k = 0; k < s->n; k++)
			before += in[k] && hash_compare(&lots[k], &lots[i]) < 0;
		r->asked[i] = in[i] && before < some;
	}
}

/* The lower median of what members say about the rows they keep back: with a
 * majority honest it lies between two honest figures. Late updates speak of an
 * older model. False: nobody did. */
static bool
median_loss(const struct ledger *l, const struct block *b, int64_t *out)
{
	int64_t v[FEDERATION_MAX_MEMBERS];
	uint16_t n = 0, k;

	for (uint16_t i = 0; i < b->header.nanswers; i++) {
		const struct answer *a = b->answers[i];

		if (a->kind != ANSWER_UPDATE || a->valid_rows == 0 ||
		    !hash_equal(&a->base_model, &l->round.base_model))
			continue;
		for (k = n++; k > 0 && v[k - 1] > a->valid_loss_q24; k--)
			v[k] = v[k - 1];
		v[k] = a->valid_loss_q24;
	}
	if (n > 0)
		*out = v[(n - 1) / 2];
	return n > 0;
}

/* Early stopping, by what the job says is progress. True: the job is over. */
static bool
note_loss(const struct ledger *l, struct ledger_round *r, const struct block *b)
{
	int64_t loss = 0, progress = 0;

	if (l->f.job.patience == 0 || !median_loss(l, b, &loss))
		return false;
	if (decimal_q24(&l->f.job.progress, &progress) < 0)
		return false;
	if (r->best_q24 == INT64_MAX ||
	    loss < (q24_wide)r->best_q24 - progress) {
		r->best_q24 = loss;
		r->stale = 0;
		return false;
	}
	return ++r->stale >= l->f.job.patience;
}

/* Both times grow after skips: a site that needs longer than the straggler
 * time would otherwise never be waited for. */
void
state_time_round(struct ledger_round *r, const struct timing *t)
{
	uint64_t patience = r->skips < 3 ? 1u << r->skips : PATIENCE_MAX;
	uint64_t from = r->shown_ms > 0 ? r->shown_ms : r->opened_ms;

	r->collect_at_ms = state_later(from, patience * t->collect);
	r->straggler_at_ms = state_later(from, patience * t->straggler);
}

void
state_open_round(const struct ledger *l, struct ledger_round *r,
    const struct opening *o)
{
	r->number = o->number;
	r->opened_ms = o->opened_ms;
	r->finished = r->number - r->first >= o->m->job->rounds;
	sealed_begin(l, r);
	state_time_round(r, &l->params.timing);
	draw_asked(l, o->m, r);
}

uint16_t
ledger_place(const struct ledger *l, uint16_t member, struct merge_asked *asked)
{
	uint16_t place = UINT16_MAX;

	*asked = (struct merge_asked){0, l->merge.faults};
	for (uint16_t i = 0; i < FEDERATION_MAX_MEMBERS; i++) {
		if (l->round.asked[i] && i == member)
			place = asked->n;
		asked->n = (uint16_t)(asked->n + l->round.asked[i]);
	}
	return place;
}

static uint32_t
weight_of(const struct ledger *l, uint16_t member)
{
	uint32_t cap = l->f.job.combine.weight_cap;

	return cap > 0 && l->weight[member] > cap ? cap : l->weight[member];
}

/* The change by the block's updates into memory->model, and the moments; notes
 * whose work it holds in memory->next. */
static bool
aggregate_answers(const struct ledger *l, const struct block *b)
{
	const struct answer *updates[FEDERATION_MAX_MEMBERS];
	uint32_t weights[FEDERATION_MAX_MEMBERS];
	int64_t scales[FEDERATION_MAX_MEMBERS];
	struct ledger_memory *mem = l->memory;
	struct merge_round r = {
	    .number = ledger_job_round(l),
	    .aggregated = l->round.aggregated,
	    .updates = updates,
	    .weights = weights,
	    .scales = scales,
	    .asked = l->round.asked,
	};
	int age;

	if (b->header.nanswers > l->seats->n)
		return false;
	for (uint16_t i = 0; i < b->header.nanswers; i++) {
		const struct answer *a = b->answers[i];

		if (!a || a->member >= l->seats->n)
			return false;
		if (a->kind != ANSWER_UPDATE)
			continue;
		if (!a->delta || a->dim != l->f.job.update)
			return false;
		age = bases_age(&l->round.bases, &a->base_model);
		if (age < 0)
			return false;
		bases_use(&mem->next.bases, a->member, age);
		updates[r.n] = a;
		scales[r.n] = bases_weight(age);
		weights[r.n++] = weight_of(l, a->member);
	}
	memcpy(mem->moments, l->moments,
	    l->merge.nmoments * sizeof(*l->moments));
	if (!merge_run(&l->merge, &r, l->model, mem->moments, mem->model))
		return false;
	mem->moments_hash = state_hash_moments(&l->merge, mem->moments);
	return true;
}

/* Model, moments and round. */
static bool
compute_round(const struct ledger *l, const struct block *b)
{
	struct ledger_memory *mem = l->memory;
	struct ledger_round *r = &mem->next;
	struct opening o = {&l->merge, l->round.number + 1, b->header.time_ms};
	bool over;

	mem->aggregate = (struct hash){{0}};
	mem->moments_hash = l->moments_hash;
	*r = l->round;
	if (b->header.kind == BLOCK_ORDINARY) {
		o.number--;
		if (b->header.height == 1)
			state_open_round(l, r, &o);
		return true;
	}
	if (b->header.kind == BLOCK_SKIP) {
		r->skips++;
		r->skipped++;
		bases_skipped(&r->bases, r->number + 1);
		state_open_round(l, r, &o);
		return true;
	}
	if (!aggregate_answers(l, b))
		return false;
	mem->aggregate = q24_hash("qml.agg", mem->model, l->f.job.dim);
	for (uint32_t j = 0; j < l->f.job.dim; j++)
		mem->model[j] = q24_add_sat(l->model[j], mem->model[j]);
	r->base_model = q24_hash("qml.model", mem->model, l->f.job.dim);
	bases_aggregated(&r->bases, &r->base_model, r->number + 1);
	r->skips = 0;
	r->aggregated++;
	over = note_loss(l, r, b);
	state_open_round(l, r, &o);
	r->finished |= over;
	r->sealed = r->sealed && !over;
	return true;
}

void
state_seated(struct ledger *l)
{
	const struct seats *s = l->seats;

	memset(l->power, 0, sizeof(l->power));
	memset(l->weight, 0, sizeof(l->weight));
	memset(l->active, 0, sizeof(l->active));
	for (uint16_t i = 0; i < s->n; i++) {
		l->active[i] = s->state[i] == SEAT_MEMBER;
		l->power[i] = s->m[i].power;
		l->weight[i] = s->m[i].weight;
	}
}

void
state_turns(struct ledger *l)
{
	const struct bench_set set = {l->power, l->seats->n};

	bench_turns(&l->bench, &set, l->turns);
}

static void
compute_bench(const struct ledger *l, const struct block *b)
{
	uint32_t power[FEDERATION_MAX_MEMBERS] = {0};
	const struct bench_set set = {l->power, l->seats->n};
	const struct bench_set next = {power, l->next->n};
	const struct bench_block at = {.height = b->header.height,
	    .round = b->header.round,
	    .proposer = b->header.proposer,
	    .last = b->last_commit};

	for (uint16_t i = 0; i < next.n; i++)
		power[i] = l->next->m[i].power;
	l->memory->bench = l->bench;
	bench_block(&l->memory->bench, &set, &next, &at);
}

/* Other members or other keys: what was signed for the open round was signed
 * by the members of before, so another one begins. */
static void
reopen(const struct ledger *l, struct ledger_round *r, const struct block *b)
{
	r->skipped++;
	bases_skipped(&r->bases, r->number + 1);
	state_open_round(l, r,
	    &(struct opening){&l->merge, r->number + 1, b->header.time_ms});
}

/* What was decided holds for the round that is open after the block. A pause
 * that lapses gives the round its time again. */
static void
settle(const struct ledger *l, const struct block *b)
{
	const struct ledger_params *p = &l->memory->enact.params;
	struct ledger_round *r = &l->memory->next;
	uint64_t height = b->header.height;

	if (l->params.paused_until == height && p->paused_until == height)
		r->opened_ms = b->header.time_ms;
	if (r->number == l->round.number && !l->memory->start.on)
		(void)sealed_turn(l, l->memory->books, r, b->header.time_ms);
	state_time_round(r, &p->timing);
	l->memory->params_hash = enact_hash(p);
}

/* Of the next block but two: mostly the same as of the next but one. */
static void
hash_seats(const struct ledger *l)
{
	struct ledger_memory *mem = l->memory;

	mem->validators = l->next_validators;
	mem->members = l->members;
	if (seats_equal(mem->seats, l->next))
		return;
	mem->validators = seats_hash_validators(mem->seats);
	mem->members = seats_hash_members(mem->seats);
}

enum ledger_verdict
state_compute_next(const struct ledger *l, const struct block *b)
{
	struct ledger_memory *mem = l->memory;
	enum ledger_verdict v;

	mem->has_next = false;
	books_free(mem->books);
	books_free(mem->consent);
	mem->books = mem->consent = NULL;
	jobs_drop(&mem->start);
	free(mem->minted.params);
	mem->minted = (struct shelf_model){.params = NULL};
	if (!compute_round(l, b))
		return LEDGER_AGGREGATE;
	compute_bench(l, b);
	l->memory->conduct = l->conduct;
	for (uint16_t i = 0; i < b->header.nevidence; i++)
		conduct_add(&l->memory->conduct, b->evidence[i]);
	mem->reseated = b->header.kind == BLOCK_ORDINARY &&
	    !l->round.finished && !seats_same(l->seats, l->next);
	seats_copy(mem->seats, l->next);
	/* Before the jobs have their turn: it may have been the last round. */
	if (mem->reseated && !mem->next.finished)
		reopen(l, &mem->next, b);
	v = txs_run(l, b, &mem->books);
	if (v != LEDGER_OK)
		return v;
	settle(l, b);
	hash_seats(l);
	if ((mem->next.number != l->round.number || mem->start.on) &&
	    books_clone(mem->books, &mem->consent) < 0)
		return LEDGER_NO_MEMORY;
	return LEDGER_OK;
}

void
ledger_leaves(const struct ledger *l, struct hash out[LEDGER_LEAVES])
{
	const struct state_now now = {&l->round, &l->moments_hash,
	    &l->params_hash, l->books, &l->bench, &l->conduct, &l->validators,
	    &l->next_validators, &l->members, &l->past_fid, l->version,
	    l->seats->n};

	state_leaves(&now, out);
}

bool
ledger_leaves_after(const struct ledger *l, const struct block *b,
    struct hash out[LEDGER_LEAVES])
{
	if (state_compute_next(l, b) != LEDGER_OK)
		return false;
	leaves_next(l, out);
	return true;
}
