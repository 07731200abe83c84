/* Blocks: one change to a valid one gives exactly the verdict it must. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fixture.h"
#include "proto/merkle.h"
#include "proto/q24.h"

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

static bool
names_unknown_model(const struct town *t, const struct block *b)
{
	const struct bases *bases = &ledger_round(t->l)->bases;

	for (uint16_t i = 0; i < b->header.nanswers; i++)
		if (bases_age(bases, &b->answers[i]->base_model) < 0)
			return true;
	return false;
}

/* As a liar would: results for another set of answers or another sum. */
static void
recompute(struct town *t, struct block *b, int64_t error)
{
	struct hash leaves[LEDGER_LEAVES];
	int64_t agg[6], model[6];

	for (uint32_t j = 0; j < 6; j++) {
		int64_t sum = 0;

		for (uint16_t i = 0; i < b->header.nanswers; i++)
			sum += b->answers[i]->delta[j];
		agg[j] = q24_div(sum, b->header.nanswers);
		agg[j] += j == 3 ? error : 0;
		model[j] = ledger_model(t->l)[j] + agg[j];
	}
	b->header.aggregate = q24_hash("qml.agg", agg, 6);
	b->header.model = q24_hash("qml.model", model, 6);
	if (!ledger_leaves_after(t->l, b, leaves)) { /* it has no outcome */
		assert_true(names_unknown_model(t, b));
		return;
	}
	leaves[5] = b->header.model;
	b->header.state_root = merkle_root_of(leaves, LEDGER_LEAVES);
}

#define MUTATION(name, change)                            \
	static void name(struct town *t, struct block *b) \
	{                                                 \
		(void)t;                                  \
		change;                                   \
	}

MUTATION(m_nothing, (void)b)

static void
m_recomputed(struct town *t, struct block *b)
{
	recompute(t, b, 0); /* the oracle agrees with the ledger */
}

MUTATION(m_block_version, b->header.block_version++)
MUTATION(m_app_version, b->header.app_version++)
MUTATION(m_federation, b->header.federation.b[3] ^= 1)
MUTATION(m_height_before, b->header.height--)
MUTATION(m_height_after, b->header.height++)
MUTATION(m_prev, b->header.prev.b[0] ^= 1)
MUTATION(m_time_equal, b->header.time_ms = ledger_time_ms(t->l))
MUTATION(m_time_within_interval,
    b->header.time_ms = ledger_time_ms(t->l) + TOWN_INTERVAL_MS - 1)
MUTATION(m_proposer,
    b->header.proposer = (uint16_t)((b->header.proposer + 1) % 4))
MUTATION(m_proposer_unknown, b->header.proposer = 99)
MUTATION(m_bft_round, b->header.round++)
MUTATION(m_validators, b->header.validators.b[0] ^= 1)
MUTATION(m_next_validators, b->header.next_validators.b[0] ^= 1)
MUTATION(m_params, b->header.params.b[0] ^= 1)
MUTATION(m_fl_round_before, b->header.fl_round--)
MUTATION(m_fl_round_after, b->header.fl_round++)
MUTATION(m_history_size, b->header.history_size++)
MUTATION(m_history_root, b->header.history_root.b[0] ^= 1)
MUTATION(m_kind_skip, b->header.kind = BLOCK_SKIP)
MUTATION(m_kind_ordinary, b->header.kind = BLOCK_ORDINARY)
MUTATION(m_kind_unknown, b->header.kind = 3)
MUTATION(m_aggregate, b->header.aggregate.b[0] ^= 1)
MUTATION(m_aggregate_up, recompute(t, b, 1))
MUTATION(m_aggregate_down, recompute(t, b, -1))

static void
m_model(struct town *t, struct block *b)
{
	struct hash agg = b->header.aggregate;

	recompute(t, b, 1);
	b->header.aggregate = agg;
}

MUTATION(m_model_stays, b->header.model = ledger_round(t->l)->base_model)
MUTATION(m_state_root, b->header.state_root.b[31] ^= 128)

static void
m_no_commit(struct town *t, struct block *b)
{
	(void)t;
	free(b->last_commit);
	b->last_commit = NULL;
}

