/* Sampling, counts, and what is read off them. */
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "sim/observable/pauli.h"
#include "sim/state/shots.h"

static void
make_outcomes(struct outcomes *o)
{
	*o = (struct outcomes)OUTCOMES_INIT;
	o->nbits = 3;
	assert_int_equal(outcomes_add(o, 6, 0.25), 0);
	assert_int_equal(outcomes_add(o, 1, 0.5), 0);
	assert_int_equal(outcomes_add(o, 6, 0.125), 0);
	assert_int_equal(outcomes_add(o, 0, 0.125), 0);
	assert_int_equal(outcomes_add(o, 3, 0.0), 0);
	outcomes_sort(o);
}

static void
test_sample(void **state)
{
	const uint64_t shots = 100000;
	uint8_t seed[RNG_SEED_BYTES] = {9};
	struct counts a, b;
	struct outcomes o;
	struct rng r;
	size_t i;

	(void)state;
	make_outcomes(&o);
	assert_int_equal(o.n, 4);
	assert_true(o.items[3].bits == 6 && o.items[3].p == 0.375);
	rng_init(&r, seed, 5);
	assert_int_equal(shots_sample(&o, shots, &r, &a), 0);
	rng_init(&r, seed, 5);
	assert_int_equal(shots_sample(&o, shots, &r, &b), 0);
	assert_int_equal(a.total, shots);
	assert_int_equal(a.n, 3); /* never what has no probability */
	assert_memory_equal(a.items, b.items, a.n * sizeof(*a.items));
	for (i = 0; i < a.n; i++) {
		double p = a.items[i].bits == 1 ? 0.5
		    : a.items[i].bits == 6      ? 0.375
						: 0.125;
		double n = (double)a.items[i].n;

		assert_true(fabs(n - p * (double)shots) <
		    5 * sqrt(p * (1 - p) * (double)shots));
	}
	counts_close(&b);
	rng_init(&r, seed, 6);
	assert_int_equal(shots_sample(&o, shots, &r, &b), 0);
	assert_memory_not_equal(a.items, b.items, a.n * sizeof(*a.items));
	counts_close(&a);
	counts_close(&b);
	outcomes_close(&o);
	assert_int_equal(shots_sample(&o, 1, &r, &a), -EINVAL);
}

/* The same draws from a Python program with its own ChaCha20. */
static void
test_golden(void **state)
{
	uint8_t seed[RNG_SEED_BYTES] = {1, 2, 3};
	struct counts c;
	struct outcomes o;
	struct rng r;

	(void)state;
	make_outcomes(&o);
	rng_init(&r, seed, 0);
	assert_int_equal(shots_sample(&o, 20, &r, &c), 0);
	assert_int_equal(c.n, 3);
	assert_int_equal(c.items[0].n, 4);
	assert_int_equal(c.items[1].n, 10);
	assert_int_equal(c.items[2].n, 6);
	counts_close(&c);
	outcomes_close(&o);
}

static void
test_bits(void **state)
{
	char text[65];
	uint64_t bits;
	uint32_t n;

	(void)state;
	assert_int_equal(counts_parse_bits("0110", &bits, &n), 0);
	assert_true(bits == 6 && n == 4);
	counts_print_bits(bits, n, text);
	assert_string_equal(text, "0110");
	assert_int_equal(counts_parse_bits("1 01", &bits, &n), 0);
	assert_true(bits == 5 && n == 3);
	memset(text, '1', 64);
	text[64] = '\0';
	assert_int_equal(counts_parse_bits(text, &bits, &n), 0);
	assert_true(bits == UINT64_MAX && n == 64);
	assert_int_equal(counts_parse_bits("", &bits, &n), -EINVAL);
	assert_int_equal(counts_parse_bits("012", &bits, &n), -EINVAL);
	assert_int_equal(counts_parse_bits("0x5", &bits, &n), -EINVAL);
}

static void
test_too_many(void **state)
{
	struct counts c = COUNTS_INIT;

	(void)state;
	assert_int_equal(counts_add(&c, 0, INT64_MAX), 0);
	assert_int_equal(counts_add(&c, 0, 1), -EOVERFLOW);
	assert_int_equal(counts_add(&c, 0, UINT64_MAX), -EOVERFLOW);
	assert_int_equal(c.n, 1);
	counts_close(&c);
}

