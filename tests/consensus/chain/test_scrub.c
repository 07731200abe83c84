/* scrub.h: every bit of the stored files is looked at when its time comes. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "consensus/chain/scrub.h"
#include "simdisk.h"
#include "smallchain.h"

#define PERIOD UINT64_C(604800000)
#define HEAD 9
#define SEGMENT SEGMENTS_DIR "/000001.seg"
#define TAIL 1000 /* bytes behind the last record that are looked at here */

static const struct hash node = {{7}};

struct stored {
	struct simdisk disk;
	struct smallchain chain;
	struct votelog log;
	struct pool pool;
	struct scrub scrub;
	uint64_t now;
	struct scrub_finding found;
	unsigned nfound;
};

static void
open_all(struct stored *s)
{
	static const char body[] = "a body";
	const struct pool_item item = {POOL_BLOCK, {{1}}, body, sizeof(body)};
	struct votelog_record r = {.type = VOTELOG_BFT};

	*s = (struct stored){.now = 5000};
	simdisk_init(&s->disk, 3);
	smallchain_open(&s->chain, &s->disk.disk, 4, 20);
	for (int i = 0; i < HEAD; i++)
		smallchain_step(&s->chain);
	assert_int_equal(votelog_create(&s->disk.disk, VOTELOG_NAME, &node), 0);
	assert_int_equal(votelog_open(&s->log, &s->disk.disk,
			     &(struct votelog_open_args){.name = VOTELOG_NAME,
				 .node = node}),
	    0);
	for (uint64_t h = 1; h < 6; h++) {
		r.bft.height = h;
		r.bft.block.b[0] = (uint8_t)h;
		assert_int_equal(votelog_append(&s->log, &r), 0);
	}
	assert_int_equal(pool_open(&s->pool, &s->disk.disk, POOL_DIR), 0);
	assert_int_equal(pool_put(&s->pool, &item, 1), 0);
	scrub_begin(&s->scrub, PERIOD, s->now);
}

static void
close_all(struct stored *s)
{
	votelog_close(&s->log);
	smallchain_close(&s->chain);
	simdisk_close(&s->disk);
}

/* All that is due now; returns the steps that it took. */
static unsigned
look(struct stored *s)
{
	const struct scrub_files f = {&s->chain.log, &s->log, &s->pool, NULL};
	struct scrub_finding found;
	unsigned n = 0;
	uint64_t wait;
	int rc;

	s->nfound = 0;
	for (;;) {
		wait = scrub_wait_ms(&s->scrub, s->now);
		if (wait > SCRUB_REST_MS)
			return n;
		s->now += wait;
		rc = scrub_step(&s->scrub, &f, s->now, &found);
		assert_true(rc == 0 || rc == 1);
		if (rc == 1)
			s->found = found;
		s->nfound += rc == 1;
		n++;
	}
}

/* The pool and the index right away, all of it after a week, then after
 * another; nothing between, and nothing ever with period 0. */
static void
test_when(void **state)
{
	struct stored s;

	(void)state;
	open_all(&s);
	assert_int_equal(scrub_wait_ms(&s.scrub, s.now), 0);
	assert_int_equal(look(&s), 2);
	assert_int_equal(s.scrub.passes, 1);
	for (int pass = 2; pass < 4; pass++) {
		const uint64_t began = s.scrub.began_ms;
		const uint64_t wait = scrub_wait_ms(&s.scrub, s.now);

		assert_true(wait > PERIOD - 10 * SCRUB_REST_MS);
		assert_true(wait <= PERIOD);
		s.now += wait - 1;
		assert_int_equal(scrub_wait_ms(&s.scrub, s.now), 1);
		s.now++;
		assert_true(look(&s) >= 4);
		assert_int_equal(s.nfound, 0);
		assert_int_equal(s.scrub.passes, pass);
		assert_int_equal(s.scrub.began_ms, began + PERIOD);
		assert_int_equal(s.scrub.bytes, s.chain.log.tail);
		smallchain_step(&s.chain); /* more, the next time */
	}
	scrub_begin(&s.scrub, 0, s.now);
	assert_true(scrub_wait_ms(&s.scrub, s.now) == UINT64_MAX);
	assert_true(scrub_wait_ms(&s.scrub, UINT64_MAX - 1) == UINT64_MAX);
	close_all(&s);
}

/* Between two pieces the disk is for others, and blocks may be added. */
static void
test_grows_meanwhile(void **state)
{
	struct stored s;
	const struct scrub_files f = {&s.chain.log, &s.log, &s.pool, NULL};

	(void)state;
	open_all(&s);
	look(&s);
	s.now += PERIOD;
	for (int i = 0; i < 3; i++) {
		s.now += scrub_wait_ms(&s.scrub, s.now);
		assert_int_equal(scrub_step(&s.scrub, &f, s.now, &s.found), 0);
		assert_true(scrub_wait_ms(&s.scrub, s.now) > 0);
		assert_int_equal(scrub_step(&s.scrub, &f, s.now, &s.found), 0);
		smallchain_step(&s.chain);
	}
	look(&s);
	assert_int_equal(s.nfound, 0);
	close_all(&s);
}

/* The last file was read to its end; then it gets one more block, and the next
 * ones go into another file. */
