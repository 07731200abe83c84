#include "sim/state/vector.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sim/state/pool.h"
#include "sim/state/vector_low.h"

#define ALIGN_SMALL 64u
#define ALIGN_HUGE (2u << 20) /* a huge page */
#define BLOCKS_MAX 1024u      /* partial sums live on the stack */
#define BLOCK_MIN 4096u       /* groups; fewer are not worth a thread */

/* The indices whose fixed bits have given values, as k = 0 .. 2^free - 1. */
struct sweep {
	uint32_t nfixed;
	uint32_t fixed[VECTOR_MAX_QUBITS]; /* ascending */
	uint64_t value;
	uint64_t count; /* 2^free */
	uint64_t run;   /* so many neighbours in k are neighbours in memory */
};

enum form {
	FORM_SCALE,   /* no target: one number */
	FORM_REAL,    /* one target, real entries */
	FORM_DENSE,   /* one target */
	FORM_FLIP,    /* X */
	FORM_SWAP,    /* two targets */
	FORM_GENERAL, /* anything */
};

struct work {
	double *re, *im;         /* of the vector written, or of b */
	const double *are, *aim; /* of a, for inner products */
	const struct vector_gate *gate;
	struct sweep sweep;
	enum form form;
	uint64_t block; /* groups in one */
	uint64_t shift[1u << VECTOR_MAX_TARGETS];
	double sum[BLOCKS_MAX][2];
};

uint64_t
vector_bytes(uint32_t nqubits)
{
	uint64_t bytes;

	if (nqubits > VECTOR_MAX_QUBITS)
		return UINT64_MAX;
	bytes = UINT64_C(16) << nqubits;
	return bytes < 2u * ALIGN_HUGE ? (bytes < 64 ? 128 : bytes) : bytes;
}

int
vector_init(struct vector *v, uint32_t nqubits, const struct vector_room *room)
{
	uint64_t bytes = vector_bytes(nqubits);
	size_t half;

	*v = (struct vector)VECTOR_INIT;
	if (nqubits > VECTOR_MAX_QUBITS)
		return -EINVAL;
	if (bytes > SIZE_MAX / 2 ||
	    (room && room->bytes_max && bytes > room->bytes_max))
		return -EFBIG;
	v->memory =
	    aligned_alloc(bytes < 2u * ALIGN_HUGE ? ALIGN_SMALL : ALIGN_HUGE,
		(size_t)bytes);
	if (v->memory == NULL)
		return -ENOMEM;
	if (room && room->advise && bytes >= 2u * ALIGN_HUGE)
		room->advise(v->memory, (size_t)bytes);
	half = (size_t)bytes / 2 / sizeof(double);
	v->nqubits = nqubits;
	v->amp[0] = v->memory;
	v->amp[1] = v->memory + half;
	vector_zero(v);
	return 0;
}

void
vector_close(struct vector *v)
{
	free(v->memory);
	*v = (struct vector)VECTOR_INIT;
}

void
vector_zero(struct vector *v)
{
	memset(v->memory, 0, (size_t)vector_bytes(v->nqubits));
	v->amp[0][0] = 1.0;
}

void
vector_copy(struct vector *v, const struct vector *from)
{
	assert(v->nqubits == from->nqubits);
	memcpy(v->memory, from->memory, (size_t)vector_bytes(v->nqubits));
}

static void
sweep_init(struct sweep *s, uint32_t nqubits, uint64_t mask, uint64_t value)
{
	uint32_t q;

	assert(nqubits == 64 || mask >> nqubits == 0);
	s->nfixed = 0;
	for (q = 0; q < nqubits; q++) {
		if (mask >> q & 1)
			s->fixed[s->nfixed++] = q;
	}
	s->value = value & mask;
	s->count = UINT64_C(1) << (nqubits - s->nfixed);
	s->run = s->nfixed ? UINT64_C(1) << s->fixed[0] : s->count;
}

static inline uint64_t
sweep_index(const struct sweep *s, uint64_t k)
{
	uint32_t i;

	for (i = 0; i < s->nfixed; i++) {
		uint64_t low = (UINT64_C(1) << s->fixed[i]) - 1;

		k = (k & ~low) << 1 | (k & low);
	}
	return k | s->value;
}

static void
run_scale(const struct work *w, uint64_t at, uint64_t n)
{
	double c = w->gate->matrix[0], s = w->gate->matrix[1];
	double *restrict re = w->re + at, *restrict im = w->im + at;
	uint64_t i;

	for (i = 0; i < n; i++) {
		double x = re[i], y = im[i];

		re[i] = c * x - s * y;
		im[i] = c * y + s * x;
	}
}

