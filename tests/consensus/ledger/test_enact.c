/*
 * What passed proposals do to the ledger: parameters, a rule, a pause, the end
 * of a job, an upgrade; and that what does not fit any more changes nothing.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "consensus/books/body.h"
#include "consensus/books/view.h"
#include "consensus/ledger/enact.h"
#include "poll.h"
#include "proto/q24.h"

static void
begin(struct town *t, uint32_t rounds)
{
	poll_begin(t, &(struct town_setup){.n = 4, .rounds = rounds});
}

static struct payload
setting(uint8_t id, uint32_t value)
{
	struct payload p = {.param = {.n = 1}};

	p.param.set[0] = (struct payload_set){id, value};
	return p;
}

static void
a_timing(void **state)
{
	struct payload p = {
	    .param = {.n = 3,
		.set = {{PARAM_COLLECT, 3000}, {PARAM_STRAGGLER, 9000},
		    {PARAM_ANSWERS_MIN, 2}}}};
	struct hash before, leaves[LEDGER_LEAVES];
	const struct ledger_round *r;
	struct town t;
	uint64_t id;

	(void)state;
	begin(&t, 1000);
	ledger_leaves(t.l, leaves);
	before = leaves[3];
	id = poll_pass(&t, PROPOSAL_PARAM, &p);
	assert_int_equal(ledger_params(t.l)->timing.collect, TOWN_COLLECT_MS);
	assert_int_equal(poll_wait(&t, id), PROPOSAL_EXECUTED);
	/* In the round that is open, too. */
	r = ledger_round(t.l);
	assert_int_equal(r->collect_at_ms, r->opened_ms + 3000);
	assert_int_equal(r->straggler_at_ms, r->opened_ms + 9000);
	assert_int_equal(ledger_params(t.l)->answers_min, 2);
	assert_true(ledger_height(t.l) >= poll_motion(&t, id)->p.eta);
	ledger_leaves(t.l, leaves);
	assert_false(hash_equal(&before, &leaves[3]));
	poll_beat(&t);
	assert_true(hash_equal(&poll_last()->header.params, &leaves[3]));
	poll_end(&t);
}

static void
what_is_refused(void **state)
{
	static const struct payload_set bad[] = {
	    {PARAM_COLLECT, 0},
	    {PARAM_COLLECT, TOWN_COLLECT_MS * 10 + 1}, /* too large a step */
	    {PARAM_COLLECT, TOWN_COLLECT_MS / 10 - 1},
	    {PARAM_COLLECT, TOWN_STRAGGLER_MS + 1}, /* above the straggler */
	    {PARAM_ANSWERS_MIN, 5},
	    {PARAM_HEARTBEAT, 100000000},
	    {PARAMS, 5},
	    {0, 5},
	};
	struct payload p = {.job = {PAYLOAD_JOB_CANCEL, {{1}}}};
	struct town t;
	struct tx *x;

	(void)state;
	begin(&t, 1000);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct payload one = setting(bad[i].id, bad[i].value);

		x = poll_proposal(&t, 0, PROPOSAL_PARAM, &one);
		assert_int_not_equal(ledger_tx_fits(t.l, x), BOOKS_OK);
		tx_unref(x);
	}
	x = poll_proposal(&t, 0, PROPOSAL_JOB, &p); /* not the one that runs */
	assert_int_equal(ledger_tx_fits(t.l, x), BOOKS_RANGE);
	tx_unref(x);
	p = (struct payload){.upgrade = {1, 1000}}; /* what we have */
	x = poll_proposal(&t, 0, PROPOSAL_UPGRADE, &p);
	assert_int_equal(ledger_tx_fits(t.l, x), BOOKS_RANGE);
	tx_unref(x);
	poll_end(&t);
}

/* Most of the tokens are one member's, of four: by its own vote alone no block
 * would come in time any more. */
