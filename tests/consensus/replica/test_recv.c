/*
 * What a peer's bytes and a disk's bytes bring about: blocks that are fetched,
 * requests, wrong messages of every kind, and what the pool gives back.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "consensus/bft/view.h"
#include "tests/consensus/replica/past.h"
#include "tests/consensus/replica/site.h"

static uint64_t
height(const struct site *s)
{
	return ledger_height(replica_ledger(s->r));
}

static void
blocks_are_fetched(void **state)
{
	struct chain x;
	struct site s;
	uint16_t peer, other;

	(void)state;
	peer = chain_behind(&s, &x, chain_make);
	other = peer == 1 ? 2 : 1;
	chain_give(&s, other, &x, 0); /* was not asked */
	assert_int_equal(replica_counts(s.r).stale, 1);
	chain_give(&s, peer, &x, 1); /* not the next one */
	assert_int_equal(replica_counts(s.r).stale, 2);
	for (unsigned k = 0; k < CHAIN_LEN; k++) {
		chain_give(&s, peer, &x, k);
		assert_int_equal(site_count(&s, REPLICA_PUNISH), 0);
	}
	for (unsigned k = 0; k < CHAIN_LEN; k++)
		site_durable(&s);
	assert_int_equal(height(&s), CHAIN_LEN);
	assert_int_equal(replica_counts(s.r).synced, CHAIN_LEN);
	site_close(&s);
	chain_close(&x);
}

/* A block is written, slowly: there is no room for it. What was due before it
 * came does not wake us a thousand times a second meanwhile. */
static void
storing_is_waited_for(void **state)
{
	struct chain x;
	struct site s;
	uint16_t peer = 0;

	(void)state;
	site_open(&s, 4);
	chain_make(&s, &x);
	site_boot(&s);
	s.ms = 7000;
	assert_int_equal(replica_replay(s.r, x.b[0], &x.c[0], true), 0);
	chain_meet(&s);
	s.ms += 100;
	for (uint16_t i = 1; i < 4; i++) {
		chain_claim(&s, i, CHAIN_LEN);
		peer = peer == 0 ? chain_asked(&s) : peer;
	}
	assert_int_not_equal(peer, 0);
	chain_give(&s, peer, &x, 1);
	s.ms = 20000;
	for (int k = 0; k < 3; k++) {
		s.ms += 1000;
		site_simple(&s, REPLICA_EV_TIME);
		assert_int_equal(height(&s), 1);
		assert_true(replica_deadline(s.r) >= s.ms + 100);
	}
	site_close(&s);
	chain_close(&x);
}

/* Time goes by until somebody is asked for blocks. */
static uint16_t
ask_again(struct site *s)
{
	uint16_t peer = 0;

	for (int k = 0; k < 40 && peer == 0; k++) {
		s->ms += 300;
		site_simple(s, REPLICA_EV_TIME);
		peer = chain_asked(s);
	}
	return peer;
}

/* Who claims blocks and gives none is asked last. */
static void
shirkers_come_last(void **state)
{
	uint16_t first, second, third;
	struct chain x;
	struct site s;

	(void)state;
	first = chain_behind(&s, &x, chain_make);
	second = ask_again(&s);
	assert_int_not_equal(second, 0);
	assert_int_not_equal(second, first);
	chain_give(&s, second, &x, 0);
	site_durable(&s);
	assert_int_equal(height(&s), 1);
	third = ask_again(&s);
	assert_int_equal(first + second + third, 1 + 2 + 3);
	chain_give(&s, third, &x, 1);
	site_durable(&s);
	assert_int_equal(height(&s), 2);
	assert_int_equal(ask_again(&s), second);
	/* Nobody else is left: better than nobody. */
	site_peer(&s, second, false);
	site_peer(&s, third, false);
	assert_int_equal(ask_again(&s), first);
	site_close(&s);
	chain_close(&x);
}

/* On a slow line a large block takes longer than we wait for one, whomever we
 * ask. It comes from the first one after we have asked another. */
