/*
 * Orders of data whose owners have left: what runs ends, what waits does not
 * begin, and the others' jobs have their turn.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "poll.h"

#define N 4
#define PRICE 70
#define ESCROW 90000

static struct hash
rows_of(uint16_t m)
{
	return hash_bytes("x", &m, sizeof(m));
}

static struct hash
send(struct town *t, uint16_t from, uint8_t kind, struct bytes_writer *w)
{
	struct tx *x = poll_tx(t, from, kind, w);
	struct hash id = x->id;

	assert_int_equal(ledger_tx_fits(t->l, x), BOOKS_OK);
	poll_commit(t, &x, 1);
	return id;
}

static struct hash
data_of(struct town *t, uint16_t from)
{
	struct bytes_writer w = BYTES_WRITER_INIT;
	struct body_asset a = {.root = rows_of(from),
	    .rows = 10,
	    .tasks = 1u << JOB_LINEAR,
	    .price = PRICE,
	    .expires = 100000,
	    .name = "rows"};

	body_asset_put(&w, &a);
	return send(t, from, TX_ASSET_REGISTER, &w);
}

struct wish {
	uint16_t buyer;
	uint8_t rule;
	uint16_t faults;
	uint16_t n;
	struct hash data[3]; /* ascending */
};

static void
order(struct town *t, const struct wish *x)
{
	struct bytes_writer w = BYTES_WRITER_INIT, job = BYTES_WRITER_INIT;
	struct body_order o = {.price = x->n * PRICE,
	    .escrow = ESCROW,
	    .nassets = x->n};
	struct job j = t->f.job;

	memcpy(o.assets, x->data, x->n * sizeof(x->data[0]));
	j.rounds = 300;
	j.combine.rule = x->rule;
	j.combine.faults = x->faults;
	job_put(&job, &j);
	o.job = job.data;
	o.job_len = (uint32_t)job.len;
	body_order_put(&w, &o);
	send(t, x->buyer, TX_ORDER, &w);
	bytes_writer_close(&job);
}

static const struct order *
order_at(const struct town *t, size_t i)
{
	const struct order *o = books_order_at(ledger_books(t->l), i);

	assert_non_null(o);
	return o;
}

static void
accept(struct town *t, uint16_t from, size_t i)
{
	struct bytes_writer w = BYTES_WRITER_INIT;
	struct body_ref b = {order_at(t, i)->id};

	body_ref_put(&w, &b);
	send(t, from, TX_ORDER_ACCEPT, &w);
}

/* The founders' job is over. */
static void
begin(struct town *t)
{
	struct economy soon = ECONOMY_DEFAULT;

	soon.voting_period = 4;
	soon.voting_extension = 0;
	soon.voting_lock = 0;
	poll_begin(t,
	    &(struct town_setup){.n = N, .rounds = 1, .economy = &soon});
	town_all(t, ANSWER_UPDATE);
	t->now_ms += TOWN_INTERVAL_MS;
	poll_keep(t, town_build(t));
	assert_true(ledger_round(t->l)->finished);
}

static void
vote_out(struct town *t, uint16_t seat)
{
	struct payload p = {.member = {.op = PAYLOAD_MEMBER_REMOVE}};

	p.member.seat = ledger_member(t->l, seat)->id;
	p.member.m.power = p.member.m.weight = 1;
	assert_int_equal(poll_wait(t, poll_pass(t, PROPOSAL_MEMBER, &p)),
	    PROPOSAL_EXECUTED);
	while (ledger_active(t->l, seat))
		poll_beat(t);
}

/* Who buys the next thousand rounds of its own data and never answers is voted
 * out, and with it goes all that it has ordered. */
