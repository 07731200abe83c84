/*
 * Members that come, leave, weigh more or less and change their keys: when a
 * change is in force, what it does to rounds, certificates and books, and what
 * is not allowed.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "consensus/books/view.h"
#include "consensus/ledger/enact.h"
#include "poll.h"

#define FEE 1000
#define BLOCKS_MAX 600

static const struct economy quick = {.cap = UINT64_C(1000000000000000),
    .opening = UINT64_C(1000000000),
    .mint = UINT64_C(100000000),
    .half_life = 1000,
    .fee = FEE,
    .contributors = 700000,
    .signers = 100000,
    .assets = 100000,
    .treasury = 100000,
    .voting_period = 5,
    .voting_extension = 2,
    .voting_grace = 50,
    .voting_lock = 0,
    .worth_blocks = 5,
    .validation_every = 1};

static struct block *chain[BLOCKS_MAX];
static size_t nchain;

static uint64_t
nonce_of(const struct town *t, const struct sign_key *k)
{
	const struct sign_public key = sign_key_public(k);
	const struct account *a = books_account(ledger_books(t->l), &key);

	return a != NULL ? a->nonce : 0;
}

static struct tx *
make(struct town *t, const struct sign_key *k, uint8_t kind,
    struct bytes_writer *w)
{
	struct tx *x = tx_new((uint32_t)w->len);

	assert_non_null(x);
	memcpy(x->body, w->data, w->len);
	x->kind = kind;
	x->nonce = nonce_of(t, k);
	x->fee = FEE;
	x->expires = 100000;
	tx_sign(x, k, &t->fid);
	bytes_writer_close(w);
	return x;
}

static struct tx *
proposal(struct town *t, const struct payload *p)
{
	struct bytes_writer w = BYTES_WRITER_INIT, x = BYTES_WRITER_INIT;
	struct body_propose b = {.kind = PROPOSAL_MEMBER, .title = "change"};

	payload_put(&x, PROPOSAL_MEMBER, p);
	b.payload = x.data;
	b.len = (uint32_t)x.len;
	body_propose_put(&w, &b);
	bytes_writer_close(&x);
	return make(t, town_key(t, 0), TX_PROPOSE, &w);
}

static void
keep(struct town *t, struct block *b)
{
	town_commit(t, b);
	assert_true(nchain < BLOCKS_MAX);
	chain[nchain++] = b;
	assert_true(books_conserved(ledger_books(t->l)));
}

static void
commit(struct town *t, struct tx **txs, size_t n)
{
	struct ledger_inputs in;
	struct hash missing;
	struct block *b;

	t->now_ms += TOWN_INTERVAL_MS;
	in = town_inputs(t, 0);
	in.txs = txs;
	in.ntxs = n;
	assert_int_equal(ledger_build(t->l, &in, &b, &missing), 0);
	assert_int_equal(b->header.ntxs, n);
	keep(t, b);
	for (size_t i = 0; i < n; i++)
		tx_unref(txs[i]);
}

static void
beat(struct town *t)
{
	t->now_ms += TOWN_HEARTBEAT_MS;
	keep(t, town_build(t));
}

/* A round that all are asked in and answer. */
static void
train(struct town *t)
{
	town_all(t, ANSWER_UPDATE);
	t->now_ms += TOWN_INTERVAL_MS;
	keep(t, town_build(t));
	assert_int_equal(chain[nchain - 1]->header.kind, BLOCK_AGGREGATE);
}

static const struct motion *
newest(const struct town *t)
{
	const struct motion *m = NULL;

	for (size_t i = 0; books_motion_at(ledger_books(t->l), i); i++)
		m = books_motion_at(ledger_books(t->l), i);
	return m;
}

