/* The chain log under power cuts, full disks and rot. */
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
#define FIRST DIR "/000001.seg"
#define BLOCK_MAX 20000u

/* Times as many cases in `make check-long`. */
static unsigned
more(void)
{
	return getenv("QML_TEST_LONG") ? 8 : 1;
}

static const char genesis[] = "pretend that this is a federation";

static struct hash
id_of(uint64_t height)
{
	return hash_bytes("test.id", &height, sizeof(height));
}

/* Block `height` is the same in every run: sizes and bytes follow from it. */
static uint32_t
block_of(uint64_t height, uint8_t buf[static BLOCK_MAX])
{
	struct hash h = id_of(height);
	uint32_t len = (uint32_t)(h.b[0] | h.b[1] << 8) % BLOCK_MAX, i;

	for (i = 0; i < len; i++) /* runs of zeros among noise */
		buf[i] = i / 700 % 3 ? h.b[i % HASH_LEN] : 0;
	return len;
}

static int
create(struct simdisk *d)
{
	struct hash id = id_of(0);

	return segments_create(&d->disk, DIR, &id, genesis, sizeof(genesis));
}

static int
append(struct segments *s, uint64_t height)
{
	uint8_t buf[BLOCK_MAX];
	uint32_t len = block_of(height, buf);
	struct hash id = id_of(height);

	return segments_append(s, &id, buf, len);
}

static void
check_block(struct segments *s, uint64_t height)
{
	uint8_t buf[BLOCK_MAX], *data;
	uint32_t len = block_of(height, buf), got;
	struct hash id = id_of(height);

	assert_int_equal(segments_read(s, height, &data, &got), 0);
	if (height == 0) {
		assert_int_equal(got, sizeof(genesis));
		assert_memory_equal(data, genesis, got);
	} else {
		assert_int_equal(got, len);
		assert_memory_equal(data, buf, len);
	}
	free(data);
	assert_true(hash_equal(&segments_find(s, height)->id, &id));
}

static void
check_all(struct segments *s, uint64_t head)
{
	uint64_t h;

	assert_int_equal(segments_head(s), head);
	for (h = 0; h <= head; h++)
		check_block(s, h);
	assert_null(segments_find(s, head + 1));
}

static void
make_chain(struct simdisk *d, uint64_t head)
{
	struct segments s;
	uint64_t h;

	assert_int_equal(create(d), 0);
	assert_int_equal(segments_open(&s, &d->disk, DIR, SEGMENTS_REPAIR,
			     NULL),
	    0);
	for (h = 1; h <= head; h++)
		assert_int_equal(append(&s, h), 0);
	segments_close(&s);
}

static void
test_life(void **state)
{
	struct hash other = id_of(99), id = id_of(0);
	struct segments_report report;
	struct segments s;
	struct simdisk d;
	uint64_t before;
	uint8_t *data;
	uint32_t len;

	(void)state;
	simdisk_init(&d, 1);
	assert_int_equal(segments_open(&s, &d.disk, DIR, SEGMENTS_REPAIR, NULL),
	    -ENOENT);
	make_chain(&d, 30);
	assert_int_equal(create(&d), 0); /* the same again */
	assert_int_equal(segments_create(&d.disk, DIR, &other, genesis,
			     sizeof(genesis)),
	    -EEXIST);
	assert_int_equal(segments_create(&d.disk, DIR, &id, "else", 4),
	    -EEXIST);
	before = d.calls;
	assert_int_equal(segments_open(&s, &d.disk, DIR, SEGMENTS_READ,
			     &report),
	    0);
	assert_int_equal(report.verdict, RECORD_OK);
	check_all(&s, 30);
	assert_int_equal(segments_read(&s, 31, &data, &len), -ENOENT);
	segments_close(&s);
	assert_int_equal(d.calls, before); /* reading changed nothing */
	simdisk_close(&d);
}

static void
test_one_sync_per_block(void **state)
{
	struct segments s;
	struct simdisk d;
	uint64_t syncs, calls;

	(void)state;
	simdisk_init(&d, 1);
	make_chain(&d, 3);
	assert_int_equal(segments_open(&s, &d.disk, DIR, SEGMENTS_REPAIR, NULL),
	    0);
	syncs = d.nsyncs;
	calls = d.calls;
	assert_int_equal(append(&s, 4), 0);
	assert_int_equal(d.nsyncs, syncs + 1);
	assert_int_equal(d.calls, calls + 2); /* one write, one sync */
	segments_close(&s);
	simdisk_close(&d);
}

