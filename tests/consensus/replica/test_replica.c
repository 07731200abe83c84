/*
 * What the seeded federations of tests/cluster do not say in so many words:
 * that nothing leaves before its record is durable, that a restart repeats and
 * never contradicts, and what a peer's bytes get.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "consensus/bft/view.h"
#include "consensus/replica/replica.h"
#include "tests/consensus/replica/site.h"

/* A federation of one goes round after round on its own votes. */
static void
one_member(void **state)
{
	struct site s;
	uint64_t applied = 0;

	(void)state;
	site_open(&s, 1);
	site_boot(&s);
	site_simple(&s, REPLICA_EV_START);
	for (int k = 0; k < 400 && applied < 6; k++) {
		bool train = site_count(&s, REPLICA_TRAIN) > 0;
		uint64_t before = s.stored;

		applied += site_count(&s, REPLICA_APPLIED);
		s.ms += 5;
		if (train)
			site_step(&s,
			    (struct replica_event){.type = REPLICA_EV_TRAINED,
				.answer = site_draft(
				    replica_progress(s.r).fl_round)});
		else if (s.stored > 0 && before == s.stored && k % 2 == 0)
			site_durable(&s);
		else
			site_simple(&s, REPLICA_EV_TIME);
	}
	assert_true(applied >= 6);
	assert_true(ledger_round(replica_ledger(s.r))->aggregated >= 4);
	site_close(&s);
}

/* Neither our answer nor a vote is on the wire before it is on the disk. */
static void
durable_before_sent(void **state)
{
	struct site s;

	(void)state;
	site_open(&s, 4);
	site_boot(&s);
	site_simple(&s, REPLICA_EV_START);
	assert_int_equal(site_count(&s, REPLICA_TRAIN), 1);
	for (uint16_t i = 1; i < 4; i++)
		site_peer(&s, i, true);
	s.ms += 10;
	site_step(&s,
	    (struct replica_event){.type = REPLICA_EV_TRAINED,
		.answer = site_draft(0)});
	assert_true(site_count(&s, REPLICA_STORE) >= 2); /* pool and record */
	assert_null(site_sent(&s, WIRE_ANSWER));
	assert_false(replica_holds_answer(s.r, 0));
	site_durable(&s);
	assert_non_null(site_sent(&s, WIRE_ANSWER));
	assert_true(replica_holds_answer(s.r, 0));
	/* Block 1 is due: sooner or later a timeout makes us prevote nil. */
	for (int k = 0;
	     k < 100 && s.records[s.nrecords - 1].type != VOTELOG_BFT; k++) {
		s.ms += 50;
		site_simple(&s, REPLICA_EV_TIME);
		assert_null(site_sent(&s, WIRE_VOTE));
		assert_null(site_sent(&s, WIRE_PROPOSAL));
	}
	assert_int_equal(s.records[s.nrecords - 1].type, VOTELOG_BFT);
	site_durable(&s);
	assert_true(site_sent(&s, WIRE_VOTE) || site_sent(&s, WIRE_PROPOSAL));
	site_close(&s);
}

/* After a restart the same vote goes out again, and no other one. */
static void
restart_repeats(void **state)
{
	struct site s;
	struct vote first, again;
	const struct wire_msg *m = NULL;

	(void)state;
	site_open(&s, 4);
	site_boot(&s);
	site_simple(&s, REPLICA_EV_START);
	site_peer(&s, 1, true);
	for (int k = 0; k < 100 && m == NULL; k++) {
		s.ms += 50;
		site_simple(&s, REPLICA_EV_TIME);
		site_durable(&s);
		m = site_sent(&s, WIRE_VOTE);
	}
	assert_non_null(m);
	first = m->u.vote;
	replica_free(s.r);
	site_boot(&s);
	assert_int_equal(replica_load_records(s.r, s.records, s.nrecords), 0);
	s.stored = 0;
	site_peer(&s, 1, true);
	site_simple(&s, REPLICA_EV_START);
	assert_int_equal(first.round, 0);
	for (int k = 0; k < 10; k++) {
		m = site_sent(&s, WIRE_VOTE);
		if (m != NULL && m->u.vote.type == first.type &&
		    m->u.vote.round == first.round)
			break;
		site_durable(&s);
	}
	m = site_sent(&s, WIRE_VOTE);
	if (m != NULL) {
		again = m->u.vote;
		assert_true(hash_equal(&first.block, &again.block));
		assert_memory_equal(&first.sig, &again.sig, sizeof(first.sig));
	}
	assert_true(bft_votes(replica_bft(s.r), first.round,
			(enum vote_type)first.type, &first.block)
			.w[0] &
	    1);
	site_close(&s);
}

