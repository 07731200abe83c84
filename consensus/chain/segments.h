/*
 * segments.h - the chain on disk: records in numbered segment files.
 *
 * DIR/000001.seg, 000002.seg, ... of at most 64 MiB (a larger single record
 * gets a file of its own), preallocated in 4 MiB steps; what is not written
 * yet is zero, and that is checked. Record 0 embeds the genesis, record h is
 * block h. An append is one write and one sync; when it returns 0 the block
 * survives a power cut. The files are the authority: everything else that a
 * node keeps about the past can be rebuilt from them.
 *
 * The owner of the disk's thread owns this too. Fields are private.
 */
#ifndef QML_CONSENSUS_CHAIN_SEGMENTS_H
#define QML_CONSENSUS_CHAIN_SEGMENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "consensus/chain/disk.h"
#include "consensus/chain/record.h"
#include "proto/hash.h"

#define SEGMENTS_DIR "chain"
#define SEGMENTS_BYTES_MAX (64u << 20)
#define SEGMENTS_STEP (4u << 20) /* preallocation */

enum segments_mode {
	SEGMENTS_READ,   /* audit: nothing is written, nothing is cut */
	SEGMENTS_REPAIR, /* daemon: a torn tail is cut, appends are allowed */
};

/* Where a record lies, and its names. */
struct segments_entry {
	uint32_t segment; /* number in the file name */
	uint32_t len;     /* payload */
	uint64_t offset;  /* of the head in its file */
	struct hash id;
};

/* What open found. verdict RECORD_OK: nothing wrong. */
struct segments_report {
	enum record_verdict verdict;
	uint32_t segment;
	uint64_t offset;    /* first byte of the finding */
	uint64_t end;       /* its last byte */
	uint64_t height;    /* of the record that lies or should lie there */
	uint64_t start;     /* where that record begins */
	uint64_t cut_bytes; /* zeroed by SEGMENTS_REPAIR */
};

struct segments {
	struct disk *disk;
	char dir[DISK_NAME_MAX];
	enum segments_mode mode;
	struct segments_entry *entries; /* [nentries], by height - first */
	size_t nentries;
	size_t cap;
	uint64_t first;         /* height of entries[0]; 0 but for one file */
	struct hash sum;        /* of the last record */
	uint32_t last;          /* number of the last segment */
	uint64_t tail;          /* where its next record goes */
	uint64_t size;          /* of the last segment */
	struct disk_file *file; /* last segment */
	struct disk_file *reading;
	uint32_t reading_segment;
	char single[DISK_NAME_MAX]; /* file name, when one file was opened */
	int error;                  /* sticky: an append failed half way */
};

#define SEGMENTS_INIT ((struct segments){0})

/* Make dir and block 0 durable. 0 also when the same genesis is there
 * already, -EEXIST when another one is. -ENOSPC: nothing usable was left. */
int segments_create(struct disk *d, const char *dir, const struct hash *id,
    const void *genesis, uint32_t len) __attribute__((warn_unused_result));

/*
 * Scan everything. -ENOENT: no chain here (nor a complete block 0).
 * -EBADMSG: damage, *report says where; in SEGMENTS_READ *s then holds the
 * sound records before it and must be closed. A torn tail is damage to
 * SEGMENTS_READ and repaired by SEGMENTS_REPAIR. report may be NULL.
 */
int segments_open(struct segments *s, struct disk *d, const char *dir,
    enum segments_mode mode, struct segments_report *report)
    __attribute__((warn_unused_result));
/* One file alone, read only: links to the segment before are not checked. */
int segments_open_file(struct segments *s, struct disk *d, const char *name,
    struct segments_report *report) __attribute__((warn_unused_result));
void segments_close(struct segments *s); /* accepts SEGMENTS_INIT */

/* Block segments_head() + 1, durable on 0. -ENOSPC, -EDQUOT, -ENOMEM: the log
 * is as before. Any other failure is final until it is opened again. */
int segments_append(struct segments *s, const struct hash *id,
    const void *payload, uint32_t len) __attribute__((warn_unused_result));
/* Take space for that many bytes of records now; -ENOSPC. */
int segments_reserve(struct segments *s, uint64_t bytes)
    __attribute__((warn_unused_result));

/* Payload of a record, verified once more; *data is malloc'd, the caller
 * frees it. -ENOENT: no such height; -EBADMSG: damaged since. */
int segments_read(struct segments *s, uint64_t height, uint8_t **data,
    uint32_t *len) __attribute__((warn_unused_result));
/* NULL: not in the log. Valid until the next append. */
const struct segments_entry *segments_find(const struct segments *s,
    uint64_t height);
/* Height of the last record. */
uint64_t segments_head(const struct segments *s);

/* The file of dir with that number; dir "" is the disk's root.
 * -ENAMETOOLONG. */
int segments_file_name(const char *dir, uint32_t number, char *out, size_t size)
    __attribute__((warn_unused_result));
/* The number in a file's name, 0 when it is no segment's. */
uint32_t segments_file_number(const char *name);

#endif
