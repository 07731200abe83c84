#include "sim/gradient/each.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sim/circuit/bind.h"
#include "sim/circuit/plan.h"
#include "sim/state/lanes.h"

static uint32_t
rank_max(const struct plan *p)
{
	uint32_t max = 0;
	size_t k;

	for (k = 0; k < p->nsteps; k++) {
		if (p->steps[k].spread.rank > max)
			max = p->steps[k].spread.rank;
	}
	return max;
}

int
each_init(struct each *e, const struct plan *p)
{
	size_t nangles = p->nrots + p->nphases, n = (size_t)LANES << p->nqubits;
	size_t table = (size_t)LANES << rank_max(p);

	*e = (struct each)EACH_INIT;
	e->one = 1.0;
	if (!p->lanewise)
		return 0;
	e->x = lanes_alloc(LANES * (size_t)p->nfeatures);
	e->half = lanes_alloc(LANES * nangles);
	e->cs = lanes_alloc(2 * LANES * nangles);
	e->table = lanes_alloc(2 * table);
	e->work = lanes_alloc(table);
	e->own = lanes_alloc(n);
	e->mixed = lanes_alloc(LANES * (size_t)p->nparams);
	if (e->x == NULL || e->half == NULL || e->cs == NULL ||
	    e->table == NULL || e->work == NULL || e->own == NULL ||
	    e->mixed == NULL) {
		each_close(e);
		return -ENOMEM;
	}
	return 0;
}

int
each_want_inputs(struct each *e, const struct plan *p)
{
	if (e->dx == NULL)
		e->dx = lanes_alloc(LANES * (size_t)p->nfeatures);
	if (e->own == NULL)
		e->own = lanes_alloc((size_t)LANES << p->nqubits);
	return e->dx == NULL || e->own == NULL ? -ENOMEM : 0;
}

void
each_close(struct each *e)
{
	free(e->x);
	free(e->half);
	free(e->cs);
	free(e->table);
	free(e->work);
	free(e->own);
	free(e->mixed);
	free(e->dx);
	*e = (struct each)EACH_INIT;
}

/* The factor's value: lanes times step apart, 0 for what all share. */
static const double *
factor_of(const struct each *e, const struct bind *b, enum circuit_ref ref,
    uint32_t index, size_t *step)
{
	*step = ref == CIRCUIT_FEATURE ? 1 : 0;
	if (ref == CIRCUIT_FEATURE)
		return &e->x[(size_t)index * LANES];
	return ref == CIRCUIT_PARAM ? &b->theta[index] : &e->one;
}

/* row += f * angle. */
static void
add_angle(const struct each *e, const struct bind *b,
    const struct circuit_angle *a, double f, double *row)
{
	size_t su, sv, i;
	const double *u = factor_of(e, b, a->ref, a->index, &su);
	const double *v = factor_of(e, b, a->by, a->by_index, &sv);
	double coef = a->ref == CIRCUIT_CONST ? 0.0 : a->coef;

	for (i = 0; i < LANES; i++)
		row[i] += f * (coef * (u[i * su] * v[i * sv]) + a->offset);
}

static void
set_angles(struct each *e, const struct plan *p, const struct bind *b)
{
	size_t i, t;
	double *phases = e->half + p->nrots * LANES;

	memset(e->half, 0, (p->nrots + p->nphases) * LANES * sizeof(*e->half));
	for (i = 0; i < p->nrots; i++) {
		const struct plan_rot *r = &p->rots[i];
		double f = 0.5 * b->rot_sign[i], *row = &e->half[i * LANES];

		if (!r->lane)
			continue;
		add_angle(e, b, &r->angle, f, row);
		for (t = r->term0; t < r->term0 + r->nterms; t++)
			add_angle(e, b, &p->terms[t].angle, f, row);
	}
	for (i = 0; i < p->nphases; i++) {
		if (p->phases[i].lane)
			add_angle(e, b, &p->phases[i].angle,
			    -0.5 * b->phase_sign[i], &phases[i * LANES]);
	}
}

void
each_load(struct each *e, const struct plan *p, const struct bind *b,
    const struct lanes *lanes, const double *const *rows)
{
	size_t i, k;

	if (!p->lanewise)
		return;
	for (i = 0; i < LANES; i++) {
		for (k = 0; k < p->nfeatures; k++)
			e->x[k * LANES + i] =
			    rows[i] == NULL ? 0.0 : rows[i][k];
	}
	set_angles(e, p, b);
	for (k = 0; k < p->nsteps; k++) {
		const struct plan_step *s = &p->steps[k];
		size_t r = s->lane_rot0, ph = p->nrots + s->lane_phase0;

		lanes->sincos_rows(&e->half[r * LANES], &e->cs[2 * r * LANES],
		    s->nlane_rots);
		lanes->sincos_rows(&e->half[ph * LANES], &e->cs[2 * ph * LANES],
		    s->nlane_phases);
	}
}

static void
make_table(struct each *e, const struct plan *p, const struct lanes *lanes,
    const struct plan_step *s)
{
	size_t first = p->nrots + s->lane_phase0;
	struct spread_rows rows = {.half = &e->half[first * LANES],
	    .cs = &e->cs[2 * first * LANES],
	    .n = s->nlane_phases,
	    .work = e->work};

	spread_table(&s->spread, lanes, &rows, e->table);
}

