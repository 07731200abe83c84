/* attest_get: canonical, members ascending. */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "proto/attest.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct bytes_reader r = bytes_reader_of(data, len);
	struct bytes_writer w = BYTES_WRITER_INIT;
	struct attest a;

	attest_get(&r, &a);
	assert(a.nheld <= ATTEST_MAX_ANSWERS);
	if (r.bad)
		return 0;
	for (uint16_t i = 1; i < a.nheld; i++)
		assert(a.member[i] > a.member[i - 1]);
	attest_put(&w, &a);
	assert(w.error == 0 && w.len == r.pos);
	assert(memcmp(w.data, data, w.len) == 0);
	bytes_writer_close(&w);
	return 0;
}
