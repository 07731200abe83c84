#include "sim/gradient/adjoint.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>
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

static int
open_steps(struct adjoint *a, const struct plan *plan,
    const struct lanes *lanes, bool whole)
{
	size_t n = group_size(plan);
	int rc;

	*a = (struct adjoint)ADJOINT_INIT;
	a->plan = plan;
	a->lanes = lanes;
	a->nsteps = whole ? plan->nsteps : plan->nsteps - 1;
	rc = batch_init(&a->psi, plan->nqubits);
	if (rc == 0)
		rc = each_init(&a->each, plan);
	if (rc < 0)
		goto out;
	a->lambda[0] = lanes_alloc(n);
	a->lambda[1] = lanes_alloc(n);
	a->diag = lanes_alloc(n);
	a->meets = lanes_alloc(plan->nrots * LANES);
	a->turns = lanes_alloc(a->nsteps * n);
	if (a->lambda[0] == NULL || a->lambda[1] == NULL || a->diag == NULL ||
	    a->meets == NULL || a->turns == NULL)
		rc = -ENOMEM;
out:
	if (rc < 0)
		adjoint_close(a);
	return rc;
}

int
adjoint_init(struct adjoint *a, const struct plan *plan,
    const struct lanes *lanes)
{
	return open_steps(a, plan, lanes, false);
}

int
adjoint_init_whole(struct adjoint *a, const struct plan *plan,
    const struct lanes *lanes)
{
	return open_steps(a, plan, lanes, true);
}

int
adjoint_want_inputs(struct adjoint *a)
{
	return each_want_inputs(&a->each, a->plan);
}

void
adjoint_close(struct adjoint *a)
{
	batch_close(&a->psi);
	each_close(&a->each);
	free(a->lambda[0]);
	free(a->lambda[1]);
	free(a->diag);
	free(a->meets);
	free(a->turns);
	*a = (struct adjoint)ADJOINT_INIT;
}

/* What a sample starts from. */
static size_t
start_size(const struct plan *p)
{
	if (p->start == CIRCUIT_AMPLITUDES)
		return p->nfeatures;
	return (size_t)2 * p->nqubits;
}

size_t
adjoint_row_size(const struct plan *p)
{
	return start_size(p) + (p->lanewise ? p->nfeatures : 0);
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
	size_t size = adjoint_row_size(p), start = start_size(p), i;

	for (i = 0; i < n; i++, out += size) {
		const double *x = features + i * p->nfeatures;

		if (p->start == CIRCUIT_AMPLITUDES) {
			memcpy(out, x, start * sizeof(*out));
			batch_normalise(out, start);
		} else {
			prepare_angles(p, lanes, x, out);
		}
		if (p->lanewise)
			memcpy(out + start, x, p->nfeatures * sizeof(*out));
	}
}

static void
load_features(struct adjoint *a, const struct bind *b,
    const double *const *rows)
{
	size_t start = start_size(a->plan), i;
	const double *x[LANES];

	for (i = 0; i < LANES; i++)
		x[i] = rows[i] == NULL ? NULL : rows[i] + start;
	each_load(&a->each, a->plan, b, a->lanes, x);
}

static void
step_forward(struct adjoint *a, const struct bind *b, size_t k)
{
	const struct plan *p = a->plan;
	const struct plan_step *s = &p->steps[k];
	size_t i, c;

	a->lanes->diag(a->psi.amp, b->tables + k * table_size(p),
	    (size_t)1 << p->nqubits);
	each_diag(&a->each, p, a->lanes, k, a->psi.amp);
	for (i = s->block0; i < s->block0 + s->nblocks; i++) {
		const struct plan_block *blk = &p->blocks[i];

		for (c = 0; c < 2; c++)
			a->lanes->ry(a->psi.amp[c], &blk->walk,
			    b->tangent + blk->first);
	}
	each_ry(&a->each, p, a->lanes, k, a->psi.amp);
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
	if (p->lanewise)
		load_features(a, b, rows);
	for (k = 0; k < a->nsteps; k++)
		step_forward(a, b, k);
	a->lanes->norms(a->psi.amp, a->diag, (size_t)1 << p->nqubits);
}

/* The step's turns of this group alone, for what differs between its lanes;
 * then they join those of the others. */
static double *
own_turns(struct adjoint *a)
{
	double *own = a->each.own;

	memset(own, 0, group_size(a->plan) * sizeof(*own));
	return own;
}

static void
look_at_turns(struct adjoint *a, const struct bind *b, size_t k)
{
	double *turns = a->turns + k * group_size(a->plan);
	const double *own = a->each.own;
	size_t i;

	for (i = 0; i < group_size(a->plan); i++)
		turns[i] += own[i];
	a->lanes->wht(a->each.own, a->plan->nqubits);
	each_credit_phases(&a->each, a->plan, b, k);
}