static void
run_real(const struct work *w, uint64_t at, uint64_t n)
{
	const double *m = w->gate->matrix;
	double a = m[0], b = m[2], c = m[4], d = m[6];
	uint32_t part;
	uint64_t i;

	for (part = 0; part < 2; part++) {
		double *amp = part ? w->im : w->re;
		double *restrict p = amp + at;
		double *restrict q = amp + at + w->shift[1];

		for (i = 0; i < n; i++) {
			double x = p[i], y = q[i];

			p[i] = a * x + b * y;
			q[i] = c * x + d * y;
		}
	}
}

static void
run_dense(const struct work *w, uint64_t at, uint64_t n)
{
	const double *m = w->gate->matrix;
	double *restrict pr = w->re + at, *restrict pi = w->im + at;
	double *restrict qr = pr + w->shift[1], *restrict qi = pi + w->shift[1];
	double ar = m[0], ai = m[1], br = m[2], bi = m[3];
	double cr = m[4], ci = m[5], dr = m[6], di = m[7];
	uint64_t i;

	for (i = 0; i < n; i++) {
		double xr = pr[i], xi = pi[i], yr = qr[i], yi = qi[i];

		pr[i] = ar * xr - ai * xi + br * yr - bi * yi;
		pi[i] = ar * xi + ai * xr + br * yi + bi * yr;
		qr[i] = cr * xr - ci * xi + dr * yr - di * yi;
		qi[i] = cr * xi + ci * xr + dr * yi + di * yr;
	}
}

/* Exchanges amplitudes at + from and at + to. */
static void
run_exchange(const struct work *w, uint64_t from, uint64_t to, uint64_t n)
{
	uint32_t part;
	uint64_t i;

	for (part = 0; part < 2; part++) {
		double *amp = part ? w->im : w->re;
		double *restrict p = amp + from;
		double *restrict q = amp + to;

		for (i = 0; i < n; i++) {
			double x = p[i];

			p[i] = q[i];
			q[i] = x;
		}
	}
}

/* y = M x for one group at index at of (re, im). */
static inline void
multiply(const struct work *w, const double *xr, const double *xi, double *y)
{
	const double *m = w->gate->matrix;
	uint32_t dim = 1u << w->gate->ntargets;
	uint32_t r, c;

	for (r = 0; r < dim; r++) {
		double sr = 0.0, si = 0.0;

		for (c = 0; c < dim; c++, m += 2) {
			sr += m[0] * xr[c] - m[1] * xi[c];
			si += m[0] * xi[c] + m[1] * xr[c];
		}
		y[2 * r] = sr;
		y[2 * r + 1] = si;
	}
}

static void
gather(const struct work *w, uint64_t at, double *xr, double *xi)
{
	uint32_t dim = 1u << w->gate->ntargets;
	uint32_t c;

	for (c = 0; c < dim; c++) {
		xr[c] = w->re[at + w->shift[c]];
		xi[c] = w->im[at + w->shift[c]];
	}
}

static void
run_general(const struct work *w, uint64_t at, uint64_t n)
{
	double xr[1u << VECTOR_MAX_TARGETS], xi[1u << VECTOR_MAX_TARGETS];
	double y[2u << VECTOR_MAX_TARGETS];
	uint32_t dim = 1u << w->gate->ntargets;
	uint32_t c;
	uint64_t i;

	for (i = at; i < at + n; i++) {
		gather(w, i, xr, xi);
		multiply(w, xr, xi, y);
		for (c = 0; c < dim; c++) {
			w->re[i + w->shift[c]] = y[2 * c];
			w->im[i + w->shift[c]] = y[2 * c + 1];
		}
	}
}

static void
run_form(const struct work *w, uint64_t at, uint64_t n)
{
	switch (w->form) {
	case FORM_SCALE:
		run_scale(w, at, n);
		break;
	case FORM_REAL:
		run_real(w, at, n);
		break;
	case FORM_DENSE:
		run_dense(w, at, n);
		break;
	case FORM_FLIP:
		run_exchange(w, at, at + w->shift[1], n);
		break;
	case FORM_SWAP:
		run_exchange(w, at + w->shift[1], at + w->shift[2], n);
		break;
	case FORM_GENERAL:
		run_general(w, at, n);
		break;
	}
}

