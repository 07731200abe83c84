#include "sim/circuit/tile.h"

#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "sim/circuit/plan.h"

/* A subspace in the making: echelon[i] has leading bit i and is the sum of the
 * basis vectors named by combo[i]. */
struct space {
	uint32_t dim, line;
	uint32_t basis[TILE_MAX_QUBITS];
	uint32_t echelon[32], combo[32];
};

static bool
odd(uint32_t x)
{
	return (__builtin_popcount(x) & 1) != 0;
}

/* What of v is not in s; *u: coordinates of the rest. */
static uint32_t
reduce(const struct space *s, uint32_t v, uint32_t *u)
{
	uint32_t i;

	*u = 0;
	for (i = 32; i-- > 0;) {
		if ((v >> i & 1) != 0 && s->echelon[i] != 0) {
			v ^= s->echelon[i];
			*u ^= s->combo[i];
		}
	}
	return v;
}

static void
extend(struct space *s, uint32_t v)
{
	uint32_t u, rest = reduce(s, v, &u);
	uint32_t top = 31 - (uint32_t)__builtin_clz(rest);

	assert(rest != 0);
	s->echelon[top] = rest;
	s->combo[top] = u ^ UINT32_C(1) << s->dim;
	s->basis[s->dim++] = v;
}

static void
space_init(struct space *s, uint32_t line)
{
	uint32_t i;

	*s = (struct space){.line = line};
	for (i = 0; i < line; i++)
		extend(s, UINT32_C(1) << i);
}

/* Without the bits of a line, which are in the space anyway. */
static uint32_t
beyond_line(const struct space *s, uint32_t v)
{
	return v >> s->line << s->line;
}

/* Steps that one pass looks ahead. */
#define WINDOW 5

struct cut {
	struct tile_plan *t;
	const struct plan *p;
	struct space space;
	bool *rot_done, *phase_done; /* of the plan; twice as long */
	bool *rot_now, *phase_now;   /* of the stage in the making */
	bool *phase_ready;           /* now */
	size_t left;                 /* rotations */
	/* Of the window: from the first step with something left. */
	size_t rot0, rot_end, phase0, phase_end;
};

static void
set_window(struct cut *c)
{
	const struct plan *p = c->p;
	uint32_t end;

	while (c->rot0 < p->nrots && c->rot_done[c->rot0])
		c->rot0++;
	while (c->phase0 < p->nphases && c->phase_done[c->phase0])
		c->phase0++;
	end = (c->rot0 < p->nrots ? p->rots[c->rot0].step : 0) + WINDOW;
	c->rot_end = c->rot0;
	while (c->rot_end < p->nrots && p->rots[c->rot_end].step < end)
		c->rot_end++;
	c->phase_end = c->phase0;
	while (c->phase_end < p->nphases && p->phases[c->phase_end].step < end)
		c->phase_end++;
}

/* Nothing before phase i that it does not commute with is left. */
static bool
phase_ready(const struct cut *c, size_t i)
{
	const struct plan_phase *ph = &c->p->phases[i];
	size_t r;

	for (r = c->rot0; r < c->rot_end; r++) {
		if (c->p->rots[r].step >= ph->step)
			break;
		if (!c->rot_done[r] && odd(ph->mask & c->p->rots[r].col))
			return false;
	}
	return true;
}

static bool
commute(const struct plan_rot *a, const struct plan_rot *b)
{
	return !odd(a->row & b->col) && !odd(b->row & a->col);
}

/* Nothing but phases that are ready stands before rotation i. */
static bool
rot_ready(const struct cut *c, size_t i)
{
	const struct plan_rot *r = &c->p->rots[i];
	const struct plan_phase *ph = c->p->phases;
	size_t k;

	for (k = c->rot0; k < i && c->p->rots[k].step < r->step; k++) {
		if (!c->rot_done[k] && !commute(r, &c->p->rots[k]))
			return false;
	}
	for (k = c->phase0; k < c->phase_end && ph[k].step <= r->step; k++) {
		if (!c->phase_done[k] && odd(ph[k].mask & r->col) &&
		    !c->phase_ready[k])
			return false;
	}
	return true;
}

