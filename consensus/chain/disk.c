/*
 * disk.c - what every disk shares: whole reads and writes, death by sync.
 */
#include <errno.h>

#include "consensus/chain/disk.h"

int
disk_open(struct disk *d, const char *name, enum disk_mode mode,
    struct disk_file **out)
{
	*out = NULL;
	if (d->dead && mode != DISK_READ)
		return -EIO;
	return d->ops->open(d, name, mode, out);
}

void
disk_close(struct disk_file *f)
{
	if (f)
		f->disk->ops->close(f);
}

int
disk_read(struct disk_file *f, void *buf, size_t len, uint64_t offset)
{
	uint8_t *p = buf;
	int64_t n;

	while (len > 0) {
		n = f->disk->ops->read(f, p, len, offset);
		if (n == -EINTR)
			continue;
		if (n < 0)
			return (int)n;
		if (n == 0)
			return -ENODATA;
		p += n;
		len -= (size_t)n;
		offset += (uint64_t)n;
	}
	return 0;
}

int
disk_write(struct disk_file *f, const void *buf, size_t len, uint64_t offset)
{
	const uint8_t *p = buf;
	int64_t n;

	if (f->disk->dead)
		return -EIO;
	while (len > 0) {
		n = f->disk->ops->write(f, p, len, offset);
		if (n == -EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? (int)n : -EIO;
		p += n;
		len -= (size_t)n;
		offset += (uint64_t)n;
	}
	return 0;
}

int
disk_reserve(struct disk_file *f, uint64_t size)
{
	return f->disk->dead ? -EIO : f->disk->ops->reserve(f, size);
}

int
disk_size(struct disk_file *f, uint64_t *out)
{
	return f->disk->ops->size(f, out);
}

int
disk_sync(struct disk_file *f)
{
	int rc;

	if (f->disk->dead)
		return -EIO;
	rc = f->disk->ops->sync(f);
	if (rc < 0)
		f->disk->dead = true;
	return rc;
}

int
disk_sync_dir(struct disk *d, const char *dir)
{
	int rc;

	if (d->dead)
		return -EIO;
	rc = d->ops->sync_dir(d, dir);
	if (rc < 0)
		d->dead = true;
	return rc;
}

int
disk_make_dir(struct disk *d, const char *dir)
{
	return d->dead ? -EIO : d->ops->make_dir(d, dir);
}

int
disk_unlink(struct disk *d, const char *name)
{
	return d->dead ? -EIO : d->ops->unlink(d, name);
}

int
disk_list(struct disk *d, const char *dir, disk_list_fn *fn, void *arg)
{
	return d->ops->list(d, dir, fn, arg);
}
