/*
 * test_codec_oom.c - every codec with its k-th allocation failing, k = 1, 2,
 * ... until it passes: a clean error each time, and nothing leaks.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/oom.h"
#include "tests/proto/sample.h"

#define TRIES_MAX 200

/* How many allocations failed before one try passed. */
static unsigned
encode_all(const struct wire_msg *m, uint8_t **data, size_t *len)
{
	for (unsigned k = 1; k < TRIES_MAX; k++) {
		int rc;

		oom_arm(k);
		rc = wire_encode(m, data, len);
		oom_disarm();
		if (rc == 0)
			return k - 1;
		assert_int_equal(rc, -ENOMEM);
	}
	fail_msg("encoding never passed");
	return 0;
}

static unsigned
decode_all(const uint8_t *data, size_t len)
{
	for (unsigned k = 1; k < TRIES_MAX; k++) {
		struct wire_msg m;
		enum wire_verdict v;

		oom_arm(k);
		v = wire_decode(data, len, 64, &m);
		oom_disarm();
		if (v == WIRE_OK) {
			wire_msg_close(&m);
			return k - 1;
		}
		/* Ours, and the link must not be blamed for it. */
		assert_int_equal(v, WIRE_NO_MEMORY);
	}
	fail_msg("decoding never passed");
	return 0;
}

static void
test_wire(void **state)
{
	struct sample s;
	unsigned failed = 0;
	uint8_t *data;
	size_t len;

	(void)state;
	sample_open(&s, 71);
	for (int t = WIRE_STATUS; t <= WIRE_JOINED; t++) {
		for (int i = 0; i < 4; i++) {
			struct wire_msg m = sample_wire(&s, (enum wire_type)t);

			failed += encode_all(&m, &data, &len);
			failed += decode_all(data, len);
			free(data);
			wire_msg_close(&m);
		}
	}
	assert_true(failed > 100);
	sample_close(&s);
}

static void
check_train(const struct trainwire_msg *m)
{
	struct trainwire_msg back;
	uint8_t *data = NULL;
	size_t len = 0;
	int rc = -ENOMEM;
	enum wire_verdict v = WIRE_NO_MEMORY;

	for (unsigned k = 1; rc != 0; k++) {
		assert_int_equal(rc, -ENOMEM);
		oom_arm(k);
		rc = trainwire_encode(m, &data, &len);
		oom_disarm();
	}
	for (unsigned k = 1; v != WIRE_OK; k++) {
		assert_int_equal(v, WIRE_NO_MEMORY);
		oom_arm(k);
		v = trainwire_decode(data, len, &back);
		oom_disarm();
	}
	trainwire_msg_close(&back);
	free(data);
}

static void
test_trainwire(void **state)
{
	struct sample s;

	(void)state;
	sample_open(&s, 72);
	for (int t = TRAINWIRE_SETUP; t <= TRAINWIRE_SCORED; t++) {
		struct trainwire_msg m =
		    sample_train(&s, (enum trainwire_type)t);

		check_train(&m);
		trainwire_msg_close(&m);
	}
	sample_close(&s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_wire),
	    cmocka_unit_test(test_trainwire),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
