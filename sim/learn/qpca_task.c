/* qpca_task.c - qpca as a row of the task table. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sim/learn/dataset.h"
#include "sim/learn/qpca.h"
#include "sim/learn/task.h"
#include "sim/learn/train.h"

static const char *
qpca_check(const struct task_spec *s)
{
	if (s->qpca == NULL)
		return "qpca needs its components and least number of rows";
	if (s->output != TASK_NOTHING)
		return "qpca has no labels to learn: its output is nothing";
	return qpca_spec_check(s->qpca, s->nfeatures);
}

static void
qpca_close(struct task *t)
{
	struct qpca_spec *s = t->impl;

	if (s != NULL)
		free((void *)(uintptr_t)s->means);
	free(s);
	t->impl = NULL;
	t->spec.qpca = NULL;
}

static int
qpca_open(struct task *t)
{
	struct qpca_spec *s = calloc(1, sizeof(*s));
	size_t n = t->spec.nfeatures;
	double *means;

	if (s == NULL)
		return -ENOMEM;
	t->impl = s;
	*s = *t->spec.qpca;
	s->means = NULL;
	if (t->spec.qpca->means != NULL) {
		means = calloc(n, sizeof(*means));
		if (means == NULL) {
			qpca_close(t);
			return -ENOMEM;
		}
		memcpy(means, t->spec.qpca->means, n * sizeof(*means));
		s->means = means;
	}
	t->spec.qpca = s;
	t->nparams = qpca_size(t->spec.nfeatures);
	return 0;
}

static int
lost(const struct train_job *job, const int64_t *params, double *loss)
{
	const struct task *t = job->task;
	struct qpca_projector p;
	double share = 0.0;
	int rc;

	rc = qpca_projector_init(&p, t->spec.qpca, t->spec.nfeatures, params);
	if (rc == 0)
		rc = qpca_captured(&p, job->rows, &share);
	qpca_projector_close(&p);
	*loss = 1.0 - share;
	return rc;
}

/* The local mean less the model; momentum has no business with a mean. */
static int
finish(const struct train_job *job, int64_t *moment, int64_t *delta,
    struct train_metrics *m)
{
	struct train_hyper plain = *job->hyper;
	struct train_job mine = *job;
	size_t n = job->task->nparams, i;
	double *x = calloc(n, sizeof(*x));
	int rc = x != NULL ? 0 : -ENOMEM;

	plain.worker = 0.0;
	mine.hyper = &plain;
	for (i = 0; i < n && rc == 0; i++)
		x[i] = (double)moment[i] / (double)TASK_Q24_ONE;
	if (rc == 0)
		rc = train_finish(&mine, x, delta, m);
	for (i = 0; i < n && rc == 0; i++)
		moment[i] = job->params[i] + delta[i];
	free(x);
	return rc;
}

static int
qpca_update(const struct train_job *job, int64_t *delta,
    struct train_metrics *m)
{
	const struct task *t = job->task;
	int64_t *moment;
	int rc;

	*m = (struct train_metrics){.rows = job->rows->n,
	    .scored = job->rows->n,
	    .steps = 1};
	if (job->rows->d != t->spec.nfeatures)
		return -EINVAL;
	moment = calloc(t->nparams, sizeof(*moment));
	if (moment == NULL)
		return -ENOMEM;
	rc = qpca_moment(t->spec.qpca, job->rows, job->hyper->seed, moment);
	if (rc == 0)
		rc = lost(job, job->params, &m->loss_before);
	if (rc == 0)
		rc = finish(job, moment, delta, m);
	if (rc == 0)
		rc = lost(job, moment, &m->loss_after);
	free(moment);
	return rc;
}

static int
qpca_evaluate(const struct train_job *job, struct train_score *out)
{
	if (job->rows->d != job->task->spec.nfeatures || job->rows->n < 1)
		return -EINVAL;
	out->correct = 0;
	out->rows = job->rows->n;
	if (out->guess != NULL)
		memset(out->guess, 0, out->rows * sizeof(*out->guess));
	if (out->output != NULL)
		memset(out->output, 0, out->rows * sizeof(*out->output));
	return lost(job, job->params, &out->loss);
}

static void
qpca_init_params(const struct task *t, const uint8_t *seed, int64_t *params)
{
	(void)seed;
	memset(params, 0, t->nparams * sizeof(*params));
}

static int
qpca_stage(const struct task *t, const int64_t *params,
    const struct dataset *in, struct dataset *out)
{
	struct qpca_projector p;
	int rc;

	rc = qpca_projector_init(&p, t->spec.qpca, t->spec.nfeatures, params);
	if (rc == 0)
		rc = qpca_project(&p, in, out);
	qpca_projector_close(&p);
	return rc;
}

static uint32_t
qpca_width(const struct task *t)
{
	return t->spec.qpca->components;
}

const struct task_ops qpca_ops = {.name = "qpca",
    .check = qpca_check,
    .open = qpca_open,
    .close = qpca_close,
    .local_update = qpca_update,
    .evaluate = qpca_evaluate,
    .init_params = qpca_init_params,
    .project = qpca_stage,
    .width = qpca_width};
