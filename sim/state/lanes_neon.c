/*
 * lanes_neon.c - the gate loops, a row is four registers of two doubles. NEON
 * with fused multiply-add is part of every aarch64, so nobody needs to ask.
 */
#include "sim/state/lanes_isa.h"

#include "sim/state/lanes.h"

#if defined(__aarch64__)

#include <arm_neon.h>

#include "sim/state/mathfun.h"

typedef double vec2 __attribute__((vector_size(16), may_alias));

#define V vec2
#define NV 4
#define VSET(x) ((vec2)vdupq_n_f64(x))
#define VFMA(a, b, c) ((vec2)vfmaq_f64(c, a, b))
#define VFNMA(a, b, c) ((vec2)vfmsq_f64(c, a, b))

#include "sim/state/lanes_body.inc"

const struct lanes *
lanes_neon(void)
{
	static const struct lanes table = LANES_TABLE("neon");

	return &table;
}

#else

const struct lanes *
lanes_neon(void)
{
	return NULL;
}

#endif
