/*
 * record.c - head codec and checks of chain records.
 */
#include <assert.h>
#include <string.h>

#include "consensus/chain/crc32c.h"
#include "consensus/chain/disk.h"
#include "consensus/chain/record.h"
#include "proto/bytes.h"

#define SUM_OFFSET 88
#define CRC_OFFSET 120

const char *
record_verdict_text(enum record_verdict v)
{
	switch (v) {
	case RECORD_OK:
		return "sound";
	case RECORD_EMPTY:
		return "nothing was written here";
	case RECORD_BAD_HEAD:
		return "the record's head does not match its checksum";
	case RECORD_BAD_HEIGHT:
		return "the record is not of the height that is due here";
	case RECORD_BAD_PREV:
		return "the record does not follow the one before it";
	case RECORD_BAD_SUM:
		return "the record's bytes do not match their hash";
	case RECORD_BAD_PADDING:
		return "bytes that must be zero are not";
	case RECORD_TORN:
		return "a write that was cut short";
	case RECORD_TRUNCATED:
		return "the file ends inside the record";
	}
	assert(v <= RECORD_TRUNCATED);
	return "";
}

uint64_t
record_extent(uint32_t len)
{
	uint64_t bytes = (uint64_t)RECORD_HEAD_LEN + len;

	return (bytes + RECORD_ALIGN - 1) / RECORD_ALIGN * RECORD_ALIGN;
}

bool
record_is_zero(const uint8_t *data, size_t len)
{
	/* Each byte equals the next: memcmp is the fastest portable loop. */
	return len == 0 || (data[0] == 0 && !memcmp(data, data + 1, len - 1));
}

/* First sector apart: it holds the head, which is never all zero. */
static uint32_t
count_zero_sectors(const uint8_t *extent, size_t len)
{
	uint32_t n = 0;
	size_t at;

	for (at = DISK_SECTOR; at < len; at += DISK_SECTOR)
		n += record_is_zero(extent + at, DISK_SECTOR);
	return n;
}

/* The same for a record that is still head and payload. */
static uint32_t
payload_zero_sectors(const uint8_t *payload, uint32_t len)
{
	size_t at = DISK_SECTOR - RECORD_HEAD_LEN, n;
	uint64_t padded = record_extent(len) - RECORD_HEAD_LEN;
	uint32_t nzero = 0;

	for (; at < padded; at += DISK_SECTOR) {
		n = at < len ? len - at : 0;
		if (n > DISK_SECTOR)
			n = DISK_SECTOR;
		nzero += n == 0 || record_is_zero(payload + at, n);
	}
	return nzero;
}

static struct hash
record_sum(const uint8_t *head, const void *payload, uint32_t len)
{
	struct hash_stream s;

	hash_begin(&s, "qml.record");
	hash_add(&s, head, SUM_OFFSET);
	hash_add(&s, payload, len);
	return hash_end(&s);
}

static void
put_be(uint8_t *out, uint64_t v, unsigned nbytes)
{
	while (nbytes > 0) {
		out[--nbytes] = (uint8_t)v;
		v >>= 8;
	}
}

void
record_head_seal(struct record_head *head, const void *payload,
    uint8_t out[static RECORD_HEAD_LEN])
{
	assert(head->len <= RECORD_PAYLOAD_MAX);
	head->nzero = payload_zero_sectors(payload, head->len);
	memset(out, 0, RECORD_HEAD_LEN);
	put_be(out, RECORD_MAGIC, 4);
	put_be(out + 4, RECORD_VERSION, 2);
	put_be(out + 6, head->kind, 2);
	put_be(out + 8, head->height, 8);
	put_be(out + 16, head->len, 4);
	put_be(out + 20, head->nzero, 4);
	memcpy(out + 24, head->prev.b, HASH_LEN);
	memcpy(out + 56, head->id.b, HASH_LEN);
	head->sum = record_sum(out, payload, head->len);
	memcpy(out + SUM_OFFSET, head->sum.b, HASH_LEN);
	put_be(out + CRC_OFFSET, crc32c(out, CRC_OFFSET), 4);
}

enum record_verdict
record_head_get(const uint8_t in[static RECORD_HEAD_LEN],
    struct record_head *out)
{
	struct bytes_reader r = bytes_reader_of(in, RECORD_HEAD_LEN);
	uint32_t magic, crc, rest;
	uint16_t version;

	if (record_is_zero(in, RECORD_HEAD_LEN))
		return RECORD_EMPTY;
	magic = bytes_get_u32(&r);
	version = bytes_get_u16(&r);
	out->kind = bytes_get_u16(&r);
	out->height = bytes_get_u64(&r);
	out->len = bytes_get_u32(&r);
	out->nzero = bytes_get_u32(&r);
	out->prev = bytes_get_hash(&r);
	out->id = bytes_get_hash(&r);
	out->sum = bytes_get_hash(&r);
	crc = bytes_get_u32(&r);
	rest = bytes_get_u32(&r);
	if (!bytes_reader_done(&r) || magic != RECORD_MAGIC ||
	    version != RECORD_VERSION || rest != 0 ||
	    crc != crc32c(in, CRC_OFFSET))
		return RECORD_BAD_HEAD;
	if (out->kind != RECORD_GENESIS && out->kind != RECORD_BLOCK)
		return RECORD_BAD_HEAD;
	if (out->len > RECORD_PAYLOAD_MAX)
		return RECORD_BAD_HEAD;
	return RECORD_OK;
}

enum record_verdict
record_check(const struct record_head *head, const uint8_t *extent)
{
	const uint8_t *payload = extent + RECORD_HEAD_LEN;
	uint64_t n = record_extent(head->len);
	struct hash sum = record_sum(extent, payload, head->len);
	uint32_t nzero;

	if (hash_equal(&sum, &head->sum)) {
		payload += head->len;
		n -= RECORD_HEAD_LEN + head->len;
		return record_is_zero(payload, n) ? RECORD_OK
						  : RECORD_BAD_PADDING;
	}
	nzero = count_zero_sectors(extent, n);
	return nzero > head->nzero ? RECORD_TORN : RECORD_BAD_SUM;
}
