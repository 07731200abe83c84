#include "daemon/trainer/inflate.h"

#include <errno.h>
#include <stdlib.h>
#define ZLIB_CONST
#include <zlib.h>

#define GROW_FIRST ((size_t)1 << 16)
#define PIECE_MAX ((size_t)1 << 30) /* zlib counts in unsigned int */

struct output {
	uint8_t *data;
	size_t len, cap, max;
};

bool
inflate_is_gzip(const uint8_t *data, size_t len)
{
	return len >= 2 && data[0] == 0x1f && data[1] == 0x8b;
}

/* Room for more; one byte beyond max, so that "too much" can be seen. */
static int
grow(struct output *o)
{
	size_t cap = o->cap ? 2 * o->cap : GROW_FIRST;
	uint8_t *data;

	if (o->len < o->cap)
		return 0;
	if (cap > o->max + 1)
		cap = o->max + 1;
	if (cap <= o->cap)
		return -EFBIG;
	data = realloc(o->data, cap);
	if (!data)
		return -ENOMEM;
	o->data = data;
	o->cap = cap;
	return 0;
}

static unsigned
piece(size_t left)
{
	return (unsigned)(left < PIECE_MAX ? left : PIECE_MAX);
}

/* One member; z->next_in moves behind it. */
static int
read_member(z_stream *z, const uint8_t *end, struct output *o)
{
	int zrc = Z_OK, rc;

	while (zrc != Z_STREAM_END) {
		rc = grow(o);
		if (rc < 0)
			return rc;
		z->avail_in = piece((size_t)(end - z->next_in));
		z->next_out = o->data + o->len;
		z->avail_out = piece(o->cap - o->len);
		if (z->avail_in == 0)
			return -EBADMSG;
		zrc = inflate(z, Z_NO_FLUSH);
		o->len = (size_t)(z->next_out - o->data);
		if (zrc == Z_MEM_ERROR)
			return -ENOMEM;
		if (zrc != Z_OK && zrc != Z_STREAM_END && zrc != Z_BUF_ERROR)
			return -EBADMSG;
	}
	return o->len > o->max ? -EFBIG : 0;
}

int
inflate_gzip(const uint8_t *data, size_t len, size_t max, uint8_t **out,
    size_t *outlen)
{
	struct output o = {.max = max};
	z_stream z = {.next_in = data};
	int rc = 0;

	*out = NULL;
	*outlen = 0;
	if (inflateInit2(&z, 15 + 16) != Z_OK)
		return -ENOMEM;
	do {
		if (inflateReset(&z) != Z_OK)
			rc = -EBADMSG;
		if (rc == 0)
			rc = read_member(&z, data + len, &o);
	} while (rc == 0 && z.next_in < data + len);
	inflateEnd(&z);
	if (rc < 0) {
		free(o.data);
		return rc;
	}
	*out = o.data;
	*outlen = o.len;
	return 0;
}

int
inflate_raw(const uint8_t *data, size_t len, uint8_t *out, size_t outlen)
{
	z_stream z = {.next_in = data, .next_out = out};
	uint8_t nothing;
	int zrc = Z_OK;

	if (len > PIECE_MAX || outlen > PIECE_MAX)
		return -EBADMSG;
	if (inflateInit2(&z, -15) != Z_OK)
		return -ENOMEM;
	z.avail_in = (unsigned)len;
	z.avail_out = (unsigned)outlen;
	if (outlen == 0)
		z.next_out = &nothing; /* zlib wants an address */
	zrc = inflate(&z, Z_FINISH);
	inflateEnd(&z);
	if (zrc == Z_MEM_ERROR)
		return -ENOMEM;
	return zrc == Z_STREAM_END && z.avail_out == 0 && z.avail_in == 0
	    ? 0
	    : -EBADMSG;
}

uint32_t
inflate_crc(const uint8_t *data, size_t len)
{
	unsigned long crc = crc32(0, NULL, 0);
	size_t n;

	for (; len > 0; data += n, len -= n) {
		n = piece(len);
		crc = crc32(crc, data, (unsigned)n);
	}
	return (uint32_t)crc;
}
