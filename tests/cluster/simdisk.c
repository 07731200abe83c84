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

static uint32_t
sum_of(const char *name)
{
	uint32_t h = 0;

	for (; *name != '\0'; name++)
		h = h * 0x01000193u + (uint8_t)*name;
	return h;
}

static struct simfile *
find(struct simdisk *d, const char *name)
{
	const uint32_t sum = sum_of(name);

	for (unsigned i = 0; i < d->nfiles; i++) {
		struct simfile *f = &d->files[i];

		if (f->sum == sum && !f->gone && strcmp(f->name, name) == 0)
			return f;
	}
	return NULL;
}

struct simfile *
simdisk_find(struct simdisk *d, const char *name)
{
	return find(d, name);
}

static struct simfile *
new_file(struct simdisk *d, const char *name)
{
	struct simfile *f = find(d, "");

	if (f == NULL) {
		assert(d->nfiles < SIMDISK_FILES);
		f = &d->files[d->nfiles++];
	}
	*f = (struct simfile){.sum = sum_of(name)};
	strncpy(f->name, name, sizeof(f->name) - 1);
	return f;
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

/* pages */

static struct simpage *free_pages;

static struct simpage *
page_at(const struct simfile *f, uint64_t at)
{
	return at / DISK_PAGE < f->npages ? f->pages[at / DISK_PAGE] : NULL;
}

static struct simpage *
page_new(void)
{
	struct simpage *p = free_pages;

	if (p == NULL)
		p = calloc(1, sizeof(*p));
	else
		free_pages = p->next;
	assert(p != NULL);
	return p;
}

/* For len bytes at `at`, which lie in one page. */
static struct simpage *
page_make(struct simfile *f, uint64_t at, size_t len)
{
	const size_t i = at / DISK_PAGE;
	size_t n = f->npages > 0 ? f->npages : 1;

	while (n <= i)
		n *= 2;
	if (n > f->npages) {
		f->pages = realloc(f->pages, n * sizeof(struct simpage *));
		assert(f->pages != NULL);
		for (size_t k = f->npages; k < n; k++)
			f->pages[k] = NULL;
		f->npages = n;
	}
	if (f->pages[i] == NULL)
		f->pages[i] = page_new();
	if (at % DISK_PAGE + len > f->pages[i]->used)
		f->pages[i]->used = at % DISK_PAGE + len;
	return f->pages[i];
}

static void
pages_free(struct simfile *f)
{
	for (size_t i = 0; i < f->npages; i++) {
		struct simpage *p = f->pages[i];

		if (p == NULL)
			continue;
		memset(p->now, 0, p->used);
		memset(p->safe, 0, p->used);
		p->used = 0;
		p->next = free_pages;
		free_pages = p;
	}
	free(f->pages);
}

/* Of len bytes at `at`, so many lie in its page. */
static size_t
part(uint64_t at, uint64_t len)
{
	const uint64_t in = DISK_PAGE - at % DISK_PAGE;

	return (size_t)(in < len ? in : len);
}

uint8_t
simdisk_byte(const struct simfile *f, uint64_t at)
{
	const struct simpage *p = page_at(f, at);

	return p != NULL ? p->now[at % DISK_PAGE] : 0;
}

void
simdisk_flip(struct simfile *f, uint64_t at, uint8_t bits)
{
	struct simpage *p = page_make(f, at, 1);

	p->now[at % DISK_PAGE] = (uint8_t)(p->now[at % DISK_PAGE] ^ bits);
	p->safe[at % DISK_PAGE] = (uint8_t)(p->safe[at % DISK_PAGE] ^ bits);
}

static void
resize(struct simfile *f, uint64_t size)
{
	if (size > f->size)
		f->size = size;
}

static void
fill(struct simfile *f, uint64_t size)
{
	if (f->room == 0)
		f->room = DISK_PAGE;
	while (f->room < size)
		f->room *= 2;
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
	if (f == NULL)
		f = new_file(of(d), name);
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
	uint8_t *to = buf;
	size_t n;

	if (rc < 0)
		return rc;
	if (offset >= f->size)
		return 0;
	if (len > f->size - offset)
		len = f->size - offset;
	for (size_t done = 0; done < len; done += n, offset += n) {
		const struct simpage *p = page_at(f, offset);

		n = part(offset, len - done);
		if (p != NULL) {
			memcpy(to + done, p->now + offset % DISK_PAGE, n);
			continue;
		}
		while (n < len - done && page_at(f, offset + n) == NULL)
			n += part(offset + n, len - done - n);
		memset(to + done, 0, n);
	}
	return (int64_t)len;
}

static int64_t
sim_write(struct disk_file *df, const void *buf, size_t len, uint64_t offset)
{
	struct simfile *f = ((struct handle *)df)->f;
	int rc = gate(of(df->disk),
	    offset + len > f->size ? SIMDISK_FAIL_FULL : SIMDISK_FAIL_NOT);
	const uint8_t *from = buf;
	size_t n;

	if (rc < 0)
		return rc;
	resize(f, offset + len);
	if (offset >= f->room && is_zero(buf, len)) {
		mark(f, offset, 0);
		return (int64_t)len;
	}
	fill(f, offset + len);
	mark(f, offset, len);
	for (size_t done = 0; done < len; done += n, offset += n) {
		n = part(offset, len - done);
		memcpy(page_make(f, offset, n)->now + offset % DISK_PAGE,
		    from + done, n);
	}
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
	for (size_t i = 0; i < f->ndirty; i++) {
		const struct simrange *r = &f->dirty[i];
		uint64_t n;

		for (uint64_t at = r->at; at < r->at + r->len; at += n) {
			struct simpage *p = page_at(f, at);

			assert(p != NULL);
			n = part(at, r->at + r->len - at);
			memcpy(p->safe + at % DISK_PAGE,
			    p->now + at % DISK_PAGE, n);
		}
	}
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
	pages_free(f);
	free(f->dirty);
	*f = (struct simfile){0};
}

static int
sim_sync_dir(struct disk *d, const char *dir)
{
	int rc = gate(of(d), SIMDISK_FAIL_SYNC);

	for (unsigned i = 0; i < of(d)->nfiles && rc == 0; i++) {
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

	for (unsigned i = 0; i < of(d)->nfiles && rc == 0; i++) {
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
	for (unsigned i = 0; i < d->nfiles; i++)
		if (&d->files[i] != f && strcmp(d->files[i].name, f->name) == 0)
			return true;
	return false;
}

static void
lose(struct simfile *f, uint64_t at, size_t len)
{
	struct simpage *p = page_at(f, at);

	assert(p != NULL);
	memcpy(p->now + at % DISK_PAGE, p->safe + at % DISK_PAGE, len);
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
			lose(f, at, (size_t)len);
		}
	}
	if (f->safe_size < f->size && rng_chance(rng, 500))
		f->size = f->safe_size; /* the rest was never allocated */
	for (uint64_t at = f->size; at < f->room; at += part(at, UINT64_MAX)) {
		struct simpage *p = page_at(f, at);

		if (p != NULL)
			memset(p->now + at % DISK_PAGE, 0,
			    part(at, UINT64_MAX));
	}
	f->linked = true;
	harden(f);
}

void
simdisk_crash(struct simdisk *d, struct rng *rng)
{
	d->disk.dead = false;
	d->fail = SIMDISK_FAIL_NOT;
	d->tripped = false;
	for (unsigned i = 0; i < d->nfiles && d->lose; i++)
		if (d->files[i].name[0] != '\0')
			crash_file(d, &d->files[i], rng);
}

const char *
simdisk_unsynced(const struct simdisk *d, const char *prefix)
{
	size_t n = strlen(prefix);

	for (unsigned i = 0; i < d->nfiles; i++) {
		const struct simfile *f = &d->files[i];

		if ((f->ndirty > 0 || !f->linked) && f->name[0] != '\0' &&
		    !f->gone && strncmp(f->name, prefix, n) == 0)
			return f->name;
	}
	return NULL;
}

void
simdisk_close(struct simdisk *d)
{
	for (unsigned i = 0; i < d->nfiles; i++)
		forget(&d->files[i]);
}
