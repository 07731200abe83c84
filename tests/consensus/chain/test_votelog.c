/* The vote log: nothing that was acknowledged is ever forgotten. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "consensus/chain/votelog.h"
#include "consensus/chain/votepage.h"
#include "simdisk.h"

#define HALF VOTELOG_HALF_BYTES
#define BITS (8 * (size_t)DISK_PAGE)

static const struct hash node = {{7}};

/* In `make check-long` no bit is left out. */
static unsigned
step(unsigned usual)
{
	return getenv("QML_TEST_LONG") ? 1 : usual;
}

static struct hash
id_of(uint64_t v)
{
	return hash_bytes("test.id", &v, sizeof(v));
}

/* The i-th thing a node signs: three votes a height, an answer in between. */
static struct votelog_record
record_of(uint64_t i)
{
	struct votelog_record r = {.type = VOTELOG_BFT};

	if (i % 10 == 9) {
		r.type = VOTELOG_ANSWER;
		r.answer.fl_round = i;
		r.answer.id = id_of(i);
		return r;
	}
	if (i % 10 == 8) {
		r.type = VOTELOG_ATTEST;
		r.attest.fl_round = i / 20;
		r.attest.seq = (uint32_t)i;
		r.attest.digest = id_of(i);
		return r;
	}
	r.bft.type = (uint8_t)(i % 3);
	r.bft.height = i / 3;
	r.bft.valid_round = BFT_NO_ROUND;
	r.bft.block = id_of(i / 3);
	r.bft.locked = (struct bft_mark){.round = BFT_NO_ROUND};
	r.bft.valid = (struct bft_mark){.block = id_of(i / 3), .round = 0};
	return r;
}

struct seen {
	uint64_t first, last, n;
	struct votelog_record newest;
};

static int
see(void *arg, uint64_t seq, const struct votelog_record *r)
{
	struct seen *s = arg;
	struct votelog_record due = record_of(seq);

	assert_true(s->n == 0 || seq == s->last + 1);
	if (s->n++ == 0)
		s->first = seq;
	s->last = seq;
	assert_int_equal(r->type, due.type);
	if (r->type == VOTELOG_BFT) {
		assert_int_equal(r->bft.type, due.bft.type);
		assert_int_equal(r->bft.height, due.bft.height);
		assert_int_equal(r->bft.valid_round, BFT_NO_ROUND);
		assert_int_equal(r->bft.locked.round, BFT_NO_ROUND);
		assert_int_equal(r->bft.valid.round, 0);
		assert_true(hash_equal(&r->bft.block, &due.bft.block));
	}
	s->newest = *r;
	return 0;
}

static int
open_log(struct votelog *v, struct simdisk *d, struct seen *seen,
    struct votelog_report *report)
{
	struct votelog_open_args args = {
	    .name = VOTELOG_NAME,
	    .node = node,
	    .replay = seen ? see : NULL,
	    .arg = seen,
	    .report = report,
	};

	if (seen)
		*seen = (struct seen){0};
	return votelog_open(v, &d->disk, &args);
}

/* Records 1..n. */
static void
make_log(struct simdisk *d, uint64_t n)
{
	struct votelog_record r;
	struct votelog v;
	uint64_t i;

	assert_int_equal(votelog_create(&d->disk, VOTELOG_NAME, &node), 0);
	assert_int_equal(open_log(&v, d, NULL, NULL), 0);
	for (i = 1; i <= n; i++) {
		r = record_of(i);
		assert_int_equal(votelog_append(&v, &r), 0);
	}
	votelog_close(&v);
}

static void
check_log(struct simdisk *d, uint64_t n, unsigned nmended)
{
	struct votelog_report report;
	struct seen seen;
	struct votelog v;

	assert_int_equal(open_log(&v, d, &seen, &report), 0);
	assert_int_equal(seen.n, n < VOTELOG_SLOTS ? n : VOTELOG_SLOTS);
	assert_int_equal(seen.last, n);
	assert_int_equal(report.nmended, nmended);
	assert_int_equal(v.seq, n);
	votelog_close(&v);
}

