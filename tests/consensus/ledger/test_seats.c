/*
 * Who sits where, against a table that knows nothing of consensus/: random
 * proposals, several in a block, more while those before are under way, each
 * with keys, names and addresses that may have been anybody's. What the ledger
 * takes, carries out and lets vote is what the table says.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "chairs.h"
#include "consensus/ledger/jobs.h"
#include "consensus/ledger/seats.h"

#define AT_ONCE 3 /* proposals in a block */
#define MOTIONS 1000

static const struct economy quick = {.cap = UINT64_C(1000000000000000),
    .opening = 1000,
    .half_life = 1000,
    .treasury = 1000000,
    .voting_period = 2,
    .voting_grace = 50,
    .worth_blocks = 5,
    .validation_every = 1};

struct play {
	struct town t;
	uint8_t network[CHAIRS_KEYS][32];
	struct chairs now, before; /* two heights on, one height on */
	struct chairs_wish wish[MOTIONS];
	uint64_t at[MOTIONS];
	bool over[MOTIONS];
	bool silent[CHAIRS]; /* does not vote on proposals */
	unsigned nwishes, done[5], failed, refused;
};

static struct sign_key *
key_of(struct play *p, uint8_t sign)
{
	return sign < p->t.f.nmembers ? p->t.keys[sign]
				      : p->t.more[sign - p->t.f.nmembers];
}

static struct payload
payload_of(struct play *p, const struct chairs_wish *x)
{
	const struct hash none = {{0}};
	const struct chair *c = &p->now.at[x->seat];
	struct payload out = {.member = {.op = (uint8_t)x->op}};
	struct member *m = &out.member.m;
	struct sign_public first = sign_key_public(key_of(p, c->first[0]));
	struct hash digest;

	out.member.seat = member_id(&first, p->network[c->first[1]]);
	m->power = x->power;
	m->weight = 1;
	if (x->op != PAYLOAD_MEMBER_ADD && x->op != PAYLOAD_MEMBER_ROTATE)
		return out;
	m->sign = sign_key_public(key_of(p, x->sign));
	memcpy(m->network, p->network[x->network], 32);
	if (x->name < p->t.f.nmembers)
		memcpy(m->name, p->t.f.members[x->name].name, sizeof(m->name));
	else
		snprintf(m->name, sizeof(m->name), "late%u", x->name);
	if (x->address != CHAIRS_NOBODY)
		snprintf(m->address, sizeof(m->address), "late:%u",
		    x->address + 1u);
	digest = payload_proof(m);
	sign_message(key_of(p, x->sign), PAYLOAD_PROOF_CONTEXT, &none, &digest,
	    &out.member.proof);
	return out;
}

static uint8_t
below(struct play *p, unsigned n)
{
	return (uint8_t)(town_random(&p->t) % n);
}

static struct chairs_wish
draw(struct play *p)
{
	static const uint8_t ops[] = {PAYLOAD_MEMBER_ADD, PAYLOAD_MEMBER_ADD,
	    PAYLOAD_MEMBER_ADD, PAYLOAD_MEMBER_REMOVE, PAYLOAD_MEMBER_POWER,
	    PAYLOAD_MEMBER_POWER, PAYLOAD_MEMBER_ROTATE, PAYLOAD_MEMBER_ROTATE};
	struct chairs_wish x = {.op = ops[below(p, sizeof(ops))],
	    .seat = below(p, p->now.n),
	    .sign = below(p, CHAIRS_KEYS),
	    .name = below(p, CHAIRS_KEYS),
	    .address = below(p, 4) > 0 ? CHAIRS_NOBODY : below(p, 6),
	    .power = 1u + below(p, 3)};

	if (p->now.at[x.seat].state == SEAT_FREE)
		x.seat = 0; /* nobody to name there */
	/* Mostly both keys of one machine. */
	x.network = below(p, 6) > 0 ? x.sign : below(p, CHAIRS_KEYS);
	if (p->now.n + AT_ONCE >= CHAIRS && x.op != PAYLOAD_MEMBER_REMOVE)
		x.op = PAYLOAD_MEMBER_POWER;
	return x;
}