static void
late_blocks_count(void **state)
{
	uint16_t first, second;
	struct chain x;
	struct site s;

	(void)state;
	first = chain_behind(&s, &x, chain_make);
	second = ask_again(&s);
	assert_int_not_equal(second, first);
	chain_give(&s, first, &x, 0);
	site_durable(&s);
	assert_int_equal(height(&s), 1);
	chain_give(&s, second, &x, 0); /* is not needed any more */
	assert_int_equal(site_count(&s, REPLICA_PUNISH), 0);
	chain_give(&s, second, &x, 1);
	site_durable(&s);
	assert_int_equal(height(&s), 2);
	/* Who sent a bad one answers for it, not who was asked last. */
	x.c[2].sigs[1].b[5] ^= 1;
	chain_give(&s, first, &x, 2);
	assert_int_equal(site_count(&s, REPLICA_PUNISH), 1);
	for (size_t i = 0; i < s.nseen; i++)
		if (s.seen[i].type == REPLICA_PUNISH)
			assert_int_equal(s.seen[i].peer, first);
	site_close(&s);
	chain_close(&x);
}

/* Whose link is gone brings nothing more, however long it might have taken. */
static void
who_left_is_not_waited_for(void **state)
{
	uint16_t first, second;
	struct chain x;
	struct site s;

	(void)state;
	first = chain_behind(&s, &x, chain_make);
	chain_give(&s, first, &x, 0);
	site_durable(&s);
	assert_int_equal(height(&s), 1);
	s.ms += 300;
	site_simple(&s, REPLICA_EV_TIME);
	assert_int_equal(chain_asked(&s), 0);
	site_peer(&s, first, false);
	s.ms += 300;
	site_simple(&s, REPLICA_EV_TIME);
	second = chain_asked(&s);
	assert_int_not_equal(second, 0);
	assert_int_not_equal(second, first);
	chain_give(&s, second, &x, 1);
	site_durable(&s);
	assert_int_equal(height(&s), 2);
	site_close(&s);
	chain_close(&x);
}

/* Who gives one large block and then nothing is not waited for as long as it
 * would take on the slowest of lines. */
static void
large_blocks_buy_little_time(void **state)
{
	uint16_t first, second = 0;
	struct chain x;
	struct site s;

	(void)state;
	first = chain_behind(&s, &x, chain_make_large);
	for (unsigned k = 0; k < 2; k++) {
		chain_give(&s, first, &x, k);
		site_durable(&s);
		assert_int_equal(height(&s), k + 1);
	}
	assert_int_equal(ask_again(&s), 0); /* it has some time */
	for (int k = 0; k < 2 && second == 0; k++)
		second = ask_again(&s);
	assert_int_not_equal(second, 0);
	assert_int_not_equal(second, first);
	chain_give(&s, second, &x, 2);
	site_durable(&s);
	assert_int_equal(height(&s), CHAIN_LEN);
	site_close(&s);
	chain_close(&x);
}

static struct block *
large_block(const struct chain *x, const struct sign_key *key, uint64_t at)
{
	struct answer *a = answer_new(ANSWER_DIM_MAX);
	struct block *b = block_new(0, 1, 0);

	assert_non_null(a);
	assert_non_null(b);
	a->kind = ANSWER_UPDATE;
	a->member = 1;
	answer_sign(a, key, &x->fed);
	b->answers[0] = a;
	b->answer_ids[0] = a->id;
	b->header.height = at;
	b->last_commit = malloc(sizeof(*b->last_commit));
	assert_non_null(b->last_commit);
	*b->last_commit = x->c[0];
	assert_int_equal(block_seal(b), 0);
	return b;
}

/* While a good block is being stored its sender fills our memory: with no more
 * than an honest one sends. */
static void
blocks_have_a_budget(void **state)
{
	struct wire_msg m = {.type = WIRE_BLOCK};
	struct chain x;
	struct site s;
	uint16_t peer;
	uint64_t stale;

	(void)state;
	peer = chain_behind(&s, &x, chain_make);
	chain_give(&s, peer, &x, 0);
	stale = replica_counts(s.r).stale;
	for (uint64_t h = 2; h < 8; h++) {
		m.u.decided.block = large_block(&x, s.keys[1], h);
		m.u.decided.commit = x.c[0];
		site_message(&s, peer, &m);
		block_free(m.u.decided.block);
	}
	/* 8 MiB each: four fit. */
	assert_int_equal(replica_counts(s.r).stale, stale + 2);
	site_durable(&s);
	assert_int_equal(height(&s), 1);
	assert_int_equal(site_count(&s, REPLICA_PUNISH), 1);
	site_close(&s);
	chain_close(&x);
}