/* One low target and no control. */
static bool
run_low(const struct work *w, uint64_t first, uint64_t n)
{
	const struct vector_low l = {w->re, w->im, w->gate->matrix,
	    w->sweep.fixed[0], first, n};

	if (w->sweep.nfixed != 1 || w->gate->ntargets != 1 ||
	    w->sweep.fixed[0] >= VECTOR_LOW_QUBITS)
		return false;
	if (w->form == FORM_REAL)
		vector_low_real(&l);
	else if (w->form == FORM_DENSE)
		vector_low_dense(&l);
	else if (w->form == FORM_FLIP)
		vector_low_flip(&l);
	else
		return false;
	return true;
}

static void
apply_block(void *arg, size_t worker, size_t block)
{
	const struct work *w = arg;
	uint64_t k = block * w->block;
	uint64_t end = k + w->block;

	(void)worker;
	if (end > w->sweep.count)
		end = w->sweep.count;
	if (run_low(w, k, end - k))
		return;
	while (k < end) {
		uint64_t n = w->sweep.run - (k & (w->sweep.run - 1));

		if (n > end - k)
			n = end - k;
		run_form(w, sweep_index(&w->sweep, k), n);
		k += n;
	}
}

static size_t
work_run(struct work *w, const struct vector *v, pool_fn *fn)
{
	size_t nblocks, i;

	w->block = w->sweep.count / BLOCKS_MAX;
	if (w->block < BLOCK_MIN)
		w->block = BLOCK_MIN;
	nblocks = (size_t)((w->sweep.count + w->block - 1) / w->block);
	if (v->pool && nblocks >= 8) {
		pool_run(v->pool, nblocks, fn, w);
		return nblocks;
	}
	for (i = 0; i < nblocks; i++)
		fn(w, 0, i);
	return nblocks;
}

static void
work_init(struct work *w, const struct vector *v, const struct vector_gate *g)
{
	uint64_t mask = g->mask;
	uint32_t i, c;

	assert(g->ntargets <= VECTOR_MAX_TARGETS);
	w->re = v->amp[0];
	w->im = v->amp[1];
	w->gate = g;
	for (i = 0; i < g->ntargets; i++)
		mask |= UINT64_C(1) << g->target[i];
	sweep_init(&w->sweep, v->nqubits, mask, g->value & g->mask);
	for (c = 0; c < 1u << g->ntargets; c++) {
		w->shift[c] = 0;
		for (i = 0; i < g->ntargets; i++) {
			if (c >> i & 1)
				w->shift[c] |= UINT64_C(1) << g->target[i];
		}
	}
}

static bool
is_number(const double *m, uint32_t i, double want)
{
	return m[2 * i] == want && m[2 * i + 1] == 0.0;
}

static bool
is_swap(const double *m)
{
	static const uint32_t ones[4] = {0, 6, 9, 15};
	uint32_t i, j = 0;

	for (i = 0; i < 16; i++) {
		bool one = j < 4 && i == ones[j];

		if (!is_number(m, i, one ? 1.0 : 0.0))
			return false;
		j += one;
	}
	return true;
}

static enum form
form_of(const struct vector_gate *g)
{
	const double *m = g->matrix;

	if (g->ntargets == 0)
		return FORM_SCALE;
	if (g->ntargets == 2 && is_swap(m))
		return FORM_SWAP;
	if (g->ntargets != 1)
		return FORM_GENERAL;
	if (is_number(m, 0, 0.0) && is_number(m, 3, 0.0) &&
	    is_number(m, 1, 1.0) && is_number(m, 2, 1.0))
		return FORM_FLIP;
	if (m[1] == 0.0 && m[3] == 0.0 && m[5] == 0.0 && m[7] == 0.0)
		return FORM_REAL;
	return FORM_DENSE;
}

/* A diagonal is a number wherever the targets have one value. */
static void
apply_diagonal(struct vector *v, const struct vector_gate *g)
{
	uint32_t dim = 1u << g->ntargets;
	struct vector_gate part = *g;
	struct work w;
	uint32_t c, i;

	part.ntargets = 0;
	for (c = 0; c < dim; c++) {
		part.matrix = g->matrix + (size_t)2 * c * (dim + 1);
		if (is_number(part.matrix, 0, 1.0))
			continue;
		part.mask = g->mask;
		part.value = g->value & g->mask;
		for (i = 0; i < g->ntargets; i++) {
			part.mask |= UINT64_C(1) << g->target[i];
			part.value |= (uint64_t)(c >> i & 1) << g->target[i];
		}
		work_init(&w, v, &part);
		w.form = FORM_SCALE;
		work_run(&w, v, apply_block);
	}
}