static struct tx *
tx_of(struct play *p, uint16_t seat, uint8_t kind, struct bytes_writer *w,
    unsigned *nth)
{
	struct sign_key *k = town_key(&p->t, seat);
	struct sign_public key = sign_key_public(k);
	struct tx *x = tx_new((uint32_t)w->len);

	assert_non_null(x);
	memcpy(x->body, w->data, w->len);
	x->kind = kind;
	x->nonce =
	    books_account(ledger_books(p->t.l), &key)->nonce + nth[seat]++;
	x->expires = 100000;
	tx_sign(x, k, &p->t.fid);
	bytes_writer_close(w);
	return x;
}

/* Everybody who may says yes to what was proposed in the block before. */
static size_t
votes(struct play *p, struct tx **txs, unsigned *nth)
{
	const struct motion *m;
	size_t n = 0;

	for (unsigned k = 0; k < p->nwishes; k++) {
		m = books_motion_at(ledger_books(p->t.l), k);
		if (p->at[k] != ledger_height(p->t.l))
			continue;
		for (uint16_t i = 0; i < m->p.nvoters; i++) {
			struct bytes_writer w = BYTES_WRITER_INIT;
			struct body_ballot b = {k + 1, VOTE_YES};

			if (m->p.seats[i] == 0 || p->silent[i] ||
			    !ledger_active(p->t.l, i))
				continue;
			body_ballot_put(&w, &b);
			txs[n++] = tx_of(p, i, TX_VOTE, &w, nth);
		}
	}
	return n;
}

/* A proposal that the ledger takes exactly if it could be carried out now. */
static struct tx *
propose(struct play *p, const struct chairs_wish *w0, uint16_t from,
    unsigned *nth)
{
	struct bytes_writer w = BYTES_WRITER_INIT, x = BYTES_WRITER_INIT;
	struct body_propose b = {.kind = PROPOSAL_MEMBER, .title = "change"};
	const struct chairs_wish wish = *w0;
	struct payload payload = payload_of(p, &wish);
	struct chairs copy = p->now;
	uint64_t moved = 0;
	bool may = chairs_do(&copy, &p->now, &wish, &moved);
	unsigned had = nth[from];
	struct tx *out;

	payload_put(&x, PROPOSAL_MEMBER, &payload);
	b.payload = x.data;
	b.len = (uint32_t)x.len;
	body_propose_put(&w, &b);
	bytes_writer_close(&x);
	nth[from] = 0; /* would be its first, too */
	out = tx_of(p, from, TX_PROPOSE, &w, nth);
	nth[from] = had;
	assert_int_equal(ledger_tx_fits(p->t.l, out) == BOOKS_OK, may);
	if (may) {
		out->nonce += had;
		nth[from]++;
		tx_sign(out, town_key(&p->t, from), &p->t.fid);
		p->at[p->nwishes] = ledger_height(p->t.l) + 1;
		p->wish[p->nwishes++] = wish;
		return out;
	}
	p->refused++;
	tx_unref(out);
	return NULL;
}

/* What the block decided, and whom it knows of now. */
static void
settle(struct play *p, const struct chairs *voting)
{
	uint64_t height = ledger_height(p->t.l), moved = 0;
	const struct books *books = ledger_books(p->t.l);
	bool named[CHAIRS] = {false};

	p->before = p->now;
	for (unsigned k = 0; k < p->nwishes; k++) {
		const struct motion *m = books_motion_at(books, k);
		const struct chairs_wish *x = &p->wish[k];
		bool done;

		if (p->over[k] || m->p.state == PROPOSAL_OPEN)
			continue;
		p->over[k] = true;
		if (m->p.state == PROPOSAL_NO_QUORUM)
			continue; /* most who could vote have left */
		done = chairs_backed(m, voting) &&
		    chairs_do(&p->now, &p->before, x, &moved);
		assert_int_equal(m->p.state,
		    done ? PROPOSAL_EXECUTED : PROPOSAL_FAILED);
		p->done[x->op] += done;
		p->failed += !done;
	}
	for (unsigned k = 0; k < p->nwishes; k++) {
		const struct chairs_wish *x = &p->wish[k];
		struct chairs *t = &p->now;
		unsigned i;

		if (p->over[k] ||
		    (x->op != PAYLOAD_MEMBER_ADD &&
			x->op != PAYLOAD_MEMBER_ROTATE))
			continue;
		if (p->at[k] == height && !t->spent[0][x->sign] &&
		    !t->spent[1][x->network] && !chairs_taken(t, x, CHAIRS))
			chairs_place(t, x, SEAT_CANDIDATE);
		i = chairs_candidate(t, x->network);
		if (i < t->n)
			named[i] = true;
	}
	for (unsigned i = 0; i < p->now.n; i++) {
		p->now.at[i].turned = false;
		if (p->now.at[i].state == SEAT_CANDIDATE && !named[i])
			p->now.at[i] = (struct chair){.state = SEAT_FREE};
	}
}

