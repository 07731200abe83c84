#include "sim/circuit/plan.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define PI 0x1.921fb54442d18p+1

/* The plan in the making. Steps count sets of RYs; phases may lie one past. */
struct build {
	struct plan *p;
	uint32_t col[CIRCUIT_MAX_QUBITS];
	bool touched[CIRCUIT_MAX_QUBITS];
	size_t phases_max;
	size_t rots_max;
	uint32_t nsets;
};

static bool
odd(uint32_t x)
{
	return (__builtin_popcount(x) & 1) != 0;
}

static struct circuit_angle
fixed(double offset)
{
	return (struct circuit_angle){.ref = CIRCUIT_CONST,
	    .coef = 1.0,
	    .offset = offset};
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
	memcpy(items, &now, sizeof(now));
	*max = grown;
	return 0;
}

static bool
phase_passes_set(const struct plan *p, uint32_t mask, uint32_t step)
{
	size_t i;

	for (i = p->nrots; i-- > 0;) {
		if (p->rots[i].step == step && odd(mask & p->rots[i].col))
			return false;
	}
	return true;
}

static bool
rot_passes_diagonal(const struct plan *p, uint32_t col, uint32_t step)
{
	size_t i;

	for (i = p->nphases; i-- > 0;) {
		if (p->phases[i].step == step && odd(p->phases[i].mask & col))
			return false;
	}
	return true;
}

static bool
rot_joins_set(const struct plan *p, const struct plan_rot *r, uint32_t step)
{
	size_t i;

	for (i = p->nrots; i-- > 0;) {
		if (p->rots[i].step == step &&
		    (odd(r->row & p->rots[i].col) ||
			odd(p->rots[i].row & r->col)))
			return false;
	}
	return true;
}

static int
add_phase(struct build *b, uint32_t mask, bool minus, struct circuit_angle a)
{
	struct plan *p = b->p;
	struct plan_phase ph = {.mask = mask, .step = b->nsets};
	int rc;

	while (ph.step > 0 && phase_passes_set(p, mask, ph.step - 1))
		ph.step--;
	ph.angle = signed_angle(a, minus);
	rc = reserve(&p->phases, sizeof(ph), p->nphases, &b->phases_max);
	if (rc == 0)
		p->phases[p->nphases++] = ph;
	return rc;
}

static int
add_rot(struct build *b, uint32_t q, struct circuit_angle a)
{
	struct plan *p = b->p;
	struct plan_rot r = {.row = p->row[q], .col = b->col[q]};
	uint32_t step = b->nsets;
	int rc;

	r.step = step;
	while (step > 0 && rot_passes_diagonal(p, r.col, step) &&
	    rot_joins_set(p, &r, step - 1))
		r.step = --step;
	if (r.step == b->nsets)
		b->nsets++;
	r.angle = signed_angle(a, p->flip[q]);
	rc = reserve(&p->rots, sizeof(r), p->nrots, &b->rots_max);
	if (rc == 0)
		p->rots[p->nrots++] = r;
	return rc;
}

static int
add_rz(struct build *b, uint32_t q, struct circuit_angle a)
{
	return add_phase(b, b->p->row[q], b->p->flip[q], a);
}

static int
add_rzz(struct build *b, const uint32_t *q, struct circuit_angle a)
{
	const struct plan *p = b->p;

	return add_phase(b, p->row[q[0]] ^ p->row[q[1]],
	    p->flip[q[0]] != p->flip[q[1]], a);
}

/* RX(a) = RZ(-pi/2) RY(a) RZ(pi/2), the rightmost first. */
static int
add_rx(struct build *b, uint32_t q, struct circuit_angle a)
{
	int rc = add_rz(b, q, fixed(PI / 2));

	if (rc == 0)
		rc = add_rot(b, q, a);
	if (rc == 0)
		rc = add_rz(b, q, fixed(-PI / 2));
	return rc;
}

/* H = RY(pi/2) Z. */
static int
add_h(struct build *b, uint32_t q)
{
	int rc = add_rz(b, q, fixed(PI));

	return rc == 0 ? add_rot(b, q, fixed(PI / 2)) : rc;
}

/* CZ = exp(i pi/4 (1 - Za - Zb + Za Zb)). */
static int
add_cz(struct build *b, const uint32_t *q)
{
	int rc = add_rz(b, q[0], fixed(PI / 2));

	if (rc == 0)
		rc = add_rz(b, q[1], fixed(PI / 2));
	if (rc == 0)
		rc = add_rzz(b, q, fixed(-PI / 2));
	return rc;
}

static void
map_cnot(struct build *b, const uint32_t *q)
{
	struct plan *p = b->p;

	p->row[q[1]] ^= p->row[q[0]];
	p->flip[q[1]] = p->flip[q[1]] != p->flip[q[0]];
	b->col[q[0]] ^= b->col[q[1]];
}

static void
map_swap(struct build *b, const uint32_t *q)
{
	const uint32_t back[2] = {q[1], q[0]};

	map_cnot(b, q);
	map_cnot(b, back);
	map_cnot(b, q);
}

static int
add_input(struct build *b, const struct circuit_gate *g)
{
	if (g->op != CIRCUIT_RY || b->touched[g->q[0]] ||
	    b->p->start != CIRCUIT_ZERO)
		return -ENOTSUP;
	b->p->input[g->q[0]] = g->angle;
	return 0;
}

