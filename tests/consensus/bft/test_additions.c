/*
 * One test per addition A1..A6 to the paper (reference section 2.4), and the
 * verdicts on what peers send.
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
step(struct trace *t, struct bft_event *ev)
{
	bft_step(&t->b, ev, &t->out);
	bft_check(&t->b);
}

static void
a1_majority_for_another_block(void **state)
{
	(void)state;
	/* The proposer showed us A and the others B. */
	TRACE({"enter 4 3", ""}, {"work", ""}, {"offer 0 -1 A", "validate 0 A"},
	    {"pv 012 0 B", "fetch 0 B"}, {"ok A", ""} /* A is forgotten */,
	    {"time", "persist prevote 0 -"},
	    {"ok B", "persist precommit 0 B lock B0"},
	    {"pc 012 0 B", "commit 0 B"});
	/* B's proposal arrives after all: proof against the proposer, and B
	 * is the proposal now. */
	TRACE({"enter 4 3", ""}, {"work", ""}, {"offer 0 -1 A", "validate 0 A"},
	    {"pv 012 0 B", "fetch 0 B"}, {"ok B", ""},
	    {"offer 0 -1 B",
		"conflict; evidence offers 0 A B; "
		"persist prevote 0 B; persist precommit 0 B lock B0"});
	/* The fetch found nothing: with its proposal B comes, to be checked. */
	TRACE({"enter 4 3", ""}, {"work", ""}, {"offer 0 -1 A", "validate 0 A"},
	    {"ok A", "persist prevote 0 A"}, {"pv 012 0 B", "fetch 0 B"},
	    {"offer 0 -1 B", "conflict; evidence offers 0 A B; validate 0 B"},
	    {"ok B", "persist precommit 0 B lock B0"});
	/* No proposal at all, the decision is fetched. */
	TRACE({"enter 4 3", ""}, {"work", ""}, {"pc 012 0 C", "fetch 0 C"},
	    {"ok C", "commit 0 C"});
	/* Fetched once, whatever else arrives. */
	TRACE({"enter 4 3", ""}, {"work", ""}, {"pv 012 0 C", "fetch 0 C"},
	    {"pc 012 0 C", ""}, {"offer 0 -1 C", "validate 0 C"},
	    {"ok C", "commit 0 C"});
	/* A third proposal counts only if it is the one that won. */
	TRACE({"enter 4 3", ""}, {"work", ""}, {"offer 0 -1 A", "validate 0 A"},
	    {"offer 0 -1 B", "conflict; evidence offers 0 A B"},
	    {"offer 0 -1 C", "conflict"}, {"pv 012 0 C", "fetch 0 C"},
	    {"offer 0 -1 D", "conflict"}, {"ok C", ""},
	    {"offer 0 -1 C",
		"conflict; persist prevote 0 C; "
		"persist precommit 0 C lock C0"});
}

static void
a2_waiting(void **state)
{
	(void)state;
	TRACE({"enter 4 3", ""}, {"marks", "waiting"}, {"due", "none"},
	    {"time 999999", ""}, {"marks", "waiting"}, {"work", ""},
	    {"due", "3000"});
	/* Woken by a valid proposal for round 0, not by an invalid one. */
	TRACE({"enter 4 3", ""}, {"offer 0 -1 A", "validate 0 A"},
	    {"marks", "waiting"}, {"ok A", "persist prevote 0 A"},
	    {"sync", "send prevote 0 A"});
	TRACE({"enter 4 3", ""}, {"offer 0 -1 A", "validate 0 A"},
	    {"bad A", ""}, {"marks", "waiting"});
	/* Woken by more than a third of the power, in any round. */
	TRACE({"enter 4 3", ""}, {"pv 0 0 -", ""}, {"marks", "waiting"},
	    {"pv 1 0 -", ""},
	    {"marks", "round 0 propose lock none valid none"});
	TRACE({"enter 4 3", ""}, {"pv 0 4 -", "future"}, {"pv 1 2 -", "future"},
	    {"marks", "round 2 propose lock none valid none"});
	/* New work never waits for a timer, and none is pending. */
	TRACE({"enter 4 0", ""}, {"work", "build 0"});
}

static void
a3_halt(void **state)
{
	(void)state;
	TRACE({"enter 4 3", ""}, {"work", ""}, {"offer 0 -1 A", "validate 0 A"},
	    {"bad A", "persist prevote 0 -"}, {"pc 01 0 A", ""},
	    {"pc 2 0 A", "halt 0 A"}, {"due", "none"}, {"sync", "idle"},
	    {"pv 0 0 -", "idle"}, {"work", "idle"}, {"time 99999", "idle"});
	TRACE({"enter 4 3", ""}, {"work", ""}, {"pc 012 0 A", "fetch 0 A"},
	    {"bad A", "halt 0 A"});
}

