#include "consensus/ledger/ledger.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "consensus/bft/proposer.h"
#include "consensus/ledger/state.h"
#include "consensus/ledger/txs.h"
#include "proto/q24.h"

static int
read_params(struct ledger *l)
{
	const struct federation *f = &l->f;
	char err[256];
	int rc = federation_check(f, err, sizeof(err));

	if (rc < 0)
		return rc;
	if (enact_found(f, &l->params) < 0)
		return -EINVAL;
	l->params_hash = enact_hash(&l->params);
	for (uint16_t i = 0; i < FEDERATION_MAX_MEMBERS; i++)
		l->round.takes_part[i] = true;
	seats_found(l->seats, f);
	*l->next = *l->seats;
	state_seated(l);
	l->validators = seats_hash_validators(l->seats);
	l->members = seats_hash_members(l->seats);
	l->next_validators = l->validators;
	return 0;
}

/* Rooms for the vectors; l->f is set. */
static int
allocate(struct ledger *l)
{
	size_t dim = l->f.job.dim;
	char err[160];
	int rc = merge_init(&l->merge, &l->f, err, sizeof(err));

	if (rc < 0)
		return rc;
	l->model = calloc(dim, sizeof(*l->model));
	l->moments = calloc(l->merge.nmoments + 1, sizeof(*l->moments));
	l->memory = calloc(1, sizeof(*l->memory));
	if (!l->model || !l->moments || !l->memory)
		return -ENOMEM;
	l->memory->seats = calloc(1, sizeof(*l->memory->seats));
	l->memory->model = calloc(dim, sizeof(*l->memory->model));
	l->memory->moments =
	    calloc(l->merge.nmoments + 1, sizeof(*l->memory->moments));
	return l->memory->model && l->memory->moments && l->memory->seats
	    ? 0
	    : -ENOMEM;
}

static int
seats_new(struct ledger *l)
{
	l->seats = calloc(1, sizeof(*l->seats));
	l->next = calloc(1, sizeof(*l->next));
	return l->seats && l->next ? 0 : -ENOMEM;
}

/* State after block 0. */
static int
found(struct ledger *l)
{
	int rc;

	l->round.job = job_hash(&l->f.job);
	if (hash_is_zero(&l->round.job))
		return -ENOMEM; /* the only way job_hash can tell */
	l->time_ms = l->f.founded_ms;
	l->head = l->past_fid = l->fid;
	l->version = l->params.version;
	l->known = LEDGER_VERSIONS;
	merkle_append(&l->history, &l->fid);
	job_start_model(&l->f.job, l->model);
	merge_start(&l->merge, l->moments);
	l->moments_hash = state_hash_moments(&l->merge, l->moments);
	l->round.base_model = q24_hash("qml.model", l->model, l->f.job.dim);
	l->round.best_q24 = INT64_MAX;
	bases_start(&l->round.bases, &l->f.job, &l->round.base_model, 0);
	state_open_round(l, &l->round,
	    &(struct opening){&l->merge, 0, l->time_ms});
	rc = txs_found(l, &l->books);
	if (rc == 0)
		rc = books_clone(l->books, &l->consent);
	if (rc < 0)
		return rc;
	l->consent_height = 1;
	state_turns(l);
	return 0;
}

int
ledger_new(const struct federation *f, struct ledger **out)
{
	struct ledger *l = calloc(1, sizeof(*l));
	int rc;

	if (!l)
		return -ENOMEM;
	rc = federation_copy(&l->f, f);
	if (rc == 0)
		rc = seats_new(l);
	if (rc == 0)
		rc = federation_id(&l->f, &l->fid);
	if (rc == 0)
		rc = read_params(l);
	if (rc == 0)
		rc = allocate(l);
	if (rc == 0)
		rc = found(l);
	if (rc < 0) {
		ledger_free(l);
		return rc;
	}
	*out = l;
	return 0;
}

