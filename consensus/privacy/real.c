#include "consensus/privacy/real.h"

#include <assert.h>

#define BITS 128
#define TOP ((real_mant)1 << (BITS - 1))

/* Of a mantissa that is not zero. */
static unsigned
leading_zeros(real_mant m)
{
	uint64_t hi = (uint64_t)(m >> 64);

	if (hi)
		return (unsigned)__builtin_clzll(hi);
	return 64 + (unsigned)__builtin_clzll((uint64_t)m);
}

static struct real
normal(real_mant m, int32_t exp, bool negative)
{
	unsigned shift;

	if (m == 0)
		return (struct real){0, 0, false};
	shift = leading_zeros(m);
	return (struct real){m << shift, exp - (int32_t)shift, negative};
}

struct real
real_int(int64_t x)
{
	uint64_t magnitude = x < 0 ? 0 - (uint64_t)x : (uint64_t)x;

	return normal(magnitude, 0, x < 0);
}

struct real
real_ratio(int64_t num, uint64_t den)
{
	assert(den > 0);
	return real_div(real_int(num), normal(den, 0, false));
}

struct real
real_neg(struct real a)
{
	if (a.m)
		a.negative = !a.negative;
	return a;
}

/* Of magnitudes only: both normal, a's exponent not below b's. */
static struct real
add_magnitudes(struct real a, struct real b)
{
	uint32_t gap = (uint32_t)(a.exp - b.exp);
	real_mant low = gap < BITS ? b.m >> gap : 0;
	real_mant sum = a.m + low;

	if (sum >= a.m)
		return (struct real){sum, a.exp, a.negative};
	return (struct real){sum >> 1 | TOP, a.exp + 1, a.negative};
}

/* |a| - |b| with |a| >= |b|. */
static struct real
take_magnitude(struct real a, struct real b)
{
	uint32_t gap = (uint32_t)(a.exp - b.exp);
	real_mant low = gap < BITS ? b.m >> gap : 0;

	return normal(a.m - low, a.exp, a.negative);
}

static bool
magnitude_below(struct real a, struct real b)
{
	return a.exp != b.exp ? a.exp < b.exp : a.m < b.m;
}

struct real
real_add(struct real a, struct real b)
{
	if (b.m == 0)
		return a;
	if (a.m == 0)
		return b;
	if (magnitude_below(a, b)) {
		struct real swap = a;

		a = b;
		b = swap;
	}
	return a.negative == b.negative ? add_magnitudes(a, b)
					: take_magnitude(a, b);
}

struct real
real_sub(struct real a, struct real b)
{
	return real_add(a, real_neg(b));
}

/* The upper half of a 256-bit product. */
static real_mant
multiply_high(real_mant a, real_mant b)
{
	uint64_t al = (uint64_t)a;
	uint64_t ah = (uint64_t)(a >> 64);
	uint64_t bl = (uint64_t)b;
	uint64_t bh = (uint64_t)(b >> 64);
	real_mant mid = (real_mant)ah * bl + (((real_mant)al * bl) >> 64);
	real_mant other = (real_mant)al * bh + (uint64_t)mid;

	return (real_mant)ah * bh + (mid >> 64) + (other >> 64);
}

struct real
real_mul(struct real a, struct real b)
{
	if (a.m == 0 || b.m == 0)
		return real_int(0);
	return normal(multiply_high(a.m, b.m), a.exp + b.exp + BITS,
	    a.negative != b.negative);
}

/* Long division, a bit at a time: the tables need some thousand of them. */
struct real
real_div(struct real a, struct real b)
{
	real_mant rest = a.m;
	real_mant q = 0;
	bool carry = false;

	assert(b.m != 0);
	if (a.m == 0)
		return a;
	for (int i = 0; i < BITS; i++) {
		bool one = carry || rest >= b.m;

		if (one)
			rest -= b.m;
		q = q << 1 | one;
		carry = (rest & TOP) != 0;
		rest <<= 1;
	}
	/* The first bit stands for 2^0, the last for 2^-127. */
	return normal(q, a.exp - b.exp - (BITS - 1), a.negative != b.negative);
}

int
real_cmp(struct real a, struct real b)
{
	struct real d = real_sub(a, b);

	if (d.m == 0)
		return 0;
	return d.negative ? -1 : 1;
}

struct real
real_pow(struct real a, uint32_t n)
{
	struct real out = real_int(1);

	for (; n; n >>= 1) {
		if (n & 1)
			out = real_mul(out, a);
		a = real_mul(a, a);
	}
	return out;
}

/* The integer part of |a| and whether anything is left behind the point;
 * larger than every int64 saturates. */
static uint64_t
integer_part(struct real a, bool *rest)
{
	int32_t shift = -a.exp;

	*rest = false;
	if (a.m == 0)
		return 0;
	if (shift < BITS - 63)
		return (uint64_t)INT64_MAX;
	if (shift >= BITS) {
		*rest = true;
		return 0;
	}
	*rest = (a.m & (((real_mant)1 << shift) - 1)) != 0;
	return (uint64_t)(a.m >> shift);
}

int64_t
real_floor(struct real a)
{
	bool rest;
	int64_t whole = (int64_t)integer_part(a, &rest);

	if (!a.negative)
		return whole;
	return -whole - (rest ? 1 : 0);
}

int64_t
real_ceil(struct real a)
{
	return -real_floor(real_neg(a));
}

/* By a small number: the machine's own division. Loses the bits that k has. */
static struct real
div_small(struct real a, uint32_t k)
{
	return normal(a.m / k, a.exp, a.negative);
}

/* 2 atanh(z) = 2 (z + z^3 / 3 + z^5 / 5 + ...), |z| < 0.18. */
static struct real
twice_atanh(struct real z)
{
	struct real square = real_mul(z, z);
	struct real power = z;
	struct real sum = z;

	for (uint32_t k = 3; k < 60; k += 2) {
		power = real_mul(power, square);
		sum = real_add(sum, div_small(power, k));
	}
	return real_add(sum, sum);
}

static struct real
log_two(void)
{
	struct real one = real_int(1);

	/* ln(4/3) = 2 atanh(1/7), ln(3/2) = 2 atanh(1/5). */
	return real_add(twice_atanh(div_small(one, 7)),
	    twice_atanh(div_small(one, 5)));
}

struct real
real_log(struct real a)
{
	struct real root = real_ratio(14142, 10000);
	struct real m = {a.m, -(BITS - 1), false}; /* in [1, 2) */
	int64_t power = a.exp + (BITS - 1);
	struct real z;

	assert(a.m != 0 && !a.negative);
	if (real_cmp(m, root) > 0) {
		m.exp--;
		power++;
	}
	z = real_div(real_sub(m, real_int(1)), real_add(m, real_int(1)));
	return real_add(twice_atanh(z), real_mul(real_int(power), log_two()));
}

struct real
real_exp(struct real a)
{
	struct real two = log_two();
	int64_t power = real_floor(real_div(a, two));
	struct real r = real_sub(a, real_mul(real_int(power), two));
	struct real term = real_int(1);
	struct real sum = term;

	assert(power > -(INT64_C(1) << 25) && power < INT64_C(1) << 25);
	for (uint32_t k = 1; k < 40; k++) {
		term = div_small(real_mul(term, r), k);
		sum = real_add(sum, term);
	}
	if (sum.m)
		sum.exp += (int32_t)power;
	return sum;
}