static bool
is_diagonal(const struct vector_gate *g)
{
	uint32_t dim = 1u << g->ntargets;
	uint32_t i;

	for (i = 0; i < dim * dim; i++) {
		if (i % (dim + 1) != 0 && !is_number(g->matrix, i, 0.0))
			return false;
	}
	return true;
}

void
vector_apply(struct vector *v, const struct vector_gate *g)
{
	struct work w;

	if (g->ntargets > 0 && is_diagonal(g)) {
		apply_diagonal(v, g);
		return;
	}
	work_init(&w, v, g);
	w.form = form_of(g);
	work_run(&w, v, apply_block);
}

static void
inner_block(void *arg, size_t worker, size_t block)
{
	double xr[1u << VECTOR_MAX_TARGETS], xi[1u << VECTOR_MAX_TARGETS];
	double y[2u << VECTOR_MAX_TARGETS];
	struct work *w = arg;
	uint32_t dim = 1u << w->gate->ntargets;
	uint64_t k = block * w->block;
	uint64_t end = k + w->block;
	double sr = 0.0, si = 0.0;
	uint32_t c;

	(void)worker;
	if (end > w->sweep.count)
		end = w->sweep.count;
	for (; k < end; k++) {
		uint64_t at = sweep_index(&w->sweep, k);

		gather(w, at, xr, xi);
		multiply(w, xr, xi, y);
		for (c = 0; c < dim; c++) {
			double ar = w->are[at + w->shift[c]];
			double ai = w->aim[at + w->shift[c]];

			sr += ar * y[2 * c] + ai * y[2 * c + 1];
			si += ar * y[2 * c + 1] - ai * y[2 * c];
		}
	}
	w->sum[block][0] = sr;
	w->sum[block][1] = si;
}

void
vector_inner_gate(const struct vector *a, const struct vector *b,
    const struct vector_gate *g, double out[static 2])
{
	struct work w;
	size_t nblocks, i;

	assert(a->nqubits == b->nqubits);
	work_init(&w, b, g);
	w.are = a->amp[0];
	w.aim = a->amp[1];
	nblocks = work_run(&w, b, inner_block);
	out[0] = 0.0;
	out[1] = 0.0;
	for (i = 0; i < nblocks; i++) {
		out[0] += w.sum[i][0];
		out[1] += w.sum[i][1];
	}
}

void
vector_inner(const struct vector *a, const struct vector *b,
    double out[static 2])
{
	static const double one[2] = {1.0, 0.0};
	struct vector_gate g = {.matrix = one};

	vector_inner_gate(a, b, &g, out);
}

double
vector_norm(const struct vector *v)
{
	double out[2];

	vector_inner(v, v, out);
	return out[0];
}

double
vector_one(const struct vector *v, uint32_t q)
{
	static const double one[2] = {1.0, 0.0};
	struct vector_gate g = {.matrix = one};
	double out[2];

	g.mask = UINT64_C(1) << q;
	g.value = g.mask;
	vector_inner_gate(v, v, &g, out);
	return out[0];
}

void
vector_project(struct vector *v, uint32_t q, bool bit, double scale)
{
	double m[8] = {0};
	struct vector_gate g = {.ntargets = 1, .matrix = m};

	g.target[0] = q;
	m[bit ? 6 : 0] = scale;
	vector_apply(v, &g);
}

void
vector_probs(const struct vector *v, double weight, double *out)
{
	const double *re = v->amp[0], *im = v->amp[1];
	size_t i, n = (size_t)1 << v->nqubits;

	for (i = 0; i < n; i++)
		out[i] += weight * (re[i] * re[i] + im[i] * im[i]);
}

int
vector_sample(const struct vector *v, const double *u, size_t n, uint64_t *out)
{
	uint64_t size = UINT64_C(1) << v->nqubits, x, last = 0;
	double total = vector_norm(v), sum = 0.0;
	size_t i = 0;

	for (i = 1; i < n; i++) {
		if (u[i] < u[i - 1])
			return -EINVAL;
	}
	for (x = 0, i = 0; x < size && i < n; x++) {
		double re = v->amp[0][x], im = v->amp[1][x];
		double p = re * re + im * im;

		sum += p;
		if (p > 0.0)
			last = x;
		while (i < n && p > 0.0 && sum > u[i] * total)
			out[i++] = x;
	}
	/* Rounding may leave the sum a little below. */
	for (; i < n; i++)
		out[i] = last;
	return 0;
}
