#include "daemon/node/stream.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <nng/nng.h>

/* NNG's URL of an address of the federation file, at most 255 bytes. */
#define STREAM_URL_LEN 272
#define ACCEPT_PAUSE_MS 100
#define STREAMS_IDLE_MAX 128

enum op_kind { OP_SEND, OP_RECV, OP_ACCEPT, OP_PAUSE, OP_DIAL, OP_NONE };

/* One NNG operation. NNG's threads touch only `next` and the hub's queue. */
struct op {
	struct stream_hub *hub;
	nng_aio *aio;
	void *owner;
	struct op *next;
	enum op_kind kind;
	bool busy; /* loop thread: submitted and not yet drained */
};

struct stream_hub {
	uv_async_t async;
	uv_mutex_t lock;
	struct op *first, **last; /* finished; under lock */
	size_t nlive;             /* streams, listeners, dialers */
	struct stream *idle;      /* gone; their operations serve again */
	size_t nidle;
	bool closing;
	void (*done)(void *arg);
	void *arg;
};

struct stream {
	struct stream *next; /* of the idle */
	nng_stream *s;
	struct op send, recv;
	struct op none; /* carries `closed` when nothing was under way */
	struct stream_events ev;
	const uint8_t *out;
	size_t out_left;
	bool closing;
	char address[STREAM_ADDRESS_LEN];
};

struct stream_listener {
	nng_stream_listener *l;
	struct op accept;
	stream_accept_cb *cb;
	void *arg;
	uint16_t port;
	bool closing;
};

struct stream_dialer {
	nng_stream_dialer *d;
	struct op dial;
	stream_dial_cb *cb;
	void *arg;
	bool closing;
};

static int
error_of(int nng)
{
	static const int table[][2] = {{NNG_ENOMEM, -ENOMEM},
	    {NNG_EINVAL, -EINVAL}, {NNG_EADDRINVAL, -EINVAL},
	    {NNG_ENOTSUP, -EINVAL}, {NNG_EADDRINUSE, -EADDRINUSE},
	    {NNG_ETIMEDOUT, -ETIMEDOUT}, {NNG_ECONNREFUSED, -ECONNREFUSED},
	    {NNG_ECONNRESET, -ECONNRESET}, {NNG_ECONNSHUT, -ECONNRESET},
	    {NNG_ECONNABORTED, -ECONNABORTED},
	    {NNG_EUNREACHABLE, -EHOSTUNREACH}, {NNG_ECLOSED, -ECONNRESET},
	    {NNG_ECANCELED, -ECANCELED}, {NNG_EPERM, -EPERM},
	    {NNG_ENOFILES, -EMFILE}, {NNG_ENOSPC, -ENOSPC}};

	if (nng == 0)
		return 0;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		if (table[i][0] == nng)
			return table[i][1];
	}
	if ((nng & NNG_ESYSERR) != 0)
		return -(nng & ~NNG_ESYSERR);
	return -EIO;
}

/* Also on a thread of NNG's. An aio is freed by the loop, which waits there
 * until this has returned, so hub and op outlive it. */
static void
op_post(void *arg)
{
	struct op *op = arg;
	struct stream_hub *h = op->hub;

	uv_mutex_lock(&h->lock);
	op->next = NULL;
	*h->last = op;
	h->last = &op->next;
	uv_mutex_unlock(&h->lock);
	uv_async_send(&h->async);
}

static int
op_init(struct op *op, struct stream_hub *h, enum op_kind kind, void *owner)
{
	*op = (struct op){.hub = h, .kind = kind, .owner = owner};
	return error_of(nng_aio_alloc(&op->aio, op_post, op));
}

static void
op_close(struct op *op)
{
	assert(!op->busy);
	if (op->aio != NULL)
		nng_aio_free(op->aio);
	op->aio = NULL;
}

static void
hub_async_closed(uv_handle_t *handle)
{
	struct stream_hub *h = handle->data;
	void (*done)(void *arg) = h->done;
	void *arg = h->arg;

	uv_mutex_destroy(&h->lock);
	free(h);
	if (done != NULL)
		done(arg);
}

static void
stream_free(struct stream *s)
{
	op_close(&s->send);
	op_close(&s->recv);
	free(s);
}

