#include "sim/circuit/halves.h"

#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "sim/circuit/amp_plan.h"
#include "sim/circuit/large.h"

#define HALF_PI 0x1.921fb54442d18p+0

static uint32_t
odd(uint32_t x)
{
	return (uint32_t)__builtin_popcount(x) & 1;
}

/* Bit i: parity(mask & col[i]). */
static uint32_t
mask_in(const struct halves_frame *f, uint32_t nqubits, uint32_t mask)
{
	uint32_t i, m = 0;

	for (i = 0; i < nqubits; i++)
		m |= odd(mask & f->col[i]) << i;
	return m;
}

static uint32_t
vector_in(const struct halves_frame *f, uint32_t nqubits, uint32_t v)
{
	uint32_t i, u = 0;

	for (i = 0; i < nqubits; i++)
		u |= odd(v & f->row[i]) << i;
	return u;
}

uint32_t
halves_mask(const struct halves *h, uint32_t mask)
{
	return mask_in(&h->frame, h->plan->nqubits, mask);
}

/* The addresses in which step k is local, if it turns every qubit. */
static bool
find_frame(struct halves_frame *f, const struct plan *p, size_t k)
{
	const struct plan_step *s = &p->steps[k];
	uint32_t i, j, n = p->nqubits;

	if (s->nrots != n)
		return false;
	for (i = 0; i < n; i++) {
		f->row[i] = p->rots[s->rot0 + i].row;
		f->col[i] = p->rots[s->rot0 + i].col;
	}
	for (i = 0; i < n; i++) {
		for (j = 0; j < n; j++) {
			if (odd(f->row[i] & f->col[j]) != (i == j))
				return false;
		}
	}
	return true;
}

/* Whether a mask is of one half; then *ph says of which. */
static bool
of_half(const struct halves *h, uint32_t mask, struct halves_phase *ph)
{
	uint32_t low = (UINT32_C(1) << h->bits[0]) - 1;

	ph->half = mask > low ? 1 : 0;
	ph->mask = ph->half == 1 ? mask >> h->bits[0] : mask;
	return ph->half == 0 || (mask & low) == 0;
}

static bool
place_phases(const struct halves *h, const struct halves_frame *f, size_t k)
{
	const struct plan_step *s = &h->plan->steps[k];
	struct halves_phase *ph = h->steps[k].phases;
	uint32_t n = h->plan->nqubits;
	size_t i;

	for (i = 0; i < s->nphases; i++, ph++) {
		uint32_t mask = h->plan->phases[s->phase0 + i].mask;

		ph->after = 0;
		if (of_half(h, mask_in(&h->frame, n, mask), ph))
			continue;
		ph->after = 1;
		if (!of_half(h, mask_in(f, n, mask), ph))
			return false;
	}
	return true;
}

/* The values of what crosses to the other half; false if they are many. */
static bool
find_shifts(struct halves_step *s, int to, const uint32_t *what, size_t size)
{
	uint32_t *list = s->shift[to];
	size_t x, i;

	s->nshifts[to] = 0;
	for (x = 0; x < size; x++) {
		for (i = 0; i < s->nshifts[to] && list[i] != what[x]; i++)
			continue;
		if (i == HALVES_MAX_RANK)
			return false;
		if (i == s->nshifts[to])
			list[s->nshifts[to]++] = what[x];
	}
	return true;
}

/* Address x of frame f, in the frame before. */
static uint32_t
earlier(const struct halves *h, const struct halves_frame *f, uint32_t x)
{
	uint32_t v = 0;

	for (; x != 0; x &= x - 1)
		v ^= f->col[__builtin_ctz(x)];
	return vector_in(&h->frame, h->plan->nqubits, v);
}

static int
map_step(const struct halves *h, struct halves_step *s,
    const struct halves_frame *f)
{
	uint32_t low = (UINT32_C(1) << h->bits[0]) - 1, x, v;
	int half;

	for (half = 0; half < 2; half++) {
		size_t size = (size_t)1 << h->bits[half];

		s->map[half] = calloc(size, sizeof(**s->map));
		s->what[half] = calloc(size, sizeof(**s->what));
		if (s->map[half] == NULL || s->what[half] == NULL)
			return -ENOMEM;
		for (x = 0; x < size; x++) {
			v = earlier(h, f, half == 0 ? x : x << h->bits[0]);
			s->map[half][x] = half == 0 ? v & low : v >> h->bits[0];
			s->what[half][x] =
			    half == 0 ? v >> h->bits[0] : v & low;
		}
	}
	return 0;
}

