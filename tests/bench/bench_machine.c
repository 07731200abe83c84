/*
 * bench_machine.c - what this machine allows one core: multiply-adds of the
 * widest registers, and a state of n qubits read and written back in place.
 * With --json one line, for scripts/bench-peers.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "sim/state/lanes.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#define CHAINS 12
#define STEPS 100000
#define ROUNDS 20
#define SIZES 4

static const uint32_t qubits[SIZES] = {10, 16, 20, 24};

static double
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

#if defined(__x86_64__)

/* Independent chains, as many as hide their latency. */
#define PEAK(name, isa, lanes, type, set, fma, store)                         \
	__attribute__((target(isa))) static double name(void)                 \
	{                                                                     \
		volatile double sink;                                         \
		double out[8], start = now();                                 \
		type x[CHAINS], f = set(0.999999);                            \
		int i, k;                                                     \
                                                                              \
		_Pragma("GCC unroll 12") for (k = 0; k < CHAINS; k++) x[k] =  \
		    set((double)k);                                           \
		for (i = 0; i < STEPS; i++) {                                 \
			_Pragma("GCC unroll 12") for (k = 0; k < CHAINS; k++) \
			    x[k] = fma(x[k], f, f);                           \
		}                                                             \
		start = now() - start;                                        \
		for (k = 0; k < CHAINS; k++) {                                \
			store(out, x[k]);                                     \
			sink = out[0];                                        \
		}                                                             \
		(void)sink;                                                   \
		return 2e-9 * (double)(lanes)*CHAINS * STEPS / start;         \
	}

PEAK(peak512, "avx512f,fma", 8, __m512d, _mm512_set1_pd, _mm512_fmadd_pd,
    _mm512_storeu_pd)
PEAK(peak256, "avx2,fma", 4, __m256d, _mm256_set1_pd, _mm256_fmadd_pd,
    _mm256_storeu_pd)

#endif

/* GF/s; 0 where there is no loop for it. */
static double
peak(void)
{
#if defined(__x86_64__)
	double best = 0.0, v;
	int i;

	for (i = 0; i < ROUNDS; i++) {
		v = lanes_pick(LANES_AVX512) != NULL ? peak512()
		    : lanes_pick(LANES_AVX2) != NULL ? peak256()
						     : 0.0;
		best = v > best ? v : best;
	}
	return best;
#else
	return 0.0;
#endif
}

static void
multiply(double *const a[2], size_t n)
{
	size_t x;

	for (x = 0; x < n; x++) {
		a[0][x] = 0.5 * a[0][x];
		a[1][x] = 0.5 * a[1][x];
	}
}

/* GB/s of a state halved in place: read and written bytes both
 * count. */
static double
in_place(uint32_t n)
{
	size_t size = (size_t)1 << n, times = n < 20 ? 1U << (20 - n) : 1, i, k;
	double *amp = lanes_alloc(2 * size), best = 0.0, start, v;

	for (i = 0; i < ROUNDS && amp != NULL; i++) {
		double *at[2] = {amp, amp + size};

		start = now();
		for (k = 0; k < times; k++)
			multiply(at, size);
		v = 32e-9 * (double)(size * times) / (now() - start);
		best = v > best ? v : best;
	}
	free(amp);
	return best;
}

int
main(int argc, char **argv)
{
	bool json = argc > 1 && strcmp(argv[1], "--json") == 0;
	double gflops = peak(), gbs;
	size_t i;

	if (json)
		printf("{\"gflops\":%.4g,\"gbs\":{", gflops);
	else
		printf("multiply-adds, one core: %.1f GF/s\n", gflops);
	for (i = 0; i < SIZES; i++) {
		gbs = in_place(qubits[i]);
		if (json)
			printf("%s\"%u\":%.4g", i > 0 ? "," : "",
			    (unsigned)qubits[i], gbs);
		else
			printf("a state of %u qubits in place: %.1f GB/s\n",
			    (unsigned)qubits[i], gbs);
	}
	if (json)
		printf("}}\n");
	return 0;
}
