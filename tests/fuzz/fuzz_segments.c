/*
 * fuzz_segments.c - a chain folder of arbitrary bytes.
 *
 * The input is the first segment file, as it is and again with the sums that
 * its records should have, each following the one before: a folder from
 * somebody, which no checksum speaks against. Reading never changes it; repair
 * either refuses or leaves a log that opens cleanly, with the same records,
 * and takes an append.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "consensus/chain/record.h"
#include "consensus/chain/segments.h"
#include "tests/fuzz/memdisk.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void
must(bool truth)
{
	if (!truth)
		abort();
}

static void
check_reads(struct segments *s)
{
	uint64_t h;
	uint8_t *data;
	uint32_t len;

	for (h = 0; h <= segments_head(s); h++) {
		must(segments_read(s, h, &data, &len) == 0);
		free(data);
	}
}

static void
check_repair(struct disk *d)
{
	struct segments_report r;
	struct segments s;
	struct hash id = {{1}};
	uint64_t head;
	int rc = segments_open(&s, d, SEGMENTS_DIR, SEGMENTS_REPAIR, &r);

	if (rc < 0) {
		must(rc == -EBADMSG || rc == -ENOENT);
		must(rc == -ENOENT || r.verdict != RECORD_OK);
		return;
	}
	head = segments_head(&s);
	check_reads(&s);
	must(segments_append(&s, &id, "block", 5) == 0);
	segments_close(&s);
	must(segments_open(&s, d, SEGMENTS_DIR, SEGMENTS_READ, &r) == 0);
	must(r.verdict == RECORD_OK && segments_head(&s) == head + 1);
	check_reads(&s);
	segments_close(&s);
}

static void
check_folder(const uint8_t *data, size_t len)
{
	struct segments s;
	struct memdisk m;
	int rc;

	memdisk_init(&m);
	memdisk_put(&m, SEGMENTS_DIR "/000001.seg", data, len);
	rc = segments_open(&s, &m.disk, SEGMENTS_DIR, SEGMENTS_READ, NULL);
	if (rc == 0)
		check_reads(&s);
	must(m.nchanges == 0);
	if (rc == 0 || rc == -EBADMSG)
		segments_close(&s);
	check_repair(&m.disk);
	memdisk_close(&m);
}

static uint64_t
get_be(const uint8_t *p, size_t n)
{
	uint64_t v = 0;

	for (; n > 0; n--)
		v = v << 8 | *p++;
	return v;
}

/* Kind, height, length and id stay what they are. How many records fit. */
static size_t
seal_records(uint8_t *file, size_t len)
{
	struct hash prev = {{0}};
	size_t n = 0;

	for (size_t at = 0; len - at >= RECORD_ALIGN; n++) {
		struct record_head h = {
		    .kind = (uint16_t)get_be(file + at + 6, 2),
		    .height = get_be(file + at + 8, 8),
		    .len = (uint32_t)get_be(file + at + 16, 4),
		    .prev = prev,
		};

		if (record_extent(h.len) > len - at)
			break;
		memcpy(h.id.b, file + at + 56, HASH_LEN);
		record_head_seal(&h, file + at + RECORD_HEAD_LEN, file + at);
		prev = h.sum;
		at += (size_t)record_extent(h.len);
	}
	return n;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	uint8_t *copy;

	check_folder(data, len);
	if (len < RECORD_ALIGN)
		return 0;
	copy = malloc(len);
	must(copy != NULL);
	memcpy(copy, data, len);
	if (seal_records(copy, len) > 0)
		check_folder(copy, len);
	free(copy);
	return 0;
}
