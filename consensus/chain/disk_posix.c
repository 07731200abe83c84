/*
 * disk_posix.c - files of this machine.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "consensus/chain/disk_posix.h"

#define FILE_MODE 0640
#define DIR_MODE 0750

struct posix_file {
	struct disk_file file;
	int fd;
};

static struct disk_posix *
posix_of(struct disk *d)
{
	return (struct disk_posix *)d; /* disk is its first member */
}

static int
fd_of(struct disk_file *f)
{
	return ((struct posix_file *)f)->fd;
}

static int
posix_open(struct disk *d, const char *name, enum disk_mode mode,
    struct disk_file **out)
{
	static const int flags[] = {
	    [DISK_READ] = O_RDONLY,
	    [DISK_WRITE] = O_RDWR,
	    [DISK_CREATE] = O_RDWR | O_CREAT | O_EXCL,
	};
	struct posix_file *f;

	if (posix_of(d)->readonly && mode != DISK_READ)
		return -EROFS;
	f = calloc(1, sizeof(*f));
	if (!f)
		return -ENOMEM;
	f->file.disk = d;
	f->fd = openat(posix_of(d)->dirfd, name, flags[mode] | O_CLOEXEC,
	    FILE_MODE);
	if (f->fd < 0) {
		free(f);
		return -errno;
	}
	*out = &f->file;
	return 0;
}

static void
posix_close(struct disk_file *file)
{
	struct posix_file *f = (struct posix_file *)file;

	/* Nothing to learn from close: what mattered was synced. */
	close(f->fd);
	free(f);
}

static int64_t
posix_read(struct disk_file *f, void *buf, size_t len, uint64_t offset)
{
	ssize_t n = pread(fd_of(f), buf, len, (off_t)offset);

	return n < 0 ? -errno : n;
}

static int64_t
posix_write(struct disk_file *f, const void *buf, size_t len, uint64_t offset)
{
	ssize_t n = pwrite(fd_of(f), buf, len, (off_t)offset);

	return n < 0 ? -errno : n;
}

static int
posix_size(struct disk_file *f, uint64_t *out)
{
	struct stat st;

	if (fstat(fd_of(f), &st) < 0)
		return -errno;
	*out = (uint64_t)st.st_size;
	return 0;
}

static int
posix_reserve(struct disk_file *f, uint64_t size)
{
	int rc;

	do
		rc = posix_fallocate(fd_of(f), 0, (off_t)size);
	while (rc == EINTR);
	return -rc;
}

static int
posix_sync(struct disk_file *f)
{
	return fdatasync(fd_of(f)) < 0 ? -errno : 0;
}

static int
open_dir(struct disk *d, const char *dir)
{
	int fd = openat(posix_of(d)->dirfd, *dir ? dir : ".",
	    O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

static int
posix_sync_dir(struct disk *d, const char *dir)
{
	int rc = 0, fd = open_dir(d, dir);

	if (fd < 0)
		return fd;
	if (fsync(fd) < 0)
		rc = -errno;
	close(fd);
	return rc;
}

static int
posix_make_dir(struct disk *d, const char *dir)
{
	if (posix_of(d)->readonly)
		return -EROFS;
	if (mkdirat(posix_of(d)->dirfd, dir, DIR_MODE) == 0)
		return 0;
	return errno == EEXIST ? 0 : -errno;
}

static int
posix_unlink(struct disk *d, const char *name)
{
	if (posix_of(d)->readonly)
		return -EROFS;
	return unlinkat(posix_of(d)->dirfd, name, 0) < 0 ? -errno : 0;
}

static int
walk(DIR *stream, disk_list_fn *fn, void *arg)
{
	struct dirent *e;
	struct stat st;
	int rc = 0;

	while (rc == 0) {
		errno = 0;
		e = readdir(stream);
		if (!e)
			return -errno;
		if (fstatat(dirfd(stream), e->d_name, &st, 0) < 0)
			continue; /* gone since, or a dangling link */
		if (S_ISREG(st.st_mode))
			rc = fn(arg, e->d_name);
	}
	return rc;
}

static int
posix_list(struct disk *d, const char *dir, disk_list_fn *fn, void *arg)
{
	int rc, fd = open_dir(d, dir);
	DIR *stream;

	if (fd < 0)
		return fd;
	stream = fdopendir(fd);
	if (!stream) {
		rc = -errno;
		close(fd);
		return rc;
	}
	rc = walk(stream, fn, arg);
	closedir(stream);
	return rc;
}

static const struct disk_ops posix_ops = {
    .open = posix_open,
    .close = posix_close,
    .read = posix_read,
    .write = posix_write,
    .reserve = posix_reserve,
    .size = posix_size,
    .sync = posix_sync,
    .sync_dir = posix_sync_dir,
    .make_dir = posix_make_dir,
    .unlink = posix_unlink,
    .list = posix_list,
};

int
disk_posix_open(struct disk_posix *p, const char *root)
{
	*p = DISK_POSIX_INIT;
	p->disk.ops = &posix_ops;
	p->dirfd = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return p->dirfd < 0 ? -errno : 0;
}

int
disk_posix_open_readonly(struct disk_posix *p, const char *root)
{
	int rc = disk_posix_open(p, root);

	p->readonly = true;
	return rc;
}

void
disk_posix_close(struct disk_posix *p)
{
	if (p->dirfd >= 0)
		close(p->dirfd);
	*p = DISK_POSIX_INIT;
}
