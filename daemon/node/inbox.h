/*
 * inbox.h - what comes in on one link: credits, and messages put together.
 *
 * The other side of an outbox. A class gets credit back in quarters of its
 * window, but none while a large message of it waits for its place (large.h).
 * So one link holds a share in each of B and D, what class A has at most, and
 * one large message; all of them together 320 MiB of those. Pure; no clock, no
 * socket.
 */
#ifndef QML_DAEMON_NODE_INBOX_H
#define QML_DAEMON_NODE_INBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/node/large.h"
#include "proto/frame.h"

struct inbox {
	struct large *large; /* borrowed */
	struct large_claim claim;
	enum frame_class claimed; /* whose message the claim is for */
	bool guest;               /* nothing large comes from one */
	struct assembly in;
	uint32_t taken[FRAME_NCLASSES]; /* received, not yet granted again */
	size_t allowed[FRAME_NCLASSES]; /* the other side may still send */
};

void inbox_init(struct inbox *b, struct large *large);
/* From whom it comes, before anything does; guest: no member. */
void inbox_from(struct inbox *b, uint16_t member, bool guest);
/* Drops what is half there; its place is free. May be called twice. */
void inbox_close(struct inbox *b, uint64_t now_ms);
/* FRAME_OK: a message is complete; *data is the caller's to free. FRAME_BAD:
 * no fragment that may come now. */
enum frame_verdict inbox_add(struct inbox *b, const struct fragment *f,
    uint64_t now_ms, uint8_t **data, size_t *len)
    __attribute__((warn_unused_result));
/* So many bytes of a class are granted with this call; 0: none now. */
uint32_t inbox_grant(struct inbox *b, enum frame_class cls);
/* Has what waited got its place now? A few times a second. */
bool inbox_retry(struct inbox *b, uint64_t now_ms);
/* Does its large message keep others from coming for too long? */
bool inbox_must_go(const struct inbox *b, uint64_t now_ms);

#endif
