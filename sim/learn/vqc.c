#include "sim/learn/vqc.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "sim/circuit/bind.h"
#include "sim/circuit/circuit_program.h"
#include "sim/circuit/plan.h"
#include "sim/gradient/adjoint.h"
#include "sim/learn/dataset.h"
#include "sim/learn/fit.h"
#include "sim/learn/task.h"
#include "sim/learn/train.h"
#include "sim/learn/vqc_circuit.h"
#include "sim/learn/vqc_sampled.h"
#include "sim/observable/zstring.h"
#include "sim/state/lanes.h"

struct vqc {
	struct vqc_circuit circuit;
	struct plan plan;
	struct zstring obs;
};

static const char *
vqc_check(const struct task_spec *s)
{
	if (!isfinite(s->head_scale) || s->head_scale <= 0.0)
		return "head scale must be above 0";
	if (s->output == TASK_NOTHING)
		return "vqc needs labels or targets";
	return vqc_circuit_check(s);
}

int
vqc_program(const struct task *t, const struct circuit_values *v, bool symbols,
    struct program *p)
{
	struct vqc_circuit c;
	int rc;

	if (t->ops != &vqc_ops)
		return -EINVAL;
	if (v->features != NULL || symbols)
		rc = vqc_circuit_init(&c, &t->spec);
	else
		rc = vqc_circuit_init_bare(&c, &t->spec);
	if (rc == 0)
		rc = circuit_program(&c.circuit, v, p);
	vqc_circuit_close(&c);
	return rc;
}

static void
vqc_close(struct task *t)
{
	struct vqc *v = t->impl;

	if (v == NULL)
		return;
	vqc_circuit_close(&v->circuit);
	plan_close(&v->plan);
	zstring_close(&v->obs);
	free(v);
	t->impl = NULL;
}

static int
vqc_open(struct task *t)
{
	struct vqc *v = calloc(1, sizeof(*v));
	struct vqc_circuit *c;
	int rc;

	if (v == NULL)
		return -ENOMEM;
	t->impl = v;
	c = &v->circuit;
	rc = vqc_circuit_init(c, &t->spec);
	if (rc == 0)
		rc = plan_compile(&v->plan, &c->circuit);
	if (rc == 0)
		rc = zstring_init(&v->obs, &v->plan, c->mask, c->nobs);
	if (rc < 0) {
		vqc_close(t);
		return rc;
	}
	t->nangles = c->nangles;
	t->nscales = c->nscales;
	t->nobs = c->nobs;
	return 0;
}

const struct vqc_circuit *
vqc_circuit_of(const struct task *t)
{
	const struct vqc *v = t->impl;

	return t->ops == &vqc_ops ? &v->circuit : NULL;
}

static const struct vqc *
vqc_of(const struct fit *f)
{
	return f->task->impl;
}

static size_t
map_row_size(const struct task *t)
{
	const struct vqc *v = t->impl;

	return adjoint_row_size(&v->plan);
}

static int
map_prepare(const struct fit *f, const struct dataset *ds, double *out)
{
	adjoint_prepare(&vqc_of(f)->plan, f->lanes, ds->features, ds->n, out);
	return 0;
}

static void
map_close(struct fit *f)
{
	if (f->shared != NULL)
		bind_close(f->shared);
	free(f->shared);
	f->shared = NULL;
}

static int
map_open(struct fit *f)
{
	f->shared = calloc(1, sizeof(struct bind));
	if (f->shared == NULL)
		return -ENOMEM;
	return bind_init(f->shared, &vqc_of(f)->plan);
}

static int
map_open_worker(const struct fit *f, void **scratch)
{
	struct adjoint *a = calloc(1, sizeof(*a));
	int rc;

	if (a == NULL)
		return -ENOMEM;
	rc = adjoint_init(a, &vqc_of(f)->plan, f->lanes);
	if (rc < 0) {
		free(a);
		return rc;
	}
	*scratch = a;
	return 0;
}

static void
map_close_worker(void *scratch)
{
	adjoint_close(scratch);
	free(scratch);
}

static void
map_bind(struct fit *f, const double *theta)
{
	bind_set(f->shared, &vqc_of(f)->plan, f->lanes, theta);
}

static void
map_forward(const struct fit *f, void *scratch, const double *const *rows,
    double *obs)
{
	struct adjoint *a = scratch;

	adjoint_forward(a, f->shared, rows);
	zstring_expect(&vqc_of(f)->obs, f->shared, f->lanes, a->diag, obs);
}

static void
map_backward(const struct fit *f, void *scratch, const double *dobs)
{
	struct adjoint *a = scratch;

	zstring_weigh(&vqc_of(f)->obs, f->shared, f->lanes, dobs, a->diag);
	adjoint_backward(a, f->shared);
}

static void
map_collect(const struct fit *f, void *scratch, double *grad)
{
	adjoint_collect(scratch, f->shared, grad);
}

static void
map_collect_lanes(const struct fit *f, void *scratch, double *grad)
{
	adjoint_collect_lanes(scratch, f->shared, grad);
}

static const struct fit_map vqc_map = {.row_size = map_row_size,
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

const struct task_ops vqc_ops = {.name = "vqc",
    .check = vqc_check,
    .open = vqc_open,
    .close = vqc_close,
    .map = &vqc_map,
    .noisy_map = &vqc_sampled_map,
    .local_update = train_by_gradient,
    .evaluate = train_score_rows};
