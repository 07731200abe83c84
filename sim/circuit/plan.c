#include "sim/circuit/plan.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sim/circuit/lower.h"

static bool
odd(uint32_t x)
{
	return (__builtin_popcount(x) & 1) != 0;
}

static bool
on_features(const struct circuit_angle *a)
{
	return a->ref == CIRCUIT_FEATURE || a->by == CIRCUIT_FEATURE;
}

static struct circuit_angle
signed_angle(struct circuit_angle a, bool minus)
{
	if (minus) {
		a.coef = -a.coef;
		a.offset = -a.offset;
	}
	return a;
}

/* Makes room for one more element; *items is a pointer to the array. */
static int
reserve(void *items, size_t size, size_t n, size_t *max)
{
	size_t grown = *max == 0 ? 64 : 2 * *max;
	void *now, *was;

	if (n < *max)
		return 0;
	memcpy(&was, items, sizeof(was));
	now = realloc(was, grown * size);
	if (now == NULL)
		return -ENOMEM;
	memset((char *)now + *max * size, 0, (grown - *max) * size);
	memcpy(items, &now, sizeof(now));
	*max = grown;
	return 0;
}

/* Constants that cancelled out. */
static bool
is_nothing(const struct plan_phase *ph)
{
	return ph->angle.ref == CIRCUIT_CONST && ph->angle.offset == 0.0;
}

static bool
phase_passes_set(const struct lower *b, uint32_t mask, uint32_t step)
{
	const struct plan_rot *r = b->p->rots;
	uint32_t i;

	for (i = b->rot_head[step]; i > 0; i = r[i - 1].next) {
		if (odd(mask & r[i - 1].col))
			return false;
	}
	return true;
}

static bool
rot_passes_diagonal(const struct lower *b, uint32_t col, uint32_t step)
{
	const struct plan_phase *ph = b->p->phases;
	uint32_t i;

	for (i = b->phase_head[step]; i > 0; i = ph[i - 1].next) {
		if (odd(ph[i - 1].mask & col) && !is_nothing(&ph[i - 1]))
			return false;
	}
	return true;
}

/* The same rotation in that set, or NULL. */
static struct plan_rot *
rot_twin(const struct lower *b, const struct plan_rot *r, uint32_t step)
{
	struct plan_rot *of = b->p->rots;
	uint32_t i;

	for (i = b->rot_head[step]; i > 0; i = of[i - 1].next) {
		if (of[i - 1].row == r->row && of[i - 1].col == r->col)
			return &of[i - 1];
	}
	return NULL;
}

static bool
rot_joins_set(const struct lower *b, const struct plan_rot *r, uint32_t step)
{
	const struct plan_rot *of = b->p->rots;
	uint32_t i;

	for (i = b->rot_head[step]; i > 0; i = of[i - 1].next) {
		if (odd(r->row & of[i - 1].col) || odd(of[i - 1].row & r->col))
			return false;
	}
	return true;
}

/* Heads of the lists for the sets there are and one more. */
static int
reserve_heads(struct lower *b)
{
	int rc = reserve(&b->phase_head, sizeof(*b->phase_head), b->nsets + 1,
	    &b->phase_heads_max);

	if (rc == 0)
		rc = reserve(&b->rot_head, sizeof(*b->rot_head), b->nsets + 1,
		    &b->rot_heads_max);
	return rc;
}

/* Adds to a constant phase of that mask and step, if there is one. */
static bool
phase_merges(struct lower *b, const struct plan_phase *ph)
{
	struct plan_phase *of = b->p->phases;
	uint32_t i;

	if (ph->angle.ref != CIRCUIT_CONST)
		return false;
	for (i = b->phase_head[ph->step]; i > 0; i = of[i - 1].next) {
		if (of[i - 1].mask == ph->mask &&
		    of[i - 1].angle.ref == CIRCUIT_CONST) {
			of[i - 1].angle.offset += ph->angle.offset;
			return true;
		}
	}
	return false;
}

int
lower_phase(struct lower *b, uint32_t mask, bool minus, struct circuit_angle a)
{
	struct plan *p = b->p;
	struct plan_phase ph = {.mask = mask, .step = b->nsets};
	int rc = reserve_heads(b);

	if (rc < 0)
		return rc;
	while (ph.step > 0 && phase_passes_set(b, mask, ph.step - 1))
		ph.step--;
	ph.angle = signed_angle(a, minus);
	ph.lane = on_features(&a);
	ph.next = b->phase_head[ph.step];
	if (phase_merges(b, &ph))
		return 0;
	rc = reserve(&p->phases, sizeof(ph), p->nphases, &b->phases_max);
	if (rc < 0)
		return rc;
	p->phases[p->nphases++] = ph;
	b->phase_head[ph.step] = (uint32_t)p->nphases;
	return 0;
}