int
ledger_clone(const struct ledger *l, struct ledger **out)
{
	struct ledger *c = malloc(sizeof(*c));
	size_t size = l->f.job.dim * sizeof(*l->model);
	int rc;

	if (!c)
		return -ENOMEM;
	*c = *l;
	c->f = FEDERATION_INIT;
	c->merge = (struct merge){0};
	c->model = c->moments = NULL;
	c->memory = NULL;
	c->seats = c->next = NULL;
	c->books = c->consent = NULL;
	c->shelf = (struct shelf){0};
	rc = federation_copy(&c->f, &l->f);
	if (rc == 0)
		rc = allocate(c);
	if (rc == 0)
		rc = seats_new(c);
	if (rc == 0)
		rc =
		    merge_seats(&c->merge, l->merge.nmembers, l->merge.nactive);
	if (rc == 0)
		rc = books_clone(l->books, &c->books);
	if (rc == 0)
		rc = books_clone(l->consent, &c->consent);
	if (rc == 0)
		rc = shelf_copy(&c->shelf, &l->shelf);
	if (rc < 0) {
		ledger_free(c);
		return rc;
	}
	*c->seats = *l->seats;
	*c->next = *l->next;
	memcpy(c->model, l->model, size);
	memcpy(c->moments, l->moments, l->merge.nmoments * sizeof(*l->moments));
	c->memory->seen = l->memory->seen;
	txs_bind(c);
	*out = c;
	return 0;
}

static void
memory_free(struct ledger_memory *mem)
{
	if (!mem)
		return;
	jobs_drop(&mem->start);
	free(mem->minted.params);
	books_free(mem->books);
	books_free(mem->consent);
	free(mem->seats);
	free(mem->model);
	free(mem->moments);
	free(mem);
}

int
state_rejob(struct ledger *l)
{
	merge_close(&l->merge);
	free(l->model);
	free(l->moments);
	memory_free(l->memory);
	l->model = l->moments = NULL;
	l->memory = NULL;
	return allocate(l);
}

void
ledger_free(struct ledger *l)
{
	if (!l)
		return;
	federation_close(&l->f);
	merge_close(&l->merge);
	free(l->seats);
	free(l->next);
	free(l->model);
	free(l->moments);
	books_free(l->books);
	books_free(l->consent);
	shelf_close(&l->shelf);
	memory_free(l->memory);
	free(l);
}

uint64_t
ledger_height(const struct ledger *l)
{
	return l->height;
}

const struct hash *
ledger_head(const struct ledger *l)
{
	return &l->head;
}

uint64_t
ledger_time_ms(const struct ledger *l)
{
	return l->time_ms;
}

const struct ledger_round *
ledger_round(const struct ledger *l)
{
	return &l->round;
}

const int64_t *
ledger_model(const struct ledger *l)
{
	return l->model;
}

uint32_t
ledger_dim(const struct ledger *l)
{
	return l->f.job.dim;
}

uint32_t
ledger_update_dim(const struct ledger *l)
{
	return l->f.job.update;
}

uint16_t
ledger_nmembers(const struct ledger *l)
{
	return l->seats->n;
}

const struct member *
ledger_member(const struct ledger *l, uint16_t i)
{
	return i < l->seats->n ? &l->seats->m[i] : NULL;
}

const struct seats *
ledger_seats(const struct ledger *l)
{
	return l->next;
}

const struct seats *
ledger_seats_now(const struct ledger *l)
{
	return l->seats;
}

int
ledger_seat_of(const struct ledger *l, const struct sign_public *key)
{
	for (uint16_t i = 0; i < l->seats->n; i++)
		if (l->active[i] &&
		    memcmp(l->seats->m[i].sign.b, key->b, sizeof(key->b)) == 0)
			return i;
	return -1;
}

bool
ledger_active(const struct ledger *l, uint16_t i)
{
	return i < l->seats->n && l->active[i];
}

