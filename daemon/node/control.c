#define _GNU_SOURCE /* struct ucred, SO_PEERCRED */

#include "daemon/node/control.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "daemon/node/ctl_methods.h"
#include "daemon/node/log.h"
#include "daemon/node/node.h"
#include "proto/id.h"

#define CONTROL_CLIENTS_MAX 32
#define CONTROL_QUEUE_MAX (8u << 20) /* bytes a slow reader may leave */
#define CONTROL_GROUPS_MAX 256

struct client {
	uv_pipe_t pipe;
	struct control *control;
	struct client *next;
	bool events, may_write, closing;
	char line[CTL_LINE_MAX];
	size_t len;
};

struct control {
	struct node *node;
	uv_pipe_t listener;
	char path[sizeof(((struct sockaddr_un *)0)->sun_path)];
	struct client *clients;
	unsigned nclients;
	bool closing;
	void (*done)(void *arg);
	void *done_arg;
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

	while (*p != cl)
		p = &(*p)->next;
	*p = cl->next;
	free(cl);
	c->nclients--;
	finish_if_empty(c);
}

static void
client_close(struct client *cl)
{
	if (cl->closing)
		return;
	cl->closing = true;
	uv_close((uv_handle_t *)&cl->pipe, client_closed_cb);
}

static void
write_cb(uv_write_t *req, int status)
{
	struct reply *r = (struct reply *)req;

	if (status < 0)
		client_close(r->client);
	if (r->stop_after)
		node_stop(r->client->control->node, 0);
	free(r->text);
	free(r);
}

/* Takes text. */
static void
send_text(struct client *cl, char *text)
{
	struct node *n = cl->control->node;
	struct reply *r = calloc(1, sizeof(*r));
	uv_buf_t buf;

	if (r == NULL || text == NULL || cl->closing ||
	    uv_stream_get_write_queue_size((uv_stream_t *)&cl->pipe) >
		CONTROL_QUEUE_MAX) {
		free(r);
		free(text);
		client_close(cl);
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

static char *
answer(struct client *cl, const struct ctl_request *q)
{
	const struct ctl_method *m = ctl_method_find(q->method);
	enum ctl_error code = CTL_INTERNAL;
	char err[256] = "out of memory";
	struct jv *result;

	if (strcmp(q->method, "events") == 0) {
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

	if (code == CTL_OK)
		send_text(cl, answer(cl, &q));
	else
		send_text(cl, ctl_line_error(q.id, code, err));
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

static void
read_cb(uv_stream_t *st, ssize_t n, const uv_buf_t *buf)
{
	struct client *cl = st->data;
	size_t at = 0;
	char *end;

	(void)buf;
	if (n < 0) {
		client_close(cl);
		return;
	}
	cl->len += (size_t)n;
	while (!cl->closing &&
	    (end = memchr(cl->line + at, '\n', cl->len - at)) != NULL) {
		size_t len = (size_t)(end - cl->line) - at;

		handle_line(cl, cl->line + at, len);
		at += len + 1;
	}
	memmove(cl->line, cl->line + at, cl->len - at);
	cl->len -= at;
	if (cl->len == sizeof(cl->line))
		client_close(cl); /* no line of ours is that long */
}

/* The kernel's word on who is at the other end. */
static bool
may_write(const struct control *c, int fd)
{
	gid_t groups[CONTROL_GROUPS_MAX];
	socklen_t len = sizeof(struct ucred);
	struct ucred cred;
	struct stat st;

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &len) < 0)
		return false;
	if (cred.uid == 0 || cred.uid == geteuid())
		return true;
	if (stat(c->path, &st) < 0)
		return false;
	if (cred.gid == st.st_gid)
		return true;
	len = sizeof(groups);
	if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &len) < 0)
		return false;
	for (size_t i = 0; i < len / sizeof(groups[0]); i++)
		if (groups[i] == st.st_gid)
			return true;
	return false;
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
	if (cl == NULL)
		return;
	cl->control = c;
	uv_pipe_init(&c->node->loop, &cl->pipe, 0);
	cl->pipe.data = cl;
	cl->next = c->clients;
	c->clients = cl;
	c->nclients++;
	if (uv_accept(listener, (uv_stream_t *)&cl->pipe) < 0 ||
	    c->nclients > CONTROL_CLIENTS_MAX ||
	    uv_fileno((const uv_handle_t *)&cl->pipe, &fd) < 0) {
		client_close(cl);
		return;
	}
	cl->may_write = may_write(c, fd);
	if (uv_read_start((uv_stream_t *)&cl->pipe, alloc_cb, read_cb) < 0)
		client_close(cl);
}

