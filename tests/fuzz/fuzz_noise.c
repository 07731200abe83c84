/*
 * Arbitrary bytes as either handshake message and as records. Nobody without
 * the keys can make one that is accepted; a true transcript is in the corpus
 * (first byte: which message follows), so that mutants come close.
 */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "proto/noise.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static const uint8_t dialer_secret[32] = {1}, listener_secret[32] = {2};
static const uint8_t dialer_e[32] = {3}, listener_e[32] = {4};

static void
start(struct noise *n, enum noise_role role)
{
	uint8_t remote[NOISE_KEY_LEN];
	struct noise_start s = {.role = role,
	    .prologue = "fuzz",
	    .prologue_len = 4};

	noise_public(listener_secret, remote);
	s.secret = role == NOISE_DIALER ? dialer_secret : listener_secret;
	s.ephemeral = role == NOISE_DIALER ? dialer_e : listener_e;
	s.remote = role == NOISE_DIALER ? remote : NULL;
	noise_init(n, &s);
}

static void
first(const uint8_t *data, size_t len)
{
	static uint8_t out[NOISE_MSG_MAX];
	uint8_t pub[NOISE_KEY_LEN];
	struct noise n;
	size_t plain = 0;

	start(&n, NOISE_LISTENER);
	if (noise_read(&n, data, len, out, &plain) == 0) {
		assert(plain == len - NOISE_FIRST_LEN);
		/* Only the holder of a static key can have made it. */
		noise_public(dialer_secret, pub);
		assert(memcmp(pub, n.rs, sizeof(pub)) == 0);
	} else {
		assert(noise_write(&n, "", 0, out, &plain) != 0);
	}
	noise_close(&n);
}

static void
second(const uint8_t *data, size_t len)
{
	static uint8_t out[NOISE_MSG_MAX];
	struct noise n;
	size_t plain = 0;

	start(&n, NOISE_DIALER);
	assert(noise_write(&n, "", 0, out, &plain) == 0);
	if (noise_read(&n, data, len, out, &plain) == 0)
		assert(noise_done(&n) && plain == len - NOISE_SECOND_LEN);
	else
		assert(!noise_done(&n));
	noise_close(&n);
}

static void
record(const uint8_t *data, size_t len)
{
	static uint8_t out[NOISE_MSG_MAX];
	uint8_t msg[NOISE_FIRST_LEN];
	struct noise d, l;
	size_t n, m;

	start(&d, NOISE_DIALER);
	start(&l, NOISE_LISTENER);
	assert(noise_write(&d, "", 0, msg, &n) == 0);
	assert(noise_read(&l, msg, n, out, &m) == 0);
	assert(noise_write(&l, "", 0, msg, &n) == 0);
	assert(noise_read(&d, msg, n, out, &m) == 0);
	if (noise_open(&l, data, len, out) == 0)
		assert(l.recv.counter == 1);
	else
		assert(l.recv.counter == 0);
	noise_close(&d);
	noise_close(&l);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	if (len == 0 || len > NOISE_MSG_MAX)
		return 0;
	switch (data[0] % 3) {
	case 0:
		first(data + 1, len - 1);
		break;
	case 1:
		second(data + 1, len - 1);
		break;
	default:
		record(data + 1, len - 1);
	}
	return 0;
}
