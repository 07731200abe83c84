/* The sampler against the exact distribution, by chi-square and moments. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "sim/learn/gaussian.h"

static uint64_t rng = 0x9e3779b97f4a7c15u;

/* splitmix64: the test asks for good bits, not for secret ones. */
static void
fill(void *arg, void *out, size_t len)
{
	uint8_t *p = out;

	(void)arg;
	for (size_t i = 0; i < len; i += 8) {
		uint64_t z = (rng += 0x9e3779b97f4a7c15u);
		size_t n = len - i < 8 ? len - i : 8;

		z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
		z = (z ^ z >> 27) * 0x94d049bb133111ebu;
		z ^= z >> 31;
		memcpy(p + i, &z, n);
	}
}

static const struct random_source source = {fill, NULL};

#define SPAN 60

/* P(x) for |x| <= SPAN, at [x + SPAN]. */
static void
exact(double sigma, double *p)
{
	double total = 0;

	for (int x = -SPAN; x <= SPAN; x++) {
		p[x + SPAN] = exp(-x * x / (2 * sigma * sigma));
		total += p[x + SPAN];
	}
	for (int i = 0; i <= 2 * SPAN; i++)
		p[i] /= total;
}

static void
test_chi_square(void **state)
{
	static const uint32_t sigmas[] = {1, 2, 5};

	(void)state;
	for (size_t k = 0; k < sizeof(sigmas) / sizeof(*sigmas); k++) {
		double p[2 * SPAN + 1];
		unsigned count[2 * SPAN + 1] = {0};
		unsigned n = 200000;
		unsigned cells = 0;
		double chi2 = 0;

		exact(sigmas[k], p);
		for (unsigned i = 0; i < n; i++) {
			int64_t x = gaussian_draw(&source, sigmas[k]);

			assert_true(x >= -SPAN && x <= SPAN);
			count[x + SPAN]++;
		}
		for (int i = 0; i <= 2 * SPAN; i++) {
			double want = p[i] * n;

			if (want < 10)
				continue;
			chi2 += (count[i] - want) * (count[i] - want) / want;
			cells++;
		}
		/* Five standard deviations of a chi-square. */
		assert_true(chi2 < cells + 5 * sqrt(2.0 * cells));
	}
}

/* At the widths that training uses a table would be too long: moments. */
static void
test_moments_of_wide_noise(void **state)
{
	static const uint32_t sigmas[] = {1000, 78643, GAUSSIAN_SIGMA_MAX};

	(void)state;
	for (size_t k = 0; k < sizeof(sigmas) / sizeof(*sigmas); k++) {
		int n = 40000;
		double mean = 0;
		double square = 0;
		double fourth = 0;

		for (int i = 0; i < n; i++) {
			double x = (double)gaussian_draw(&source, sigmas[k]) /
			    sigmas[k];

			mean += x;
			square += x * x;
			fourth += x * x * x * x;
		}
		mean /= n;
		square /= n;
		fourth /= n;
		assert_true(fabs(mean) < 5 / sqrt(n));
		assert_true(fabs(square - 1) < 5 * sqrt(2.0 / n));
		assert_true(fabs(fourth - 3) < 5 * sqrt(96.0 / n));
	}
}

static void
test_coin(void **state)
{
	unsigned heads = 0;

	(void)state;
	for (int i = 0; i < 100000; i++)
		heads += (unsigned)random_coin(&source, 50000000, 1000000000);
	assert_true(heads > 4650 && heads < 5350);
	assert_int_equal(random_coin(&source, 0, 7), 0);
	assert_int_equal(random_coin(&source, 7, 7), 1);
}

/* Replay: the same bytes give the same noise. */
static void
test_same_bytes_same_noise(void **state)
{
	int64_t first[100];

	(void)state;
	rng = 77;
	for (int i = 0; i < 100; i++)
		first[i] = gaussian_draw(&source, 78643);
	rng = 77;
	for (int i = 0; i < 100; i++)
		assert_int_equal(gaussian_draw(&source, 78643), first[i]);
	assert_int_equal(first[0], -94117);
	assert_int_equal(first[99], -69288);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_chi_square),
	    cmocka_unit_test(test_moments_of_wide_noise),
	    cmocka_unit_test(test_coin),
	    cmocka_unit_test(test_same_bytes_same_noise),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
