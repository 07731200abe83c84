#include "sim/circuit/large.h"

#include <assert.h>
#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "sim/circuit/halves.h"
#include "sim/circuit/plan.h"
#include "sim/circuit/stage.h"
#include "sim/circuit/tile.h"
#include "sim/observable/zstring.h"
#include "sim/state/pool.h"

#define HUGE_PAGE ((size_t)1 << 21)
#define CHUNK_QUBITS 10
#define CACHED_QUBITS 20 /* a state that a last cache may hold */

struct worker {
	double *buffer; /* a tile: re, im */
	double *chunk;  /* phases, cosines, sines */
	double *tables; /* cosines and sines of AMP_TURNS_MAX factors */
};

/* Cosines and sines of a group's table. */
#define TABLE_SIZE ((size_t)STAGE_GROUP_ROWS * AMP_LANES)
#define TABLES_SIZE (2 * TABLE_SIZE * AMP_TURNS_MAX)

struct large {
	const struct amp_plan *of;
	struct large_options o;
	struct tile_plan tiles;
	struct halves start; /* in whose addresses all the rest is */
	double *state[2];
	struct worker *workers;
	uint32_t *offset; /* of the lines of a tile of the pass */
	uint32_t *order;  /* of the first pass: lines that share their lower
	                     half one after another */
	struct stages stages;
	double *sums; /* by tile and string */
	/* The run. */
	const struct amp_bind *bind;
	const struct tile_pass *pass;
	const struct zstring *strings;
	bool first, last;
};

static uint32_t
odd(uint32_t x)
{
	return (uint32_t)__builtin_popcount(x) & 1;
}

static size_t
ntiles(const struct large *l)
{
	return (size_t)1 << (l->of->plan->nqubits - l->tiles.shape.dim);
}

static size_t
nlines(const struct large *l)
{
	return (size_t)1 << (l->tiles.shape.dim - l->tiles.shape.line);
}

static void
set_offsets(struct large *l, const struct tile_pass *pass)
{
	uint32_t x, j, dim = l->tiles.shape.dim, line = l->tiles.shape.line;

	for (x = 0; x < nlines(l); x++) {
		l->offset[x] = 0;
		for (j = line; j < dim; j++)
			l->offset[x] ^=
			    (x >> (j - line) & 1) != 0 ? pass->basis[j] : 0;
	}
}

/* Each line that shares with none before it is followed by those that share
 * with it. */
static void
set_order(struct large *l)
{
	uint32_t n = (uint32_t)nlines(l), x, y, at = 0;

	set_offsets(l, &l->tiles.passes[0]);
	for (x = 0; x < n; x++) {
		y = 0;
		while (!halves_share(&l->start, l->offset[x], l->offset[y]))
			y++;
		for (y = y == x ? x : n; y < n; y++) {
			if (halves_share(&l->start, l->offset[x], l->offset[y]))
				l->order[at++] = y;
		}
	}
	assert(at == n);
}

static int
open_workers(struct large *l)
{
	size_t n = pool_threads(l->o.pool), i;

	l->workers = calloc(n, sizeof(*l->workers));
	for (i = 0; l->workers != NULL && i < n; i++) {
		l->workers[i].buffer =
		    lanes_alloc((size_t)2 << l->tiles.shape.dim);
		l->workers[i].chunk = lanes_alloc((size_t)3 << CHUNK_QUBITS);
		l->workers[i].tables = lanes_alloc(TABLES_SIZE);
		if (l->workers[i].buffer == NULL ||
		    l->workers[i].chunk == NULL || l->workers[i].tables == NULL)
			return -ENOMEM;
	}
	return l->workers == NULL ? -ENOMEM : 0;
}

static int
open_arrays(struct large *l)
{
	size_t n = (size_t)1 << l->of->plan->nqubits;

	l->state[0] = aligned_alloc(HUGE_PAGE,
	    (2 * n * sizeof(double) + HUGE_PAGE - 1) & ~(HUGE_PAGE - 1));
	l->offset = calloc(nlines(l), sizeof(*l->offset));
	l->order = calloc(nlines(l) + 1, sizeof(*l->order));
	if (l->state[0] == NULL || l->offset == NULL || l->order == NULL)
		return -ENOMEM;
	l->state[1] = l->state[0] + n;
	if (l->o.advise != NULL)
		l->o.advise(l->state[0], 2 * n * sizeof(double));
	return 0;
}

