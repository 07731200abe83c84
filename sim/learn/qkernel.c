#include "sim/learn/qkernel.h"

#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "sim/state/gram.h"
#include "sim/state/mathfun.h"
#include "sim/state/pool.h"

#define PI 0x1.921fb54442d18p+1

/* While states are made. */
struct making {
	struct qkernel_states *s;
	const double *x;
	const struct lanes *lanes;
	const struct gram *gram;
	double *work; /* a group for each thread */
};

static size_t
group_size(const struct qkernel_map *m)
{
	return (size_t)(2 * LANES) << m->nqubits;
}

static size_t
ngroups(const struct qkernel_states *s)
{
	return (s->n + LANES - 1) / LANES;
}

static double
pair_angle(enum qkernel_kind kind, double xj, double xq)
{
	switch (kind) {
	case QKERNEL_ZZ:
		return 2.0 * (PI - xj) * (PI - xq);
	case QKERNEL_IQP:
		return xj * xq;
	case QKERNEL_Z:
		break;
	}
	return 0.0;
}

/* Rows of x, one a lane; lanes beyond n repeat the last. */
static double
feature(const struct making *mk, size_t group, size_t lane, uint32_t q)
{
	size_t i = group * LANES + lane;

	if (i >= mk->s->n)
		i = mk->s->n - 1;
	return mk->x[i * mk->s->map.nqubits + q];
}

/* f: a row of cosines, a row of sines. */
static void
cis(const double *angle, double *f)
{
	size_t i;

	for (i = 0; i < LANES; i++)
		mathfun_sincos(angle[i], &f[LANES + i], &f[i]);
}

/*
 * a xor b = a + b - 2 a b. Bit q doubles what there is: e[2^q + x] = e[x] F(x),
 * F a product over the bits of x, F(0) all that is linear in bit q.
 */
static void
add_bit(const struct making *mk, size_t group, uint32_t q, double *const e[2])
{
	const struct qkernel_map *m = &mk->s->map;
	_Alignas(LANES_ALIGN) double f[2 * LANES];
	double first[LANES], twice[LANES];
	size_t n = (size_t)1 << q, i;
	double *top[2] = {e[0] + n * LANES, e[1] + n * LANES};
	double scale = m->kind == QKERNEL_IQP ? 1.0 : 2.0;
	uint32_t j;

	for (i = 0; i < LANES; i++) {
		first[i] = scale * feature(mk, group, i, q);
		for (j = 0; j < m->nqubits; j++)
			first[i] += j == q
			    ? 0.0
			    : pair_angle(m->kind, feature(mk, group, i, j),
				  feature(mk, group, i, q));
	}
	cis(first, f);
	memcpy(top[0], f, LANES * sizeof(*f));
	memcpy(top[1], f + LANES, LANES * sizeof(*f));
	for (j = 0; j < q; j++) {
		size_t half = (size_t)1 << j;
		double *to[2] = {top[0] + half * LANES, top[1] + half * LANES};

		for (i = 0; i < LANES; i++)
			twice[i] = -2.0 *
			    pair_angle(m->kind, feature(mk, group, i, j),
				feature(mk, group, i, q));
		cis(twice, f);
		mk->gram->spin(to, top, f, half);
	}
	mk->gram->join(top, e, n);
}

static void
make_group(void *arg, size_t worker, size_t group)
{
	const struct making *mk = arg;
	const struct qkernel_map *m = &mk->s->map;
	size_t size = group_size(m), i;
	double *p = mk->s->amp + group * size, *w = mk->work + worker * size;
	double *psi[2] = {p, p + size / 2}, *e[2] = {w, w + size / 2};
	uint32_t q, r;

	for (i = 0; i < LANES; i++) {
		e[0][i] = 1.0;
		e[1][i] = 0.0;
	}
	for (q = 0; q < m->nqubits; q++)
		add_bit(mk, group, q, e);
	memcpy(p, w, size * sizeof(*p));
	for (r = 1; r < m->reps; r++) {
		mk->lanes->wht(psi[0], m->nqubits);
		mk->lanes->wht(psi[1], m->nqubits);
		mk->gram->join(psi, e, (size_t)1 << m->nqubits);
	}
}

