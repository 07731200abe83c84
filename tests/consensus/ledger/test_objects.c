/* Single signed objects: every reason to refuse one, hit by one change. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "fixture.h"
#include "proto/q24.h"

/* How an update is spoiled, before it is signed by its member. */
enum spoil {
	SPOIL_NOTHING,
	SPOIL_VERSION,
	SPOIL_JOB,
	SPOIL_ROUND_BEFORE,
	SPOIL_ROUND_AFTER,
	SPOIL_BASE,
	SPOIL_CLIP_CLAIM,
	SPOIL_BOUND_HIGH,
	SPOIL_BOUND_LOW,
	SPOIL_BOUND_MIN,
	SPOIL_CLIP,
	SPOIL_KIND,
	SPOIL_REASON,
	SPOIL_FLAG,
	SPOIL_CLAIM,
	SPOIL_NO_ROWS,
	SPOIL_CORRECT,
	SPOIL_LOSS_BEFORE,
	SPOIL_LOSS_AFTER,
	SPOIL_FLAGS_OK,
	SPOIL_BOUND_OK,
	SPOIL_CLIP_OK,
};

static const struct {
	enum spoil what;
	enum ledger_verdict want;
} update_cases[] = {
    {SPOIL_NOTHING, LEDGER_OK},
    {SPOIL_VERSION, LEDGER_FORMAT},
    {SPOIL_JOB, LEDGER_JOB},
    {SPOIL_ROUND_BEFORE, LEDGER_STALE},
    {SPOIL_ROUND_AFTER, LEDGER_FUTURE},
    {SPOIL_BASE, LEDGER_BASE_MODEL},
    {SPOIL_CLIP_CLAIM, LEDGER_CLIP_CLAIM},
    {SPOIL_BOUND_HIGH, LEDGER_BOUND},
    {SPOIL_BOUND_LOW, LEDGER_BOUND},
    {SPOIL_BOUND_MIN, LEDGER_BOUND},
    {SPOIL_CLIP, LEDGER_CLIP},
    {SPOIL_KIND, LEDGER_FLAGS},
    {SPOIL_REASON, LEDGER_FLAGS},
    {SPOIL_FLAG, LEDGER_FLAGS},
    {SPOIL_CLAIM, LEDGER_PRIVACY},
    {SPOIL_NO_ROWS, LEDGER_METRICS},
    {SPOIL_CORRECT, LEDGER_METRICS},
    {SPOIL_LOSS_BEFORE, LEDGER_METRICS},
    {SPOIL_LOSS_AFTER, LEDGER_METRICS},
    {SPOIL_FLAGS_OK, LEDGER_OK},
    {SPOIL_BOUND_OK, LEDGER_OK},
    {SPOIL_CLIP_OK, LEDGER_OK},
};

static void
spoil_head(struct answer *a, enum spoil what)
{
	if (what == SPOIL_VERSION)
		a->version++;
	if (what == SPOIL_JOB)
		a->job.b[0] ^= 1;
	if (what == SPOIL_ROUND_BEFORE)
		a->round--;
	if (what == SPOIL_ROUND_AFTER)
		a->round++;
	if (what == SPOIL_BASE)
		a->base_model.b[31] ^= 1;
	if (what == SPOIL_CLIP_CLAIM)
		a->clip_q24++;
	if (what == SPOIL_KIND)
		a->kind = 3;
	if (what == SPOIL_REASON)
		a->reason = ANSWER_REASON_TRAINER;
	if (what == SPOIL_FLAG)
		a->flags = 8;
	if (what == SPOIL_CLAIM)
		a->privacy.steps = 1;
	if (what == SPOIL_NO_ROWS)
		a->rows = a->correct = 0;
	if (what == SPOIL_CORRECT)
		a->correct = a->rows + 1;
	if (what == SPOIL_LOSS_BEFORE)
		a->loss_before_q24 = -1;
	if (what == SPOIL_LOSS_AFTER)
		a->loss_after_q24 = INT64_MIN;
	if (what == SPOIL_FLAGS_OK) {
		a->flags = ANSWER_REPLAYABLE | ANSWER_CONFINED;
	}
}

