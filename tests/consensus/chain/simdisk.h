/*
 * simdisk.h - a disk in memory that does what real ones do at the worst time.
 *
 * simdisk_crash() is a power cut: of every file any subset of the unsynced
 * 512-byte sectors survives, a grown size or a new or removed name may or may
 * not. fail_at makes the k-th changing call fail. Deterministic by seed.
 */
#ifndef QML_TESTS_CONSENSUS_CHAIN_SIMDISK_H
#define QML_TESTS_CONSENSUS_CHAIN_SIMDISK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "consensus/chain/disk.h"

#define SIMDISK_FILES 64

struct simdisk_image {
	uint8_t *data;
	size_t size;
};

struct simdisk_node {
	char name[DISK_NAME_MAX];
	bool used;
	bool linked;         /* has a name now */
	bool linked_durably; /* has one after a power cut */
	struct simdisk_image now;
	struct simdisk_image durable;
};

struct simdisk {
	struct disk disk;
	struct simdisk_node nodes[SIMDISK_FILES];
	uint64_t random;  /* state */
	uint64_t calls;   /* changing calls so far */
	uint64_t fail_at; /* this one fails; 0: none */
	int fail_with;    /* negative errno */
	uint64_t nsyncs;
	size_t bytes_max; /* of all files together; 0: no limit */
};

void simdisk_init(struct simdisk *s, uint64_t seed);
void simdisk_close(struct simdisk *s);
/* Handles that are open are dead afterwards, but must still be closed. */
void simdisk_crash(struct simdisk *s);
/* What is in memory now: for tests that damage bytes. NULL: no such file. */
struct simdisk_image *simdisk_image(struct simdisk *s, const char *name);
/* Flip a bit in what is in memory and on the platter. */
void simdisk_flip(struct simdisk *s, const char *name, size_t bit);

#endif
