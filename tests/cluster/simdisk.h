/*
 * simdisk.h - a disk in memory that forgets what was not synced.
 *
 * Every file has what was written and what is durable. simdisk_crash() throws
 * away unsynced writes, each 512-byte sector on its own by a seeded coin, and
 * unsynced directory entries. Implements struct disk.
 */
#ifndef QML_TESTS_CLUSTER_SIMDISK_H
#define QML_TESTS_CLUSTER_SIMDISK_H

#include "consensus/chain/disk.h"
#include "tests/cluster/rng.h"

#define SIMDISK_FILES 256

struct simfile {
	char name[DISK_NAME_MAX]; /* "": free */
	uint8_t *now, *safe;      /* [room]; safe is what a crash leaves */
	uint64_t size, safe_size, room;
	struct simrange { /* written since the last sync */
		uint64_t at, len;
	} * dirty;
	size_t ndirty, cap;
	bool linked; /* the directory entry is durable */
};

struct simdisk {
	struct disk disk;
	struct simfile files[SIMDISK_FILES];
	uint64_t nsyncs, nlost; /* sectors */
	bool lose; /* false: the process dies, the machine does not */
};

void simdisk_init(struct simdisk *d);
void simdisk_crash(struct simdisk *d, struct rng *rng);
void simdisk_close(struct simdisk *d);

#endif
