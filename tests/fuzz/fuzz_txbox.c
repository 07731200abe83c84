/*
 * fuzz_txbox.c - a file of HOME/txs, of arbitrary bytes.
 *
 * It is a whole transaction, or it is gone afterwards; what was kept beside it
 * is there still, and they come in the order of their nonces.
 */
#include <assert.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/node/txbox.h"
#include "tests/fuzz/scratch.h"
#include "tests/fuzz/village.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

const unsigned long fuzz_runs = 2000;

struct seen {
	unsigned n;
	uint64_t nonce;
};

static void
each(void *arg, struct tx *t)
{
	struct seen *s = arg;

	assert(s->n == 0 || t->nonce >= s->nonce);
	s->nonce = t->nonce;
	s->n++;
	tx_unref(t);
}

static struct tx *
ours(void)
{
	struct tx *t = tx_new(3);

	assert(t != NULL);
	t->kind = TX_TRANSFER;
	t->nonce = 5;
	memcpy(t->body, "abc", 3);
	tx_sign(t, village_get()->keys[0], &village_get()->id);
	return t;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const struct hash any = {{3}};
	char name[128], path[512], hex[HASH_HEX_LEN];
	struct seen s = {0};
	struct tx *t = ours();
	unsigned n;
	int rc;

	snprintf(path, sizeof(path), "%s/" TXBOX_DIR, scratch_dir());
	(void)mkdir(path, 0700);
	rc = txbox_keep(scratch_dir(), t);
	assert(rc == 0);
	snprintf(name, sizeof(name), TXBOX_DIR "/%s", hash_hex(&any, hex));
	(void)scratch_put(name, data, len);
	txbox_load(scratch_dir(), each, &s);
	assert(s.n == 1 || s.n == 2);
	assert((access(scratch_path(name), F_OK) == 0) == (s.n == 2));
	n = s.n;
	s = (struct seen){0};
	txbox_load(scratch_dir(), each, &s);
	assert(s.n == n);
	txbox_drop(scratch_dir(), &any);
	txbox_drop(scratch_dir(), &t->id);
	s = (struct seen){0};
	txbox_load(scratch_dir(), each, &s);
	assert(s.n == 0);
	tx_unref(t);
	(void)rmdir(path);
	return 0;
}
