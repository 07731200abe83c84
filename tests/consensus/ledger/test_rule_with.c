/*
 * The members change the rule of a job that also carries late updates, adds
 * noise, or has its answers named before they are shown.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "consensus/ledger/enact.h"
#include "consensus/ledger/sealed.h"
#include "poll.h"
#include "proto/q24.h"

#define N 4
#define LATE 3

/* As the running job has it, but for the rule and, above 0, the clip. */
static struct payload
ruling(const struct town *t, uint8_t rule, int32_t clip)
{
	struct payload p = {
	    .rule = {ledger_job(t->l)->combine, ledger_job(t->l)->clip}};

	p.rule.combine.rule = rule;
	if (clip > 0)
		p.rule.clip = (struct decimal){clip, 0};
	return p;
}

static void
rule(struct town *t, uint8_t to, int32_t clip)
{
	struct payload p = ruling(t, to, clip);
	uint64_t number = ledger_round(t->l)->number;

	assert_int_equal(poll_wait(t, poll_pass(t, PROPOSAL_RULE, &p)),
	    PROPOSAL_EXECUTED);
	assert_int_equal(ledger_params(t->l)->combine.rule, to);
	assert_true(ledger_round(t->l)->number > number);
}

/* Thousandths in the first coordinate. */
static struct answer *
update(struct town *t, uint16_t member, int64_t of)
{
	struct answer *a = town_draft(t, member, ANSWER_UPDATE);

	memset(a->delta, 0, a->dim * sizeof(*a->delta));
	a->delta[0] = of * 1000;
	return a;
}

/* Closes the round by what is in the pool; how far the model moved. */
static int64_t
close_round(struct town *t)
{
	int64_t was = ledger_model(t->l)[0];
	uint64_t done = ledger_round(t->l)->aggregated;

	for (uint16_t v = 0; v < N; v++)
		town_attest(t, v, UINT64_MAX);
	t->now_ms += TOWN_INTERVAL_MS;
	if (t->now_ms < ledger_round(t->l)->collect_at_ms)
		t->now_ms = ledger_round(t->l)->collect_at_ms;
	poll_keep(t, town_build(t));
	assert_int_equal(poll_last()->header.kind, BLOCK_AGGREGATE);
	assert_int_equal(ledger_round(t->l)->aggregated, done + 1);
	return ledger_model(t->l)[0] - was;
}

static void
carrying(struct job *j)
{
	j->combine.stragglers = JOB_CARRY;
	j->combine.carry_rounds = 4;
}

/* The late member answers on this model; the others as always. */
static int64_t
round_with(struct town *t, struct answer *late, const struct hash *base,
    enum ledger_verdict want)
{
	static const int64_t of[] = {1, 2, 4};

	late->base_model = *base;
	late->round = ledger_round(t->l)->number;
	answer_sign(late, t->keys[LATE], &t->fid);
	assert_int_equal(ledger_check_answer(t->l, late), want);
	if (want == LEDGER_OK)
		town_keep(t, late);
	else
		answer_unref(late);
	for (uint16_t m = 0; m < LATE; m++)
		town_keep(t, update(t, m, of[m]));
	return close_round(t);
}

/* What was computed before the rule changed is over; what is computed after it
 * is carried as before. */
static void
with_carry(void **state)
{
	struct hash before, after;
	struct town t;

	(void)state;
	poll_begin(&t,
	    &(struct town_setup){.n = N, .rounds = 9, .edit = carrying});
	before = ledger_round(t.l)->base_model;
	(void)round_with(&t, update(&t, LATE, 8), &before, LEDGER_OK);
	before = ledger_round(t.l)->base_model;
	for (uint16_t m = 0; m < LATE; m++)
		town_keep(&t, update(&t, m, 1));
	(void)close_round(&t);
	rule(&t, JOB_MEDIAN, 2);
	after = ledger_round(t.l)->base_model;
	assert_int_equal(round_with(&t, update(&t, LATE, 8), &before,
			     LEDGER_BASE_MODEL),
	    2000);
	/* Half way between 2 and 4: the late one, 8 times 1 / sqrt 2, is
	 * above both. */
	assert_int_equal(round_with(&t, update(&t, LATE, 8), &after, LEDGER_OK),
	    3000);
	poll_end(&t);
}