/* A trainer gone mad costs its round's update, not the node's word. */
static void
bad_update_is_refused(void **state)
{
	struct answer *a = site_draft(0);
	const struct wire_msg *m;
	struct site s;

	(void)state;
	site_open(&s, 4);
	site_boot(&s);
	site_simple(&s, REPLICA_EV_START);
	site_peer(&s, 1, true);
	a->delta[0] = INT64_MAX;
	site_step(&s,
	    (struct replica_event){.type = REPLICA_EV_TRAINED, .answer = a});
	site_durable(&s);
	m = site_sent(&s, WIRE_ANSWER);
	assert_non_null(m);
	assert_int_equal(m->u.answer->kind, ANSWER_NO_UPDATE);
	assert_int_equal(m->u.answer->reason, ANSWER_REASON_NUMERIC);
	site_simple(&s, REPLICA_EV_TIME);
	assert_int_equal(site_count(&s, REPLICA_TRAIN), 0);
	site_close(&s);
}

/* Blocks are gone: silent until they are back, unless nobody has them. */
static void
log_ahead_of_chain(void **state)
{
	struct votelog_record rec = {.type = VOTELOG_BFT, .has_bft = true};
	struct site s;

	(void)state;
	rec.bft.height = 2;
	rec.bft.locked.round = rec.bft.valid.round = BFT_NO_ROUND;
	site_open(&s, 1);
	site_boot(&s);
	assert_int_equal(replica_load_records(s.r, &rec, 1), -EBADMSG);
	site_close(&s);
	site_open(&s, 4);
	site_boot(&s);
	assert_int_equal(replica_load_records(s.r, &rec, 1), 0);
	assert_int_equal(replica_progress(s.r).silent_until, 2);
	site_simple(&s, REPLICA_EV_START);
	assert_int_equal(site_count(&s, REPLICA_TRAIN), 0);
	site_close(&s);
	site_open(&s, 4);
	site_boot(&s);
	rec.bft.height = 1;
	assert_int_equal(replica_load_records(s.r, &rec, 1), 0);
	assert_int_equal(replica_progress(s.r).silent_until, 0);
	site_close(&s);
}

static void
say_head(struct site *s, uint16_t from, uint64_t head)
{
	struct wire_msg m = {.type = WIRE_STATUS};

	m.u.status.head = head;
	m.u.status.height = head + 1;
	m.u.status.polka_round = -1;
	site_message(s, from, &m);
}

/* What was signed is lost: three of three others have to speak, the highest
 * of them counts, and the floor is durable before anything else. */
static void
quarantine(void **state)
{
	const struct votelog_record *floor;
	struct site s;

	(void)state;
	site_open(&s, 4);
	site_boot(&s);
	assert_int_equal(replica_load_records(s.r, NULL, 0), 0);
	replica_quarantine(s.r);
	site_simple(&s, REPLICA_EV_START);
	assert_int_equal(site_count(&s, REPLICA_TRAIN), 0);
	assert_true(replica_progress(s.r).silent_until == UINT64_MAX);
	for (uint16_t i = 1; i < 4; i++)
		site_peer(&s, i, true);
	say_head(&s, 1, 0);
	say_head(&s, 2, 7);
	assert_true(replica_progress(s.r).silent_until == UINT64_MAX);
	/* No height would be left above this one: it is no answer. */
	say_head(&s, 3, UINT64_MAX - 1);
	assert_true(replica_progress(s.r).silent_until == UINT64_MAX);
	s.nrecords = 0;
	say_head(&s, 3, 5);
	assert_int_equal(replica_progress(s.r).silent_until, 10);
	assert_int_equal(s.nrecords, 1);
	floor = &s.records[0];
	assert_int_equal(floor->type, VOTELOG_HEIGHT);
	assert_int_equal(floor->floor, 10);
	/* The next start reads it back. */
	replica_free(s.r);
	site_boot(&s);
	assert_int_equal(replica_load_records(s.r, s.records, 1), 0);
	assert_int_equal(replica_progress(s.r).silent_until, 10);
	site_close(&s);
}

/* Of seven, one that claims a head that nobody has does not keep us silent: the
 * other five are enough. */