/* 3 x 00, 1 x 01, 4 x 10: <Z0> = 6/8, <Z1> = 0, <Z0 Z1> = -1/4. */
static void
test_expect(void **state)
{
	struct pauli_term t[3] = {{0, 1, 2.0}, {0, 3, 1.0}, {0, 0, 0.5}};
	struct pauli_sum s = {.terms = t, .nterms = 3};
	struct counts c = COUNTS_INIT;
	struct measured m = {.z = 3, .counts = &c};
	struct estimate e;

	(void)state;
	assert_int_equal(counts_expect_z(&c, 1, NULL, &e), -EINVAL);
	assert_int_equal(counts_add(&c, 0, 3), 0);
	assert_int_equal(counts_add(&c, 1, 1), 0);
	assert_int_equal(counts_add(&c, 2, 4), 0);
	assert_int_equal(counts_expect_z(&c, 1, NULL, &e), 0);
	assert_true(fabs(e.mean - 0.75) < 1e-15);
	assert_true(fabs(e.error - sqrt((1 - 0.5625) / 7)) < 1e-15);
	assert_int_equal(counts_expect_z(&c, 3, NULL, &e), 0);
	assert_true(fabs(e.mean + 0.25) < 1e-15);
	assert_int_equal(counts_expect(&s, &m, 1, NULL, &e), 0);
	assert_true(fabs(e.mean - (1.5 - 0.25 + 0.5)) < 1e-15);
	/* 3.5 thrice, -2.5 once, 1.5 four times: mean 1.75. */
	assert_true(fabs(e.error - sqrt((52.0 / 8 - 1.75 * 1.75) / 7)) < 1e-14);
	t[1].x = 2; /* Y on qubit 1: not read */
	assert_int_equal(counts_expect(&s, &m, 1, NULL, &e), -ENOENT);
	counts_close(&c);
}

/* Counts in exact proportion to confused probabilities give the true means. */
static void
test_readout(void **state)
{
	const struct readout r[2] = {{0.1, 0.2}, {0.25, 0.05}};
	const struct readout flat[2] = {{0.5, 0.5}, {0.1, 0.1}};
	double p[4] = {0.4, 0.1, 0.3, 0.2}, want[4];
	struct counts c = COUNTS_INIT;
	struct estimate e;
	uint64_t i;

	(void)state;
	memcpy(want, p, sizeof(p));
	readout_confuse(r, 2, p);
	assert_true(fabs(p[0] -
			(0.9 * 0.75 * 0.4 + 0.2 * 0.75 * 0.1 +
			    0.9 * 0.05 * 0.3 + 0.2 * 0.05 * 0.2)) < 1e-15);
	for (i = 0; i < 4; i++)
		assert_int_equal(counts_add(&c, i,
				     (uint64_t)(p[i] * 1e12 + 0.5)),
		    0);
	assert_int_equal(counts_expect_z(&c, 1, r, &e), 0);
	assert_true(fabs(e.mean - (0.4 + 0.3 - 0.1 - 0.2)) < 1e-10);
	assert_int_equal(counts_expect_z(&c, 3, r, &e), 0);
	assert_true(fabs(e.mean - (0.4 + 0.2 - 0.1 - 0.3)) < 1e-10);
	assert_int_equal(counts_expect_z(&c, 1, flat, &e), -EDOM);
	assert_int_equal(readout_invert(flat, 2, p), -EDOM);
	assert_int_equal(readout_invert(r, 2, p), 0);
	for (i = 0; i < 4; i++)
		assert_true(fabs(p[i] - want[i]) < 1e-14);
	counts_close(&c);
}

/* What no confusion of probabilities gives: the inverse is negative, least
 * squares is not and nothing near it fits better. */
static void
test_least_squares(void **state)
{
	const struct readout r[2] = {{0.1, 0.2}, {0.25, 0.05}};
	const double seen[4] = {0.02, 0.9, 0.05, 0.03};
	double inverse[4], p[4], q[4], best = 0.0, sum = 0.0;
	uint32_t i, k, j;

	(void)state;
	memcpy(inverse, seen, sizeof(seen));
	memcpy(p, seen, sizeof(seen));
	assert_int_equal(readout_invert(r, 2, inverse), 0);
	assert_true(inverse[0] < 0.0);
	assert_int_equal(readout_least_squares(r, 2, p), 0);
	memcpy(q, p, sizeof(p));
	readout_confuse(r, 2, q);
	for (i = 0; i < 4; i++) {
		assert_true(p[i] >= 0.0);
		sum += p[i];
		best += (q[i] - seen[i]) * (q[i] - seen[i]);
	}
	assert_true(fabs(sum - 1.0) < 1e-12);
	/* Moving a little from any state to any other makes it worse. */
	for (i = 0; i < 4; i++) {
		for (k = 0; k < 4; k++) {
			double off = 0.0;

			memcpy(q, p, sizeof(p));
			q[i] -= 1e-4;
			q[k] += 1e-4;
			if (i == k || q[i] < 0.0)
				continue;
			readout_confuse(r, 2, q);
			for (j = 0; j < 4; j++)
				off += (q[j] - seen[j]) * (q[j] - seen[j]);
			assert_true(off > best - 1e-12);
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_sample),
	    cmocka_unit_test(test_golden),
	    cmocka_unit_test(test_bits),
	    cmocka_unit_test(test_too_many),
	    cmocka_unit_test(test_expect),
	    cmocka_unit_test(test_readout),
	    cmocka_unit_test(test_least_squares),
	};

	return cmocka_run_group_tests_name("shots", tests, NULL, NULL);
}
