#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "proto/bytes.h"

static void
test_golden(void **state)
{
	static const uint8_t want[] = {0x12, 0x12, 0x34, 0x12, 0x34, 0x56, 0x78,
	    0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08, 0xff, 0xff, 0xff,
	    0xff, 0xff, 0xff, 0xff, 0xfe, 0xab, 0xcd, 0, 0, 0, 2, 0xab, 0xcd, 0,
	    0, 0, 3, 'q', 'm', 'l'};
	static const uint8_t raw[] = {0xab, 0xcd};
	struct bytes_writer w = BYTES_WRITER_INIT;
	uint8_t *data;
	size_t len;

	(void)state;
	bytes_put_u8(&w, 0x12);
	bytes_put_u16(&w, 0x1234);
	bytes_put_u32(&w, 0x12345678);
	bytes_put_u64(&w, 0x0102030405060708);
	bytes_put_i64(&w, -2);
	bytes_put_raw(&w, raw, sizeof(raw));
	bytes_put_blob(&w, raw, sizeof(raw));
	bytes_put_string(&w, "qml");
	assert_int_equal(bytes_writer_take(&w, &data, &len), 0);
	assert_int_equal(len, sizeof(want));
	assert_memory_equal(data, want, len);
	assert_null(w.data);
	free(data);
}

static void
test_read_back(void **state)
{
	static const uint8_t in[] = {0x12, 0x12, 0x34, 0xff, 0xff, 0xff, 0xff,
	    0xff, 0xff, 0xff, 0xfe, 0, 0, 0, 2, 'o', 'k', 0, 0, 0, 0};
	struct bytes_reader r = bytes_reader_of(in, sizeof(in));
	char text[3];
	size_t len;

	(void)state;
	assert_int_equal(bytes_get_u8(&r), 0x12);
	assert_int_equal(bytes_get_u16(&r), 0x1234);
	assert_int_equal(bytes_get_i64(&r), -2);
	bytes_get_string(&r, text, sizeof(text));
	assert_string_equal(text, "ok");
	assert_false(bytes_reader_done(&r));
	assert_int_equal(bytes_reader_left(&r), 4);
	assert_non_null(bytes_get_blob(&r, 0, &len));
	assert_int_equal(len, 0);
	assert_true(bytes_reader_done(&r));
}

/* After the first error every get gives zero and nothing moves. */
static void
test_short_is_sticky(void **state)
{
	static const uint8_t in[] = {1, 2, 3};
	struct bytes_reader r = bytes_reader_of(in, sizeof(in));
	struct hash h;

	(void)state;
	assert_int_equal(bytes_get_u32(&r), 0);
	assert_true(r.bad);
	assert_false(r.nomem);
	assert_int_equal(bytes_get_u8(&r), 0);
	memset(h.b, 0xff, sizeof(h.b));
	h = bytes_get_hash(&r);
	assert_true(hash_is_zero(&h));
	assert_int_equal(r.pos, 0);
	assert_int_equal(bytes_reader_left(&r), 0);
	assert_false(bytes_reader_done(&r));
}

static void
test_blob_bounds(void **state)
{
	static const uint8_t huge[] = {0xff, 0xff, 0xff, 0xff, 1, 2};
	static const uint8_t cut[] = {0, 0, 0, 3, 1, 2};
	static const uint8_t over[] = {0, 0, 0, 2, 1, 2};
	struct bytes_reader r = bytes_reader_of(huge, sizeof(huge));
	size_t len = 9;

	(void)state;
	assert_null(bytes_get_blob(&r, SIZE_MAX, &len));
	assert_int_equal(len, 0);
	assert_true(r.bad);
	r = bytes_reader_of(cut, sizeof(cut));
	assert_null(bytes_get_blob(&r, 100, &len));
	assert_true(r.bad);
	r = bytes_reader_of(over, sizeof(over));
	assert_null(bytes_get_blob(&r, 1, &len));
	assert_true(r.bad);
}

static bool
string_passes(const uint8_t *in, size_t len, size_t size)
{
	struct bytes_reader r = bytes_reader_of(in, len);
	char text[8];

	bytes_get_string(&r, text, size);
	return bytes_reader_done(&r);
}

static void
test_string_rules(void **state)
{
	static const uint8_t plain[] = {0, 0, 0, 2, 'a', 'b'};
	static const uint8_t zero[] = {0, 0, 0, 2, 'a', 0};
	static const uint8_t tab[] = {0, 0, 0, 2, 'a', '\t'};
	static const uint8_t del[] = {0, 0, 0, 2, 'a', 0x7f};

	(void)state;
	assert_true(string_passes(plain, sizeof(plain), 8));
	assert_true(string_passes(plain, sizeof(plain), 3));
	assert_false(string_passes(plain, sizeof(plain), 2));
	assert_false(string_passes(zero, sizeof(zero), 8));
	assert_false(string_passes(tab, sizeof(tab), 8));
	assert_false(string_passes(del, sizeof(del), 8));
}

static void
test_fixed_writer(void **state)
{
	uint8_t buf[6] = {0};
	struct bytes_writer w = bytes_writer_over(buf, 5);

	(void)state;
	bytes_put_u32(&w, 0x01020304);
	bytes_put_u16(&w, 0xffff);
	assert_int_equal(w.error, -EMSGSIZE);
	assert_int_equal(w.len, 4);
	bytes_put_u8(&w, 5);
	assert_int_equal(w.len, 4);
	assert_int_equal(buf[3], 4);
	assert_int_equal(buf[4], 0);
	bytes_writer_close(&w);
}

static void
test_grows(void **state)
{
	struct bytes_writer w = BYTES_WRITER_INIT;
	struct bytes_reader r;

	(void)state;
	for (uint32_t i = 0; i < 100000; i++)
		bytes_put_u32(&w, i);
	assert_int_equal(w.error, 0);
	r = bytes_reader_of(w.data, w.len);
	for (uint32_t i = 0; i < 100000; i++)
		assert_int_equal(bytes_get_u32(&r), i);
	assert_true(bytes_reader_done(&r));
	bytes_writer_close(&w);
	assert_null(w.data);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_golden),
	    cmocka_unit_test(test_read_back),
	    cmocka_unit_test(test_short_is_sticky),
	    cmocka_unit_test(test_blob_bounds),
	    cmocka_unit_test(test_string_rules),
	    cmocka_unit_test(test_fixed_writer),
	    cmocka_unit_test(test_grows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
