/*
 * test_large.c - how much all links may hold of what is half there, and who
 * gets by while liars hold theirs. In memory, with a clock of its own.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/node/inbox.h"

#define CROWD 30
#define MIB ((size_t)1 << 20)
#define HOLD 1000

struct crowd {
	struct large large;
	struct inbox in[CROWD];
	uint64_t now;
	unsigned nmsgs;
};

static void
crowd_open(struct crowd *c, uint16_t nmembers)
{
	*c = (struct crowd){.now = 5000};
	c->large.nmembers = nmembers;
	c->large.hold_ms = HOLD;
	for (uint16_t i = 0; i < CROWD; i++) {
		inbox_init(&c->in[i], &c->large);
		inbox_from(&c->in[i], i, false);
	}
}

static void
crowd_close(struct crowd *c)
{
	for (size_t i = 0; i < CROWD; i++)
		inbox_close(&c->in[i], c->now);
	assert_null(c->large.first);
	assert_int_equal(c->large.held, 0);
}

/* As much of a message of total bytes, from what has come of it on, as there is
 * credit for, but never its last `keep` bytes. Its bytes now. */
static size_t
push(struct crowd *c, uint16_t i, enum frame_class cls, size_t total,
    size_t keep)
{
	static const uint8_t chunk[FRAME_CHUNK];
	struct inbox *b = &c->in[i];
	struct assembly_part *p = &b->in.part[cls];

	for (;;) {
		size_t left = total - p->len;
		struct fragment f = {.cls = cls, .bytes = chunk};
		uint8_t *data;
		size_t len;

		(void)inbox_grant(b, cls);
		f.total = (uint32_t)total;
		f.len = left < FRAME_CHUNK ? left : FRAME_CHUNK;
		if (left - f.len < keep || f.len > b->allowed[cls])
			return p->len;
		f.flags = (p->open ? 0u : FRAME_FIRST) |
		    (f.len == left ? FRAME_LAST : 0u);
		if (inbox_add(b, &f, c->now, &data, &len) == FRAME_OK) {
			assert_int_equal(len, total);
			free(data);
			c->nmsgs++;
			return total;
		}
		assert_true(p->open);
	}
}

/* No update of any federation is large; the sum is one message's. */
static void
test_share(void **state)
{
	struct large g = {.nmembers = 1};

	(void)state;
	for (; g.nmembers <= FEDERATION_MAX_MEMBERS; g.nmembers++) {
		assert_true(large_share(&g) >= 36 * MIB / g.nmembers + 2048);
		assert_true(large_share(&g) == MIB ||
		    g.nmembers * large_share(&g) <= 40 * MIB);
	}
}

/* Everybody lies in both classes: places and shares bound the sum. */
static void
test_bounded(void **state)
{
	const size_t total = 4 * MIB;
	struct crowd c;
	size_t held = 0, most = CROWD * 2 * MIB + LARGE_PLACES * (total - MIB);

	(void)state;
	crowd_open(&c, 100);
	for (int turn = 0; turn < 3; turn++) {
		held = 0;
		for (uint16_t i = 0; i < CROWD; i++) {
			held += push(&c, i, FRAME_B, total, 1);
			held += push(&c, i, FRAME_D, total, 1);
			(void)inbox_retry(&c.in[i], c.now);
			for (int k = 0; k < FRAME_NCLASSES; k++)
				assert_true(c.in[i].in.part[k].cap <= total);
		}
	}
	assert_int_equal(c.large.held, LARGE_PLACES);
	assert_true(held <= most);
	assert_true(held > CROWD * 2 * (MIB - FRAME_CHUNK));
	crowd_close(&c);
}

/* What an honest member sends comes while all others keep their halves, and a
 * block of 40 MiB too, as long as they are fewer than the places. */
static void
test_honest_gets_by(void **state)
{
	const uint16_t honest = CROWD - 1;
	struct crowd c;

	(void)state;
	crowd_open(&c, 20);
	for (uint16_t i = 0; i < LARGE_PLACES - 1; i++)
		(void)push(&c, i, FRAME_D, 40 * MIB, 39 * MIB);
	assert_int_equal(c.large.held, LARGE_PLACES - 1);
	assert_int_equal(push(&c, honest, FRAME_D, 40 * MIB, 0), 40 * MIB);
	assert_int_equal(c.nmsgs, 1);
	for (uint16_t i = LARGE_PLACES - 1; i < honest; i++)
		(void)push(&c, i, FRAME_B, 40 * MIB, 39 * MIB);
	assert_int_equal(c.large.held, LARGE_PLACES);
	for (int k = 0; k < 20; k++)
		(void)push(&c, honest, FRAME_B, 36 * MIB / 20, 0);
	assert_int_equal(c.nmsgs, 21);
	/* The block waits now, with a window of it and no more; an update of
	 * the other class goes by. */
	assert_true(push(&c, honest, FRAME_D, 40 * MIB, 0) <= MIB);
	assert_true(push(&c, honest, FRAME_D, 40 * MIB, 0) <= MIB);
	(void)push(&c, honest, FRAME_B, 36 * MIB / 20, 0);
	assert_int_equal(c.nmsgs, 22);
	crowd_close(&c);
}

