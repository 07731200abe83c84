#include "sim/gradient/amp_adjoint.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sim/circuit/amp_plan.h"
#include "sim/circuit/plan.h"
#include "sim/observable/zstring.h"
#include "sim/state/amp.h"
#include "sim/state/lanes.h"

#define HUGE_PAGE ((size_t)1 << 21)

static bool
odd(uint32_t x)
{
	return (__builtin_popcount(x) & 1) != 0;
}

uint64_t
amp_adjoint_bytes(uint32_t nqubits, bool gradients)
{
	uint64_t state = UINT64_C(16) << nqubits;

	return (gradients ? 2 * state : state) +
	    (UINT64_C(32) << AMP_CHUNK_QUBITS);
}

/* Re and im in one array, aligned to a huge page when it fills one. Not
 * touched, so that the first thread to write places it. */
static int
alloc_state(double *amp[2], uint32_t nqubits, amp_advise_fn *advise)
{
	size_t n = (size_t)1 << nqubits, bytes = 2 * n * sizeof(double);
	size_t align = bytes >= HUGE_PAGE ? HUGE_PAGE : LANES_ALIGN;

	amp[0] = aligned_alloc(align, bytes);
	if (amp[0] == NULL)
		return -ENOMEM;
	amp[1] = amp[0] + n;
	if (advise != NULL && align == HUGE_PAGE)
		advise(amp[0], bytes);
	return 0;
}

int
amp_adjoint_init(struct amp_adjoint *a, const struct amp_plan *of,
    const struct amp_adjoint_options *o)
{
	const struct plan *p = of->plan;
	int rc;

	*a = (struct amp_adjoint)AMP_ADJOINT_INIT;
	a->of = of;
	a->lanes = o->lanes;
	rc = alloc_state(a->psi, p->nqubits, o->advise);
	if (rc == 0 && o->gradients)
		rc = alloc_state(a->lambda, p->nqubits, o->advise);
	a->work = lanes_alloc((size_t)4 << amp_chunk_qubits(p));
	a->meets = lanes_alloc(p->nrots * LANES);
	a->turns = lanes_alloc(p->nphases);
	a->starts = lanes_alloc((size_t)p->nqubits * LANES);
	if (a->work == NULL || a->meets == NULL || a->turns == NULL ||
	    a->starts == NULL)
		rc = -ENOMEM;
	if (rc < 0)
		amp_adjoint_close(a);
	return rc;
}

void
amp_adjoint_close(struct amp_adjoint *a)
{
	free(a->psi[0]);
	free(a->lambda[0]);
	free(a->work);
	free(a->meets);
	free(a->turns);
	free(a->starts);
	*a = (struct amp_adjoint)AMP_ADJOINT_INIT;
}

static size_t
nchunks(const struct amp_adjoint *a)
{
	const struct plan *p = a->of->plan;

	return (size_t)1 << (p->nqubits - amp_chunk_qubits(p));
}

static size_t
chunk_size(const struct amp_adjoint *a)
{
	return (size_t)1 << amp_chunk_qubits(a->of->plan);
}

/* out = product over nqubits qubits of v (re, im of |0>, of |1>), complex. */
static void
product(const double *v, uint32_t nqubits, double *const out[2])
{
	size_t n = 1, x;
	uint32_t q;

	out[0][0] = 1.0;
	out[1][0] = 0.0;
	for (q = 0; q < nqubits; q++, v += 4, n *= 2) {
		for (x = 0; x < n; x++) {
			double re = out[0][x], im = out[1][x];

			out[0][n + x] = fma(-im, v[3], re * v[2]);
			out[1][n + x] = fma(re, v[3], im * v[2]);
			out[0][x] = fma(-im, v[1], re * v[0]);
			out[1][x] = fma(re, v[1], im * v[0]);
		}
	}
}

/* What qubits beyond a chunk give to chunk h. */
static void
factor(const double *v, size_t h, uint32_t nqubits, double f[2])
{
	uint32_t q;

	f[0] = 1.0;
	f[1] = 0.0;
	for (q = 0; q < nqubits; q++, v += 4) {
		const double *u = v + 2 * (h >> q & 1);
		double re = f[0];

		f[0] = fma(-f[1], u[1], re * u[0]);
		f[1] = fma(re, u[1], f[1] * u[0]);
	}
}

