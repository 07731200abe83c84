#include "proto/sha256.h"

#include <sodium/crypto_hash_sha256.h>

void
sha256(const void *data, size_t len, uint8_t out[static SHA256_LEN])
{
	_Static_assert(SHA256_LEN == crypto_hash_sha256_BYTES, "one length");
	crypto_hash_sha256(out, data, len);
}
