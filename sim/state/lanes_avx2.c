/*
 * lanes_avx2.c - the gate loops, four doubles at a time.
 * Only functions of this file are built for that target, so the library runs
 * on any CPU; lanes_pick() asks before it hands the table out.
 */
#include "sim/state/lanes_isa.h"

#include "sim/state/lanes.h"

#if defined(__x86_64__)

#if !defined(__clang__)
#pragma GCC target("avx2,fma")
#endif

#include <immintrin.h>

#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx2,fma"))), \
    apply_to = function)
#endif

/* After the target is set: its inline functions need hardware fma here. */
#include "sim/state/mathfun.h"

typedef double vec4 __attribute__((vector_size(32), may_alias));

#define V vec4
#define NV 2
#define VSET(x) _mm256_set1_pd(x)
#define VFMA(a, b, c) _mm256_fmadd_pd(a, b, c)
#define VFNMA(a, b, c) _mm256_fnmadd_pd(a, b, c)

#include "sim/state/lanes_body.inc"

#if defined(__clang__)
#pragma clang attribute pop
#endif

const struct lanes *
lanes_avx2(void)
{
	static const struct lanes table = LANES_TABLE("avx2");

	return &table;
}

#else

const struct lanes *
lanes_avx2(void)
{
	return NULL;
}

#endif
