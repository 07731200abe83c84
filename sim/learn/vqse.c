#include "sim/learn/vqse.h"

#include <assert.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sim/circuit/circuit.h"
#include "sim/circuit/template.h"
#include "sim/state/lanes.h"

static int
add(struct circuit *c, enum circuit_op op, uint32_t q)
{
	const struct circuit_gate g = {.op = op,
	    .q = {q},
	    .angle = {.ref = CIRCUIT_PARAM, .index = c->nparams, .coef = 1.0}};

	return circuit_add(c, &g);
}

static int
add_turns(struct circuit *c, enum vqse_ansatz ansatz)
{
	uint32_t q;
	int rc = 0;

	for (q = 0; q < c->nqubits && rc == 0; q++) {
		rc = add(c, CIRCUIT_RY, q);
		if (rc == 0 && ansatz == VQSE_COMPLEX)
			rc = add(c, CIRCUIT_RZ, q);
	}
	return rc;
}

static int
build(struct circuit *c, uint32_t nqubits, enum vqse_ansatz ansatz,
    uint32_t nlayers)
{
	uint32_t l, q, ring = nqubits > 2 ? nqubits : nqubits - 1;
	int rc = circuit_init(c, nqubits);

	if (rc == 0)
		rc = template_amplitude(c, UINT32_C(1) << nqubits);
	for (l = 0; l < nlayers && rc == 0; l++) {
		rc = add_turns(c, ansatz);
		for (q = 0; q < ring && rc == 0; q++) {
			const struct circuit_gate g = {.op = CIRCUIT_CNOT,
			    .q = {q, (q + 1) % nqubits}};

			rc = circuit_add(c, &g);
		}
	}
	return rc < 0 ? rc : add_turns(c, ansatz);
}

/*
 * rho = sum of l l^T, l the columns of its Cholesky factor, the largest
 * diagonal left first; what is left of a state below 1e-14 is rounding.
 */
static int
factor(struct vqse *v, double *rest)
{
	size_t n = v->n, k, i, j;

	for (k = 0; k < n; k++) {
		size_t best = 0;
		double *l = v->states + k * n, root;

		for (i = 1; i < n; i++) {
			if (rest[i * n + i] > rest[best * n + best])
				best = i;
		}
		if (!(rest[best * n + best] > 1e-14))
			break;
		root = sqrt(rest[best * n + best]);
		for (i = 0; i < n; i++)
			l[i] = rest[i * n + best] / root;
		for (i = 0; i < n; i++) {
			v->weights[k] += l[i] * l[i];
			for (j = 0; j < n; j++)
				rest[i * n + j] -= l[i] * l[j];
		}
	}
	v->nstates = k;
	for (i = 0; i < n; i++) {
		if (!(rest[i * n + i] > -1e-9))
			return -EINVAL;
	}
	return k > 0 ? 0 : -EINVAL;
}

static int
load(struct vqse *v, const double *rho)
{
	size_t nn = v->n * v->n;
	double *rest = calloc(nn, sizeof(*rest));
	double *rows = calloc(nn, sizeof(*rows));
	int rc = -ENOMEM;

	v->states = rows;
	if (rest != NULL && rows != NULL) {
		memcpy(rest, rho, nn * sizeof(*rest));
		rc = factor(v, rest);
	}
	free(rest);
	if (rc < 0)
		return rc;
	/* Of as many doubles each; adjoint.h makes them unit vectors. */
	assert(adjoint_row_size(&v->plan) == v->n);
	adjoint_prepare(&v->plan, lanes_pick(LANES_AUTO), rows, v->nstates,
	    rows);
	return 0;
}

static uint32_t
logical_index(const struct plan *p, uint32_t x)
{
	uint32_t q, z = 0;

	for (q = 0; q < p->nqubits; q++) {
		uint32_t bit = (uint32_t)__builtin_popcount(p->row[q] & x) & 1;

		z |= (bit ^ (p->flip[q] ? 1 : 0)) << q;
	}
	return z;
}

static int
open_room(struct vqse *v)
{
	size_t i;

	v->weights = calloc(v->n, sizeof(*v->weights));
	v->levels = calloc(v->n, sizeof(*v->levels));
	v->p = calloc(v->n, sizeof(*v->p));
	v->logical = calloc(v->n, sizeof(*v->logical));
	if (v->weights == NULL || v->levels == NULL || v->p == NULL ||
	    v->logical == NULL)
		return -ENOMEM;
	for (i = 0; i < v->n; i++) {
		v->levels[i] = (double)i / (double)(v->n - 1);
		v->logical[i] = logical_index(&v->plan, (uint32_t)i);
	}
	return 0;
}

int
vqse_init(struct vqse *v, const double *rho, uint32_t nqubits,
    enum vqse_ansatz ansatz, uint32_t nlayers)
{
	struct circuit c = CIRCUIT_INIT;
	int rc;

