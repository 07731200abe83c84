#include "consensus/ledger/image.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "consensus/books/image.h"
#include "consensus/ledger/leaves.h"
#include "consensus/ledger/state.h"
#include "consensus/ledger/txs.h"
#include "proto/q24.h"
#include "proto/walk.h"

/* There may be many: what is read must be there before it is waited for. */
static void
image_integers(struct walk *k, int64_t *v, size_t n)
{
	if (walk_reads(k))
		walk_need(k, n <= bytes_reader_left(k->from) / 8);
	for (size_t i = 0; i < n && walk_ok(k); i++)
		walk_i64(k, &v[i]);
}

/* One that is allocated when it is read. */
static void
image_vector(struct walk *k, int64_t **v, uint32_t *dim)
{
	*dim = walk_count(k, *dim, ANSWER_DIM_MAX);
	if (walk_reads(k)) {
		walk_need(k, *dim <= bytes_reader_left(k->from) / 8);
		if (!walk_ok(k))
			return;
		*v = calloc(*dim + 1u, sizeof(**v));
		if (!*v) {
			walk_no_memory(k);
			return;
		}
	}
	image_integers(k, *v, *dim);
}

static void
image_shelf(struct walk *k, struct shelf *s)
{
	uint32_t n = walk_count(k, s->n, SHELF_MAX);

	for (uint32_t i = 0; i < n && walk_ok(k); i++) {
		s->n = i + 1 > s->n ? i + 1 : s->n; /* freed with the rest */
		walk_hash(k, &s->at[i].model);
		image_vector(k, &s->at[i].params, &s->at[i].dim);
	}
}

static void
image_history(struct walk *k, struct merkle *m)
{
	walk_u64(k, &m->size);
	for (unsigned i = 0; i < MERKLE_MAX_DEPTH; i++)
		if (m->size >> i & 1)
			walk_hash(k, &m->full[i]);
}

static void
image_bases(struct walk *k, struct bases *b)
{
	walk_u8(k, &b->carry);
	walk_need(k, b->carry < BASES_MAX);
	b->n = (uint8_t)walk_count(k, b->n, BASES_MAX);
	walk_need(k, b->n > 0 && b->n <= b->carry + 1);
	for (uint8_t i = 0; i < b->n; i++) {
		walk_hash(k, &b->one[i].model);
		walk_u64(k, &b->one[i].round);
	}
	for (uint16_t i = 0; i < FEDERATION_MAX_MEMBERS; i++)
		walk_u64(k, &b->used[i]);
}

static void
image_round(struct walk *k, struct ledger_round *r)
{
	walk_hash(k, &r->job);
	walk_u64(k, &r->number);
	walk_u64(k, &r->ruled);
	walk_u64(k, &r->first);
	walk_need(k, r->first <= r->number);
	walk_u64(k, &r->opened_ms);
	walk_bool(k, &r->sealed);
	walk_u64(k, &r->shown_ms);
	walk_u64(k, &r->collect_at_ms);
	walk_u64(k, &r->straggler_at_ms);
	walk_hash(k, &r->base_model);
	walk_hash(k, &r->order);
	walk_hash(k, &r->start);
	walk_hash(k, &r->version);
	walk_u32(k, &r->skips);
	walk_u64(k, &r->skipped);
	walk_u64(k, &r->aggregated);
	walk_bool(k, &r->finished);
	walk_i64(k, &r->best_q24);
	walk_u32(k, &r->stale);
	image_bases(k, &r->bases);
	for (uint16_t i = 0; i < FEDERATION_MAX_MEMBERS; i++) {
		walk_bool(k, &r->takes_part[i]);
		walk_bool(k, &r->asked[i]);
	}
}

static void
image_seats(struct walk *k, struct seats *s)
{
	if (walk_reads(k))
		*s = (struct seats){0};
	s->n = (uint16_t)walk_count(k, s->n, FEDERATION_MAX_MEMBERS);
	for (uint16_t i = 0; i < s->n; i++) {
		struct member *m = &s->m[i];

		walk_u8(k, &s->state[i]);
		walk_need(k, s->state[i] <= SEAT_LEFT);
		walk_key(k, &s->old[i]);
		walk_hash(k, &m->id);
		walk_text(k, m->name, sizeof(m->name));
		walk_text(k, m->address, sizeof(m->address));
		walk_key(k, &m->sign);
		walk_raw(k, m->network, sizeof(m->network));
		walk_u32(k, &m->power);
		walk_u32(k, &m->weight);
	}
}

