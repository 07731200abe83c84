#include "consensus/ledger/enact.h"

#include <string.h>

#include "consensus/books/body.h"
#include "consensus/books/view.h"
#include "consensus/ledger/keyring.h"
#include "consensus/ledger/state.h"
#include "proto/bytes.h"
#include "proto/q24.h"

int
enact_found(const struct federation *f, struct ledger_params *out)
{
	int rc;

	*out = (struct ledger_params){.timing = f->timing,
	    .answers_min = f->answers_min,
	    .version = 1,
	    .combine = f->job.combine};
	rc = decimal_q24(&f->job.clip, &out->clip_q24);
	if (rc == 0)
		rc = decimal_q24(&f->job.bound, &out->bound_q24);
	return rc;
}

struct hash
enact_hash(const struct ledger_params *p)
{
	uint8_t image[512];
	struct bytes_writer w = bytes_writer_over(image, sizeof(image));
	const struct timing *t = &p->timing;

	bytes_put_u16(&w, p->version);
	bytes_put_u16(&w, p->next_version);
	bytes_put_u64(&w, p->next_version_at);
	bytes_put_u64(&w, p->paused_until);
	bytes_put_u32(&w, t->collect);
	bytes_put_u32(&w, t->straggler);
	bytes_put_u32(&w, t->heartbeat);
	bytes_put_u32(&w, t->propose);
	bytes_put_u32(&w, t->prevote);
	bytes_put_u32(&w, t->precommit);
	bytes_put_u32(&w, t->round_step);
	bytes_put_u32(&w, t->timeout_max);
	bytes_put_u32(&w, t->precision);
	bytes_put_u32(&w, t->delay);
	bytes_put_u32(&w, t->interval);
	bytes_put_u16(&w, p->answers_min);
	job_combine_put(&w, &p->combine);
	bytes_put_i64(&w, p->clip_q24);
	bytes_put_i64(&w, p->bound_q24);
	return hash_bytes("qml.params", w.data, w.len);
}

uint16_t
enact_version(const struct ledger_params *p, uint64_t height)
{
	if (p->next_version != 0 && height >= p->next_version_at)
		return p->next_version;
	return p->version;
}

static uint32_t *
timing_of(struct timing *t, uint8_t id)
{
	uint32_t *const at[PARAMS] = {
	    [PARAM_COLLECT] = &t->collect,
	    [PARAM_STRAGGLER] = &t->straggler,
	    [PARAM_HEARTBEAT] = &t->heartbeat,
	    [PARAM_PROPOSE] = &t->propose,
	    [PARAM_PREVOTE] = &t->prevote,
	    [PARAM_PRECOMMIT] = &t->precommit,
	    [PARAM_ROUND_STEP] = &t->round_step,
	    [PARAM_TIMEOUT_MAX] = &t->timeout_max,
	    [PARAM_PRECISION] = &t->precision,
	    [PARAM_DELAY] = &t->delay,
	    [PARAM_INTERVAL] = &t->interval,
	};

	return at[id];
}

/* At most ENACT_STEP_MAX times longer or shorter; from zero to anything. */
static bool
step_allowed(uint32_t old, uint32_t new)
{
	return old == 0 ||
	    ((uint64_t) new <= (uint64_t)old *ENACT_STEP_MAX &&
		(uint64_t)old <= (uint64_t) new *ENACT_STEP_MAX);
}

static bool
set_params(const struct ledger *l, const struct payload *p,
    struct ledger_params *out)
{
	char err[160];

	for (uint8_t i = 0; i < p->param.n; i++) {
		const struct payload_set *s = &p->param.set[i];
		uint32_t *at;

		if (s->id == PARAM_ANSWERS_MIN) {
			if (s->value > seats_members(l->next))
				return false;
			out->answers_min = (uint16_t)s->value;
			continue;
		}
		at = timing_of(&out->timing, s->id);
		if (!step_allowed(*at, s->value))
			return false;
		*at = s->value;
	}
	return federation_check_timing(&out->timing, err, sizeof(err)) == 0;
}

