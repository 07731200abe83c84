#include "daemon/cli/probe.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "gen/version.h"
#include "proto/bytes.h"

#define WAIT_MS 60000

extern char **environ;

struct child {
	int to, from;
	FILE *said; /* its stderr; shown only when there is no answer */
	pid_t pid;
	int64_t deadline_ms;
};

static int64_t
now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Ends of pipes that a child must not inherit beyond its own two. */
static int
make_pipes(int in[2], int out[2])
{
	int i;

	if (pipe(in) < 0)
		return -errno;
	if (pipe(out) < 0) {
		i = -errno;
		close(in[0]);
		close(in[1]);
		return i;
	}
	for (i = 0; i < 2; i++) {
		(void)fcntl(in[i], F_SETFD, FD_CLOEXEC);
		(void)fcntl(out[i], F_SETFD, FD_CLOEXEC);
	}
	return 0;
}

static int
spawn(struct child *c, char *const argv[], int in, int out)
{
	posix_spawn_file_actions_t fa;
	int rc = posix_spawn_file_actions_init(&fa);

	if (rc != 0)
		return -rc;
	rc = posix_spawn_file_actions_adddup2(&fa, in, 0);
	if (rc == 0)
		rc = posix_spawn_file_actions_adddup2(&fa, out, 1);
	if (rc == 0)
		rc = posix_spawn_file_actions_adddup2(&fa, fileno(c->said), 2);
	if (rc == 0)
		rc = posix_spawnp(&c->pid, argv[0], &fa, NULL, argv, environ);
	posix_spawn_file_actions_destroy(&fa);
	return -rc;
}

static int
start(struct child *c, char *const argv[])
{
	int in[2] = {-1, -1}, out[2] = {-1, -1};
	int rc = make_pipes(in, out);

	if (rc != 0)
		return rc;
	c->said = tmpfile();
	rc = c->said == NULL ? -errno : spawn(c, argv, in[0], out[1]);
	close(in[0]);
	close(out[1]);
	c->to = in[1];
	c->from = out[0];
	c->deadline_ms = now_ms() + WAIT_MS;
	if (rc != 0) {
		close(c->to);
		close(c->from);
		if (c->said != NULL)
			fclose(c->said);
	}
	return rc;
}

/* What a launcher or a broken trainer had to say. */
static void
show_stderr(const struct child *c)
{
	char line[256];

	rewind(c->said);
	while (fgets(line, sizeof(line), c->said) != NULL)
		fputs(line, stderr);
}

static int
wait_ready(const struct child *c, int fd, short events)
{
	struct pollfd p = {.fd = fd, .events = events};
	int64_t left = c->deadline_ms - now_ms();
	int n = poll(&p, 1, left > 0 ? (int)left : 0);

	if (n < 0)
		return errno == EINTR ? 0 : -errno;
	return n == 0 ? -ETIMEDOUT : 0;
}

static int
send_all(const struct child *c, const uint8_t *data, size_t len)
{
	ssize_t n;
	int rc;

	while (len > 0) {
		rc = wait_ready(c, c->to, POLLOUT);
		if (rc != 0)
			return rc;
		n = write(c->to, data, len);
		if (n < 0 && errno != EINTR)
			return -errno;
		if (n > 0) {
			data += n;
			len -= (size_t)n;
		}
	}
	return 0;
}

static int
read_exactly(const struct child *c, uint8_t *data, size_t len)
{
	ssize_t n;
	int rc;

	while (len > 0) {
		rc = wait_ready(c, c->from, POLLIN);
		if (rc != 0)
			return rc;
		n = read(c->from, data, len);
		if (n == 0)
			return -EPROTO;
		if (n < 0 && errno != EINTR)
			return -errno;
		if (n > 0) {
			data += n;
			len -= (size_t)n;
		}
	}
	return 0;
}

static void
put_len(uint8_t out[static 4], size_t len)
{
	out[0] = (uint8_t)(len >> 24);
	out[1] = (uint8_t)(len >> 16);
	out[2] = (uint8_t)(len >> 8);
	out[3] = (uint8_t)len;
}

static int
send_setup(const struct child *c, const struct node_options *o)
{
	struct trainwire_msg m = {.type = TRAINWIRE_SETUP};
	struct bytes_writer w = BYTES_WRITER_INIT;
	uint8_t head[4], *data = NULL;
	size_t len = 0;
	int rc;

	snprintf(m.u.setup.build, sizeof(m.u.setup.build), "%s", QML_BUILD_ID);
	rc = trainer_put_data(&m.u.setup, &o->data);
	if (rc != 0)
		return rc;
	memcpy(m.u.setup.salt, o->salt, sizeof(m.u.setup.salt));
	m.u.setup.threads = o->threads;
	m.u.setup.confine = o->confine;
	federation_put(&w, o->federation);
	rc = bytes_writer_take(&w, &m.u.setup.federation,
	    &m.u.setup.federation_len);
	if (rc == 0)
		rc = trainwire_encode(&m, &data, &len);
	trainwire_msg_close(&m);
	if (rc != 0)
		return rc;
	put_len(head, len);
	rc = send_all(c, head, sizeof(head));
	if (rc == 0)
		rc = send_all(c, data, len);
	free(data);
	return rc;
}

static int
read_answer(const struct child *c, struct trainwire_msg *m)
{
	uint8_t head[4], *data;
	size_t len;
	int rc = read_exactly(c, head, sizeof(head));

	if (rc != 0)
		return rc;
	len = (size_t)head[0] << 24 | (size_t)head[1] << 16 |
	    (size_t)head[2] << 8 | head[3];
	if (len > TRAINWIRE_MAX)
		return -EPROTO;
	data = malloc(len > 0 ? len : 1);
	if (data == NULL)
		return -ENOMEM;
	rc = read_exactly(c, data, len);
	if (rc == 0 && trainwire_decode(data, len, m) != WIRE_OK)
		rc = -EPROTO;
	free(data);
	return rc;
}

static void
stop(const struct child *c)
{
	int status;

	close(c->to);
	close(c->from);
	kill(c->pid, SIGTERM); /* ours, and not waited for yet */
	while (waitpid(c->pid, &status, 0) < 0 && errno == EINTR)
		continue;
}

int
probe_trainer(const struct node_options *o, struct trainwire_ready *ready,
    char text[static PROBE_TEXT_LEN])
{
	struct trainwire_msg m;
	struct child c = {.to = -1, .from = -1};
	int rc;

	signal(SIGPIPE, SIG_IGN);
	rc = start(&c, o->trainer_command);
	if (rc != 0)
		return rc;
	rc = send_setup(&c, o);
	if (rc == 0 || rc == -EPIPE)
		rc = read_answer(&c, &m);
	stop(&c);
	if (rc != 0)
		show_stderr(&c);
	fclose(c.said);
	if (rc != 0)
		return rc;
	if (m.type == TRAINWIRE_READY) {
		*ready = m.u.ready;
	} else if (m.type == TRAINWIRE_REFUSED) {
		snprintf(text, PROBE_TEXT_LEN, "%s", m.u.failed.text);
		rc = 1;
	} else {
		rc = -EPROTO;
	}
	trainwire_msg_close(&m);
	return rc;
}
