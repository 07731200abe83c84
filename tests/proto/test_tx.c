/* Transactions: the codec, the bounds, and that every signed field counts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "proto/tx.h"
#include "tests/proto/sample.h"

static struct tx *
decode(const uint8_t *data, size_t len)
{
	struct bytes_reader r = bytes_reader_of(data, len);
	struct tx *t = tx_get(&r);

	if (t != NULL && !bytes_reader_done(&r)) {
		tx_unref(t);
		return NULL;
	}
	return t;
}

static void
test_round_trip_and_every_bit(void **state)
{
	struct sample s;

	(void)state;
	sample_open(&s, 71);
	for (int run = 0; run < 40; run++) {
		struct tx *t = sample_tx(&s);
		struct bytes_writer w = BYTES_WRITER_INIT;
		struct tx *back;

		tx_put(&w, t);
		assert_int_equal(w.error, 0);
		assert_int_equal(w.len, tx_len(t));
		back = decode(w.data, w.len);
		assert_non_null(back);
		assert_true(hash_equal(&back->id, &t->id));
		assert_memory_equal(back->body, t->body, t->len);
		assert_true(tx_verify(back, &s.federation));
		tx_unref(back);
		for (size_t cut = 0; cut < w.len; cut += 7)
			assert_null(decode(w.data, cut));
		for (size_t i = 0; i < w.len; i++) {
			w.data[i] ^= (uint8_t)(1 << run % 8);
			back = decode(w.data, w.len);
			if (back != NULL)
				assert_false(tx_verify(back, &s.federation));
			tx_unref(back);
			w.data[i] ^= (uint8_t)(1 << run % 8);
		}
		bytes_writer_close(&w);
		tx_unref(t);
	}
	sample_close(&s);
}

static void
test_another_federation(void **state)
{
	struct sample s;
	struct hash other;
	struct tx *t;

	(void)state;
	sample_open(&s, 72);
	t = sample_tx(&s);
	other = s.federation;
	other.b[5] ^= 4;
	assert_true(tx_verify(t, &s.federation));
	assert_false(tx_verify(t, &other));
	tx_unref(t);
	sample_close(&s);
}

static void
test_bounds(void **state)
{
	struct sample s;
	struct bytes_writer w = BYTES_WRITER_INIT;
	struct tx *t = tx_new(TX_BODY_MAX);
	struct tx *back;

	(void)state;
	sample_open(&s, 73);
	assert_non_null(t);
	t->kind = TX_PROPOSE;
	tx_sign(t, s.key, &s.federation);
	tx_put(&w, t);
	back = decode(w.data, w.len);
	assert_non_null(back);
	tx_unref(back);
	/* The length's last byte is at 62: one more than is allowed. */
	w.data[62]++;
	assert_null(decode(w.data, w.len));
	w.data[62]--;
	w.data[2] = TX_KINDS;
	assert_null(decode(w.data, w.len));
	w.data[2] = 0;
	assert_null(decode(w.data, w.len));
	bytes_writer_close(&w);
	tx_unref(t);
	sample_close(&s);
}

static void
test_names(void **state)
{
	(void)state;
	assert_string_equal(tx_kind_name(0), "unknown");
	assert_string_equal(tx_kind_name(TX_KINDS), "unknown");
	for (uint8_t k = 1; k < TX_KINDS; k++)
		assert_string_not_equal(tx_kind_name(k), "unknown");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_round_trip_and_every_bit),
	    cmocka_unit_test(test_another_federation),
	    cmocka_unit_test(test_bounds),
	    cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
