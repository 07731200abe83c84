/* ChaCha20 against RFC 8439; draws without bias. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "sim/learn/rng.h"

/* RFC 8439, 2.3.2: key 00 .. 1f, counter 1, nonce 00000009 0000004a 0. */
static void
test_rfc8439(void **state)
{
	static const uint32_t in[16] = {0x61707865, 0x3320646e, 0x79622d32,
	    0x6b206574, 0x03020100, 0x07060504, 0x0b0a0908, 0x0f0e0d0c,
	    0x13121110, 0x17161514, 0x1b1a1918, 0x1f1e1d1c, 0x00000001,
	    0x09000000, 0x4a000000, 0x00000000};
	static const uint32_t want[16] = {0xe4e7f110, 0x15593bd1, 0x1fdd0f50,
	    0xc47120a3, 0xc7f4d1c7, 0x0368c033, 0x9aaa2204, 0x4e6cd4c3,
	    0x466482d2, 0x09aa9f07, 0x05d7c214, 0xa2028bd9, 0xd19c12b5,
	    0xb94e16de, 0xe883d0cb, 0x4e3c50a2};
	uint32_t next[16], out[16 * RNG_BLOCKS], again[16 * RNG_BLOCKS];

	(void)state;
	rng_chacha20(in, out);
	assert_memory_equal(out, want, sizeof(want));
	/* The blocks behind it are those of the counters behind it. */
	memcpy(next, in, sizeof(in));
	for (uint32_t k = 1; k < RNG_BLOCKS; k++) {
		next[12] = in[12] + k;
		rng_chacha20(next, again);
		assert_memory_equal(out + k * 16, again, sizeof(want));
	}
}

static void
test_streams(void **state)
{
	uint8_t seed[RNG_SEED_BYTES] = {0};
	struct rng a, b, c, d;
	int i, same = 0;

	(void)state;
	rng_init(&a, seed, 0);
	rng_init(&b, seed, 0);
	rng_init(&c, seed, 1);
	seed[31] = 1;
	rng_init(&d, seed, 0);
	for (i = 0; i < 100; i++) {
		uint64_t x = rng_u64(&a);

		assert_true(x == rng_u64(&b));
		same += x == rng_u64(&c);
		same += x == rng_u64(&d);
	}
	assert_int_equal(same, 0);
}

/* 60,000 throws of a die; chi squared with 5 degrees, 1e-6 at 36. */
static void
test_below(void **state)
{
	uint8_t seed[RNG_SEED_BYTES] = {3};
	double chi = 0.0;
	int seen[6] = {0}, i;
	struct rng r;

	(void)state;
	rng_init(&r, seed, 0);
	for (i = 0; i < 60000; i++) {
		uint64_t x = rng_below(&r, 6);

		assert_true(x < 6);
		seen[x]++;
	}
	for (i = 0; i < 6; i++)
		chi += (seen[i] - 10000.0) * (seen[i] - 10000.0) / 10000.0;
	assert_true(chi < 36.0);
	assert_true(rng_below(&r, 1) == 0);
	assert_true(rng_below(&r, UINT64_MAX) < UINT64_MAX);
}

/* 3 2^62 values: without rejection the lowest third would come half the
 * time. */
static void
test_below_large(void **state)
{
	uint8_t seed[RNG_SEED_BYTES] = {5};
	struct rng r;
	int i, low = 0;

	(void)state;
	rng_init(&r, seed, 0);
	for (i = 0; i < 30000; i++)
		low += rng_below(&r, UINT64_C(3) << 62) < UINT64_C(1) << 62;
	assert_in_range(low, 9600, 10400);
}

static void
test_shuffle(void **state)
{
	uint8_t seed[RNG_SEED_BYTES] = {4};
	uint32_t a[100], first[5] = {0};
	uint64_t seen[2] = {0, 0};
	struct rng r;
	uint32_t i, k;

	(void)state;
	rng_init(&r, seed, 0);
	for (i = 0; i < 100; i++)
		a[i] = i;
	rng_shuffle(&r, a, 100);
	for (i = 0, k = 0; i < 100; i++) {
		seen[a[i] / 64] |= UINT64_C(1) << a[i] % 64;
		k += a[i] == i;
	}
	assert_true(
	    seen[0] == UINT64_MAX && seen[1] == (UINT64_C(1) << 36) - 1);
	assert_true(k < 10);
	/* Each of five comes first about 2,000 times in 10,000. */
	for (k = 0; k < 10000; k++) {
		for (i = 0; i < 5; i++)
			a[i] = i;
		rng_shuffle(&r, a, 5);
		first[a[0]]++;
	}
	for (i = 0; i < 5; i++)
		assert_in_range(first[i], 1800, 2200);
	rng_shuffle(&r, a, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_rfc8439),
	    cmocka_unit_test(test_streams),
	    cmocka_unit_test(test_below),
	    cmocka_unit_test(test_below_large),
	    cmocka_unit_test(test_shuffle),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
