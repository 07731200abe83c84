#include "sim/learn/train.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sim/learn/adam.h"
#include "sim/learn/dataset.h"
#include "sim/learn/fit.h"
#include "sim/learn/rng.h"
#include "sim/learn/task.h"
#include "sim/state/mathfun.h"

#define PI 0x1.921fb54442d18p+1
#define Q24 16777216.0

/* A local training in progress. */
struct run {
	const struct train_job *job;
	struct fit fit;
	struct adam fresh; /* used when nothing is carried */
	struct rng rng;
	uint32_t *order; /* rows, shuffled once an epoch */
	size_t at;       /* in order */
	size_t batch;
	double *theta;
	double *grad;
	int64_t *after; /* params + delta */
};

#define RUN_INIT                                    \
	{                                           \
		.fit = FIT_INIT, .fresh = ADAM_INIT \
	}

void
train_hyper_default(struct train_hyper *h)
{
	*h = (struct train_hyper){.lr = 0.04,
	    .lr_end = 0.004,
	    .steps = 40,
	    .batch = 64,
	    .threads = 1,
	    .beta1 = 0.9,
	    .beta2 = 0.999,
	    .eps = 1e-8};
}

static bool
within(double x, double lo, double hi)
{
	return x >= lo && x <= hi;
}

const char *
train_hyper_check(const struct train_hyper *h)
{
	if (!within(h->lr, 1e-9, 10.0))
		return "lr must be 1e-9 to 10";
	if (!within(h->lr_end, 0.0, 10.0))
		return "lr_end must be 0 to 10";
	if (h->steps < 1 || h->steps > 1000000)
		return "steps must be 1 to 1000000";
	if (h->batch < 1 || h->batch > 65536)
		return "batch must be 1 to 65536";
	if (h->threads < 1 || h->threads > TRAIN_MAX_THREADS)
		return "threads must be 1 to 64";
	if (!within(h->beta1, 0.0, 0.9999) || !within(h->beta2, 0.0, 0.999999))
		return "beta1 must be 0 to 0.9999, beta2 0 to 0.999999";
	if (!within(h->eps, 1e-15, 1.0))
		return "eps must be 1e-15 to 1";
	if (!within(h->l2, 0.0, 1.0))
		return "l2 must be 0 to 1";
	if (h->clip_l2 < 0 || h->bound < 0)
		return "clip_l2 and bound must not be negative";
	return NULL;
}

double
train_rate(const struct train_hyper *h)
{
	double s, c;

	if (h->nrounds < 2)
		return h->lr;
	if (h->round >= h->nrounds - 1)
		return h->lr_end;
	mathfun_sincos(PI * (double)h->round / (double)(h->nrounds - 1), &s,
	    &c);
	return h->lr_end + (h->lr - h->lr_end) * (0.5 + 0.5 * c);
}

static void
run_close(struct run *r)
{
	fit_close(&r->fit);
	adam_close(&r->fresh);
	free(r->order);
	free(r->theta);
	free(r->grad);
	free(r->after);
}

