/*
 * test_link.c - what one link carries, refuses and survives.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <errno.h>
#include <unistd.h>

#include <cmocka.h>

#include "proto/noise.h"
#include "tests/daemon/mesh.h"

static void
test_all_sizes(void **state)
{
	static const size_t sizes[] = {1, 2, 16383, 16384, 16385, 32768, 65536,
	    1000000, 1048577, 5000001, 40u << 20};
	struct mesh b;

	(void)state;
	mesh_open_one_way(&b);
	mesh_start(&b, (struct peers_config){0});
	MESH_UNTIL(&b, mesh_all_up(&b));
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		enum link_class cls = i % 2 == 0 ? LINK_DATA : LINK_SYNC;

		peers_send(b.end[0].peers, 1, cls,
		    mesh_filled((uint8_t)i, sizes[i]), sizes[i]);
		MESH_UNTIL(&b, b.end[1].nmsgs == i + 1);
		assert_int_equal(b.end[1].last_len, sizes[i]);
		assert_int_equal(b.end[1].last[0], i);
	}
	assert_int_equal(b.end[0].downs[1] + b.end[1].downs[0], 0);
	mesh_close(&b);
}

/* A vote queued behind 20 MiB of updates and old blocks arrives first. */
static void
test_votes_overtake(void **state)
{
	struct mesh b;

	(void)state;
	mesh_open_one_way(&b);
	mesh_start(&b, (struct peers_config){0});
	MESH_UNTIL(&b, mesh_all_up(&b));
	peers_send(b.end[0].peers, 1, LINK_SYNC, mesh_filled('d', 10u << 20),
	    10u << 20);
	peers_send(b.end[0].peers, 1, LINK_DATA, mesh_filled('b', 10u << 20),
	    10u << 20);
	for (int i = 0; i < 5; i++)
		peers_send(b.end[0].peers, 1, LINK_VOTE, mesh_filled('a', 200),
		    200);
	MESH_UNTIL(&b, b.end[1].nmsgs == 7);
	assert_memory_equal(b.end[1].order, "aaaaabd", 7);
	mesh_close(&b);
}

/* Both directions at once, more than every window: credits come back. */
static void
test_credits_both_ways(void **state)
{
	struct mesh b;

	(void)state;
	mesh_open_one_way(&b);
	mesh_start(&b, (struct peers_config){0});
	MESH_UNTIL(&b, mesh_all_up(&b));
	for (uint16_t k = 0; k < 40; k++) {
		for (uint16_t i = 0; i < 2; i++) {
			enum link_class cls = k % 2 ? LINK_DATA : LINK_SYNC;
			size_t len = 300000 + 1000u * k;

			peers_send(b.end[i].peers, (uint16_t)(1 - i), cls,
			    mesh_filled((uint8_t)k, len), len);
		}
	}
	MESH_UNTIL(&b, b.end[0].nmsgs == 40 && b.end[1].nmsgs == 40);
	assert_int_equal(b.end[0].downs[1], 0);
	mesh_close(&b);
}

static void
test_garbage(void **state)
{
	static const uint8_t huge[] = {0xff, 0xff, 0xff, 0xff, 1};
	static const uint8_t zero[] = {0, 0, 0, 0, 1};
	static const uint8_t kind[] = {0, 0, 0, 2, 9, 9};
	static const uint8_t early[] = {0, 0, 0, 2, FRAME_DATA, 9};
	static const uint8_t big[] = {0, 0, 0xff, 0, FRAME_HS1};
	uint8_t forged[FRAME_HEAD_LEN + NOISE_FIRST_LEN], many[4096];
	struct mesh b;
	struct {
		const void *data;
		size_t len;
	} inputs[] = {
	    {huge, sizeof(huge)},
	    {zero, sizeof(zero)},
	    {kind, sizeof(kind)},
	    {early, sizeof(early)},
	    {forged, sizeof(forged)},
	    {many, sizeof(many)},
	};
	const unsigned n = sizeof(inputs) / sizeof(inputs[0]);

	(void)state;
	memset(forged, 0x77, sizeof(forged));
	memset(many, 0, sizeof(many));
	memcpy(many, big, sizeof(big));
	frame_head(forged, FRAME_HS1, NOISE_FIRST_LEN);
	mesh_open_one_way(&b);
	mesh_start(&b, (struct peers_config){0});
	MESH_UNTIL(&b, mesh_all_up(&b));
	for (unsigned i = 0; i < n; i++) {
		int fd = mesh_dial_raw(&b, 0);

		mesh_send_raw(fd, inputs[i].data, inputs[i].len);
		MESH_UNTIL(&b, mesh_hung_up(fd));
		close(fd);
	}
	MESH_UNTIL(&b, b.end[0].refused == n);
	/* And the members did not notice. */
	assert_int_equal(b.end[0].downs[1], 0);
	mesh_close(&b);
}

/* Half a frame and silence: the handshake time-out takes it. */
static void
test_half_frames_time_out(void **state)
{
	static const uint8_t half[] = {0, 0, 0, 97, FRAME_HS1, 1, 2, 3};
	struct peers_config c = {.timing = {.handshake = 100}};
	struct mesh b;
	int fd[3];

	(void)state;
	mesh_open(&b, 2);
	mesh_start(&b, c);
	MESH_UNTIL(&b, mesh_all_up(&b));
	for (size_t i = 0; i < 3; i++) {
		fd[i] = mesh_dial_raw(&b, 1);
		mesh_send_raw(fd[i], half, 3 * i);
	}
	/* On a slow machine a member's own handshake may be too late too. */
	for (size_t i = 0; i < 3; i++) {
		MESH_UNTIL(&b, mesh_hung_up(fd[i]));
		close(fd[i]);
	}
	MESH_UNTIL(&b, b.end[1].refused >= 3);
	assert_int_equal(b.end[1].reason, -ETIMEDOUT);
	mesh_close(&b);
}

