/* tx_get: canonical, bounded body, the id of what is signed. */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "proto/tx.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct bytes_reader r = bytes_reader_of(data, len);
	struct bytes_writer w = BYTES_WRITER_INIT;
	struct tx *t = tx_get(&r);

	if (t == NULL) {
		assert(r.bad);
		return 0;
	}
	assert(!r.bad && t->len <= TX_BODY_MAX && tx_len(t) == r.pos);
	tx_put(&w, t);
	assert(w.error == 0 && w.len == r.pos);
	assert(memcmp(w.data, data, w.len) == 0);
	bytes_writer_close(&w);
	tx_unref(t);
	return 0;
}