static void
load_product(struct amp_adjoint *a, const struct amp_bind *b, const double *v)
{
	uint32_t n = a->of->plan->nqubits, c = amp_chunk_qubits(a->of->plan);
	double *low[2] = {a->work, a->work + chunk_size(a)}, f[2];
	size_t h;

	product(v, c, low);
	for (h = 0; h < nchunks(a); h++) {
		double *to[2] = {a->psi[0] + (h << c), a->psi[1] + (h << c)};

		factor(v + (size_t)4 * c, h, n - c, f);
		b->amp->times(low, f, to, chunk_size(a));
	}
}

static void
load_amplitudes(struct amp_adjoint *a, const double *row)
{
	const struct plan *p = a->of->plan;
	size_t n = (size_t)1 << p->nqubits;

	memcpy(a->psi[0], row, p->nfeatures * sizeof(*row));
	memset(a->psi[0] + p->nfeatures, 0, (n - p->nfeatures) * sizeof(*row));
	memset(a->psi[1], 0, n * sizeof(*row));
}

static void
load(struct amp_adjoint *a, const struct amp_bind *b, const double *row)
{
	const struct plan *p = a->of->plan;
	double v[4 * CIRCUIT_MAX_QUBITS] = {0.0};
	uint32_t q;

	if (p->start == CIRCUIT_AMPLITUDES) {
		load_amplitudes(a, row);
		return;
	}
	if (a->of->product && p->nsteps > 1) {
		amp_bind_product(b, row, v);
	} else {
		for (q = 0; q < p->nqubits; q++) {
			v[4 * q] = row[2 * q];
			v[4 * q + 2] = row[2 * q + 1];
		}
	}
	load_product(a, b, v);
}

static void
diagonal(struct amp_adjoint *a, const struct amp_bind *b, size_t k)
{
	uint32_t c = amp_chunk_qubits(a->of->plan);
	double *tab[2];
	size_t h;

	for (h = 0; h < nchunks(a); h++) {
		double *at[2] = {a->psi[0] + (h << c), a->psi[1] + (h << c)};

		amp_bind_chunk(b, k, h, a->work, tab);
		b->amp->diag(at, tab, chunk_size(a));
	}
}

static void
block_tangents(const struct amp_bind *b, const struct amp_block *blk, double *t)
{
	uint32_t r;

	for (r = 0; r < blk->nrots; r++)
		t[r] = b->angles.tangent[blk->rot[r]];
}

static void
turns(struct amp_adjoint *a, const struct amp_bind *b, size_t k)
{
	const struct amp_plan *of = a->of;
	double t[AMP_BLOCK_ROTS];
	size_t i, c;

	for (c = 0; c < 2; c++) {
		for (i = of->block0[k]; i < of->block0[k + 1]; i++) {
			block_tangents(b, &of->blocks[i], t);
			b->amp->ry(a->psi[c], &of->blocks[i], t);
		}
	}
}

void
amp_adjoint_forward(struct amp_adjoint *a, const struct amp_bind *b,
    const double *row)
{
	const struct plan *p = a->of->plan;
	size_t k = a->of->product ? 1 : 0;

	load(a, b, row);
	for (; k + 1 < p->nsteps; k++) {
		diagonal(a, b, k);
		turns(a, b, k);
	}
}

static double
sign_of(const struct zstring *z, const struct amp_bind *b, size_t k)
{
	return odd(z->mask[k] & b->angles.moved) ? -z->sign[k] : z->sign[k];
}

void
amp_adjoint_expect(struct amp_adjoint *a, const struct amp_bind *b,
    const struct zstring *z, double *out)
{
	uint32_t c = amp_chunk_qubits(a->of->plan);
	uint32_t low = (UINT32_C(1) << c) - 1;
	size_t h, k;

	memset(out, 0, z->count * sizeof(*out));
	for (h = 0; h < nchunks(a); h++) {
		double *at[2] = {a->psi[0] + (h << c), a->psi[1] + (h << c)};

		a->lanes->norms(at, a->work, chunk_size(a) / LANES);
		b->amp->wht(a->work, c);
		for (k = 0; k < z->count; k++) {
			double v = a->work[z->mask[k] & low];

			out[k] += odd((uint32_t)h & z->mask[k] >> c) ? -v : v;
		}
	}
	for (k = 0; k < z->count; k++)
		out[k] *= sign_of(z, b, k);
}

static uint32_t
logical_index(const struct plan *p, uint32_t x)
{
	uint32_t y = 0, q;

	for (q = 0; q < p->nqubits; q++)
		y |= (uint32_t)(odd(p->row[q] & x) != p->flip[q]) << q;
	return y;
}

