/*
 * rowfile.h - rows beyond memory: a mapped file without a name.
 *
 * In TMPDIR or /var/tmp, mode 0600, removed as soon as it is made, so that it
 * goes with the process; the kernel keeps in memory what is being used. Space
 * is reserved before it is used, so a full disk is an error, not a signal.
 */
#ifndef QML_DAEMON_TRAINER_ROWFILE_H
#define QML_DAEMON_TRAINER_ROWFILE_H

#include <stddef.h>

struct rowfile {
	int fd;
	void *map;
	size_t bytes;
};

#define ROWFILE_INIT     \
	{                \
		.fd = -1 \
	}

/* Makes it, or makes it longer; what is in it stays and map may move.
 * -ENOSPC; -ENOMEM; -errno. */
int rowfile_grow(struct rowfile *r, size_t bytes)
    __attribute__((warn_unused_result));
/* Cut to bytes > 0; the mapping is the caller's, to be ended with munmap(map,
 * bytes), and *r is ROWFILE_INIT. NULL: it could not be mapped again, and
 * then *r is as it was. */
void *rowfile_take(struct rowfile *r, size_t bytes)
    __attribute__((warn_unused_result));
void rowfile_close(struct rowfile *r); /* accepts ROWFILE_INIT */

#endif