static void
quarantine_of_seven(void **state)
{
	struct site s;

	(void)state;
	site_open(&s, 7);
	site_boot(&s);
	assert_int_equal(replica_load_records(s.r, NULL, 0), 0);
	replica_quarantine(s.r);
	site_simple(&s, REPLICA_EV_START);
	for (uint16_t i = 1; i < 7; i++)
		site_peer(&s, i, true);
	say_head(&s, 1, 3);
	say_head(&s, 2, 4);
	say_head(&s, 3, 3);
	say_head(&s, 4, 1000000);
	assert_int_equal(s.nrecords, 0);
	say_head(&s, 5, 3);
	/* Five have spoken; the sixth may know better than the fourth. */
	assert_true(replica_progress(s.r).silent_until == UINT64_MAX);
	/* What is said later is no news: it was not so when we started. */
	say_head(&s, 1, 5);
	say_head(&s, 4, 2000000);
	assert_int_equal(s.nrecords, 0);
	say_head(&s, 6, 4);
	assert_int_equal(replica_progress(s.r).silent_until, 7);
	assert_int_equal(s.nrecords, 1);
	site_close(&s);
}

static void
bad_bytes(void **state)
{
	static const uint8_t junk[] = {0xff, 0x00, 0x13, 0x37};
	struct replica_event ev = {.type = REPLICA_EV_MSG, .peer = 2};
	struct wire_msg m = {.type = WIRE_VOTE};
	struct hash fed;
	struct site s;

	(void)state;
	site_open(&s, 4);
	site_boot(&s);
	site_simple(&s, REPLICA_EV_START);
	site_peer(&s, 2, true);
	ev.msg.data = junk;
	ev.msg.len = sizeof(junk);
	site_step(&s, ev);
	assert_int_equal(site_count(&s, REPLICA_PUNISH), 1);
	assert_int_equal(replica_counts(s.r).bad_messages, 1);
	/* A vote of member 1, signed by member 3. */
	assert_int_equal(federation_id(&s.f, &fed), 0);
	m.u.vote =
	    (struct vote){.type = VOTE_PREVOTE, .height = 1, .validator = 1};
	vote_sign(&m.u.vote, s.keys[3], &fed);
	site_message(&s, 2, &m);
	assert_int_equal(site_count(&s, REPLICA_PUNISH), 1);
	/* The real one is welcome, also a second time. */
	vote_sign(&m.u.vote, s.keys[1], &fed);
	site_message(&s, 2, &m);
	site_message(&s, 2, &m);
	assert_int_equal(site_count(&s, REPLICA_PUNISH), 0);
	/* Of a height far away: honest, and of no use. */
	m.u.vote.height = 1000;
	vote_sign(&m.u.vote, s.keys[1], &fed);
	site_message(&s, 2, &m);
	assert_int_equal(site_count(&s, REPLICA_PUNISH), 0);
	assert_int_equal(replica_counts(s.r).bad_messages, 2);
	site_close(&s);
}

/* A claimed head is a hint: one peer's alone changes nothing, blocks are
 * asked of somebody who claims to have them. */
static void
heights_are_hints(void **state)
{
	struct wire_msg m = {.type = WIRE_STATUS};
	struct site s;

	(void)state;
	site_open(&s, 4);
	site_boot(&s);
	site_simple(&s, REPLICA_EV_START);
	site_peer(&s, 1, true);
	site_peer(&s, 2, true);
	m.u.status = (struct wire_status){.head = 1000,
	    .height = 1001,
	    .round = VOTE_NO_ROUND,
	    .polka_round = VOTE_NO_ROUND};
	site_message(&s, 1, &m);
	assert_false(replica_progress(s.r).syncing);
	site_message(&s, 2, &m);
	assert_true(replica_progress(s.r).syncing);
	assert_int_equal(replica_progress(s.r).target, 1000);
	assert_non_null(site_sent(&s, WIRE_BLOCK_REQ));
	assert_int_equal(site_sent(&s, WIRE_BLOCK_REQ)->u.range.from, 1);
	/* While we are behind we sign nothing. */
	for (int k = 0; k < 40; k++) {
		size_t before = s.nrecords;

		s.ms += 50;
		site_simple(&s, REPLICA_EV_TIME);
		assert_int_equal(s.nrecords, before);
	}
	site_close(&s);
}