static void
image_electorate(struct walk *k, struct electorate *e)
{
	e->n = (uint16_t)walk_count(k, e->n, FEDERATION_MAX_MEMBERS);
	for (uint16_t i = 0; i < e->n; i++) {
		walk_u32(k, &e->power[i]);
		walk_key(k, &e->key[i]);
	}
}

static void
image_standing(struct walk *k, struct bench *b, struct conduct *c)
{
	for (uint16_t i = 0; i < FEDERATION_MAX_MEMBERS; i++) {
		walk_u8(k, &b->miss[i]);
		walk_bool(k, &b->out[i]);
		walk_u16(k, &b->signs[i]);
		for (unsigned kind = 0; kind < EVIDENCE_KINDS - 1; kind++) {
			walk_u64(k, &c->of[i][kind].newest);
			walk_u64(k, &c->of[i][kind].seen);
			walk_u32(k, &c->of[i][kind].times);
		}
	}
}

static void
image_timing(struct walk *k, struct timing *t)
{
	walk_u32(k, &t->collect);
	walk_u32(k, &t->straggler);
	walk_u32(k, &t->heartbeat);
	walk_u32(k, &t->propose);
	walk_u32(k, &t->prevote);
	walk_u32(k, &t->precommit);
	walk_u32(k, &t->round_step);
	walk_u32(k, &t->timeout_max);
	walk_u32(k, &t->precision);
	walk_u32(k, &t->delay);
	walk_u32(k, &t->interval);
}

static void
image_params(struct walk *k, struct ledger_params *p)
{
	image_timing(k, &p->timing);
	walk_u16(k, &p->answers_min);
	walk_u16(k, &p->version);
	walk_u16(k, &p->next_version);
	walk_u64(k, &p->next_version_at);
	walk_u64(k, &p->paused_until);
	if (walk_reads(k))
		job_combine_get(k->from, &p->combine);
	else
		job_combine_put(k->to, &p->combine);
	walk_i64(k, &p->clip_q24);
	walk_i64(k, &p->bound_q24);
}

static void
image_part(struct walk *k, struct ledger_part *p)
{
	walk_u16(k, &p->member);
	walk_u8(k, &p->kind);
	walk_u8(k, &p->reason);
	walk_u16(k, &p->flags);
	walk_bool(k, &p->late);
	walk_u32(k, &p->rows);
	walk_u32(k, &p->correct);
	walk_i64(k, &p->loss_before_q24);
	walk_i64(k, &p->loss_after_q24);
}

static void
image_summary(struct walk *k, struct ledger_round_summary *s)
{
	walk_u64(k, &s->round);
	walk_u64(k, &s->height);
	walk_u8(k, &s->kind);
	walk_u64(k, &s->time_ms);
	walk_u64(k, &s->duration_ms);
	walk_u8(k, &s->task);
	walk_u8(k, &s->control);
	walk_u16(k, &s->nupdates);
	s->nparts = (uint16_t)walk_count(k, s->nparts, ATTEST_MAX_ANSWERS);
	walk_u64(k, &s->rows);
	walk_u64(k, &s->correct);
	walk_i64(k, &s->loss_before_q24);
	walk_i64(k, &s->loss_after_q24);
	walk_u64(k, &s->control_correct);
	walk_i64(k, &s->control_loss_q24);
	walk_u64(k, &s->valid_rows);
	walk_u64(k, &s->valid_correct);
	walk_i64(k, &s->valid_loss_q24);
	walk_u64(k, &s->valid_control_correct);
	walk_i64(k, &s->valid_control_loss_q24);
	for (uint16_t i = 0; i < s->nparts; i++)
		image_part(k, &s->part[i]);
}

/* The job that runs, and for how many seats its rule was set up. */
static void
image_job(struct walk *k, struct ledger *l)
{
	if (walk_reads(k)) {
		job_close(&l->f.job);
		job_get(k->from, &l->f.job);
	} else {
		job_put(k->to, &l->f.job);
	}
	walk_u16(k, &l->merge.nmembers);
	walk_u16(k, &l->merge.nactive);
}

/* Where the chain is, and who sits there. */
static void
image_place(struct walk *k, struct ledger *l)
{
	walk_u64(k, &l->height);
	walk_u16(k, &l->version);
	walk_u64(k, &l->time_ms);
	walk_hash(k, &l->head);
	walk_hash(k, &l->fid);
	walk_hash(k, &l->past_fid);
	image_shelf(k, &l->shelf);
	image_history(k, &l->history);
	walk_need(k, l->history.size == l->height + 1);
	image_round(k, &l->round);
	image_seats(k, l->seats);
	image_seats(k, l->next);
	walk_need(k, l->seats->n > 0 && l->next->n >= l->seats->n);
	for (uint16_t i = 0; i < FEDERATION_MAX_MEMBERS; i++) {
		walk_u64(k, &l->old_until[i][0]);
		walk_u64(k, &l->old_until[i][1]);
		walk_key(k, &l->older[i]);
		walk_u64(k, &l->older_until[i][0]);
		walk_u64(k, &l->older_until[i][1]);
	}
	image_electorate(k, &l->past);
	image_standing(k, &l->bench, &l->conduct);
	image_params(k, &l->params);
}