static void
spoil_payload(struct answer *a, enum spoil what)
{
	/* clip 4, bound 3: (4, 0, ...) is beyond the bound, and
	 * (3, sqrt(7)) is the edge of the clip. sqrt(7) 2^24 = 44388341.2 */
	static const int64_t edge = 44388341;
	bool clip = what == SPOIL_CLIP || what == SPOIL_CLIP_OK;

	if (what >= SPOIL_BOUND_HIGH && what <= SPOIL_BOUND_MIN)
		memset(a->delta, 0, a->dim * sizeof(*a->delta));
	if (clip || what == SPOIL_BOUND_OK)
		memset(a->delta, 0, a->dim * sizeof(*a->delta));
	if (what == SPOIL_BOUND_HIGH)
		a->delta[5] = 3 * Q24_ONE + 1;
	if (what == SPOIL_BOUND_LOW)
		a->delta[0] = -3 * Q24_ONE - 1;
	if (what == SPOIL_BOUND_MIN)
		a->delta[0] = INT64_MIN;
	if (what == SPOIL_BOUND_OK || clip)
		a->delta[2] = -3 * Q24_ONE;
	if (clip)
		a->delta[5] = what == SPOIL_CLIP ? edge + 1 : edge;
}

static void
updates(void **state)
{
	struct town t;

	(void)state;
	town_open(&t, &(struct town_setup){.n = 4, .rounds = 9});
	town_all(&t, ANSWER_UPDATE); /* so that the open round is 1 */
	t.now_ms += 100;
	town_step(&t);
	for (size_t i = 0; i < sizeof(update_cases) / sizeof(*update_cases);
	     i++) {
		struct answer *a = town_draft(&t, 2, ANSWER_UPDATE);

		spoil_head(a, update_cases[i].what);
		spoil_payload(a, update_cases[i].what);
		answer_sign(a, t.keys[2], &t.fid);
		/* Twice: the second answer may come from the memory. */
		assert_int_equal(ledger_check_answer(t.l, a),
		    update_cases[i].want);
		assert_int_equal(ledger_check_answer(t.l, a),
		    update_cases[i].want);
		answer_unref(a);
	}
	town_close(&t);
}

static void
update_strangers(void **state)
{
	struct town t;
	struct answer *a;
	int64_t *delta;
	struct hash other = hash_bytes("x", "y", 1);

	(void)state;
	town_open(&t, &(struct town_setup){.n = 4, .rounds = 9});
	a = town_draft(&t, 2, ANSWER_UPDATE);
	answer_sign(a, t.keys[1], &t.fid); /* another member's key */
	assert_int_equal(ledger_check_answer(t.l, a), LEDGER_SIGNATURE);
	answer_sign(a, t.keys[2], &other); /* another federation */
	assert_int_equal(ledger_check_answer(t.l, a), LEDGER_SIGNATURE);
	answer_sign(a, t.keys[2], &t.fid);
	a->sig.b[63] ^= 1;
	assert_int_equal(ledger_check_answer(t.l, a), LEDGER_SIGNATURE);
	a->sig.b[63] ^= 1;
	assert_int_equal(ledger_check_answer(t.l, a), LEDGER_OK);
	/* Remembered with its signature, not with its id alone. */
	a->sig.b[0] ^= 1;
	assert_int_equal(ledger_check_answer(t.l, a), LEDGER_SIGNATURE);
	a->sig.b[0] ^= 1;
	a->sig.alg = 2;
	assert_int_equal(ledger_check_answer(t.l, a), LEDGER_SIGNATURE);
	a->sig.alg = SIGN_ED25519;
	a->member = 4;
	assert_int_equal(ledger_check_answer(t.l, a), LEDGER_MEMBER);
	a->member = UINT16_MAX;
	assert_int_equal(ledger_check_answer(t.l, a), LEDGER_MEMBER);
	a->member = 2;
	delta = a->delta;
	a->delta = NULL;
	assert_int_equal(ledger_check_answer(t.l, a), LEDGER_MISSING_ANSWER);
	a->delta = delta;
	answer_unref(a);
	a = answer_new(5);
	assert_non_null(a);
	a->kind = ANSWER_UPDATE;
	a->job = ledger_round(t.l)->job;
	a->base_model = ledger_round(t.l)->base_model;
	answer_sign(a, t.keys[0], &t.fid);
	assert_int_equal(ledger_check_answer(t.l, a), LEDGER_DIM);
	answer_unref(a);
	town_close(&t);
}

