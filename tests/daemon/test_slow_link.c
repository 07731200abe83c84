/*
 * test_slow_link.c - a vote behind a large update, where the link is slow.
 *
 * A proxy between two members carries as much as the test wants. What counts
 * is bytes, not time: how many of the update reach the other side between the
 * moment a vote is sent and its arrival.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/daemon/mesh.h"

#define UPDATE (8u << 20)
#define SLICE 4096
/* What the kernel gives the proxy to receive with; the slow line's buffer. */
#define LINE_BUFFER (16u << 10)
/* That, a window update late, one write, and what the sender's kernel has not
 * sent yet. Without a limit to the last it is the whole window of 1 MiB. */
#define AHEAD_MAX (512u << 10)

struct proxy {
	int listener, in, out; /* in: from who dials */
	uint64_t carried;      /* from in to out */
	uint8_t buf[SLICE];
	size_t len, at; /* of buf, not written yet */
};

static int
tcp_socket(void)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	assert_true(fd >= 0);
	return fd;
}

static void
no_blocking(int fd)
{
	assert_true(fcntl(fd, F_SETFL, O_NONBLOCK) == 0);
}

/* From now on members dial number i through the proxy, which is connected to
 * where i listens. */
static void
proxy_open(struct proxy *p, struct mesh *b, uint16_t i)
{
	struct sockaddr_in sa = {.sin_family = AF_INET};
	socklen_t len = sizeof(sa);
	int size = (int)LINE_BUFFER;

	*p = (struct proxy){.in = -1, .out = mesh_dial_raw(b, i)};
	p->listener = tcp_socket();
	sa.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_equal(setsockopt(p->listener, SOL_SOCKET, SO_RCVBUF, &size,
			     sizeof(size)),
	    0);
	assert_int_equal(bind(p->listener, (struct sockaddr *)&sa, sizeof(sa)),
	    0);
	assert_int_equal(listen(p->listener, 1), 0);
	assert_int_equal(getsockname(p->listener, (struct sockaddr *)&sa, &len),
	    0);
	no_blocking(p->listener);
	snprintf(b->federation.members[i].address,
	    sizeof(b->federation.members[i].address), "127.0.0.1:%u",
	    (unsigned)ntohs(sa.sin_port));
}

static void
proxy_close(struct proxy *p)
{
	close(p->listener);
	if (p->in >= 0)
		close(p->in);
	close(p->out);
}

/* At most a slice the one way, all the other way. False: nothing moved. */
static bool
proxy_step(struct proxy *p)
{
	uint8_t back[SLICE];
	bool moved = false;
	ssize_t n;

	if (p->in < 0) {
		p->in = accept(p->listener, NULL, NULL);
		if (p->in >= 0)
			no_blocking(p->in);
		return p->in >= 0;
	}
	n = recv(p->out, back, sizeof(back), MSG_DONTWAIT);
	if (n > 0) { /* little: it always fits */
		assert_true(send(p->in, back, (size_t)n, MSG_NOSIGNAL) == n);
		moved = true;
	}
	if (p->at == p->len) {
		n = recv(p->in, p->buf, sizeof(p->buf), MSG_DONTWAIT);
		p->at = 0;
		p->len = n > 0 ? (size_t)n : 0;
	}
	if (p->at == p->len)
		return moved;
	n = send(p->out, p->buf + p->at, p->len - p->at,
	    MSG_NOSIGNAL | MSG_DONTWAIT);
	if (n > 0) {
		p->at += (size_t)n;
		p->carried += (uint64_t)n;
	}
	return moved || n > 0;
}

static bool
carry(struct proxy *p)
{
	for (int i = 0; i < 8 && proxy_step(p); i++)
		;
	return true;
}

static void
test_vote_passes_update(void **state)
{
	/* Fixed, or it would follow the addresses. */
	const struct hash id = {{7}};
	struct peers_config c = {.federation_id = &id};
	struct proxy p;
	struct mesh b;
	uint64_t before;

	(void)state;
	mesh_open(&b, 2);
	b.federation.members[0].address[0] = '\0'; /* only one dials */
	assert_int_equal(mesh_start_at(&b, 1, &c), 0);
	proxy_open(&p, &b, 1);
	assert_int_equal(mesh_start_at(&b, 0, &c), 0);
	MESH_UNTIL(&b, carry(&p) && mesh_all_up(&b));

	peers_send(b.end[0].peers, 1, LINK_DATA, mesh_filled('b', UPDATE),
	    UPDATE);
	/* Well into the update; every buffer on the way is as full as it gets
	 * while the line stands still for some turns of the loop. */
	MESH_UNTIL(&b, carry(&p) && p.carried > UPDATE / 4);
	for (int i = 0; i < 2000; i++)
		uv_run(&b.loop, UV_RUN_NOWAIT);
	before = p.carried;
	peers_send(b.end[0].peers, 1, LINK_VOTE, mesh_filled('a', 200), 200);
	MESH_UNTIL(&b, carry(&p) && b.end[1].nmsgs > 0);
	print_message("# %llu bytes of the update before the vote\n",
	    (unsigned long long)(p.carried - before));
	assert_int_equal(b.end[1].order[0], 'a');
	assert_in_range(p.carried - before, 200, AHEAD_MAX);

	MESH_UNTIL(&b, carry(&p) && b.end[1].nmsgs == 2);
	assert_int_equal(b.end[1].last_len, UPDATE);
	mesh_close(&b);
	proxy_close(&p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_vote_passes_update),
	};

	if (sign_setup() != 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
