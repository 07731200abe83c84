#include "sim/qmlsim.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "sim/circuit/bind.h"
#include "sim/circuit/circuit.h"
#include "sim/circuit/plan.h"
#include "sim/circuit/template.h"
#include "sim/gradient/adjoint.h"
#include "sim/gradient/fidelity.h"
#include "sim/observable/zstring.h"
#include "sim/state/lanes.h"
#include "sim/state/pool.h"

_Static_assert((int)QMLSIM_CPHASE == (int)CIRCUIT_CPHASE &&
	(int)QMLSIM_CPHASE + 1 == (int)CIRCUIT_NOPS &&
	(int)QMLSIM_FEATURE == (int)CIRCUIT_FEATURE &&
	(int)QMLSIM_NEON == (int)LANES_NEON,
    "the public names are the internal ones");
_Static_assert(QMLSIM_MAX_QUBITS <= CIRCUIT_MAX_QUBITS, "circuits hold them");

struct qmlsim_circuit {
	struct circuit c;
};

struct worker {
	struct adjoint adjoint;
	double *rows;   /* LANES prepared rows */
	double *obs;    /* a row for each mask of the batch */
	double *weight; /* likewise */
	double *each;   /* nparams rows */
};

/* The call in progress. */
struct call {
	const struct qmlsim_batch *batch;
	const double *weights;
	struct qmlsim_gradient want;
	bool backward;
};

struct qmlsim {
	struct plan plan;
	struct bind bind;
	const struct lanes *lanes;
	struct pool *pool;
	struct worker workers[POOL_MAX_THREADS];
	struct zstring strings;
	struct call call;
};

int
qmlsim_circuit_new(struct qmlsim_circuit **out, uint32_t nqubits)
{
	struct qmlsim_circuit *c;
	int rc;

	*out = NULL;
	if (nqubits > QMLSIM_MAX_QUBITS)
		return -EINVAL;
	c = calloc(1, sizeof(*c));
	if (c == NULL)
		return -ENOMEM;
	rc = circuit_init(&c->c, nqubits);
	if (rc < 0)
		free(c);
	else
		*out = c;
	return rc;
}

void
qmlsim_circuit_free(struct qmlsim_circuit *c)
{
	if (c == NULL)
		return;
	circuit_close(&c->c);
	free(c);
}

int
qmlsim_circuit_add(struct qmlsim_circuit *c, const struct qmlsim_gate *g)
{
	struct circuit_gate to = {.op = (enum circuit_op)g->op,
	    .q = {g->q[0], g->q[1]},
	    .angle = {.ref = (enum circuit_ref)g->angle.value,
		.index = g->angle.index,
		.coef = g->angle.coef,
		.offset = g->angle.offset,
		.by = (enum circuit_ref)g->angle.by,
		.by_index = g->angle.by_index}};

	if (g->angle.value > QMLSIM_FEATURE || g->angle.by > QMLSIM_FEATURE)
		return -EINVAL;
	return circuit_add(&c->c, &to);
}

int
qmlsim_circuit_amplitudes(struct qmlsim_circuit *c, uint32_t count)
{
	return template_amplitude(&c->c, count);
}

uint32_t
qmlsim_circuit_params(const struct qmlsim_circuit *c)
{
	return c->c.nparams;
}

uint32_t
qmlsim_circuit_features(const struct qmlsim_circuit *c)
{
	return c->c.nfeatures;
}

static int
open_worker(struct qmlsim *s, struct worker *w)
{
	int rc = adjoint_init(&w->adjoint, &s->plan, s->lanes);

	if (rc < 0)
		return rc;
	w->rows = lanes_alloc(LANES * adjoint_row_size(&s->plan));
	w->each = lanes_alloc(LANES * (size_t)s->plan.nparams);
	return w->rows == NULL || w->each == NULL ? -ENOMEM : 0;
}

static void
close_worker(struct worker *w)
{
	adjoint_close(&w->adjoint);
	free(w->rows);
	free(w->obs);
	free(w->weight);
	free(w->each);
}

