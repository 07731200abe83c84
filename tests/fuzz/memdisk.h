/*
 * memdisk.h - a disk in memory that only knows success, for recovery targets.
 *
 * nchanges counts what would have changed a file, so that a target can say
 * that reading changes nothing.
 */
#ifndef QML_TESTS_FUZZ_MEMDISK_H
#define QML_TESTS_FUZZ_MEMDISK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "consensus/chain/disk.h"

#define MEMDISK_FILES 8

struct memdisk_file {
	struct disk_file file;
	char name[DISK_NAME_MAX];
	bool used;
	uint8_t *data;
	size_t len;
};

struct memdisk {
	struct disk disk;
	struct memdisk_file files[MEMDISK_FILES];
	unsigned nchanges;
};

void memdisk_init(struct memdisk *m);
void memdisk_close(struct memdisk *m);
/* Makes the file, or puts other bytes into it. */
void memdisk_put(struct memdisk *m, const char *name, const void *data,
    size_t len);
/* NULL: no such file. */
struct memdisk_file *memdisk_find(struct memdisk *m, const char *name);

#endif
