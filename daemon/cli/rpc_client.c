#include "daemon/cli/rpc_client.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define RPC_SEND_S 10

static int64_t
now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

int
rpc_open(struct rpc_client *c, const char *socket_path)
{
	/* Connecting waits while the backlog is full, sending while the
	 * daemon takes nothing; neither for ever. */
	const struct timeval patience = {.tv_sec = RPC_SEND_S};
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	size_t len = strlen(socket_path);
	int rc = 0;

	*c = RPC_CLIENT_INIT;
	if (len >= sizeof(a.sun_path))
		return -ENAMETOOLONG;
	memcpy(a.sun_path, socket_path, len + 1);
	c->fd = socket(AF_UNIX, SOCK_STREAM, 0);
	if (c->fd < 0)
		return -errno;
	if (fcntl(c->fd, F_SETFD, FD_CLOEXEC) < 0 ||
	    setsockopt(c->fd, SOL_SOCKET, SO_SNDTIMEO, &patience,
		sizeof(patience)) < 0 ||
	    connect(c->fd, (const struct sockaddr *)&a, sizeof(a)) < 0)
		rc = -errno;
	if (rc < 0)
		rpc_close(c);
	return rc;
}

void
rpc_close(struct rpc_client *c)
{
	if (c->fd >= 0)
		close(c->fd);
	free(c->line);
	*c = RPC_CLIENT_INIT;
}

static int
send_all(struct rpc_client *c, const char *data, size_t len)
{
	while (len > 0) {
		ssize_t n = send(c->fd, data, len, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			return -ETIMEDOUT;
		if (n < 0)
			return errno == EPIPE ? -ECONNRESET : -errno;
		data += n;
		len -= (size_t)n;
	}
	return 0;
}

static int
read_more(struct rpc_client *c, int64_t deadline)
{
	struct pollfd p = {.fd = c->fd, .events = POLLIN};
	int64_t left = deadline - now_ms();
	ssize_t n;
	char *buf;
	int rc;

	if (c->cap - c->len < 65536) {
		if (c->cap > JV_BYTES_MAX)
			return -EBADMSG;
		buf = realloc(c->line, 2 * c->cap + 65536);
		if (buf == NULL)
			return -ENOMEM;
		c->line = buf;
		c->cap = 2 * c->cap + 65536;
	}
	rc = poll(&p, 1, left > 0 ? (int)left : 0);
	if (rc < 0)
		return errno == EINTR ? 0 : -errno;
	if (rc == 0)
		return -ETIMEDOUT;
	n = read(c->fd, c->line + c->len, c->cap - c->len);
	if (n < 0)
		return errno == EINTR ? 0 : -errno;
	if (n == 0)
		return -ECONNRESET;
	c->len += (size_t)n;
	return 0;
}

/* The next line as a value. */
static int
read_value(struct rpc_client *c, int64_t deadline, struct jv **out)
{
	char *end, why[128];
	size_t used;
	int rc;

	while (c->len == 0 || (end = memchr(c->line, '\n', c->len)) == NULL) {
		rc = read_more(c, deadline);
		if (rc < 0)
			return rc;
	}
	used = (size_t)(end - c->line) + 1;
	*out = jv_parse(c->line, used - 1, why, sizeof(why));
	c->len -= used;
	memmove(c->line, c->line + used, c->len);
	return *out != NULL ? 0 : -EBADMSG;
}

static int
send_request(struct rpc_client *c, const char *method, struct jv *params)
{
	struct jv *req = jv_object();
	char *text, *line;
	size_t len;
	int rc = -ENOMEM;

	jv_put_string(req, "jsonrpc", "2.0");
	jv_put_integer(req, "id", ++c->id);
	jv_put_string(req, "method", method);
	if (params != NULL)
		jv_put(req, "params", params);
	text = jv_dump(req);
	jv_free(req);
	if (text == NULL)
		return rc;
	len = strlen(text);
	line = realloc(text, len + 1);
	if (line != NULL) {
		line[len] = '\n'; /* in the place of the final zero */
		rc = send_all(c, line, len + 1);
		text = line;
	}
	free(text);
	return rc;
}

static int
take_answer(struct rpc_client *c, struct jv *v, struct jv **result)
{
	const struct jv *e = jv_get(v, "error");

	if (e != NULL) {
		c->code = (int)jv_int(jv_get(e, "code"), 0);
		snprintf(c->error, sizeof(c->error), "%s",
		    jv_text(jv_get(e, "message"), "no message"));
		return -EREMOTEIO;
	}
	*result = jv_copy(jv_get(v, "result"));
	return *result != NULL ? 0 : -EBADMSG;
}

/* An error without an id is about the connection, so about us too. */
static bool
answers(const struct rpc_client *c, const struct jv *v)
{
	const struct jv *id = jv_get(v, "id");

	return jv_int(id, -1) == c->id ||
	    (jv_get(v, "error") != NULL && !jv_is_number(id));
}

int
rpc_call(struct rpc_client *c, const char *method, struct jv *params,
    int timeout_ms, struct jv **result)
{
	int64_t deadline = now_ms() + timeout_ms;
	struct jv *v;
	int rc = send_request(c, method, params);

	/* Closed at once: it may have said why before. */
	if (rc == -ECONNRESET)
		rc = 0;
	while (rc == 0) {
		rc = read_value(c, deadline, &v);
		if (rc < 0)
			break;
		if (answers(c, v)) {
			rc = take_answer(c, v, result);
			jv_free(v);
			break;
		}
		jv_free(v);
	}
	return rc;
}

int
rpc_next_event(struct rpc_client *c, int timeout_ms, struct jv **event)
{
	int64_t deadline = now_ms() + timeout_ms;
	int rc;

	for (;;) {
		rc = read_value(c, deadline, event);
		if (rc < 0 || jv_get(*event, "method") != NULL)
			return rc;
		jv_free(*event);
	}
}