static int
add_gate(struct build *b, const struct circuit_gate *g)
{
	switch (g->op) {
	case CIRCUIT_RX:
		return add_rx(b, g->q[0], g->angle);
	case CIRCUIT_RY:
		return add_rot(b, g->q[0], g->angle);
	case CIRCUIT_RZ:
		return add_rz(b, g->q[0], g->angle);
	case CIRCUIT_RZZ:
		return add_rzz(b, g->q, g->angle);
	case CIRCUIT_H:
		return add_h(b, g->q[0]);
	case CIRCUIT_X:
		b->p->flip[g->q[0]] = !b->p->flip[g->q[0]];
		return 0;
	case CIRCUIT_Y:
		return add_rot(b, g->q[0], fixed(PI));
	case CIRCUIT_Z:
		return add_rz(b, g->q[0], fixed(PI));
	case CIRCUIT_S:
		return add_rz(b, g->q[0], fixed(PI / 2));
	case CIRCUIT_SDG:
		return add_rz(b, g->q[0], fixed(-PI / 2));
	case CIRCUIT_T:
		return add_rz(b, g->q[0], fixed(PI / 4));
	case CIRCUIT_TDG:
		return add_rz(b, g->q[0], fixed(-PI / 4));
	case CIRCUIT_CZ:
		return add_cz(b, g->q);
	case CIRCUIT_CNOT:
		map_cnot(b, g->q);
		return 0;
	case CIRCUIT_SWAP:
		map_swap(b, g->q);
		return 0;
	}
	return -ENOTSUP;
}

static int
add_gates(struct build *b, const struct circuit *c)
{
	size_t i;
	int rc = 0;

	for (i = 0; i < c->ngates && rc == 0; i++) {
		const struct circuit_gate *g = &c->gates[i];
		unsigned k;

		if (g->angle.ref == CIRCUIT_FEATURE && g->op <= CIRCUIT_RZZ)
			rc = add_input(b, g);
		else
			rc = add_gate(b, g);
		for (k = 0; k < circuit_arity(g->op); k++)
			b->touched[g->q[k]] = true;
	}
	return rc;
}

/* Insertion by step, stable: the lists are nearly sorted already. */
static void
sort_by_step(struct plan *p)
{
	size_t i, j;

	for (i = 1; i < p->nphases; i++) {
		struct plan_phase ph = p->phases[i];

		for (j = i; j > 0 && p->phases[j - 1].step > ph.step; j--)
			p->phases[j] = p->phases[j - 1];
		p->phases[j] = ph;
	}
	for (i = 1; i < p->nrots; i++) {
		struct plan_rot r = p->rots[i];

		for (j = i; j > 0 && p->rots[j - 1].step > r.step; j--)
			p->rots[j] = p->rots[j - 1];
		p->rots[j] = r;
	}
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
static void
make_blocks(struct plan *p, struct plan_step *s)
{
	size_t left = s->nrots, parts = (s->nrots + 2) / 3;
	size_t at = s->rot0;

	s->block0 = p->nblocks;
	s->nblocks = parts;
	for (; parts > 0; parts--) {
		size_t n = (left + parts - 1) / parts;

		make_block(p, &p->blocks[p->nblocks++], at, n);
		at += n;
		left -= n;
	}
}

static int
make_steps(struct plan *p, uint32_t nsets)
{
	size_t ph = 0, r = 0, i;

	p->steps = calloc((size_t)nsets + 1, sizeof(*p->steps));
	p->blocks = calloc(p->nrots + 1, sizeof(*p->blocks));
	if (p->steps == NULL || p->blocks == NULL)
		return -ENOMEM;
	p->nsteps = (size_t)nsets + 1;
	for (i = 0; i < p->nsteps; i++) {
		struct plan_step *s = &p->steps[i];

		s->phase0 = ph;
		while (ph < p->nphases && p->phases[ph].step == i)
			ph++;
		s->nphases = ph - s->phase0;
		s->rot0 = r;
		while (r < p->nrots && p->rots[r].step == i)
			r++;
		s->nrots = r - s->rot0;
		make_blocks(p, s);
	}
	assert(ph == p->nphases && r == p->nrots);
	return 0;
}

int
plan_compile(struct plan *p, const struct circuit *c)
{
	struct build b = {.p = p};
	uint32_t q;
	int rc;

	*p = (struct plan)PLAN_INIT;
	p->nqubits = c->nqubits;
	p->nparams = c->nparams;
	p->nfeatures = c->nfeatures;
	p->start = c->start;
	for (q = 0; q < c->nqubits; q++) {
		p->row[q] = UINT32_C(1) << q;
		b.col[q] = UINT32_C(1) << q;
	}
	rc = -ENOMEM;
	p->input = calloc(c->nqubits, sizeof(*p->input));
	if (p->input == NULL)
		goto out;
	rc = add_gates(&b, c);
	if (rc < 0)
		goto out;
	sort_by_step(p);
	rc = make_steps(p, b.nsets);
out:
	if (rc < 0)
		plan_close(p);
	return rc;
}

void
plan_close(struct plan *p)
{
	free(p->input);
	free(p->phases);
	free(p->rots);
	free(p->blocks);
	free(p->steps);
	*p = (struct plan)PLAN_INIT;
}
