#include "proto/sign.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include <sodium/core.h>
#include <sodium/crypto_sign_ed25519.h>
#include <sodium/utils.h>

/* context || federation id || digest of the object */
#define SIGN_IMAGE_LEN (SIGN_CONTEXT_LEN + 2 * HASH_LEN)

struct sign_key {
	uint8_t secret[crypto_sign_ed25519_SECRETKEYBYTES];
	struct sign_public public;
};

void
signature_put(struct bytes_writer *w, const struct signature *s)
{
	bytes_put_u8(w, s->alg);
	bytes_put_raw(w, s->b, SIGN_LEN);
}

void
signature_get(struct bytes_reader *r, struct signature *out)
{
	out->alg = bytes_get_u8(r);
	bytes_get_raw(r, out->b, SIGN_LEN);
	if (out->alg != SIGN_ED25519)
		bytes_reader_fail(r);
}

int
sign_setup(void)
{
	return sodium_init() < 0 ? -EIO : 0;
}

int
sign_key_new(const uint8_t seed[static SIGN_SEED_LEN], struct sign_key **out)
{
	struct sign_key *k = sodium_malloc(sizeof(*k));

	if (k == NULL)
		return -ENOMEM;
	crypto_sign_ed25519_seed_keypair(k->public.b, k->secret, seed);
	/* Best effort: a stray write must not change a key silently. */
	(void)sodium_mprotect_readonly(k);
	*out = k;
	return 0;
}

void
sign_key_free(struct sign_key *k)
{
	sodium_free(k);
}

struct sign_public
sign_key_public(const struct sign_key *k)
{
	return k->public;
}

void
sign_wipe(void *secret, size_t len)
{
	sodium_memzero(secret, len);
}

static void
sign_image(uint8_t image[static SIGN_IMAGE_LEN], const char *context,
    const struct hash *federation, const struct hash *digest)
{
	size_t len = strlen(context);

	assert(len <= SIGN_CONTEXT_LEN);
	memset(image, 0, SIGN_CONTEXT_LEN);
	memcpy(image, context, len);
	memcpy(image + SIGN_CONTEXT_LEN, federation->b, HASH_LEN);
	memcpy(image + SIGN_CONTEXT_LEN + HASH_LEN, digest->b, HASH_LEN);
}

void
sign_message(const struct sign_key *k, const char *context,
    const struct hash *federation, const struct hash *digest,
    struct signature *out)
{
	uint8_t image[SIGN_IMAGE_LEN];

	sign_image(image, context, federation, digest);
	out->alg = SIGN_ED25519;
	crypto_sign_ed25519_detached(out->b, NULL, image, sizeof(image),
	    k->secret);
}

/* libsodium refuses S >= L, a small-order or non-canonical key and a
 * small-order R. Which signatures are accepted is a consensus rule, pinned by
 * tests/proto/test_sign.c. */
bool
sign_verify(const struct sign_public *pk, const char *context,
    const struct hash *federation, const struct hash *digest,
    const struct signature *sig)
{
	uint8_t image[SIGN_IMAGE_LEN];

	if (sig->alg != SIGN_ED25519)
		return false;
	sign_image(image, context, federation, digest);
	return crypto_sign_ed25519_verify_detached(sig->b, image, sizeof(image),
		   pk->b) == 0;
}

void
sign_bytes(const struct sign_key *k, const void *data, size_t len,
    uint8_t sig[static SIGN_LEN])
{
	assert(len != SIGN_IMAGE_LEN);
	crypto_sign_ed25519_detached(sig, NULL, data, len, k->secret);
}

bool
sign_verify_bytes(const struct sign_public *pk, const void *data, size_t len,
    const uint8_t sig[static SIGN_LEN])
{
	return crypto_sign_ed25519_verify_detached(sig, data, len, pk->b) == 0;
}