static void
noisy(struct job *j)
{
	j->privacy = (struct job_privacy){.noise = {12, -1},
	    .rate = {5, -2},
	    .clip = {1, 0},
	    .min_rows = 10};
	j->local.steps = 50;
}

/* What an update claims of its noise is the job's, whatever the rule. */
static void
with_noise(void **state)
{
	struct hash job;
	struct town t;

	(void)state;
	poll_begin(&t,
	    &(struct town_setup){.n = N, .rounds = 9, .edit = noisy});
	job = ledger_round(t.l)->job;
	for (uint16_t m = 0; m < N; m++)
		town_answer(&t, m, ANSWER_UPDATE);
	(void)close_round(&t);
	rule(&t, JOB_MEDIAN, 3);
	assert_true(hash_equal(&job, &ledger_round(t.l)->job));
	for (uint16_t m = 0; m < N; m++) {
		struct answer *a = update(&t, m, 1 + m);

		a->privacy.steps--;
		answer_sign(a, t.keys[m], &t.fid);
		assert_int_equal(ledger_check_answer(t.l, a), LEDGER_PRIVACY);
		a->privacy.steps++;
		answer_sign(a, t.keys[m], &t.fid);
		assert_int_equal(ledger_check_answer(t.l, a), LEDGER_OK);
		town_keep(&t, a);
	}
	assert_int_equal(close_round(&t), 2500);
	poll_end(&t);
}

/* All four name theirs in one block; *a are theirs. */
static void
name_all(struct town *t, struct answer **a)
{
	struct tx *x[N];

	for (uint16_t m = 0; m < N; m++) {
		a[m] = update(t, m, 1 + 9 * m);
		answer_sign(a[m], t->keys[m], &t->fid);
		x[m] = town_name(t, a[m]);
	}
	poll_commit(t, x, N);
	assert_false(ledger_round(t->l)->sealed);
}

/* What was named for the round that a vote broke off counts for nothing. */
static void
with_names(void **state)
{
	struct economy e = ECONOMY_DEFAULT;
	struct answer *old[N], *a[N];
	struct town t;

	(void)state;
	e.commit_updates = true;
	poll_begin(&t,
	    &(struct town_setup){.n = N, .rounds = 9, .economy = &e});
	name_all(&t, old);
	rule(&t, JOB_MEDIAN, 0);
	assert_true(ledger_round(t.l)->sealed);
	assert_int_equal(sealed_named(t.l), 0);
	for (uint16_t m = 0; m < N; m++) {
		assert_int_not_equal(ledger_check_answer(t.l, old[m]),
		    LEDGER_OK);
		answer_unref(old[m]);
	}
	name_all(&t, a);
	for (uint16_t m = 0; m < N; m++) {
		assert_int_equal(ledger_check_answer(t.l, a[m]), LEDGER_OK);
		town_keep(&t, a[m]);
	}
	assert_int_equal(close_round(&t), (10 + 19) * 1000 / 2);
	poll_end(&t);
}

/* Five who sit here run a rule that the four founders could not. Whoever reads
 * the state again, after each block here, asks those who sit here. */
static void
not_the_founders(void **state)
{
	struct economy soon = ECONOMY_DEFAULT;
	struct payload p;
	struct ledger *copy;
	struct town t;

	(void)state;
	soon.voting_period = 4;
	soon.voting_extension = 0;
	soon.voting_lock = 0;
	poll_begin(&t,
	    &(struct town_setup){.n = N, .rounds = 9, .economy = &soon});
	p = poll_newcomer(&t, PAYLOAD_MEMBER_ADD, 1);
	assert_int_equal(poll_wait(&t, poll_pass(&t, PROPOSAL_MEMBER, &p)),
	    PROPOSAL_EXECUTED);
	poll_beat(&t);
	assert_true(ledger_active(t.l, N));
	p = ruling(&t, JOB_MEDIAN, 0);
	p.rule.combine.faults = 2;
	assert_int_equal(poll_wait(&t, poll_pass(&t, PROPOSAL_RULE, &p)),
	    PROPOSAL_EXECUTED);
	assert_int_equal(ledger_job(t.l)->combine.faults, 2);
	assert_int_equal(ledger_clone(t.l, &copy), 0);
	ledger_free(copy);
	poll_beat(&t);
	poll_end(&t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(with_carry),
	    cmocka_unit_test(with_noise),
	    cmocka_unit_test(with_names),
	    cmocka_unit_test(not_the_founders),
	};

	return sign_setup() < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
