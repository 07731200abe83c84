#include "sim/learn/baseline.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "sim/learn/adam.h"
#include "sim/learn/dataset.h"
#include "sim/learn/fit.h"
#include "sim/learn/task.h"
#include "sim/learn/train.h"

#define STEPS_MAX 1500
#define SLOPE_MIN 1e-5

int
baseline_majority(const struct dataset *train, const struct dataset *test,
    size_t nclasses, struct baseline *out)
{
	size_t *counts = calloc(nclasses, sizeof(*counts));
	size_t c = 0, i, most;

	if (counts == NULL)
		return -ENOMEM;
	most = dataset_count(train, nclasses, counts);
	while (c + 1 < nclasses && counts[c] < most)
		c++;
	*out = (struct baseline){.rows = test->n};
	for (i = 0; i < test->n; i++) {
		if ((size_t)test->labels[i] == c)
			out->correct++;
	}
	free(counts);
	return 0;
}

struct descent {
	uint32_t *all;
	double *theta;
	double *grad;
	struct fit fit;
	struct adam adam;
};

#define DESCENT_INIT                               \
	{                                          \
		.fit = FIT_INIT, .adam = ADAM_INIT \
	}

static void
descent_close(struct descent *d)
{
	fit_close(&d->fit);
	adam_close(&d->adam);
	free(d->all);
	free(d->theta);
	free(d->grad);
}

static int
descent_open(struct descent *d, const struct task *t, const struct dataset *ds)
{
	size_t i;
	int rc;

	*d = (struct descent)DESCENT_INIT;
	rc = fit_open(&d->fit, t, 1, false);
	if (rc < 0)
		return rc;
	rc = fit_load(&d->fit, ds);
	if (rc == 0)
		rc = adam_init(&d->adam, t->nparams);
	if (rc < 0)
		return rc;
	d->all = calloc(ds->n, sizeof(*d->all));
	d->theta = calloc(t->nparams, sizeof(*d->theta));
	d->grad = calloc(t->nparams, sizeof(*d->grad));
	if (d->all == NULL || d->theta == NULL || d->grad == NULL)
		return -ENOMEM;
	for (i = 0; i < ds->n; i++)
		d->all[i] = (uint32_t)i;
	return 0;
}

/* Ridge 1/n on the mean loss, as scikit-learn's C = 1 on the sum. */
static int
descend(struct descent *d, const struct task *t, size_t n)
{
	struct adam_rate rate = {0.0, 0.9, 0.999, 1e-8};
	double steepest = 1.0;
	size_t step, i;
	int rc = 0;

	for (step = 0; step < STEPS_MAX && steepest > SLOPE_MIN; step++) {
		rc = fit_gradient(&d->fit, d->theta, d->all, n, d->grad);
		if (rc < 0)
			break;
		steepest = 0.0;
		for (i = 0; i < t->nparams; i++) {
			if (i % (t->nobs + 1) != t->nobs)
				d->grad[i] += d->theta[i] / (double)n;
			if (fabs(d->grad[i]) > steepest)
				steepest = fabs(d->grad[i]);
		}
		rate.lr = 0.1 / (1.0 + 0.01 * (double)step);
		adam_step(&d->adam, &rate, d->grad, d->theta);
	}
	return rc;
}

int
baseline_logistic(const struct dataset *train, const struct dataset *test,
    size_t nclasses, struct baseline *out)
{
	struct task_spec spec = {.name = "linear",
	    .nfeatures = (uint32_t)train->d,
	    .nclasses = (uint32_t)nclasses,
	    .head_scale = 1.0};
	struct train_score score = {.guess = NULL};
	struct descent d = DESCENT_INIT;
	struct task task;
	int rc;

	rc = task_init(&task, &spec);
	if (rc < 0)
		return rc;
	rc = descent_open(&d, &task, train);
	if (rc == 0)
		rc = descend(&d, &task, train->n);
	if (rc == 0)
		rc = fit_score(&d.fit, d.theta, &score);
	out->train_loss = score.loss;
	if (rc == 0)
		rc = fit_load(&d.fit, test);
	if (rc == 0)
		rc = fit_score(&d.fit, d.theta, &score);
	out->correct = score.correct;
	out->rows = score.rows;
	descent_close(&d);
	task_close(&task);
	return rc;
}
