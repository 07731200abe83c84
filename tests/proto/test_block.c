#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "proto/block.h"
#include "proto/merkle.h"
#include "tests/proto/sample.h"

#define HEADER_LEN 503
#define DIM_MAX 64

SAMPLE_CODEC(header)

static bool
accepted(const uint8_t *b, size_t len, bool full)
{
	struct bytes_writer w = BYTES_WRITER_INIT;
	struct bytes_reader r = bytes_reader_of(b, len);
	struct block *back = full ? block_get_full(&r, DIM_MAX) : block_get(&r);
	bool done = bytes_reader_done(&r);

	assert_true((back == NULL) == r.bad);
	if (done) {
		assert_true(block_sealed(back));
		if (full)
			block_put_full(&w, back);
		else
			block_put(&w, back);
		assert_int_equal(w.len, len);
		assert_memory_equal(w.data, b, len);
	}
	bytes_writer_close(&w);
	block_free(back);
	return done;
}

static void
check_block(const struct block *b, bool full)
{
	struct bytes_writer w = BYTES_WRITER_INIT;
	size_t len;

	if (full)
		block_put_full(&w, b);
	else
		block_put(&w, b);
	len = w.len;
	bytes_put_u8(&w, 0);
	assert_int_equal(w.error, 0);
	if (!full)
		assert_int_equal(len, HEADER_LEN + b->header.body_bytes);
	assert_true(accepted(w.data, len, full));
	assert_false(accepted(w.data, len + 1, full));
	for (size_t n = 0; n < len; n++)
		assert_false(accepted(w.data, n, full));
	for (size_t i = 0; i < len; i++) {
		bool body =
		    i >= HEADER_LEN && i < HEADER_LEN + b->header.body_bytes;

		w.data[i] ^= (uint8_t)(1u << i % 8);
		/* The header commits to the body, to the last bit. */
		assert_false(accepted(w.data, len, full) && body);
		w.data[i] ^= (uint8_t)(1u << i % 8);
	}
	bytes_writer_close(&w);
}

static void
test_codec(void **state)
{
	struct sample s;

	(void)state;
	sample_open(&s, 51);
	for (int i = 0; i < 25; i++) {
		struct block *b = sample_block(&s);

		check_block(b, false);
		check_block(b, true);
		sample_check_codec(&header_codec, &b->header);
		block_free(b);
	}
	sample_close(&s);
}

static void
test_seal(void **state)
{
	struct sample s;
	struct block *b;
	struct hash id;

	(void)state;
	sample_open(&s, 52);
	do {
		b = sample_block(&s);
		if (b->header.nattests > 1 && b->header.nanswers > 0 &&
		    b->header.ntxs > 1 && b->header.height > 1)
			break;
		block_free(b);
	} while (true);
	assert_true(block_sealed(b));
	id = header_id(&b->header);
	assert_true(hash_equal(&id, &b->id));
	id = commit_hash(b->last_commit);
	assert_true(hash_equal(&id, &b->header.last_commit));
	id = merkle_root_of(b->answer_ids, b->header.nanswers);
	assert_true(hash_equal(&id, &b->header.answers_root));

	b->txs[1]->sig.b[0] ^= 1;
	assert_false(block_sealed(b));
	b->txs[1]->sig.b[0] ^= 1;
	b->attests[0].sig.b[0] ^= 1;
	assert_false(block_sealed(b));
	b->attests[0].sig.b[0] ^= 1;
	b->answer_ids[0].b[0] ^= 1;
	assert_false(block_sealed(b));
	b->answer_ids[0].b[0] ^= 1;
	b->last_commit->sigs[0].b[0] ^= 1;
	assert_false(block_sealed(b));
	b->last_commit->sigs[0].b[0] ^= 1;
	b->header.body_bytes++;
	assert_false(block_sealed(b));
	b->header.body_bytes--;
	assert_true(block_sealed(b));
	/* Two attestations of one validator. */
	b->attests[1].validator = b->attests[0].validator;
	assert_int_equal(block_seal(b), 0);
	assert_false(block_sealed(b));
	block_free(b);
	sample_close(&s);
}

static void
test_wrong_answer_behind_id(void **state)
{
	struct bytes_writer w = BYTES_WRITER_INIT;
	struct answer *other;
	struct sample s;
	struct block *b;

	(void)state;
	sample_open(&s, 53);
	do {
		b = sample_block(&s);
		if (b->header.nanswers > 0)
			break;
		block_free(b);
	} while (true);
	other = sample_answer(&s, 0);
	answer_unref(b->answers[0]);
	b->answers[0] = other;
	block_put_full(&w, b);
	assert_false(accepted(w.data, w.len, true));
	bytes_writer_close(&w);
	block_free(b);
	sample_close(&s);
}

static void
test_golden(void **state)
{
	static const uint8_t start[] = {0, 1, 0, 1, 0x11};
	struct block *b = block_new(0, 0, 0);
	uint8_t buf[1024];
	struct bytes_writer w = bytes_writer_over(buf, sizeof(buf));

	(void)state;
	assert_non_null(b);
	memset(b->header.federation.b, 0x11, HASH_LEN);
	b->header.height = 1;
	b->header.history_size = 1;
	b->header.time_ms = 0x0102030405060708;
	b->header.kind = BLOCK_SKIP;
	b->header.proposer = 3;
	assert_int_equal(block_seal(b), 0);
	assert_int_equal(b->header.body_bytes, 0);
	block_put(&w, b);
	assert_int_equal(w.len, HEADER_LEN);
	assert_memory_equal(buf, start, sizeof(start));
	assert_int_equal(buf[43], 1); /* height */
	assert_int_equal(buf[48], 2); /* kind */
	assert_int_equal(buf[49], 1); /* time_ms */
	assert_int_equal(buf[56], 8);
	assert_int_equal(buf[128], 1); /* history_size */
	assert_int_equal(buf[498], 3); /* proposer */
	block_free(b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_codec),
	    cmocka_unit_test(test_seal),
	    cmocka_unit_test(test_wrong_answer_behind_id),
	    cmocka_unit_test(test_golden),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
