#include "proto/bytes.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define BYTES_FIRST_CAP 256

struct bytes_writer
bytes_writer_over(void *data, size_t cap)
{
	return (struct bytes_writer){.data = data, .cap = cap, .fixed = true};
}

static bool
writer_grow(struct bytes_writer *w, size_t len)
{
	size_t cap;
	uint8_t *data;

	if (w->fixed || len > SIZE_MAX / 2 - w->len) {
		w->error = -EMSGSIZE;
		return false;
	}
	cap = w->cap < BYTES_FIRST_CAP ? BYTES_FIRST_CAP : 2 * w->cap;
	if (cap < w->len + len)
		cap = w->len + len;
	data = realloc(w->data, cap);
	if (data == NULL) {
		w->error = -ENOMEM;
		return false;
	}
	w->data = data;
	w->cap = cap;
	return true;
}

/* Room for len more bytes at the returned place, or NULL and w->error set. */
static inline uint8_t *
writer_extend(struct bytes_writer *w, size_t len)
{
	uint8_t *data;

	if (w->error != 0)
		return NULL;
	if (len > w->cap - w->len && !writer_grow(w, len))
		return NULL;
	data = w->data + w->len;
	w->len += len;
	return data;
}

/* The low n bytes of v, most significant first; n is a constant. */
static inline void
put_uint(struct bytes_writer *w, uint64_t v, size_t n)
{
	uint8_t *p = writer_extend(w, n);

	if (p == NULL)
		return;
	for (size_t i = n; i-- > 0; v >>= 8)
		p[i] = (uint8_t)v;
}

void
bytes_put_u8(struct bytes_writer *w, uint8_t v)
{
	put_uint(w, v, 1);
}

void
bytes_put_u16(struct bytes_writer *w, uint16_t v)
{
	put_uint(w, v, 2);
}

void
bytes_put_u32(struct bytes_writer *w, uint32_t v)
{
	put_uint(w, v, 4);
}

void
bytes_put_u64(struct bytes_writer *w, uint64_t v)
{
	put_uint(w, v, 8);
}

void
bytes_put_i64(struct bytes_writer *w, int64_t v)
{
	put_uint(w, (uint64_t)v, 8);
}

void
bytes_put_raw(struct bytes_writer *w, const void *data, size_t len)
{
	uint8_t *p;

	if (len == 0)
		return;
	p = writer_extend(w, len);
	if (p != NULL)
		memcpy(p, data, len);
}

void
bytes_put_hash(struct bytes_writer *w, const struct hash *h)
{
	bytes_put_raw(w, h->b, HASH_LEN);
}

void
bytes_put_blob(struct bytes_writer *w, const void *data, size_t len)
{
	if (len > UINT32_MAX) {
		if (w->error == 0)
			w->error = -EMSGSIZE;
		return;
	}
	bytes_put_u32(w, (uint32_t)len);
	bytes_put_raw(w, data, len);
}

void
bytes_put_string(struct bytes_writer *w, const char *s)
{
	bytes_put_blob(w, s, strlen(s));
}

int
bytes_writer_take(struct bytes_writer *w, uint8_t **data, size_t *len)
{
	int rc = w->error;

	assert(!w->fixed);
	if (rc == 0) {
		*data = w->data;
		*len = w->len;
		w->data = NULL;
	}
	bytes_writer_close(w);
	return rc;
}

void
bytes_writer_close(struct bytes_writer *w)
{
	if (!w->fixed)
		free(w->data);
	*w = BYTES_WRITER_INIT;
}

struct bytes_reader
bytes_reader_of(const void *data, size_t len)
{
	return (struct bytes_reader){.data = data, .len = len};
}

const uint8_t *
bytes_get_slice(struct bytes_reader *r, size_t len)
{
	const uint8_t *p;

	if (r->bad || len > r->len - r->pos) {
		r->bad = true;
		return NULL;
	}
	p = r->data + r->pos;
	r->pos += len;
	return p;
}

static uint64_t
get_uint(struct bytes_reader *r, size_t n)
{
	const uint8_t *p = bytes_get_slice(r, n);
	uint64_t v = 0;

	if (p == NULL)
		return 0;
	for (size_t i = 0; i < n; i++)
		v = v << 8 | p[i];
	return v;
}

uint8_t
bytes_get_u8(struct bytes_reader *r)
{
	return (uint8_t)get_uint(r, 1);
}

uint16_t
bytes_get_u16(struct bytes_reader *r)
{
	return (uint16_t)get_uint(r, 2);
}

uint32_t
bytes_get_u32(struct bytes_reader *r)
{
	return (uint32_t)get_uint(r, 4);
}

uint64_t
bytes_get_u64(struct bytes_reader *r)
{
	return get_uint(r, 8);
}

int64_t
bytes_get_i64(struct bytes_reader *r)
{
	return (int64_t)get_uint(r, 8);
}

void
bytes_get_raw(struct bytes_reader *r, void *out, size_t len)
{
	const uint8_t *p;

	if (len == 0)
		return;
	p = bytes_get_slice(r, len);
	if (p != NULL)
		memcpy(out, p, len);
	else
		memset(out, 0, len);
}

struct hash
bytes_get_hash(struct bytes_reader *r)
{
	struct hash h;

	bytes_get_raw(r, h.b, HASH_LEN);
	return h;
}

const uint8_t *
bytes_get_blob(struct bytes_reader *r, size_t max, size_t *len)
{
	uint32_t n = bytes_get_u32(r);
	const uint8_t *p = NULL;

	if (n > max)
		r->bad = true;
	else
		p = bytes_get_slice(r, n);
	*len = p != NULL ? n : 0;
	return p;
}

void
bytes_get_string(struct bytes_reader *r, char *out, size_t size)
{
	size_t len;
	const uint8_t *p = bytes_get_blob(r, size - 1, &len);

	out[0] = '\0';
	if (p == NULL)
		return;
	for (size_t i = 0; i < len; i++) {
		if (p[i] < 0x20 || p[i] == 0x7f) {
			r->bad = true;
			return;
		}
	}
	memcpy(out, p, len);
	out[len] = '\0';
}

void
bytes_reader_fail(struct bytes_reader *r)
{
	r->bad = true;
}

void
bytes_reader_fail_nomem(struct bytes_reader *r)
{
	r->bad = true;
	r->nomem = true;
}

size_t
bytes_reader_left(const struct bytes_reader *r)
{
	return r->bad ? 0 : r->len - r->pos;
}

bool
bytes_reader_done(const struct bytes_reader *r)
{
	return !r->bad && r->pos == r->len;
}
