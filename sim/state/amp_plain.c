/* amp_plain.c - the reference: C, one double at a time. */
#include "sim/state/amp_isa.h"

#include <math.h>

#include "sim/state/amp.h"

struct row {
	double v[AMP_LANES];
};

#define R struct row
#define EACH(expr)                              \
	do {                                    \
		int i;                          \
		for (i = 0; i < AMP_LANES; i++) \
			o.v[i] = (expr);        \
	} while (0)

static inline R
r_load(const double *p)
{
	R o;

	EACH(p[i]);
	return o;
}

static inline void
r_store(double *p, R a)
{
	int i;

	for (i = 0; i < AMP_LANES; i++)
		p[i] = a.v[i];
}

#define r_stream(p, a) r_store(p, a)
#define r_fence() ((void)0)

static inline R
r_set(double x)
{
	R o;

	EACH(x);
	return o;
}

static inline R
r_mul(R a, R b)
{
	R o;

	EACH(a.v[i] * b.v[i]);
	return o;
}

static inline R
r_add(R a, R b)
{
	R o;

	EACH(a.v[i] + b.v[i]);
	return o;
}

static inline R
r_sub(R a, R b)
{
	R o;

	EACH(a.v[i] - b.v[i]);
	return o;
}

static inline R
r_fma(R a, R b, R c)
{
	R o;

	EACH(fma(a.v[i], b.v[i], c.v[i]));
	return o;
}

static inline R
r_fnma(R a, R b, R c)
{
	R o;

	EACH(fma(-a.v[i], b.v[i], c.v[i]));
	return o;
}

static inline R
r_perm(R a, uint32_t m)
{
	R o;

	EACH(a.v[(uint32_t)i ^ m]);
	return o;
}

static inline R
r_floor(R a)
{
	R o;

	EACH(floor(a.v[i]));
	return o;
}

static inline R
r_pick(R k, R a, R b)
{
	R o;

	EACH(k.v[i] >= 0.5 ? b.v[i] : a.v[i]);
	return o;
}

#include "sim/state/amp_body.inc"

const struct amp *
amp_plain(void)
{
	static const struct amp table = AMP_TABLE("plain");

	return &table;
}