static void
close_step(struct halves_step *s)
{
	int i;

	for (i = 0; i < 2; i++) {
		free(s->map[i]);
		free(s->what[i]);
	}
	free(s->phases);
	memset(s, 0, sizeof(*s));
}

/* 1: step nsteps is now one of ours; 0: it cannot be. -ENOMEM. */
static int
add_step(struct halves *h)
{
	struct halves_step *s = &h->steps[h->nsteps];
	struct halves_frame f = {{0}, {0}};
	size_t rank;
	int rc;

	if (!find_frame(&f, h->plan, h->nsteps))
		return 0;
	s->phases =
	    calloc(h->plan->steps[h->nsteps].nphases + 1, sizeof(*s->phases));
	if (s->phases == NULL)
		return -ENOMEM;
	if (!place_phases(h, &f, h->nsteps))
		return 0;
	rc = map_step(h, s, &f);
	if (rc < 0)
		return rc;
	if (!find_shifts(s, 0, s->what[1], (size_t)1 << h->bits[1]) ||
	    !find_shifts(s, 1, s->what[0], (size_t)1 << h->bits[0]))
		return 0;
	rank = h->rank * s->nshifts[0] * s->nshifts[1];
	if (rank > HALVES_MAX_RANK)
		return 0;
	h->rank = rank;
	h->frame = f;
	h->nsteps++;
	return 1;
}

/* Unit vectors: those of a row, then four at a time. */
static void
make_blocks(struct halves *h, int half)
{
	uint32_t unit[AMP_RY_ROTS], at = 0, i, n;

	while (at < h->bits[half]) {
		struct amp_block *b = &h->blocks[(size_t)half * HALVES_BLOCKS +
		    h->nblocks[half]++];

		n = at == 0 ? AMP_LANE_QUBITS : AMP_RY_ROTS;
		n = n < h->bits[half] - at ? n : h->bits[half] - at;
		for (i = 0; i < n; i++) {
			unit[i] = UINT32_C(1) << (at + i);
			b->rot[i] = at + i;
		}
		b->nrots = n;
		amp_block_set(b, h->bits[half], unit, unit);
		at += n;
	}
	assert(h->nblocks[half] <= HALVES_BLOCKS);
}

static int
make_later(struct halves *h)
{
	const struct plan *p = h->plan;
	size_t i;

	h->later.nqubits = p->nqubits;
	h->later.rots = calloc(p->nrots + 1, sizeof(*p->rots));
	h->later.phases = calloc(p->nphases + 1, sizeof(*p->phases));
	if (h->later.rots == NULL || h->later.phases == NULL)
		return -ENOMEM;
	h->later.nsteps = p->nsteps;
	h->later.nrots = p->nrots;
	h->later.nphases = p->nphases;
	for (i = 0; i < p->nrots; i++) {
		h->later.rots[i] = p->rots[i];
		h->later.rots[i].row = halves_mask(h, p->rots[i].row);
		h->later.rots[i].col =
		    vector_in(&h->frame, p->nqubits, p->rots[i].col);
	}
	for (i = 0; i < p->nphases; i++) {
		h->later.phases[i] = p->phases[i];
		h->later.phases[i].mask = halves_mask(h, p->phases[i].mask);
	}
	return 0;
}

static int
open_arrays(struct halves *h)
{
	size_t bytes = (size_t)2 * HALVES_BLOCKS * sizeof(*h->blocks);

	h->steps = calloc(h->plan->nsteps + 1, sizeof(*h->steps));
	h->blocks = aligned_alloc(LANES_ALIGN, bytes);
	if (h->steps == NULL || h->blocks == NULL)
		return -ENOMEM;
	memset(h->blocks, 0, bytes);
	return 0;
}

