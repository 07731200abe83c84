/* Shards are shown when their round is over; then what was earned is paid. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "consensus/books/state.h"
#include "consensus/books/view.h"
#include "proto/merkle.h"
#include "tests/consensus/books/town.h"

#define SHARDS 5

static const struct hash job = {{7}};
static uint8_t shard[SHARDS][SHARD_SALT_LEN + 8];
static struct hash leaf[SHARDS];

static struct books_terms
terms(uint32_t every)
{
	struct books_terms t = BOOKS_TERMS_DEFAULT;

	t.job = town_job_of;
	t.shares = (struct books_shares){1000000, 0, 0, 0};
	t.mint = 1000;
	for (unsigned i = 0; i < SHARDS; i++) {
		memset(shard[i], (int)(i + 1), SHARD_SALT_LEN);
		memcpy(shard[i] + SHARD_SALT_LEN, "a,b\n1,x\n", 8);
		leaf[i] = shard_leaf(shard[i], sizeof(shard[i]));
	}
	t.validation = (struct books_validation){SHARDS, every,
	    merkle_root_of(leaf, SHARDS)};
	return t;
}

static struct body_shard
sealed(uint32_t i)
{
	struct hash path[MERKLE_MAX_DEPTH];
	struct body_shard x = {.index = i,
	    .len = sizeof(shard[i]),
	    .data = shard[i]};

	x.npath = (uint8_t)merkle_path(leaf, SHARDS, i, path);
	memcpy(x.path, path, x.npath * sizeof(path[0]));
	return x;
}

/* Without a fee: it is a duty. */
static int
act(struct town *t, uint16_t from, uint8_t kind, struct bytes_writer *w)
{
	struct tx *x = town_tx(t, from, kind, w);
	enum books_verdict said;
	int rc;

	x->fee = 0;
	tx_sign(x, t->keys[from], &t->federation);
	said = books_check(t->books, x, t->height);
	rc = books_apply(t->books, x, t->height);
	assert_int_equal((int)said, rc);
	assert_true(books_conserved(t->books));
	tx_unref(x);
	return rc;
}

static int
show(struct town *t, uint16_t from, const struct body_shard *x)
{
	struct bytes_writer w = BYTES_WRITER_INIT;

	body_shard_put(&w, x);
	return act(t, from, TX_SHARD, &w);
}

static int
say(struct town *t, uint16_t from, uint64_t round, const int64_t *v, uint16_t n)
{
	struct bytes_writer game = BYTES_WRITER_INIT, w = BYTES_WRITER_INIT;
	struct body_worth x = {.job = job, .round = round, .n = n};
	int rc;

	for (uint16_t i = 0; i < n; i++)
		bytes_put_i64(&game, v[i]);
	x.utility = game.data;
	body_worth_put(&w, &x);
	rc = act(t, from, TX_WORTH, &w);
	bytes_writer_close(&game);
	return rc;
}

static void
close_round(struct town *t, uint64_t round)
{
	struct books_use uses[] = {{0, {{0}}}, {1, {{0}}}, {2, {{0}}}};
	struct books_closed c = {.job = job,
	    .aggregate = hash_bytes("aggregate", &round, sizeof(round)),
	    .height = t->height,
	    .round = round,
	    .uses = uses,
	    .nuses = 3};

	assert_int_equal(books_close_round(t->books, &c), 0);
	assert_true(books_conserved(t->books));
}

static void
end_block(struct town *t)
{
	assert_int_equal(books_end_block(t->books, t->height), 0);
	assert_true(books_conserved(t->books));
	t->height++;
}

/* Reference S4 without its poisoner's name: 525, 475, 0 of 1000. */
static const int64_t truth[8] = {500, 700, 680, 790, 430, 610, 600, 720};
static const int64_t nonsense[8] = {-9, 9, 900000, -1, 0, 3, 4, 1000000};