void
amp_adjoint_state(struct amp_adjoint *a, const struct amp_bind *b, double *out)
{
	const struct plan *p = a->of->plan;
	uint32_t n = UINT32_C(1) << p->nqubits, x;

	diagonal(a, b, p->nsteps - 1);
	for (x = 0; x < n; x++) {
		uint32_t y = logical_index(p, x ^ b->angles.moved);

		out[2 * (size_t)y] = a->psi[0][x];
		out[2 * (size_t)y + 1] = a->psi[1][x];
	}
}

static void
weigh(struct amp_adjoint *a, const struct amp_bind *b, const struct zstring *z,
    const double *weight)
{
	uint32_t c = amp_chunk_qubits(a->of->plan);
	uint32_t low = (UINT32_C(1) << c) - 1;
	size_t h, k;

	for (h = 0; h < nchunks(a); h++) {
		double *p[2] = {a->psi[0] + (h << c), a->psi[1] + (h << c)};
		double *l[2] = {a->lambda[0] + (h << c),
		    a->lambda[1] + (h << c)};

		memset(a->work, 0, chunk_size(a) * sizeof(*a->work));
		for (k = 0; k < z->count; k++) {
			double w = weight[k] * sign_of(z, b, k);

			a->work[z->mask[k] & low] +=
			    odd((uint32_t)h & z->mask[k] >> c) ? -w : w;
		}
		b->amp->wht(a->work, c);
		a->lanes->scale(p, l, a->work, chunk_size(a) / LANES);
	}
}

/* Adds what chunk h's w says of the phases of step k. */
static void
add_turns(struct amp_adjoint *a, const struct amp_bind *b, size_t k, size_t h)
{
	const struct plan *p = a->of->plan;
	const struct plan_step *s = &p->steps[k];
	uint32_t c = amp_chunk_qubits(p), low = (UINT32_C(1) << c) - 1;
	double *w = a->work + 3 * chunk_size(a);
	size_t i;

	if (s->nphases + s->nlane_phases == 0)
		return;
	b->amp->wht(w, c);
	for (i = s->phase0; i < s->lane_phase0 + s->nlane_phases; i++) {
		uint32_t m = p->phases[i].mask;

		a->turns[i] +=
		    odd((uint32_t)h & m >> c) ? -w[m & low] : w[m & low];
	}
}

static void
diagonal_undo(struct amp_adjoint *a, const struct amp_bind *b, size_t k)
{
	uint32_t c = amp_chunk_qubits(a->of->plan);
	double *w = a->work + 3 * chunk_size(a), *tab[2];
	size_t h;

	for (h = 0; h < nchunks(a); h++) {
		double *at[4] = {a->psi[0] + (h << c), a->psi[1] + (h << c),
		    a->lambda[0] + (h << c), a->lambda[1] + (h << c)};

		if (k == 0 && !a->inputs) {
			memset(w, 0, chunk_size(a) * sizeof(*w));
			a->lanes->diag_sum(at, at + 2, w,
			    chunk_size(a) / LANES);
		} else {
			amp_bind_chunk(b, k, h, a->work, tab);
			b->amp->diag_undo(at, tab, w, chunk_size(a));
		}
		add_turns(a, b, k, h);
	}
}

static void
turns_undo(struct amp_adjoint *a, const struct amp_bind *b, size_t k)
{
	const struct amp_plan *of = a->of;
	_Alignas(LANES_ALIGN) double sum[AMP_BLOCK_ROTS * LANES];
	double t[AMP_BLOCK_ROTS];
	size_t i, c;
	uint32_t r;

	for (c = 0; c < 2; c++) {
		double *at[2] = {a->psi[c], a->lambda[c]};

		for (i = of->block0[k]; i < of->block0[k + 1]; i++) {
			const struct amp_block *blk = &of->blocks[i];

			block_tangents(b, blk, t);
			for (r = 0; r < blk->nrots; r++)
				memcpy(sum + r * LANES,
				    a->meets + (size_t)blk->rot[r] * LANES,
				    LANES * sizeof(*sum));
			b->amp->ry_undo(at, blk, t, sum);
			for (r = 0; r < blk->nrots; r++)
				memcpy(a->meets + (size_t)blk->rot[r] * LANES,
				    sum + r * LANES, LANES * sizeof(*sum));
		}
	}
}

