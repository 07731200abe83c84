#include "sim/state/lanes.h"

#include <stdlib.h>
#include <string.h>

#include "sim/state/lanes_isa.h"

static int
cpu_has(enum lanes_isa isa)
{
#if defined(__x86_64__)
	if (isa == LANES_AVX512)
		return __builtin_cpu_supports("avx512f");
	if (isa == LANES_AVX2)
		return __builtin_cpu_supports("avx2") &&
		    __builtin_cpu_supports("fma");
#elif defined(__aarch64__)
	if (isa == LANES_NEON)
		return 1;
#endif
	return isa == LANES_PLAIN;
}

const struct lanes *
lanes_pick(enum lanes_isa isa)
{
	switch (isa) {
	case LANES_AUTO:
		if (cpu_has(LANES_AVX512))
			return lanes_avx512();
		if (cpu_has(LANES_AVX2))
			return lanes_avx2();
		if (cpu_has(LANES_NEON))
			return lanes_neon();
		return lanes_plain();
	case LANES_PLAIN:
		return lanes_plain();
	case LANES_AVX2:
		return cpu_has(isa) ? lanes_avx2() : NULL;
	case LANES_AVX512:
		return cpu_has(isa) ? lanes_avx512() : NULL;
	case LANES_NEON:
		return cpu_has(isa) ? lanes_neon() : NULL;
	case LANES_NISAS:
		break;
	}
	return NULL;
}

double *
lanes_alloc(size_t n)
{
	size_t bytes;
	double *p;

	if (n > (SIZE_MAX - LANES_ALIGN) / sizeof(*p))
		return NULL;
	bytes = (n * sizeof(*p) + LANES_ALIGN - 1) & ~(size_t)(LANES_ALIGN - 1);
	if (bytes == 0)
		bytes = LANES_ALIGN;
	p = aligned_alloc(LANES_ALIGN, bytes);
	if (p != NULL)
		memset(p, 0, bytes);
	return p;
}

double
lanes_total(const double *row)
{
	return ((row[0] + row[4]) + (row[2] + row[6])) +
	    ((row[1] + row[5]) + (row[3] + row[7]));
}