static void
who_holds_all_up(void **state)
{
	struct wish x = {.buyer = 3, .rule = JOB_MEAN, .n = 1};
	struct town t;

	(void)state;
	begin(&t);
	x.data[0] = data_of(&t, 3);
	for (size_t i = 0; i < 2; i++) {
		order(&t, &x);
		accept(&t, 3, i);
	}
	x.buyer = 0;
	x.data[0] = data_of(&t, 0);
	order(&t, &x);
	accept(&t, 0, 2);
	assert_int_equal(order_at(&t, 0)->state, ORDER_RUNNING);
	assert_int_equal(order_at(&t, 1)->state, ORDER_QUEUED);
	assert_true(ledger_asked(t.l, 3));
	assert_false(ledger_asked(t.l, 0));
	vote_out(&t, 3);
	assert_int_equal(order_at(&t, 0)->state, ORDER_DONE);
	assert_int_equal(order_at(&t, 0)->paid, 0);
	assert_int_equal(order_at(&t, 0)->escrow, 0);
	assert_int_equal(order_at(&t, 1)->state, ORDER_CANCELLED);
	assert_int_equal(order_at(&t, 1)->escrow, 0);
	assert_int_equal(order_at(&t, 2)->state, ORDER_RUNNING);
	assert_true(ledger_asked(t.l, 0));
	poll_end(&t);
}

static void
sort_two(struct hash *a, struct hash *b)
{
	struct hash h = *a;

	if (hash_compare(a, b) < 0)
		return;
	*a = *b;
	*b = h;
}

/* A rule that wants three does not begin with the two who are left of them. */
static void
too_few_are_left(void **state)
{
	struct wish first = {.buyer = 0, .rule = JOB_MEAN, .n = 1};
	struct wish x = {.buyer = 0, .rule = JOB_MEDIAN, .faults = 1, .n = 3};
	struct town t;

	(void)state;
	begin(&t);
	for (uint16_t i = 0; i < 3; i++)
		x.data[i] = data_of(&t, i);
	first.data[0] = x.data[2];
	sort_two(&x.data[0], &x.data[1]);
	sort_two(&x.data[1], &x.data[2]);
	sort_two(&x.data[0], &x.data[1]);
	order(&t, &first);
	accept(&t, 2, 0);
	order(&t, &x);
	for (uint16_t i = 0; i < 3; i++)
		accept(&t, i, 1);
	assert_int_equal(order_at(&t, 1)->state, ORDER_QUEUED);
	vote_out(&t, 2);
	assert_int_equal(order_at(&t, 0)->state, ORDER_DONE);
	assert_int_equal(order_at(&t, 1)->state, ORDER_CANCELLED);
	assert_true(ledger_round(t.l)->finished);
	poll_end(&t);
}

/* More answers are wanted than there are members left: rounds are closed all
 * the same, at once when all of those have answered, else at the time of the
 * stragglers instead of the end of the collection. */
static void
more_wanted_than_sit(void **state)
{
	struct economy soon = ECONOMY_DEFAULT;
	struct town t;

	(void)state;
	soon.voting_period = 4;
	soon.voting_extension = 0;
	soon.voting_lock = 0;
	poll_begin(&t,
	    &(struct town_setup){.n = N,
		.rounds = 9,
		.answers_min = N,
		.economy = &soon});
	vote_out(&t, 3);
	assert_int_equal(ledger_params(t.l)->answers_min, N);
	for (uint16_t all = N - 1; all >= N - 2; all--) {
		const struct ledger_round *r = ledger_round(t.l);
		uint64_t aggregated = r->aggregated;

		for (uint16_t m = 0; m < all; m++)
			town_answer(&t, m, ANSWER_UPDATE);
		for (uint16_t v = 0; v < N - 1; v++)
			town_attest(&t, v, UINT64_MAX);
		t.now_ms += TOWN_INTERVAL_MS;
		assert_true(t.now_ms < r->collect_at_ms);
		if (all < N - 1)
			t.now_ms = r->straggler_at_ms;
		poll_keep(&t, town_build(&t));
		assert_int_equal(poll_last()->header.kind, BLOCK_AGGREGATE);
		assert_int_equal(ledger_round(t.l)->aggregated, aggregated + 1);
	}
	poll_end(&t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(who_holds_all_up),
	    cmocka_unit_test(too_few_are_left),
	    cmocka_unit_test(more_wanted_than_sit),
	};

	return sign_setup() < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