/* Everybody who sits says yes; such blocks until it is carried out. */
static enum proposal_state
decide(struct town *t, const struct payload *p, void (*wait)(struct town *t))
{
	struct tx *txs[TOWN_MAX], *x = proposal(t, p);
	size_t n = 0;

	assert_int_equal(ledger_tx_fits(t->l, x), BOOKS_OK);
	commit(t, &x, 1);
	for (uint16_t i = 0; i < ledger_nmembers(t->l); i++) {
		struct bytes_writer w = BYTES_WRITER_INIT;
		struct body_ballot b = {newest(t)->p.id, VOTE_YES};

		if (!ledger_active(t->l, i))
			continue;
		body_ballot_put(&w, &b);
		txs[n++] = make(t, town_key(t, i), TX_VOTE, &w);
	}
	commit(t, txs, n);
	while (newest(t)->p.state == PROPOSAL_OPEN ||
	    newest(t)->p.state == PROPOSAL_QUEUED)
		wait(t);
	return (enum proposal_state)newest(t)->p.state;
}

static enum proposal_state
pass(struct town *t, const struct payload *p)
{
	return decide(t, p, beat);
}

static void
begin(struct town *t, uint16_t n)
{
	nchain = 0;
	town_open(t,
	    &(struct town_setup){.n = n, .rounds = 1000, .economy = &quick});
	t->now_ms += 60000;
	keep(t, town_build(t));
}

/* Who reads the same blocks, and stops on the way, is where we are. */
static void
end(struct town *t)
{
	struct hash x[LEDGER_LEAVES], y[LEDGER_LEAVES];
	struct ledger *other, *copy;

	assert_int_equal(ledger_new(&t->f, &other), 0);
	for (size_t i = 0; i < nchain; i++) {
		assert_int_equal(ledger_apply(other, chain[i]), 0);
		block_free(chain[i]);
		if (i % 7 != 0)
			continue;
		assert_int_equal(ledger_clone(other, &copy), 0);
		ledger_free(other);
		other = copy;
	}
	ledger_leaves(t->l, x);
	ledger_leaves(other, y);
	assert_memory_equal(x, y, sizeof(x));
	ledger_free(other);
	town_close(t);
}

static struct payload
about(const struct town *t, uint8_t op, uint16_t seat)
{
	struct payload p = {.member = {.op = op}};

	p.member.seat = ledger_member(t->l, seat)->id;
	p.member.m.power = p.member.m.weight = 1;
	return p;
}

static void
a_fifth_member(void **state)
{
	const struct sign_public *key;
	uint64_t decided, round;
	struct hash before;
	struct payload p;
	struct town t;

	(void)state;
	begin(&t, 4);
	for (int i = 0; i < 5; i++)
		train(&t); /* the treasury has something to give */
	p = poll_newcomer(&t, PAYLOAD_MEMBER_ADD, 9);
	before = *ledger_validators(t.l);
	assert_int_equal(pass(&t, &p), PROPOSAL_EXECUTED);
	decided = ledger_height(t.l);
	round = ledger_round(t.l)->number;
	/* In force two heights on; the block between names the next set. */
	assert_false(ledger_active(t.l, 4));
	assert_true(hash_equal(ledger_validators(t.l), &before));
	beat(&t);
	assert_true(hash_equal(&chain[nchain - 1]->header.validators, &before));
	assert_false(
	    hash_equal(&chain[nchain - 1]->header.next_validators, &before));
	assert_int_equal(ledger_height(t.l), decided + 1);
	assert_true(ledger_active(t.l, 4));
	assert_int_equal(ledger_powers(t.l)[4], 1);
	assert_string_equal(ledger_member(t.l, 4)->name, "new9");
	/* What was said for the round that was open is of before. */
	assert_int_equal(ledger_round(t.l)->number, round + 1);
	assert_true(ledger_asked(t.l, 4));
	train(&t); /* with five answers, and five who certify */
	assert_int_equal(chain[nchain - 1]->header.nanswers, 5);
	assert_int_equal(t.commit.nsigs, 5);
	train(&t);
	/* It has an account like a founder's, out of the treasury. */
	key = &ledger_member(t.l, 4)->sign;
	assert_true(books_account(ledger_books(t.l), key)->balance > 0);
	assert_int_equal(books_account(ledger_books(t.l), key)->member, 4);
	/* And leaves again. */
	p = about(&t, PAYLOAD_MEMBER_REMOVE, 4);
	assert_int_equal(pass(&t, &p), PROPOSAL_EXECUTED);
	assert_true(ledger_active(t.l, 4));
	train(&t); /* it still votes on this one */
	assert_int_equal(t.commit.nsigs, 5);
	assert_false(ledger_active(t.l, 4));
	train(&t);
	assert_int_equal(chain[nchain - 1]->header.nanswers, 4);
	assert_int_equal(t.commit.nsigs, 4);
	assert_int_equal(books_account(ledger_books(t.l), key)->member,
	    UINT16_MAX);
	end(&t);
}

