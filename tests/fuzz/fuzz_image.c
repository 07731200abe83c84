/*
 * fuzz_image.c - the state of a ledger as a checkpoint holds it, damaged where
 * no checksum tells.
 *
 * First byte: bit 0, the books alone; bit 1, the rest is the image itself;
 * else a script of edits of a sound one: u16 where, u8 how (0 and 1: write the
 * next byte, 2: put one in, 3: leave one out), u8 the byte. What is read is
 * written again as the same bytes, and has a root; all else is refused.
 */
#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "consensus/books/body.h"
#include "consensus/books/image.h"
#include "consensus/chain/checkpoint.h"
#include "consensus/ledger/image.h"
#include "proto/bytes.h"
#include "tests/fuzz/village.h"

#define BOOKS 1
#define RAW 2

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

const unsigned long fuzz_runs = 4000;

static struct books_founder founders[VILLAGE_N];

static int
any_job(const void *arg, const uint8_t *bytes, uint32_t len,
    struct books_job *out)
{
	(void)arg;
	(void)bytes;
	*out = (struct books_job){.task = 1, .rounds = 3, .members = 1};
	return len > 0 ? 0 : -EINVAL;
}

static struct books *
new_books(void)
{
	struct books_terms terms = BOOKS_TERMS_DEFAULT;
	struct books *b = NULL;
	int rc;

	terms.job = any_job;
	for (uint16_t i = 0; i < VILLAGE_N; i++) {
		founders[i].key = village_get()->f.members[i].sign;
		memcpy(founders[i].name, "ada", 4);
	}
	rc = books_new(&terms, founders, VILLAGE_N, &b);
	assert(rc == 0);
	return b;
}

/* By founder 0; signatures are not the books' business. */
static struct hash
apply(struct books *b, uint8_t kind, struct bytes_writer *w)
{
	static uint64_t nonce;
	struct tx *t = tx_new((uint32_t)w->len);
	struct hash id;
	int rc;

	assert(t && w->error == 0);
	memcpy(t->body, w->data, w->len);
	t->kind = kind;
	t->sender = founders[0].key;
	t->nonce = nonce++;
	t->fee = 1000;
	t->expires = 100;
	t->id = id = hash_bytes("test", &nonce, sizeof(nonce));
	rc = books_apply(b, t, 1);
	assert(rc == BOOKS_OK);
	tx_unref(t);
	bytes_writer_close(w);
	*w = BYTES_WRITER_INIT;
	return id;
}

/* A row in most of the tables. */
static void
fill(struct books *b)
{
	struct body_transfer transfer = {{{7}}, 5, "hello"};
	struct body_asset asset = {.name = "rows",
	    .root = {{1}},
	    .rows = 9,
	    .tasks = 2,
	    .purpose = "study",
	    .expires = 50};
	struct body_propose propose = {.kind = PROPOSAL_TEXT, .title = "why"};
	struct body_order order = {.purpose = "study",
	    .nassets = 1,
	    .escrow = 90,
	    .price = 10,
	    .job = (const uint8_t *)"job",
	    .job_len = 3};
	struct body_credential credential = {.id = {{2}},
	    .subject = founders[1].key,
	    .type = 1,
	    .expires = 90};
	struct bytes_writer w = BYTES_WRITER_INIT;

	body_transfer_put(&w, &transfer);
	apply(b, TX_TRANSFER, &w);
	body_asset_put(&w, &asset);
	order.assets[0] = apply(b, TX_ASSET_REGISTER, &w);
	body_order_put(&w, &order);
	apply(b, TX_ORDER, &w);
	body_propose_put(&w, &propose);
	apply(b, TX_PROPOSE, &w);
	body_credential_put(&w, &credential);
	apply(b, TX_CREDENTIAL, &w);
}

/* Sound images, made once. */
static const struct bytes_writer *
sound(bool books)
{
	static struct bytes_writer made[2];
	struct walk k = {.to = &made[1]};
	struct ledger *l = NULL;
	struct books *b;
	int rc;

	if (made[0].len > 0)
		return &made[books];
	rc = ledger_new(&village_get()->f, &l);
	assert(rc == 0);
	ledger_image(l, &made[0]);
	ledger_free(l);
	b = new_books();
	fill(b);
	books_image(&k, b);
	books_free(b);
	assert(made[0].error == 0 && made[1].error == 0);
	return &made[books];
}

static void
try_ledger(const uint8_t *data, size_t len, bool good)
{
	struct bytes_writer w = BYTES_WRITER_INIT;
	struct ledger *l = NULL;
	int rc = ledger_of_image(&village_get()->f, data, len, &l);

	assert(rc == 0 || (!good && rc == -EBADMSG));
	if (rc < 0)
		return;
	ledger_image(l, &w);
	assert(w.error == 0 && w.len == len && memcmp(w.data, data, len) == 0);
	(void)ledger_state(l);
	bytes_writer_close(&w);
	ledger_free(l);
}

static void
try_books(const uint8_t *data, size_t len, bool good)
{
	struct bytes_reader r = bytes_reader_of(data, len);
	struct bytes_writer w = BYTES_WRITER_INIT;
	struct walk in = {.from = &r}, out = {.to = &w};
	struct books *b = new_books();

	books_image(&in, b);
	assert(!good || bytes_reader_done(&r));
	if (bytes_reader_done(&r)) {
		books_image(&out, b);
		assert(w.error == 0 && w.len == len &&
		    memcmp(w.data, data, len) == 0);
		(void)books_root(b);
	}
	bytes_writer_close(&w);
	books_free(b);
}

/* *len grows by one an edit at most. */
static void
edit(uint8_t *image, size_t *len, const uint8_t *data, size_t n)
{
	for (; n >= 4; data += 4, n -= 4) {
		size_t at = (size_t)(data[0] << 8 | data[1]) % (*len + 1);

		if (data[2] % 4 == 2) {
			memmove(image + at + 1, image + at, *len - at);
			image[at] = data[3];
			++*len;
		} else if (at < *len && data[2] % 4 == 3) {
			memmove(image + at, image + at + 1, --*len - at);
		} else if (at < *len) {
			image[at] = data[3];
		}
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	void (*try)(const uint8_t *, size_t, bool);
	const struct bytes_writer *base;
	struct ledger *l = NULL;
	uint8_t *image;
	size_t n;
	int rc;

	if (len == 0)
		return 0;
	base = sound(data[0] & BOOKS);
	try = data[0] & BOOKS ? try_books : try_ledger;
	if (data[0] & RAW) {
		try(data + 1, len - 1, false);
		/* Nobody hits upon the hash at its end. */
		rc =
		    checkpoint_decode(&village_get()->f, data + 1, len - 1, &l);
		assert(rc == -EBADMSG && l == NULL);
		return 0;
	}
	n = base->len;
	image = malloc(n + len);
	assert(image);
	memcpy(image, base->data, n);
	edit(image, &n, data + 1, len - 1);
	try(image, n, n == base->len && memcmp(image, base->data, n) == 0);
	free(image);
	return 0;
}
