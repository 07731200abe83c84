/*
 * hex.h - bytes as hex digits, and back.
 */
#ifndef QML_PROTO_HEX_H
#define QML_PROTO_HEX_H

#include <stddef.h>
#include <stdint.h>

/* 2 * len digits, lower case, and a NUL; the result is out. */
char *hex_put(const uint8_t *bytes, size_t len, char *out);
/* len bytes from the first 2 * len characters, in either case; what follows is
 * the caller's. -EINVAL: another character, out is not whole. */
int hex_get(const char *text, uint8_t *out, size_t len)
    __attribute__((warn_unused_result));

#endif
