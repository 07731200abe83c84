/* Merkle trees against the recursive definition of RFC 6962, section 2.1. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "proto/merkle.h"

#define NMAX 70

static struct hash leaves[NMAX];

static struct hash
pair(struct hash l, struct hash r)
{
	uint8_t both[2 * HASH_LEN];

	memcpy(both, l.b, HASH_LEN);
	memcpy(both + HASH_LEN, r.b, HASH_LEN);
	return hash_bytes("qml.node", both, sizeof(both));
}

/* MTH(D[n]) word for word. */
static struct hash
naive(const struct hash *d, size_t n)
{
	size_t k = 1;

	if (n == 0)
		return hash_bytes("qml.empty", NULL, 0);
	if (n == 1)
		return hash_bytes("qml.leaf", d[0].b, HASH_LEN);
	while (2 * k < n)
		k *= 2;
	return pair(naive(d, k), naive(d + k, n - k));
}

/* PATH(m, D[n]) word for word. */
static size_t
naive_path(size_t m, const struct hash *d, size_t n, struct hash *out)
{
	size_t k = 1, len;

	if (n == 1)
		return 0;
	while (2 * k < n)
		k *= 2;
	if (m < k) {
		len = naive_path(m, d, k, out);
		out[len] = naive(d + k, n - k);
	} else {
		len = naive_path(m - k, d + k, n - k, out);
		out[len] = naive(d, k);
	}
	return len + 1;
}

static int
setup(void **state)
{
	uint8_t i;

	(void)state;
	for (i = 0; i < NMAX; i++)
		leaves[i] = hash_bytes("test", &i, 1);
	return 0;
}

static void
test_root(void **state)
{
	struct merkle m = MERKLE_INIT;
	struct hash a, b, c;
	size_t n;

	(void)state;
	for (n = 0; n < NMAX; n++) {
		assert_int_equal(m.size, n);
		a = merkle_root(&m);
		b = naive(leaves, n);
		c = merkle_root_of(leaves, n);
		assert_true(hash_equal(&a, &b));
		assert_true(hash_equal(&a, &c));
		merkle_append(&m, &leaves[n]);
	}
}

static void
test_path(void **state)
{
	struct hash path[MERKLE_MAX_DEPTH], want[MERKLE_MAX_DEPTH], root;
	size_t n, i, len;

	(void)state;
	for (n = 1; n < NMAX; n++) {
		root = naive(leaves, n);
		for (i = 0; i < n; i++) {
			len = merkle_path(leaves, n, i, path);
			assert_int_equal(len, naive_path(i, leaves, n, want));
			assert_memory_equal(path, want, len * sizeof(*path));
			assert_true(merkle_verify(&leaves[i],
			    (struct merkle_place){i, n}, path, len, &root));
		}
	}
}

/* A true path with one thing changed proves nothing. */
static void
refuse(size_t n, size_t i)
{
	struct hash path[MERKLE_MAX_DEPTH], root = naive(leaves, n), bad;
	struct merkle_place at = {i, n};
	size_t k, j, len = merkle_path(leaves, n, i, path);

	for (k = 0; k < len; k++) {
		path[k].b[k % 32] ^= 1;
		assert_false(merkle_verify(&leaves[i], at, path, len, &root));
		path[k].b[k % 32] ^= 1;
	}
	bad = root;
	bad.b[31] ^= 128;
	assert_false(merkle_verify(&leaves[i], at, path, len, &bad));
	assert_false(merkle_verify(&root, at, path, len, &root));
	for (j = 0; j < n + 2; j++) {
		at.i = j;
		if (j != i)
			assert_false(
			    merkle_verify(&leaves[i], at, path, len, &root));
	}
	at.i = i;
	if (len > 0)
		assert_false(
		    merkle_verify(&leaves[i], at, path, len - 1, &root));
	path[len] = root;
	assert_false(merkle_verify(&leaves[i], at, path, len + 1, &root));
}

static void
test_refuse(void **state)
{
	size_t n, i;

	(void)state;
	for (n = 1; n < 36; n++)
		for (i = 0; i < n; i++)
			refuse(n, i);
	assert_false(merkle_verify(&leaves[0], (struct merkle_place){0, 0},
	    leaves, 0, &leaves[0]));
	assert_false(merkle_verify(&leaves[0],
	    (struct merkle_place){0, UINT64_MAX}, leaves, 60, &leaves[0]));
}

/* An inner node cannot be passed off as a leaf, nor two leaves as a node. */
static void
test_domains(void **state)
{
	struct hash root = naive(leaves, 2), leaf = naive(leaves, 1);

	(void)state;
	assert_false(hash_equal(&leaf, &leaves[0]));
	assert_false(
	    merkle_verify(&root, (struct merkle_place){0, 1}, NULL, 0, &root));
}

/* Every pair of sizes; any wrong bit, a hash more or less is seen. */
static void
test_growth(void **state)
{
	struct hash ids[40], path[MERKLE_MAX_DEPTH];
	struct merkle_sizes s;
	size_t n, len;

	(void)state;
	for (n = 0; n < 40; n++)
		ids[n] = hash_bytes("x", &n, sizeof(n));
	for (s.n = 1; s.n <= 40; s.n++)
		for (s.m = 1; s.m <= s.n; s.m++) {
			s.roots[0] = merkle_root_of(ids, (size_t)s.m);
			s.roots[1] = merkle_root_of(ids, (size_t)s.n);
			len =
			    merkle_growth(ids, (size_t)s.m, (size_t)s.n, path);
			assert_true(merkle_grown(&s, path, len));
			path[len] = ids[0];
			assert_false(merkle_grown(&s, path, len + 1));
			if (len > 0) {
				assert_false(merkle_grown(&s, path, len - 1));
				path[len / 2].b[3] ^= 2;
				assert_false(merkle_grown(&s, path, len));
				path[len / 2].b[3] ^= 2;
			}
			s.roots[0].b[9] ^= 1;
			assert_false(merkle_grown(&s, path, len));
			s.roots[0].b[9] ^= 1;
			s.roots[1].b[9] ^= 1;
			assert_false(merkle_grown(&s, path, len));
		}
	s.m = 0;
	assert_false(merkle_grown(&s, path, 0));
	s.m = s.n + 1;
	assert_false(merkle_grown(&s, path, 0));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_root),
	    cmocka_unit_test(test_path),
	    cmocka_unit_test(test_refuse),
	    cmocka_unit_test(test_domains),
	    cmocka_unit_test(test_growth),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
