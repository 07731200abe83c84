#include "sim/learn/fit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sim/learn/dataset.h"
#include "sim/learn/loss.h"
#include "sim/learn/task.h"
#include "sim/learn/train.h"
#include "sim/state/pool.h"

static void
close_worker(const struct fit *f, struct fit_worker *w)
{
	if (f->map != NULL && w->scratch != NULL)
		f->map->close_worker(w->scratch);
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
	w->logits = lanes_alloc(t->noutputs * LANES);
	w->dhead = lanes_alloc((t->nhead + 1) * LANES);
	if (w->obs == NULL || w->dobs == NULL || w->logits == NULL ||
	    w->dhead == NULL)
		return -ENOMEM;
	if (f->map->open_worker == NULL)
		return 0;
	return f->map->open_worker(f, &w->scratch);
}

int
fit_open(struct fit *f, const struct task *t, const struct fit_how *how)
{
	size_t nthreads, i;
	int rc = 0;

	*f = (struct fit)FIT_INIT;
	f->task = t;
	f->map = how->noise != NULL ? t->ops->noisy_map : t->ops->map;
	if (how->noise != NULL)
		f->noise = *how->noise;
	f->lanes = lanes_pick(how->isa);
	if (f->lanes == NULL || f->map == NULL)
		rc = -ENOTSUP;
	else if (how->pool == NULL)
		rc = pool_new(&f->own_pool, how->nthreads);
	if (rc < 0)
		goto out;
	f->pool = how->pool != NULL ? how->pool : f->own_pool;
	nthreads = pool_threads(f->pool);
	rc = f->map->open != NULL ? f->map->open(f) : 0;
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
	if (f->map != NULL && f->map->close != NULL)
		f->map->close(f);
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
	if (t->spec.output == TASK_REGRESSION)
		return ds->targets == NULL ? -EINVAL : 0;
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
	const struct fit_map *map = f->map;
	int rc = check_rows(f->task, ds);

	if (rc < 0)
		return rc;
	free(f->rows);
	f->rows = lanes_alloc(ds->n * map->row_size(f->task));
	if (f->rows == NULL)
		return -ENOMEM;
	f->loaded = ds;
	f->nrows = ds->n;
	f->nscored = ds->n;
	return map->prepare(f, ds, f->rows);
}

static void
bind_theta(struct fit *f, const double *theta)
{
	f->theta = theta;
	f->calls++;
	if (f->map->bind != NULL)
		f->map->bind(f, theta);
}

static struct lanes_dense
head_of(const struct fit *f)
{
	const struct task *t = f->task;

	return (struct lanes_dense){.w = f->theta + (t->nparams - t->nhead),
	    .nrows = t->noutputs,
	    .ncols = t->nobs};
}

/* What was prepared is what is observed. */
static void
forward_rows(const struct fit *f, const double *const *rows, double *obs)
{
	size_t i, c;

	for (i = 0; i < LANES; i++) {
		for (c = 0; c < f->task->nobs; c++)
			obs[c * LANES + i] = rows[i] == NULL ? 0.0 : rows[i][c];
	}
}

/* Logits of rows at .. at + LANES - 1 of the pick. */
static void
forward(const struct fit *f, struct fit_worker *w, size_t at)
{
	const struct task *t = f->task;
	size_t size = f->map->row_size(t), i;
	struct lanes_dense head = head_of(f);
	const double *rows[LANES];

	for (i = 0; i < LANES; i++)
		rows[i] = at + i >= f->npick ? NULL
					     : f->rows + size * f->pick[at + i];
	if (f->map->forward != NULL)
		f->map->forward(f, w->scratch, rows, w->obs);
	else
		forward_rows(f, rows, w->obs);
	for (i = 0; i < t->nobs * LANES; i++)
		w->obs[i] *= t->spec.head_scale;
	if (t->nhead > 0)
		f->lanes->dense(&head, w->obs, w->logits);
	else
		memcpy(w->logits, w->obs,
		    t->noutputs * LANES * sizeof(*w->logits));
}

