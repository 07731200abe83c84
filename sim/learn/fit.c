#include "sim/learn/fit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sim/learn/dataset.h"
#include "sim/learn/task.h"
#include "sim/learn/train.h"
#include "sim/state/mathfun.h"
#include "sim/state/pool.h"

static size_t
head_size(const struct task *t)
{
	return t->spec.nclasses * (t->nobs + 1);
}

static void
close_worker(const struct fit *f, struct fit_worker *w)
{
	if (w->scratch != NULL)
		f->task->ops->map->close_worker(w->scratch);
	free(w->obs);
	free(w->dobs);
	free(w->logits);
	free(w->dhead);
}

static int
open_worker(const struct fit *f, struct fit_worker *w)
{
	const struct task *t = f->task;

	w->obs = lanes_alloc(t->nobs * LANES);
	w->dobs = lanes_alloc(t->nobs * LANES);
	w->logits = lanes_alloc(t->spec.nclasses * LANES);
	w->dhead = lanes_alloc(head_size(t) * LANES);
	if (w->obs == NULL || w->dobs == NULL || w->logits == NULL ||
	    w->dhead == NULL)
		return -ENOMEM;
	return t->ops->map->open_worker(f, &w->scratch);
}

int
fit_open(struct fit *f, const struct task *t, const struct fit_how *how)
{
	size_t nthreads, i;
	int rc = 0;

	*f = (struct fit)FIT_INIT;
	f->task = t;
	f->lanes = lanes_pick(how->isa);
	if (f->lanes == NULL)
		rc = -ENOTSUP;
	else if (how->pool == NULL)
		rc = pool_new(&f->own_pool, how->nthreads);
	if (rc < 0)
		goto out;
	f->pool = how->pool != NULL ? how->pool : f->own_pool;
	nthreads = pool_threads(f->pool);
	rc = t->ops->map->open(f);
	if (rc < 0)
		goto out;
	rc = -ENOMEM;
	f->workers = calloc(nthreads, sizeof(*f->workers));
	if (f->workers == NULL)
		goto out;
	f->nworkers = nthreads;
	for (i = 0, rc = 0; i < nthreads && rc == 0; i++)
		rc = open_worker(f, &f->workers[i]);
out:
	if (rc < 0)
		fit_close(f);
	return rc;
}

void
fit_close(struct fit *f)
{
	size_t i;

	for (i = 0; f->workers != NULL && i < f->nworkers; i++)
		close_worker(f, &f->workers[i]);
	free(f->workers);
	if (f->task != NULL)
		f->task->ops->map->close(f);
	pool_free(f->own_pool);
	free(f->rows);
	free(f->blocks);
	free(f->losses);
	*f = (struct fit)FIT_INIT;
}

static int
check_rows(const struct task *t, const struct dataset *ds)
{
	size_t i;

	if (ds->n == 0 || ds->d != t->spec.nfeatures || ds->n > UINT32_MAX)
		return -EINVAL;
	for (i = 0; i < ds->n; i++) {
		if (ds->labels[i] < 0 ||
		    (uint32_t)ds->labels[i] >= t->spec.nclasses)
			return -EINVAL;
	}
	return 0;
}

int
fit_load(struct fit *f, const struct dataset *ds)
{
	const struct fit_map *map = f->task->ops->map;
	int rc = check_rows(f->task, ds);

	if (rc < 0)
		return rc;
	free(f->rows);
	f->rows = lanes_alloc(ds->n * map->row_size(f->task));
	if (f->rows == NULL)
		return -ENOMEM;
	f->labels = ds->labels;
	f->nrows = ds->n;
	map->prepare(f, ds, f->rows);
	return 0;
}

static struct lanes_dense
head_of(const struct fit *f)
{
	return (struct lanes_dense){.w = f->theta + f->task->nangles,
	    .nrows = f->task->spec.nclasses,
	    .ncols = f->task->nobs};
}

