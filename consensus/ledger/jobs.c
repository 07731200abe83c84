#include "consensus/ledger/jobs.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "consensus/books/view.h"
#include "consensus/ledger/state.h"
#include "consensus/ledger/txs.h"
#include "proto/q24.h"

void
jobs_drop(struct jobs_start *s)
{
	job_close(&s->job);
	merge_close(&s->merge);
	free(s->model);
	free(s->moments);
	free(s->model_room);
	free(s->moments_room);
	*s = (struct jobs_start){0};
}

/* The founding as it would be by those who sit here, for this job. Founders may
 * have left, and others come, by more weight and for more faults than theirs.
 * Borrowed, with room[FEDERATION_MAX_MEMBERS]: never closed. */
static struct federation
as_of(const struct ledger *l, const struct seats *s, const struct job *j,
    struct member *room)
{
	struct federation f = l->f;

	f.job = *j;
	f.members = room;
	f.nmembers = 0;
	f.answers_min = 0; /* what holds now is in the params */
	f.economy.opening = 0;
	for (uint16_t i = 0; i < s->n; i++)
		if (s->state[i] == SEAT_MEMBER)
			room[f.nmembers++] = s->m[i];
	federation_sort(&f);
	return f;
}

int
jobs_suit(const struct ledger *l, const struct seats *s, const struct job *j)
{
	struct member room[FEDERATION_MAX_MEMBERS];
	struct federation f = as_of(l, s, j, room);
	char err[256];

	return federation_check(&f, err, sizeof(err));
}

/* The bytes of an order's job. A start that is only named is looked up by
 * start_known, so it is no part of what federation_check sees. */
static int
decode(const struct ledger *l, const uint8_t *bytes, uint32_t len,
    struct job *out, struct hash *start)
{
	struct bytes_reader r = bytes_reader_of(bytes, len);

	job_get(&r, out);
	*start = out->start;
	if (!bytes_reader_done(&r))
		return r.nomem ? -ENOMEM : -EINVAL;
	if (out->start_params == NULL)
		out->start = (struct hash){{0}};
	return jobs_suit(l, l->next, out);
}

/* Is the model that a job names, and does not carry, on the shelf? */
static bool
start_known(const struct ledger *l, const struct job *j,
    const struct hash *start)
{
	const struct shelf_model *m;

	if (hash_is_zero(start) || j->start_params != NULL)
		return true;
	m = shelf_find(&l->shelf, start);
	return m != NULL && m->dim == j->dim;
}

/* A merge whose job is j. */
static int
open_merge(const struct ledger *l, const struct job *j, struct merge *m)
{
	struct federation f = l->f; /* borrowed: never closed */
	char err[160];
	int rc;

	f.job = *j;
	f.nmembers = seats_members(l->next);
	rc = merge_init(m, &f, err, sizeof(err));
	if (rc == 0)
		merge_bind(m, j);
	if (rc == 0)
		rc = merge_seats(m, l->next->n, seats_members(l->next));
	return rc;
}

int
jobs_read(const void *arg, const uint8_t *bytes, uint32_t len,
    struct books_job *out)
{
	const struct ledger *l = arg;
	struct merge m = {0};
	struct job j = {0};
	struct hash start;
	int rc = decode(l, bytes, len, &j, &start);

	*out = (struct books_job){0};
	if (rc == 0 && !start_known(l, &j, &start))
		rc = -EINVAL;
	if (rc == 0)
		rc = open_merge(l, &j, &m);
	if (rc == 0) {
		uint32_t first = merge_minimum(&m, 0);
		uint32_t later = merge_minimum(&m, j.stage_rounds);

		txs_job(&j, out);
		out->members = first > later ? first : later;
	}
	merge_close(&m);
	job_close(&j);
	return rc;
}

