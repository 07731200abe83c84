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

/* A header field, a sealed block, and what is said about it. */
static void
spoil(struct world *w, int what, enum verify_verdict want)
{
	struct block *b = smallchain_next(&w->chain);
	struct commit c = w->chain.town.commit;
	struct verify v = w->v;
	enum verify_verdict got;
	uint16_t who = 0;

	assert_int_equal(verify_block(&v, b, &c), VERIFY_OK);
	v = w->v;
	switch (what) {
	case 0:
		b->header.federation.b[0] ^= 1;
		break;
	case 1:
		b->header.height++;
		break;
	case 2:
		b->header.prev.b[31] ^= 1;
		break;
	case 3:
		b->header.time_ms = w->v.time_ms;
		break;
	case 4:
		b->header.history_root.b[5] ^= 1;
		break;
	case 5:
		b->header.history_size++;
		break;
	case 6:
		b->last_commit->sigs[2].b[0] ^= 1;
		break;
	case 7:
		c.block.b[0] ^= 1;
		break;
	case 8:
		c.validators[3] = 4;
		break;
	case 9:
		c.validators[1] = 0; /* one vote counted twice */
		break;
	case 10:
		c.nsigs = 2; /* half is no quorum */
		break;
	case 11:
		c.sigs[2].b[40] ^= 1;
		who = 2;
		break;
	case 12:
		c.round++; /* signatures of another round */
		break;
	case 13:
		b->answers[1]->sig.b[0] ^= 1;
		who = 1;
		break;
	case 14:
		b->answers[1]->member = 4;
		who = 4;
		break;
	case 15:
		b->attests[3].sig.b[9] ^= 1;
		who = 3;
		break;
	case 16:
		b->attests[3].validator = 9;
		who = 9;
		break;
	case 17: /* three of four sign: enough */
		c.nsigs = 3;
		break;
	}
	if (b->last_commit)
		b->header.last_commit = commit_hash(b->last_commit);
	got = verify_block(&v, b, &c);
	if (got != want || (who && v.who != who))
		fail_msg("case %d: %s, who %u", what, verify_text(got), v.who);
	assert_int_equal(v.height, w->v.height + (want == VERIFY_OK));
	block_free(b);
}

static void
test_spoiled(void **state)
{
	static const enum verify_verdict want[] = {
	    VERIFY_FEDERATION,
	    VERIFY_HEIGHT,
	    VERIFY_PREVIOUS,
	    VERIFY_TIME,
	    VERIFY_HISTORY,
	    VERIFY_HISTORY,
	    VERIFY_LAST_COMMIT,
	    VERIFY_COMMIT_BLOCK,
	    VERIFY_COMMIT_SIGNER,
	    VERIFY_COMMIT_SIGNER,
	    VERIFY_COMMIT_QUORUM,
	    VERIFY_COMMIT_SIGNATURE,
	    VERIFY_COMMIT_SIGNATURE,
	    VERIFY_ANSWER_SIGNATURE,
	    VERIFY_ANSWER_MEMBER,
	    VERIFY_ATTEST_SIGNATURE,
	    VERIFY_ATTEST_SIGNER,
	    VERIFY_OK,
	};
	struct world w;
	struct block *b;
	int i;

	(void)state;
	for (i = 0; i < (int)(sizeof(want) / sizeof(*want)); i++) {
		world_open(&w);
		b = smallchain_next(&w.chain);
		assert_int_equal(verify_block(&w.v, b, &w.chain.town.commit),
		    VERIFY_OK);
		block_free(b);
		spoil(&w, i, want[i]);
		world_close(&w);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_whole_chain),
	    cmocka_unit_test(test_spoiled),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
