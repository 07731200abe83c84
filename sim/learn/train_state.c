#include "sim/learn/train_state.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define FIXED 5 /* words before the arrays: pow1, pow2, fading, at, steps */
#define ARRAYS 4

int
train_state_init(struct train_state *s, size_t n)
{
	int rc;

	*s = (struct train_state)TRAIN_STATE_INIT;
	rc = moments_init(&s->moments, n);
	if (rc < 0)
		return rc;
	s->n = n;
	s->momentum = calloc(n + 1, sizeof(*s->momentum));
	s->control = calloc(n + 1, sizeof(*s->control));
	if (s->momentum == NULL || s->control == NULL) {
		train_state_close(s);
		return -ENOMEM;
	}
	return 0;
}

void
train_state_close(struct train_state *s)
{
	moments_close(&s->moments);
	free(s->momentum);
	free(s->control);
	*s = (struct train_state)TRAIN_STATE_INIT;
}

size_t
train_state_size(size_t n)
{
	return 8 * (FIXED + ARRAYS * n);
}

static uint8_t *
put(uint8_t *out, uint64_t x)
{
	int k;

	for (k = 56; k >= 0; k -= 8)
		*out++ = (uint8_t)(x >> k);
	return out;
}

static uint64_t
get(const uint8_t *in)
{
	uint64_t x = 0;
	int k;

	for (k = 0; k < 8; k++)
		x = x << 8 | in[k];
	return x;
}

static uint64_t
bits_of(double x)
{
	uint64_t u;

	memcpy(&u, &x, sizeof(u));
	return u;
}

static double
from_bits(uint64_t u)
{
	double x;

	memcpy(&x, &u, sizeof(x));
	return x;
}

void
train_state_write(const struct train_state *s, uint8_t *out)
{
	const double *arrays[3] = {s->moments.m, s->moments.v, s->momentum};
	size_t i, k;

	out = put(out, bits_of(s->moments.pow1));
	out = put(out, bits_of(s->moments.pow2));
	out = put(out, bits_of(s->fading));
	out = put(out, s->at);
	out = put(out, s->steps);
	for (k = 0; k < 3; k++) {
		for (i = 0; i < s->n; i++)
			out = put(out, bits_of(arrays[k][i]));
	}
	for (i = 0; i < s->n; i++)
		out = put(out, (uint64_t)s->control[i]);
}

static int
check_bytes(const uint8_t *in, size_t n)
{
	size_t i;

	for (i = 0; i < 3 + 3 * n; i++) {
		size_t at = i < 3 ? i : i + FIXED - 3;

		if (!isfinite(from_bits(get(in + 8 * at))))
			return -EINVAL;
	}
	return 0;
}

int
train_state_read(struct train_state *s, const uint8_t *in, size_t len)
{
	double *arrays[3] = {s->moments.m, s->moments.v, s->momentum};
	size_t i, k;

	if (len != train_state_size(s->n) || check_bytes(in, s->n) < 0)
		return -EINVAL;
	s->moments.pow1 = from_bits(get(in));
	s->moments.pow2 = from_bits(get(in + 8));
	s->fading = from_bits(get(in + 16));
	s->at = get(in + 24);
	s->steps = get(in + 32);
	in += 8 * FIXED;
	for (k = 0; k < 3; k++) {
		for (i = 0; i < s->n; i++, in += 8)
			arrays[k][i] = from_bits(get(in));
	}
	for (i = 0; i < s->n; i++, in += 8)
		s->control[i] = (int64_t)get(in);
	return 0;
}
