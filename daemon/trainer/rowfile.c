#include "daemon/trainer/rowfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

static int
make_file(void)
{
	const char *dir = getenv("TMPDIR");
	char path[1024];
	int fd, n;

	n = snprintf(path, sizeof(path), "%s/qmltrain-XXXXXX",
	    dir && dir[0] ? dir : "/var/tmp");
	if (n < 0 || (size_t)n >= sizeof(path))
		return -ENAMETOOLONG;
	fd = mkstemp(path);
	if (fd < 0)
		return -errno;
	if (unlink(path) != 0 || fcntl(fd, F_SETFD, FD_CLOEXEC) != 0) {
		n = -errno;
		close(fd);
		return n;
	}
	return fd;
}

static int
map_file(struct rowfile *r, size_t bytes)
{
	void *map =
	    mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, r->fd, 0);

	if (map == MAP_FAILED)
		return -errno;
	if (r->map)
		munmap(r->map, r->bytes);
	r->map = map;
	r->bytes = bytes;
	return 0;
}

int
rowfile_grow(struct rowfile *r, size_t bytes)
{
	int rc;

	if (bytes <= r->bytes)
		return 0;
	if (r->fd < 0) {
		rc = make_file();
		if (rc < 0)
			return rc;
		r->fd = rc;
	}
	rc = posix_fallocate(r->fd, 0, (off_t)bytes);
	return rc != 0 ? -rc : map_file(r, bytes);
}

void *
rowfile_take(struct rowfile *r, size_t bytes)
{
	void *map;

	if (map_file(r, bytes) < 0)
		return NULL;
	/* Only the tail goes; a failure leaves a longer file, no wrong row. */
	(void)!ftruncate(r->fd, (off_t)bytes);
	close(r->fd);
	map = r->map;
	*r = (struct rowfile)ROWFILE_INIT;
	return map;
}

void
rowfile_close(struct rowfile *r)
{
	if (r->map)
		munmap(r->map, r->bytes);
	if (r->fd >= 0)
		close(r->fd);
	*r = (struct rowfile)ROWFILE_INIT;
}
