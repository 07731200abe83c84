/* What salvage_chain gives up, what it keeps, and what a crash in it leaves. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "consensus/chain/salvage.h"
#include "consensus/replica/store.h"
#include "tests/consensus/chain/simdisk.h"
#include "tests/consensus/chain/smallchain.h"

#define DIR SEGMENTS_DIR
#define BLOCKS 12
#define LARGE (23u << 20) /* three of them fill a segment */

static struct hash
id_of(uint64_t height)
{
	return hash_bytes("test.id", &height, sizeof(height));
}

/* Block `height` of `len` bytes: its number, again and again. */
static void
append(struct segments *s, uint64_t height, uint32_t len)
{
	struct hash id = id_of(height);
	uint8_t *buf = malloc(len);

	assert_non_null(buf);
	memset(buf, (int)height, len);
	assert_int_equal(segments_append(s, &id, buf, len), 0);
	free(buf);
}

static void
make_chain(struct simdisk *d, uint64_t head, uint32_t len)
{
	struct hash id = id_of(0);
	struct segments s;

	assert_int_equal(segments_create(&d->disk, DIR, &id, "genesis", 7), 0);
	assert_int_equal(segments_open(&s, &d->disk, DIR, SEGMENTS_REPAIR,
			     NULL),
	    0);
	for (uint64_t h = 1; h <= head; h++)
		append(&s, h, len);
	segments_close(&s);
}

/* The chain before `height` is as it was, and grows again. */
static void
check_cut(struct simdisk *d, uint64_t height, uint32_t len)
{
	struct segments s;
	uint8_t *data;
	uint32_t got;

	assert_int_equal(segments_open(&s, &d->disk, DIR, SEGMENTS_REPAIR,
			     NULL),
	    0);
	assert_int_equal(segments_head(&s), height - 1);
	for (uint64_t h = 1; h < height; h++) {
		assert_int_equal(segments_read(&s, h, &data, &got), 0);
		assert_int_equal(got, len);
		assert_int_equal(data[len - 1], (uint8_t)h);
		free(data);
	}
	append(&s, height, len);
	append(&s, height + 1, len);
	segments_close(&s);
	assert_int_equal(segments_open(&s, &d->disk, DIR, SEGMENTS_READ, NULL),
	    0);
	assert_int_equal(segments_head(&s), height + 1);
	segments_close(&s);
}

static void
open_damaged(struct simdisk *d, uint64_t height, struct segments_report *r)
{
	struct segments s;

	assert_int_equal(segments_open(&s, &d->disk, DIR, SEGMENTS_REPAIR, r),
	    -EBADMSG);
	assert_int_equal(r->height, height);
}

static uint64_t
place_of(struct simdisk *d, uint64_t height)
{
	struct segments s;
	uint64_t at;

	assert_int_equal(segments_open(&s, &d->disk, DIR, SEGMENTS_READ, NULL),
	    0);
	at = segments_find(&s, height)->offset;
	segments_close(&s);
	return at;
}

static void
test_every_record(void **state)
{
	static const unsigned where[] = {3, 30, 121, 300};
	struct segments_report r;
	struct simdisk_image *kept;
	struct simdisk d;
	uint64_t at;

	(void)state;
	for (uint64_t h = 1; h < BLOCKS; h++) {
		simdisk_init(&d, h);
		make_chain(&d, BLOCKS, 900);
		at = place_of(&d, h);
		simdisk_flip(&d, DIR "/000001.seg", 8 * (at + where[h % 4]));
		open_damaged(&d, h, &r);
		assert_int_equal(r.start, at);
		assert_int_equal(salvage_chain(&d.disk, DIR, &r), 0);
		kept = simdisk_image(&d, DIR "/000001.damaged-1");
		assert_non_null(kept);
		/* The record behind the damaged one is there, whole. */
		assert_int_equal(kept->data[4096 + 128 + 899], h + 1);
		check_cut(&d, h, 900);
		/* A second time the first copy stays. */
		simdisk_flip(&d, DIR "/000001.seg", 8 * (at + 40));
		open_damaged(&d, h, &r);
		assert_int_equal(salvage_chain(&d.disk, DIR, &r), 0);
		assert_non_null(simdisk_image(&d, DIR "/000001.damaged-1"));
		assert_non_null(simdisk_image(&d, DIR "/000001.damaged-2"));
		check_cut(&d, h, 900);
		simdisk_close(&d);
	}
}

static void
test_block_zero(void **state)
{
	struct segments_report r;
	struct segments s;
	struct simdisk d;

	(void)state;
	simdisk_init(&d, 1);
	make_chain(&d, BLOCKS, 900);
	simdisk_flip(&d, DIR "/000001.seg", 8 * 130);
	open_damaged(&d, 0, &r);
	assert_int_equal(salvage_chain(&d.disk, DIR, &r), 0);
	assert_int_equal(segments_open(&s, &d.disk, DIR, SEGMENTS_REPAIR, NULL),
	    -ENOENT);
	make_chain(&d, 0, 0);
	check_cut(&d, 1, 900);
	simdisk_close(&d);
}

