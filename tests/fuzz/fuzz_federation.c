/* federation_get: what it accepts is canonical, valid and copies cleanly. */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "proto/federation.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct bytes_reader r = bytes_reader_of(data, len);
	struct bytes_writer w = BYTES_WRITER_INIT;
	struct federation f, g;
	char err[256];

	federation_get(&r, &f);
	if (bytes_reader_done(&r)) {
		assert(federation_check(&f, err, sizeof(err)) == 0);
		assert(federation_copy(&g, &f) == 0);
		federation_put(&w, &g);
		assert(w.error == 0 && w.len == len);
		assert(memcmp(w.data, data, len) == 0);
		bytes_writer_close(&w);
		federation_close(&g);
	}
	federation_close(&f);
	return 0;
}
