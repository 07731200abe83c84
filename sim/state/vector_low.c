#include "sim/state/vector_low.h"

/* body(x, y): the pair's places, half apart; half is a constant. */
#define PAIRS(half, body)                                           \
	do {                                                        \
		uint64_t i_, j_;                                    \
		for (i_ = 2 * l->first; i_ < 2 * (l->first + l->n); \
		     i_ += 2 * (half)) {                            \
			for (j_ = i_; j_ < i_ + (half); j_++)       \
				body(j_, j_ + (half));              \
		}                                                   \
	} while (0)

#define FOR_TARGET(body)                 \
	do {                             \
		if (l->target == 0)      \
			PAIRS(1, body);  \
		else if (l->target == 1) \
			PAIRS(2, body);  \
		else                     \
			PAIRS(4, body);  \
	} while (0)

void
vector_low_flip(const struct vector_low *l)
{
	double *restrict re = l->re, *restrict im = l->im;

#define FLIP(x, y)                             \
	do {                                   \
		double p_ = re[x], q_ = im[x]; \
		re[x] = re[y];                 \
		im[x] = im[y];                 \
		re[y] = p_;                    \
		im[y] = q_;                    \
	} while (0)
	FOR_TARGET(FLIP);
#undef FLIP
}

void
vector_low_real(const struct vector_low *l)
{
	double *restrict re = l->re, *restrict im = l->im;
	const double a = l->m[0], b = l->m[2], c = l->m[4], d = l->m[6];

#define TURN(x, y)                               \
	do {                                     \
		double xr_ = re[x], yr_ = re[y]; \
		double xi_ = im[x], yi_ = im[y]; \
		re[x] = a * xr_ + b * yr_;       \
		re[y] = c * xr_ + d * yr_;       \
		im[x] = a * xi_ + b * yi_;       \
		im[y] = c * xi_ + d * yi_;       \
	} while (0)
	FOR_TARGET(TURN);
#undef TURN
}

void
vector_low_dense(const struct vector_low *l)
{
	double *restrict re = l->re, *restrict im = l->im;
	const double *m = l->m;
	const double ar = m[0], ai = m[1], br = m[2], bi = m[3];
	const double cr = m[4], ci = m[5], dr = m[6], di = m[7];

#define TURN(x, y)                                                 \
	do {                                                       \
		double xr_ = re[x], xi_ = im[x];                   \
		double yr_ = re[y], yi_ = im[y];                   \
		re[x] = ar * xr_ - ai * xi_ + br * yr_ - bi * yi_; \
		im[x] = ar * xi_ + ai * xr_ + br * yi_ + bi * yr_; \
		re[y] = cr * xr_ - ci * xi_ + dr * yr_ - di * yi_; \
		im[y] = cr * xi_ + ci * xr_ + dr * yi_ + di * yr_; \
	} while (0)
	FOR_TARGET(TURN);
#undef TURN
}