static void
hub_finish(struct stream_hub *h)
{
	struct stream *s;

	if (!h->closing || h->nlive > 0 ||
	    uv_is_closing((uv_handle_t *)&h->async))
		return;
	while ((s = h->idle) != NULL) {
		h->idle = s->next;
		stream_free(s);
	}
	uv_close((uv_handle_t *)&h->async, hub_async_closed);
}

static void
format_address(struct stream *s)
{
	char host[INET6_ADDRSTRLEN];
	nng_sockaddr sa;

	snprintf(s->address, sizeof(s->address), "?");
	if (nng_stream_get_addr(s->s, NNG_OPT_REMADDR, &sa) != 0)
		return;
	if (sa.s_family == NNG_AF_INET) {
		inet_ntop(AF_INET, &sa.s_in.sa_addr, host, sizeof(host));
		snprintf(s->address, sizeof(s->address), "%s:%u", host,
		    (unsigned)ntohs(sa.s_in.sa_port));
	} else if (sa.s_family == NNG_AF_INET6) {
		inet_ntop(AF_INET6, sa.s_in6.sa_addr, host, sizeof(host));
		snprintf(s->address, sizeof(s->address), "[%s]:%u", host,
		    (unsigned)ntohs(sa.s_in6.sa_port));
	}
}

/* To free an operation is to wait for the thread of NNG's that has reported
 * it, which on a busy machine is not done for a while, so it is kept for the
 * next stream. */
static void
stream_retire(struct stream *s)
{
	struct stream_hub *h = s->send.hub;

	nng_stream_free(s->s);
	if (h->nidle == STREAMS_IDLE_MAX) {
		stream_free(s);
		return;
	}
	s->next = h->idle;
	h->idle = s;
	h->nidle++;
}

/* One whose operations can be used. */
static struct stream *
stream_alloc(struct stream_hub *h)
{
	struct stream *s = h->idle;

	if (s != NULL) {
		h->idle = s->next;
		h->nidle--;
		*s = (struct stream){.send = s->send, .recv = s->recv};
		return s;
	}
	s = calloc(1, sizeof(*s));
	if (s == NULL ||
	    (op_init(&s->send, h, OP_SEND, s) == 0 &&
		op_init(&s->recv, h, OP_RECV, s) == 0))
		return s;
	stream_free(s);
	return NULL;
}

/* Takes the NNG stream; NULL: no memory, and it is closed. */
static struct stream *
stream_new(struct stream_hub *h, nng_stream *raw)
{
	struct stream *s = stream_alloc(h);

	if (s == NULL) {
		nng_stream_close(raw);
		nng_stream_free(raw);
		return NULL;
	}
	s->s = raw;
	s->none = (struct op){.hub = h, .kind = OP_NONE, .owner = s};
	/* NNG 1.5.2 turns it off, and Nagle costs a vote 40 ms. */
	(void)!nng_stream_set_bool(raw, NNG_OPT_TCP_NODELAY, true);
	format_address(s);
	h->nlive++;
	return s;
}

/* When nothing of a closing stream is under way, it goes. */
static void
stream_reap(struct stream *s)
{
	struct stream_events ev = s->ev;
	struct stream_hub *h = s->send.hub;

	if (s->send.busy || s->recv.busy || s->none.busy)
		return;
	stream_retire(s);
	h->nlive--;
	if (ev.closed != NULL)
		ev.closed(ev.arg);
}

static void
send_more(struct stream *s)
{
	nng_iov iov = {.iov_buf = (void *)s->out, .iov_len = s->out_left};
	int rc = nng_aio_set_iov(s->send.aio, 1, &iov);

	assert(rc == 0);
	s->send.busy = true;
	nng_stream_send(s->s, s->send.aio);
}

/* NNG sends what the kernel takes at once: the rest is sent here. */
static void
send_finished(struct stream *s)
{
	int rc = error_of(nng_aio_result(s->send.aio));
	size_t n = rc == 0 ? nng_aio_count(s->send.aio) : 0;

	if (s->closing) {
		stream_reap(s);
		return;
	}
	s->out += n;
	s->out_left -= n;
	if (rc == 0 && s->out_left > 0)
		send_more(s);
	else
		s->ev.sent(s->ev.arg, rc);
}

