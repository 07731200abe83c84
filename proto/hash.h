/*
 * hash.h - the one hash of the product: BLAKE2b-256 with a domain tag.
 *
 * H(tag, m) is BLAKE2b-256 (RFC 7693) with the tag, at most 16 bytes and
 * padded with zeros, as personalisation. Two different kinds of object can
 * therefore never share an id. Pure; any thread.
 */
#ifndef QML_PROTO_HASH_H
#define QML_PROTO_HASH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HASH_LEN 32
#define HASH_TAG_MAX 16
#define HASH_HEX_LEN (2 * HASH_LEN + 1)

struct hash {
	uint8_t b[HASH_LEN];
};

/* Streaming state; the content belongs to hash.c. */
struct hash_stream {
	_Alignas(64) uint8_t opaque[384];
};

void hash_begin(struct hash_stream *s, const char *tag);
void hash_add(struct hash_stream *s, const void *data, size_t len);
struct hash hash_end(struct hash_stream *s);

/* The three above in one call. data may be NULL when len is 0. */
struct hash hash_bytes(const char *tag, const void *data, size_t len);

bool hash_equal(const struct hash *a, const struct hash *b);
bool hash_is_zero(const struct hash *h);
/* Byte order, as memcmp. */
int hash_compare(const struct hash *a, const struct hash *b);

/* Lower-case hex with a terminating zero; returns out. */
char *hash_hex(const struct hash *h, char out[static HASH_HEX_LEN]);
/* -EINVAL unless hex is exactly 64 hex digits. */
int hash_from_hex(const char *hex, struct hash *out)
    __attribute__((warn_unused_result));

#endif
