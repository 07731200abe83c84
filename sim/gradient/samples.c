#include "sim/gradient/samples.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sim/circuit/amp_plan.h"
#include "sim/circuit/bind.h"
#include "sim/circuit/large.h"
#include "sim/circuit/plan.h"
#include "sim/gradient/adjoint.h"
#include "sim/gradient/amp_adjoint.h"
#include "sim/observable/zstring.h"
#include "sim/state/amp.h"
#include "sim/state/pool.h"

/* Measured: below, eight states at a time fit the caches. */
#define LANES_QUBITS_MAX 11
#define LANES_UPLOADS_MAX 10 /* if angles differ from lane to lane */
#define TILES_QUBITS_MIN 17

struct worker {
	struct adjoint adjoint;
	struct amp_adjoint amp;
	struct amp_bind own; /* of the sample in hand, if angles differ */
	double *rows;        /* LANES prepared rows */
	double *grad;        /* nparams rows of LANES */
	double *value;       /* nmasks rows of LANES, for lanes */
	double *weight;      /* nmasks rows of LANES */
	size_t nmasks;       /* that there is room for */
};

struct samples {
	const struct plan *plan;
	const struct lanes *lanes;
	struct samples_options options;
	bool amps;
	struct large *large; /* values alone of large registers */
	struct bind bind;    /* lanes */
	struct amp_plan amp_plan;
	struct amp_bind amp_bind;
	double *theta; /* of amp_plan, if angles differ by sample */
	struct worker *workers;
	size_t nworkers;
	struct zstring strings; /* of the batch that runs */
	const struct samples_batch *batch;
};

static void
close_worker(struct worker *w)
{
	if (w == NULL)
		return;
	adjoint_close(&w->adjoint);
	amp_adjoint_close(&w->amp);
	amp_bind_close(&w->own);
	free(w->rows);
	free(w->grad);
	free(w->value);
	free(w->weight);
}

static int
open_worker(const struct samples *s, struct worker *w)
{
	const struct amp_adjoint_options o = {s->lanes, s->options.gradients,
	    s->options.advise};
	int rc;

	if (s->large != NULL)
		rc = 0;
	else if (s->amps)
		rc = amp_adjoint_init(&w->amp, &s->amp_plan, &o);
	else
		rc = adjoint_init(&w->adjoint, s->plan, s->lanes);
	if (rc == 0 && s->theta != NULL)
		rc = amp_bind_init(&w->own, &s->amp_plan, s->amp_bind.amp);
	if (rc < 0)
		return rc;
	w->rows = lanes_alloc(LANES * adjoint_row_size(s->plan));
	w->grad = lanes_alloc((size_t)LANES * s->plan->nparams);
	return w->rows == NULL || w->grad == NULL ? -ENOMEM : 0;
}

static bool
wants_amps(const struct plan *p, const struct samples_options *o)
{
	if (o->executor == SAMPLES_AUTO)
		return p->nqubits >
		    (p->lanewise ? LANES_UPLOADS_MAX : LANES_QUBITS_MAX);
	return o->executor == SAMPLES_AMPS;
}

/* One state with all threads in it. */
static bool
wants_tiles(const struct plan *p, const struct samples_options *o)
{
	return o->executor == SAMPLES_AUTO && !o->gradients && !p->lanewise &&
	    p->start == CIRCUIT_ZERO && p->nqubits >= TILES_QUBITS_MIN;
}

static int
open_shared(struct samples *s)
{
	struct large_options l = {.pool = s->options.pool,
	    .advise = s->options.advise};
	int rc;

	s->lanes = lanes_pick(s->options.isa);
	if (s->lanes == NULL)
		return -ENOTSUP;
	l.lanes = s->lanes;
	s->amps = wants_amps(s->plan, &s->options);
	if (!s->amps)
		return bind_init(&s->bind, s->plan);
	rc = amp_plan_init(&s->amp_plan, s->plan);
	if (rc < 0)
		return rc;
	rc =
	    amp_bind_init(&s->amp_bind, &s->amp_plan, amp_pick(s->options.isa));
	if (rc == 0 && s->plan->lanewise) {
		s->theta = lanes_alloc(s->plan->nparams);
		rc = s->theta == NULL ? -ENOMEM : 0;
	}
	if (rc < 0 || !wants_tiles(s->plan, &s->options))
		return rc;
	return large_new(&s->large, &s->amp_plan, &l);
}

