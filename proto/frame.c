#include "proto/frame.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "proto/wire.h"

#define FRAME_FIRST_ALLOC (64u << 10)

size_t
frame_class_max(enum frame_class cls)
{
	switch (cls) {
	case FRAME_CONTROL:
		return 64;
	case FRAME_A:
		/* A proposal holds BLOCK_TXS_BYTES_MAX of transactions, and
		 * beside them what a hundred members attest. */
		return 2u << 20;
	case FRAME_B:
	case FRAME_D:
		return WIRE_MSG_MAX;
	case FRAME_NCLASSES:
		break;
	}
	return 0;
}

/* What is on its way of B and D delays a vote by that much at most. */
size_t
frame_class_window(enum frame_class cls)
{
	switch (cls) {
	case FRAME_A:
		return 2u << 20;
	case FRAME_B:
	case FRAME_D:
		return 1u << 20;
	case FRAME_CONTROL:
	case FRAME_NCLASSES:
		break;
	}
	return 0;
}

static uint32_t
get_u32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 |
	    (uint32_t)p[2] << 8 | p[3];
}

static void
put_u32(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 24);
	p[1] = (uint8_t)(v >> 16);
	p[2] = (uint8_t)(v >> 8);
	p[3] = (uint8_t)v;
}

enum frame_verdict
frame_parse(const uint8_t *data, size_t len, struct frame *out)
{
	uint32_t n;

	if (len < 4)
		return FRAME_MORE;
	n = get_u32(data);
	if (n < 1 || n > FRAME_LEN_MAX)
		return FRAME_BAD;
	if (len < FRAME_HEAD_LEN)
		return FRAME_MORE;
	if (data[4] < FRAME_HS1 || data[4] > FRAME_DATA)
		return FRAME_BAD;
	if (len - 4 < n)
		return FRAME_MORE;
	out->kind = (enum frame_kind)data[4];
	out->body = data + FRAME_HEAD_LEN;
	out->len = n - 1;
	out->used = 4 + (size_t)n;
	return FRAME_OK;
}

void
frame_head(uint8_t out[static FRAME_HEAD_LEN], enum frame_kind kind, size_t len)
{
	assert(len < FRAME_LEN_MAX);
	put_u32(out, (uint32_t)len + 1);
	out[4] = (uint8_t)kind;
}

enum frame_verdict
fragment_parse(const uint8_t *plain, size_t len, struct fragment *out)
{
	size_t head = 2;

	*out = (struct fragment){0};
	if (len < head || plain[0] >= FRAME_NCLASSES ||
	    (plain[1] & ~(FRAME_FIRST | FRAME_LAST)) != 0)
		return FRAME_BAD;
	out->cls = (enum frame_class)plain[0];
	out->flags = plain[1];
	if ((out->flags & FRAME_FIRST) != 0) {
		head = FRAME_FRAGMENT_HEAD;
		if (len < head)
			return FRAME_BAD;
		out->total = get_u32(plain + 2);
		if (out->total > frame_class_max(out->cls))
			return FRAME_BAD;
	}
	out->bytes = plain + head;
	out->len = len - head;
	if (out->len < 1 || out->len > FRAME_CHUNK)
		return FRAME_BAD;
	if (out->cls == FRAME_CONTROL &&
	    (out->flags != (FRAME_FIRST | FRAME_LAST) ||
		out->total != out->len))
		return FRAME_BAD;
	return FRAME_OK;
}

size_t
fragment_head(uint8_t out[static FRAME_FRAGMENT_HEAD], const struct fragment *f)
{
	out[0] = (uint8_t)f->cls;
	out[1] = (uint8_t)f->flags;
	if ((f->flags & FRAME_FIRST) == 0)
		return 2;
	put_u32(out + 2, f->total);
	return FRAME_FRAGMENT_HEAD;
}

/* Memory follows what came, not what was announced. */
static bool
part_grow(struct assembly_part *p, size_t need)
{
	size_t cap =
	    p->cap < FRAME_FIRST_ALLOC ? FRAME_FIRST_ALLOC : 2 * p->cap;
	uint8_t *data;

	if (need <= p->cap)
		return true;
	if (cap < need)
		cap = need;
	if (cap > p->total)
		cap = p->total;
	data = realloc(p->data, cap);
	if (data == NULL)
		return false;
	p->data = data;
	p->cap = cap;
	return true;
}

enum frame_verdict
assembly_add(struct assembly *a, const struct fragment *f, uint8_t **data,
    size_t *len)
{
	struct assembly_part *p = &a->part[f->cls];
	bool first = (f->flags & FRAME_FIRST) != 0;
	bool last = (f->flags & FRAME_LAST) != 0;

	if (f->cls == FRAME_CONTROL || first == p->open)
		return FRAME_BAD;
	if (first) {
		*p = (struct assembly_part){.open = true, .total = f->total};
	}
	if (f->len > p->total - p->len || last != (p->len + f->len == p->total))
		return FRAME_BAD;
	if (!part_grow(p, p->len + f->len))
		return FRAME_NO_MEMORY;
	assert(p->data != NULL);
	memcpy(p->data + p->len, f->bytes, f->len);
	p->len += f->len;
	if (!last)
		return FRAME_MORE;
	*data = p->data;
	*len = p->len;
	*p = (struct assembly_part){0};
	return FRAME_OK;
}

void
assembly_close(struct assembly *a)
{
	for (size_t i = 0; i < FRAME_NCLASSES; i++)
		free(a->part[i].data);
	*a = ASSEMBLY_INIT;
}
