#include "sim/learn/partition.h"

#include <assert.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "sim/learn/rng.h"
#include "sim/state/mathfun.h"

/* Streams of the seed, beyond those of split.c. */
#define STREAM_SHARES UINT64_C(0x400000000)
#define STREAM_ROWS UINT64_C(0x500000000)
#define STREAM_ORDER UINT64_C(0x600000000)
#define TRIES 1000
#define ALPHA_MIN 0.01
#define ALPHA_MAX 1000.0

struct dealing {
	const struct split *s;
	size_t nnodes;
	double alpha;
	size_t c;
	int16_t *owner;
	uint32_t *rows;  /* scratch [n] */
	uint32_t *order; /* scratch [max(nclasses, nnodes * c)] */
	double *share;   /* scratch [nnodes] */
	size_t *count;   /* [nnodes]: rows dealt */
};

static int
open_dealing(struct dealing *d)
{
	size_t n = d->nnodes * (d->c ? d->c : 1), i;

	if (d->nnodes < 1 || d->nnodes > INT16_MAX || d->s->n > UINT32_MAX ||
	    d->s->nclasses < 1 || n > UINT32_MAX)
		return -EINVAL;
	for (i = 0; i < d->s->n; i++) {
		if (d->s->labels[i] < 0 ||
		    (size_t)d->s->labels[i] >= d->s->nclasses)
			return -EINVAL;
	}
	if (n < d->s->nclasses)
		n = d->s->nclasses;
	d->rows = calloc(d->s->n + 1, sizeof(*d->rows));
	d->order = calloc(n, sizeof(*d->order));
	d->share = calloc(d->nnodes, sizeof(*d->share));
	d->count = calloc(d->nnodes, sizeof(*d->count));
	return d->rows && d->order && d->share && d->count ? 0 : -ENOMEM;
}

/* Somebody without a row? */
static int
close_dealing(struct dealing *d, int rc)
{
	size_t i;

	for (i = 0; rc == 0 && i < d->nnodes; i++) {
		if (d->count[i] == 0)
			rc = -ERANGE;
	}
	free(d->rows);
	free(d->order);
	free(d->share);
	free(d->count);
	return rc;
}

/* The free rows of a class, or of all with class == nclasses, shuffled. */
static size_t
free_rows(struct dealing *d, size_t class, uint64_t stream)
{
	struct rng r;
	size_t i, n = 0;

	for (i = 0; i < d->s->n; i++) {
		if (d->owner[i] == SPLIT_FREE &&
		    (class == d->s->nclasses ||
			(size_t)d->s->labels[i] == class))
			d->rows[n++] = (uint32_t)i;
	}
	rng_init(&r, d->s->seed, stream + class);
	rng_shuffle(&r, d->rows, n);
	return n;
}

/* (0, 1] */
static double
uniform(struct rng *r)
{
	return ((double)(rng_u64(r) >> 11) + 1) * 0x1p-53;
}

static double
normal(struct rng *r)
{
	double radius = sqrt(-2 * mathfun_log(uniform(r))), s, c;

	mathfun_sincos(6.283185307179586 * uniform(r), &s, &c);
	return radius * c;
}

/* Gamma(alpha, 1): Marsaglia and Tsang 2000; below 1 by the power of a
 * uniform, kept as a logarithm there, since it can underflow. */
static double
log_gamma_draw(struct rng *r, double alpha)
{
	double a = alpha < 1 ? alpha + 1 : alpha;
	double d = a - 1.0 / 3, c = 1 / sqrt(9 * d), x, v, u, out;

	do {
		x = normal(r);
		v = 1 + c * x;
		v = v * v * v;
		u = uniform(r);
	} while (v <= 0 ||
	    mathfun_log(u) >= 0.5 * x * x + d - d * v + d * mathfun_log(v));
	out = mathfun_log(d * v);
	return alpha < 1 ? out + mathfun_log(uniform(r)) / alpha : out;
}

/* share[nnodes]: cumulated, the last one 1. */
static void
draw_shares(struct dealing *d, struct rng *r)
{
	double most = 0, sum = 0;
	size_t i;

	for (i = 0; i < d->nnodes; i++) {
		d->share[i] = log_gamma_draw(r, d->alpha);
		if (i == 0 || d->share[i] > most)
			most = d->share[i];
	}
	for (i = 0; i < d->nnodes; i++) {
		double x = d->share[i] - most;

		sum += x < -700 ? 0 : mathfun_exp(x);
		d->share[i] = sum;
	}
	for (i = 0; i < d->nnodes; i++)
		d->share[i] /= sum;
	d->share[d->nnodes - 1] = 1;
}

static void
deal_by_share(struct dealing *d, size_t n)
{
	size_t i, at = 0, end;

	for (i = 0; i < d->nnodes; i++) {
		end = (size_t)floor(d->share[i] * (double)n);
		for (; at < end; at++) {
			d->owner[d->rows[at]] = (int16_t)i;
			d->count[i]++;
		}
	}
}

