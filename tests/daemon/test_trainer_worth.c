/*
 * What coalitions are worth on public rows: against models added up by hand,
 * the same on every number of threads, in a child that has more urgent work.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "consensus/books/turn.h"
#include "consensus/market/shapley.h"
#include "daemon/trainer/worth.h"
#include "proto/q24.h"
#include "tests/daemon/trainer_fixture.h"

#define WINE "tests/data/datasets/wine.csv"

static struct federation fed;
static uint8_t *shard;
static size_t shard_len;

/* The header and every third row. */
static void
make_shard(void)
{
	char line[512];
	unsigned n = 0;
	FILE *f = fopen(WINE, "r");

	assert_non_null(f);
	shard = calloc(1, TRAINWIRE_SHARD_MAX);
	assert_non_null(shard);
	while (fgets(line, sizeof(line), f)) {
		if (n++ % 3 != 0)
			continue;
		memcpy(shard + shard_len, line, strlen(line));
		shard_len += strlen(line);
	}
	fclose(f);
}

static int
setup(void **state)
{
	(void)state;
	fed = fixture_federation(WINE, 4, 2);
	make_shard();
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	federation_close(&fed);
	free(shard);
	return 0;
}

static void
open_wine(struct session *s)
{
	struct session_source source = {.data = WINE};
	char err[TABLE_ERR_LEN];

	assert_int_equal(session_open(s, &fed, &source, NULL, err), 0);
}

/* n updates of a first round: real ones, but for those with their own rule. */
static struct trainwire_worth
make_game(struct session *s, uint16_t n)
{
	struct trainwire_worth g = {.round = 7,
	    .players = n,
	    .dim = fed.job.dim,
	    .update = fed.job.update,
	    .shard_len = shard_len};
	struct trainwire_model m = {.dim = fed.job.dim};

	g.seed = hash_bytes("test", "seed", 4);
	g.model = calloc(g.dim, sizeof(*g.model));
	g.updates = calloc((size_t)n * g.update, sizeof(*g.updates));
	g.shard = malloc(shard_len);
	assert_true(g.model && g.updates && g.shard);
	memcpy(g.shard, shard, shard_len);
	job_start_model(&fed.job, g.model);
	m.model = g.model;
	for (uint16_t i = 0; i < n; i++) {
		struct trainwire_msg out;

		m.member = i % fed.nmembers;
		m.round = i / fed.nmembers;
		assert_int_equal(session_train(s, &m, &out), 0);
		assert_int_equal(out.type, TRAINWIRE_TRAINED);
		memcpy(g.updates + (size_t)i * g.update, out.u.trained.delta,
		    g.update * sizeof(*g.updates));
		trainwire_msg_close(&out);
		session_forget(s);
	}
	return g;
}

static struct trainwire_worth
copy_game(const struct trainwire_worth *g)
{
	size_t size = (size_t)g->players * g->update * sizeof(*g->updates);
	struct trainwire_worth c = *g;

	c.model = malloc(g->dim * sizeof(*g->model));
	c.updates = malloc(size);
	c.shard = malloc(g->shard_len);
	assert_true(c.model && c.updates && c.shard);
	memcpy(c.model, g->model, g->dim * sizeof(*g->model));
	memcpy(c.updates, g->updates, size);
	memcpy(c.shard, g->shard, g->shard_len);
	return c;
}

static void
close_game(struct trainwire_worth *g)
{
	struct trainwire_msg m = {.type = TRAINWIRE_WORTH, .u.worth = *g};

	trainwire_msg_close(&m);
}

/* Takes nothing from *g. */
static struct trainwire_msg
answer(struct session *s, const struct trainwire_worth *g)
{
	struct trainwire_worth c = copy_game(g);
	struct trainwire_msg out;

	worth_answer(s, &c, &out);
	assert_int_equal(out.type, TRAINWIRE_WORTHED);
	assert_int_equal(out.u.worthed.round, g->round);
	return out;
}

/* Right rows of the shard by the model with the mean of the updates in set. */
static int64_t
by_hand(struct session *on_shard, const struct trainwire_worth *g, unsigned set)
{
	struct trainwire_model m = {.dim = g->dim, .round = 1};
	struct trainwire_msg out;
	int64_t n = 0, got;

	m.model = malloc(g->dim * sizeof(*m.model));
	assert_non_null(m.model);
	for (uint16_t i = 0; i < g->players; i++)
		n += set >> i & 1;
	for (uint32_t j = 0; j < g->dim; j++) {
		q24_wide sum = 0;

		for (uint16_t i = 0; i < g->players; i++)
			if (set >> i & 1)
				sum += g->updates[(size_t)i * g->update + j];
		m.model[j] = g->model[j] + (n ? q24_div128(sum, n) : 0);
	}
	session_score(on_shard, &m, &out);
	assert_int_equal(out.type, TRAINWIRE_SCORED);
	assert_int_equal(out.u.scored.rows, 59);
	got = out.u.scored.correct;
	trainwire_msg_close(&out);
	free(m.model);
	return got;
}

/* A session whose own rows are the shard's. */
static void
open_shard(struct session *s, char path[static FIXTURE_PATH_LEN])
{
	struct session_source source = {.data = path};
	char dir[FIXTURE_PATH_LEN], err[TABLE_ERR_LEN];
	FILE *f;

	fixture_make_dir(dir);
	snprintf(path, FIXTURE_PATH_LEN, "%.480s/shard.csv", dir);
	f = fopen(path, "w");
	assert_non_null(f);
	assert_int_equal(fwrite(shard, 1, shard_len, f), shard_len);
	fclose(f);
	assert_int_equal(session_open(s, &fed, &source, NULL, err), 0);
	fixture_remove_dir(dir);
}

