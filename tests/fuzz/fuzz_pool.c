/*
 * fuzz_pool.c - one file of the pool, of arbitrary bytes.
 *
 * First byte: bit 0, the head is made to fit the rest, which is then what get
 * gives back; bit 1, the file's name too is of the input. What does not fit
 * counts as absent, is written over by put, and then reads as what was put.
 */
#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "consensus/chain/pool.h"
#include "tests/fuzz/memdisk.h"

#define FITS 1
#define NAMED 2
#define NAME_LEN 66 /* of a good one, "a-" and 64 digits */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static const struct hash id = {{7}};

static int
see(void *arg, enum pool_kind kind, const struct hash *h)
{
	(void)h;
	assert(kind == POOL_ANSWER || kind == POOL_BLOCK ||
	    kind == POOL_POLKA || kind == POOL_PASSAGE || kind == POOL_PROOF);
	++*(unsigned *)arg;
	return 0;
}

/* Any name a directory can hold. */
static void
list_named(struct memdisk *m, struct pool *p, const uint8_t *data, size_t len)
{
	char name[DISK_NAME_MAX] = POOL_DIR "/";
	size_t n = strlen(name);
	unsigned seen = 0;

	for (size_t i = 0;
	     i < len && i < NAME_LEN && data[i] != '\0' && data[i] != '/'; i++)
		name[n++] = (char)data[i];
	memdisk_put(m, name, "", 0);
	assert(pool_list(p, see, &seen) == 0 && seen <= 2);
}

static void
check_get(struct pool *p, const struct pool_item *want)
{
	uint8_t *data;
	uint32_t len;

	assert(pool_get(p, want->kind, &want->id, &data, &len) == 0);
	assert(len == want->len);
	assert(len == 0 || memcmp(data, want->data, len) == 0);
	free(data);
}

/* A sound file, then one byte of it changed. */
static void
sound(struct memdisk *m, struct pool *p, const uint8_t *data, size_t len)
{
	const struct pool_item item = {POOL_BLOCK, id, data, (uint32_t)len};
	struct memdisk_file *f;
	uint8_t *out;
	size_t at = 0;
	uint32_t n;

	assert(pool_put(p, &item, 1) == 0);
	check_get(p, &item);
	f = &m->files[0];
	if (len > 0)
		at = ((size_t)data[0] << 8 | data[len - 1]) % f->len;
	f->data[at] ^= 1;
	assert(pool_get(p, item.kind, &id, &out, &n) == -ENOENT && !out);
	assert(pool_put(p, &item, 1) == 0);
	check_get(p, &item);
}

static void
damaged(struct memdisk *m, struct pool *p, const uint8_t *data, size_t len)
{
	const struct pool_item item = {POOL_ANSWER, id, "new", 3};
	char name[DISK_NAME_MAX] = POOL_DIR "/a-";
	uint8_t *out;
	uint32_t n;
	int rc;

	hash_hex(&id, name + strlen(name));
	memdisk_put(m, name, data, len);
	rc = pool_get(p, POOL_ANSWER, &id, &out, &n);
	assert(rc == -ENOENT || (rc == 0 && n < len));
	free(out);
	if (rc == 0)
		return;
	assert(pool_put(p, &item, 1) == 0);
	check_get(p, &item);
	assert(pool_drop(p, POOL_ANSWER, &id) == 0);
	assert(pool_drop(p, POOL_ANSWER, &id) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct memdisk m;
	struct pool p;

	if (len == 0)
		return 0;
	memdisk_init(&m);
	assert(pool_open(&p, &m.disk, POOL_DIR) == 0);
	if (data[0] & FITS)
		sound(&m, &p, data + 1, len - 1);
	else
		damaged(&m, &p, data + 1, len - 1);
	if (data[0] & NAMED)
		list_named(&m, &p, data + 1, len - 1);
	memdisk_close(&m);
	return 0;
}
