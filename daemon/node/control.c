#include "daemon/node/control.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "daemon/node/control_inside.h"
#include "daemon/node/ctl_door.h"
#include "daemon/node/ctl_methods.h"
#include "daemon/node/log.h"
#include "daemon/node/node.h"

/* Bytes that one client may leave unread before no further request of his is
 * looked at. */
#define CONTROL_QUEUE_FULL (64u << 10)
/* Of the loop's time requests get a quarter at most, in turns of about 1 ms,
 * and so much at once after a pause: votes do not wait for who asks. */
#define CONTROL_SHARE 4
#define CONTROL_TURN_NS UINT64_C(1000000)
#define CONTROL_AT_ONCE_NS UINT64_C(10000000)

/* A question to another thread; outlives the client that asked. */
struct ticket {
	struct client *client; /* NULL: gone */
	const struct ctl_method *method;
	struct jv *id;
	/* of make: the pool's between start and done */
	uv_work_t work;
	void *copy;
	char *text;
};

struct reply {
	uv_write_t req;
	struct client *client;
	char *text;
	bool stop_after;
};

static void
finish_if_empty(struct control *c)
{
	void (*done)(void *arg) = c->done;
	void *arg = c->done_arg;

	if (!c->closing || c->nclients > 0)
		return;
	free(c);
	done(arg);
}

static void
client_closed_cb(uv_handle_t *h)
{
	struct client *cl = h->data, **p = &cl->control->clients;
	struct control *c = cl->control;

	if (cl->waiting != NULL)
		cl->waiting->client = NULL;
	while (*p != cl)
		p = &(*p)->next;
	*p = cl->next;
	free(cl);
	c->nclients--;
	finish_if_empty(c);
}

void
control_close_client(struct client *cl)
{
	if (cl->closing)
		return;
	cl->closing = true;
	uv_close((uv_handle_t *)&cl->pipe, client_closed_cb);
}

static void go_on(struct client *cl);
static void listen_or_not(struct client *cl);

static void
write_cb(uv_write_t *req, int status)
{
	struct reply *r = (struct reply *)req;
	struct client *cl = r->client;
	bool stop = r->stop_after;

	free(r->text);
	free(r);
	if (stop)
		node_stop(cl->control->node, 0);
	if (status < 0 || (cl->ended && control_unread(cl) == 0))
		control_close_client(cl);
	cl->moved_ms = uv_now(&cl->control->node->loop);
	go_on(cl);
}

void
control_send(struct client *cl, char *text)
{
	struct node *n = cl->control->node;
	struct reply *r = calloc(1, sizeof(*r));
	uv_buf_t buf;

	if (r == NULL || text == NULL || cl->closing) {
		free(r);
		free(text);
		control_close_client(cl);
		return;
	}
	r->client = cl;
	r->text = text;
	r->stop_after = n->stop_asked;
	n->stop_asked = false;
	buf = uv_buf_init(text, (unsigned)strlen(text));
	if (uv_write(&r->req, (uv_stream_t *)&cl->pipe, &buf, 1, write_cb) < 0)
		write_cb(&r->req, -EPIPE);
}

static void
ticket_free(struct ticket *t)
{
	jv_free(t->id);
	free(t->copy);
	free(t->text);
	free(t);
}

/* Takes t and text. */
static void
ticket_done(struct ticket *t, char *text)
{
	struct client *cl = t->client;

	ticket_free(t);
	if (cl != NULL)
		cl->waiting = NULL;
	if (cl == NULL || cl->closing) {
		free(text);
		return;
	}
	control_send(cl, text);
	go_on(cl);
}

void
control_answered(struct node *n, void *ticket, struct past_answer *a)
{
	struct ticket *t = ticket;
	enum ctl_error code = CTL_INTERNAL;
	char err[256] = "out of memory", *text = NULL;
	struct jv *result;

	if (t->client != NULL && !t->client->closing) {
		result = t->method->tell(n, a, &code, err, sizeof(err));
		text = result != NULL ? ctl_line_result(t->id, result)
				      : ctl_line_error(t->id, code, err);
	}
	past_answer_close(a);
	ticket_done(t, text);
}