static unsigned
must_go(const struct crowd *c)
{
	unsigned n = 0;

	for (size_t i = 0; i < CROWD; i++)
		n += inbox_must_go(&c->in[i], c->now);
	return n;
}

/* All places are held by links that stall: one after the other goes, the
 * slowest first, and never an honest one that is faster. */
static void
test_turns(void **state)
{
	const uint16_t honest = CROWD - 1, late = CROWD - 2;
	struct crowd c;

	(void)state;
	crowd_open(&c, 100);
	for (uint16_t i = 0; i < LARGE_PLACES; i++)
		(void)push(&c, i, FRAME_D, 4 * MIB,
		    i == 3 ? 3 * MIB - FRAME_CHUNK : 2 * MIB);
	/* Nobody waits, nobody goes. */
	c.now += 100 * HOLD;
	assert_int_equal(must_go(&c), 0);
	c.now -= 99 * HOLD + 1;
	assert_int_equal(push(&c, honest, FRAME_D, 3 * MIB, 0), MIB);
	assert_int_equal(push(&c, late, FRAME_D, 3 * MIB, 0), MIB);
	assert_int_equal(must_go(&c), 0);
	c.now += 1;
	assert_int_equal(must_go(&c), 1);
	assert_true(inbox_must_go(&c.in[3], c.now));
	inbox_close(&c.in[3], c.now);
	assert_int_equal(must_go(&c), 0);
	/* First come, first served, among those who took no time yet. */
	assert_false(inbox_retry(&c.in[late], c.now));
	assert_true(inbox_retry(&c.in[honest], c.now));
	assert_int_equal(push(&c, honest, FRAME_D, 3 * MIB, 0), 3 * MIB);
	assert_true(inbox_retry(&c.in[late], c.now));
	/* The liar is back, and first in the queue; the honest goes before. */
	inbox_init(&c.in[3], &c.large);
	inbox_from(&c.in[3], 3, false);
	(void)push(&c, 3, FRAME_D, 4 * MIB, MIB);
	(void)push(&c, honest, FRAME_D, 3 * MIB, 0);
	inbox_close(&c.in[late], c.now);
	assert_false(inbox_retry(&c.in[3], c.now));
	assert_true(inbox_retry(&c.in[honest], c.now));
	crowd_close(&c);
}

/* Nine equals on one slow line: whoever is farthest stays until the end. */
static void
test_slow_line_ends(void **state)
{
	const size_t total = 8 * MIB;
	struct crowd c;
	unsigned gone = 0, turn = 0;

	(void)state;
	crowd_open(&c, 100);
	/* As much comes in one hold as makes a fifth of a message. */
	while (c.nmsgs == 0 && c.now < 5000 + 100 * HOLD) {
		for (uint16_t k = 0; k <= LARGE_PLACES; k++) {
			uint16_t i =
			    (uint16_t)((turn + k) % (LARGE_PLACES + 1));
			size_t len = c.in[i].in.part[FRAME_D].len;
			size_t next = len + total / 20;

			if (inbox_must_go(&c.in[i], c.now)) {
				inbox_close(&c.in[i], c.now);
				inbox_init(&c.in[i], &c.large);
				inbox_from(&c.in[i], i, false);
				gone++;
			}
			(void)inbox_retry(&c.in[i], c.now);
			(void)push(&c, i, FRAME_D, total,
			    next < total ? total - next : 0);
		}
		c.now += HOLD / 4;
		turn++;
	}
	assert_int_equal(c.nmsgs, 1);
	assert_true(gone > 0);
	crowd_close(&c);
}

