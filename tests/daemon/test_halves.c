/*
 * test_halves.c - members who send half of a large message and stop.
 *
 * Over real sockets: nine liars, each with its own, and one honest member. In
 * clear, so that a liar is a socket here and its bytes are easily counted.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "daemon/node/large.h"
#include "tests/daemon/mesh.h"

#define LIARS (LARGE_PLACES + 1)
#define FIRST 2 /* index of the first liar; 1 is honest */
#define MIB ((size_t)1 << 20)

struct liar {
	int fd;
	struct channel c;
	struct channel_identity id;
	uint8_t out[MIB + 2 * FRAME_CHUNK];
	size_t len, sent;
	uint8_t in[8192];
	size_t have;
	unsigned credits; /* of class D */
};

static struct liar liars[LIARS];

static void
put_record(struct liar *l, const struct fragment *f)
{
	uint8_t plain[FRAME_PLAIN_MAX];
	size_t n = fragment_head(plain, f), len;

	memcpy(plain + n, f->bytes, f->len);
	assert_true(sizeof(l->out) - l->len >= CHANNEL_RECORD_MAX);
	assert_int_equal(channel_seal(&l->c, plain, n + f->len, l->out + l->len,
			     &len),
	    0);
	l->len += len;
}

/* A greeting, and of a message of 40 MiB what it may send unasked. */
static void
liar_open(struct mesh *b, struct liar *l, uint16_t i)
{
	static const uint8_t bytes[FRAME_CHUNK], hello = 1;
	struct fragment f = {.cls = FRAME_CONTROL,
	    .flags = FRAME_FIRST | FRAME_LAST,
	    .total = 1,
	    .bytes = &hello,
	    .len = 1};

	memset(l, 0, sizeof(*l));
	l->id = (struct channel_identity){.federation = &b->federation,
	    .self = i,
	    .plain = true};
	l->fd = mesh_dial_raw(b, 0);
	assert_int_equal(channel_init(&l->c, &l->id, 0), 0);
	assert_int_equal(channel_hello(&l->c, l->out, &l->len), 0);
	put_record(l, &f);
	f = (struct fragment){.cls = FRAME_D,
	    .flags = FRAME_FIRST,
	    .total = 40 * MIB,
	    .bytes = bytes,
	    .len = FRAME_CHUNK};
	for (size_t n = 0; n < MIB; n += FRAME_CHUNK) {
		put_record(l, &f);
		f.flags = 0;
	}
}

static void
liar_hears(struct liar *l)
{
	size_t at = 0;
	struct frame f;
	ssize_t n =
	    recv(l->fd, l->in + l->have, sizeof(l->in) - l->have, MSG_DONTWAIT);

	l->have += n > 0 ? (size_t)n : 0;
	while (frame_parse(l->in + at, l->have - at, &f) == FRAME_OK) {
		const uint8_t *p = f.body + FRAME_FRAGMENT_HEAD;

		if (f.kind == FRAME_DATA && f.body[0] == FRAME_CONTROL &&
		    p[0] == 2 && p[1] == FRAME_D)
			l->credits++;
		at += f.used;
	}
	memmove(l->in, l->in + at, l->have - at);
	l->have -= at;
}

/* All liars say what they have to say, and listen. True: all is said. */
static bool
liars_turn(void)
{
	bool done = true;

	for (size_t i = 0; i < LIARS; i++) {
		struct liar *l = &liars[i];
		ssize_t n = l->sent == l->len
		    ? 0
		    : send(l->fd, l->out + l->sent, l->len - l->sent,
			  MSG_NOSIGNAL | MSG_DONTWAIT);

		l->sent += n > 0 ? (size_t)n : 0;
		if (n < 0 && (errno == EPIPE || errno == ECONNRESET))
			l->len = l->sent; /* closed for another */
		liar_hears(l);
		done = done && l->sent == l->len;
	}
	return done;
}

static unsigned
credited(void)
{
	unsigned n = 0;

	for (size_t i = 0; i < LIARS; i++)
		n += liars[i].credits > 0;
	return n;
}

static bool
all_came(const struct mesh *b)
{
	bool done = liars_turn();

	for (uint16_t i = 0; i < LIARS; i++) {
		struct peers_info info;

		peers_info(b->end[0].peers, (uint16_t)(FIRST + i), &info);
		done = done &&
		    (info.bytes_in >= MIB || b->end[0].downs[FIRST + i] > 0);
	}
	return done;
}

static void
halves_open(struct mesh *b, struct peers_config *c)
{
	mesh_open(b, FIRST + LIARS);
	for (uint16_t i = 1; i < b->n; i++)
		b->federation.members[i].address[0] = '\0';
	assert_int_equal(mesh_start_at(b, 0, c), 0);
	assert_int_equal(mesh_start_at(b, 1, c), 0);
	MESH_UNTIL(b, peers_up(b->end[1].peers, 0));
	for (uint16_t i = 0; i < LIARS; i++)
		liar_open(b, &liars[i], (uint16_t)(FIRST + i));
}

static void
halves_close(struct mesh *b)
{
	for (size_t i = 0; i < LIARS; i++)
		close(liars[i].fd);
	mesh_close(b);
}

/* Eight get credit for more. The ninth keeps its link, and gets none; what an
 * honest member sends meanwhile comes. */
static void
test_eight_and_no_more(void **state)
{
	struct peers_config c = {.plain = true,
	    .timing = {.handshake = UINT32_MAX,
		.dead = UINT32_MAX,
		.hold = UINT32_MAX}};
	struct mesh b;

	(void)state;
	halves_open(&b, &c);
	MESH_UNTIL(&b, all_came(&b) && credited() == LARGE_PLACES);
	peers_send(b.end[1].peers, 0, LINK_DATA, mesh_filled('u', 3 * MIB),
	    3 * MIB);
	MESH_UNTIL(&b, liars_turn() && b.end[0].nmsgs == 1);
	assert_int_equal(credited(), LARGE_PLACES);
	for (uint16_t i = 0; i < LIARS; i++)
		assert_int_equal(b.end[0].downs[FIRST + i], 0);
	assert_int_equal(b.end[0].downs[1], 0);
	halves_close(&b);
}

/* A block of 40 MiB comes, too: one who holds a place and sends nothing goes
 * for it, and whoever looks at the peers reads why. */
static void
test_block_gets_by(void **state)
{
	struct peers_config c = {.plain = true,
	    .timing = {.handshake = UINT32_MAX, .dead = UINT32_MAX, .hold = 1}};
	struct peers_info info;
	struct mesh b;
	unsigned slow = 0;

	(void)state;
	halves_open(&b, &c);
	MESH_UNTIL(&b, all_came(&b));
	peers_send(b.end[1].peers, 0, LINK_SYNC, mesh_filled('b', 40 * MIB),
	    40 * MIB);
	MESH_UNTIL(&b, liars_turn() && b.end[0].nmsgs == 1);
	assert_int_equal(b.end[0].last_len, 40 * MIB);
	for (uint16_t i = 0; i < LIARS; i++) {
		peers_info(b.end[0].peers, (uint16_t)(FIRST + i), &info);
		slow += info.last_error == -ETIME;
	}
	assert_true(slow > 0);
	halves_close(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_eight_and_no_more),
	    cmocka_unit_test(test_block_gets_by),
	};

	if (sign_setup() != 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
