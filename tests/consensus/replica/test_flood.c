/*
 * What a member that signs or asks too much gets out of it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/consensus/replica/site.h"

/* A block 1 that any proposer may offer; the time makes it another one. */
static struct block *
first_block(const struct site *s, uint32_t round, uint16_t proposer,
    uint64_t after_ms)
{
	const struct attest *none[4] = {NULL};
	const struct ledger_inputs in = {.now_ms = SITE_WALL + s->ms + after_ms,
	    .round = round,
	    .proposer = proposer,
	    .attests = none};
	struct hash missing;
	struct block *b = NULL;

	assert_int_equal(ledger_build(replica_ledger(s->r), &in, &b, &missing),
	    0);
	return b;
}

static void
propose(struct site *s, uint32_t round, uint16_t by, struct block *b)
{
	struct wire_msg m = {.type = WIRE_PROPOSAL};
	struct hash fed;

	assert_int_equal(federation_id(&s->f, &fed), 0);
	m.u.proposal.head = (struct proposal){.height = 1,
	    .round = round,
	    .valid_round = VOTE_NO_ROUND,
	    .block = b->id,
	    .proposer = by};
	m.u.proposal.block = b;
	proposal_sign(&m.u.proposal.head, s->keys[by], &fed);
	site_message(s, by, &m);
}

static void
cast(struct site *s, uint8_t type, uint16_t by, const struct hash *block)
{
	struct wire_msg m = {.type = WIRE_VOTE};
	struct hash fed;

	assert_int_equal(federation_id(&s->f, &fed), 0);
	m.u.vote = (struct vote){.type = type,
	    .height = 1,
	    .block = *block,
	    .validator = by};
	vote_sign(&m.u.vote, s->keys[by], &fed);
	site_message(s, by, &m);
}

/* Member 2 signs a proposal for each of its rounds to come, before the block
 * that everybody prevoted has its quorum. It is committed all the same. */
static void
flood_of_proposals(void **state)
{
	struct site s;
	struct block *b, *other;
	struct hash id;
	size_t blocks = 0;

	(void)state;
	site_open(&s, 4);
	site_boot(&s);
	s.ms += 10;
	site_simple(&s, REPLICA_EV_START);
	site_peer(&s, 1, true);
	site_peer(&s, 2, true);
	b = first_block(&s, 0, 1, 0);
	id = b->id;
	propose(&s, 0, 1, b);
	block_free(b);
	assert_int_equal(site_count(&s, REPLICA_PUNISH), 0);
	site_durable(&s);
	assert_non_null(site_sent(&s, WIRE_VOTE));
	assert_true(hash_equal(&site_sent(&s, WIRE_VOTE)->u.vote.block, &id));
	for (uint32_t k = 1; k <= 40; k++) {
		other = first_block(&s, 1 + 4 * k, 2, k);
		propose(&s, 1 + 4 * k, 2, other);
		block_free(other);
	}
	for (uint16_t i = 1; i <= 2; i++)
		cast(&s, VOTE_PREVOTE, i, &id);
	site_durable(&s);
	for (uint16_t i = 1; i <= 2; i++) {
		cast(&s, VOTE_PRECOMMIT, i, &id);
		for (size_t k = 0; k < s.nseen; k++)
			blocks += s.seen[k].type == REPLICA_STORE &&
			    s.seen[k].store == REPLICA_STORE_BLOCK;
	}
	assert_int_equal(blocks, 1);
	site_close(&s);
}

/* Two members are in this round: so are we. */
static void
move_on(struct site *s, uint32_t round)
{
	for (uint16_t by = 1; by < 4; by += 2) {
		struct wire_msg m = {.type = WIRE_VOTE};
		struct hash fed;

		assert_int_equal(federation_id(&s->f, &fed), 0);
		m.u.vote = (struct vote){.type = VOTE_PREVOTE,
		    .height = 1,
		    .round = round,
		    .validator = by};
		vote_sign(&m.u.vote, s->keys[by], &fed);
		site_message(s, by, &m);
	}
}

/* In a height of many rounds member 2 proposes, whenever it is its turn, a
 * block with an answer that nobody has. Good ones find room all the same. */