static void
refusals(void **state)
{
	struct town t;
	struct answer *a;

	(void)state;
	town_open(&t, &(struct town_setup){.n = 4, .rounds = 9});
	a = town_draft(&t, 1, ANSWER_NO_UPDATE);
#define EXPECT(want)                                                     \
	do {                                                             \
		sign_message(t.keys[1], "qml.answer.v1", &t.fid, &a->id, \
		    &a->sig);                                            \
		assert_int_equal(ledger_check_answer(t.l, a), (want));   \
	} while (0)
	answer_sign(a, t.keys[1], &t.fid);
	EXPECT(LEDGER_OK);
	a->reason = ANSWER_REASON_NONE;
	EXPECT(LEDGER_FLAGS);
	a->reason = ANSWER_REASON_NUMERIC + 1;
	EXPECT(LEDGER_FLAGS);
	a->reason = ANSWER_REASON_NUMERIC;
	a->rows = 1;
	EXPECT(LEDGER_METRICS);
	a->rows = 0;
	a->loss_after_q24 = 1;
	EXPECT(LEDGER_METRICS);
	a->loss_after_q24 = 0;
	a->clip_q24 = 1;
	EXPECT(LEDGER_CLIP_CLAIM);
	a->clip_q24 = 0;
	a->payload.b[0] = 1;
	EXPECT(LEDGER_DIM);
	a->payload.b[0] = 0;
	a->dim = 1;
	EXPECT(LEDGER_DIM);
	a->dim = 0;
	answer_sign(a, t.keys[1], &t.fid);
	EXPECT(LEDGER_OK);
#undef EXPECT
	answer_unref(a);
	town_close(&t);
}

static void
attestations(void **state)
{
	struct town t;
	struct attest *a;

	(void)state;
	town_open(&t, &(struct town_setup){.n = 4, .rounds = 1});
	town_all(&t, ANSWER_UPDATE);
	a = &t.attest[3];
	assert_int_equal(a->nheld, 4);
#define EXPECT(want)                                                   \
	do {                                                           \
		attest_sign(a, t.keys[3], &t.fid);                     \
		assert_int_equal(ledger_check_attest(t.l, a), (want)); \
		assert_int_equal(ledger_check_attest(t.l, a), (want)); \
	} while (0)
	EXPECT(LEDGER_OK);
	a->nheld = 0; /* held nothing: also an answer */
	EXPECT(LEDGER_OK);
	a->nheld = 4;
	a->round = 1;
	EXPECT(LEDGER_FUTURE);
	a->round = 0;
	a->job.b[5] ^= 4;
	EXPECT(LEDGER_JOB);
	a->job.b[5] ^= 4;
	a->member[3] = 4;
	EXPECT(LEDGER_MEMBER);
	a->member[3] = 2;
	EXPECT(LEDGER_ORDER);
	a->member[3] = 1;
	EXPECT(LEDGER_ORDER);
	a->member[3] = 3;
	a->nheld = 5;
	EXPECT(LEDGER_MEMBER);
	a->nheld = 4;
	a->validator = 2;
	EXPECT(LEDGER_SIGNATURE);
	a->validator = 4;
	EXPECT(LEDGER_VALIDATOR);
	a->validator = 3;
	EXPECT(LEDGER_OK);
	a->held[0].b[0] ^= 1;
	assert_int_equal(ledger_check_attest(t.l, a), LEDGER_SIGNATURE);
	a->held[0].b[0] ^= 1;
	t.now_ms += 100;
	town_step(&t); /* the only round */
	EXPECT(LEDGER_STALE);
	a->round = 1;
	EXPECT(LEDGER_FINISHED);
#undef EXPECT
	town_close(&t);
}