static void
undo_diagonal(struct adjoint *a, const struct bind *b, size_t k)
{
	const struct plan *p = a->plan;
	const struct each_pair pair = {a->psi.amp, a->lambda, a->meets};
	bool look = each_looks(&a->each, p, k);
	size_t n = (size_t)1 << p->nqubits;
	double *turns = look ? own_turns(a) : a->turns + k * group_size(p);

	if (k == 0 && a->each.dx == NULL) {
		a->lanes->diag_sum(a->psi.amp, a->lambda, turns, n);
	} else {
		each_diag_undo(&a->each, p, a->lanes, k, &pair);
		a->lanes->diag_undo(a->psi.amp, a->lambda,
		    b->tables + k * table_size(p), turns, n);
	}
	if (look)
		look_at_turns(a, b, k);
}

static void
step_backward(struct adjoint *a, const struct bind *b, size_t k)
{
	const struct plan *p = a->plan;
	const struct plan_step *s = &p->steps[k];
	const struct each_pair pair = {a->psi.amp, a->lambda, a->meets};
	size_t i, c;

	for (i = s->block0; i < s->block0 + s->nblocks; i++) {
		const struct plan_block *blk = &p->blocks[i];

		for (c = 0; c < 2; c++)
			a->lanes->ry_undo(a->psi.amp[c], a->lambda[c],
			    &blk->walk, b->tangent + blk->first,
			    a->meets + (size_t)blk->first * LANES);
	}
	if (s->nlane_rots > 0) {
		each_ry_undo(&a->each, p, a->lanes, k, &pair);
		each_credit_rots(&a->each, p, b, k, a->meets);
	}
	undo_diagonal(a, b, k);
}

/* d/dx of the RYs on |0>: as if each were to be undone now. */
static void
credit_start(struct adjoint *a, const struct bind *b)
{
	const struct plan *p = a->plan;
	const double still = 0.0;
	double row[LANES] __attribute__((aligned(LANES_ALIGN)));
	uint32_t q, i;
	size_t c;

	for (q = 0; q < p->nqubits; q++) {
		struct lanes_block w = {.nrots = 1, .nbasis = p->nqubits - 1};

		if (p->input[q].ref != CIRCUIT_FEATURE)
			continue;
		w.off[1] = UINT32_C(1) << q;
		for (i = 0; i + 1 < p->nqubits; i++)
			w.basis[i] = UINT32_C(1) << (i < q ? i : i + 1);
		memset(row, 0, sizeof(row));
		for (c = 0; c < 2; c++)
			a->lanes->ry_undo(a->psi.amp[c], a->lambda[c], &w,
			    &still, row);
		each_credit(&a->each, b, &p->input[q], 1.0, row);
	}
}

/* d/dx of amplitudes, as if they were not normalised. */
static void
credit_amplitudes(struct adjoint *a)
{
	size_t n = (size_t)a->plan->nfeatures * LANES, i;

	for (i = 0; i < n; i++)
		a->each.dx[i] += 2.0 * a->lambda[0][i];
}

void
adjoint_sweep(struct adjoint *a, const struct bind *b)
{
	const struct plan *p = a->plan;
	size_t k;

	if (a->each.dx != NULL)
		memset(a->each.dx, 0,
		    (size_t)p->nfeatures * LANES * sizeof(*a->each.dx));
	for (k = a->nsteps; k-- > 0;)
		step_backward(a, b, k);
	if (a->each.dx == NULL)
		return;
	if (p->start == CIRCUIT_AMPLITUDES)
		credit_amplitudes(a);
	else if (p->inputs)
		credit_start(a, b);
}

void
adjoint_backward(struct adjoint *a, const struct bind *b)
{
	a->lanes->scale(a->psi.amp, a->lambda, a->diag,
	    (size_t)1 << a->plan->nqubits);
	adjoint_sweep(a, b);
}

/* The rotation's angle is a sum. */
static void
add_rot(const struct plan *p, const struct bind *b, size_t r, double d,
    double *grad)
{
	const struct plan_rot *rot = &p->rots[r];
	size_t t;

	bind_chain(b, &rot->angle, d, grad, 1);
	for (t = rot->term0; t < rot->term0 + rot->nterms; t++)
		bind_chain(b, &p->terms[t].angle, d, grad, 1);
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
			add_rot(p, b, r,
			    b->rot_sign[r] * shrink *
				lanes_total(&a->meets[r * LANES]),
			    grad);
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

		bind_chain(b, &ph->angle,
		    b->phase_sign[i] * shrink *
			lanes_total(&turns[(size_t)ph->mask * LANES]),
		    grad, 1);
	}
}

