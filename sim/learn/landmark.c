#include "sim/learn/landmark.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "sim/learn/rng.h"
#include "sim/state/mathfun.h"
#include "sim/state/pool.h"

#define BLOCK 128 /* rows whose states are held at a time */
/* Of a seed that shuffles rows with its first streams. */
#define SHOT_STREAM (UINT64_C(1) << 32)

static const char *const names[] = {
    [LANDMARK_ZZ] = "zz",
    [LANDMARK_Z] = "z",
    [LANDMARK_IQP] = "iqp",
    [LANDMARK_RY] = "ry",
};

#define NKINDS (int)(sizeof(names) / sizeof(names[0]))

const char *
landmark_kind_name(int kind)
{
	return kind >= 0 && kind < NKINDS ? names[kind] : NULL;
}

int
landmark_kind_find(const char *name)
{
	int i;

	for (i = 0; i < NKINDS; i++) {
		if (strcmp(names[i], name) == 0)
			return i;
	}
	return -1;
}

/* States of single qubits: no state of all of them is needed. */
static bool
is_product(enum landmark_kind kind)
{
	return kind == LANDMARK_Z || kind == LANDMARK_RY;
}

const char *
landmark_map_check(const struct landmark_map *m)
{
	uint32_t i;

	if (landmark_kind_name((int)m->kind) == NULL)
		return "map must be zz, z, iqp or ry";
	if (m->reps < 1 || m->reps > QKERNEL_MAX_REPS)
		return "reps must be 1 to 8";
	if (is_product(m->kind) &&
	    (m->nfeatures < 1 || m->nfeatures > LANDMARK_MAX_FEATURES))
		return "z and ry take 1 to 4096 features";
	if (!is_product(m->kind) &&
	    (m->nfeatures < 1 || m->nfeatures > QKERNEL_MAX_QUBITS))
		return "zz and iqp take 1 to 16 features, a qubit each";
	if (m->scales == NULL && !(fabs(m->scale) <= 1024.0))
		return "scale must be -1024 to 1024";
	for (i = 0; m->scales != NULL && i < m->nfeatures; i++) {
		if (!(fabs(m->scales[i]) <= 1024.0))
			return "scales must be -1024 to 1024";
	}
	return NULL;
}

static void
scale_rows(const struct landmark_map *m, const double *x, size_t n, double *out)
{
	size_t i, f;

	for (i = 0; i < n; i++) {
		for (f = 0; f < m->nfeatures; f++)
			out[i * m->nfeatures + f] = x[i * m->nfeatures + f] *
			    (m->scales != NULL ? m->scales[f] : m->scale);
	}
}

/* out[4]: the two amplitudes, re and im, times 2^(reps / 2) for Z. */
static void
qubit_state(const struct landmark_map *m, double x, double *out)
{
	double s, c, a[2] = {1.0, 0.0}, b[2] = {0.0, 0.0};
	uint32_t r;

	if (m->kind == LANDMARK_RY) {
		mathfun_sincos(0.5 * m->reps * x, &s, &c);
		out[0] = c;
		out[1] = 0.0;
		out[2] = s;
		out[3] = 0.0;
		return;
	}
	mathfun_sincos(2.0 * x, &s, &c);
	for (r = 0; r < m->reps; r++) {
		double d[2] = {a[0] - b[0], a[1] - b[1]};

		a[0] += b[0];
		a[1] += b[1];
		b[0] = c * d[0] - s * d[1];
		b[1] = c * d[1] + s * d[0];
	}
	out[0] = a[0];
	out[1] = a[1];
	out[2] = b[0];
	out[3] = b[1];
}

struct product {
	const struct landmark_map *map;
	const double *a, *b; /* states: 4 numbers a feature */
	size_t na, nb;
	double *k;
};

/* One row of the matrix. */
static void
product_row(void *arg, size_t worker, size_t i)
{
	const struct product *p = arg;
	size_t d = p->map->nfeatures, j, f;
	double unit = p->map->kind == LANDMARK_RY
	    ? 1.0
	    : mathfun_pow2(-2 * (int64_t)p->map->reps);

	(void)worker;
	for (j = 0; j < p->nb; j++) {
		const double *x = p->a + i * d * 4, *y = p->b + j * d * 4;
		double k = 1.0;

		for (f = 0; f < d; f++, x += 4, y += 4) {
			double re = (x[0] * y[0] + x[1] * y[1]) +
			    (x[2] * y[2] + x[3] * y[3]);
			double im = (x[0] * y[1] - x[1] * y[0]) +
			    (x[2] * y[3] - x[3] * y[2]);

			k *= unit * (re * re + im * im);
		}
		p->k[i * p->nb + j] = k;
	}
}

