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

/* A vote log is 2 MiB of which a run writes a few pages: the others are not
 * there, and zero. */
struct simpage {
	uint8_t now[DISK_PAGE], safe[DISK_PAGE]; /* safe: what a crash leaves */
	size_t used;                             /* behind this both are zero */
	struct simpage *next; /* of those that are free, which are zero */
};

struct simfile {
	char name[DISK_NAME_MAX]; /* "": free */
	uint32_t sum;             /* of the name; 0: free */
	struct simpage **pages;   /* [npages]; NULL: zero */
	size_t npages;
	uint64_t size, safe_size, room; /* zeros written past room are free */
	struct simrange {               /* written since the last sync */
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
	unsigned nfiles;        /* none is in use behind these */
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
/* A byte of it; 0 where nothing was written. */
uint8_t simdisk_byte(const struct simfile *f, uint64_t at);
/* Behind the back of whoever wrote it; durable at once. */
void simdisk_flip(struct simfile *f, uint64_t at, uint8_t bits);
void simdisk_close(struct simdisk *d);

#endif
