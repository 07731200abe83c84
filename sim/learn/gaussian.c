#include "sim/learn/gaussian.h"

#include <assert.h>
#include <stdbool.h>

__extension__ typedef unsigned __int128 wide;

static wide
bits_below(wide n)
{
	const uint64_t high = (uint64_t)((n - 1) >> 64);
	const uint64_t low = (uint64_t)(n - 1);

	if (high != 0)
		return (wide)(UINT64_MAX >> __builtin_clzll(high)) << 64 |
		    UINT64_MAX;
	return low != 0 ? UINT64_MAX >> __builtin_clzll(low) : 0;
}

static uint64_t
big_endian(const uint8_t *b)
{
	return (uint64_t)b[0] << 56 | (uint64_t)b[1] << 48 |
	    (uint64_t)b[2] << 40 | (uint64_t)b[3] << 32 | (uint64_t)b[4] << 24 |
	    (uint64_t)b[5] << 16 | (uint64_t)b[6] << 8 | (uint64_t)b[7];
}

/* Uniform in 0..n-1, n > 0: as many bits as n has, drawn again if too large. */
static wide
below(const struct random_source *r, wide n)
{
	wide mask = bits_below(n), x;
	uint8_t bytes[sizeof(wide)];

	if (n == 1)
		return 0;
	do {
		if (mask >> 64) {
			r->fill(r->arg, bytes, sizeof(wide));
			x = (wide)big_endian(bytes) << 64 |
			    big_endian(bytes + 8);
		} else {
			r->fill(r->arg, bytes, sizeof(uint64_t));
			x = big_endian(bytes);
		}
		x &= mask;
	} while (x >= n);
	return x;
}

int
random_coin(const struct random_source *r, uint64_t num, uint64_t den)
{
	assert(den > 0 && num <= den);
	return below(r, den) < num;
}

/* Algorithm 1 for num/den <= 1: true with probability exp(-num/den). The first
 * failure of coins num/den, num/2den, num/3den... is odd that often. */
static bool
exp_coin_below_one(const struct random_source *r, wide num, wide den)
{
	wide k = 1;

	while (below(r, den * k) < num)
		k++;
	return k & 1;
}

static bool
exp_coin(const struct random_source *r, wide num, wide den)
{
	for (; num > den; num -= den)
		if (!exp_coin_below_one(r, 1, 1))
			return false;
	return exp_coin_below_one(r, num, den);
}

/* Algorithm 2: P(x) proportional to exp(-|x| / t). */
static int64_t
laplace_draw(const struct random_source *r, uint32_t t)
{
	for (;;) {
		int64_t u = (int64_t)below(r, t);
		int64_t v = 0;
		bool negative;

		if (!exp_coin_below_one(r, (wide)u, t))
			continue;
		while (exp_coin_below_one(r, 1, 1))
			v++;
		u += (int64_t)t * v;
		negative = below(r, 2) != 0;
		/* Zero has one sign only. */
		if (!negative || u != 0)
			return negative ? -u : u;
	}
}

/* Algorithm 3: a Laplace draw is kept with probability
 * exp(-(|y| - sigma^2 / t)^2 / (2 sigma^2)). All in integers: the largest
 * sigma is 2^28, and squares stay below 2^128 for |y| < 2^7 t. Beyond, where a
 * draw comes with e^-128 and is kept with less, another is made. */
int64_t
gaussian_draw(const struct random_source *r, uint32_t sigma)
{
	wide s2 = (wide)sigma * sigma;
	uint32_t t = sigma + 1;
	wide den = 2 * s2 * t * t;

	assert(sigma >= 1 && sigma <= GAUSSIAN_SIGMA_MAX);
	for (;;) {
		int64_t y = laplace_draw(r, t);
		wide at = (wide)(y < 0 ? -y : y) * t;
		wide gap = at > s2 ? at - s2 : s2 - at;

		if (at >> 7 < (wide)t * t && exp_coin(r, gap * gap, den))
			return y;
	}
}