int
qkernel_states_init(struct qkernel_states *s, const struct qkernel_map *m,
    const double *x, size_t n, struct pool *pool)
{
	struct making mk = {s, x, lanes_pick(m->isa), gram_pick(m->isa), NULL};
	int rc = 0;

	*s = (struct qkernel_states)QKERNEL_STATES_INIT;
	if (m->nqubits < 1 || m->nqubits > QKERNEL_MAX_QUBITS || m->reps < 1 ||
	    m->reps > QKERNEL_MAX_REPS || n < 1 ||
	    n > SIZE_MAX / 16 / group_size(m))
		return -EINVAL;
	if (mk.lanes == NULL)
		return -ENOTSUP;
	s->map = *m;
	s->n = n;
	/* Not zeroed: all of it is written. */
	s->amp = aligned_alloc(LANES_ALIGN,
	    ngroups(s) * group_size(m) * sizeof(*s->amp));
	mk.work = lanes_alloc(pool_threads(pool) * group_size(m));
	if (s->amp == NULL || mk.work == NULL)
		rc = -ENOMEM;
	else
		pool_run(pool, ngroups(s), make_group, &mk);
	free(mk.work);
	if (rc < 0)
		qkernel_states_close(s);
	return rc;
}

void
qkernel_states_close(struct qkernel_states *s)
{
	free(s->amp);
	*s = (struct qkernel_states)QKERNEL_STATES_INIT;
}

struct product {
	const struct qkernel_states *a, *b;
	const struct gram *gram;
	double *k;
	double scale;
};

/* Writes what of two groups' overlaps lies in the matrix, and its mirror
 * image. */
static void
put_overlaps(const struct product *p, size_t ga, size_t gb, const double *out)
{
	size_t i, j, i0 = ga * LANES, j0 = gb * LANES;

	for (i = i0; i < i0 + LANES && i < p->a->n; i++) {
		for (j = j0; j < j0 + LANES && j < p->b->n; j++) {
			double v = p->scale * out[(j - j0) * LANES + i - i0];

			p->k[i * p->b->n + j] = v;
			if (p->a == p->b)
				p->k[j * p->b->n + i] = v;
		}
	}
}

/* Rows of GRAM_GROUPS groups with all columns, of a symmetric matrix with those
 * up to them. */
static void
product_rows(void *arg, size_t worker, size_t block)
{
	const struct product *p = arg;
	size_t size = group_size(&p->a->map), first = block * GRAM_GROUPS;
	size_t end = first + GRAM_GROUPS, g, gb, from, last = ngroups(p->b);
	_Alignas(LANES_ALIGN) double out[GRAM_GROUPS * LANES * LANES];
	struct gram_tile t = {.n = size / (2 * LANES)};

	(void)worker;
	if (end > ngroups(p->a))
		end = ngroups(p->a);
	if (p->a == p->b)
		last = end;
	for (gb = 0; gb < last; gb++) {
		from = p->a == p->b && gb > first ? gb : first;
		t.b = p->b->amp + gb * size;
		t.ngroups = end - from;
		for (g = from; g < end; g++)
			t.a[g - from] = p->a->amp + g * size;
		p->gram->overlaps(&t, out);
		for (g = from; g < end; g++)
			put_overlaps(p, g, gb,
			    out + (g - from) * LANES * LANES);
	}
}

void
qkernel_gram(const struct qkernel_states *a, const struct qkernel_states *b,
    double *k, struct pool *pool)
{
	int64_t exponent = 2 * (int64_t)a->map.nqubits * a->map.reps;
	struct product p = {a, b, gram_pick(a->map.isa), k,
	    mathfun_pow2(-exponent)};

	assert(a->map.nqubits == b->map.nqubits && a->map.reps == b->map.reps);
	pool_run(pool, (ngroups(a) + GRAM_GROUPS - 1) / GRAM_GROUPS,
	    product_rows, &p);
}