static void
blocks_that_never_come(void **state)
{
	uint32_t round = 1;
	struct site s;
	struct block *b;

	(void)state;
	site_open(&s, 4);
	site_boot(&s);
	s.ms += 10;
	site_simple(&s, REPLICA_EV_START);
	for (uint32_t k = 0; k < 30; k++, round += 4) {
		b = block_new(0, 1, 0);
		assert_non_null(b);
		b->answer_ids[0].b[0] = (uint8_t)(k + 1);
		b->header.height = 1;
		b->header.round = round;
		b->header.proposer = 2;
		b->header.time_ms = SITE_WALL + s.ms;
		assert_int_equal(block_seal(b), 0);
		move_on(&s, round);
		propose(&s, round, 2, b);
		block_free(b);
	}
	round -= 3; /* member 3 has the turn */
	move_on(&s, round);
	b = first_block(&s, round, 3, 0);
	propose(&s, round, 3, b);
	site_durable(&s);
	assert_non_null(site_sent(&s, WIRE_VOTE));
	assert_true(
	    hash_equal(&site_sent(&s, WIRE_VOTE)->u.vote.block, &b->id));
	block_free(b);
	site_close(&s);
}

static bool
is_given_proposal(struct site *s, uint16_t to, uint32_t round)
{
	struct wire_msg m = {.type = WIRE_STATUS};

	m.u.status = (struct wire_status){.height = 1,
	    .round = (int32_t)round,
	    .polka_round = VOTE_NO_ROUND};
	site_message(s, to, &m);
	return site_sent(s, WIRE_PROPOSAL) != NULL;
}

/* A peer says four times a second that it has no proposal. A large one is still
 * on its way to it. */
static void
large_proposals_are_given_slowly(void **state)
{
	const struct hash fed = {.b = {1}};
	struct block *b = block_new(0, 0, 1);
	struct site s;

	(void)state;
	assert_non_null(b);
	site_open(&s, 4);
	site_boot(&s);
	s.ms += 10;
	site_simple(&s, REPLICA_EV_START);
	site_peer(&s, 1, true);
	site_peer(&s, 3, true);
	b->txs[0] = tx_new(TX_BODY_MAX);
	assert_non_null(b->txs[0]);
	b->txs[0]->kind = TX_ORDER;
	tx_sign(b->txs[0], s.keys[2], &fed);
	b->header.height = 1;
	b->header.round = 1;
	b->header.proposer = 2;
	assert_int_equal(block_seal(b), 0);
	move_on(&s, 1);
	propose(&s, 1, 2, b);
	block_free(b);
	for (int k = 0; k < 3; k++) {
		s.ms += 1000;
		assert_true(is_given_proposal(&s, 3, 1));
		s.ms += 400;
		assert_false(is_given_proposal(&s, 3, 1));
		assert_true(is_given_proposal(&s, 1, 1)); /* has its own */
	}
	/* What went over a link that is gone did not arrive. */
	assert_false(is_given_proposal(&s, 3, 1));
	site_peer(&s, 3, false);
	site_peer(&s, 3, true);
	s.ms += 200;
	assert_true(is_given_proposal(&s, 3, 1));
	site_close(&s);
}

/* One small request gets an answer once, also when it names it often. */
static void
answers_are_sent_once(void **state)
{
	struct wire_msg m = {.type = WIRE_ANSWER_REQ};
	struct site s;
	size_t n = 0;

	(void)state;
	site_open(&s, 4);
	site_boot(&s);
	site_simple(&s, REPLICA_EV_START);
	site_peer(&s, 1, true);
	s.ms += 10;
	site_step(&s,
	    (struct replica_event){.type = REPLICA_EV_TRAINED,
		.answer = site_draft(0)});
	site_durable(&s);
	assert_non_null(site_sent(&s, WIRE_ANSWER));
	m.u.ids.n = VOTE_MAX_VALIDATORS;
	for (uint16_t i = 0; i < m.u.ids.n; i++)
		m.u.ids.ids[i] = site_sent(&s, WIRE_ANSWER)->u.answer->id;
	site_message(&s, 1, &m);
	for (size_t i = 0; i < s.nsent; i++)
		n += s.sent[i].type == WIRE_ANSWER;
	assert_int_equal(n, 1);
	site_close(&s);
}

/* However often it is asked for: a peer gets so many bytes in a tick. */
static void
answers_have_a_budget(void **state)
{
	struct wire_msg m = {.type = WIRE_ANSWER_REQ};
	size_t bytes = 0, again = 0;
	struct site s;

	(void)state;
	site_open(&s, 4);
	site_boot(&s);
	site_simple(&s, REPLICA_EV_START);
	site_peer(&s, 1, true);
	s.ms += 10;
	site_step(&s,
	    (struct replica_event){.type = REPLICA_EV_TRAINED,
		.answer = site_draft(0)});
	site_durable(&s);
	assert_non_null(site_sent(&s, WIRE_ANSWER));
	m.u.ids.n = 1;
	m.u.ids.ids[0] = site_sent(&s, WIRE_ANSWER)->u.answer->id;
	for (unsigned k = 0; k < 60000; k++) {
		site_message(&s, 1, &m);
		for (size_t i = 0; i < s.nsent; i++)
			bytes += SITE_DIM * sizeof(int64_t);
	}
	assert_true(bytes > 100000);
	assert_true(bytes < 5u << 20);
	site_message(&s, 1, &m);
	assert_null(site_sent(&s, WIRE_ANSWER));
	/* The next tick begins anew. */
	s.ms += 1000;
	site_simple(&s, REPLICA_EV_TIME);
	site_message(&s, 1, &m);
	for (size_t i = 0; i < s.nsent; i++)
		again += s.sent[i].type == WIRE_ANSWER;
	assert_int_equal(again, 1);
	site_close(&s);
}

