/*
 * What index.db says of transactions and evidence: a row each, about the right
 * thing, from a chain that has some of every kind.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "consensus/books/shard.h"
#include "consensus/books/view.h"
#include "consensus/chain/index.h"
#include "consensus/chain/sql.h"
#include "rich.h"

#define LEASED_UNTIL 90000

static struct rich r;
static char path[RICH_ROOT_LEN + 32];
static struct hash token, order, proof;

static struct tx *
about(uint16_t from, uint8_t kind, const struct hash *id)
{
	struct bytes_writer w = BYTES_WRITER_INIT;
	struct body_ref b = {*id};

	body_ref_put(&w, &b);
	return rich_tx(&r, from, kind, &w, 0);
}

static void
commit(struct tx *x)
{
	rich_commit(&r, rich_next(&r, &x, 1, false));
}

static const struct ledger *
ledger(void)
{
	return r.chain.town.l;
}

/* Its new owner, member 1, lends the model to member 3. */
static void
lease(void)
{
	struct bytes_writer w = BYTES_WRITER_INIT;
	struct body_model b = {.to = r.chain.town.f.members[3].sign,
	    .price = 250,
	    .expires = LEASED_UNTIL};

	token = books_token_at(ledger_books(ledger()), 0)->id;
	b.token = token;
	body_model_put(&w, &b);
	commit(rich_tx(&r, 1, TX_MODEL_LEASE, &w, 0));
}

/* Ordered, accepted by the owner of the data; data withdrawn, a credential
 * revoked. */
static void
trade(void)
{
	const struct books_totals t = books_totals(ledger_books(ledger()));
	struct tx *x = rich_order(&r, 2, &t.policy);

	order = x->id;
	commit(x);
	commit(about(0, TX_ORDER_ACCEPT, &order));
	commit(about(3, TX_ASSET_WITHDRAW, &r.asset[3]));
	commit(about(1, TX_REVOKE, &r.credential));
}

/* Member 2 voted twice at height 2. */
static void
accuse(void)
{
	struct town *t = &r.chain.town;
	struct vote votes[2];
	struct evidence *e;
	struct ledger_inputs in;
	struct hash missing;
	struct block *b;

	for (int i = 0; i < 2; i++) {
		votes[i] = (struct vote){.type = VOTE_PREVOTE,
		    .height = 2,
		    .block = hash_bytes("x", &i, sizeof(i)),
		    .validator = 2};
		vote_sign(&votes[i], t->keys[2], &t->fid);
	}
	assert_int_equal(evidence_of_votes(&votes[0], &votes[1], &e), 0);
	proof = e->id;
	t->now_ms = ledger_time_ms(t->l) + TOWN_HEARTBEAT_MS;
	in = town_inputs(t, 0);
	in.evidence = &e;
	in.nevidence = 1;
	assert_int_equal(ledger_build(t->l, &in, &b, &missing), 0);
	assert_int_equal(b->header.nevidence, 1);
	evidence_unref(e);
	rich_commit(&r, b);
}

/* The one row of a query, as a person would ask it. */
static void
expect(const char *what, const char *where, const char *want)
{
	char query[320];
	struct sql_stmt *st;
	struct sql *db;

	snprintf(query, sizeof(query), "SELECT %s FROM %s", what, where);
	assert_int_equal(sql_open(&db, path, false), 0);
	assert_int_equal(sql_prepare(db, query, &st), 0);
	assert_int_equal(sql_step(st), 1);
	if (strcmp(sql_text(st, 0), want) != 0)
		fail_msg("%s: %s, not %s", query, sql_text(st, 0), want);
	sql_finish(st);
	sql_close(db);
}

static void
fill(void)
{
	struct index *x;

	assert_int_equal(index_open(&x, path, &r.chain.town.f, NULL), 0);
	assert_int_equal(index_catch_up(x, &r.chain.log, UINT64_MAX, NULL), 0);
	assert_int_equal(index_head(x), segments_head(&r.chain.log));
	index_close(x);
}

static int
setup(void **state)
{
	(void)state;
	rich_open(&r, "town");
	rich_grow(&r, RICH_DONE);
	lease();
	trade();
	accuse();
	snprintf(path, sizeof(path), "%s/%s", r.root, INDEX_NAME);
	fill();
	return 0;
}

static int
teardown(void **state)
{
	char name[sizeof(path) + 4];

	(void)state;
	unlink(path);
	/* Left by who only reads. */
	snprintf(name, sizeof(name), "%s-wal", path);
	unlink(name);
	snprintf(name, sizeof(name), "%s-shm", path);
	unlink(name);
	rich_close(&r);
	return 0;
}

