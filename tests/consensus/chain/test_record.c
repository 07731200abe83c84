/* Records: golden head, every bit, torn against rotten. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "consensus/chain/crc32c.h"
#include "consensus/chain/disk.h"
#include "consensus/chain/record.h"

#define LEN 5000 /* three sectors of zeros inside, padding behind */

static void
make(struct record_head *head, uint8_t *extent)
{
	uint8_t *payload = extent + RECORD_HEAD_LEN;
	size_t i;

	*head =
	    (struct record_head){.kind = RECORD_BLOCK, .height = 7, .len = LEN};
	memset(head->prev.b, 0x11, HASH_LEN);
	memset(head->id.b, 0x22, HASH_LEN);
	memset(extent, 0, record_extent(LEN));
	for (i = 0; i < LEN; i++)
		payload[i] = i >= 1000 && i < 3000 ? 0 : (uint8_t)(i % 255 + 1);
	record_head_seal(head, payload, extent);
}

static enum record_verdict
judge(const uint8_t *extent)
{
	struct record_head head;
	enum record_verdict v = record_head_get(extent, &head);

	/* A flipped length is caught by the CRC, so head.len is LEN here. */
	return v == RECORD_OK ? record_check(&head, extent) : v;
}

/* Bit by bit, as the polynomial says. */
static uint32_t
slow_crc32c(const uint8_t *p, size_t len)
{
	uint32_t crc = UINT32_MAX;

	for (; len > 0; len--) {
		crc ^= *p++;
		for (int i = 0; i < 8; i++)
			crc = crc >> 1 ^ (0x82f63b78u & (0u - (crc & 1)));
	}
	return ~crc;
}

static void
test_crc32c(void **state)
{
	uint8_t zeros[32] = {0}, some[100];

	(void)state;
	for (size_t i = 0; i < sizeof(some); i++)
		some[i] = (uint8_t)(i * 37 + 11);
	for (size_t at = 0; at < 9; at++)
		for (size_t n = 0; at + n <= sizeof(some); n++)
			assert_int_equal(crc32c(some + at, n),
			    slow_crc32c(some + at, n));
	assert_int_equal(crc32c("123456789", 9), 0xe3069283u);
	assert_int_equal(crc32c(zeros, 32), 0x8a9136aau); /* RFC 3720 B.4 */
	assert_int_equal(crc32c("", 0), 0);
}

static void
test_round_trip(void **state)
{
	uint8_t extent[8192], again[RECORD_HEAD_LEN];
	struct record_head head, got;

	(void)state;
	assert_int_equal(record_extent(LEN), sizeof(extent));
	assert_int_equal(record_extent(0), 4096);
	assert_int_equal(record_extent(4096 - 128), 4096);
	assert_int_equal(record_extent(4096 - 127), 8192);
	make(&head, extent);
	assert_int_equal(record_head_get(extent, &got), RECORD_OK);
	assert_int_equal(got.kind, RECORD_BLOCK);
	assert_int_equal(got.height, 7);
	assert_int_equal(got.len, LEN);
	/* 1000 + 128 .. 3000 + 128 holds two whole zero sectors plus the
	 * one between, and the payload ends in sector 10 of 16. */
	assert_int_equal(got.nzero, 3 + 5);
	assert_memory_equal(&got.sum, &head.sum, sizeof(got.sum));
	assert_int_equal(record_check(&got, extent), RECORD_OK);
	record_head_seal(&got, extent + RECORD_HEAD_LEN, again);
	assert_memory_equal(again, extent, sizeof(again));
}

static void
test_every_bit(void **state)
{
	uint8_t extent[8192];
	struct record_head head;
	enum record_verdict v;
	size_t bit;

	(void)state;
	make(&head, extent);
	for (bit = 0; bit < 8 * sizeof(extent); bit++) {
		extent[bit / 8] ^= (uint8_t)(1 << bit % 8);
		v = judge(extent);
		/* One flip is never taken for a crash: nothing is cut. */
		if (v != RECORD_BAD_HEAD && v != RECORD_BAD_SUM &&
		    v != RECORD_BAD_PADDING)
			fail_msg("bit %zu gives %d", bit, (int)v);
		extent[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	assert_int_equal(judge(extent), RECORD_OK);
}

/* Any subset of sectors that did not reach the disk is a torn record. */
static void
test_torn(void **state)
{
	uint8_t extent[8192], torn[8192];
	struct record_head head;
	uint32_t lost;
	bool differs;
	int i;

	(void)state;
	make(&head, extent);
	for (lost = 0; lost < 1u << 16; lost++) {
		memcpy(torn, extent, sizeof(torn));
		for (i = 0; i < 16; i++)
			if (lost >> i & 1)
				memset(torn + i * DISK_SECTOR, 0, DISK_SECTOR);
		differs = memcmp(torn, extent, sizeof(torn)) != 0;
		if (lost & 1)
			assert_int_equal(judge(torn), RECORD_EMPTY);
		else
			assert_int_equal(judge(torn),
			    differs ? RECORD_TORN : RECORD_OK);
	}
}

static void
test_is_zero(void **state)
{
	uint8_t buf[64] = {0};
	size_t i;

	(void)state;
	assert_true(record_is_zero(buf, 0));
	assert_true(record_is_zero(buf, sizeof(buf)));
	for (i = 0; i < sizeof(buf); i++) {
		buf[i] = 1;
		assert_false(record_is_zero(buf, sizeof(buf)));
		assert_true(record_is_zero(buf, i));
		buf[i] = 0;
	}
}

static void
test_texts(void **state)
{
	(void)state;
	for (int v = RECORD_OK; v <= RECORD_TRUNCATED; v++) {
		const char *text = record_verdict_text((enum record_verdict)v);

		assert_true(strlen(text) > 3 && text[strlen(text) - 1] != '.');
		for (int k = RECORD_OK; k < v; k++)
			assert_string_not_equal(text,
			    record_verdict_text((enum record_verdict)k));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_crc32c),
	    cmocka_unit_test(test_round_trip),
	    cmocka_unit_test(test_every_bit),
	    cmocka_unit_test(test_torn),
	    cmocka_unit_test(test_is_zero),
	    cmocka_unit_test(test_texts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
