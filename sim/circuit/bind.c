#include "sim/circuit/bind.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "sim/circuit/plan.h"
#include "sim/state/lanes.h"

static bool
odd(uint32_t x)
{
	return (__builtin_popcount(x) & 1) != 0;
}

static double
factor(const struct bind *b, enum circuit_ref ref, uint32_t index)
{
	if (ref == CIRCUIT_PARAM)
		return b->theta[index];
	return ref == CIRCUIT_FEATURE && b->x != NULL ? b->x[index] : 1.0;
}

double
bind_value(const struct bind *b, const struct circuit_angle *a)
{
	if (a->ref == CIRCUIT_CONST)
		return a->offset;
	return a->coef *
	    (factor(b, a->ref, a->index) * factor(b, a->by, a->by_index)) +
	    a->offset;
}

void
bind_chain(const struct bind *b, const struct circuit_angle *a, double d,
    double *grad, size_t stride)
{
	if (a->ref != CIRCUIT_PARAM)
		return;
	d = a->coef * d;
	if (a->by != CIRCUIT_PARAM) {
		grad[a->index * stride] += d;
		return;
	}
	grad[a->index * stride] += b->theta[a->by_index] * d;
	grad[a->by_index * stride] += b->theta[a->index] * d;
}

static void
credit(enum circuit_ref ref, double *grad, double *dx, uint32_t index, double d)
{
	if (ref == CIRCUIT_PARAM)
		grad[index] += d;
	else if (ref == CIRCUIT_FEATURE && dx != NULL)
		dx[index] += d;
}

void
bind_credit(const struct bind *b, const struct circuit_angle *a, double d,
    double *grad, double *dx)
{
	d = a->coef * d;
	if (a->ref == CIRCUIT_CONST)
		return;
	credit(a->ref, grad, dx, a->index, factor(b, a->by, a->by_index) * d);
	credit(a->by, grad, dx, a->by_index, factor(b, a->ref, a->index) * d);
}

/* Scratch: one column of 2^n per lane with its sincos, or all rotations. */
static size_t
work_size(const struct plan *p)
{
	size_t n = ((size_t)LANES << p->nqubits) * 3;

	return n > 3 * p->nrots ? n : 3 * p->nrots;
}

static int
init(struct bind *b, const struct plan *p, size_t nwork)
{
	b->tangent = lanes_alloc(p->nrots);
	b->rot_sign = lanes_alloc(p->nrots);
	b->phase_sign = lanes_alloc(p->nphases);
	b->rot_cos = lanes_alloc(p->nrots);
	b->shrink = lanes_alloc(p->nsteps);
	b->zmask = calloc(p->nsteps, sizeof(*b->zmask));
	b->theta = lanes_alloc(p->nparams);
	b->work = lanes_alloc(nwork);
	if (b->tangent == NULL || b->rot_sign == NULL ||
	    b->phase_sign == NULL || b->rot_cos == NULL || b->shrink == NULL ||
	    b->zmask == NULL || b->theta == NULL || b->work == NULL) {
		bind_close(b);
		return -ENOMEM;
	}
	return 0;
}

int
bind_init(struct bind *b, const struct plan *p)
{
	size_t n = (size_t)1 << p->nqubits;

	*b = (struct bind)BIND_INIT;
	b->tables = lanes_alloc(p->nsteps * n * 2);
	if (b->tables == NULL)
		return -ENOMEM;
	return init(b, p, work_size(p));
}

int
bind_init_angles(struct bind *b, const struct plan *p)
{
	*b = (struct bind)BIND_INIT;
	return init(b, p, 3 * p->nrots);
}

int
bind_init_sample(struct bind *b, const struct plan *p)
{
	int rc = bind_init_angles(b, p);

	if (rc < 0)
		return rc;
	b->x = lanes_alloc(p->nfeatures);
	if (b->x == NULL) {
		bind_close(b);
		return -ENOMEM;
	}
	return 0;
}

void
bind_close(struct bind *b)
{
	free(b->tables);
	free(b->tangent);
	free(b->rot_sign);
	free(b->phase_sign);
	free(b->rot_cos);
	free(b->shrink);
	free(b->zmask);
	free(b->theta);
	free(b->x);
	free(b->work);
	*b = (struct bind)BIND_INIT;
}

