/* Blocks and certificates: what passes, and each way not to. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "consensus/chain/verify.h"
#include "simdisk.h"
#include "smallchain.h"

#define HEAD 12

struct world {
	struct simdisk disk;
	struct smallchain chain;
	struct verify v;
};

static void
world_open(struct world *w)
{
	simdisk_init(&w->disk, 1);
	smallchain_open(&w->chain, &w->disk.disk, 4, 20);
	assert_int_equal(verify_init(&w->v, &w->chain.town.f), 0);
}

static void
world_close(struct world *w)
{
	smallchain_close(&w->chain);
	simdisk_close(&w->disk);
}

static void
test_whole_chain(void **state)
{
	struct world w;
	struct block *b;
	struct commit c;
	uint64_t h, before;
	uint8_t *data;
	uint32_t len;

	(void)state;
	world_open(&w);
	for (h = 1; h <= HEAD; h++)
		smallchain_step(&w.chain);
	for (h = 1; h <= HEAD; h++) {
		before = w.v.ncommit_signatures;
		assert_int_equal(segments_read(&w.chain.log, h, &data, &len),
		    0);
		assert_int_equal(verify_decode(data, len, 6, &b, &c),
		    VERIFY_OK);
		assert_int_equal(verify_block(&w.v, b, &c), VERIFY_OK);
		assert_int_equal(w.v.ncommit_signatures, before + 4);
		assert_int_equal(w.v.height, h);
		/* Not twice: it is behind us now. */
		assert_int_equal(verify_block(&w.v, b, &c), VERIFY_HEIGHT);
		block_free(b);
		assert_int_equal(verify_decode(data, len - 1, 6, &b, &c),
		    VERIFY_FORM);
		assert_null(b);
		free(data);
	}
	/* 12 blocks: heartbeat at 7, skips at 5 and 10 (refusals only), one
	 * refusal each at 3, 6, 9 and 12. */
	assert_int_equal(w.v.nanswer_signatures, 11 * 4);
	assert_int_equal(w.v.nattest_signatures, 11 * 4);
	assert_int_equal(w.v.npayloads, 9 * 4 - 4);
	world_close(&w);
}

/* Ways to spoil a block or its certificate, and what is said about each. */
enum spoil {
	SPOIL_FEDERATION,
	SPOIL_HEIGHT,
	SPOIL_PREVIOUS,
	SPOIL_TIME,
	SPOIL_HISTORY,
	SPOIL_HISTORY_SIZE,
	SPOIL_LAST_COMMIT,
	SPOIL_ANSWER_SIGNATURE,
	SPOIL_ANSWER_MEMBER,
	SPOIL_ATTEST_SIGNATURE,
	SPOIL_ATTEST_SIGNER,
	SPOIL_COMMIT_BLOCK, /* from here on the certificate */
	SPOIL_COMMIT_SIGNER,
	SPOIL_COMMIT_TWICE,
	SPOIL_COMMIT_QUORUM,
	SPOIL_COMMIT_SIGNATURE,
	SPOIL_COMMIT_ROUND,
	SPOIL_NOTHING,
	SPOILS
};

struct want {
	enum verify_verdict verdict;
	uint16_t who;
};

static const struct want wants[SPOILS] = {
    [SPOIL_FEDERATION] = {VERIFY_FEDERATION, 0},
    [SPOIL_HEIGHT] = {VERIFY_HEIGHT, 0},
    [SPOIL_PREVIOUS] = {VERIFY_PREVIOUS, 0},
    [SPOIL_TIME] = {VERIFY_TIME, 0},
    [SPOIL_HISTORY] = {VERIFY_HISTORY, 0},
    [SPOIL_HISTORY_SIZE] = {VERIFY_HISTORY, 0},
    [SPOIL_LAST_COMMIT] = {VERIFY_LAST_COMMIT, 0},
    [SPOIL_ANSWER_SIGNATURE] = {VERIFY_ANSWER_SIGNATURE, 1},
    [SPOIL_ANSWER_MEMBER] = {VERIFY_ANSWER_MEMBER, 4},
    [SPOIL_ATTEST_SIGNATURE] = {VERIFY_ATTEST_SIGNATURE, 3},
    [SPOIL_ATTEST_SIGNER] = {VERIFY_ATTEST_SIGNER, 9},
    [SPOIL_COMMIT_BLOCK] = {VERIFY_COMMIT_BLOCK, 0},
    [SPOIL_COMMIT_SIGNER] = {VERIFY_COMMIT_SIGNER, 0},
    [SPOIL_COMMIT_TWICE] = {VERIFY_COMMIT_SIGNER, 0},
    [SPOIL_COMMIT_QUORUM] = {VERIFY_COMMIT_QUORUM, 0},
    [SPOIL_COMMIT_SIGNATURE] = {VERIFY_COMMIT_SIGNATURE, 2},
    [SPOIL_COMMIT_ROUND] = {VERIFY_COMMIT_SIGNATURE, 0},
    [SPOIL_NOTHING] = {VERIFY_OK, 0},
};

