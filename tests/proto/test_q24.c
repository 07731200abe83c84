/* Q24 against a 128-bit oracle, the extremes, and frozen bytes. */
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "proto/q24.h"

static uint64_t seed = 20261122;

static uint64_t
next(void)
{
	uint64_t z = (seed += 0x9e3779b97f4a7c15u);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

/* Small, large and extreme values in turn. */
static int64_t
any(void)
{
	static const int64_t ends[] = {0, 1, -1, 2, -2, INT64_MAX, INT64_MIN,
	    INT64_MAX - 1, INT64_MIN + 1, (int64_t)1 << 62};
	uint64_t r = next();

	switch (r % 4) {
	case 0:
		return ends[r / 4 % 10];
	case 1:
		return (int64_t)(r / 4 % 41) - 20;
	case 2:
		return (int64_t)(next() >> (r / 4 % 64)) * (r & 64 ? 1 : -1);
	default:
		return (int64_t)next();
	}
}

/* The nearest integer to a / b: of the two next to it the one at the smaller
 * distance, the even one when both are as near. */
static q24_wide
oracle(q24_wide a, int64_t b)
{
	q24_wide low = a / b - 2, best = low, d, best_d, q;

	best_d = a - low * b;
	if (best_d < 0)
		best_d = -best_d;
	for (q = low; q <= low + 4; q++) {
		d = a - q * b;
		if (d < 0)
			d = -d;
		if (d < best_d || (d == best_d && q % 2 == 0)) {
			best = q;
			best_d = d;
		}
	}
	return best;
}

static void
test_div(void **state)
{
	q24_wide want, wide;
	int64_t a, b;
	int i;

	(void)state;
	for (a = -40; a <= 40; a++)
		for (b = 1; b <= 12; b++)
			assert_true(q24_div(a, b) == oracle(a, b));
	for (i = 0; i < 200000; i++) {
		a = any();
		b = any();
		if (b < 0)
			b = -(b + 1);
		if (b == 0)
			b = 1;
		assert_true(q24_div(a, b) == oracle(a, b));
		wide = (q24_wide)a * (int64_t)(next() % 1000);
		want = oracle(wide, b);
		if (want > INT64_MAX)
			want = INT64_MAX;
		if (want < INT64_MIN)
			want = INT64_MIN;
		assert_true(q24_div128(wide, b) == want);
	}
	assert_true(q24_div(5, 2) == 2 && q24_div(-5, 2) == -2);
	assert_true(q24_div(7, 2) == 4 && q24_div(-7, 2) == -4);
	assert_true(q24_div(INT64_MIN, 1) == INT64_MIN);
	assert_true(q24_div(INT64_MIN, INT64_MAX) == -1);
}

static void
test_add_sat(void **state)
{
	q24_wide want;
	int64_t a, b;
	int i;

	(void)state;
	for (i = 0; i < 100000; i++) {
		a = any();
		b = any();
		want = (q24_wide)a + b;
		if (want > INT64_MAX)
			want = INT64_MAX;
		if (want < INT64_MIN)
			want = INT64_MIN;
		assert_true(q24_add_sat(a, b) == want);
	}
}

static void
test_wrap(void **state)
{
	int64_t a, period, w;
	int i;

	(void)state;
	for (i = 0; i < 100000; i++) {
		a = any();
		period = i % 2 ? Q24_TWO_PI : (int64_t)(next() >> 1 | 1);
		w = q24_wrap(a, period);
		/* In (-p/2, p/2], and congruent. */
		assert_true((q24_wide)2 * w <= period);
		assert_true((q24_wide)2 * w > -(q24_wide)period);
		assert_true(((q24_wide)a - w) % period == 0);
	}
	assert_true(q24_wrap(5, 10) == 5 && q24_wrap(-5, 10) == 5);
	assert_true(q24_wrap(6, 10) == -4 && q24_wrap(INT64_MIN, 1) == 0);
}

static void
test_norm(void **state)
{
	static int64_t x[70000];
	size_t i;

	(void)state;
	assert_true(q24_norm2(x, 0) == 0);
	x[0] = 3 * Q24_ONE;
	x[1] = -4 * Q24_ONE;
	assert_true(q24_norm2(x, 2) == (q24_uwide)25 << 48);
	assert_true(q24_within(x, 2, 5 * Q24_ONE));
	assert_false(q24_within(x, 2, 5 * Q24_ONE - 1));
	x[2] = 1;
	assert_false(q24_within(x, 3, 5 * Q24_ONE));
	assert_false(q24_within(x, 1, -1));
	x[0] = INT64_MIN;
	assert_true(q24_norm2(x, 1) == (q24_uwide)1 << 126);
	assert_false(q24_within(x, 1, INT64_MAX));
	for (i = 0; i < 70000; i++)
		x[i] = INT64_MIN;
	assert_true(q24_norm2(x, 70000) == ~(q24_uwide)0);
	assert_false(q24_within(x, 70000, INT64_MAX));
}

static void
test_from_double(void **state)
{
	int64_t v, w;
	double d;
	int i;

	(void)state;
	for (i = 0; i < 100000; i++) {
		w = any() / 512; /* exact in a double's 53 bits or nearly */
		d = q24_to_double(w);
		assert_int_equal(q24_from_double(d, &v), 0);
		if (w > -((int64_t)1 << 53) && w < (int64_t)1 << 53)
			assert_true(v == w);
		/* Halves, a quarter to either side: the oracle in integers. */
		w = (int64_t)(next() >> 16) - ((int64_t)1 << 47);
		d = ldexp((double)w, -27); /* w / 8 steps */
		assert_int_equal(q24_from_double(d, &v), 0);
		assert_true(v == oracle(w, 8));
	}
	v = 77;
	assert_int_equal(q24_from_double(NAN, &v), -ERANGE);
	assert_int_equal(q24_from_double(INFINITY, &v), -ERANGE);
	assert_int_equal(q24_from_double(-INFINITY, &v), -ERANGE);
	assert_int_equal(q24_from_double(1e300, &v), -ERANGE);
	assert_int_equal(q24_from_double(0x1.0000000000001p38, &v), -ERANGE);
	assert_true(v == 77);
	assert_int_equal(q24_from_double(-0x1p38, &v), 0);
	assert_true(v == -((int64_t)1 << 62));
	assert_int_equal(q24_from_double(5e-324, &v), 0);
	assert_true(v == 0);
	assert_int_equal(q24_from_double(2 * 3.14159265358979323846, &v), 0);
	assert_true(v == Q24_TWO_PI);
}

static void
test_store(void **state)
{
	static const uint8_t golden[] = {0, 0, 0, 0, 1, 0, 0, 0, 0xff, 0xff,
	    0xff, 0xff, 0xff, 0xff, 0xff, 0xfe};
	int64_t x[200], y[200];
	uint8_t bytes[1600];
	struct hash h, g;
	size_t i;

	(void)state;
	for (i = 0; i < 200; i++)
		x[i] = any();
	q24_store(bytes, x, 200);
	q24_load(y, bytes, 200);
	assert_memory_equal(x, y, sizeof(x));
	h = q24_hash("qml.payload", x, 200);
	g = hash_bytes("qml.payload", bytes, sizeof(bytes));
	assert_true(hash_equal(&h, &g));
	x[0] = Q24_ONE;
	x[1] = -2;
	q24_store(bytes, x, 2);
	assert_memory_equal(bytes, golden, sizeof(golden));
	h = q24_hash("t", x, 0);
	g = hash_bytes("t", NULL, 0);
	assert_true(hash_equal(&h, &g));
}

static void
test_stream(void **state)
{
	struct hash s = {{1}}, t = {{2}};
	int64_t a[1001], b[1001], least = 0, most = 0;
	double mean = 0;
	size_t i, same = 0;

	(void)state;
	q24_stream(&s, 1000, a, 1001);
	q24_stream(&s, 1000, b, 7);
	assert_memory_equal(a, b, 7 * sizeof(*a));
	q24_stream(&t, 1000, b, 1001);
	for (i = 0; i < 1001; i++) {
		same += a[i] == b[i];
		least = a[i] < least ? a[i] : least;
		most = a[i] > most ? a[i] : most;
		mean += (double)a[i] / 1001;
	}
	assert_true(same < 10);
	assert_true(least >= -1000 && least < -980);
	assert_true(most <= 1000 && most > 980);
	assert_true(fabs(mean) < 100);
	q24_stream(&s, 0, a, 5);
	for (i = 0; i < 5; i++)
		assert_true(a[i] == 0);
	q24_stream(&s, ((int64_t)1 << 62) - 1, a, 1001);
	for (i = 0; i < 1001; i++)
		assert_true(
		    a[i] > -((int64_t)1 << 62) && a[i] < (int64_t)1 << 62);
}

/* Frozen: M_0 of every federation that exists hangs on it. */
static void
test_stream_golden(void **state)
{
	static const int64_t golden[] = {-2836287, -11494003, -6362569,
	    -7695441};
	struct hash s = {{0}};
	int64_t a[4];

	(void)state;
	q24_stream(&s, Q24_ONE, a, 4);
	assert_memory_equal(a, golden, sizeof(golden));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_div),
	    cmocka_unit_test(test_add_sat),
	    cmocka_unit_test(test_wrap),
	    cmocka_unit_test(test_norm),
	    cmocka_unit_test(test_from_double),
	    cmocka_unit_test(test_store),
	    cmocka_unit_test(test_stream),
	    cmocka_unit_test(test_stream_golden),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
