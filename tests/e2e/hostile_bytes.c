#include "tests/e2e/hostile_bytes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/bytes.h"
#include "proto/frame.h"
#include "proto/noise.h"
#include "proto/wire.h"

#define FLOOD_LEN (256u << 10)
#define SHAKE_LEN (FRAME_HEAD_LEN + NOISE_FIRST_LEN)

uint64_t
hostile_next(uint64_t *rng)
{
	uint64_t x = *rng += UINT64_C(0x9e3779b97f4a7c15);

	x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
	return x ^ x >> 31;
}

static void
fill(uint64_t *rng, uint8_t *out, size_t len)
{
	for (size_t i = 0; i < len; i++)
		out[i] = (uint8_t)hostile_next(rng);
}

static uint8_t *
noise_of(uint64_t *rng, size_t len)
{
	uint8_t *p = malloc(len + 1);

	if (p != NULL)
		fill(rng, p, len);
	return p;
}

static uint8_t *
text_of(const char *text, size_t *len)
{
	uint8_t *p;

	*len = strlen(text);
	p = malloc(*len + 1);
	if (p != NULL)
		memcpy(p, text, *len + 1);
	return p;
}

static uint8_t *
make_nothing(const struct hostile_target *t, uint64_t *rng, size_t *len)
{
	(void)t, (void)rng;
	*len = 0;
	return malloc(1);
}

static uint8_t *
make_garbage(const struct hostile_target *t, uint64_t *rng, size_t *len)
{
	(void)t;
	*len = 1 + hostile_next(rng) % 4096;
	return noise_of(rng, *len);
}

/* Noise IK's first message, as a correct dialer with these keys makes it. */
static uint8_t *
shake(const struct hostile_target *t, uint64_t *rng, size_t *len)
{
	uint8_t prologue[64], secret[32], ephemeral[32];
	struct bytes_writer w = bytes_writer_over(prologue, sizeof(prologue));
	struct noise_start start = {.role = NOISE_DIALER,
	    .secret = secret,
	    .remote = t->network,
	    .ephemeral = ephemeral,
	    .prologue = prologue};
	uint8_t *p = malloc(SHAKE_LEN);
	struct noise n;
	size_t body = 0;

	if (p == NULL)
		return NULL;
	fill(rng, secret, sizeof(secret));
	fill(rng, ephemeral, sizeof(ephemeral));
	bytes_put_raw(&w, "qmlnode/1", 9);
	bytes_put_hash(&w, &t->federation);
	bytes_put_u16(&w, WIRE_PROTOCOL);
	start.prologue_len = w.len;
	noise_init(&n, &start);
	if (noise_write(&n, NULL, 0, p + FRAME_HEAD_LEN, &body) < 0)
		abort();
	noise_close(&n);
	frame_head(p, FRAME_HS1, body);
	*len = FRAME_HEAD_LEN + body;
	return p;
}

static uint8_t *
make_wrong_key(const struct hostile_target *t, uint64_t *rng, size_t *len)
{
	return shake(t, rng, len);
}

static uint8_t *
make_wrong_federation(const struct hostile_target *t, uint64_t *rng,
    size_t *len)
{
	struct hostile_target other = *t;

	other.federation.b[0] ^= 1;
	return shake(&other, rng, len);
}

static uint8_t *
make_half_shake(const struct hostile_target *t, uint64_t *rng, size_t *len)
{
	uint8_t *p = shake(t, rng, len);

	*len = 1 + hostile_next(rng) % (SHAKE_LEN - 1);
	return p;
}

/* Of the right form, and nobody's. */
static uint8_t *
make_forged_shake(const struct hostile_target *t, uint64_t *rng, size_t *len)
{
	uint8_t *p = noise_of(rng, SHAKE_LEN);

	(void)t;
	if (p != NULL)
		frame_head(p, FRAME_HS1, NOISE_FIRST_LEN);
	*len = SHAKE_LEN;
	return p;
}

static uint8_t *
make_half_frame(const struct hostile_target *t, uint64_t *rng, size_t *len)
{
	uint8_t *p = noise_of(rng, 2048);

	(void)t;
	if (p != NULL)
		frame_head(p, FRAME_DATA, 4096);
	*len = 6 + hostile_next(rng) % 2042;
	return p;
}

/* A length that no frame has: 0, above the maximum, all bits. */
static uint8_t *
make_oversized(const struct hostile_target *t, uint64_t *rng, size_t *len)
{
	static const uint8_t lengths[4][4] = {{0, 0, 0, 0}, {0, 1, 0, 1},
	    {0x7f, 0xff, 0xff, 0xff}, {0xff, 0xff, 0xff, 0xff}};
	uint8_t *p = noise_of(rng, 512);

	(void)t;
	if (p != NULL) {
		memcpy(p, lengths[hostile_next(rng) % 4], 4);
		p[4] = FRAME_HS1;
	}
	*len = 512;
	return p;
}

/* Frames as a member sends them, without end and without a handshake. */
static uint8_t *
make_frame_flood(const struct hostile_target *t, uint64_t *rng, size_t *len)
{
	uint8_t *p = noise_of(rng, FLOOD_LEN);
	const size_t step = FRAME_HEAD_LEN + 1024;
	const enum frame_kind kind =
	    hostile_next(rng) % 2 != 0 ? FRAME_DATA : FRAME_HS2;

	(void)t;
	for (size_t at = 0; p != NULL && at + step <= FLOOD_LEN; at += step)
		frame_head(p + at, kind, 1024);
	*len = FLOOD_LEN;
	return p;
}