/* Logits of rows at .. at + LANES - 1 of the pick. */
static void
forward(const struct fit *f, struct fit_worker *w, size_t at)
{
	const struct task *t = f->task;
	size_t size = t->ops->map->row_size(t), i;
	struct lanes_dense head = head_of(f);
	const double *rows[LANES];

	for (i = 0; i < LANES; i++)
		rows[i] = at + i >= f->npick ? NULL
					     : f->rows + size * f->pick[at + i];
	t->ops->map->forward(f, w->scratch, rows, w->obs);
	for (i = 0; i < t->nobs * LANES; i++)
		w->obs[i] *= t->spec.head_scale;
	f->lanes->dense(&head, w->obs, w->logits);
}

/* Logits become weight d(loss) / d(logit), 0 in lanes not used. */
static void
differentiate(const struct fit *f, struct fit_worker *w, size_t at,
    double weight)
{
	double max[LANES], sum[LANES], *z = w->logits;
	size_t nclasses = f->task->spec.nclasses, c, i;

	f->lanes->softmax(z, nclasses, max, sum);
	for (i = 0; i < LANES; i++)
		sum[i] = at + i < f->npick ? weight / sum[i] : 0.0;
	for (c = 0; c < nclasses; c++) {
		for (i = 0; i < LANES; i++)
			z[c * LANES + i] *= sum[i];
	}
	for (i = 0; i < LANES && at + i < f->npick; i++)
		z[(size_t)f->labels[f->pick[at + i]] * LANES + i] -= weight;
}

static void
backward(const struct fit *f, struct fit_worker *w)
{
	const struct task *t = f->task;
	struct lanes_dense head = head_of(f);
	size_t i;

	f->lanes->dense_grad(&head, w->obs, w->logits, w->dhead);
	if (t->ops->map->backward == NULL)
		return;
	f->lanes->dense_undo(&head, w->logits, w->dobs);
	for (i = 0; i < t->nobs * LANES; i++)
		w->dobs[i] *= t->spec.head_scale;
	t->ops->map->backward(f, w->scratch, w->dobs);
}

static void
gradient_block(void *arg, size_t worker, size_t block)
{
	const struct fit *f = arg;
	const struct task *t = f->task;
	struct fit_worker *w = &f->workers[worker];
	double *grad = f->blocks + block * t->nparams;
	size_t at = block * FIT_BLOCK, end = at + FIT_BLOCK, i;
	double weight = 1.0 / (double)f->npick;

	for (; at < end && at < f->npick; at += LANES) {
		forward(f, w, at);
		differentiate(f, w, at, weight);
		backward(f, w);
	}
	memset(grad, 0, t->nparams * sizeof(*grad));
	if (t->ops->map->collect != NULL)
		t->ops->map->collect(f, w->scratch, grad);
	for (i = 0; i < head_size(t); i++)
		grad[t->nangles + i] = lanes_total(&w->dhead[i * LANES]);
	memset(w->dhead, 0, head_size(t) * LANES * sizeof(*w->dhead));
}

static int
reserve_blocks(struct fit *f, size_t nblocks)
{
	if (nblocks <= f->blocks_max)
		return 0;
	free(f->blocks);
	f->blocks_max = 0;
	f->blocks = lanes_alloc(nblocks * f->task->nparams);
	if (f->blocks == NULL)
		return -ENOMEM;
	f->blocks_max = nblocks;
	return 0;
}

int
fit_gradient(struct fit *f, const double *theta, const uint32_t *pick, size_t n,
    double *grad)
{
	size_t nblocks = (n + FIT_BLOCK - 1) / FIT_BLOCK, i, b;
	size_t nparams = f->task->nparams;
	int rc = reserve_blocks(f, nblocks);

	if (rc < 0)
		return rc;
	f->theta = theta;
	f->pick = pick;
	f->npick = n;
	f->task->ops->map->bind(f, theta);
	pool_run(f->pool, nblocks, gradient_block, f);
	memset(grad, 0, nparams * sizeof(*grad));
	for (b = 0; b < nblocks; b++) {
		for (i = 0; i < nparams; i++)
			grad[i] += f->blocks[b * nparams + i];
	}
	return 0;
}

