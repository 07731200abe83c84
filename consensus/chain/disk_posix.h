/*
 * disk_posix.h - the real disk: a directory of this machine.
 */
#ifndef QML_CONSENSUS_CHAIN_DISK_POSIX_H
#define QML_CONSENSUS_CHAIN_DISK_POSIX_H

#include "consensus/chain/disk.h"

struct disk_posix {
	struct disk disk; /* give &p.disk to the storage modules */
	int dirfd;
	bool readonly;
};

#define DISK_POSIX_INIT ((struct disk_posix){.dirfd = -1})

/* root must exist. New files get mode 0640, new directories 0750. */
int disk_posix_open(struct disk_posix *p, const char *root)
    __attribute__((warn_unused_result));
/* The same, but nothing can be changed: every change is -EROFS. */
int disk_posix_open_readonly(struct disk_posix *p, const char *root)
    __attribute__((warn_unused_result));
void disk_posix_close(struct disk_posix *p); /* accepts DISK_POSIX_INIT */

#endif
