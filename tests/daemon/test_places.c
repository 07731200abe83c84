/*
 * test_places.c - who may wait at the door, and who comes in.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <arpa/inet.h>
#include <errno.h>
#include <ifaddrs.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "daemon/node/places.h"
#include "proto/noise.h"
#include "tests/daemon/mesh.h"

/* Noise IK's first message from member 0 to member 1. */
static size_t
first_message(const struct mesh *b, uint8_t out[static CHANNEL_SHAKE_MAX])
{
	struct channel_identity id = {.federation = &b->federation,
	    .self = 0,
	    .secret = b->end[0].secret};
	struct channel c;
	size_t len;

	assert_int_equal(federation_id(&b->federation, &id.federation_id), 0);
	assert_int_equal(channel_init(&c, &id, 1), 0);
	assert_int_equal(channel_hello(&c, out, &len), 0);
	channel_close(&c);
	return len;
}

/* Of all who wait, one showed a member's key: a flood of strangers, each of
 * whom takes the oldest place, leaves it alone. */
static void
test_strangers_do_not_displace_a_member(void **state)
{
	enum { STRANGERS = 200 };
	uint8_t hello[CHANNEL_SHAKE_MAX], reply[CHANNEL_SHAKE_MAX];
	int member, fd[STRANGERS];
	struct mesh b;
	size_t len;

	(void)state;
	mesh_open(&b, 2);
	assert_int_equal(mesh_start_at(&b, 1,
			     &(struct peers_config){
				 .timing = {.handshake = 600000}}),
	    0);
	len = first_message(&b, hello);
	member = mesh_dial_raw(&b, 1);
	while (send(member, hello, len, MSG_NOSIGNAL) < 0)
		assert_true(errno == EAGAIN || errno == ENOTCONN);
	MESH_UNTIL(&b,
	    recv(member, reply, sizeof(reply), MSG_PEEK | MSG_DONTWAIT) > 0);
	while (recv(member, reply, sizeof(reply), MSG_DONTWAIT) > 0)
		;
	for (int i = 0; i < STRANGERS; i++)
		fd[i] = mesh_dial_raw(&b, 1);
	/* 64 places: the member's, and the last 63 strangers. */
	MESH_UNTIL(&b, b.end[1].refused == STRANGERS - 63);
	assert_int_equal(b.end[1].reason, -ECONNABORTED);
	assert_false(mesh_hung_up(member));
	assert_true(mesh_hung_up(fd[0]));
	for (int i = 0; i < STRANGERS; i++)
		close(fd[i]);
	close(member);
	mesh_close(&b);
}

static bool
everybody(void *arg, const uint8_t key[static 32])
{
	(void)arg, (void)key;
	return true;
}

static void
no_guest_speaks(void *arg, struct link *l, uint8_t *data, size_t len)
{
	(void)arg, (void)l, (void)data, (void)len;
	fail();
}

static bool
heard(int fd, uint8_t *buf, size_t *have, size_t want)
{
	ssize_t n = recv(fd, buf + *have, want - *have, MSG_DONTWAIT);

	*have += n > 0 ? (size_t)n : 0;
	return *have == want;
}

/* A link to member 1 with this secret, up to its answer: the keys are agreed.
 */
static void
shake_over(struct mesh *b, int fd, const uint8_t secret[static 32],
    struct channel *c)
{
	static struct channel_identity id;
	uint8_t buf[CHANNEL_SHAKE_MAX];
	struct frame f;
	size_t len, have = 0;

	id = (struct channel_identity){.federation = &b->federation,
	    .self = 0,
	    .secret = secret};
	assert_int_equal(federation_id(&b->federation, &id.federation_id), 0);
	assert_int_equal(channel_init(c, &id, 1), 0);
	assert_int_equal(channel_hello(c, buf, &len), 0);
	while (send(fd, buf, len, MSG_NOSIGNAL) < 0)
		assert_true(errno == EAGAIN || errno == ENOTCONN);
	len = FRAME_HEAD_LEN + NOISE_SECOND_LEN;
	MESH_UNTIL(b, heard(fd, buf, &have, len));
	assert_int_equal(frame_parse(buf, len, &f), FRAME_OK);
	assert_int_equal(channel_greet(c, &f), 0);
}

