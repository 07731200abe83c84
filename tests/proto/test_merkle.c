/* Merkle trees against the recursive definition of RFC 6962, section 2.1. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "proto/merkle.h"

#define NMAX 100

static struct hash leaves[NMAX];
static struct hash whole[64]; /* roots of 2^k leaves, each leaves[0] */

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
	whole[0] = naive(leaves, 1);
	for (i = 1; i < 64; i++)
		whole[i] = pair(whole[i - 1], whole[i - 1]);
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

/* SUBPROOF(m, D[n], b) word for word. */
static size_t
naive_growth(size_t m, const struct hash *d, size_t n, bool b, struct hash *out)
{
	size_t k = 1, len;

	if (m == n && b)
		return 0;
	if (m == n) {
		out[0] = naive(d, n);
		return 1;
	}
	while (2 * k < n)
		k *= 2;
	if (m <= k) {
		len = naive_growth(m, d, k, b, out);
		out[len] = naive(d + k, n - k);
	} else {
		len = naive_growth(m - k, d + k, n - k, false, out);
		out[len] = naive(d, k);
	}
	return len + 1;
}

static void
test_growth_by_the_book(void **state)
{
	struct hash path[MERKLE_MAX_DEPTH], want[MERKLE_MAX_DEPTH];
	struct merkle_sizes s;
	size_t n, m, len;

	(void)state;
	for (n = 1; n < NMAX; n++)
		for (m = 1; m <= n; m++) {
			len = merkle_growth(leaves, m, n, path);
			assert_int_equal(len,
			    naive_growth(m, leaves, n, true, want));
			assert_memory_equal(path, want, len * sizeof(*path));
			s.roots[0] = naive(leaves, m);
			s.roots[1] = naive(leaves, n);
			s.n = n;
			/* The sizes are part of what is claimed. */
			for (s.m = 0; s.m <= n + 1; s.m++)
				assert_int_equal(merkle_grown(&s, path, len),
				    s.m == m);
		}
}

/* Trees of any size whose leaves are all the same but one: a subtree's root
 * follows from its size, in 64 steps. */
static uint64_t
split_below(uint64_t n)
{
	uint64_t k = UINT64_C(1) << 63;

	while (k >= n)
		k /= 2;
	return k;
}

static struct hash
of_same(uint64_t n)
{
	uint64_t k;
	unsigned i = 0;

	if ((n & (n - 1)) == 0) {
		while (n >> i != 1)
			i++;
		return whole[i];
	}
	k = split_below(n);
	return pair(of_same(k), of_same(n - k));
}

/* Leaf i is leaves[1]. Its path, and the root. */
static struct hash
of_all_but(uint64_t i, uint64_t n, struct hash *path, size_t *len)
{
	struct hash below;
	uint64_t k;

	if (n == 1) {
		*len = 0;
		return naive(&leaves[1], 1);
	}
	k = split_below(n);
	if (i < k) {
		below = of_all_but(i, k, path, len);
		path[(*len)++] = of_same(n - k);
		return pair(below, path[*len - 1]);
	}
	below = of_all_but(i - k, n - k, path, len);
	path[(*len)++] = of_same(k);
	return pair(path[*len - 1], below);
}

static size_t
big_growth(uint64_t m, uint64_t n, bool b, struct hash *out)
{
	uint64_t k;
	size_t len;

	if (m == n && b)
		return 0;
	if (m == n) {
		out[0] = of_same(n);
		return 1;
	}
	k = split_below(n);
	if (m <= k) {
		len = big_growth(m, k, b, out);
		out[len] = of_same(n - k);
	} else {
		len = big_growth(m - k, n - k, false, out);
		out[len] = of_same(k);
	}
	return len + 1;
}

#define POWER(k) (UINT64_C(1) << (k))

static const uint64_t sizes[] = {1, 2, 3, 5, 255, 256, 257, 300, POWER(31) - 1,
    POWER(31), POWER(31) + 1, POWER(32) - 1, POWER(32), POWER(32) + 1,
    POWER(32) + 2, POWER(33) - 1, POWER(33), POWER(33) + 1, POWER(62) + 12345,
    POWER(63) - 1, POWER(63), POWER(63) + 1, UINT64_MAX - 1, UINT64_MAX};

static void
big_inclusion(uint64_t i, uint64_t n)
{
	struct hash path[MERKLE_MAX_DEPTH + 1], root;
	struct merkle_place at = {i, n};
	size_t len;

	root = of_all_but(i, n, path, &len);
	assert_true(len <= MERKLE_MAX_DEPTH);
	assert_true(merkle_verify(&leaves[1], at, path, len, &root));
	assert_false(merkle_verify(&leaves[0], at, path, len, &root));
	for (unsigned k = 0; k < 64; k++) {
		at.i = i ^ POWER(k);
		assert_false(merkle_verify(&leaves[1], at, path, len, &root));
	}
	at.i = i;
	path[len] = root;
	assert_false(merkle_verify(&leaves[1], at, path, len + 1, &root));
	if (len > 0)
		assert_false(
		    merkle_verify(&leaves[1], at, path, len - 1, &root));
}

static void
test_big_inclusion(void **state)
{
	const size_t count = sizeof(sizes) / sizeof(*sizes);

	(void)state;
	for (size_t a = 0; a < count; a++)
		for (size_t b = 0; b <= a; b++) {
			big_inclusion(sizes[b] - 1, sizes[a]);
			big_inclusion(sizes[a] - sizes[b], sizes[a]);
		}
}

static void
test_big_growth(void **state)
{
	const size_t count = sizeof(sizes) / sizeof(*sizes);
	struct hash path[MERKLE_MAX_DEPTH + 2];

	(void)state;
	for (size_t a = 0; a < count; a++)
		for (size_t b = 0; b <= a; b++) {
			struct merkle_sizes s = {sizes[b], sizes[a],
			    {of_same(sizes[b]), of_same(sizes[a])}};
			size_t len = big_growth(s.m, s.n, true, path);

			assert_true(merkle_grown(&s, path, len));
			path[len] = s.roots[1];
			assert_false(merkle_grown(&s, path, len + 1));
			if (len > 0)
				assert_false(merkle_grown(&s, path, len - 1));
			s.m++;
			assert_false(merkle_grown(&s, path, len));
			s.m -= 2;
			assert_false(merkle_grown(&s, path, len));
		}
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
	    cmocka_unit_test(test_growth_by_the_book),
	    cmocka_unit_test(test_big_inclusion),
	    cmocka_unit_test(test_big_growth),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
