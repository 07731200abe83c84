#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "proto/wire.h"
#include "tests/proto/sample.h"

#define DIM_MAX 64

/* The verdict on b; if it is WIRE_OK, the message encodes to b again. */
static enum wire_verdict
judge(const uint8_t *b, size_t len)
{
	struct wire_msg m;
	enum wire_verdict v = wire_decode(b, len, DIM_MAX, &m);
	uint8_t *again;
	size_t again_len;

	if (v != WIRE_OK)
		return v;
	assert_int_equal(wire_encode(&m, &again, &again_len), 0);
	assert_int_equal(again_len, len);
	assert_memory_equal(again, b, len);
	free(again);
	wire_msg_close(&m);
	return v;
}

static void
check_message(const struct wire_msg *m)
{
	uint8_t *data, *copy;
	size_t len;

	assert_int_equal(wire_encode(m, &data, &len), 0);
	assert_int_equal(judge(data, len), WIRE_OK);
	/* Cut exactly, so that a sanitizer sees a read past the end. */
	for (size_t n = 0; n < len; n++) {
		copy = malloc(n + 1);
		assert_non_null(copy);
		memcpy(copy, data, n);
		assert_int_equal(judge(copy, n), WIRE_MALFORMED);
		free(copy);
	}
	for (size_t i = 0; i < len; i++) {
		data[i] ^= (uint8_t)(1u << i % 8);
		(void)judge(data, len);
		data[i] ^= (uint8_t)(1u << i % 8);
	}
	free(data);
}

static void
test_all_types(void **state)
{
	struct sample s;

	(void)state;
	sample_open(&s, 31);
	for (int t = WIRE_STATUS; t <= WIRE_JOINED; t++) {
		for (int i = 0; i < 8; i++) {
			struct wire_msg m = sample_wire(&s, (enum wire_type)t);

			check_message(&m);
			wire_msg_close(&m);
		}
	}
	sample_close(&s);
}

static void
test_golden(void **state)
{
	static const uint8_t ping[] = {8, 9, 64, 0xac, 2};
	static const uint8_t range[] = {8, 7, 50, 4, 8, 5, 16, 64};
	struct wire_msg m = {.type = WIRE_PING, .u.nonce = 300};
	uint8_t *data;
	size_t len;

	(void)state;
	assert_int_equal(wire_encode(&m, &data, &len), 0);
	assert_int_equal(len, sizeof(ping));
	assert_memory_equal(data, ping, len);
	free(data);
	m = (struct wire_msg){.type = WIRE_BLOCK_REQ,
	    .u.range = {.from = 5, .count = 64}};
	assert_int_equal(wire_encode(&m, &data, &len), 0);
	assert_int_equal(len, sizeof(range));
	assert_memory_equal(data, range, len);
	free(data);
}

