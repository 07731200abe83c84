/* amp_avx2.c - the gate loops, a row is two registers. As lanes_avx512.c. */
#include "sim/state/amp_isa.h"

#include "sim/state/amp.h"

#if defined(__x86_64__)

#if !defined(__clang__)
#pragma GCC target("avx2,fma")
#endif

#include <immintrin.h>

#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx2,fma"))), \
    apply_to = function)
#endif

struct row {
	__m256d a, b;
};

#define R struct row
#define BOTH(f, x, y) ((R){f((x).a, (y).a), f((x).b, (y).b)})

static inline R
r_load(const double *p)
{
	return (R){_mm256_load_pd(p), _mm256_load_pd(p + 4)};
}

static inline void
r_store(double *p, R x)
{
	_mm256_store_pd(p, x.a);
	_mm256_store_pd(p + 4, x.b);
}

static inline void
r_stream(double *p, R x)
{
	_mm256_stream_pd(p, x.a);
	_mm256_stream_pd(p + 4, x.b);
}

#define r_fence() _mm_sfence()

static inline R
r_set(double x)
{
	return (R){_mm256_set1_pd(x), _mm256_set1_pd(x)};
}

static inline R
r_mul(R x, R y)
{
	return BOTH(_mm256_mul_pd, x, y);
}

static inline R
r_add(R x, R y)
{
	return BOTH(_mm256_add_pd, x, y);
}

static inline R
r_sub(R x, R y)
{
	return BOTH(_mm256_sub_pd, x, y);
}

static inline R
r_fma(R x, R y, R z)
{
	return (
	    R){_mm256_fmadd_pd(x.a, y.a, z.a), _mm256_fmadd_pd(x.b, y.b, z.b)};
}

static inline R
r_fnma(R x, R y, R z)
{
	return (R){_mm256_fnmadd_pd(x.a, y.a, z.a),
	    _mm256_fnmadd_pd(x.b, y.b, z.b)};
}

static const int32_t perms[4][8] __attribute__((aligned(32))) = {
    {0, 1, 2, 3, 4, 5, 6, 7},
    {2, 3, 0, 1, 6, 7, 4, 5},
    {4, 5, 6, 7, 0, 1, 2, 3},
    {6, 7, 4, 5, 2, 3, 0, 1},
};

static inline __m256d
half_perm(__m256d a, __m256i how)
{
	return _mm256_castps_pd(
	    _mm256_permutevar8x32_ps(_mm256_castpd_ps(a), how));
}

static inline R
r_perm(R x, uint32_t m)
{
	__m256i how = _mm256_load_si256((const __m256i *)perms[m & 3]);
	R y = {half_perm(x.a, how), half_perm(x.b, how)};

	return (m & 4) != 0 ? (R){y.b, y.a} : y;
}

static inline R
r_floor(R x)
{
	return (R){_mm256_floor_pd(x.a), _mm256_floor_pd(x.b)};
}

static inline R
r_pick(R k, R x, R y)
{
	__m256d half = _mm256_set1_pd(0.5);

	return (
	    R){_mm256_blendv_pd(x.a, y.a, _mm256_cmp_pd(k.a, half, _CMP_GE_OQ)),
	    _mm256_blendv_pd(x.b, y.b, _mm256_cmp_pd(k.b, half, _CMP_GE_OQ))};
}

#include "sim/state/amp_body.inc"

#if defined(__clang__)
#pragma clang attribute pop
#endif

const struct amp *
amp_avx2(void)
{
	static const struct amp table = AMP_TABLE("avx2");

	return &table;
}

#else

const struct amp *
amp_avx2(void)
{
	return NULL;
}

#endif
