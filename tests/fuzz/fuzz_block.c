/* Blocks by reference and, with an odd first byte, in full. */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "proto/block.h"

#define DIM_MAX 4096

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct bytes_writer w = BYTES_WRITER_INIT;
	struct bytes_reader r;
	struct block *b;
	bool full;

	if (len == 0)
		return 0;
	full = data[0] % 2 == 1;
	r = bytes_reader_of(data + 1, len - 1);
	b = full ? block_get_full(&r, DIM_MAX) : block_get(&r);
	assert((b == NULL) == r.bad);
	if (b == NULL)
		return 0;
	assert(block_sealed(b));
	if (full)
		block_put_full(&w, b);
	else
		block_put(&w, b);
	assert(w.error == 0 && w.len == r.pos);
	assert(memcmp(w.data, data + 1, w.len) == 0);
	bytes_writer_close(&w);
	block_free(b);
	return 0;
}
