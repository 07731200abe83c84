#include "tests/cluster/fakesign.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <sodium/core.h>
#include <sodium/crypto_sign_ed25519.h>
#include <sodium/utils.h>

#include "proto/sign.h"

struct sign_key {
	uint8_t secret[crypto_sign_ed25519_SECRETKEYBYTES];
	struct sign_public public;
};

static bool ed25519;
struct fakesign_work fakesign_work;

void
fakesign_use_ed25519(bool yes)
{
	ed25519 = yes;
}

bool
fakesign_is_real(void)
{
	return ed25519;
}

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
	struct sign_key *k = calloc(1, sizeof(*k));
	struct hash h;

	if (k == NULL)
		return -ENOMEM;
	if (ed25519) {
		crypto_sign_ed25519_seed_keypair(k->public.b, k->secret, seed);
	} else {
		h = hash_bytes("fake.public", seed, SIGN_SEED_LEN);
		memcpy(k->public.b, h.b, sizeof(k->public.b));
	}
	*out = k;
	return 0;
}

void
sign_key_free(struct sign_key *k)
{
	free(k);
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

struct image {
	uint8_t context[SIGN_CONTEXT_LEN];
	struct hash federation, digest;
};

static struct image
image_of(const char *context, const struct hash *federation,
    const struct hash *digest)
{
	struct image m = {.federation = *federation, .digest = *digest};
	size_t len = strlen(context);

	assert(len <= SIGN_CONTEXT_LEN);
	memcpy(m.context, context, len);
	return m;
}

/* Both halves of the 64 bytes matter, as they do in Ed25519. */
static void
keyed_hash(const struct sign_public *pk, const struct image *m,
    uint8_t out[static SIGN_LEN])
{
	struct hash_stream s;
	struct hash h;

	hash_begin(&s, "fake.sign");
	hash_add(&s, pk->b, sizeof(pk->b));
	hash_add(&s, m, sizeof(*m));
	h = hash_end(&s);
	for (int i = 0; i < HASH_LEN; i++) {
		out[i] = h.b[i];
		out[HASH_LEN + i] = (uint8_t)~h.b[i];
	}
}

void
sign_message(const struct sign_key *k, const char *context,
    const struct hash *federation, const struct hash *digest,
    struct signature *out)
{
	struct image m = image_of(context, federation, digest);

	fakesign_work.signs++;
	out->alg = SIGN_ED25519;
	if (ed25519)
		crypto_sign_ed25519_detached(out->b, NULL, (const uint8_t *)&m,
		    sizeof(m), k->secret);
	else
		keyed_hash(&k->public, &m, out->b);
}

/*
 * What Ed25519 said of these bytes before: every node asks about the same
 * signatures, and the answer depends on nothing else. Nothing is taken for
 * equal that is not, byte by byte.
 */
struct verified {
	struct image image;
	struct sign_public pk;
	uint8_t sig[SIGN_LEN];
	bool known, good;
};

#define VERIFIED 8192 /* power of two */

static bool
verify_once(const struct sign_public *pk, const struct image *m,
    const struct signature *sig)
{
	static struct verified table[VERIFIED];
	struct verified *v;
	uint32_t at;

	memcpy(&at, sig->b, sizeof(at));
	v = &table[(at ^ pk->b[0]) & (VERIFIED - 1)];
	if (v->known && memcmp(&v->image, m, sizeof(*m)) == 0 &&
	    memcmp(v->pk.b, pk->b, sizeof(pk->b)) == 0 &&
	    memcmp(v->sig, sig->b, sizeof(v->sig)) == 0)
		return v->good;
	*v = (struct verified){.image = *m, .pk = *pk, .known = true};
	memcpy(v->sig, sig->b, sizeof(v->sig));
	v->good = crypto_sign_ed25519_verify_detached(sig->b,
		      (const uint8_t *)m, sizeof(*m), pk->b) == 0;
	return v->good;
}

bool
sign_verify(const struct sign_public *pk, const char *context,
    const struct hash *federation, const struct hash *digest,
    const struct signature *sig)
{
	struct image m = image_of(context, federation, digest);
	uint8_t want[SIGN_LEN];

	fakesign_work.verifies++;
	if (sig->alg != SIGN_ED25519)
		return false;
	if (ed25519)
		return verify_once(pk, &m, sig);
	keyed_hash(pk, &m, want);
	return memcmp(want, sig->b, sizeof(want)) == 0;
}