/* Who begins otherwise than a member is not waited for. */
static void
test_first_byte(void **state)
{
	static const uint8_t begun[] = {0, 0, 0, 98};
	struct peers_config c = {.timing = {.handshake = UINT32_MAX}};
	struct mesh b;
	int fd;

	(void)state;
	mesh_open(&b, 2);
	mesh_start(&b, c);
	MESH_UNTIL(&b, mesh_all_up(&b));
	fd = mesh_dial_raw(&b, 1);
	mesh_send_raw(fd, begun, sizeof(begun));
	MESH_UNTIL(&b, mesh_hung_up(fd));
	close(fd);
	MESH_UNTIL(&b, b.end[1].refused == 1);
	assert_int_equal(b.end[1].reason, -EPROTO);
	mesh_close(&b);
}

/* 200 strangers who say nothing cannot keep a member out. */
static void
test_half_open_flood(void **state)
{
	struct peers_config c = {.timing = {.handshake = 60000}};
	struct mesh b;
	int fd[200];

	(void)state;
	mesh_open(&b, 2);
	b.federation.members[1].address[0] = '\0';
	assert_int_equal(mesh_start_at(&b, 0, &c), 0);
	/* The loop turns, or the kernel's backlog would overflow first. */
	for (size_t i = 0; i < 200; i++) {
		fd[i] = mesh_dial_raw(&b, 0);
		for (int k = 0; k < 50; k++)
			uv_run(&b.loop, UV_RUN_NOWAIT);
	}
	MESH_UNTIL(&b, b.end[0].refused >= 200 - 64);
	assert_int_equal(b.end[0].reason, -ECONNABORTED);
	assert_int_equal(mesh_start_at(&b, 1, &c), 0);
	MESH_UNTIL(&b, mesh_all_up(&b));
	for (size_t i = 0; i < 200; i++)
		close(fd[i]);
	mesh_close(&b);
}

static void
test_dead_peer_is_noticed(void **state)
{
	struct peers_config quick = {.timing = {.ping = 50, .dead = 600}};
	struct peers_config mute = {.timing = {.dead = 60000}};
	struct peers_info info;
	struct mesh a, b;

	(void)state;
	/* The same two members, on two loops: one of them stops turning. */
	mesh_open(&a, 2);
	mesh_open(&b, 2);
	memcpy(b.federation.members, a.federation.members,
	    2 * sizeof(*a.federation.members));
	assert_int_equal(mesh_start_at(&a, 0, &quick), 0);
	assert_int_equal(mesh_start_at(&b, 1, &mute), 0);
	do {
		uv_run(&a.loop, UV_RUN_NOWAIT);
		uv_run(&b.loop, UV_RUN_NOWAIT);
		peers_info(a.end[0].peers, 1, &info);
	} while (!info.up || info.rtt_us == 0);
	MESH_UNTIL(&a, a.end[0].downs[1] > 0);
	assert_int_equal(a.end[0].reason, -ETIMEDOUT);
	mesh_close(&a);
	mesh_close(&b);
}

/* Status is dropped and votes close the link when the other side is stuck. */
static void
test_full_queue(void **state)
{
	struct peers_info info;
	struct mesh a, b;

	(void)state;
	mesh_open(&a, 2);
	mesh_open(&b, 2);
	memcpy(b.federation.members, a.federation.members,
	    2 * sizeof(*a.federation.members));
	assert_int_equal(mesh_start_at(&a, 0, &(struct peers_config){0}), 0);
	assert_int_equal(mesh_start_at(&b, 1, &(struct peers_config){0}), 0);
	while (!peers_up(a.end[0].peers, 1) || !peers_up(b.end[1].peers, 0)) {
		uv_run(&a.loop, UV_RUN_NOWAIT);
		uv_run(&b.loop, UV_RUN_NOWAIT);
	}
	for (int i = 0; i < 40; i++)
		peers_send(a.end[0].peers, 1, LINK_STATUS,
		    mesh_filled('s', 500000), 500000);
	peers_info(a.end[0].peers, 1, &info);
	assert_true(info.up);
	assert_true(info.dropped > 0 && info.dropped < 40);
	assert_true(info.queued_bytes <= 8u << 20);
	peers_send(a.end[0].peers, 1, LINK_VOTE, mesh_filled('v', 500000),
	    500000);
	MESH_UNTIL(&a, a.end[0].downs[1] == 1);
	assert_int_equal(a.end[0].reason, -ENOBUFS);
	mesh_close(&a);
	mesh_close(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_all_sizes),
	    cmocka_unit_test(test_votes_overtake),
	    cmocka_unit_test(test_credits_both_ways),
	    cmocka_unit_test(test_garbage),
	    cmocka_unit_test(test_half_frames_time_out),
	    cmocka_unit_test(test_first_byte),
	    cmocka_unit_test(test_half_open_flood),
	    cmocka_unit_test(test_dead_peer_is_noticed),
	    cmocka_unit_test(test_full_queue),
	};

	if (sign_setup() != 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