static int
allocate(struct jobs_start *s)
{
	size_t dim = s->job.dim, n = s->merge.nmoments + 1;

	s->model = calloc(dim, sizeof(*s->model));
	s->model_room = calloc(dim, sizeof(*s->model_room));
	s->moments = calloc(n, sizeof(*s->moments));
	s->moments_room = calloc(n, sizeof(*s->moments_room));
	return s->model && s->model_room && s->moments && s->moments_room
	    ? 0
	    : -ENOMEM;
}

/* The first model and moments; what the model came from is not kept. */
static void
fill(const struct ledger *l, const struct hash *start, struct jobs_start *s)
{
	const struct shelf_model *m = NULL;

	if (!hash_is_zero(start) && s->job.start_params == NULL)
		m = shelf_find(&l->shelf, start);
	if (m != NULL)
		memcpy(s->model, m->params, m->dim * sizeof(*s->model));
	else
		job_start_model(&s->job, s->model);
	merge_start(&s->merge, s->moments);
	s->job.start = (struct hash){{0}};
	free(s->job.start_params);
	s->job.start_params = NULL;
}

uint32_t
jobs_taking_part(const struct ledger *l, const struct seats *s)
{
	uint32_t n = 0;

	for (uint16_t i = 0; i < s->n; i++)
		n += l->round.takes_part[i] && s->state[i] == SEAT_MEMBER;
	return n;
}

/* Do enough of those sit here whose data the order names? */
static bool
enough_sit(const struct ledger *l, const struct books *books,
    const struct hash *order, const struct merge *m)
{
	uint32_t n = 0;

	for (uint16_t i = 0; i < l->next->n; i++)
		n += l->next->state[i] == SEAT_MEMBER &&
		    books_in_order(books, order, i);
	return n >= merge_minimum(m, 0) &&
	    n >= merge_minimum(m, m->job->stage_rounds);
}

/* -EINVAL: the order's job cannot run as things are now, at any node; -ENOMEM
 * is this node's own and cancels nothing. */
static int
prepare(const struct ledger *l, const struct books *books,
    const struct books_next_job *n, struct hash *start, struct jobs_start *s)
{
	int rc = decode(l, n->bytes, n->len, &s->job, start);

	/* Others may sit here from its second block on. */
	if (rc == 0)
		rc = jobs_suit(l, l->memory->seats, &s->job);
	if (rc == 0 && !start_known(l, &s->job, start))
		rc = -EINVAL;
	if (rc == 0)
		rc = open_merge(l, &s->job, &s->merge);
	if (rc == 0 && !enough_sit(l, books, &n->order, &s->merge))
		rc = -EINVAL;
	if (rc == 0)
		rc = allocate(s);
	if (rc == 0)
		fill(l, start, s);
	return rc;
}

/* Rounds go on being counted: no answer, vote or record of one job can be
 * taken for one of another. */
static void
open_first(const struct ledger *l, const struct block *b, struct books *books)
{
	struct ledger_memory *mem = l->memory;
	const struct jobs_start *s = &mem->start;
	struct ledger_round *r = &mem->next;

	r->first = r->number;
	r->ruled = 0;
	r->version = r->start;
	r->skips = 0;
	r->skipped = r->aggregated = 0;
	r->best_q24 = INT64_MAX;
	r->stale = 0;
	r->base_model = q24_hash("qml.model", s->model, s->job.dim);
	bases_start(&r->bases, &s->job, &r->base_model, r->number);
	for (uint16_t i = 0; i < FEDERATION_MAX_MEMBERS; i++)
		r->takes_part[i] = books_in_order(books, &r->order, i);
	mem->moments_hash = state_hash_moments(&s->merge, s->moments);
	mem->enact.params.combine = s->job.combine;
	(void)!decimal_q24(&s->job.clip, &mem->enact.params.clip_q24);
	(void)!decimal_q24(&s->job.bound, &mem->enact.params.bound_q24);
	state_open_round(l, r,
	    &(struct opening){&s->merge, r->number, b->header.time_ms});
}

