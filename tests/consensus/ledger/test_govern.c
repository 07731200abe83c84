/*
 * What the members decide, over random histories: the invariants G1 to G12 of
 * reference trust.md 4.2, G9 as 1 <= n <= 100. After every block the state is
 * compared with that before it, and with what somebody who only keeps a list
 * of what was said would expect.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "consensus/books/view.h"
#include "consensus/ledger/enact.h"
#include "fixture.h"

#define FEE 1000
#define BLOCKS 260
#define TXS_MAX 12
#define SAID_MAX 4096

static const struct economy quick = {.cap = UINT64_C(1000000000000000),
    .opening = UINT64_C(1000000000),
    .mint = UINT64_C(100000000),
    .half_life = 1000,
    .fee = FEE,
    .contributors = 700000,
    .signers = 100000,
    .assets = 100000,
    .treasury = 100000,
    .voting_period = 12,
    .voting_extension = 3,
    .voting_grace = 20,
    .voting_lock = 2,
    .worth_blocks = 5,
    .validation_every = 1};

/* One vote that a block took. */
struct said {
	uint64_t proposal;
	uint16_t voter;
	uint8_t option;
};

/* What is remembered of a proposal from the block that brought it. */
struct memo {
	uint64_t tokens[TOWN_MAX];
	struct hash payload;
	unsigned carried_out;
};

struct history {
	struct town t;
	struct block *chain[BLOCKS];
	size_t nchain;
	struct said said[SAID_MAX];
	size_t nsaid;
	struct memo memo[BLOCKS * TXS_MAX];
	struct hash asset; /* of member 0 */
	unsigned executed, failed, ended;
};

/* The state before a block. */
struct before {
	struct ledger *l;
	struct hash leaves[LEDGER_LEAVES];
};

static const struct books *
books_of(const struct history *h)
{
	return ledger_books(h->t.l);
}

static size_t
motions(const struct books *b)
{
	size_t n = 0;

	while (books_motion_at(b, n) != NULL)
		n++;
	return n;
}

static struct tx *
make(struct history *h, uint16_t from, uint8_t kind, struct bytes_writer *w)
{
	struct sign_public key = sign_key_public(h->t.keys[from]);
	struct tx *x = tx_new((uint32_t)w->len);

	assert_non_null(x);
	assert_int_equal(w->error, 0);
	if (w->len > 0)
		memcpy(x->body, w->data, w->len);
	x->kind = kind;
	x->nonce = books_account(books_of(h), &key)->nonce;
	x->fee = FEE;
	x->expires = UINT32_MAX;
	tx_sign(x, h->t.keys[from], &h->t.fid);
	bytes_writer_close(w);
	return x;
}

static uint64_t
draw(struct history *h, uint64_t below)
{
	return town_random(&h->t) % below;
}

/* As far as one vote goes, so that two of them may not both fit. */
static uint32_t
near(struct history *h, uint32_t now)
{
	uint32_t by = (uint32_t)(2 + draw(h, 8));

	return draw(h, 2) ? now * by : now / by;
}

/* Something that may or may not be possible. */
static struct payload
wish(struct history *h, uint8_t kind)
{
	const struct ledger_params *now = ledger_params(h->t.l);
	struct payload p = {.param = {0}};

	switch (kind) {
	case PROPOSAL_PARAM:
		p.param.n = 1;
		p.param.set[0].id = (uint8_t)(1 + draw(h, PARAMS));
		p.param.set[0].value = (uint32_t)draw(h, 6);
		if (draw(h, 3) != 0)
			p.param.set[0] = (struct payload_set){PARAM_COLLECT,
			    near(h, now->timing.collect)};
		else if (draw(h, 2) != 0)
			p.param.set[0] = (struct payload_set){PARAM_STRAGGLER,
			    near(h, now->timing.straggler)};
		break;
	case PROPOSAL_PAUSE:
		p.pause.blocks = (uint32_t)(1 + draw(h, 6));
		break;
	case PROPOSAL_JOB:
		p.job.op = PAYLOAD_JOB_CANCEL;
		p.job.job = *ledger_job_id(h->t.l);
		break;
	case PROPOSAL_UPGRADE:
		p.upgrade.version = (uint16_t)(1 + draw(h, 3));
		p.upgrade.height = 100000 + draw(h, 10);
		break;
	case PROPOSAL_ASSET:
		p.asset.asset = h->asset;
		p.asset.ban = (uint8_t)draw(h, 2);
		break;
	case PROPOSAL_ETHICS:
		p.policy.b[0] = (uint8_t)(1 + draw(h, 250));
		break;
	case PROPOSAL_TREASURY:
		p.spend.to.b[0] = (uint8_t)(1 + draw(h, 3));
		p.spend.amount =
		    draw(h, books_totals(books_of(h)).treasury * 9 / 8);
		break;
	default:
		break;
	}
	return p;
}