static void
load_proof(struct site *s, const struct chain *x, uint64_t at, uint16_t signer)
{
	struct bytes_writer w = BYTES_WRITER_INIT;
	struct evidence *e = NULL;
	struct vote v[2];

	for (unsigned i = 0; i < 2; i++) {
		v[i] = (struct vote){.type = VOTE_PREVOTE,
		    .height = at,
		    .block = {{(uint8_t)i}},
		    .validator = 2};
		vote_sign(&v[i], s->keys[signer], &x->fed);
	}
	assert_int_equal(evidence_of_votes(&v[0], &v[1], &e), 0);
	evidence_put(&w, e);
	replica_load_proof(s->r, w.data, w.len);
	bytes_writer_close(&w);
	evidence_unref(e);
}

static size_t
forgotten(const struct site *s)
{
	size_t n = 0;

	for (size_t i = 0; i < s->nseen; i++)
		n += s->seen[i].type == REPLICA_STORE &&
		    s->seen[i].store == REPLICA_STORE_PROVED;
	return n;
}

/* The chain was cut where a bit had flipped. Evidence about the heights that
 * are gone waits for them; seeds 1056849 and more at c193313. */
static void
proofs_wait_for_lost_blocks(void **state)
{
	struct chain x;
	struct site s;
	size_t told = 0, gone = 0;

	(void)state;
	site_open(&s, 4);
	chain_make(&s, &x);
	site_boot(&s);
	s.ms = 20000;
	load_proof(&s, &x, 3, 2);
	load_proof(&s, &x, 2, 3); /* signed by another: proves nothing */
	site_simple(&s, REPLICA_EV_START);
	assert_int_equal(forgotten(&s), 0);
	assert_null(replica_proof(s.r, 0));
	for (uint16_t i = 1; i < 4; i++) {
		site_peer(&s, i, true);
		chain_claim(&s, i, CHAIN_LEN);
	}
	for (unsigned n = 0; n < 3 * CHAIN_LEN && height(&s) < 2; n++) {
		for (uint16_t i = 1; i < 4; i++)
			chain_give(&s, i, &x, (unsigned)height(&s));
		site_durable(&s);
		told += site_sent(&s, WIRE_EVIDENCE) != NULL;
		gone += forgotten(&s);
	}
	assert_int_equal(height(&s), 2);
	assert_int_equal(told, 1);
	assert_int_equal(gone, 1);
	assert_non_null(replica_proof(s.r, 0));
	assert_int_equal(replica_proof(s.r, 0)->at, 3);
	assert_null(replica_proof(s.r, 1));
	site_close(&s);
	chain_close(&x);
}

static void
expect(struct site *s, const struct wire_msg *m, size_t punished)
{
	site_message(s, 3, m);
	assert_int_equal(site_count(s, REPLICA_PUNISH), punished);
}

/* A vote for the height after the next one waits for the block between. */
static void
early_words_count(void **state)
{
	struct wire_msg m = {.type = WIRE_VOTE};
	struct chain x;
	struct site s;

	(void)state;
	site_open(&s, 4);
	chain_make(&s, &x);
	site_boot(&s);
	s.ms = 7000;
	chain_meet(&s);
	m.u.vote = (struct vote){.type = VOTE_PREVOTE,
	    .height = 2,
	    .block = x.b[1]->id,
	    .validator = 3};
	vote_sign(&m.u.vote, s.keys[3], &x.fed);
	expect(&s, &m, 0);
	/* Of block 1 there is first its certificate, vote by vote. */
	m = (struct wire_msg){.type = WIRE_PROPOSAL};
	m.u.proposal.block = x.b[0];
	m.u.proposal.head = (struct proposal){.height = 1,
	    .valid_round = VOTE_NO_ROUND,
	    .block = x.b[0]->id,
	    .proposer = x.b[0]->header.proposer};
	proposal_sign(&m.u.proposal.head, s.keys[x.b[0]->header.proposer],
	    &x.fed);
	site_message(&s, 1, &m);
	for (uint16_t i = 0; i < x.c[0].nsigs; i++) {
		m = (struct wire_msg){.type = WIRE_VOTE,
		    .u.vote = commit_vote(&x.c[0], i)};
		expect(&s, &m, 0);
	}
	for (int k = 0; k < 5 && height(&s) == 0; k++)
		site_durable(&s);
	assert_int_equal(height(&s), 1);
	assert_true(
	    bft_votes(replica_bft(s.r), 0, VOTE_PREVOTE, &x.b[1]->id).w[0] >>
		3 &
	    1);
	site_close(&s);
	chain_close(&x);
}