/* The RYs on |0> as if each were to be undone now. */
static void
meet_starts(struct amp_adjoint *a, const struct amp_bind *b)
{
	const struct plan *p = a->of->plan;
	const double still = 0.0;
	struct amp_block blk;
	uint32_t q;
	size_t c;

	memset(a->starts, 0, (size_t)p->nqubits * LANES * sizeof(*a->starts));
	for (q = 0; q < p->nqubits && p->start == CIRCUIT_ZERO; q++) {
		const uint32_t unit = UINT32_C(1) << q;

		if (p->input[q].ref != CIRCUIT_FEATURE)
			continue;
		memset(&blk, 0, sizeof(blk));
		blk.nrots = 1;
		blk.inner = q < AMP_LANE_QUBITS;
		amp_block_set(&blk, p->nqubits, &unit, &unit);
		for (c = 0; c < 2; c++) {
			double *at[2] = {a->psi[c], a->lambda[c]};

			b->amp->ry_undo(at, &blk, &still,
			    a->starts + (size_t)q * LANES);
		}
	}
}

void
amp_adjoint_backward(struct amp_adjoint *a, const struct amp_bind *b,
    const struct zstring *z, const double *weight)
{
	const struct plan *p = a->of->plan;
	size_t k;

	memset(a->meets, 0, p->nrots * LANES * sizeof(*a->meets));
	memset(a->turns, 0, p->nphases * sizeof(*a->turns));
	weigh(a, b, z, weight);
	for (k = p->nsteps - 1; k-- > 0;) {
		turns_undo(a, b, k);
		diagonal_undo(a, b, k);
	}
	if (a->inputs)
		meet_starts(a, b);
}

struct gradients {
	double *grad, *dx;
};

/* The rotation's angle is a sum. */
static void
add_rot(const struct plan *p, const struct amp_bind *b, size_t r, double d,
    const struct gradients *to)
{
	const struct plan_rot *rot = &p->rots[r];
	size_t t;

	bind_credit(&b->angles, &rot->angle, d, to->grad, to->dx);
	for (t = rot->term0; t < rot->term0 + rot->nterms; t++)
		bind_credit(&b->angles, &p->terms[t].angle, d, to->grad,
		    to->dx);
}

/* Undoing a block in tangent form leaves both states longer by 1 / cosines,
 * which is still in the sums of the blocks after it. */
static void
collect_rots(const struct amp_adjoint *a, const struct amp_bind *b, size_t k,
    const struct gradients *to)
{
	const struct amp_plan *of = a->of;
	double shrink = 1.0;
	size_t i;
	uint32_t j;

	for (i = of->block0[k]; i < of->block0[k + 1]; i++) {
		const struct amp_block *blk = &of->blocks[i];

		for (j = 0; j < blk->nrots; j++) {
			uint32_t r = blk->rot[j];

			add_rot(of->plan, b, r,
			    b->angles.rot_sign[r] * shrink *
				lanes_total(&a->meets[(size_t)r * LANES]),
			    to);
		}
		for (j = 0; j < blk->nrots; j++)
			shrink *= b->angles.rot_cos[blk->rot[j]] *
			    b->angles.rot_cos[blk->rot[j]];
	}
}

static void
collect_starts(const struct amp_adjoint *a, const struct gradients *to)
{
	const struct plan *p = a->of->plan;
	size_t i;
	uint32_t q;

	if (p->start == CIRCUIT_AMPLITUDES) {
		for (i = 0; i < p->nfeatures; i++)
			to->dx[i] += 2.0 * a->lambda[0][i];
		return;
	}
	for (q = 0; q < p->nqubits; q++) {
		const double *row = &a->starts[(size_t)q * LANES];

		if (p->input[q].ref == CIRCUIT_FEATURE)
			to->dx[p->input[q].index] +=
			    p->input[q].coef * lanes_total(row);
	}
}

void
amp_adjoint_collect(const struct amp_adjoint *a, const struct amp_bind *b,
    double *grad, double *dx)
{
	const struct plan *p = a->of->plan;
	const struct gradients to = {grad, a->inputs ? dx : NULL};
	size_t k, i;

	memset(grad, 0, p->nparams * sizeof(*grad));
	if (to.dx != NULL)
		memset(dx, 0, p->nfeatures * sizeof(*dx));
	for (k = 0; k + 1 < p->nsteps; k++) {
		const struct plan_step *s = &p->steps[k];
		double shrink = b->angles.shrink[k] * b->angles.shrink[k];

		collect_rots(a, b, k, &to);
		for (i = s->phase0; i < s->lane_phase0 + s->nlane_phases; i++)
			bind_credit(&b->angles, &p->phases[i].angle,
			    b->angles.phase_sign[i] * shrink * a->turns[i],
			    grad, to.dx);
	}
	if (to.dx != NULL)
		collect_starts(a, &to);
}
