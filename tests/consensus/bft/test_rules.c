/*
 * One test per line of Algorithm 1 (arXiv:1807.04938). Four equal validators,
 * a quorum is 3, "honest" is 2; we are number 1 unless a trace says so.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "trace.h"

static void
l11_start(void **state)
{
	(void)state;
	/* Not our turn: only the timer. */
	TRACE({"enter 4 1", ""}, {"due", "none"}, {"marks", "waiting"},
	    {"work", ""}, {"due", "3000"},
	    {"marks", "round 0 propose lock none valid none"},
	    {"work", ""} /* idempotent */);
	/* Our turn: build, record, and only then send. */
	TRACE({"enter 4 0", ""}, {"work", "build 0"},
	    {"built 0 A", "persist proposal 0 -1 A"}, {"built 0 B", "unknown"},
	    {"sync", "send proposal 0 -1 A"},
	    /* our own block needs no second verdict */
	    {"feed", "persist prevote 0 A"});
	TRACE({"enter 4 0", ""}, {"work", "build 0"}, {"built 0 no", "unknown"},
	    {"time", "persist prevote 0 -"},
	    {"built 0 A", "unknown"} /* too late for this round */);
	/* A valid value is proposed again, not replaced (line 16). */
	TRACE({"enter 4 1", ""}, {"work", ""}, {"offer 0 -1 A", "validate 0 A"},
	    {"ok A", "persist prevote 0 A"},
	    {"pv 023 0 A", "persist precommit 0 A lock A0"}, {"pc 023 0 -", ""},
	    {"time", "persist proposal 1 0 A lock A0"},
	    {"sync",
		"send prevote 0 A; send precommit 0 A; "
		"send proposal 1 0 A"});
}

static void
l22_fresh_proposal(void **state)
{
	(void)state;
	TRACE({"enter 4 1", ""}, {"work", ""}, {"offer 0 -1 A", "validate 0 A"},
	    {"ok A", "persist prevote 0 A"}, {"sync", "send prevote 0 A"},
	    {"feed", ""}, {"due", "none"});
	TRACE({"enter 4 1", ""}, {"work", ""}, {"offer 0 -1 A", "validate 0 A"},
	    {"bad A", "persist prevote 0 -"}, {"sync", "send prevote 0 -"});
	/* A block from the wrong time or another round is refused at once,
	 * and its verdict is still wanted in case a quorum likes it. */
	TRACE({"enter 4 1", ""}, {"work", ""},
	    {"offer 0 -1 A late", "validate 0 A; persist prevote 0 -"});
	TRACE({"enter 4 1", ""}, {"work", ""},
	    {"offer 0 -1 A hdr 3", "validate 0 A; persist prevote 0 -"});
	/* Locked on A: a fresh B is refused, a fresh A accepted. */
	TRACE({"enter 4 3", ""}, {"work", ""}, {"offer 0 -1 A", "validate 0 A"},
	    {"ok A", "persist prevote 0 A"},
	    {"pv 012 0 A", "persist precommit 0 A lock A0"}, {"pc 012 0 -", ""},
	    {"time", ""},
	    {"offer 1 -1 B", "validate 1 B; persist prevote 1 - lock A0"},
	    {"ok B", ""}, {"pv 012 1 -", "persist precommit 1 - lock A0"},
	    {"pc 012 1 -", ""}, {"time", ""},
	    {"offer 2 -1 A hdr 2", "persist prevote 2 A lock A0"});
}

static void
l28_proposal_again(void **state)
{
	(void)state;
	/* The prevotes of the valid round are needed, in any order. */
	TRACE({"enter 4 3", ""}, {"work", ""}, {"time", "persist prevote 0 -"},
	    {"pc 012 0 -", ""}, {"time", ""}, {"offer 1 0 A", "validate 1 A"},
	    {"ok A", ""}, {"pv 01 0 A", ""},
	    {"pv 2 0 A", "persist prevote 1 A"});
	TRACE({"enter 4 3", ""}, {"work", ""}, {"time", "persist prevote 0 -"},
	    {"pv 012 0 A", "fetch 0 A"}, {"pc 012 0 -", ""},
	    {"time", "persist precommit 0 -"}, {"offer 1 0 A", "validate 1 A"},
	    {"ok A", "persist prevote 1 A"});
}

