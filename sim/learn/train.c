#include "sim/learn/train.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sim/learn/batches.h"
#include "sim/learn/dataset.h"
#include "sim/learn/fit.h"
#include "sim/learn/task.h"
#include "sim/learn/train_search.h"
#include "sim/learn/train_state.h"

#define Q24 16777216.0

/* A local training in progress. */
struct run {
	const struct train_job *job;
	struct train_state fresh; /* used when nothing is carried */
	struct train_state *state;
	struct batches batches;
	struct dataset few; /* the rows that will be looked at, if not all */
	uint32_t *place;    /* of a row in few, or NULL */
	uint32_t *pick;     /* scratch, a batch */
	uint64_t steps;
	struct train_search search;
	double *sum;    /* of gradients, for control variates */
	int64_t *after; /* params + delta */
};

#define RUN_INIT                                                    \
	{                                                           \
		.fresh = TRAIN_STATE_INIT, .batches = BATCHES_INIT, \
		.few = DATASET_INIT, .search = TRAIN_SEARCH_INIT    \
	}

#define NOWHERE UINT32_MAX

static void
run_close(struct run *r)
{
	train_search_close(&r->search);
	train_state_close(&r->fresh);
	batches_close(&r->batches);
	dataset_close(&r->few);
	free(r->place);
	free(r->pick);
	free(r->sum);
	free(r->after);
}

/* Rows in the order in which the steps of this call come to them. */
static size_t
touched_rows(struct run *r, uint32_t *rows)
{
	const uint32_t *pick;
	size_t n = 0, k, i;
	uint64_t step;

	for (i = 0; i < r->batches.n; i++)
		r->place[i] = NOWHERE;
	for (step = 0; step < r->steps; step++) {
		k = batches_next(&r->batches, &pick);
		for (i = 0; i < k; i++) {
			if (r->place[pick[i]] != NOWHERE)
				continue;
			r->place[pick[i]] = (uint32_t)n;
			rows[n++] = pick[i];
		}
	}
	return n;
}

/* When a call sees a part of the rows and scores no more, only that part is
 * made ready. */
static int
select_rows(struct run *r, uint64_t at)
{
	const struct train_job *job = r->job;
	const struct train_hyper *h = job->hyper;
	size_t n = job->rows->n, k;
	uint32_t *rows;
	int rc;

	if (h->score_max == 0 || r->steps > n || r->steps * h->batch >= n ||
	    job->privacy != NULL)
		return 0;
	rows = calloc(n, sizeof(*rows));
	r->place = calloc(n, sizeof(*r->place));
	if (rows == NULL || r->place == NULL) {
		free(rows);
		return -ENOMEM;
	}
	k = touched_rows(r, rows);
	batches_rewind(&r->batches, h, at);
	rc = dataset_select(&r->few, job->rows, rows, k);
	free(rows);
	return rc;
}

static int
open_state(struct run *r)
{
	const struct train_job *job = r->job;
	uint64_t at;
	int rc = 0;

	r->state = job->state;
	if (r->state == NULL) {
		rc = train_state_init(&r->fresh, job->task->nparams);
		r->state = &r->fresh;
	}
	at = r->state->at;
	if (rc == 0)
		rc = batches_init(&r->batches, job->hyper, job->rows->n, at);
	if (rc == 0)
		rc = select_rows(r, at);
	return rc;
}

static int
run_open(struct run *r, const struct train_job *job)
{
	const struct train_hyper *h = job->hyper;
	size_t n = job->task->nparams;
	struct fit *fit;
	int rc;

	*r = (struct run)RUN_INIT;
	r->job = job;
	if (job->rows->n == 0)
		return -EINVAL;
	r->steps = job->privacy != NULL ? job->privacy->steps
					: train_steps(h, job->rows->n);
	rc = train_search_open(&r->search, job);
	if (rc == 0)
		rc = open_state(r);
	fit = &r->search.fit;
	if (rc == 0)
		rc = fit_load(fit, r->place != NULL ? &r->few : job->rows);
	if (rc < 0)
		return rc;
	if (h->score_max > 0 && h->score_max < fit->nscored)
		fit->nscored = h->score_max;
	r->search.moments = &r->state->moments;
	r->pick = calloc(r->batches.batch, sizeof(*r->pick));
	r->sum = calloc(n, sizeof(*r->sum));
	r->after = calloc(n, sizeof(*r->after));
	return r->pick == NULL || r->sum == NULL || r->after == NULL ? -ENOMEM
								     : 0;
}

static void
to_double(const int64_t *q, size_t n, double *x)
{
	size_t i;

	for (i = 0; i < n; i++)
		x[i] = (double)q[i] / Q24;
}