/* All together may have us keep only so much for the next height; a vote always
 * finds room. */
static void
early_words_have_a_budget(void **state)
{
	struct wire_msg m = {.type = WIRE_ANSWER};
	const struct hash *block;
	struct site s;
	struct hash fed;
	uint64_t dropped;

	(void)state;
	site_open(&s, 7);
	site_boot(&s);
	site_simple(&s, REPLICA_EV_START);
	for (uint16_t i = 1; i < 7; i++)
		site_peer(&s, i, true);
	assert_int_equal(federation_id(&s.f, &fed), 0);
	for (uint16_t i = 1; i < 7; i++) {
		struct answer *a = answer_new(100000);

		assert_non_null(a);
		a->kind = ANSWER_UPDATE;
		a->member = i;
		a->round = 1;
		answer_sign(a, s.keys[i], &fed);
		m.u.answer = a;
		for (int k = 0; k < 5; k++)
			site_message(&s, i, &m);
		answer_unref(a);
	}
	dropped = replica_counts(s.r).dropped;
	assert_true(dropped >= 5);
	assert_true(dropped <= 15);
	block = ledger_head(replica_ledger(s.r));
	m = (struct wire_msg){.type = WIRE_VOTE};
	m.u.vote = (struct vote){.type = VOTE_PREVOTE,
	    .height = 2,
	    .block = *block,
	    .validator = 6};
	vote_sign(&m.u.vote, s.keys[6], &fed);
	site_message(&s, 6, &m);
	assert_int_equal(replica_counts(s.r).dropped, dropped);
	site_close(&s);
}

/* Do we prevote the first proposal of a round that comes late_ms after its
 * time? */
static bool
is_prevoted(uint32_t round, uint64_t late_ms)
{
	struct wire_msg m = {.type = WIRE_VOTE};
	struct block *b;
	struct hash fed;
	struct site s;
	uint16_t by;
	bool yes;

	site_open(&s, 4);
	assert_int_equal(federation_id(&s.f, &fed), 0);
	site_boot(&s);
	s.ms = 20000;
	site_simple(&s, REPLICA_EV_START);
	for (uint16_t i = 1; i < 3; i++) {
		m.u.vote = (struct vote){.type = VOTE_PREVOTE,
		    .height = 1,
		    .round = round,
		    .validator = i};
		vote_sign(&m.u.vote, s.keys[i], &fed);
		site_message(&s, i, &m);
	}
	by = ledger_proposer(replica_ledger(s.r), round);
	assert_int_not_equal(by, 0);
	b = first_block(&s, round, by, 0);
	s.ms += late_ms;
	propose(&s, round, by, b);
	site_durable(&s);
	assert_non_null(site_sent(&s, WIRE_VOTE));
	yes = hash_equal(&site_sent(&s, WIRE_VOTE)->u.vote.block, &b->id);
	block_free(b);
	site_close(&s);
	return yes;
}

/* A proposal may take a tenth longer in each round. */
static void
late_proposals(void **state)
{
	struct timing t;
	struct site s;
	uint64_t most;

	(void)state;
	site_open(&s, 4);
	t = s.f.timing;
	site_close(&s);
	most = (uint64_t)t.delay + t.precision;
	assert_true(is_prevoted(0, most));
	assert_false(is_prevoted(0, most + 1));
	most += t.delay * 5 / 10;
	assert_true(is_prevoted(5, most));
	assert_false(is_prevoted(5, most + 1));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(flood_of_proposals),
	    cmocka_unit_test(blocks_that_never_come),
	    cmocka_unit_test(large_proposals_are_given_slowly),
	    cmocka_unit_test(answers_are_sent_once),
	    cmocka_unit_test(answers_have_a_budget),
	    cmocka_unit_test(early_words_have_a_budget),
	    cmocka_unit_test(late_proposals),
	};

	if (sign_setup() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
