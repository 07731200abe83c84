#include "sim/gradient/adjoint.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sim/circuit/bind.h"
#include "sim/circuit/plan.h"
#include "sim/state/lanes.h"

static size_t
table_size(const struct plan *p)
{
	return (size_t)2 << p->nqubits;
}

static size_t
group_size(const struct plan *p)
{
	return (size_t)LANES << p->nqubits;
}

int
adjoint_init(struct adjoint *a, const struct plan *plan,
    const struct lanes *lanes)
{
	size_t n = group_size(plan);
	int rc;

	*a = (struct adjoint)ADJOINT_INIT;
	a->plan = plan;
	a->lanes = lanes;
	rc = batch_init(&a->psi, plan->nqubits);
	if (rc < 0)
		goto out;
	a->lambda[0] = lanes_alloc(n);
	a->lambda[1] = lanes_alloc(n);
	a->diag = lanes_alloc(n);
	a->meets = lanes_alloc(plan->nrots * LANES);
	a->turns = lanes_alloc((plan->nsteps - 1) * n);
	if (a->lambda[0] == NULL || a->lambda[1] == NULL || a->diag == NULL ||
	    a->meets == NULL || a->turns == NULL)
		rc = -ENOMEM;
out:
	if (rc < 0)
		adjoint_close(a);
	return rc;
}

void
adjoint_close(struct adjoint *a)
{
	batch_close(&a->psi);
	free(a->lambda[0]);
	free(a->lambda[1]);
	free(a->diag);
	free(a->meets);
	free(a->turns);
	*a = (struct adjoint)ADJOINT_INIT;
}

size_t
adjoint_row_size(const struct plan *p)
{
	if (p->start == CIRCUIT_AMPLITUDES)
		return p->nfeatures;
	return (size_t)2 * p->nqubits;
}

static void
prepare_angles(const struct plan *p, const struct lanes *lanes, const double *x,
    double *out)
{
	double half[CIRCUIT_MAX_QUBITS];
	uint32_t q;

	for (q = 0; q < p->nqubits; q++) {
		const struct circuit_angle *a = &p->input[q];

		half[q] = a->offset;
		if (a->ref == CIRCUIT_FEATURE)
			half[q] += a->coef * x[a->index];
		half[q] *= 0.5;
	}
	lanes->sincos(half, out, p->nqubits);
}

void
adjoint_prepare(const struct plan *p, const struct lanes *lanes,
    const double *features, size_t n, double *out)
{
	size_t size = adjoint_row_size(p), i;

	for (i = 0; i < n; i++, out += size) {
		const double *x = features + i * p->nfeatures;

		if (p->start == CIRCUIT_AMPLITUDES) {
			memcpy(out, x, size * sizeof(*out));
			batch_normalise(out, size);
		} else {
			prepare_angles(p, lanes, x, out);
		}
	}
}

static void
step_forward(struct adjoint *a, const struct bind *b, size_t k)
{
	const struct plan *p = a->plan;
	const struct plan_step *s = &p->steps[k];
	size_t i, c;

	a->lanes->diag(a->psi.amp, b->tables + k * table_size(p),
	    (size_t)1 << p->nqubits);
	for (i = s->block0; i < s->block0 + s->nblocks; i++) {
		const struct plan_block *blk = &p->blocks[i];

		for (c = 0; c < 2; c++)
			a->lanes->ry(a->psi.amp[c], &blk->walk,
			    b->tangent + blk->first);
	}
}

void
adjoint_forward(struct adjoint *a, const struct bind *b,
    const double *const *rows)
{
	const struct plan *p = a->plan;
	size_t k;

	if (p->start == CIRCUIT_AMPLITUDES)
		batch_load_amplitudes(&a->psi, rows, p->nfeatures);
	else
		batch_load_product(&a->psi, a->lanes, rows);
	for (k = 0; k + 1 < p->nsteps; k++)
		step_forward(a, b, k);
	a->lanes->norms(a->psi.amp, a->diag, (size_t)1 << p->nqubits);
}

static void
step_backward(struct adjoint *a, const struct bind *b, size_t k)
{
	const struct plan *p = a->plan;
	const struct plan_step *s = &p->steps[k];
	double *turns = a->turns + k * group_size(p);
	size_t n = (size_t)1 << p->nqubits, i, c;

	for (i = s->block0; i < s->block0 + s->nblocks; i++) {
		const struct plan_block *blk = &p->blocks[i];

		for (c = 0; c < 2; c++)
			a->lanes->ry_undo(a->psi.amp[c], a->lambda[c],
			    &blk->walk, b->tangent + blk->first,
			    a->meets + (size_t)blk->first * LANES);
	}
	if (k == 0)
		a->lanes->diag_sum(a->psi.amp, a->lambda, turns, n);
	else
		a->lanes->diag_undo(a->psi.amp, a->lambda,
		    b->tables + k * table_size(p), turns, n);
}

void
adjoint_backward(struct adjoint *a, const struct bind *b)
{
	const struct plan *p = a->plan;
	size_t k;

	a->lanes->scale(a->psi.amp, a->lambda, a->diag,
	    (size_t)1 << p->nqubits);
	for (k = p->nsteps - 1; k-- > 0;)
		step_backward(a, b, k);
}