static void
bad_blocks_are_punished(void **state)
{
	struct chain x;
	struct site s;
	uint16_t peer;

	(void)state;
	peer = chain_behind(&s, &x, chain_make);
	x.c[0].sigs[1].b[5] ^= 1;
	chain_give(&s, peer, &x, 0);
	assert_int_equal(site_count(&s, REPLICA_PUNISH), 1);
	assert_int_equal(height(&s), 0);
	/* Somebody else is asked, and has the right one. */
	x.c[0].sigs[1].b[5] ^= 1;
	s.ms += 10000;
	site_simple(&s, REPLICA_EV_TIME);
	chain_claim(&s, 1, CHAIN_LEN);
	for (uint16_t i = 1; i < 4 && height(&s) == 0; i++) {
		chain_give(&s, i, &x, 0);
		site_durable(&s);
	}
	assert_int_equal(height(&s), 1);
	site_close(&s);
	chain_close(&x);
}

/* What the disk has is loaded in the order of a start. */
static void
disk_gives_back(void **state)
{
	struct votelog_record rec = {.type = VOTELOG_ATTEST};
	struct bytes_writer w = BYTES_WRITER_INIT;
	struct answer *a;
	struct chain x;
	struct site s;

	(void)state;
	site_open(&s, 4);
	chain_make(&s, &x);
	site_boot(&s);
	s.ms = 20000;
	assert_int_equal(replica_replay(s.r, x.b[1], &x.c[1], true), -EBADMSG);
	assert_int_equal(replica_replay(s.r, x.b[0], &x.c[0], true), 0);
	block_put(&w, x.b[1]);
	replica_load_body(s.r, w.data, w.len - 1); /* cut off */
	replica_load_body(s.r, w.data, w.len);
	bytes_writer_close(&w);
	block_put(&w, x.b[2]); /* of a later height */
	replica_load_body(s.r, w.data, w.len);
	bytes_writer_close(&w);
	for (uint16_t i = 1; i < 4; i++) {
		struct vote v = {.type = VOTE_PREVOTE,
		    .height = 2,
		    .block = x.b[1]->id,
		    .validator = i};

		vote_sign(&v, s.keys[i], &x.fed);
		vote_put(&w, &v);
	}
	bytes_put_u8(&w, 7); /* and half a vote */
	replica_load_votes(s.r, w.data, w.len);
	bytes_writer_close(&w);
	a = site_draft(0);
	a->member = 0;
	answer_sign(a, s.keys[0], &x.fed);
	answer_put(&w, a);
	replica_load_answer(s.r, w.data, w.len - 1);
	replica_load_answer(s.r, w.data, w.len);
	bytes_writer_close(&w);
	answer_unref(a);
	rec.has_attest = rec.has_answer = rec.has_bft = true;
	rec.attest.seq = 4;
	rec.answer.id = (struct hash){{9}}; /* its bytes are lost */
	rec.bft.height = 2;
	rec.bft.valid_round = rec.bft.locked.round = rec.bft.valid.round =
	    BFT_NO_ROUND;
	assert_int_equal(replica_load_records(s.r, &rec, 1), 0);
	chain_meet(&s);
	assert_int_equal(height(&s), 1);
	assert_int_equal(site_count(&s, REPLICA_HALT), 0);
	site_close(&s);
	chain_close(&x);
}

