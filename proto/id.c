#include "proto/id.h"

#include <errno.h>
#include <string.h>

#define NDATA 52 /* five-bit groups in 256 bits, four bits of padding */
#define NSUM 6
#define NPREFIX 2
/* Bech32m's constant (BIP 350), which closes Bech32's insertion weakness. */
#define CHECK_CONST 0x2bc830a3u

static const char alphabet[] = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";

static const char *
prefix_of(enum id_kind kind)
{
	switch (kind) {
	case ID_NODE:
		return "qn";
	case ID_FEDERATION:
		return "qf";
	case ID_MODEL:
		return "qm";
	case ID_BLOCK:
		return "qb";
	}
	return "";
}

static uint32_t
polymod_step(uint32_t c, unsigned value)
{
	static const uint32_t gen[5] = {0x3b6a57b2, 0x26508e6d, 0x1ea119fa,
	    0x3d4233dd, 0x2a1462b3};
	uint32_t top = c >> 25;
	int i;

	c = (c & 0x1ffffff) << 5 ^ value;
	/* Without branches: what the bits are is anybody's guess. */
	for (i = 0; i < 5; i++)
		c ^= gen[i] & (0u - (top >> i & 1));
	return c;
}

/* BCH code over prefix and data: finds up to four wrong characters. */
static uint32_t
checksum(const char *prefix, const uint8_t *data, size_t n)
{
	uint32_t c = 1;
	size_t i;

	for (i = 0; i < NPREFIX; i++)
		c = polymod_step(c, (unsigned char)prefix[i] >> 5);
	c = polymod_step(c, 0);
	for (i = 0; i < NPREFIX; i++)
		c = polymod_step(c, (unsigned char)prefix[i] & 31);
	for (i = 0; i < n; i++)
		c = polymod_step(c, data[i]);
	return c;
}

/* Five bits from bit 5 i on, most significant first, zeros past the end. */
static uint8_t
group_of(const struct hash *h, size_t i)
{
	size_t byte = 5 * i / 8, bit = 5 * i % 8;
	unsigned two = (unsigned)h->b[byte] << 8;

	if (byte + 1 < HASH_LEN)
		two |= h->b[byte + 1];
	return (uint8_t)(two >> (11 - bit) & 31);
}

char *
id_text(enum id_kind kind, const struct hash *h, char out[static ID_TEXT_LEN])
{
	uint8_t data[NDATA + NSUM] = {0};
	const char *prefix = prefix_of(kind);
	uint32_t sum;
	size_t i;

	for (i = 0; i < NDATA; i++)
		data[i] = group_of(h, i);
	sum = checksum(prefix, data, sizeof(data)) ^ CHECK_CONST;
	for (i = 0; i < NSUM; i++)
		data[NDATA + i] = (uint8_t)(sum >> 5 * (5 - i) & 31);
	memcpy(out, prefix, NPREFIX);
	out[NPREFIX] = '1';
	for (i = 0; i < sizeof(data); i++)
		out[NPREFIX + 1 + i] = alphabet[data[i]];
	out[NPREFIX + 1 + sizeof(data)] = '\0';
	return out;
}

int
id_parse(enum id_kind kind, const char *text, struct hash *out)
{
	uint8_t data[NDATA + NSUM];
	const char *prefix = prefix_of(kind), *at;
	struct hash h;
	unsigned acc = 0;
	size_t i, n = 0, nbits = 0;

	if (strlen(text) != NPREFIX + 1 + sizeof(data) ||
	    memcmp(text, prefix, NPREFIX) != 0 || text[NPREFIX] != '1')
		return -EINVAL;
	for (i = 0; i < sizeof(data); i++) {
		at = strchr(alphabet, text[NPREFIX + 1 + i]);
		if (at == NULL)
			return -EINVAL;
		data[i] = (uint8_t)(at - alphabet);
	}
	if (checksum(prefix, data, sizeof(data)) != CHECK_CONST)
		return -EINVAL;
	for (i = 0; i < NDATA; i++) {
		acc = (acc << 5 | data[i]) & 0xfff;
		nbits += 5;
		if (nbits >= 8) {
			nbits -= 8;
			h.b[n++] = (uint8_t)(acc >> nbits);
		}
	}
	if ((acc & 15) != 0)
		return -EINVAL;
	*out = h;
	return 0;
}
