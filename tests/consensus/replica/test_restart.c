/*
 * Which of the answers in its pool a node takes for its own word when it
 * starts: the one that its vote log names, and no other.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "consensus/bft/view.h"
#include "tests/consensus/replica/past.h"
#include "tests/consensus/replica/site.h"

#define ROUNDS (2 * BFT_MAX_ROUNDS)

/* Ours to round 0, made before the crash; another `first`, another answer. */
static struct answer *
own(const struct site *s, int64_t first)
{
	struct answer *a = site_draft(0);
	struct hash fed;

	assert_int_equal(federation_id(&s->f, &fed), 0);
	a->version = ANSWER_VERSION;
	a->member = 0;
	a->delta[0] = first;
	a->job = ledger_round(replica_ledger(s->r))->job;
	a->base_model = ledger_round(replica_ledger(s->r))->bases.one[0].model;
	a->clip_q24 = (uint64_t)ledger_clip_q24(replica_ledger(s->r));
	answer_sign(a, s->keys[0], &fed);
	return a;
}

static void
load(struct site *s, const struct answer *a)
{
	struct bytes_writer w = BYTES_WRITER_INIT;

	answer_put(&w, a);
	assert_int_equal(w.error, 0);
	replica_load_answer(s->r, w.data, w.len);
	bytes_writer_close(&w);
}

/* The log's last record names this answer; NULL: there is no record. */
static void
start(struct site *s, const struct hash *named)
{
	struct votelog_record rec = {.type = VOTELOG_ANSWER,
	    .has_answer = true};

	if (named != NULL)
		rec.answer.id = *named;
	assert_int_equal(replica_load_records(s->r, &rec, named != NULL), 0);
	site_peer(s, 1, true);
	s->ms += 10;
	site_simple(s, REPLICA_EV_START);
}

/* How many answers of these it gives to who asks. */
static size_t
given(struct site *s, struct answer *const *a, uint16_t n, struct hash *id)
{
	struct wire_msg m = {.type = WIRE_ANSWER_REQ, .u.ids.n = n};
	size_t sent = 0;

	for (uint16_t i = 0; i < n; i++)
		m.u.ids.ids[i] = a[i]->id;
	site_message(s, 1, &m);
	for (size_t i = 0; i < s->nsent; i++)
		if (s->sent[i].type == WIRE_ANSWER) {
			*id = s->sent[i].u.answer->id;
			sent++;
		}
	return sent;
}

/* Two in the pool, the second named: that one, whatever came first. */
static void
the_named_one(void **state)
{
	for (size_t named = 0; named < 2; named++) {
		struct answer *a[2];
		struct hash got = {{0}};
		struct site s;

		(void)state;
		site_open(&s, 4);
		site_boot(&s);
		for (size_t i = 0; i < 2; i++) {
			a[i] = own(&s, (int64_t)i + 1);
			load(&s, a[i]);
		}
		start(&s, &a[named]->id);
		assert_int_equal(site_count(&s, REPLICA_TRAIN), 0);
		assert_int_equal(given(&s, a, 2, &got), 1);
		assert_true(hash_equal(&got, &a[named]->id));
		site_close(&s);
		answer_unref(a[0]);
		answer_unref(a[1]);
	}
}

/* In the pool, but nobody can have it: as if it had not been made. */
static void
none_named(void **state)
{
	struct answer *a;
	struct hash got;
	struct site s;

	(void)state;
	site_open(&s, 4);
	site_boot(&s);
	a = own(&s, 1);
	load(&s, a);
	start(&s, NULL);
	assert_int_equal(site_count(&s, REPLICA_TRAIN), 1);
	assert_int_equal(given(&s, &a, 1, &got), 0);
	site_close(&s);
	answer_unref(a);
}

/* Named, but its bytes are gone: another one would be a second word. */
static void
its_bytes_are_lost(void **state)
{
	struct answer *a[2];
	struct hash got;
	struct site s;

	(void)state;
	site_open(&s, 4);
	site_boot(&s);
	a[0] = own(&s, 1);
	a[1] = own(&s, 2);
	load(&s, a[1]);
	start(&s, &a[0]->id);
	assert_int_equal(site_count(&s, REPLICA_TRAIN), 0);
	assert_int_equal(given(&s, a, 2, &got), 0);
	site_close(&s);
	answer_unref(a[0]);
	answer_unref(a[1]);
}

static bool
promised(const struct site *s)
{
	const struct wire_msg *m = site_sent(s, WIRE_TX);

	return m != NULL && m->u.tx->kind == TX_COMMIT;
}

/* Where updates are shown only once their hash is on the chain, it lies ready
 * until then: the hash of the named one is told after a start. */