static int
shake(struct mesh *b, const uint8_t secret[static 32], struct channel *c)
{
	int fd = mesh_dial_raw(b, 1);

	shake_over(b, fd, secret, c);
	return fd;
}

static void
say(int fd, struct channel *c, const void *plain, size_t n)
{
	uint8_t record[CHANNEL_RECORD_MAX];
	size_t len;

	assert_int_equal(channel_seal(c, plain, n, record, &len), 0);
	mesh_send_raw(fd, record, len);
}

/* The first record, which makes the link one of somebody. */
static void
say_hello(int fd, struct channel *c)
{
	static const uint8_t first[] = {FRAME_CONTROL, FRAME_FIRST | FRAME_LAST,
	    0, 0, 0, 1, 1 /* hello */};

	say(fd, c, first, sizeof(first));
}

static int
come_as_guest(struct mesh *b, uint8_t key)
{
	uint8_t secret[32];
	struct channel c;
	int fd;

	memset(secret, key, sizeof(secret));
	fd = shake(b, secret, &c);
	say_hello(fd, &c);
	channel_close(&c);
	return fd;
}

static bool
is_over(int fd)
{
	uint8_t buf[256];
	ssize_t n;

	while ((n = recv(fd, buf, sizeof(buf), MSG_DONTWAIT)) > 0)
		;
	return n == 0 || errno != EAGAIN;
}

/* Whoever has an invitation is one guest, and guests do not fill the house. */
static void
test_guests_are_few(void **state)
{
	enum { GUESTS = 3 * PLACES_GUESTS_MAX };
	struct peers_config c = {.timing = {.handshake = 600000},
	    .events = {.invited = everybody, .guest = no_guest_speaks}};
	int fd[GUESTS + 2];
	unsigned left = 0;
	struct mesh b;

	(void)state;
	mesh_open(&b, 2);
	assert_int_equal(mesh_start_at(&b, 1, &c), 0);
	for (uint8_t i = 0; i < GUESTS; i++)
		fd[i] = come_as_guest(&b, (uint8_t)(i + 1));
	for (size_t i = 0; i < GUESTS - PLACES_GUESTS_MAX; i++)
		MESH_UNTIL(&b, is_over(fd[i]));
	/* The last one's key again: his older link goes, nobody else's. */
	fd[GUESTS] = come_as_guest(&b, GUESTS);
	MESH_UNTIL(&b, is_over(fd[GUESTS - 1]));
	for (size_t i = 0; i <= GUESTS; i++) {
		left += !is_over(fd[i]);
		close(fd[i]);
	}
	assert_int_equal(left, PLACES_GUESTS_MAX);
	mesh_close(&b);
}

static void
guest_speaks(void *arg, struct link *l, uint8_t *data, size_t len)
{
	struct mesh_end *e = arg;

	(void)l, (void)len;
	e->nmsgs++;
	free(data);
}

/* What a guest asks is work for the loop, which has votes to care for: he asks
 * once. */
static void
test_guest_asks_once(void **state)
{
	static const uint8_t word[] = {FRAME_D, FRAME_FIRST | FRAME_LAST, 0, 0,
	    0, 1, 7};
	struct peers_config c = {
	    .events = {.invited = everybody, .guest = guest_speaks}};
	uint8_t secret[32];
	struct channel guest;
	struct mesh b;
	int fd;

	(void)state;
	memset(secret, 9, sizeof(secret));
	mesh_open(&b, 2);
	assert_int_equal(mesh_start_at(&b, 1, &c), 0);
	fd = shake(&b, secret, &guest);
	say_hello(fd, &guest);
	say(fd, &guest, word, sizeof(word));
	MESH_UNTIL(&b, b.end[1].nmsgs == 1);
	assert_false(is_over(fd));
	say(fd, &guest, word, sizeof(word));
	MESH_UNTIL(&b, is_over(fd));
	assert_int_equal(b.end[1].nmsgs, 1);
	channel_close(&guest);
	close(fd);
	mesh_close(&b);
}

/* The seat goes to other keys while a link of the old ones is being made: who
 * is no member any more does not come up. */
