/* Blocks of each kind: when they may come, and what a proposer may build. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fixture.h"

/* Round 1 is open at height 1, and a block that closes it with four updates
 * is ready. */
static struct block *
ready(struct town *t)
{
	town_open(t, &(struct town_setup){.n = 4, .rounds = 9});
	town_all(t, ANSWER_UPDATE);
	t->now_ms += 100;
	town_step(t);
	town_all(t, ANSWER_UPDATE);
	t->now_ms += 100;
	return town_build(t);
}

static void
drop_last_answer(struct block *b)
{
	b->header.nanswers--;
	answer_unref(b->answers[b->header.nanswers]);
	b->answers[b->header.nanswers] = NULL;
}

/* Header fields that sealing would set right again. */
static void
unsealed(void **state)
{
	struct town t;
	struct block *b = ready(&t);
	struct header h = b->header;
	struct hash id = b->id;

	(void)state;
#define EXPECT(change)                                                 \
	do {                                                           \
		change;                                                \
		b->id = header_id(&b->header);                         \
		assert_int_equal(ledger_check(t.l, b), LEDGER_FORMAT); \
		b->header = h;                                         \
		b->id = id;                                            \
		assert_int_equal(ledger_check(t.l, b), LEDGER_OK);     \
	} while (0)
	EXPECT(b->header.last_commit.b[0] ^= 1);
	EXPECT(b->header.answers_root.b[0] ^= 1);
	EXPECT(b->header.attests_root.b[0] ^= 1);
	EXPECT(b->header.txs_root.b[0] ^= 1);
	EXPECT(b->header.evidence_root.b[0] ^= 1);
	EXPECT(b->header.ntxs = 1);
	EXPECT(b->header.nevidence = 1);
	EXPECT(b->header.body_bytes--);
#undef EXPECT
	b->id.b[0] ^= 1; /* an id that is not the header's */
	assert_int_equal(ledger_check(t.l, b), LEDGER_FORMAT);
	block_free(b);
	town_close(&t);
}

/* At height 1 there is no certificate, and none may be claimed. */
static void
first_block(void **state)
{
	struct town t;
	struct block *b;

	(void)state;
	town_open(&t, &(struct town_setup){.n = 4, .rounds = 9});
	town_all(&t, ANSWER_UPDATE);
	t.now_ms += 100;
	b = town_build(&t);
	assert_null(b->last_commit);
	assert_int_equal(ledger_check(t.l, b), LEDGER_OK);
	b->last_commit = calloc(1, sizeof(*b->last_commit));
	assert_non_null(b->last_commit);
	town_certify(&t, b->last_commit, 0, &t.fid);
	assert_int_equal(block_seal(b), 0);
	assert_int_equal(ledger_check(t.l, b), LEDGER_COMMIT);
	block_free(b);
	town_close(&t);
}

/* One millisecond before the rule allows it, for each way to close. */
static void
too_early(void **state)
{
	/* updates, refusals, from when on, kind */
	static const struct {
		uint16_t nupdates, nrefusals;
		uint64_t from_ms;
		uint8_t kind;
	} cases[] = {
	    {3, 0, TOWN_COLLECT_MS, BLOCK_AGGREGATE},
	    {2, 0, TOWN_STRAGGLER_MS, BLOCK_AGGREGATE},
	    {2, 1, TOWN_STRAGGLER_MS, BLOCK_AGGREGATE},
	    {1, 0, TOWN_STRAGGLER_MS, BLOCK_SKIP},
	    {1, 2, TOWN_STRAGGLER_MS, BLOCK_SKIP},
	    {0, 0, TOWN_STRAGGLER_MS, BLOCK_SKIP},
	    {0, 4, TOWN_COLLECT_MS, BLOCK_SKIP},
	    {1, 3, TOWN_INTERVAL_MS, BLOCK_AGGREGATE},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct town t;
		struct block *b;
		uint16_t m = 0;

		town_open(&t, &(struct town_setup){.n = 4, .rounds = 9});
		town_begin(&t);
		while (m < cases[i].nupdates)
			town_answer(&t, m++, ANSWER_UPDATE);
		while (m < cases[i].nupdates + cases[i].nrefusals)
			town_answer(&t, m++, ANSWER_NO_UPDATE);
		for (uint16_t v = 1; v < 4; v++)
			town_attest(&t, v, UINT64_MAX);
		t.now_ms += cases[i].from_ms;
		b = town_build(&t);
		assert_int_equal(b->header.kind, cases[i].kind);
		b->header.time_ms--;
		assert_int_equal(block_seal(b), 0);
		assert_int_equal(ledger_check(t.l, b),
		    cases[i].from_ms == TOWN_INTERVAL_MS ? LEDGER_TIME
							 : LEDGER_EARLY);
		b->header.time_ms++;
		b->header.kind =
		    b->header.kind == BLOCK_SKIP ? BLOCK_AGGREGATE : BLOCK_SKIP;
		assert_int_equal(block_seal(b), 0);
		assert_int_equal(ledger_check(t.l, b), LEDGER_KIND);
		block_free(b);
		town_close(&t);
	}
}