static void
test_sealed_until_needed(void **state)
{
	struct books_terms tm = terms(1);
	struct body_shard x, other;
	const struct settled *s;
	struct hash before, after;
	struct town t;

	(void)state;
	town_open(&t, 4, &tm);
	x = sealed(0);
	other = sealed(1);
	assert_int_equal(show(&t, 0, &x), BOOKS_UNKNOWN);
	close_round(&t, 7);
	before = books_root(t.books);
	assert_int_equal(say(&t, 0, 7, truth, 8), BOOKS_STATE);
	assert_int_equal(show(&t, 0, &other), BOOKS_UNKNOWN);
	x.data = shard[1];
	assert_int_equal(show(&t, 0, &x), BOOKS_BODY);
	x = sealed(0);
	x.path[1].b[0] ^= 1;
	assert_int_equal(show(&t, 0, &x), BOOKS_BODY);
	x = sealed(0);
	assert_int_equal(show(&t, 3, &x), BOOKS_OK);
	assert_int_equal(show(&t, 0, &x), BOOKS_EXISTS);
	after = books_root(t.books);
	assert_false(hash_equal(&before, &after));
	end_block(&t);
	assert_true(books_valuation_at(t.books, 0)->shown);
	assert_int_equal(say(&t, 0, 7, truth, 8), BOOKS_OK);
	assert_int_equal(say(&t, 3, 7, nonsense, 8), BOOKS_OK);
	assert_int_equal(say(&t, 2, 7, truth, 8), BOOKS_OK);
	assert_int_equal(say(&t, 2, 7, truth, 8), BOOKS_EXISTS);
	assert_int_equal(say(&t, 1, 7, truth, 8), BOOKS_OK);
	assert_int_equal(books_nsettled(t.books), 0);
	end_block(&t);
	assert_int_equal(books_nsettled(t.books), 1);
	assert_null(books_settled_at(t.books, 1));
	s = books_settled_at(t.books, 0);
	assert_true(s->paid && s->shard == 1 && s->n == 3 && s->nsaid == 4);
	assert_int_equal(s->nobody, 500);
	assert_int_equal(s->all, 720);
	assert_int_equal(s->value[0], 930);
	assert_int_equal(s->value[2], -450);
	assert_int_equal(s->part[0], 525);
	assert_int_equal(s->part[1], 475);
	assert_int_equal(s->part[2], 0);
	assert_int_equal(show(&t, 1, &x), BOOKS_UNKNOWN);
	town_close(&t);
}

/* A sponsor that never comes: the reward is the treasury's, and the shard of
 * the next round is another one. */
static void
test_never_shown(void **state)
{
	struct books_terms tm = terms(1);
	uint64_t before;
	struct body_shard x;
	struct town t;

	(void)state;
	town_open(&t, 4, &tm);
	before = books_totals(t.books).treasury;
	close_round(&t, 0);
	for (uint32_t i = 0; i <= tm.worth_blocks; i++)
		end_block(&t);
	assert_int_equal(books_totals(t.books).treasury, before + 1000);
	assert_false(books_settled_at(t.books, 0)->paid);
	close_round(&t, 1);
	x = sealed(0);
	assert_int_equal(show(&t, 0, &x), BOOKS_UNKNOWN);
	x = sealed(1);
	assert_int_equal(show(&t, 0, &x), BOOKS_OK);
	town_close(&t);
}

/* One round of three is valued, and gets what the others left; when the shards
 * are used up all goes to the treasury. */
static void
test_drawn_by_lot(void **state)
{
	struct books_terms tm = terms(3);
	uint64_t pot = 0, valued = 0, round = 0;
	struct body_shard x;
	struct town t;

	(void)state;
	town_open(&t, 4, &tm);
	for (; valued < SHARDS; round++) {
		const struct valuation *v;

		assert_true(round < 200);
		close_round(&t, round);
		pot += 1000;
		v = books_valuation_at(t.books, 0);
		if (!v) {
			assert_int_equal(t.books->pot, pot);
			continue;
		}
		assert_int_equal(v->reward, pot);
		assert_int_equal(v->shard, ++valued);
		x = sealed(v->shard - 1);
		assert_int_equal(show(&t, 2, &x), BOOKS_OK);
		for (uint16_t i = 0; i < 3; i++)
			assert_int_equal(say(&t, i, round, truth, 8), BOOKS_OK);
		for (uint32_t i = 0; i <= tm.worth_blocks; i++)
			end_block(&t);
		pot = 0;
	}
	/* About one of three. */
	assert_true(round >= 8 && round <= 40);
	close_round(&t, round);
	end_block(&t);
	assert_null(books_valuation_at(t.books, 0));
	assert_int_equal(t.books->pot, 0);
	town_close(&t);
}

static void
test_body(void **state)
{
	struct bytes_writer w = BYTES_WRITER_INIT;
	struct bytes_writer short_one = BYTES_WRITER_INIT;
	struct body_shard x, back;
	struct bytes_reader r;
	size_t len;

	(void)state;
	(void)terms(1);
	x = sealed(3);
	body_shard_put(&w, &x);
	r = bytes_reader_of(w.data, w.len);
	body_shard_get(&r, &back);
	assert_true(bytes_reader_done(&r));
	assert_int_equal(back.index, 3);
	assert_int_equal(back.len, x.len);
	assert_memory_equal(back.data, x.data, x.len);
	for (len = 0; len < w.len; len++) {
		r = bytes_reader_of(w.data, len);
		body_shard_get(&r, &back);
		assert_false(bytes_reader_done(&r));
	}
	w.data[4] = SHARD_DEPTH_MAX + 1;
	r = bytes_reader_of(w.data, w.len);
	body_shard_get(&r, &back);
	assert_false(bytes_reader_done(&r));
	bytes_writer_close(&w);
	/* Nothing but salt is no shard. */
	x.len = SHARD_SALT_LEN;
	body_shard_put(&short_one, &x);
	r = bytes_reader_of(short_one.data, short_one.len);
	body_shard_get(&r, &back);
	assert_false(bytes_reader_done(&r));
	bytes_writer_close(&short_one);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_sealed_until_needed),
	    cmocka_unit_test(test_never_shown),
	    cmocka_unit_test(test_drawn_by_lot),
	    cmocka_unit_test(test_body),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
