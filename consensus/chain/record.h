/*
 * record.h - one record of a chain segment: head, payload, zero padding.
 *
 * Big-endian, in a segment at multiples of RECORD_ALIGN, padded with zeros to
 * the next multiple:
 *
 *	 0  u32 magic   4 u16 version   6 u16 kind   8 u64 height
 *	16  u32 len: payload bytes
 *	20  u32 nzero: 512-byte sectors of the record that are all zero
 *	24  prev[32]: sum of the record before; zeros in the first
 *	56  id[32]: block id (kind block), federation id (kind genesis)
 *	88  sum[32] = H("qml.record", bytes 0..87 || payload)
 *	120 u32 CRC-32C of bytes 0..119
 *	124 u32 zero
 *	128 payload
 *
 * nzero tells a torn write from a damaged one: sectors that a crash kept from
 * the disk still read as zeros, so a torn record has more zero sectors than
 * its head says, a rotten one has not. Pure; any thread.
 */
#ifndef QML_CONSENSUS_CHAIN_RECORD_H
#define QML_CONSENSUS_CHAIN_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/hash.h"

#define RECORD_MAGIC 0x514d4c52u /* "QMLR" */
#define RECORD_VERSION 1
#define RECORD_ALIGN 4096u
#define RECORD_HEAD_LEN 128u
#define RECORD_PAYLOAD_MAX (1u << 30)

enum record_kind {
	RECORD_GENESIS = 1, /* payload: canonical federation; height 0 */
	RECORD_BLOCK = 2,   /* payload: block_put_full, then commit_put */
};

struct record_head {
	uint16_t kind; /* enum record_kind */
	uint64_t height;
	uint32_t len;
	uint32_t nzero;
	struct hash prev;
	struct hash id;
	struct hash sum;
};

enum record_verdict {
	RECORD_OK,
	RECORD_EMPTY,       /* all zero: nothing was written here */
	RECORD_BAD_HEAD,    /* magic, version, CRC or a field out of range */
	RECORD_BAD_HEIGHT,  /* not the height that is due here */
	RECORD_BAD_PREV,    /* does not follow the record before */
	RECORD_BAD_SUM,     /* head or payload are not what was written */
	RECORD_BAD_PADDING, /* a byte that must be zero is not */
	RECORD_TORN,        /* a write that a crash cut short */
	RECORD_TRUNCATED,   /* the file ends inside the record */
};

/* English, lower case, without a full stop; static. */
const char *record_verdict_text(enum record_verdict v);

/* Bytes the record takes in a segment: a multiple of RECORD_ALIGN. */
uint64_t record_extent(uint32_t len);

/* Fills head->sum and nzero from the rest and payload, and writes the head
 * into out. */
void record_head_seal(struct record_head *head, const void *payload,
    uint8_t out[static RECORD_HEAD_LEN]);
/* RECORD_OK, RECORD_EMPTY or RECORD_BAD_HEAD. */
enum record_verdict record_head_get(const uint8_t in[static RECORD_HEAD_LEN],
    struct record_head *out);
/* A whole record, record_extent(head->len) bytes that begin with the head:
 * RECORD_OK, _BAD_SUM, _BAD_PADDING or _TORN. */
enum record_verdict record_check(const struct record_head *head,
    const uint8_t *extent);

bool record_is_zero(const uint8_t *data, size_t len);

#endif