/* In its turn nothing comes of the first: a block of a later round. Less than
 * a third of the power has no turn then. */
static void
miss(struct town *t)
{
	uint64_t out = 0, total = 0;
	struct ledger_inputs in;
	struct hash missing;
	struct block *b;

	t->now_ms += TOWN_HEARTBEAT_MS;
	in = town_inputs(t, ledger_proposer(t->l, 0) == 0);
	assert_int_equal(ledger_build(t->l, &in, &b, &missing), 0);
	keep(t, b);
	for (uint16_t i = 0; i < ledger_nmembers(t->l); i++) {
		total += ledger_powers(t->l)[i];
		out += ledger_powers(t->l)[i] - ledger_turns(t->l)[i];
	}
	assert_true(out == 0 || 3 * out < total);
}

/* Three are left of four while one sits out: none of three may. */
static void
one_goes_one_sits_out(void **state)
{
	unsigned met = 0;

	(void)state;
	for (unsigned early = 0; early < 12; early++) {
		struct payload p;
		struct town t;

		begin(&t, 4);
		for (unsigned k = 0; k < early; k++)
			miss(&t);
		p = about(&t, PAYLOAD_MEMBER_REMOVE, 3);
		assert_int_equal(decide(&t, &p, miss), PROPOSAL_EXECUTED);
		while (ledger_active(t.l, 3)) {
			bool out = ledger_turns(t.l)[0] == 0;

			miss(&t);
			met += out && !ledger_active(t.l, 3);
		}
		end(&t);
	}
	assert_true(met > 0);
}

/* The vote of somebody who left stays in proposals of before (G8), and who
 * came later has none in them. */
static void
other_keys(void **state)
{
	struct sign_public old;
	struct payload p;
	uint64_t had;
	struct town t;

	(void)state;
	begin(&t, 4);
	train(&t);
	old = ledger_member(t.l, 2)->sign;
	p = poll_newcomer(&t, PAYLOAD_MEMBER_ROTATE, 5);
	p.member.seat = ledger_member(t.l, 2)->id;
	assert_int_equal(pass(&t, &p), PROPOSAL_EXECUTED);
	had = books_account(ledger_books(t.l), &old)->balance;
	beat(&t);
	/* The same seat, the same id, the name it had; other keys. */
	assert_memory_equal(&ledger_member(t.l, 2)->sign, &p.member.m.sign,
	    sizeof(old));
	assert_int_equal(ledger_nmembers(t.l), 5); /* the candidate's */
	assert_int_equal(ledger_seat_of(t.l, &p.member.m.sign), 2);
	assert_int_equal(ledger_seat_of(t.l, &old), -1);
	/* All that it owns is the new key's. */
	assert_int_equal(books_account(ledger_books(t.l), &old)->balance, 0);
	assert_true(
	    books_account(ledger_books(t.l), &p.member.m.sign)->balance >= had);
	train(&t);
	assert_int_equal(chain[nchain - 1]->header.nanswers, 4);
	train(&t);
	end(&t);
}

/* Other keys break off the last round of a job: it ends as any other job, and
 * what was learnt is minted. */
