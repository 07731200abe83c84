/*
 * fuzz_channel.c - the bytes of a stranger on a fresh link.
 *
 * First byte: bit 0, in clear (as a capture test has it); bit 1, we dialed. The
 * rest is a stream: frames until one is wrong, the first a greeting, the others
 * records and their fragments: messages put together, credits given back, and
 * what the other side says of the link. Without the keys nobody gets past a
 * greeting.
 */
#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/node/channel.h"
#include "daemon/node/inbox.h"
#include "daemon/node/link_control.h"
#include "daemon/node/outbox.h"
#include "tests/fuzz/village.h"

#define CLEAR 1
#define DIALED 2

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

const unsigned long fuzz_runs = 5000;

struct ends {
	struct large large;
	struct inbox in;
	struct outbox out;
};

/* As recv_control in link.c has it. */
static bool
take_control(struct ends *e, const struct fragment *f)
{
	struct outbox_queue *q;
	struct link_control c;
	uint8_t again[LINK_CONTROL_MAX];
	size_t n;

	if (link_control_get(f->bytes, f->len, &c) < 0)
		return false;
	n = link_control_put(&c, again);
	assert(n == f->len && memcmp(again, f->bytes, n) == 0);
	if (c.word == LINK_SPARE)
		return false;
	if (c.word != LINK_CREDIT)
		return true;
	assert(c.cls >= FRAME_A && c.cls < FRAME_NCLASSES);
	q = &e->out.queue[c.cls];
	if (!outbox_credit(&e->out, c.cls, c.bytes))
		return false;
	assert(q->credit <= frame_class_window(c.cls));
	return true;
}

/* Something to say, so that there is credit to get. */
static void
say(struct ends *e)
{
	struct outbox_buf *b;
	uint8_t *data, plain[FRAME_PLAIN_MAX];
	bool done;

	for (int i = LINK_VOTE; i <= LINK_SYNC; i++) {
		data = calloc(1, 2 * FRAME_CHUNK);
		b = outbox_buf_new(data, 2 * FRAME_CHUNK);
		assert(data != NULL && b != NULL);
		assert(outbox_push(&e->out, (enum link_class)i, b) == 0);
		outbox_buf_unref(b);
	}
	while (outbox_next(&e->out, plain, &done) > 0)
		;
}

/* False: a link would have been closed here. */
static bool
take_record(struct channel *c, struct ends *e, const struct frame *f)
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
		return take_control(e, &part);
	v = inbox_add(&e->in, &part, 0, &msg, &len);
	if (v == FRAME_OK)
		free(msg);
	assert(e->in.allowed[part.cls] + e->in.taken[part.cls] <=
	    frame_class_window(part.cls));
	(void)inbox_grant(&e->in, part.cls);
	return v == FRAME_OK || v == FRAME_MORE;
}

static void
feed(struct channel *c, const uint8_t *data, size_t len)
{
	struct ends e = {.large = {.nmembers = VILLAGE_N, .hold_ms = 1}};
	bool greeted = false;
	struct frame f;
	int rc;

	inbox_init(&e.in, &e.large);
	outbox_init(&e.out);
	while (frame_parse(data, len, &f) == FRAME_OK) {
		if (!greeted) {
			rc = channel_greet(c, &f);
			assert(rc == 0 || rc == -EPROTO || rc == -EBADMSG ||
			    rc == -EACCES);
			if (rc < 0)
				break;
			assert(c->id->plain && c->peer < VILLAGE_N &&
			    c->peer != c->id->self);
			inbox_from(&e.in, c->peer, false);
			say(&e);
			greeted = true;
		} else if (!take_record(c, &e, &f)) {
			break;
		}
		data += f.used;
		len -= f.used;
	}
	inbox_close(&e.in, 0);
	outbox_close(&e.out);
	assert(e.large.held == 0 && e.large.first == NULL);
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