static void
l28_lock(void **state)
{
	(void)state;
	/* Locked on A in round 0; B has a later quorum in round 1: accepted
	 * (and line 36 moves the lock when B gets its quorum in round 2). */
	TRACE({"enter 4 3", ""}, {"work", ""}, {"offer 0 -1 A", "validate 0 A"},
	    {"ok A", "persist prevote 0 A"},
	    {"pv 012 0 A", "persist precommit 0 A lock A0"}, {"pc 012 0 -", ""},
	    {"time", ""},
	    {"offer 1 -1 B", "validate 1 B; persist prevote 1 - lock A0"},
	    {"pv 012 1 B", "fetch 1 B"}, {"pc 012 1 -", ""},
	    {"time", "persist precommit 1 - lock A0"},
	    {"offer 2 1 B", "validate 2 B"},
	    {"ok B", "persist prevote 2 B lock A0"},
	    {"pv 012 2 B", "persist precommit 2 B lock B2"},
	    {"marks", "round 2 precommit lock B2 valid B2"});
	/* Locked on B in round 1; A has an older quorum in round 0: refused */
	TRACE({"enter 4 3", ""}, {"work", ""}, {"time", "persist prevote 0 -"},
	    {"pc 012 0 -", ""}, {"time", ""}, {"offer 1 -1 B", "validate 1 B"},
	    {"ok B", "persist prevote 1 B"},
	    {"pv 012 1 B", "persist precommit 1 B lock B1"}, {"pc 012 1 -", ""},
	    {"time", ""}, {"pv 012 0 A", ""},
	    {"offer 2 0 A", "validate 2 A; persist prevote 2 - lock B1"});
	/* header.round must not be later than the valid round */
	TRACE({"enter 4 3", ""}, {"work", ""}, {"time", "persist prevote 0 -"},
	    {"pv 012 0 A", "fetch 0 A"}, {"pc 012 0 -", ""},
	    {"time", "persist precommit 0 -"},
	    {"offer 1 0 A hdr 1", "validate 1 A; persist prevote 1 -"});
	/* not timely does not matter for a block that has had its quorum */
	TRACE({"enter 4 3", ""}, {"work", ""}, {"time", "persist prevote 0 -"},
	    {"pv 012 0 A", "fetch 0 A"}, {"pc 012 0 -", ""},
	    {"time", "persist precommit 0 -"},
	    {"offer 1 0 A late", "validate 1 A"},
	    {"ok A", "persist prevote 1 A"});
}

/* The prevotes of a valid round count however long ago it was. Found by the
 * swarm (seed 1581, n 7): nodes at round 44 refused the votes of round 7. */
static void
l28_old_valid_round(void **state)
{
	static struct trace t;
	char line[32];

	(void)state;
	trace_init(&t);
	TRACE_MORE(&t, {"enter 4 3", ""}, {"work", ""});
	for (unsigned round = 1; round <= 41; round++) {
		(void)snprintf(line, sizeof(line), "pv 01 %u -", round);
		trace_event(&t, line);
	}
	TRACE_MORE(&t, {"pv 0 2 A", "old"}, {"offer 41 2 A", "validate 41 A"},
	    {"ok A", ""}, {"pv 0 2 A", ""}, {"pv 01 42 -", ""},
	    /* named by a proposal still held: not lost in between */
	    {"offer 42 2 A", ""}, {"pv 12 2 A", "persist prevote 42 A"});
}

static void
l34_prevote_timer(void **state)
{
	(void)state;
	/* Any prevotes, once, and only in step prevote. */
	TRACE({"enter 4 3", ""}, {"work", ""}, {"pv 01 0 A", ""},
	    {"pv 2 0 -", ""}, {"due", "3000"}, {"time", "persist prevote 0 -"},
	    {"due", "1000"}, {"time 400", ""}, {"sync", "send prevote 0 -"},
	    {"feed", ""}, {"due", "600"});
	TRACE({"enter 4 3", ""}, {"work", ""}, {"time", "persist prevote 0 -"},
	    {"pv 0 0 A", ""}, {"pv 1 0 B", ""}, {"due", "none"},
	    {"pv 2 0 -", ""}, {"due", "1000"});
}

static void
l36_lock(void **state)
{
	(void)state;
	TRACE({"enter 4 3", ""}, {"work", ""}, {"offer 0 -1 A", "validate 0 A"},
	    {"ok A", "persist prevote 0 A"}, {"pv 01 0 A", ""},
	    {"marks", "round 0 prevote lock none valid none"},
	    {"pv 2 0 A", "persist precommit 0 A lock A0"},
	    {"marks", "round 0 precommit lock A0 valid A0"},
	    {"sync", "send prevote 0 A; send precommit 0 A"}, {"feed", ""});
	/* Too late to lock, but the value is valid. */
	TRACE({"enter 4 3", ""}, {"work", ""}, {"offer 0 -1 A", "validate 0 A"},
	    {"ok A", "persist prevote 0 A"}, {"pv 0 0 A", ""}, {"pv 1 0 -", ""},
	    {"sync", "send prevote 0 A"}, {"feed", ""},
	    {"time", "persist precommit 0 -"}, {"pv 2 0 A", ""},
	    {"marks", "round 0 precommit lock none valid A0"});
	/* Not before the verdict, and never for an invalid block. */
	TRACE({"enter 4 3", ""}, {"work", ""}, {"offer 0 -1 A", "validate 0 A"},
	    {"pv 012 0 A", "fetch 0 A"}, {"time", "persist prevote 0 -"},
	    {"ok A", "persist precommit 0 A lock A0"});
	TRACE({"enter 4 3", ""}, {"work", ""}, {"offer 0 -1 A", "validate 0 A"},
	    {"pv 012 0 A", "fetch 0 A"}, {"bad A", "persist prevote 0 -"},
	    {"due", "1000"}, {"time", "persist precommit 0 -"},
	    {"marks", "round 0 precommit lock none valid none"});
}

