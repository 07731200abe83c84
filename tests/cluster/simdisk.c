#include "tests/cluster/simdisk.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct handle {
	struct disk_file file;
	struct simfile *f;
};

static struct simdisk *
of(struct disk *d)
{
	return (struct simdisk *)d;
}

static struct simfile *
find(struct simdisk *d, const char *name)
{
	for (int i = 0; i < SIMDISK_FILES; i++)
		if (!d->files[i].gone && strcmp(d->files[i].name, name) == 0)
			return &d->files[i];
	return NULL;
}

struct simfile *
simdisk_find(struct simdisk *d, const char *name)
{
	return find(d, name);
}

/* Each operation asks here whether its time has come to fail. */
static int
gate(struct simdisk *d, enum simdisk_fail kind)
{
	if (d->fail == SIMDISK_FAIL_NOT)
		return 0;
	if (d->fail_in > 0) {
		d->fail_in--;
		return 0;
	}
	if (d->fail == SIMDISK_FAIL_ALL) {
		d->tripped = true;
		return -EIO;
	}
	if (d->fail != kind)
		return 0;
	d->tripped = true;
	if (kind == SIMDISK_FAIL_FULL)
		return -ENOSPC;
	d->fail = SIMDISK_FAIL_NOT;
	return -EIO;
}

static uint8_t *
larger(uint8_t *old, uint64_t len, uint64_t room)
{
	uint8_t *p = calloc(1, room);

	assert(p != NULL);
	if (len > 0)
		memcpy(p, old, len);
	free(old);
	return p;
}

static void
resize(struct simfile *f, uint64_t size)
{
	if (size > f->size)
		f->size = size;
}

/* Room for what is written; past it a file is zero and costs nothing. Both
 * images grow together, so that a sync copies only what was written. */
static void
fill(struct simfile *f, uint64_t size)
{
	uint64_t room = f->room > 0 ? f->room : 4096;

	while (room < size)
		room *= 2;
	if (room == f->room)
		return;
	f->now = larger(f->now, f->room, room);
	f->safe = larger(f->safe, f->room, room);
	f->room = room;
}

static bool
is_zero(const uint8_t *p, size_t len)
{
	return len == 0 || (p[0] == 0 && memcmp(p, p + 1, len - 1) == 0);
}

static void
mark(struct simfile *f, uint64_t at, uint64_t len)
{
	if (f->ndirty == f->cap) {
		f->cap = f->cap > 0 ? 2 * f->cap : 8;
		f->dirty = realloc(f->dirty, f->cap * sizeof(*f->dirty));
		assert(f->dirty != NULL);
	}
	f->dirty[f->ndirty++] = (struct simrange){at, len};
}

static int
sim_open(struct disk *d, const char *name, enum disk_mode mode,
    struct disk_file **out)
{
	struct simfile *f = find(of(d), name);
	struct handle *h;
	int rc = gate(of(d),
	    mode == DISK_CREATE ? SIMDISK_FAIL_FULL : SIMDISK_FAIL_NOT);

	if (rc < 0)
		return rc;
	if (mode == DISK_CREATE && f != NULL)
		return -EEXIST;
	if (mode != DISK_CREATE && f == NULL)
		return -ENOENT;
	if (f == NULL) {
		f = find(of(d), "");
		assert(f != NULL);
		*f = (struct simfile){0};
		strncpy(f->name, name, sizeof(f->name) - 1);
	}
	h = calloc(1, sizeof(*h));
	assert(h != NULL);
	h->f = f;
	h->file.disk = d;
	*out = &h->file;
	return 0;
}

static void
sim_close(struct disk_file *f)
{
	free((struct handle *)f);
}

static int64_t
sim_read(struct disk_file *df, void *buf, size_t len, uint64_t offset)
{
	struct simfile *f = ((struct handle *)df)->f;
	int rc = gate(of(df->disk), SIMDISK_FAIL_NOT);
	size_t in;

	if (rc < 0)
		return rc;
	if (offset >= f->size)
		return 0;
	if (len > f->size - offset)
		len = f->size - offset;
	in = offset < f->room ? (size_t)(f->room - offset) : 0;
	in = in < len ? in : len;
	if (in > 0)
		memcpy(buf, f->now + offset, in);
	memset((uint8_t *)buf + in, 0, len - in);
	return (int64_t)len;
}

static int64_t
sim_write(struct disk_file *df, const void *buf, size_t len, uint64_t offset)
{
	struct simfile *f = ((struct handle *)df)->f;
	int rc = gate(of(df->disk),
	    offset + len > f->size ? SIMDISK_FAIL_FULL : SIMDISK_FAIL_NOT);

	if (rc < 0)
		return rc;
	resize(f, offset + len);
	if (offset >= f->room && is_zero(buf, len)) {
		mark(f, offset, 0);
		return (int64_t)len;
	}
	fill(f, offset + len);
	memcpy(f->now + offset, buf, len);
	mark(f, offset, len);
	return (int64_t)len;
}

static int
sim_reserve(struct disk_file *df, uint64_t size)
{
	int rc = gate(of(df->disk), SIMDISK_FAIL_FULL);

	if (rc == 0)
		resize(((struct handle *)df)->f, size);
	return rc;
}