int
large_new(struct large **out, const struct amp_plan *of,
    const struct large_options *o)
{
	const struct plan *p = of->plan;
	struct tile_shape shape = {LARGE_TILE_QUBITS, LARGE_LINE_QUBITS,
	    LARGE_INNER_QUBITS};
	struct large *l = calloc(1, sizeof(*l));
	int rc = 0;

	*out = NULL;
	if (l == NULL)
		return -ENOMEM;
	l->of = of;
	l->o = *o;
	if (p->nqubits < LARGE_TILE_QUBITS)
		shape.dim = p->nqubits;
	if (p->nqubits < LARGE_MIN_QUBITS || p->start != CIRCUIT_ZERO ||
	    p->lanewise)
		rc = -ENOTSUP;
	if (rc == 0)
		rc = halves_init(&l->start, p,
		    of->product && p->nsteps > 1 ? 1 : 0);
	if (rc == 0)
		rc = tile_plan_init(&l->tiles, &l->start.later, &shape,
		    l->start.nsteps);
	if (rc == 0)
		rc = stages_init(&l->stages, &l->tiles);
	if (rc == 0)
		rc = open_arrays(l);
	if (rc == 0)
		rc = open_workers(l);
	if (rc < 0)
		large_free(l);
	else
		set_order(*out = l);
	return rc;
}

void
large_free(struct large *l)
{
	size_t i;

	if (l == NULL)
		return;
	for (i = 0; l->workers != NULL && i < pool_threads(l->o.pool); i++) {
		free(l->workers[i].buffer);
		free(l->workers[i].chunk);
		free(l->workers[i].tables);
	}
	free(l->workers);
	halves_close(&l->start);
	tile_plan_close(&l->tiles);
	stages_close(&l->stages);
	free(l->state[0]);
	free(l->offset);
	free(l->order);
	free(l->sums);
	free(l);
}

void
large_product(const double *v, uint32_t n, double *const out[2])
{
	size_t size = 1, x;
	uint32_t q;

	out[0][0] = 1.0;
	out[1][0] = 0.0;
	for (q = 0; q < n; q++, v += 4, size *= 2) {
		for (x = 0; x < size; x++) {
			double re = out[0][x], im = out[1][x];

			out[0][size + x] = fma(-im, v[3], re * v[2]);
			out[1][size + x] = fma(re, v[3], im * v[2]);
			out[0][x] = fma(-im, v[1], re * v[0]);
			out[1][x] = fma(re, v[1], im * v[0]);
		}
	}
}

static void
make_start(struct large *l, const double *row)
{
	const struct plan *p = l->of->plan;
	double v[4 * CIRCUIT_MAX_QUBITS] = {0.0};
	uint32_t q;

	if (l->start.nsteps > 0) {
		amp_bind_product(l->bind, row, v);
	} else {
		for (q = 0; q < p->nqubits; q++) {
			v[4 * q] = row[2 * q];
			v[4 * q + 2] = row[2 * q + 1];
		}
	}
	halves_make(&l->start, l->bind, v, l->state[0]);
}

/* The first tile is not read but made, two lines at a time if they share. */
static void
make_tile(const struct large *l, uint32_t base, double *const to[2])
{
	size_t n = nlines(l), i, k;
	uint32_t x[2];
	double *at[4];

	for (i = 0; i < n; i += x[0] == x[1] ? 1 : 2) {
		for (k = 0; k < 2; k++) {
			size_t j = l->order[i + k < n ? i + k : i];

			if (k == 1 &&
			    !halves_share(&l->start, x[0] ^ base, l->offset[j]))
				j = l->order[i];
			x[k] = base ^ l->offset[j];
			at[2 * k] = to[0] + j * AMP_LINE;
			at[2 * k + 1] = to[1] + j * AMP_LINE;
		}
		halves_lines(&l->start, l->bind->amp, x, at);
	}
}

static void
gather(const struct large *l, uint32_t base, double *const to[2])
{
	size_t i;

	for (i = 0; i < 2; i++)
		l->bind->amp->gather(to[i], l->state[i], l->offset, base,
		    nlines(l));
}

