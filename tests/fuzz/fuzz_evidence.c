/* Evidence from a peer: bounded, canonical, and about two objects of one
 * author and place, the smaller one first. */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "proto/evidence.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const struct sign_public pk = {{1}};
	static const struct hash federation = {{2}};
	struct bytes_reader r = bytes_reader_of(data, len), again;
	struct bytes_writer w = BYTES_WRITER_INIT;
	struct evidence *e, *copy;

	assert(sign_setup() == 0);
	e = evidence_get(&r);
	assert((e == NULL) == r.bad);
	if (e == NULL)
		return 0;
	assert(e->len == r.pos && e->len <= EVIDENCE_BYTES_MAX);
	assert(e->kind > 0 && e->kind < EVIDENCE_KINDS);
	assert(strcmp(evidence_kind_name(e->kind), "?") != 0);
	evidence_put(&w, e);
	assert(w.error == 0 && memcmp(w.data, data, w.len) == 0);
	again = bytes_reader_of(w.data, w.len);
	copy = evidence_get(&again);
	assert(copy != NULL && bytes_reader_done(&again));
	assert(hash_equal(&copy->id, &e->id));
	assert(evidence_compare(copy, e) == 0);
	/* Nobody has signed it. */
	assert(!evidence_verify(e, &pk, &federation));
	evidence_unref(copy);
	evidence_unref(e);
	bytes_writer_close(&w);
	return 0;
}