/* What comes for the next height waits; a flood does not grow. */
static void
early_votes_are_bounded(void **state)
{
	struct wire_msg m = {.type = WIRE_VOTE};
	struct hash fed;
	struct site s;

	(void)state;
	site_open(&s, 4);
	site_boot(&s);
	site_simple(&s, REPLICA_EV_START);
	site_peer(&s, 1, true);
	assert_int_equal(federation_id(&s.f, &fed), 0);
	for (uint32_t k = 0; k < 2000; k++) {
		m.u.vote = (struct vote){.type = VOTE_PREVOTE,
		    .height = 2,
		    .round = k,
		    .validator = 1};
		vote_sign(&m.u.vote, s.keys[1], &fed);
		site_message(&s, 1, &m);
		assert_int_equal(site_count(&s, REPLICA_PUNISH), 0);
	}
	site_close(&s);
}

/* So do large ones: nobody has looked at their signatures yet. */
static void
early_bytes_are_bounded(void **state)
{
	struct wire_msg m = {.type = WIRE_ANSWER};
	struct site s;

	(void)state;
	site_open(&s, 4);
	site_boot(&s);
	site_simple(&s, REPLICA_EV_START);
	site_peer(&s, 1, true);
	for (int64_t k = 0; k < 20; k++) {
		m.u.answer = answer_new(100000);
		assert_non_null(m.u.answer);
		m.u.answer->kind = ANSWER_UPDATE;
		m.u.answer->round = 1;
		m.u.answer->member = 1;
		m.u.answer->delta[0] = k;
		answer_sign(m.u.answer, s.keys[1], &(struct hash){{0}});
		site_message(&s, 1, &m);
		assert_int_equal(site_count(&s, REPLICA_PUNISH), 0);
		answer_unref(m.u.answer);
	}
	/* 800 kB each: five fit into 4 MiB. */
	assert_int_equal(replica_counts(s.r).dropped, 15);
	/* Another peer has room of its own. */
	m.type = WIRE_VOTE;
	m.u.vote =
	    (struct vote){.type = VOTE_PREVOTE, .height = 2, .validator = 2};
	site_message(&s, 2, &m);
	assert_int_equal(replica_counts(s.r).dropped, 15);
	site_close(&s);
}

/* A vote with our own key that is not in our log: from then on we follow and
 * sign nothing, and say so once. */
static void
key_in_use_twice(void **state)
{
	struct wire_msg m = {.type = WIRE_VOTE};
	unsigned told = 0;
	struct hash fed;
	struct site s;

	(void)state;
	site_start(&s);
	assert_int_equal(federation_id(&s.f, &fed), 0);
	m.u.vote = (struct vote){.type = VOTE_PREVOTE, .height = 1};
	m.u.vote.block.b[0] = 7;
	/* Not with our key: no reason to stop. */
	vote_sign(&m.u.vote, s.keys[3], &fed);
	site_message(&s, 1, &m);
	assert_false(replica_progress(s.r).twin);
	vote_sign(&m.u.vote, s.keys[0], &fed);
	for (int k = 0; k < 3; k++) {
		site_message(&s, 1, &m);
		told += (unsigned)site_count(&s, REPLICA_NOTICE);
		assert_int_equal(site_count(&s, REPLICA_PUNISH), 0);
	}
	assert_true(replica_progress(s.r).twin);
	assert_int_equal(told, 1);
	for (int k = 0; k < 300; k++) {
		bool train = site_count(&s, REPLICA_TRAIN) > 0;

		s.ms += 100;
		if (train)
			site_step(&s,
			    (struct replica_event){.type = REPLICA_EV_TRAINED,
				.answer = site_draft(0)});
		else if (k % 2 == 0)
			site_durable(&s);
		else
			site_simple(&s, REPLICA_EV_TIME);
		assert_null(site_sent(&s, WIRE_VOTE));
		assert_null(site_sent(&s, WIRE_PROPOSAL));
		assert_null(site_sent(&s, WIRE_ANSWER));
		assert_null(site_sent(&s, WIRE_ATTEST));
	}
	site_close(&s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(one_member),
	    cmocka_unit_test(durable_before_sent),
	    cmocka_unit_test(restart_repeats),
	    cmocka_unit_test(bad_update_is_refused),
	    cmocka_unit_test(log_ahead_of_chain),
	    cmocka_unit_test(quarantine),
	    cmocka_unit_test(quarantine_of_seven),
	    cmocka_unit_test(bad_bytes),
	    cmocka_unit_test(heights_are_hints),
	    cmocka_unit_test(early_votes_are_bounded),
	    cmocka_unit_test(early_bytes_are_bounded),
	    cmocka_unit_test(key_in_use_twice),
	};

	if (sign_setup() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
