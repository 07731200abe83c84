/*
 * base64.h - RFC 4648, section 4, with padding and nothing else. Pure.
 */
#ifndef QML_DAEMON_CLI_BASE64_H
#define QML_DAEMON_CLI_BASE64_H

#include <stddef.h>
#include <stdint.h>

/* Of the text with its end. */
#define BASE64_LEN(n) (((n) + 2) / 3 * 4 + 1)

char *base64_text(const void *data, size_t len, char *out);
/* Exactly len bytes from exactly n characters; -EINVAL: anything else, bits
 * that are left over too. */
int base64_parse(const char *text, size_t n, void *out, size_t len)
    __attribute__((warn_unused_result));

#endif
