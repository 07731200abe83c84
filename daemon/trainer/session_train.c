/*
 * session_train.c - one member's answer to one round: every task of the job
 * that is learnt now, and the scores that go with it.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "consensus/ledger/merge.h"
#include "daemon/trainer/spending.h"
#include "daemon/trainer/recipe.h"
#include "daemon/trainer/session.h"
#include "proto/answer.h"
#include "proto/q24.h"
#include "sim/learn/private_gradient.h"
#include "sim/learn/vqe.h"
#include "sim/state/pool.h"

/* One TRAIN on its way. */
struct turn {
	struct session *s;
	const struct trainwire_model *m;
	const struct job *job;
	struct trainwire_trained out;
	uint8_t seed[SESSION_SEED_LEN]; /* of private noise */
	char err[256];
};

static struct arm *
arm_of(struct session *s, enum job_role role)
{
	return role == JOB_STAGE ? &s->stage
	    : role == JOB_MAIN   ? &s->main
				 : &s->control;
}

/* Which parts of the Hamiltonian are ours; how many into out->rows. */
static int
assign_parts(struct turn *t)
{
	const struct trainwire_model *m = t->m;
	const uint16_t founders = t->s->federation.nmembers;
	struct merge_asked asked = {m->asked, m->faults};
	size_t parts = t->job->main.parts, i;
	uint8_t *all, *own;

	if (m->asked == 0)
		asked = (struct merge_asked){founders,
		    job_faults(t->job, founders)};
	all = calloc(asked.n, parts);
	if (!all)
		return -ENOMEM;
	merge_assign(t->job, &asked, m->round, all);
	own = all + (m->asked > 0 ? m->place : m->member) * parts;
	for (i = 0; i < parts; i++)
		t->out.rows += own[i];
	vqe_assign(&t->s->main.task, own);
	free(all);
	return 0;
}

/* Of all rows; of many rows an estimate by those that were scored. */
static uint32_t
correct_of(const struct train_metrics *tm)
{
	if (tm->scored == 0 || tm->scored >= tm->rows)
		return (uint32_t)tm->correct_after;
	return (uint32_t)(tm->correct_after * tm->rows / tm->scored);
}

static int
take_metrics(struct turn *t, enum job_role role, const struct train_metrics *tm)
{
	struct trainwire_trained *o = &t->out;
	int64_t before, after;

	if (q24_from_double(tm->loss_before, &before) < 0 ||
	    q24_from_double(tm->loss_after, &after) < 0)
		return -EDOM;
	if (role == JOB_CONTROL) {
		o->control_loss_q24 = after;
		o->control_correct = correct_of(tm);
		return 0;
	}
	o->loss_before_q24 = before;
	o->loss_after_q24 = after;
	o->correct = correct_of(tm);
	o->steps = (uint32_t)tm->steps;
	if (t->job->main.kind != JOB_VQE)
		o->rows = (uint32_t)tm->rows;
	return 0;
}

/* SCAFFOLD's control variates stand behind all segments. */
static void
take_variates(struct turn *t, struct train_job *job)
{
	struct job_segment s[JOB_SEGMENTS_MAX];
	unsigned n = job_segments(t->job, s);

	job->control = t->m->model + s[n - 1].first;
	job->control_delta = t->out.delta + s[n - 1].at;
}

/* Said to all, and what noisy sums are divided by: never counted here. */
static uint32_t
counted_rows(const struct turn *t)
{
	uint32_t least = t->job->privacy.min_rows;

	return t->s->counted > least ? t->s->counted : least;
}

/* A private job's seed serves once: the same noise under two updates would
 * cancel out. */
static int
take_seed(struct turn *t)
{
	struct session *s = t->s;

	if (s->rows.n < t->job->privacy.min_rows)
		return -ENODATA;
	if (!job_private(t->job))
		return 0;
	if (!s->seeded) {
		snprintf(t->err, sizeof(t->err),
		    "a job with noise needs a seed of its own");
		return -EINVAL;
	}
	memcpy(t->seed, s->seed, sizeof(t->seed));
	memset(s->seed, 0, sizeof(s->seed));
	s->seeded = false;
	t->out.seed_commit = spending_commit(t->seed);
	return 0;
}

static int
train_segment(struct turn *t, const struct job_segment *seg)
{
	struct session *s = t->s;
	struct arm *a = arm_of(s, seg->role);
	struct recipe_turn turn = {t->m->round, t->m->member, s->threads,
	    seg->role};
	struct train_metrics tm = {0};
	struct train_hyper h;
	bool fits = s->pool && pool_threads(s->pool) == s->threads;
	struct train_job job = {
	    .rows = session_rows(s, seg->role, false),
	    .params = t->m->model + seg->first,
	    .hyper = &h,
	    .pool = fits ? s->pool : NULL,
	    .stop = s->stop,
	    .stop_arg = s->stop_arg,
	};
	struct train_privacy privacy;
	int rc =
	    recipe_hyper(&s->federation, &turn, &h, t->err, sizeof(t->err));

	h.isa = s->plain ? LANES_PLAIN : LANES_AUTO;
	if (rc == 0 && seg->role == JOB_MAIN && t->job->local.scaffold)
		take_variates(t, &job);
	if (job_private(t->job)) {
		recipe_privacy(&s->federation, seg->role, &privacy);
		privacy.rows = counted_rows(t);
		memcpy(privacy.seed, t->seed, sizeof(privacy.seed));
		job.privacy = &privacy;
	}
	if (rc == 0 && seg->task->kind == JOB_VQE)
		rc = assign_parts(t);
	if (rc == 0)
		rc = arm_train(a, &job, t->out.delta + seg->at, &tm);
	if (rc == 0)
		rc = take_metrics(t, seg->role, &tm);
	return rc;
}

