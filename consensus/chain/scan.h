/*
 * scan.h - walk the records of one segment file and say what is wrong.
 *
 * Reads only. What a crash can have left at the end of the last segment is
 * told apart from damage: a head is in one sector and sectors are written
 * whole, so a broken head is never a crash's work.
 */
#ifndef QML_CONSENSUS_CHAIN_SCAN_H
#define QML_CONSENSUS_CHAIN_SCAN_H

#include <stdbool.h>
#include <stdint.h>

#include "consensus/chain/disk.h"
#include "consensus/chain/record.h"

struct scan {
	struct disk_file *file;
	uint64_t size;    /* of the file */
	uint64_t offset;  /* of the next record */
	uint64_t height;  /* due next */
	struct hash prev; /* sum of the record before */
	bool anywhere;    /* take height and prev from the first record */

	/* Of the last scan_next. */
	enum record_verdict verdict;
	uint64_t wrong; /* first byte of the finding */
	uint64_t end;   /* its last byte */
	bool tail;      /* a crash may have left this; cut at `offset` */
};

/* The record at offset. verdict RECORD_OK: *out is it and the scan stands
 * behind it; RECORD_EMPTY: no more records, zeros up to the end of the file;
 * else what is wrong. Negative: the disk failed, or -ENOMEM. */
int scan_next(struct scan *s, struct record_head *out)
    __attribute__((warn_unused_result));

#endif