/* Decay pulls on head weights only: angles are periodic, biases are free. */
static void
add_decay(const struct run *r, double *grad)
{
	const struct task *t = r->job->task;
	size_t i, first = t->nparams - t->nhead;

	for (i = first; i < t->nparams; i++) {
		if ((i - first) % (t->nobs + 1) != t->nobs)
			grad[i] += r->job->hyper->l2 * r->search.theta[i];
	}
}

/* FedProx, and SCAFFOLD's correction by what the others' gradients say. */
static void
add_federation(const struct run *r, double *grad)
{
	const struct train_job *job = r->job;
	double mu = job->hyper->proximal;
	size_t i, n = job->task->nparams;

	for (i = 0; i < n && mu > 0.0; i++)
		grad[i] +=
		    mu * (r->search.theta[i] - (double)job->params[i] / Q24);
	for (i = 0; i < n && job->control != NULL; i++) {
		r->sum[i] += grad[i];
		grad[i] +=
		    ((double)job->control[i] - (double)r->state->control[i]) /
		    Q24;
	}
}

/* How many angles are released: the layers in turn over the first half. */
static size_t
released(const struct train_job *job)
{
	const struct train_hyper *h = job->hyper;
	const struct task *t = job->task;
	uint64_t half = h->nrounds / 2, layers = t->spec.nlayers, open;

	if (!h->layerwise || layers == 0 || h->round >= half)
		return t->nangles;
	open = 1 + h->round * layers / half;
	return open >= layers ? t->nangles
			      : (size_t)open * (t->nangles / layers);
}

static void
adjust(void *arg, double *grad)
{
	const struct run *r = arg;
	size_t i;

	add_decay(r, grad);
	add_federation(r, grad);
	for (i = released(r->job); i < r->job->task->nangles; i++)
		grad[i] = 0.0;
}

static int
run_step(struct run *r)
{
	struct train_batch batch = {.adjust = adjust, .arg = r};
	const uint32_t *rows;
	size_t n, i;

	if (r->job->privacy != NULL) /* it takes its own rows */
		return train_search_step(&r->search, &batch);
	n = batches_next(&r->batches, &rows);
	batch.n = n;
	for (i = 0; i < n; i++)
		r->pick[i] = r->place != NULL ? r->place[rows[i]] : rows[i];
	batch.pick = r->pick;
	return train_search_step(&r->search, &batch);
}

static int
run_steps(struct run *r)
{
	const struct train_job *job = r->job;
	uint64_t i;
	int rc = 0;

	for (i = 0; i < r->steps && rc == 0; i++) {
		if (job->stop != NULL && job->stop(job->stop_arg))
			return -ECANCELED;
		rc = run_step(r);
	}
	r->state->at = r->batches.at;
	r->state->steps += r->steps;
	return rc;
}

/*
 * The largest length before rounding that keeps the rounded vector within
 * clip: each of n coordinates moves by half a unit at most, and one unit is
 * left for the error of the norm itself.
 */
static double
clip_target(int64_t clip, size_t n)
{
	double target = (double)clip - 0.5 * sqrt((double)n) - 1.0;

	return target > 0.0 ? target * (1.0 - 0x1p-40) : 0.0;
}

int64_t
train_round_even(double x)
{
	double low = floor(x), rest = x - low;
	int64_t n = (int64_t)low;

	if (rest > 0.5 || (rest == 0.5 && (n & 1) != 0))
		n++;
	return n;
}

static int64_t
bounded(int64_t x, int64_t bound)
{
	if (bound == 0)
		return x;
	if (x > bound)
		return bound;
	return x < -bound ? -bound : x;
}

/* x becomes the unrounded delta in Q24 units; then momentum of updates. Their
 * weights sum to one from the first on. The model has moved on since the older
 * ones, in part by themselves, so each is taken to fade by 1 - beta of that. */
static void
to_delta(const struct train_job *job, double *x)
{
	double beta = job->hyper->worker, rest = 1.0 - beta, here;
	struct train_state *s = job->state;
	size_t n = job->task->nparams, i;

	for (i = 0; i < n; i++)
		x[i] = (x[i] - (double)job->params[i] / Q24) * Q24;
	if (beta == 0.0 || s == NULL)
		return;
	s->fading *= beta;
	for (i = 0; i < n; i++) {
		here = rest * (double)job->params[i];
		s->momentum[i] = beta * s->momentum[i] + rest * (x[i] + here);
		x[i] = s->momentum[i] / (1.0 - s->fading) - here;
	}
}

int
train_finish(const struct train_job *job, double *x, int64_t *delta,
    struct train_metrics *m)
{
	const struct train_hyper *h = job->hyper;
	size_t n = job->task->nparams, i;
	double sum = 0.0, norm, target, f = 1.0;
	int64_t after;

