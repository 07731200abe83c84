/*
 * test_channel.c - two ends of a channel in memory, and what may go wrong.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/node/channel.h"

#define MEMBERS 3

struct world {
	struct federation federation;
	struct member members[MEMBERS];
	uint8_t secrets[MEMBERS][32];
	struct channel_identity id[MEMBERS];
};

static void
world_open(struct world *w)
{
	memset(w, 0, sizeof(*w));
	w->federation.nmembers = MEMBERS;
	w->federation.members = w->members;
	for (uint16_t i = 0; i < MEMBERS; i++) {
		memset(w->secrets[i], 0x20 + i, 32);
		noise_public(w->secrets[i], w->members[i].network);
		w->id[i].federation = &w->federation;
		w->id[i].self = i;
		w->id[i].secret = w->secrets[i];
	}
}

/* A frame as it lies on the stream. */
struct lump {
	uint8_t b[CHANNEL_RECORD_MAX];
	size_t len;
};

static struct frame
frame_of(const struct lump *l)
{
	struct frame f;

	assert_int_equal(frame_parse(l->b, l->len, &f), FRAME_OK);
	assert_int_equal(f.used, l->len);
	return f;
}

static int
greet(struct channel *c, const struct lump *l)
{
	struct frame f = frame_of(l);

	return channel_greet(c, &f);
}

/* 0 dials 1; first is kept for whoever wants to replay it. */
static void
shake(struct world *w, struct channel *a, struct channel *b, struct lump *first)
{
	struct lump second;

	assert_int_equal(channel_init(a, &w->id[0], 1), 0);
	assert_int_equal(channel_init(b, &w->id[1], CHANNEL_NOBODY), 0);
	assert_int_equal(channel_hello(a, first->b, &first->len), 0);
	assert_int_equal(greet(b, first), 0);
	assert_int_equal(b->peer, 0);
	assert_int_equal(channel_hello(b, second.b, &second.len), 0);
	assert_int_equal(greet(a, &second), 0);
}

static void
seal(struct channel *c, const char *text, struct lump *out)
{
	assert_int_equal(channel_seal(c, (const uint8_t *)text, strlen(text),
			     out->b, &out->len),
	    0);
}

static int
open_text(struct channel *c, const struct lump *l, const char *want)
{
	uint8_t plain[FRAME_PLAIN_MAX];
	struct frame f = frame_of(l);
	size_t len = 0;
	int rc = channel_open(c, &f, plain, &len);

	if (rc == 0) {
		assert_int_equal(len, strlen(want));
		assert_memory_equal(plain, want, len);
	}
	return rc;
}

static bool
contains(const struct lump *l, const char *text)
{
	size_t n = strlen(text);

	for (size_t i = 0; i + n <= l->len; i++) {
		if (memcmp(l->b + i, text, n) == 0)
			return true;
	}
	return false;
}

static void
test_both_ways(void **state)
{
	struct channel a, b;
	struct lump first, l;
	struct world w;

	(void)state;
	world_open(&w);
	shake(&w, &a, &b, &first);
	for (int i = 0; i < 5; i++) {
		seal(&a, "an update that is secret", &l);
		assert_false(contains(&l, "update"));
		assert_int_equal(open_text(&b, &l, "an update that is secret"),
		    0);
		seal(&b, "a vote", &l);
		assert_int_equal(open_text(&a, &l, "a vote"), 0);
	}
	channel_close(&a);
	channel_close(&b);
}

/* The control run of a capture test: the same bytes, in clear. */
static void
test_plain_is_plain(void **state)
{
	struct channel a, b;
	struct lump first, l;
	struct world w;

	(void)state;
	world_open(&w);
	for (int i = 0; i < MEMBERS; i++)
		w.id[i].plain = true;
	shake(&w, &a, &b, &first);
	seal(&a, "an update that is seen", &l);
	assert_true(contains(&l, "an update that is seen"));
	assert_int_equal(open_text(&b, &l, "an update that is seen"), 0);
	channel_close(&a);
	channel_close(&b);
}

/* IK's first message can be sent again; nothing after it can be. */
static void
test_replay(void **state)
{
	struct channel a, b, again;
	struct lump first, record, second;
	struct world w;

	(void)state;
	world_open(&w);
	shake(&w, &a, &b, &first);
	seal(&a, "hello", &record);
	assert_int_equal(open_text(&b, &record, "hello"), 0);
	assert_int_equal(open_text(&b, &record, "hello"), -EBADMSG);

	assert_int_equal(channel_init(&again, &w.id[1], CHANNEL_NOBODY), 0);
	assert_int_equal(greet(&again, &first), 0);
	assert_int_equal(channel_hello(&again, second.b, &second.len), 0);
	assert_int_equal(open_text(&again, &record, "hello"), -EBADMSG);
	channel_close(&again);
	channel_close(&a);
	channel_close(&b);
}

static int
stranger_reads(struct world *w, const struct lump *first)
{
	struct channel b;
	int rc;

	assert_int_equal(channel_init(&b, &w->id[1], CHANNEL_NOBODY), 0);
	rc = greet(&b, first);
	channel_close(&b);
	return rc;
}