static void
same(struct play *p, const struct seats *s, const struct chairs *t)
{
	assert_int_equal(s->n, t->n);
	for (uint16_t i = 0; i < s->n; i++) {
		const struct chair *c = &t->at[i];
		const struct member *m = &s->m[i];
		struct sign_public k;

		assert_int_equal(s->state[i], c->state);
		assert_int_equal(m->power, c->power);
		if (c->state == SEAT_FREE)
			continue;
		k = sign_key_public(key_of(p, c->sign));
		assert_memory_equal(&m->sign, &k, sizeof(k));
		assert_memory_equal(m->network, p->network[c->network], 32);
		for (uint16_t j = 0; j < i; j++)
			assert_false(s->state[j] >= SEAT_MEMBER &&
			    c->state >= SEAT_MEMBER &&
			    hash_equal(&s->m[j].id, &m->id));
	}
}

/* The header names who votes on its block and on the next one. */
static void
named(struct play *p, const struct chairs *t, const struct hash *hash)
{
	struct bytes_writer w = BYTES_WRITER_INIT;
	struct hash want;
	uint16_t n = 0;

	for (unsigned i = 0; i < t->n; i++)
		n = (uint16_t)(n + (t->at[i].power > 0));
	bytes_put_u16(&w, n);
	for (uint16_t i = 0; i < t->n; i++) {
		const struct chair *c = &t->at[i];
		struct sign_public k, first;
		struct hash id;

		if (c->power == 0)
			continue;
		k = sign_key_public(key_of(p, c->sign));
		first = sign_key_public(key_of(p, c->first[0]));
		id = member_id(&first, p->network[c->first[1]]);
		bytes_put_u16(&w, i);
		bytes_put_hash(&w, &id);
		bytes_put_raw(&w, k.b, SIGN_PUBLIC_LEN);
		bytes_put_u32(&w, c->power);
	}
	want = hash_bytes("qml.validators", w.data, w.len);
	bytes_writer_close(&w);
	assert_true(hash_equal(&want, hash));
}

/* A block with the votes on what was proposed in the one before, and n more
 * proposals. */
static void
step(struct play *p, const struct chairs_wish *wishes, unsigned n)
{
	struct tx *txs[AT_ONCE * (CHAIRS + 1)], *x;
	const struct chairs voting = p->before, next = p->now;
	unsigned nth[CHAIRS] = {0};
	size_t ntxs = votes(p, txs, nth);
	const struct header *h;
	uint16_t from = 0;

	for (unsigned k = 0; k < n; k++) {
		while (!ledger_active(p->t.l, from))
			from = below(p, ledger_nmembers(p->t.l));
		x = propose(p, &wishes[k], from, nth);
		if (x != NULL)
			txs[ntxs++] = x;
	}
	if (ntxs > 0)
		poll_commit(&p->t, txs, ntxs);
	else
		poll_beat(&p->t);
	h = &poll_last()->header;
	named(p, &voting, &h->validators);
	named(p, &next, &h->next_validators);
	settle(p, &voting);
	same(p, ledger_seats(p->t.l), &p->now);
	same(p, ledger_seats_now(p->t.l), &p->before);
}

static void
step_at_random(struct play *p)
{
	struct chairs_wish wishes[AT_ONCE];
	unsigned n = below(p, AT_ONCE + 1);

	for (unsigned k = 0; k < n; k++)
		wishes[k] = draw(p);
	step(p, wishes, n);
}

static void
begin(struct play *p, uint16_t n, uint32_t heavy)
{
	struct town_setup s = {.n = n,
	    .rounds = 1000,
	    .powers = {heavy},
	    .economy = &quick};
	struct chairs *t = &p->now;

	*p = (struct play){.nwishes = 0};
	poll_begin(&p->t, &s);
	t->n = n;
	for (uint8_t k = 0; k < CHAIRS_KEYS; k++) {
		uint8_t seed[SIGN_SEED_LEN] = {k, 0x5e};

		memset(p->network[k], 100 + k, 32);
		if (k >= n)
			assert_int_equal(sign_key_new(seed,
					     &p->t.more[p->t.nmore++]),
			    0);
	}
	for (uint8_t i = 0; i < n; i++) {
		memcpy(p->network[i], p->t.f.members[i].network, 32);
		t->at[i] = (struct chair){.state = SEAT_MEMBER,
		    .sign = i,
		    .network = i,
		    .name = i,
		    .address = CHAIRS_NOBODY,
		    .first = {i, i},
		    .power = p->t.f.members[i].power};
		t->spent[0][i] = t->spent[1][i] = true;
	}
	p->before = p->now;
}

