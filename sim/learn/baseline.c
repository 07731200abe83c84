#include "sim/learn/baseline.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "sim/learn/dataset.h"
#include "sim/learn/fit.h"
#include "sim/learn/task.h"
#include "sim/learn/train.h"

#define STEPS_MAX 3000
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

/* Nesterov's descent: look is theta with momentum, was the theta before. */
struct descent {
	uint32_t *all;
	double *theta;
	double *was;
	double *look;
	double *grad;
	struct fit *fit; /* the caller's */
};

#define DESCENT_INIT        \
	{                   \
		.fit = NULL \
	}

static void
descent_close(struct descent *d)
{
	free(d->all);
	free(d->theta);
	free(d->was);
	free(d->look);
	free(d->grad);
}

static int
descent_open(struct descent *d, const struct task *t, const struct dataset *ds)
{
	size_t i;

	d->all = calloc(ds->n + 1, sizeof(*d->all));
	d->theta = calloc(t->nparams, sizeof(*d->theta));
	d->was = calloc(t->nparams, sizeof(*d->was));
	d->look = calloc(t->nparams, sizeof(*d->look));
	d->grad = calloc(t->nparams, sizeof(*d->grad));
	if (d->all == NULL || d->theta == NULL || d->was == NULL ||
	    d->look == NULL || d->grad == NULL)
		return -ENOMEM;
	for (i = 0; i < ds->n; i++)
		d->all[i] = (uint32_t)i;
	return 0;
}

/* 1 / (a bound on the curvature): softmax bends by |x|^2 / 2 at most. */
static double
safe_rate(const struct dataset *ds)
{
	double longest = 0.0, sum;
	size_t r, c;

	for (r = 0; r < ds->n; r++) {
		sum = 1.0;
		for (c = 0; c < ds->d; c++)
			sum += ds->features[r * ds->d + c] *
			    ds->features[r * ds->d + c];
		longest = sum > longest ? sum : longest;
	}
	return 1.0 / (0.5 * longest + 1.0 / (double)ds->n);
}

/* Ridge 1/n on the mean loss, as scikit-learn's C = 1 on the sum. Returns the
 * steepest slope at look. */
static double
add_ridge(struct descent *d, const struct task *t, size_t n)
{
	double steepest = 0.0;
	size_t i;

	for (i = 0; i < t->nparams; i++) {
		if (i % (t->nobs + 1) != t->nobs)
			d->grad[i] += d->look[i] / (double)n;
		if (fabs(d->grad[i]) > steepest)
			steepest = fabs(d->grad[i]);
	}
	return steepest;
}

/* One step; the momentum starts anew when it points uphill. */
static void
step(struct descent *d, size_t nparams, double rate, double *momentum)
{
	double next = 0.5 + 0.5 * sqrt(1.0 + 4.0 * *momentum * *momentum);
	double keep = (*momentum - 1.0) / next, uphill = 0.0;
	size_t i;

	for (i = 0; i < nparams; i++) {
		d->was[i] = d->theta[i];
		d->theta[i] = d->look[i] - rate * d->grad[i];
		uphill += d->grad[i] * (d->theta[i] - d->was[i]);
	}
	if (uphill > 0.0) {
		next = 1.0;
		keep = 0.0;
	}
	for (i = 0; i < nparams; i++)
		d->look[i] = d->theta[i] + keep * (d->theta[i] - d->was[i]);
	*momentum = next;
}

static int
descend(struct descent *d, const struct task *t, const struct dataset *ds)
{
	double rate = safe_rate(ds), momentum = 1.0;
	size_t i;
	int rc = 0;

	for (i = 0; i < STEPS_MAX; i++) {
		rc = fit_gradient(d->fit, d->look, d->all, ds->n, d->grad);
		if (rc < 0 || add_ridge(d, t, ds->n) < SLOPE_MIN)
			break;
		step(d, t->nparams, rate, &momentum);
	}
	return rc;
}

/* Trains f, which is open, and scores it on *test. */
static int
train_and_test(struct fit *f, const struct dataset *train,
    const struct dataset *test, struct baseline *out)
{
	struct train_score score = {.guess = NULL};
	struct descent d = DESCENT_INIT;
	int rc;

	d.fit = f;
	rc = descent_open(&d, f->task, train);
	if (rc == 0)
		rc = fit_load(f, train);
	if (rc == 0)
		rc = descend(&d, f->task, train);
	if (rc == 0)
		rc = fit_score(f, d.theta, &score);
	out->train_loss = score.loss;
	if (rc == 0)
		rc = fit_load(f, test);
	if (rc == 0)
		rc = fit_score(f, d.theta, &score);
	out->correct = score.correct;
	out->rows = score.rows;
	descent_close(&d);
	return rc;
}

int
baseline_logistic(const struct dataset *train, const struct dataset *test,
    size_t nclasses, struct baseline *out)
{
	const struct fit_how how = {.nthreads = 1};
	struct task_spec spec = {.name = "linear",
	    .nfeatures = (uint32_t)train->d,
	    .nclasses = (uint32_t)nclasses,
	    .head_scale = 1.0};
	struct fit fit;
	struct task task;
	int rc;

	rc = task_init(&task, &spec);
	if (rc < 0)
		return rc;
	rc = fit_open(&fit, &task, &how);
	if (rc == 0)
		rc = train_and_test(&fit, train, test, out);
	fit_close(&fit);
	task_close(&task);
	return rc;
}