/* The oldest order that still fits. */
static int
start_next(const struct ledger *l, const struct block *b, struct books *books)
{
	struct ledger_memory *mem = l->memory;
	struct books_next_job n;
	int rc;

	while (books_next_job(books, &n)) {
		rc = books_job_fits(books, &n.order, b->header.height + 1)
		    ? prepare(l, books, &n, &mem->next.start, &mem->start)
		    : -EINVAL;
		if (rc == -EINVAL) {
			jobs_drop(&mem->start);
			books_job_refused(books, &n.order);
			continue;
		}
		if (rc < 0)
			return rc;
		mem->start.on = true;
		mem->next.job = hash_bytes("qml.job", n.bytes, n.len);
		mem->next.order = n.order;
		books_job_started(books, &n.order);
		open_first(l, b, books);
		return 0;
	}
	return 0;
}

/* The model after this block. */
static const int64_t *
outcome(const struct ledger *l, const struct block *b)
{
	return b->header.kind == BLOCK_AGGREGATE ? l->memory->model : l->model;
}

/* On the shelf when the block is applied. */
static int
keep_version(const struct ledger *l, const struct block *b)
{
	struct shelf_model *m = &l->memory->minted;
	uint32_t dim = l->f.job.dim;

	m->params = malloc(dim * sizeof(*m->params));
	if (m->params == NULL)
		return -ENOMEM;
	memcpy(m->params, outcome(l, b), dim * sizeof(*m->params));
	m->model = l->memory->next.base_model;
	m->dim = dim;
	return 0;
}

/* A version for whoever trained it: once, at the end of what it says. */
static int
mint(const struct ledger *l, const struct block *b, struct books *books)
{
	struct ledger_round *r = &l->memory->next;
	const struct books_mint m = {.job = r->job,
	    .model = r->base_model,
	    .parent = books_version_of(books, &r->version),
	    .round_from = r->first,
	    .round_to = r->number,
	    .height = b->header.height};
	int rc = books_mint(books, &m);

	if (rc == -EEXIST)
		return 0;
	r->version = r->base_model;
	return rc < 0 ? rc : keep_version(l, b);
}

/* What the job agreed on while it still runs. */
static bool
is_checkpoint(const struct ledger *l, const struct block *b)
{
	uint32_t every = l->f.job.checkpoint_every;

	return every > 0 && b->header.kind == BLOCK_AGGREGATE &&
	    l->memory->next.aggregated % every == 0;
}

/* A round that is broken off stays a number that was used. */
static void
end_early(const struct ledger *l)
{
	struct ledger_round *r = &l->memory->next;

	if (r->number == l->round.number)
		r->number++;
	r->finished = true;
	r->sealed = false;
}

/* The open round ends without its model: its updates were made, and clipped,
 * for the rule of before. */
static void
break_off(const struct ledger *l, struct books *books)
{
	struct ledger_round *r = &l->memory->next;

	if (r->number != l->round.number)
		return;
	books_skip_round(books);
	r->number++;
	r->skipped++;
}

/* The running job goes on from this block's model, combined as was voted. What
 * the old rule remembered, moments and models of late updates, is its own. */
static int
change_rule(const struct ledger *l, const struct block *b, struct books *books)
{
	struct ledger_memory *mem = l->memory;
	struct ledger_round *r = &mem->next;
	struct jobs_start *s = &mem->start;
	int rc;

	break_off(l, books);
	if (r->number - r->first >= l->f.job.rounds) {
		end_early(l);
		return 0;
	}
	rc = job_copy(&s->job, ledger_job(l));
	if (rc < 0)
		return rc;
	s->job.combine = mem->enact.params.combine;
	s->job.clip = mem->enact.clip;
	rc = open_merge(l, &s->job, &s->merge);
	if (rc == 0)
		rc = allocate(s);
	if (rc < 0)
		return rc;
	memcpy(s->model, outcome(l, b), s->job.dim * sizeof(*s->model));
	merge_start(&s->merge, s->moments);
	s->on = true;
	r->ruled = r->number;
	bases_start(&r->bases, &s->job, &r->base_model, r->number);
	mem->moments_hash = state_hash_moments(&s->merge, s->moments);
	state_open_round(l, r,
	    &(struct opening){&s->merge, r->number, b->header.time_ms});
	return 0;
}

