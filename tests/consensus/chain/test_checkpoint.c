/* Checkpoints: a start from one is a start from block 1, and whatever else lies
 * there is passed over. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "consensus/chain/checkpoint.h"
#include "consensus/ledger/image.h"
#include "consensus/replica/store.h"
#include "simdisk.h"
#include "smallchain.h"

#define HEAD 24
#define EVERY 5

static struct simdisk disk;
static struct smallchain chain;
static const struct hash node = {.b = {1}};

static char *
name_of(uint64_t height)
{
	static char name[DISK_NAME_MAX];

	snprintf(name, sizeof(name), "%s/%012llu.state", CHECKPOINT_DIR,
	    (unsigned long long)height);
	return name;
}

static void
save(uint64_t keep)
{
	assert_int_equal(checkpoint_write(&chain.log, &chain.town.f,
			     chain.town.l, keep),
	    0);
}

/* A chain of HEAD blocks with a checkpoint after every fifth. */
static int
setup(void **state)
{
	(void)state;
	simdisk_init(&disk, 3);
	smallchain_open(&chain, &disk.disk, 4, 12);
	for (int i = 1; i <= HEAD; i++) {
		smallchain_step(&chain);
		if (i % EVERY == 0)
			save(0);
	}
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	smallchain_close(&chain);
	simdisk_close(&disk);
	return 0;
}

/* The height of what is found; 0: nothing. */
static uint64_t
find(uint64_t max, unsigned passed)
{
	struct checkpoint_report report;
	struct ledger *l;

	assert_int_equal(checkpoint_read(&chain.log, &chain.town.f, max, &l,
			     &report),
	    0);
	assert_int_equal(report.passed, passed);
	assert_int_equal(l ? ledger_height(l) : 0, report.height);
	ledger_free(l);
	return report.height;
}

static void
test_newest(void **state)
{
	(void)state;
	assert_int_equal(find(HEAD, 0), 20);
	assert_int_equal(find(20, 0), 20);
	assert_int_equal(find(19, 0), 15);
	assert_int_equal(find(4, 0), 0);
	assert_int_equal(find(0, 0), 0);
}

/* The state of a node that starts from this disk, as its image. */
static void
start(uint64_t every, struct checkpoint_report *from, struct bytes_writer *w)
{
	struct replica_config cfg = {.federation = &chain.town.f,
	    .key = chain.town.keys[0]};
	struct store s = STORE_INIT;
	struct store_report rep;
	struct replica *r;
	uint64_t height;

	assert_int_equal(store_open(&s, &disk.disk, cfg.federation, &node,
			     &rep),
	    0);
	assert_int_equal(replica_new(&cfg, &r), 0);
	s.every = every;
	assert_int_equal(store_load(&s, r, &height), 0);
	*from = s.checkpoint;
	*w = BYTES_WRITER_INIT;
	ledger_image(replica_ledger(r), w);
	assert_int_equal(w->error, 0);
	replica_free(r);
	store_close(&s);
}

/* From each of them, with the blocks that follow, as from block 1. */
static void
test_start(void **state)
{
	struct checkpoint_report from;
	struct bytes_writer all, some;
	uint8_t *kept;

	(void)state;
	assert_int_equal(votelog_create(&disk.disk, VOTELOG_NAME, &node), 0);
	start(0, &from, &all);
	assert_int_equal(from.height, 0);
	for (uint64_t h = 20;; h -= EVERY) {
		start(EVERY, &from, &some);
		assert_int_equal(from.height, h);
		assert_int_equal(from.passed, (20 - h) / EVERY);
		assert_int_equal(some.len, all.len);
		assert_memory_equal(some.data, all.data, all.len);
		bytes_writer_close(&some);
		if (h == 0)
			break;
		kept = simdisk_image(&disk, name_of(h))->data;
		kept[h] ^= 4; /* the next start does without it */
	}
	bytes_writer_close(&all);
	for (uint64_t h = EVERY; h <= 20; h += EVERY)
		simdisk_image(&disk, name_of(h))->data[h] ^= 4;
	assert_int_equal(find(HEAD, 0), 20);
}