void
each_diag(struct each *e, const struct plan *p, const struct lanes *lanes,
    size_t step, double *const amp[2])
{
	const struct plan_step *s = &p->steps[step];

	if (s->nlane_phases == 0)
		return;
	make_table(e, p, lanes, s);
	lanes->diag_each(amp, e->table, s->spread.turn,
	    (size_t)1 << p->nqubits);
}

void
each_diag_undo(struct each *e, const struct plan *p, const struct lanes *lanes,
    size_t step, const struct each_pair *pair)
{
	const struct plan_step *s = &p->steps[step];

	if (s->nlane_phases == 0)
		return;
	make_table(e, p, lanes, s);
	lanes->diag_each_undo(pair->psi, pair->lambda, e->table, s->spread.turn,
	    (size_t)1 << p->nqubits);
}

void
each_ry(struct each *e, const struct plan *p, const struct lanes *lanes,
    size_t step, double *const amp[2])
{
	const struct plan_step *s = &p->steps[step];
	size_t i, c;

	for (i = s->lane_block0; i < s->lane_block0 + s->nlane_blocks; i++) {
		const struct plan_block *blk = &p->blocks[i];

		for (c = 0; c < 2; c++)
			lanes->ry_each(amp[c], &blk->walk,
			    &e->cs[2 * (size_t)blk->first * LANES]);
	}
}

void
each_ry_undo(struct each *e, const struct plan *p, const struct lanes *lanes,
    size_t step, const struct each_pair *pair)
{
	const struct plan_step *s = &p->steps[step];
	size_t i, c;

	for (i = s->lane_block0; i < s->lane_block0 + s->nlane_blocks; i++) {
		const struct plan_block *blk = &p->blocks[i];
		size_t first = blk->first;

		for (c = 0; c < 2; c++) {
			double *const pl[2] = {pair->psi[c], pair->lambda[c]};

			lanes->ry_each_undo(pl, &blk->walk,
			    &e->cs[2 * first * LANES],
			    &pair->meets[first * LANES]);
		}
	}
}

bool
each_looks(const struct each *e, const struct plan *p, size_t step)
{
	const struct plan_step *s = &p->steps[step];
	size_t i;

	for (i = s->lane_phase0; i < s->lane_phase0 + s->nlane_phases; i++) {
		const struct circuit_angle *a = &p->phases[i].angle;

		if (e->dx != NULL || a->ref == CIRCUIT_PARAM ||
		    a->by == CIRCUIT_PARAM)
			return true;
	}
	return false;
}

/* to[ref] += f * row * other factor. */
static void
credit_factor(struct each *e, enum circuit_ref ref, uint32_t index,
    const double *term)
{
	double *to = ref == CIRCUIT_PARAM ? e->mixed
	    : ref == CIRCUIT_FEATURE      ? e->dx
					  : NULL;
	size_t i;

	if (to == NULL)
		return;
	to += (size_t)index * LANES;
	for (i = 0; i < LANES; i++)
		to[i] += term[i];
}

void
each_credit(struct each *e, const struct bind *b, const struct circuit_angle *a,
    double factor, const double *row)
{
	double f = a->coef * factor, term[LANES];
	const double *other;
	size_t step, i;

	if (a->ref == CIRCUIT_CONST)
		return;
	other = factor_of(e, b, a->by, a->by_index, &step);
	for (i = 0; i < LANES; i++)
		term[i] = f * (row[i] * other[i * step]);
	credit_factor(e, a->ref, a->index, term);
	if (a->by == CIRCUIT_CONST)
		return;
	other = factor_of(e, b, a->ref, a->index, &step);
	for (i = 0; i < LANES; i++)
		term[i] = f * (row[i] * other[i * step]);
	credit_factor(e, a->by, a->by_index, term);
}

void
each_credit_rots(struct each *e, const struct plan *p, const struct bind *b,
    size_t step, double *meets)
{
	const struct plan_step *s = &p->steps[step];
	double shrink = b->shrink[step] * b->shrink[step];
	size_t i, t;

	for (i = s->lane_rot0; i < s->lane_rot0 + s->nlane_rots; i++) {
		const struct plan_rot *r = &p->rots[i];
		double f = b->rot_sign[i] * shrink;

		each_credit(e, b, &r->angle, f, &meets[i * LANES]);
		for (t = r->term0; t < r->term0 + r->nterms; t++)
			each_credit(e, b, &p->terms[t].angle, f,
			    &meets[i * LANES]);
	}
	memset(&meets[s->lane_rot0 * LANES], 0,
	    s->nlane_rots * LANES * sizeof(*meets));
}

void
each_credit_phases(struct each *e, const struct plan *p, const struct bind *b,
    size_t step)
{
	const struct plan_step *s = &p->steps[step];
	double shrink = b->shrink[step] * b->shrink[step];
	size_t i;

	for (i = s->lane_phase0; i < s->lane_phase0 + s->nlane_phases; i++) {
		const struct plan_phase *ph = &p->phases[i];

		each_credit(e, b, &ph->angle, b->phase_sign[i] * shrink,
		    &e->own[(size_t)ph->mask * LANES]);
	}
}

double
each_phase(const struct each *e, const struct plan *p, size_t step, size_t x)
{
	const struct plan_step *s = &p->steps[step];
	double sum = 0.0;
	size_t i;

	for (i = s->lane_phase0; i < s->lane_phase0 + s->nlane_phases; i++) {
		double h = e->half[(p->nrots + i) * LANES];
		uint32_t in = p->phases[i].mask & (uint32_t)x;

		sum += (__builtin_popcount(in) & 1) != 0 ? -h : h;
	}
	return sum;
}