static int
run_open(struct run *r, const struct train_job *job)
{
	const struct train_hyper *h = job->hyper;
	const struct fit_how how = {h->isa, h->threads, job->pool};
	size_t n = job->task->nparams, i;
	int rc;

	*r = (struct run)RUN_INIT;
	r->job = job;
	rc = fit_open(&r->fit, job->task, &how);
	if (rc < 0)
		return rc;
	rc = fit_load(&r->fit, job->rows);
	if (rc == 0 && job->carry == NULL)
		rc = adam_init(&r->fresh, n);
	if (rc < 0)
		return rc;
	r->order = calloc(job->rows->n, sizeof(*r->order));
	r->theta = calloc(n, sizeof(*r->theta));
	r->grad = calloc(n, sizeof(*r->grad));
	r->after = calloc(n, sizeof(*r->after));
	if (r->order == NULL || r->theta == NULL || r->grad == NULL ||
	    r->after == NULL)
		return -ENOMEM;
	for (i = 0; i < job->rows->n; i++)
		r->order[i] = (uint32_t)i;
	r->batch = h->batch < job->rows->n ? h->batch : job->rows->n;
	r->at = job->rows->n; /* shuffle first */
	rng_init(&r->rng, h->seed, 0);
	return 0;
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
add_decay(const struct run *r)
{
	const struct task *t = r->job->task;
	size_t i;

	for (i = t->nangles; i < t->nparams; i++) {
		if ((i - t->nangles) % (t->nobs + 1) != t->nobs)
			r->grad[i] += r->job->hyper->l2 * r->theta[i];
	}
}

static int
run_step(struct run *r, const struct adam_rate *rate)
{
	const struct train_job *job = r->job;
	int rc;

	if (r->at + r->batch > job->rows->n) {
		rng_shuffle(&r->rng, r->order, job->rows->n);
		r->at = 0;
	}
	rc = fit_gradient(&r->fit, r->theta, r->order + r->at, r->batch,
	    r->grad);
	if (rc < 0)
		return rc;
	r->at += r->batch;
	add_decay(r);
	adam_step(job->carry != NULL ? job->carry : &r->fresh, rate, r->grad,
	    r->theta);
	return 0;
}

static int
run_steps(struct run *r)
{
	const struct train_job *job = r->job;
	const struct train_hyper *h = job->hyper;
	const struct adam_rate rate = {train_rate(h), h->beta1, h->beta2,
	    h->eps};
	uint32_t i;
	int rc = 0;

	for (i = 0; i < h->steps && rc == 0; i++) {
		if (job->stop != NULL && job->stop(job->stop_arg))
			return -ECANCELED;
		rc = run_step(r, &rate);
	}
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

/* theta becomes the unrounded delta in Q24 units; then clip and round. */
static int
run_finish(struct run *r, int64_t *delta, struct train_metrics *m)
{
	const struct train_job *job = r->job;
	const struct train_hyper *h = job->hyper;
	size_t n = job->task->nparams, i;
	double sum = 0.0, norm, target, f = 1.0;

	for (i = 0; i < n; i++) {
		r->theta[i] =
		    (r->theta[i] - (double)job->params[i] / Q24) * Q24;
		sum += r->theta[i] * r->theta[i];
	}
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
		int64_t q = train_round_even(r->theta[i] * f);

		delta[i] = bounded(q, h->bound);
		m->clipped = m->clipped || delta[i] != q;
		if (__builtin_add_overflow(job->params[i], delta[i],
			&r->after[i]))
			return -EDOM;
	}
	return 0;
}

static int
run_score(struct run *r, const int64_t *params, double *loss, uint64_t *correct)
{
	struct train_score score = {.confusion = NULL, .guess = NULL};
	int rc;

	to_double(params, r->job->task->nparams, r->theta);
	rc = fit_score(&r->fit, r->theta, &score);
	*loss = score.loss;
	*correct = score.correct;
	return rc;
}

int
train_by_gradient(const struct train_job *job, int64_t *delta,
    struct train_metrics *m)
{
	struct run r;
	int rc = run_open(&r, job);

	*m = (struct train_metrics){.rows = job->rows->n};
	if (rc == 0)
		rc = run_score(&r, job->params, &m->loss_before,
		    &m->correct_before);
	if (rc == 0)
		rc = run_steps(&r);
	if (rc == 0)
		rc = run_finish(&r, delta, m);
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
	const struct fit_how how = {job->hyper->isa, job->hyper->threads,
	    job->pool};
	struct fit f;
	double *theta;
	int rc;

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
	if (train_hyper_check(job->hyper) != NULL)
		return -EINVAL;
	if (job->carry != NULL && job->carry->n != job->task->nparams)
		return -EINVAL;
	return job->task->ops->local_update(job, delta, metrics);
}

int
train_evaluate(const struct train_job *job, struct train_score *out)
{
	if (job->hyper->threads < 1 || job->hyper->threads > TRAIN_MAX_THREADS)
		return -EINVAL;
	return job->task->ops->evaluate(job, out);
}
