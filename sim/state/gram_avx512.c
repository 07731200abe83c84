/*
 * gram_avx512.c - the kernel loops, a row of eight doubles at a time.
 * Only functions of this file are built for that target, so the library runs
 * on any CPU; gram_pick() asks before it hands the table out.
 */
#include "sim/state/gram.h"

#include <string.h>

#if defined(__x86_64__)

#if !defined(__clang__)
#pragma GCC target("avx512f,avx2,fma")
#endif

#include <immintrin.h>

#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx512f,avx2,fma"))), \
    apply_to = function)
#endif

typedef double vec8 __attribute__((vector_size(64), may_alias));

#define V vec8
#define NV 1
#define VSET(x) _mm512_set1_pd(x)
#define VFMA(a, b, c) _mm512_fmadd_pd(a, b, c)
#define VFNMA(a, b, c) _mm512_fnmadd_pd(a, b, c)

#include "sim/state/gram_body.inc"

#if defined(__clang__)
#pragma clang attribute pop
#endif

const struct gram *
gram_avx512(void)
{
	static const struct gram table = GRAM_TABLE;

	return &table;
}

#else

const struct gram *
gram_avx512(void)
{
	return NULL;
}

#endif