static void
scatter(const struct large *l, uint32_t base, double *const from[2])
{
	const struct amp *amp = l->bind->amp;
	bool past = l->of->plan->nqubits > CACHED_QUBITS;
	size_t i;

	for (i = 0; i < 2; i++)
		(past ? amp->scatter_past : amp->scatter)(l->state[i], from[i],
		    l->offset, base, nlines(l));
}

/* The stage's diagonal on amplitudes u on, a chunk, of the tile at base. */
static void
turn_chunk(const struct large *l, const struct worker *w, const struct stage *s,
    const uint32_t at[2])
{
	const struct amp *amp = l->bind->amp;
	size_t n = (size_t)1 << CHUNK_QUBITS, i;
	double *tab[2] = {w->chunk + n, w->chunk + 2 * n};
	double *to = w->buffer + at[1];
	double *a[2] = {to, to + ((size_t)1 << l->tiles.shape.dim)};

	memset(w->chunk, 0, n * sizeof(double));
	for (i = s->term0; i < s->term0 + s->nterms; i++) {
		const struct term *t = &l->stages.terms[i];
		bool minus = odd(t->global & at[0]) != odd(t->mask & at[1]);

		w->chunk[t->mask & (n - 1)] += minus ? -t->factor : t->factor;
	}
	amp->wht(w->chunk, CHUNK_QUBITS);
	amp->cis(w->chunk, s->scale, tab, n);
	amp->diag(a, tab, n);
}

/* The tables of a stage in the tile at base. */
static void
make_tables(const struct large *l, const struct worker *w,
    const struct stage *s, uint32_t base)
{
	const struct amp *amp = l->bind->amp;
	size_t g, i;

	for (g = 0; g < s->ngroups; g++) {
		double *table = w->tables + 2 * g * TABLE_SIZE;
		double *tab[2] = {table, table + TABLE_SIZE};
		uint32_t n = s->group[g].rank + AMP_LANE_QUBITS;

		memset(w->chunk, 0, sizeof(double) << n);
		for (i = s->term0; i < s->term0 + s->nterms; i++) {
			const struct term *t = &l->stages.terms[i];

			if (t->group == g)
				w->chunk[t->slot] += odd(t->global & base)
				    ? -t->factor
				    : t->factor;
		}
		amp->wht(w->chunk, n);
		amp->cis(w->chunk, g == 0 ? s->scale : 1.0, tab,
		    (size_t)1 << n);
	}
}

/* The stage's diagonal on the part of a tile from u on. */
static void
turn_part(const struct large *l, const struct worker *w, const struct stage *s,
    uint32_t u)
{
	size_t size = (size_t)1 << l->tiles.shape.dim, g;
	double *at[2] = {w->buffer + u, w->buffer + size + u};
	struct amp_turn t = {.n = s->ngroups};
	uint32_t k;

	for (g = 0; g < s->ngroups; g++) {
		const struct group *group = &s->group[g];
		uint32_t high = 0;

		t.tab[g][0] = w->tables + 2 * g * TABLE_SIZE;
		t.tab[g][1] = t.tab[g][0] + TABLE_SIZE;
		t.row[g] = group->row;
		for (k = 0; k < group->rank; k++)
			high |= odd(group->mask[k] & u >> AMP_LANE_QUBITS) << k;
		t.high[g] = (uint8_t)high;
	}
	l->bind->amp->turn(at, &t, STAGE_PART_ROWS);
}

static void
turn_diagonal(const struct large *l, const struct worker *w,
    const struct stage *s, uint32_t base, uint32_t u)
{
	uint32_t x, end = u + (UINT32_C(1) << l->tiles.shape.inner);

	if (s->ngroups <= AMP_TURNS_MAX) {
		turn_part(l, w, s, u);
		return;
	}
	for (x = u; x < end; x += UINT32_C(1) << CHUNK_QUBITS)
		turn_chunk(l, w, s, (const uint32_t[2]){base, x});
}

/* One component: rotations of a block, on coordinates from u on, of the tile at
 * base. */
static void
turn_block(const struct large *l, const struct tile_block *blk, uint32_t base,
    uint32_t u, double *at)
{
	double t[AMP_RY_ROTS];
	uint32_t r;

	for (r = 0; r < blk->walk.nrots; r++) {
		uint32_t row = l->tiles.plan->rots[blk->walk.rot[r]].row;
		double f = l->bind->angles.tangent[blk->walk.rot[r]];

		t[r] = odd(row & base) != odd(blk->row[r] & u) ? -f : f;
	}
	l->bind->amp->ry(at, &blk->walk, t);
}

