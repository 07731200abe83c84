/* gram_plain.c - the reference: C, one double at a time. */
#include "sim/state/gram.h"

#include <string.h>

#include <math.h>

#define V double
#define NV LANES
#define VSET(x) (x)
#define VFMA(a, b, c) fma(a, b, c)
#define VFNMA(a, b, c) fma(-(a), b, c)

#include "sim/state/gram_body.inc"

const struct gram *
gram_plain(void)
{
	static const struct gram table = GRAM_TABLE;

	return &table;
}

const struct gram *
gram_pick(enum lanes_isa isa)
{
	const struct lanes *l = lanes_pick(isa);

	if (l == NULL)
		return NULL;
	if (l == lanes_pick(LANES_PLAIN) || l == lanes_pick(LANES_NEON))
		return gram_plain();
	return l == lanes_pick(LANES_AVX2) ? gram_avx2() : gram_avx512();
}
