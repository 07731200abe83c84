#include "sim/learn/train_search.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sim/gradient/metric.h"
#include "sim/learn/dataset.h"
#include "sim/learn/task.h"
#include "sim/learn/train.h"
#include "sim/learn/vqc.h"
#include "sim/learn/vqc_circuit.h"
#include "sim/state/mathfun.h"

#define PI 0x1.921fb54442d18p+1
#define STREAM_PERTURB 1 /* of the job's seed; 0 is the batches' */
#define METRIC_ROWS 4    /* of a batch */

const struct fit_noise *
train_noise(const struct train_job *job, struct fit_noise *out)
{
	const struct train_hyper *h = job->hyper;

	*out = (struct fit_noise){.model = job->noise, .shots = h->shots};
	memcpy(out->seed, h->seed, sizeof(out->seed));
	return job->noise != NULL || h->shots > 0 || h->method == TRAIN_SHIFT
	    ? out
	    : NULL;
}

static bool
perturbs(const struct train_hyper *h)
{
	return h->method == TRAIN_PERTURB || h->optimiser == OPTIMISER_SPSA;
}

/* Noise has no adjoint: shift rules or perturbations it is. */
static int
check_method(const struct train_job *job)
{
	const struct train_hyper *h = job->hyper;
	bool natural = h->optimiser == OPTIMISER_NATURAL;

	if (job->noise != NULL && h->method == TRAIN_ADJOINT &&
	    h->optimiser != OPTIMISER_SPSA)
		return -ENOTSUP;
	if (natural && vqc_circuit_of(job->task) == NULL)
		return -ENOTSUP;
	if (natural && job->task->spec.encoding == TASK_ENC_REUPLOAD)
		return -ENOTSUP;
	/* Nothing but the gradient may touch the rows. */
	if (job->privacy != NULL &&
	    (h->method != TRAIN_ADJOINT || job->noise != NULL || h->shots > 0 ||
		h->optimiser > OPTIMISER_RMSPROP))
		return -ENOTSUP;
	return 0;
}

int
train_search_open(struct train_search *s, const struct train_job *job)
{
	const struct train_hyper *h = job->hyper;
	const struct task *t = job->task;
	struct fit_noise noise;
	const struct fit_how how = {h->isa, h->threads, job->pool,
	    train_noise(job, &noise)};
	size_t n = t->nparams, k = t->nangles;
	int rc;

	*s = (struct train_search)TRAIN_SEARCH_INIT;
	s->job = job;
	s->rate = (struct optimiser_rate){.kind = h->optimiser,
	    .lr = train_rate(h),
	    .beta1 = h->beta1,
	    .beta2 = h->beta2,
	    .eps = h->eps,
	    .momentum = h->momentum,
	    .decay = h->decay};
	rc = check_method(job);
	if (rc == 0)
		rc = fit_open(&s->fit, t, &how);
	if (rc < 0)
		return rc;
	if (job->privacy != NULL) {
		rc = private_gradient_open(&s->hidden, job->privacy,
		    job->rows->n, n);
		if (rc < 0)
			return rc;
	}
	rng_init(&s->rng, h->seed, STREAM_PERTURB);
	s->theta = calloc(n, sizeof(*s->theta));
	s->grad = calloc(n, sizeof(*s->grad));
	s->other = calloc(n, sizeof(*s->other));
	if (h->optimiser == OPTIMISER_NATURAL)
		s->metric = calloc(2 * k * k + 1, sizeof(*s->metric));
	return s->theta == NULL || s->grad == NULL || s->other == NULL ||
		(h->optimiser == OPTIMISER_NATURAL && s->metric == NULL)
	    ? -ENOMEM
	    : 0;
}

void
train_search_close(struct train_search *s)
{
	fit_close(&s->fit);
	private_gradient_close(&s->hidden);
	free(s->theta);
	free(s->grad);
	free(s->other);
	free(s->metric);
	*s = (struct train_search)TRAIN_SEARCH_INIT;
}

static int
value(struct train_search *s, const struct train_batch *b, const double *theta,
    double *loss)
{
	int rc = fit_value(&s->fit, theta, b->pick, b->n, loss);

	return rc == 0 && !isfinite(*loss) ? -EDOM : rc;
}

/* One draw of signs, its share of the gradient. The head's is known. */
static int
perturb(struct train_search *s, const struct train_batch *b)
{
	const struct train_hyper *h = s->job->hyper;
	size_t n = s->job->task->nparams - s->job->task->nhead, i;
	double plus = 0.0, minus = 0.0, share;
	uint64_t bits = 0;
	int rc;

	for (i = 0; i < n; i++) {
		if (i % 64 == 0)
			bits = rng_u64(&s->rng);
		s->other[i] = bits & 1 ? h->perturb : -h->perturb;
		bits >>= 1;
		s->theta[i] += s->other[i];
	}
	rc = value(s, b, s->theta, &plus);
	for (i = 0; i < n; i++)
		s->theta[i] -= 2.0 * s->other[i];
	if (rc == 0)
		rc = value(s, b, s->theta, &minus);
	for (i = 0; i < n; i++)
		s->theta[i] += s->other[i];
	if (rc < 0)
		return rc;
	share = (plus - minus) / (2.0 * (double)h->perturbations);
	for (i = 0; i < n; i++)
		s->grad[i] += share / s->other[i];
	return 0;
}