/* What of stage i can be done to a part of a tile in L1. */
static void
run_inner(const struct large *l, const struct worker *w, size_t i,
    uint32_t base, uint32_t u)
{
	const struct tile_stage *s = &l->tiles.stages[i];
	size_t size = (size_t)1 << l->tiles.shape.dim, k, c;

	if (l->stages.stages[i].diagonal)
		turn_diagonal(l, w, &l->stages.stages[i], base, u);
	/* One component of a part fits L1. */
	for (c = 0; c < 2; c++) {
		for (k = 0; k < s->ninner; k++)
			turn_block(l, &l->tiles.blocks[s->block0 + k], base, u,
			    w->buffer + c * size + u);
	}
}

static void
run_stage(const struct large *l, const struct worker *w, size_t i,
    uint32_t base)
{
	const struct tile_stage *s = &l->tiles.stages[i];
	size_t size = (size_t)1 << l->tiles.shape.dim, k, c;
	uint32_t u;

	if (l->stages.stages[i].diagonal &&
	    l->stages.stages[i].ngroups <= AMP_TURNS_MAX)
		make_tables(l, w, &l->stages.stages[i], base);
	for (u = 0; u < size; u += UINT32_C(1) << l->tiles.shape.inner)
		run_inner(l, w, i, base, u);
	for (c = 0; c < 2; c++) {
		for (k = s->ninner; k < s->nblocks; k++)
			turn_block(l, &l->tiles.blocks[s->block0 + k], base, 0,
			    w->buffer + c * size);
	}
}

static void
sum_tile(const struct large *l, uint32_t base, size_t tile, double *const at[2])
{
	const struct zstring *z = l->strings;
	size_t k;

	for (k = 0; k < z->count; k++) {
		uint32_t mask = halves_mask(&l->start, z->mask[k]);
		uint32_t m = tile_mask(l->pass, l->tiles.shape.dim, mask);
		double v = l->bind->amp->parity(at, m,
		    (size_t)1 << l->tiles.shape.dim);

		l->sums[tile * z->count + k] = odd(base & mask) ? -v : v;
	}
}

static void
run_tile(void *arg, size_t worker, size_t tile)
{
	const struct large *l = arg;
	const struct worker *w = &l->workers[worker];
	size_t size = (size_t)1 << l->tiles.shape.dim;
	double *at[2] = {w->buffer, w->buffer + size};
	size_t end = l->pass->stage0 + l->pass->nstages, i;
	uint32_t base = 0;

	for (i = 0; i < l->of->plan->nqubits - l->tiles.shape.dim; i++)
		base ^= (tile >> i & 1) != 0 ? l->pass->outer[i] : 0;
	if (l->first)
		make_tile(l, base, at);
	else
		gather(l, base, at);
	for (i = l->pass->stage0; i < end; i++)
		run_stage(l, w, i, base);
	if (l->last)
		sum_tile(l, base, tile, at);
	else
		scatter(l, base, at);
}

static void
run_pass(struct large *l, size_t i)
{
	l->pass = &l->tiles.passes[i];
	l->first = i == 0;
	l->last = i + 1 == l->tiles.npasses;
	set_offsets(l, l->pass);
	stages_bind(&l->stages, l->pass, l->bind);
	pool_run(l->o.pool, ntiles(l), run_tile, l);
}

int
large_expect(struct large *l, const struct amp_bind *b, const double *row,
    const struct zstring *z, double *out)
{
	size_t i, k;

	free(l->sums);
	l->sums = calloc(ntiles(l) * z->count + 1, sizeof(*l->sums));
	if (l->sums == NULL)
		return -ENOMEM;
	l->bind = b;
	l->strings = z;
	l->stages.rest = 1.0;
	make_start(l, row);
	for (i = 0; i < l->tiles.npasses; i++)
		run_pass(l, i);
	for (k = 0; k < z->count; k++) {
		out[k] = 0.0;
		for (i = 0; i < ntiles(l); i++)
			out[k] += l->sums[i * z->count + k];
		if (odd(z->mask[k] & b->angles.moved))
			out[k] = -out[k];
		out[k] *= z->sign[k] * l->stages.rest * l->stages.rest;
	}
	return 0;
}
