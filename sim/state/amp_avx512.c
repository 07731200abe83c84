/* amp_avx512.c - the gate loops, a row is one register. As lanes_avx512.c. */
#include "sim/state/amp_isa.h"

#include "sim/state/amp.h"

#if defined(__x86_64__)

#if !defined(__clang__)
#pragma GCC target("avx512f,avx2,fma")
#endif

#include <immintrin.h>

#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx512f,avx2,fma"))), \
    apply_to = function)
#endif

#define R __m512d
#define r_load(p) _mm512_load_pd(p)
#define r_store(p, a) _mm512_store_pd(p, a)
#define r_stream(p, a) _mm512_stream_pd(p, a)
#define r_fence() _mm_sfence()
#define r_set(x) _mm512_set1_pd(x)
#define r_mul(a, b) _mm512_mul_pd(a, b)
#define r_add(a, b) _mm512_add_pd(a, b)
#define r_sub(a, b) _mm512_sub_pd(a, b)
#define r_fma(a, b, c) _mm512_fmadd_pd(a, b, c)
#define r_fnma(a, b, c) _mm512_fnmadd_pd(a, b, c)

static const int64_t perms[8][8] __attribute__((aligned(64))) = {
    {0, 1, 2, 3, 4, 5, 6, 7},
    {1, 0, 3, 2, 5, 4, 7, 6},
    {2, 3, 0, 1, 6, 7, 4, 5},
    {3, 2, 1, 0, 7, 6, 5, 4},
    {4, 5, 6, 7, 0, 1, 2, 3},
    {5, 4, 7, 6, 1, 0, 3, 2},
    {6, 7, 4, 5, 2, 3, 0, 1},
    {7, 6, 5, 4, 3, 2, 1, 0},
};

static inline R
r_perm(R a, uint32_t m)
{
	return _mm512_permutexvar_pd(_mm512_load_si512(perms[m]), a);
}

static inline R
r_floor(R a)
{
	return _mm512_roundscale_pd(a,
	    _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC);
}

static inline R
r_pick(R k, R a, R b)
{
	return _mm512_mask_blend_pd(_mm512_cmp_pd_mask(k, _mm512_set1_pd(0.5),
					_CMP_GE_OQ),
	    a, b);
}

#include "sim/state/amp_body.inc"

#if defined(__clang__)
#pragma clang attribute pop
#endif

const struct amp *
amp_avx512(void)
{
	static const struct amp table = AMP_TABLE("avx512");

	return &table;
}

#else

const struct amp *
amp_avx512(void)
{
	return NULL;
}

#endif