static int
product_kernel(const struct landmark_map *m, const struct landmark_rows *a,
    const struct landmark_rows *b, double *k, struct pool *pool)
{
	size_t d = m->nfeatures, na = a->n * d, nb = b->n * d, i;
	double *state = calloc(na + nb, 4 * sizeof(*state));
	double *x = calloc(na + nb, sizeof(*x));
	struct product p = {m, state, NULL, a->n, b->n, k};
	int rc = state != NULL && x != NULL ? 0 : -ENOMEM;

	if (rc == 0) {
		p.b = state + 4 * na;
		scale_rows(m, a->x, a->n, x);
		scale_rows(m, b->x, b->n, x + na);
		for (i = 0; i < na + nb; i++)
			qubit_state(m, x[i], state + 4 * i);
		pool_run(pool, a->n, product_row, &p);
	}
	free(state);
	free(x);
	return rc;
}

static int
entangled_kernel(const struct landmark_map *m, const struct landmark_rows *a,
    const struct landmark_rows *b, double *k, struct pool *pool)
{
	const struct qkernel_map map = {.kind = m->kind == LANDMARK_ZZ
		? QKERNEL_ZZ
		: QKERNEL_IQP,
	    .nqubits = m->nfeatures,
	    .reps = m->reps,
	    .isa = LANES_AUTO};
	struct qkernel_states sa = QKERNEL_STATES_INIT;
	struct qkernel_states sb = QKERNEL_STATES_INIT;
	size_t n = a->n > b->n ? a->n : b->n;
	double *x = calloc(n * m->nfeatures, sizeof(*x));
	int rc = x != NULL ? 0 : -ENOMEM;

	if (rc == 0) {
		scale_rows(m, a->x, a->n, x);
		rc = qkernel_states_init(&sa, &map, x, a->n, pool);
	}
	if (rc == 0 && a != b) {
		scale_rows(m, b->x, b->n, x);
		rc = qkernel_states_init(&sb, &map, x, b->n, pool);
	}
	if (rc == 0)
		qkernel_gram(&sa, a != b ? &sb : &sa, k, pool);
	qkernel_states_close(&sa);
	qkernel_states_close(&sb);
	free(x);
	return rc;
}

int
landmark_kernel(const struct landmark_map *m, const struct landmark_rows *a,
    const struct landmark_rows *b, double *k, struct pool *pool)
{
	struct pool *own = NULL;
	int rc;

	if (landmark_map_check(m) != NULL || a->n < 1 || b->n < 1 ||
	    a->n > SIZE_MAX / 64 / m->nfeatures - b->n)
		return -EINVAL;
	if (pool == NULL) {
		rc = pool_new(&own, 1);
		if (rc < 0)
			return rc;
		pool = own;
	}
	if (is_product(m->kind))
		rc = product_kernel(m, a, b, k, pool);
	else
		rc = entangled_kernel(m, a, b, k, pool);
	pool_free(own);
	return rc;
}

static void *
copy(const double *from, size_t n)
{
	double *to = calloc(n, sizeof(*to));

	if (to != NULL)
		memcpy(to, from, n * sizeof(*to));
	return to;
}

/* root = sum_e v_e v_e^T / sqrt(max(value_e, floor)). */
static void
inverse_root(size_t m, const double *values, const double *vectors, double low,
    double *root)
{
	size_t e, i, j;

	memset(root, 0, m * m * sizeof(*root));
	for (e = 0; e < m; e++) {
		const double *v = vectors + e * m;
		double f = 1.0 / sqrt(values[e] > low ? values[e] : low);

		for (i = 0; i < m; i++) {
			double x = f * v[i];

			for (j = 0; j < m; j++)
				root[i * m + j] += x * v[j];
		}
	}
}

static int
make_root(struct landmark *l, double ridge)
{
	const struct landmark_rows z = {l->z, l->m};
	double *k = calloc(l->m * l->m, sizeof(*k));
	double *vectors = calloc(l->m * l->m, sizeof(*vectors));
	int rc = k != NULL && vectors != NULL ? 0 : -ENOMEM;

	if (rc == 0)
		rc = landmark_kernel(&l->map, &z, &z, k, NULL);
	if (rc == 0)
		rc = jacobi_eigen(k, l->m, l->values, vectors);
	/* The trace is m, so the largest value is 1 or more. */
	if (rc == 0)
		inverse_root(l->m, l->values, vectors, ridge * l->values[0],
		    l->root);
	free(k);
	free(vectors);
	return rc;
}

