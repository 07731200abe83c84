/*
 * Votes before sends, and what a restart must not change. A core that sent
 * before PERSISTED, or that handed out a send in the step that made the
 * record, fails at the first answer of sends_wait_for_the_record; one that
 * forgot to withhold after a restart, at restart_at_every_record.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "trace.h"

static void
persisted(struct trace *t, uint64_t seq)
{
	struct bft_event ev = {.type = BFT_EV_PERSISTED,
	    .now_ms = t->now_ms,
	    .seq = seq};

	bft_step(&t->b, &ev, &t->out);
	bft_check(&t->b);
}

static void
sends_wait_for_the_record(void **state)
{
	static struct trace t;

	(void)state;
	trace_init(&t);
	TRACE_MORE(&t, {"enter 4 3", ""}, {"work", ""},
	    {"offer 0 -1 A", "validate 0 A"}, {"pv 012 0 A", "fetch 0 A"},
	    {"ok A",
		"persist prevote 0 A; "
		"persist precommit 0 A lock A0"});
	/* Other events and acks of nothing new release nothing. */
	persisted(&t, 0);
	assert_int_equal(t.out.nactions, 0);
	TRACE_MORE(&t, {"work", ""}, {"pc 0 0 A", ""}, {"time 10", ""});
	persisted(&t, 1);
	assert_int_equal(t.out.nactions, 1);
	assert_int_equal(t.out.actions[0].type, BFT_SEND_VOTE);
	assert_int_equal(t.out.actions[0].vote.type, VOTE_PREVOTE);
	assert_int_equal(t.out.actions[0].vote.validator, 3);
	persisted(&t, 1);
	assert_int_equal(t.out.nactions, 0);
	persisted(&t, 2);
	assert_int_equal(t.out.nactions, 1);
	assert_int_equal(t.out.actions[0].vote.type, VOTE_PRECOMMIT);
}

static void
slow_disk_drops_the_oldest_send(void **state)
{
	static struct trace t;

	(void)state;
	trace_init(&t);
	TRACE_MORE(&t, {"enter 4 3", ""}, {"work", ""});
	for (uint32_t round = 0; round < 60; round++) {
		char line[32];

		trace_event(&t, "time"); /* prevote nil */
		(void)snprintf(line, sizeof(line), "pv 012 %u -", round);
		trace_event(&t, line);
		(void)snprintf(line, sizeof(line), "pc 012 %u -", round);
		trace_event(&t, line);
		trace_event(&t, "time");
		assert_int_equal(t.b.round, round + 1);
		t.nlog = 0; /* the log of the harness is small */
	}
	assert_int_equal(t.b.dropped_sends, 120 - BFT_MAX_PENDING);
	assert_int_equal(t.b.npending, BFT_MAX_PENDING);
	persisted(&t, t.b.seq);
	assert_int_equal(t.out.nactions, BFT_MAX_PENDING);
	assert_int_equal(t.b.npending, 0);
}

/* A run in which validator 1 proposes, locks, and goes through 3 rounds. */
static const struct trace_line life[] = {
    {"enter 4 1", ""},
    {"work", ""},
    {"offer 0 -1 A", "validate 0 A"},
    {"ok A", "persist prevote 0 A"},
    {"pv 023 0 A", "persist precommit 0 A lock A0"},
    {"pc 023 0 -", ""},
    {"time", "persist proposal 1 0 A lock A0"},
    {"sync", "send prevote 0 A; send precommit 0 A; send proposal 1 0 A"},
    {"feed", "persist prevote 1 A lock A0"},
    {"pv 02 1 -", ""},
    {"pv 3 1 -", "persist precommit 1 - lock A0"},
    {"pc 023 1 -", ""},
    {"time", ""},
    {"offer 2 -1 B", "validate 2 B; persist prevote 2 - lock A0"},
};

/* For every prefix of the log: the sends are the records, byte for byte, the
 * position is the last record's, and a second signature is impossible. */
