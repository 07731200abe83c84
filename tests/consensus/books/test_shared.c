/*
 * The index follows with a clone of the ledger's books on another thread, and
 * both count references to the same jobs and payloads. A lost count is memory
 * that is freed while it is used, or never.
 */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "consensus/books/state.h"
#include "tests/consensus/books/town.h"

/* Counted without atomics, some of these are lost on two cores. */
#define CLONES 50000

static pthread_barrier_t both;

static struct books_terms
terms(void)
{
	struct books_terms t = BOOKS_TERMS_DEFAULT;

	t.job = town_job_of;
	return t;
}

/* An open order and a proposal: two rows with memory of their own. */
static void
fill(struct town *t)
{
	static const struct town_job job = {1, 9, 5, false};
	struct body_asset a = town_asset(1);
	struct body_order o = {.purpose = "research",
	    .price = 1000,
	    .escrow = 5000,
	    .nassets = 1};
	struct body_propose p = {.kind = PROPOSAL_ETHICS, .title = "ours"};
	struct bytes_writer w = BYTES_WRITER_INIT;
	static const uint8_t policy[HASH_LEN] = {42};

	assert_int_equal(town_register(t, 0, &a, &o.assets[0]), BOOKS_OK);
	assert_int_equal(town_order(t, 3, &o, &job, NULL), BOOKS_OK);
	p.payload = policy;
	p.len = sizeof(policy);
	body_propose_put(&w, &p);
	assert_int_equal(town_do(t, 1, TX_PROPOSE, &w, NULL), BOOKS_OK);
}

/* What every round does with its books. */
static void *
clone_often(void *arg)
{
	const struct books *b = arg;
	struct books *copy;

	pthread_barrier_wait(&both);
	for (int i = 0; i < CLONES; i++) {
		if (books_clone(b, &copy) < 0)
			abort();
		books_free(copy);
	}
	return NULL;
}

static void
two_threads(void **state)
{
	const struct books_terms tm = terms();
	struct books *other;
	struct town t;
	pthread_t thread;
	const struct order *orders;
	const struct motion *motions;

	(void)state;
	town_open(&t, 4, &tm);
	fill(&t);
	assert_int_equal(books_clone(t.books, &other), 0);
	orders = BOOKS_ROWS(struct order, t.books->orders);
	motions = BOOKS_ROWS(struct motion, t.books->motions);
	assert_int_equal(t.books->orders.n, 1);
	assert_int_equal(t.books->motions.n, 1);
	assert_int_equal(pthread_barrier_init(&both, NULL, 2), 0);
	assert_int_equal(pthread_create(&thread, NULL, clone_often, other), 0);
	clone_often(t.books);
	assert_int_equal(pthread_join(thread, NULL), 0);
	pthread_barrier_destroy(&both);
	assert_int_equal(orders[0].job->nrefs, 2);
	assert_int_equal(motions[0].payload->nrefs, 2);
	books_free(other);
	assert_int_equal(orders[0].job->nrefs, 1);
	town_close(&t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(two_threads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