int
samples_new(struct samples **out, const struct plan *p,
    const struct samples_options *o)
{
	struct samples *s = calloc(1, sizeof(*s));
	size_t i, n = pool_threads(o->pool);
	int rc;

	*out = NULL;
	if (s == NULL)
		return -ENOMEM;
	s->plan = p;
	s->options = *o;
	rc = open_shared(s);
	if (rc < 0)
		goto out;
	s->workers = calloc(n, sizeof(*s->workers));
	if (s->workers == NULL) {
		rc = -ENOMEM;
		goto out;
	}
	s->nworkers = n;
	for (i = 0; i < n && rc == 0; i++)
		rc = open_worker(s, &s->workers[i]);
	if (rc == 0)
		*out = s;
out:
	if (rc < 0)
		samples_free(s);
	return rc;
}

void
samples_free(struct samples *s)
{
	size_t i;

	if (s == NULL)
		return;
	for (i = 0; i < s->nworkers; i++)
		close_worker(&s->workers[i]);
	free(s->workers);
	bind_close(&s->bind);
	large_free(s->large);
	amp_bind_close(&s->amp_bind);
	amp_plan_close(&s->amp_plan);
	free(s->theta);
	free(s);
}

void
samples_bind(struct samples *s, const double *theta)
{
	size_t nparams = s->plan->nparams;

	if (!s->amps)
		bind_set(&s->bind, s->plan, s->lanes, theta);
	else if (s->theta == NULL)
		amp_bind_set(&s->amp_bind, s->lanes, theta);
	else if (nparams > 0)
		memcpy(s->theta, theta, nparams * sizeof(*theta));
}

/* out[i * n + k] from rows[k * LANES + i]. */
static void
read_lanes(const double *rows, size_t n, size_t used, double *out)
{
	size_t k, i;

	for (i = 0; i < used; i++) {
		for (k = 0; k < n; k++)
			out[i * n + k] = rows[k * LANES + i];
	}
}

static double
weight_of(const struct samples_batch *b, size_t sample, size_t k)
{
	size_t n = b->masks == NULL ? 1 : b->nmasks;

	return b->weights == NULL ? 1.0 : b->weights[sample * n + k];
}

static void
group_backward(struct samples *s, struct worker *w, size_t at, size_t used)
{
	const struct samples_batch *b = s->batch;
	const struct plan *p = s->plan;
	size_t i, k;

	for (k = 0; k < s->strings.count; k++) {
		for (i = 0; i < LANES; i++)
			w->weight[k * LANES + i] =
			    i < used ? weight_of(b, at + i, k) : 0.0;
	}
	zstring_weigh(&s->strings, &s->bind, s->lanes, w->weight,
	    w->adjoint.diag);
	adjoint_backward(&w->adjoint, &s->bind);
	adjoint_collect_lanes(&w->adjoint, &s->bind, w->grad);
	if (b->grad != NULL)
		read_lanes(w->grad, p->nparams, used,
		    b->grad + at * p->nparams);
	if (b->dx != NULL)
		read_lanes(w->adjoint.each.dx, p->nfeatures, used,
		    b->dx + at * p->nfeatures);
}

/* Eight samples, one a lane. */
static void
run_group(void *arg, size_t worker, size_t block)
{
	struct samples *s = arg;
	struct worker *w = &s->workers[worker];
	const struct samples_batch *b = s->batch;
	size_t at = block * LANES, size = adjoint_row_size(s->plan), i;
	size_t used = b->n - at < LANES ? b->n - at : LANES;
	const double *rows[LANES] = {NULL};

	adjoint_prepare(s->plan, s->lanes,
	    b->features + at * s->plan->nfeatures, used, w->rows);
	for (i = 0; i < used; i++)
		rows[i] = w->rows + i * size;
	adjoint_forward(&w->adjoint, &s->bind, rows);
	zstring_expect(&s->strings, &s->bind, s->lanes, w->adjoint.diag,
	    w->value);
	read_lanes(w->value, s->strings.count, used,
	    b->value + at * s->strings.count);
	if (b->grad != NULL || b->dx != NULL)
		group_backward(s, w, at, used);
}

/* Forward on one sample; its angles. */
static const struct amp_bind *
load_sample(struct samples *s, struct worker *w, const double *x)
{
	const struct amp_bind *bind = &s->amp_bind;

	if (s->theta != NULL) {
		amp_bind_set_sample(&w->own, s->lanes, s->theta, x);
		bind = &w->own;
	}
	adjoint_prepare(s->plan, s->lanes, x, 1, w->rows);
	amp_adjoint_forward(&w->amp, bind, w->rows);
	return bind;
}

