/* The memory of verified signatures: bounded, and never wrong. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "consensus/ledger/seen.h"

#define CAPACITY (SEEN_WAYS * SEEN_BUCKETS)

static struct hash
key(uint32_t i)
{
	return hash_bytes("test.key", &i, sizeof(i));
}

static void
bounded(void **state)
{
	struct seen *s = calloc(1, sizeof(*s));
	uint32_t kept = 0;

	(void)state;
	assert_non_null(s);
	for (uint32_t i = 0; i < 10 * CAPACITY; i++) {
		struct hash k = key(i);

		assert_false(seen_has(s, &k));
		seen_add(s, &k);
		assert_true(seen_has(s, &k));
	}
	for (uint32_t i = 0; i < 10 * CAPACITY; i++) {
		struct hash k = key(i);

		kept += seen_has(s, &k);
		/* The last ones are there whatever came before. */
		if (i >= 10 * CAPACITY - 100)
			assert_true(seen_has(s, &k));
	}
	assert_int_equal(kept, CAPACITY);
	free(s);
}

static void
keys_differ(void **state)
{
	struct hash d[2] = {{{1}}, {{2}}};
	struct sign_public pk[2] = {{{1}}, {{2}}};
	struct signature sig[3] = {{1, {1}}, {1, {2}}, {2, {1}}};
	struct hash keys[4 * 2 * 2 * 3];
	size_t n = 0;

	(void)state;
	for (int kind = SEEN_ANSWER; kind <= SEEN_PROPOSAL; kind++)
		for (int i = 0; i < 2; i++)
			for (int j = 0; j < 6; j++)
				keys[n++] = seen_key((enum seen_kind)kind,
				    &d[i], &pk[j % 2], &sig[j / 2]);
	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; j < i; j++)
			assert_false(hash_equal(&keys[i], &keys[j]));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(bounded),
	    cmocka_unit_test(keys_differ),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
