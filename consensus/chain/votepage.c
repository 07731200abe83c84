/*
 * votepage.c - codec of one page of the vote log.
 */
#include <assert.h>
#include <string.h>

#include "consensus/chain/crc32c.h"
#include "consensus/chain/record.h"
#include "consensus/chain/votepage.h"
#include "proto/bytes.h"

#define MAGIC 0x514d4c56u /* "QMLV" */
#define VERSION 1
#define HAS_BFT 1
#define HAS_ANSWER 2
#define HAS_ATTEST 4

static void
mark_put(struct bytes_writer *w, const struct bft_mark *m)
{
	bytes_put_hash(w, &m->block);
	bytes_put_u32(w, (uint32_t)m->round);
}

static void
record_put(struct bytes_writer *w, const struct votelog_record *r)
{
	bytes_put_u8(w, r->type);
	bytes_put_u8(w,
	    (uint8_t)((r->has_bft ? HAS_BFT : 0) |
		(r->has_answer ? HAS_ANSWER : 0) |
		(r->has_attest ? HAS_ATTEST : 0)));
	bytes_put_u8(w, r->bft.type);
	bytes_put_u64(w, r->bft.height);
	bytes_put_u32(w, r->bft.round);
	bytes_put_u32(w, (uint32_t)r->bft.valid_round);
	bytes_put_hash(w, &r->bft.block);
	mark_put(w, &r->bft.locked);
	mark_put(w, &r->bft.valid);
	bytes_put_u64(w, r->answer.fl_round);
	bytes_put_hash(w, &r->answer.id);
	bytes_put_u64(w, r->attest.fl_round);
	bytes_put_u32(w, r->attest.seq);
	bytes_put_hash(w, &r->attest.digest);
	bytes_put_u64(w, r->floor);
}

static int32_t
get_round(struct bytes_reader *r)
{
	uint32_t v = bytes_get_u32(r);

	if (v == (uint32_t)BFT_NO_ROUND)
		return BFT_NO_ROUND;
	if (v > INT32_MAX)
		bytes_reader_fail(r);
	return v > INT32_MAX ? 0 : (int32_t)v;
}

static void
mark_get(struct bytes_reader *r, struct bft_mark *m)
{
	m->block = bytes_get_hash(r);
	m->round = get_round(r);
}

static void
record_get(struct bytes_reader *r, struct votelog_record *out)
{
	uint8_t has;

	out->type = bytes_get_u8(r);
	has = bytes_get_u8(r);
	out->has_bft = has & HAS_BFT;
	out->has_answer = has & HAS_ANSWER;
	out->has_attest = has & HAS_ATTEST;
	out->bft.type = bytes_get_u8(r);
	out->bft.height = bytes_get_u64(r);
	out->bft.round = bytes_get_u32(r);
	out->bft.valid_round = get_round(r);
	out->bft.block = bytes_get_hash(r);
	mark_get(r, &out->bft.locked);
	mark_get(r, &out->bft.valid);
	out->answer.fl_round = bytes_get_u64(r);
	out->answer.id = bytes_get_hash(r);
	out->attest.fl_round = bytes_get_u64(r);
	out->attest.seq = bytes_get_u32(r);
	out->attest.digest = bytes_get_hash(r);
	out->floor = bytes_get_u64(r);
	if (out->type < VOTELOG_BFT || out->type > VOTELOG_HEIGHT ||
	    out->bft.type > BFT_RECORD_PRECOMMIT ||
	    (has & ~(HAS_BFT | HAS_ANSWER | HAS_ATTEST)) != 0)
		bytes_reader_fail(r);
}

void
votepage_put(struct votepage *p, uint8_t page[static DISK_PAGE])
{
	struct bytes_writer w = bytes_writer_over(page, DISK_SECTOR);

	memset(page, 0, DISK_PAGE);
	bytes_put_u32(&w, MAGIC);
	bytes_put_u16(&w, VERSION);
	bytes_put_u16(&w, 0);
	bytes_put_u64(&w, p->seq);
	bytes_put_hash(&w, &p->prev);
	if (p->seq > 0)
		record_put(&w, &p->record);
	p->sum = hash_bytes("qml.votelog", page, w.len);
	bytes_put_hash(&w, &p->sum);
	bytes_put_u32(&w, crc32c(page, w.len));
	assert(w.error == 0);
}

enum votepage_state
votepage_get(const uint8_t page[static DISK_PAGE], struct votepage *out)
{
	struct bytes_reader r = bytes_reader_of(page, DISK_PAGE);
	uint32_t magic, crc;
	uint16_t version, rest;
	struct hash sum;
	bool same;

	if (record_is_zero(page, DISK_PAGE))
		return VOTEPAGE_EMPTY;
	memset(out, 0, sizeof(*out));
	magic = bytes_get_u32(&r);
	version = bytes_get_u16(&r);
	rest = bytes_get_u16(&r);
	out->seq = bytes_get_u64(&r);
	out->prev = bytes_get_hash(&r);
	if (out->seq > 0)
		record_get(&r, &out->record);
	if (r.bad || magic != MAGIC || version != VERSION || rest != 0)
		return VOTEPAGE_BAD;
	sum = hash_bytes("qml.votelog", page, r.pos);
	out->sum = bytes_get_hash(&r);
	same = hash_equal(&sum, &out->sum);
	crc = crc32c(page, r.pos);
	same = bytes_get_u32(&r) == crc && same;
	if (!same || !record_is_zero(page + r.pos, DISK_PAGE - r.pos))
		return VOTEPAGE_BAD;
	return VOTEPAGE_VALID;
}