int
qmlsim_new(struct qmlsim **out, const struct qmlsim_circuit *c,
    const struct qmlsim_options *options)
{
	const struct qmlsim_options plain = {1, QMLSIM_AUTO};
	const struct qmlsim_options *o = options != NULL ? options : &plain;
	struct qmlsim *s = calloc(1, sizeof(*s));
	size_t n = o->threads == 0 ? 1 : o->threads, i;
	int rc = s == NULL ? -ENOMEM : 0;

	*out = NULL;
	if (rc == 0) {
		s->lanes = lanes_pick((enum lanes_isa)o->isa);
		rc = s->lanes == NULL ? -ENOTSUP : pool_new(&s->pool, n);
	}
	if (rc == 0)
		rc = plan_compile(&s->plan, &c->c);
	if (rc == 0)
		rc = bind_init(&s->bind, &s->plan);
	for (i = 0; rc == 0 && i < n; i++)
		rc = open_worker(s, &s->workers[i]);
	if (rc < 0)
		qmlsim_free(s);
	else
		*out = s;
	return rc;
}

void
qmlsim_free(struct qmlsim *s)
{
	size_t i;

	if (s == NULL)
		return;
	pool_free(s->pool);
	for (i = 0; i < POOL_MAX_THREADS; i++)
		close_worker(&s->workers[i]);
	bind_close(&s->bind);
	plan_close(&s->plan);
	free(s);
}

const char *
qmlsim_isa_name(const struct qmlsim *s)
{
	return s->lanes->name;
}

static void
read_lanes(const double *rows, size_t n, size_t used, double *out)
{
	size_t k, i;

	for (i = 0; i < used; i++) {
		for (k = 0; k < n; k++)
			out[i * n + k] = rows[k * LANES + i];
	}
}

static void
group_backward(struct qmlsim *s, struct worker *w, size_t at, size_t used)
{
	const struct call *c = &s->call;
	size_t nmasks = c->batch->nmasks, nparams = s->plan.nparams, k, i;

	memset(w->weight, 0, nmasks * LANES * sizeof(*w->weight));
	for (i = 0; i < used; i++) {
		for (k = 0; k < nmasks; k++)
			w->weight[k * LANES + i] = c->weights == NULL
			    ? 1.0
			    : c->weights[(at + i) * nmasks + k];
	}
	zstring_weigh(&s->strings, &s->bind, s->lanes, w->weight,
	    w->adjoint.diag);
	adjoint_backward(&w->adjoint, &s->bind);
	adjoint_collect_lanes(&w->adjoint, &s->bind, w->each);
	read_lanes(w->each, nparams, used, c->want.each + at * nparams);
	if (c->want.inputs != NULL)
		read_lanes(w->adjoint.each.dx, s->plan.nfeatures, used,
		    c->want.inputs + at * s->plan.nfeatures);
}

static void
run_group(void *arg, size_t worker, size_t block)
{
	struct qmlsim *s = arg;
	struct worker *w = &s->workers[worker];
	const struct call *c = &s->call;
	const struct qmlsim_batch *b = c->batch;
	size_t at = block * LANES, size = adjoint_row_size(&s->plan), i;
	size_t used = b->n - at < LANES ? b->n - at : LANES;
	const double *rows[LANES] = {NULL};

	adjoint_prepare(&s->plan, s->lanes,
	    b->features + at * s->plan.nfeatures, used, w->rows);
	for (i = 0; i < used; i++)
		rows[i] = w->rows + i * size;
	adjoint_forward(&w->adjoint, &s->bind, rows);
	zstring_expect(&s->strings, &s->bind, s->lanes, w->adjoint.diag,
	    w->obs);
	if (c->want.values != NULL)
		read_lanes(w->obs, b->nmasks, used,
		    c->want.values + at * b->nmasks);
	if (c->backward)
		group_backward(s, w, at, used);
}

static int
prepare(struct qmlsim *s, const struct qmlsim_batch *b)
{
	size_t i, k, size = LANES * b->nmasks;
	int rc;

	for (k = 0; k < b->nmasks; k++) {
		if (b->masks[k] >> s->plan.nqubits != 0)
			return -EINVAL;
	}
	rc = zstring_init(&s->strings, &s->plan, b->masks, b->nmasks);
	for (i = 0; i < pool_threads(s->pool) && rc == 0; i++) {
		struct worker *w = &s->workers[i];

		free(w->obs);
		free(w->weight);
		w->obs = lanes_alloc(size);
		w->weight = lanes_alloc(size);
		if (w->obs == NULL || w->weight == NULL)
			rc = -ENOMEM;
		if (rc == 0 && s->call.want.inputs != NULL)
			rc = adjoint_want_inputs(&w->adjoint);
	}
	return rc;
}

static int
run(struct qmlsim *s, const struct qmlsim_batch *b)
{
	int rc;

	s->call.batch = b;
	rc = prepare(s, b);
	if (rc == 0) {
		bind_set(&s->bind, &s->plan, s->lanes, b->theta);
		pool_run(s->pool, (b->n + LANES - 1) / LANES, run_group, s);
	}
	zstring_close(&s->strings);
	return rc;
}

