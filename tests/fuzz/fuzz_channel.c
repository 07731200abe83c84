/*
 * fuzz_channel.c - the bytes of a stranger on a fresh link.
 *
 * First byte: bit 0, in clear (as a capture test has it); bit 1, we dialed. The
 * rest is a stream: frames until one is wrong, the first a greeting, the others
 * records and their fragments. Without the keys nobody gets past a greeting.
 */
#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#include "daemon/node/channel.h"
#include "tests/fuzz/village.h"

#define CLEAR 1
#define DIALED 2

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

const unsigned long fuzz_runs = 5000;

/* False: a link would have been closed here. */
static bool
take_record(struct channel *c, struct assembly *a, const struct frame *f)
{
	static uint8_t plain[FRAME_PLAIN_MAX];
	enum frame_verdict v;
	struct fragment part;
	uint8_t *msg;
	size_t len;

	if (channel_open(c, f, plain, &len) < 0)
		return false;
	assert(c->id->plain && len <= FRAME_PLAIN_MAX);
	if (fragment_parse(plain, len, &part) != FRAME_OK)
		return false;
	if (part.cls == FRAME_CONTROL)
		return true;
	v = assembly_add(a, &part, &msg, &len);
	if (v == FRAME_OK)
		free(msg);
	return v == FRAME_OK || v == FRAME_MORE;
}

static void
feed(struct channel *c, const uint8_t *data, size_t len)
{
	struct assembly a = ASSEMBLY_INIT;
	bool greeted = false;
	struct frame f;
	int rc;

	while (frame_parse(data, len, &f) == FRAME_OK) {
		if (!greeted) {
			rc = channel_greet(c, &f);
			assert(rc == 0 || rc == -EPROTO || rc == -EBADMSG ||
			    rc == -EACCES);
			if (rc < 0)
				break;
			assert(c->id->plain && c->peer < VILLAGE_N &&
			    c->peer != c->id->self);
			greeted = true;
		} else if (!take_record(c, &a, &f)) {
			break;
		}
		data += f.used;
		len -= f.used;
	}
	assembly_close(&a);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const uint8_t secret[NOISE_KEY_LEN] = {8};
	const struct village *v = village_get();
	struct channel_identity id = {.federation = &v->f,
	    .federation_id = v->id,
	    .self = 0,
	    .secret = secret};
	uint8_t hello[CHANNEL_SHAKE_MAX];
	struct channel c;
	size_t n;
	int rc;

	if (len == 0)
		return 0;
	id.plain = data[0] & CLEAR;
	rc = channel_init(&c, &id, data[0] & DIALED ? 1 : CHANNEL_NOBODY);
	assert(rc == 0);
	if (data[0] & DIALED) {
		/* A member whose network key is no point has nobody behind. */
		rc = channel_hello(&c, hello, &n);
		assert(rc < 0 || n <= sizeof(hello));
	}
	feed(&c, data + 1, len - 1);
	channel_close(&c);
	return 0;
}
