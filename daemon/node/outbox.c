#include "daemon/node/outbox.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define REPAIR_QUEUED (1u << 20)

/* A peer that reads slowly loses status messages first, then the link. */
static size_t
queue_bytes_max(enum frame_class cls)
{
	return cls == FRAME_A ? 8u << 20 : 96u << 20;
}

struct outbox_buf *
outbox_buf_new(uint8_t *data, size_t len)
{
	struct outbox_buf *b = malloc(sizeof(*b));

	if (b == NULL) {
		free(data);
		return NULL;
	}
	*b = (struct outbox_buf){.data = data, .len = len, .nrefs = 1};
	return b;
}

void
outbox_buf_unref(struct outbox_buf *b)
{
	if (b == NULL)
		return;
	assert(b->nrefs > 0);
	if (--b->nrefs > 0)
		return;
	free(b->data);
	free(b);
}

void
outbox_init(struct outbox *o)
{
	*o = (struct outbox){0};
	for (int i = 0; i < FRAME_NCLASSES; i++) {
		o->queue[i].last = &o->queue[i].first;
		o->queue[i].credit = frame_class_window((enum frame_class)i);
	}
}

static void
queue_pop(struct outbox_queue *q)
{
	struct outbox_item *item = q->first;

	q->first = item->next;
	if (q->first == NULL)
		q->last = &q->first;
	q->bytes -= item->buf->len;
	q->sent = 0;
	outbox_buf_unref(item->buf);
	free(item);
}

void
outbox_close(struct outbox *o)
{
	for (size_t i = 0; i < FRAME_NCLASSES; i++) {
		while (o->queue[i].first != NULL)
			queue_pop(&o->queue[i]);
	}
}

enum frame_class
outbox_frame_class(enum link_class cls)
{
	switch (cls) {
	case LINK_VOTE:
	case LINK_STATUS:
		return FRAME_A;
	case LINK_DATA:
	case LINK_REPAIR:
		return FRAME_B;
	case LINK_SYNC:
		break;
	}
	return FRAME_D;
}

int
outbox_push(struct outbox *o, enum link_class cls, struct outbox_buf *b)
{
	enum frame_class fc = outbox_frame_class(cls);
	struct outbox_queue *q = &o->queue[fc];
	struct outbox_item *item;

	if (b->len < 1 || b->len > frame_class_max(fc))
		return -EMSGSIZE;
	if (q->bytes + b->len > queue_bytes_max(fc) ||
	    (cls == LINK_REPAIR && q->bytes > REPAIR_QUEUED))
		return -ENOBUFS;
	item = malloc(sizeof(*item));
	if (item == NULL)
		return -ENOMEM;
	b->nrefs++;
	*item = (struct outbox_item){.buf = b};
	*q->last = item;
	q->last = &item->next;
	q->bytes += b->len;
	return 0;
}

bool
outbox_credit(struct outbox *o, enum frame_class cls, uint32_t n)
{
	struct outbox_queue *q = &o->queue[cls];

	if (n > frame_class_window(cls) - q->credit)
		return false;
	q->credit += n;
	return true;
}

static size_t
queue_next(struct outbox_queue *q, enum frame_class cls, uint8_t *out,
    bool *done)
{
	const struct outbox_buf *b = q->first->buf;
	size_t left = b->len - q->sent;
	size_t n = left < FRAME_CHUNK ? left : FRAME_CHUNK, head;
	struct fragment f = {.cls = cls, .total = (uint32_t)b->len};

	if (n > q->credit)
		return 0;
	f.flags =
	    (q->sent == 0 ? FRAME_FIRST : 0u) | (n == left ? FRAME_LAST : 0u);
	head = fragment_head(out, &f);
	memcpy(out + head, b->data + q->sent, n);
	q->sent += n;
	q->credit -= n;
	*done = n == left;
	if (*done)
		queue_pop(q);
	return head + n;
}

size_t
outbox_next(struct outbox *o, uint8_t out[static FRAME_PLAIN_MAX], bool *done)
{
	*done = false;
	for (int i = FRAME_A; i < FRAME_NCLASSES; i++) {
		struct outbox_queue *q = &o->queue[i];
		size_t n = 0;

		if (q->first != NULL)
			n = queue_next(q, (enum frame_class)i, out, done);
		if (n > 0)
			return n;
	}
	return 0;
}

size_t
outbox_bytes(const struct outbox *o)
{
	size_t n = 0;

	for (size_t i = 0; i < FRAME_NCLASSES; i++)
		n += o->queue[i].bytes;
	return n;
}
