#include "daemon/node/link.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/node/inbox.h"
#include "daemon/node/link_control.h"
#include "daemon/node/unsent.h"

/* Before the other side is known it costs this much, and no more. */
#define SHAKE_CAP 256
#define RX_CAP (128u << 10)
#define TX_CAP (4 * CHANNEL_RECORD_MAX)
/* Of a large message, in one write and in the kernel's hands. */
#define BULK_CAP FRAME_CHUNK

enum link_state {
	LINK_SHAKE,   /* handshake under way */
	LINK_KEYED,   /* keys agreed, nothing received with them yet */
	LINK_OPEN,    /* the other side is alive and is who it says */
	LINK_CLOSING, /* waiting for the stream to let go of the buffers */
};

struct link {
	const struct link_env *env;
	struct stream *stream;
	enum link_state state;
	int reason;
	struct channel channel;
	char address[STREAM_ADDRESS_LEN];
	uint8_t *rx, *tx;
	size_t rx_cap, rx_len, tx_cap, tx_len;
	bool sending;
	struct outbox out;
	struct inbox in;
	bool owe_hello, owe_ping, owe_pong;
	bool owe_spare, leaving; /* closed when that is sent */
	uint64_t left_ms;
	uint64_t ping_nonce, pong_nonce;
	uint64_t born_ms, heard_ms, pinged_ms;
	struct link_stats stats;
};

static void link_pump(struct link *l);

static void
link_free(struct link *l)
{
	channel_close(&l->channel);
	outbox_close(&l->out);
	free(l->rx);
	free(l->tx);
	free(l);
}

void
link_close(struct link *l, int reason)
{
	if (l->state == LINK_CLOSING)
		return;
	l->state = LINK_CLOSING;
	l->reason = reason;
	inbox_close(&l->in, uv_now(l->env->loop));
	stream_close(l->stream);
}

static void
link_closed(void *arg)
{
	struct link *l = arg;

	l->env->closed(l->env->arg, l, l->reason);
	link_free(l);
}

/* Our handshake message at the end of tx. */
static int
shake_put(struct link *l)
{
	size_t len;
	int rc = channel_hello(&l->channel, l->tx + l->tx_len, &len);

	if (rc == 0)
		l->tx_len += len;
	return rc;
}

static int
grow(uint8_t **buf, size_t *cap, size_t want)
{
	uint8_t *p = *cap < want ? realloc(*buf, want) : *buf;

	if (p == NULL)
		return -ENOMEM;
	*buf = p;
	*cap = want;
	return 0;
}

static int
recv_shake(struct link *l, const struct frame *f)
{
	int rc;

	rc = channel_greet(&l->channel, f);
	if (rc == 0 && !l->channel.dialed)
		rc = shake_put(l);
	if (rc < 0)
		return rc;
	l->state = LINK_KEYED;
	l->owe_hello = true;
	return 0;
}

static int
recv_control(struct link *l, const struct fragment *f)
{
	struct link_control c;

	if (link_control_get(f->bytes, f->len, &c) < 0)
		return -EPROTO;
	switch (c.word) {
	case LINK_HELLO:
		break;
	case LINK_CREDIT:
		return outbox_credit(&l->out, c.cls, c.bytes) ? 0 : -EPROTO;
	case LINK_PING:
		l->pong_nonce = c.nonce;
		l->owe_pong = true;
		break;
	case LINK_PONG:
		if (c.nonce == l->ping_nonce)
			l->stats.rtt_us =
			    (uint32_t)((uv_hrtime() - c.nonce) / 1000);
		break;
	case LINK_SPARE:
		return -EALREADY;
	}
	return 0;
}

static int
recv_fragment(struct link *l, const struct fragment *f)
{
	uint8_t *data;
	size_t len;

	if (f->cls == FRAME_CONTROL)
		return recv_control(l, f);
	if (l->leaving)
		return 0; /* nor kept: who does not read may be here long */
	switch (inbox_add(&l->in, f, uv_now(l->env->loop), &data, &len)) {
	case FRAME_MORE:
		return 0;
	case FRAME_OK:
		l->stats.msgs_in++;
		l->env->msg(l->env->arg, l, data, len);
		return 0;
	case FRAME_NO_MEMORY:
		return -ENOMEM;
	case FRAME_BAD:
		break;
	}
	return -EPROTO;
}

/* A first message can be replayed, this record cannot: now the peer is
 * known, and may cost more memory. */
static int
recv_first(struct link *l, const struct fragment *f)
{
	int rc;

	if (f->cls != FRAME_CONTROL || f->bytes[0] != LINK_HELLO)
		return -EPROTO;
	rc = grow(&l->rx, &l->rx_cap, RX_CAP);
	if (rc < 0)
		return rc;
	l->state = LINK_OPEN;
	inbox_from(&l->in, link_peer(l), link_peer(l) == LINK_GUEST);
	(void)!unsent_limit(l->address, BULK_CAP);
	l->env->ready(l->env->arg, l);
	return 0;
}