static void
requests(void **state)
{
	struct wire_msg m = {.type = WIRE_BLOCK_REQ};
	struct chain x;
	struct site s;

	(void)state;
	site_open(&s, 4);
	chain_make(&s, &x);
	site_boot(&s);
	s.ms = 20000;
	assert_int_equal(replica_replay(s.r, x.b[0], &x.c[0], true), 0);
	assert_int_equal(replica_load_records(s.r, NULL, 0), 0);
	chain_meet(&s);
	m.u.range = (struct wire_range){0, 1}; /* the founding document */
	expect(&s, &m, 0);
	assert_non_null(site_sent(&s, WIRE_FOUNDING));
	m.u.range = (struct wire_range){0, 2};
	expect(&s, &m, 1);
	m.u.range = (struct wire_range){2, 1}; /* not there yet */
	expect(&s, &m, 0);
	assert_int_equal(site_count(&s, REPLICA_SERVE), 0);
	m.u.range = (struct wire_range){1, WIRE_BLOCKS_MAX};
	expect(&s, &m, 0);
	assert_int_equal(site_count(&s, REPLICA_SERVE), 1);
	for (size_t i = 0; i < s.nseen; i++)
		if (s.seen[i].type == REPLICA_SERVE)
			assert_int_equal(s.seen[i].count, 1);
	m = (struct wire_msg){.type = WIRE_TX_REQ};
	m.u.ids.n = 1;
	expect(&s, &m, 0);
	m = (struct wire_msg){.type = WIRE_PING};
	expect(&s, &m, 0);
	site_close(&s);
	chain_close(&x);
}

/* Signed by a member, and wrong: the link is to blame, or nobody. */
static void
wrong_messages(void **state)
{
	struct wire_msg m = {.type = WIRE_VOTE};
	struct attest a = {.validator = 3};
	struct chain x;
	struct site s;

	(void)state;
	site_open(&s, 4);
	chain_make(&s, &x);
	site_boot(&s);
	s.ms = 7000;
	chain_meet(&s);
	m.u.vote =
	    (struct vote){.type = VOTE_PREVOTE, .height = 1, .validator = 50};
	vote_sign(&m.u.vote, s.keys[3], &x.fed);
	expect(&s, &m, 1);      /* there is no such validator */
	m.u.vote.validator = 0; /* with our key, which is held here alone */
	m.u.vote.block = x.b[0]->id;
	vote_sign(&m.u.vote, s.keys[0], &x.fed);
	expect(&s, &m, 0);
	assert_int_equal(site_count(&s, REPLICA_NOTICE), 1);
	m = (struct wire_msg){.type = WIRE_PROPOSAL};
	m.u.proposal.block = x.b[0];
	m.u.proposal.head = (struct proposal){.height = 1,
	    .valid_round = VOTE_NO_ROUND,
	    .block = x.b[1]->id,
	    .proposer = x.b[0]->header.proposer};
	if (m.u.proposal.head.proposer != 0) {
		proposal_sign(&m.u.proposal.head,
		    s.keys[m.u.proposal.head.proposer], &x.fed);
		expect(&s, &m, 1); /* another block than the one beside it */
	}
	m.u.proposal.head.proposer =
	    (uint16_t)(1 + x.b[0]->header.proposer % 3);
	m.u.proposal.head.block = x.b[0]->id;
	proposal_sign(&m.u.proposal.head, s.keys[m.u.proposal.head.proposer],
	    &x.fed);
	expect(&s, &m, 1); /* not its turn */
	m = (struct wire_msg){.type = WIRE_ATTEST, .u.attest = &a};
	attest_sign(&a, s.keys[2], &x.fed);
	expect(&s, &m, 1); /* of another job, too */
	a.validator = 60;
	expect(&s, &m, 1);
	a = (struct attest){.validator = 3, .round = 77};
	attest_sign(&a, s.keys[3], &x.fed);
	expect(&s, &m, 0); /* of another round */
	a.round = 0;
	a.validator = 0;
	expect(&s, &m, 0); /* ours */
	site_close(&s);
	chain_close(&x);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(blocks_are_fetched),
	    cmocka_unit_test(early_words_count),
	    cmocka_unit_test(bad_blocks_are_punished),
	    cmocka_unit_test(disk_gives_back),
	    cmocka_unit_test(shirkers_come_last),
	    cmocka_unit_test(late_blocks_count),
	    cmocka_unit_test(who_left_is_not_waited_for),
	    cmocka_unit_test(large_blocks_buy_little_time),
	    cmocka_unit_test(storing_is_waited_for),
	    cmocka_unit_test(blocks_have_a_budget),
	    cmocka_unit_test(proofs_wait_for_lost_blocks),
	    cmocka_unit_test(requests),
	    cmocka_unit_test(wrong_messages),
	};

	if (sign_setup() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