MUTATION(m_commit_forged, b->last_commit->sigs[3].b[0] ^= 1)
MUTATION(m_commit_below_quorum, b->last_commit->nsigs = 2)

/* Its signers are paid by what stands in the block. */
static void
m_commit_just_quorum(struct town *t, struct block *b)
{
	b->last_commit->nsigs = 3;
	recompute(t, b, 0);
}

static void
m_commit_other_block(struct town *t, struct block *b)
{
	struct hash other = hash_bytes("x", "other", 5);

	town_certify(t, b->last_commit, 1, &other);
}

MUTATION(m_commit_other_height,
    town_certify(t, b->last_commit, 2, ledger_head(t->l)))
MUTATION(m_attests_below_quorum, b->header.nattests = 2)
MUTATION(m_attests_just_quorum, b->header.nattests = 3)
MUTATION(m_no_attests, b->header.nattests = 0)
MUTATION(m_attest_twice, b->attests[1] = b->attests[0])
MUTATION(m_attest_forged, b->attests[2].sig.b[40] ^= 1)
MUTATION(m_attest_by_other, attest_sign(&b->attests[2], t->keys[1], &t->fid))

static void
m_attest_unknown_validator(struct town *t, struct block *b)
{
	b->attests[3].validator = 4;
	attest_sign(&b->attests[3], t->keys[3], &t->fid);
}

static void
m_attest_unknown_member(struct town *t, struct block *b)
{
	b->attests[3].member[3] = 77;
	attest_sign(&b->attests[3], t->keys[3], &t->fid);
}

static void
m_attest_order(struct town *t, struct block *b)
{
	b->attests[3].member[1] = 0;
	attest_sign(&b->attests[3], t->keys[3], &t->fid);
}

static void
m_attest_old_round(struct town *t, struct block *b)
{
	b->attests[3].round = 0;
	attest_sign(&b->attests[3], t->keys[3], &t->fid);
}

static void
m_attest_next_round(struct town *t, struct block *b)
{
	b->attests[3].round = 2;
	attest_sign(&b->attests[3], t->keys[3], &t->fid);
}

/* Three of four still attest everything: nothing is kept out that way. */
static void
m_one_attests_nothing(struct town *t, struct block *b)
{
	b->attests[0].nheld = 0;
	attest_sign(&b->attests[0], t->keys[0], &t->fid);
}

static void
m_answer_left_out(struct town *t, struct block *b)
{
	drop_last_answer(b);
	recompute(t, b, 0);
}

static void
m_answers_swapped(struct town *t, struct block *b)
{
	struct answer *a = b->answers[0];
	struct hash id = b->answer_ids[0];

	(void)t;
	b->answers[0] = b->answers[1];
	b->answer_ids[0] = b->answer_ids[1];
	b->answers[1] = a;
	b->answer_ids[1] = id;
}

static void
m_answer_replaced(struct town *t, struct block *b)
{
	unsigned i = town_answer(t, 2, ANSWER_UPDATE);

	answer_unref(b->answers[2]);
	b->answers[2] = answer_ref(t->pool[i]);
	b->answer_ids[2] = t->pool[i]->id;
	recompute(t, b, 0);
}

/* Only one validator attests member 3's answer, which is not enough. */
static void
m_answer_added(struct town *t, struct block *b)
{
	for (uint16_t v = 1; v < 4; v++) {
		b->attests[v].nheld = 3;
		attest_sign(&b->attests[v], t->keys[v], &t->fid);
	}
}

static void
m_answer_missing(struct town *t, struct block *b)
{
	(void)t;
	answer_unref(b->answers[1]);
	b->answers[1] = NULL;
}

static void
m_answer_other_object(struct town *t, struct block *b)
{
	(void)t;
	answer_unref(b->answers[1]);
	b->answers[1] = answer_ref(b->answers[0]);
}

/* Member 1's answer is spoiled, and more than a third vouches for it. */
static void
vouch(struct town *t, struct block *b, struct answer *a, uint16_t as_member)
{
	answer_unref(b->answers[as_member]);
	b->answers[as_member] = a;
	b->answer_ids[as_member] = a->id;
	for (uint16_t v = 0; v < 4; v++) {
		b->attests[v].held[as_member] = a->id;
		attest_sign(&b->attests[v], t->keys[v], &t->fid);
	}
	if (a->kind == ANSWER_UPDATE)
		recompute(t, b, 0);
}

