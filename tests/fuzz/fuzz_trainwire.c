/* trainwire_decode: what it accepts is the encoding of what it says. */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "proto/trainwire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct trainwire_msg m;
	uint8_t *again;
	size_t again_len;

	if (trainwire_decode(data, len, &m) != WIRE_OK)
		return 0;
	assert(trainwire_encode(&m, &again, &again_len) == 0);
	assert(again_len == len && memcmp(again, data, len) == 0);
	free(again);
	trainwire_msg_close(&m);
	return 0;
}
