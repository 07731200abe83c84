/* A bundle and a checkpoint from somebody: bounded, and what is taken as a
 * part encodes to the same bytes. */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "consensus/chain/verify.h"
#include "daemon/cli/bundle.h"
#include "daemon/cli/tlog.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void
check_block(const uint8_t *data, uint32_t len, bool light)
{
	struct bytes_writer w = BYTES_WRITER_INIT;
	enum verify_verdict v;
	struct block *b = NULL;
	struct commit c;

	v = light ? verify_decode_heads(data, len, &b, &c)
		  : verify_decode(data, len, ANSWER_DIM_MAX, &b, &c);
	if (v != VERIFY_OK) {
		assert(!b);
		return;
	}
	if (light)
		block_put_heads(&w, b);
	else
		block_put_full(&w, b);
	commit_put(&w, &c);
	assert(w.error == 0 && w.len == len);
	assert(memcmp(w.data, data, len) == 0);
	bytes_writer_close(&w);
	block_free(b);
}

/* Whose hash is named: only ascending seats, and nothing behind them. */
static void
check_seats(const uint8_t *data, uint32_t len)
{
	struct bytes_reader r = bytes_reader_of(data, len);
	struct hash h = hash_bytes("qml.validators", data, len);
	struct verify_seats s;

	if (!verify_get_seats(&r, &h, &s))
		return;
	assert(s.n <= FEDERATION_MAX_MEMBERS);
	r = bytes_reader_of(data, len);
	h.b[0] ^= 1;
	assert(!verify_get_seats(&r, &h, &s));
}

static void
check_refound(const uint8_t *data, uint32_t len)
{
	struct bytes_reader r = bytes_reader_of(data, len);
	struct bytes_writer w = BYTES_WRITER_INIT;
	struct refound x;
	struct sign_public pk = {{1}};

	refound_get(&r, &x);
	if (!bytes_reader_done(&r))
		return;
	refound_put(&w, &x);
	assert(w.error == 0 && w.len == len);
	assert(memcmp(w.data, data, len) == 0);
	for (uint16_t i = 0; i < x.n; i++)
		assert(refound_find(&x, x.seat[i]) == i &&
		    !refound_signed(&x, i, &pk));
	bytes_writer_close(&w);
}

static void
check_checkpoint(const uint8_t *data, size_t len)
{
	struct tlog_checkpoint c;
	struct sign_public pk = {{1}};
	const char *at;
	char *text = malloc(len + 1);

	assert(text);
	memcpy(text, data, len);
	text[len] = '\0';
	if (tlog_checkpoint_get(text, &c, &at) == 0) {
		assert(at >= text && strlen(at) > c.body);
		(void)tlog_checkpoint_signed(at, &c, &pk);
	}
	free(text);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	uint8_t *copy = malloc(len + 1);
	struct bundle b;
	size_t end = 0;

	assert(copy && sign_setup() == 0);
	if (len > 0)
		memcpy(copy, data, len);
	assert(bundle_parse(&b, copy, len) == 0 && b.sound <= len);
	for (size_t i = 0; i < b.nparts; i++) {
		const struct bundle_part *p = &b.parts[i];

		assert(p->at > end && p->at + p->len <= b.sound);
		end = p->at + p->len;
		if (p->seats_len > 0) {
			assert(p->seats_at > end);
			end = p->seats_at + p->seats_len;
			assert(end <= b.sound);
			check_seats(b.data + p->seats_at, p->seats_len);
		}
		if (p->refound_len > 0) {
			assert(p->refound_at > end);
			end = p->refound_at + p->refound_len;
			assert(end <= b.sound);
			check_refound(b.data + p->refound_at, p->refound_len);
		}
		assert((p->kind == BUNDLE_FOUNDING) == (i == 0));
		if (i > 0)
			check_block(b.data + p->at, p->len,
			    p->kind == BUNDLE_HEADS);
	}
	bundle_close(&b);
	check_checkpoint(data, len);
	return 0;
}
