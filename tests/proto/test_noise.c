/* Noise against the public vectors, and what an attacker may try. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "proto/noise.h"
#include "proto/sign.h"

#define MESSAGES_MAX 8

struct blob {
	uint8_t b[512];
	size_t len;
};

struct vector {
	struct blob prologue, psk, final;
	struct blob init_static, init_ephemeral, init_remote;
	struct blob resp_static, resp_ephemeral;
	struct blob plain[MESSAGES_MAX], cipher[MESSAGES_MAX];
	size_t n;
};

static struct blob
unhex(const char *text)
{
	struct blob out = {.len = 0};
	unsigned v;

	for (; sscanf(text, "%2x", &v) == 1; text += 2) {
		assert_true(out.len < sizeof(out.b));
		out.b[out.len++] = (uint8_t)v;
	}
	assert_true(out.len > 0);
	return out;
}

static void
read_line(struct vector *v, const char *key, char *a, const char *b)
{
	const struct {
		const char *key;
		struct blob *to;
	} keys[] = {
	    {"prologue", &v->prologue},
	    {"psk", &v->psk},
	    {"init_static", &v->init_static},
	    {"init_ephemeral", &v->init_ephemeral},
	    {"init_remote_static", &v->init_remote},
	    {"resp_static", &v->resp_static},
	    {"resp_ephemeral", &v->resp_ephemeral},
	    {"final_hash", &v->final},
	};
	size_t i;

	if (strcmp(key, "message") == 0) {
		assert_true(v->n < MESSAGES_MAX);
		v->plain[v->n] = unhex(a);
		v->cipher[v->n++] = unhex(b);
		return;
	}
	for (i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (strcmp(key, keys[i].key) == 0)
			*keys[i].to = unhex(a);
}

static struct vector
read_vector(const char *path)
{
	static struct vector v;
	char line[1200], key[32], a[600], b[600];
	FILE *f = fopen(path, "r");

	assert_non_null(f);
	memset(&v, 0, sizeof(v));
	while (fgets(line, sizeof(line), f) != NULL)
		if (sscanf(line, "%31s %599s %599s", key, a, b) >= 2)
			read_line(&v, key, a, b);
	fclose(f);
	assert_int_equal(v.n, 6);
	return v;
}

static void
start_pair(const struct vector *v, struct noise *dialer, struct noise *listener)
{
	struct noise_start d = {.role = NOISE_DIALER,
	    .secret = v->init_static.b,
	    .remote = v->init_remote.b,
	    .psk = v->psk.len > 0 ? v->psk.b : NULL,
	    .ephemeral = v->init_ephemeral.b,
	    .prologue = v->prologue.b,
	    .prologue_len = v->prologue.len};
	struct noise_start l = d;

	l.role = NOISE_LISTENER;
	l.secret = v->resp_static.b;
	l.ephemeral = v->resp_ephemeral.b;
	l.remote = NULL;
	noise_init(dialer, &d);
	noise_init(listener, &l);
}

static void
check_message(const struct vector *v, size_t i, struct noise *from,
    struct noise *to)
{
	uint8_t out[512], back[512];
	size_t len = 0, back_len = 0;

	if (i < 2) {
		assert_int_equal(noise_write(from, v->plain[i].b,
				     v->plain[i].len, out, &len),
		    0);
		assert_int_equal(noise_read(to, out, len, back, &back_len), 0);
	} else {
		len = v->plain[i].len + NOISE_TAG_LEN;
		back_len = v->plain[i].len;
		assert_int_equal(noise_seal(from, v->plain[i].b,
				     v->plain[i].len, out),
		    0);
		assert_int_equal(noise_open(to, out, len, back), 0);
	}
	assert_int_equal(len, v->cipher[i].len);
	assert_memory_equal(out, v->cipher[i].b, len);
	assert_int_equal(back_len, v->plain[i].len);
	assert_memory_equal(back, v->plain[i].b, back_len);
}

static void
run_vector(const char *path)
{
	struct vector v = read_vector(path);
	struct noise d, l;
	uint8_t pub[NOISE_KEY_LEN];
	size_t i;

	start_pair(&v, &d, &l);
	for (i = 0; i < v.n; i++)
		check_message(&v, i, i % 2 == 0 ? &d : &l,
		    i % 2 == 0 ? &l : &d);
	assert_int_equal(v.final.len, NOISE_HASH_LEN);
	assert_memory_equal(d.h, v.final.b, NOISE_HASH_LEN);
	assert_memory_equal(l.h, v.final.b, NOISE_HASH_LEN);
	assert_true(noise_done(&d) && noise_done(&l));
	noise_public(v.init_static.b, pub);
	assert_memory_equal(l.rs, pub, sizeof(pub));
	noise_close(&d);
	noise_close(&l);
}

static void
test_vectors(void **state)
{
	(void)state;
	run_vector("tests/data/noise/ik.txt");
	run_vector("tests/data/noise/ikpsk2.txt");
}

/* Flips one bit of handshake message `which` on its way. X25519 ignores the
 * top bit of a point, but the hash of the transcript does not. */
