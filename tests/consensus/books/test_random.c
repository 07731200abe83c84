/* Transactions that make little sense, a million with QML_TEST_LONG=1: nothing
 * is lost or made, no nonce is used twice, and copies stay the same to the last
 * bit. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "consensus/books/state.h"
#include "consensus/books/view.h"
#include "proto/merkle.h"
#include "tests/consensus/books/town.h"

#define MEMBERS 6
#define STRANGERS 10
#define IDS 64

static uint64_t rng = 0x853c49e6748fea9bu;

static uint64_t
draw(void)
{
	rng ^= rng << 13;
	rng ^= rng >> 7;
	rng ^= rng << 17;
	return rng >> 3;
}

/* What the transactions talk about. */
struct talk {
	struct town town;
	struct hash ids[IDS]; /* of whatever was made; some of nothing */
	unsigned nids;
	uint64_t accepted;
};

static struct sign_public
anybody(const struct talk *t)
{
	unsigned i = (unsigned)(draw() % (MEMBERS + STRANGERS));
	struct sign_public k = {{0}};

	if (i < MEMBERS)
		return t->town.pub[i];
	k.b[0] = 200;
	k.b[1] = (uint8_t)i;
	return k;
}

static struct hash
something(const struct talk *t)
{
	return t->ids[draw() % IDS];
}

static uint64_t
amount(void)
{
	return draw() >> (draw() % 60);
}

static void
put_asset(struct talk *t, struct bytes_writer *w)
{
	struct body_asset a = town_asset((uint8_t)draw());

	a.root.b[1] = (uint8_t)draw();
	a.expires = t->town.height + draw() % 5000;
	a.price = draw() % 5000;
	a.rounds = (uint32_t)(draw() % 20);
	if (draw() % 3 == 0)
		a.parent = something(t);
	if (draw() % 2)
		a.privacy = (struct rdp_target){8000, 5};
	body_asset_put(w, &a);
}

static void
put_order(struct talk *t, struct bytes_writer *w)
{
	uint8_t job[] = {1, (uint8_t)(draw() % 3), (uint8_t)(draw() % 5), 1};
	struct body_order o = {.purpose = "research",
	    .price = draw() % 5000,
	    .escrow = draw() % 50000,
	    .nassets = 1,
	    .policy = t->town.books->policy,
	    .job = job,
	    .job_len = sizeof(job)};

	o.assets[0] = something(t);
	body_order_put(w, &o);
}

static void
put_worth(struct talk *t, struct bytes_writer *w)
{
	const struct table *open = &t->town.books->valuations;
	const struct valuation *v = BOOKS_ROWS(struct valuation, *open);
	struct bytes_writer game = BYTES_WRITER_INIT;
	struct body_worth x = {.n = 4};

	if (open->n) {
		v += draw() % open->n;
		x.job = v->job;
		x.round = v->round;
		x.n = books_game_size(v->n);
	}
	for (uint16_t i = 0; i < x.n; i++)
		bytes_put_i64(&game, (int64_t)(draw() % 2000) - 1000);
	x.utility = game.data;
	body_worth_put(w, &x);
	bytes_writer_close(&game);
}

#define SHARDS 1024

static const uint8_t rows_of_all[SHARD_SALT_LEN + 4];

/* All shards are the same, and so is the path to each of them. */
static struct hash
shard_path(struct hash path[MERKLE_MAX_DEPTH], size_t *n)
{
	static struct hash leaves[SHARDS];

	leaves[0] = shard_leaf(rows_of_all, sizeof(rows_of_all));
	for (unsigned i = 1; i < SHARDS; i++)
		leaves[i] = leaves[0];
	*n = merkle_path(leaves, SHARDS, 0, path);
	return merkle_root_of(leaves, SHARDS);
}

static void
put_shard(struct talk *t, struct bytes_writer *w)
{
	static struct hash path[MERKLE_MAX_DEPTH];
	static size_t npath;
	const struct table *open = &t->town.books->valuations;
	const struct valuation *v = BOOKS_ROWS(struct valuation, *open);
	struct body_shard x = {.data = rows_of_all, .len = sizeof(rows_of_all)};

	if (npath == 0)
		(void)shard_path(path, &npath);
	memcpy(x.path, path, npath * sizeof(path[0]));
	x.npath = (uint8_t)(npath - (draw() % 20 == 0));
	if (open->n)
		x.index = v[draw() % open->n].shard - (draw() % 20 != 0);
	body_shard_put(w, &x);
}

static struct books_validation
shards(void)
{
	struct hash path[MERKLE_MAX_DEPTH];
	size_t n;

	return (struct books_validation){SHARDS, 4, shard_path(path, &n)};
}