static void
add_to(double *grad, const struct circuit_angle *angle, double d)
{
	if (angle->ref == CIRCUIT_PARAM)
		grad[angle->index] += angle->coef * d;
}

/* Undoing a block in tangent form leaves both states longer by 1 / cosines,
 * which is still in the sums of the blocks after it. */
static void
collect_rots(const struct adjoint *a, const struct bind *b,
    const struct plan_step *s, double *grad)
{
	const struct plan *p = a->plan;
	double shrink = 1.0;
	size_t i, r;

	for (i = s->block0; i < s->block0 + s->nblocks; i++) {
		size_t first = p->blocks[i].first;
		size_t end = first + p->blocks[i].walk.nrots;

		for (r = first; r < end; r++)
			add_to(grad, &p->rots[r].angle,
			    b->rot_sign[r] * shrink *
				lanes_total(&a->meets[r * LANES]));
		for (r = first; r < end; r++)
			shrink *= b->rot_cos[r] * b->rot_cos[r];
	}
}

static void
collect_phases(struct adjoint *a, const struct bind *b, size_t k, double *grad)
{
	const struct plan *p = a->plan;
	const struct plan_step *s = &p->steps[k];
	double *turns = a->turns + k * group_size(p);
	double shrink = b->shrink[k] * b->shrink[k];
	size_t i;

	if (s->nphases == 0)
		return;
	a->lanes->wht(turns, p->nqubits);
	for (i = s->phase0; i < s->phase0 + s->nphases; i++) {
		const struct plan_phase *ph = &p->phases[i];

		add_to(grad, &ph->angle,
		    b->phase_sign[i] * shrink *
			lanes_total(&turns[(size_t)ph->mask * LANES]));
	}
}

void
adjoint_collect(struct adjoint *a, const struct bind *b, double *grad)
{
	const struct plan *p = a->plan;
	size_t k;

	for (k = 0; k + 1 < p->nsteps; k++) {
		collect_rots(a, b, &p->steps[k], grad);
		collect_phases(a, b, k, grad);
	}
	memset(a->meets, 0, p->nrots * LANES * sizeof(*a->meets));
	memset(a->turns, 0,
	    (p->nsteps - 1) * group_size(p) * sizeof(*a->turns));
}

static void
add_row(double *grad, const struct circuit_angle *angle, double f,
    const double *row)
{
	double *to = grad + (size_t)angle->index * LANES;
	size_t i;

	if (angle->ref != CIRCUIT_PARAM)
		return;
	for (i = 0; i < LANES; i++)
		to[i] += angle->coef * f * row[i];
}

static void
collect_step_lanes(struct adjoint *a, const struct bind *b, size_t k,
    double *grad)
{
	const struct plan *p = a->plan;
	const struct plan_step *s = &p->steps[k];
	double *turns = a->turns + k * group_size(p);
	double shrink = 1.0;
	size_t i, r;

	for (i = s->block0; i < s->block0 + s->nblocks; i++) {
		size_t first = p->blocks[i].first;
		size_t end = first + p->blocks[i].walk.nrots;

		for (r = first; r < end; r++)
			add_row(grad, &p->rots[r].angle,
			    b->rot_sign[r] * shrink, &a->meets[r * LANES]);
		for (r = first; r < end; r++)
			shrink *= b->rot_cos[r] * b->rot_cos[r];
	}
	if (s->nphases == 0)
		return;
	a->lanes->wht(turns, p->nqubits);
	shrink = b->shrink[k] * b->shrink[k];
	for (i = s->phase0; i < s->phase0 + s->nphases; i++)
		add_row(grad, &p->phases[i].angle, b->phase_sign[i] * shrink,
		    &turns[(size_t)p->phases[i].mask * LANES]);
}

void
adjoint_collect_lanes(struct adjoint *a, const struct bind *b, double *grad)
{
	const struct plan *p = a->plan;
	size_t k;

	memset(grad, 0, (size_t)p->nparams * LANES * sizeof(*grad));
	for (k = 0; k + 1 < p->nsteps; k++)
		collect_step_lanes(a, b, k, grad);
	memset(a->meets, 0, p->nrots * LANES * sizeof(*a->meets));
	memset(a->turns, 0,
	    (p->nsteps - 1) * group_size(p) * sizeof(*a->turns));
}

static uint32_t
logical_index(const struct plan *p, uint32_t x)
{
	uint32_t y = 0, q;

	for (q = 0; q < p->nqubits; q++) {
		uint32_t bit = (uint32_t)__builtin_popcount(p->row[q] & x) & 1;

		y |= (bit ^ (p->flip[q] ? 1U : 0U)) << q;
	}
	return y;
}

void
adjoint_state(struct adjoint *a, const struct bind *b, double *out)
{
	const struct plan *p = a->plan;
	const double *tab = b->tables + (p->nsteps - 1) * table_size(p);
	uint32_t n = UINT32_C(1) << p->nqubits, x;

	for (x = 0; x < n; x++) {
		double re = a->psi.amp[0][(size_t)x * LANES];
		double im = a->psi.amp[1][(size_t)x * LANES];
		double *to = &out[2 * (size_t)logical_index(p, x ^ b->moved)];

		to[0] = fma(-im, tab[2 * x + 1], re * tab[2 * x]);
		to[1] = fma(re, tab[2 * x + 1], im * tab[2 * x]);
	}
}
