#include "sim/learn/vqc_sampled.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sim/learn/dataset.h"
#include "sim/learn/fit.h"
#include "sim/learn/task.h"
#include "sim/learn/vqc.h"
#include "sim/learn/vqc_noisy.h"
#include "sim/state/lanes.h"

struct scratch {
	struct vqc_noisy *noisy;
	struct vqc_noisy_row rows[LANES]; /* features NULL: not used */
	size_t ntheta;
	double *obs;    /* one row's */
	double *weight; /* likewise */
	double *one;    /* a gradient */
	double *grad;   /* ntheta rows */
};

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

static void
map_close_worker(void *scratch)
{
	struct scratch *s = scratch;

	vqc_noisy_free(s->noisy);
	free(s->obs);
	free(s->weight);
	free(s->one);
	free(s->grad);
	free(s);
}

static int
map_open_worker(const struct fit *f, void **scratch)
{
	const struct vqc_circuit *c = vqc_circuit_of(f->task);
	struct scratch *s = calloc(1, sizeof(*s));
	int rc;

	if (s == NULL)
		return -ENOMEM;
	*scratch = s;
	s->ntheta = f->task->nangles + f->task->nscales;
	s->obs = calloc(c->nobs + 1, sizeof(*s->obs));
	s->weight = calloc(c->nobs + 1, sizeof(*s->weight));
	s->one = calloc(s->ntheta + 1, sizeof(*s->one));
	s->grad = lanes_alloc((s->ntheta + 1) * LANES);
	rc = vqc_noisy_new(&s->noisy, c, &f->noise);
	if (rc == 0 &&
	    (s->obs == NULL || s->weight == NULL || s->one == NULL ||
		s->grad == NULL))
		rc = -ENOMEM;
	if (rc < 0) {
		map_close_worker(s);
		*scratch = NULL;
	}
	return rc;
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
	const struct vqc_circuit *c = vqc_circuit_of(f->task);
	struct scratch *s = scratch;
	size_t i, k, d = f->task->spec.nfeatures;

	for (i = 0; i < LANES; i++) {
		uint64_t row = 0;
		int rc = 0;

		if (rows[i] != NULL)
			row = (uint64_t)(rows[i] - f->rows) / d;
		s->rows[i] = (struct vqc_noisy_row){f->theta, rows[i],
		    (f->calls * f->nrows + row) * vqc_noisy_streams(c)};
		if (rows[i] != NULL)
			rc = vqc_noisy_expect(s->noisy, &s->rows[i], s->obs);
		for (k = 0; k < c->nobs; k++)
			obs[k * LANES + i] = rows[i] == NULL ? 0.0
			    : rc < 0                         ? (double)NAN
							     : s->obs[k];
	}
}

static void
map_backward(const struct fit *f, void *scratch, const double *dobs)
{
	const struct vqc_circuit *c = vqc_circuit_of(f->task);
	struct scratch *s = scratch;
	size_t i, k;

	for (i = 0; i < LANES; i++) {
		int rc;

		if (s->rows[i].features == NULL)
			continue;
		for (k = 0; k < c->nobs; k++)
			s->weight[k] = dobs[k * LANES + i];
		memset(s->one, 0, s->ntheta * sizeof(*s->one));
		rc = vqc_noisy_gradient(s->noisy, &s->rows[i], s->weight,
		    s->one);
		for (k = 0; k < s->ntheta; k++)
			s->grad[k * LANES + i] +=
			    rc < 0 ? (double)NAN : s->one[k];
	}
}

static void
map_collect(const struct fit *f, void *scratch, double *grad)
{
	struct scratch *s = scratch;
	size_t k;

	(void)f;
	for (k = 0; k < s->ntheta; k++)
		grad[k] += lanes_total(&s->grad[k * LANES]);
	memset(s->grad, 0, s->ntheta * LANES * sizeof(*s->grad));
}

static void
map_collect_lanes(const struct fit *f, void *scratch, double *grad)
{
	struct scratch *s = scratch;

	(void)f;
	memcpy(grad, s->grad, s->ntheta * LANES * sizeof(*grad));
	memset(s->grad, 0, s->ntheta * LANES * sizeof(*s->grad));
}

const struct fit_map vqc_sampled_map = {.row_size = map_row_size,
    .prepare = map_prepare,
    .open = map_open,
    .close = map_close,
    .open_worker = map_open_worker,
    .close_worker = map_close_worker,
    .bind = map_bind,
    .forward = map_forward,
    .backward = map_backward,
    .collect = map_collect,
    .collect_lanes = map_collect_lanes};