static void
l44_nil_quorum(void **state)
{
	(void)state;
	TRACE({"enter 4 3", ""}, {"work", ""}, {"pv 012 0 -", ""},
	    {"time", "persist prevote 0 -; persist precommit 0 -"},
	    {"due", "none"});
	/* Does not unlock. */
	TRACE({"enter 4 3", ""}, {"work", ""}, {"offer 0 -1 A", "validate 0 A"},
	    {"ok A", "persist prevote 0 A"},
	    {"pv 012 0 A", "persist precommit 0 A lock A0"}, {"pc 012 0 -", ""},
	    {"time", ""}, {"time", "persist prevote 1 - lock A0"},
	    {"pv 012 1 -", "persist precommit 1 - lock A0"},
	    {"marks", "round 1 precommit lock A0 valid A0"});
}

static void
l47_precommit_timer(void **state)
{
	(void)state;
	/* In any step, on any precommits, once. */
	TRACE({"enter 4 3", ""}, {"work", ""}, {"pc 0 0 A", ""},
	    {"pc 1 0 -", ""}, {"due", "3000"}, {"pc 2 0 B", ""},
	    {"due", "1000"}, {"time 900", ""}, {"due", "100"}, {"time", ""},
	    {"marks", "round 1 propose lock none valid none"}, {"due", "3500"});
}

static void
l49_decide(void **state)
{
	(void)state;
	TRACE({"enter 4 3", ""}, {"work", ""}, {"offer 0 -1 A", "validate 0 A"},
	    {"ok A", "persist prevote 0 A"},
	    {"pv 012 0 A", "persist precommit 0 A lock A0"},
	    {"sync", "send prevote 0 A; send precommit 0 A"}, {"feed", ""},
	    {"pc 0 0 A", ""}, {"pc 1 0 A", "commit 0 A"}, {"due", "none"},
	    {"work", ""}, {"pv 0 0 -", "old"}, {"offer 1 -1 B", "old"},
	    {"time 100000", ""});
	/* Of any round held, whatever the step; two for A and one nil decide
	 * nothing. */
	TRACE({"enter 4 3", ""}, {"work", ""}, {"offer 0 -1 A", "validate 0 A"},
	    {"ok A", "persist prevote 0 A"}, {"pc 0 0 A", ""}, {"pc 1 0 -", ""},
	    {"pc 2 0 A", ""}, {"time", ""},
	    {"marks", "round 1 propose lock none valid none"}, {"pc 1 1 -", ""},
	    {"sync", "send prevote 0 A"}, {"feed", ""},
	    {"pc 1 0 A", "conflict; evidence votes 1 - A; commit 0 A"});
	TRACE({"enter 4 3", ""}, {"work", ""}, {"offer 1 -1 B", "validate 1 B"},
	    {"ok B", ""}, {"pc 01 1 B", "persist prevote 1 B"},
	    {"pc 2 1 B", "commit 1 B"});
}

static void
l55_round_skip(void **state)
{
	(void)state;
	/* One faulty validator cannot pull, two validators can: to the
	 * highest round that both have reached. */
	TRACE({"enter 4 3", ""}, {"work", ""}, {"pv 0 900 A", "future"},
	    {"marks", "round 0 propose lock none valid none"},
	    {"pc 1 6 -", "future"},
	    {"marks", "round 6 propose lock none valid none"}, {"due", "6000"});
	/* Votes of the next round are kept, not only heard of. */
	TRACE({"enter 4 3", ""}, {"work", ""}, {"pv 0 1 -", ""},
	    {"pv 1 1 -", ""}, {"marks", "round 1 propose lock none valid none"},
	    {"pv 2 1 -", ""},
	    {"time", "persist prevote 1 -; persist precommit 1 -"});
	/* Exactly a third is not enough. */
	TRACE({"enter 3 2", ""}, {"work", ""}, {"pv 0 5 -", "future"},
	    {"marks", "round 0 propose lock none valid none"});
}