static int
add_term(struct lower *b, struct plan_rot *to, struct circuit_angle a)
{
	struct plan *p = b->p;
	struct plan_term t = {.rot = to->id, .angle = a};
	int rc = reserve(&p->terms, sizeof(t), p->nterms, &b->terms_max);

	if (rc < 0)
		return rc;
	to->lane = to->lane || on_features(&a);
	to->nterms++;
	p->terms[p->nterms++] = t;
	return 0;
}

int
lower_rot(struct lower *b, uint32_t q, struct circuit_angle a)
{
	struct plan *p = b->p;
	struct plan_rot r = {.row = p->row[q], .col = b->col[q]};
	struct plan_rot *twin = NULL;
	uint32_t step = b->nsets;
	int rc = reserve_heads(b);

	if (rc < 0)
		return rc;
	r.angle = signed_angle(a, p->flip[q]);
	while (step > 0 && rot_passes_diagonal(b, r.col, step)) {
		twin = rot_twin(b, &r, step - 1);
		if (twin != NULL || !rot_joins_set(b, &r, step - 1))
			break;
		step--;
	}
	if (twin != NULL)
		return add_term(b, twin, r.angle);
	r.step = step;
	r.lane = on_features(&a);
	r.id = (uint32_t)p->nrots;
	r.next = b->rot_head[step];
	rc = reserve(&p->rots, sizeof(r), p->nrots, &b->rots_max);
	if (rc < 0)
		return rc;
	if (step == b->nsets)
		b->nsets++;
	p->rots[p->nrots++] = r;
	b->rot_head[step] = (uint32_t)p->nrots;
	return 0;
}

static int
phase_order(const void *a, const void *b)
{
	const struct plan_phase *x = a, *y = b;

	if (x->step != y->step)
		return x->step < y->step ? -1 : 1;
	if (x->lane != y->lane)
		return x->lane ? 1 : -1;
	return x->next < y->next ? -1 : x->next > y->next;
}

static int
rot_order(const void *a, const void *b)
{
	const struct plan_rot *x = a, *y = b;

	if (x->step != y->step)
		return x->step < y->step ? -1 : 1;
	if (x->lane != y->lane)
		return x->lane ? 1 : -1;
	return x->id < y->id ? -1 : x->id > y->id;
}

static int
term_order(const void *a, const void *b)
{
	const struct plan_term *x = a, *y = b;

	if (x->rot != y->rot)
		return x->rot < y->rot ? -1 : 1;
	return 0;
}

/* By step, shared ones first, else in order of the circuit. */
static void
sort_phases(struct plan *p)
{
	size_t i, n = 0;

	for (i = 0; i < p->nphases; i++) {
		if (is_nothing(&p->phases[i]))
			continue;
		p->phases[n] = p->phases[i];
		p->phases[n].next = (uint32_t)n;
		n++;
	}
	p->nphases = n;
	if (n > 0)
		qsort(p->phases, n, sizeof(*p->phases), phase_order);
	for (i = 0; i < n; i++)
		p->lanewise = p->lanewise || p->phases[i].lane;
}

static int
sort_rots(struct plan *p)
{
	uint32_t *now = calloc(p->nrots + 1, sizeof(*now));
	size_t i, at = 0;

	if (now == NULL)
		return -ENOMEM;
	if (p->nrots > 0)
		qsort(p->rots, p->nrots, sizeof(*p->rots), rot_order);
	for (i = 0; i < p->nrots; i++) {
		now[p->rots[i].id] = (uint32_t)i;
		p->rots[i].term0 = (uint32_t)at;
		at += p->rots[i].nterms;
		p->lanewise = p->lanewise || p->rots[i].lane;
	}
	for (i = 0; i < p->nterms; i++)
		p->terms[i].rot = now[p->terms[i].rot];
	/* Sums are few and need an order, not the circuit's. */
	for (i = 1; i < p->nterms; i++) {
		struct plan_term t = p->terms[i];
		size_t j = i;

		for (; j > 0 && term_order(&t, &p->terms[j - 1]) < 0; j--)
			p->terms[j] = p->terms[j - 1];
		p->terms[j] = t;
	}
	free(now);
	return 0;
}

/*
 * A basis of the addresses x with parity(row & x) = 0 for all rows of the
 * block: row_i . col_j = delta_ij, so a unit vector loses its components by
 * xoring the columns; of these keep n - nrots independent ones.
 */
static void
span_block(struct lanes_block *w, const struct plan_rot *rots, uint32_t n)
{
	uint32_t lead[CIRCUIT_MAX_QUBITS] = {0};
	uint32_t k, i;

	w->nbasis = 0;
	for (k = 0; k < n; k++) {
		uint32_t v = UINT32_C(1) << k;

		for (i = 0; i < w->nrots; i++) {
			if ((rots[i].row >> k & 1) != 0)
				v ^= rots[i].col;
		}
		for (i = n; i-- > 0;) {
			if ((v >> i & 1) != 0)
				v ^= lead[i];
		}
		if (v == 0)
			continue;
		lead[31 - __builtin_clz(v)] = v;
		w->basis[w->nbasis++] = v;
	}
	assert(w->nbasis + w->nrots == n);
	w->basis[w->nbasis] = 0; /* read, not used, after the last */
}

