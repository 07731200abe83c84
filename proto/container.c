#include "proto/container.h"

#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <protobuf-c/protobuf-c.h>

#define BUDGET_SLACK 8192

/* What one unpack may still take. */
struct budget {
	size_t left;
	bool spent;
	bool nomem;
};

static void *
budget_alloc(void *arg, size_t size)
{
	struct budget *b = arg;
	void *p;

	if (size > b->left) {
		b->spent = true;
		return NULL;
	}
	b->left -= size;
	p = malloc(size);
	if (p == NULL && size > 0)
		b->nomem = true;
	return p;
}

static void
budget_free(void *arg, void *p)
{
	(void)arg;
	free(p);
}

int
container_pack(const struct ProtobufCMessage *m, size_t max, uint8_t **data,
    size_t *len)
{
	size_t n = protobuf_c_message_get_packed_size(m);
	uint8_t *p;

	if (n > max)
		return -EMSGSIZE;
	p = malloc(n + 1);
	if (p == NULL)
		return -ENOMEM;
	protobuf_c_message_pack(m, p);
	*data = p;
	*len = n;
	return 0;
}

enum wire_verdict
container_unpack(const struct ProtobufCMessageDescriptor *d,
    const uint8_t *data, size_t len, struct ProtobufCMessage **out)
{
	struct budget b = {.left = 2 * len + BUDGET_SLACK};
	ProtobufCAllocator allocator = {
	    .alloc = budget_alloc,
	    .free = budget_free,
	    .allocator_data = &b,
	};

	*out = protobuf_c_message_unpack(d, &allocator, len, data);
	if (*out != NULL)
		return WIRE_OK;
	return b.nomem ? WIRE_NO_MEMORY : WIRE_MALFORMED;
}

/* A buffer that keeps nothing and compares instead. */
struct compare {
	ProtobufCBuffer base;
	const uint8_t *data;
	size_t left;
	bool differs;
};

static void
compare_append(ProtobufCBuffer *base, size_t len, const uint8_t *data)
{
	struct compare *c = (struct compare *)(void *)base;

	if (len == 0)
		return; /* an empty field has no data at all */
	if (c->differs || len > c->left || memcmp(c->data, data, len) != 0) {
		c->differs = true;
		return;
	}
	c->data += len;
	c->left -= len;
}

/* No field of *m or of a message in it is unknown to this version. Packing
 * would repeat an unknown field, so comparing alone does not see it. */
static bool
message_known(const struct ProtobufCMessage *m)
{
	for (unsigned i = 0; i < m->descriptor->n_fields; i++) {
		const ProtobufCFieldDescriptor *f = &m->descriptor->fields[i];
		const struct ProtobufCMessage *sub;

		if (f->type != PROTOBUF_C_TYPE_MESSAGE)
			continue;
		assert(f->label != PROTOBUF_C_LABEL_REPEATED);
		memcpy(&sub, (const char *)m + f->offset, sizeof(sub));
		if (sub != NULL && !message_known(sub))
			return false;
	}
	return m->n_unknown_fields == 0;
}

enum wire_verdict
container_exact(const struct ProtobufCMessage *m, const uint8_t *data,
    size_t len)
{
	struct compare c = {
	    .base = {.append = compare_append},
	    .data = data,
	    .left = len,
	};

	if (!message_known(m))
		return WIRE_MALFORMED;
	protobuf_c_message_pack_to_buffer(m, &c.base);
	return c.differs || c.left > 0 ? WIRE_MALFORMED : WIRE_OK;
}

void
container_free(struct ProtobufCMessage *m)
{
	ProtobufCAllocator allocator = {.free = budget_free};

	if (m != NULL)
		protobuf_c_message_free_unpacked(m, &allocator);
}
