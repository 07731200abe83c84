/*
 * fuzz_votepage.c - a page of the vote log of arbitrary bytes.
 *
 * What is taken for valid is exactly what votepage_put writes, also of a page
 * whose sums were made to fit; what it writes comes back; and a changed byte is
 * seen.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "consensus/chain/crc32c.h"
#include "consensus/chain/votepage.h"

#define SUM_AT_HEAD 48 /* of the header page */
#define SUM_AT 263     /* of one with a record */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

/* The sums that the page should have, over whatever is in it. */
static void
fit(uint8_t *page)
{
	static const uint8_t no_seq[8];
	size_t at = memcmp(page + 8, no_seq, sizeof(no_seq)) == 0 ? SUM_AT_HEAD
								  : SUM_AT;
	struct hash sum = hash_bytes("qml.votelog", page, at);
	uint32_t crc;

	memcpy(page + at, sum.b, HASH_LEN);
	at += HASH_LEN;
	crc = crc32c(page, at);
	for (unsigned i = 0; i < 4; i++)
		page[at + i] = (uint8_t)(crc >> (24 - 8 * i));
	memset(page + at + 4, 0, DISK_PAGE - at - 4);
}

/* True: it is valid, and then it is what votepage_put writes. */
static bool
check_page(const uint8_t *page)
{
	static uint8_t again[DISK_PAGE];
	struct votepage p;

	if (votepage_get(page, &p) != VOTEPAGE_VALID)
		return false;
	votepage_put(&p, again);
	if (memcmp(page, again, sizeof(again)) != 0)
		abort();
	return true;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static uint8_t page[DISK_PAGE];
	struct votepage p, q;

	memset(page, 0, sizeof(page));
	if (len > sizeof(page))
		len = sizeof(page);
	if (len > 0)
		memcpy(page, data, len);
	(void)check_page(page);
	fit(page);
	(void)check_page(page);
	/* Any record at all comes back as it was. */
	memset(&p, 0, sizeof(p));
	p.seq = 1 + (len > 0 ? data[0] : 0);
	p.record.type = (uint8_t)(1 + p.seq % 4);
	p.record.bft.type = (uint8_t)(p.seq % 3);
	p.record.bft.valid_round = BFT_NO_ROUND;
	if (len >= 64) {
		memcpy(p.prev.b, data, HASH_LEN);
		memcpy(p.record.bft.block.b, data + HASH_LEN, HASH_LEN);
		p.record.bft.round = data[1];
		p.record.bft.height = data[2];
	}
	votepage_put(&p, page);
	fit(page); /* changes nothing, or the two places above are wrong */
	if (!check_page(page) || votepage_get(page, &q) != VOTEPAGE_VALID ||
	    q.seq != p.seq || q.record.bft.round != p.record.bft.round ||
	    memcmp(&q.record.bft.block, &p.record.bft.block, HASH_LEN) != 0)
		abort();
	if (len > 0) { /* and one byte changed is seen */
		page[len % 300] ^= (uint8_t)(data[0] | 1);
		if (votepage_get(page, &q) == VOTEPAGE_VALID)
			abort();
	}
	return 0;
}