static void
test_rotation(void **state)
{
	uint32_t len = 30u << 20, got, h;
	uint8_t *big = calloc(1, len), *data;
	struct hash id = id_of(5);
	struct segments s;
	struct simdisk d;

	(void)state;
	assert_non_null(big);
	simdisk_init(&d, 1);
	make_chain(&d, 0);
	assert_int_equal(segments_open(&s, &d.disk, DIR, SEGMENTS_REPAIR, NULL),
	    0);
	for (h = 1; h <= 3; h++) {
		big[h] = 1;
		assert_int_equal(segments_append(&s, &id, big, len), 0);
	}
	segments_close(&s);
	assert_int_equal(segments_open(&s, &d.disk, DIR, SEGMENTS_REPAIR, NULL),
	    0);
	assert_int_equal(segments_head(&s), 3);
	assert_int_equal(segments_find(&s, 2)->segment, 1);
	assert_int_equal(segments_find(&s, 3)->segment, 2);
	assert_int_equal(segments_find(&s, 3)->offset, 0);
	assert_int_equal(append(&s, 4), 0);
	for (h = 3; h > 0; h--) {
		assert_int_equal(segments_read(&s, h, &data, &got), 0);
		assert_int_equal(got, len);
		assert_int_equal(data[h], 1);
		free(data);
	}
	check_block(&s, 4);
	segments_close(&s);
	/* The first file missing is damage, not a shorter chain. */
	assert_int_equal(disk_unlink(&d.disk, FIRST), 0);
	assert_int_equal(segments_open(&s, &d.disk, DIR, SEGMENTS_REPAIR, NULL),
	    -EBADMSG);
	simdisk_close(&d);
	free(big);
}

/* A file on its own: audited without the ones before it. */
static void
test_single_file(void **state)
{
	struct segments s;
	struct simdisk d;

	(void)state;
	simdisk_init(&d, 1);
	make_chain(&d, 5);
	assert_int_equal(segments_open_file(&s, &d.disk, FIRST, NULL), 0);
	check_all(&s, 5);
	segments_close(&s);
	assert_int_equal(segments_open_file(&s, &d.disk, "none", NULL),
	    -ENOENT);
	simdisk_close(&d);
}

/* Work until a call fails; returns the last acknowledged height or -1. */
static int
work_until_failure(struct simdisk *d, uint64_t until)
{
	struct segments s;
	int acked = -1;

	if (create(d) < 0)
		return -1;
	acked = 0;
	if (segments_open(&s, &d->disk, DIR, SEGMENTS_REPAIR, NULL) < 0)
		return acked;
	acked = (int)segments_head(&s);
	while ((uint64_t)acked < until && append(&s, (uint64_t)acked + 1) == 0)
		acked++;
	/* Broken is broken: nothing is accepted any more. */
	if ((uint64_t)acked < until)
		assert_true(append(&s, (uint64_t)acked + 1) < 0);
	segments_close(&s);
	return acked;
}

/* Power cut at every call that changes the disk, then again during repair;
 * what was acknowledged is there, and the log goes on. */
static void
power_cuts(uint64_t seed, int fail_with)
{
	struct simdisk d;
	uint64_t k;
	int acked, now;

	for (k = 1;; k++) {
		simdisk_init(&d, seed * 1000 + k);
		d.fail_at = k;
		d.fail_with = fail_with;
		acked = work_until_failure(&d, 8);
		if (acked == 8) {
			simdisk_close(&d);
			break;
		}
		simdisk_crash(&d);
		d.calls = 0;
		d.fail_at = 1 + seed % 3;
		now = work_until_failure(&d, 8);
		if (now >= 0)
			assert_true(now >= acked);
		simdisk_crash(&d);
		assert_int_equal(work_until_failure(&d, 8), 8);
		make_chain(&d, 0); /* genesis is the same one */
		simdisk_close(&d);
	}
	assert_true(k > 18); /* each block is two calls: all were cut */
}

static void
test_power_cuts(void **state)
{
	uint64_t seed;

	(void)state;
	for (seed = 1; seed <= 8 * more(); seed++)
		power_cuts(seed, -EIO);
}