static void
test_life(void **state)
{
	const uint64_t sizes[] = {0, 1, 254, 255, 256, 300, 1000};
	struct votelog_open_args args = {.name = VOTELOG_NAME, .node = {{8}}};
	struct simdisk d;
	struct votelog v;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		simdisk_init(&d, 1);
		assert_int_equal(open_log(&v, &d, NULL, NULL), -ENOENT);
		make_log(&d, sizes[i]);
		assert_int_equal(votelog_create(&d.disk, VOTELOG_NAME, &node),
		    -EEXIST);
		check_log(&d, sizes[i], 0);
		assert_int_equal(votelog_open(&v, &d.disk, &args), -EINVAL);
		assert_int_equal(simdisk_image(&d, VOTELOG_NAME)->size,
		    2 * HALF);
		simdisk_close(&d);
	}
}

/* The ring turned many times over: the newest record still knows all. */
static void
test_cumulative(void **state)
{
	struct votelog_record r = record_of(9);
	struct simdisk d;
	struct votelog v;
	uint64_t h;

	(void)state;
	simdisk_init(&d, 1);
	make_log(&d, 0);
	assert_int_equal(open_log(&v, &d, NULL, NULL), 0);
	assert_int_equal(votelog_append(&v, &r), 0);
	r = record_of(18);
	assert_int_equal(votelog_append(&v, &r), 0);
	for (h = 0; h < 1000; h++) {
		r = record_of(1);
		r.bft.height = h;
		assert_int_equal(votelog_append(&v, &r), 0);
	}
	votelog_close(&v);
	assert_int_equal(open_log(&v, &d, NULL, NULL), 0);
	assert_true(v.last.has_answer && v.last.has_attest && v.last.has_bft);
	assert_int_equal(v.last.answer.fl_round, 9);
	assert_int_equal(v.last.attest.seq, 18);
	assert_int_equal(v.last.bft.height, 999);
	r = record_of(9);
	r.answer.id = id_of(1234);
	assert_int_equal(votelog_append(&v, &r), -EPERM);
	votelog_close(&v);
	simdisk_close(&d);
}

static void
test_guards(void **state)
{
	struct votelog_record r = record_of(31), x;
	struct simdisk d;
	struct votelog v;
	uint64_t seq;
	int reopened;

	(void)state;
	simdisk_init(&d, 1);
	make_log(&d, 0);
	assert_int_equal(open_log(&v, &d, NULL, NULL), 0);
	r.bft.round = 4;
	assert_int_equal(votelog_append(&v, &r), 0);
	x = record_of(29);
	assert_int_equal(votelog_append(&v, &x), 0); /* answer, round 29 */
	x = record_of(38);
	assert_int_equal(votelog_append(&v, &x), 0); /* attest 1, seq 38 */
	for (reopened = 0; reopened < 2; reopened++) {
		seq = v.seq;
		assert_int_equal(votelog_append(&v, &r), 0); /* the same */
		assert_int_equal(v.seq, seq);
		x = r;
		x.bft.block = id_of(99);
		assert_int_equal(votelog_append(&v, &x), -EPERM);
		x.bft.block = (struct hash){{0}};
		assert_int_equal(votelog_append(&v, &x), -EPERM);
		x = r;
		x.bft.round = 3;
		assert_int_equal(votelog_append(&v, &x), -EPERM);
		x = r;
		x.bft.height--;
		x.bft.round = 9;
		assert_int_equal(votelog_append(&v, &x), -EPERM);
		x = record_of(29);
		assert_int_equal(votelog_append(&v, &x), 0);
		x.answer.id = id_of(1);
		assert_int_equal(votelog_append(&v, &x), -EPERM);
		x.answer.fl_round = 28;
		assert_int_equal(votelog_append(&v, &x), -EPERM);
		x = record_of(38);
		assert_int_equal(votelog_append(&v, &x), 0);
		x.attest.digest = id_of(1);
		assert_int_equal(votelog_append(&v, &x), -EPERM);
		x.attest.seq = 37;
		assert_int_equal(votelog_append(&v, &x), -EPERM);
		assert_int_equal(v.seq, seq);
		votelog_close(&v);
		assert_int_equal(open_log(&v, &d, NULL, NULL), 0);
	}
	/* A new lock for the same vote is news, another type too. */
	r.bft.locked.round = 4;
	seq = v.seq;
	assert_int_equal(votelog_append(&v, &r), 0);
	r.bft.type = BFT_RECORD_PRECOMMIT;
	r.bft.block = (struct hash){{0}};
	assert_int_equal(votelog_append(&v, &r), 0);
	assert_int_equal(v.seq, seq + 2);
	x = (struct votelog_record){.type = VOTELOG_HEIGHT, .floor = 20};
	assert_int_equal(votelog_append(&v, &x), 0);
	x.floor = 19;
	assert_int_equal(votelog_append(&v, &x), -EPERM);
	r.bft.height = 19;
	assert_int_equal(votelog_append(&v, &r), -EPERM);
	r.bft.height = 20;
	assert_int_equal(votelog_append(&v, &r), 0);
	votelog_close(&v);
	simdisk_close(&d);
}

