/*
 * test_peers.c - one link per pair, kept up; nobody else gets in.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "daemon/node/places.h"
#include "proto/noise.h"
#include "tests/daemon/mesh.h"

static void
test_mesh_settles_on_one_link(void **state)
{
	struct peers_info a, z;
	struct mesh b;

	(void)state;
	mesh_open(&b, 3);
	mesh_start(&b, (struct peers_config){0});
	MESH_UNTIL(&b, mesh_all_up(&b));
	for (uint16_t i = 0; i < 3; i++)
		peers_broadcast(b.end[i].peers, LINK_VOTE,
		    mesh_filled((uint8_t)i, 100), 100);
	MESH_UNTIL(&b,
	    b.end[0].nmsgs == 2 && b.end[1].nmsgs == 2 && b.end[2].nmsgs == 2);
	for (uint16_t i = 0; i < 3; i++) {
		for (uint16_t j = 0; j < i; j++) {
			peers_info(b.end[i].peers, j, &a);
			peers_info(b.end[j].peers, i, &z);
			assert_true(a.up && z.up);
			/* One link, seen alike from both ends. */
			assert_int_not_equal(a.dialed, z.dialed);
			assert_true(a.msgs_in >= 1 && a.bytes_in > 100);
		}
	}
	mesh_close(&b);
}

/* Somebody with a key of his own, and a member of another federation. */
static void
test_wrong_key_and_federation(void **state)
{
	struct mesh a, b;

	(void)state;
	mesh_open(&a, 2);
	mesh_open(&b, 2);
	/* b's member 0 dials a's member 1, each with its own idea. */
	memcpy(b.federation.members[1].address, a.federation.members[1].address,
	    FEDERATION_ADDRESS_LEN);
	memset(b.end[0].secret, 0x66, 32);
	assert_int_equal(mesh_start_at(&a, 1, &(struct peers_config){0}), 0);
	assert_int_equal(mesh_start_at(&b, 0, &(struct peers_config){0}), 0);
	while (a.end[1].refused < 3) {
		uv_run(&a.loop, UV_RUN_NOWAIT);
		uv_run(&b.loop, UV_RUN_NOWAIT);
	}
	assert_int_equal(a.end[1].ups[0], 0);
	assert_int_equal(b.end[0].ups[1], 0);
	mesh_close(&b);
	mesh_close(&a);
}

static void
test_restart_and_reconnect(void **state)
{
	struct mesh b;

	(void)state;
	mesh_open(&b, 2);
	mesh_start(&b, (struct peers_config){0});
	for (unsigned k = 1; k <= 5; k++) {
		uint16_t victim = (uint16_t)(k % 2), other = 1 - victim;
		unsigned downs = b.end[other].downs[victim];

		MESH_UNTIL(&b, mesh_all_up(&b));
		/* In the middle of a large message. */
		peers_send(b.end[victim].peers, other, LINK_DATA,
		    mesh_filled('x', 30u << 20), 30u << 20);
		for (int i = 0; i < 20; i++)
			uv_run(&b.loop, UV_RUN_NOWAIT);
		mesh_stop_end(&b, victim);
		MESH_UNTIL(&b, b.end[other].downs[victim] > downs);
		assert_false(peers_up(b.end[other].peers, victim));
		assert_int_equal(mesh_start_at(&b, victim,
				     &(struct peers_config){0}),
		    0);
	}
	MESH_UNTIL(&b, mesh_all_up(&b));
	b.end[1].nmsgs = 0;
	peers_send(b.end[0].peers, 1, LINK_VOTE, mesh_filled('v', 10), 10);
	MESH_UNTIL(&b, b.end[1].nmsgs == 1);
	assert_int_equal(b.end[1].last_len, 10);
	mesh_close(&b);
}

static void
test_punish(void **state)
{
	struct peers_config c = {.timing = {.ban = 300}};
	struct peers_info info;
	uint64_t start;
	struct mesh b;

	(void)state;
	mesh_open(&b, 2);
	mesh_start(&b, c);
	MESH_UNTIL(&b, mesh_all_up(&b));
	start = uv_now(&b.loop);
	peers_punish(b.end[0].peers, 1);
	MESH_UNTIL(&b, b.end[0].downs[1] == 1);
	assert_int_equal(b.end[0].reason, -EPROTO);
	MESH_UNTIL(&b, peers_up(b.end[0].peers, 1));
	assert_true(uv_now(&b.loop) - start >= 300);
	peers_info(b.end[0].peers, 1, &info);
	assert_int_equal(info.punished, 1);
	mesh_close(&b);
}