	to_delta(job, x);
	for (i = 0; i < n; i++)
		sum += x[i] * x[i];
	norm = sqrt(sum);
	if (!(norm < 0x1p62))
		return -EDOM;
	m->norm = norm / Q24;
	target = clip_target(h->clip_l2, n);
	if (h->clip_l2 > 0 && norm > target) {
		f = target / norm;
		m->clipped = true;
	}
	for (i = 0; i < n; i++) {
		int64_t q = train_round_even(x[i] * f);

		delta[i] = bounded(q, h->bound);
		m->clipped = m->clipped || delta[i] != q;
		if (__builtin_add_overflow(job->params[i], delta[i], &after))
			return -EDOM;
	}
	return 0;
}

/* The node's new control variate is the mean gradient of this call, before
 * correction: SCAFFOLD's second option for plain SGD, its first for others. */
static int
finish_control(struct run *r)
{
	const struct train_job *job = r->job;
	size_t i, n = job->task->nparams;

	for (i = 0; i < n && job->control != NULL; i++) {
		double mean = r->sum[i] / (double)r->steps * Q24;
		int64_t was = r->state->control[i], q;

		if (!(fabs(mean) < 0x1p62))
			return -EDOM;
		q = train_round_even(mean);
		if (__builtin_sub_overflow(q, was, &job->control_delta[i]))
			return -EDOM;
		r->state->control[i] = q;
	}
	return 0;
}

/* Also puts the parameters where the steps begin. */
static int
run_score(struct run *r, const int64_t *params, double *loss, uint64_t *correct)
{
	struct train_score score = {.confusion = NULL, .guess = NULL};
	int rc;

	to_double(params, r->job->task->nparams, r->search.theta);
	if (r->job->privacy != NULL) /* a loss would tell of rows */
		return 0;
	rc = fit_score(&r->search.fit, r->search.theta, &score);
	*loss = score.loss;
	*correct = score.correct;
	return rc;
}

int
train_by_gradient(const struct train_job *job, int64_t *delta,
    struct train_metrics *m)
{
	struct run r;
	size_t i;
	int rc = run_open(&r, job);

	*m = (struct train_metrics){.rows = job->rows->n};
	m->steps = r.steps;
	m->scored = rc == 0 ? r.search.fit.nscored : 0;
	if (job->privacy != NULL) {
		m->rows = job->privacy->rows;
		m->scored = 0;
	}
	if (rc == 0)
		rc = run_score(&r, job->params, &m->loss_before,
		    &m->correct_before);
	if (rc == 0)
		rc = run_steps(&r);
	if (rc == 0)
		rc = train_finish(job, r.search.theta, delta, m);
	if (rc == 0)
		rc = finish_control(&r);
	for (i = 0; rc == 0 && i < job->task->nparams; i++)
		r.after[i] = job->params[i] + delta[i];
	if (rc == 0)
		rc = run_score(&r, r.after, &m->loss_after, &m->correct_after);
	if (rc == 0 && !(isfinite(m->loss_before) && isfinite(m->loss_after)))
		rc = -EDOM;
	run_close(&r);
	return rc;
}

int
train_score_rows(const struct train_job *job, struct train_score *out)
{
	struct fit_noise noise;
	struct fit_how how = {job->hyper->isa, job->hyper->threads, job->pool,
	    train_noise(job, &noise)};
	struct fit f;
	double *theta;
	int rc;

	noise.mitigation = job->hyper->mitigation;
	rc = fit_open(&f, job->task, &how);
	if (rc < 0)
		return rc;
	theta = calloc(job->task->nparams, sizeof(*theta));
	rc = theta == NULL ? -ENOMEM : fit_load(&f, job->rows);
	if (rc == 0) {
		to_double(job->params, job->task->nparams, theta);
		rc = fit_score(&f, theta, out);
	}
	if (rc == 0 && !isfinite(out->loss))
		rc = -EDOM;
	free(theta);
	fit_close(&f);
	return rc;
}

int
train_local(const struct train_job *job, int64_t *delta,
    struct train_metrics *metrics)
{
	const struct train_hyper *h = job->hyper;
	const struct train_state *s = job->state;

	if (train_hyper_check(h) != NULL)
		return -EINVAL;
	if (s != NULL && s->n != job->task->nparams)
		return -EINVAL;
	if ((job->control == NULL) != (job->control_delta == NULL))
		return -EINVAL;
	if (s == NULL && (job->control != NULL || h->worker > 0.0))
		return -EINVAL;
	if (job->privacy != NULL &&
	    job->task->ops->local_update != train_by_gradient)
		return -ENOTSUP;
	return job->task->ops->local_update(job, delta, metrics);
}

int
train_evaluate(const struct train_job *job, struct train_score *out)
{
	if (job->hyper->threads < 1 || job->hyper->threads > TRAIN_MAX_THREADS)
		return -EINVAL;
	return job->task->ops->evaluate(job, out);
}
