#include "sim/circuit/amp_plan.h"

#include <assert.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sim/circuit/plan.h"
#include "sim/state/mathfun.h"

#define HALF_PI 0x1.921fb54442d18p+0

static bool
odd(uint32_t x)
{
	return (__builtin_popcount(x) & 1) != 0;
}

static bool
within_row(const struct plan_rot *r)
{
	return r->col >> AMP_LANE_QUBITS == 0;
}

/* Whether r may join: the parts beyond the lanes stay independent. */
static bool
fits(const struct amp_block *b, const struct plan_rot *r)
{
	uint32_t i;

	if (b->nrots == AMP_BLOCK_ROTS || b->inner != within_row(r))
		return false;
	for (i = 0; i < 8 && !b->inner; i++) {
		if (i < UINT32_C(1) << b->nrots &&
		    (b->off[i] ^ r->col) >> AMP_LANE_QUBITS == 0)
			return false;
	}
	return true;
}

static void
join(struct amp_block *b, const struct plan *p, size_t rot)
{
	const struct plan_rot *r = &p->rots[rot];
	uint32_t row[AMP_BLOCK_ROTS], col[AMP_BLOCK_ROTS], i;

	b->rot[b->nrots++] = (uint32_t)rot;
	for (i = 0; i < b->nrots; i++) {
		row[i] = p->rots[b->rot[i]].row;
		col[i] = p->rots[b->rot[i]].col;
	}
	b->inner = within_row(r);
	amp_block_set(b, p->nqubits, row, col);
}

/* Each rotation joins the first block of the step that takes it. */
static size_t
make_blocks(struct amp_plan *a, const struct plan_step *s, size_t at)
{
	size_t r, i, end = at;

	for (r = s->rot0; r < s->lane_rot0 + s->nlane_rots; r++) {
		for (i = at; i < end; i++) {
			if (fits(&a->blocks[i], &a->plan->rots[r]))
				break;
		}
		join(&a->blocks[i], a->plan, r);
		if (i == end)
			end++;
	}
	return end;
}

static bool
is_unit(uint32_t x)
{
	return x != 0 && (x & (x - 1)) == 0;
}

static bool
is_product(const struct plan *p)
{
	const struct plan_step *s = &p->steps[0];
	size_t i;

	if (p->start != CIRCUIT_ZERO)
		return false;
	for (i = s->phase0; i < s->lane_phase0 + s->nlane_phases; i++) {
		if (!is_unit(p->phases[i].mask))
			return false;
	}
	for (i = s->rot0; i < s->lane_rot0 + s->nlane_rots; i++) {
		if (!is_unit(p->rots[i].row) ||
		    p->rots[i].row != p->rots[i].col)
			return false;
	}
	return true;
}

int
amp_plan_init(struct amp_plan *a, const struct plan *p)
{
	size_t bytes = (p->nrots + 1) * sizeof(*a->blocks), k;

	*a = (struct amp_plan)AMP_PLAN_INIT;
	if (p->nqubits < AMP_PLAN_MIN_QUBITS)
		return -ENOTSUP;
	a->plan = p;
	a->blocks = aligned_alloc(LANES_ALIGN, bytes);
	a->block0 = calloc(p->nsteps + 1, sizeof(*a->block0));
	if (a->blocks == NULL || a->block0 == NULL) {
		amp_plan_close(a);
		return -ENOMEM;
	}
	memset(a->blocks, 0, bytes);
	for (k = 0; k < p->nsteps; k++)
		a->block0[k + 1] = make_blocks(a, &p->steps[k], a->block0[k]);
	a->product = is_product(p);
	return 0;
}

void
amp_plan_close(struct amp_plan *a)
{
	free(a->blocks);
	free(a->block0);
	*a = (struct amp_plan)AMP_PLAN_INIT;
}

uint64_t
amp_bind_table_bytes(const struct plan *p)
{
	if (p->nqubits > AMP_TABLE_QUBITS || p->lanewise)
		return 0;
	return (uint64_t)(p->nsteps * 2 + 1) * 8 << p->nqubits;
}

int
amp_bind_init(struct amp_bind *b, const struct amp_plan *of,
    const struct amp *amp)
{
	const struct plan *p = of->plan;
	int rc;

	*b = (struct amp_bind)AMP_BIND_INIT;
	b->of = of;
	b->amp = amp;
	rc = p->lanewise ? bind_init_sample(&b->angles, p)
			 : bind_init_angles(&b->angles, p);
	if (rc < 0)
		return rc;
	b->phase = lanes_alloc(p->nphases);
	if (amp_bind_table_bytes(p) > 0)
		b->tables = lanes_alloc((p->nsteps * 2 + 1) << p->nqubits);
	if (b->phase == NULL ||
	    (amp_bind_table_bytes(p) > 0 && b->tables == NULL)) {
		amp_bind_close(b);
		return -ENOMEM;
	}
	return 0;
}

void
amp_bind_close(struct amp_bind *b)
{
	bind_close(&b->angles);
	free(b->phase);
	free(b->tables);
	*b = (struct amp_bind)AMP_BIND_INIT;
}

