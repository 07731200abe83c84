/* Answers are named on the chain first and shown when all are: who copies
 * comes too late. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "consensus/ledger/sealed.h"
#include "tests/consensus/ledger/fixture.h"

#define N 4

static void
open_town(struct town *t)
{
	struct economy e = ECONOMY_DEFAULT;

	e.commit_updates = true;
	town_open(t, &(struct town_setup){.n = N, .rounds = 3, .economy = &e});
	town_begin(t);
}

static struct answer *
signed_draft(struct town *t, uint16_t member)
{
	struct answer *a = town_draft(t, member, ANSWER_UPDATE);

	answer_sign(a, t->keys[member], &t->fid);
	return a;
}

static bool
due(struct town *t, struct tx **txs, size_t n)
{
	struct ledger_inputs in = town_inputs(t, 0);
	uint64_t when;

	in.txs = txs;
	in.ntxs = n;
	return ledger_due(t->l, &in, &when);
}

/* An ordinary block with what fits of these. */
static uint16_t
take(struct town *t, struct tx **txs, size_t n)
{
	struct ledger_inputs in = town_inputs(t, 0);
	struct hash missing;
	struct block *b = NULL;
	uint16_t taken;

	in.txs = txs;
	in.ntxs = n;
	assert_int_equal(ledger_build(t->l, &in, &b, &missing), 0);
	assert_int_equal(b->header.kind, BLOCK_ORDINARY);
	taken = b->header.ntxs;
	town_commit(t, b);
	block_free(b);
	return taken;
}

static void
drop(struct answer **a, struct tx **x)
{
	for (uint16_t i = 0; i < N; i++) {
		answer_unref(a[i]);
		tx_unref(x[i]);
	}
}

static void
prepare(struct town *t, struct answer **a, struct tx **x)
{
	for (uint16_t i = 0; i < N; i++) {
		a[i] = signed_draft(t, i);
		x[i] = town_name(t, a[i]);
		assert_int_equal(ledger_check_answer(t->l, a[i]),
		    LEDGER_SEALED);
		assert_int_equal(ledger_tx_fits(t->l, x[i]), BOOKS_OK);
	}
	t->now_ms += TOWN_INTERVAL_MS;
}

/* Whoever puts another's numbers under its own name is late with them. */
static void
no_copy(struct town *t, const struct answer *victim, uint16_t thief)
{
	struct answer *a = town_draft(t, thief, ANSWER_UPDATE);
	struct tx *x;

	memcpy(a->delta, victim->delta, a->dim * sizeof(*a->delta));
	answer_sign(a, t->keys[thief], &t->fid);
	assert_int_equal(ledger_check_answer(t->l, a), LEDGER_PROMISE);
	x = town_name(t, a);
	assert_true(ledger_tx_fits(t->l, x) != BOOKS_OK);
	tx_unref(x);
	answer_unref(a);
}

static void
all_name_then_show(void **state)
{
	struct answer *a[N];
	struct tx *x[N];
	struct town t;
	uint64_t round;

	(void)state;
	open_town(&t);
	for (round = 0; round < 3; round++) {
		prepare(&t, a, x);
		assert_true(ledger_round(t.l)->sealed);
		/* They wait for each other: one block for all. */
		assert_false(due(&t, x, N - 1));
		assert_true(due(&t, x, N));
		assert_int_equal(take(&t, x, N), N);
		assert_false(ledger_round(t.l)->sealed);
		no_copy(&t, a[0], 3);
		for (uint16_t i = 0; i < N; i++) {
			assert_int_equal(ledger_check_answer(t.l, a[i]),
			    LEDGER_OK);
			town_keep(&t, answer_ref(a[i]));
		}
		for (uint16_t v = 0; v < N; v++)
			town_attest(&t, v, UINT64_MAX);
		t.now_ms += TOWN_INTERVAL_MS;
		assert_int_equal(town_step(&t), BLOCK_AGGREGATE);
		assert_int_equal(ledger_round(t.l)->number, round + 1);
		drop(a, x);
	}
	assert_true(ledger_round(t.l)->finished);
	assert_false(ledger_round(t.l)->sealed);
	town_close(&t);
}

