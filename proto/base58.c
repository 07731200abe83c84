#include "proto/base58.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

static const char alphabet[] =
    "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";

char *
base58_text(const void *data, size_t len, char out[static BASE58_TEXT_MAX])
{
	uint8_t digits[BASE58_TEXT_MAX] = {0}; /* least significant first */
	const uint8_t *p = data;
	size_t ndigits = 0;
	size_t zeros = 0;
	size_t n = 0;

	assert(len <= BASE58_BYTES_MAX);
	while (zeros < len && p[zeros] == 0)
		zeros++;
	for (size_t i = zeros; i < len; i++) {
		unsigned carry = p[i];

		for (size_t k = 0; k < ndigits || carry; k++) {
			carry += 256u * digits[k];
			digits[k] = (uint8_t)(carry % 58);
			carry /= 58;
			if (k >= ndigits)
				ndigits = k + 1;
		}
	}
	for (size_t i = 0; i < zeros; i++)
		out[n++] = alphabet[0];
	while (ndigits > 0)
		out[n++] = alphabet[digits[--ndigits]];
	out[n] = '\0';
	return out;
}

int
base58_parse(const char *text, void *out, size_t len)
{
	uint8_t bytes[BASE58_BYTES_MAX + 1] = {0}; /* least significant first */
	uint8_t *p = out;
	size_t nbytes = 0;
	size_t zeros = 0;

	assert(len <= BASE58_BYTES_MAX);
	while (text[zeros] == alphabet[0])
		zeros++;
	for (const char *c = text + zeros; *c; c++) {
		const char *at = strchr(alphabet, *c);
		unsigned carry;

		if (!at)
			return -EINVAL;
		carry = (unsigned)(at - alphabet);
		for (size_t k = 0; k < nbytes || carry; k++) {
			if (k == len)
				return -EINVAL;
			carry += 58u * bytes[k];
			bytes[k] = (uint8_t)carry;
			carry >>= 8;
			if (k >= nbytes)
				nbytes = k + 1;
		}
	}
	if (zeros + nbytes != len)
		return -EINVAL;
	memset(p, 0, zeros);
	for (size_t i = 0; i < nbytes; i++)
		p[zeros + i] = bytes[nbytes - 1 - i];
	return 0;
}