static struct tx *
propose(struct history *h, uint16_t from)
{
	/* A job that ends would end what else is to be seen: rarely. */
	uint8_t kind = (uint8_t)(1 + draw(h, PROPOSAL_KINDS));
	struct bytes_writer w = BYTES_WRITER_INIT, x = BYTES_WRITER_INIT;
	struct body_propose b = {.kind = kind, .title = "x"};
	struct payload p;

	if (kind == PROPOSAL_JOB && draw(h, 8) != 0)
		b.kind = kind = PROPOSAL_PARAM;
	p = wish(h, kind);
	payload_put(&x, kind, &p);
	if (draw(h, 10) == 0)
		bytes_put_u8(&x, 0); /* one byte too many */
	b.payload = x.data;
	b.len = (uint32_t)x.len;
	body_propose_put(&w, &b);
	bytes_writer_close(&x);
	return make(h, from, TX_PROPOSE, &w);
}

static struct tx *
vote(struct history *h, uint16_t from)
{
	size_t n = motions(books_of(h));
	struct bytes_writer w = BYTES_WRITER_INIT;
	/* Mostly yes, or nothing would ever happen. */
	struct body_ballot b = {.option = VOTE_YES};

	b.proposal = n > 6 ? n - draw(h, 7) : draw(h, n + 2);
	if (draw(h, 5) == 0)
		b.option = (uint8_t)draw(h, 6);
	body_ballot_put(&w, &b);
	return make(h, from, TX_VOTE, &w);
}

static struct tx *
transfer(struct history *h, uint16_t from)
{
	struct bytes_writer w = BYTES_WRITER_INIT;
	struct body_transfer b = {.amount = draw(h, 200000000)};

	b.to = sign_key_public(h->t.keys[draw(h, h->t.f.nmembers)]);
	body_transfer_put(&w, &b);
	return make(h, from, TX_TRANSFER, &w);
}

static size_t
some_txs(struct history *h, struct tx *txs[])
{
	size_t n = 0;

	/* One of each sender: its nonce is the account's. */
	for (uint16_t i = 0; i < h->t.f.nmembers; i++) {
		uint64_t what = draw(h, 10);

		if (what < 5)
			txs[n++] = vote(h, i);
		else if (what < 6)
			txs[n++] = transfer(h, i);
		else if (what < 8)
			txs[n++] = propose(h, i);
	}
	return n;
}

static struct before
look(const struct history *h)
{
	struct before b;

	assert_int_equal(ledger_clone(h->t.l, &b.l), 0);
	ledger_leaves(b.l, b.leaves);
	return b;
}

