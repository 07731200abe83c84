/*
 * Who measures what of a vqe: parts are dealt out to those whom a round asks,
 * not to seats of candidates, also where one is proposed in the job's first
 * block.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "consensus/ledger/merge.h"
#include "consensus/ledger/seats.h"
#include "poll.h"

#define N 4
#define FAULTS 1 /* of N members */
#define PARTS 9
#define ANGLES 8

static struct hash
rows_of(uint16_t m)
{
	return hash_bytes("x", &m, sizeof(m));
}

static void
vqe(struct job *j)
{
	const struct hash seed = j->seed;

	job_default(j, JOB_VQE);
	j->seed = seed;
	j->rounds = 1;
	j->main.input = strdup("1 ZZ\n");
	assert_non_null(j->main.input);
	j->main.qubits = 2;
	j->main.nangles = ANGLES;
	j->main.parts = PARTS;
}

static void
ask(struct town *t, uint16_t owners, struct hash *order)
{
	struct bytes_writer w = BYTES_WRITER_INIT, job = BYTES_WRITER_INIT;
	struct body_order o = {.nassets = owners};
	struct job j = t->f.job;
	struct tx *x;

	for (uint16_t i = 0; i < owners; i++) {
		struct body_asset a = {.root = rows_of(i),
		    .rows = 10,
		    .tasks = 1u << JOB_VQE,
		    .expires = 100000,
		    .name = "rows"};
		size_t k = i;

		body_asset_put(&w, &a);
		x = poll_tx(t, i, TX_ASSET_REGISTER, &w);
		w = BYTES_WRITER_INIT;
		for (; k > 0 && hash_compare(&o.assets[k - 1], &x->id) > 0; k--)
			o.assets[k] = o.assets[k - 1];
		o.assets[k] = x->id;
		poll_commit(t, &x, 1);
	}
	j.rounds = 300;
	job_put(&job, &j);
	o.job = job.data;
	o.job_len = (uint32_t)job.len;
	body_order_put(&w, &o);
	x = poll_tx(t, 0, TX_ORDER, &w);
	*order = x->id;
	poll_commit(t, &x, 1);
	bytes_writer_close(&job);
}

/* The founders' job is over, and an order waits for the last of so many owners
 * to accept it: that and proposals of somebody new make one block. */
static void
begin(struct town *t, uint16_t owners, uint8_t proposals)
{
	struct tx *txs[1 + N];
	struct payload p;
	struct hash order;

	poll_begin(t, &(struct town_setup){.n = N, .rounds = 1, .edit = vqe});
	town_all(t, ANSWER_NO_UPDATE);
	t->now_ms += TOWN_COLLECT_MS;
	poll_keep(t, town_build(t));
	assert_true(ledger_round(t->l)->finished);
	ask(t, owners, &order);
	for (uint16_t i = 0; i < owners; i++) {
		struct bytes_writer w = BYTES_WRITER_INIT;
		struct body_ref b = {order};

		body_ref_put(&w, &b);
		txs[0] = poll_tx(t, i, TX_ORDER_ACCEPT, &w);
		if (i + 1 < owners)
			poll_commit(t, txs, 1);
	}
	for (uint8_t k = 0; k < proposals; k++) {
		p = poll_newcomer(t, PAYLOAD_MEMBER_ADD, k + 1);
		txs[1 + k] = poll_proposal(t, k, PROPOSAL_MEMBER, &p);
	}
	poll_commit(t, txs, 1u + proposals);
	assert_false(ledger_round(t->l)->finished);
	assert_int_equal(ledger_nmembers(t->l), N);
	assert_int_equal(ledger_seats(t->l)->n, N + proposals);
}

/* What a member measured of its parts, had they been dealt to so many. */
static struct answer *
measured(struct town *t, uint16_t member, uint16_t dealt)
{
	struct answer *a = town_draft(t, member, ANSWER_UPDATE);
	const struct merge_asked asked = {dealt, FAULTS};
	uint8_t assigned[(N + 1) * PARTS];

	a->data_asset = rows_of(member);
	merge_assign(ledger_job(t->l), &asked, ledger_job_round(t->l),
	    assigned);
	assert_int_equal(a->dim, PARTS * (ANGLES + 1));
	for (uint32_t k = 0; k < a->dim; k++)
		a->delta[k] = assigned[member * PARTS + k / (ANGLES + 1)] &&
			k < (PARTS - 1) * (ANGLES + 1)
		    ? (int64_t)k + 1
		    : 0;
	answer_sign(a, t->keys[member], &t->fid);
	return a;
}

