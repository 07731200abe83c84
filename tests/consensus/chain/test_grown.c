/*
 * A start without the vote log, by how many sit now: four and more can say how
 * far this node may have signed, however few of them founded the federation.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "consensus/replica/store.h"
#include "grown.h"
#include "tests/consensus/ledger/poll.h"

static const struct hash node = {.b = {1}};

static void
start_without(struct simdisk *d, struct town *t, int want)
{
	struct store_report rep;
	struct store s;

	assert_int_equal(store_open(&s, &d->disk, &t->f, &node, &rep), want);
	assert_int_equal(rep.part, want == 0 ? STORE_POOL : STORE_VOTELOG);
	assert_int_equal(rep.log_number, want == 0);
	assert_int_equal(s.unsure, want == 0);
	store_close(&s);
	/* Once more it is the same: no floor stands in the new one yet. */
	assert_int_equal(store_open(&s, &d->disk, &t->f, &node, &rep), want);
	assert_int_equal(s.unsure, want == 0);
	store_close(&s);
}

static void
by_who_sits(void **state)
{
	static const struct {
		uint16_t founders, more;
		int want;
	} cases[] = {{3, 0, -ENOENT}, {3, 1, 0}, {2, 1, -ENOENT}, {4, 0, 0}};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct simdisk d;
		struct town t;

		simdisk_init(&d, 1);
		grown_make(&d, &t, cases[i].founders, cases[i].more);
		start_without(&d, &t, cases[i].want);
		poll_end(&t);
		simdisk_close(&d);
	}
}

/* Three founders and one who came; the record that is damaged, counted from the
 * chain's end. */
static void
damaged(unsigned from_end, int want)
{
	const char *name = SEGMENTS_DIR "/000001.seg";
	struct segments log;
	struct simdisk d;
	struct town t;
	uint64_t at;

	simdisk_init(&d, 1);
	grown_make(&d, &t, 3, 1);
	assert_int_equal(segments_open(&log, &d.disk, SEGMENTS_DIR,
			     SEGMENTS_READ, NULL),
	    0);
	if (from_end > segments_head(&log))
		from_end = (unsigned)segments_head(&log);
	at = segments_find(&log, segments_head(&log) - from_end)->offset;
	segments_close(&log);
	simdisk_flip(&d, name, 8 * (size_t)at + 8 * 200);
	start_without(&d, &t, want);
	poll_end(&t);
	simdisk_close(&d);
}

/* A chain whose end is damaged says who sat before that, and one that cannot
 * be read at all says nothing: then the founders count. */
static void
by_what_is_sound(void **state)
{
	(void)state;
	damaged(0, 0);
	damaged(UINT32_MAX, -ENOENT);
}

static void
no_chain(void **state)
{
	const struct town_setup setup = {.n = 3, .rounds = 12};
	struct simdisk d;
	struct town t;

	(void)state;
	simdisk_init(&d, 1);
	town_open(&t, &setup);
	start_without(&d, &t, -ENOENT);
	town_close(&t);
	simdisk_close(&d);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(by_who_sits),
	    cmocka_unit_test(by_what_is_sound),
	    cmocka_unit_test(no_chain),
	};

	return sign_setup() < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
