/*
 * mathfun.h - sin, cos, exp and log that have the same bits everywhere.
 *
 * glibc's own change bits between CPUs; these use +, -, *, /, fma and floor
 * only. Accurate to about 1 ulp. Defined inline so that a loop compiled for
 * AVX gets hardware fma; the arithmetic is the same either way.
 */
#ifndef QML_SIM_STATE_MATHFUN_H
#define QML_SIM_STATE_MATHFUN_H

#include <math.h>
#include <stdint.h>
#include <string.h>

static inline double
mathfun_pow2(int64_t k) /* 2^k, -1022 <= k <= 1023 */
{
	uint64_t u = (uint64_t)(k + 1023) << 52;
	double d;

	memcpy(&d, &u, sizeof(d));
	return d;
}

/* Taylor series; the first term left out is below 2^-60 on |r| <= pi/4. */
static inline double
mathfun_sin_small(double r)
{
	double z = r * r;
	double p = 1.0 / 355687428096000.0;

	p = fma(p, z, -1.0 / 1307674368000.0);
	p = fma(p, z, 1.0 / 6227020800.0);
	p = fma(p, z, -1.0 / 39916800.0);
	p = fma(p, z, 1.0 / 362880.0);
	p = fma(p, z, -1.0 / 5040.0);
	p = fma(p, z, 1.0 / 120.0);
	p = fma(p, z, -1.0 / 6.0);
	return fma(r * z, p, r);
}

static inline double
mathfun_cos_small(double r)
{
	double z = r * r;
	double p = 1.0 / 20922789888000.0;
	double h = 0.5 * z;
	double w = 1.0 - h;

	p = fma(p, z, -1.0 / 87178291200.0);
	p = fma(p, z, 1.0 / 479001600.0);
	p = fma(p, z, -1.0 / 3628800.0);
	p = fma(p, z, 1.0 / 40320.0);
	p = fma(p, z, -1.0 / 720.0);
	p = fma(p, z, 1.0 / 24.0);
	return w + fma(z * z, p, (1.0 - w) - h);
}

/* |x| <= 2^30 for full accuracy; never fails on finite x. */
static inline void
mathfun_sincos(double x, double *sine, double *cosine)
{
	double k = floor(fma(x, 0x1.45f306dc9c883p-1, 0.5));
	double r = fma(-k, 0x1.921fb54442d18p+0, x);
	double q = k - 4.0 * floor(0.25 * k);
	double s, c, t;

	r = fma(-k, 0x1.1a62633145c07p-54, r);
	r = fma(-k, -0x1.f1976b7ed8fbcp-110, r);
	s = mathfun_sin_small(r);
	c = mathfun_cos_small(r);
	t = q == 1.0 || q == 3.0 ? c : s;
	c = q == 1.0 || q == 3.0 ? s : c;
	*sine = q >= 2.0 ? -t : t;
	*cosine = q == 1.0 || q == 2.0 ? -c : c;
}

/* 0 below -708 (no subnormals), infinity above 709.7. */
static inline double
mathfun_exp(double x)
{
	double k = floor(fma(x, 0x1.71547652b82fep+0, 0.5));
	double r = fma(-k, 0x1.62e42fefa39efp-1, x);
	double p = 1.0 / 87178291200.0;

	if (!(x >= -708.0))
		return x < -708.0 ? 0.0 : x;
	if (x > 709.7)
		return (double)INFINITY;
	r = fma(-k, 0x1.abc9e3b39803fp-56, r);
	p = fma(p, r, 1.0 / 6227020800.0);
	p = fma(p, r, 1.0 / 479001600.0);
	p = fma(p, r, 1.0 / 39916800.0);
	p = fma(p, r, 1.0 / 3628800.0);
	p = fma(p, r, 1.0 / 362880.0);
	p = fma(p, r, 1.0 / 40320.0);
	p = fma(p, r, 1.0 / 5040.0);
	p = fma(p, r, 1.0 / 720.0);
	p = fma(p, r, 1.0 / 120.0);
	p = fma(p, r, 1.0 / 24.0);
	p = fma(p, r, 1.0 / 6.0);
	p = fma(p, r, 0.5);
	p = fma(r * r, p, r) + 1.0;
	if (k > 1023.0)
		return p * mathfun_pow2((int64_t)k - 1) * 2.0;
	return p * mathfun_pow2((int64_t)k);
}

/* x must be a positive normal number. */
static inline double
mathfun_log(double x)
{
	uint64_t u;
	double f, s, z, p, h, k;

	memcpy(&u, &x, sizeof(u));
	/* Mantissa into [sqrt(1/2), sqrt 2): the series is in f = m - 1. */
	k = (double)((int64_t)((u +
				   (UINT64_C(0x3ff0000000000000) -
				       UINT64_C(0x3fe6a09e667f3bcd))) >>
			 52) -
	    1023);
	x *= mathfun_pow2((int64_t)-k / 2);
	x *= mathfun_pow2((int64_t)-k - (int64_t)-k / 2);
	f = x - 1.0;
	s = f / (2.0 + f);
	z = s * s;
	p = 2.0 / 23.0;
	p = fma(p, z, 2.0 / 21.0);
	p = fma(p, z, 2.0 / 19.0);
	p = fma(p, z, 2.0 / 17.0);
	p = fma(p, z, 2.0 / 15.0);
	p = fma(p, z, 2.0 / 13.0);
	p = fma(p, z, 2.0 / 11.0);
	p = fma(p, z, 2.0 / 9.0);
	p = fma(p, z, 2.0 / 7.0);
	p = fma(p, z, 2.0 / 5.0);
	p = fma(p, z, 2.0 / 3.0) * z;
	h = 0.5 * f * f;
	p = fma(s, h + p, k * 0x1.abc9e3b39803fp-56);
	return fma(k, 0x1.62e42fefa39efp-1, f - (h - p));
}

#endif
