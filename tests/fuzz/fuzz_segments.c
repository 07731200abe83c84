/*
 * fuzz_segments.c - a chain folder of arbitrary bytes.
 *
 * The input is the first segment file. Reading never changes it; repair
 * either refuses or leaves a log that opens cleanly, with the same records,
 * and takes an append.
 */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "consensus/chain/segments.h"

#define FILES 4

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

struct mem_file {
	struct disk_file file;
	char name[DISK_NAME_MAX];
	uint8_t *data;
	size_t len;
};

/* A disk that only knows success. */
struct mem_disk {
	struct disk disk;
	struct mem_file files[FILES];
	unsigned nfiles;
	unsigned nchanges;
};

static struct mem_disk *
mem_of(struct disk *d)
{
	return (struct mem_disk *)d;
}

static int
mem_open(struct disk *d, const char *name, enum disk_mode mode,
    struct disk_file **out)
{
	struct mem_disk *m = mem_of(d);
	unsigned i;

	for (i = 0; i < m->nfiles; i++)
		if (!strcmp(m->files[i].name, name))
			break;
	if (i < m->nfiles && mode == DISK_CREATE)
		return -EEXIST;
	if (i == m->nfiles && (mode != DISK_CREATE || i == FILES))
		return -ENOENT;
	if (i == m->nfiles) {
		m->nfiles++;
		memcpy(m->files[i].name, name, strlen(name) + 1);
	}
	m->files[i].file.disk = d;
	*out = &m->files[i].file;
	return 0;
}

static void
mem_close(struct disk_file *f)
{
	(void)f;
}

static int64_t
mem_read(struct disk_file *f, void *buf, size_t len, uint64_t offset)
{
	const struct mem_file *m = (const struct mem_file *)f;

	if (offset >= m->len)
		return 0;
	if (len > m->len - offset)
		len = m->len - (size_t)offset;
	memcpy(buf, m->data + offset, len);
	return (int64_t)len;
}

static int
mem_reserve(struct disk_file *f, uint64_t size)
{
	struct mem_file *m = (struct mem_file *)f;

	mem_of(f->disk)->nchanges++;
	if (size <= m->len)
		return 0;
	m->data = realloc(m->data, (size_t)size);
	if (!m->data)
		abort();
	memset(m->data + m->len, 0, (size_t)size - m->len);
	m->len = (size_t)size;
	return 0;
}

static int64_t
mem_write(struct disk_file *f, const void *buf, size_t len, uint64_t offset)
{
	struct mem_file *m = (struct mem_file *)f;

	if (mem_reserve(f, offset + len) < 0)
		return -ENOSPC;
	if (len == 0)
		return 0;
	memcpy(m->data + offset, buf, len);
	return (int64_t)len;
}

static int
mem_size(struct disk_file *f, uint64_t *out)
{
	*out = ((const struct mem_file *)f)->len;
	return 0;
}

static int
mem_sync(struct disk_file *f)
{
	(void)f;
	return 0;
}

static int
mem_dir(struct disk *d, const char *dir)
{
	(void)d;
	(void)dir;
	return 0;
}

static int
mem_list(struct disk *d, const char *dir, disk_list_fn *fn, void *arg)
{
	unsigned i;
	int rc = 0;

	for (i = 0; i < mem_of(d)->nfiles && rc == 0; i++)
		rc = fn(arg, mem_of(d)->files[i].name + strlen(dir) + 1);
	return rc;
}

static const struct disk_ops mem_ops = {
    .open = mem_open,
    .close = mem_close,
    .read = mem_read,
    .write = mem_write,
    .reserve = mem_reserve,
    .size = mem_size,
    .sync = mem_sync,
    .sync_dir = mem_dir,
    .make_dir = mem_dir,
    .unlink = mem_dir,
    .list = mem_list,
};

static void
must(bool truth)
{
	if (!truth)
		abort();
}

static void
check_reads(struct segments *s)
{
	uint64_t h;
	uint8_t *data;
	uint32_t len;

	for (h = 0; h <= segments_head(s); h++) {
		must(segments_read(s, h, &data, &len) == 0);
		free(data);
	}
}

static void
check_repair(struct disk *d)
{
	struct segments_report r;
	struct segments s;
	struct hash id = {{1}};
	uint64_t head;
	int rc = segments_open(&s, d, SEGMENTS_DIR, SEGMENTS_REPAIR, &r);

	if (rc < 0) {
		must(rc == -EBADMSG || rc == -ENOENT);
		must(rc == -ENOENT || r.verdict != RECORD_OK);
		return;
	}
	head = segments_head(&s);
	check_reads(&s);
	must(segments_append(&s, &id, "block", 5) == 0);
	segments_close(&s);
	must(segments_open(&s, d, SEGMENTS_DIR, SEGMENTS_READ, &r) == 0);
	must(r.verdict == RECORD_OK && segments_head(&s) == head + 1);
	check_reads(&s);
	segments_close(&s);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct mem_disk m = {.disk.ops = &mem_ops};
	struct segments s;
	struct disk_file *f;
	unsigned i, before;
	int rc;

	must(mem_open(&m.disk, SEGMENTS_DIR "/000001.seg", DISK_CREATE, &f) ==
	    0);
	must(mem_write(f, data, len, 0) == (int64_t)len);
	before = m.nchanges;
	rc = segments_open(&s, &m.disk, SEGMENTS_DIR, SEGMENTS_READ, NULL);
	if (rc == 0)
		check_reads(&s);
	must(m.nchanges == before);
	if (rc == 0 || rc == -EBADMSG)
		segments_close(&s);
	check_repair(&m.disk);
	for (i = 0; i < m.nfiles; i++)
		free(m.files[i].data);
	return 0;
}