/*
 * Rotation i with half angle (c, s). Past a quarter turn
 * RY(a) = RY(a - pi) X Z up to a global sign: Z joins the diagonal before it,
 * X moves every later address, this rotation's own included, which turns
 * RY(a - pi) into RY(pi - a), of tangent c / s.
 */
static void
set_rot(struct bind *b, const struct plan *p, size_t i, const double *cs)
{
	const struct plan_rot *r = &p->rots[i];
	double sign = odd(r->row & b->moved) ? -1.0 : 1.0;
	double c = cs[0], s = sign * cs[1];

	if (r->lane && b->x == NULL) {
		b->rot_sign[i] = sign;
		return;
	}
	if (fabs(c) >= fabs(s)) {
		b->tangent[i] = s / c;
		b->rot_cos[i] = fabs(c);
		b->rot_sign[i] = sign;
		return;
	}
	b->tangent[i] = c / s;
	b->rot_cos[i] = fabs(s);
	b->rot_sign[i] = -sign;
	b->moved ^= r->col;
	b->zmask[r->step] ^= r->row;
}

void
bind_set_angles(struct bind *b, const struct plan *p, const struct lanes *lanes,
    const double *theta)
{
	double *cs = b->work + p->nrots;
	size_t i, k;

	if (p->nparams > 0)
		memcpy(b->theta, theta, p->nparams * sizeof(*theta));
	for (i = 0; i < p->nrots; i++)
		b->work[i] = 0.5 * bind_value(b, &p->rots[i].angle);
	for (i = 0; i < p->nterms; i++)
		b->work[p->terms[i].rot] +=
		    0.5 * bind_value(b, &p->terms[i].angle);
	lanes->sincos(b->work, cs, p->nrots);
	b->moved = 0;
	for (k = 0; k < p->nsteps; k++) {
		const struct plan_step *s = &p->steps[k];

		b->zmask[k] = 0;
		b->shrink[k] = 1.0;
		i = s->phase0;
		for (; i < s->lane_phase0 + s->nlane_phases; i++)
			b->phase_sign[i] =
			    odd(p->phases[i].mask & b->moved) ? -1.0 : 1.0;
		for (i = s->rot0; i < s->lane_rot0 + s->nlane_rots; i++) {
			set_rot(b, p, i, &cs[2 * i]);
			if (!p->rots[i].lane || b->x != NULL)
				b->shrink[k] *= b->rot_cos[i];
		}
	}
}

void
bind_set_sample(struct bind *b, const struct plan *p, const struct lanes *lanes,
    const double *theta, const double *x)
{
	if (p->nfeatures > 0)
		memcpy(b->x, x, p->nfeatures * sizeof(*x));
	bind_set_angles(b, p, lanes, theta);
}

/* Steps k0 .. k0 + LANES - 1, one a lane: scatter the angles to their masks,
 * transform, and what stands at x is the phase of x. */
static void
set_tables(struct bind *b, const struct plan *p, const struct lanes *lanes,
    size_t k0)
{
	size_t n = (size_t)1 << p->nqubits, i, k, x;
	size_t kend = k0 + LANES < p->nsteps ? k0 + LANES : p->nsteps;
	double *cs = b->work + n * LANES;

	memset(b->work, 0, n * LANES * sizeof(*b->work));
	i = p->steps[k0].phase0;
	for (; i < p->nphases && p->phases[i].step < kend; i++) {
		const struct plan_phase *ph = &p->phases[i];

		if (ph->lane)
			continue;
		b->work[ph->mask * LANES + ph->step - k0] -=
		    0.5 * b->phase_sign[i] * bind_value(b, &ph->angle);
	}
	lanes->wht(b->work, p->nqubits);
	lanes->sincos(b->work, cs, n * LANES);
	for (k = k0; k < kend; k++) {
		double *t = b->tables + k * n * 2;
		uint32_t z = b->zmask[k];

		for (x = 0; x < n; x++) {
			const double *from = &cs[2 * (x * LANES + k - k0)];
			double f =
			    odd((uint32_t)x & z) ? -b->shrink[k] : b->shrink[k];

			t[2 * x] = f * from[0];
			t[2 * x + 1] = f * from[1];
		}
	}
}

void
bind_set(struct bind *b, const struct plan *p, const struct lanes *lanes,
    const double *theta)
{
	size_t k;

	bind_set_angles(b, p, lanes, theta);
	for (k = 0; k < p->nsteps; k += LANES)
		set_tables(b, p, lanes, k);
}