static void
forget(struct adjoint *a)
{
	const struct plan *p = a->plan;

	memset(a->meets, 0, p->nrots * LANES * sizeof(*a->meets));
	memset(a->turns, 0, a->nsteps * group_size(p) * sizeof(*a->turns));
	if (a->each.mixed != NULL)
		memset(a->each.mixed, 0,
		    (size_t)p->nparams * LANES * sizeof(*a->each.mixed));
}

void
adjoint_collect(struct adjoint *a, const struct bind *b, double *grad)
{
	const struct plan *p = a->plan;
	size_t k;

	for (k = 0; k < a->nsteps; k++) {
		collect_rots(a, b, &p->steps[k], grad);
		collect_phases(a, b, k, grad);
	}
	for (k = 0; a->each.mixed != NULL && k < p->nparams; k++)
		grad[k] += lanes_total(&a->each.mixed[k * LANES]);
	forget(a);
}

static void
add_row(const struct bind *b, const struct circuit_angle *angle, double f,
    const double *row, double *grad)
{
	double *to = &grad[(size_t)angle->index * LANES];
	size_t i;

	if (angle->ref != CIRCUIT_PARAM)
		return;
	if (angle->by == CIRCUIT_CONST) {
		f *= angle->coef;
		for (i = 0; i < LANES; i++)
			to[i] += f * row[i];
		return;
	}
	for (i = 0; i < LANES; i++)
		bind_chain(b, angle, f * row[i], grad + i, LANES);
}

static void
collect_rots_lanes(struct adjoint *a, const struct bind *b,
    const struct plan_step *s, double *grad)
{
	const struct plan *p = a->plan;
	double shrink = 1.0;
	size_t i, r, t;

	for (i = s->block0; i < s->block0 + s->nblocks; i++) {
		size_t first = p->blocks[i].first;
		size_t end = first + p->blocks[i].walk.nrots;

		for (r = first; r < end; r++) {
			const struct plan_rot *rot = &p->rots[r];
			double f = b->rot_sign[r] * shrink;
			const double *row = &a->meets[r * LANES];

			add_row(b, &rot->angle, f, row, grad);
			t = rot->term0;
			for (; t < rot->term0 + rot->nterms; t++)
				add_row(b, &p->terms[t].angle, f, row, grad);
		}
		for (r = first; r < end; r++)
			shrink *= b->rot_cos[r] * b->rot_cos[r];
	}
}

static void
collect_phases_lanes(struct adjoint *a, const struct bind *b, size_t k,
    double *grad)
{
	const struct plan *p = a->plan;
	const struct plan_step *s = &p->steps[k];
	double *turns = a->turns + k * group_size(p);
	double shrink = b->shrink[k] * b->shrink[k];
	size_t i;

	if (s->nphases == 0)
		return;
	a->lanes->wht(turns, p->nqubits);
	for (i = s->phase0; i < s->phase0 + s->nphases; i++)
		add_row(b, &p->phases[i].angle, b->phase_sign[i] * shrink,
		    &turns[(size_t)p->phases[i].mask * LANES], grad);
}

void
adjoint_collect_lanes(struct adjoint *a, const struct bind *b, double *grad)
{
	const struct plan *p = a->plan;
	size_t n = (size_t)p->nparams * LANES, k;

	memset(grad, 0, n * sizeof(*grad));
	for (k = 0; k < a->nsteps; k++) {
		collect_rots_lanes(a, b, &p->steps[k], grad);
		collect_phases_lanes(a, b, k, grad);
	}
	for (k = 0; a->each.mixed != NULL && k < n; k++)
		grad[k] += a->each.mixed[k];
	forget(a);
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

/* The last diagonal's lanewise phases, on lane 0's amplitude. */
static void
turn_last(const struct adjoint *a, uint32_t x, double *to)
{
	const struct plan *p = a->plan;
	double h = each_phase(&a->each, p, p->nsteps - 1, x), cs[2];
	double re = to[0], im = to[1];

	if (p->steps[p->nsteps - 1].nlane_phases == 0)
		return;
	a->lanes->sincos(&h, cs, 1);
	to[0] = re * cs[0] - im * cs[1];
	to[1] = re * cs[1] + im * cs[0];
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

		to[0] = re;
		to[1] = im;
		if (a->nsteps == p->nsteps)
			continue;
		to[0] = fma(-im, tab[2 * x + 1], re * tab[2 * x]);
		to[1] = fma(re, tab[2 * x + 1], im * tab[2 * x]);
		turn_last(a, x, to);
	}
}
