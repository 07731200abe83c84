#include "tests/fuzz/memdisk.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static struct memdisk *
mem_of(struct disk *d)
{
	return (struct memdisk *)d;
}

struct memdisk_file *
memdisk_find(struct memdisk *m, const char *name)
{
	for (unsigned i = 0; i < MEMDISK_FILES; i++)
		if (m->files[i].used && strcmp(m->files[i].name, name) == 0)
			return &m->files[i];
	return NULL;
}

static struct memdisk_file *
add(struct memdisk *m, const char *name)
{
	unsigned i = 0;

	while (i < MEMDISK_FILES && m->files[i].used)
		i++;
	if (i == MEMDISK_FILES || strlen(name) >= DISK_NAME_MAX)
		return NULL;
	m->files[i] = (struct memdisk_file){.used = true};
	m->files[i].file.disk = &m->disk;
	memcpy(m->files[i].name, name, strlen(name) + 1);
	return &m->files[i];
}

static int
mem_open(struct disk *d, const char *name, enum disk_mode mode,
    struct disk_file **out)
{
	struct memdisk_file *f = memdisk_find(mem_of(d), name);

	if (f != NULL && mode == DISK_CREATE)
		return -EEXIST;
	if (f == NULL && mode != DISK_CREATE)
		return -ENOENT;
	if (f == NULL) {
		mem_of(d)->nchanges++;
		f = add(mem_of(d), name);
	}
	if (f == NULL)
		return -ENOSPC;
	*out = &f->file;
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
	const struct memdisk_file *m = (const struct memdisk_file *)f;

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
	struct memdisk_file *m = (struct memdisk_file *)f;

	mem_of(f->disk)->nchanges++;
	if (size <= m->len)
		return 0;
	m->data = realloc(m->data, (size_t)size);
	if (m->data == NULL)
		abort();
	memset(m->data + m->len, 0, (size_t)size - m->len);
	m->len = (size_t)size;
	return 0;
}

static int64_t
mem_write(struct disk_file *f, const void *buf, size_t len, uint64_t offset)
{
	struct memdisk_file *m = (struct memdisk_file *)f;

	if (mem_reserve(f, offset + len) < 0)
		return -ENOSPC;
	if (len > 0)
		memcpy(m->data + offset, buf, len);
	return (int64_t)len;
}

static int
mem_size(struct disk_file *f, uint64_t *out)
{
	*out = ((const struct memdisk_file *)f)->len;
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
mem_unlink(struct disk *d, const char *name)
{
	struct memdisk_file *f = memdisk_find(mem_of(d), name);

	if (f == NULL)
		return -ENOENT;
	mem_of(d)->nchanges++;
	free(f->data);
	*f = (struct memdisk_file){.used = false};
	return 0;
}

/* Plain files of dir only; "" is the root. */
static int
mem_list(struct disk *d, const char *dir, disk_list_fn *fn, void *arg)
{
	const size_t n = strlen(dir);
	int rc = 0;

	for (unsigned i = 0; i < MEMDISK_FILES && rc == 0; i++) {
		const struct memdisk_file *f = &mem_of(d)->files[i];
		const char *base = f->name + (n > 0 ? n + 1 : 0);

		if (f->used && strncmp(f->name, dir, n) == 0 &&
		    strlen(f->name) > n && (n == 0 || f->name[n] == '/') &&
		    strchr(base, '/') == NULL)
			rc = fn(arg, base);
	}
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
    .unlink = mem_unlink,
    .list = mem_list,
};

void
memdisk_init(struct memdisk *m)
{
	*m = (struct memdisk){.disk.ops = &mem_ops};
}

void
memdisk_close(struct memdisk *m)
{
	for (unsigned i = 0; i < MEMDISK_FILES; i++)
		free(m->files[i].data);
	memdisk_init(m);
}

void
memdisk_put(struct memdisk *m, const char *name, const void *data, size_t len)
{
	struct memdisk_file *f = memdisk_find(m, name);

	if (f == NULL)
		f = add(m, name);
	if (f == NULL)
		abort();
	free(f->data);
	f->data = malloc(len + 1);
	if (f->data == NULL)
		abort();
	if (len > 0)
		memcpy(f->data, data, len);
	f->len = len;
}
