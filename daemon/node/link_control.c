#include "daemon/node/link_control.h"

#include <assert.h>
#include <errno.h>

#include "proto/bytes.h"

size_t
link_control_put(const struct link_control *c,
    uint8_t out[static LINK_CONTROL_MAX])
{
	struct bytes_writer w = bytes_writer_over(out, LINK_CONTROL_MAX);

	bytes_put_u8(&w, (uint8_t)c->word);
	switch (c->word) {
	case LINK_CREDIT:
		bytes_put_u8(&w, (uint8_t)c->cls);
		bytes_put_u32(&w, c->bytes);
		break;
	case LINK_PING:
	case LINK_PONG:
		bytes_put_u64(&w, c->nonce);
		break;
	case LINK_HELLO:
	case LINK_SPARE:
		break;
	}
	assert(w.error == 0);
	return w.len;
}

int
link_control_get(const uint8_t *bytes, size_t len, struct link_control *out)
{
	struct bytes_reader r = bytes_reader_of(bytes, len);
	uint8_t word = bytes_get_u8(&r), cls;

	if (word < LINK_HELLO || word > LINK_SPARE)
		return -EPROTO;
	*out = (struct link_control){.word = (enum link_word)word};
	switch (out->word) {
	case LINK_CREDIT:
		cls = bytes_get_u8(&r);
		if (cls < FRAME_A || cls >= FRAME_NCLASSES)
			return -EPROTO;
		out->cls = (enum frame_class)cls;
		out->bytes = bytes_get_u32(&r);
		break;
	case LINK_PING:
	case LINK_PONG:
		out->nonce = bytes_get_u64(&r);
		break;
	case LINK_HELLO:
	case LINK_SPARE:
		break;
	}
	return bytes_reader_done(&r) ? 0 : -EPROTO;
}