bool
ledger_asked(const struct ledger *l, uint16_t i)
{
	return ledger_active(l, i) && l->round.asked[i];
}

const uint32_t *
ledger_powers(const struct ledger *l)
{
	return l->power;
}

const struct hash *
ledger_validators(const struct ledger *l)
{
	return &l->validators;
}

const struct hash *
ledger_federation_id(const struct ledger *l)
{
	return &l->fid;
}

const struct federation *
ledger_federation(const struct ledger *l)
{
	return &l->f;
}

const struct job *
ledger_job(const struct ledger *l)
{
	return &l->f.job;
}

const struct hash *
ledger_job_id(const struct ledger *l)
{
	return &l->round.job;
}

uint64_t
ledger_job_round(const struct ledger *l)
{
	return l->round.number - l->round.first;
}

const int64_t *
ledger_version_params(const struct ledger *l, const struct hash *model,
    uint32_t *dim)
{
	const struct shelf_model *m = shelf_find(&l->shelf, model);

	*dim = m ? m->dim : 0;
	return m ? m->params : NULL;
}

int64_t
ledger_clip_q24(const struct ledger *l)
{
	return l->params.clip_q24;
}

int64_t
ledger_bound_q24(const struct ledger *l)
{
	return l->params.bound_q24;
}

uint16_t
ledger_proposer(const struct ledger *l, uint32_t bft_round)
{
	return bft_proposer(l->turns, l->seats->n, l->height + 1, bft_round);
}

const uint32_t *
ledger_turns(const struct ledger *l)
{
	return l->turns;
}

const struct conduct *
ledger_conduct(const struct ledger *l)
{
	return &l->conduct;
}

bool
ledger_evidence_new(const struct ledger *l, const struct evidence *e)
{
	const struct conduct_now now = {l->height + 1, l->round.number,
	    l->seats->n};

	return conduct_is_new(&l->conduct, &now, e);
}

/* By a key that was given up, in its time: who finds or steals it afterwards
 * must not make its member guilty. */
static bool
proves_by(const struct ledger *l, const struct evidence *e,
    const struct sign_public *key, const uint64_t until[static 2])
{
	const bool by_height =
	    e->kind == EVIDENCE_VOTES || e->kind == EVIDENCE_PROPOSALS;

	return e->at <= until[by_height ? 0 : 1] &&
	    evidence_verify(e, key, &l->fid);
}

bool
ledger_evidence_proves(const struct ledger *l, const struct evidence *e)
{
	/* Nobody is blamed who has no power, and a candidate's seat may be
	 * another's tomorrow: the record goes with the seat. */
	if (e->who >= l->seats->n ||
	    (l->seats->state[e->who] != SEAT_MEMBER &&
		l->seats->state[e->who] != SEAT_LEFT))
		return false;
	return evidence_verify(e, &l->seats->m[e->who].sign, &l->fid) ||
	    proves_by(l, e, &l->seats->old[e->who], l->old_until[e->who]) ||
	    proves_by(l, e, &l->older[e->who], l->older_until[e->who]);
}

const struct bench *
ledger_bench(const struct ledger *l)
{
	return &l->bench;
}

const struct books *
ledger_books(const struct ledger *l)
{
	return l->books;
}

const struct ledger_round_summary *
ledger_last_round(const struct ledger *l)
{
	return l->has_last ? &l->last : NULL;
}

void
ledger_included(const struct ledger *l, const struct attest *const *attests,
    struct included *out)
{
	included_compute(out, attests, l->power, l->seats->n);
}

static bool
resolved(const struct block *b)
{
	for (uint16_t i = 0; i < b->header.nanswers; i++)
		if (!b->answers[i] ||
		    !hash_equal(&b->answers[i]->id, &b->answer_ids[i]))
			return false;
	return true;
}