/* Marks rotation i and the phases it needs, if it can be of this stage. */
static bool
take(struct cut *c, size_t i)
{
	const struct plan_rot *r = &c->p->rots[i];
	const struct plan_phase *ph = c->p->phases;
	struct space *s = &c->space;
	uint32_t u, v = beyond_line(s, r->col);
	bool fresh;
	size_t k;

	if (c->rot_done[i] || c->rot_now[i])
		return false;
	fresh = reduce(s, v, &u) != 0;
	if ((fresh && s->dim == c->t->shape.dim) || !rot_ready(c, i))
		return false;
	if (fresh)
		extend(s, v);
	c->rot_now[i] = true;
	for (k = c->phase0; k < c->phase_end && ph[k].step <= r->step; k++) {
		if (!c->phase_done[k] && odd(ph[k].mask & r->col))
			c->phase_now[k] = true;
	}
	return true;
}

/* The rest of a basis of all addresses. */
static void
complete(const struct space *s, uint32_t nqubits, uint32_t *outer)
{
	struct space all = *s;
	uint32_t i, u, n = 0;

	for (i = s->line; i < nqubits; i++) {
		uint32_t v = UINT32_C(1) << i, rest = reduce(&all, v, &u);

		if (rest == 0)
			continue;
		all.echelon[31 - __builtin_clz(rest)] = rest;
		outer[n++] = v;
	}
	assert(n + s->dim == nqubits);
}

static bool
fits(const struct amp_block *b, uint32_t col)
{
	uint32_t i;

	if (b->nrots == AMP_RY_ROTS ||
	    b->inner != (col >> AMP_LANE_QUBITS == 0))
		return false;
	for (i = 0; i < UINT32_C(1) << b->nrots && !b->inner; i++) {
		if ((b->off[i] ^ col) >> AMP_LANE_QUBITS == 0)
			return false;
	}
	return true;
}

/* Puts a rotation (row, col in coordinates) into the first block from at on
 * that takes it. */
static void
join(struct cut *c, size_t at, uint32_t nqubits, const uint32_t rowcol[2],
    size_t rot)
{
	uint32_t row[AMP_RY_ROTS], mask = (UINT32_C(1) << nqubits) - 1, r;
	struct tile_block *b = &c->t->blocks[at];
	struct tile_block *end = &c->t->blocks[c->t->nblocks];

	while (b < end && !fits(&b->walk, rowcol[1]))
		b++;
	if (b == end) {
		memset(b, 0, sizeof(*b));
		c->t->nblocks++;
	}
	b->row[b->walk.nrots] = rowcol[0];
	b->walk.col[b->walk.nrots] = rowcol[1];
	b->walk.rot[b->walk.nrots++] = (uint32_t)rot;
	for (r = 0; r < b->walk.nrots; r++)
		row[r] = b->row[r] & mask;
	amp_block_set(&b->walk, nqubits, row, b->walk.col);
}

/* The marked rotations whose columns are within the inner coordinates, or the
 * others. */
static void
make_blocks(struct cut *c, const struct tile_pass *pass, bool inner)
{
	const struct tile_shape *shape = &c->t->shape;
	size_t at = c->t->nblocks, i;
	uint32_t rowcol[2];

	for (i = c->rot0; i < c->rot_end; i++) {
		const struct plan_rot *r = &c->p->rots[i];

		if (!c->rot_now[i])
			continue;
		(void)reduce(&c->space, r->col, &rowcol[1]);
		if ((rowcol[1] >> shape->inner == 0) != inner)
			continue;
		rowcol[0] = tile_mask(pass, shape->dim, r->row);
		join(c, at, inner ? shape->inner : shape->dim, rowcol, i);
	}
}

/* Rotations in order of the plan, so that early steps get the dimensions. */
static bool
pick(struct cut *c)
{
	bool some = false;
	size_t i;

	memset(c->rot_now, 0, c->p->nrots * sizeof(*c->rot_now));
	memset(c->phase_now, 0, c->p->nphases * sizeof(*c->phase_now));
	set_window(c);
	for (i = c->phase0; i < c->phase_end; i++)
		c->phase_ready[i] = !c->phase_done[i] && phase_ready(c, i);
	for (i = c->rot0; i < c->rot_end; i++)
		some = take(c, i) || some;
	return some;
}

static void
settle(struct cut *c, struct tile_stage *s)
{
	size_t i;

	s->phase0 = c->t->norder;
	for (i = 0; i < c->p->nphases; i++) {
		if (c->phase_now[i]) {
			c->t->order[c->t->norder++] = (uint32_t)i;
			c->phase_done[i] = true;
		}
	}
	s->nphases = c->t->norder - s->phase0;
	for (i = 0; i < c->p->nrots; i++) {
		if (c->rot_now[i]) {
			c->rot_done[i] = true;
			c->left--;
		}
	}
}

uint32_t
tile_mask(const struct tile_pass *t, uint32_t dim, uint32_t mask)
{
	uint32_t j, m = 0;

	for (j = 0; j < dim; j++)
		m |= (odd(mask & t->basis[j]) ? UINT32_C(1) : 0) << j;
	return m;
}