static void
flip_bit(const struct vector *v, size_t which, size_t bit)
{
	uint8_t mask = (uint8_t)(1u << bit % 8);
	uint8_t out[512], back[512];
	struct noise d, l;
	size_t len, n;

	start_pair(v, &d, &l);
	assert_int_equal(noise_write(&d, v->plain[0].b, v->plain[0].len, out,
			     &len),
	    0);
	if (which == 0) {
		out[bit / 8] ^= mask;
		assert_int_equal(noise_read(&l, out, len, back, &n), -EBADMSG);
		assert_int_equal(noise_write(&l, "", 0, out, &n), -EPROTO);
		return;
	}
	assert_int_equal(noise_read(&l, out, len, back, &n), 0);
	assert_int_equal(noise_write(&l, v->plain[1].b, v->plain[1].len, out,
			     &len),
	    0);
	out[bit / 8] ^= mask;
	assert_int_equal(noise_read(&d, out, len, back, &n), -EBADMSG);
	assert_false(noise_done(&d));
}

static void
test_handshake_bits(void **state)
{
	static const char *const paths[] = {"tests/data/noise/ik.txt",
	    "tests/data/noise/ikpsk2.txt"};
	struct vector v;
	size_t bit, which, p;

	(void)state;
	for (p = 0; p < 4; p++) {
		v = read_vector(paths[p / 2]);
		which = p % 2;
		for (bit = 0; bit < 8 * v.cipher[which].len; bit++)
			flip_bit(&v, which, bit);
	}
}

static void
shake(const struct vector *v, struct noise *d, struct noise *l)
{
	uint8_t out[512], back[512];
	size_t len, n;

	start_pair(v, d, l);
	assert_int_equal(noise_write(d, NULL, 0, out, &len), 0);
	assert_int_equal(len, NOISE_FIRST_LEN);
	assert_int_equal(noise_read(l, out, len, back, &n), 0);
	assert_int_equal(n, 0);
	assert_int_equal(noise_write(l, NULL, 0, out, &len), 0);
	assert_int_equal(len, NOISE_SECOND_LEN);
	assert_int_equal(noise_read(d, out, len, back, &n), 0);
	assert_int_equal(n, 0);
}

