#include "tests/bench/course.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/learn/dataset.h"
#include "sim/learn/rng.h"
#include "sim/learn/task.h"
#include "sim/learn/train.h"
#include "sim/learn/train_state.h"

#define SITE_RATE 0.02 /* of the sites' first plain gradient steps */
#define SITE_STEPS 2   /* of a round; as many in all as one site takes */

static int
open_task(const struct model *m, const struct dataset *ds, uint32_t nclasses,
    struct task *t)
{
	struct task_spec s = {.name = "vqc",
	    .nfeatures = (uint32_t)ds->d,
	    .nclasses = nclasses,
	    .encoding = m->encoding,
	    .ansatz = m->ansatz,
	    .readout = m->readout,
	    .nqubits = m->qubits,
	    .nlayers = m->layers,
	    .uploads = m->uploads,
	    .input_scale = m->input_scale,
	    .input_shift = m->input_shift,
	    .head_scale = m->head_scale};
	const char *why = task_check(&s);

	if (why != NULL) {
		printf("cannot train: %s\n", why);
		return -EINVAL;
	}
	return task_init(t, &s);
}

static void
fill_hyper(const struct model *m, uint8_t seed, struct train_hyper *h)
{
	train_hyper_default(h);
	h->lr = m->lr;
	h->lr_end = 0.1 * m->lr;
	h->l2 = m->l2;
	h->nrounds = m->rounds;
	h->steps = m->steps;
	h->batch = m->batch;
	h->score_max = 1;
	h->seed[0] = seed;
}

static double
share(const struct sites *s, size_t i)
{
	size_t all = 0, k;

	for (k = 0; k < s->n; k++)
		all += s->rows[k].n;
	return (double)s->rows[i].n / (double)all;
}

/* A learning in progress. */
struct course {
	const struct task *task;
	const struct sites *sites;
	struct train_hyper hyper;
	int64_t *params;
	int64_t *delta;
	double *mean;  /* of the sites' updates, negated: as a gradient */
	double *theta; /* the parameters while the server steps */
	struct train_state states[COURSE_SITES_MAX];
	struct moments server;
	uint8_t seed, start;
};

/* One site steps by Adam; of several each steps by plain gradients and the
 * mean of their updates is Adam's gradient (FedAdam, arXiv:2003.00295): sites
 * with few labels would each scale their steps in a way of their own. */
static void
apply(struct course *c)
{
	const struct optimiser_rate rate = {.kind = OPTIMISER_ADAM,
	    .lr = train_rate(&c->hyper),
	    .beta1 = 0.9,
	    .beta2 = 0.999,
	    .eps = 1e-6};
	size_t n = c->task->nparams, k;

	for (k = 0; k < n; k++) {
		if (c->sites->n == 1)
			c->params[k] -= train_round_even(c->mean[k]);
		c->mean[k] /= (double)TASK_Q24_ONE;
		c->theta[k] = (double)c->params[k] / (double)TASK_Q24_ONE;
	}
	if (c->sites->n == 1)
		return;
	optimiser_step(&c->server, &rate, c->mean, n, c->theta);
	for (k = 0; k < n; k++)
		c->params[k] =
		    train_round_even(c->theta[k] * (double)TASK_Q24_ONE);
}

static int
train_round(struct course *c)
{
	struct train_hyper h = c->hyper;
	struct train_job job = {.task = c->task,
	    .params = c->params,
	    .hyper = &h};
	struct train_metrics m;
	size_t i, k;
	int rc = 0;

	if (c->sites->n > 1) {
		h.optimiser = OPTIMISER_SGD;
		h.schedule = TRAIN_CONSTANT;
		h.lr = SITE_RATE * train_rate(&c->hyper) / c->hyper.lr;
	}
	memset(c->mean, 0, c->task->nparams * sizeof(*c->mean));
	for (i = 0; i < c->sites->n && rc == 0; i++) {
		job.rows = &c->sites->rows[i];
		job.state = &c->states[i];
		h.seed[1] = (uint8_t)i;
		h.seed[2] = (uint8_t)h.round;
		h.seed[3] = (uint8_t)(h.round >> 8);
		rc = train_local(&job, c->delta, &m);
		for (k = 0; k < c->task->nparams; k++)
			c->mean[k] -= (double)c->delta[k] * share(c->sites, i);
	}
	if (rc == 0)
		apply(c);
	return rc;
}

static int
course_open(struct course *c, const struct model *m)
{
	const uint8_t start[RNG_SEED_BYTES] = {c->seed, c->start};
	size_t n = c->task->nparams, i;
	int rc = moments_init(&c->server, n);

	fill_hyper(m, c->seed, &c->hyper);
	c->hyper.seed[4] = c->start;
	if (c->sites->n > 1) {
		c->hyper.nrounds = m->rounds * m->steps / SITE_STEPS;
		c->hyper.steps = SITE_STEPS;
	}
	for (i = 0; i < c->sites->n && rc == 0; i++)
		rc = train_state_init(&c->states[i], n);
	c->delta = calloc(n, sizeof(*c->delta));
	c->mean = calloc(n, sizeof(*c->mean));
	c->theta = calloc(n, sizeof(*c->theta));
	if (c->delta == NULL || c->mean == NULL || c->theta == NULL)
		return -ENOMEM;
	task_init_params(c->task, start, c->params);
	return rc;
}

static int
train(struct course *c, const struct model *m)
{
	size_t i;
	int rc = course_open(c, m);

	for (; c->hyper.round < c->hyper.nrounds && rc == 0; c->hyper.round++)
		rc = train_round(c);
	for (i = 0; i < c->sites->n; i++)
		train_state_close(&c->states[i]);
	moments_close(&c->server);
	free(c->delta);
	free(c->mean);
	free(c->theta);
	return rc;
}

static struct result
score(const struct course *c, const struct dataset *rows)
{
	struct train_score got = {.guess = NULL};
	struct train_job job = {.task = c->task,
	    .rows = rows,
	    .params = c->params,
	    .hyper = &c->hyper};
	struct result out = {.rc = train_evaluate(&job, &got)};

	if (out.rc == 0)
		out.accuracy = (double)got.correct / (double)got.rows;
	out.loss = got.loss;
	return out;
}

static double
own_loss(const struct course *c)
{
	double sum = 0.0;
	size_t i;

	for (i = 0; i < c->sites->n; i++)
		sum += score(c, &c->sites->rows[i]).loss * share(c->sites, i);
	return sum;
}

struct result
course_learn(const struct model *m, const struct sites *s,
    const struct dataset *test, uint32_t nclasses, uint8_t seed)
{
	struct task t = TASK_INIT;
	uint32_t starts = m->starts > 0 ? m->starts : 1, i;
	struct result out = {.rc = open_task(m, test, nclasses, &t)};
	double least = HUGE_VAL, loss;
	int64_t *params;

	if (out.rc < 0)
		return out;
	params = calloc(t.nparams, sizeof(*params));
	if (params == NULL)
		out.rc = -ENOMEM;
	for (i = 0; i < starts && out.rc == 0; i++) {
		struct course c = {.task = &t,
		    .sites = s,
		    .params = params,
		    .seed = seed,
		    .start = (uint8_t)i};
		int rc = train(&c, m);

		loss = rc == 0 && starts > 1 ? own_loss(&c) : 0.0;
		if (rc < 0)
			out.rc = rc;
		else if (loss < least)
			out = score(&c, test);
		least = loss < least ? loss : least;
	}
	free(params);
	task_close(&t);
	return out;
}
