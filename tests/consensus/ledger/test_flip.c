/*
 * Every bit of a block matters: whichever one is turned, with the seals made
 * good again, the block is refused. Only header.round may name another BFT
 * round of the same proposer.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "fixture.h"

struct flip {
	struct town t;
	struct block *b;
	uint8_t *bytes; /* of one part, to be turned */
	size_t len;
	unsigned nrefused; /* by the decoder already */
};

static void
flip_open(struct flip *f)
{
	*f = (struct flip){.b = NULL};
	town_open(&f->t, &(struct town_setup){.n = 4, .rounds = 9});
	town_all(&f->t, ANSWER_UPDATE);
	f->t.now_ms += 100;
	town_step(&f->t);
	town_all(&f->t, ANSWER_UPDATE);
	f->t.now_ms += 100;
	f->b = town_build(&f->t);
}

static void
flip_close(struct flip *f)
{
	assert_int_equal(block_seal(f->b), 0);
	assert_int_equal(ledger_check(f->t.l, f->b), LEDGER_OK);
	block_free(f->b);
	town_close(&f->t);
}

static void
take(struct flip *f, struct bytes_writer *w)
{
	free(f->bytes);
	assert_int_equal(bytes_writer_take(w, &f->bytes, &f->len), 0);
}

static struct bytes_reader
turn(struct flip *f, size_t bit)
{
	f->bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
	return bytes_reader_of(f->bytes, f->len);
}

static void
assert_refused(struct flip *f, size_t bit)
{
	assert_int_equal(block_seal(f->b), 0);
	if (ledger_check(f->t.l, f->b) == LEDGER_OK)
		fail_msg("bit %zu of a part does not matter", bit);
}

static void
header_bits(void **state)
{
	struct bytes_writer w = BYTES_WRITER_INIT;
	struct header good;
	struct hash id;
	struct flip f;

	(void)state;
	flip_open(&f);
	good = f.b->header;
	id = f.b->id;
	header_put(&w, &good);
	take(&f, &w);
	for (size_t bit = 0; bit < 8 * f.len; bit++) {
		struct bytes_reader r = turn(&f, bit);
		struct header *h = &f.b->header;
		bool changed, other_round;

		header_get(&r, h);
		f.nrefused += r.bad;
		/* Counts and roots follow the body when it is sealed. */
		h->nanswers = good.nanswers;
		h->nattests = good.nattests;
		h->ntxs = good.ntxs;
		h->nevidence = good.nevidence;
		assert_int_equal(block_seal(f.b), 0);
		changed = !r.bad && !hash_equal(&f.b->id, &id);
		other_round = h->round != good.round &&
		    h->proposer == ledger_proposer(f.t.l, h->round);
		if (changed && !other_round)
			assert_refused(&f, bit);
		else if (changed)
			assert_int_equal(ledger_check(f.t.l, f.b), LEDGER_OK);
		*h = good;
		turn(&f, bit);
	}
	assert_true(f.nrefused < f.len);
	free(f.bytes);
	flip_close(&f);
}

static void
commit_bits(void **state)
{
	struct bytes_writer w = BYTES_WRITER_INIT;
	struct commit good;
	struct flip f;

	(void)state;
	flip_open(&f);
	good = *f.b->last_commit;
	commit_put(&w, &good);
	take(&f, &w);
	for (size_t bit = 0; bit < 8 * f.len; bit++) {
		struct bytes_reader r = turn(&f, bit);

		commit_get(&r, f.b->last_commit);
		if (bytes_reader_done(&r))
			assert_refused(&f, bit);
		else
			f.nrefused++;
		*f.b->last_commit = good;
		turn(&f, bit);
	}
	assert_true(f.nrefused < 8 * f.len / 2);
	free(f.bytes);
	flip_close(&f);
}

static void
attest_bits(void **state)
{
	struct bytes_writer w = BYTES_WRITER_INIT;
	struct attest good;
	struct flip f;

	(void)state;
	flip_open(&f);
	good = f.b->attests[1];
	attest_put(&w, &good);
	take(&f, &w);
	for (size_t bit = 0; bit < 8 * f.len; bit++) {
		struct bytes_reader r = turn(&f, bit);

		attest_get(&r, &f.b->attests[1]);
		if (bytes_reader_done(&r))
			assert_refused(&f, bit);
		else
			f.nrefused++;
		f.b->attests[1] = good;
		turn(&f, bit);
	}
	assert_true(f.nrefused < 8 * f.len / 2);
	free(f.bytes);
	flip_close(&f);
}

/* Also when the block names the new id, and when the attesters vouch for it:
 * then what is left is the member's signature. */
static void
answer_bits(void **state)
{
	struct bytes_writer w = BYTES_WRITER_INIT;
	struct answer *good;
	struct flip f;

	(void)state;
	flip_open(&f);
	good = f.b->answers[2];
	answer_put(&w, good);
	take(&f, &w);
	for (size_t bit = 0; bit < 8 * f.len; bit++) {
		struct bytes_reader r = turn(&f, bit);
		struct answer *a = answer_get(&r, 6);

		turn(&f, bit);
		if (!a) {
			f.nrefused++;
			continue;
		}
		f.b->answers[2] = a;
		assert_int_not_equal(ledger_check_answer(f.t.l, a), LEDGER_OK);
		if (!hash_equal(&a->id, &good->id))
			assert_refused(&f, bit);
		f.b->answer_ids[2] = a->id;
		assert_refused(&f, bit);
		for (uint16_t v = 0; bit % 16 == 0 && v < 4; v++) {
			f.b->attests[v].held[2] = a->id;
			attest_sign(&f.b->attests[v], f.t.keys[v], &f.t.fid);
		}
		assert_refused(&f, bit);
		for (uint16_t v = 0; bit % 16 == 0 && v < 4; v++) {
			f.b->attests[v].held[2] = good->id;
			attest_sign(&f.b->attests[v], f.t.keys[v], &f.t.fid);
		}
		f.b->answer_ids[2] = good->id;
		f.b->answers[2] = good;
		answer_unref(a);
	}
	assert_true(f.nrefused > 6 * 64 && f.nrefused < 8 * f.len / 2);
	free(f.bytes);
	flip_close(&f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(header_bits),
	    cmocka_unit_test(commit_bits),
	    cmocka_unit_test(attest_bits),
	    cmocka_unit_test(answer_bits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