/* What is wanted of rows at .. at + LANES - 1 of the pick, each row's weight
 * times that of its class. */
static void
want(const struct fit *f, size_t at, double weight, struct loss_rows *out)
{
	const struct task_spec *spec = &f->task->spec;
	size_t i;

	*out = (struct loss_rows){.weight = {0}};
	for (i = 0; i < LANES && at + i < f->npick; i++) {
		uint32_t row = f->pick[at + i];

		out->weight[i] = weight;
		if (spec->output == TASK_REGRESSION) {
			out->target[i] = f->loaded->targets[row];
			continue;
		}
		out->label[i] = f->loaded->labels[row];
		if (spec->class_weights != NULL)
			out->weight[i] =
			    weight * spec->class_weights[out->label[i]];
	}
}

/* Logits become weight d(loss) / d(logit), 0 in lanes not used. */
static void
differentiate(const struct fit *f, struct fit_worker *w, size_t at,
    double weight)
{
	struct loss_rows rows;

	want(f, at, weight, &rows);
	loss_slope(f->task, f->lanes, &rows, w->logits);
}

/* Slopes by the logits become slopes by the observables. */
static void
undo_head(const struct fit *f, struct fit_worker *w)
{
	const struct task *t = f->task;
	struct lanes_dense head = head_of(f);
	size_t i;

	if (t->nhead > 0) {
		f->lanes->dense_undo(&head, w->logits, w->dobs);
	} else {
		memset(w->dobs, 0, t->nobs * LANES * sizeof(*w->dobs));
		memcpy(w->dobs, w->logits,
		    t->noutputs * LANES * sizeof(*w->dobs));
	}
	for (i = 0; i < t->nobs * LANES; i++)
		w->dobs[i] *= t->spec.head_scale;
}

static void
backward(const struct fit *f, struct fit_worker *w)
{
	struct lanes_dense head = head_of(f);

	if (f->task->nhead > 0)
		f->lanes->dense_grad(&head, w->obs, w->logits, w->dhead);
	if (f->map->backward == NULL || f->head_alone)
		return;
	undo_head(f, w);
	f->map->backward(f, w->scratch, w->dobs);
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
	if (f->map->collect != NULL && !f->head_alone)
		f->map->collect(f, w->scratch, grad);
	for (i = 0; i < t->nhead; i++)
		grad[t->nparams - t->nhead + i] =
		    lanes_total(&w->dhead[i * LANES]);
	memset(w->dhead, 0, t->nhead * LANES * sizeof(*w->dhead));
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
	f->pick = pick;
	f->npick = n;
	bind_theta(f, theta);
	pool_run(f->pool, nblocks, gradient_block, f);
	memset(grad, 0, nparams * sizeof(*grad));
	for (b = 0; b < nblocks; b++) {
		for (i = 0; i < nparams; i++)
			grad[i] += f->blocks[b * nparams + i];
	}
	return 0;
}

int
fit_head_gradient(struct fit *f, const double *theta, const uint32_t *pick,
    size_t n, double *grad)
{
	int rc;

	f->head_alone = true;
	rc = fit_gradient(f, theta, pick, n, grad);
	f->head_alone = false;
	return rc;
}

static void
gradients_block(void *arg, size_t worker, size_t block)
{
	const struct fit *f = arg;
	const struct task *t = f->task;
	struct fit_worker *w = &f->workers[worker];
	size_t at = block * LANES, head = t->nhead * LANES;
	double *to = f->each + at * t->nparams;

	forward(f, w, at);
	differentiate(f, w, at, 1.0);
	backward(f, w);
	if (f->map->collect_lanes != NULL)
		f->map->collect_lanes(f, w->scratch, to);
	memcpy(to + (t->nparams - t->nhead) * LANES, w->dhead,
	    head * sizeof(*to));
	memset(w->dhead, 0, head * sizeof(*w->dhead));
}