static void
make_block(struct plan *p, struct plan_block *b, size_t first, size_t nrots)
{
	const struct plan_rot *r = &p->rots[first];
	uint32_t i, k;

	b->first = (uint32_t)first;
	b->walk.nrots = (uint32_t)nrots;
	for (i = 0; i < 8; i++) {
		b->walk.off[i] = 0;
		for (k = 0; k < nrots; k++) {
			if ((i >> k & 1) != 0)
				b->walk.off[i] ^= r[k].col;
		}
	}
	span_block(&b->walk, r, p->nqubits);
}

/* Blocks of at most three, as even as they go: 4 = 2 + 2, 7 = 3 + 2 + 2. */
static size_t
make_blocks(struct plan *p, size_t rot0, size_t nrots)
{
	size_t left = nrots, parts = (nrots + 2) / 3, at = rot0, made = parts;

	for (; parts > 0; parts--) {
		size_t n = (left + parts - 1) / parts;

		make_block(p, &p->blocks[p->nblocks++], at, n);
		at += n;
		left -= n;
	}
	return made;
}

static int
spread_step(struct plan *p, struct plan_step *s)
{
	uint32_t *masks = calloc(s->nlane_phases + 1, sizeof(*masks));
	size_t i;
	int rc;

	if (masks == NULL)
		return -ENOMEM;
	for (i = 0; i < s->nlane_phases; i++)
		masks[i] = p->phases[s->lane_phase0 + i].mask;
	rc = spread_init(&s->spread, masks, s->nlane_phases, p->nqubits);
	free(masks);
	return rc;
}

static size_t
count_phases(const struct plan *p, size_t from, size_t step, bool lane)
{
	size_t n = 0;

	while (from + n < p->nphases && p->phases[from + n].step == step &&
	    p->phases[from + n].lane == lane)
		n++;
	return n;
}

static size_t
count_rots(const struct plan *p, size_t from, size_t step, bool lane)
{
	size_t n = 0;

	while (from + n < p->nrots && p->rots[from + n].step == step &&
	    p->rots[from + n].lane == lane)
		n++;
	return n;
}

static int
make_steps(struct plan *p, uint32_t nsets)
{
	size_t ph = 0, r = 0, i;
	int rc = 0;

	p->steps = calloc((size_t)nsets + 1, sizeof(*p->steps));
	p->blocks = calloc(p->nrots + 1, sizeof(*p->blocks));
	if (p->steps == NULL || p->blocks == NULL)
		return -ENOMEM;
	p->nsteps = (size_t)nsets + 1;
	for (i = 0; i < p->nsteps && rc == 0; i++) {
		struct plan_step *s = &p->steps[i];

		s->phase0 = ph;
		s->nphases = count_phases(p, ph, i, false);
		s->lane_phase0 = ph += s->nphases;
		s->nlane_phases = count_phases(p, ph, i, true);
		ph += s->nlane_phases;
		s->rot0 = r;
		s->nrots = count_rots(p, r, i, false);
		s->lane_rot0 = r += s->nrots;
		s->nlane_rots = count_rots(p, r, i, true);
		r += s->nlane_rots;
		s->block0 = p->nblocks;
		s->nblocks = make_blocks(p, s->rot0, s->nrots);
		s->lane_block0 = p->nblocks;
		s->nlane_blocks = make_blocks(p, s->lane_rot0, s->nlane_rots);
		rc = spread_step(p, s);
	}
	assert(rc < 0 || (ph == p->nphases && r == p->nrots));
	return rc;
}

int
plan_compile(struct plan *p, const struct circuit *c)
{
	struct lower b = {.p = p};
	uint32_t q;
	size_t i;
	int rc = 0;

	*p = (struct plan)PLAN_INIT;
	p->nqubits = c->nqubits;
	p->nparams = c->nparams;
	p->nfeatures = c->nfeatures;
	p->start = c->start;
	for (q = 0; q < c->nqubits; q++) {
		p->row[q] = UINT32_C(1) << q;
		b.col[q] = UINT32_C(1) << q;
	}
	p->input = calloc(c->nqubits, sizeof(*p->input));
	if (p->input == NULL)
		rc = -ENOMEM;
	for (i = 0; i < c->ngates && rc == 0; i++)
		rc = lower_gate(&b, &c->gates[i]);
	free(b.phase_head);
	free(b.rot_head);
	sort_phases(p);
	if (rc == 0)
		rc = sort_rots(p);
	if (rc == 0)
		rc = make_steps(p, b.nsets);
	if (rc < 0)
		plan_close(p);
	return rc;
}

void
plan_close(struct plan *p)
{
	size_t i;

	for (i = 0; i < p->nsteps && p->steps != NULL; i++)
		spread_close(&p->steps[i].spread);
	free(p->input);
	free(p->phases);
	free(p->rots);
	free(p->terms);
	free(p->blocks);
	free(p->steps);
	*p = (struct plan)PLAN_INIT;
}
