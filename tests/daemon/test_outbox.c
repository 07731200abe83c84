#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/node/address.h"
#include "daemon/node/outbox.h"

static void
push(struct outbox *o, enum link_class cls, uint8_t value, size_t len)
{
	uint8_t *data = malloc(len);
	struct outbox_buf *b;

	assert_non_null(data);
	memset(data, value, len);
	b = outbox_buf_new(data, len);
	assert_non_null(b);
	assert_int_equal(outbox_push(o, cls, b), 0);
	outbox_buf_unref(b);
}

/* Class of the next fragment, 0 when there is none. */
static int
next(struct outbox *o, bool *done)
{
	uint8_t plain[FRAME_PLAIN_MAX];
	struct fragment f;
	size_t n = outbox_next(o, plain, done);

	if (n == 0)
		return 0;
	assert_int_equal(fragment_parse(plain, n, &f), FRAME_OK);
	return (int)f.cls;
}

static void
test_priority_between_fragments(void **state)
{
	struct outbox o;
	bool done;

	(void)state;
	outbox_init(&o);
	push(&o, LINK_SYNC, 'd', 20000);
	push(&o, LINK_DATA, 'b', 40000);
	assert_int_equal(next(&o, &done), FRAME_B);
	assert_false(done);
	push(&o, LINK_VOTE, 'a', 10);
	push(&o, LINK_STATUS, 's', 10);
	assert_int_equal(next(&o, &done), FRAME_A);
	assert_true(done);
	assert_int_equal(next(&o, &done), FRAME_A);
	assert_int_equal(next(&o, &done), FRAME_B);
	assert_int_equal(next(&o, &done), FRAME_B);
	assert_true(done);
	assert_int_equal(next(&o, &done), FRAME_D);
	assert_int_equal(next(&o, &done), FRAME_D);
	assert_true(done);
	assert_int_equal(next(&o, &done), 0);
	assert_int_equal(outbox_bytes(&o), 0);
	outbox_close(&o);
}

static void
test_credit(void **state)
{
	const size_t window = frame_class_window(FRAME_B);
	struct outbox o;
	size_t n = 0;
	bool done;

	(void)state;
	outbox_init(&o);
	push(&o, LINK_DATA, 'b', 3 * window);
	push(&o, LINK_SYNC, 'd', 10);
	while (next(&o, &done) == FRAME_B)
		n++;
	/* Stuck behind its window, so the last one was of D. */
	assert_int_equal(n, window / FRAME_CHUNK);
	assert_int_equal(next(&o, &done), 0);
	assert_false(outbox_credit(&o, FRAME_B, (uint32_t)window + 1));
	assert_true(outbox_credit(&o, FRAME_B, FRAME_CHUNK));
	assert_int_equal(next(&o, &done), FRAME_B);
	assert_int_equal(next(&o, &done), 0);
	/* More than was ever sent. */
	assert_true(outbox_credit(&o, FRAME_B, (uint32_t)window));
	assert_false(outbox_credit(&o, FRAME_B, 1));
	outbox_close(&o);
}

static void
test_bounds(void **state)
{
	struct outbox_buf *b = outbox_buf_new(malloc(1u << 20), 1u << 20);
	struct outbox_buf *over = outbox_buf_new(malloc(1), (2u << 20) + 1);
	struct outbox_buf *none = outbox_buf_new(malloc(1), 0);
	struct outbox o;

	(void)state;
	assert_true(b != NULL && over != NULL && none != NULL);
	outbox_init(&o);
	assert_int_equal(outbox_push(&o, LINK_VOTE, over), -EMSGSIZE);
	assert_int_equal(outbox_push(&o, LINK_DATA, none), -EMSGSIZE);
	for (int i = 0; i < 8; i++)
		assert_int_equal(outbox_push(&o, LINK_VOTE, b), 0);
	assert_int_equal(outbox_push(&o, LINK_STATUS, b), -ENOBUFS);
	assert_int_equal(b->nrefs, 9);
	/* Classes are bounded apart. */
	assert_int_equal(outbox_push(&o, LINK_SYNC, b), 0);
	assert_int_equal(outbox_bytes(&o), 9u << 20);
	outbox_close(&o);
	assert_int_equal(b->nrefs, 1);
	outbox_buf_unref(b);
	outbox_buf_unref(over);
	outbox_buf_unref(none);
}

/* Answers go out once. Told four times a second that they did not come yet, we
 * send no more copies than a slow line takes, and lose nothing that is new. */
static void
test_repairs(void **state)
{
	struct outbox_buf *b = outbox_buf_new(malloc(1u << 20), 1u << 20);
	struct outbox o;
	bool done;

	(void)state;
	assert_non_null(b);
	outbox_init(&o);
	/* One always goes, and what is as large as the bound. */
	assert_int_equal(outbox_push(&o, LINK_REPAIR, b), 0);
	assert_int_equal(outbox_push(&o, LINK_REPAIR, b), 0);
	for (int i = 0; i < 200; i++)
		assert_int_equal(outbox_push(&o, LINK_REPAIR, b), -ENOBUFS);
	assert_int_equal(outbox_push(&o, LINK_DATA, b), 0);
	assert_int_equal(outbox_bytes(&o), 3u << 20);
	assert_int_equal(next(&o, &done), FRAME_B);
	outbox_close(&o);
	assert_int_equal(b->nrefs, 1);
	outbox_buf_unref(b);
}

static void
test_address(void **state)
{
	(void)state;
	assert_true(address_is_loopback("127.0.0.1:7000"));
	assert_true(address_is_loopback("127.3.2.1:1"));
	assert_true(address_is_loopback("[::1]:7000"));
	assert_true(address_is_loopback("localhost:7000"));
	assert_false(address_is_loopback("127.evil.example:7000"));
	assert_false(address_is_loopback("localhost.example:7000"));
	assert_false(address_is_loopback("10.0.0.1:7000"));
	assert_false(address_is_loopback("[::]:7000"));
	assert_false(address_is_loopback(":7000"));
	assert_true(address_same_host("10.0.0.1:7", "10.0.0.1:71"));
	assert_false(address_same_host("10.0.0.1:7", "10.0.0.12:7"));
	assert_true(address_same_host("[fe80::1]:7", "[fe80::1]:9"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_priority_between_fragments),
	    cmocka_unit_test(test_credit),
	    cmocka_unit_test(test_bounds),
	    cmocka_unit_test(test_repairs),
	    cmocka_unit_test(test_address),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
