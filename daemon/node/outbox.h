/*
 * outbox.h - what waits to be sent on one link: queues by class, in records.
 *
 * Strict priority: the next record is of the first class that has a message
 * and credit. A message is cut into fragments, and classes interleave between
 * them. Bounded in bytes per class. Buffers are counted, so that a broadcast
 * holds one copy. Pure; no clock, no socket.
 */
#ifndef QML_DAEMON_NODE_OUTBOX_H
#define QML_DAEMON_NODE_OUTBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/frame.h"

/* How the owner of a message wants it treated. */
enum link_class {
	LINK_VOTE, /* A: votes, proposals; link closed when the queue is full */
	LINK_STATUS, /* A: dropped when the queue is full */
	LINK_DATA,   /* B: answers, attestations, current blocks */
	/* B: the same again, for who seems to lack it: dropped while as much
	 * waits already, or a slow line would fill up with copies of what is
	 * on its way. */
	LINK_REPAIR,
	LINK_SYNC, /* D: old blocks */
};

struct outbox_buf {
	uint8_t *data; /* owned */
	size_t len;
	unsigned nrefs;
};

/* Takes data (malloc'd), also when it fails: NULL, no memory. */
struct outbox_buf *outbox_buf_new(uint8_t *data, size_t len);
void outbox_buf_unref(struct outbox_buf *b); /* NULL is fine */

struct outbox_item {
	struct outbox_buf *buf;
	struct outbox_item *next;
};

struct outbox_queue {
	struct outbox_item *first, **last;
	size_t sent;   /* of the first item */
	size_t bytes;  /* all items, whole */
	size_t credit; /* bytes the other side still takes */
};

struct outbox {
	struct outbox_queue queue[FRAME_NCLASSES];
};

void outbox_init(struct outbox *o);
void outbox_close(struct outbox *o);
enum frame_class outbox_frame_class(enum link_class cls);
/* Keeps a reference. -ENOBUFS: queue full; -EMSGSIZE; -ENOMEM. */
int outbox_push(struct outbox *o, enum link_class cls, struct outbox_buf *b)
    __attribute__((warn_unused_result));
/* The other side takes n more bytes of a class. False: more than it may. */
bool outbox_credit(struct outbox *o, enum frame_class cls, uint32_t n);
/* Next fragment into out; *done counts a message that is complete with it.
 * 0: nothing may be sent now. */
size_t outbox_next(struct outbox *o, uint8_t out[static FRAME_PLAIN_MAX],
    bool *done);
size_t outbox_bytes(const struct outbox *o);

#endif
