/*
 * bytes.h - the canonical encoding: fixed order, big-endian, bounded.
 *
 * Everything that is hashed or signed is written by a bytes_writer and read by
 * a bytes_reader; protobuf is only a container around it. Both remember the
 * first error, so a codec is straight-line code that asks once at its end.
 * A decoder must end with bytes_reader_done(): trailing bytes are an error,
 * which is what makes encode(decode(b)) == b. Pure; one thread.
 */
#ifndef QML_PROTO_BYTES_H
#define QML_PROTO_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/hash.h"

/* A growing buffer, or a caller's one of fixed size. */
struct bytes_writer {
	uint8_t *data; /* malloc'd; owned until bytes_writer_take or _close */
	size_t len;
	size_t cap;
	int error;  /* 0, -ENOMEM or -EMSGSIZE: the first that happened */
	bool fixed; /* data is the caller's and never grows */
};

#define BYTES_WRITER_INIT ((struct bytes_writer){0})

/* Writes into data[cap], which stays the caller's; beyond it -EMSGSIZE. Small
 * objects are hashed from the stack this way, so a digest cannot fail. */
struct bytes_writer bytes_writer_over(void *data, size_t cap);

void bytes_put_u8(struct bytes_writer *w, uint8_t v);
void bytes_put_u16(struct bytes_writer *w, uint16_t v);
void bytes_put_u32(struct bytes_writer *w, uint32_t v);
void bytes_put_u64(struct bytes_writer *w, uint64_t v);
void bytes_put_i64(struct bytes_writer *w, int64_t v); /* two's complement */
void bytes_put_raw(struct bytes_writer *w, const void *data, size_t len);
void bytes_put_hash(struct bytes_writer *w, const struct hash *h);
/* u32 length, then the bytes. */
void bytes_put_blob(struct bytes_writer *w, const void *data, size_t len);
void bytes_put_string(struct bytes_writer *w, const char *s);
/* Gives the buffer to the caller, who frees it; *w is empty afterwards. Not
 * for a fixed one. An error that happened is returned and nothing is left. */
int bytes_writer_take(struct bytes_writer *w, uint8_t **data, size_t *len)
    __attribute__((warn_unused_result));
void bytes_writer_close(struct bytes_writer *w);

/* Borrows data. After an error every get returns zero and data stays put. */
struct bytes_reader {
	const uint8_t *data;
	size_t len;
	size_t pos;
	bool bad;
	bool nomem; /* bad for want of memory, not for what was read */
};

struct bytes_reader bytes_reader_of(const void *data, size_t len);
uint8_t bytes_get_u8(struct bytes_reader *r);
uint16_t bytes_get_u16(struct bytes_reader *r);
uint32_t bytes_get_u32(struct bytes_reader *r);
uint64_t bytes_get_u64(struct bytes_reader *r);
int64_t bytes_get_i64(struct bytes_reader *r);
void bytes_get_raw(struct bytes_reader *r, void *out, size_t len);
struct hash bytes_get_hash(struct bytes_reader *r);
/* The next len bytes, borrowed; NULL when cut short. */
const uint8_t *bytes_get_slice(struct bytes_reader *r, size_t len);
/* Borrowed slice; NULL and *len = 0 when longer than max or cut short. */
const uint8_t *bytes_get_blob(struct bytes_reader *r, size_t max, size_t *len);
/* Into out[size], terminated. Bad when it does not fit, holds a zero byte or
 * a control character. */
void bytes_get_string(struct bytes_reader *r, char *out, size_t size);
/* Marks the reader bad: for a codec's own range checks. */
void bytes_reader_fail(struct bytes_reader *r);
/* The same when an allocation failed: ours, not theirs. */
void bytes_reader_fail_nomem(struct bytes_reader *r);
size_t bytes_reader_left(const struct bytes_reader *r);
/* True when nothing went wrong and nothing is left. */
bool bytes_reader_done(const struct bytes_reader *r);

#endif
