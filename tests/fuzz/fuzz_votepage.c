/*
 * fuzz_votepage.c - a page of the vote log of arbitrary bytes.
 *
 * What is taken for valid is exactly what votepage_put writes; what it writes
 * comes back; and a changed byte is seen.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "consensus/chain/votepage.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static uint8_t page[DISK_PAGE], again[DISK_PAGE];
	struct votepage p, q;

	memset(page, 0, sizeof(page));
	if (len > sizeof(page))
		len = sizeof(page);
	if (len > 0)
		memcpy(page, data, len);
	if (votepage_get(page, &p) == VOTEPAGE_VALID) {
		votepage_put(&p, again);
		if (memcmp(page, again, sizeof(page)) != 0)
			abort();
	}
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
	if (votepage_get(page, &q) != VOTEPAGE_VALID || q.seq != p.seq ||
	    q.record.bft.round != p.record.bft.round ||
	    memcmp(&q.record.bft.block, &p.record.bft.block, HASH_LEN) != 0)
		abort();
	if (len > 0) { /* and one byte changed is seen */
		page[len % 300] ^= (uint8_t)(data[0] | 1);
		if (votepage_get(page, &q) == VOTEPAGE_VALID)
			abort();
	}
	return 0;
}
