#include "sim/circuit/tile.h"

#include <assert.h>
#include <errno.h>
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

struct cut {
	const struct plan *p;
	const struct tile_shape *shape;
	const struct plan_step *step;
	bool *done; /* of the step's rotations */
	size_t left;
};

/* Takes in rotations that cost no dimension, then one that does, and so on;
 * then fills up with unit vectors. */
static void
grow(const struct cut *c, struct space *s)
{
	size_t r, end = c->step->rot0 + c->step->nrots;
	uint32_t u, i;

	for (r = c->step->rot0; r < end && s->dim < c->shape->dim; r++) {
		uint32_t v = beyond_line(s, c->p->rots[r].col);

		if (!c->done[r - c->step->rot0] && reduce(s, v, &u) != 0)
			extend(s, v);
	}
	for (i = s->line; s->dim < c->shape->dim; i++) {
		if (reduce(s, UINT32_C(1) << i, &u) != 0)
			extend(s, UINT32_C(1) << i);
	}
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

struct member {
	uint32_t row, col; /* in the tile's coordinates */
	uint32_t rot;
};

static bool
fits(const struct amp_block *b, uint32_t col)
{
	uint32_t i;

	if (b->nrots == AMP_BLOCK_ROTS ||
	    b->inner != (col >> AMP_LANE_QUBITS == 0))
		return false;
	for (i = 0; i < UINT32_C(1) << b->nrots && !b->inner; i++) {
		if ((b->off[i] ^ col) >> AMP_LANE_QUBITS == 0)
			return false;
	}
	return true;
}

/* Puts m[n] into blocks of nqubits coordinates from number at on. */
static void
make_blocks(struct tile_pass *t, uint32_t nqubits, const struct member *m,
    size_t n)
{
	uint32_t row[AMP_BLOCK_ROTS], at = t->nblocks, i, r;
	uint32_t mask = (UINT32_C(1) << nqubits) - 1;
	size_t k;

	for (k = 0; k < n; k++) {
		for (i = at; i < t->nblocks; i++) {
			if (fits(&t->blocks[i], m[k].col))
				break;
		}
		assert(i < TILE_BLOCKS_MAX);
		if (i == t->nblocks)
			t->nblocks++;
		t->row[i][t->blocks[i].nrots] = m[k].row;
		t->blocks[i].col[t->blocks[i].nrots] = m[k].col;
		t->blocks[i].rot[t->blocks[i].nrots++] = m[k].rot;
		for (r = 0; r < t->blocks[i].nrots; r++)
			row[r] = t->row[i][r] & mask;
		amp_block_set(&t->blocks[i], nqubits, row, t->blocks[i].col);
	}
}

/* All rotations whose columns lie in s. */
static void
take_rots(struct cut *c, const struct space *s, struct tile_pass *t)
{
	struct member in[TILE_MAX_QUBITS], out[TILE_MAX_QUBITS];
	size_t r, nin = 0, nout = 0;

	for (r = 0; r < c->step->nrots; r++) {
		const struct plan_rot *rot = &c->p->rots[c->step->rot0 + r];
		struct member m = {.rot = (uint32_t)(c->step->rot0 + r)};

		if (c->done[r] || reduce(s, rot->col, &m.col) != 0)
			continue;
		m.row = tile_mask(t, s->dim, rot->row);
		if (m.col >> c->shape->inner == 0)
			in[nin++] = m;
		else
			out[nout++] = m;
		c->done[r] = true;
		c->left--;
	}
	make_blocks(t, c->shape->inner, in, nin);
	t->ninner = t->nblocks;
	make_blocks(t, s->dim, out, nout);
}

uint32_t
tile_mask(const struct tile_pass *t, uint32_t dim, uint32_t mask)
{
	uint32_t j, m = 0;

	for (j = 0; j < dim; j++)
		m |= (odd(mask & t->basis[j]) ? UINT32_C(1) : 0) << j;
	return m;
}

static int
add_pass(struct cut *c, size_t k, struct tile_pass **passes, size_t *n)
{
	size_t bytes = (*n + 1) * sizeof(**passes);
	struct tile_pass *all = aligned_alloc(LANES_ALIGN, bytes), *t;
	struct space s;

	if (all == NULL)
		return -ENOMEM;
	if (*n > 0)
		memcpy(all, *passes, *n * sizeof(*all));
	free(*passes);
	*passes = all;
	t = &all[*n];
	memset(t, 0, sizeof(*t));
	t->step = k;
	t->diagonal = *n == 0 || all[*n - 1].step != k;
	space_init(&s, c->shape->line);
	grow(c, &s);
	memcpy(t->basis, s.basis, sizeof(t->basis));
	complete(&s, c->p->nqubits, t->outer);
	take_rots(c, &s, t);
	++*n;
	return 0;
}

int
tile_plan_step(const struct plan *p, const struct tile_shape *shape, size_t k,
    struct tile_pass **passes, size_t *n)
{
	struct cut c = {.p = p, .shape = shape, .step = &p->steps[k]};
	int rc = 0;

	c.left = c.step->nrots;
	c.done = calloc(c.left + 1, sizeof(*c.done));
	if (c.done == NULL)
		return -ENOMEM;
	do
		rc = add_pass(&c, k, passes, n);
	while (rc == 0 && c.left > 0);
	free(c.done);
	return rc;
}
