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
	uint8_t *now, *safe;      /* [room]; safe is what a crash leaves;
				   * past that a file is zero */
	uint64_t size, safe_size, room;
	struct simrange { /* written since the last sync */
		uint64_t at, len;
	} * dirty;
	size_t ndirty, cap;
	bool linked; /* the directory entry is durable */
	bool gone;   /* unlinked, and not yet for good */
};

enum simdisk_fail {
	SIMDISK_FAIL_NOT,
	SIMDISK_FAIL_ALL,  /* the process is dead: nothing works any more */
	SIMDISK_FAIL_SYNC, /* the next sync says -EIO */
	SIMDISK_FAIL_FULL, /* writes that need room say -ENOSPC */
};

struct simdisk {
	struct disk disk;
	struct simfile files[SIMDISK_FILES];
	uint64_t nsyncs, nlost; /* sectors */
	bool lose; /* false: the process dies, the machine does not */
	enum simdisk_fail fail;
	uint64_t fail_in; /* operations until it does */
	bool tripped;     /* it did */
};

void simdisk_init(struct simdisk *d);
/* The process dies, with lose also the machine; failures are mended. */
void simdisk_crash(struct simdisk *d, struct rng *rng);
/* The first file with this start of its name that a power cut could still
 * change; NULL: none. */
const char *simdisk_unsynced(const struct simdisk *d, const char *prefix);
/* NULL: no such file. */
struct simfile *simdisk_find(struct simdisk *d, const char *name);
/* After a change to f->now behind the back of whoever wrote it. */
void simdisk_harden(struct simfile *f);
void simdisk_close(struct simdisk *d);

#endif
