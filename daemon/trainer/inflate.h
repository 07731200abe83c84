/*
 * inflate.h - gzip and raw deflate, into memory, with a bound. The one file
 * of this library that calls zlib.
 */
#ifndef QML_DAEMON_TRAINER_INFLATE_H
#define QML_DAEMON_TRAINER_INFLATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

bool inflate_is_gzip(const uint8_t *data, size_t len);
/* A whole gzip file, of one or more members. *out is malloc'd. -EBADMSG:
 * damaged, cut off, or with bytes behind its end; -EFBIG: more than max
 * bytes; -ENOMEM. */
int inflate_gzip(const uint8_t *data, size_t len, size_t max, uint8_t **out,
    size_t *outlen) __attribute__((warn_unused_result));
/* Raw deflate of exactly outlen bytes. -EBADMSG: it is not; -ENOMEM. */
int inflate_raw(const uint8_t *data, size_t len, uint8_t *out, size_t outlen)
    __attribute__((warn_unused_result));
/* CRC-32 as in gzip and zip. */
uint32_t inflate_crc(const uint8_t *data, size_t len);

#endif