static void
test_every_coalition(void **state)
{
	char path[FIXTURE_PATH_LEN];
	struct session s, on_shard;
	struct trainwire_worth g;
	struct trainwire_msg out;
	int64_t least = INT64_MAX, most = 0;

	(void)state;
	open_wine(&s);
	open_shard(&on_shard, path);
	g = make_game(&s, 3);
	out = answer(&s, &g);
	assert_int_equal(out.u.worthed.n, 8);
	for (unsigned set = 0; set < 8; set++) {
		int64_t v = out.u.worthed.utility[set];

		assert_int_equal(v, by_hand(&on_shard, &g, set));
		least = v < least ? v : least;
		most = v > most ? v : most;
	}
	assert_true(least < most);
	trainwire_msg_close(&out);
	close_game(&g);
	session_close(&on_shard);
	session_close(&s);
}

static void
test_same_bits(void **state)
{
	struct trainwire_msg first, out;
	struct trainwire_worth g;
	struct session s;

	(void)state;
	open_wine(&s);
	g = make_game(&s, 4);
	first = answer(&s, &g);
	assert_int_equal(first.u.worthed.n, 16);
	for (unsigned k = 0; k < 6; k++) {
		s.threads = (uint16_t)(1 + k / 2);
		s.plain = k % 2;
		out = answer(&s, &g);
		assert_memory_equal(out.u.worthed.utility,
		    first.u.worthed.utility, 16 * sizeof(int64_t));
		trainwire_msg_close(&out);
	}
	trainwire_msg_close(&first);
	close_game(&g);
	session_close(&s);
}

/* Player 1 sends nothing, player 3 what player 2 sent, player 0 the opposite
 * of player 2. */
static void
test_free_riders(void **state)
{
	struct trainwire_worth g;
	struct trainwire_msg out;
	struct session s;
	int64_t value[4], *u;

	(void)state;
	open_wine(&s);
	g = make_game(&s, 4);
	u = g.updates;
	memset(u + g.update, 0, g.update * sizeof(*u));
	memcpy(u + 3 * g.update, u + 2 * g.update, g.update * sizeof(*u));
	for (uint32_t j = 0; j < g.update; j++)
		u[j] = -u[2 * g.update + j];
	out = answer(&s, &g);
	for (unsigned set = 0; set < 16; set++) {
		int64_t v = out.u.worthed.utility[set];

		assert_int_equal(v, out.u.worthed.utility[set & ~2u]);
		if (set & 12)
			assert_int_equal(v, out.u.worthed.utility[set | 12]);
	}
	shapley_exact(out.u.worthed.utility, 4, value);
	assert_true(value[0] < 0);
	assert_int_equal(value[1], 0);
	assert_true(value[2] > 0);
	assert_int_equal(value[2], value[3]);
	trainwire_msg_close(&out);
	close_game(&g);
	session_close(&s);
}

/* Nine players: nobody, all, then the prefixes of the drawn orders. */
static void
test_orders(void **state)
{
	uint8_t order[SHAPLEY_PLAYERS_MAX];
	char path[FIXTURE_PATH_LEN];
	struct session s, on_shard;
	struct trainwire_worth g;
	struct trainwire_msg out;
	int64_t *u;

	(void)state;
	open_wine(&s);
	open_shard(&on_shard, path);
	g = make_game(&s, 9);
	out = answer(&s, &g);
	u = out.u.worthed.utility;
	assert_int_equal(out.u.worthed.n, books_game_size(9));
	assert_int_equal(u[0], by_hand(&on_shard, &g, 0));
	assert_int_equal(u[1], by_hand(&on_shard, &g, 511));
	for (unsigned m = 0; m < shapley_permutations(9); m += 7) {
		unsigned set = 0;

		shapley_order(&g.seed, m, 9, order);
		for (unsigned k = 1; k < 9; k++) {
			set |= 1u << order[k - 1];
			assert_int_equal(u[2 + m * 8 + k - 1],
			    by_hand(&on_shard, &g, set));
		}
	}
	trainwire_msg_close(&out);
	close_game(&g);
	session_close(&on_shard);
	session_close(&s);
}

static void
expect_refusal(struct session *s, const struct trainwire_worth *g,
    const char *why)
{
	struct trainwire_msg out = answer(s, g);

	assert_int_equal(out.u.worthed.n, 0);
	if (!strstr(out.u.worthed.text, why))
		fail_msg("\"%s\" is not in \"%s\"", why, out.u.worthed.text);
	trainwire_msg_close(&out);
}

static void
test_refused(void **state)
{
	struct trainwire_worth g;
	struct session s;

	(void)state;
	open_wine(&s);
	g = make_game(&s, 2);
	g.dim--;
	expect_refusal(&s, &g, "not a game of this job");
	g.dim++;
	g.update--;
	expect_refusal(&s, &g, "not a game of this job");
	g.update++;
	memcpy(g.shard, "wrong,header\n", 13);
	expect_refusal(&s, &g, "the validation rows:1");
	g.shard_len = (size_t)((uint8_t *)strchr((char *)shard, '\n') - shard);
	memcpy(g.shard, shard, g.shard_len);
	expect_refusal(&s, &g, "the validation rows");
	close_game(&g);
	session_close(&s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_every_coalition),
	    cmocka_unit_test(test_same_bits),
	    cmocka_unit_test(test_free_riders),
	    cmocka_unit_test(test_orders),
	    cmocka_unit_test(test_refused),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
