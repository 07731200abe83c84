#include "sim/gradient/metric.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "sim/circuit/circuit.h"
#include "sim/circuit/gate_matrix.h"
#include "sim/state/batch.h"
#include "sim/state/vector.h"

/* Vectors of the block at work: those of parameters seen so far. */
struct work {
	const struct circuit *c;
	const struct metric *m;
	double *g;
	struct vector psi, term;
	struct vector *slope; /* nparams, memory of the block's only */
	uint32_t block;
};

static uint32_t
block_of(const struct work *w, uint32_t k)
{
	return w->m->block == NULL ? 0 : w->m->block[k];
}

static bool
is_open(const struct work *w, uint32_t k)
{
	return w->slope[k].memory != NULL;
}

static int
new_vector(const struct work *w, struct vector *v)
{
	int rc = vector_init(v, w->c->nqubits, NULL);

	v->pool = w->m->pool;
	return rc;
}

static int
open_slope(struct work *w, uint32_t k)
{
	int rc;

	if (is_open(w, k))
		return 0;
	rc = new_vector(w, &w->slope[k]);
	if (rc == 0)
		w->slope[k].amp[0][0] = 0.0; /* |0> is not zero */
	return rc;
}

/* The block is done: all that follows keeps these products. */
static void
finish(struct work *w)
{
	uint32_t n = w->c->nparams, i, j;
	double a[2], b[2], ab[2];

	for (i = 0; i < n; i++) {
		if (!is_open(w, i))
			continue;
		vector_inner(&w->slope[i], &w->psi, a);
		for (j = i; j < n; j++) {
			if (!is_open(w, j))
				continue;
			vector_inner(&w->psi, &w->slope[j], b);
			vector_inner(&w->slope[i], &w->slope[j], ab);
			ab[0] -= a[0] * b[0] - a[1] * b[1];
			w->g[(size_t)i * n + j] = ab[0];
			w->g[(size_t)j * n + i] = ab[0];
		}
	}
	for (i = 0; i < n; i++)
		vector_close(&w->slope[i]);
}

/* slope_k += f dG/da psi, psi before the gate. */
static int
add_slope(struct work *w, uint32_t k, const struct vector_gate *gate, double f)
{
	size_t n = (size_t)1 << w->c->nqubits, i, c;
	int rc = open_slope(w, k);

	if (rc < 0)
		return rc;
	vector_copy(&w->term, &w->psi);
	vector_apply(&w->term, gate);
	for (c = 0; c < 2; c++) {
		for (i = 0; i < n; i++)
			w->slope[k].amp[c][i] += f * w->term.amp[c][i];
	}
	return 0;
}

/* The parameters that an angle has, with their factors. */
static unsigned
parts(const struct work *w, const struct circuit_gate *g, uint32_t *k,
    double *f)
{
	const struct circuit_angle *a = &g->angle;
	const struct circuit_angle one = {.ref = a->ref,
	    .index = a->index,
	    .coef = a->coef};
	const struct circuit_angle other = {.ref = a->by,
	    .index = a->by_index,
	    .coef = a->coef};
	unsigned n = 0;

	if (!circuit_turns(g->op))
		return 0;
	if (a->ref == CIRCUIT_PARAM) {
		k[n] = a->index;
		f[n++] = a->by == CIRCUIT_CONST
		    ? a->coef
		    : gate_angle(&other, w->m->theta, w->m->features);
	}
	if (a->by == CIRCUIT_PARAM) {
		k[n] = a->by_index;
		f[n++] = gate_angle(&one, w->m->theta, w->m->features);
	}
	return n;
}

static int
apply_gate(struct work *w, const struct circuit_gate *g)
{
	double matrix[32], slope[32], f[2];
	double a = gate_angle(&g->angle, w->m->theta, w->m->features);
	struct vector_gate gate = {.ntargets = circuit_arity(g->op),
	    .target = {g->q[0], g->q[1]},
	    .matrix = matrix};
	struct vector_gate turn = gate;
	uint32_t k[2], i;
	unsigned n = parts(w, g, k, f), p;
	int rc = 0;

	for (p = 0; p < n; p++) {
		if (block_of(w, k[p]) < w->block)
			return -EINVAL;
		if (block_of(w, k[p]) > w->block)
			finish(w);
		w->block = block_of(w, k[p]);
	}
	gate_matrix(g->op, a, matrix);
	gate_matrix_slope(g->op, a, slope);
	turn.matrix = slope;
	for (i = 0; i < w->c->nparams; i++) {
		if (is_open(w, i))
			vector_apply(&w->slope[i], &gate);
	}
	for (p = 0; p < n && rc == 0; p++)
		rc = add_slope(w, k[p], &turn, f[p]);
	vector_apply(&w->psi, &gate);
	return rc;
}

static void
load_amplitudes(struct work *w)
{
	uint32_t n = w->c->nfeatures;

	memcpy(w->psi.amp[0], w->m->features, n * sizeof(double));
	batch_normalise(w->psi.amp[0], n);
}

int
metric_compute(const struct circuit *c, const struct metric *m, double *g)
{
	struct work w = {.c = c,
	    .m = m,
	    .g = g,
	    .psi = VECTOR_INIT,
	    .term = VECTOR_INIT};
	size_t i;
	int rc = 0;

	memset(g, 0, (size_t)c->nparams * c->nparams * sizeof(*g));
	w.slope = calloc((size_t)c->nparams + 1, sizeof(*w.slope));
	if (w.slope == NULL)
		rc = -ENOMEM;
	if (rc == 0)
		rc = new_vector(&w, &w.psi);
	if (rc == 0)
		rc = new_vector(&w, &w.term);
	if (rc == 0 && c->start == CIRCUIT_AMPLITUDES)
		load_amplitudes(&w);
	for (i = 0; i < c->ngates && rc == 0; i++)
		rc = apply_gate(&w, &c->gates[i]);
	if (rc == 0)
		finish(&w);
	for (i = 0; w.slope != NULL && i < c->nparams; i++)
		vector_close(&w.slope[i]);
	free(w.slope);
	vector_close(&w.psi);
	vector_close(&w.term);
	return rc;
}