static struct play play; /* too large for a stack */

static void
random_changes(void **state)
{
	static const struct {
		uint16_t n;
		uint32_t heavy;
	} towns[] = {{4, 1}, {7, 1}, {4, 2}, {7, 1}, {3, 2}, {8, 7}, {2, 1},
	    {7, 1}, {1, 3}};
	unsigned done[5] = {0}, failed = 0, refused = 0;

	(void)state;
	for (unsigned i = 0; i < sizeof(towns) / sizeof(towns[0]); i++) {
		begin(&play, towns[i].n, towns[i].heavy);
		play.t.rng = 1000 + i;
		for (unsigned k = 0; k < 45; k++)
			step_at_random(&play);
		for (unsigned k = 0; k < 5; k++)
			done[k] += play.done[k];
		failed += play.failed;
		refused += play.refused;
		poll_end(&play.t);
	}
	/* Of each kind, and of what could not be done. */
	for (unsigned k = PAYLOAD_MEMBER_ADD; k <= PAYLOAD_MEMBER_ROTATE; k++)
		assert_true(done[k] >= 5);
	assert_true(failed >= 5 && refused >= 50);
}

/* Proposed, voted on, carried out or not, in force. */
static void
all_through(struct play *p, const struct chairs_wish *wishes, unsigned n)
{
	step(p, wishes, n);
	for (unsigned k = 0; k < 4; k++)
		step(p, NULL, 0);
}

/* Its last keys but one would be forgotten while what they signed counts. */
static void
other_keys_twice_in_a_block(void **state)
{
	const struct chairs_wish both[] = {chairs_rotation(2, 10, 10),
	    chairs_rotation(2, 11, 11)};

	(void)state;
	begin(&play, 7, 1);
	all_through(&play, both, 2);
	assert_int_equal(play.done[PAYLOAD_MEMBER_ROTATE], 1);
	assert_int_equal(play.failed, 1);
	all_through(&play, &both[1], 1);
	assert_int_equal(play.done[PAYLOAD_MEMBER_ROTATE], 2);
	poll_end(&play.t);
}

/* Would two votes of this height by this key be held against seat 2? */
static bool
proves(const struct town *t, uint64_t height, const struct sign_key *key)
{
	struct vote a = {.type = VOTE_PREVOTE,
			.height = height,
			.validator = 2},
		    b = a;
	struct evidence *e = NULL;
	bool yes;

	b.block.b[0] = 1;
	vote_sign(&a, key, &t->fid);
	vote_sign(&b, key, &t->fid);
	assert_int_equal(evidence_of_votes(&a, &b, &e), 0);
	yes = ledger_evidence_new(t->l, e) && ledger_evidence_proves(t->l, e);
	/* Who started from a checkpoint sees it so, too. */
	if (yes)
		assert_true(ledger_evidence_proves(t->image, e));
	else
		assert_false(ledger_evidence_proves(t->image, e));
	evidence_unref(e);
	return yes;
}

/* What the old key signed in its time counts against the seat; what somebody
 * signs with it afterwards does not. */
static void
old_key_in_its_time(void **state)
{
	const struct chairs_wish x = chairs_rotation(2, 10, 10);
	const struct sign_key *key;
	struct sign_public old;
	uint64_t last = 0;

	(void)state;
	begin(&play, 4, 1);
	key = play.t.keys[2];
	old = sign_key_public(key);
	step(&play, &x, 1);
	for (unsigned k = 0; k < 6; k++) {
		if (ledger_seat_of(play.t.l, &old) == 2)
			last = ledger_height(play.t.l) + 1;
		step(&play, NULL, 0);
	}
	assert_int_equal(play.done[PAYLOAD_MEMBER_ROTATE], 1);
	assert_in_range(last, 2, ledger_height(play.t.l) - 1);
	assert_true(proves(&play.t, last - 1, key));
	assert_true(proves(&play.t, last, key));
	assert_false(proves(&play.t, last + 1, key));
	assert_false(proves(&play.t, last + 2, key));
	assert_false(proves(&play.t, last, play.t.keys[3]));
	poll_end(&play.t);
}

