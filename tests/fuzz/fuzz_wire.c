/* wire_decode: what it accepts is the encoding of what it says. */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "proto/wire.h"

#define DIM_MAX 4096

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct wire_msg m;
	uint8_t *again;
	size_t again_len;

	if (wire_decode(data, len, DIM_MAX, &m) != WIRE_OK)
		return 0;
	assert(wire_type_name(m.type) != NULL);
	assert(wire_encode(&m, &again, &again_len) == 0);
	assert(again_len == len && memcmp(again, data, len) == 0);
	free(again);
	wire_msg_close(&m);
	return 0;
}
