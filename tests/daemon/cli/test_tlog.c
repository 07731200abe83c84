/* The log of others: RFC 6962 known answers, proofs, notes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/cli/base64.h"
#include "daemon/cli/tlog.h"

#define LEAVES 70

static void
hex(const struct tlog_hash *h, char out[static 2 * SHA256_LEN + 1])
{
	for (int i = 0; i < SHA256_LEN; i++)
		snprintf(out + 2 * i, 3, "%02x", h->b[i]);
}

/* Inputs and roots of the certificate transparency test corpus. */
static void
test_known_answers(void **state)
{
	static const char *const entries[] = {"", "\x00", "\x10", "\x20\x21",
	    "\x30\x31", "\x40\x41\x42\x43", "\x50\x51\x52\x53\x54\x55\x56\x57",
	    "\x60\x61\x62\x63\x64\x65\x66\x67\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f"};
	static const size_t lens[] = {0, 1, 1, 2, 2, 4, 8, 16};
	static const char *const roots[] = {"e3b0c442", "6e340b9c", "fac54203",
	    "aeb6bcfe", "d37ee418", "4e3bbb1f", "76e67dad", "ddb89be4"};
	struct tlog_hash path[TLOG_DEPTH_MAX], root;
	struct tlog l = TLOG_INIT;
	char text[2 * SHA256_LEN + 1];

	(void)state;
	for (size_t i = 0; i < 8; i++) {
		root = tlog_root(&l, i);
		hex(&root, text);
		assert_memory_equal(text, roots[i], 8);
		assert_int_equal(tlog_append(&l, entries[i], lens[i]), 0);
	}
	root = tlog_root(&l, 8);
	hex(&root, text);
	assert_string_equal(text,
	    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328");
	assert_int_equal(tlog_path(&l, 5, 8, path), 3);
	hex(&path[0], text);
	assert_memory_equal(text, "bc1a0643", 8);
	hex(&path[1], text);
	assert_memory_equal(text, "ca854ea1", 8);
	hex(&path[2], text);
	assert_memory_equal(text, "d37ee418", 8);
	assert_int_equal(tlog_consistency(&l, 6, 8, path), 3);
	hex(&path[0], text);
	assert_memory_equal(text, "0ebc5d34", 8);
	hex(&path[1], text);
	assert_memory_equal(text, "ca854ea1", 8);
	hex(&path[2], text);
	assert_memory_equal(text, "d37ee418", 8);
	tlog_close(&l);
}

static struct tlog_hash
node(const struct tlog_hash *a, const struct tlog_hash *b)
{
	uint8_t data[1 + 2 * SHA256_LEN] = {1};
	struct tlog_hash out;

	memcpy(data + 1, a->b, SHA256_LEN);
	memcpy(data + 1 + SHA256_LEN, b->b, SHA256_LEN);
	sha256(data, sizeof(data), out.b);
	return out;
}

/* RFC 9162 2.1.4.2, as a verifier that has only the proof does it. */
static bool
consistent(size_t m, size_t n, const struct tlog_hash *path, size_t len,
    const struct tlog_hash roots[2])
{
	size_t fn = m - 1, sn = n - 1, k = 0;
	struct tlog_hash fr, sr;

	if (m == n)
		return len == 0 && memcmp(&roots[0], &roots[1], 32) == 0;
	for (; fn & 1; fn >>= 1)
		sn >>= 1;
	fr = sr = (m & (m - 1)) == 0 ? roots[0] : path[k++];
	for (; k < len; k++) {
		if (sn == 0)
			return false;
		if ((fn & 1) || fn == sn) {
			fr = node(&path[k], &fr);
			sr = node(&path[k], &sr);
			for (; !(fn & 1) && fn; fn >>= 1)
				sn >>= 1;
		} else {
			sr = node(&sr, &path[k]);
		}
		fn >>= 1;
		sn >>= 1;
	}
	return sn == 0 && memcmp(&fr, &roots[0], 32) == 0 &&
	    memcmp(&sr, &roots[1], 32) == 0;
}

struct claim {
	size_t i, n;
	struct tlog_hash leaf, root;
};

static bool
included(const struct claim *c, const struct tlog_hash *path, size_t len)
{
	size_t fn = c->i, sn = c->n - 1;
	struct tlog_hash h = c->leaf;

	for (size_t k = 0; k < len; k++) {
		if (sn == 0)
			return false;
		if ((fn & 1) || fn == sn) {
			h = node(&path[k], &h);
			for (; !(fn & 1) && fn; fn >>= 1)
				sn >>= 1;
		} else {
			h = node(&h, &path[k]);
		}
		fn >>= 1;
		sn >>= 1;
	}
	return sn == 0 && memcmp(&h, &c->root, sizeof(h)) == 0;
}

/* Every leaf of every size, every pair of sizes; one wrong bit is seen. */
static void
test_all_proofs(void **state)
{
	struct tlog_hash path[TLOG_DEPTH_MAX], roots[2];
	struct tlog l = TLOG_INIT;

	(void)state;
	for (uint8_t i = 0; i < LEAVES; i++)
		assert_int_equal(tlog_append(&l, &i, 1), 0);
	for (size_t n = 1; n <= LEAVES; n++) {
		roots[1] = tlog_root(&l, n);
		for (size_t i = 0; i < n; i++) {
			const struct claim c = {i, n, l.leaves[i], roots[1]};
			size_t len = tlog_path(&l, i, n, path);

			assert_true(included(&c, path, len));
			if (len > 0)
				path[len / 2].b[5] ^= 4;
			assert_int_equal(included(&c, path, len), len == 0);
			roots[0] = tlog_root(&l, i + 1);
			len = tlog_consistency(&l, i + 1, n, path);
			assert_true(consistent(i + 1, n, path, len, roots));
			roots[0].b[1] ^= 1;
			assert_false(consistent(i + 1, n, path, len, roots));
		}
	}
	tlog_close(&l);
}

static char *
text_of(const struct tlog *l, size_t i, const struct sign_key *key)
{
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	assert_non_null(f);
	tlog_put_proof(f, l, i, key);
	assert_int_equal(fclose(f), 0);
	return text;
}

static void
test_note(void **state)
{
	const uint8_t seed[SIGN_SEED_LEN] = {3},
		      other_seed[SIGN_SEED_LEN] = {4};
	struct sign_key *key, *other;
	struct sign_public pk, not_it;
	struct tlog_checkpoint c;
	struct tlog_hash root;
	struct tlog l = TLOG_INIT;
	const char *at;
	char *text;

	(void)state;
	assert_int_equal(sign_setup(), 0);
	assert_int_equal(sign_key_new(seed, &key), 0);
	assert_int_equal(sign_key_new(other_seed, &other), 0);
	pk = sign_key_public(key);
	not_it = sign_key_public(other);
	snprintf(l.origin, sizeof(l.origin),
	    "qmlnode/a-name-of-at-least-the-length-of-an-id");
	for (uint8_t i = 0; i < 11; i++)
		assert_int_equal(tlog_append(&l, &i, 1), 0);
	text = text_of(&l, 6, key);
	assert_int_equal(tlog_checkpoint_get(text, &c, &at), 0);
	assert_string_equal(c.origin, l.origin);
	assert_int_equal(c.size, 11);
	root = tlog_root(&l, 11);
	assert_memory_equal(&c.root, &root, sizeof(root));
	assert_true(tlog_checkpoint_signed(at, &c, &pk));
	assert_false(tlog_checkpoint_signed(at, &c, &not_it));
	/* One letter anywhere in it: not what was signed, or not a note. */
	for (size_t i = (size_t)(at - text); text[i] != '\0'; i++) {
		text[i] ^= 1;
		if (tlog_checkpoint_get(text, &c, &at) == 0)
			assert_false(tlog_checkpoint_signed(at, &c, &pk));
		text[i] ^= 1;
	}
	free(text);
	tlog_close(&l);
	sign_key_free(key);
	sign_key_free(other);
}

static void
test_base64(void **state)
{
	static const char *const texts[] = {"", "Zg==", "Zm8=", "Zm9v",
	    "Zm9vYg==", "Zm9vYmE=", "Zm9vYmFy"}; /* RFC 4648, 10 */
	char text[16], back[8];

	(void)state;
	for (size_t n = 0; n < 7; n++) {
		base64_text("foobar", n, text);
		assert_string_equal(text, texts[n]);
		assert_int_equal(base64_parse(text, strlen(text), back, n), 0);
		assert_memory_equal(back, "foobar", n);
	}
	assert_true(base64_parse("Zh==", 4, back, 1) < 0); /* bits left */
	assert_true(base64_parse("Zg=a", 4, back, 1) < 0);
	assert_true(base64_parse("Z===", 4, back, 1) < 0);
	assert_true(base64_parse("Zm 8", 4, back, 3) < 0);
	assert_true(base64_parse("Zm9v", 4, back, 2) < 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_known_answers),
	    cmocka_unit_test(test_all_proofs),
	    cmocka_unit_test(test_note),
	    cmocka_unit_test(test_base64),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