static void
a4_own_votes_take_the_same_path(void **state)
{
	(void)state;
	/* Our own prevote is not counted before it is durable, sent and fed
	 * back: with 2 others it would have been a quorum. */
	TRACE({"enter 4 3", ""}, {"work", ""}, {"offer 0 -1 A", "validate 0 A"},
	    {"ok A", "persist prevote 0 A"}, {"pv 01 0 A", ""},
	    {"sync", "send prevote 0 A"},
	    {"feed", "persist precommit 0 A lock A0"}, {"pc 01 0 A", ""},
	    {"sync", "send precommit 0 A"}, {"feed", "commit 0 A"});
	/* A message with our key that we never recorded: the key is in use
	 * elsewhere. It is not counted. */
	TRACE({"enter 4 0", ""}, {"pv 0 0 A", "not-ours"},
	    {"pv 0 7 A", "not-ours"}, {"offer 0 -1 A", "not-ours"},
	    {"work", "build 0"}, {"built 0 A", "persist proposal 0 -1 A"},
	    {"offer 0 -1 B", "not-ours"},
	    {"offer 0 -1 A", "persist prevote 0 A"}, {"pv 0 0 B", "not-ours"},
	    {"pv 12 0 A", ""}, {"pc 0 0 A", "not-ours"});
}

static void
a5_decided_height(void **state)
{
	static struct trace t;
	struct bft_event ev = {.type = BFT_EV_VOTE, .now_ms = 10000};

	(void)state;
	trace_init(&t);
	TRACE_MORE(&t, {"enter 4 3", ""}, {"work", ""},
	    {"offer 0 -1 A", "validate 0 A"}, {"ok A", "persist prevote 0 A"},
	    {"pc 012 0 A", "commit 0 A"},
	    /* "old" asks the caller to answer with the block */
	    {"pv 2 0 -", "old"}, {"pc 2 1 -", "old"}, {"offer 0 -1 A", "old"},
	    {"ok A", "unknown"}, {"pc 2 0 A", "duplicate"});
	ev.vote =
	    (struct vote){.type = VOTE_PREVOTE, .height = TRACE_HEIGHT - 1};
	step(&t, &ev);
	assert_int_equal(t.out.verdict, BFT_OLD);
	ev.vote.height = TRACE_HEIGHT + 1;
	step(&t, &ev);
	assert_int_equal(t.out.verdict, BFT_FUTURE);
}

static void
a6_what_counts(void **state)
{
	static struct trace t;
	struct bft_event ev = {.type = BFT_EV_VOTE, .now_ms = 10000};

	(void)state;
	trace_init(&t);
	TRACE_MORE(&t, {"enter 4 3", ""}, {"work", ""},
	    {"pv 4 0 A", "bad-index"}, {"pv 0 0 A", ""},
	    {"pv 0 0 A", "duplicate"}, {"offer 0 0 A", "bad-round"},
	    {"offer 1 1 A", "bad-round"}, {"offer 1 -2 A", "bad-round"},
	    {"offer 0 -1 -", "bad-block"}, {"offer 3 -1 A", "not-ours"},
	    {"offer 2 -1 A", "future"}, {"ok Z", "unknown"},
	    {"built 0 A", "unknown"});
	ev.vote = (struct vote){.type = 3, .height = TRACE_HEIGHT};
	step(&t, &ev);
	assert_int_equal(t.out.verdict, BFT_BAD_TYPE);
	ev.vote.type = 0;
	step(&t, &ev);
	assert_int_equal(t.out.verdict, BFT_BAD_TYPE);
	ev.vote = (struct vote){.type = VOTE_PRECOMMIT,
	    .height = TRACE_HEIGHT,
	    .validator = UINT16_MAX};
	step(&t, &ev);
	assert_int_equal(t.out.verdict, BFT_BAD_INDEX);
	ev.vote.validator = 0;
	ev.vote.round = UINT32_MAX;
	step(&t, &ev);
	assert_int_equal(t.out.verdict, BFT_BAD_ROUND);
	ev.type = BFT_EV_PROPOSAL;
	memset(&ev.proposal, 0, sizeof(ev.proposal));
	ev.proposal.p = (struct proposal){.height = TRACE_HEIGHT,
	    .valid_round = BFT_NO_ROUND,
	    .block = trace_block('A'),
	    .proposer = 2};
	step(&t, &ev);
	assert_int_equal(t.out.verdict, BFT_NOT_PROPOSER);
	ev.proposal.p.proposer = 4;
	step(&t, &ev);
	assert_int_equal(t.out.verdict, BFT_BAD_INDEX);
	bft_check(&t.b);
}

/* A verdict is a function of the block, so the first one stands. */
static void
verdict_stands(void **state)
{
	(void)state;
	TRACE({"enter 4 3", ""}, {"offer 0 -1 A", "validate 0 A"},
	    {"bad A", ""}, {"ok A", "unknown"}, {"marks", "waiting"});
}