static void
test_refusals(void **state)
{
	struct channel a;
	struct lump first;
	struct world w, other;

	(void)state;
	world_open(&w);
	/* Another federation, with the same keys. */
	world_open(&other);
	other.id[0].federation_id.b[0] = 1;
	assert_int_equal(channel_init(&a, &other.id[0], 1), 0);
	assert_int_equal(channel_hello(&a, first.b, &first.len), 0);
	assert_int_equal(stranger_reads(&w, &first), -EBADMSG);
	channel_close(&a);
	/* A key that no member has. */
	world_open(&other);
	memset(other.secrets[0], 0x77, 32);
	assert_int_equal(channel_init(&a, &other.id[0], 1), 0);
	assert_int_equal(channel_hello(&a, first.b, &first.len), 0);
	assert_int_equal(stranger_reads(&w, &first), -EACCES);
	channel_close(&a);
	/* Our own key, from somewhere else. */
	world_open(&other);
	memcpy(other.secrets[0], w.secrets[1], 32);
	assert_int_equal(channel_init(&a, &other.id[0], 1), 0);
	assert_int_equal(channel_hello(&a, first.b, &first.len), 0);
	assert_int_equal(stranger_reads(&w, &first), -EACCES);
	channel_close(&a);
	/* Meant for member 2. */
	assert_int_equal(channel_init(&a, &w.id[0], 2), 0);
	assert_int_equal(channel_hello(&a, first.b, &first.len), 0);
	assert_int_equal(stranger_reads(&w, &first), -EBADMSG);
	/* Not a first message at all. */
	first.b[4] = FRAME_HS2;
	assert_int_equal(stranger_reads(&w, &first), -EPROTO);
	first.b[4] = FRAME_DATA;
	assert_int_equal(stranger_reads(&w, &first), -EPROTO);
	channel_close(&a);
}

static void
test_every_bit_counts(void **state)
{
	struct channel a, b;
	struct lump first, record, bad;
	struct world w;

	(void)state;
	world_open(&w);
	shake(&w, &a, &b, &first);
	for (size_t i = 8 * FRAME_HEAD_LEN; i < 8 * first.len; i++) {
		bad = first;
		bad.b[i / 8] ^= (uint8_t)(1u << i % 8);
		assert_int_not_equal(stranger_reads(&w, &bad), 0);
	}
	seal(&a, "a vote", &record);
	for (size_t i = 8 * FRAME_HEAD_LEN; i < 8 * record.len; i++) {
		struct channel copy = b;

		bad = record;
		bad.b[i / 8] ^= (uint8_t)(1u << i % 8);
		assert_int_equal(open_text(&copy, &bad, ""), -EBADMSG);
	}
	assert_int_equal(open_text(&b, &record, "a vote"), 0);
	channel_close(&a);
	channel_close(&b);
}

static void
test_shared_key(void **state)
{
	static const uint8_t ours[32] = {1}, theirs[32] = {2};
	struct channel a, b;
	struct lump first, second;
	struct world w;

	(void)state;
	world_open(&w);
	w.id[0].psk = ours;
	w.id[1].psk = ours;
	shake(&w, &a, &b, &first);
	seal(&a, "a vote", &second);
	assert_int_equal(open_text(&b, &second, "a vote"), 0);
	channel_close(&a);
	channel_close(&b);

	w.id[1].psk = theirs;
	assert_int_equal(channel_init(&a, &w.id[0], 1), 0);
	assert_int_equal(channel_init(&b, &w.id[1], CHANNEL_NOBODY), 0);
	assert_int_equal(channel_hello(&a, first.b, &first.len), 0);
	assert_int_equal(greet(&b, &first), 0);
	assert_int_equal(channel_hello(&b, second.b, &second.len), 0);
	assert_int_equal(greet(&a, &second), -EBADMSG);
	channel_close(&a);
	channel_close(&b);
}

/* Each way of beginning is told from a greeting by the first wrong byte. */
static void
test_first_bytes(void **state)
{
	struct channel a, b;
	struct lump first, second;
	struct world w;

	(void)state;
	world_open(&w);
	shake(&w, &a, &b, &first);
	channel_close(&b);
	assert_int_equal(channel_init(&b, &w.id[1], CHANNEL_NOBODY), 0);
	for (size_t len = 0; len <= first.len; len++)
		assert_true(channel_may_greet(&b, first.b, len));
	for (size_t i = 0; i < FRAME_HEAD_LEN; i++) {
		first.b[i] ^= 1;
		assert_true(channel_may_greet(&b, first.b, i));
		assert_false(channel_may_greet(&b, first.b, i + 1));
		assert_false(channel_may_greet(&b, first.b, first.len));
		first.b[i] ^= 1;
	}
	/* And the dialer tells the answer it waits for from its own. */
	assert_int_equal(greet(&b, &first), 0);
	assert_int_equal(channel_hello(&b, second.b, &second.len), 0);
	assert_true(channel_may_greet(&a, second.b, second.len));
	assert_false(channel_may_greet(&a, first.b, first.len));
	channel_close(&a);
	channel_close(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_first_bytes),
	    cmocka_unit_test(test_both_ways),
	    cmocka_unit_test(test_plain_is_plain),
	    cmocka_unit_test(test_replay),
	    cmocka_unit_test(test_refusals),
	    cmocka_unit_test(test_every_bit_counts),
	    cmocka_unit_test(test_shared_key),
	};

	if (sign_setup() != 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
