#define _GNU_SOURCE /* SOCK_NONBLOCK */

#include "tests/daemon/mesh.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "proto/noise.h"

#define PORT_FIRST 10000u
#define PORTS 20000u

static void
event_up(void *arg, uint16_t i)
{
	struct mesh_end *e = arg;

	e->ups[i]++;
}

static void
event_down(void *arg, uint16_t i, int reason)
{
	struct mesh_end *e = arg;

	e->downs[i]++;
	e->reason = reason;
}

static void
event_msg(void *arg, uint16_t i, uint8_t *data, size_t len)
{
	struct mesh_end *e = arg;

	(void)i;
	assert_true(len > 0);
	if (e->check_fill)
		assert_int_equal(memcmp(data, data + 1, len - 1), 0);
	if (e->nmsgs < sizeof(e->order))
		e->order[e->nmsgs] = data[0];
	e->nmsgs++;
	free(e->last);
	e->last = data;
	e->last_len = len;
}

static void
event_refused(void *arg, const char *address, int reason)
{
	struct mesh_end *e = arg;

	assert_int_equal(strncmp(address, "127.0.0.1:", 10), 0);
	e->refused++;
	e->reason = reason;
}

void
mesh_guard_late(uv_timer_t *t)
{
	struct mesh *b = t->data;

	b->late = ++b->ticks > MESH_WAIT_MS / MESH_TICK_MS;
}

unsigned
mesh_count_fds(void)
{
	DIR *d = opendir("/proc/self/fd");
	unsigned n = 0;

	assert_non_null(d);
	while (readdir(d) != NULL)
		n++;
	closedir(d);
	return n;
}

/* A port that was free a moment ago. None that the kernel would give away: then
 * an outgoing connection, of another test too, might sit on it before the
 * listener does. Each process begins somewhere else. */
static unsigned
free_port(void)
{
	struct sockaddr_in sa = {.sin_family = AF_INET};
	static unsigned next;
	int fd, rc;

	sa.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	for (unsigned tries = 0; tries < PORTS; tries++) {
		if (next == 0)
			next = (unsigned)getpid() * 251u;
		sa.sin_port = htons((uint16_t)(PORT_FIRST + next++ % PORTS));
		fd = socket(AF_INET, SOCK_STREAM, 0);
		assert_true(fd >= 0);
		rc = bind(fd, (struct sockaddr *)&sa, sizeof(sa));
		close(fd);
		if (rc == 0)
			return ntohs(sa.sin_port);
	}
	fail_msg("no free port");
	return 0;
}

/* n members with real addresses; end i holds the secret of member i. */
void
mesh_open(struct mesh *b, uint16_t n)
{
	struct federation *f = &b->federation;

	memset(b, 0, sizeof(*b));
	b->n = n;
	f->version = FEDERATION_VERSION;
	f->nmembers = n;
	f->members = calloc(n, sizeof(*f->members));
	assert_non_null(f->members);
	for (uint16_t i = 0; i < n; i++) {
		struct member *m = &f->members[i];

		memset(b->end[i].secret, 0x40 + i, 32);
		noise_public(b->end[i].secret, m->network);
		m->sign.b[0] = (uint8_t)i;
		m->id.b[0] = (uint8_t)i;
		snprintf(m->address, sizeof(m->address), "127.0.0.1:%u",
		    free_port());
		b->end[i].mesh = b;
		b->end[i].check_fill = true;
	}
	assert_int_equal(uv_loop_init(&b->loop), 0);
	uv_timer_init(&b->loop, &b->guard);
	b->guard.data = b;
}

void
mesh_open_one_way(struct mesh *b)
{
	mesh_open(b, 2);
	b->federation.members[1].address[0] = '\0';
}

int
mesh_start_at(struct mesh *b, uint16_t i, struct peers_config *more)
{
	struct peers_config c = *more;

	c.loop = &b->loop;
	c.federation = &b->federation;
	c.self = i;
	c.secret = b->end[i].secret;
	if (b->federation.members[i].address[0] != '\0')
		c.listen = b->federation.members[i].address;
	c.timing.retry = c.timing.retry ? c.timing.retry : 20;
	c.timing.retry_max = c.timing.retry_max ? c.timing.retry_max : 100;
	c.events = (struct peers_events){
	    .arg = &b->end[i],
	    .guest = more->events.guest,
	    .invited = more->events.invited,
	    .up = event_up,
	    .down = event_down,
	    .msg = event_msg,
	    .refused = event_refused,
	};
	return peers_start(&c, &b->end[i].peers);
}

void
mesh_start(struct mesh *b, struct peers_config more)
{
	for (uint16_t i = 0; i < b->n; i++)
		assert_int_equal(mesh_start_at(b, i, &more), 0);
}

static void
end_stopped(void *arg)
{
	struct mesh_end *e = arg;

	e->peers = NULL;
	e->mesh->stopped++;
}

void
mesh_stop_end(struct mesh *b, uint16_t i)
{
	unsigned before = b->stopped;

	peers_stop(b->end[i].peers, end_stopped, &b->end[i]);
	MESH_UNTIL(b, b->stopped == before + 1);
}

void
mesh_close(struct mesh *b)
{
	for (uint16_t i = 0; i < b->n; i++) {
		if (b->end[i].peers != NULL)
			mesh_stop_end(b, i);
		free(b->end[i].last);
	}
	uv_close((uv_handle_t *)&b->guard, NULL);
	uv_run(&b->loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&b->loop), 0);
	free(b->federation.members);
}

bool
mesh_all_up(const struct mesh *b)
{
	for (uint16_t i = 0; i < b->n; i++) {
		for (uint16_t j = 0; j < b->n; j++) {
			if (i != j && !peers_up(b->end[i].peers, j))
				return false;
		}
	}
	return true;
}

uint8_t *
mesh_filled(uint8_t value, size_t len)
{
	uint8_t *p = malloc(len);

	assert_non_null(p);
	memset(p, value, len);
	return p;
}

int
mesh_dial_raw(const struct mesh *b, uint16_t i)
{
	const char *address = b->federation.members[i].address;
	struct sockaddr_in sa = {.sin_family = AF_INET};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), rc;

	assert_true(fd >= 0);
	sa.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	sa.sin_port =
	    htons((uint16_t)strtoul(strchr(address, ':') + 1, NULL, 10));
	rc = connect(fd, (struct sockaddr *)&sa, sizeof(sa));
	assert_true(rc == 0 || errno == EINPROGRESS);
	return fd;
}

void
mesh_send_raw(int fd, const void *data, size_t len)
{
	/* The other side may have hung up already. */
	(void)send(fd, data, len, MSG_NOSIGNAL);
}

bool
mesh_hung_up(int fd)
{
	uint8_t byte;
	ssize_t n = recv(fd, &byte, 1, MSG_DONTWAIT);

	/* Silent: nothing is ever said to a stranger. */
	assert_true(n <= 0);
	return n == 0 || (errno != EAGAIN && errno != EWOULDBLOCK);
}