static void
put_propose(struct talk *t, struct bytes_writer *w)
{
	struct bytes_writer p = BYTES_WRITER_INIT;
	struct body_propose x = {.title = "change"};
	struct sign_public to = anybody(t);
	struct hash id = something(t);

	x.kind = (uint8_t)(1 + draw() % (PROPOSAL_KINDS - 1));
	if (x.kind == PROPOSAL_TREASURY) {
		bytes_put_raw(&p, to.b, SIGN_PUBLIC_LEN);
		bytes_put_u64(&p, amount());
	} else {
		bytes_put_hash(&p, &id);
		if (x.kind == PROPOSAL_ASSET)
			bytes_put_u8(&p, (uint8_t)(draw() % 2));
	}
	x.payload = p.data;
	x.len = (uint32_t)p.len;
	body_propose_put(w, &x);
	bytes_writer_close(&p);
}

static void
put_body(struct talk *t, uint8_t kind, struct bytes_writer *w)
{
	struct body_transfer pay = {.to = anybody(t), .amount = amount()};
	struct body_ballot ballot = {1 + draw() % 40, (uint8_t)(draw() % 6)};
	struct body_model model = {something(t), anybody(t),
	    t->town.height + draw() % 50, draw() % 10000};
	struct body_credential cred = {something(t), anybody(t),
	    (uint8_t)(draw() % 3), t->town.height + draw() % 500};
	struct body_commit promise = {something(t), draw() % 4, something(t)};

	switch (kind) {
	case TX_TRANSFER:
		body_transfer_put(w, &pay);
		break;
	case TX_ASSET_REGISTER:
		put_asset(t, w);
		break;
	case TX_ORDER:
		put_order(t, w);
		break;
	case TX_COMMIT:
		body_commit_put(w, &promise);
		break;
	case TX_WORTH:
		put_worth(t, w);
		break;
	case TX_SHARD:
		put_shard(t, w);
		break;
	case TX_PROPOSE:
		put_propose(t, w);
		break;
	case TX_VOTE:
		body_ballot_put(w, &ballot);
		break;
	case TX_MODEL_TRANSFER:
	case TX_MODEL_APPROVE:
	case TX_MODEL_LEASE:
		body_model_put(w, &model);
		break;
	case TX_CREDENTIAL:
		body_credential_put(w, &cred);
		break;
	default:
		body_ref_put(w, &(struct body_ref){something(t)});
		break;
	}
}

/* Not signed: the books leave that to the ledger, and a million signatures
 * would be a minute. The id is drawn. */
static struct tx *
random_tx(struct talk *t)
{
	struct bytes_writer w = BYTES_WRITER_INIT;
	uint8_t kind = (uint8_t)(1 + draw() % (TX_KINDS - 1));
	const struct account *a;
	struct tx *x;

	put_body(t, kind, &w);
	x = tx_new((uint32_t)w.len);
	assert_non_null(x);
	assert_int_equal(w.error, 0);
	memcpy(x->body, w.data, w.len);
	bytes_writer_close(&w);
	x->kind = kind;
	x->sender = anybody(t);
	a = account_find(t->town.books, &x->sender);
	x->nonce = a && !tx_is_duty(kind) ? a->nonce : 0;
	x->nonce += draw() % 50 == 0;
	x->fee = 1000 + (draw() % 100 ? 0 : amount());
	x->expires = t->town.height + draw() % 3;
	for (int i = 0; i < 8; i++)
		x->id.b[i] = (uint8_t)draw();
	return x;
}

/* Rounds close and jobs start and end in between. */
static void
some_turn(struct talk *t, struct books *b)
{
	struct books_use uses[3] = {{0, {{0}}}, {1, {{0}}}, {2, {{0}}}};
	struct books_closed c = {.height = t->town.height,
	    .round = t->town.height,
	    .uses = uses,
	    .nuses = (uint16_t)(t->town.height % 4),
	    .steps = 1,
	    .step = {50000000, 1200}};
	struct books_mint m = {.round_to = t->town.height,
	    .height = t->town.height,
	    .royalty_ppm = 50000};
	struct books_next_job next;
	struct books_due due;

	if (t->town.height % 5 == 0)
		assert_int_equal(books_close_round(b, &c), 0);
	if (order_running(b) && t->town.height % 7 == 0) {
		struct hash id = order_running(b)->id;

		assert_int_equal(books_mint(b, &m), 0);
		books_job_finished(b, &id);
	} else if (!order_running(b) && books_next_job(b, &next)) {
		books_job_started(b, &next.order);
	}
	assert_int_equal(books_end_block(b, t->town.height), 0);
	while ((due = books_next_due(b, t->town.height)).proposal)
		books_executed(b, due.proposal, due.len % 2);
}

static void
learn_ids(struct talk *t)
{
	const struct books *b = t->town.books;
	const struct token *tokens = BOOKS_ROWS(struct token, b->tokens);

	if (b->tokens.n)
		t->ids[draw() % IDS] = tokens[draw() % b->tokens.n].id;
}