void
fit_gradients(struct fit *f, const double *theta, const uint32_t *pick,
    size_t n, double *grads)
{
	f->pick = pick;
	f->npick = n;
	f->each = grads;
	bind_theta(f, theta);
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

/* Logits of row i of the score, in its lane. */
static void
note_outputs(const struct fit *f, const double *z, size_t i)
{
	size_t n = f->task->noutputs, c;

	f->score->guess[i] = best_class(z, n);
	for (c = 0; f->score->output != NULL && c < n; c++)
		f->score->output[i * n + c] = z[c * LANES];
}

static void
score_block(void *arg, size_t worker, size_t block)
{
	const struct fit *f = arg;
	struct fit_worker *w = &f->workers[worker];
	size_t at = block * FIT_BLOCK, end = at + FIT_BLOCK, i;
	struct loss_rows rows;
	double loss[LANES];

	for (; at < end && at < f->npick; at += LANES) {
		forward(f, w, at);
		for (i = 0; i < LANES && at + i < f->npick && f->score; i++)
			note_outputs(f, w->logits + i, at + i);
		want(f, at, 1.0, &rows);
		loss_value(f->task, f->lanes, &rows, w->logits, loss);
		for (i = 0; i < LANES && at + i < f->npick; i++)
			f->losses[at + i] = loss[i];
	}
}

static int
run_score(struct fit *f, const double *theta)
{
	free(f->losses);
	f->losses = calloc(f->npick, sizeof(*f->losses));
	if (f->losses == NULL)
		return -ENOMEM;
	bind_theta(f, theta);
	pool_run(f->pool, (f->npick + FIT_BLOCK - 1) / FIT_BLOCK, score_block,
	    f);
	return 0;
}

int
fit_value(struct fit *f, const double *theta, const uint32_t *pick, size_t n,
    double *loss)
{
	size_t i;
	int rc;

	f->pick = pick;
	f->npick = n;
	f->score = NULL;
	rc = run_score(f, theta);
	*loss = 0.0;
	for (i = 0; rc == 0 && i < n; i++)
		*loss += f->losses[i];
	*loss /= (double)n;
	return rc;
}

static void
count_guesses(const struct fit *f, struct train_score *out)
{
	size_t nclasses = f->task->spec.nclasses, i;

	if (out->confusion != NULL)
		memset(out->confusion, 0,
		    nclasses * nclasses * sizeof(*out->confusion));
	for (i = 0; i < f->nscored; i++) {
		int32_t truth = f->loaded->labels[i];

		if (out->guess[i] == truth)
			out->correct++;
		if (out->confusion != NULL)
			out->confusion[(size_t)truth * nclasses +
			    (size_t)out->guess[i]]++;
	}
}

static void
sum_score(const struct fit *f, struct train_score *out)
{
	size_t i;

	out->loss = 0.0;
	out->correct = 0;
	out->rows = f->nscored;
	for (i = 0; i < f->nscored; i++)
		out->loss += f->losses[i];
	out->loss /= (double)f->nscored;
	if (f->task->spec.output == TASK_CLASSES)
		count_guesses(f, out);
}

int
fit_score(struct fit *f, const double *theta, struct train_score *out)
{
	uint32_t *pick = calloc(f->nscored, sizeof(*pick));
	int32_t *guess = calloc(f->nscored, sizeof(*guess));
	struct train_score score = *out;
	size_t i;
	int rc = -ENOMEM;

	if (pick == NULL || guess == NULL)
		goto out;
	for (i = 0; i < f->nscored; i++)
		pick[i] = (uint32_t)i;
	if (score.guess == NULL)
		score.guess = guess;
	f->pick = pick;
	f->npick = f->nscored;
	f->score = &score;
	rc = run_score(f, theta);
	f->score = NULL;
	if (rc < 0)
		goto out;
	sum_score(f, &score);
	score.guess = out->guess;
	*out = score;
out:
	free(pick);
	free(guess);
	return rc;
}