static void
gradients_block(void *arg, size_t worker, size_t block)
{
	const struct fit *f = arg;
	const struct task *t = f->task;
	struct fit_worker *w = &f->workers[worker];
	size_t at = block * LANES, head = head_size(t) * LANES;
	double *to = f->each + at * t->nparams;

	forward(f, w, at);
	differentiate(f, w, at, 1.0);
	backward(f, w);
	if (t->ops->map->collect_lanes != NULL)
		t->ops->map->collect_lanes(f, w->scratch, to);
	memcpy(to + t->nangles * LANES, w->dhead, head * sizeof(*to));
	memset(w->dhead, 0, head * sizeof(*w->dhead));
}

void
fit_gradients(struct fit *f, const double *theta, const uint32_t *pick,
    size_t n, double *grads)
{
	f->theta = theta;
	f->pick = pick;
	f->npick = n;
	f->each = grads;
	f->task->ops->map->bind(f, theta);
	pool_run(f->pool, (n + LANES - 1) / LANES, gradients_block, f);
}

/* The largest logit of a lane; the lower class of equals. */
static int32_t
best_class(const double *z, size_t nclasses)
{
	size_t c, best = 0;

	for (c = 1; c < nclasses; c++) {
		if (z[c * LANES] > z[best * LANES])
			best = c;
	}
	return (int32_t)best;
}

static void
score_block(void *arg, size_t worker, size_t block)
{
	const struct fit *f = arg;
	struct fit_worker *w = &f->workers[worker];
	size_t at = block * FIT_BLOCK, end = at + FIT_BLOCK, i;
	size_t nclasses = f->task->spec.nclasses;
	double right[LANES], max[LANES], sum[LANES];

	for (; at < end && at < f->npick; at += LANES) {
		forward(f, w, at);
		for (i = 0; i < LANES && at + i < f->npick; i++) {
			size_t label = (size_t)f->labels[at + i];

			right[i] = w->logits[label * LANES + i];
			f->score->guess[at + i] =
			    best_class(w->logits + i, nclasses);
		}
		f->lanes->softmax(w->logits, nclasses, max, sum);
		for (i = 0; i < LANES && at + i < f->npick; i++)
			f->losses[at + i] =
			    mathfun_log(sum[i]) + (max[i] - right[i]);
	}
}

static void
sum_score(const struct fit *f, struct train_score *out)
{
	size_t nclasses = f->task->spec.nclasses, i;

	if (out->confusion != NULL)
		memset(out->confusion, 0,
		    nclasses * nclasses * sizeof(*out->confusion));
	out->loss = 0.0;
	out->correct = 0;
	out->rows = f->nrows;
	for (i = 0; i < f->nrows; i++) {
		size_t truth = (size_t)f->labels[i];

		out->loss += f->losses[i];
		if (out->guess[i] == f->labels[i])
			out->correct++;
		if (out->confusion != NULL)
			out->confusion[truth * nclasses +
			    (size_t)out->guess[i]]++;
	}
	out->loss /= (double)f->nrows;
}

int
fit_score(struct fit *f, const double *theta, struct train_score *out)
{
	uint32_t *pick = calloc(f->nrows, sizeof(*pick));
	int32_t *guess = calloc(f->nrows, sizeof(*guess));
	struct train_score score = *out;
	size_t i;
	int rc = 0;

	free(f->losses);
	f->losses = calloc(f->nrows, sizeof(*f->losses));
	if (pick == NULL || guess == NULL || f->losses == NULL) {
		rc = -ENOMEM;
		goto out;
	}
	for (i = 0; i < f->nrows; i++)
		pick[i] = (uint32_t)i;
	if (score.guess == NULL)
		score.guess = guess;
	f->theta = theta;
	f->pick = pick;
	f->npick = f->nrows;
	f->score = &score;
	f->task->ops->map->bind(f, theta);
	pool_run(f->pool, (f->nrows + FIT_BLOCK - 1) / FIT_BLOCK, score_block,
	    f);
	sum_score(f, &score);
	score.guess = out->guess;
	*out = score;
out:
	free(pick);
	free(guess);
	return rc;
}
