#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "proto/frame.h"
#include "proto/wire.h"

static void
test_frame_golden(void **state)
{
	static const uint8_t want[] = {0, 0, 0, 4, FRAME_DATA, 1, 2, 3};
	uint8_t buf[8] = {0, 0, 0, 0, 0, 1, 2, 3};
	struct frame f;

	(void)state;
	frame_head(buf, FRAME_DATA, 3);
	assert_memory_equal(buf, want, sizeof(want));
	for (size_t n = 0; n < sizeof(buf); n++)
		assert_int_equal(frame_parse(buf, n, &f), FRAME_MORE);
	assert_int_equal(frame_parse(buf, sizeof(buf), &f), FRAME_OK);
	assert_int_equal(f.kind, FRAME_DATA);
	assert_int_equal(f.len, 3);
	assert_int_equal(f.used, 8);
	assert_ptr_equal(f.body, buf + 5);
}

/* Refused as soon as the bytes are there, not when the frame is complete. */
static void
test_frame_bounds(void **state)
{
	static const uint8_t zero[] = {0, 0, 0, 0};
	static const uint8_t most[] = {0, 1, 0, 0};
	static const uint8_t more[] = {0, 1, 0, 1};
	static const uint8_t kind_0[] = {0, 0, 0, 9, 0};
	static const uint8_t kind_4[] = {0, 0, 0, 9, 4};
	struct frame f;

	(void)state;
	assert_int_equal(frame_parse(zero, 4, &f), FRAME_BAD);
	assert_int_equal(frame_parse(most, 4, &f), FRAME_MORE);
	assert_int_equal(frame_parse(more, 4, &f), FRAME_BAD);
	assert_int_equal(frame_parse(kind_0, 5, &f), FRAME_BAD);
	assert_int_equal(frame_parse(kind_4, 5, &f), FRAME_BAD);
}

static void
test_fragment_bounds(void **state)
{
	static const struct {
		uint8_t b[8];
		size_t len;
		enum frame_verdict want;
	} rows[] = {
	    {{FRAME_B, 3, 0, 0, 0, 1, 9}, 7, FRAME_OK},
	    {{FRAME_B, 0, 9}, 3, FRAME_OK},
	    {{FRAME_B, 0}, 2, FRAME_BAD},
	    {{FRAME_B}, 1, FRAME_BAD},
	    {{FRAME_B, 4, 9}, 3, FRAME_BAD},
	    {{FRAME_NCLASSES, 0, 9}, 3, FRAME_BAD},
	    {{FRAME_B, 1, 0, 0, 0}, 5, FRAME_BAD},
	    /* A class has its maximum, checked before anything is kept. */
	    {{FRAME_A, 1, 0, 0x20, 0, 0, 9}, 7, FRAME_OK},
	    {{FRAME_A, 1, 0, 0x20, 0, 1, 9}, 7, FRAME_BAD},
	    {{FRAME_D, 1, 2, 0x80, 0, 0, 9}, 7, FRAME_OK},
	    {{FRAME_D, 1, 2, 0x80, 0, 1, 9}, 7, FRAME_BAD},
	    /* Control is whole, always. */
	    {{FRAME_CONTROL, 3, 0, 0, 0, 1, 9}, 7, FRAME_OK},
	    {{FRAME_CONTROL, 3, 0, 0, 0, 2, 9}, 7, FRAME_BAD},
	    {{FRAME_CONTROL, 1, 0, 0, 0, 1, 9}, 7, FRAME_BAD},
	};
	uint8_t big[FRAME_PLAIN_MAX + 1] = {FRAME_B, 0};
	struct fragment f;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(fragment_parse(rows[i].b, rows[i].len, &f),
		    rows[i].want);
	assert_int_equal(fragment_parse(big, 2 + FRAME_CHUNK, &f), FRAME_OK);
	assert_int_equal(fragment_parse(big, 3 + FRAME_CHUNK, &f), FRAME_BAD);
}

static void
fill_txs(struct block *b)
{
	const struct hash federation = {.b = {1}};
	const uint8_t seed[SIGN_SEED_LEN] = {1};
	uint32_t left = BLOCK_TXS_BYTES_MAX;
	struct sign_key *key;

	assert_int_equal(sign_key_new(seed, &key), 0);

	for (uint16_t i = 0; i < b->header.ntxs; i++) {
		struct tx *t = tx_new(TX_BODY_MAX);

		assert_non_null(t);
		t->kind = TX_ORDER;
		t->nonce = i;
		if (tx_len(t) > left)
			t->len -= tx_len(t) - left;
		left -= tx_len(t);
		tx_sign(t, key, &federation);
		b->txs[i] = t;
	}
	sign_key_free(key);
	assert_int_equal(left, 0);
}

static void
fill_evidence(struct block *b)
{
	struct evidence *list[BLOCK_EVIDENCE_MAX];
	struct attest x = b->attests[0], y;

	for (uint16_t i = 0; i < BLOCK_EVIDENCE_MAX; i++) {
		x.validator = i;
		y = x;
		y.held[0].b[0] ^= 1;
		assert_int_equal(evidence_of_attests(&x, &y, &list[i]), 0);
	}
	assert_int_equal(block_add_evidence(b, list, BLOCK_EVIDENCE_MAX), 0);
	for (uint16_t i = 0; i < BLOCK_EVIDENCE_MAX; i++)
		evidence_unref(list[i]);
}