static char *
key_of(uint16_t member, char hex[static HASH_HEX_LEN])
{
	struct hash h;

	memcpy(h.b, r.chain.town.f.members[member].sign.b, sizeof(h.b));
	return hash_hex(&h, hex);
}

/* The objects of a kind's transactions are these ids. */
static void
objects(const char *kind, const struct hash *const *ids, size_t n)
{
	char where[64], want[RICH_MEMBERS * HASH_HEX_LEN + 1] = "";
	char hex[HASH_HEX_LEN];
	size_t len = 0;

	for (size_t i = 0; i < n; i++)
		len += (size_t)snprintf(want + len, sizeof(want) - len, "%s%s",
		    i > 0 ? "," : "", hash_hex(ids[i], hex));
	snprintf(where, sizeof(where), "txs WHERE kind = '%s'", kind);
	expect("group_concat(object)", where, want);
}

static void
tokens_and_models(void **state)
{
	char hex[HASH_HEX_LEN], query[200];
	const struct hash *ids[] = {&token};

	(void)state;
	expect("amount || memo", "txs WHERE kind = 'transfer'",
	    "700for the coffee");
	snprintf(query, sizeof(query),
	    "txs WHERE kind = 'transfer' AND sender = '%s'", key_of(0, hex));
	expect("count(*)", "txs WHERE object NOT NULL AND kind = 'transfer'",
	    "0");
	expect("nonce || '/' || fee", query, "1/1000");
	objects("model_transfer", ids, 1);
	objects("model_lease", ids, 1);
	expect("receiver", "txs WHERE kind = 'model_transfer'", key_of(1, hex));
	expect("receiver", "txs WHERE kind = 'model_lease'", key_of(3, hex));
	expect("amount || ' ' || until", "txs WHERE kind = 'model_lease'",
	    "250 90000");
	expect("count(*)",
	    "txs WHERE kind = 'model_transfer' AND amount IS NULL", "1");
}

static void
data_and_orders(void **state)
{
	const struct hash *owned[RICH_MEMBERS];
	const struct hash *ordered[] = {&order};
	const struct hash *withdrawn[] = {&r.asset[3]};

	(void)state;
	for (size_t m = 0; m < RICH_MEMBERS; m++)
		owned[m] = &r.asset[m];
	objects("asset_register", owned, RICH_MEMBERS);
	objects("order", ordered, 1);
	objects("order_accept", ordered, 1);
	objects("asset_withdraw", withdrawn, 1);
}

static void
words_of_members(void **state)
{
	const struct hash *vc[] = {&r.credential};
	char hex[HASH_HEX_LEN];

	(void)state;
	objects("credential", vc, 1);
	objects("revoke", vc, 1);
	expect("receiver", "txs WHERE kind = 'credential'", key_of(2, hex));
	expect("until", "txs WHERE kind = 'credential'", "100000");
	expect("group_concat(object || amount)", "txs WHERE kind = 'vote'",
	    "11,11,11,11");
	expect("length(object)", "txs WHERE kind = 'propose'", "64");
	expect("group_concat(amount)", "txs WHERE kind = 'worth' AND place = 0",
	    "0,1,2,3");
	expect("group_concat(DISTINCT length(object))",
	    "txs WHERE kind = 'worth'", "64");
}

static void
evidence(void **state)
{
	char hex[HASH_HEX_LEN];

	(void)state;
	expect("id", "evidence", hash_hex(&proof, hex));
	expect("member || kind || at || '.' || place", "evidence", "2votes2.0");
	expect("count(*)",
	    "evidence WHERE height = (SELECT max(height) FROM blocks)", "1");
}

/* Last: no ledger takes it here, so that the books stop, but the rows of its
 * block are there. */
static void
shards(void **state)
{
	static const uint8_t data[SHARD_SALT_LEN + 8];
	const struct body_shard s = {.index = 7,
	    .len = sizeof(data),
	    .data = data};
	struct bytes_writer w = BYTES_WRITER_INIT;
	struct tx *x = rich_transfer(&r, 3, 5, "");
	struct block *b = rich_next(&r, &x, 1, false);
	char height[24];

	(void)state;
	body_shard_put(&w, &s);
	tx_unref(b->txs[0]);
	b->txs[0] = rich_tx(&r, 3, TX_SHARD, &w, 0);
	rich_seal(&r, b);
	block_free(b);
	fill();
	expect("object", "txs WHERE kind = 'shard'", "7");
	snprintf(height, sizeof(height), "%llu",
	    (unsigned long long)segments_head(&r.chain.log));
	expect("value", "meta WHERE key = 'books_stopped'", height);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(tokens_and_models),
	    cmocka_unit_test(data_and_orders),
	    cmocka_unit_test(words_of_members),
	    cmocka_unit_test(evidence),
	    cmocka_unit_test(shards),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
