/*
 * How much of everybody's memory one member can take: data assets, and orders
 * that are over. Up to the limit nothing is different, and others never are.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "consensus/books/state.h"
#include "consensus/books/view.h"
#include "tests/consensus/books/town.h"

static const struct town_job plain = {1, 1, 3, false};

static struct books_terms
terms(void)
{
	struct books_terms t = BOOKS_TERMS_DEFAULT;

	t.job = town_job_of;
	return t;
}

/* Another one each time. */
static int
add_asset(struct town *t, uint16_t from, uint32_t n, struct hash *id)
{
	struct body_asset a = town_asset(1);

	a.root = hash_bytes("x", &n, sizeof(n));
	return town_register(t, from, &a, id);
}

static void
test_assets(void **state)
{
	struct books_terms tm = terms();
	struct hash first, id;
	struct town t;

	(void)state;
	town_open(&t, 2, &tm);
	assert_int_equal(add_asset(&t, 0, 0, &first), BOOKS_OK);
	for (uint32_t i = 1; i < BOOKS_ASSETS_MAX; i++)
		assert_int_equal(add_asset(&t, 0, i, &id), BOOKS_OK);
	assert_int_equal(add_asset(&t, 0, BOOKS_ASSETS_MAX, &id), BOOKS_LIMIT);
	/* What is withdrawn stays in the books, with what was spent of it. */
	assert_int_equal(town_ref(&t, 0, TX_ASSET_WITHDRAW, &first), BOOKS_OK);
	assert_int_equal(add_asset(&t, 0, BOOKS_ASSETS_MAX, &id), BOOKS_LIMIT);
	/* The other has all of its own. */
	for (uint32_t i = 0; i < BOOKS_ASSETS_MAX; i++)
		assert_int_equal(add_asset(&t, 1, i, &id), BOOKS_OK);
	assert_int_equal(add_asset(&t, 1, BOOKS_ASSETS_MAX, &id), BOOKS_LIMIT);
	assert_non_null(books_asset_at(t.books, 2 * BOOKS_ASSETS_MAX - 1));
	assert_null(books_asset_at(t.books, 2 * BOOKS_ASSETS_MAX));
	town_close(&t);
}

static struct hash
order_by(struct town *t, uint16_t from, const struct hash *asset)
{
	const struct body_order o = {.purpose = "research",
	    .price = 1000,
	    .escrow = 5000,
	    .nassets = 1,
	    .assets = {*asset}};
	struct hash id;

	assert_int_equal(town_order(t, from, &o, &plain, &id), BOOKS_OK);
	return id;
}

/* Bought, accepted, run for so many rounds. */
static struct hash
run(struct town *t, uint16_t from, const struct hash *asset, uint32_t rounds)
{
	struct hash id = order_by(t, from, asset);

	assert_int_equal(town_ref(t, 0, TX_ORDER_ACCEPT, &id), BOOKS_OK);
	books_job_started(t->books, &id);
	for (uint32_t i = 0; i < rounds; i++) {
		const struct books_closed c = {.round = i, .height = t->height};

		assert_int_equal(books_close_round(t->books, &c), 0);
	}
	books_job_finished(t->books, &id);
	return id;
}

static void
give_up(struct town *t, uint16_t from, const struct hash *id)
{
	assert_int_equal(town_ref(t, from, TX_ORDER_CANCEL, id), BOOKS_OK);
}

static size_t
count(const struct town *t)
{
	size_t n = 0;

	while (books_order_at(t->books, n) != NULL)
		n++;
	return n;
}

static void
test_orders(void **state)
{
	struct books_terms tm = terms();
	struct hash asset, ran, idle, open, id = {{0}};
	struct town t;

	(void)state;
	town_open(&t, 4, &tm);
	assert_int_equal(add_asset(&t, 0, 0, &asset), BOOKS_OK);
	ran = run(&t, 1, &asset, 2);
	idle = run(&t, 1, &asset, 0);
	open = order_by(&t, 1, &asset);
	/* Up to the limit all of them are there. */
	for (unsigned i = 2; i < BOOKS_ORDERS_OVER_MAX; i++) {
		id = order_by(&t, 3, &asset);
		give_up(&t, 3, &id);
	}
	assert_int_equal(count(&t), BOOKS_ORDERS_OVER_MAX + 1);
	id = order_by(&t, 3, &asset);
	assert_int_equal(count(&t), BOOKS_ORDERS_OVER_MAX + 2);
	assert_non_null(order_find(t.books, &idle));
	/* One too many is over: with the next order the oldest idle goes. */
	give_up(&t, 3, &id);
	assert_int_equal(count(&t), BOOKS_ORDERS_OVER_MAX + 2);
	id = order_by(&t, 3, &asset);
	assert_int_equal(count(&t), BOOKS_ORDERS_OVER_MAX + 2);
	assert_null(order_find(t.books, &idle));
	assert_true(books_conserved(t.books));
	for (unsigned i = 0; i < 2 * BOOKS_ORDERS_OVER_MAX; i++) {
		give_up(&t, 3, &id);
		id = order_by(&t, 3, &asset);
	}
	assert_int_equal(count(&t), BOOKS_ORDERS_OVER_MAX + 2);
	/* Of others neither what ran nor what is open was touched. */
	assert_int_equal(order_find(t.books, &ran)->state, ORDER_DONE);
	assert_int_equal(order_find(t.books, &ran)->rounds, 2);
	assert_int_equal(order_find(t.books, &open)->state, ORDER_OPEN);
	assert_int_equal(town_ref(&t, 0, TX_ORDER_ACCEPT, &open), BOOKS_OK);
	assert_true(books_conserved(t.books));
	town_close(&t);
}

/* Where all of them ran, the oldest goes. */
static void
test_orders_that_ran(void **state)
{
	struct books_terms tm = terms();
	struct hash asset, first, second;
	struct town t;

	(void)state;
	town_open(&t, 2, &tm);
	assert_int_equal(add_asset(&t, 0, 0, &asset), BOOKS_OK);
	first = run(&t, 1, &asset, 1);
	second = run(&t, 1, &asset, 1);
	for (unsigned i = 2; i <= BOOKS_ORDERS_OVER_MAX; i++)
		(void)run(&t, 1, &asset, 1);
	assert_non_null(order_find(t.books, &first));
	(void)order_by(&t, 1, &asset);
	assert_null(order_find(t.books, &first));
	assert_non_null(order_find(t.books, &second));
	assert_int_equal(count(&t), BOOKS_ORDERS_OVER_MAX + 1);
	town_close(&t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_assets),
	    cmocka_unit_test(test_orders),
	    cmocka_unit_test(test_orders_that_ran),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
