#include "proto/walk.h"

bool
walk_reads(const struct walk *k)
{
	return k->from != NULL;
}

bool
walk_ok(const struct walk *k)
{
	return k->from ? !k->from->bad : k->to->error == 0;
}

void
walk_need(struct walk *k, bool fits)
{
	if (k->from && !fits)
		bytes_reader_fail(k->from);
}

void
walk_no_memory(struct walk *k)
{
	if (k->from)
		bytes_reader_fail_nomem(k->from);
}

void
walk_u8(struct walk *k, uint8_t *v)
{
	if (k->from)
		*v = bytes_get_u8(k->from);
	else
		bytes_put_u8(k->to, *v);
}

void
walk_u16(struct walk *k, uint16_t *v)
{
	if (k->from)
		*v = bytes_get_u16(k->from);
	else
		bytes_put_u16(k->to, *v);
}

void
walk_u32(struct walk *k, uint32_t *v)
{
	if (k->from)
		*v = bytes_get_u32(k->from);
	else
		bytes_put_u32(k->to, *v);
}

void
walk_u64(struct walk *k, uint64_t *v)
{
	if (k->from)
		*v = bytes_get_u64(k->from);
	else
		bytes_put_u64(k->to, *v);
}

void
walk_i64(struct walk *k, int64_t *v)
{
	if (k->from)
		*v = bytes_get_i64(k->from);
	else
		bytes_put_i64(k->to, *v);
}

void
walk_bool(struct walk *k, bool *v)
{
	uint8_t byte = k->from ? 0 : *v;

	walk_u8(k, &byte);
	walk_need(k, byte <= 1);
	if (k->from)
		*v = byte == 1;
}

void
walk_raw(struct walk *k, void *data, size_t len)
{
	if (k->from)
		bytes_get_raw(k->from, data, len);
	else
		bytes_put_raw(k->to, data, len);
}

void
walk_hash(struct walk *k, struct hash *h)
{
	walk_raw(k, h->b, sizeof(h->b));
}

void
walk_key(struct walk *k, struct sign_public *key)
{
	walk_raw(k, key->b, sizeof(key->b));
}

void
walk_text(struct walk *k, char *text, size_t size)
{
	if (k->from)
		bytes_get_string(k->from, text, size);
	else
		bytes_put_string(k->to, text);
}

uint32_t
walk_count(struct walk *k, size_t n, uint32_t max)
{
	uint32_t count = k->from ? 0 : (uint32_t)n;

	walk_u32(k, &count);
	walk_need(k, count <= max);
	return walk_ok(k) ? count : 0;
}
