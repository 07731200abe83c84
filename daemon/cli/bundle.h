/*
 * bundle.h - a chain in one file, to hand to somebody.
 *
 * "qml.bundle/1\n", then parts: kind (1 byte), length (4, big-endian), bytes.
 * The first is the founding document, each further one a block with its
 * certificate, in full or without the updates' payloads. Behind one without
 * them stands who votes from then on, where that changes. No checksums: each
 * byte but the lengths is covered by an id or a signature, and a wrong length
 * does not decode.
 */
#ifndef QML_DAEMON_CLI_BUNDLE_H
#define QML_DAEMON_CLI_BUNDLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define BUNDLE_MAGIC "qml.bundle/1\n"
#define BUNDLE_BYTES_MAX ((size_t)4 << 30)

enum bundle_kind {
	BUNDLE_FOUNDING = 1,
	BUNDLE_BLOCK = 2,   /* block_put_full, commit_put */
	BUNDLE_HEADS = 3,   /* block_put_heads, commit_put */
	BUNDLE_SEATS = 4,   /* verify_put_seats: of the next height */
	BUNDLE_REFOUND = 5, /* refound_put: the last block of a federation */
};

struct bundle_part {
	size_t at; /* of its bytes in the file */
	uint32_t len;
	uint32_t seats_len; /* 0: none follow */
	size_t seats_at;
	uint32_t refound_len; /* likewise, behind them */
	size_t refound_at;
	uint8_t kind;
};

struct bundle {
	uint8_t *data; /* [len], owned */
	size_t len;
	struct bundle_part *parts; /* [nparts], by height, owned */
	size_t nparts;
	size_t sound; /* bytes up to here are parts; < len: the rest is not */
};

#define BUNDLE_INIT ((struct bundle){0})

/* Begins the file at `path` like one? */
bool bundle_is(const char *path);
/* Keeps bytes that are no parts out: see sound. -ENOENT, -EFBIG, -ENOMEM... */
int bundle_open(struct bundle *b, const char *path)
    __attribute__((warn_unused_result));
/* Takes data, which came from malloc; for fuzz and bundle_open. -ENOMEM. */
int bundle_parse(struct bundle *b, uint8_t *data, size_t len)
    __attribute__((warn_unused_result));
void bundle_close(struct bundle *b); /* accepts BUNDLE_INIT */

/* The stream's error is the caller's to look at (ferror). */
void bundle_put(FILE *f, enum bundle_kind kind, const void *data, uint32_t len);

#endif