static void
votes(void **state)
{
	struct town t;
	struct vote v = {.type = VOTE_PREVOTE, .height = 1, .validator = 1};

	(void)state;
	town_open(&t, &(struct town_setup){.n = 4, .rounds = 1});
	vote_sign(&v, t.keys[1], &t.fid);
	assert_int_equal(ledger_check_vote(t.l, &v), LEDGER_OK);
	assert_int_equal(ledger_check_vote(t.l, &v), LEDGER_OK);
	v.type = VOTE_PRECOMMIT;
	assert_int_equal(ledger_check_vote(t.l, &v), LEDGER_SIGNATURE);
	v.type = 3;
	assert_int_equal(ledger_check_vote(t.l, &v), LEDGER_FORMAT);
	v.type = VOTE_PREVOTE;
	v.height = 2;
	assert_int_equal(ledger_check_vote(t.l, &v), LEDGER_SIGNATURE);
	v.height = 1;
	v.validator = 2;
	assert_int_equal(ledger_check_vote(t.l, &v), LEDGER_SIGNATURE);
	v.validator = 4;
	assert_int_equal(ledger_check_vote(t.l, &v), LEDGER_VALIDATOR);
	/* Far ahead the members may be others: nobody is to blame. */
	v.validator = 2;
	v.height = 9;
	assert_int_equal(ledger_check_vote(t.l, &v), LEDGER_FUTURE);
	town_close(&t);
}

static void
proposals(void **state)
{
	struct town t;
	struct proposal p = {.height = 1, .valid_round = VOTE_NO_ROUND};

	(void)state;
	town_open(&t, &(struct town_setup){.n = 4, .rounds = 1});
	for (uint32_t r = 0; r < 8; r++) {
		p.round = r;
		p.proposer = ledger_proposer(t.l, r);
		proposal_sign(&p, t.keys[p.proposer], &t.fid);
		assert_int_equal(ledger_check_proposal(t.l, &p), LEDGER_OK);
		assert_int_equal(ledger_check_proposal(t.l, &p), LEDGER_OK);
		p.block.b[0] ^= 1;
		assert_int_equal(ledger_check_proposal(t.l, &p),
		    LEDGER_SIGNATURE);
		p.proposer = (uint16_t)((p.proposer + 1) % 4);
		proposal_sign(&p, t.keys[p.proposer], &t.fid);
		assert_int_equal(ledger_check_proposal(t.l, &p),
		    LEDGER_PROPOSER);
	}
	p.proposer = 4;
	assert_int_equal(ledger_check_proposal(t.l, &p), LEDGER_VALIDATOR);
	town_close(&t);
}

static void
certificates(void **state)
{
	struct town t;
	struct commit good, c;
	struct hash id = hash_bytes("x", "block", 5);
	struct hash other = hash_bytes("x", "other", 5);

	(void)state;
	town_open(&t, &(struct town_setup){.n = 4, .rounds = 1});
	town_certify(&t, &good, 1, &id);
#define EXPECT(want) \
	assert_int_equal(ledger_check_commit(t.l, &c, 1, &id), want)
	c = good;
	EXPECT(LEDGER_OK);
	c.nsigs = 3;
	EXPECT(LEDGER_OK);
	c.nsigs = 2; /* two of four is no quorum */
	EXPECT(LEDGER_COMMIT);
	c.nsigs = 0;
	EXPECT(LEDGER_COMMIT);
	c.nsigs = VOTE_MAX_VALIDATORS + 1;
	EXPECT(LEDGER_COMMIT);
	c = good;
	c.height = 2;
	EXPECT(LEDGER_COMMIT);
	c = good;
	c.block = other;
	EXPECT(LEDGER_COMMIT);
	assert_int_equal(ledger_check_commit(t.l, &good, 1, &other),
	    LEDGER_COMMIT);
	assert_int_equal(ledger_check_commit(t.l, &good, 0, &id),
	    LEDGER_COMMIT);
	c = good;
	c.round = 1; /* they signed round 0 */
	EXPECT(LEDGER_SIGNATURE);
	/* Every signature counts, also a fourth that is not needed. */
	c = good;
	c.sigs[3].b[9] ^= 2;
	EXPECT(LEDGER_SIGNATURE);
	c = good;
	c.validators[1] = 0; /* one voter twice */
	EXPECT(LEDGER_COMMIT);
	c = good;
	c.validators[3] = 4;
	EXPECT(LEDGER_COMMIT);
#undef EXPECT
	town_close(&t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(updates),
	    cmocka_unit_test(update_strangers),
	    cmocka_unit_test(refusals),
	    cmocka_unit_test(attestations),
	    cmocka_unit_test(votes),
	    cmocka_unit_test(proposals),
	    cmocka_unit_test(certificates),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