static void
test_container_is_strict(void **state)
{
	static const uint8_t unknown_field[] = {8, 9, 64, 1, 0x78, 1};
	static const uint8_t twice[] = {8, 9, 64, 1, 64, 2};
	static const uint8_t long_varint[] = {8, 9, 64, 0x81, 0};
	static const uint8_t order[] = {64, 1, 8, 9};
	static const uint8_t two_parts[] = {8, 9, 64, 1, 72, 1};
	static const uint8_t wrong_part[] = {8, 9, 72, 1};
	static const uint8_t no_part[] = {8, 9};
	static const uint8_t type_zero[] = {8, 0, 64, 1};
	static const uint8_t nested[] = {8, 7, 50, 6, 8, 5, 16, 64, 0x78, 1};
	static const uint8_t count_0[] = {8, 7, 50, 4, 8, 5, 16, 0};
	static const uint8_t count_65[] = {8, 7, 50, 4, 8, 5, 16, 65};
	static const struct {
		const uint8_t *b;
		size_t len;
	} bad[] = {
	    {unknown_field, sizeof(unknown_field)},
	    {twice, sizeof(twice)},
	    {long_varint, sizeof(long_varint)},
	    {order, sizeof(order)},
	    {two_parts, sizeof(two_parts)},
	    {wrong_part, sizeof(wrong_part)},
	    {no_part, sizeof(no_part)},
	    {type_zero, sizeof(type_zero)},
	    {nested, sizeof(nested)},
	    {count_0, sizeof(count_0)},
	    {count_65, sizeof(count_65)},
	    {no_part, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(judge(bad[i].b, bad[i].len), WIRE_MALFORMED);
}

static void
test_later_version(void **state)
{
	static const uint8_t type_19[] = {8, 19};
	static const uint8_t with_field[] = {8, 19, 0x7a, 2, 1, 2};
	static const uint8_t huge_type[] = {8, 0xff, 0xff, 0xff, 0xff, 0xf};

	(void)state;
	assert_int_equal(judge(type_19, 2), WIRE_UNKNOWN_TYPE);
	assert_int_equal(judge(with_field, sizeof(with_field)),
	    WIRE_UNKNOWN_TYPE);
	assert_int_equal(judge(huge_type, sizeof(huge_type)),
	    WIRE_UNKNOWN_TYPE);
	assert_string_equal(wire_type_name((enum wire_type)19), "unknown");
	assert_string_equal(wire_type_name(WIRE_VOTE), "vote");
	assert_string_equal(wire_type_name(WIRE_BYE), "bye");
}

/* A million empty unknown fields would cost a hundred times their bytes. */
static void
test_budget(void **state)
{
	const size_t n = 1 << 20;
	uint8_t *b = malloc(2 * n);

	(void)state;
	assert_non_null(b);
	for (size_t i = 0; i < n; i++) {
		b[2 * i] = 0x78;
		b[2 * i + 1] = 1;
	}
	b[0] = 8;
	b[1] = 12;
	assert_int_equal(judge(b, 2 * n), WIRE_MALFORMED);
	free(b);
}

static void
test_too_large(void **state)
{
	static const uint8_t byte;
	struct wire_msg m;

	(void)state;
	assert_int_equal(wire_decode(&byte, WIRE_MSG_MAX + 1u, DIM_MAX, &m),
	    WIRE_TOO_LARGE);
}

static void
test_dim_max(void **state)
{
	struct wire_msg m = {.type = WIRE_ANSWER}, back;
	struct sample s;
	uint8_t *data;
	size_t len;

	(void)state;
	sample_open(&s, 32);
	do {
		answer_unref(m.u.answer);
		m.u.answer = sample_answer(&s, 1);
	} while (m.u.answer->dim < 2);
	assert_int_equal(wire_encode(&m, &data, &len), 0);
	assert_int_equal(wire_decode(data, len, m.u.answer->dim, &back),
	    WIRE_OK);
	wire_msg_close(&back);
	assert_int_equal(wire_decode(data, len, m.u.answer->dim - 1, &back),
	    WIRE_MALFORMED);
	free(data);
	wire_msg_close(&m);
	sample_close(&s);
}

static void
test_status_fields(void **state)
{
	struct wire_msg m, back;
	struct sample s;
	uint8_t *data;
	size_t len;

	(void)state;
	sample_open(&s, 33);
	m = sample_wire(&s, WIRE_STATUS);
	assert_int_equal(wire_encode(&m, &data, &len), 0);
	assert_int_equal(wire_decode(data, len, 0, &back), WIRE_OK);
	assert_int_equal(back.u.status.head, m.u.status.head);
	assert_int_equal(back.u.status.round, m.u.status.round);
	assert_int_equal(back.u.status.step, m.u.status.step);
	assert_int_equal(back.u.status.wall_ms, m.u.status.wall_ms);
	assert_int_equal(back.u.status.fl_round, m.u.status.fl_round);
	assert_memory_equal(back.u.status.attests, m.u.status.attests,
	    WIRE_BITMAP_LEN);
	free(data);
	/* A bit for validator 100. */
	m.u.status.prevotes[12] |= 0x10;
	assert_int_equal(wire_encode(&m, &data, &len), 0);
	assert_int_equal(wire_decode(data, len, 0, &back), WIRE_MALFORMED);
	free(data);
	m.u.status.prevotes[12] &= 0x0f;
	m.u.status.round = -2;
	assert_int_equal(wire_encode(&m, &data, &len), 0);
	assert_int_equal(wire_decode(data, len, 0, &back), WIRE_MALFORMED);
	free(data);
	sample_close(&s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_all_types),
	    cmocka_unit_test(test_golden),
	    cmocka_unit_test(test_container_is_strict),
	    cmocka_unit_test(test_later_version),
	    cmocka_unit_test(test_budget),
	    cmocka_unit_test(test_too_large),
	    cmocka_unit_test(test_dim_max),
	    cmocka_unit_test(test_status_fields),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