static void
l57_propose_timeout(void **state)
{
	(void)state;
	TRACE({"enter 4 3", ""}, {"work", ""}, {"time 2999", ""},
	    {"time 1", "persist prevote 0 -"}, {"due", "none"});
	/* Waiting for a verdict must not last longer, either. */
	TRACE({"enter 4 3", ""}, {"work", ""}, {"offer 0 -1 A", "validate 0 A"},
	    {"time", "persist prevote 0 -"}, {"ok A", ""});
}

static void
l61_prevote_timeout(void **state)
{
	(void)state;
	TRACE({"enter 4 3", ""}, {"work", ""}, {"offer 0 -1 A", "validate 0 A"},
	    {"ok A", "persist prevote 0 A"}, {"pv 0 0 -", ""}, {"pv 1 0 A", ""},
	    {"pv 2 0 -", ""}, {"due", "1000"},
	    {"time", "persist precommit 0 -"}, {"due", "none"});
}

static void
l65_precommit_timeout(void **state)
{
	(void)state;
	TRACE({"enter 4 3", ""}, {"work", ""}, {"pc 012 0 -", ""},
	    {"time 1000", ""},
	    {"marks", "round 1 propose lock none valid none"}, {"due", "3500"},
	    {"pc 012 1 -", ""}, {"due", "1500"});
	/* Not for a round that is over. */
	TRACE({"enter 4 3", ""}, {"work", ""}, {"pc 012 0 -", ""},
	    {"pc 01 1 -", ""}, {"due", "3500"},
	    {"marks", "round 1 propose lock none valid none"},
	    {"time 1000", ""},
	    {"marks", "round 1 propose lock none valid none"});
}

static void
timeouts_are_linear_and_capped(void **state)
{
	(void)state;
	TRACE({"enter 4 3", ""}, {"work", ""},
	    {"pv 01 100 -", "future; future"}, {"due", "53000"},
	    {"pv 01 114 -", "future; future"}, {"due", "60000"},
	    {"pv 01 1000000000 -", "future; future"}, {"due", "60000"});
	TRACE({"enter 4 3", ""}, {"pv 01 1073741825 -", "bad-round; bad-round"},
	    {"pv 0 1073741824 -", "future"}, {"pc 12 1073741824 -", "future"},
	    {"marks", "round 1073741824 propose lock none valid none"},
	    {"pc 012 1073741824 -", "duplicate"},
	    {"time 60000", "persist prevote 1073741824 -"},
	    {"marks", "round 1073741824 prevote lock none valid none"});
}

static void
small_sets_agree(void **state)
{
	(void)state;
	TRACE({"enter 1 0", ""}, {"work", "build 0"},
	    {"built 0 A", "persist proposal 0 -1 A"},
	    {"sync", "send proposal 0 -1 A"}, {"feed", "persist prevote 0 A"},
	    {"sync", "send prevote 0 A"},
	    {"feed", "persist precommit 0 A lock A0"},
	    {"sync", "send precommit 0 A"}, {"feed", "commit 0 A"});
	TRACE({"enter 2 1", ""}, {"offer 0 -1 A", "validate 0 A"},
	    {"ok A", "persist prevote 0 A"}, {"sync", "send prevote 0 A"},
	    {"feed", ""}, {"pv 0 0 A", "persist precommit 0 A lock A0"},
	    {"sync", "send precommit 0 A"}, {"feed", ""},
	    {"pc 0 0 A", "commit 0 A"});
	TRACE({"enter 3 2", ""}, {"offer 0 -1 A", "validate 0 A"},
	    {"ok A", "persist prevote 0 A"}, {"sync", "send prevote 0 A"},
	    {"feed", ""}, {"pv 0 0 A", ""},
	    {"pv 1 0 A", "persist precommit 0 A lock A0"},
	    {"sync", "send precommit 0 A"}, {"feed", ""}, {"pc 0 0 A", ""},
	    {"pc 1 0 A", "commit 0 A"});
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(l11_start),
	    cmocka_unit_test(l22_fresh_proposal),
	    cmocka_unit_test(l28_proposal_again),
	    cmocka_unit_test(l28_lock),
	    cmocka_unit_test(l28_old_valid_round),
	    cmocka_unit_test(l34_prevote_timer),
	    cmocka_unit_test(l36_lock),
	    cmocka_unit_test(l44_nil_quorum),
	    cmocka_unit_test(l47_precommit_timer),
	    cmocka_unit_test(l49_decide),
	    cmocka_unit_test(l55_round_skip),
	    cmocka_unit_test(l57_propose_timeout),
	    cmocka_unit_test(l61_prevote_timeout),
	    cmocka_unit_test(l65_precommit_timeout),
	    cmocka_unit_test(timeouts_are_linear_and_capped),
	    cmocka_unit_test(small_sets_agree),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
