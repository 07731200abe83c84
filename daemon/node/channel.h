/*
 * channel.h - who is at the other end of a link, and bytes only they can read.
 *
 * Noise IK between two members of one federation; the prologue binds it to the
 * federation and the protocol. `plain` is the same without any cryptography:
 * the control run of a capture test, refused by peers.c off loopback. Bytes
 * in, bytes out; no socket.
 */
#ifndef QML_DAEMON_NODE_CHANNEL_H
#define QML_DAEMON_NODE_CHANNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/federation.h"
#include "proto/frame.h"
#include "proto/noise.h"

#define CHANNEL_NOBODY UINT16_MAX
#define CHANNEL_GUEST (UINT16_MAX - 1) /* has a key of an invitation */
/* Frame head included. */
#define CHANNEL_SHAKE_MAX (FRAME_HEAD_LEN + NOISE_FIRST_LEN)
#define CHANNEL_RECORD_MAX (FRAME_HEAD_LEN + FRAME_PLAIN_MAX + NOISE_TAG_LEN)

/* Borrowed for as long as a channel lives. */
struct channel_identity {
	const struct federation *federation;
	struct hash federation_id;
	uint16_t self;
	const uint8_t *secret; /* own X25519 secret [32] */
	const uint8_t *own;    /* its public key [32]; NULL: not known */
	const uint8_t *psk;    /* [32], or NULL */
	bool plain;            /* no encryption: tests only */
	/* Is a key that is no member's of an invitation of ours? NULL: none. */
	bool (*invited)(void *arg, const uint8_t key[static 32]);
	void *arg;
};

/* -EINVAL: in clear, and not all of it is loopback. */
int channel_plain_ok(bool plain, const struct federation *f, const char *listen)
    __attribute__((warn_unused_result));

struct channel {
	const struct channel_identity *id;
	struct noise noise;
	uint16_t peer; /* CHANNEL_NOBODY before it is known */
	bool dialed;
	bool begun; /* noise is set up */
};

/* peer: whom we dialed, or CHANNEL_NOBODY as listener; that costs nothing yet.
 * Fails when the system has no randomness. */
int channel_init(struct channel *c, const struct channel_identity *id,
    uint16_t peer) __attribute__((warn_unused_result));
void channel_close(struct channel *c); /* wipes the keys */

/* Our handshake frame; *len bytes at out. */
int channel_hello(struct channel *c, uint8_t out[static CHANNEL_SHAKE_MAX],
    size_t *len) __attribute__((warn_unused_result));
/* Can a frame that begins so be the handshake we wait for? A stranger who
 * means something else is told from the first byte. */
bool channel_may_greet(const struct channel *c, const uint8_t *bytes,
    size_t len);
/* Theirs. -EPROTO: not a handshake; -EBADMSG: not for us; -EACCES: not a
 * member, or not the one dialed. Then peer is set. */
int channel_greet(struct channel *c, const struct frame *f)
    __attribute__((warn_unused_result));

/* A DATA frame around len <= FRAME_PLAIN_MAX bytes; returns its length in
 * *outlen. */
int channel_seal(struct channel *c, const uint8_t *plain, size_t len,
    uint8_t *out, size_t *outlen) __attribute__((warn_unused_result));
/* The plaintext of one. -EPROTO, -EBADMSG. */
int channel_open(struct channel *c, const struct frame *f,
    uint8_t plain[static FRAME_PLAIN_MAX], size_t *len)
    __attribute__((warn_unused_result));

#endif