/* Votes that the block took, and weights of what it proposed: G2, G3. */
static void
take_notes(struct history *h, const struct before *was, const struct block *b)
{
	size_t had = motions(ledger_books(was->l));
	size_t n = motions(books_of(h));

	for (uint16_t i = 0; i < b->header.ntxs; i++) {
		struct bytes_reader r =
		    bytes_reader_of(b->txs[i]->body, b->txs[i]->len);
		struct body_ballot x;

		if (b->txs[i]->kind != TX_VOTE)
			continue;
		body_ballot_get(&r, &x);
		for (uint16_t m = 0; m < h->t.f.nmembers; m++)
			if (memcmp(b->txs[i]->sender.b,
				h->t.f.members[m].sign.b, 32) == 0)
				h->said[h->nsaid++] =
				    (struct said){x.proposal, m, x.option};
		assert_true(h->nsaid < SAID_MAX);
	}
	for (size_t i = had; i < n; i++) {
		const struct motion *m = books_motion_at(books_of(h), i);

		memcpy(h->memo[i].tokens, m->p.tokens,
		    sizeof(h->memo[i].tokens));
		h->memo[i].payload = m->p.payload;
		assert_int_equal(m->p.submitted, b->header.height);
	}
}

/* G2, G3, G4: whatever was transferred since, the tally is that of the last
 * words with the weights of the first block. */
static void
check_tally(const struct history *h, size_t i)
{
	const struct motion *m = books_motion_at(books_of(h), i);
	struct ballots seats, tokens, want_seats = {.total = 0},
				      want_tokens = {.total = 0};
	uint8_t last[TOWN_MAX] = {0};

	for (size_t k = 0; k < h->nsaid; k++)
		if (h->said[k].proposal == m->p.id)
			last[h->said[k].voter] = h->said[k].option;
	for (uint16_t v = 0; v < h->t.f.nmembers; v++) {
		want_seats.total++;
		want_tokens.total += h->memo[i].tokens[v];
		if (last[v] == VOTE_NONE)
			continue;
		want_seats.count[last[v]]++;
		want_tokens.count[last[v]] += h->memo[i].tokens[v];
	}
	proposal_tally(&m->p, HOUSE_SEATS, &seats);
	proposal_tally(&m->p, HOUSE_TOKENS, &tokens);
	assert_memory_equal(&seats, &want_seats, sizeof(seats));
	assert_memory_equal(&tokens, &want_tokens, sizeof(tokens));
	assert_true(ballots_cast(&seats) <= seats.total);
	assert_true(ballots_cast(&tokens) <= tokens.total);
	assert_int_equal(seats.total, h->t.f.nmembers); /* G9: nobody else */
}

static bool
is_over(uint8_t state)
{
	return state != PROPOSAL_OPEN && state != PROPOSAL_QUEUED;
}

/* G5: once, not before its time, and what was voted for. */
static void
check_end(struct history *h, size_t i, uint8_t was)
{
	const struct motion *m = books_motion_at(books_of(h), i);
	const struct hash payload =
	    hash_bytes("qml.payload", m->payload->data, m->payload->len);

	assert_true(hash_equal(&payload, &h->memo[i].payload));
	assert_true(hash_equal(&payload, &m->p.payload));
	if (is_over(was))
		assert_int_equal(m->p.state, was); /* for good */
	if (m->p.state == was)
		return;
	h->ended += is_over(m->p.state);
	if (m->p.state == PROPOSAL_EXECUTED || m->p.state == PROPOSAL_FAILED) {
		assert_true(ledger_height(h->t.l) >= m->p.eta);
		assert_true(ledger_height(h->t.l) > m->p.submitted);
		assert_int_equal(++h->memo[i].carried_out, 1);
	}
	h->executed += m->p.state == PROPOSAL_EXECUTED;
	h->failed += m->p.state == PROPOSAL_FAILED;
}

/* Kinds executed in this block, as bits. */
static unsigned
kinds_done(const struct history *h, const struct before *was)
{
	const struct books *old = ledger_books(was->l);
	unsigned bits = 0;

	for (size_t i = 0; i < motions(books_of(h)); i++) {
		const struct motion *m = books_motion_at(books_of(h), i);
		const struct motion *o = books_motion_at(old, i);

		if (m->p.state == PROPOSAL_EXECUTED &&
		    (o == NULL || o->p.state != PROPOSAL_EXECUTED))
			bits |= 1u << m->p.kind;
	}
	return bits;
}