/* Later files go too; a gap in their numbers is damage of its own. */
static void
test_files(void **state)
{
	struct segments_report r;
	struct simdisk d;

	(void)state;
	simdisk_init(&d, 1);
	make_chain(&d, 5, LARGE);
	assert_non_null(simdisk_image(&d, DIR "/000003.seg"));
	simdisk_flip(&d, DIR "/000002.seg", 8 * 200);
	open_damaged(&d, 3, &r);
	assert_int_equal(r.segment, 2);
	assert_int_equal(salvage_chain(&d.disk, DIR, &r), 0);
	assert_null(simdisk_image(&d, DIR "/000002.seg"));
	assert_null(simdisk_image(&d, DIR "/000003.seg"));
	assert_non_null(simdisk_image(&d, DIR "/000003.damaged-1"));
	check_cut(&d, 3, LARGE);
	assert_int_equal(disk_unlink(&d.disk, DIR "/000001.seg"), 0);
	open_damaged(&d, 0, &r);
	assert_int_equal(salvage_chain(&d.disk, DIR, &r), 0);
	simdisk_close(&d);
}

/* A power cut at every change, then again from the start. */
static void
test_crash(void **state)
{
	struct segments_report r;
	struct segments s;
	struct simdisk d;
	unsigned crashes = 0;
	int rc = -1;

	(void)state;
	for (uint64_t k = 1; rc != 0; k++) {
		simdisk_init(&d, k);
		make_chain(&d, BLOCKS, 900);
		simdisk_flip(&d, DIR "/000001.seg",
		    8 * (place_of(&d, 5) + 300));
		open_damaged(&d, 5, &r);
		d.fail_at = d.calls + k;
		d.fail_with = -EIO;
		rc = salvage_chain(&d.disk, DIR, &r);
		crashes += rc != 0;
		simdisk_crash(&d);
		rc = segments_open(&s, &d.disk, DIR, SEGMENTS_REPAIR, &r);
		segments_close(&s);
		if (rc == -EBADMSG) {
			assert_int_equal(r.height, 5);
			assert_int_equal(salvage_chain(&d.disk, DIR, &r), 0);
			rc = 1;
		} else {
			assert_int_equal(rc, 0);
		}
		check_cut(&d, 5, 900);
		simdisk_close(&d);
	}
	assert_true(crashes > 4);
}

static void
test_no_room(void **state)
{
	struct segments_report r;
	struct simdisk d;

	(void)state;
	simdisk_init(&d, 1);
	make_chain(&d, BLOCKS, 900);
	simdisk_flip(&d, DIR "/000001.seg", 8 * (place_of(&d, 5) + 300));
	open_damaged(&d, 5, &r);
	d.bytes_max = SEGMENTS_STEP + 4096;
	assert_int_equal(salvage_chain(&d.disk, DIR, &r), -ENOSPC);
	open_damaged(&d, 5, &r); /* as it was */
	d.bytes_max = 0;
	assert_int_equal(salvage_chain(&d.disk, DIR, &r), 0);
	check_cut(&d, 5, 900);
	simdisk_close(&d);
}

/* A store's start over a chain whose last block was changed. Who founds alone
 * is not alone for ever: the last sound block says whether others signed it. */
static void
test_founded_alone(void **state)
{
	for (uint16_t nsigs = 1; nsigs < 4; nsigs++) {
		struct store_report rep;
		struct smallchain c;
		struct simdisk d;
		struct store s;
		struct hash node;

		(void)state;
		simdisk_init(&d, 1);
		smallchain_open(&c, &d.disk, 1, 20);
		for (int i = 0; i < 2; i++) {
			struct block *b = smallchain_next(&c);

			for (uint16_t k = 1; k < nsigs; k++) {
				c.town.commit.validators[k] = k;
				c.town.commit.sigs[k] = c.town.commit.sigs[0];
			}
			c.town.commit.nsigs = nsigs;
			smallchain_append(&c, b);
			c.town.commit.nsigs = 1;
			block_free(b);
		}
		node = c.town.f.members[0].id;
		assert_int_equal(votelog_create(&d.disk, VOTELOG_NAME, &node),
		    0);
		simdisk_flip(&d, DIR "/000001.seg",
		    8 * (size_t)segments_find(&c.log, 2)->offset + 8 * 200);
		assert_int_equal(store_open(&s, &d.disk, &c.town.f, &node,
				     &rep),
		    nsigs > 1 ? 0 : -EBADMSG);
		assert_int_equal(rep.cut, nsigs > 1);
		assert_int_equal(rep.chain.height, 2);
		if (rep.cut)
			assert_int_equal(segments_head(&s.segments), 1);
		store_close(&s);
		smallchain_close(&c);
		simdisk_close(&d);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_every_record),
	    cmocka_unit_test(test_block_zero),
	    cmocka_unit_test(test_files),
	    cmocka_unit_test(test_crash),
	    cmocka_unit_test(test_no_room),
	    cmocka_unit_test(test_founded_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