static void
rich_alone(void **state)
{
	struct payload p = {
	    .param = {.n = 2,
		.set = {{PARAM_COLLECT, 2000}, {PARAM_PROPOSE, 10}}}};
	struct body_transfer gift = {.amount = 900000000};
	struct body_ballot yes = {1, VOTE_YES};
	struct bytes_writer w = BYTES_WRITER_INIT;
	struct tx *txs[3];
	struct town t;

	(void)state;
	begin(&t, 1000);
	gift.to = ledger_member(t.l, 0)->sign;
	for (uint16_t i = 0; i < 3; i++) {
		w = BYTES_WRITER_INIT;
		body_transfer_put(&w, &gift);
		txs[i] = poll_tx(&t, (uint16_t)(i + 1), TX_TRANSFER, &w);
	}
	poll_commit(&t, txs, 3);
	txs[0] = poll_proposal(&t, 0, PROPOSAL_PARAM, &p);
	poll_commit(&t, txs, 1);
	w = BYTES_WRITER_INIT;
	body_ballot_put(&w, &yes);
	txs[0] = poll_tx(&t, 0, TX_VOTE, &w);
	poll_commit(&t, txs, 1);
	assert_int_equal(poll_wait(&t, 1), PROPOSAL_FAILED);
	assert_int_equal(ledger_params(t.l)->timing.collect, TOWN_COLLECT_MS);
	poll_end(&t);
}

/* Each fits alone when it is proposed; after the first the second does not,
 * and leaves no trace. Both are due in one block: the smaller id is first. */
static void
checked_again(void **state)
{
	struct payload up = setting(PARAM_STRAGGLER, 1500);
	struct payload down = setting(PARAM_COLLECT, 2000);
	struct tx *txs[2];
	struct town t;

	(void)state;
	begin(&t, 1000);
	txs[0] = poll_proposal(&t, 0, PROPOSAL_PARAM, &up);
	txs[1] = poll_proposal(&t, 1, PROPOSAL_PARAM, &down);
	poll_commit(&t, txs, 2);
	poll_vote(&t, 1);
	poll_vote(&t, 2);
	assert_int_equal(poll_wait(&t, 2), PROPOSAL_FAILED);
	assert_int_equal(poll_motion(&t, 1)->p.state, PROPOSAL_EXECUTED);
	assert_int_equal(poll_motion(&t, 1)->p.eta, poll_motion(&t, 2)->p.eta);
	assert_int_equal(ledger_params(t.l)->timing.straggler, 1500);
	assert_int_equal(ledger_params(t.l)->timing.collect, TOWN_COLLECT_MS);
	poll_end(&t);
}

static void
a_pause(void **state)
{
	struct payload p = {.pause = {5}};
	struct ledger_inputs in;
	struct block *closing;
	uint64_t id, until, when;
	struct town t;

	(void)state;
	begin(&t, 1000);
	/* A block that closes the round, made by who does not know yet. */
	id = poll_pass(&t, PROPOSAL_PAUSE, &p);
	/* Passed early: all have said yes. */
	assert_int_equal(poll_motion(&t, id)->p.state, PROPOSAL_EXECUTED);
	until = ledger_params(t.l)->paused_until;
	assert_int_equal(until, ledger_height(t.l) + 5);
	assert_true(ledger_paused(t.l));
	town_all(&t, ANSWER_UPDATE);
	in = town_inputs(&t, 0);
	in.now_ms = t.now_ms + TOWN_STRAGGLER_MS;
	assert_false(ledger_due(t.l, &in, &when));
	while (ledger_height(t.l) < until) {
		struct hash base = ledger_round(t.l)->base_model;

		town_all(&t, ANSWER_UPDATE);
		poll_beat(&t);
		assert_int_equal(poll_last()->header.kind, BLOCK_ORDINARY);
		assert_true(hash_equal(&base, &ledger_round(t.l)->base_model));
	}
	/* It lapses by itself, and the round has all its time again. */
	assert_false(ledger_paused(t.l));
	assert_int_equal(ledger_round(t.l)->number, 0);
	assert_int_equal(ledger_round(t.l)->collect_at_ms,
	    t.now_ms + TOWN_COLLECT_MS);
	town_all(&t, ANSWER_UPDATE);
	t.now_ms += TOWN_INTERVAL_MS;
	closing = town_build(&t);
	assert_int_equal(closing->header.kind, BLOCK_AGGREGATE);
	poll_keep(&t, closing);
	poll_end(&t);
}

/* Nobody may close a round in a pause, however complete the block is. */
static void
no_way_around_a_pause(void **state)
{
	struct payload p = {.pause = {5}};
	struct block *b;
	struct town t;

	(void)state;
	begin(&t, 1000);
	(void)poll_pass(&t, PROPOSAL_PAUSE, &p);
	town_all(&t, ANSWER_UPDATE);
	t.now_ms += TOWN_HEARTBEAT_MS;
	b = town_build(&t);
	b->header.kind = BLOCK_SKIP;
	assert_int_equal(block_seal(b), 0);
	assert_int_equal(ledger_check(t.l, b), LEDGER_PAUSED);
	block_free(b);
	poll_end(&t);
}