static int
sim_size(struct disk_file *df, uint64_t *out)
{
	*out = ((struct handle *)df)->f->size;
	return 0;
}

static void
harden(struct simfile *f)
{
	for (size_t i = 0; i < f->ndirty; i++)
		if (f->dirty[i].len > 0)
			memcpy(f->safe + f->dirty[i].at,
			    f->now + f->dirty[i].at, f->dirty[i].len);
	f->ndirty = 0;
	f->safe_size = f->size;
}

static int
sim_sync(struct disk_file *df)
{
	int rc = gate(of(df->disk), SIMDISK_FAIL_SYNC);

	if (rc == 0)
		harden(((struct handle *)df)->f);
	of(df->disk)->nsyncs++;
	return rc;
}

static bool
in_dir(const char *name, const char *dir)
{
	size_t n = strlen(dir);

	if (n == 0)
		return strchr(name, '/') == NULL;
	return strncmp(name, dir, n) == 0 && name[n] == '/';
}

static void
forget(struct simfile *f)
{
	free(f->now);
	free(f->safe);
	free(f->dirty);
	*f = (struct simfile){0};
}

static int
sim_sync_dir(struct disk *d, const char *dir)
{
	int rc = gate(of(d), SIMDISK_FAIL_SYNC);

	for (int i = 0; i < SIMDISK_FILES && rc == 0; i++) {
		struct simfile *f = &of(d)->files[i];

		if (f->name[0] == '\0' || !in_dir(f->name, dir))
			continue;
		f->linked = true;
		if (f->gone)
			forget(f);
	}
	return rc;
}

static int
sim_make_dir(struct disk *d, const char *dir)
{
	(void)d;
	(void)dir;
	return 0;
}

static int
sim_unlink(struct disk *d, const char *name)
{
	struct simfile *f = find(of(d), name);
	int rc = gate(of(d), SIMDISK_FAIL_NOT);

	if (rc < 0)
		return rc;
	if (f == NULL)
		return -ENOENT;
	if (f->linked)
		f->gone = true;
	else
		forget(f);
	return 0;
}

static int
sim_list(struct disk *d, const char *dir, disk_list_fn *fn, void *arg)
{
	size_t n = strlen(dir);
	int rc = 0;

	for (int i = 0; i < SIMDISK_FILES && rc == 0; i++) {
		const char *name = of(d)->files[i].name;

		if (name[0] != '\0' && !of(d)->files[i].gone &&
		    in_dir(name, dir))
			rc = fn(arg, name + (n > 0 ? n + 1 : 0));
	}
	return rc;
}

static const struct disk_ops ops = {
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
simdisk_init(struct simdisk *d)
{
	*d = (struct simdisk){.disk = {.ops = &ops}, .lose = true};
}

/* Was a new file made under this name since? */
static bool
find_twice(const struct simdisk *d, const struct simfile *f)
{
	for (int i = 0; i < SIMDISK_FILES; i++)
		if (&d->files[i] != f && strcmp(d->files[i].name, f->name) == 0)
			return true;
	return false;
}

/* Each sector written since the last sync survives or not, on its own. */
static void
crash_file(struct simdisk *d, struct simfile *f, struct rng *rng)
{
	if ((!f->linked || f->gone) && rng_chance(rng, 500)) {
		forget(f);
		return;
	}
	if (f->gone) { /* the deletion was not durable: it is back */
		f->gone = false;
		if (find_twice(d, f))
			forget(f);
		if (f->name[0] == '\0')
			return;
	}
	for (size_t i = 0; i < f->ndirty; i++) {
		const struct simrange *r = &f->dirty[i];

		for (uint64_t at = r->at; at < r->at + r->len;
		     at = (at / DISK_SECTOR + 1) * DISK_SECTOR) {
			uint64_t len = DISK_SECTOR - at % DISK_SECTOR;

			if (len > r->at + r->len - at)
				len = r->at + r->len - at;
			if (rng_chance(rng, 500))
				continue;
			d->nlost++;
			memcpy(f->now + at, f->safe + at, len);
		}
	}
	if (f->safe_size < f->size && rng_chance(rng, 500))
		f->size = f->safe_size; /* the rest was never allocated */
	if (f->room > f->size)
		memset(f->now + f->size, 0, f->room - f->size);
	f->linked = true;
	harden(f);
}

void
simdisk_crash(struct simdisk *d, struct rng *rng)
{
	d->disk.dead = false;
	d->fail = SIMDISK_FAIL_NOT;
	d->tripped = false;
	for (int i = 0; i < SIMDISK_FILES && d->lose; i++)
		if (d->files[i].name[0] != '\0')
			crash_file(d, &d->files[i], rng);
}

const char *
simdisk_unsynced(const struct simdisk *d, const char *prefix)
{
	size_t n = strlen(prefix);

	for (int i = 0; i < SIMDISK_FILES; i++) {
		const struct simfile *f = &d->files[i];

		if (f->name[0] != '\0' && !f->gone &&
		    strncmp(f->name, prefix, n) == 0 &&
		    (f->ndirty > 0 || !f->linked))
			return f->name;
	}
	return NULL;
}

void
simdisk_harden(struct simfile *f)
{
	harden(f);
}

void
simdisk_close(struct simdisk *d)
{
	for (int i = 0; i < SIMDISK_FILES; i++)
		forget(&d->files[i]);
}