static void
not_shown_yet(void **state)
{
	for (int named = 0; named < 2; named++) {
		struct answer *a, *other;
		struct hash got;
		struct site s;

		(void)state;
		site_open(&s, 4);
		s.f.economy = ECONOMY_DEFAULT;
		s.f.economy.commit_updates = true;
		site_boot(&s);
		a = own(&s, 1);
		other = own(&s, 2);
		load(&s, a);
		start(&s, named ? &a->id : &other->id);
		assert_int_equal(site_count(&s, REPLICA_TRAIN), 0);
		for (int k = 0; k < 20 && !promised(&s); k++) {
			s.ms += 50;
			site_simple(&s, REPLICA_EV_TIME);
		}
		assert_int_equal(promised(&s), named);
		assert_int_equal(given(&s, &a, 1, &got), 0);
		site_close(&s);
		answer_unref(a);
		answer_unref(other);
	}
}

/* A height of more rounds than a node keeps: of the prevotes that it had
 * written down, the newest count. */
static void
votes_of_many_rounds(void **state)
{
	const struct hash block = {{3}};
	struct bft_bits bits;
	struct site s;
	struct hash fed;

	(void)state;
	site_open(&s, 4);
	assert_int_equal(federation_id(&s.f, &fed), 0);
	site_boot(&s);
	for (uint32_t round = 0; round < ROUNDS; round++) {
		struct bytes_writer w = BYTES_WRITER_INIT;

		for (uint16_t i = 1; i < 4; i++) {
			struct vote v = {.type = VOTE_PREVOTE,
			    .height = 1,
			    .round = round,
			    .block = block,
			    .validator = i};

			vote_sign(&v, s.keys[i], &fed);
			vote_put(&w, &v);
		}
		assert_int_equal(w.error, 0);
		replica_load_votes(s.r, w.data, w.len);
		bytes_writer_close(&w);
	}
	start(&s, NULL);
	bits = bft_votes(replica_bft(s.r), ROUNDS - 1, VOTE_PREVOTE, &block);
	assert_int_equal(bits.w[0], 7u << 1);
	bits = bft_votes(replica_bft(s.r), 0, VOTE_PREVOTE, &block);
	assert_int_equal(bits.w[0], 0);
	site_close(&s);
}

/* The chain lost blocks, the vote log did not: what made the block valid that
 * we are locked on is shown again once they are back. Of the others who voted
 * for it one may be a liar, and nobody else has seen the quorum. */
static void
votes_of_a_height_that_comes_back(void **state)
{
	const struct bft_mark lock = {.round = 0, .block = {{3}}};
	struct votelog_record rec = {.type = VOTELOG_BFT, .has_bft = true};
	struct bytes_writer w = BYTES_WRITER_INIT;
	struct bft_bits bits;
	struct chain x;
	struct site s;
	uint16_t peer = 0;

	(void)state;
	site_open(&s, 4);
	chain_make(&s, &x);
	site_boot(&s);
	s.ms = 20000;
	for (uint16_t i = 1; i < 4; i++) {
		struct vote v = {.type = VOTE_PREVOTE,
		    .height = CHAIN_LEN + 1,
		    .block = lock.block,
		    .validator = i};

		vote_sign(&v, s.keys[i], &x.fed);
		vote_put(&w, &v);
		v.round = 1; /* not what was signed */
		vote_put(&w, &v);
	}
	assert_int_equal(w.error, 0);
	replica_load_votes(s.r, w.data, w.len);
	bytes_writer_close(&w);
	rec.bft.type = BFT_RECORD_PRECOMMIT;
	rec.bft.height = CHAIN_LEN + 1;
	rec.bft.valid_round = BFT_NO_ROUND;
	rec.bft.locked = rec.bft.valid = lock;
	rec.bft.block = lock.block;
	assert_int_equal(replica_load_records(s.r, &rec, 1), 0);
	chain_meet(&s);
	for (uint16_t i = 1; i < 4; i++) {
		chain_claim(&s, i, CHAIN_LEN);
		peer = peer == 0 ? chain_asked(&s) : peer;
	}
	assert_int_not_equal(peer, 0);
	for (unsigned k = 0; k < CHAIN_LEN; k++)
		chain_give(&s, peer, &x, k);
	for (unsigned k = 0; k < CHAIN_LEN; k++)
		site_durable(&s);
	s.ms += 1000;
	site_simple(&s, REPLICA_EV_TIME);
	assert_int_equal(replica_bft(s.r)->height, CHAIN_LEN + 1);
	assert_int_equal(replica_bft(s.r)->locked.round, 0);
	bits = bft_votes(replica_bft(s.r), 0, VOTE_PREVOTE, &lock.block);
	assert_int_equal(bits.w[0], 7u << 1);
	bits = bft_votes(replica_bft(s.r), 1, VOTE_PREVOTE, &lock.block);
	assert_int_equal(bits.w[0], 0);
	site_close(&s);
	chain_close(&x);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_named_one),
	    cmocka_unit_test(none_named),
	    cmocka_unit_test(its_bytes_are_lost),
	    cmocka_unit_test(not_shown_yet),
	    cmocka_unit_test(votes_of_many_rounds),
	    cmocka_unit_test(votes_of_a_height_that_comes_back),
	};

	if (sign_setup() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
