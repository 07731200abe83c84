/*
 * link_control.h - what two links say to each other about themselves. Pure.
 *
 * The bytes of a CONTROL fragment: u8 word, then by the word nothing, u8 class
 * | u32 bytes, or u64 nonce.
 */
#ifndef QML_DAEMON_NODE_LINK_CONTROL_H
#define QML_DAEMON_NODE_LINK_CONTROL_H

#include <stddef.h>
#include <stdint.h>

#include "proto/frame.h"

#define LINK_CONTROL_MAX 9 /* bytes */

enum link_word {
	LINK_HELLO = 1, /* first record of each side */
	LINK_CREDIT,    /* class, bytes more */
	LINK_PING,      /* nonce */
	LINK_PONG,      /* nonce of the ping */
	LINK_SPARE,     /* I have a better link with your key */
};

struct link_control {
	enum link_word word;
	enum frame_class cls; /* A, B or D */
	uint32_t bytes;
	uint64_t nonce;
};

/* Returns how many bytes it has. */
size_t link_control_put(const struct link_control *c,
    uint8_t out[static LINK_CONTROL_MAX]);
/* -EPROTO: none of them, or not to the byte. */
int link_control_get(const uint8_t *bytes, size_t len, struct link_control *out)
    __attribute__((warn_unused_result));

#endif
