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
#include "sim/gradient/samples.h"
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

struct qmlsim {
	struct plan plan;
	struct pool *pool;
	struct samples *samples;
	enum lanes_isa isa;
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

int
qmlsim_new(struct qmlsim **out, const struct qmlsim_circuit *c,
    const struct qmlsim_options *options)
{
	const struct qmlsim_options plain = {1, QMLSIM_AUTO};
	const struct qmlsim_options *o = options != NULL ? options : &plain;
	struct samples_options so = {.isa = (enum lanes_isa)o->isa,
	    .gradients = true};
	struct qmlsim *s = calloc(1, sizeof(*s));
	int rc;

	*out = NULL;
	if (s == NULL)
		return -ENOMEM;
	s->isa = so.isa;
	rc = pool_new(&s->pool, o->threads == 0 ? 1 : o->threads);
	if (rc == 0)
		rc = plan_compile(&s->plan, &c->c);
	so.pool = s->pool;
	if (rc == 0)
		rc = samples_new(&s->samples, &s->plan, &so);
	if (rc < 0)
		qmlsim_free(s);
	else
		*out = s;
	return rc;
}

void
qmlsim_free(struct qmlsim *s)
{
	if (s == NULL)
		return;
	samples_free(s->samples);
	pool_free(s->pool);
	plan_close(&s->plan);
	free(s);
}

const char *
qmlsim_isa_name(const struct qmlsim *s)
{
	return samples_isa(s->samples);
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

static int
run(struct qmlsim *s, const struct qmlsim_batch *b, struct samples_batch *to)
{
	size_t k;

	for (k = 0; k < b->nmasks; k++) {
		if (b->masks[k] >> s->plan.nqubits != 0)
			return -EINVAL;
	}
	to->features = b->features;
	to->n = b->n;
	to->masks = b->masks;
	to->nmasks = b->nmasks;
	samples_bind(s->samples, b->theta);
	return samples_run(s->samples, to);
}

int
qmlsim_expect(struct qmlsim *s, const struct qmlsim_batch *b, double *out)
{
	struct samples_batch to = {.value = out};

	return run(s, b, &to);
}

static void
add_up(const double *each, size_t n, size_t nparams, double *sum)
{
	size_t i, k;

	memset(sum, 0, nparams * sizeof(*sum));
	for (i = 0; i < n; i++) {
		for (k = 0; k < nparams; k++)
			sum[k] += each[i * nparams + k];
	}
}

int
qmlsim_gradient(struct qmlsim *s, const struct qmlsim_batch *b,
    const double *weights, const struct qmlsim_gradient *g)
{
	struct samples_batch to = {.weights = weights,
	    .value = g->values,
	    .grad = g->each,
	    .dx = g->inputs};
	size_t nparams = s->plan.nparams;
	double *each = NULL, *values = NULL;
	int rc = 0;

	if (g->each == NULL && g->sum != NULL)
		to.grad = each = lanes_alloc(b->n * nparams);
	if (g->values == NULL)
		to.value = values = lanes_alloc(b->n * b->nmasks);
	if (to.value == NULL || (g->sum != NULL && to.grad == NULL))
		rc = -ENOMEM;
	if (rc == 0)
		rc = run(s, b, &to);
	if (rc == 0 && g->sum != NULL)
		add_up(to.grad, b->n, nparams, g->sum);
	free(each);
	free(values);
	return rc;
}

int
qmlsim_states(struct qmlsim *s, const struct qmlsim_batch *b, double *out)
{
	samples_bind(s->samples, b->theta);
	return samples_states(s->samples, b->features, b->n, out);
}

/* Room for a group of pairs. */
struct pairing {
	struct fidelity f;
	struct bind bind;
	const struct lanes *lanes;
	double *rows; /* 2 x LANES prepared */
	double *grad; /* nparams rows */
};

static int
open_pairing(struct pairing *w, const struct qmlsim *s)
{
	int rc;

	w->lanes = lanes_pick(s->isa);
	rc = fidelity_init(&w->f, &s->plan, w->lanes);
	if (rc == 0)
		rc = bind_init(&w->bind, &s->plan);
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
	adjoint_prepare(&s->plan, w->lanes, p->x + at * d, used, w->rows);
	adjoint_prepare(&s->plan, w->lanes, p->y + at * d, used,
	    w->rows + LANES * size);
	if (p->grad == NULL && p->dx == NULL && p->dy == NULL)
		fidelity_value(&w->f, &w->bind, &pair);
	else
		fidelity_gradient(&w->f, &w->bind, &pair, w->grad);
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
	struct pairing w = {.f = FIDELITY_INIT, .bind = BIND_INIT};
	size_t at;
	int rc = open_pairing(&w, s);

	if (rc == 0)
		bind_set(&w.bind, &s->plan, w.lanes, p->theta);
	for (at = 0; at < p->n && rc == 0; at += LANES)
		run_pairs(s, &w, p, at);
	fidelity_close(&w.f);
	bind_close(&w.bind);
	free(w.rows);
	free(w.grad);
	return rc;
}