uint32_t
amp_chunk_qubits(const struct plan *p)
{
	return p->nqubits < AMP_CHUNK_QUBITS ? p->nqubits : AMP_CHUNK_QUBITS;
}

static void
add_term(const struct amp_bind *b, size_t h, uint32_t mask, double f,
    double *work)
{
	uint32_t c = amp_chunk_qubits(b->of->plan);
	uint32_t low = (UINT32_C(1) << c) - 1;

	work[mask & low] += odd((uint32_t)h & mask >> c) ? -f : f;
}

/* Phases of chunk h as sums over its masks; -1 for the Paulis that rotations
 * gave away is exp(i pi/2 (1 - (-1)^parity)). */
static void
chunk_phases(const struct amp_bind *b, size_t k, size_t h, double *work)
{
	const struct plan *p = b->of->plan;
	const struct plan_step *s = &p->steps[k];
	uint32_t z = b->angles.zmask[k], c = amp_chunk_qubits(p);
	size_t i;

	memset(work, 0, sizeof(*work) << c);
	if (z != 0) {
		add_term(b, h, 0, HALF_PI, work);
		add_term(b, h, z, -HALF_PI, work);
	}
	for (i = s->phase0; i < s->lane_phase0 + s->nlane_phases; i++)
		add_term(b, h, p->phases[i].mask, b->phase[i], work);
	b->amp->wht(work, c);
}

static void
fill_tables(struct amp_bind *b)
{
	const struct plan *p = b->of->plan;
	size_t n = (size_t)1 << p->nqubits, k, h;
	uint32_t c = amp_chunk_qubits(p);
	double *work = b->tables + p->nsteps * 2 * n;

	for (k = 0; k < p->nsteps; k++) {
		for (h = 0; h < n >> c; h++) {
			double *cosine = b->tables + 2 * k * n + (h << c);
			double *tab[2] = {cosine, cosine + n};

			chunk_phases(b, k, h, work);
			b->amp->cis(work, b->angles.shrink[k], tab,
			    (size_t)1 << c);
		}
	}
}

static void
set_phases(struct amp_bind *b)
{
	const struct plan *p = b->of->plan;
	size_t i;

	for (i = 0; i < p->nphases; i++)
		b->phase[i] = -0.5 * b->angles.phase_sign[i] *
		    bind_value(&b->angles, &p->phases[i].angle);
	if (b->tables != NULL)
		fill_tables(b);
}

void
amp_bind_set(struct amp_bind *b, const struct lanes *lanes, const double *theta)
{
	assert(!b->of->plan->lanewise);
	bind_set_angles(&b->angles, b->of->plan, lanes, theta);
	set_phases(b);
}

void
amp_bind_set_sample(struct amp_bind *b, const struct lanes *lanes,
    const double *theta, const double *x)
{
	bind_set_sample(&b->angles, b->of->plan, lanes, theta, x);
	set_phases(b);
}

void
amp_bind_chunk(const struct amp_bind *b, size_t k, size_t h, double *work,
    double *tab[2])
{
	const struct plan *p = b->of->plan;
	size_t n = (size_t)1 << p->nqubits;
	uint32_t c = amp_chunk_qubits(p);

	if (b->tables != NULL) {
		tab[0] = b->tables + 2 * k * n + (h << c);
		tab[1] = tab[0] + n;
		return;
	}
	tab[0] = work + ((size_t)1 << c);
	tab[1] = work + ((size_t)2 << c);
	chunk_phases(b, k, h, work);
	b->amp->cis(work, b->angles.shrink[k], tab, (size_t)1 << c);
}

/* v = RY tangent of (phase of v). */
static void
turn_qubit(const struct amp_bind *b, size_t rot, double *v)
{
	double t = b->angles.tangent[rot], f = b->angles.rot_cos[rot];
	size_t c;

	for (c = 0; c < 2; c++) {
		double x0 = v[c], x1 = v[2 + c];

		v[c] = f * fma(-t, x1, x0);
		v[2 + c] = f * fma(t, x0, x1);
	}
}

void
amp_bind_product(const struct amp_bind *b, const double *cs, double *v)
{
	const struct plan *p = b->of->plan;
	const struct plan_step *s = &p->steps[0];
	uint32_t n = p->nqubits, q;
	double half[CIRCUIT_MAX_QUBITS] = {0.0}, sine, cosine;
	size_t i;

	for (i = s->phase0; i < s->lane_phase0 + s->nlane_phases; i++)
		half[__builtin_ctz(p->phases[i].mask)] += b->phase[i];
	for (q = 0; q < n; q++) {
		double x0 = cs[2 * q], x1 = cs[2 * q + 1];

		if ((b->angles.zmask[0] >> q & 1) != 0)
			x1 = -x1;
		mathfun_sincos(half[q], &sine, &cosine);
		v[4 * q] = x0 * cosine;
		v[4 * q + 1] = x0 * sine;
		v[4 * q + 2] = x1 * cosine;
		v[4 * q + 3] = -x1 * sine;
	}
	for (i = s->rot0; i < s->lane_rot0 + s->nlane_rots; i++)
		turn_qubit(b, i, v + 4 * __builtin_ctz(p->rots[i].row));
}