/* G5, G6, G10: nothing moves but by what was carried out just now. */
static void
check_effects(const struct history *h, const struct before *was,
    const struct block *b)
{
	const struct books *old = ledger_books(was->l), *new = books_of(h);
	struct hash leaves[LEDGER_LEAVES];
	unsigned done = kinds_done(h, was);
	const struct asset *a = books_asset_at(old, 0);
	const struct asset *z = books_asset_at(new, 0);
	struct hash x = books_totals(old).policy, y = books_totals(new).policy;

	ledger_leaves(h->t.l, leaves);
	if (!(done &
		(1u << PROPOSAL_PARAM | 1u << PROPOSAL_PAUSE |
		    1u << PROPOSAL_UPGRADE | 1u << PROPOSAL_RULE)))
		assert_true(hash_equal(&leaves[3], &was->leaves[3]));
	if (!(done & 1u << PROPOSAL_ETHICS))
		assert_true(hash_equal(&x, &y));
	if (!(done & 1u << PROPOSAL_JOB))
		assert_false(ledger_round(h->t.l)->finished &&
		    !ledger_round(was->l)->finished);
	/* An owner's terms and what was spent are nobody else's to change. */
	assert_memory_equal(&a->terms, &z->terms, sizeof(a->terms));
	assert_memory_equal(&a->privacy, &z->privacy, sizeof(a->privacy));
	assert_memory_equal(&a->owner, &z->owner, sizeof(a->owner));
	if (!(done & 1u << PROPOSAL_ASSET))
		assert_int_equal(a->banned, z->banned);
	/* Balances of others: without transactions and rewards none falls. */
	for (size_t i = 0; b->header.ntxs == 0 && i < TOWN_MAX; i++) {
		const struct account *p = books_account_at(old, i);

		if (p != NULL)
			assert_true(
			    books_account(new, &p->key)->balance >= p->balance);
	}
}

static uint64_t
balance(const struct books *b, const struct sign_public *key)
{
	const struct account *a = books_account(b, key);

	return a != NULL ? a->balance : 0;
}

/* What was carried out in this block is there: the last word of a kind. */
static void
check_done(const struct history *h, const struct before *was, size_t i)
{
	const struct motion *m = books_motion_at(books_of(h), i);
	const struct motion *o = books_motion_at(ledger_books(was->l), i);
	uint64_t height = ledger_height(h->t.l), paid;
	struct hash policy = books_totals(books_of(h)).policy;
	struct payload p;

	if (m->p.state != PROPOSAL_EXECUTED ||
	    (o != NULL && o->p.state == PROPOSAL_EXECUTED))
		return;
	for (size_t k = i + 1; k < motions(books_of(h)); k++)
		if (books_motion_at(books_of(h), k)->p.kind == m->p.kind &&
		    books_motion_at(books_of(h), k)->p.eta == m->p.eta)
			return; /* it may have the last word */
	assert_true(
	    payload_get(m->p.kind, m->payload->data, m->payload->len, &p));
	if (m->p.kind == PROPOSAL_ETHICS)
		assert_memory_equal(&policy, &p.policy, sizeof(policy));
	if (m->p.kind == PROPOSAL_ASSET)
		assert_int_equal(books_asset_at(books_of(h), 0)->banned,
		    p.asset.ban);
	if (m->p.kind == PROPOSAL_PAUSE)
		assert_true(ledger_params(h->t.l)->paused_until >=
		    height + p.pause.blocks);
	if (m->p.kind != PROPOSAL_TREASURY)
		return;
	paid = balance(books_of(h), &p.spend.to) -
	    balance(ledger_books(was->l), &p.spend.to);
	assert_true(paid >= p.spend.amount);
}

static void
check_all(struct history *h, const struct before *was, const struct block *b)
{
	const struct books *old = ledger_books(was->l);

	assert_true(books_conserved(books_of(h))); /* G1, G12 */
	assert_true(
	    ledger_nmembers(h->t.l) >= 1 && ledger_nmembers(h->t.l) <= 100);
	take_notes(h, was, b);
	for (size_t i = 0; i < motions(books_of(h)); i++) {
		const struct motion *o = books_motion_at(old, i);

		check_tally(h, i);
		check_end(h, i, o != NULL ? o->p.state : PROPOSAL_OPEN);
		check_done(h, was, i);
	}
	check_effects(h, was, b);
}

