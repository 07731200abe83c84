/* mathfun against the C library's long double functions. */
#include <float.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "sim/state/mathfun.h"

#define SWEEP 200000

static double
relative(double got, long double want)
{
	if (want == 0.0L)
		return fabs(got);
	return (double)fabsl(((long double)got - want) / want);
}

/* Steps of an irrational length visit no grid in particular. */
static double
sample(size_t i, double lo, double hi)
{
	double u = (double)i * 0.61803398874989484;

	return lo + (hi - lo) * (u - floor(u));
}

static double
sincos_error(double x)
{
	double s, c, es, ec;

	mathfun_sincos(x, &s, &c);
	es = relative(s, sinl((long double)x));
	ec = relative(c, cosl((long double)x));
	return es > ec ? es : ec;
}

static void
test_sincos(void **state)
{
	static const double span[] = {0.8, 4.0, 100.0, 1e5};
	double worst = 0.0, e;
	size_t i, k;

	(void)state;
	for (k = 0; k < sizeof(span) / sizeof(span[0]); k++) {
		for (i = 0; i < SWEEP; i++) {
			e = sincos_error(sample(i, -span[k], span[k]));
			worst = e > worst ? e : worst;
		}
	}
	assert_true(worst < 4e-16);
}

static void
test_sincos_near_axes(void **state)
{
	double e, worst = 0.0;
	int k, j;

	(void)state;
	for (k = -4000; k <= 4000; k++) {
		for (j = -2; j <= 2; j++) {
			double x = k * 1.5707963267948966 + j * 1e-9;

			e = sincos_error(x);
			worst = e > worst ? e : worst;
		}
	}
	assert_true(worst < 4e-16);
}

static void
test_sincos_exact(void **state)
{
	double s, c;

	(void)state;
	mathfun_sincos(0.0, &s, &c);
	assert_true(s == 0.0 && c == 1.0);
	mathfun_sincos(1e-300, &s, &c);
	assert_true(s == 1e-300 && c == 1.0);
}

static void
test_exp(void **state)
{
	double worst = 0.0, e, x;
	size_t i;

	(void)state;
	for (i = 0; i < SWEEP; i++) {
		x = sample(i, -707.0, 709.0);
		e = relative(mathfun_exp(x), expl((long double)x));
		worst = e > worst ? e : worst;
		x = sample(i, -2.0, 2.0);
		e = relative(mathfun_exp(x), expl((long double)x));
		worst = e > worst ? e : worst;
	}
	assert_true(worst < 4e-16);
}

static void
test_exp_edges(void **state)
{
	(void)state;
	assert_true(mathfun_exp(0.0) == 1.0);
	assert_true(mathfun_exp(-709.0) == 0.0);
	assert_true(mathfun_exp(-1e300) == 0.0);
	assert_true(mathfun_exp(-(double)INFINITY) == 0.0);
	assert_true(isinf(mathfun_exp(710.0)));
	assert_true(relative(mathfun_exp(709.6), expl(709.6L)) < 1e-13);
	assert_true(isnan(mathfun_exp((double)NAN)));
}

static void
test_log(void **state)
{
	double worst = 0.0, e, x;
	size_t i;

	(void)state;
	for (i = 0; i < SWEEP; i++) {
		x = sample(i, 0.5, 2.0);
		e = relative(mathfun_log(x), logl((long double)x));
		worst = e > worst ? e : worst;
		x = mathfun_exp(sample(i, -700.0, 700.0));
		e = relative(mathfun_log(x), logl((long double)x));
		worst = e > worst ? e : worst;
	}
	assert_true(worst < 4e-16);
	assert_true(mathfun_log(1.0) == 0.0);
	assert_true(isfinite(mathfun_log(DBL_MIN)));
	assert_true(isfinite(mathfun_log(DBL_MAX)));
}

static void
test_pow2(void **state)
{
	(void)state;
	assert_true(mathfun_pow2(0) == 1.0);
	assert_true(mathfun_pow2(-1022) == DBL_MIN);
	assert_true(mathfun_pow2(1023) == 0x1p1023);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_sincos),
	    cmocka_unit_test(test_sincos_near_axes),
	    cmocka_unit_test(test_sincos_exact),
	    cmocka_unit_test(test_exp),
	    cmocka_unit_test(test_exp_edges),
	    cmocka_unit_test(test_log),
	    cmocka_unit_test(test_pow2),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
