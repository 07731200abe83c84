#include "sim/circuit/stage.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sim/circuit/amp_plan.h"
#include "sim/circuit/plan.h"

#define HALF_PI 0x1.921fb54442d18p+0
#define REST_MIN 0x1p-256

/* While the stages of a pass are made. */
struct maker {
	struct stages *of;
	const struct tile_pass *pass;
	const struct amp_bind *bind;
};

static uint32_t
odd(uint32_t x)
{
	return (uint32_t)__builtin_popcount(x) & 1;
}

/* Adds to the phase of that mask, if the stage has it. */
static void
add_term(struct maker *m, struct stage *s, uint32_t mask, double factor)
{
	struct term *t = &m->of->terms[s->term0], *end = t + s->nterms;

	while (t < end && t->global != mask)
		t++;
	if (t == end) {
		*t = (struct term){.global = mask};
		t->mask = tile_mask(m->pass, m->of->tiles->shape.dim, mask);
		s->nterms++;
	}
	t->factor += factor;
}

/* The Zs that the stage's rotations gave away, each exp(i pi/2 (1 - (-1)^
 * parity)). Returns the product of its cosines. */
static double
add_paulis(struct maker *m, const struct tile_stage *t, struct stage *s)
{
	const struct tile_block *blk = &m->of->tiles->blocks[t->block0];
	const struct tile_block *end = blk + t->nblocks;
	double own = 1.0;
	uint32_t i;

	for (; blk < end; blk++) {
		for (i = 0; i < blk->walk.nrots; i++) {
			uint32_t k = blk->walk.rot[i];
			const struct plan_rot *r = &m->of->tiles->plan->rots[k];
			uint32_t col = m->bind->of->plan->rots[k].col;

			own *= m->bind->angles.rot_cos[k];
			/* The rows of a step have no other column in common. */
			if (!odd(m->bind->angles.zmask[r->step] & col))
				continue;
			add_term(m, s, 0, HALF_PI);
			add_term(m, s, r->row, -HALF_PI);
		}
	}
	return own;
}

/* What of mask is not a sum of the group's; *slot gets the sum. */
static uint32_t
express(const struct group *g, uint32_t mask, uint32_t *slot)
{
	uint32_t lead[32] = {0}, from[32] = {0}, k, i, v = 0, f = 0;

	for (k = 0; k <= g->rank; k++) {
		v = k < g->rank ? g->mask[k] : mask;
		f = UINT32_C(1) << k;
		for (i = 32; i-- > 0;) {
			if ((v >> i & 1) != 0 && lead[i] != 0) {
				v ^= lead[i];
				f ^= from[i];
			}
		}
		if (k == g->rank)
			break;
		lead[31 - __builtin_clz(v)] = v;
		from[31 - __builtin_clz(v)] = f;
	}
	*slot = f ^ UINT32_C(1) << g->rank;
	return v;
}

/* Where the term costs no rank, or else where there is room. */
static void
choose_group(struct stage *s, struct term *t)
{
	uint32_t mask = t->mask >> AMP_LANE_QUBITS, slot;
	size_t g, at = AMP_TURNS_MAX;

	for (g = 0; g < s->ngroups; g++) {
		if (express(&s->group[g], mask, &slot) == 0)
			break;
		if (at == AMP_TURNS_MAX && s->group[g].rank < STAGE_GROUP_RANK)
			at = g;
	}
	if (g == s->ngroups && at < AMP_TURNS_MAX)
		g = at;
	if (g == s->ngroups)
		s->ngroups++;
	if (g == AMP_TURNS_MAX)
		return;
	if (express(&s->group[g], mask, &slot) != 0) {
		slot = UINT32_C(1) << s->group[g].rank;
		s->group[g].mask[s->group[g].rank++] = mask;
	}
	t->group = (uint32_t)g;
	t->slot = slot << AMP_LANE_QUBITS | (t->mask & (AMP_LANES - 1));
}

static void
make_groups(struct stages *of, struct stage *s)
{
	size_t i, g;
	uint32_t x, k, row;

	for (i = 0; i < s->nterms && s->ngroups <= AMP_TURNS_MAX; i++)
		choose_group(s, &of->terms[s->term0 + i]);
	for (g = 0; g < s->ngroups && g < AMP_TURNS_MAX; g++) {
		for (x = 0; x < STAGE_PART_ROWS; x++) {
			row = 0;
			for (k = 0; k < s->group[g].rank; k++)
				row |= odd(s->group[g].mask[k] & x) << k;
			s->group[g].row[x] = (uint8_t)row;
		}
	}
}

static void
set_stage(struct maker *m, size_t number, size_t term0)
{
	const struct tile_plan *tiles = m->of->tiles;
	const struct tile_stage *t = &tiles->stages[number];
	struct stage *s = &m->of->stages[number];
	double own;
	size_t i;

	memset(s, 0, sizeof(*s));
	s->term0 = term0;
	for (i = t->phase0; i < t->phase0 + t->nphases; i++)
		add_term(m, s, tiles->plan->phases[tiles->order[i]].mask,
		    m->bind->phase[tiles->order[i]]);
	s->scale = m->of->rest;
	own = add_paulis(m, t, s);
	s->diagonal = s->nterms > 0 || s->scale < REST_MIN;
	m->of->rest = s->diagonal ? own : own * m->of->rest;
	if (!s->diagonal)
		return;
	if (s->nterms == 0)
		add_term(m, s, 0, 0.0);
	make_groups(m->of, s);
}

void
stages_bind(struct stages *s, const struct tile_pass *pass,
    const struct amp_bind *b)
{
	struct maker m = {s, pass, b};
	size_t k, terms = 0;

	for (k = pass->stage0; k < pass->stage0 + pass->nstages; k++) {
		set_stage(&m, k, terms);
		terms += s->stages[k].nterms;
	}
}

int
stages_init(struct stages *s, const struct tile_plan *tiles)
{
	/* A Pauli may be a phase of its own; one more is for the identity. */
	size_t terms = tiles->norder + tiles->plan->nrots + 2 * tiles->nstages;

	*s = (struct stages){.tiles = tiles, .rest = 1.0};
	s->stages = calloc(tiles->nstages + 1, sizeof(*s->stages));
	s->terms = calloc(terms + 1, sizeof(*s->terms));
	if (s->stages != NULL && s->terms != NULL)
		return 0;
	stages_close(s);
	return -ENOMEM;
}

void
stages_close(struct stages *s)
{
	free(s->stages);
	free(s->terms);
	*s = (struct stages)STAGES_INIT;
}