int
halves_init(struct halves *h, const struct plan *p, size_t nsteps)
{
	uint32_t i, low = p->nqubits / 2;
	int rc, more = 1;

	*h = (struct halves){.plan = p,
	    .nsteps = nsteps,
	    .rank = 1,
	    .bits = {low, p->nqubits - low}};
	assert(low >= AMP_LINE_QUBITS);
	for (i = 0; i < p->nqubits; i++)
		h->frame.row[i] = h->frame.col[i] = UINT32_C(1) << i;
	rc = open_arrays(h);
	if (rc < 0)
		goto out;
	while (more == 1 && nsteps == 1 && h->nsteps + 1 < p->nsteps)
		more = add_step(h);
	rc = more < 0 ? more : make_later(h);
	if (rc < 0)
		goto out;
	close_step(&h->steps[h->nsteps]);
	make_blocks(h, 0);
	make_blocks(h, 1);
	h->lower = lanes_alloc((2 * h->rank) << h->bits[0]);
	h->upper = lanes_alloc((2 * h->rank) << h->bits[1]);
	if (h->lower == NULL || h->upper == NULL)
		rc = -ENOMEM;
out:
	if (rc < 0)
		halves_close(h);
	return rc;
}

void
halves_close(struct halves *h)
{
	size_t k;

	for (k = 0; h->steps != NULL && k <= h->plan->nsteps; k++)
		close_step(&h->steps[k]);
	free(h->steps);
	free(h->blocks);
	free(h->later.rots);
	free(h->later.phases);
	free(h->lower);
	free(h->upper);
	*h = (struct halves)HALVES_INIT;
}

/* While the vectors are made. Those of a half, term a: re, then im, at
 * at[half] + a * 2 * size. */
struct maker {
	const struct halves *h;
	const struct amp_bind *bind;
	size_t rank;
	double *at[2], *spare[2];
	double *table; /* phases, cosines, sines */
};

/* The Paulis that step k's rotations gave away, each exp(i pi/2 (1 - (-1)^
 * parity)), as far as they are of a half. */
static void
add_paulis(const struct maker *m, size_t k, uint32_t half)
{
	const struct plan *p = m->h->plan;
	const struct plan_rot *r = &p->rots[p->steps[k].rot0];
	uint32_t cut = m->h->bits[0], i, z = 0;

	for (i = 0; i < m->h->bits[half]; i++)
		z |= odd(m->bind->angles.zmask[k] & r[half * cut + i].col) << i;
	if (z == 0)
		return;
	m->table[0] += HALF_PI;
	m->table[z] -= HALF_PI;
}

/* What of the diagonal of step k is local there. */
static void
apply_phases(const struct maker *m, size_t k, uint32_t after, uint32_t half)
{
	const struct plan_step *s = &m->h->plan->steps[k];
	const struct halves_phase *ph = m->h->steps[k].phases;
	const struct amp *amp = m->bind->amp;
	size_t size = (size_t)1 << m->h->bits[half], i, a;
	double *tab[2] = {m->table + size, m->table + 2 * size};
	bool last = after == 1 && half == 0;

	memset(m->table, 0, size * sizeof(double));
	for (i = 0; i < s->nphases; i++) {
		if (ph[i].after == after && ph[i].half == half)
			m->table[ph[i].mask] += m->bind->phase[s->phase0 + i];
	}
	if (after == 1)
		add_paulis(m, k, half);
	amp->wht(m->table, m->h->bits[half]);
	amp->cis(m->table, last ? m->bind->angles.shrink[k] : 1.0, tab, size);
	for (a = 0; a < m->rank; a++) {
		double *re = m->at[half] + a * 2 * size;

		amp->diag((double *[2]){re, re + size}, tab, size);
	}
}

/* Term to of a half after the change of step k, from term from: to[x] =
 * from[map[x] ^ shift] where what crosses from there is as given, or 0. */
static void
move(const struct maker *m, size_t k, uint32_t half, const size_t term[2])
{
	const struct halves_step *s = &m->h->steps[k];
	size_t size = (size_t)1 << m->h->bits[half], x;
	/* Terms are numbered by those from, shifts of half 0, of half 1. */
	size_t pair = term[1] % (s->nshifts[0] * s->nshifts[1]);
	size_t shift[2] = {pair / s->nshifts[1], pair % s->nshifts[1]};
	uint32_t by = s->shift[half][shift[half]];
	uint32_t what = s->shift[1 - half][shift[1 - half]];
	const double *from = m->at[half] + term[0] * 2 * size;
	double *to = m->spare[half] + term[1] * 2 * size;

	for (x = 0; x < size; x++) {
		uint32_t at = s->map[half][x] ^ by;

		to[x] = s->what[half][x] == what ? from[at] : 0.0;
		to[size + x] = s->what[half][x] == what ? from[size + at] : 0.0;
	}
}

