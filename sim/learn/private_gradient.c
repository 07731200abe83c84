#include "sim/learn/private_gradient.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "sim/learn/fit.h"

#define Q24 16777216.0
#define PPB UINT32_C(1000000000)
#define BLOCK_DOUBLES ((size_t)1 << 20) /* 8 MiB of single gradients */

__extension__ typedef unsigned __int128 wide;

static void
fill(void *arg, void *out, size_t len)
{
	uint8_t *to = out;
	uint64_t x;
	size_t i, k;

	for (i = 0; i < len; i += 8) {
		x = rng_u64(arg);
		for (k = 0; k < 8 && i + k < len; k++)
			to[i + k] = (uint8_t)(x >> (8 * k));
	}
}

/* Rounded up: more noise than promised never hurts a record. */
static uint64_t
deviation_of(const struct train_privacy *p)
{
	return ((uint64_t)p->clip * p->sigma_milli + 999) / 1000;
}

static bool
is_valid(const struct train_privacy *p)
{
	return p->q_ppb >= 1 && p->q_ppb <= PPB && p->sigma_milli >= 1 &&
	    p->clip >= 1 && p->clip <= INT64_C(1) << 30 && p->rows >= 1 &&
	    p->steps >= 1 && deviation_of(p) <= GAUSSIAN_SIGMA_MAX;
}

int
private_gradient_open(struct private_gradient *g,
    const struct train_privacy *how, size_t nrows, size_t nparams)
{
	double expected;

	*g = (struct private_gradient)PRIVATE_GRADIENT_INIT;
	if (!is_valid(how))
		return -EINVAL;
	g->how = how;
	g->deviation = (uint32_t)deviation_of(how);
	expected = (double)((uint64_t)how->q_ppb * how->rows) / PPB;
	g->share = 1.0 / (Q24 * (expected > 1.0 ? expected : 1.0));
	rng_init(&g->coins, how->seed, how->stream);
	rng_init(&g->noise, how->seed, how->stream + 1);
	g->nrows = nrows;
	g->nparams = nparams;
	g->block = BLOCK_DOUBLES / (nparams * LANES) * LANES;
	if (g->block < LANES)
		g->block = LANES;
	if (g->block > (nrows + LANES) / LANES * LANES)
		g->block = (nrows + LANES) / LANES * LANES;
	g->pick = calloc(nrows + 1, sizeof(*g->pick));
	g->each = lanes_alloc(g->block * nparams);
	g->row = calloc(nparams, sizeof(*g->row));
	g->sum = calloc(nparams, sizeof(*g->sum));
	if (g->pick != NULL && g->each != NULL && g->row != NULL &&
	    g->sum != NULL)
		return 0;
	private_gradient_close(g);
	return -ENOMEM;
}

void
private_gradient_close(struct private_gradient *g)
{
	free(g->pick);
	free(g->each);
	free(g->row);
	free(g->sum);
	*g = (struct private_gradient)PRIVATE_GRADIENT_INIT;
}

static size_t
toss(struct private_gradient *g)
{
	const struct random_source source = {fill, &g->coins};
	size_t n = 0, i;

	for (i = 0; i < g->nrows; i++)
		if (random_coin(&source, g->how->q_ppb, PPB))
			g->pick[n++] = (uint32_t)i;
	return n;
}

/* Row i of the block times f into g->row; is it within the clip? */
static bool
cut(struct private_gradient *g, size_t i, double f)
{
	const wide most = (wide)g->how->clip * (wide)g->how->clip;
	wide sum = 0;
	size_t k;

	for (k = 0; k < g->nparams; k++) {
		int64_t q = (int64_t)(g->each[FIT_EACH(i, k, g->nparams)] * f);

		g->row[k] = q;
		sum += (wide)(uint64_t)(q < 0 ? -q : q) *
		    (uint64_t)(q < 0 ? -q : q);
	}
	return sum <= most;
}

static void
add_row(struct private_gradient *g, size_t i)
{
	double clip = (double)g->how->clip, sum = 0.0, norm, f = Q24;
	size_t k;

	for (k = 0; k < g->nparams; k++) {
		double x = g->each[FIT_EACH(i, k, g->nparams)];

		sum += x * x;
	}
	norm = sqrt(sum) * Q24;
	if (!(norm < 0x1p100))
		return;
	if (norm > clip)
		f = Q24 * (clip / norm);
	while (!cut(g, i, f))
		f *= 1.0 - 0x1p-20;
	for (k = 0; k < g->nparams; k++)
		g->sum[k] += g->row[k];
}

static void
add_noise(struct private_gradient *g)
{
	const struct random_source source = {fill, &g->noise};
	size_t k;

	for (k = 0; k < g->nparams; k++)
		g->sum[k] += gaussian_draw(&source, g->deviation);
}

void
private_gradient_step(struct private_gradient *g, struct fit *f,
    const double *theta, double *grad)
{
	size_t n = toss(g), at, many, i;

	memset(g->sum, 0, g->nparams * sizeof(*g->sum));
	for (at = 0; at < n; at += many) {
		many = n - at < g->block ? n - at : g->block;
		fit_gradients(f, theta, g->pick + at, many, g->each);
		for (i = 0; i < many; i++)
			add_row(g, i);
	}
	add_noise(g);
	for (i = 0; i < g->nparams; i++)
		grad[i] = (double)g->sum[i] * g->share;
}