static void
restart_at_every_record(void **state)
{
	static struct trace t;
	size_t n;

	(void)state;
	trace_init(&t);
	trace_more(&t, life, sizeof(life) / sizeof(life[0]));
	assert_int_equal(t.nlog, 6);
	for (n = 0; n <= 6; n++) {
		const struct bft_record *last = &t.log[n - (n > 0)];

		trace_restart(&t, 4, 1, n);
		assert_int_equal(t.out.verdict, BFT_OK);
		assert_int_equal(t.nsent, n);
		for (size_t i = 0; i < n; i++) {
			const struct bft_action *a = &t.sent[i];
			const struct bft_record *r = &t.log[i];

			assert_int_equal(a->type,
			    r->type == BFT_RECORD_PROPOSAL ? BFT_SEND_PROPOSAL
							   : BFT_SEND_VOTE);
			assert_int_equal(a->round, r->round);
			assert_memory_equal(&a->block, &r->block,
			    sizeof(r->block));
			assert_int_equal(a->valid_round, r->valid_round);
		}
		assert_int_equal(t.b.round, n == 0 ? -1 : (int)last->round);
		if (n > 0)
			assert_int_equal(t.b.step, last->type);
		/* Nothing of the past may be signed again. */
		t.nsent = 0;
		t.nlog = 6;
		trace_event(&t, "time 1");
		assert_string_equal(t.answer, "");
	}
}

static void
restart_keeps_the_lock(void **state)
{
	static struct trace t;

	(void)state;
	trace_init(&t);
	trace_more(&t, life, 6);
	trace_restart(&t, 4, 1, 2);
	TRACE_MORE(&t, {"marks", "round 0 precommit lock A0 valid A0"},
	    {"feed", ""}, {"pc 023 0 -", ""}, {"due", "1000"},
	    /* our turn: the valid value again, no new block */
	    {"time", "persist proposal 1 0 A lock A0"},
	    {"sync", "send proposal 1 0 A"}, {"pv 023 0 A", ""},
	    {"feed", "persist prevote 1 A lock A0"}, {"pv 02 1 -", ""},
	    {"pv 3 1 -", "persist precommit 1 - lock A0"}, {"pc 023 1 -", ""},
	    {"time", ""},
	    {"offer 2 -1 B", "validate 2 B; persist prevote 2 - lock A0"});
}

static void
restart_sends_the_same_proposal(void **state)
{
	static struct trace t;

	(void)state;
	trace_init(&t);
	TRACE_MORE(&t, {"enter 4 0", ""}, {"work", "build 0"},
	    {"built 0 A", "persist proposal 0 -1 A"});
	trace_restart(&t, 4, 0, 1);
	assert_string_equal(t.answer, "send proposal 0 -1 A");
	TRACE_MORE(&t, {"due", "3000"}, {"work", ""}, {"built 0 B", "unknown"},
	    {"feed", "persist prevote 0 A"}, {"offer 0 -1 B", "not-ours"});
	/* The record did not survive: it was never sent either. */
	trace_restart(&t, 4, 0, 0);
	assert_string_equal(t.answer, "");
	TRACE_MORE(&t, {"marks", "waiting"}, {"work", "build 0"},
	    {"built 0 B", "persist proposal 0 -1 B"});
}

static void
other_heights_are_skipped(void **state)
{
	static struct trace t;

	(void)state;
	trace_init(&t);
	trace_more(&t, life, sizeof(life) / sizeof(life[0]));
	for (size_t i = 0; i < 3; i++)
		t.log[i].height = TRACE_HEIGHT - 1;
	for (size_t i = 3; i < 6; i++)
		t.log[i].height = TRACE_HEIGHT + 1;
	trace_restart(&t, 4, 1, 6);
	assert_string_equal(t.answer, "");
	TRACE_MORE(&t, {"marks", "waiting"});
}

static void
a_log_without_sense_halts(void **state)
{
	static struct trace t;

	(void)state;
	trace_init(&t);
	trace_more(&t, life, sizeof(life) / sizeof(life[0]));
	t.log[5] = t.log[0];
	t.log[5].block = trace_block('C');
	trace_restart(&t, 4, 1, 6);
	assert_string_equal(t.answer, "conflict");
	TRACE_MORE(&t, {"work", "idle"});
	for (unsigned k = 0; k < 5; k++) {
		t.log[0] = t.log[1];
		if (k == 0)
			t.log[0].type = 3;
		else if (k == 1)
			t.log[0].round = UINT32_MAX;
		else if (k == 2)
			t.log[0].locked.round = 1;
		else if (k == 3)
			t.log[0].valid.round = -1;
		else
			t.log[0].locked.block = trace_block('-');
		trace_restart(&t, 4, 1, 1);
		assert_string_equal(t.answer, "bad-type");
		TRACE_MORE(&t, {"work", "idle"});
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(sends_wait_for_the_record),
	    cmocka_unit_test(slow_disk_drops_the_oldest_send),
	    cmocka_unit_test(restart_at_every_record),
	    cmocka_unit_test(restart_keeps_the_lock),
	    cmocka_unit_test(restart_sends_the_same_proposal),
	    cmocka_unit_test(other_heights_are_skipped),
	    cmocka_unit_test(a_log_without_sense_halts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