/* Keys that somebody gave up, however long ago, are nobody's any more. */
static void
keys_of_before(void **state)
{
	const struct chairs_wish rotations[] = {chairs_rotation(2, 10, 10),
	    chairs_rotation(2, 11, 11), chairs_rotation(2, 12, 12)};

	(void)state;
	begin(&play, 4, 1);
	for (unsigned k = 0; k < 3; k++)
		all_through(&play, &rotations[k], 1);
	assert_int_equal(play.done[PAYLOAD_MEMBER_ROTATE], 3);
	for (unsigned k = 0; k < 4; k++) {
		const uint8_t old[] = {2, 10, 11, 12};
		struct chairs_wish again[] = {chairs_rotation(3, old[k], 13),
		    chairs_rotation(3, 13, old[k]),
		    chairs_rotation(2, old[k], old[k]),
		    chairs_rotation(0, old[k], 13),
		    chairs_rotation(0, 13, old[k]),
		    chairs_rotation(0, old[k], old[k])};

		for (unsigned i = 3; i < 6; i++)
			again[i].op = PAYLOAD_MEMBER_ADD;
		play.refused = 0;
		for (unsigned i = 0; i < 6; i++)
			step(&play, &again[i], 1);
		assert_int_equal(play.refused, 6);
	}
	poll_end(&play.t);
}

/* Three of four seats, with three tenths of the power: all of them may be
 * faulty, and have nobody sit down. */
static void
many_seats_little_power(void **state)
{
	const struct chairs_wish x = {.op = PAYLOAD_MEMBER_ADD,
	    .sign = 10,
	    .network = 10,
	    .name = 10,
	    .address = CHAIRS_NOBODY,
	    .power = 3};

	(void)state;
	begin(&play, 4, 7);
	for (unsigned i = 0; i < 4; i++)
		play.silent[i] = play.now.at[i].power == 7;
	all_through(&play, &x, 1);
	assert_int_equal(play.failed, 1);
	memset(play.silent, 0, sizeof(play.silent));
	all_through(&play, &x, 1);
	assert_int_equal(play.done[PAYLOAD_MEMBER_ADD], 1);
	poll_end(&play.t);
}

/* Would an order of the founders' job be taken, for this many faults? */
static bool
job_suits(struct play *p, uint16_t faults)
{
	struct bytes_writer w = BYTES_WRITER_INIT;
	struct job j = *ledger_job(p->t.l); /* borrowed: never closed */
	struct books_job out;
	bool ok;

	j.combine.faults = faults;
	job_put(&w, &j);
	ok = jobs_read(p->t.l, w.data, (uint32_t)w.len, &out) == 0;
	bytes_writer_close(&w);
	return ok;
}

/* A job is for those who sit here, not for those who founded. */
static void
jobs_of_who_sits(void **state)
{
	struct chairs_wish x = {.op = PAYLOAD_MEMBER_ADD,
	    .address = CHAIRS_NOBODY,
	    .power = 1};

	(void)state;
	begin(&play, 3, 1);
	assert_true(job_suits(&play, 1));
	assert_false(job_suits(&play, 2));
	for (uint8_t k = 10; k < 12; k++) {
		x.sign = x.network = x.name = k;
		all_through(&play, &x, 1);
	}
	assert_int_equal(play.done[PAYLOAD_MEMBER_ADD], 2);
	assert_true(job_suits(&play, 2));
	assert_false(job_suits(&play, 3));
	x.op = PAYLOAD_MEMBER_REMOVE;
	for (x.seat = 0; x.seat < 3; x.seat++)
		all_through(&play, &x, 1);
	assert_int_equal(play.done[PAYLOAD_MEMBER_REMOVE], 3);
	assert_false(job_suits(&play, 1));
	assert_true(job_suits(&play, 0));
	poll_end(&play.t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(random_changes),
	    cmocka_unit_test(other_keys_twice_in_a_block),
	    cmocka_unit_test(old_key_in_its_time),
	    cmocka_unit_test(keys_of_before),
	    cmocka_unit_test(jobs_of_who_sits),
	    cmocka_unit_test(many_seats_little_power),
	};

	return sign_setup() < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
