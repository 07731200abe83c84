#include "sim/learn/qsvm.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sim/learn/dataset.h"
#include "sim/learn/fit.h"
#include "sim/learn/task.h"
#include "sim/learn/train.h"

/* What the task owns. */
struct qsvm {
	struct qsvm_spec spec; /* points into marks */
	struct landmark marks;
};

void
qsvm_spec_default(struct qsvm_spec *s)
{
	*s = (struct qsvm_spec){.map = LANDMARK_ZZ,
	    .reps = 2,
	    .scale = 0.5,
	    .nlandmarks = 64,
	    .ridge = QSVM_RIDGE};
}

static struct landmark_map
map_of(const struct qsvm_spec *s, uint32_t nfeatures)
{
	return (struct landmark_map){.kind = s->map,
	    .nfeatures = nfeatures,
	    .reps = s->reps,
	    .scale = s->scale,
	    .scales = s->scales};
}

const char *
qsvm_spec_check(const struct qsvm_spec *s, uint32_t nfeatures)
{
	const struct landmark_map map = map_of(s, nfeatures);
	const char *why = landmark_map_check(&map);
	size_t i;

	if (why != NULL)
		return why;
	if (s->nlandmarks < 1 || s->nlandmarks > LANDMARK_MAX)
		return "landmarks must be 1 to 256";
	if (s->ridge != 0.0 && !(s->ridge > 0.0 && s->ridge < 1.0))
		return "ridge must be above 0 and below 1";
	for (i = 0;
	     s->landmarks != NULL && i < (size_t)s->nlandmarks * nfeatures;
	     i++) {
		if (!(s->landmarks[i] >= 0.0 && s->landmarks[i] <= 1.0))
			return "landmarks must lie inside the ranges";
	}
	return NULL;
}

static const char *
qsvm_check(const struct task_spec *s)
{
	if (s->qsvm == NULL)
		return "qsvm needs its map and landmarks";
	if (s->output != TASK_CLASSES)
		return "qsvm tells classes apart";
	if (s->head != TASK_HEAD_LINEAR)
		return "qsvm has a linear head";
	if (!(s->head_scale > 0.0 && s->head_scale <= 1e6))
		return "head scale must be above 0";
	return qsvm_spec_check(s->qsvm, s->nfeatures);
}

static void
qsvm_close(struct task *t)
{
	struct qsvm *q = t->impl;

	if (q == NULL)
		return;
	landmark_close(&q->marks);
	free(q);
	t->impl = NULL;
	t->spec.qsvm = NULL;
}

static int
open_marks(struct qsvm *q, const struct qsvm_spec *s, uint32_t nfeatures)
{
	const struct landmark_map map = map_of(s, nfeatures);
	size_t n = (size_t)s->nlandmarks * nfeatures;
	struct landmark_rows z = {s->landmarks, s->nlandmarks};
	double *drawn = NULL;
	int rc;

	if (z.x == NULL) {
		drawn = calloc(n, sizeof(*drawn));
		if (drawn == NULL)
			return -ENOMEM;
		landmark_draw(s->seed, s->nlandmarks, nfeatures, drawn);
		z.x = drawn;
	}
	rc = landmark_init(&q->marks, &map, &z,
	    s->ridge != 0.0 ? s->ridge : QSVM_RIDGE);
	free(drawn);
	return rc;
}

static int
qsvm_open(struct task *t)
{
	struct qsvm *q = calloc(1, sizeof(*q));
	int rc;

	if (q == NULL)
		return -ENOMEM;
	t->impl = q;
	q->spec = *t->spec.qsvm;
	rc = open_marks(q, t->spec.qsvm, t->spec.nfeatures);
	if (rc < 0) {
		qsvm_close(t);
		return rc;
	}
	q->spec.scales = q->marks.map.scales;
	q->spec.landmarks = q->marks.z;
	t->spec.qsvm = &q->spec;
	t->nobs = q->spec.nlandmarks;
	return 0;
}

static size_t
map_row_size(const struct task *t)
{
	return t->nobs;
}

static int
map_prepare(const struct fit *f, const struct dataset *ds, double *out)
{
	const struct qsvm *q = f->task->impl;
	const struct landmark_rows rows = {ds->features, ds->n};

	return landmark_features(&q->marks, &rows, out, f->pool);
}

/* Entries from shots, drawn once when rows are loaded. */
static int
sampled_prepare(const struct fit *f, const struct dataset *ds, double *out)
{
	const struct qsvm *q = f->task->impl;
	const struct landmark_rows rows = {ds->features, ds->n};
	const struct landmark_shots how = {f->noise.shots, f->noise.seed};

	return landmark_features_sampled(&q->marks, &rows,
	    how.shots > 0 ? &how : NULL, out, f->pool);
}

static int
map_open(struct fit *f)
{
	return f->noise.model == NULL ? 0 : -ENOTSUP; /* shots alone */
}

static const struct fit_map qsvm_map = {.row_size = map_row_size,
    .prepare = map_prepare,
    .open = map_open};

static const struct fit_map sampled_map = {.row_size = map_row_size,
    .prepare = sampled_prepare,
    .open = map_open};

const struct task_ops qsvm_ops = {.name = "qsvm",
    .check = qsvm_check,
    .open = qsvm_open,
    .close = qsvm_close,
    .map = &qsvm_map,
    .noisy_map = &sampled_map,
    .local_update = train_by_gradient,
    .evaluate = train_score_rows};
