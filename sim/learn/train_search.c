#include "sim/learn/train_search.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sim/learn/task.h"
#include "sim/learn/train.h"

#define STREAM_PERTURB 1 /* of the job's seed; 0 is the batches' */

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

int
train_search_open(struct train_search *s, const struct train_job *job)
{
	const struct train_hyper *h = job->hyper;
	const struct task *t = job->task;
	struct fit_noise noise;
	const struct fit_how how = {h->isa, h->threads, job->pool,
	    train_noise(job, &noise)};
	size_t n = t->nparams;
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
	rc = fit_open(&s->fit, t, &how);
	if (rc < 0)
		return rc;
	rng_init(&s->rng, h->seed, STREAM_PERTURB);
	s->theta = calloc(n, sizeof(*s->theta));
	s->grad = calloc(n, sizeof(*s->grad));
	s->other = calloc(n, sizeof(*s->other));
	return s->theta == NULL || s->grad == NULL || s->other == NULL ? -ENOMEM
								       : 0;
}

void
train_search_close(struct train_search *s)
{
	fit_close(&s->fit);
	free(s->theta);
	free(s->grad);
	free(s->other);
	free(s->metric);
	*s = (struct train_search)TRAIN_SEARCH_INIT;
}

int
train_search_step(struct train_search *s, const struct train_batch *b)
{
	const struct task *t = s->job->task;
	int rc;

	rc = fit_gradient(&s->fit, s->theta, b->pick, b->n, s->grad);
	if (rc < 0)
		return rc;
	b->adjust(b->arg, s->grad);
	optimiser_step(s->moments, &s->rate, s->grad, t->nparams - t->nhead,
	    s->theta);
	return 0;
}
