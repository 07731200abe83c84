/* The chain log where room is short for a while, and under a reader's eyes. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "consensus/chain/segments.h"
#include "simdisk.h"

#define DIR SEGMENTS_DIR
#define HEAD 4

static struct hash
id_of(uint64_t height)
{
	return hash_bytes("test.id", &height, sizeof(height));
}

/* The next block: `len` bytes that are its height. */
static int
append(struct segments *s, uint32_t len)
{
	const uint64_t height = segments_head(s) + 1;
	const struct hash id = id_of(height);
	uint8_t *block = malloc(len);
	int rc;

	assert_non_null(block);
	memset(block, (int)height, len);
	rc = segments_append(s, &id, block, len);
	free(block);
	return rc;
}

/* HEAD blocks, open for more. */
static void
make_chain(struct simdisk *d, struct segments *s)
{
	const struct hash id = id_of(0);

	simdisk_init(d, 1);
	assert_int_equal(segments_create(&d->disk, DIR, &id, "genesis", 7), 0);
	assert_int_equal(segments_open(s, &d->disk, DIR, SEGMENTS_REPAIR, NULL),
	    0);
	for (int i = 0; i < HEAD; i++)
		assert_int_equal(append(s, 5000), 0);
}

static void
check_all(struct segments *s, uint64_t head)
{
	uint8_t *data;
	uint32_t len;

	assert_int_equal(segments_head(s), head);
	for (uint64_t h = 1; h <= head; h++) {
		assert_int_equal(segments_read(s, h, &data, &len), 0);
		assert_int_equal(data[0], h);
		assert_int_equal(data[len - 1], h);
		free(data);
	}
}

/* No room, or none for this user, wherever it is met: the same block goes in
 * later, also after a power cut. */
static void
test_room_comes_back(void **state)
{
	static const int why[] = {-ENOSPC, -EDQUOT};
	struct segments s;
	struct simdisk d;

	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		make_chain(&d, &s);
		/* To take the room, or to write into what was taken. */
		d.fail_at = d.calls + (i < 2 ? 1 : 3);
		d.fail_with = why[i % 2];
		assert_int_equal(append(&s, SEGMENTS_STEP), why[i % 2]);
		check_all(&s, HEAD);
		assert_int_equal(append(&s, SEGMENTS_STEP), 0);
		assert_int_equal(append(&s, 5000), 0);
		segments_close(&s);
		simdisk_crash(&d);
		assert_int_equal(segments_open(&s, &d.disk, DIR, SEGMENTS_READ,
				     NULL),
		    0);
		check_all(&s, HEAD + 2);
		segments_close(&s);
		simdisk_close(&d);
	}
}

/* A daemon that appends while an audit reads. */
static struct {
	struct disk_ops ops;
	const struct disk_ops *real;
	struct segments *writer;
	uint64_t at; /* the read from here is the last one before the append */
	uint32_t len;
} live;

static int64_t
live_read(struct disk_file *f, void *buf, size_t len, uint64_t offset)
{
	int64_t n = live.real->read(f, buf, len, offset);
	struct segments *s = live.writer;

	if (s != NULL && offset == live.at) {
		live.writer = NULL;
		assert_int_equal(append(s, live.len), 0);
	}
	return n;
}

/* Neither a block that comes while the rest of the file is looked at, nor one
 * for which it grows, makes a sound chain a damaged one. */
static void
test_audit_beside_daemon(void **state)
{
	static const uint32_t len[] = {3000, SEGMENTS_STEP};
	struct segments s, writer;
	struct segments_report r;
	struct simdisk d;

	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		make_chain(&d, &writer);
		live.real = d.disk.ops;
		live.ops = *live.real;
		live.ops.read = live_read;
		live.writer = &writer;
		live.at = i / 2 == 0 ? 0 : writer.tail;
		live.len = len[i % 2];
		d.disk.ops = &live.ops;
		assert_int_equal(segments_open(&s, &d.disk, DIR, SEGMENTS_READ,
				     &r),
		    0);
		assert_int_equal(r.verdict, RECORD_OK);
		assert_null(live.writer);
		check_all(&s, HEAD + 1);
		segments_close(&s);
		segments_close(&writer);
		simdisk_close(&d);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_room_comes_back),
	    cmocka_unit_test(test_audit_beside_daemon),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