static void
spoil_block(struct block *b, enum spoil what, uint64_t time_before)
{
	struct header *h = &b->header;

	if (what == SPOIL_FEDERATION)
		h->federation.b[0] ^= 1;
	if (what == SPOIL_HEIGHT)
		h->height++;
	if (what == SPOIL_PREVIOUS)
		h->prev.b[31] ^= 1;
	if (what == SPOIL_TIME)
		h->time_ms = time_before;
	if (what == SPOIL_HISTORY)
		h->history_root.b[5] ^= 1;
	if (what == SPOIL_HISTORY_SIZE)
		h->history_size++;
	if (what == SPOIL_LAST_COMMIT)
		b->last_commit->sigs[2].b[0] ^= 1;
	if (what == SPOIL_ANSWER_SIGNATURE)
		b->answers[1]->sig.b[0] ^= 1;
	if (what == SPOIL_ANSWER_MEMBER)
		b->answers[1]->member = 4;
	if (what == SPOIL_ATTEST_SIGNATURE)
		b->attests[3].sig.b[9] ^= 1;
	if (what == SPOIL_ATTEST_SIGNER)
		b->attests[3].validator = 9;
	h->last_commit = commit_hash(b->last_commit);
}

static void
spoil_commit(struct commit *c, enum spoil what)
{
	if (what == SPOIL_COMMIT_BLOCK)
		c->block.b[0] ^= 1;
	if (what == SPOIL_COMMIT_SIGNER)
		c->validators[3] = 4;
	if (what == SPOIL_COMMIT_TWICE)
		c->validators[1] = 0;
	if (what == SPOIL_COMMIT_QUORUM)
		c->nsigs = 2;
	if (what == SPOIL_COMMIT_SIGNATURE)
		c->sigs[2].b[40] ^= 1;
	if (what == SPOIL_COMMIT_ROUND)
		c->round++;
	if (what == SPOIL_NOTHING)
		c->nsigs = 3; /* three of four are enough */
}

static void
test_spoiled(void **state)
{
	enum verify_verdict got;
	struct world w;
	struct block *b;
	struct commit c;
	int i;

	(void)state;
	for (i = 0; i < SPOILS; i++) {
		world_open(&w);
		b = smallchain_next(&w.chain);
		assert_int_equal(verify_block(&w.v, b, &w.chain.town.commit),
		    VERIFY_OK);
		block_free(b);
		b = smallchain_next(&w.chain);
		c = w.chain.town.commit;
		spoil_block(b, (enum spoil)i, w.v.time_ms);
		spoil_commit(&c, (enum spoil)i);
		got = verify_block(&w.v, b, &c);
		if (got != wants[i].verdict ||
		    (wants[i].who && w.v.who != wants[i].who))
			fail_msg("spoil %d: %s, who %u", i, verify_text(got),
			    w.v.who);
		assert_int_equal(w.v.height, got == VERIFY_OK ? 2 : 1);
		block_free(b);
		world_close(&w);
	}
}

static void
test_texts(void **state)
{
	(void)state;
	for (int v = VERIFY_OK; v <= VERIFY_ATTEST_SIGNATURE; v++) {
		const char *text = verify_text((enum verify_verdict)v);

		assert_true(strlen(text) > 3);
		for (int k = VERIFY_OK; k < v; k++)
			assert_string_not_equal(text,
			    verify_text((enum verify_verdict)k));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_whole_chain),
	    cmocka_unit_test(test_spoiled),
	    cmocka_unit_test(test_texts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
