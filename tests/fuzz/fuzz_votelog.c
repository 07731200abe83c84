/*
 * fuzz_votelog.c - a vote log that was damaged, from a script of edits.
 *
 * First byte: which log (records[] below; the last one has gone round), and
 * whether it goes on afterwards. Then edits until the end: u8 what (bit 0: the
 * half; bits 1 and 2: zero a page, copy another one, write bytes), u8 page, u8
 * arg. Whatever happened, the log opens or says that it is damaged, and never
 * with more than was signed. Damage that leaves one good copy of each page
 * costs nothing. What opens is mended, takes the next record and opens again.
 */
#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "consensus/chain/votelog.h"
#include "tests/fuzz/memdisk.h"

#define GO_ON 4 /* of the first byte */
#define PAGES (VOTELOG_HALF_BYTES / DISK_PAGE)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

const unsigned long fuzz_runs = 200;

static const struct hash node = {{9}};
static const uint64_t records[4] = {0, 1, 12, 300}; /* 255 fit the ring */
static uint64_t replayed;

static struct votelog_record
record_of(uint64_t i)
{
	struct votelog_record r = {.type = (uint8_t)(1 + i % 4)};

	r.bft.type = BFT_RECORD_PREVOTE;
	r.bft.height = i;
	r.bft.valid_round = r.bft.locked.round = r.bft.valid.round =
	    BFT_NO_ROUND;
	r.bft.block.b[0] = (uint8_t)i;
	r.answer.fl_round = r.attest.fl_round = i;
	r.floor = i / 2;
	return r;
}

static int
see(void *arg, uint64_t seq, const struct votelog_record *r)
{
	(void)arg;
	assert(r->type >= VOTELOG_BFT && r->type <= VOTELOG_HEIGHT);
	assert(replayed == 0 || seq == replayed + 1);
	replayed = seq;
	return 0;
}

static int
open_log(struct votelog *v, struct memdisk *m, struct votelog_report *rep)
{
	const struct votelog_open_args args = {VOTELOG_NAME, node, see, NULL,
	    rep};
	int rc;

	replayed = 0;
	*rep = (struct votelog_report){0};
	rc = votelog_open(v, &m->disk, &args);
	assert(rc == 0 || rc == -EBADMSG || rc == -EINVAL);
	assert(rc < 0 || replayed == v->seq);
	return rc;
}

/* Signs records until the log has so many. */
static void
sign_until(struct memdisk *m, uint64_t n)
{
	struct votelog_report rep;
	struct votelog_record r;
	struct votelog v;

	assert(open_log(&v, m, &rep) == 0);
	while (v.seq < n) {
		r = record_of(v.seq + 1);
		assert(votelog_append(&v, &r) == 0);
	}
	votelog_close(&v);
}

/* A log of so many sound records; kept, for making one takes longer than all
 * else. */
static const uint8_t *
sound_log(uint8_t n)
{
	static uint8_t logs[4][2 * VOTELOG_HALF_BYTES];
	static bool made[4];
	const unsigned k = n % 4;
	struct memdisk m;

	if (made[k])
		return logs[k];
	memdisk_init(&m);
	assert(votelog_create(&m.disk, VOTELOG_NAME, &node) == 0);
	sign_until(&m, records[k]);
	memcpy(logs[k], m.files[0].data, sizeof(logs[k]));
	memdisk_close(&m);
	made[k] = true;
	return logs[k];
}

/* Applies the edits; touched[half][page]. */
static void
damage(uint8_t *file, const uint8_t *data, size_t len, bool touched[2][PAGES])
{
	for (; len >= 3; data += 3, len -= 3) {
		const unsigned half = data[0] & 1, page = data[1];
		uint8_t *at =
		    file + half * VOTELOG_HALF_BYTES + (size_t)page * DISK_PAGE;
		size_t offset = (size_t)(data[0] >> 3) * 16, n = data[2] % 17;

		touched[half][page] = true;
		if ((data[0] & 6) == 0) {
			memset(at, 0, DISK_PAGE);
		} else if ((data[0] & 6) == 2) {
			memcpy(at,
			    file + (1 - half) * VOTELOG_HALF_BYTES +
				(size_t)data[2] * DISK_PAGE,
			    DISK_PAGE);
		} else {
			if (n > len - 3)
				n = len - 3;
			memcpy(at + offset, data + 3, n);
			data += n;
			len -= n;
		}
	}
}

static bool
one_copy_each(bool touched[2][PAGES])
{
	for (size_t i = 0; i < PAGES; i++)
		if (touched[0][i] && touched[1][i])
			return false;
	return true;
}

/* What opened once is sound now, and goes on. */
static void
go_on(struct memdisk *m, uint64_t seq)
{
	struct votelog_report rep;
	struct votelog v;

	assert(open_log(&v, m, &rep) == 0);
	assert(v.seq == seq && rep.nmended == 0 && !rep.torn);
	votelog_close(&v);
	sign_until(m, seq + 1);
	assert(open_log(&v, m, &rep) == 0);
	assert(v.seq == seq + 1 && rep.nmended == 0);
	votelog_close(&v);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	bool touched[2][PAGES] = {{false}};
	struct votelog_report rep;
	struct memdisk m;
	struct votelog v;
	uint64_t n, seq;

	if (len == 0)
		return 0;
	n = records[data[0] % 4];
	memdisk_init(&m);
	memdisk_put(&m, VOTELOG_NAME, sound_log(data[0]),
	    2 * VOTELOG_HALF_BYTES);
	damage(m.files[0].data, data + 1, len - 1, touched);
	if (open_log(&v, &m, &rep) == 0) {
		seq = v.seq;
		votelog_close(&v);
		assert(seq <= n);
		assert(!one_copy_each(touched) || seq == n);
		if (data[0] & GO_ON)
			go_on(&m, seq);
	} else {
		assert(!one_copy_each(touched));
	}
	memdisk_close(&m);
	return 0;
}
