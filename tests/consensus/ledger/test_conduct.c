/*
 * What is on record, and what a block may add to it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "consensus/ledger/seats.h"
#include "poll.h"

static struct evidence
offence(uint8_t kind, uint16_t who, uint64_t at)
{
	return (struct evidence){.kind = kind, .who = who, .at = at};
}

/* Against a list that forgets nothing. */
static void
each_place_once(void **state)
{
	static struct conduct c;
	static bool known[400];
	const struct conduct_now now = {300, 300, 4};
	uint32_t times = 0;
	uint64_t x = 7, newest = 0;

	(void)state;
	for (unsigned i = 0; i < 5000; i++) {
		struct evidence e;
		bool want;

		x = x * UINT64_C(6364136223846793005) + 1442695040888963407u;
		e = offence(EVIDENCE_VOTES, 2, 220 + (x >> 33) % 100);
		want = e.at <= 300 && 300 - e.at < CONDUCT_WINDOW &&
		    !known[e.at] &&
		    (times == 0 || e.at > newest ||
			newest - e.at < CONDUCT_WINDOW);
		assert_int_equal(conduct_is_new(&c, &now, &e), want);
		if (!want)
			continue;
		conduct_add(&c, &e);
		known[e.at] = true;
		newest = e.at > newest ? e.at : newest;
		times++;
		assert_int_equal(conduct_times(&c, 2), times);
	}
	assert_int_equal(times, CONDUCT_WINDOW);
	assert_int_equal(conduct_times(&c, 1), 0);
}

static void
kinds_and_authors_apart(void **state)
{
	static struct conduct c;
	const struct conduct_now now = {10, 5, 4};
	struct hash before = conduct_hash(&c, 4), after;

	(void)state;
	for (uint8_t k = EVIDENCE_VOTES; k < EVIDENCE_KINDS; k++)
		for (uint16_t who = 0; who < 4; who++) {
			struct evidence e = offence(k, who, 5);

			assert_true(conduct_is_new(&c, &now, &e));
			conduct_add(&c, &e);
			assert_false(conduct_is_new(&c, &now, &e));
			after = conduct_hash(&c, 4);
			assert_false(hash_equal(&before, &after));
			before = after;
			assert_int_equal(conduct_times(&c, who), k);
		}
	/* Ahead of its time, of nobody: not taken. */
	for (uint8_t k = EVIDENCE_VOTES; k < EVIDENCE_KINDS; k++) {
		struct evidence e = offence(k, 0, 11);

		assert_false(conduct_is_new(&c, &now, &e));
		e = offence(k, 4, 5);
		assert_false(conduct_is_new(&c, &now, &e));
	}
}

static struct evidence *
two_votes(struct town *t, uint16_t who, uint64_t height, uint16_t signer)
{
	struct vote a = {.type = VOTE_PREVOTE,
			.height = height,
			.validator = who},
		    b = a;
	struct evidence *e = NULL;
	int rc;

	b.block.b[0] = 1;
	vote_sign(&a, t->keys[signer], &t->fid);
	vote_sign(&b, t->keys[signer], &t->fid);
	rc = evidence_of_votes(&a, &b, &e);
	assert_int_equal(rc, 0);
	return e;
}

/* With this evidence instead of the block's own, everything else fitting. */
static enum ledger_verdict
verdict_with(struct town *t, struct evidence *e)
{
	struct ledger_inputs in = town_inputs(t, 0);
	struct block *b = NULL;
	struct hash missing;
	enum ledger_verdict v;

	t->now_ms += 100000;
	in = town_inputs(t, 0);
	in.now_ms = t->now_ms;
	assert_int_equal(ledger_build(t->l, &in, &b, &missing), 0);
	assert_int_equal(block_add_evidence(b, &e, 1), 0);
	assert_int_equal(block_seal(b), 0);
	v = ledger_check(t->l, b);
	block_free(b);
	return v;
}

static void
blocks_take_what_proves(void **state)
{
	struct evidence *list[3], *bad;
	struct ledger_inputs in;
	struct block *b = NULL;
	struct hash missing;
	struct town t;

	(void)state;
	town_open(&t, &(struct town_setup){.n = 4, .rounds = 3});
	town_begin(&t);
	list[0] = two_votes(&t, 2, 2, 2);
	list[1] = two_votes(&t, 1, 1, 1);
	list[2] = two_votes(&t, 2, 2, 2); /* the same again */
	t.now_ms += 100000;
	in = town_inputs(&t, 0);
	in.now_ms = t.now_ms;
	in.evidence = list;
	in.nevidence = 3;
	assert_int_equal(ledger_build(t.l, &in, &b, &missing), 0);
	assert_int_equal(b->header.nevidence, 2);
	assert_int_equal(b->evidence[0]->who, 1);
	assert_int_equal(b->evidence[1]->who, 2);
	town_commit(&t, b);
	block_free(b);
	assert_int_equal(conduct_times(ledger_conduct(t.l), 1), 1);
	assert_int_equal(conduct_times(ledger_conduct(t.l), 2), 1);
	assert_int_equal(conduct_times(ledger_conduct(t.l), 0), 0);
	/* Known; signed by another; ahead: all but its evidence is valid. */
	assert_int_equal(verdict_with(&t, list[0]), LEDGER_EVIDENCE);
	bad = two_votes(&t, 0, 2, 3);
	assert_int_equal(verdict_with(&t, bad), LEDGER_EVIDENCE);
	evidence_unref(bad);
	bad = two_votes(&t, 0, 9, 0);
	assert_int_equal(verdict_with(&t, bad), LEDGER_EVIDENCE);
	evidence_unref(bad);
	/* New, but the state root does not have it. */
	bad = two_votes(&t, 0, 2, 0);
	assert_int_equal(verdict_with(&t, bad), LEDGER_STATE);
	evidence_unref(bad);
	for (unsigned i = 0; i < 3; i++)
		evidence_unref(list[i]);
	town_close(&t);
}

