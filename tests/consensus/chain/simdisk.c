#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "simdisk.h"

struct sim_file {
	struct disk_file file;
	struct simdisk_node *node;
	bool writable;
};

static struct simdisk *
sim_of(struct disk *d)
{
	return (struct simdisk *)d;
}

static struct simdisk_node *
node_of(struct disk_file *f)
{
	return ((struct sim_file *)f)->node;
}

static uint64_t
next_random(struct simdisk *s)
{
	uint64_t z = (s->random += 0x9e3779b97f4a7c15u);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

static int
count_call(struct simdisk *s)
{
	s->calls++;
	return s->calls == s->fail_at ? s->fail_with : 0;
}

static void
resize(struct simdisk_image *m, size_t size)
{
	m->data = realloc(m->data, size + 1);
	assert(m->data);
	if (size > m->size)
		memset(m->data + m->size, 0, size - m->size);
	m->size = size;
}

static void
copy_image(struct simdisk_image *to, const struct simdisk_image *from)
{
	resize(to, from->size);
	memcpy(to->data, from->data ? from->data : to->data, from->size);
}

static struct simdisk_node *
find_node(struct simdisk *s, const char *name)
{
	int i;

	for (i = 0; i < SIMDISK_FILES; i++)
		if (s->nodes[i].used && s->nodes[i].linked &&
		    !strcmp(s->nodes[i].name, name))
			return &s->nodes[i];
	return NULL;
}

static struct simdisk_node *
new_node(struct simdisk *s, const char *name)
{
	int i;

	for (i = 0; s->nodes[i].used; i++)
		assert(i + 1 < SIMDISK_FILES);
	assert(strlen(name) < DISK_NAME_MAX);
	memcpy(s->nodes[i].name, name, strlen(name) + 1);
	s->nodes[i].used = s->nodes[i].linked = true;
	resize(&s->nodes[i].now, 0);
	resize(&s->nodes[i].durable, 0);
	return &s->nodes[i];
}

static int
sim_open(struct disk *d, const char *name, enum disk_mode mode,
    struct disk_file **out)
{
	struct simdisk *s = sim_of(d);
	struct simdisk_node *n = find_node(s, name);
	struct sim_file *f;
	int rc = 0;

	if (mode == DISK_CREATE)
		rc = n ? -EEXIST : count_call(s);
	else if (!n)
		rc = -ENOENT;
	if (rc < 0)
		return rc;
	f = calloc(1, sizeof(*f));
	assert(f);
	f->file.disk = d;
	f->node = n ? n : new_node(s, name);
	f->writable = mode != DISK_READ;
	*out = &f->file;
	return 0;
}

static void
sim_close(struct disk_file *f)
{
	free(f);
}

static int64_t
sim_read(struct disk_file *f, void *buf, size_t len, uint64_t offset)
{
	const struct simdisk_image *m = &node_of(f)->now;

	if (offset >= m->size)
		return 0;
	/* Short reads: callers must loop. */
	if (len > 1000 && len < 5000)
		len /= 2;
	if (len > m->size - offset)
		len = m->size - (size_t)offset;
	memcpy(buf, m->data + offset, len);
	return (int64_t)len;
}

static size_t
bytes_used(const struct simdisk *s)
{
	size_t sum = 0;
	int i;

	for (i = 0; i < SIMDISK_FILES; i++)
		sum += s->nodes[i].used ? s->nodes[i].now.size : 0;
	return sum;
}

static int
grow(struct simdisk *s, struct simdisk_image *m, size_t size)
{
	if (size <= m->size)
		return 0;
	if (s->bytes_max && bytes_used(s) + size - m->size > s->bytes_max)
		return -ENOSPC;
	resize(m, size);
	return 0;
}

static int64_t
sim_write(struct disk_file *f, const void *buf, size_t len, uint64_t offset)
{
	struct simdisk *s = sim_of(f->disk);
	struct simdisk_image *m = &node_of(f)->now;
	int rc = count_call(s);

	assert(((struct sim_file *)f)->writable);
	if (rc < 0 && len > DISK_SECTOR) /* a failed write may be half done */
		len = DISK_SECTOR;
	if (rc == 0 || offset + len <= m->size)
		rc = grow(s, m, (size_t)offset + len) < 0 ? -ENOSPC : rc;
	if (offset + len <= m->size)
		memcpy(m->data + offset, buf, len);
	return rc < 0 ? rc : (int64_t)len;
}

static int
sim_reserve(struct disk_file *f, uint64_t size)
{
	struct simdisk *s = sim_of(f->disk);
	int rc = count_call(s);

	return rc < 0 ? rc : grow(s, &node_of(f)->now, (size_t)size);
}

static int
sim_size(struct disk_file *f, uint64_t *out)
{
	*out = node_of(f)->now.size;
	return 0;
}

static int
sim_sync(struct disk_file *f)
{
	struct simdisk *s = sim_of(f->disk);
	int rc = count_call(s);

	s->nsyncs++;
	if (rc == 0)
		copy_image(&node_of(f)->durable, &node_of(f)->now);
	return rc;
}

/* Directories are prefixes: "" is the root. */
static const char *
inside(const char *dir, const char *name)
{
	size_t n = strlen(dir);

	if (n > 0) {
		if (strncmp(dir, name, n) != 0 || name[n] != '/')
			return NULL;
		name += n + 1;
	}
	return strchr(name, '/') ? NULL : name;
}

static int
sim_sync_dir(struct disk *d, const char *dir)
{
	struct simdisk *s = sim_of(d);
	int i, rc = count_call(s);

	for (i = 0; i < SIMDISK_FILES && rc == 0; i++)
		if (s->nodes[i].used && inside(dir, s->nodes[i].name))
			s->nodes[i].linked_durably = s->nodes[i].linked;
	return rc;
}

static int
sim_make_dir(struct disk *d, const char *dir)
{
	(void)dir;
	return count_call(sim_of(d));
}

static int
sim_unlink(struct disk *d, const char *name)
{
	struct simdisk_node *n = find_node(sim_of(d), name);
	int rc = n ? count_call(sim_of(d)) : -ENOENT;

	if (rc == 0)
		n->linked = false;
	return rc;
}

static int
sim_list(struct disk *d, const char *dir, disk_list_fn *fn, void *arg)
{
	struct simdisk *s = sim_of(d);
	const char *name;
	int i, rc = 0;

	for (i = 0; i < SIMDISK_FILES && rc == 0; i++) {
		if (!s->nodes[i].used || !s->nodes[i].linked)
			continue;
		name = inside(dir, s->nodes[i].name);
		if (name)
			rc = fn(arg, name);
	}
	return rc;
}

static const struct disk_ops sim_ops = {
    .open = sim_open,
    .close = sim_close,
    .read = sim_read,
    .write = sim_write,
    .reserve = sim_reserve,
    .size = sim_size,
    .sync = sim_sync,
    .sync_dir = sim_sync_dir,
    .make_dir = sim_make_dir,
    .unlink = sim_unlink,
    .list = sim_list,
};

void
simdisk_init(struct simdisk *s, uint64_t seed)
{
	*s = (struct simdisk){.disk.ops = &sim_ops, .random = seed};
}

void
simdisk_close(struct simdisk *s)
{
	int i;

	for (i = 0; i < SIMDISK_FILES; i++) {
		free(s->nodes[i].now.data);
		free(s->nodes[i].durable.data);
	}
}

static void
crash_file(struct simdisk *s, struct simdisk_node *n)
{
	size_t at, len;

	if (n->now.size > n->durable.size && next_random(s) % 2)
		resize(&n->durable, n->now.size);
	for (at = 0; at < n->durable.size && at < n->now.size;
	     at += DISK_SECTOR) {
		len = n->durable.size - at;
		if (len > DISK_SECTOR)
			len = DISK_SECTOR;
		if (len > n->now.size - at)
			len = n->now.size - at;
		if (next_random(s) % 2)
			memcpy(n->durable.data + at, n->now.data + at, len);
	}
	copy_image(&n->now, &n->durable);
}

void
simdisk_crash(struct simdisk *s)
{
	struct simdisk_node *n;
	int i;

	for (i = 0; i < SIMDISK_FILES; i++) {
		n = &s->nodes[i];
		if (!n->used)
			continue;
		crash_file(s, n);
		if (n->linked != n->linked_durably && next_random(s) % 2)
			n->linked_durably = n->linked;
		n->linked = n->linked_durably;
	}
	s->disk.dead = false;
	s->fail_at = 0;
}

struct simdisk_image *
simdisk_image(struct simdisk *s, const char *name)
{
	struct simdisk_node *n = find_node(s, name);

	return n ? &n->now : NULL;
}

void
simdisk_flip(struct simdisk *s, const char *name, size_t bit)
{
	struct simdisk_node *n = find_node(s, name);

	assert(n && bit / 8 < n->now.size);
	n->now.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
	if (bit / 8 < n->durable.size)
		n->durable.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
}