/* Bits of a header page and a record page, in either half: mended. */
static void
test_bits(void **state)
{
	struct simdisk d;
	size_t bit, page;
	unsigned half;

	(void)state;
	simdisk_init(&d, 1);
	make_log(&d, 3);
	for (page = 0; page < 3; page += 2)
		for (half = 0; half < 2; half++)
			for (bit = 0; bit < 8 * 320; bit += step(9)) {
				simdisk_flip(&d, VOTELOG_NAME,
				    8 * (size_t)half * HALF + page * BITS +
					bit);
				check_log(&d, 3, 1);
			}
	check_log(&d, 3, 0);
	simdisk_close(&d);
}

/* A bit in sectors of the whole file, in a ring that has turned. */
static void
test_sectors(void **state)
{
	struct simdisk d;
	size_t sector;

	(void)state;
	simdisk_init(&d, 1);
	make_log(&d, 300);
	for (sector = 0; sector < 2 * HALF / DISK_SECTOR; sector += step(31)) {
		simdisk_flip(&d, VOTELOG_NAME,
		    8 * (sector * DISK_SECTOR + sector % DISK_SECTOR) + 3);
		check_log(&d, 300, 1);
	}
	simdisk_close(&d);
}

/* Flip a bit of record seq in both halves. */
static void
flip_both(struct simdisk *d, uint64_t seq)
{
	size_t at = BITS * (1 + seq % VOTELOG_SLOTS) + 77;

	simdisk_flip(d, VOTELOG_NAME, at);
	simdisk_flip(d, VOTELOG_NAME, at + 8 * HALF + 1);
}

/* The same record damaged in both copies. The newest then looks like a write
 * that was cut short; any other is missed. */
static void
test_both_copies(void **state)
{
	struct votelog_report report;
	struct simdisk d;
	struct votelog v;
	uint64_t n, seq;

	(void)state;
	for (n = 20; n <= 300; n += 280) {
		simdisk_init(&d, 1);
		make_log(&d, n);
		for (seq = n < 255 ? 1 : n - 253; seq < n; seq++) {
			flip_both(&d, seq);
			assert_int_equal(open_log(&v, &d, NULL, &report),
			    -EBADMSG);
			assert_int_equal(report.seq, seq);
			flip_both(&d, seq);
		}
		flip_both(&d, n);
		assert_int_equal(open_log(&v, &d, NULL, &report), 0);
		assert_true(report.torn);
		assert_int_equal(v.seq, n - 1);
		votelog_close(&v);
		simdisk_close(&d);
	}
	/* In a full ring the oldest is the one being overwritten next. */
	simdisk_init(&d, 1);
	make_log(&d, 300);
	flip_both(&d, 300 - VOTELOG_SLOTS + 1);
	assert_int_equal(open_log(&v, &d, NULL, &report), 0);
	assert_int_equal(v.seq, 300);
	votelog_close(&v);
	simdisk_close(&d);
	simdisk_init(&d, 1);
	make_log(&d, 5);
	simdisk_flip(&d, VOTELOG_NAME, 70);
	simdisk_flip(&d, VOTELOG_NAME, 71 + 8 * HALF);
	assert_int_equal(open_log(&v, &d, NULL, &report), -EBADMSG);
	assert_int_equal(report.seq, 0);
	simdisk_close(&d);
}

/* A hole in the middle, or half a file: never taken for sound. */
static void
test_wrong_files(void **state)
{
	struct simdisk_image *image;
	struct simdisk d;
	struct votelog v;

	(void)state;
	simdisk_init(&d, 1);
	make_log(&d, 40);
	image = simdisk_image(&d, VOTELOG_NAME);
	memset(image->data + DISK_PAGE * 12, 0, DISK_PAGE);
	memset(image->data + HALF + DISK_PAGE * 12, 0, DISK_PAGE);
	assert_int_equal(open_log(&v, &d, NULL, NULL), -EBADMSG);
	image->size = HALF;
	assert_int_equal(open_log(&v, &d, NULL, NULL), -EBADMSG);
	simdisk_close(&d);
}

