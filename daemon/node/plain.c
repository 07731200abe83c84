#include "daemon/node/plain.h"

/* A byte that is no continuation ends each comparison, the final zero too. */
size_t
plain_acts(const char *s)
{
	const unsigned char *u = (const unsigned char *)s;

	if (u[0] == 0)
		return 0;
	if (u[0] < 0x20 || u[0] == 0x7f)
		return 1;
	/* C1: a terminal may take U+009B for ESC [. */
	if (u[0] == 0xc2)
		return u[1] >= 0x80 && u[1] < 0xa0 ? 2 : 0;
	/* Ends of lines and paragraphs; embeddings, overrides, isolates, and
	 * what closes them. */
	if (u[0] != 0xe2)
		return 0;
	if (u[1] == 0x80)
		return u[2] >= 0xa8 && u[2] <= 0xae ? 3 : 0;
	if (u[1] == 0x81)
		return u[2] >= 0xa6 && u[2] <= 0xa9 ? 3 : 0;
	return 0;
}