static uint8_t *
make_http(const struct hostile_target *t, uint64_t *rng, size_t *len)
{
	(void)t, (void)rng;
	return text_of("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", len);
}

static uint8_t *
make_tls(const struct hostile_target *t, uint64_t *rng, size_t *len)
{
	static const uint8_t head[] = {0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3};
	uint8_t *p = noise_of(rng, 517);

	(void)t;
	if (p != NULL)
		memcpy(p, head, sizeof(head));
	*len = 517;
	return p;
}

const struct hostile_way hostile_peer[HOSTILE_NWAYS] = {
    {"silent, then gone", make_nothing, HOSTILE_RESET, false},
    {"silent", make_nothing, HOSTILE_WAIT, false},
    {"garbage", make_garbage, HOSTILE_WAIT, false},
    {"garbage, then gone", make_garbage, HOSTILE_RESET, false},
    {"half handshake", make_half_shake, HOSTILE_CLOSE, false},
    {"slow handshake", make_wrong_key, HOSTILE_WAIT, true},
    {"forged handshake", make_forged_shake, HOSTILE_WAIT, false},
    {"wrong key", make_wrong_key, HOSTILE_WAIT, false},
    {"wrong federation", make_wrong_federation, HOSTILE_WAIT, false},
    {"half frame", make_half_frame, HOSTILE_CLOSE, false},
    {"oversized length", make_oversized, HOSTILE_WAIT, false},
    {"flood of frames", make_frame_flood, HOSTILE_WAIT, false},
    {"TLS", make_tls, HOSTILE_WAIT, false},
    {"HTTP", make_http, HOSTILE_WAIT, false},
};

static uint8_t *
make_half_line(const struct hostile_target *t, uint64_t *rng, size_t *len)
{
	(void)t, (void)rng;
	return text_of("{\"jsonrpc\":\"2.0\",\"id\":1,\"meth", len);
}

static uint8_t *
make_request(const struct hostile_target *t, uint64_t *rng, size_t *len)
{
	(void)t, (void)rng;
	return text_of("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"status\"}\n",
	    len);
}

static uint8_t *
repeat(const char *line, size_t total, size_t *len)
{
	const size_t n = strlen(line);
	uint8_t *p = malloc(total);

	*len = total - total % n;
	for (size_t at = 0; p != NULL && at < *len; at += n)
		memcpy(p + at, line, n);
	return p;
}

/* Requests whose answers nobody reads. */
static uint8_t *
make_request_flood(const struct hostile_target *t, uint64_t *rng, size_t *len)
{
	(void)t, (void)rng;
	return repeat("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"status\"}\n",
	    16384, len);
}

static uint8_t *
make_past_flood(const struct hostile_target *t, uint64_t *rng, size_t *len)
{
	(void)t, (void)rng;
	return repeat("{\"jsonrpc\":\"2.0\",\"id\":\"x\",\"method\":\"block\","
		      "\"params\":{\"height\":1}}\n",
	    4096, len);
}

static uint8_t *
make_subscriber(const struct hostile_target *t, uint64_t *rng, size_t *len)
{
	(void)t, (void)rng;
	return text_of("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"events\"}\n",
	    len);
}

/* A line longer than any may be. */
static uint8_t *
make_endless_line(const struct hostile_target *t, uint64_t *rng, size_t *len)
{
	uint8_t *p = malloc(80000);

	(void)t, (void)rng;
	if (p != NULL)
		memset(p, 'a', 80000);
	*len = 80000;
	return p;
}

static uint8_t *
make_deep(const struct hostile_target *t, uint64_t *rng, size_t *len)
{
	uint8_t *p = malloc(60000);

	(void)t, (void)rng;
	if (p != NULL) {
		memset(p, '[', 60000);
		p[59999] = '\n';
	}
	*len = 60000;
	return p;
}

static uint8_t *
make_bad_lines(const struct hostile_target *t, uint64_t *rng, size_t *len)
{
	(void)t, (void)rng;
	return repeat("{\"jsonrpc\":\"1.0\",\"id\":{},\"method\":7}\n", 2048,
	    len);
}

static uint8_t *
make_zeros(const struct hostile_target *t, uint64_t *rng, size_t *len)
{
	(void)t, (void)rng;
	*len = 70000;
	return calloc(1, *len);
}

const struct hostile_way hostile_local[HOSTILE_NWAYS] = {
    {"silent, then gone", make_nothing, HOSTILE_CLOSE, false},
    {"silent", make_nothing, HOSTILE_WAIT, false},
    {"garbage", make_garbage, HOSTILE_CLOSE, false},
    {"half line", make_half_line, HOSTILE_WAIT, false},
    {"slow line", make_request, HOSTILE_WAIT, true},
    {"request, then gone", make_request, HOSTILE_CLOSE, false},
    {"flood of requests", make_request_flood, HOSTILE_CLOSE, false},
    {"flood of questions", make_past_flood, HOSTILE_CLOSE, false},
    {"subscriber, then gone", make_subscriber, HOSTILE_CLOSE, false},
    {"endless line", make_endless_line, HOSTILE_WAIT, false},
    {"deep nesting", make_deep, HOSTILE_CLOSE, false},
    {"bad lines", make_bad_lines, HOSTILE_CLOSE, false},
    {"HTTP", make_http, HOSTILE_CLOSE, false},
    {"zeros", make_zeros, HOSTILE_WAIT, false},
};