static void
recv_finished(struct stream *s)
{
	int rc = error_of(nng_aio_result(s->recv.aio));
	size_t n = rc == 0 ? nng_aio_count(s->recv.aio) : 0;

	if (s->closing) {
		stream_reap(s);
		return;
	}
	if (rc == 0 && n == 0)
		rc = -ECONNRESET;
	s->ev.received(s->ev.arg, n, rc);
}

static void
listener_destroy(struct stream_listener *l)
{
	op_close(&l->accept);
	if (l->l != NULL)
		nng_stream_listener_free(l->l);
	free(l);
}

/* A pause where descriptors have run out, most likely: trying again at once
 * would spin. */
static void
listener_arm(struct stream_listener *l, enum op_kind kind)
{
	l->accept.kind = kind;
	l->accept.busy = true;
	if (kind == OP_PAUSE)
		nng_sleep_aio(ACCEPT_PAUSE_MS, l->accept.aio);
	else
		nng_stream_listener_accept(l->l, l->accept.aio);
}

static void
accept_finished(struct stream_listener *l)
{
	struct stream_hub *h = l->accept.hub;
	nng_stream *raw = NULL;
	struct stream *s = NULL;
	int rc = error_of(nng_aio_result(l->accept.aio));
	bool starved = rc != 0 && rc != -ECONNABORTED && rc != -ECONNRESET;

	if (rc == 0 && l->accept.kind == OP_ACCEPT)
		raw = nng_aio_get_output(l->accept.aio, 0);
	if (l->closing) {
		if (raw != NULL) {
			nng_stream_close(raw);
			nng_stream_free(raw);
		}
		listener_destroy(l);
		h->nlive--;
		return;
	}
	if (raw != NULL)
		s = stream_new(h, raw);
	listener_arm(l,
	    starved && l->accept.kind == OP_ACCEPT ? OP_PAUSE : OP_ACCEPT);
	if (s != NULL)
		l->cb(l->arg, s);
}

static void
dialer_destroy(struct stream_dialer *d)
{
	op_close(&d->dial);
	if (d->d != NULL)
		nng_stream_dialer_free(d->d);
	free(d);
}

static void
dial_finished(struct stream_dialer *d)
{
	struct stream_hub *h = d->dial.hub;
	struct stream *s = NULL;
	stream_dial_cb *cb = d->closing ? NULL : d->cb;
	void *arg = d->arg;
	int rc = error_of(nng_aio_result(d->dial.aio));

	if (rc == 0) {
		nng_stream *raw = nng_aio_get_output(d->dial.aio, 0);

		s = stream_new(h, raw);
		if (s == NULL)
			rc = -ENOMEM;
	}
	dialer_destroy(d);
	h->nlive--;
	if (cb != NULL)
		cb(arg, s, rc);
	else if (s != NULL)
		stream_close(s);
}

static void
op_dispatch(struct op *op)
{
	op->busy = false;
	switch (op->kind) {
	case OP_SEND:
		send_finished(op->owner);
		break;
	case OP_RECV:
		recv_finished(op->owner);
		break;
	case OP_ACCEPT:
	case OP_PAUSE:
		accept_finished(op->owner);
		break;
	case OP_DIAL:
		dial_finished(op->owner);
		break;
	case OP_NONE:
		stream_reap(op->owner);
		break;
	}
}

/* uv_async_send coalesces: always drain everything. */
static void
hub_wake(uv_async_t *async)
{
	struct stream_hub *h = async->data;
	struct op *op, *next;

	uv_mutex_lock(&h->lock);
	op = h->first;
	h->first = NULL;
	h->last = &h->first;
	uv_mutex_unlock(&h->lock);
	for (; op != NULL; op = next) {
		next = op->next;
		op_dispatch(op);
	}
	hub_finish(h);
}

int
stream_hub_new(uv_loop_t *loop, struct stream_hub **out)
{
	struct stream_hub *h = calloc(1, sizeof(*h));
	int rc;

	if (h == NULL)
		return -ENOMEM;
	h->last = &h->first;
	rc = uv_mutex_init(&h->lock);
	if (rc == 0 && (rc = uv_async_init(loop, &h->async, hub_wake)) < 0)
		uv_mutex_destroy(&h->lock);
	if (rc < 0) {
		free(h);
		return rc;
	}
	h->async.data = h;
	*out = h;
	return 0;
}