static void
test_wrong_secrets(void **state)
{
	struct vector v = read_vector("tests/data/noise/ikpsk2.txt"), w;
	struct noise d, l;
	uint8_t out[512], back[512];
	size_t len, n;
	int kind, rc;

	(void)state;
	for (kind = 0; kind < 3; kind++) {
		w = v;
		if (kind == 0)
			w.prologue.b[0] ^= 1;
		else if (kind == 1)
			w.resp_static.b[5] ^= 1;
		else
			w.psk.b[31] ^= 1;
		start_pair(&v, &d, &l);
		noise_close(&l);
		start_pair(&w, &(struct noise){0}, &l);
		assert_int_equal(noise_write(&d, "x", 1, out, &len), 0);
		rc = noise_read(&l, out, len, back, &n);
		/* The psk enters at the end of the second message. */
		if (kind < 2) {
			assert_int_equal(rc, -EBADMSG);
			continue;
		}
		assert_int_equal(rc, 0);
		assert_int_equal(noise_write(&l, "", 0, out, &len), 0);
		assert_int_equal(noise_read(&d, out, len, back, &n), -EBADMSG);
	}
}

/* The eight points of low order (RFC 7748, 6.1) and a dialer that uses one. */
static void
test_low_order(void **state)
{
	static const uint8_t points[][NOISE_KEY_LEN] = {
	    {0},
	    {1},
	    {0xe0, 0xeb, 0x7a, 0x7c, 0x3b, 0x41, 0xb8, 0xae, 0x16, 0x56, 0xe3,
		0xfa, 0xf1, 0x9f, 0xc4, 0x6a, 0xda, 0x09, 0x8d, 0xeb, 0x9c,
		0x32, 0xb1, 0xfd, 0x86, 0x62, 0x05, 0x16, 0x5f, 0x49, 0xb8,
		0x00},
	    {0x5f, 0x9c, 0x95, 0xbc, 0xa3, 0x50, 0x8c, 0x24, 0xb1, 0xd0, 0xb1,
		0x55, 0x9c, 0x83, 0xef, 0x5b, 0x04, 0x44, 0x5c, 0xc4, 0x58,
		0x1c, 0x8e, 0x86, 0xd8, 0x22, 0x4e, 0xdd, 0xd0, 0x9f, 0x11,
		0x57},
	};
	struct vector v = read_vector("tests/data/noise/ik.txt");
	struct noise d, l;
	uint8_t out[512], back[512];
	size_t i, len, n;

	(void)state;
	for (i = 0; i < sizeof(points) / sizeof(points[0]); i++) {
		memcpy(v.init_remote.b, points[i], NOISE_KEY_LEN);
		start_pair(&v, &d, &l);
		assert_int_equal(noise_write(&d, "", 0, out, &len), -EPROTO);
		memset(out, 0, sizeof(out));
		memcpy(out, points[i], NOISE_KEY_LEN);
		assert_int_equal(noise_read(&l, out, NOISE_FIRST_LEN, back, &n),
		    -EBADMSG);
	}
}

static void
test_turns_and_sizes(void **state)
{
	struct vector v = read_vector("tests/data/noise/ik.txt");
	struct noise d, l;
	static uint8_t out[NOISE_MSG_MAX + 64], big[NOISE_MSG_MAX + 64];
	size_t len, n;

	(void)state;
	start_pair(&v, &d, &l);
	assert_int_equal(noise_write(&l, "", 0, out, &len), -EPROTO);
	assert_int_equal(noise_read(&d, out, 200, big, &n), -EPROTO);
	assert_int_equal(noise_seal(&d, big, 1, out), -EPROTO);
	assert_int_equal(noise_open(&d, big, 17, out), -EPROTO);
	assert_int_equal(noise_write(&d, big,
			     NOISE_MSG_MAX - NOISE_FIRST_LEN + 1, out, &len),
	    -EMSGSIZE);
	assert_int_equal(noise_write(&d, big, NOISE_MSG_MAX - NOISE_FIRST_LEN,
			     out, &len),
	    0);
	assert_int_equal(noise_read(&l, out, len, big, &n), 0);
	assert_int_equal(n, NOISE_MSG_MAX - NOISE_FIRST_LEN);
	assert_int_equal(noise_write(&d, "", 0, out, &len), -EPROTO);
	start_pair(&v, &d, &l);
	assert_int_equal(noise_read(&l, out, NOISE_FIRST_LEN - 1, big, &n),
	    -EBADMSG);
	assert_int_equal(noise_read(&l, out, NOISE_FIRST_LEN, big, &n),
	    -EPROTO);
}

