#include "daemon/node/address.h"

#include <string.h>

static size_t
host_len(const char *address)
{
	const char *colon = strrchr(address, ':');

	return colon == NULL ? strlen(address) : (size_t)(colon - address);
}

/* A name like 127.evil.example is not an address: digits and dots only. */
static bool
is_dotted(const char *host, size_t len)
{
	return strspn(host, "0123456789.") >= len;
}

bool
address_is_loopback(const char *address)
{
	size_t n = host_len(address);

	if (n > 4 && strncmp(address, "127.", 4) == 0)
		return is_dotted(address, n);
	return (n == 5 && strncmp(address, "[::1]", n) == 0) ||
	    (n == 9 && strncmp(address, "localhost", n) == 0);
}

bool
address_same_host(const char *a, const char *b)
{
	size_t n = host_len(a);

	return n == host_len(b) && memcmp(a, b, n) == 0;
}
