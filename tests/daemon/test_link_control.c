/*
 * test_link_control.c - the words of links, to the byte.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/node/link_control.h"

static void
test_golden(void **state)
{
	static const struct {
		struct link_control c;
		uint8_t bytes[LINK_CONTROL_MAX];
		size_t len;
	} rows[] = {
	    {{.word = LINK_HELLO}, {1}, 1},
	    {{.word = LINK_CREDIT, .cls = FRAME_A, .bytes = 0x01020304},
		{2, 1, 1, 2, 3, 4}, 6},
	    {{.word = LINK_CREDIT, .cls = FRAME_D}, {2, 3}, 6},
	    {{.word = LINK_PING, .nonce = 0x0102030405060708},
		{3, 1, 2, 3, 4, 5, 6, 7, 8}, 9},
	    {{.word = LINK_PONG, .nonce = 9}, {4, 0, 0, 0, 0, 0, 0, 0, 9}, 9},
	    {{.word = LINK_SPARE}, {5}, 1},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint8_t out[LINK_CONTROL_MAX + 1] = {0};
		struct link_control c;

		assert_int_equal(link_control_put(&rows[i].c, out),
		    rows[i].len);
		assert_memory_equal(out, rows[i].bytes, rows[i].len);
		assert_int_equal(link_control_get(out, rows[i].len, &c), 0);
		assert_int_equal(c.word, rows[i].c.word);
		assert_int_equal(c.cls, rows[i].c.cls);
		assert_int_equal(c.bytes, rows[i].c.bytes);
		assert_true(c.nonce == rows[i].c.nonce);
		/* Neither more nor less. */
		assert_int_equal(link_control_get(out, rows[i].len + 1, &c),
		    -EPROTO);
		assert_int_equal(link_control_get(out, rows[i].len - 1, &c),
		    -EPROTO);
	}
}

static void
test_refuses(void **state)
{
	static const uint8_t rows[][6] = {{0}, {6}, {0xff},
	    {LINK_CREDIT, FRAME_CONTROL}, {LINK_CREDIT, FRAME_NCLASSES},
	    {LINK_CREDIT, 0xff}};
	struct link_control c;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(link_control_get(rows[i], 1, &c), -EPROTO);
		assert_int_equal(link_control_get(rows[i], 6, &c), -EPROTO);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_golden),
	    cmocka_unit_test(test_refuses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
