#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "proto/answer.h"
#include "tests/proto/sample.h"

#define HEAD_LEN 309
#define DIM_MAX 100

/* Decodes b; when accepted, it must encode to b again. */
static bool
accepted(const uint8_t *b, size_t len, uint32_t dim_max)
{
	struct bytes_writer w = BYTES_WRITER_INIT;
	struct bytes_reader r = bytes_reader_of(b, len);
	struct answer *a = answer_get(&r, dim_max);
	bool done = bytes_reader_done(&r);

	assert_true((a == NULL) == r.bad);
	if (done) {
		answer_put(&w, a);
		assert_int_equal(w.len, len);
		assert_memory_equal(w.data, b, len);
	}
	bytes_writer_close(&w);
	answer_unref(a);
	return done;
}

static void
test_round_trip(void **state)
{
	struct sample s;
	struct sign_public pk;

	(void)state;
	sample_open(&s, 21);
	pk = sign_key_public(s.key);
	for (int i = 0; i < 100; i++) {
		struct bytes_writer w = BYTES_WRITER_INIT;
		struct answer *a = sample_answer(&s, 9), *back;
		struct bytes_reader r;

		answer_put(&w, a);
		assert_int_equal(w.len, HEAD_LEN + 65 + 8 * a->dim);
		r = bytes_reader_of(w.data, w.len);
		back = answer_get(&r, DIM_MAX);
		assert_non_null(back);
		assert_true(bytes_reader_done(&r));
		assert_true(hash_equal(&back->id, &a->id));
		assert_int_equal(back->dim, a->dim);
		if (a->dim > 0)
			assert_memory_equal(back->delta, a->delta,
			    8 * (size_t)a->dim);
		assert_true(answer_verify(back, &pk, &s.federation));
		back->round++;
		assert_false(answer_verify(back, &pk, &s.federation));
		answer_unref(back);
		answer_unref(a);
		bytes_writer_close(&w);
	}
	sample_close(&s);
}

static void
test_truncation_and_flips(void **state)
{
	struct sample s;

	(void)state;
	sample_open(&s, 22);
	for (int i = 0; i < 10; i++) {
		struct bytes_writer w = BYTES_WRITER_INIT;
		struct answer *a = sample_answer(&s, 1);
		size_t len;

		answer_put(&w, a);
		len = w.len;
		bytes_put_u8(&w, 0);
		assert_true(accepted(w.data, len, DIM_MAX));
		assert_false(accepted(w.data, len + 1, DIM_MAX));
		for (size_t n = 0; n < len; n++)
			assert_false(accepted(w.data, n, DIM_MAX));
		for (size_t j = 0; j < len; j++) {
			w.data[j] ^= (uint8_t)(1u << j % 8);
			/* The payload is under its hash. */
			assert_false(accepted(w.data, len, DIM_MAX) &&
			    j >= HEAD_LEN + 65);
			w.data[j] ^= (uint8_t)(1u << j % 8);
		}
		answer_unref(a);
		bytes_writer_close(&w);
	}
	sample_close(&s);
}

static struct answer *
update(struct sample *s)
{
	struct answer *a = answer_new(3);

	assert_non_null(a);
	a->kind = ANSWER_UPDATE;
	a->rows = 10;
	a->correct = 10;
	for (uint32_t i = 0; i < 3; i++)
		a->delta[i] = (int64_t)i - 1;
	answer_sign(a, s->key, &s->federation);
	return a;
}

static bool
answer_accepted(const struct answer *a, uint32_t dim_max)
{
	struct bytes_writer w = BYTES_WRITER_INIT;
	bool yes;

	answer_put(&w, a);
	yes = accepted(w.data, w.len, dim_max);
	bytes_writer_close(&w);
	return yes;
}

static void
test_golden(void **state)
{
	static const uint8_t head[] = {0, 1, 1, 0, 0, 0, 0, 0};
	static const uint8_t delta[] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	    0xff, 0xff, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
	struct bytes_writer w = BYTES_WRITER_INIT;
	struct hash want;
	struct sample s;
	struct answer *a;

	(void)state;
	sample_open(&s, 23);
	a = update(&s);
	answer_put(&w, a);
	assert_int_equal(w.len, HEAD_LEN + 65 + 24);
	assert_memory_equal(w.data, head, sizeof(head));
	assert_memory_equal(w.data + HEAD_LEN + 65, delta, sizeof(delta));
	want = hash_bytes("qml.payload", delta, sizeof(delta));
	assert_memory_equal(w.data + HEAD_LEN - 32, want.b, HASH_LEN);
	want = hash_bytes("qml.answer", w.data, HEAD_LEN);
	assert_true(hash_equal(&a->id, &want));
	answer_unref(a);
	bytes_writer_close(&w);
	sample_close(&s);
}

static void
test_ranges(void **state)
{
	struct sample s;
	struct answer *a;

	(void)state;
	sample_open(&s, 24);
	a = update(&s);
	assert_true(answer_accepted(a, 3));
	assert_false(answer_accepted(a, 2));
	a->flags = 8;
	assert_false(answer_accepted(a, 3));
	a->flags = ANSWER_REPLAYABLE;
	a->correct = 11;
	assert_false(answer_accepted(a, 3));
	a->correct = 0;
	a->member = VOTE_MAX_VALIDATORS;
	assert_false(answer_accepted(a, 3));
	a->member = 0;
	a->version = 2;
	assert_false(answer_accepted(a, 3));
	a->version = ANSWER_VERSION;
	a->reason = ANSWER_REASON_NO_DATA;
	assert_false(answer_accepted(a, 3));
	a->kind = ANSWER_NO_UPDATE;
	assert_false(answer_accepted(a, 3));
	a->dim = 0;
	assert_false(answer_accepted(a, 3));
	a->payload = (struct hash){{0}};
	assert_true(answer_accepted(a, 3));
	a->reason = ANSWER_REASON_NONE;
	assert_false(answer_accepted(a, 3));
	a->reason = 5;
	assert_false(answer_accepted(a, 3));
	a->reason = 1;
	a->kind = 3;
	assert_false(answer_accepted(a, 3));
	answer_unref(a);
	sample_close(&s);
}

/* A dim of 2^32 - 1 in a short input must be refused by arithmetic alone. */
static void
test_huge_dim(void **state)
{
	uint8_t buf[HEAD_LEN + 65] = {0, 1, 1};

	(void)state;
	memset(buf + HEAD_LEN - 36, 0xff, 4);
	buf[HEAD_LEN] = SIGN_ED25519;
	assert_false(accepted(buf, sizeof(buf), UINT32_MAX));
}

static void
test_references(void **state)
{
	struct answer *a = answer_new(5);

	(void)state;
	assert_non_null(a);
	assert_ptr_equal(answer_ref(a), a);
	assert_int_equal(a->nrefs, 2);
	answer_unref(a);
	assert_int_equal(a->nrefs, 1);
	assert_int_equal(a->delta[4], 0);
	answer_unref(a);
	answer_unref(NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_round_trip),
	    cmocka_unit_test(test_truncation_and_flips),
	    cmocka_unit_test(test_golden),
	    cmocka_unit_test(test_ranges),
	    cmocka_unit_test(test_huge_dim),
	    cmocka_unit_test(test_references),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
