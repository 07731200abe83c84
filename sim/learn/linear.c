#include "sim/learn/linear.h"

#include <string.h>

#include "sim/learn/dataset.h"
#include "sim/learn/fit.h"
#include "sim/learn/task.h"
#include "sim/learn/train.h"
#include "sim/state/lanes.h"

static const char *
linear_check(const struct task_spec *s)
{
	return s->head_scale > 0.0 ? NULL : "head scale must be above 0";
}

static int
linear_open(struct task *t)
{
	t->nangles = 0;
	t->nobs = t->spec.nfeatures;
	return 0;
}

static void
linear_close(struct task *t)
{
	(void)t;
}

static size_t
map_row_size(const struct task *t)
{
	return t->spec.nfeatures;
}

static int
map_prepare(const struct fit *f, const struct dataset *ds, double *out)
{
	(void)f;
	memcpy(out, ds->features, ds->n * ds->d * sizeof(*out));
	return 0;
}

static int
map_open(struct fit *f)
{
	(void)f;
	return 0;
}

static void
map_close(struct fit *f)
{
	(void)f;
}

static int
map_open_worker(const struct fit *f, void **scratch)
{
	(void)f;
	*scratch = NULL;
	return 0;
}

static void
map_close_worker(void *scratch)
{
	(void)scratch;
}

static void
map_bind(struct fit *f, const double *theta)
{
	(void)f;
	(void)theta;
}

static void
map_forward(const struct fit *f, void *scratch, const double *const *rows,
    double *obs)
{
	size_t i, c;

	(void)scratch;
	for (i = 0; i < LANES; i++) {
		for (c = 0; c < f->task->nobs; c++)
			obs[c * LANES + i] = rows[i] == NULL ? 0.0 : rows[i][c];
	}
}

static const struct fit_map linear_map = {.row_size = map_row_size,
    .prepare = map_prepare,
    .open = map_open,
    .close = map_close,
    .open_worker = map_open_worker,
    .close_worker = map_close_worker,
    .bind = map_bind,
    .forward = map_forward,
    .backward = NULL,
    .collect = NULL,
    .collect_lanes = NULL};

const struct task_ops linear_ops = {.name = "linear",
    .check = linear_check,
    .open = linear_open,
    .close = linear_close,
    .map = &linear_map,
    .local_update = train_by_gradient,
    .evaluate = train_score_rows};
