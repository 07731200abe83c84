/*
 * sha256.h - SHA-256 (FIPS 180-4), where a format of others asks for it.
 *
 * Our own objects are hashed with proto/hash.h, whose tags keep kinds apart.
 * Pure; any thread.
 */
#ifndef QML_PROTO_SHA256_H
#define QML_PROTO_SHA256_H

#include <stddef.h>
#include <stdint.h>

#define SHA256_LEN 32

/* data may be NULL when len is 0. */
void sha256(const void *data, size_t len, uint8_t out[static SHA256_LEN]);

#endif