MUTATION(m_answer_of_other_member, vouch(t, b, answer_ref(b->answers[0]), 1))

static void
m_answer_replayed(struct town *t, struct block *b)
{
	struct answer *a = town_draft(t, 1, ANSWER_UPDATE);

	a->round = 0;
	answer_sign(a, t->keys[1], &t->fid);
	vouch(t, b, a, 1);
}

static void
m_answer_stale_model(struct town *t, struct block *b)
{
	struct answer *a = town_draft(t, 1, ANSWER_UPDATE);

	a->base_model.b[7] ^= 1;
	answer_sign(a, t->keys[1], &t->fid);
	vouch(t, b, a, 1);
}

static void
m_answer_beyond_clip(struct town *t, struct block *b)
{
	struct answer *a = town_draft(t, 1, ANSWER_UPDATE);

	memset(a->delta, 0, 6 * sizeof(*a->delta));
	a->delta[0] = 3 * Q24_ONE;
	a->delta[1] = 44388342; /* one above sqrt(7) 2^24 */
	answer_sign(a, t->keys[1], &t->fid);
	vouch(t, b, a, 1);
}

static void
m_answer_beyond_bound(struct town *t, struct block *b)
{
	struct answer *a = town_draft(t, 1, ANSWER_UPDATE);

	a->delta[4] = 3 * Q24_ONE + 1;
	answer_sign(a, t->keys[1], &t->fid);
	vouch(t, b, a, 1);
}

static void
m_answer_forged(struct town *t, struct block *b)
{
	struct answer *a = town_draft(t, 1, ANSWER_UPDATE);

	answer_sign(a, t->keys[0], &t->fid);
	vouch(t, b, a, 1);
}

static void
m_answer_refusal_ok(struct town *t, struct block *b)
{
	struct answer *a = town_draft(t, 1, ANSWER_NO_UPDATE);

	answer_sign(a, t->keys[1], &t->fid);
	vouch(t, b, a, 1);
	(void)t;
}

struct mutation {
	const char *name;
	void (*change)(struct town *t, struct block *b);
	enum ledger_verdict want;
};