/* Its buyer does not want it any more, or nobody is left who could train it: a
 * member that is voted out does not keep the others waiting for its rounds. */
static bool
order_over(const struct ledger *l, const struct books *books,
    const struct hash *order)
{
	return books_job_ending(books, order) ||
	    jobs_taking_part(l, l->next) == 0;
}

int
jobs_turn(const struct ledger *l, const struct block *b, struct books *books)
{
	struct ledger_memory *mem = l->memory;
	struct ledger_round *r = &mem->next;
	bool ordered = !hash_is_zero(&r->order);
	int rc = 0;

	if (!l->round.finished) {
		if (!r->finished &&
		    (mem->enact.job_over ||
			(ordered && order_over(l, books, &r->order))))
			end_early(l);
		if (!r->finished && is_checkpoint(l, b))
			rc = mint(l, b, books);
		if (rc == 0 && !r->finished && mem->enact.ruled)
			rc = change_rule(l, b, books);
	}
	/* Whose work it was is known once the last rounds are valued; trainers
	 * of the next job could not find it out any more. */
	if (rc < 0 || !r->finished || books_valuing(books))
		return rc;
	if (!l->round.finished || books_valuing(l->books)) {
		if (r->aggregated > 0)
			rc = mint(l, b, books);
		if (rc == 0 && ordered)
			books_job_finished(books, &r->order);
	}
	return rc == 0 ? start_next(l, b, books) : rc;
}

void
jobs_take(struct ledger *l)
{
	struct ledger_memory *mem = l->memory;
	struct jobs_start *s = &mem->start;

	if (mem->minted.params != NULL)
		shelf_add(&l->shelf, &mem->minted);
	mem->minted = (struct shelf_model){.params = NULL};
	if (!s->on)
		return;
	job_close(&l->f.job);
	merge_close(&l->merge);
	free(l->model);
	free(l->moments);
	free(mem->model);
	free(mem->moments);
	l->f.job = s->job;
	l->merge = s->merge;
	merge_bind(&l->merge, &l->f.job);
	l->model = s->model;
	l->moments = s->moments;
	mem->model = s->model_room;
	mem->moments = s->moments_room;
	*s = (struct jobs_start){0};
}

void
shelf_close(struct shelf *s)
{
	for (unsigned i = 0; i < s->n; i++)
		free(s->at[i].params);
	*s = (struct shelf){0};
}

int
shelf_copy(struct shelf *to, const struct shelf *from)
{
	*to = (struct shelf){0};
	for (unsigned i = 0; i < from->n; i++) {
		struct shelf_model m = from->at[i];
		size_t size = m.dim * sizeof(*m.params);

		m.params = malloc(size);
		if (m.params == NULL) {
			shelf_close(to);
			return -ENOMEM;
		}
		memcpy(m.params, from->at[i].params, size);
		to->at[to->n++] = m;
	}
	return 0;
}

const struct shelf_model *
shelf_find(const struct shelf *s, const struct hash *model)
{
	for (unsigned i = s->n; i > 0; i--)
		if (hash_equal(&s->at[i - 1].model, model))
			return &s->at[i - 1];
	return NULL;
}

void
shelf_add(struct shelf *s, const struct shelf_model *m)
{
	if (shelf_find(s, &m->model) != NULL) {
		free(m->params);
		return;
	}
	if (s->n == SHELF_MAX) {
		free(s->at[0].params);
		memmove(s->at, s->at + 1, --s->n * sizeof(s->at[0]));
	}
	s->at[s->n++] = *m;
}