static void
heartbeat_blocks(void **state)
{
	struct town t;
	struct block *b = ready(&t);
	struct block *full = b;
	struct header h;

	(void)state;
	memset(t.given, 0, sizeof(t.given));
	t.now_ms = ledger_time_ms(t.l) + TOWN_HEARTBEAT_MS;
	b = town_build(&t);
	h = b->header;
	assert_int_equal(h.kind, BLOCK_ORDINARY);
#define EXPECT(change, want)                                    \
	do {                                                    \
		b->header = h;                                  \
		change;                                         \
		assert_int_equal(block_seal(b), 0);             \
		assert_int_equal(ledger_check(t.l, b), (want)); \
	} while (0)
	EXPECT((void)0, LEDGER_OK);
	EXPECT(b->header.time_ms--, LEDGER_EARLY);
	EXPECT(b->header.time_ms++, LEDGER_OK);
	EXPECT(b->header.aggregate.b[0] = 1, LEDGER_AGGREGATE);
	EXPECT(b->header.model = full->header.model, LEDGER_MODEL);
	EXPECT(b->header.state_root = full->header.state_root, LEDGER_STATE);
	EXPECT(b->header.fl_round++, LEDGER_ROUND);
	EXPECT(b->header.kind = BLOCK_SKIP, LEDGER_QUORUM);
	EXPECT(b->header.kind = BLOCK_AGGREGATE, LEDGER_QUORUM);
#undef EXPECT
	block_free(b);
	/* Attestations or answers in a heartbeat. */
	full->header.kind = BLOCK_ORDINARY;
	full->header.time_ms = t.now_ms;
	while (full->header.nanswers > 0)
		drop_last_answer(full);
	assert_int_equal(block_seal(full), 0);
	assert_int_equal(ledger_check(t.l, full), LEDGER_QUORUM);
	block_free(full);
	town_close(&t);
}

static void
after_the_job(void **state)
{
	struct town t;
	struct block *b;

	(void)state;
	town_open(&t, &(struct town_setup){.n = 1, .rounds = 1});
	town_all(&t, ANSWER_UPDATE);
	t.now_ms += 100;
	town_step(&t);
	t.now_ms += TOWN_HEARTBEAT_MS;
	b = town_build(&t);
	b->header.kind = BLOCK_SKIP;
	assert_int_equal(block_seal(b), 0);
	assert_int_equal(ledger_check(t.l, b), LEDGER_FINISHED);
	block_free(b);
	town_close(&t);
}

static void
build_refuses(void **state)
{
	struct town t;
	struct ledger_inputs in;
	struct hash missing;
	struct hash want;
	struct answer *gone;
	struct block *b = ready(&t);
	struct block *none = NULL;

	(void)state;
	in = town_inputs(&t, 0);
	in.proposer = (uint16_t)((in.proposer + 1) % 4);
	assert_int_equal(ledger_build(t.l, &in, &none, &missing), -EINVAL);
	in = town_inputs(&t, 0);
	in.last_commit = NULL;
	assert_int_equal(ledger_build(t.l, &in, &none, &missing), -EINVAL);
	/* An answer of the set is not held: its id comes back. */
	in = town_inputs(&t, 0);
	gone = t.pool[2];
	want = gone->id;
	t.pool[2] = t.pool[--t.npool];
	assert_int_equal(ledger_build(t.l, &in, &none, &missing), -ENOENT);
	assert_true(hash_equal(&missing, &want));
	/* Meanwhile heartbeats go on. */
	in.now_ms = ledger_time_ms(t.l) + TOWN_HEARTBEAT_MS;
	assert_int_equal(ledger_build(t.l, &in, &none, &missing), 0);
	assert_int_equal(none->header.kind, BLOCK_ORDINARY);
	block_free(none);
	none = NULL;
	t.pool[t.npool++] = gone;
	/* An invalid answer that a third vouches for. */
	gone->delta[0]++;
	gone->clip_q24++;
	in = town_inputs(&t, 0);
	assert_int_equal(ledger_build(t.l, &in, &none, &missing), -EBADMSG);
	assert_null(none);
	block_free(b);
	town_close(&t);
}