/* What state_compute_next left for the books. */
static void
take_books(struct ledger *l)
{
	struct ledger_memory *mem = l->memory;

	books_free(l->books);
	l->books = mem->books;
	mem->books = NULL;
	if (!mem->consent)
		return;
	books_free(l->consent);
	l->consent = mem->consent;
	l->consent_height = l->height + 1;
	mem->consent = NULL;
}

/* Where a seat has other keys after this block: up to when its old key was its
 * own, and the one before that. */
static void
note_old_keys(struct ledger *l, uint64_t height, uint64_t round)
{
	for (uint16_t i = 0; i < l->seats->n; i++) {
		if (memcmp(&l->seats->m[i].sign, &l->next->m[i].sign,
			sizeof(l->next->m[i].sign)) == 0)
			continue;
		l->older[i] = l->seats->old[i];
		memcpy(l->older_until[i], l->old_until[i],
		    sizeof(l->older_until[i]));
		l->old_until[i][0] = height;
		l->old_until[i][1] = round;
	}
}

/* One height on: who is next sits down, who was voted in is next. */
static void
take_seats(struct ledger *l)
{
	struct seats *old = l->seats;

	l->past_fid = l->fid;
	l->past.n = old->n;
	for (uint16_t i = 0; i < old->n; i++) {
		l->past.power[i] = old->m[i].power;
		l->past.key[i] = old->m[i].sign;
	}
	memset(l->past.power + old->n, 0,
	    (FEDERATION_MAX_MEMBERS - old->n) * sizeof(l->past.power[0]));
	l->seats = l->next;
	l->next = l->memory->seats;
	l->memory->seats = old;
	l->validators = l->next_validators;
	l->next_validators = l->memory->validators;
	l->members = l->memory->members;
	state_seated(l);
}

int
ledger_apply(struct ledger *l, const struct block *b)
{
	struct ledger_memory *mem = l->memory;
	enum ledger_verdict v = LEDGER_OK;
	int rc;

	if (!mem->has_next || !hash_equal(&mem->block, &b->id) || !resolved(b))
		v = ledger_check(l, b);
	if (v != LEDGER_OK)
		return v == LEDGER_NO_MEMORY ? -ENOMEM : -EBADMSG;
	rc = merge_seats(&l->merge, l->next->n, seats_members(l->next));
	if (rc < 0)
		return rc;
	/* From here on nothing can fail, but for a re-founding. */
	if (b->header.kind != BLOCK_ORDINARY) {
		summary_of_block(&l->last, b, l->round.opened_ms,
		    &l->round.base_model);
		l->last.task = l->f.job.main.kind;
		l->last.control = l->f.job.control.kind;
		l->has_last = true;
	}
	if (b->header.kind == BLOCK_AGGREGATE) {
		int64_t *old = l->model;

		l->model = mem->model;
		mem->model = old;
		old = l->moments;
		l->moments = mem->moments;
		mem->moments = old;
	}
	l->moments_hash = mem->moments_hash;
	jobs_take(l);
	note_old_keys(l, b->header.height, l->round.number);
	l->round = mem->next;
	take_seats(l);
	l->bench = mem->bench;
	l->conduct = mem->conduct;
	state_turns(l);
	l->params = mem->enact.params;
	l->params_hash = mem->params_hash;
	l->height = b->header.height;
	l->version = b->header.app_version;
	l->time_ms = b->header.time_ms;
	l->head = b->id;
	merkle_append(&l->history, &b->id);
	take_books(l);
	mem->has_next = false;
	return refound_due(l);
}

int
ledger_replay(struct ledger *l, const struct block *b)
{
	int rc;

	l->memory->replaying = true;
	rc = ledger_apply(l, b);
	l->memory->replaying = false;
	return rc;
}

int
ledger_skim(struct ledger *l, const struct block *b)
{
	int rc;

	l->memory->skimming = true;
	rc = ledger_replay(l, b);
	l->memory->skimming = false;
	return rc;
}