static void
step(struct history *h)
{
	struct before was = look(h);
	struct tx *txs[TXS_MAX];
	size_t n = some_txs(h, txs);
	struct ledger_inputs in;
	struct hash missing;
	struct block *b;

	if (draw(h, 3) == 0)
		town_all(&h->t, ANSWER_UPDATE);
	h->t.now_ms += ledger_params(h->t.l)->timing.heartbeat;
	in = town_inputs(&h->t, 0);
	in.txs = txs;
	in.ntxs = n;
	assert_int_equal(ledger_build(h->t.l, &in, &b, &missing), 0);
	town_commit(&h->t, b);
	h->chain[h->nchain++] = b;
	for (size_t i = 0; i < n; i++)
		tx_unref(txs[i]);
	check_all(h, &was, b);
	ledger_free(was.l);
}

static void
register_data(struct history *h)
{
	struct bytes_writer w = BYTES_WRITER_INIT;
	struct body_asset a = {.root = {{9}},
	    .rows = 10,
	    .tasks = 2,
	    .expires = UINT32_MAX,
	    .name = "rows"};
	struct ledger_inputs in;
	struct hash missing;
	struct block *b;
	struct tx *x;

	body_asset_put(&w, &a);
	x = make(h, 0, TX_ASSET_REGISTER, &w);
	h->asset = x->id;
	h->t.now_ms += TOWN_INTERVAL_MS;
	in = town_inputs(&h->t, 0);
	in.txs = &x;
	in.ntxs = 1;
	assert_int_equal(ledger_build(h->t.l, &in, &b, &missing), 0);
	assert_int_equal(b->header.ntxs, 1);
	town_commit(&h->t, b);
	h->chain[h->nchain++] = b;
	tx_unref(x);
}

/* G7, G11: who stops anywhere and reads the chain again is where we are, so
 * the order in one block is the same for all. */
static void
replay(struct history *h)
{
	struct hash x[LEDGER_LEAVES], y[LEDGER_LEAVES];
	size_t stop = draw(h, h->nchain);
	struct ledger *other, *copy;

	assert_int_equal(ledger_new(&h->t.f, &other), 0);
	for (size_t i = 0; i < h->nchain; i++) {
		if (i == stop) {
			assert_int_equal(ledger_clone(other, &copy), 0);
			ledger_free(other);
			other = copy;
		}
		assert_int_equal(ledger_replay(other, h->chain[i]), 0);
		block_free(h->chain[i]);
	}
	ledger_leaves(h->t.l, x);
	ledger_leaves(other, y);
	assert_memory_equal(x, y, sizeof(x));
	ledger_free(other);
}

static void
random_histories(void **state)
{
	unsigned executed = 0, failed = 0, ended = 0;
	const char *more = getenv("QML_TEST_LONG");
	unsigned runs = more != NULL && more[0] == '1' ? 60 : 3;

	(void)state;
	for (unsigned run = 0; run < runs; run++) {
		struct history *h = calloc(1, sizeof(*h));

		assert_non_null(h);
		town_open(&h->t,
		    &(struct town_setup){.n = (uint16_t)(1 + (run * 3) % 7),
			.rounds = 100000,
			.economy = &quick});
		h->t.rng += 0x9e3779b97f4a7c15u * (run + 1);
		h->t.now_ms += TOWN_HEARTBEAT_MS;
		h->chain[h->nchain] = town_build(&h->t);
		town_commit(&h->t, h->chain[h->nchain++]);
		register_data(h);
		while (h->nchain < BLOCKS)
			step(h);
		executed += h->executed;
		failed += h->failed;
		ended += h->ended;
		replay(h);
		town_close(&h->t);
		free(h);
	}
	print_message("%u ended, %u executed, %u failed\n", ended, executed,
	    failed);
	assert_true(executed > 20 * runs && failed > 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(random_histories),
	};

	return sign_setup() < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