/* Attestations of a round that is over count for nothing. */
static void
stale_attestations(void **state)
{
	struct town t;
	struct ledger_inputs in;
	struct block *b = ready(&t);
	struct attest old = b->attests[0];
	uint64_t when;

	(void)state;
	town_commit(&t, b);
	block_free(b);
	town_all(&t, ANSWER_UPDATE);
	t.given[0] = &old;
	t.now_ms += 100;
	b = town_build(&t);
	assert_int_equal(b->header.nattests, 3);
	assert_int_equal(b->attests[0].validator, 1);
	block_free(b);
	t.given[1] = NULL;
	in = town_inputs(&t, 0);
	assert_false(ledger_due(t.l, &in, &when));
	assert_int_equal(when, ledger_time_ms(t.l) + TOWN_HEARTBEAT_MS);
	town_close(&t);
}

/* A member with two attested answers contributes neither. */
static void
equivocating_member(void **state)
{
	struct town t;
	struct block *b;
	unsigned first, second;
	uint64_t others;

	(void)state;
	town_open(&t, &(struct town_setup){.n = 4, .rounds = 9});
	town_begin(&t);
	first = town_answer(&t, 2, ANSWER_UPDATE);
	second = town_answer(&t, 2, ANSWER_UPDATE);
	others = 1u << town_answer(&t, 0, ANSWER_UPDATE);
	others |= 1u << town_answer(&t, 1, ANSWER_UPDATE);
	others |= 1u << town_answer(&t, 3, ANSWER_UPDATE);
	for (uint16_t v = 0; v < 4; v++)
		town_attest(&t, v, others | 1u << (v < 2 ? first : second));
	t.now_ms += TOWN_COLLECT_MS;
	b = town_build(&t);
	assert_int_equal(b->header.nanswers, 3);
	assert_int_equal(b->answers[2]->member, 3);
	/* Three against one: the one id that qualifies is in. */
	block_free(b);
	town_attest(&t, 1, others | 1u << second);
	b = town_build(&t);
	assert_int_equal(b->header.nanswers, 4);
	assert_true(hash_equal(&b->answer_ids[2], &t.pool[second]->id));
	block_free(b);
	town_close(&t);
}

static void
buckets_first(struct job *j)
{
	j->combine.faults = 1;
	j->combine.pre[0] = JOB_BUCKETING;
	j->combine.pre[1] = JOB_NNM;
	j->combine.bucket = 2;
}

/* Two sites have nothing to give. The updates of the others are as many as the
 * rule wants, but one bucket of two is no more than the liars it reckons with:
 * without a block that skips the round no other would ever be built. */
static void
what_no_rule_combines(void **state)
{
	struct town t;

	(void)state;
	town_open(&t,
	    &(struct town_setup){.n = 4, .rounds = 9, .edit = buckets_first});
	town_begin(&t);
	for (uint16_t m = 0; m < 4; m++)
		town_answer(&t, m, m < 2 ? ANSWER_UPDATE : ANSWER_NO_UPDATE);
	for (uint16_t v = 0; v < 4; v++)
		town_attest(&t, v, UINT64_MAX);
	t.now_ms += TOWN_COLLECT_MS;
	assert_int_equal(town_step(&t), BLOCK_SKIP);
	town_all(&t, ANSWER_UPDATE);
	t.now_ms += TOWN_INTERVAL_MS;
	assert_int_equal(town_step(&t), BLOCK_AGGREGATE);
	town_close(&t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(unsealed),
	    cmocka_unit_test(first_block),
	    cmocka_unit_test(too_early),
	    cmocka_unit_test(heartbeat_blocks),
	    cmocka_unit_test(after_the_job),
	    cmocka_unit_test(build_refuses),
	    cmocka_unit_test(stale_attestations),
	    cmocka_unit_test(equivocating_member),
	    cmocka_unit_test(what_no_rule_combines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