int
qmlsim_expect(struct qmlsim *s, const struct qmlsim_batch *b, double *out)
{
	s->call = (struct call){.want = {.values = out}};
	return run(s, b);
}

int
qmlsim_gradient(struct qmlsim *s, const struct qmlsim_batch *b,
    const double *weights, const struct qmlsim_gradient *g)
{
	size_t nparams = s->plan.nparams, i, k;
	double *own = NULL;
	int rc;

	s->call =
	    (struct call){.weights = weights, .want = *g, .backward = true};
	if (g->each == NULL) {
		own = lanes_alloc(b->n * nparams);
		if (own == NULL)
			return -ENOMEM;
		s->call.want.each = own;
	}
	rc = run(s, b);
	if (rc == 0 && g->sum != NULL) {
		memset(g->sum, 0, nparams * sizeof(*g->sum));
		for (i = 0; i < b->n; i++) {
			for (k = 0; k < nparams; k++)
				g->sum[k] += s->call.want.each[i * nparams + k];
		}
	}
	free(own);
	return rc;
}

int
qmlsim_states(struct qmlsim *s, const struct qmlsim_batch *b, double *out)
{
	struct worker *w = &s->workers[0];
	const double *rows[LANES] = {w->rows};
	size_t i;

	bind_set(&s->bind, &s->plan, s->lanes, b->theta);
	for (i = 0; i < b->n; i++) {
		adjoint_prepare(&s->plan, s->lanes,
		    b->features + i * s->plan.nfeatures, 1, w->rows);
		adjoint_forward(&w->adjoint, &s->bind, rows);
		adjoint_state(&w->adjoint, &s->bind,
		    out + (i << s->plan.nqubits) * 2);
	}
	return 0;
}

/* Room for a group of pairs. */
struct pairing {
	struct fidelity f;
	double *rows; /* 2 x LANES prepared */
	double *grad; /* nparams rows */
};

static int
open_pairing(struct pairing *w, const struct qmlsim *s)
{
	int rc = fidelity_init(&w->f, &s->plan, s->lanes);

	if (rc < 0)
		return rc;
	w->rows = lanes_alloc(2 * LANES * adjoint_row_size(&s->plan));
	w->grad = lanes_alloc(LANES * ((size_t)s->plan.nparams + 1));
	return w->rows == NULL || w->grad == NULL ? -ENOMEM : 0;
}

static void
run_pairs(struct qmlsim *s, struct pairing *w, const struct qmlsim_pairs *p,
    size_t at)
{
	size_t used = p->n - at < LANES ? p->n - at : LANES;
	size_t d = s->plan.nfeatures, size = adjoint_row_size(&s->plan), i;
	const double *x[LANES] = {NULL}, *y[LANES] = {NULL};
	double value[LANES];
	const struct fidelity_pair pair = {x, y, value};

	for (i = 0; i < used; i++) {
		x[i] = w->rows + i * size;
		y[i] = w->rows + (LANES + i) * size;
	}
	adjoint_prepare(&s->plan, s->lanes, p->x + at * d, used, w->rows);
	adjoint_prepare(&s->plan, s->lanes, p->y + at * d, used,
	    w->rows + LANES * size);
	if (p->grad == NULL && p->dx == NULL && p->dy == NULL)
		fidelity_value(&w->f, &s->bind, &pair);
	else
		fidelity_gradient(&w->f, &s->bind, &pair, w->grad);
	if (p->value != NULL)
		memcpy(p->value + at, value, used * sizeof(*value));
	if (p->grad != NULL)
		read_lanes(w->grad, s->plan.nparams, used,
		    p->grad + at * s->plan.nparams);
	if (p->dx != NULL)
		read_lanes(w->f.side[0].each.dx, d, used, p->dx + at * d);
	if (p->dy != NULL)
		read_lanes(w->f.side[1].each.dx, d, used, p->dy + at * d);
}

int
qmlsim_fidelity(struct qmlsim *s, const struct qmlsim_pairs *p)
{
	struct pairing w = {.f = FIDELITY_INIT};
	size_t at;
	int rc = open_pairing(&w, s);

	if (rc == 0)
		bind_set(&s->bind, &s->plan, s->lanes, p->theta);
	for (at = 0; at < p->n && rc == 0; at += LANES)
		run_pairs(s, &w, p, at);
	fidelity_close(&w.f);
	free(w.rows);
	free(w.grad);
	return rc;
}