static void
equivocation(void **state)
{
	(void)state;
	/* Both votes count for their block, once; each pair is reported once
	 * and ordered by block whatever came first. */
	TRACE({"enter 4 3", ""}, {"work", ""}, {"pv 2 0 B", ""},
	    {"pv 2 0 A", "conflict; evidence votes 2 A B"},
	    {"pv 2 0 A", "duplicate"}, {"pv 2 0 C", "conflict"},
	    {"pv 0 0 A", ""}, {"due", "3000"}, {"pv 1 0 A", "fetch 0 A"});
	/* The third value replaces the second when honest validators are
	 * behind it. */
	TRACE({"enter 4 3", ""}, {"work", ""}, {"pv 2 0 B", ""},
	    {"pv 2 0 -", "conflict; evidence votes 2 - B"},
	    {"pv 2 0 C", "conflict"}, {"pv 01 0 A", ""},
	    {"pv 2 0 A", "conflict; fetch 0 A"});
	/* Two that vote twice must not hold each other's place: A has three
	 * single votes, nil one. */
	TRACE({"enter 7 4", ""}, {"work", ""}, {"pv 012 0 A", ""},
	    {"pv 3 0 -", ""}, {"pv 56 0 B", ""},
	    {"pv 5 0 -", "conflict; evidence votes 5 - B"},
	    {"pv 6 0 -", "conflict; evidence votes 6 - B"},
	    {"pv 5 0 A", "conflict"}, {"pv 6 0 A", "conflict; fetch 0 A"});
	/* One validator's two votes are one vote towards "any". */
	TRACE({"enter 4 3", ""}, {"work", ""}, {"time", "persist prevote 0 -"},
	    {"pv 2 0 B", ""}, {"pv 2 0 A", "conflict; evidence votes 2 A B"},
	    {"pv 1 0 A", ""}, {"due", "none"}, {"pv 0 0 C", ""},
	    {"due", "1000"});
	/* The same block with two valid rounds is a conflict, too. */
	TRACE({"enter 4 3", ""}, {"work", ""}, {"offer 1 -1 A", "validate 1 A"},
	    {"offer 1 0 A", "conflict; evidence offers 1 A A"},
	    {"offer 1 0 A", "duplicate"});
}

static void
observer_signs_nothing(void **state)
{
	(void)state;
	TRACE({"enter 4 65535", ""}, {"work", ""},
	    {"offer 0 -1 A", "validate 0 A"}, {"ok A", ""}, {"pv 012 0 A", ""},
	    {"sync", ""}, {"pc 012 0 A", "commit 0 A"});
	TRACE({"enter 4 65535", ""}, {"work", ""}, {"time", ""},
	    {"pv 012 0 -", ""}, {"pc 012 0 -", ""}, {"time", ""},
	    {"marks", "round 1 propose lock none valid none"});
}

static void
rounds_are_bounded(void **state)
{
	static struct trace t;
	uint32_t held[BFT_MAX_ROUNDS];
	char line[32];

	(void)state;
	trace_init(&t);
	TRACE_MORE(&t, {"enter 4 3", ""}, {"work", ""},
	    {"offer 0 -1 A", "validate 0 A"}, {"ok A", "persist prevote 0 A"},
	    {"pv 012 0 A", "persist precommit 0 A lock A0"},
	    {"pv 01 5 -", "future; future"}, {"pc 01 3 B", ""},
	    {"pv 01 60 -", "future; future"});
	/* A flood of old rounds from one validator, ascending and back. */
	for (unsigned round = 1; round < 60; round++) {
		(void)snprintf(line, sizeof(line), "pc 2 %u C", round);
		trace_event(&t, line);
	}
	for (unsigned round = 60; round-- > 1;) {
		(void)snprintf(line, sizeof(line), "pv 2 %u D", round);
		trace_event(&t, line);
	}
	assert_int_equal(bft_rounds(&t.b, held), BFT_MAX_ROUNDS);
	assert_int_equal(held[0], 0); /* locked */
	assert_int_equal(held[1], 3); /* > N/3 precommits for blocks */
	for (unsigned i = 0; i < 8; i++)
		assert_int_equal(held[BFT_MAX_ROUNDS - 1 - i], 60 - i);
	/* What is left of it still decides. */
	TRACE_MORE(&t, {"pv 2 1 D", "old"},
	    {"pc 2 3 B", "conflict; evidence votes 2 B C; fetch 3 B"},
	    {"ok B", "commit 3 B"});
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a1_majority_for_another_block),
	    cmocka_unit_test(a2_waiting),
	    cmocka_unit_test(a3_halt),
	    cmocka_unit_test(a4_own_votes_take_the_same_path),
	    cmocka_unit_test(a5_decided_height),
	    cmocka_unit_test(a6_what_counts),
	    cmocka_unit_test(verdict_stands),
	    cmocka_unit_test(equivocation),
	    cmocka_unit_test(observer_signs_nothing),
	    cmocka_unit_test(rounds_are_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
