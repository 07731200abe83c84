/*
 * peers.h - one authenticated link to each other member, kept up.
 *
 * Dials every member that has an address, accepts every member that dials,
 * and keeps one of two links: the one that the smaller index opened. Messages
 * are byte buffers with a class; a peer that is down gets none, and status
 * messages of the owner repair what was lost. Peers are member indices. Loop
 * thread only.
 */
#ifndef QML_DAEMON_NODE_PEERS_H
#define QML_DAEMON_NODE_PEERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <uv.h>

#include "daemon/node/link.h"
#include "proto/federation.h"

struct peers; /* opaque: sockets, timers and keys are nobody else's */

/* All called on the loop, never from inside a call into peers. */
struct peers_events {
	void *arg;
	void (*up)(void *arg, uint16_t i);
	/* reason: -errno, or 0 when the link was replaced by a better one */
	void (*down)(void *arg, uint16_t i, int reason);
	/* Gives data (malloc'd); the callee frees it. */
	void (*msg)(void *arg, uint16_t i, uint8_t *data, size_t len);
	/* From somebody whom `invited` let in; gives data. The link is open
	 * until it is closed. NULL: nobody is let in. */
	void (*guest)(void *arg, struct link *l, uint8_t *data, size_t len);
	bool (*invited)(void *arg, const uint8_t key[static 32]);
	/* A link closed before anybody was known; for counting and logs. */
	void (*refused)(void *arg, const char *address, int reason);
};

/* Everything pointed to is borrowed until stopped. */
struct peers_config {
	uv_loop_t *loop;
	const struct federation *federation; /* members may be added in place */
	const struct hash *federation_id;    /* NULL: that of federation */
	uint16_t self;
	const uint8_t *secret; /* own X25519 secret [32] */
	const uint8_t *psk;    /* [32], or NULL */
	const char *listen;    /* host:port, port 0 for any; NULL: dial only */
	bool plain; /* no encryption; -EINVAL unless all is loopback */
	struct link_timing timing; /* zeros: the defaults */
	struct peers_events events;
};

/* For the control socket. Times of uv_now(), bytes as on the wire. */
struct peers_info {
	bool up;
	bool dialed; /* we opened it */
	uint64_t since_ms;
	uint32_t rtt_us; /* of the last ping; 0: none yet */
	uint64_t bytes_in, bytes_out;
	uint64_t msgs_in, msgs_out;
	uint64_t dropped;      /* queue full or peer down */
	uint64_t queued_bytes; /* waiting now */
	uint32_t connects;     /* links that came up, ever */
	uint32_t punished;
	int last_error; /* of the last link or dial; 0: none */
};

/* -EADDRINUSE, -EINVAL (address), -ENOMEM. *out is owned by the caller. */
int peers_start(const struct peers_config *config, struct peers **out)
    __attribute__((warn_unused_result));
/* Closes all links; *p is gone when done is called (on the loop, later). No
 * other event comes after this call. */
void peers_stop(struct peers *p, void (*done)(void *arg), void *arg);

/* The members in config's federation have changed: who has other keys than
 * before is let go and dialed anew. */
void peers_follow(struct peers *p, uint16_t self);

/* Takes data (malloc'd) always. Silently dropped if i is down or self. */
void peers_send(struct peers *p, uint16_t i, enum link_class cls, uint8_t *data,
    size_t len);
/* To all that are up; one buffer is shared. Takes data. */
void peers_broadcast(struct peers *p, enum link_class cls, uint8_t *data,
    size_t len);
/* i sent what no correct node sends: its link is closed and stays closed for
 * a while that doubles each time. `down` follows with -EPROTO. */
void peers_punish(struct peers *p, uint16_t i);

bool peers_up(const struct peers *p, uint16_t i);
uint64_t peers_queued(const struct peers *p, uint16_t i); /* bytes */
void peers_info(const struct peers *p, uint16_t i, struct peers_info *out);
/* Bound TCP port of the listener; 0 without one. */
uint16_t peers_port(const struct peers *p);

#endif