	*v = (struct vqse){.plan = PLAN_INIT,
	    .bind = BIND_INIT,
	    .adjoint = ADJOINT_INIT};
	if (nqubits < 1 || nqubits > VQSE_MAX_QUBITS || nlayers < 1 ||
	    nlayers > VQSE_MAX_LAYERS)
		return -EINVAL;
	v->n = (size_t)1 << nqubits;
	rc = build(&c, nqubits, ansatz, nlayers);
	if (rc == 0)
		rc = plan_compile(&v->plan, &c);
	circuit_close(&c);
	if (rc == 0)
		rc = bind_init(&v->bind, &v->plan);
	if (rc == 0)
		rc =
		    adjoint_init(&v->adjoint, &v->plan, lanes_pick(LANES_AUTO));
	if (rc == 0)
		rc = open_room(v);
	if (rc == 0)
		rc = load(v, rho);
	v->nparams = v->plan.nparams;
	if (rc < 0)
		vqse_close(v);
	return rc;
}

void
vqse_close(struct vqse *v)
{
	adjoint_close(&v->adjoint);
	bind_close(&v->bind);
	plan_close(&v->plan);
	free(v->states);
	free(v->weights);
	free(v->levels);
	free(v->p);
	free(v->logical);
	*v = (struct vqse){.plan = PLAN_INIT,
	    .bind = BIND_INIT,
	    .adjoint = ADJOINT_INIT};
}

/* The basis state that an address stands for, parameters put in. */
static uint32_t
state_at(const struct vqse *v, size_t x)
{
	return v->logical[x ^ v->bind.moved];
}

/* A group of LANES states from number at on: probabilities to v->p. */
static void
forward(struct vqse *v, size_t at)
{
	const double *rows[LANES];
	size_t i, x;

	for (i = 0; i < LANES; i++)
		rows[i] =
		    at + i < v->nstates ? v->states + (at + i) * v->n : NULL;
	adjoint_forward(&v->adjoint, &v->bind, rows);
	for (x = 0; x < v->n; x++) {
		double *p = &v->p[state_at(v, x)];

		for (i = 0; i < LANES && at + i < v->nstates; i++)
			*p +=
			    v->weights[at + i] * v->adjoint.diag[x * LANES + i];
	}
}

static void
backward(struct vqse *v, size_t at)
{
	size_t i, x;

	for (x = 0; x < v->n; x++) {
		double h = v->levels[state_at(v, x)];

		for (i = 0; i < LANES; i++)
			v->adjoint.diag[x * LANES + i] =
			    at + i < v->nstates ? v->weights[at + i] * h : 0.0;
	}
	adjoint_backward(&v->adjoint, &v->bind);
}

double
vqse_cost(struct vqse *v, const double *theta, double *grad)
{
	double cost = 0.0;
	size_t at, z;

	bind_set(&v->bind, &v->plan, v->adjoint.lanes, theta);
	memset(v->p, 0, v->n * sizeof(*v->p));
	for (at = 0; at < v->nstates; at += LANES) {
		forward(v, at);
		if (grad != NULL)
			backward(v, at);
	}
	if (grad != NULL) {
		memset(grad, 0, v->nparams * sizeof(*grad));
		adjoint_collect(&v->adjoint, &v->bind, grad);
	}
	for (z = 0; z < v->n; z++)
		cost += v->p[z] * v->levels[z];
	return cost;
}

/* |a|^2 |b|^2 (cos)^2 summed over pairs of states. */
double
vqse_diagonal_cost(const struct vqse *v)
{
	double purity = 0.0;
	size_t i, j, k;

	for (i = 0; i < v->nstates; i++) {
		for (j = 0; j < v->nstates; j++) {
			double dot = 0.0;

			for (k = 0; k < v->n; k++)
				dot += v->states[i * v->n + k] *
				    v->states[j * v->n + k];
			purity += v->weights[i] * v->weights[j] * dot * dot;
		}
	}
	for (k = 0; k < v->n; k++)
		purity -= v->p[k] * v->p[k];
	return purity;
}

int
vqse_overlap(struct vqse *v, const double *theta, const double *u, size_t z,
    double *out)
{
	const double *rows[LANES] = {NULL};
	double *row = calloc(v->n, sizeof(*row));
	size_t x;

	if (row == NULL)
		return -ENOMEM;
	assert(z < v->n);
	bind_set(&v->bind, &v->plan, v->adjoint.lanes, theta);
	adjoint_prepare(&v->plan, v->adjoint.lanes, u, 1, row);
	rows[0] = row;
	adjoint_forward(&v->adjoint, &v->bind, rows);
	for (x = 0; x < v->n; x++) {
		if (state_at(v, x) == z)
			*out = v->adjoint.diag[x * LANES];
	}
	free(row);
	return 0;
}
