/* lanes_plain.c - the reference: C, one double at a time. */
#include "sim/state/lanes_isa.h"

#include <math.h>

#include "sim/state/lanes.h"
#include "sim/state/mathfun.h"

#define V double
#define NV LANES
#define VSET(x) (x)
#define VFMA(a, b, c) fma(a, b, c)
#define VFNMA(a, b, c) fma(-(a), b, c)

#include "sim/state/lanes_body.inc"

const struct lanes *
lanes_plain(void)
{
	static const struct lanes table = LANES_TABLE("plain");

	return &table;
}