static void
change_frame(struct maker *m, size_t k)
{
	const struct halves_step *s = &m->h->steps[k];
	size_t more = s->nshifts[0] * s->nshifts[1], to;
	uint32_t half;

	m->rank *= more;
	for (half = 0; half < 2; half++) {
		double *t = m->at[half];

		for (to = 0; to < m->rank; to++)
			move(m, k, half, (const size_t[2]){to / more, to});
		m->at[half] = m->spare[half];
		m->spare[half] = t;
	}
}

static void
rotate(const struct maker *m, size_t k, uint32_t half)
{
	size_t rot0 = m->h->plan->steps[k].rot0, i, a;
	size_t size = (size_t)1 << m->h->bits[half];
	const struct amp_block *b = &m->h->blocks[half * HALVES_BLOCKS];
	const double *t = m->bind->angles.tangent + rot0 + half * m->h->bits[0];

	for (a = 0; a < 2 * m->rank; a++) {
		for (i = 0; i < m->h->nblocks[half]; i++)
			m->bind->amp->ry(m->at[half] + a * size, &b[i],
			    t + b[i].rot[0]);
	}
}

static void
run_step(struct maker *m, size_t k)
{
	apply_phases(m, k, 0, 0);
	apply_phases(m, k, 0, 1);
	change_frame(m, k);
	apply_phases(m, k, 1, 0);
	apply_phases(m, k, 1, 1);
	rotate(m, k, 0);
	rotate(m, k, 1);
}

/* As halves_line() reads them. */
static void
pack(const struct maker *m)
{
	const struct halves *h = m->h;
	size_t size = (size_t)1 << h->bits[0], a, x;

	assert(m->rank == h->rank);
	for (a = 0; a < h->rank; a++) {
		for (x = 0; x < 2 * size; x += AMP_LINE) {
			size_t to = (x % size / AMP_LINE * h->rank + a) * 2;

			memcpy(&h->lower[to * AMP_LINE + x / size * AMP_LINE],
			    &m->at[0][a * 2 * size + x],
			    AMP_LINE * sizeof(double));
		}
	}
	size = (size_t)1 << h->bits[1];
	for (a = 0; a < h->rank; a++) {
		for (x = 0; x < 2 * size; x++)
			h->upper[(x % size * h->rank + a) * 2 + x / size] =
			    m->at[1][a * 2 * size + x];
	}
}

void
halves_make(struct halves *h, const struct amp_bind *b, const double *v,
    double *work)
{
	struct maker m = {.h = h, .bind = b, .rank = 1};
	size_t size, k;
	uint32_t half;

	for (half = 0; half < 2; half++) {
		size = (size_t)1 << h->bits[half];
		m.at[half] = work;
		m.spare[half] = work + 2 * size * h->rank;
		work += 4 * size * h->rank;
		large_product(v + 4 * (size_t)(half * h->bits[0]),
		    h->bits[half],
		    (double *[2]){m.at[half], m.at[half] + size});
	}
	m.table = work;
	for (k = 1; k < h->nsteps; k++)
		run_step(&m, k);
	pack(&m);
}

bool
halves_share(const struct halves *h, uint32_t x, uint32_t y)
{
	return ((x ^ y) & ((UINT32_C(1) << h->bits[0]) - 1)) == 0;
}

void
halves_lines(const struct halves *h, const struct amp *amp, const uint32_t x[2],
    double *const to[4])
{
	size_t lower = x[0] & ((UINT32_C(1) << h->bits[0]) - 1);
	const double *upper[2] = {h->upper +
		2 * (size_t)(x[0] >> h->bits[0]) * h->rank,
	    h->upper + 2 * (size_t)(x[1] >> h->bits[0]) * h->rank};

	amp->outer(h->lower + 2 * lower * h->rank, upper, h->rank, to);
}