/* One sample, eight amplitudes at a time. */
static void
run_sample(void *arg, size_t worker, size_t i)
{
	struct samples *s = arg;
	struct worker *w = &s->workers[worker];
	const struct samples_batch *b = s->batch;
	const struct plan *p = s->plan;
	const struct amp_bind *bind;
	const double *x = b->features + i * p->nfeatures;
	size_t nmasks = s->strings.count, k;

	bind = load_sample(s, w, x);
	amp_adjoint_expect(&w->amp, bind, &s->strings, &b->value[i * nmasks]);
	if (b->grad == NULL && b->dx == NULL)
		return;
	for (k = 0; k < nmasks; k++)
		w->weight[k] = weight_of(b, i, k);
	amp_adjoint_backward(&w->amp, bind, &s->strings, w->weight);
	amp_adjoint_collect(&w->amp, bind,
	    b->grad != NULL ? b->grad + i * p->nparams : w->grad,
	    b->dx != NULL ? b->dx + i * p->nfeatures : NULL);
}

static int
run_large(struct samples *s)
{
	const struct samples_batch *b = s->batch;
	double *row = s->workers[0].rows;
	size_t i;
	int rc = 0;

	for (i = 0; i < b->n && rc == 0; i++) {
		adjoint_prepare(s->plan, s->lanes,
		    b->features + i * s->plan->nfeatures, 1, row);
		rc = large_expect(s->large, &s->amp_bind, row, &s->strings,
		    &b->value[i * s->strings.count]);
	}
	return rc;
}

/* Room for the batch's strings; what is asked for of the features. */
static int
prepare_worker(const struct samples *s, struct worker *w)
{
	size_t n = s->strings.count;

	w->amp.inputs = s->batch->dx != NULL;
	if (n > w->nmasks || w->value == NULL) {
		free(w->value);
		free(w->weight);
		w->value = lanes_alloc(n * LANES);
		w->weight = lanes_alloc(n * LANES);
		w->nmasks = n;
		if (w->value == NULL || w->weight == NULL) {
			free(w->value);
			w->value = NULL;
			return -ENOMEM;
		}
	}
	return s->amps || s->batch->dx == NULL
	    ? 0
	    : adjoint_want_inputs(&w->adjoint);
}

static int
prepare(struct samples *s)
{
	const struct samples_batch *b = s->batch;
	size_t i;
	int rc = b->masks == NULL
	    ? zstring_init(&s->strings, s->plan, &b->mask, 1)
	    : zstring_init(&s->strings, s->plan, b->masks, b->nmasks);

	for (i = 0; i < s->nworkers && rc == 0; i++)
		rc = prepare_worker(s, &s->workers[i]);
	return rc;
}

int
samples_run(struct samples *s, const struct samples_batch *b)
{
	int rc;

	if ((b->grad != NULL || b->dx != NULL) && !s->options.gradients)
		return -EINVAL;
	s->batch = b;
	rc = prepare(s);
	if (rc < 0)
		;
	else if (s->large != NULL)
		rc = run_large(s);
	else if (s->amps)
		pool_run(s->options.pool, b->n, run_sample, s);
	else
		pool_run(s->options.pool, (b->n + LANES - 1) / LANES, run_group,
		    s);
	zstring_close(&s->strings);
	return rc;
}

int
samples_states(struct samples *s, const double *features, size_t n, double *out)
{
	struct worker *w = &s->workers[0];
	const double *rows[LANES] = {w->rows};
	size_t i;

	if (s->large != NULL)
		return -ENOTSUP;
	for (i = 0; i < n; i++, out += (size_t)2 << s->plan->nqubits) {
		const double *x = features + i * s->plan->nfeatures;

		if (s->amps) {
			const struct amp_bind *b = load_sample(s, w, x);

			amp_adjoint_state(&w->amp, b, out);
			continue;
		}
		adjoint_prepare(s->plan, s->lanes, x, 1, w->rows);
		adjoint_forward(&w->adjoint, &s->bind, rows);
		adjoint_state(&w->adjoint, &s->bind, out);
	}
	return 0;
}

const char *
samples_isa(const struct samples *s)
{
	return s->lanes->name;
}

uint64_t
samples_bytes(const struct plan *p, const struct samples_options *o)
{
	uint64_t n = UINT64_C(1) << p->nqubits, threads, each, shared;
	uint64_t small = (p->nrots + p->nphases + p->nparams + 512) * 256;

	threads = pool_threads(o->pool);
	if (wants_tiles(p, o)) {
		each = LARGE_WORKER_BYTES;
		shared = 16 * n + 32 * (n >> 14) + (UINT64_C(1) << 21) +
		    LARGE_START_BYTES(p->nqubits);
	} else if (wants_amps(p, o)) {
		each = amp_adjoint_bytes(p->nqubits, o->gradients);
		shared = amp_bind_table_bytes(p);
	} else {
		each = (p->nsteps + 4 + (p->lanewise ? 4 : 0)) * 8 * n * LANES;
		shared = (p->nsteps + 12) * 16 * n;
	}
	return threads * (each + small) + shared + small;
}
