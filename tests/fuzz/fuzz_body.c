/*
 * fuzz_body.c - a transaction's body by kind, and a proposal's payload.
 *
 * First byte: which. What is read to the end is written the same; a payload
 * that is taken has a sentence that fits its room.
 */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "consensus/books/body.h"
#include "consensus/books/shard.h"
#include "consensus/votes/payload.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

/* One function a kind: reads, and writes again what was read. */
#define BODY(name)                                       \
	static void name##_again(struct bytes_reader *r, \
	    struct bytes_writer *w)                      \
	{                                                \
		struct body_##name b;                    \
                                                         \
		body_##name##_get(r, &b);                \
		if (!r->bad)                             \
			body_##name##_put(w, &b);        \
	}
BODY(transfer)
BODY(asset)
BODY(ref)
BODY(order)
BODY(commit)
BODY(worth)
BODY(propose)
BODY(ballot)
BODY(model)
BODY(credential)
BODY(shard)

typedef void again_fn(struct bytes_reader *r, struct bytes_writer *w);

static again_fn *const kinds[] = {transfer_again, asset_again, ref_again,
    order_again, commit_again, worth_again, propose_again, ballot_again,
    model_again, credential_again, shard_again};
#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

static void
payload(uint8_t kind, const uint8_t *data, size_t len)
{
	struct bytes_writer w = BYTES_WRITER_INIT;
	char text[PAYLOAD_TEXT];
	struct payload p;

	if (!payload_get(kind, data, (uint32_t)len, &p))
		return;
	payload_put(&w, kind, &p);
	assert(w.error == 0 && w.len == len);
	assert(len == 0 || memcmp(w.data, data, len) == 0);
	bytes_writer_close(&w);
	payload_text(kind, &p, text);
	assert(memchr(text, '\0', sizeof(text)) != NULL && text[0] != '\0');
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct bytes_writer w = BYTES_WRITER_INIT;
	struct bytes_reader r;

	if (len == 0)
		return 0;
	if (data[0] >= KINDS) {
		payload((uint8_t)(data[0] - KINDS), data + 1, len - 1);
		return 0;
	}
	r = bytes_reader_of(data + 1, len - 1);
	kinds[data[0]](&r, &w);
	if (!r.bad) {
		assert(w.error == 0 && w.len == r.pos);
		assert(w.len == 0 || memcmp(w.data, data + 1, w.len) == 0);
	}
	bytes_writer_close(&w);
	return 0;
}
