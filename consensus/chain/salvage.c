#include "consensus/chain/salvage.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHUNK (1u << 20)
#define COPIES_MAX 1000u /* of one segment */

struct salvage {
	struct disk *disk;
	const char *dir;
	uint8_t *buf;   /* [CHUNK] */
	uint32_t last;  /* highest number there is */
	uint32_t from;  /* segment of the damage */
	uint64_t start; /* of the damaged record */
};

static int
find_last(void *arg, const char *name)
{
	struct salvage *s = arg;
	uint32_t n = segments_file_number(name);

	if (n > s->last)
		s->last = n;
	return 0;
}

/* A file that is not there yet: copies of earlier damage stay. */
static int
open_copy(struct salvage *s, uint32_t number, char name[static DISK_NAME_MAX],
    struct disk_file **out)
{
	int rc = -EEXIST, n;

	for (unsigned k = 1; rc == -EEXIST && k <= COPIES_MAX; k++) {
		n = snprintf(name, DISK_NAME_MAX, "%s%s%06u.damaged-%u", s->dir,
		    *s->dir ? "/" : "", number, k);
		if (n < 0 || (size_t)n >= DISK_NAME_MAX)
			return -ENAMETOOLONG;
		rc = disk_open(s->disk, name, DISK_CREATE, out);
	}
	return rc;
}

static int
copy(struct salvage *s, struct disk_file *from, uint64_t at,
    struct disk_file *to)
{
	uint64_t size, done = 0;
	size_t n;
	int rc = disk_size(from, &size);

	if (rc == 0 && size > at)
		rc = disk_reserve(to, size - at);
	while (rc == 0 && at < size) {
		n = size - at < CHUNK ? (size_t)(size - at) : CHUNK;
		rc = disk_read(from, s->buf, n, at);
		if (rc == 0)
			rc = disk_write(to, s->buf, n, done);
		at += n;
		done += n;
	}
	return rc == 0 ? disk_sync(to) : rc;
}

/* Its bytes from `at` on, durable under another name. */
static int
keep(struct salvage *s, uint32_t number, uint64_t at)
{
	struct disk_file *from = NULL, *to = NULL;
	char name[DISK_NAME_MAX];
	int undo, rc = segments_file_name(s->dir, number, name, sizeof(name));

	if (rc == 0)
		rc = disk_open(s->disk, name, DISK_READ, &from);
	if (rc == -ENOENT)
		return 0; /* a gap in the numbers is damage too */
	if (rc == 0)
		rc = open_copy(s, number, name, &to);
	if (rc == 0)
		rc = copy(s, from, at, to);
	disk_close(from);
	disk_close(to);
	if (rc == 0 || to == NULL)
		return rc;
	undo = disk_unlink(s->disk, name); /* half a copy is none */
	return undo < 0 ? undo : rc;
}

static int
drop(struct salvage *s, uint32_t number)
{
	char name[DISK_NAME_MAX];
	int rc = segments_file_name(s->dir, number, name, sizeof(name));

	if (rc == 0)
		rc = disk_unlink(s->disk, name);
	return rc == -ENOENT ? 0 : rc;
}

/* Zeros from the end back to start: until the last of them is written, the
 * damaged record still says that something is wrong here. */
static int
cut(struct salvage *s)
{
	struct disk_file *f = NULL;
	char name[DISK_NAME_MAX];
	uint64_t end = 0;
	size_t n;
	int rc = segments_file_name(s->dir, s->from, name, sizeof(name));

	if (rc == 0)
		rc = disk_open(s->disk, name, DISK_WRITE, &f);
	if (rc < 0)
		return rc;
	memset(s->buf, 0, CHUNK);
	rc = disk_size(f, &end);
	while (rc == 0 && end > s->start) {
		n = end - s->start < CHUNK ? (size_t)(end - s->start) : CHUNK;
		end -= n;
		rc = disk_write(f, s->buf, n, end);
	}
	if (rc == 0)
		rc = disk_sync(f);
	disk_close(f);
	return rc;
}

static int
salvage(struct salvage *s)
{
	uint32_t n = s->from;
	int rc = keep(s, n, s->start);

	while (rc == 0 && n++ < s->last)
		rc = keep(s, n, 0);
	if (rc == 0)
		rc = disk_sync_dir(s->disk, s->dir);
	/* The last ones first: a gap would be damage of another kind. */
	for (n = s->last; rc == 0 && n > s->from; n--) {
		rc = drop(s, n);
		if (rc == 0)
			rc = disk_sync_dir(s->disk, s->dir);
	}
	if (rc < 0)
		return rc;
	if (s->start > 0)
		return cut(s);
	rc = drop(s, s->from);
	return rc == 0 ? disk_sync_dir(s->disk, s->dir) : rc;
}

int
salvage_chain(struct disk *d, const char *dir, const struct segments_report *r)
{
	struct salvage s = {.disk = d,
	    .dir = dir,
	    .from = r->segment,
	    .start = r->start};
	int rc = disk_list(d, dir, find_last, &s);

	if (rc < 0)
		return rc;
	s.buf = malloc(CHUNK);
	if (s.buf == NULL)
		return -ENOMEM;
	rc = salvage(&s);
	free(s.buf);
	return rc;
}