static void
test_power_cut_content(void **state)
{
	struct segments s;
	struct simdisk d;
	uint64_t seed;
	int acked;

	(void)state;
	for (seed = 0; seed < 80 * more(); seed++) {
		simdisk_init(&d, seed);
		d.fail_at = 9 + seed % 16; /* 8 make block 0 */
		d.fail_with = -EIO;
		acked = work_until_failure(&d, 8);
		simdisk_crash(&d);
		assert_int_equal(segments_open(&s, &d.disk, DIR,
				     SEGMENTS_REPAIR, NULL),
		    0);
		assert_in_range(segments_head(&s), (uint64_t)acked,
		    (uint64_t)acked + 1);
		check_all(&s, segments_head(&s));
		segments_close(&s);
		simdisk_close(&d);
	}
}

static void
test_failed_sync_is_final(void **state)
{
	struct segments s;
	struct simdisk d;

	(void)state;
	simdisk_init(&d, 1);
	make_chain(&d, 3);
	assert_int_equal(segments_open(&s, &d.disk, DIR, SEGMENTS_REPAIR, NULL),
	    0);
	d.fail_at = d.calls + 2;
	d.fail_with = -EIO;
	assert_int_equal(append(&s, 4), -EIO);
	assert_int_equal(append(&s, 4), -EIO);
	segments_close(&s);
	/* The whole disk refuses, not only this log. */
	assert_int_equal(segments_open(&s, &d.disk, DIR, SEGMENTS_REPAIR, NULL),
	    -EIO);
	simdisk_close(&d);
}

static void
test_disk_full(void **state)
{
	uint8_t *big = calloc(1, SEGMENTS_STEP);
	struct hash id = id_of(9);
	struct segments s;
	struct simdisk d;
	uint64_t h;

	(void)state;
	assert_non_null(big);
	simdisk_init(&d, 1);
	make_chain(&d, 4);
	d.bytes_max = SEGMENTS_STEP + 4096; /* what is there, and a page */
	assert_int_equal(segments_open(&s, &d.disk, DIR, SEGMENTS_REPAIR, NULL),
	    0);
	assert_int_equal(segments_append(&s, &id, big, SEGMENTS_STEP), -ENOSPC);
	assert_int_equal(segments_reserve(&s, SEGMENTS_STEP), -ENOSPC);
	check_all(&s, 4); /* not half written, and it goes on: */
	for (h = 5; h < 9; h++)
		assert_int_equal(append(&s, h), 0);
	check_all(&s, 8);
	d.bytes_max = 0;
	assert_int_equal(segments_reserve(&s, 2 * SEGMENTS_STEP), 0);
	d.bytes_max = 1; /* what was reserved stays ours */
	assert_int_equal(segments_append(&s, &id, big, SEGMENTS_STEP), 0);
	segments_close(&s);
	assert_int_equal(segments_open(&s, &d.disk, DIR, SEGMENTS_READ, NULL),
	    0);
	assert_int_equal(segments_head(&s), 9);
	segments_close(&s);
	simdisk_close(&d);
	free(big);
}

/* Full where a new file is due: the reserve in the old one serves. */
static void
test_full_at_rotation(void **state)
{
	uint32_t len = 30u << 20;
	uint8_t *big = calloc(1, len);
	struct hash id = id_of(9);
	struct segments s;
	struct simdisk d;

	(void)state;
	assert_non_null(big);
	simdisk_init(&d, 1);
	make_chain(&d, 0);
	assert_int_equal(segments_open(&s, &d.disk, DIR, SEGMENTS_REPAIR, NULL),
	    0);
	assert_int_equal(segments_append(&s, &id, big, len), 0);
	assert_int_equal(segments_append(&s, &id, big, len), 0);
	assert_int_equal(segments_reserve(&s, len + 4096), 0);
	d.bytes_max = 1;
	assert_int_equal(segments_append(&s, &id, big, len), 0);
	assert_int_equal(segments_append(&s, &id, big, len), -ENOSPC);
	d.bytes_max = 0;
	assert_int_equal(segments_append(&s, &id, big, len), 0);
	segments_close(&s);
	assert_int_equal(segments_open(&s, &d.disk, DIR, SEGMENTS_REPAIR, NULL),
	    0);
	assert_int_equal(segments_head(&s), 4);
	assert_int_equal(segments_find(&s, 3)->segment, 1);
	assert_int_equal(segments_find(&s, 4)->segment, 2);
	segments_close(&s);
	simdisk_close(&d);
	free(big);
}