/* An accountant who only hears the entries. */
struct accountant {
	struct sign_public key[MEMBERS + STRANGERS + 2];
	uint64_t balance[MEMBERS + STRANGERS + 2];
	unsigned n;
	uint64_t entries;
};

static unsigned
line_of(struct accountant *a, const struct sign_public *key)
{
	for (unsigned i = 0; i < a->n; i++)
		if (memcmp(&a->key[i], key, sizeof(*key)) == 0)
			return i;
	assert_true(a->n < MEMBERS + STRANGERS + 2);
	a->key[a->n] = *key;
	return a->n++;
}

static void
write_down(void *arg, const struct books_entry *e)
{
	struct accountant *a = arg;
	unsigned i = line_of(a, &e->account);

	a->balance[i] += (uint64_t)e->change;
	assert_true(a->balance[i] == e->balance);
	a->entries++;
}

static void
begin_accounts(struct accountant *a, const struct books *b)
{
	const struct books_journal j = {write_down, a};
	const struct sign_public treasury = {{0}};
	const struct account *x;

	for (size_t i = 0; (x = books_account_at(b, i)) != NULL; i++)
		a->balance[line_of(a, &x->key)] = x->balance;
	a->balance[line_of(a, &treasury)] = books_totals(b).treasury;
	books_watch(b, j);
}

/* What was heard is all there is. */
static void
compare_accounts(struct accountant *a, const struct books *b)
{
	const struct sign_public treasury = {{0}};
	const struct account *x;

	for (size_t i = 0; (x = books_account_at(b, i)) != NULL; i++)
		assert_true(a->balance[line_of(a, &x->key)] == x->balance);
	assert_true(
	    a->balance[line_of(a, &treasury)] == books_totals(b).treasury);
}

static bool
earned_anything(const struct books *b)
{
	for (uint64_t i = 1; i <= SETTLED_KEPT && i <= b->nsettled; i++)
		if (b->settled[(b->nsettled - i) % SETTLED_KEPT].paid)
			return true;
	for (uint16_t i = 0; i < b->nmembers; i++)
		if (b->earned[i] > 0)
			return true;
	return false;
}

static void
test_many(void **state)
{
	const struct books_journal nobody = {NULL, NULL};
	struct accountant accountant = {.n = 0};
	struct books_terms tm = BOOKS_TERMS_DEFAULT;
	struct books *copy = NULL;
	struct talk t = {.nids = 0};
	unsigned total = getenv("QML_TEST_LONG") ? 1000000 : 100000;

	(void)state;
	tm.job = town_job_of;
	tm.calendar = (struct proposal_calendar){20, 5, 50, 1};
	tm.validation = shards();
	town_open(&t.town, MEMBERS, &tm);
	begin_accounts(&accountant, t.town.books);
	for (unsigned i = 0; i < total; i++) {
		struct tx *x = random_tx(&t);
		enum books_verdict said =
		    books_check(t.town.books, x, t.town.height);
		int rc = books_apply(t.town.books, x, t.town.height);

		assert_int_equal(rc, said);
		if (copy)
			assert_int_equal(books_apply(copy, x, t.town.height),
			    rc);
		if (rc == BOOKS_OK) {
			t.accepted++;
			if (draw() % 2)
				t.ids[draw() % IDS] = x->id;
			/* Never again; who gave a fee with a duty may not
			 * even have another one. */
			said = books_check(t.town.books, x, t.town.height);
			assert_true(said == BOOKS_NONCE ||
			    (tx_is_duty(x->kind) &&
				(said == BOOKS_EXISTS ||
				    (said == BOOKS_FUNDS && x->fee > 0))));
		}
		tx_unref(x);
		if (i % 16 == 0) {
			some_turn(&t, t.town.books);
			if (copy)
				some_turn(&t, copy);
			learn_ids(&t);
			t.town.height++;
			assert_true(books_conserved(t.town.books));
		}
		if (i % 4096)
			continue;
		if (copy) {
			struct hash a = books_root(t.town.books);
			struct hash b = books_root(copy);

			assert_true(hash_equal(&a, &b));
			books_free(copy);
		}
		assert_int_equal(books_clone(t.town.books, &copy), 0);
		books_watch(copy, nobody);
		compare_accounts(&accountant, t.town.books);
	}
	compare_accounts(&accountant, t.town.books);
	assert_true(accountant.entries > 2 * t.accepted);
	/* Enough of it was accepted to mean something. */
	assert_true(t.accepted > total / 100);
	assert_true(books_nsettled(t.town.books) > total / 1000);
	assert_true(t.town.books->shards_used > total / 5000);
	assert_true(earned_anything(t.town.books));
	books_free(copy);
	town_close(&t.town);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
