/*
 * link.h - one duplex stream to one member: handshake, records, queues.
 *
 * Noise IK on the way in, then messages as byte buffers, cut into records of
 * 16 KiB so that a large update never delays a vote: classes have strict
 * priority and byte credits. A link says `ready` after the first transport
 * record of the other side (a replayed first message gets no further), then
 * `msg`, and `closed` exactly once, last. Loop thread only.
 */
#ifndef QML_DAEMON_NODE_LINK_H
#define QML_DAEMON_NODE_LINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/node/channel.h"
#include "daemon/node/large.h"
#include "daemon/node/outbox.h"
#include "daemon/node/stream.h"

/* Milliseconds. */
struct link_timing {
	uint32_t handshake; /* 5 s */
	uint32_t ping;      /* idle for so long: 10 s */
	uint32_t dead;      /* nothing came for so long: 30 s */
	uint32_t retry;     /* first redial at most this late: 0.2 s */
	uint32_t retry_max; /* 5 s */
	uint32_t ban;       /* first punishment: 10 s */
	uint32_t hold;      /* a place for a large message: LARGE_HOLD_MS */
};

struct link;

/* What all links of a node share; outlives them. */
struct link_env {
	uv_loop_t *loop;
	struct channel_identity identity;
	struct link_timing timing;
	struct large *large; /* of all links */
	void *arg;
	void (*ready)(void *arg, struct link *l);
	/* Gives data. */
	void (*msg)(void *arg, struct link *l, uint8_t *data, size_t len);
	/* l is freed after this returns. reason: -errno */
	void (*closed)(void *arg, struct link *l, int reason);
};

struct link_stats {
	uint64_t bytes_in, bytes_out;
	uint64_t msgs_in, msgs_out;
	uint64_t dropped;
	uint32_t rtt_us;
};

#define LINK_NOBODY CHANNEL_NOBODY
#define LINK_GUEST CHANNEL_GUEST

/* Over a connected stream, which is taken. peer: the member dialed, or
 * LINK_NOBODY for one that was accepted. NULL: no memory, stream closed. */
struct link *link_new(const struct link_env *env, struct stream *s,
    uint16_t peer);
/* `closed` follows from the loop, with this reason. Idempotent. */
void link_close(struct link *l, int reason);
/* Says that another link with the same key is better, then closes: there the
 * reason is -EALREADY. Who has no other one learns that his key is in use. */
void link_spare(struct link *l);
/* Queues; a full queue closes the link, or drops a LINK_STATUS. */
void link_send(struct link *l, enum link_class cls, struct outbox_buf *buf);
/* Time-outs and pings; call a few times a second. */
void link_tick(struct link *l, uint64_t now_ms);

uint16_t link_peer(const struct link *l); /* LINK_NOBODY before it is known */
/* The other side's static key [32], once peer is known. */
const uint8_t *link_key(const struct link *l);
bool link_ready(const struct link *l);
bool link_closing(const struct link *l); /* `closed` is still to come */
bool link_dialed(const struct link *l);
const char *link_address(const struct link *l); /* of the other end */
struct link_stats link_stats(const struct link *l);
uint64_t link_queued(const struct link *l); /* bytes */
/* What a reason to close means, for a log line. */
const char *link_reason(int reason);

#endif
