/*
 * crc32c.c - CRC-32C: by the processor where it can, else four bits at a time.
 *
 * Only heads and vote records are summed, so a larger table would save nothing
 * that a disk shows; the simulated federation spent 3 % of its time here.
 */
#include "consensus/chain/crc32c.h"

#include <string.h>

/* Remainders of the 16 nibbles; polynomial 0x1edc6f41, bits reversed. */
static const uint32_t nibble[16] = {
    0x00000000,
    0x105ec76f,
    0x20bd8ede,
    0x30e349b1,
    0x417b1dbc,
    0x5125dad3,
    0x61c69362,
    0x7198540d,
    0x82f63b78,
    0x92a8fc17,
    0xa24bb5a6,
    0xb21572c9,
    0xc38d26c4,
    0xd3d3e1ab,
    0xe330a81a,
    0xf36e6f75,
};

static uint32_t
by_table(const uint8_t *p, size_t len)
{
	uint32_t crc = UINT32_MAX;

	for (; len > 0; len--) {
		crc ^= *p++;
		crc = crc >> 4 ^ nibble[crc & 15];
		crc = crc >> 4 ^ nibble[crc & 15];
	}
	return ~crc;
}

#ifdef __x86_64__
__attribute__((target("sse4.2"))) static uint32_t
by_cpu(const uint8_t *p, size_t len)
{
	uint64_t crc = UINT32_MAX, word;

	for (; len >= sizeof(word); p += sizeof(word), len -= sizeof(word)) {
		memcpy(&word, p, sizeof(word));
		crc = __builtin_ia32_crc32di(crc, word);
	}
	for (; len > 0; len--)
		crc = __builtin_ia32_crc32qi((uint32_t)crc, *p++);
	return ~(uint32_t)crc;
}
#endif

uint32_t
crc32c(const void *data, size_t len)
{
#ifdef __x86_64__
	if (__builtin_cpu_supports("sse4.2"))
		return by_cpu(data, len);
#endif
	return by_table(data, len);
}