static int
work(struct simdisk *d, uint64_t until)
{
	struct votelog_record r;
	struct votelog v;
	uint64_t acked;

	if (open_log(&v, d, NULL, NULL) < 0)
		return -1;
	acked = v.seq;
	while (acked < until) {
		r = record_of(acked + 1);
		if (votelog_append(&v, &r) < 0)
			break;
		acked++;
	}
	if (acked < until)
		assert_true(votelog_append(&v, &r) < 0); /* final */
	votelog_close(&v);
	return (int)acked;
}

/* Power cuts in a row; every acknowledged record is there after each. */
static void
test_power_cuts(void **state)
{
	struct simdisk d;
	struct seen seen;
	struct votelog v;
	uint64_t seed, acked;
	int i, now;

	(void)state;
	for (seed = 1; seed <= 60 / step(4); seed++) {
		simdisk_init(&d, seed);
		make_log(&d, seed % 2 ? 0 : 250);
		acked = seed % 2 ? 0 : 250;
		for (i = 0; i < 12; i++) {
			d.calls = 0;
			d.fail_at = 1 + (seed * 7 + (uint64_t)i * 5) % 11;
			d.fail_with = -EIO;
			now = work(&d, acked + 20);
			if (now > (int)acked)
				acked = (uint64_t)now;
			simdisk_crash(&d);
			assert_int_equal(open_log(&v, &d, &seen, NULL), 0);
			assert_in_range(v.seq, acked, acked + 1);
			acked = v.seq;
			votelog_close(&v);
		}
		simdisk_close(&d);
	}
}

static void
test_one_sync(void **state)
{
	struct votelog_record r = record_of(1);
	struct simdisk d;
	struct votelog v;
	uint64_t syncs;

	(void)state;
	simdisk_init(&d, 1);
	make_log(&d, 0);
	assert_int_equal(open_log(&v, &d, NULL, NULL), 0);
	syncs = d.nsyncs;
	assert_int_equal(votelog_append(&v, &r), 0);
	assert_int_equal(d.nsyncs, syncs + 1);
	votelog_close(&v);
	simdisk_close(&d);
}

/* Some file systems need room to write into what they have reserved. */
static void
test_room_comes_back(void **state)
{
	static const int why[] = {-ENOSPC, -EDQUOT};
	struct votelog_record r;
	struct votelog v;
	struct simdisk d;
	struct seen seen;

	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		simdisk_init(&d, i);
		assert_int_equal(votelog_create(&d.disk, VOTELOG_NAME, &node),
		    0);
		seen = (struct seen){0};
		const struct votelog_open_args args = {.name = VOTELOG_NAME,
		    .node = node,
		    .replay = see,
		    .arg = &seen};

		assert_int_equal(votelog_open(&v, &d.disk, &args), 0);
		r = record_of(1);
		assert_int_equal(votelog_append(&v, &r), 0);
		d.fail_at = d.calls + 1 + i / 2; /* this copy or the other */
		d.fail_with = why[i % 2];
		r = record_of(2);
		assert_int_equal(votelog_append(&v, &r), why[i % 2]);
		assert_int_equal(v.seq, 1);
		assert_int_equal(votelog_append(&v, &r), 0);
		votelog_close(&v);
		simdisk_crash(&d);
		assert_int_equal(votelog_open(&v, &d.disk, &args), 0);
		assert_int_equal(seen.n, 2);
		votelog_close(&v);
		simdisk_close(&d);
	}
}

/* What could not be made whole is not found at the next start: each would be
 * followed by another one. */
static void
test_half_made(void **state)
{
	struct simdisk d;
	unsigned number;

	(void)state;
	for (uint64_t k = 2; k < 5; k++) { /* room, and both copies */
		simdisk_init(&d, k);
		d.fail_at = k;
		d.fail_with = -ENOSPC;
		assert_int_equal(votelog_create(&d.disk, "votes-1.wal", &node),
		    -ENOSPC);
		assert_int_equal(votelog_newest(&d.disk, &number), -ENOENT);
		assert_int_equal(votelog_create(&d.disk, "votes-1.wal", &node),
		    0);
		simdisk_close(&d);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_life),
	    cmocka_unit_test(test_cumulative),
	    cmocka_unit_test(test_guards),
	    cmocka_unit_test(test_bits),
	    cmocka_unit_test(test_sectors),
	    cmocka_unit_test(test_both_copies),
	    cmocka_unit_test(test_wrong_files),
	    cmocka_unit_test(test_power_cuts),
	    cmocka_unit_test(test_one_sync),
	    cmocka_unit_test(test_room_comes_back),
	    cmocka_unit_test(test_half_made),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
