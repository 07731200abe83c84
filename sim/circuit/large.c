#include "sim/circuit/large.h"

#include <assert.h>
#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "sim/circuit/plan.h"
#include "sim/circuit/tile.h"
#include "sim/observable/zstring.h"
#include "sim/state/pool.h"

#define HUGE_PAGE ((size_t)1 << 21)
#define HALF_PI 0x1.921fb54442d18p+0
#define CHUNK_QUBITS 10
#define MIDDLE_QUBITS 10

struct worker {
	double *buffer; /* a tile: re, im */
	double *chunk;  /* phases, cosines, sines */
	double *factor; /* of the step's terms, in the present tile */
};

/* A phase of the step in the coordinates of a pass. */
struct term {
	uint32_t low;    /* its mask within a chunk */
	uint32_t global; /* its mask over addresses */
	uint64_t signs;  /* bit h: whether chunk h of a tile has a minus */
	double factor;   /* coefficient of (-1)^parity */
};

/* A product state: of the address bits of a line, of MIDDLE_QUBITS above, and
 * of the rest. */
struct product {
	double *part[3][2];
};

struct large {
	const struct amp_plan *of;
	struct large_options o;
	struct tile_shape shape;
	struct tile_pass *passes;
	size_t npasses, first_step;
	double *state[2];
	struct product start;
	struct worker *workers;
	uint32_t *offset;   /* of the lines of a tile of the pass */
	struct term *terms; /* of the pass: nphases + 2 */
	size_t nterms;
	double *sums; /* by tile and string */
	/* The run. */
	const struct amp_bind *bind;
	const struct tile_pass *pass;
	const struct zstring *strings;
	bool first, last;
};

static bool
odd(uint32_t x)
{
	return (__builtin_popcount(x) & 1) != 0;
}

static size_t
ntiles(const struct large *l)
{
	return (size_t)1 << (l->of->plan->nqubits - l->shape.dim);
}

static size_t
nlines(const struct large *l)
{
	return (size_t)1 << (l->shape.dim - l->shape.line);
}

static int
open_workers(struct large *l)
{
	size_t n = pool_threads(l->o.pool), i;

	l->workers = calloc(n, sizeof(*l->workers));
	for (i = 0; l->workers != NULL && i < n; i++) {
		l->workers[i].buffer = lanes_alloc((size_t)2 << l->shape.dim);
		l->workers[i].chunk = lanes_alloc((size_t)3 << CHUNK_QUBITS);
		l->workers[i].factor = lanes_alloc(l->of->plan->nphases + 2);
		if (l->workers[i].buffer == NULL || l->workers[i].chunk == NULL)
			return -ENOMEM;
	}
	return l->workers == NULL ? -ENOMEM : 0;
}

static uint32_t
part_qubits(const struct large *l, int part)
{
	const uint32_t rest = l->of->plan->nqubits - LARGE_LINE_QUBITS;
	const uint32_t mid = rest < MIDDLE_QUBITS ? rest : MIDDLE_QUBITS;

	return part == 0 ? LARGE_LINE_QUBITS : part == 1 ? mid : rest - mid;
}