static void
other_keys_at_the_end(void **state)
{
	struct payload p;
	struct town t;

	(void)state;
	nchain = 0;
	town_open(&t,
	    &(struct town_setup){.n = 4, .rounds = 2, .economy = &quick});
	t.now_ms += 60000;
	keep(&t, town_build(&t));
	train(&t);
	p = poll_newcomer(&t, PAYLOAD_MEMBER_ROTATE, 5);
	p.member.seat = ledger_member(t.l, 2)->id;
	assert_int_equal(pass(&t, &p), PROPOSAL_EXECUTED);
	assert_false(ledger_round(t.l)->finished);
	assert_null(books_token_at(ledger_books(t.l), 0));
	beat(&t);
	assert_true(ledger_round(t.l)->finished);
	assert_int_equal(ledger_round(t.l)->aggregated, 1);
	assert_non_null(books_token_at(ledger_books(t.l), 0));
	end(&t);
}

static void
other_power(void **state)
{
	struct payload p;
	struct town t;
	uint64_t round;

	(void)state;
	begin(&t, 4);
	p = about(&t, PAYLOAD_MEMBER_POWER, 1);
	p.member.m.power = 2;
	p.member.m.weight = 7;
	assert_int_equal(pass(&t, &p), PROPOSAL_EXECUTED);
	round = ledger_round(t.l)->number;
	beat(&t);
	assert_int_equal(ledger_powers(t.l)[1], 2);
	assert_int_equal(ledger_round(t.l)->number, round); /* same members */
	train(&t);
	end(&t);
}

static void
refused(struct town *t, const struct payload *p)
{
	struct tx *x = proposal(t, p);

	assert_int_not_equal(ledger_tx_fits(t->l, x), BOOKS_OK);
	tx_unref(x);
}

static void
what_is_refused(void **state)
{
	struct payload p;
	struct town t;

	(void)state;
	begin(&t, 4);
	p = poll_newcomer(&t, PAYLOAD_MEMBER_ADD, 1);
	p.member.m.power = 2; /* of four: more than a third */
	refused(&t, &p);
	p.member.m.power = 1;
	p.member.m.name[0] = 'x'; /* the proof is of another name */
	refused(&t, &p);
	p = poll_newcomer(&t, PAYLOAD_MEMBER_ADD, 2);
	memcpy(p.member.m.network, ledger_member(t.l, 0)->network, 32);
	refused(&t, &p);
	p = about(&t, PAYLOAD_MEMBER_REMOVE, 0);
	p.member.seat.b[0] ^= 1; /* nobody's */
	refused(&t, &p);
	p = about(&t, PAYLOAD_MEMBER_POWER, 0);
	p.member.m.power = 3;
	refused(&t, &p);
	end(&t);
	begin(&t, 1);
	p = about(&t, PAYLOAD_MEMBER_REMOVE, 0); /* the last one */
	refused(&t, &p);
	p = poll_newcomer(&t, PAYLOAD_MEMBER_ADD, 3);
	assert_int_equal(pass(&t, &p), PROPOSAL_EXECUTED);
	beat(&t);
	assert_int_equal(ledger_seat_of(t.l, &p.member.m.sign), 1);
	beat(&t);
	end(&t);
}

/* Two newcomers at once are more than a third of four: the second waits. */
static void
a_third_at_once(void **state)
{
	struct payload a, b;
	struct tx *txs[2 * TOWN_MAX];
	size_t n = 0;
	struct town t;

	(void)state;
	begin(&t, 4);
	a = poll_newcomer(&t, PAYLOAD_MEMBER_ADD, 1);
	b = poll_newcomer(&t, PAYLOAD_MEMBER_ADD, 2);
	txs[0] = proposal(&t, &a);
	commit(&t, txs, 1);
	txs[0] = proposal(&t, &b);
	commit(&t, txs, 1);
	for (uint64_t id = 1; id <= 2; id++) {
		n = 0;
		for (uint16_t i = 0; i < 4; i++) {
			struct bytes_writer w = BYTES_WRITER_INIT;
			struct body_ballot x = {id, VOTE_YES};

			body_ballot_put(&w, &x);
			txs[n++] = make(&t, town_key(&t, i), TX_VOTE, &w);
		}
		commit(&t, txs, n);
	}
	/* One in each block: one block lies between the two ends. */
	while (newest(&t)->p.state != PROPOSAL_EXECUTED)
		beat(&t);
	beat(&t);
	assert_int_equal(ledger_seat_of(t.l, &a.member.m.sign), 4);
	assert_int_equal(ledger_seat_of(t.l, &b.member.m.sign), 5);
	train(&t);
	assert_int_equal(t.commit.nsigs, 6);
	end(&t);
}