static bool
all_have_rows(const struct dealing *d)
{
	size_t i;

	for (i = 0; i < d->nnodes; i++) {
		if (d->count[i] == 0)
			return false;
	}
	return true;
}

/* Takes every dealt row back. */
static void
take_back(struct dealing *d)
{
	size_t i;

	for (i = 0; i < d->s->n; i++) {
		if (d->owner[i] >= 0)
			d->owner[i] = SPLIT_FREE;
	}
	for (i = 0; i < d->nnodes; i++)
		d->count[i] = 0;
}

static int
by_dirichlet(struct dealing *d, size_t first, size_t last)
{
	struct rng r;
	size_t class, n, try;

	if (!(d->alpha >= ALPHA_MIN && d->alpha <= ALPHA_MAX))
		return -EINVAL;
	rng_init(&r, d->s->seed, STREAM_SHARES);
	for (try = 0; try < TRIES; try++) {
		take_back(d);
		for (class = first; class <= last; class ++) {
			n = free_rows(d, class, STREAM_ROWS);
			draw_shares(d, &r);
			deal_by_share(d, n);
		}
		if (all_have_rows(d))
			break;
	}
	return 0;
}

int
partition_dirichlet(const struct split *s, size_t nnodes, double alpha,
    int16_t *owner)
{
	struct dealing d = {s, nnodes, alpha, 0, owner, NULL, NULL, NULL, NULL};
	int rc = open_dealing(&d);

	if (rc == 0)
		rc = by_dirichlet(&d, 0, s->nclasses - 1);
	return close_dealing(&d, rc);
}

int
partition_quantity(const struct split *s, size_t nnodes, double alpha,
    int16_t *owner)
{
	struct dealing d = {s, nnodes, alpha, 0, owner, NULL, NULL, NULL, NULL};
	int rc = open_dealing(&d);

	if (rc == 0)
		rc = by_dirichlet(&d, s->nclasses, s->nclasses);
	return close_dealing(&d, rc);
}

static int
by_shards(struct dealing *d)
{
	size_t nshards = d->nnodes * d->c, n = 0, i, class;
	struct rng r;

	if (d->c < 1)
		return -EINVAL;
	for (class = 0; class < d->s->nclasses; class ++) {
		for (i = 0; i < d->s->n; i++) {
			if (d->owner[i] == SPLIT_FREE &&
			    (size_t)d->s->labels[i] == class)
				d->rows[n++] = (uint32_t)i;
		}
	}
	for (i = 0; i < nshards; i++)
		d->order[i] = (uint32_t)(i / d->c);
	rng_init(&r, d->s->seed, STREAM_ORDER);
	rng_shuffle(&r, d->order, nshards);
	for (i = 0; i < n; i++) {
		size_t node = d->order[i * nshards / n];

		d->owner[d->rows[i]] = (int16_t)node;
		d->count[node]++;
	}
	return 0;
}

int
partition_shards(const struct split *s, size_t nnodes, size_t c, int16_t *owner)
{
	struct dealing d = {s, nnodes, 0, c, owner, NULL, NULL, NULL, NULL};
	int rc = open_dealing(&d);

	if (rc == 0)
		rc = by_shards(&d);
	return close_dealing(&d, rc);
}

/* Whether node holds the class at this place of the shuffled order. */
static bool
holds(const struct dealing *d, size_t node, size_t place)
{
	size_t n = d->s->nclasses;

	assert(n > 0); /* by_labels saw to it */
	return (place + n - node * d->c % n) % n < d->c;
}

static int
by_labels(struct dealing *d)
{
	size_t nclasses = d->s->nclasses, place, i, n, node = 0;
	struct rng r;

	if (d->c < 1 || d->c > nclasses || d->nnodes * d->c < nclasses)
		return -EINVAL;
	for (i = 0; i < nclasses; i++)
		d->order[i] = (uint32_t)i;
	rng_init(&r, d->s->seed, STREAM_ORDER);
	rng_shuffle(&r, d->order, nclasses);
	for (place = 0; place < nclasses; place++) {
		n = free_rows(d, d->order[place], STREAM_ROWS);
		for (i = 0; i < n; i++) {
			do
				node = (node + 1) % d->nnodes;
			while (!holds(d, node, place));
			d->owner[d->rows[i]] = (int16_t)node;
			d->count[node]++;
		}
	}
	return 0;
}

int
partition_labels(const struct split *s, size_t nnodes, size_t c, int16_t *owner)
{
	struct dealing d = {s, nnodes, 0, c, owner, NULL, NULL, NULL, NULL};
	int rc = open_dealing(&d);

	if (rc == 0)
		rc = by_labels(&d);
	return close_dealing(&d, rc);
}

bool
partition_ring(size_t node, size_t class, size_t nclasses, size_t c)
{
	return (class + nclasses - node % nclasses) % nclasses < c;
}
