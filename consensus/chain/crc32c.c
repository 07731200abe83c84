/*
 * crc32c.c - CRC-32C bit by bit: only heads and vote records are summed, so a
 * table would save nothing that anybody could measure.
 */
#include "consensus/chain/crc32c.h"

#define POLYNOMIAL 0x82f63b78u /* 0x1edc6f41, bits reversed */

static uint32_t
step(uint32_t crc, uint8_t byte)
{
	int i;

	crc ^= byte;
	for (i = 0; i < 8; i++)
		crc = crc >> 1 ^ (crc & 1 ? POLYNOMIAL : 0);
	return crc;
}

uint32_t
crc32c(const void *data, size_t len)
{
	const uint8_t *p = data;
	uint32_t crc = UINT32_MAX;
	size_t i;

	for (i = 0; i < len; i++)
		crc = step(crc, p[i]);
	return ~crc;
}