static void
test_rotates_meanwhile(void **state)
{
	const uint32_t len = SEGMENTS_BYTES_MAX / 2 - RECORD_ALIGN;
	const struct hash id = {{1}};
	uint8_t *big = calloc(1, len);
	struct stored s;
	const struct scrub_files f = {&s.chain.log, &s.log, &s.pool, NULL};

	(void)state;
	assert_non_null(big);
	open_all(&s);
	look(&s);
	s.now += PERIOD;
	do {
		s.now += scrub_wait_ms(&s.scrub, s.now);
		assert_int_equal(scrub_step(&s.scrub, &f, s.now, &s.found), 0);
	} while (s.scrub.part == SCRUB_CHAIN && s.scrub.segment == 1 &&
	    s.scrub.offset < s.chain.log.tail);
	for (int i = 0; i < 3; i++)
		assert_int_equal(segments_append(&s.chain.log, &id, big, len),
		    0);
	assert_int_equal(s.chain.log.last, 2);
	look(&s);
	assert_int_equal(s.nfound, 0);
	close_all(&s);
	free(big);
}

/* Every byte of the records, their padding and what follows. */
static void
test_chain(void **state)
{
	struct stored s;
	size_t end;

	(void)state;
	open_all(&s);
	look(&s);
	end = s.chain.log.tail + TAIL;
	for (size_t at = 0; at < end; at += at % 4096 < 200 ? 1 : 37) {
		const size_t bit = 8 * at + at % 8;

		simdisk_flip(&s.disk, SEGMENT, bit);
		s.now += PERIOD;
		look(&s);
		if (s.nfound != 1 || s.found.part != SCRUB_CHAIN)
			fail_msg("a flip at %zu is not found", at);
		assert_int_equal(s.found.segment, 1);
		assert_true(s.found.verdict != RECORD_OK);
		assert_true(s.found.offset <= at);
		simdisk_flip(&s.disk, SEGMENT, bit);
	}
	s.now += PERIOD;
	look(&s);
	assert_int_equal(s.nfound, 0);
	close_all(&s);
}

/* A record that is gone altogether. */
static void
test_shorter(void **state)
{
	struct stored s;
	struct simdisk_image *image;

	(void)state;
	open_all(&s);
	look(&s);
	image = simdisk_image(&s.disk, SEGMENT);
	memset(image->data + segments_find(&s.chain.log, HEAD)->offset, 0,
	    (size_t)(s.chain.log.tail -
		segments_find(&s.chain.log, HEAD)->offset));
	s.now += PERIOD;
	look(&s);
	assert_int_equal(s.nfound, 1);
	assert_int_equal(s.found.height, HEAD);
	close_all(&s);
}

/* One copy of a page is mended; both cannot be. */
static void
test_votes(void **state)
{
	struct stored s;

	(void)state;
	open_all(&s);
	look(&s);
	for (size_t at = 0; at < 2 * VOTELOG_HALF_BYTES; at += 1021) {
		simdisk_flip(&s.disk, VOTELOG_NAME, 8 * at + at % 8);
		s.now += PERIOD;
		look(&s);
		if (s.nfound != 1 || s.found.part != SCRUB_VOTES ||
		    s.found.npages != 1)
			fail_msg("a flip at %zu is not mended", at);
		s.now += PERIOD;
		look(&s);
		assert_int_equal(s.nfound, 0);
	}
	/* The newest record, too, for it was durable. */
	for (uint64_t page = 5; page > 2; page--) {
		const size_t bit = 8 * (page * DISK_PAGE + 50);

		simdisk_flip(&s.disk, VOTELOG_NAME, bit);
		simdisk_flip(&s.disk, VOTELOG_NAME,
		    bit + 8 * VOTELOG_HALF_BYTES);
		s.now += PERIOD;
		look(&s);
		assert_int_equal(s.nfound, 1);
		assert_int_equal(s.found.part, SCRUB_VOTES);
		assert_int_equal(s.found.npages, 0);
		simdisk_flip(&s.disk, VOTELOG_NAME, bit);
		simdisk_flip(&s.disk, VOTELOG_NAME,
		    bit + 8 * VOTELOG_HALF_BYTES);
	}
	close_all(&s);
}

/* What is damaged in the pool counts as absent and goes. */
static void
test_pool(void **state)
{
	const struct hash id = {{1}};
	struct stored s;
	struct simdisk_image *image = NULL;
	char name[DISK_NAME_MAX];
	uint8_t *data;
	uint32_t len;
	size_t at = 0;

	(void)state;
	open_all(&s);
	memcpy(name, POOL_DIR "/b-", sizeof(POOL_DIR "/b-"));
	hash_hex(&id, name + strlen(name));
	image = simdisk_image(&s.disk, name);
	assert_non_null(image);
	for (; at < image->size; at += 2) { /* the disk has few places */
		const struct pool_item item = {POOL_BLOCK, id, "a body", 7};

		simdisk_flip(&s.disk, name, 8 * at + at % 8);
		s.now += PERIOD;
		look(&s);
		assert_int_equal(s.nfound, 1);
		assert_int_equal(s.found.part, SCRUB_POOL);
		assert_int_equal(s.found.nobjects, 1);
		assert_int_equal(pool_get(&s.pool, POOL_BLOCK, &id, &data,
				     &len),
		    -ENOENT);
		assert_int_equal(pool_put(&s.pool, &item, 1), 0);
		image = simdisk_image(&s.disk, name);
	}
	assert_true(at > 80);
	close_all(&s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_when),
	    cmocka_unit_test(test_grows_meanwhile),
	    cmocka_unit_test(test_rotates_meanwhile),
	    cmocka_unit_test(test_chain),
	    cmocka_unit_test(test_shorter),
	    cmocka_unit_test(test_votes),
	    cmocka_unit_test(test_pool),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
