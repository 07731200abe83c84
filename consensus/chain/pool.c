/*
 * pool.c - content-addressed files of answers and undecided blocks.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "consensus/chain/pool.h"
#include "proto/bytes.h"

/* u32 magic, u16 version, u16 kind, u32 len, u32 zero, id[32], sum[32];
 * sum = H("qml.pool", the 48 bytes before || data). */
#define MAGIC 0x514d4c50u /* "QMLP" */
#define VERSION 1
#define SUMMED 48
#define HEAD_LEN (SUMMED + HASH_LEN)

static int
item_name(const struct pool *p, enum pool_kind kind, const struct hash *id,
    char out[static DISK_NAME_MAX])
{
	char hex[HASH_HEX_LEN];
	int n = snprintf(out, DISK_NAME_MAX, "%s/%c-%s", p->dir, (char)kind,
	    hash_hex(id, hex));

	return n < 0 || n >= DISK_NAME_MAX ? -ENAMETOOLONG : 0;
}

static struct hash
item_sum(const uint8_t *head, const void *data, uint32_t len)
{
	struct hash_stream s;

	hash_begin(&s, "qml.pool");
	hash_add(&s, head, SUMMED);
	hash_add(&s, data, len);
	return hash_end(&s);
}

static void
head_put(const struct pool_item *item, uint8_t out[static HEAD_LEN])
{
	struct bytes_writer w = bytes_writer_over(out, HEAD_LEN);
	struct hash sum;

	bytes_put_u32(&w, MAGIC);
	bytes_put_u16(&w, VERSION);
	bytes_put_u16(&w, (uint16_t)item->kind);
	bytes_put_u32(&w, item->len);
	bytes_put_u32(&w, 0);
	bytes_put_hash(&w, &item->id);
	sum = item_sum(out, item->data, item->len);
	bytes_put_hash(&w, &sum);
}

int
pool_open(struct pool *p, struct disk *d, const char *dir)
{
	int rc;

	*p = (struct pool){.disk = d};
	if (strlen(dir) >= sizeof(p->dir))
		return -ENAMETOOLONG;
	memcpy(p->dir, dir, strlen(dir) + 1);
	rc = disk_make_dir(d, dir);
	return rc == 0 ? disk_sync_dir(d, "") : rc;
}

/* -ENOENT unless the file is head and data that belong together. */
static int
read_item(struct disk_file *f, struct pool_item *want, uint8_t **data)
{
	uint8_t head[HEAD_LEN], due[HEAD_LEN];
	uint64_t size;
	uint8_t *buf;
	int rc = disk_size(f, &size);

	if (rc < 0)
		return rc;
	if (size < HEAD_LEN || size - HEAD_LEN > POOL_BYTES_MAX)
		return -ENOENT;
	want->len = (uint32_t)(size - HEAD_LEN);
	buf = malloc(want->len + 1u);
	if (!buf)
		return -ENOMEM;
	rc = disk_read(f, head, HEAD_LEN, 0);
	if (rc == 0)
		rc = disk_read(f, buf, want->len, HEAD_LEN);
	want->data = buf;
	if (rc == 0) {
		head_put(want, due);
		rc = memcmp(head, due, HEAD_LEN) == 0 ? 0 : -ENOENT;
	}
	want->data = NULL;
	if (rc < 0) {
		free(buf);
		return rc == -ENODATA ? -ENOENT : rc;
	}
	*data = buf;
	return 0;
}

int
pool_get(struct pool *p, enum pool_kind kind, const struct hash *id,
    uint8_t **data, uint32_t *len)
{
	struct pool_item item = {.kind = kind, .id = *id};
	char name[DISK_NAME_MAX];
	struct disk_file *f;
	int rc = item_name(p, kind, id, name);

	*data = NULL;
	*len = 0;
	if (rc == 0)
		rc = disk_open(p->disk, name, DISK_READ, &f);
	if (rc < 0)
		return rc;
	rc = read_item(f, &item, data);
	disk_close(f);
	if (rc == 0)
		*len = item.len;
	return rc;
}

static int
write_item(struct disk_file *f, const struct pool_item *item)
{
	uint8_t *buf = malloc(HEAD_LEN + (size_t)item->len);
	int rc;

	if (!buf)
		return -ENOMEM;
	head_put(item, buf);
	memcpy(buf + HEAD_LEN, item->data, item->len);
	rc = disk_write(f, buf, HEAD_LEN + (size_t)item->len, 0);
	free(buf);
	return rc == 0 ? disk_sync(f) : rc;
}

/* The item is there and sound, but perhaps not durable: a crash of the process
 * may have come between the write and its sync. -ENOENT: it is not sound. */
static int
settle_item(struct pool *p, const struct pool_item *item, const char *name)
{
	struct disk_file *f;
	uint8_t *have;
	uint32_t len;
	int rc = pool_get(p, item->kind, &item->id, &have, &len);

	free(have);
	if (rc == 0)
		rc = disk_open(p->disk, name, DISK_WRITE, &f);
	if (rc < 0)
		return rc;
	rc = disk_sync(f);
	disk_close(f);
	return rc;
}

static int
put_one(struct pool *p, const struct pool_item *item)
{
	char name[DISK_NAME_MAX];
	struct disk_file *f;
	int rc, undo;

	if (item->len > POOL_BYTES_MAX)
		return -EMSGSIZE;
	rc = item_name(p, item->kind, &item->id, name);
	if (rc == 0)
		rc = disk_open(p->disk, name, DISK_CREATE, &f);
	if (rc == -EEXIST) {
		rc = settle_item(p, item, name);
		if (rc != -ENOENT)
			return rc;
		rc = disk_unlink(p->disk, name);
		if (rc == 0)
			rc = disk_open(p->disk, name, DISK_CREATE, &f);
	}
	if (rc < 0)
		return rc;
	rc = write_item(f, item);
	disk_close(f);
	if (rc < 0) {
		/* Make room again; what stays counts as absent anyway. */
		undo = disk_unlink(p->disk, name);
		(void)undo;
	}
	return rc;
}

int
pool_put(struct pool *p, const struct pool_item *items, size_t nitems)
{
	size_t i;
	int rc = 0;

	for (i = 0; i < nitems && rc == 0; i++)
		rc = put_one(p, &items[i]);
	/* Also for those that were there: their names may not be durable. */
	if (rc == 0 && nitems > 0)
		rc = disk_sync_dir(p->disk, p->dir);
	return rc;
}

int
pool_drop(struct pool *p, enum pool_kind kind, const struct hash *id)
{
	char name[DISK_NAME_MAX];
	int rc = item_name(p, kind, id, name);

	if (rc == 0)
		rc = disk_unlink(p->disk, name);
	return rc == -ENOENT ? 0 : rc;
}

struct walk {
	pool_list_fn *fn;
	void *arg;
};

static int
walk_one(void *arg, const char *name)
{
	struct walk *w = arg;
	struct hash id;

	if ((name[0] != POOL_ANSWER && name[0] != POOL_BLOCK &&
		name[0] != POOL_POLKA && name[0] != POOL_PASSAGE &&
		name[0] != POOL_PROOF) ||
	    name[1] != '-' || hash_from_hex(name + 2, &id) < 0)
		return 0; /* not ours: leave it alone */
	return w->fn(w->arg, (enum pool_kind)name[0], &id);
}

int
pool_list(struct pool *p, pool_list_fn *fn, void *arg)
{
	struct walk w = {fn, arg};

	return disk_list(p->disk, p->dir, walk_one, &w);
}