static int
gradient(struct train_search *s, const struct train_batch *b)
{
	const struct train_hyper *h = s->job->hyper;
	size_t n = s->job->task->nparams;
	uint32_t i;
	int rc = 0;

	if (s->job->privacy != NULL) {
		private_gradient_step(&s->hidden, &s->fit, s->theta, s->grad);
		return 0;
	}
	if (!perturbs(h))
		return fit_gradient(&s->fit, s->theta, b->pick, b->n, s->grad);
	if (s->job->task->nhead > 0)
		rc = fit_head_gradient(&s->fit, s->theta, b->pick, b->n,
		    s->grad);
	else
		memset(s->grad, 0, n * sizeof(*s->grad));
	if (n == s->job->task->nhead)
		return rc;
	for (i = 0; i < h->perturbations && rc == 0; i++)
		rc = perturb(s, b);
	return rc;
}

/* Lower triangle of g becomes its Cholesky factor; -EDOM: not positive. */
static int
factorise(double *g, size_t n)
{
	size_t i, j, k;

	for (i = 0; i < n; i++) {
		for (j = 0; j <= i; j++) {
			double sum = g[i * n + j];

			for (k = 0; k < j; k++)
				sum -= g[i * n + k] * g[j * n + k];
			if (i == j && !(sum > 0.0))
				return -EDOM;
			g[i * n + j] = i == j ? sqrt(sum) : sum / g[j * n + j];
		}
	}
	return 0;
}

static void
solve(const double *g, size_t n, double *x)
{
	size_t i, k;

	for (i = 0; i < n; i++) {
		for (k = 0; k < i; k++)
			x[i] -= g[i * n + k] * x[k];
		x[i] /= g[i * n + i];
	}
	for (i = n; i-- > 0;) {
		for (k = i + 1; k < n; k++)
			x[i] -= g[k * n + i] * x[k];
		x[i] /= g[i * n + i];
	}
}

/* The angles' gradient through the metric, averaged over a few rows. */
static int
make_natural(struct train_search *s, const struct train_batch *b)
{
	const struct vqc_circuit *v = vqc_circuit_of(s->job->task);
	const struct dataset *rows = s->fit.loaded;
	size_t n = s->job->task->nangles, many, i, k;
	double *sum = s->metric, *one = s->metric + n * n;
	struct metric m = {.theta = s->theta, .pool = s->fit.pool};
	int rc = 0;

	many = b->n < METRIC_ROWS ? b->n : METRIC_ROWS;
	memset(sum, 0, n * n * sizeof(*sum));
	for (i = 0; i < many && rc == 0; i++) {
		m.features = rows->features + (size_t)b->pick[i] * rows->d;
		rc = metric_compute(&v->circuit, &m, one);
		for (k = 0; k < n * n && rc == 0; k++)
			sum[k] += one[k] / (double)many;
	}
	for (i = 0; i < n; i++)
		sum[i * n + i] += s->job->hyper->damping;
	if (rc == 0)
		rc = factorise(sum, n);
	if (rc == 0)
		solve(sum, n, s->grad);
	return rc;
}

/*
 * f(a) as the sine through f(a), f(a + pi/2), f(a - pi/2): right for one
 * rotation and a loss linear in observables, else a guess that has to prove
 * itself. Lowest where the derivative is 0 and the bend upwards.
 */
static double
sine_minimum(double mid, double plus, double minus)
{
	double rise = 0.5 * (plus - minus);              /* A sin b */
	double up = mid - 0.5 * (plus + minus), a, s, c; /* A cos b */
	double length = sqrt(rise * rise + up * up), best = 0.0, lo, hi;
	int i;

	if (!(length > 0.0))
		return 0.0;
	/* f = mean + up cos a + rise sin a; by bisection over half turns. */
	lo = rise > 0.0 ? -PI : 0.0;
	hi = lo + PI;
	for (i = 0; i < 60; i++) {
		a = 0.5 * (lo + hi);
		mathfun_sincos(a, &s, &c);
		if (rise * c - up * s < 0.0)
			lo = a;
		else
			hi = a;
		best = a;
	}
	return best;
}

static int
turn_one(struct train_search *s, const struct train_batch *b, size_t i,
    double *now)
{
	double was = s->theta[i], plus = 0.0, minus = 0.0, there = 0.0;
	int rc;

	s->theta[i] = was + 0.5 * PI;
	rc = value(s, b, s->theta, &plus);
	s->theta[i] = was - 0.5 * PI;
	if (rc == 0)
		rc = value(s, b, s->theta, &minus);
	s->theta[i] = was;
	if (rc < 0)
		return rc;
	s->theta[i] = was + sine_minimum(*now, plus, minus);
	rc = value(s, b, s->theta, &there);
	if (rc == 0 && there < *now)
		*now = there;
	else
		s->theta[i] = was;
	return rc;
}

static int
turn_all(struct train_search *s, const struct train_batch *b)
{
	size_t n = s->job->task->nangles, i;
	double now = 0.0;
	int rc = value(s, b, s->theta, &now);

	for (i = 0; i < n && rc == 0; i++)
		rc = turn_one(s, b, i, &now);
	return rc;
}

int
train_search_step(struct train_search *s, const struct train_batch *b)
{
	const struct task *t = s->job->task;
	enum optimiser_kind kind = s->rate.kind;
	int rc = 0;

	if (kind == OPTIMISER_ROTOSOLVE)
		rc = turn_all(s, b);
	if (rc == 0)
		rc = gradient(s, b);
	if (rc < 0)
		return rc;
	b->adjust(b->arg, s->grad);
	if (kind == OPTIMISER_NATURAL)
		rc = make_natural(s, b);
	if (kind == OPTIMISER_ROTOSOLVE)
		memset(s->grad, 0, t->nangles * sizeof(*s->grad));
	if (rc == 0)
		optimiser_step(s->moments, &s->rate, s->grad,
		    t->nparams - t->nhead, s->theta);
	return rc;
}
