/*
 * stream.h - TCP byte streams through NNG, brought to the libuv loop.
 *
 * The only file that includes nng. NNG's threads do one thing here: append a
 * finished operation to a queue and wake the loop. The queue is bounded by
 * construction, since a stream has at most one send and one receive under
 * way. All calls and callbacks are on the loop thread; a callback never comes
 * from inside a call. Errors are -errno.
 */
#ifndef QML_DAEMON_NODE_STREAM_H
#define QML_DAEMON_NODE_STREAM_H

#include <stddef.h>
#include <stdint.h>

#include <uv.h>

#define STREAM_ADDRESS_LEN 64

struct stream_hub; /* opaque: hides nng */
struct stream;
struct stream_listener;
struct stream_dialer;

int stream_hub_new(uv_loop_t *loop, struct stream_hub **out)
    __attribute__((warn_unused_result));
/* Everything of the hub must be closed already, or closes with it later; done
 * is called when the last operation came back and the hub is freed. */
void stream_hub_free(struct stream_hub *h, void (*done)(void *arg), void *arg);

/* s is the callee's. */
typedef void stream_accept_cb(void *arg, struct stream *s);
/* address: host:port. -EADDRINUSE, -EINVAL, -ENOMEM ... */
int stream_listen(struct stream_hub *h, const char *address,
    stream_accept_cb *cb, void *arg, struct stream_listener **out)
    __attribute__((warn_unused_result));
uint16_t stream_listener_port(const struct stream_listener *l);
void stream_listener_close(struct stream_listener *l);

/* Once: s and rc 0, or NULL and -errno. Not after stream_dialer_close. */
typedef void stream_dial_cb(void *arg, struct stream *s, int rc);
struct stream_dial {
	const char *address; /* host:port */
	uint32_t timeout_ms;
	stream_dial_cb *cb;
	void *arg;
};
int stream_dial(struct stream_hub *h, const struct stream_dial *d,
    struct stream_dialer **out) __attribute__((warn_unused_result));
/* Gives up; before its callback only: after it the dialer is gone. */
void stream_dialer_close(struct stream_dialer *d);

struct stream_events {
	void *arg;
	/* Bytes that came, or len 0 and the reason for which it ended. */
	void (*received)(void *arg, size_t len, int rc);
	/* All was sent (0), or not. */
	void (*sent)(void *arg, int rc);
	/* After stream_close, once nothing uses the buffers any more. The
	 * stream is gone. */
	void (*closed)(void *arg);
};
void stream_set_events(struct stream *s, const struct stream_events *ev);
/* One at a time each; the buffer stays the caller's and must live until the
 * callback or `closed`. */
void stream_recv(struct stream *s, uint8_t *buf, size_t cap);
void stream_send(struct stream *s, const uint8_t *buf, size_t len);
/* No received or sent any more; `closed` follows from the loop. */
void stream_close(struct stream *s);
/* Numeric address of the other end, for people. */
const char *stream_address(const struct stream *s);

#endif