/* Only one side can be reached: one link is enough. */
static void
test_behind_a_firewall(void **state)
{
	struct peers_info info;
	struct mesh b;

	(void)state;
	mesh_open(&b, 2);
	b.federation.members[0].address[0] = '\0';
	mesh_start(&b, (struct peers_config){0});
	MESH_UNTIL(&b, mesh_all_up(&b));
	peers_info(b.end[0].peers, 1, &info);
	assert_true(info.dialed);
	peers_send(b.end[1].peers, 0, LINK_VOTE, mesh_filled('v', 10), 10);
	MESH_UNTIL(&b, b.end[0].nmsgs == 1);
	mesh_close(&b);
}

static void
test_port_taken(void **state)
{
	struct mesh b;

	(void)state;
	mesh_open(&b, 2);
	assert_int_equal(mesh_start_at(&b, 0, &(struct peers_config){0}), 0);
	memcpy(b.federation.members[1].address, b.federation.members[0].address,
	    FEDERATION_ADDRESS_LEN);
	assert_int_equal(mesh_start_at(&b, 1, &(struct peers_config){0}),
	    -EADDRINUSE);
	mesh_close(&b);
}

static void
test_plain_only_on_loopback(void **state)
{
	struct peers_config plain = {.plain = true};
	struct mesh b;

	(void)state;
	mesh_open(&b, 2);
	mesh_start(&b, plain);
	MESH_UNTIL(&b, mesh_all_up(&b));
	peers_send(b.end[0].peers, 1, LINK_DATA, mesh_filled('p', 100000),
	    100000);
	MESH_UNTIL(&b, b.end[1].nmsgs == 1);
	mesh_close(&b);

	mesh_open(&b, 2);
	snprintf(b.federation.members[1].address, FEDERATION_ADDRESS_LEN,
	    "127.example.org:7000");
	assert_int_equal(mesh_start_at(&b, 0, &plain), -EINVAL);
	snprintf(b.federation.members[1].address, FEDERATION_ADDRESS_LEN,
	    "10.0.0.1:7000");
	assert_int_equal(mesh_start_at(&b, 0, &plain), -EINVAL);
	mesh_close(&b);
}

static void
test_no_descriptor_leaks(void **state)
{
	unsigned before = 0;
	struct mesh b;

	(void)state;
	for (int round = 0; round < 20; round++) {
		mesh_open(&b, 3);
		mesh_start(&b, (struct peers_config){0});
		MESH_UNTIL(&b, mesh_all_up(&b));
		for (int i = 0; i < 10; i++) {
			int fd = mesh_dial_raw(&b, 0);

			mesh_send_raw(fd, "\0\0\0\x61\1junk", 9);
			close(fd);
		}
		MESH_UNTIL(&b, b.end[0].refused == 10);
		mesh_close(&b);
		/* NNG's own few stay after the first time. */
		if (round == 0)
			before = mesh_count_fds();
	}
	/* It gives some back a moment late: wait for them, on an idle loop of
	 * which the few are not counted. */
	mesh_open(&b, 1);
	MESH_UNTIL(&b, mesh_count_fds() <= before + 6);
	mesh_close(&b);
}

/* A member that links up without end is a member, and no more work than one:
 * what comes too often is closed. */
static void
test_comes_up_too_often(void **state)
{
	enum { TIMES = 40 };
	const uint64_t began = uv_hrtime();
	struct mesh b;
	uint64_t ms;

	(void)state;
	mesh_open(&b, 2);
	b.federation.members[0].address[0] = '\0';
	assert_int_equal(mesh_start_at(&b, 1, &(struct peers_config){0}), 0);
	for (unsigned k = 1; k <= TIMES; k++) {
		assert_int_equal(mesh_start_at(&b, 0,
				     &(struct peers_config){0}),
		    0);
		MESH_UNTIL(&b, b.end[0].ups[1] >= k);
		mesh_stop_end(&b, 0);
	}
	ms = (uv_hrtime() - began) / 1000000;
	assert_true(b.end[1].ups[0] > 0);
	assert_true(
	    b.end[1].ups[0] <= PLACES_UPS_AT_ONCE + 1 + ms / PLACES_UP_MS);
	/* In the end it has its link. */
	assert_int_equal(mesh_start_at(&b, 0, &(struct peers_config){0}), 0);
	MESH_UNTIL(&b, peers_up(b.end[1].peers, 0));
	mesh_close(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_mesh_settles_on_one_link),
	    cmocka_unit_test(test_wrong_key_and_federation),
	    cmocka_unit_test(test_restart_and_reconnect),
	    cmocka_unit_test(test_punish),
	    cmocka_unit_test(test_behind_a_firewall),
	    cmocka_unit_test(test_port_taken),
	    cmocka_unit_test(test_plain_only_on_loopback),
	    cmocka_unit_test(test_no_descriptor_leaks),
	    cmocka_unit_test(test_comes_up_too_often),
	};

	if (sign_setup() != 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