/* Nobody learns after a block that it judged an answer wrongly before: who
 * holds it would accept a block with it that those who do not would refuse. */
static void
judged_alike(struct town *t, const struct answer *a, enum ledger_verdict v)
{
	assert_int_equal(ledger_check_answer(t->l, a), v);
	assert_int_equal(ledger_check_answer(t->image, a), v);
}

/* All who are asked have answered. */
static void
closed(struct town *t)
{
	for (uint16_t v = 0; v < N; v++)
		town_attest(t, v, UINT64_MAX);
	t->now_ms += TOWN_INTERVAL_MS;
	poll_keep(t, town_build(t));
	assert_int_equal(poll_last()->header.kind, BLOCK_AGGREGATE);
}

static void
aggregated(struct town *t)
{
	for (uint16_t i = 0; i < N; i++)
		town_keep(t, measured(t, i, N));
	closed(t);
}

static void
a_proposal_in_the_first_block(void **state)
{
	struct answer *four, *five;
	struct town t;

	(void)state;
	begin(&t, N, 1);
	four = measured(&t, 1, N);
	five = measured(&t, 1, N + 1);
	judged_alike(&t, four, LEDGER_OK);
	judged_alike(&t, five, LEDGER_SEGMENT);
	poll_beat(&t);
	assert_int_equal(ledger_nmembers(t.l), N + 1);
	judged_alike(&t, four, LEDGER_OK);
	judged_alike(&t, five, LEDGER_SEGMENT);
	aggregated(&t);
	answer_unref(four);
	answer_unref(five);
	poll_end(&t);
}

/* With parts for their seats too, none would be heard often enough: three
 * whom nobody wants would end every vqe of four members. */
static void
candidates_measure_nothing(void **state)
{
	struct town t;

	(void)state;
	begin(&t, N, N - 1);
	poll_beat(&t);
	assert_int_equal(ledger_nmembers(t.l), 2 * N - 1);
	for (unsigned i = 0; i < 8; i++)
		aggregated(&t);
	poll_end(&t);
}

/* Of four members one may lie, also where only three have the data: all three
 * measure everything, and the median is what two of them say. */
static void
a_liar_of_three(void **state)
{
	int64_t before[ANGLES], want;
	struct merge_asked asked;
	struct answer *a;
	struct town t;

	(void)state;
	begin(&t, N - 1, 0);
	assert_int_equal(ledger_place(t.l, 2, &asked), 2);
	assert_int_equal(ledger_place(t.l, 3, &asked), UINT16_MAX);
	assert_int_equal(asked.n, N - 1);
	assert_int_equal(asked.faults, FAULTS);
	memcpy(before, ledger_model(t.l), sizeof(before));
	for (uint16_t i = 0; i + 1 < N; i++) {
		a = measured(&t, i, N - 1);
		for (uint32_t k = 0; k < a->dim && i == 1; k++)
			a->delta[k] *= 1000;
		answer_sign(a, t.keys[i], &t.fid);
		town_keep(&t, a);
	}
	closed(&t);
	for (int64_t j = 0; j < ANGLES; j++) {
		want = 0;
		for (int64_t p = 0; p + 1 < PARTS; p++)
			want += p * (ANGLES + 1) + j + 1;
		assert_int_equal(ledger_model(t.l)[j] - before[j], want);
	}
	poll_end(&t);
}

/* A copy of the books' keeper deals like the one it is of. */
static void
a_copy_deals_alike(void **state)
{
	struct ledger *copy;
	struct answer *a;
	struct town t;

	(void)state;
	begin(&t, N, 1);
	assert_int_equal(ledger_clone(t.l, &copy), 0);
	a = measured(&t, 2, N);
	assert_int_equal(ledger_check_answer(copy, a), LEDGER_OK);
	answer_unref(a);
	ledger_free(copy);
	poll_end(&t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_proposal_in_the_first_block),
	    cmocka_unit_test(candidates_measure_nothing),
	    cmocka_unit_test(a_liar_of_three),
	    cmocka_unit_test(a_copy_deals_alike),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
