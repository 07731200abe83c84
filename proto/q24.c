#include "proto/q24.h"

#include <assert.h>
#include <errno.h>
#include <math.h>
#include <string.h>

int64_t
q24_div(int64_t a, int64_t b)
{
	int64_t q, r;

	assert(b > 0);
	q = a / b;
	r = a % b; /* the sign of a, |r| < b */
	if (r < 0) {
		q--;
		r += b;
	}
	/* a = q b + r with 0 <= r < b; up when r is past the half, or on it
	 * and q is odd. b - r avoids the overflow of 2 r. */
	if (r > b - r || (r == b - r && (q & 1) != 0))
		q++;
	return q;
}

int64_t
q24_div128(q24_wide a, int64_t b)
{
	q24_wide q, r;

	assert(b > 0);
	q = a / b;
	r = a % b;
	if (r < 0) {
		q--;
		r += b;
	}
	if (r > b - r || (r == b - r && (q & 1) != 0))
		q++;
	if (q > INT64_MAX)
		return INT64_MAX;
	if (q < INT64_MIN)
		return INT64_MIN;
	return (int64_t)q;
}

int64_t
q24_add_sat(int64_t a, int64_t b)
{
	int64_t sum;

	if (!__builtin_add_overflow(a, b, &sum))
		return sum;
	return a < 0 ? INT64_MIN : INT64_MAX;
}

int64_t
q24_wrap(int64_t a, int64_t period)
{
	int64_t r;

	assert(period > 0);
	r = a % period;
	if (r < 0)
		r += period;
	/* 0 <= r < period; the upper half moves down, the middle stays. */
	if (r > period - r)
		r -= period;
	return r;
}

q24_uwide
q24_norm2(const int64_t *x, size_t n)
{
	q24_uwide sum = 0, sq;
	size_t i;

	for (i = 0; i < n; i++) {
		sq = (q24_uwide)((q24_wide)x[i] * x[i]);
		if (__builtin_add_overflow(sum, sq, &sum))
			return ~(q24_uwide)0;
	}
	return sum;
}

bool
q24_within(const int64_t *x, size_t n, int64_t clip)
{
	if (clip < 0)
		return false;
	return q24_norm2(x, n) <= (q24_uwide)((q24_wide)clip * clip);
}

int
q24_from_double(double v, int64_t *out)
{
	double scaled = v * (double)Q24_ONE; /* exact: a power of two */
	double whole, rest;
	int64_t q;

	if (!(scaled >= -0x1p62 && scaled <= 0x1p62))
		return -ERANGE;
	/* floor and an exact remainder: independent of the rounding mode. */
	whole = floor(scaled);
	rest = scaled - whole;
	q = (int64_t)whole;
	if (rest > 0.5 || (rest == 0.5 && (q & 1) != 0))
		q++;
	*out = q;
	return 0;
}

double
q24_to_double(int64_t v)
{
	return (double)v / (double)Q24_ONE;
}

void
q24_store(uint8_t *out, const int64_t *x, size_t n)
{
	uint64_t u;
	size_t i;
	int k;

	for (i = 0; i < n; i++) {
		u = (uint64_t)x[i];
		for (k = 7; k >= 0; k--) {
			out[8 * i + (size_t)k] = (uint8_t)u;
			u >>= 8;
		}
	}
}

void
q24_load(int64_t *out, const uint8_t *bytes, size_t n)
{
	uint64_t u;
	size_t i, k;

	for (i = 0; i < n; i++) {
		u = 0;
		for (k = 0; k < 8; k++)
			u = u << 8 | bytes[8 * i + k];
		memcpy(&out[i], &u, sizeof(u));
	}
}

struct hash
q24_hash(const char *tag, const int64_t *x, size_t n)
{
	uint8_t chunk[64 * 8];
	struct hash_stream s;
	size_t i, part;

	hash_begin(&s, tag);
	for (i = 0; i < n; i += part) {
		part = n - i < 64 ? n - i : 64;
		q24_store(chunk, x + i, part);
		hash_add(&s, chunk, 8 * part);
	}
	return hash_end(&s);
}

/*
 * Elements 2 k and 2 k + 1 are the halves of H("qml.stream", seed || k): 128
 * bits, big-endian, modulo the width, less the bound. The bias is below 2^-64
 * of a step, and no element depends on how many are asked for.
 */
void
q24_stream(const struct hash *seed, int64_t bound, int64_t *out, size_t n)
{
	struct hash h = {{0}};
	struct hash_stream s;
	uint8_t index[8];
	q24_uwide r;
	uint64_t width;
	size_t i, k;

	assert(bound >= 0 && bound < (int64_t)1 << 62);
	width = 2 * (uint64_t)bound + 1;
	for (i = 0; i < n; i++) {
		if (i % 2 == 0) {
			q24_store(index, &(int64_t){(int64_t)(i / 2)}, 1);
			hash_begin(&s, "qml.stream");
			hash_add(&s, seed->b, HASH_LEN);
			hash_add(&s, index, sizeof(index));
			h = hash_end(&s);
		}
		r = 0;
		for (k = 0; k < 16; k++)
			r = r << 8 | h.b[16 * (i % 2) + k];
		out[i] = (int64_t)(uint64_t)(r % width) - bound;
	}
}
