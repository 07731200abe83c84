/*
 * base58.h - base58btc, in which multibase ("z...") writes keys and proofs.
 *
 * Alphabet without 0, O, I, l; a leading zero byte is a leading '1'. For keys
 * and signatures: work grows with the square of the length. Pure.
 */
#ifndef QML_PROTO_BASE58_H
#define QML_PROTO_BASE58_H

#include <stddef.h>
#include <stdint.h>

#define BASE58_BYTES_MAX 128
#define BASE58_TEXT_MAX 180 /* of so many bytes, with the zero */

/* len <= BASE58_BYTES_MAX. Returns out. */
char *base58_text(const void *data, size_t len,
    char out[static BASE58_TEXT_MAX]);
/* Exactly len bytes, len <= BASE58_BYTES_MAX; -EINVAL for anything else. */
int base58_parse(const char *text, void *out, size_t len)
    __attribute__((warn_unused_result));

#endif