void
stream_hub_free(struct stream_hub *h, void (*done)(void *arg), void *arg)
{
	h->closing = true;
	h->done = done;
	h->arg = arg;
	hub_finish(h);
}

static int
url_of(const char *address, char url[static STREAM_URL_LEN])
{
	int n = snprintf(url, STREAM_URL_LEN, "tcp://%s", address);

	return n < 0 || n >= STREAM_URL_LEN ? -EINVAL : 0;
}

int
stream_listen(struct stream_hub *h, const char *address, stream_accept_cb *cb,
    void *arg, struct stream_listener **out)
{
	struct stream_listener *l = calloc(1, sizeof(*l));
	char url[STREAM_URL_LEN];
	int rc, port = 0;

	if (l == NULL)
		return -ENOMEM;
	l->cb = cb;
	l->arg = arg;
	rc = url_of(address, url);
	if (rc == 0)
		rc = op_init(&l->accept, h, OP_ACCEPT, l);
	if (rc == 0)
		rc = error_of(nng_stream_listener_alloc(&l->l, url));
	if (rc == 0)
		rc = error_of(nng_stream_listener_listen(l->l));
	if (rc == 0)
		rc = error_of(nng_stream_listener_get_int(l->l,
		    NNG_OPT_TCP_BOUND_PORT, &port));
	if (rc < 0) {
		listener_destroy(l);
		return rc;
	}
	l->port = (uint16_t)port;
	h->nlive++;
	listener_arm(l, OP_ACCEPT);
	*out = l;
	return 0;
}

uint16_t
stream_listener_port(const struct stream_listener *l)
{
	return l->port;
}

void
stream_listener_close(struct stream_listener *l)
{
	if (l->closing)
		return;
	l->closing = true;
	assert(l->accept.busy);
	nng_stream_listener_close(l->l);
	if (l->accept.kind == OP_PAUSE)
		nng_aio_cancel(l->accept.aio);
}

int
stream_dial(struct stream_hub *h, const struct stream_dial *want,
    struct stream_dialer **out)
{
	struct stream_dialer *d = calloc(1, sizeof(*d));
	char url[STREAM_URL_LEN];
	int rc;

	if (d == NULL)
		return -ENOMEM;
	d->cb = want->cb;
	d->arg = want->arg;
	rc = url_of(want->address, url);
	if (rc == 0)
		rc = op_init(&d->dial, h, OP_DIAL, d);
	if (rc == 0)
		rc = error_of(nng_stream_dialer_alloc(&d->d, url));
	if (rc < 0) {
		dialer_destroy(d);
		return rc;
	}
	h->nlive++;
	nng_aio_set_timeout(d->dial.aio, (nng_duration)want->timeout_ms);
	d->dial.busy = true;
	nng_stream_dialer_dial(d->d, d->dial.aio);
	*out = d;
	return 0;
}

void
stream_dialer_close(struct stream_dialer *d)
{
	assert(d->dial.busy);
	d->closing = true;
	nng_stream_dialer_close(d->d);
}

void
stream_set_events(struct stream *s, const struct stream_events *ev)
{
	s->ev = *ev;
}

void
stream_recv(struct stream *s, uint8_t *buf, size_t cap)
{
	nng_iov iov = {.iov_buf = buf, .iov_len = cap};
	int rc;

	assert(!s->recv.busy && !s->closing && cap > 0);
	rc = nng_aio_set_iov(s->recv.aio, 1, &iov);
	assert(rc == 0);
	s->recv.busy = true;
	nng_stream_recv(s->s, s->recv.aio);
}

void
stream_send(struct stream *s, const uint8_t *buf, size_t len)
{
	assert(!s->send.busy && !s->closing && len > 0);
	s->out = buf;
	s->out_left = len;
	send_more(s);
}

void
stream_close(struct stream *s)
{
	if (s->closing)
		return;
	s->closing = true;
	nng_stream_close(s->s);
	if (!s->send.busy && !s->recv.busy) {
		s->none.busy = true;
		op_post(&s->none);
	}
}

const char *
stream_address(const struct stream *s)
{
	return s->address;
}