static int
recv_record(struct link *l, const struct frame *in)
{
	uint8_t plain[FRAME_PLAIN_MAX];
	struct fragment f;
	size_t len;
	int rc;

	rc = channel_open(&l->channel, in, plain, &len);
	if (rc < 0)
		return rc;
	if (fragment_parse(plain, len, &f) != FRAME_OK)
		return -EPROTO;
	return l->state == LINK_KEYED ? recv_first(l, &f)
				      : recv_fragment(l, &f);
}

static int
recv_frame(struct link *l, const struct frame *f)
{
	switch (l->state) {
	case LINK_SHAKE:
		return recv_shake(l, f);
	case LINK_KEYED:
	case LINK_OPEN:
		return recv_record(l, f);
	case LINK_CLOSING:
		break;
	}
	return 0;
}

/* All whole frames in rx; the rest moves to its start. */
static int
recv_frames(struct link *l)
{
	size_t at = 0;
	int rc = 0;

	while (rc == 0 && l->state != LINK_CLOSING) {
		struct frame f;
		enum frame_verdict v =
		    frame_parse(l->rx + at, l->rx_len - at, &f);

		if (l->state == LINK_SHAKE &&
		    !channel_may_greet(&l->channel, l->rx + at, l->rx_len - at))
			return -EPROTO;
		if (v == FRAME_MORE)
			break;
		if (v != FRAME_OK)
			return -EPROTO;
		at += f.used;
		rc = recv_frame(l, &f);
	}
	memmove(l->rx, l->rx + at, l->rx_len - at);
	l->rx_len -= at;
	/* Only a stranger's claim can be longer than the buffer. */
	if (rc == 0 && l->rx_len == l->rx_cap)
		rc = -EPROTO;
	return rc;
}

static void
link_received(void *arg, size_t len, int rc)
{
	struct link *l = arg;

	if (rc == 0) {
		l->rx_len += len;
		l->stats.bytes_in += len;
		l->heard_ms = uv_now(l->env->loop);
		rc = recv_frames(l);
	}
	if (rc < 0)
		link_close(l, rc);
	if (l->state == LINK_CLOSING)
		return;
	stream_recv(l->stream, l->rx + l->rx_len, l->rx_cap - l->rx_len);
	link_pump(l);
}

/* Seals one fragment into tx; there is room. */
static int
put_record(struct link *l, const uint8_t *plain, size_t len)
{
	size_t n;
	int rc = channel_seal(&l->channel, plain, len, l->tx + l->tx_len, &n);

	if (rc == 0)
		l->tx_len += n;
	return rc;
}

static int
put_control(struct link *l, const struct link_control *c)
{
	uint8_t plain[FRAME_FRAGMENT_HEAD + LINK_CONTROL_MAX];
	struct fragment f = {
	    .cls = FRAME_CONTROL,
	    .flags = FRAME_FIRST | FRAME_LAST,
	};
	size_t len = link_control_put(c, plain + FRAME_FRAGMENT_HEAD), head;

	f.total = (uint32_t)len;
	head = fragment_head(plain, &f);
	assert(head == FRAME_FRAGMENT_HEAD);
	return put_record(l, plain, head + len);
}

static int
put_word(struct link *l, enum link_word word, uint64_t nonce)
{
	return put_control(l,
	    &(struct link_control){.word = word, .nonce = nonce});
}

/* Gives a class back what came of it. */
static int
put_credit(struct link *l, enum frame_class cls)
{
	struct link_control c = {.word = LINK_CREDIT,
	    .cls = cls,
	    .bytes = inbox_grant(&l->in, cls)};

	return c.bytes == 0 ? 0 : put_control(l, &c);
}

static int
put_owed(struct link *l)
{
	int rc = 0;

	if (l->owe_hello)
		rc = put_word(l, LINK_HELLO, 0);
	l->owe_hello = false;
	if (rc == 0 && l->owe_spare)
		rc = put_word(l, LINK_SPARE, 0);
	l->owe_spare = false;
	if (rc == 0 && l->owe_pong)
		rc = put_word(l, LINK_PONG, l->pong_nonce);
	l->owe_pong = false;
	if (rc == 0 && l->owe_ping) {
		l->ping_nonce = uv_hrtime();
		rc = put_word(l, LINK_PING, l->ping_nonce);
	}
	l->owe_ping = false;
	for (int c = FRAME_A; rc == 0 && c < FRAME_NCLASSES; c++)
		rc = put_credit(l, (enum frame_class)c);
	return rc;
}

static int
put_messages(struct link *l)
{
	uint8_t plain[FRAME_PLAIN_MAX];
	size_t bulk = 0;
	int rc = 0;

	while (rc == 0 && bulk < BULK_CAP &&
	    TX_CAP - l->tx_len >= CHANNEL_RECORD_MAX) {
		bool done;
		size_t n = outbox_next(&l->out, plain, &done);

		if (n == 0)
			break;
		rc = put_record(l, plain, n);
		bulk += plain[0] == FRAME_A ? 0 : n;
		l->stats.msgs_out += done;
	}
	return rc;
}

