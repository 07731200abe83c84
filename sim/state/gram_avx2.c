/*
 * gram_avx2.c - the kernel loops, four doubles at a time.
 * Only functions of this file are built for that target, so the library runs
 * on any CPU; gram_pick() asks before it hands the table out.
 */
#include "sim/state/gram.h"

#include <string.h>

#if defined(__x86_64__)

#if !defined(__clang__)
#pragma GCC target("avx2,fma")
#endif

#include <immintrin.h>

#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx2,fma"))), \
    apply_to = function)
#endif

typedef double vec4 __attribute__((vector_size(32), may_alias));

#define V vec4
#define NV 2
#define VSET(x) _mm256_set1_pd(x)
#define VFMA(a, b, c) _mm256_fmadd_pd(a, b, c)
#define VFNMA(a, b, c) _mm256_fnmadd_pd(a, b, c)

#include "sim/state/gram_body.inc"

#if defined(__clang__)
#pragma clang attribute pop
#endif

const struct gram *
gram_avx2(void)
{
	static const struct gram table = GRAM_TABLE;

	return &table;
}

#else

const struct gram *
gram_avx2(void)
{
	return NULL;
}

#endif