/* Height of the record in which a byte lies; head + 1 for what is behind. */
static uint64_t
height_at(struct segments *s, uint64_t byte)
{
	const struct segments_entry *e;
	uint64_t h;

	for (h = 0; h <= segments_head(s); h++) {
		e = segments_find(s, h);
		if (byte < e->offset + record_extent(e->len))
			break;
	}
	return h;
}

/* 400 single flips: each is found, its block is named, nothing is cut. */
static void
test_flips(void **state)
{
	struct segments_report r;
	struct segments good, s;
	struct simdisk d;
	uint64_t seed = 42, calls;
	size_t bit, bits;
	unsigned i;
	int rc;

	(void)state;
	simdisk_init(&d, 1);
	make_chain(&d, 12);
	assert_int_equal(segments_open(&good, &d.disk, DIR, SEGMENTS_READ,
			     NULL),
	    0);
	for (i = 0; i < 400 * more(); i++) {
		struct hash x = hash_bytes("test", &seed, sizeof(seed));

		seed++;
		/* Half of them in the records, half anywhere in the file. */
		bits = 8 * (i % 2 ? (size_t)good.tail : SEGMENTS_STEP);
		memcpy(&bit, x.b, sizeof(bit));
		bit %= bits;
		simdisk_flip(&d, FIRST, bit);
		calls = d.calls;
		rc = segments_open(&s, &d.disk, DIR, SEGMENTS_READ, &r);
		assert_int_equal(rc, -EBADMSG);
		assert_int_equal(r.height, height_at(&good, bit / 8));
		assert_int_equal(r.segment, 1);
		assert_int_equal(d.calls, calls);
		segments_close(&s);
		rc = segments_open(&s, &d.disk, DIR, SEGMENTS_REPAIR, &r);
		if (rc == 0) { /* only in space that holds no record */
			assert_true(bit / 8 >= good.tail);
			assert_int_equal(segments_head(&s), 12);
			assert_true(r.cut_bytes > 0);
			segments_close(&s);
			continue; /* it was zeroed */
		}
		assert_int_equal(rc, -EBADMSG);
		simdisk_flip(&d, FIRST, bit);
	}
	segments_close(&good);
	simdisk_close(&d);
}

/* Cut short anywhere: found unless exactly no record was touched. */
static void
test_truncation(void **state)
{
	struct segments_report r;
	struct simdisk_image *image;
	struct segments good, s;
	struct simdisk d;
	uint64_t height, start;
	size_t full;
	int rc;

	(void)state;
	simdisk_init(&d, 1);
	make_chain(&d, 6);
	assert_int_equal(segments_open(&good, &d.disk, DIR, SEGMENTS_READ,
			     NULL),
	    0);
	image = simdisk_image(&d, FIRST);
	full = image->size;
	for (image->size = 1; image->size <= good.tail; image->size += 61) {
		height = height_at(&good, image->size - 1);
		rc = segments_open(&s, &d.disk, DIR, SEGMENTS_REPAIR, &r);
		if (rc == 0) { /* at a boundary: the one blind spot */
			height = segments_head(&s);
			start = segments_find(&s, height)->offset +
			    record_extent(segments_find(&s, height)->len);
			assert_int_equal(start, image->size);
		} else if (rc != -ENOENT) {
			assert_int_equal(rc, -EBADMSG);
			assert_int_equal(r.height, height);
			assert_true(r.verdict == RECORD_TRUNCATED ||
			    r.verdict == RECORD_BAD_PADDING ||
			    r.verdict == RECORD_BAD_HEAD);
		}
		segments_close(&s);
	}
	image->size = full;
	segments_close(&good);
	simdisk_close(&d);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_life),
	    cmocka_unit_test(test_one_sync_per_block),
	    cmocka_unit_test(test_rotation),
	    cmocka_unit_test(test_single_file),
	    cmocka_unit_test(test_power_cuts),
	    cmocka_unit_test(test_power_cut_content),
	    cmocka_unit_test(test_failed_sync_is_final),
	    cmocka_unit_test(test_disk_full),
	    cmocka_unit_test(test_full_at_rotation),
	    cmocka_unit_test(test_flips),
	    cmocka_unit_test(test_truncation),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
