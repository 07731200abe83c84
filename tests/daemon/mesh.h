/*
 * mesh.h - a few nodes' peers on one loop over real loopback sockets.
 */
#ifndef QML_TESTS_DAEMON_MESH_H
#define QML_TESTS_DAEMON_MESH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <uv.h>

#include "daemon/node/peers.h"

#define MESH_MAX 12
#define MESH_WAIT_MS 180000
#define MESH_TICK_MS 5 /* a raw socket's news do not wake the loop */

struct mesh;

struct mesh_end {
	struct mesh *mesh;
	struct peers *peers;
	uint8_t secret[32];
	unsigned ups[MESH_MAX], downs[MESH_MAX], refused;
	int reason; /* of the last down or refusal */
	unsigned nmsgs;
	uint8_t order[64]; /* first byte of each message */
	uint8_t *last;
	size_t last_len;
	bool check_fill; /* every byte equals the first */
};

struct mesh {
	uv_loop_t loop;
	uv_timer_t guard;
	unsigned ticks;
	bool late;
	struct federation federation;
	struct mesh_end end[MESH_MAX];
	uint16_t n;
	unsigned stopped;
};

/* Behind MESH_UNTIL. */
void mesh_guard_late(uv_timer_t *t);
unsigned mesh_count_fds(void);
/* n members with real addresses; end i has the secret of member i. Nothing is
 * started. */
void mesh_open(struct mesh *b, uint16_t n);
/* Two, of whom only the second dials: where both do, one of two links goes
 * again, soon after both are up. */
void mesh_open_one_way(struct mesh *b);
/* The rest of *more is filled in. What peers_start says. */
int mesh_start_at(struct mesh *b, uint16_t i, struct peers_config *more);
void mesh_start(struct mesh *b, struct peers_config more);
void mesh_stop_end(struct mesh *b, uint16_t i);
/* Stops what runs; the loop must then be empty. */
void mesh_close(struct mesh *b);
bool mesh_all_up(const struct mesh *b);
/* len bytes of one value, malloc'd. */
uint8_t *mesh_filled(uint8_t value, size_t len);
/* A non-blocking socket to member i, as a stranger has it. */
int mesh_dial_raw(const struct mesh *b, uint16_t i);
void mesh_send_raw(int fd, const void *data, size_t len);
/* Fails the test if anything was said. */
bool mesh_hung_up(int fd);

/* Steps the loop until cond is true; false after MESH_WAIT_MS. */
#define MESH_UNTIL(b, cond)                                                \
	do {                                                               \
		(b)->late = false;                                         \
		(b)->ticks = 0;                                            \
		uv_timer_start(&(b)->guard, mesh_guard_late, MESH_TICK_MS, \
		    MESH_TICK_MS);                                         \
		while (!(cond) && !(b)->late)                              \
			uv_run(&(b)->loop, UV_RUN_ONCE);                   \
		uv_timer_stop(&(b)->guard);                                \
		assert_true(cond);                                         \
	} while (0)

#endif
