/*
 * frame.h - what lies on a stream between two nodes, outside in.
 *
 * frame: u32 length | u8 kind | body; length counts kind and body, 1..64 KiB.
 * A DATA body is one Noise record. Its plaintext is a fragment:
 * u8 class | u8 flags | [u32 total, in the first of a message] | bytes.
 * Class CONTROL is never fragmented; the others interleave. The total is
 * checked against the class's maximum before anything is kept. Pure.
 */
#ifndef QML_PROTO_FRAME_H
#define QML_PROTO_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FRAME_HEAD_LEN 5
#define FRAME_LEN_MAX (64u << 10)
#define FRAME_CHUNK (16u << 10) /* message bytes in one fragment, at most */
#define FRAME_FRAGMENT_HEAD 6   /* class, flags, total */
#define FRAME_PLAIN_MAX (FRAME_FRAGMENT_HEAD + FRAME_CHUNK)

enum frame_kind {
	FRAME_HS1 = 1,
	FRAME_HS2 = 2,
	FRAME_DATA = 3,
};

enum frame_class {
	FRAME_CONTROL = 0, /* credits, ping; of the link itself */
	FRAME_A = 1,       /* votes, proposals, status */
	FRAME_B = 2,       /* answers, attestations, current blocks */
	FRAME_D = 3,       /* old blocks */
	FRAME_NCLASSES,
};

enum frame_flag {
	FRAME_FIRST = 1,
	FRAME_LAST = 2,
};

enum frame_verdict {
	FRAME_OK,
	FRAME_MORE, /* incomplete: read on */
	FRAME_BAD,
	FRAME_NO_MEMORY,
};

/* Largest message of a class, and bytes of it that may be on their way. */
size_t frame_class_max(enum frame_class cls);
size_t frame_class_window(enum frame_class cls);

struct frame {
	enum frame_kind kind;
	const uint8_t *body; /* borrowed */
	size_t len;
	size_t used; /* of the input, head included */
};

/* The frame at the start of data. */
enum frame_verdict frame_parse(const uint8_t *data, size_t len,
    struct frame *out);
/* Head of a frame with a body of len bytes. */
void frame_head(uint8_t out[static FRAME_HEAD_LEN], enum frame_kind kind,
    size_t len);

struct fragment {
	enum frame_class cls;
	unsigned flags;
	uint32_t total; /* in a first one */
	const uint8_t *bytes;
	size_t len;
};

enum frame_verdict fragment_parse(const uint8_t *plain, size_t len,
    struct fragment *out);
/* Writes a head, returns its length: 6 for a first fragment, else 2. */
size_t fragment_head(uint8_t out[static FRAME_FRAGMENT_HEAD],
    const struct fragment *f);

struct assembly_part {
	uint8_t *data; /* owned */
	size_t len, cap, total;
	bool open;
};

/* One message per class being put together. */
struct assembly {
	struct assembly_part part[FRAME_NCLASSES];
};

#define ASSEMBLY_INIT ((struct assembly){0})

/* FRAME_OK: a message is complete; *data is the caller's to free. FRAME_MORE:
 * kept. A message of CONTROL is an error here. */
enum frame_verdict assembly_add(struct assembly *a, const struct fragment *f,
    uint8_t **data, size_t *len);
void assembly_close(struct assembly *a);

#endif
