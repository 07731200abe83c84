/*
 * votepage.h - one page of the vote log: bytes to record and back.
 *
 * Big-endian; everything is in the page's first sector, so a page is written
 * whole or not at all, and the rest of the page is zero:
 *
 *	u32 magic, u16 version, u16 zero, u64 seq, prev[32], record,
 *	sum[32] = H("qml.votelog", all before), u32 CRC-32C of all before
 *
 * prev is the sum of the page before; that of record 1 is the sum of the
 * header page, which carries the node's id. Pure; any thread.
 */
#ifndef QML_CONSENSUS_CHAIN_VOTEPAGE_H
#define QML_CONSENSUS_CHAIN_VOTEPAGE_H

#include <stdint.h>

#include "consensus/chain/disk.h"
#include "consensus/chain/votelog.h"
#include "proto/hash.h"

enum votepage_state {
	VOTEPAGE_EMPTY, /* all zero */
	VOTEPAGE_BAD,
	VOTEPAGE_VALID,
};

struct votepage {
	uint64_t seq;                 /* 0: the header page */
	struct hash prev;             /* of the header page: the node's id */
	struct votelog_record record; /* not of the header page */
	struct hash sum;
};

/* Fills p->sum. */
void votepage_put(struct votepage *p, uint8_t page[static DISK_PAGE]);
enum votepage_state votepage_get(const uint8_t page[static DISK_PAGE],
    struct votepage *out);

#endif