static void
test_seat_changes_on_the_way(void **state)
{
	struct channel old;
	struct mesh b;
	int fd;

	(void)state;
	mesh_open(&b, 2);
	assert_int_equal(mesh_start_at(&b, 1,
			     &(struct peers_config){
				 .timing = {.handshake = 600000}}),
	    0);
	fd = shake(&b, b.end[0].secret, &old);
	memset(b.federation.members[0].network, 0x55, 32);
	peers_follow(b.end[1].peers, 1);
	say_hello(fd, &old);
	MESH_UNTIL(&b, is_over(fd));
	assert_int_equal(b.end[1].ups[0], 0);
	channel_close(&old);
	close(fd);
	mesh_close(&b);
}

/* Of this machine, and not loopback; false: it has none. */
static bool
outer_address(struct in_addr *out)
{
	struct ifaddrs *all, *a;
	bool found = false;

	if (getifaddrs(&all) < 0)
		return false;
	for (a = all; a != NULL && !found; a = a->ifa_next) {
		const struct sockaddr_in *in =
		    (const struct sockaddr_in *)(void *)a->ifa_addr;

		if (in == NULL || in->sin_family != AF_INET ||
		    (ntohl(in->sin_addr.s_addr) >> 24) == 127)
			continue;
		*out = in->sin_addr;
		found = true;
	}
	freeifaddrs(all);
	return found;
}

static int
dial_outer(const struct mesh *b, const struct in_addr *a)
{
	const char *port = strrchr(b->federation.members[1].address, ':') + 1;
	struct sockaddr_in sa = {.sin_family = AF_INET, .sin_addr = *a};
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	assert_true(fd >= 0);
	sa.sin_port = htons((uint16_t)strtoul(port, NULL, 10));
	assert_int_equal(connect(fd, (struct sockaddr *)&sa, sizeof(sa)), 0);
	return fd;
}

static void
somebody_refused(void *arg, const char *address, int reason)
{
	struct mesh_end *e = arg;

	(void)address, (void)reason;
	e->refused++;
}

/* A member shares his host, or what the others take for it, with somebody who
 * holds all its places at the door: they give way to him. */
static void
test_neighbours_do_not_lock_out(void **state)
{
	struct peers_config c = {.self = 1,
	    .timing = {.handshake = 600000},
	    .events = {.refused = somebody_refused}};
	struct channel member;
	char host[INET_ADDRSTRLEN], address[INET_ADDRSTRLEN + 8];
	struct in_addr outer;
	int fd[PLACES_PER_HOST], door;
	struct mesh b;

	(void)state;
	if (!outer_address(&outer))
		skip(); /* loopback's own has no share */
	mesh_open(&b, 2);
	c.loop = &b.loop;
	c.federation = &b.federation;
	c.secret = b.end[1].secret;
	c.events.arg = &b.end[1];
	inet_ntop(AF_INET, &outer, host, sizeof(host));
	snprintf(address, sizeof(address), "%s%s", host,
	    strrchr(b.federation.members[1].address, ':'));
	memcpy(b.federation.members[1].address, address, sizeof(address));
	c.listen = b.federation.members[1].address;
	assert_int_equal(peers_start(&c, &b.end[1].peers), 0);
	for (size_t i = 0; i < PLACES_PER_HOST; i++)
		fd[i] = dial_outer(&b, &outer);
	door = dial_outer(&b, &outer);
	shake_over(&b, door, b.end[0].secret, &member);
	MESH_UNTIL(&b, b.end[1].refused == 1);
	assert_true(mesh_hung_up(fd[0]));
	for (size_t i = 1; i < PLACES_PER_HOST; i++)
		assert_false(mesh_hung_up(fd[i]));
	channel_close(&member);
	close(door);
	for (size_t i = 0; i < PLACES_PER_HOST; i++)
		close(fd[i]);
	mesh_close(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_strangers_do_not_displace_a_member),
	    cmocka_unit_test(test_neighbours_do_not_lock_out),
	    cmocka_unit_test(test_guests_are_few),
	    cmocka_unit_test(test_guest_asks_once),
	    cmocka_unit_test(test_seat_changes_on_the_way),
	};

	if (sign_setup() != 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
