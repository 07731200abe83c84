#include "sim/learn/linear.h"

#include <string.h>

#include "sim/learn/dataset.h"
#include "sim/learn/fit.h"
#include "sim/learn/task.h"
#include "sim/learn/train.h"

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

static const struct fit_map linear_map = {.row_size = map_row_size,
    .prepare = map_prepare};

const struct task_ops linear_ops = {.name = "linear",
    .check = linear_check,
    .open = linear_open,
    .close = linear_close,
    .map = &linear_map,
    .local_update = train_by_gradient,
    .evaluate = train_score_rows};
