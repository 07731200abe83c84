/*
 * erase.h - destroy a secret in a file, as far as a file system lets one.
 */
#ifndef QML_DAEMON_NODE_ERASE_H
#define QML_DAEMON_NODE_ERASE_H

#include <stdbool.h>

struct erase_report {
	const char *filesystem; /* "ext", "btrfs", ..., "unknown" */
	/* Overwriting reaches the blocks where the bytes were. Journals,
	 * snapshots, backups and a drive's own spare blocks are beyond any
	 * program's reach in either case. */
	bool in_place;
};

/* Overwrites a plain file of ours with random bytes and with zeroes, each time
 * to the disk, removes its name and syncs the folder. *out is filled once it
 * is open. -ENOENT, -EINVAL (no plain file, one with other names, or too large
 * to be a secret), -errno: it may still be there. */
int erase_file(const char *path, struct erase_report *out)
    __attribute__((warn_unused_result));

#endif