static void
make_work(uv_work_t *w)
{
	struct ticket *t = w->data;

	enum ctl_error code = CTL_INTERNAL;
	char err[256] = "out of memory";
	struct jv *result = t->method->make(t->copy, &code, err, sizeof(err));

	t->text = result != NULL ? ctl_line_result(t->id, result)
				 : ctl_line_error(t->id, code, err);
}

static void
make_done(uv_work_t *w, int status)
{
	struct ticket *t = w->data;
	char *text = t->text;

	(void)status;
	t->text = NULL;
	ticket_done(t, text);
}

/* Bad parameters: an error line. NULL: cl waits now, or no memory. */
static char *
ask(struct client *cl, const struct ctl_method *m, const struct ctl_request *q)
{
	struct node *n = cl->control->node;
	enum ctl_error code = CTL_INTERNAL;
	struct past_question question;
	char err[256] = "out of memory", *text = NULL;
	struct ticket *t;
	int rc;

	if (m->ask != NULL && !m->ask(q->params, &question, err, sizeof(err)))
		return ctl_line_error(q->id, CTL_PARAMS, err);
	t = calloc(1, sizeof(*t));
	if (t == NULL)
		return NULL;
	t->client = cl;
	t->method = m;
	t->id = jv_copy(q->id);
	t->work.data = t;
	if (m->ask != NULL)
		rc = storage_ask(n->storage, &question, t);
	else if ((t->copy = m->take(n, q->params, &code, err, sizeof(err))) !=
	    NULL)
		rc = uv_queue_work(&n->loop, &t->work, make_work, make_done);
	else
		rc = -ENOMEM;
	if (rc < 0 && m->take != NULL)
		text = ctl_line_error(q->id, code, err);
	if (rc < 0)
		ticket_free(t);
	else
		cl->waiting = t;
	return text;
}

/* NULL: no memory, or cl is now waiting for the storage thread. */
static char *
answer(struct client *cl, const struct ctl_request *q)
{
	const struct ctl_method *m = ctl_method_find(q->method);
	enum ctl_error code = CTL_INTERNAL;
	char err[256] = "out of memory";
	struct jv *result;

	if (strcmp(q->method, "events") == 0) {
		if (!control_may_subscribe(cl))
			return ctl_line_error(q->id, CTL_BUSY,
			    "too many listen to events; end one of them");
		cl->events = true;
		result = jv_object();
		jv_put_boolean(result, "subscribed", true);
		return ctl_line_result(q->id, result);
	}
	if (m == NULL)
		return ctl_line_error(q->id, CTL_NO_METHOD,
		    "no such method; rpc.list names them");
	if (m->writes && !cl->may_write)
		return ctl_line_error(q->id, CTL_NOT_PERMITTED,
		    "you may look but not change anything: you are neither "
		    "the daemon's user nor in the group of its socket");
	if (m->run == NULL)
		return ask(cl, m, q);
	result = m->run(cl->control->node, q->params, &code, err, sizeof(err));
	if (result == NULL)
		return ctl_line_error(q->id, code, err);
	return ctl_line_result(q->id, result);
}

static void
handle_line(struct client *cl, const char *line, size_t len)
{
	struct ctl_request q;
	char err[256];
	enum ctl_error code = ctl_line_parse(line, len, &q, err, sizeof(err));
	char *text;

	if (code == CTL_OK)
		text = answer(cl, &q);
	else
		text = ctl_line_error(q.id, code, err);
	if (text != NULL || cl->waiting == NULL)
		control_send(cl, text);
	ctl_request_close(&q);
}

static void
alloc_cb(uv_handle_t *h, size_t suggested, uv_buf_t *buf)
{
	struct client *cl = h->data;

	(void)suggested;
	*buf = uv_buf_init(cl->line + cl->len,
	    (unsigned)(sizeof(cl->line) - cl->len));
}

