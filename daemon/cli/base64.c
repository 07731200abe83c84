#include "daemon/cli/base64.h"

#include <errno.h>
#include <string.h>

static const char digits[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

char *
base64_text(const void *data, size_t len, char *out)
{
	const uint8_t *p = data;
	char *o = out;

	for (size_t i = 0; i < len; i += 3) {
		size_t left = len - i;
		uint32_t v = (uint32_t)p[i] << 16;

		if (left > 1)
			v |= (uint32_t)p[i + 1] << 8;
		if (left > 2)
			v |= p[i + 2];
		*o++ = digits[v >> 18];
		*o++ = digits[v >> 12 & 63];
		*o++ = left > 1 ? digits[v >> 6 & 63] : '=';
		*o++ = left > 2 ? digits[v & 63] : '=';
	}
	*o = '\0';
	return out;
}

static int
value_of(char c)
{
	const char *at = c ? strchr(digits, c) : NULL;

	return at ? (int)(at - digits) : -1;
}

int
base64_parse(const char *text, size_t n, void *out, size_t len)
{
	uint8_t *o = out;
	uint32_t v = 0;
	size_t got = 0;

	if (n != BASE64_LEN(len) - 1)
		return -EINVAL;
	for (size_t i = 0; i < n; i++) {
		size_t bits = i * 6; /* before this digit */
		int x = value_of(text[i]);

		if (bits >= len * 8) {
			if (text[i] != '=')
				return -EINVAL;
			continue;
		}
		if (x < 0)
			return -EINVAL;
		v = v << 6 | (uint32_t)x;
		if ((bits + 6) / 8 > got && got < len)
			o[got++] = (uint8_t)(v >> ((bits + 6) % 8));
		if (bits + 6 >= len * 8 &&
		    (v & ((1u << (bits + 6 - len * 8)) - 1)) != 0)
			return -EINVAL;
	}
	return 0;
}
