/* wallclock.h: who has another time than the others proposes nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "consensus/replica/replica.h"
#include "proto/sign.h"
#include "tests/consensus/replica/site.h"

#define HOUR INT64_C(3600000)

static void
says(struct site *s, uint16_t from, int64_t ahead_ms)
{
	struct wire_msg m = {.type = WIRE_STATUS};

	m.u.status.height = 1;
	m.u.status.round = -1;
	m.u.status.polka_round = -1;
	m.u.status.wall_ms =
	    (uint64_t)((int64_t)(SITE_WALL + s->ms) - ahead_ms);
	site_message(s, from, &m);
}

static int64_t
off(const struct site *s)
{
	return replica_progress(s->r).clock_off_ms;
}

static void
test_majority(void **state)
{
	struct site s;

	(void)state;
	site_start(&s);
	assert_int_equal(off(&s), 0); /* nobody has spoken */
	says(&s, 1, HOUR);
	says(&s, 2, HOUR + 5);
	assert_int_equal(off(&s), 0); /* half of the power may be wrong */
	says(&s, 3, HOUR - 7);
	assert_int_equal(off(&s), HOUR - 7);
	says(&s, 3, -HOUR); /* not the same error */
	assert_int_equal(off(&s), 0);
	says(&s, 1, -HOUR);
	says(&s, 2, -HOUR);
	assert_int_equal(off(&s), -HOUR);
	says(&s, 2, 0);
	assert_int_equal(off(&s), 0); /* and alone */
	for (uint16_t i = 1; i < 4; i++)
		says(&s, i, HOUR);
	assert_int_equal(off(&s), HOUR);
	site_peer(&s, 3, false); /* who is gone says nothing any more */
	assert_int_equal(off(&s), 0);
	site_close(&s);
}

/* What is on its way looks as if we were ahead. */
static void
test_limits(void **state)
{
	struct site s;
	int64_t precision, delay;

	(void)state;
	site_start(&s);
	precision = s.f.timing.precision;
	delay = s.f.timing.delay;
	for (int64_t d = -1; d <= 1; d++) {
		for (uint16_t i = 1; i < 4; i++)
			says(&s, i, precision + delay + d);
		assert_int_equal(off(&s), d > 0 ? precision + delay + d : 0);
		for (uint16_t i = 1; i < 4; i++)
			says(&s, i, -precision + d);
		assert_int_equal(off(&s), d < 0 ? -precision + d : 0);
	}
	/* Any number may stand in a message. */
	for (uint16_t i = 1; i < 4; i++) {
		struct wire_msg m = {.type = WIRE_STATUS};

		m.u.status.height = 1;
		m.u.status.round = -1;
		m.u.status.polka_round = -1;
		m.u.status.wall_ms = UINT64_MAX / 2 + i;
		site_message(&s, i, &m);
	}
	assert_true(off(&s) != 0);
	site_close(&s);
}

/* Two others are in round 3, which is our turn. */
static void
our_turn(struct site *s)
{
	struct wire_msg m = {.type = WIRE_VOTE};
	struct hash id;

	assert_int_equal(federation_id(&s->f, &id), 0);
	for (uint16_t i = 1; i < 3; i++) {
		m.u.vote = (struct vote){.type = VOTE_PREVOTE,
		    .height = 1,
		    .round = 3,
		    .validator = i};
		vote_sign(&m.u.vote, s->keys[i], &id);
		site_message(s, i, &m);
	}
}

static bool
proposes(struct site *s)
{
	bool yes = false;

	for (int k = 0; k < 60 && !yes; k++) {
		site_durable(s);
		yes = site_sent(s, WIRE_PROPOSAL) != NULL;
		s->ms += 1;
		site_simple(s, REPLICA_EV_TIME);
	}
	return yes;
}

static void
test_no_proposal(void **state)
{
	struct site s;

	(void)state;
	for (int wrong = 0; wrong < 2; wrong++) {
		site_start(&s);
		for (uint16_t i = 1; i < 4; i++)
			says(&s, i, wrong ? -HOUR : 1);
		our_turn(&s);
		assert_int_equal(proposes(&s), !wrong);
		/* The clock is set, the round not over. */
		for (uint16_t i = 1; wrong && i < 4; i++)
			says(&s, i, 1);
		assert_int_equal(proposes(&s), wrong);
		site_close(&s);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_majority),
	    cmocka_unit_test(test_limits),
	    cmocka_unit_test(test_no_proposal),
	};

	assert_int_equal(sign_setup(), 0);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