/* One that waits, or does not take what it asked for, is not listened to. */
static bool
may_ask(const struct client *cl)
{
	return !cl->closing && !cl->ended && cl->waiting == NULL &&
	    control_unread(cl) <= CONTROL_QUEUE_FULL;
}

static void
read_cb(uv_stream_t *st, ssize_t n, const uv_buf_t *buf)
{
	struct client *cl = st->data;

	(void)buf;
	if (n < 0) {
		cl->ended = true;
		if (n != UV_EOF || control_unread(cl) == 0)
			control_close_client(cl);
		else
			listen_or_not(cl);
		return;
	}
	cl->len += (size_t)n;
	go_on(cl);
}

static void
listen_or_not(struct client *cl)
{
	bool want = may_ask(cl) && cl->line_len == 0;
	int rc = 0;

	if (cl->closing || want == cl->reading)
		return;
	if (want)
		rc = uv_read_start((uv_stream_t *)&cl->pipe, alloc_cb, read_cb);
	else
		uv_read_stop((uv_stream_t *)&cl->pipe);
	cl->reading = want;
	if (rc < 0)
		control_close_client(cl);
}

static void
find_line(struct client *cl)
{
	const char *end = memchr(cl->line, '\n', cl->len);

	cl->line_len = end == NULL ? 0 : (size_t)(end - cl->line) + 1;
}

static void
answer_line(struct client *cl)
{
	size_t n = cl->line_len;

	cl->moved_ms = uv_now(&cl->control->node->loop);
	cl->last_served = ++cl->control->nserved;
	handle_line(cl, cl->line, n - 1);
	memmove(cl->line, cl->line + n, cl->len - n);
	cl->len -= n;
	find_line(cl);
	listen_or_not(cl);
}

/* The one who has waited for most answers of others. */
static struct client *
next_to_answer(const struct control *c)
{
	struct client *next = NULL;

	for (struct client *cl = c->clients; cl != NULL; cl = cl->next) {
		if (cl->line_len == 0 || !may_ask(cl))
			continue;
		if (next == NULL || cl->last_served < next->last_served)
			next = cl;
	}
	return next;
}

static void serve(struct control *c);

/* Of this thread: time in which it was not running, or stopped, is no work. */
static uint64_t
worked_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

static void
rest_cb(uv_timer_t *t)
{
	serve(t->data);
}

/* Answers what has come, as far as there is time for it now. */
static void
serve(struct control *c)
{
	const uint64_t now = uv_hrtime(), began = worked_ns();
	uint64_t spent = 0, debt, wait = 0;
	struct client *cl;

	if (c->closing || uv_is_active((const uv_handle_t *)&c->rest))
		return;
	debt = c->paid_ns > now ? c->paid_ns - now : 0;
	cl = next_to_answer(c);
	while (cl != NULL && spent < CONTROL_TURN_NS &&
	    debt + CONTROL_SHARE * spent < CONTROL_SHARE * CONTROL_AT_ONCE_NS) {
		answer_line(cl);
		spent = worked_ns() - began;
		cl = next_to_answer(c);
	}
	debt += CONTROL_SHARE * spent;
	c->paid_ns = now + debt;
	if (cl == NULL)
		return;
	if (debt >= CONTROL_SHARE * CONTROL_AT_ONCE_NS)
		wait =
		    1 + (debt - CONTROL_SHARE * CONTROL_AT_ONCE_NS) / 1000000;
	uv_timer_start(&c->rest, rest_cb, wait, 0);
}

/* Something came from him, or went to him. */
static void
go_on(struct client *cl)
{
	if (cl->closing)
		return;
	find_line(cl);
	if (cl->line_len == 0 && cl->len == sizeof(cl->line)) {
		control_send(cl,
		    ctl_line_error(NULL, CTL_INVALID,
			"a line may have 65535 bytes at most"));
		control_close_client(cl);
	}
	serve(cl->control);
	listen_or_not(cl);
}

