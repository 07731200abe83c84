/*
 * walk.h - one description of a struct that writes it and reads it.
 *
 * A function that walks over a struct's fields in their order is its encoder
 * when it was given a writer and its decoder when it was given a reader, so
 * the two cannot differ. The bytes are those of bytes.h. Both remember the
 * first error. Pure.
 */
#ifndef QML_PROTO_WALK_H
#define QML_PROTO_WALK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/bytes.h"
#include "proto/hash.h"
#include "proto/sign.h"

/* One of the two, borrowed; the other is NULL. */
struct walk {
	struct bytes_writer *to;
	struct bytes_reader *from;
};

/* Are the fields set, not taken? */
bool walk_reads(const struct walk *k);
/* Nothing went wrong so far. */
bool walk_ok(const struct walk *k);
/* What was read cannot be; a writer is not asked. */
void walk_need(struct walk *k, bool fits);
/* Memory for what is read was not to be had. */
void walk_no_memory(struct walk *k);

void walk_u8(struct walk *k, uint8_t *v);
void walk_u16(struct walk *k, uint16_t *v);
void walk_u32(struct walk *k, uint32_t *v);
void walk_u64(struct walk *k, uint64_t *v);
void walk_i64(struct walk *k, int64_t *v);
void walk_bool(struct walk *k, bool *v); /* one byte, 0 or 1 */
void walk_hash(struct walk *k, struct hash *h);
void walk_key(struct walk *k, struct sign_public *key);
void walk_raw(struct walk *k, void *data, size_t len);
/* In text[size], terminated. */
void walk_text(struct walk *k, char *text, size_t size);
/* How many follow: n, or what is read, at most max; 0 after an error. */
uint32_t walk_count(struct walk *k, size_t n, uint32_t max);

#endif