/* One write of at most 64 KiB is under way, of 16 KiB where it is a large
 * message; what is more urgent than its rest goes into the next. */
static void
link_pump(struct link *l)
{
	int rc = 0;

	if (l->sending || l->state == LINK_CLOSING)
		return;
	if (l->state == LINK_OPEN)
		rc = grow(&l->tx, &l->tx_cap, TX_CAP);
	if (rc == 0 && l->state != LINK_SHAKE)
		rc = put_owed(l);
	if (rc == 0 && l->state == LINK_OPEN)
		rc = put_messages(l);
	if (rc < 0) {
		link_close(l, rc);
		return;
	}
	if (l->tx_len == 0)
		return;
	l->sending = true;
	l->stats.bytes_out += l->tx_len;
	stream_send(l->stream, l->tx, l->tx_len);
}

static void
link_sent(void *arg, int rc)
{
	struct link *l = arg;

	l->sending = false;
	l->tx_len = 0;
	if (rc < 0 || (l->leaving && !l->owe_spare))
		link_close(l, rc);
	else
		link_pump(l);
}

void
link_spare(struct link *l)
{
	l->owe_spare = l->leaving = true;
	l->left_ms = uv_now(l->env->loop);
	inbox_close(&l->in, l->left_ms);
	link_pump(l);
}

static struct link *
link_alloc(void)
{
	struct link *l = calloc(1, sizeof(*l));

	if (l == NULL)
		return NULL;
	outbox_init(&l->out);
	l->rx_cap = l->tx_cap = SHAKE_CAP;
	l->rx = malloc(SHAKE_CAP);
	l->tx = malloc(SHAKE_CAP);
	if (l->rx == NULL || l->tx == NULL) {
		link_free(l);
		return NULL;
	}
	return l;
}

/* From now on the link ends by its stream's `closed`, whatever happens. */
static void
link_begin(struct link *l, uint16_t peer)
{
	struct stream_events ev = {
	    .arg = l,
	    .received = link_received,
	    .sent = link_sent,
	    .closed = link_closed,
	};
	int rc;

	stream_set_events(l->stream, &ev);
	rc = channel_init(&l->channel, &l->env->identity, peer);
	if (rc == 0 && l->channel.dialed)
		rc = shake_put(l);
	if (rc < 0) {
		link_close(l, rc);
		return;
	}
	stream_recv(l->stream, l->rx, l->rx_cap);
	link_pump(l);
}

struct link *
link_new(const struct link_env *env, struct stream *s, uint16_t peer)
{
	struct link *l = link_alloc();

	if (l == NULL) {
		stream_close(s);
		return NULL;
	}
	l->env = env;
	l->stream = s;
	snprintf(l->address, sizeof(l->address), "%s", stream_address(s));
	l->born_ms = l->heard_ms = l->pinged_ms = uv_now(env->loop);
	inbox_init(&l->in, env->large);
	link_begin(l, peer);
	return l;
}

void
link_send(struct link *l, enum link_class cls, struct outbox_buf *buf)
{
	int rc;

	if (l->state != LINK_OPEN) {
		l->stats.dropped++;
		return;
	}
	rc = outbox_push(&l->out, cls, buf);
	if (rc < 0) {
		l->stats.dropped++;
		if (cls != LINK_STATUS && cls != LINK_REPAIR)
			link_close(l, rc);
		return;
	}
	link_pump(l);
}

void
link_tick(struct link *l, uint64_t now_ms)
{
	const struct link_timing *t = &l->env->timing;

	switch (l->state) {
	case LINK_SHAKE:
	case LINK_KEYED:
		if (now_ms - l->born_ms >= t->handshake)
			link_close(l, -ETIMEDOUT);
		return;
	case LINK_CLOSING:
		return;
	case LINK_OPEN:
		break;
	}
	if (now_ms - l->heard_ms >= t->dead ||
	    (l->leaving && now_ms - l->left_ms >= t->handshake)) {
		link_close(l, -ETIMEDOUT);
		return;
	}
	if (inbox_must_go(&l->in, now_ms)) {
		link_close(l, -ETIME);
		return;
	}
	if (inbox_retry(&l->in, now_ms))
		link_pump(l);
	if (now_ms - l->pinged_ms >= t->ping || l->stats.rtt_us == 0) {
		l->pinged_ms = now_ms;
		l->owe_ping = true;
		link_pump(l);
	}
}

uint16_t
link_peer(const struct link *l)
{
	return l->channel.peer;
}

const uint8_t *
link_key(const struct link *l)
{
	return l->channel.noise.rs;
}

bool
link_ready(const struct link *l)
{
	return l->state == LINK_OPEN;
}

bool
link_closing(const struct link *l)
{
	return l->state == LINK_CLOSING;
}

bool
link_dialed(const struct link *l)
{
	return l->channel.dialed;
}

const char *
link_address(const struct link *l)
{
	return l->address;
}

struct link_stats
link_stats(const struct link *l)
{
	return l->stats;
}

uint64_t
link_queued(const struct link *l)
{
	return outbox_bytes(&l->out);
}