static int
open_arrays(struct large *l)
{
	size_t n = (size_t)1 << l->of->plan->nqubits;
	int i;

	for (i = 0; i < 3; i++) {
		size_t size = (size_t)1 << part_qubits(l, i);

		l->start.part[i][0] = lanes_alloc(2 * size);
		if (l->start.part[i][0] == NULL)
			return -ENOMEM;
		l->start.part[i][1] = l->start.part[i][0] + size;
	}
	l->state[0] = aligned_alloc(HUGE_PAGE,
	    (2 * n * sizeof(double) + HUGE_PAGE - 1) & ~(HUGE_PAGE - 1));
	l->offset = calloc(nlines(l), sizeof(*l->offset));
	l->terms = calloc(l->of->plan->nphases + 2, sizeof(*l->terms));
	if (l->state[0] == NULL || l->offset == NULL || l->terms == NULL)
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
	struct large *l = calloc(1, sizeof(*l));
	size_t k;
	int rc = 0;

	*out = NULL;
	if (l == NULL)
		return -ENOMEM;
	l->of = of;
	l->o = *o;
	l->shape = (struct tile_shape){LARGE_TILE_QUBITS, LARGE_LINE_QUBITS,
	    LARGE_INNER_QUBITS};
	if (p->nqubits < LARGE_TILE_QUBITS)
		l->shape.dim = p->nqubits;
	if (p->nqubits < LARGE_MIN_QUBITS || p->start != CIRCUIT_ZERO)
		rc = -ENOTSUP;
	k = l->first_step = of->product && p->nsteps > 2 ? 1 : 0;
	if (rc == 0 && p->nsteps == 1)
		rc = tile_plan_step(p, &l->shape, k, &l->passes, &l->npasses);
	for (; rc == 0 && k + 1 < p->nsteps; k++)
		rc = tile_plan_step(p, &l->shape, k, &l->passes, &l->npasses);
	if (rc == 0)
		rc = open_arrays(l);
	if (rc == 0)
		rc = open_workers(l);
	if (rc < 0)
		large_free(l);
	else
		*out = l;
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
		free(l->workers[i].factor);
	}
	for (i = 0; i < 3; i++)
		free(l->start.part[i][0]);
	free(l->workers);
	free(l->passes);
	free(l->state[0]);
	free(l->offset);
	free(l->terms);
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
	uint32_t q, at = 0;
	int i;

	if (l->first_step == 1) {
		amp_bind_product(l->bind, row, v);
	} else {
		for (q = 0; q < p->nqubits; q++) {
			v[4 * q] = row[2 * q];
			v[4 * q + 2] = row[2 * q + 1];
		}
	}
	for (i = 0; i < 3; i++) {
		large_product(v + 4 * (size_t)at, part_qubits(l, i),
		    l->start.part[i]);
		at += part_qubits(l, i);
	}
}

/* The first tile is not read but made. */
static void
make_line(const struct large *l, uint32_t x, double *const to[2])
{
	uint32_t m = part_qubits(l, 1), i = x >> l->shape.line;
	uint32_t lo = i & ((UINT32_C(1) << m) - 1), hi = i >> m;
	const double a = l->start.part[1][0][lo], b = l->start.part[1][1][lo];
	const double c = l->start.part[2][0][hi], d = l->start.part[2][1][hi];
	const double f[2] = {fma(-b, d, a * c), fma(a, d, b * c)};

	l->bind->amp->times(l->start.part[0], f, to,
	    (size_t)1 << l->shape.line);
}

static void
gather(const struct large *l, uint32_t base, double *const to[2])
{
	size_t i;

	for (i = 0; i < nlines(l) && l->first; i++) {
		double *at[2] = {to[0] + i * AMP_LINE, to[1] + i * AMP_LINE};

		make_line(l, base ^ l->offset[i], at);
	}
	for (i = 0; i < 2 && !l->first; i++)
		l->bind->amp->gather(to[i], l->state[i], l->offset, base,
		    nlines(l));
}

static void
scatter(const struct large *l, uint32_t base, double *const from[2])
{
	size_t i;

	for (i = 0; i < 2; i++)
		l->bind->amp->scatter(l->state[i], from[i], l->offset, base,
		    nlines(l));
}

/* The diagonal on chunk h of a tile. */
static void
turn_chunk(const struct large *l, const struct worker *w, size_t h,
    double *const at[2])
{
	const struct amp *amp = l->bind->amp;
	size_t n = (size_t)1 << CHUNK_QUBITS, i;
	double *tab[2] = {w->chunk + n, w->chunk + 2 * n};

	memset(w->chunk, 0, n * sizeof(double));
	for (i = 0; i < l->nterms; i++) {
		double f = w->factor[i];

		w->chunk[l->terms[i].low] +=
		    (l->terms[i].signs >> h & 1) != 0 ? -f : f;
	}
	amp->wht(w->chunk, CHUNK_QUBITS);
	amp->cis(w->chunk, l->bind->angles.shrink[l->pass->step], tab, n);
	amp->diag(at, tab, n);
}

/* Rotations of a block, on coordinates from u on, of the tile at base. */
static void
turn_block(const struct large *l, uint32_t number, uint32_t base, uint32_t u,
    double *const at[2])
{
	const struct amp_block *blk = &l->pass->blocks[number];
	double t[AMP_BLOCK_ROTS];
	uint32_t r;

	for (r = 0; r < blk->nrots; r++) {
		uint32_t row = l->of->plan->rots[blk->rot[r]].row;
		double f = l->bind->angles.tangent[blk->rot[r]];
		bool minus =
		    odd(row & base) != odd(l->pass->row[number][r] & u);

		t[r] = minus ? -f : f;
	}
	l->bind->amp->ry(at[0], blk, t);
	l->bind->amp->ry(at[1], blk, t);
}