static const struct mutation closing[] = {
    {"nothing", m_nothing, LEDGER_OK},
    {"recomputed", m_recomputed, LEDGER_OK},
    {"block version", m_block_version, LEDGER_FORMAT},
    {"app version", m_app_version, LEDGER_VERSION},
    {"federation", m_federation, LEDGER_FEDERATION},
    {"height before", m_height_before, LEDGER_STALE},
    {"height after", m_height_after, LEDGER_FUTURE},
    {"prev", m_prev, LEDGER_PREVIOUS},
    {"time equal", m_time_equal, LEDGER_TIME},
    {"time within interval", m_time_within_interval, LEDGER_TIME},
    {"proposer", m_proposer, LEDGER_PROPOSER},
    {"proposer unknown", m_proposer_unknown, LEDGER_PROPOSER},
    {"bft round", m_bft_round, LEDGER_PROPOSER},
    {"validators", m_validators, LEDGER_PARAMS},
    {"next validators", m_next_validators, LEDGER_PARAMS},
    {"params", m_params, LEDGER_PARAMS},
    {"replayed round", m_fl_round_before, LEDGER_ROUND},
    {"fl round after", m_fl_round_after, LEDGER_ROUND},
    {"history size", m_history_size, LEDGER_HISTORY},
    {"history root", m_history_root, LEDGER_HISTORY},
    {"kind skip", m_kind_skip, LEDGER_KIND},
    {"kind ordinary", m_kind_ordinary, LEDGER_INCLUDED},
    {"kind unknown", m_kind_unknown, LEDGER_FORMAT},
    {"aggregate", m_aggregate, LEDGER_AGGREGATE},
    {"aggregate one up", m_aggregate_up, LEDGER_AGGREGATE},
    {"aggregate one down", m_aggregate_down, LEDGER_AGGREGATE},
    {"model one up", m_model, LEDGER_MODEL},
    {"model stays", m_model_stays, LEDGER_MODEL},
    {"state root", m_state_root, LEDGER_STATE},
    {"no commit", m_no_commit, LEDGER_COMMIT},
    {"commit forged", m_commit_forged, LEDGER_SIGNATURE},
    {"commit below quorum", m_commit_below_quorum, LEDGER_COMMIT},
    {"commit just quorum", m_commit_just_quorum, LEDGER_OK},
    {"commit other block", m_commit_other_block, LEDGER_COMMIT},
    {"commit other height", m_commit_other_height, LEDGER_COMMIT},
    {"attests below quorum", m_attests_below_quorum, LEDGER_QUORUM},
    {"attests just quorum", m_attests_just_quorum, LEDGER_OK},
    {"no attests", m_no_attests, LEDGER_QUORUM},
    {"attest twice", m_attest_twice, LEDGER_FORMAT},
    {"attest forged", m_attest_forged, LEDGER_SIGNATURE},
    {"attest by other", m_attest_by_other, LEDGER_SIGNATURE},
    {"attest validator", m_attest_unknown_validator, LEDGER_VALIDATOR},
    {"attest member", m_attest_unknown_member, LEDGER_MEMBER},
    {"attest order", m_attest_order, LEDGER_ORDER},
    {"attest old round", m_attest_old_round, LEDGER_ROUND},
    {"attest next round", m_attest_next_round, LEDGER_ROUND},
    {"one attests nothing", m_one_attests_nothing, LEDGER_OK},
    {"answer left out", m_answer_left_out, LEDGER_INCLUDED},
    {"answers swapped", m_answers_swapped, LEDGER_INCLUDED},
    {"answer replaced", m_answer_replaced, LEDGER_INCLUDED},
    {"answer added", m_answer_added, LEDGER_INCLUDED},
    {"answer missing", m_answer_missing, LEDGER_MISSING_ANSWER},
    {"answer other object", m_answer_other_object, LEDGER_FORMAT},
    {"answer of other member", m_answer_of_other_member, LEDGER_INCLUDED},
    {"answer replayed", m_answer_replayed, LEDGER_ROUND},
    {"answer stale model", m_answer_stale_model, LEDGER_BASE_MODEL},
    {"answer beyond clip", m_answer_beyond_clip, LEDGER_CLIP},
    {"answer beyond bound", m_answer_beyond_bound, LEDGER_BOUND},
    {"answer forged", m_answer_forged, LEDGER_SIGNATURE},
    {"refusal changes the sum", m_answer_refusal_ok, LEDGER_AGGREGATE},
};

static void
try_one(void **state)
{
	const struct mutation *m = *state;
	struct town t;
	struct block *b = ready(&t);
	struct hash before[LEDGER_LEAVES], after[LEDGER_LEAVES];
	enum ledger_verdict got;

	ledger_leaves(t.l, before);
	m->change(&t, b);
	assert_int_equal(block_seal(b), 0);
	got = ledger_check(t.l, b);
	if (got != m->want)
		fail_msg("%s: got '%s', want '%s'", m->name,
		    ledger_verdict_text(got), ledger_verdict_text(m->want));
	if (got != LEDGER_OK) {
		assert_int_equal(ledger_apply(t.l, b), -EBADMSG);
		ledger_leaves(t.l, after);
		assert_memory_equal(before, after, sizeof(before));
		assert_int_equal(ledger_height(t.l), 1);
	}
	block_free(b);
	/* The ledger is as willing as before. */
	memset(t.given, 0, sizeof(t.given));
	for (uint16_t v = 0; v < 4; v++)
		town_attest(&t, v, 15);
	assert_int_equal(town_step(&t), BLOCK_AGGREGATE);
	town_close(&t);
}

#define NCLOSING (sizeof(closing) / sizeof(*closing))

int
main(void)
{
	struct CMUnitTest tests[NCLOSING];

	for (size_t i = 0; i < NCLOSING; i++)
		tests[i] = (struct CMUnitTest){
		    .name = closing[i].name,
		    .test_func = try_one,
		    .initial_state = (void *)(uintptr_t)&closing[i],
		};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
