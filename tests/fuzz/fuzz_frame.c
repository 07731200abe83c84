/* Frames, fragments and their assembly, as a link reads a plain stream. */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "proto/frame.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

/* False: a link would have been closed here. */
static bool
feed(struct assembly *a, const struct frame *frame)
{
	enum frame_verdict v;
	struct fragment f;
	uint8_t head[FRAME_FRAGMENT_HEAD], *msg;
	size_t n, len;

	if (fragment_parse(frame->body, frame->len, &f) != FRAME_OK)
		return false;
	assert(f.len >= 1 && f.len <= FRAME_CHUNK && f.cls < FRAME_NCLASSES);
	/* The head is canonical. */
	n = fragment_head(head, &f);
	assert(n + f.len == frame->len);
	for (size_t i = 0; i < n; i++)
		assert(head[i] == frame->body[i]);
	v = assembly_add(a, &f, &msg, &len);
	if (v == FRAME_OK) {
		assert(len >= 1 && len <= frame_class_max(f.cls));
		assert(msg[len - 1] == f.bytes[f.len - 1]);
		free(msg);
	}
	return v == FRAME_OK || v == FRAME_MORE;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct assembly a = ASSEMBLY_INIT;
	struct frame f;
	uint8_t head[FRAME_HEAD_LEN];

	while (frame_parse(data, len, &f) == FRAME_OK) {
		assert(f.used <= len && f.len + FRAME_HEAD_LEN == f.used);
		frame_head(head, f.kind, f.len);
		for (size_t i = 0; i < FRAME_HEAD_LEN; i++)
			assert(head[i] == data[i]);
		data += f.used;
		len -= f.used;
		if (f.kind == FRAME_DATA && !feed(&a, &f))
			break;
	}
	assembly_close(&a);
	return 0;
}