/* A seat for who is to be voted on, and none any more after a no. */
static void
a_candidate(void **state)
{
	struct payload p;
	struct town t;
	struct tx *x;

	(void)state;
	begin(&t, 4);
	p = poll_newcomer(&t, PAYLOAD_MEMBER_ADD, 1);
	x = proposal(&t, &p);
	commit(&t, &x, 1);
	assert_int_equal(seats_find(ledger_seats(t.l), p.member.m.network), 4);
	assert_int_equal(ledger_seats(t.l)->state[4], SEAT_CANDIDATE);
	assert_int_equal(ledger_seats(t.l)->m[4].power, 0);
	train(&t);
	assert_int_equal(t.commit.nsigs, 4);
	while (newest(&t)->p.state == PROPOSAL_OPEN)
		beat(&t);
	assert_int_equal(newest(&t)->p.state, PROPOSAL_NO_QUORUM);
	assert_int_equal(seats_find(ledger_seats(t.l), p.member.m.network), -1);
	/* The next one gets that seat. */
	p = poll_newcomer(&t, PAYLOAD_MEMBER_ADD, 2);
	assert_int_equal(pass(&t, &p), PROPOSAL_EXECUTED);
	beat(&t);
	assert_int_equal(ledger_seat_of(t.l, &p.member.m.sign), 4);
	end(&t);
}

/* Random changes on a copy: whatever happens, the table stays sane. */
static void
seats_stay_sane(void **state)
{
	struct seats *s = calloc(2, sizeof(*s));
	struct town t;

	(void)state;
	assert_non_null(s);
	begin(&t, 4);
	for (unsigned run = 0; run < 200; run++) {
		seats_found(s, &t.f);
		for (unsigned k = 0; k < 150; k++) {
			struct payload p = {
			    .member = {
				.op = (uint8_t)(1 + town_random(&t) % 4)}};
			uint64_t moved = 0;
			uint16_t at = (uint16_t)(town_random(&t) % s->n);

			p.member.seat = s->m[at].id;
			p.member.m.power = (uint32_t)(1 + town_random(&t) % 3);
			p.member.m.weight = 1;
			p.member.m.sign.b[0] = (uint8_t)town_random(&t);
			p.member.m.sign.b[1] = 7;
			p.member.m.network[0] = (uint8_t)town_random(&t);
			p.member.m.network[1] = 9;
			snprintf(p.member.m.name, sizeof(p.member.m.name),
			    "m%u", (unsigned)(town_random(&t) % 300));
			p.member.m.id =
			    member_id(&p.member.m.sign, p.member.m.network);
			s[1] = s[0];
			if (town_random(&t) % 3 == 0)
				seats_nominate(&s[1], &p.member.m);
			else if (!seats_change(&s[1], &p, &moved) ||
			    !seats_step_ok(&s[0], &s[1], moved))
				continue;
			s[0] = s[1];
			assert_true(seats_members(s) >= 1);
			assert_true(s->n <= FEDERATION_MAX_MEMBERS);
			for (uint16_t i = 0; i < s->n; i++)
				assert_int_equal(s->m[i].power > 0,
				    s->state[i] == SEAT_MEMBER);
		}
	}
	free(s);
	end(&t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_fifth_member),
	    cmocka_unit_test(one_goes_one_sits_out),
	    cmocka_unit_test(other_keys),
	    cmocka_unit_test(other_keys_at_the_end),
	    cmocka_unit_test(other_power),
	    cmocka_unit_test(what_is_refused),
	    cmocka_unit_test(a_third_at_once),
	    cmocka_unit_test(a_candidate),
	    cmocka_unit_test(seats_stay_sane),
	};

	return sign_setup() < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