static void
run_inner(const struct large *l, const struct worker *w, uint32_t base,
    uint32_t u)
{
	size_t size = (size_t)1 << l->shape.dim;
	double *at[2] = {w->buffer + u, w->buffer + size + u};
	uint32_t x, i;

	for (x = 0; l->pass->diagonal && x < UINT32_C(1) << l->shape.inner;
	     x += UINT32_C(1) << CHUNK_QUBITS) {
		double *chunk[2] = {at[0] + x, at[1] + x};

		turn_chunk(l, w, (u ^ x) >> CHUNK_QUBITS, chunk);
	}
	for (i = 0; i < l->pass->ninner; i++)
		turn_block(l, i, base, u, at);
}

static void
sum_tile(const struct large *l, uint32_t base, size_t tile, double *const at[2])
{
	const struct zstring *z = l->strings;
	size_t k;

	for (k = 0; k < z->count; k++) {
		uint32_t m = tile_mask(l->pass, l->shape.dim, z->mask[k]);
		double v =
		    l->bind->amp->parity(at, m, (size_t)1 << l->shape.dim);

		l->sums[tile * z->count + k] = odd(base & z->mask[k]) ? -v : v;
	}
}

static void
run_tile(void *arg, size_t worker, size_t tile)
{
	const struct large *l = arg;
	const struct worker *w = &l->workers[worker];
	size_t size = (size_t)1 << l->shape.dim;
	double *at[2] = {w->buffer, w->buffer + size};
	size_t k;
	uint32_t base = 0, u, i;

	for (i = 0; i < l->of->plan->nqubits - l->shape.dim; i++)
		base ^= (tile >> i & 1) != 0 ? l->pass->outer[i] : 0;
	for (k = 0; k < l->nterms; k++)
		w->factor[k] = odd(l->terms[k].global & base)
		    ? -l->terms[k].factor
		    : l->terms[k].factor;
	gather(l, base, at);
	for (u = 0; u < size; u += UINT32_C(1) << l->shape.inner)
		run_inner(l, w, base, u);
	for (i = l->pass->ninner; i < l->pass->nblocks; i++)
		turn_block(l, i, base, 0, at);
	if (l->last)
		sum_tile(l, base, tile, at);
	else
		scatter(l, base, at);
}

static void
add_term(struct large *l, uint32_t mask, double factor)
{
	struct term *t = &l->terms[l->nterms++];
	uint32_t m = tile_mask(l->pass, l->shape.dim, mask), h;

	*t = (struct term){.global = mask, .factor = factor};
	t->low = m & ((UINT32_C(1) << CHUNK_QUBITS) - 1);
	for (h = 0; h < UINT32_C(1) << (l->shape.dim - CHUNK_QUBITS); h++)
		t->signs |= (uint64_t)(odd(m >> CHUNK_QUBITS & h) ? 1 : 0) << h;
}

/* The step's diagonal. -1 for the Paulis that rotations gave away is
 * exp(i pi/2 (1 - (-1)^parity)). */
static void
set_terms(struct large *l)
{
	const struct plan *p = l->of->plan;
	const struct plan_step *s = &p->steps[l->pass->step];
	uint32_t z = l->bind->angles.zmask[l->pass->step];
	size_t i;

	l->nterms = 0;
	if (!l->pass->diagonal)
		return;
	if (z != 0) {
		add_term(l, 0, HALF_PI);
		add_term(l, z, -HALF_PI);
	}
	for (i = s->phase0; i < s->phase0 + s->nphases; i++)
		add_term(l, p->phases[i].mask, l->bind->phase[i]);
}

static void
run_pass(struct large *l, size_t i)
{
	uint32_t x, j, dim = l->shape.dim, line = l->shape.line;

	l->pass = &l->passes[i];
	l->first = i == 0;
	l->last = i + 1 == l->npasses;
	for (x = 0; x < nlines(l); x++) {
		l->offset[x] = 0;
		for (j = line; j < dim; j++)
			l->offset[x] ^=
			    (x >> (j - line) & 1) != 0 ? l->pass->basis[j] : 0;
	}
	set_terms(l);
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
	make_start(l, row);
	for (i = 0; i < l->npasses; i++)
		run_pass(l, i);
	for (k = 0; k < z->count; k++) {
		out[k] = 0.0;
		for (i = 0; i < ntiles(l); i++)
			out[k] += l->sums[i * z->count + k];
		if (odd(z->mask[k] & b->angles.moved))
			out[k] = -out[k];
		out[k] *= z->sign[k];
	}
	return 0;
}