static void
the_end_of_a_job(void **state)
{
	struct payload p = {.job = {.op = PAYLOAD_JOB_CANCEL}};
	struct town t;
	uint64_t id;

	(void)state;
	begin(&t, 1000);
	p.job.job = ledger_round(t.l)->job;
	id = poll_pass(&t, PROPOSAL_JOB, &p);
	assert_int_equal(poll_wait(&t, id), PROPOSAL_EXECUTED);
	assert_true(ledger_round(t.l)->finished);
	/* Cancelled, not completed: no version is minted for it. */
	poll_beat(&t);
	assert_null(books_token_at(ledger_books(t.l), 0));
	poll_end(&t);
}

/* As the running job has it, but for these. */
static struct payload
ruling(const struct town *t, uint8_t rule, int64_t clip)
{
	struct payload p = {
	    .rule = {ledger_job(t->l)->combine, {(int32_t)clip, 0}}};

	p.rule.combine.rule = rule;
	return p;
}

/* Updates of 1, 2, 4 and 90 thousandths in the first coordinate, aggregated;
 * returns by how much the model moved there. */
static int64_t
a_round(struct town *t)
{
	static const int64_t of[] = {1, 2, 4, 90};
	int64_t was = ledger_model(t->l)[0];
	uint64_t done = ledger_round(t->l)->aggregated;

	for (uint16_t m = 0; m < 4; m++) {
		struct answer *a = town_draft(t, m, ANSWER_UPDATE);

		memset(a->delta, 0, a->dim * sizeof(*a->delta));
		a->delta[0] = of[m] * 1000;
		town_keep(t, a);
	}
	for (uint16_t v = 0; v < 4; v++)
		town_attest(t, v, UINT64_MAX);
	t->now_ms += TOWN_INTERVAL_MS;
	poll_keep(t, town_build(t));
	assert_int_equal(ledger_round(t->l)->aggregated, done + 1);
	return ledger_model(t->l)[0] - was;
}

/* An update as long as 3 under this clip. */
static enum ledger_verdict
long_update(struct town *t, int64_t clip)
{
	struct answer *a = town_draft(t, 0, ANSWER_UPDATE);
	enum ledger_verdict v;

	memset(a->delta, 0, a->dim * sizeof(*a->delta));
	a->delta[0] = 3 * (int64_t)Q24_ONE;
	a->clip_q24 = (uint64_t)(clip * Q24_ONE);
	answer_sign(a, town_key(t, 0), &t->fid);
	v = ledger_check_answer(t->l, a);
	answer_unref(a);
	return v;
}

static void
another_rule(void **state)
{
	struct hash leaves[LEDGER_LEAVES], params, model;
	struct ledger_round was;
	struct payload p;
	struct town t;

	(void)state;
	begin(&t, 1000);
	assert_int_equal(a_round(&t), 97000 / 4);
	assert_int_equal(long_update(&t, 4), LEDGER_OK);
	p = ruling(&t, JOB_MEDIAN, 2);
	ledger_leaves(t.l, leaves);
	params = leaves[3];
	was = *ledger_round(t.l);
	model = was.base_model;
	assert_int_equal(poll_wait(&t, poll_pass(&t, PROPOSAL_RULE, &p)),
	    PROPOSAL_EXECUTED);
	/* The same job, model and count; the open round is broken off. */
	assert_memory_equal(&ledger_round(t.l)->job, &was.job, HASH_LEN);
	assert_memory_equal(&ledger_round(t.l)->base_model, &model, HASH_LEN);
	assert_int_equal(ledger_round(t.l)->number, was.number + 1);
	assert_int_equal(ledger_round(t.l)->ruled, was.number + 1);
	assert_int_equal(ledger_round(t.l)->first, was.first);
	assert_int_equal(ledger_round(t.l)->aggregated, 1);
	assert_int_equal(ledger_round(t.l)->skipped, was.skipped + 1);
	ledger_leaves(t.l, leaves);
	assert_memory_not_equal(&leaves[3], &params, HASH_LEN);
	assert_int_equal(ledger_params(t.l)->combine.rule, JOB_MEDIAN);
	assert_int_equal(ledger_clip_q24(t.l), 2 * Q24_ONE);
	assert_int_equal(ledger_job(t.l)->clip.mant, 2);
	assert_int_equal(long_update(&t, 4), LEDGER_CLIP_CLAIM);
	assert_int_equal(long_update(&t, 2), LEDGER_CLIP);
	assert_int_equal(a_round(&t), 3000);
	/* Once more, to one that remembers: its moments are state. */
	p = ruling(&t, JOB_MEDIAN, 2);
	p.rule.combine.server = JOB_SERVER_MOMENTUM;
	ledger_leaves(t.l, leaves);
	assert_true(hash_is_zero(&leaves[8]));
	assert_int_equal(poll_wait(&t, poll_pass(&t, PROPOSAL_RULE, &p)),
	    PROPOSAL_EXECUTED);
	ledger_leaves(t.l, leaves);
	assert_false(hash_is_zero(&leaves[8]));
	assert_int_not_equal(a_round(&t), 0);
	poll_end(&t);
}