static void refuse(struct control *c);

static void
spare_closed_cb(uv_handle_t *h)
{
	struct control *c = h->data;

	c->spare_busy = false;
	c->nclients--;
	if (c->owed && !c->closing)
		refuse(c);
	finish_if_empty(c);
}

/* No memory. Who is not accepted would be the last one: libuv watches the
 * socket again only when the one before was taken. */
static void
refuse(struct control *c)
{
	c->owed = c->spare_busy;
	if (c->spare_busy)
		return;
	uv_pipe_init(&c->node->loop, &c->spare, 0);
	c->spare.data = c;
	c->spare_busy = true;
	c->nclients++;
	(void)uv_accept((uv_stream_t *)&c->listener, (uv_stream_t *)&c->spare);
	uv_close((uv_handle_t *)&c->spare, spare_closed_cb);
}

static void
connection_cb(uv_stream_t *listener, int status)
{
	struct control *c = listener->data;
	struct client *cl;
	uv_os_fd_t fd;

	if (status < 0 || c->closing)
		return;
	cl = calloc(1, sizeof(*cl));
	if (cl == NULL) {
		refuse(c);
		return;
	}
	cl->control = c;
	uv_pipe_init(&c->node->loop, &cl->pipe, 0);
	cl->pipe.data = cl;
	cl->next = c->clients;
	c->clients = cl;
	c->nclients++;
	if (uv_accept(listener, (uv_stream_t *)&cl->pipe) < 0 ||
	    uv_fileno((const uv_handle_t *)&cl->pipe, &fd) < 0) {
		control_close_client(cl);
		return;
	}
	cl->may_write = ctl_door_may_write(fd, c->path);
	cl->moved_ms = uv_now(&c->node->loop);
	if (control_admit(cl))
		listen_or_not(cl);
}

static void
unborn_cb(uv_handle_t *h)
{
	free(h->data);
}

int
control_start(struct control **out, struct node *n, const char *path)
{
	struct control *c;
	mode_t mask;
	int rc;

	_Static_assert(sizeof(c->path) == CONTROL_PATH_MAX + 1, "sun_path");
	/* libuv would cut it in silence. */
	if (strlen(path) > CONTROL_PATH_MAX)
		return -ENAMETOOLONG;
	rc = ctl_door_clear(path);
	if (rc < 0)
		return rc;
	c = calloc(1, sizeof(*c));
	if (c == NULL)
		return -ENOMEM;
	c->node = n;
	snprintf(c->path, sizeof(c->path), "%s", path);
	uv_pipe_init(&n->loop, &c->listener, 0);
	c->listener.data = c;
	/* Between bind and chmod nobody may be quicker. */
	mask = umask(0177);
	rc = uv_pipe_bind(&c->listener, path);
	umask(mask);
	if (rc == 0 && chmod(path, 0660) < 0)
		rc = -errno;
	if (rc == 0)
		rc = uv_listen((uv_stream_t *)&c->listener, 16, connection_cb);
	if (rc < 0) {
		uv_close((uv_handle_t *)&c->listener, unborn_cb);
		return rc;
	}
	uv_timer_init(&n->loop, &c->rest);
	c->rest.data = c;
	*out = c;
	return 0;
}

static void
part_closed_cb(uv_handle_t *h)
{
	struct control *c = h->data;

	c->nclients--;
	finish_if_empty(c);
}

void
control_stop(struct control *c, void (*done)(void *arg), void *arg)
{
	struct client *cl;

	c->done = done;
	c->done_arg = arg;
	for (cl = c->clients; cl != NULL; cl = cl->next)
		control_close_client(cl);
	(void)unlink(c->path);
	c->closing = true;
	c->nclients += 2;
	uv_close((uv_handle_t *)&c->rest, part_closed_cb);
	uv_close((uv_handle_t *)&c->listener, part_closed_cb);
}