static void
test_transport(void **state)
{
	struct vector v = read_vector("tests/data/noise/ik.txt");
	struct noise d, l;
	uint8_t a[64], b[64], out[64];
	size_t i;

	(void)state;
	shake(&v, &d, &l);
	assert_int_equal(noise_seal(&d, (const uint8_t *)"one", 3, a), 0);
	assert_int_equal(noise_seal(&d, (const uint8_t *)"two", 3, b), 0);
	/* Reordered, reflected, cut, and every bit flipped: refused, and the
	 * right record still opens afterwards. */
	assert_int_equal(noise_open(&l, b, 19, out), -EBADMSG);
	assert_int_equal(noise_open(&d, a, 19, out), -EBADMSG);
	assert_int_equal(noise_open(&l, a, 18, out), -EBADMSG);
	assert_int_equal(noise_open(&l, a, 15, out), -EBADMSG);
	for (i = 0; i < 8 * 19; i++) {
		a[i / 8] ^= (uint8_t)(1u << i % 8);
		assert_int_equal(noise_open(&l, a, 19, out), -EBADMSG);
		a[i / 8] ^= (uint8_t)(1u << i % 8);
	}
	assert_int_equal(noise_open(&l, a, 19, out), 0);
	assert_memory_equal(out, "one", 3);
	assert_int_equal(noise_open(&l, a, 19, out), -EBADMSG);
	assert_int_equal(noise_open(&l, b, 19, out), 0);
	/* An empty record. */
	assert_int_equal(noise_seal(&l, NULL, 0, a), 0);
	assert_int_equal(noise_open(&d, a, NOISE_TAG_LEN, out), 0);
	d.send.counter = UINT64_MAX;
	assert_int_equal(noise_seal(&d, a, 1, out), -EOVERFLOW);
}

static void
test_rekey(void **state)
{
	struct vector v = read_vector("tests/data/noise/ik.txt");
	struct noise d, l;
	uint8_t box[64], out[64], key[NOISE_KEY_LEN];
	uint32_t i;

	(void)state;
	shake(&v, &d, &l);
	memcpy(key, d.send.key, sizeof(key));
	for (i = 0; i < (1u << 16) + 10; i++) {
		assert_int_equal(noise_seal(&d, (const uint8_t *)&i, 4, box),
		    0);
		assert_int_equal(noise_open(&l, box, 20, out), 0);
		assert_memory_equal(out, &i, 4);
		if (i == 1000)
			assert_memory_equal(key, d.send.key, sizeof(key));
	}
	assert_memory_not_equal(key, d.send.key, sizeof(key));
	assert_memory_equal(d.send.key, l.recv.key, sizeof(key));
}

static void
test_close_wipes(void **state)
{
	struct vector v = read_vector("tests/data/noise/ikpsk2.txt");
	static const uint8_t zeros[NOISE_KEY_LEN];
	struct noise d, l;

	(void)state;
	shake(&v, &d, &l);
	/* Nothing that opens the past is left after the handshake. */
	assert_memory_equal(d.s, zeros, sizeof(zeros));
	assert_memory_equal(d.e, zeros, sizeof(zeros));
	assert_memory_equal(d.pre, zeros, sizeof(zeros));
	noise_close(&d);
	assert_memory_equal(d.send.key, zeros, sizeof(zeros));
	assert_false(noise_done(&d));
	noise_close(&l);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_vectors),
	    cmocka_unit_test(test_handshake_bits),
	    cmocka_unit_test(test_wrong_secrets),
	    cmocka_unit_test(test_low_order),
	    cmocka_unit_test(test_turns_and_sizes),
	    cmocka_unit_test(test_transport),
	    cmocka_unit_test(test_rekey),
	    cmocka_unit_test(test_close_wipes),
	};

	if (sign_setup() != 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