/* A block that nobody could propose, full of good transactions, would be
 * proposed again and again. */
static void
test_largest_proposal(void **state)
{
	struct wire_msg m = {.type = WIRE_PROPOSAL}, again;
	struct block *b =
	    block_new(VOTE_MAX_VALIDATORS, VOTE_MAX_VALIDATORS, 11);
	uint8_t *data;
	size_t len;

	(void)state;
	assert_non_null(b);
	b->header.height = 2;
	b->last_commit = calloc(1, sizeof(*b->last_commit));
	assert_non_null(b->last_commit);
	b->last_commit->height = 1;
	for (uint16_t i = 0; i < VOTE_MAX_VALIDATORS; i++) {
		struct attest *a = &b->attests[i];

		b->last_commit->validators[b->last_commit->nsigs++] = i;
		b->answer_ids[i].b[0] = (uint8_t)i;
		a->validator = i;
		a->sig.alg = SIGN_ED25519;
		b->last_commit->sigs[i].alg = SIGN_ED25519;
		for (a->nheld = 0; a->nheld < ATTEST_MAX_ANSWERS; a->nheld++)
			a->member[a->nheld] = a->nheld;
	}
	fill_txs(b);
	fill_evidence(b);
	assert_int_equal(block_seal(b), 0);
	m.u.proposal.head.height = 2;
	m.u.proposal.head.sig.alg = SIGN_ED25519;
	m.u.proposal.head.valid_round = VOTE_NO_ROUND;
	m.u.proposal.head.block = b->id;
	m.u.proposal.block = b;
	assert_int_equal(wire_encode(&m, &data, &len), 0);
	assert_true(len > BLOCK_TXS_BYTES_MAX);
	assert_true(len <= frame_class_max(FRAME_A));
	assert_int_equal(wire_decode(data, len, 1, &again), WIRE_OK);
	wire_msg_close(&again);
	free(data);
	block_free(b);
}

static enum frame_verdict
add(struct assembly *a, struct fragment f)
{
	static const uint8_t bytes[16] = "0123456789abcde";
	enum frame_verdict v;
	uint8_t *data;
	size_t len;

	f.bytes = bytes;
	v = assembly_add(a, &f, &data, &len);
	if (v == FRAME_OK) {
		assert_true(len > 0);
		free(data);
	}
	return v;
}

static void
test_assembly(void **state)
{
	struct fragment first = {FRAME_B, FRAME_FIRST, 10, NULL, 4};
	struct fragment middle = {FRAME_B, 0, 0, NULL, 4};
	struct fragment last = {FRAME_B, FRAME_LAST, 0, NULL, 2};
	struct fragment other = {FRAME_D, FRAME_FIRST | FRAME_LAST, 3, NULL, 3};
	struct assembly a = ASSEMBLY_INIT;

	(void)state;
	for (int i = 0; i < 3; i++) {
		assert_int_equal(add(&a, first), FRAME_MORE);
		assert_int_equal(add(&a, other), FRAME_OK);
		assert_int_equal(add(&a, middle), FRAME_MORE);
		assert_int_equal(add(&a, last), FRAME_OK);
	}
	assembly_close(&a);
}

static void
test_assembly_refuses(void **state)
{
	struct fragment first = {FRAME_B, FRAME_FIRST, 10, NULL, 4};
	struct fragment middle = {FRAME_B, 0, 0, NULL, 4};
	struct fragment early = {FRAME_B, FRAME_LAST, 0, NULL, 2};
	struct fragment over = {FRAME_B, 0, 0, NULL, 7};
	struct fragment unmarked = {FRAME_B, 0, 0, NULL, 6};
	struct fragment bad[] = {first, early, over, unmarked};
	struct assembly a = ASSEMBLY_INIT;

	(void)state;
	/* Nothing was begun. */
	assert_int_equal(add(&a, middle), FRAME_BAD);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(add(&a, first), FRAME_MORE);
		assert_int_equal(add(&a, bad[i]), FRAME_BAD);
		assembly_close(&a);
	}
}

/* A total of 40 MiB costs nothing until the bytes come. */
static void
test_memory_follows_bytes(void **state)
{
	struct fragment first = {FRAME_D, FRAME_FIRST, 40u << 20, NULL, 8};
	struct assembly a = ASSEMBLY_INIT;

	(void)state;
	assert_int_equal(add(&a, first), FRAME_MORE);
	assert_true(a.part[FRAME_D].cap <= 64u << 10);
	assembly_close(&a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_largest_proposal),
	    cmocka_unit_test(test_frame_golden),
	    cmocka_unit_test(test_frame_bounds),
	    cmocka_unit_test(test_fragment_bounds),
	    cmocka_unit_test(test_assembly),
	    cmocka_unit_test(test_assembly_refuses),
	    cmocka_unit_test(test_memory_follows_bytes),
	};

	if (sign_setup() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