/* Nor does the farthest stay for ever. */
static void
test_lead_ends(void **state)
{
	struct crowd c;

	(void)state;
	crowd_open(&c, 100);
	for (uint16_t i = 0; i < LARGE_PLACES; i++) {
		(void)push(&c, i, FRAME_D, 4 * MIB, i == 0 ? 1 : 2 * MIB);
		c.now += i == 0 ? (LARGE_LEAD - 1) * HOLD : 0;
	}
	(void)push(&c, LARGE_PLACES, FRAME_D, 4 * MIB, 0);
	c.now += HOLD - 1;
	assert_int_equal(must_go(&c), 0);
	for (uint16_t i = 1; i < LARGE_PLACES; i++)
		(void)push(&c, i, FRAME_D, 4 * MIB, 1 + FRAME_CHUNK);
	c.now += 1;
	for (uint16_t i = 1; i < LARGE_PLACES; i++)
		c.in[i].claim.since_ms = c.now;
	assert_int_equal(must_go(&c), 1);
	assert_true(inbox_must_go(&c.in[0], c.now));
	crowd_close(&c);
}

/* Two of 40 MiB at once, for days: nobody waits for them. */
static void
test_two_are_no_crowd(void **state)
{
	struct crowd c;

	(void)state;
	crowd_open(&c, 4);
	for (size_t len = MIB; len < 40 * MIB; len += MIB) {
		(void)push(&c, 0, FRAME_D, 40 * MIB, 40 * MIB - len);
		(void)push(&c, 1, FRAME_D, 40 * MIB, 40 * MIB - len);
		c.now += 100 * HOLD;
		assert_int_equal(must_go(&c), 0);
	}
	(void)push(&c, 0, FRAME_D, 40 * MIB, 0);
	(void)push(&c, 1, FRAME_D, 40 * MIB, 0);
	assert_int_equal(c.nmsgs, 2);
	crowd_close(&c);
}

/* One place a link: the second class asks when the first is through. */
static void
test_one_a_link(void **state)
{
	struct crowd c;

	(void)state;
	crowd_open(&c, 100);
	(void)push(&c, 0, FRAME_B, 3 * MIB, 1);
	assert_int_equal(push(&c, 0, FRAME_D, 3 * MIB, 0), MIB);
	assert_false(inbox_retry(&c.in[0], c.now));
	assert_int_equal(push(&c, 0, FRAME_B, 3 * MIB, 0), 3 * MIB);
	assert_true(inbox_retry(&c.in[0], c.now));
	assert_true(inbox_grant(&c.in[0], FRAME_D) > 0);
	assert_int_equal(push(&c, 0, FRAME_D, 3 * MIB, 0), 3 * MIB);
	crowd_close(&c);
}

static void
test_guests_have_none(void **state)
{
	const uint8_t byte = 1;
	struct fragment f = {.cls = FRAME_D,
	    .flags = FRAME_FIRST,
	    .total = MIB,
	    .bytes = &byte,
	    .len = 1};
	struct crowd c;
	uint8_t *data;
	size_t len;

	(void)state;
	crowd_open(&c, 4);
	inbox_from(&c.in[0], UINT16_MAX - 1, true);
	assert_int_equal(inbox_add(&c.in[0], &f, 0, &data, &len), FRAME_MORE);
	inbox_close(&c.in[0], 0);
	f.total++;
	assert_int_equal(inbox_add(&c.in[0], &f, 0, &data, &len), FRAME_BAD);
	crowd_close(&c);
}

/* More than there was credit for. */
static void
test_no_credit(void **state)
{
	static const uint8_t chunk[FRAME_CHUNK];
	struct fragment f = {.cls = FRAME_B,
	    .bytes = chunk,
	    .flags = FRAME_FIRST,
	    .total = 2 * MIB,
	    .len = FRAME_CHUNK};
	struct crowd c;
	uint8_t *data;
	size_t len;

	(void)state;
	crowd_open(&c, 100);
	for (size_t i = 0; i < MIB / FRAME_CHUNK; i++) {
		assert_int_equal(inbox_add(&c.in[0], &f, 0, &data, &len),
		    FRAME_MORE);
		f.flags = 0;
	}
	assert_int_equal(inbox_add(&c.in[0], &f, 0, &data, &len), FRAME_BAD);
	assert_int_equal(inbox_grant(&c.in[0], FRAME_B), MIB);
	assert_int_equal(inbox_grant(&c.in[0], FRAME_B), 0);
	assert_int_equal(inbox_add(&c.in[0], &f, 0, &data, &len), FRAME_MORE);
	crowd_close(&c);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_share),
	    cmocka_unit_test(test_bounded),
	    cmocka_unit_test(test_honest_gets_by),
	    cmocka_unit_test(test_turns),
	    cmocka_unit_test(test_slow_line_ends),
	    cmocka_unit_test(test_lead_ends),
	    cmocka_unit_test(test_two_are_no_crowd),
	    cmocka_unit_test(test_one_a_link),
	    cmocka_unit_test(test_guests_have_none),
	    cmocka_unit_test(test_no_credit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