static void
rules_refused(void **state)
{
	struct payload p[7], end_it = {.job = {.op = PAYLOAD_JOB_CANCEL}};
	struct tx *txs[2];
	struct town t;

	(void)state;
	begin(&t, 1000);
	for (size_t i = 0; i < 7; i++)
		p[i] = ruling(&t, JOB_MEDIAN, 2);
	p[0].rule.combine.faults = 2; /* of four: no majority is left */
	p[1].rule.clip = (struct decimal){0, 0};
	p[2].rule.combine.stragglers = JOB_CARRY;
	p[2].rule.combine.carry_rounds = 2;
	p[3].rule.combine.weighting = JOB_REGISTERED; /* a plain mean's */
	p[4].rule.combine.rule = JOB_MEAMED + 1;
	p[5].rule.combine.pre[0] = JOB_BUCKETING + 1;
	p[6].rule.combine.pre[0] = p[6].rule.combine.pre[1] = JOB_NNM;
	for (size_t i = 0; i < 7; i++) {
		txs[0] = poll_proposal(&t, 0, PROPOSAL_RULE, &p[i]);
		assert_int_equal(ledger_tx_fits(t.l, txs[0]),
		    i == 4 || i == 5 ? BOOKS_BODY : BOOKS_RANGE);
		tx_unref(txs[0]);
	}
	/* There is no job any more when its turn comes. */
	end_it.job.job = ledger_round(t.l)->job;
	p[0] = ruling(&t, JOB_MEDIAN, 2);
	txs[0] = poll_proposal(&t, 0, PROPOSAL_JOB, &end_it);
	txs[1] = poll_proposal(&t, 1, PROPOSAL_RULE, &p[0]);
	poll_commit(&t, txs, 2);
	poll_vote(&t, 1);
	poll_vote(&t, 2);
	assert_int_equal(poll_wait(&t, 2), PROPOSAL_FAILED);
	assert_int_equal(poll_wait(&t, 1), PROPOSAL_EXECUTED);
	assert_int_equal(ledger_params(t.l)->combine.rule, JOB_MEAN);
	poll_end(&t);
}

/* The round that is broken off was the last one. */
static void
a_rule_too_late(void **state)
{
	struct payload p;
	struct town t;

	(void)state;
	begin(&t, 2);
	(void)a_round(&t);
	p = ruling(&t, JOB_MEDIAN, 2);
	assert_int_equal(poll_wait(&t, poll_pass(&t, PROPOSAL_RULE, &p)),
	    PROPOSAL_EXECUTED);
	assert_true(ledger_round(t.l)->finished);
	assert_int_equal(ledger_round(t.l)->number, 2);
	assert_non_null(books_token_at(ledger_books(t.l), 0));
	poll_end(&t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_timing),
	    cmocka_unit_test(what_is_refused),
	    cmocka_unit_test(rich_alone),
	    cmocka_unit_test(checked_again),
	    cmocka_unit_test(a_pause),
	    cmocka_unit_test(no_way_around_a_pause),
	    cmocka_unit_test(the_end_of_a_job),
	    cmocka_unit_test(another_rule),
	    cmocka_unit_test(rules_refused),
	    cmocka_unit_test(a_rule_too_late),
	};

	return sign_setup() < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