/* A socket that nobody answers at was left by a crash. */
static int
clear_dead_socket(const char *path)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM, 0), rc = 0;

	if (fd < 0)
		return -errno;
	memcpy(a.sun_path, path, strlen(path) + 1);
	if (connect(fd, (const struct sockaddr *)&a, sizeof(a)) == 0)
		rc = -EADDRINUSE;
	else if (errno == ECONNREFUSED)
		rc = unlink(path) < 0 ? -errno : 0;
	else if (errno != ENOENT)
		rc = -errno;
	close(fd);
	return rc;
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

	if (strlen(path) >= sizeof(c->path))
		return -ENAMETOOLONG;
	rc = clear_dead_socket(path);
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
	if (rc == 0)
		*out = c;
	else
		uv_close((uv_handle_t *)&c->listener, unborn_cb);
	return rc;
}

static void
listener_closed_cb(uv_handle_t *h)
{
	struct control *c = h->data;

	c->closing = true;
	finish_if_empty(c);
}

void
control_stop(struct control *c, void (*done)(void *arg), void *arg)
{
	struct client *cl;

	c->done = done;
	c->done_arg = arg;
	for (cl = c->clients; cl != NULL; cl = cl->next)
		client_close(cl);
	(void)unlink(c->path);
	uv_close((uv_handle_t *)&c->listener, listener_closed_cb);
}

/* Takes params; the text is made once for all. */
static void
publish(struct control *c, const char *method, struct jv *params)
{
	char *text = ctl_line_event(method, params);
	struct client *cl, *next;

	for (cl = c->clients; cl != NULL && text != NULL; cl = next) {
		next = cl->next;
		if (cl->events && !cl->closing)
			send_text(cl, strdup(text));
	}
	free(text);
}

static bool
has_listeners(const struct control *c)
{
	for (const struct client *cl = c->clients; cl != NULL; cl = cl->next)
		if (cl->events && !cl->closing)
			return true;
	return false;
}

void
control_round_opened(struct control *c, uint64_t round)
{
	struct jv *p;

	if (!has_listeners(c))
		return;
	p = jv_object();
	jv_put_integer(p, "round", (int64_t)round);
	publish(c, "round.opened", p);
}

void
control_answer_received(struct control *c, uint64_t round, uint16_t member)
{
	struct jv *p;

	if (!has_listeners(c))
		return;
	p = jv_object();
	jv_put_integer(p, "round", (int64_t)round);
	jv_put_string(p, "member",
	    c->node->opt->federation->members[member].name);
	publish(c, "answer.received", p);
}

void
control_block_committed(struct control *c, const struct block *b)
{
	static const char *const kinds[] = {"ordinary", "aggregate", "skip"};
	const struct ledger_round_summary *s =
	    ledger_last_round(replica_ledger(c->node->replica));
	char id[ID_TEXT_LEN];
	struct jv *p;

	if (!has_listeners(c))
		return;
	p = jv_object();
	jv_put_integer(p, "height", (int64_t)b->header.height);
	jv_put_string(p, "id", id_text(ID_BLOCK, &b->id, id));
	jv_put_string(p, "kind", kinds[b->header.kind]);
	jv_put_integer(p, "time_ms", (int64_t)b->header.time_ms);
	jv_put_string(p, "proposer",
	    c->node->opt->federation->members[b->header.proposer].name);
	if (b->header.kind != BLOCK_ORDINARY && s != NULL)
		jv_put(p, "round", ctl_round_json(c->node, s));
	publish(c, "block.committed", p);
}