static void
fill_up(const struct cut *c, struct space *s)
{
	uint32_t u, i;

	for (i = s->line; s->dim < c->t->shape.dim; i++) {
		if (reduce(s, UINT32_C(1) << i, &u) != 0)
			extend(s, UINT32_C(1) << i);
	}
}

/* Stages are found twice: what they are decides the basis, in whose
 * coordinates the blocks are. */
static void
find_space(struct cut *c)
{
	size_t nrots = c->p->nrots, nphases = c->p->nphases;
	size_t left = c->left, norder = c->t->norder;
	size_t rot0 = c->rot0, phase0 = c->phase0;
	struct tile_stage unused;
	bool *kept = c->rot_done + nrots,
	     *kept_phases = c->phase_done + nphases;

	memcpy(kept, c->rot_done, nrots * sizeof(*kept));
	memcpy(kept_phases, c->phase_done, nphases * sizeof(*kept));
	space_init(&c->space, c->t->shape.line);
	while (pick(c))
		settle(c, &unused);
	fill_up(c, &c->space);
	memcpy(c->rot_done, kept, nrots * sizeof(*kept));
	memcpy(c->phase_done, kept_phases, nphases * sizeof(*kept));
	c->rot0 = rot0;
	c->phase0 = phase0;
	c->left = left;
	c->t->norder = norder;
}

static void
add_pass(struct cut *c)
{
	struct tile_pass *t = &c->t->passes[c->t->npasses++];
	struct tile_stage *s;

	memset(t, 0, sizeof(*t));
	find_space(c);
	memcpy(t->basis, c->space.basis, sizeof(t->basis));
	complete(&c->space, c->p->nqubits, t->outer);
	t->stage0 = c->t->nstages;
	while (pick(c)) {
		s = &c->t->stages[c->t->nstages++];
		settle(c, s);
		s->block0 = c->t->nblocks;
		make_blocks(c, t, true);
		s->ninner = c->t->nblocks - s->block0;
		make_blocks(c, t, false);
		s->nblocks = c->t->nblocks - s->block0;
	}
	t->nstages = c->t->nstages - t->stage0;
}

static int
open_arrays(struct tile_plan *t, struct cut *c)
{
	size_t n = t->plan->nrots + 1;

	/* A pass, a stage, a block has one rotation at least. */
	t->passes = calloc(n, sizeof(*t->passes));
	t->stages = calloc(n, sizeof(*t->stages));
	t->blocks = aligned_alloc(LANES_ALIGN, n * sizeof(*t->blocks));
	t->order = calloc(t->plan->nphases + 1, sizeof(*t->order));
	c->rot_done = calloc(2 * n, sizeof(*c->rot_done));
	c->rot_now = calloc(n, sizeof(*c->rot_now));
	n = t->plan->nphases + 1;
	c->phase_done = calloc(2 * n, sizeof(*c->phase_done));
	c->phase_now = calloc(n, sizeof(*c->phase_now));
	c->phase_ready = calloc(n, sizeof(*c->phase_ready));
	return t->passes == NULL || t->stages == NULL || t->blocks == NULL ||
		t->order == NULL || c->rot_done == NULL || c->rot_now == NULL ||
		c->phase_done == NULL || c->phase_now == NULL ||
		c->phase_ready == NULL
	    ? -ENOMEM
	    : 0;
}

int
tile_plan_init(struct tile_plan *t, const struct plan *p,
    const struct tile_shape *shape, size_t first)
{
	struct cut c = {.t = t, .p = p};
	size_t i;
	int rc;

	*t = (struct tile_plan){.plan = p, .shape = *shape};
	rc = open_arrays(t, &c);
	if (rc < 0)
		goto out;
	for (i = 0; i < p->nphases; i++)
		c.phase_done[i] = p->phases[i].step < first;
	for (i = 0; i < p->nrots; i++) {
		c.rot_done[i] = p->rots[i].step < first;
		c.left += c.rot_done[i] ? 0 : 1;
	}
	do
		add_pass(&c);
	while (c.left > 0);
out:
	free(c.rot_done);
	free(c.rot_now);
	free(c.phase_done);
	free(c.phase_now);
	free(c.phase_ready);
	if (rc < 0)
		tile_plan_close(t);
	return rc;
}

void
tile_plan_close(struct tile_plan *t)
{
	free(t->passes);
	free(t->stages);
	free(t->blocks);
	free(t->order);
	*t = (struct tile_plan)TILE_PLAN_INIT;
}