/* What proves nothing any more, for a key may have been given up since, stays
 * out: the block comes all the same. */
static void
builder_leaves_out(void **state)
{
	struct evidence *list[2];
	struct ledger_inputs in;
	struct block *b = NULL;
	struct hash missing;
	struct town t;

	(void)state;
	town_open(&t, &(struct town_setup){.n = 4, .rounds = 3});
	town_begin(&t);
	list[0] = two_votes(&t, 0, 2, 3);
	list[1] = two_votes(&t, 1, 2, 1);
	t.now_ms += 100000;
	in = town_inputs(&t, 0);
	in.evidence = list;
	in.nevidence = 2;
	assert_int_equal(ledger_build(t.l, &in, &b, &missing), 0);
	assert_int_equal(b->header.nevidence, 1);
	assert_int_equal(b->evidence[0]->who, 1);
	block_free(b);
	evidence_unref(list[0]);
	evidence_unref(list[1]);
	town_close(&t);
}

/* A candidate has no vote that could count twice, and whoever gets its seat
 * when it is not voted in would have its record. */
static void
candidates_have_no_record(void **state)
{
	struct evidence *e;
	struct payload p;
	struct town t;
	struct tx *x;

	(void)state;
	poll_begin(&t, &(struct town_setup){.n = 4, .rounds = 3});
	p = poll_newcomer(&t, PAYLOAD_MEMBER_ADD, 1);
	x = poll_proposal(&t, 0, PROPOSAL_MEMBER, &p);
	poll_commit(&t, &x, 1);
	poll_beat(&t);
	assert_int_equal(ledger_nmembers(t.l), 5);
	assert_false(ledger_active(t.l, 4));
	t.keys[4] = t.more[0];
	e = two_votes(&t, 4, ledger_height(t.l), 4);
	assert_true(ledger_evidence_new(t.l, e));
	assert_false(ledger_evidence_proves(t.l, e));
	evidence_unref(e);
	poll_end(&t);
}

/* Would two votes of this height by keys[by] be held against seat 2, here and
 * by who started from a checkpoint? */
static bool
is_held(struct town *t, uint64_t height, uint16_t by)
{
	struct evidence *e = two_votes(t, 2, height, by);
	bool yes =
	    ledger_evidence_new(t->l, e) && ledger_evidence_proves(t->l, e);

	assert_int_equal(yes,
	    ledger_evidence_new(t->image, e) &&
		ledger_evidence_proves(t->image, e));
	evidence_unref(e);
	return yes;
}

/* Seat 2 gets other keys; the last height at which it had those of before. */
static uint64_t
rotate(struct town *t, uint8_t seed)
{
	const struct sign_public old = ledger_member(t->l, 2)->sign;
	struct payload p = poll_newcomer(t, PAYLOAD_MEMBER_ROTATE, seed);
	struct sign_key *first = t->keys[2];
	uint64_t id;

	p.member.seat = ledger_member(t->l, 2)->id;
	t->keys[2] = town_key(t, 2); /* what it votes with */
	id = poll_pass(t, PROPOSAL_MEMBER, &p);
	t->keys[2] = first;
	assert_int_equal(poll_wait(t, id), PROPOSAL_EXECUTED);
	while (ledger_seat_of(t->l, &old) == 2)
		poll_beat(t);
	return ledger_height(t->l);
}

/* Nobody gets rid of what a key signed by changing it twice while evidence
 * against it would be heard. Each key counts in its own time. */
static void
changed_twice(void **state)
{
	struct economy soon = ECONOMY_DEFAULT;
	uint64_t until[2];
	struct town t;

	(void)state;
	soon.voting_period = 4;
	soon.voting_extension = 0;
	soon.voting_lock = 0;
	poll_begin(&t,
	    &(struct town_setup){.n = 4, .rounds = 3, .economy = &soon});
	until[0] = rotate(&t, 5);
	t.keys[4] = t.more[0];
	assert_true(is_held(&t, until[0], 2));
	until[1] = rotate(&t, 6);
	assert_in_range(until[1], until[0] + 1, CONDUCT_WINDOW - 1);
	t.keys[5] = t.more[1];
	for (uint64_t h = 1; h <= ledger_height(t.l) + 1; h++) {
		assert_int_equal(is_held(&t, h, 2), h <= until[0]);
		assert_int_equal(is_held(&t, h, 4), h <= until[1]);
		assert_true(is_held(&t, h, 5));
		assert_false(is_held(&t, h, 3));
	}
	poll_end(&t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(each_place_once),
	    cmocka_unit_test(kinds_and_authors_apart),
	    cmocka_unit_test(blocks_take_what_proves),
	    cmocka_unit_test(builder_leaves_out),
	    cmocka_unit_test(candidates_have_no_record),
	    cmocka_unit_test(changed_twice),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
