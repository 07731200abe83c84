#include "consensus/aggregate/vectors.h"

#include <assert.h>
#include <stddef.h>

#define UWIDE_MAX (~(q24_uwide)0)

static unsigned
width(q24_uwide x)
{
	uint64_t high = (uint64_t)(x >> 64), low = (uint64_t)x;

	if (high)
		return 128u - (unsigned)__builtin_clzll(high);
	return low ? 64u - (unsigned)__builtin_clzll(low) : 0;
}

/* One bit of the root at a time: no division, no float. */
uint64_t
vectors_root(q24_uwide x)
{
	q24_uwide root = 0, bit, rest = x;

	if (x == 0)
		return 0;
	bit = (q24_uwide)1 << ((width(x) - 1) & ~1u);
	for (; bit; bit >>= 2) {
		if (rest >= root + bit) {
			rest -= root + bit;
			root = (root >> 1) + bit;
		} else {
			root >>= 1;
		}
	}
	return (uint64_t)root;
}

q24_uwide
vectors_add(q24_uwide a, q24_uwide b)
{
	q24_uwide sum;

	return __builtin_add_overflow(a, b, &sum) ? UWIDE_MAX : sum;
}

q24_wide
vectors_gap(int64_t a, int64_t b, int64_t period)
{
	q24_wide d = (q24_wide)a - b;

	if (period <= 0 || (2 * d <= period && 2 * d > -(q24_wide)period))
		return d;
	d %= period;
	if (d < 0)
		d += period;
	return d > period - d ? d - period : d;
}

/* -1, 0, 1 by values, then by weight. */
static int
compare(const struct aggregate_input *in, uint16_t a, uint16_t b)
{
	for (uint32_t j = 0; j < in->dim; j++) {
		int64_t x = vectors_value(in, a, j);
		int64_t y = vectors_value(in, b, j);

		if (x != y)
			return x < y ? -1 : 1;
	}
	if (!in->weights || in->weights[a] == in->weights[b])
		return 0;
	return in->weights[a] < in->weights[b] ? -1 : 1;
}

/* Insertion: n is small, and most comparisons end at the first coordinate. */
void
vectors_order(const struct aggregate_input *in, uint16_t *order)
{
	for (uint16_t i = 0; i < in->n; i++) {
		uint16_t k = i;

		for (; k > 0 && compare(in, order[k - 1], i) > 0; k--)
			order[k] = order[k - 1];
		order[k] = i;
	}
}

void
vectors_sort(uint16_t *order, uint16_t n, const q24_uwide *key)
{
	for (uint16_t i = 1; i < n; i++) {
		uint16_t x = order[i], k = i;

		for (; k > 0 && key[order[k - 1]] > key[x]; k--)
			order[k] = order[k - 1];
		order[k] = x;
	}
}

/* |d| < 2^64: its square fits. */
static q24_uwide
square(q24_wide d)
{
	q24_uwide u = (q24_uwide)(d < 0 ? -d : d);

	return u * u;
}

q24_uwide
vectors_distance(const struct aggregate_input *in, uint16_t i, const int64_t *x)
{
	q24_uwide sum = 0;

	for (uint32_t j = 0; j < in->dim; j++) {
		q24_wide d = vectors_gap(in->updates[i][j], x ? x[j] : 0,
		    vectors_period(in, j));

		sum = vectors_add(sum, square(d));
	}
	return sum;
}

void
vectors_distances(const struct aggregate_input *in)
{
	q24_uwide *d = in->scratch->distance;

	for (uint16_t a = 0; a < in->n; a++) {
		d[(size_t)a * in->n + a] = 0;
		for (uint16_t b = 0; b < a; b++) {
			q24_uwide x = vectors_distance(in, a, in->updates[b]);

			d[(size_t)a * in->n + b] = x;
			d[(size_t)b * in->n + a] = x;
		}
	}
}

/* Both squares are moved to the top of their 128 bits before the roots, so
 * that short vectors lose nothing; by an even number of bits. */
int64_t
vectors_factor(q24_uwide a, q24_uwide b)
{
	unsigned up;
	uint64_t x, y;

	if (a >= b)
		return (int64_t)1 << VECTORS_FACTOR_BITS;
	up = (128 - width(b)) & ~1u;
	x = vectors_root(a << up);
	y = vectors_root(b << up);
	assert(y > 0); /* b > a >= 0 */
	return (int64_t)(((q24_uwide)x << VECTORS_FACTOR_BITS) / y);
}

void
vectors_mean(const struct aggregate_input *in, const uint16_t *pick, uint16_t k,
    int64_t *out)
{
	for (uint32_t j = 0; j < in->dim; j++) {
		int64_t centre = vectors_value(in, pick[0], j);
		int64_t period = vectors_period(in, j);
		q24_wide sum = (q24_wide)centre * k;

		for (uint16_t i = 1; i < k; i++)
			sum += vectors_gap(in->updates[pick[i]][j], centre,
			    period);
		out[j] = q24_div128(sum, k);
	}
}