/* What the job and the members have: the vectors have their room. */
static void
image_goods(struct walk *k, struct ledger *l)
{
	image_integers(k, l->model, l->f.job.dim);
	image_integers(k, l->moments, l->merge.nmoments);
	books_image(k, l->books);
	books_image(k, l->consent);
	walk_u64(k, &l->consent_height);
	walk_bool(k, &l->has_last);
	if (l->has_last)
		image_summary(k, &l->last);
}

void
ledger_image(const struct ledger *l, struct bytes_writer *w)
{
	struct ledger same = *l; /* borrowed: a walk that writes sets nothing */
	struct walk k = {.to = w};

	image_job(&k, &same);
	image_place(&k, &same);
	image_goods(&k, &same);
}

/* Are the vectors those that the state names by their hashes? */
static bool
models_fit(const struct ledger *l)
{
	struct hash h = q24_hash("qml.model", l->model, l->f.job.dim);
	bool fit = hash_equal(&h, &l->round.base_model);

	for (unsigned i = 0; i < l->shelf.n && fit; i++) {
		const struct shelf_model *m = &l->shelf.at[i];

		h = q24_hash("qml.model", m->params, m->dim);
		fit = hash_equal(&h, &m->model);
	}
	return fit;
}

/* What follows from what was read. */
static void
derive(struct ledger *l)
{
	l->validators = seats_hash_validators(l->seats);
	l->next_validators = seats_hash_validators(l->next);
	l->members = seats_hash_members(l->next);
	l->params_hash = enact_hash(&l->params);
	l->moments_hash = state_hash_moments(&l->merge, l->moments);
	state_seated(l);
	state_turns(l);
}

static int
error_of(const struct bytes_reader *r)
{
	if (r->nomem)
		return -ENOMEM;
	return r->bad ? -EBADMSG : 0;
}

/* By those who sit here: founders may be fewer than its rule wants. Of who went
 * on without the others it may want more than there are. */
static int
job_fits(const struct ledger *l)
{
	struct job j = l->f.job; /* borrowed: never closed */

	j.combine.faults = JOB_FAULTS_AUTO;
	return jobs_suit(l, l->next, &j);
}

/* The job, and where the chain is; then room for the job's vectors, in place of
 * the first one's. */
static int
read_place(struct ledger *l, struct bytes_reader *r)
{
	struct walk k = {.from = r};
	struct merge was = l->merge;
	uint16_t nmembers, nactive;
	int rc;

	image_job(&k, l);
	nmembers = l->merge.nmembers;
	nactive = l->merge.nactive;
	l->merge = was;
	image_place(&k, l);
	rc = error_of(r);
	if (rc < 0)
		return rc;
	if (nmembers > FEDERATION_MAX_MEMBERS || nactive > nmembers)
		return -EBADMSG;
	rc = job_fits(l);
	if (rc == 0)
		rc = state_rejob(l);
	if (rc == 0)
		rc = merge_seats(&l->merge, nmembers, nactive);
	return rc == -EINVAL ? -EBADMSG : rc;
}

int
ledger_of_image(const struct federation *f, const void *data, size_t len,
    struct ledger **out)
{
	struct bytes_reader r = bytes_reader_of(data, len);
	struct walk k = {.from = &r};
	struct ledger *l;
	int rc = ledger_new(f, &l);

	if (rc < 0)
		return rc;
	rc = read_place(l, &r);
	if (rc == 0) {
		image_goods(&k, l);
		rc = error_of(&r);
	}
	if (rc == 0 && !bytes_reader_done(&r))
		rc = -EBADMSG;
	if (rc == 0 && !models_fit(l))
		rc = -EBADMSG;
	if (rc == 0)
		derive(l);
	if (rc < 0) {
		ledger_free(l);
		return rc;
	}
	*out = l;
	return 0;
}

struct hash
ledger_state(const struct ledger *l)
{
	struct hash leaves[LEDGER_LEAVES];

	ledger_leaves(l, leaves);
	return merkle_root_of(leaves, LEDGER_LEAVES);
}
