#include "proto/hash.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include <sodium/crypto_generichash_blake2b.h>

#include "proto/hex.h"

_Static_assert(sizeof(crypto_generichash_blake2b_state) <=
	sizeof(struct hash_stream),
    "hash_stream must hold libsodium's state");
_Static_assert(HASH_TAG_MAX == crypto_generichash_blake2b_PERSONALBYTES,
    "a tag is BLAKE2b's personalisation");

static crypto_generichash_blake2b_state *
stream_state(struct hash_stream *s)
{
	return (crypto_generichash_blake2b_state *)(void *)s->opaque;
}

void
hash_begin(struct hash_stream *s, const char *tag)
{
	unsigned char personal[HASH_TAG_MAX] = {0};
	size_t len = strlen(tag);
	int rc;

	assert(len <= HASH_TAG_MAX);
	memcpy(personal, tag, len);
	rc = crypto_generichash_blake2b_init_salt_personal(stream_state(s),
	    NULL, 0, HASH_LEN, NULL, personal);
	assert(rc == 0);
}

void
hash_add(struct hash_stream *s, const void *data, size_t len)
{
	int rc;

	if (len == 0)
		return;
	rc = crypto_generichash_blake2b_update(stream_state(s), data, len);
	assert(rc == 0);
}

struct hash
hash_end(struct hash_stream *s)
{
	struct hash h;
	int rc;

	rc = crypto_generichash_blake2b_final(stream_state(s), h.b, HASH_LEN);
	assert(rc == 0);
	return h;
}

struct hash
hash_bytes(const char *tag, const void *data, size_t len)
{
	struct hash_stream s;

	hash_begin(&s, tag);
	hash_add(&s, data, len);
	return hash_end(&s);
}

/* In words: tables of ids are searched with this, and memcmp, which has to
 * find the place, was a tenth of the simulation's time. */
bool
hash_equal(const struct hash *a, const struct hash *b)
{
	uint64_t x[4], y[4];

	memcpy(x, a->b, sizeof(x));
	memcpy(y, b->b, sizeof(y));
	return ((x[0] ^ y[0]) | (x[1] ^ y[1]) | (x[2] ^ y[2]) |
		   (x[3] ^ y[3])) == 0;
}

bool
hash_is_zero(const struct hash *h)
{
	uint64_t x[4];

	memcpy(x, h->b, sizeof(x));
	return (x[0] | x[1] | x[2] | x[3]) == 0;
}

int
hash_compare(const struct hash *a, const struct hash *b)
{
	return memcmp(a->b, b->b, HASH_LEN);
}

char *
hash_hex(const struct hash *h, char out[static HASH_HEX_LEN])
{
	return hex_put(h->b, HASH_LEN, out);
}

int
hash_from_hex(const char *hex, struct hash *out)
{
	struct hash h;
	int rc;

	if (strlen(hex) != HASH_HEX_LEN - 1)
		return -EINVAL;
	rc = hex_get(hex, h.b, HASH_LEN);
	if (rc == 0)
		*out = h;
	return rc;
}
