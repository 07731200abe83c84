/*
 * sign.h - identities and signatures: Ed25519 (RFC 8032) through libsodium.
 *
 * What is signed is context || federation id || message: a signature made for
 * one kind of object or one federation is worth nothing in another. Each
 * signature carries an algorithm id so that a post-quantum one can follow.
 * Signing is deterministic. Secrets live in guarded memory. Any thread.
 */
#ifndef QML_PROTO_SIGN_H
#define QML_PROTO_SIGN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/bytes.h"
#include "proto/hash.h"

#define SIGN_LEN 64
#define SIGN_PUBLIC_LEN 32
#define SIGN_SEED_LEN 32
#define SIGN_CONTEXT_LEN 16 /* shorter ones are padded with zeros */

enum sign_alg {
	SIGN_ED25519 = 1,
};

struct sign_public {
	uint8_t b[SIGN_PUBLIC_LEN];
};

struct signature {
	uint8_t alg; /* enum sign_alg */
	uint8_t b[SIGN_LEN];
};

/* 65 bytes on the wire: alg, then b. Bad when the algorithm is unknown. */
void signature_put(struct bytes_writer *w, const struct signature *s);
void signature_get(struct bytes_reader *r, struct signature *out);

struct sign_key; /* opaque: hides libsodium and its guarded memory */

/* Must be called once before anything else of proto/; -EIO if libsodium
 * cannot start. Idempotent. */
int sign_setup(void) __attribute__((warn_unused_result));

/* Expands a 32-byte seed; *out is owned by the caller. -ENOMEM. */
int sign_key_new(const uint8_t seed[static SIGN_SEED_LEN],
    struct sign_key **out) __attribute__((warn_unused_result));
void sign_key_free(struct sign_key *k); /* NULL is fine */
struct sign_public sign_key_public(const struct sign_key *k);

/* Zeroes a secret in a way that no compiler leaves out. */
void sign_wipe(void *secret, size_t len);

void sign_message(const struct sign_key *k, const char *context,
    const struct hash *federation, const struct hash *digest,
    struct signature *out);
/* Plain Ed25519 over bytes, for formats of others: their bytes must not be
 * 80 long, or they might be taken for an object of ours. */
void sign_bytes(const struct sign_key *k, const void *data, size_t len,
    uint8_t sig[static SIGN_LEN]);
bool sign_verify_bytes(const struct sign_public *pk, const void *data,
    size_t len, const uint8_t sig[static SIGN_LEN]);

bool sign_verify(const struct sign_public *pk, const char *context,
    const struct hash *federation, const struct hash *digest,
    const struct signature *sig);

#endif