/* The version in force folds in before another one is agreed on. */
static bool
set_version(const struct enact *e, const struct payload *p,
    struct ledger_params *out)
{
	uint16_t now = enact_version(out, e->height + 1);

	if (p->upgrade.version <= now || p->upgrade.height <= e->height)
		return false;
	out->version = now;
	out->next_version = p->upgrade.version;
	out->next_version_at = p->upgrade.height;
	return true;
}

/* The longer of two pauses holds. */
static bool
set_pause(const struct enact *e, const struct payload *p,
    struct ledger_params *out)
{
	uint64_t until = e->height + p->pause.blocks;

	if (until > out->paused_until)
		out->paused_until = until;
	return true;
}

static bool
end_job(const struct ledger *l, const struct payload *p, struct enact *e)
{
	if (e->job_over || l->round.finished ||
	    !hash_equal(&p->job.job, &l->round.job))
		return false;
	e->job_over = true;
	return true;
}

/* The running job as what was decided makes it. Borrowed: never closed. */
static struct job
job_at(const struct ledger *l, const struct enact *e)
{
	struct job j = *ledger_job(l);

	if (e->ruled) {
		j.combine = e->params.combine;
		j.clip = e->clip;
	}
	return j;
}

/* A smaller federation must still be able to run its job; what a vqe's members
 * measure is dealt out by seat for the whole job. */
static bool
job_can_go_on(const struct ledger *l, const struct job *j,
    const struct seats *s)
{
	uint16_t n = seats_members(s);
	uint32_t weights = n;
	char err[160];

	if (l->round.finished)
		return true;
	for (uint16_t i = 0; i < s->n; i++)
		if (j->combine.weighting != JOB_UNWEIGHTED &&
		    s->state[i] == SEAT_MEMBER)
			weights += s->m[i].weight;
	return j->main.kind != JOB_VQE && job_fits_block(j, n) &&
	    2u * job_faults(j, n) < n &&
	    job_check(j, weights, err, sizeof(err)) == 0;
}

/* Are these keys nobody's and never were, and if they are other keys for a
 * seat, its first in this block? Its last but one would be forgotten before
 * they were given up. */
static bool
keys_fit(const struct ledger *l, const struct payload *p, const struct enact *e)
{
	const struct seats *was = l->next, *now = e->seats;
	bool other = p->member.op == PAYLOAD_MEMBER_ROTATE;

	if (!other && p->member.op != PAYLOAD_MEMBER_ADD)
		return true;
	for (uint16_t i = 0; other && i < now->n; i++)
		if (hash_equal(&now->m[i].id, &p->member.seat) &&
		    (i >= was->n ||
			memcmp(&was->m[i].sign, &now->m[i].sign,
			    sizeof(now->m[i].sign)) != 0))
			return false;
	return !keyring_used(l, &p->member.m);
}

/* On a copy first. */
static bool
set_member(const struct ledger *l, const struct payload *p, struct enact *e)
{
	struct seats after = *e->seats;
	const struct job j = job_at(l, e);
	uint64_t moved = e->moved;

	if (!keys_fit(l, p, e) || !seats_change(&after, p, &moved) ||
	    !seats_step_ok(l->next, &after, moved) ||
	    !job_can_go_on(l, &j, &after))
		return false;
	if (e->trial)
		return true;
	*e->seats = after;
	e->moved = moved;
	return true;
}

/* All that the job's file could say, but what becomes of late updates: the
 * round's bases are counted by it. */
static bool
set_rule(const struct ledger *l, const struct payload *p, struct enact *e)
{
	const struct job_combine *now = &ledger_job(l)->combine;
	const struct job_combine *new = &p->rule.combine;
	uint16_t n = seats_members(e->seats);
	struct job j;

	if (e->job_over || l->round.finished ||
	    new->stragglers != now->stragglers ||
	    new->carry_rounds != now->carry_rounds ||
	    decimal_q24(&p->rule.clip, &e->params.clip_q24) < 0)
		return false;
	e->params.combine = *new;
	e->clip = p->rule.clip;
	e->ruled = true;
	j = job_at(l, e);
	return job_can_go_on(l, &j, e->seats) &&
	    merge_possible(&j, n, jobs_taking_part(l, e->seats));
}