/* Every validator checks this; better a word now than a lost round. */
static int
check_delta(const struct turn *t)
{
	struct job_segment s[JOB_SEGMENTS_MAX];
	unsigned i, n = job_segments(t->job, s);
	int64_t clip = 0, bound = 0;
	uint32_t k;

	if (decimal_q24(&t->job->clip, &clip) < 0 ||
	    decimal_q24(&t->job->bound, &bound) < 0)
		return -ERANGE;
	for (i = 0; i < n; i++)
		if (s[i].task->kind != JOB_VQE &&
		    !q24_within(t->out.delta + s[i].at, s[i].update, clip))
			return -ERANGE;
	for (k = 0; k < t->out.dim; k++)
		if (t->out.delta[k] > bound || t->out.delta[k] < -bound)
			return -ERANGE;
	return 0;
}

/* The state that this training begins with, of both arms. */
static struct hash
state_hash(const struct session *s)
{
	const struct arm *arms[] = {&s->main, &s->control};
	struct hash_stream h;
	bool any = false;
	size_t i;

	hash_begin(&h, "qml.trainer");
	for (i = 0; i < 2; i++) {
		if (!arms[i]->keeps || arms[i]->fresh)
			continue;
		hash_add(&h, arms[i]->base,
		    train_state_size(arms[i]->task.nparams));
		any = true;
	}
	return any ? hash_end(&h) : (struct hash){{0}};
}

/* An update of ours is on the chain since, or it is not: then the state is as
 * it was before. */
static void
settle(struct turn *t)
{
	struct session *s = t->s;
	bool begun = t->m->aggregated > t->job->stage_rounds;

	if (t->m->kept != 0 && t->m->kept == s->trained) {
		arm_keep(&s->main);
		if (s->control.task.ops)
			arm_keep(&s->control);
		s->trained = 0;
	}
	t->out.trainer_state = state_hash(s);
	t->out.flags = ANSWER_REPLAYABLE;
	if (s->main.keeps && s->main.fresh && begun)
		t->out.flags |= ANSWER_STATE_LOST;
}

static int
validate(struct turn *t)
{
	struct session_sight sight = {t->m->model, JOB_MAIN, true};
	struct train_score score = {0};
	uint32_t every = t->job->validation_every;
	int rc;

	if (every == 0 || t->m->round % every != 0 || t->s->valid.n == 0)
		return 0;
	rc = session_evaluate(t->s, &sight, &score);
	if (rc == 0)
		rc = q24_from_double(score.loss, &t->out.valid_loss_q24);
	t->out.valid_rows = (uint32_t)score.rows;
	t->out.valid_correct = (uint32_t)score.correct;
	if (rc < 0 || !t->s->control.task.ops)
		return rc;
	sight.role = JOB_CONTROL;
	score = (struct train_score){0};
	rc = session_evaluate(t->s, &sight, &score);
	if (rc == 0)
		rc =
		    q24_from_double(score.loss, &t->out.valid_control_loss_q24);
	t->out.valid_control_correct = (uint32_t)score.correct;
	return rc;
}

static int
run(struct turn *t)
{
	struct job_segment s[JOB_SEGMENTS_MAX];
	unsigned i, n = job_segments(t->job, s);
	bool stage = t->m->aggregated < t->job->stage_rounds;
	int rc = 0;

	t->out.delta = calloc(t->out.dim, sizeof(*t->out.delta));
	if (!t->out.delta)
		return -ENOMEM;
	settle(t);
	rc = take_seed(t);
	if (rc == 0 && !stage)
		rc = session_see(t->s, t->m->model);
	if (rc == 0 && !stage)
		rc = validate(t);
	for (i = 0; i < n && rc == 0; i++)
		if (!s[i].variates &&
		    job_active(t->job, &s[i], t->m->aggregated))
			rc = train_segment(t, &s[i]);
	if (rc == 0)
		rc = check_delta(t);
	if (rc == 0)
		t->s->trained = t->m->round + 1;
	return rc;
}

int
session_train(struct session *s, const struct trainwire_model *m,
    struct trainwire_msg *out)
{
	struct turn t = {.s = s,
	    .m = m,
	    .job = &s->federation.job,
	    .out = {.round = m->round, .dim = s->federation.job.update}};
	const char *fault = session_fault(s, m);
	int rc;

	if (fault) {
		session_fail(out, m->round, ANSWER_REASON_TRAINER, fault);
		return 0;
	}
	rc = run(&t);
	if (rc == 0) {
		*out = (struct trainwire_msg){.type = TRAINWIRE_TRAINED,
		    .u.trained = t.out};
		return 0;
	}
	free(t.out.delta);
	if (rc == -ECANCELED)
		return rc;
	session_fail(out, m->round, session_reason(rc),
	    t.err[0]          ? t.err
		: rc == -EDOM ? "training produced a number that is not finite"
		: rc == -ENODATA
		? "there are fewer rows than the job's min_rows"
		: rc == -ENOTSUP ? "the task cannot train in this way"
				 : strerror(-rc));
	return 0;
}

int
session_round(struct session *s, struct trainwire_model *m,
    struct trainwire_msg *out)
{
	uint32_t i;
	int rc;

	if (s->federation.job.main.kind == JOB_VQE) {
		session_fail(out, m->round, ANSWER_REASON_TRAINER,
		    "a vqe needs its federation; qmlsim vqe runs one alone");
		return 0;
	}
	rc = session_train(s, m, out);
	if (rc < 0 || out->type != TRAINWIRE_TRAINED)
		return rc;
	for (i = 0; i < m->dim; i++)
		m->model[i] = q24_add_sat(m->model[i], out->u.trained.delta[i]);
	m->aggregated++;
	m->kept = m->round + 1;
	return 0;
}
