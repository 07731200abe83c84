/* answer_get: canonical, payload under its hash, id of the head. */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "proto/answer.h"

#define DIM_MAX 4096

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct bytes_reader r = bytes_reader_of(data, len);
	struct bytes_writer w = BYTES_WRITER_INIT;
	struct answer *a = answer_get(&r, DIM_MAX);

	assert((a == NULL) == r.bad);
	if (a == NULL)
		return 0;
	assert(a->dim <= DIM_MAX && (a->dim == 0) == (a->delta == NULL));
	answer_put(&w, a);
	assert(w.error == 0 && w.len == r.pos);
	assert(memcmp(w.data, data, w.len) == 0);
	bytes_writer_close(&w);
	answer_unref(a);
	return 0;
}