static void
test_flipped_bits(void **state)
{
	struct simdisk_image *i = simdisk_image(&disk, name_of(20));
	const size_t step = getenv("QML_TEST_LONG") ? 1 : 61;

	(void)state;
	for (size_t bit = 0; bit < 8 * i->size;
	     bit += bit < 8 * 48 ? 7 : step) {
		i->data[bit / 8] ^= (uint8_t)(1u << bit % 8);
		if (find(HEAD, 1) != 15)
			fail_msg("a flip of bit %zu is not found", bit);
		i->data[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	assert_int_equal(find(HEAD, 0), 20);
}

static void
test_cut_short(void **state)
{
	struct simdisk_image *i = simdisk_image(&disk, name_of(20));
	const size_t whole = i->size;

	(void)state;
	for (size_t n = 0; n < whole; n += n < 100 ? 1 : 997) {
		i->size = n;
		assert_int_equal(find(HEAD, 1), 15);
	}
	i->size = whole;
}

/* Sound, but of another block, another federation, or a later height. */
static void
test_not_ours(void **state)
{
	static struct simdisk other_disk;
	struct smallchain other;
	struct ledger *l;
	struct simdisk_image *i = simdisk_image(&disk, name_of(20));
	struct simdisk_image was = *i;

	(void)state;
	/* Under a name that is not its own. */
	*i = *simdisk_image(&disk, name_of(15));
	assert_int_equal(find(HEAD, 1), 15);
	*i = was;
	/* The same members, another history. */
	simdisk_init(&other_disk, 4);
	smallchain_open(&other, &other_disk.disk, 4, 12);
	other.town.now_ms += 1;
	for (int k = 1; k <= 20; k++) {
		other.town.rng += 77;
		smallchain_step(&other);
	}
	assert_int_equal(checkpoint_write(&other.log, &other.town.f,
			     other.town.l, 0),
	    0);
	if (!hash_equal(&segments_find(&other.log, 20)->id,
		&segments_find(&chain.log, 20)->id)) {
		*i = *simdisk_image(&other_disk, name_of(20));
		assert_int_equal(find(HEAD, 1), 15);
		*i = was;
	}
	smallchain_close(&other);
	simdisk_close(&other_disk);
	/* Of a federation of another size. */
	simdisk_init(&other_disk, 4);
	smallchain_open(&other, &other_disk.disk, 5, 12);
	assert_int_equal(checkpoint_decode(&other.town.f, i->data, i->size, &l),
	    -EBADMSG);
	smallchain_close(&other);
	simdisk_close(&other_disk);
	assert_int_equal(find(HEAD, 0), 20);
}

/* A ledger that is not where the chain says is not written. */
static void
test_refused(void **state)
{
	struct ledger *l;

	(void)state;
	assert_int_equal(ledger_new(&chain.town.f, &l), 0);
	assert_int_equal(checkpoint_write(&chain.log, &chain.town.f, l, 0),
	    -EINVAL);
	ledger_free(l);
	assert_int_equal(find(HEAD, 0), 20);
}

/* The newest that may be needed stays, those before it go. */
static void
test_dropped(void **state)
{
	(void)state;
	save(17);
	assert_null(simdisk_image(&disk, name_of(10)));
	assert_int_equal(find(19, 0), 15);
	save(HEAD);
	assert_null(simdisk_image(&disk, name_of(15)));
	assert_null(simdisk_image(&disk, name_of(20)));
	assert_int_equal(find(HEAD, 0), HEAD);
}

/* As a node writes them: now and then, and always two. */
static void
test_every(void **state)
{
	struct store s = STORE_INIT;
	const uint64_t from = segments_head(&chain.log);

	(void)state;
	s.every = EVERY;
	s.saved = from;
	for (int i = 0; i < 2 * EVERY; i++) {
		smallchain_step(&chain);
		s.segments = chain.log; /* lent */
		assert_int_equal(store_checkpoint(&s, &chain.town.f,
				     chain.town.l),
		    (i + 1) % EVERY == 0);
		chain.log = s.segments;
	}
	assert_int_equal(s.saved, from + 10);
	assert_null(simdisk_image(&disk, name_of(from)));
	assert_int_equal(find(from + 9, 0), from + 5);
	assert_int_equal(find(from + 10, 0), from + 10);
}

/* A power cut or a failure at every call: what is found is whole, and the one
 * before is there until then. */
static void
test_power_cuts(void **state)
{
	struct checkpoint_report found;
	uint64_t last = segments_head(&chain.log), now;
	unsigned nwhole = 0;
	struct ledger *l;
	int rc;

	(void)state;
	for (unsigned seed = 0; seed < 36; seed++) {
		if (last == segments_head(&chain.log))
			smallchain_step(&chain);
		now = segments_head(&chain.log);
		disk.random = seed;
		disk.fail_at = disk.calls + 1 + seed % 12;
		disk.fail_with = seed % 3 ? -ENOSPC : -EIO;
		rc = checkpoint_write(&chain.log, &chain.town.f, chain.town.l,
		    now);
		disk.fail_at = 0;
		segments_close(&chain.log);
		simdisk_crash(&disk);
		disk.disk.dead = false;
		assert_int_equal(segments_open(&chain.log, &disk.disk,
				     SEGMENTS_DIR, SEGMENTS_REPAIR, NULL),
		    0);
		assert_int_equal(checkpoint_read(&chain.log, &chain.town.f, now,
				     &l, &found),
		    0);
		ledger_free(l);
		assert_true(
		    found.height == now || (rc < 0 && found.height == last));
		last = found.height;
		nwhole += rc == 0;
	}
	assert_true(nwhole > 0 && nwhole < 36);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_newest),
	    cmocka_unit_test(test_start),
	    cmocka_unit_test(test_flipped_bits),
	    cmocka_unit_test(test_cut_short),
	    cmocka_unit_test(test_not_ours),
	    cmocka_unit_test(test_refused),
	    cmocka_unit_test(test_dropped),
	    cmocka_unit_test(test_every),
	    cmocka_unit_test(test_power_cuts),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