static bool
carry_out(const struct ledger *l, uint8_t kind, const struct payload *p,
    struct enact *e)
{
	switch (kind) {
	case PROPOSAL_PARAM:
		return set_params(l, p, &e->params);
	case PROPOSAL_MEMBER:
		return set_member(l, p, e);
	case PROPOSAL_PAUSE:
		return set_pause(e, p, &e->params);
	case PROPOSAL_JOB:
		return end_job(l, p, e);
	case PROPOSAL_RULE:
		return set_rule(l, p, e);
	case PROPOSAL_UPGRADE:
		return set_version(e, p, &e->params);
	default:
		return false;
	}
}

bool
enact_possible(const struct ledger *l, const struct enact *e, uint8_t kind,
    const struct payload *p)
{
	struct enact trial = *e;

	trial.trial = true;
	return carry_out(l, kind, p, &trial);
}

bool
enact_run(const struct ledger *l, struct enact *e, const struct books_due *due)
{
	struct enact after = *e;
	struct payload p;

	if (!payload_get(due->kind, due->payload, due->len, &p) ||
	    !carry_out(l, due->kind, &p, &after))
		return false;
	*e = after;
	return true;
}

/* Does it give a place to somebody new, and is it not over? */
static bool
names_candidate(const struct motion *m, struct payload *p)
{
	return m->p.kind == PROPOSAL_MEMBER &&
	    (m->p.state == PROPOSAL_OPEN || m->p.state == PROPOSAL_QUEUED) &&
	    payload_newcomer(m->payload->data, m->payload->len, p);
}

void
enact_candidates(const struct books *b, uint64_t height, struct seats *s)
{
	bool named[FEDERATION_MAX_MEMBERS] = {false};
	const struct motion *m;
	struct payload p;

	for (size_t i = 0; (m = books_motion_at(b, i)) != NULL; i++) {
		int seat;

		if (!names_candidate(m, &p))
			continue;
		if (m->p.submitted == height)
			seats_nominate(s, &p.member.m);
		seat = seats_find(s, p.member.m.network);
		if (seat >= 0)
			named[seat] = true;
	}
	for (uint16_t i = 0; i < s->n; i++)
		if (s->state[i] == SEAT_CANDIDATE && !named[i])
			seats_dismiss(s, i);
}

/* Kinds that the books look at themselves. */
static bool
is_of_books(uint8_t kind)
{
	return kind == PROPOSAL_TEXT || kind == PROPOSAL_ASSET ||
	    kind == PROPOSAL_ETHICS || kind == PROPOSAL_TREASURY;
}

bool
enact_tx(const struct ledger *l, const struct tx *t)
{
	const struct enact now = {.params = l->params,
	    .seats = l->next,
	    .height = l->height + 1};
	struct bytes_reader r = bytes_reader_of(t->body, t->len);
	struct body_propose b = {0};
	struct payload p;

	if (t->kind != TX_PROPOSE)
		return true;
	body_propose_get(&r, &b);
	if (!bytes_reader_done(&r) || is_of_books(b.kind))
		return true; /* the books say what is wrong */
	return payload_get(b.kind, b.payload, b.len, &p) &&
	    enact_possible(l, &now, b.kind, &p);
}

const struct ledger_params *
ledger_params(const struct ledger *l)
{
	return &l->params;
}

uint16_t
ledger_version(const struct ledger *l)
{
	return enact_version(&l->params, l->height + 1);
}

bool
ledger_version_known(const struct ledger *l)
{
	return ledger_version(l) <= l->known;
}

void
ledger_version_limit(struct ledger *l, uint16_t version)
{
	l->known = version;
}

bool
ledger_paused(const struct ledger *l)
{
	return l->height < l->params.paused_until;
}