int
landmark_init(struct landmark *l, const struct landmark_map *map,
    const struct landmark_rows *z, double ridge)
{
	size_t nz, i;
	int rc = 0;

	*l = (struct landmark)LANDMARK_INIT;
	if (landmark_map_check(map) != NULL || z->n < 1 ||
	    z->n > LANDMARK_MAX || !(ridge > 0.0 && ridge < 1.0))
		return -EINVAL;
	nz = z->n * map->nfeatures;
	for (i = 0; i < nz; i++) {
		if (!isfinite(z->x[i]))
			return -EDOM;
	}
	l->map = *map;
	l->map.scales = NULL;
	l->m = z->n;
	l->z = copy(z->x, nz);
	l->root = calloc(l->m * l->m, sizeof(*l->root));
	l->values = calloc(l->m, sizeof(*l->values));
	if (map->scales != NULL)
		l->map.scales = copy(map->scales, map->nfeatures);
	if (l->z == NULL || l->root == NULL || l->values == NULL ||
	    (map->scales != NULL && l->map.scales == NULL))
		rc = -ENOMEM;
	if (rc == 0)
		rc = make_root(l, ridge);
	if (rc < 0)
		landmark_close(l);
	return rc;
}

void
landmark_close(struct landmark *l)
{
	free((void *)l->map.scales);
	free(l->z);
	free(l->root);
	free(l->values);
	*l = (struct landmark)LANDMARK_INIT;
}

/* phi = k root, landmark by landmark. */
static void
apply_root(const struct landmark *l, const double *k, double *phi)
{
	size_t i, j;

	memset(phi, 0, l->m * sizeof(*phi));
	for (i = 0; i < l->m; i++) {
		for (j = 0; j < l->m; j++)
			phi[j] += k[i] * l->root[i * l->m + j];
	}
}

/* How often of n coins of chance bar / 2^32 fall; two a draw. */
static uint32_t
count_hits(struct rng *r, uint64_t bar, uint32_t n)
{
	uint32_t hits = 0, i;
	uint64_t u = 0;

	for (i = 0; i < n; i++) {
		u = i % 2 == 0 ? rng_u64(r) : u >> 32;
		hits += (u & UINT32_MAX) < bar;
	}
	return hits;
}

/* k[m] in place: shares of hits. */
static void
sample_row(const struct landmark_shots *how, uint64_t row, double *k, size_t m)
{
	struct rng r;
	size_t i;

	rng_init(&r, how->seed, SHOT_STREAM + row);
	for (i = 0; i < m; i++) {
		double p = k[i] < 1.0 ? k[i] : 1.0;
		uint64_t bar = (uint64_t)(p > 0.0 ? p * 0x1p32 + 0.5 : 0.0);

		k[i] = (double)count_hits(&r, bar, how->shots) /
		    (double)how->shots;
	}
}

int
landmark_features_sampled(const struct landmark *l,
    const struct landmark_rows *rows, const struct landmark_shots *how,
    double *phi, struct pool *pool)
{
	const struct landmark_rows z = {l->z, l->m};
	double *k = calloc(BLOCK * l->m, sizeof(*k));
	size_t at, i;
	int rc = k != NULL ? 0 : -ENOMEM;

	for (at = 0; at < rows->n && rc == 0; at += BLOCK) {
		size_t n = rows->n - at < BLOCK ? rows->n - at : BLOCK;
		struct landmark_rows part = {rows->x + at * l->map.nfeatures,
		    n};

		rc = landmark_kernel(&l->map, &part, &z, k, pool);
		for (i = 0; i < n && rc == 0; i++) {
			if (how != NULL)
				sample_row(how, at + i, k + i * l->m, l->m);
			apply_root(l, k + i * l->m, phi + (at + i) * l->m);
		}
	}
	free(k);
	return rc;
}

int
landmark_features(const struct landmark *l, const struct landmark_rows *rows,
    double *phi, struct pool *pool)
{
	return landmark_features_sampled(l, rows, NULL, phi, pool);
}

void
landmark_draw(const uint8_t *seed, size_t m, size_t nfeatures, double *z)
{
	struct rng r;
	size_t i;

	rng_init(&r, seed, 0);
	for (i = 0; i < m * nfeatures; i++)
		z[i] = (double)(rng_u64(&r) >> 32) * 0x1p-32;
}