/* Nothing closes a sealed round, whatever was attested. */
static void
sealed_does_not_close(void **state)
{
	struct answer *a[N];
	struct ledger_inputs in;
	struct tx *x[N];
	struct town t;
	struct hash missing;
	struct block *b = NULL;

	(void)state;
	open_town(&t);
	prepare(&t, a, x);
	for (uint16_t i = 0; i < N; i++)
		town_keep(&t, answer_ref(a[i]));
	for (uint16_t v = 0; v < N; v++)
		town_attest(&t, v, UINT64_MAX);
	t.now_ms += TOWN_INTERVAL_MS;
	in = town_inputs(&t, 0);
	assert_int_equal(ledger_build(t.l, &in, &b, &missing), -EAGAIN);
	drop(a, x);
	town_close(&t);
}

/* One never says: time opens the round without it, and it is not waited for
 * again. */
static void
one_is_silent(void **state)
{
	struct answer *a[N];
	struct tx *x[N];
	struct town t;
	uint64_t end;

	(void)state;
	open_town(&t);
	prepare(&t, a, x);
	end = ledger_round(t.l)->collect_at_ms;
	t.now_ms = end - 1;
	assert_false(due(&t, x, N - 1));
	t.now_ms = end;
	assert_true(due(&t, x, N - 1));
	assert_int_equal(take(&t, x, N - 1), N - 1);
	assert_false(ledger_round(t.l)->sealed);
	assert_int_equal(ledger_round(t.l)->collect_at_ms,
	    t.now_ms + TOWN_COLLECT_MS);
	assert_int_equal(ledger_check_answer(t.l, a[3]), LEDGER_PROMISE);
	assert_true(ledger_tx_fits(t.l, x[3]) != BOOKS_OK);
	assert_false(sealed_awaited(t.l, 3));
	for (uint16_t i = 0; i < N - 1; i++)
		town_keep(&t, answer_ref(a[i]));
	for (uint16_t v = 0; v < N; v++)
		town_attest(&t, v, UINT64_MAX);
	t.now_ms += TOWN_INTERVAL_MS;
	assert_int_equal(town_step(&t), BLOCK_AGGREGATE);
	drop(a, x);
	town_close(&t);
}

/* Three named in time are enough at the end of the collection. */
static void
enough_in_time(void **state)
{
	struct answer *a[N];
	struct tx *x[N];
	struct town t;

	(void)state;
	open_town(&t);
	prepare(&t, a, x);
	/* A heartbeat, or another transaction's block, takes them. */
	t.now_ms = TOWN_HEARTBEAT_MS + ledger_time_ms(t.l);
	assert_int_equal(take(&t, x, N - 1), N - 1);
	assert_false(ledger_round(t.l)->sealed);
	drop(a, x);
	town_close(&t);
}

static void
nobody_names(void **state)
{
	struct town t;

	(void)state;
	open_town(&t);
	t.now_ms = ledger_round(t.l)->straggler_at_ms - 1;
	assert_false(due(&t, NULL, 0));
	t.now_ms++;
	assert_int_equal(take(&t, NULL, 0), 0);
	assert_false(ledger_round(t.l)->sealed);
	for (uint16_t v = 0; v < N; v++)
		town_attest(&t, v, 0);
	t.now_ms = ledger_round(t.l)->collect_at_ms;
	assert_int_equal(town_step(&t), BLOCK_SKIP);
	assert_true(ledger_round(t.l)->sealed);
	town_close(&t);
}

/* Without the setting nothing changes, and names are refused. */
static void
off_by_default(void **state)
{
	struct answer *a;
	struct town t;
	struct tx *x;

	(void)state;
	town_open(&t, &(struct town_setup){.n = N, .rounds = 3});
	town_begin(&t);
	a = signed_draft(&t, 1);
	x = town_name(&t, a);
	assert_false(ledger_round(t.l)->sealed);
	assert_int_equal(ledger_check_answer(t.l, a), LEDGER_OK);
	assert_int_equal(ledger_tx_fits(t.l, x), BOOKS_STATE);
	assert_false(sealed_ahead(t.l, x));
	tx_unref(x);
	answer_unref(a);
	town_close(&t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(all_name_then_show),
	    cmocka_unit_test(sealed_does_not_close),
	    cmocka_unit_test(one_is_silent),
	    cmocka_unit_test(enough_in_time),
	    cmocka_unit_test(nobody_names),
	    cmocka_unit_test(off_by_default),
	};

	if (sign_setup() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
