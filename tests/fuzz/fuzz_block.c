/*
 * fuzz_block.c - blocks by reference and, with an odd first byte, in full.
 *
 * And as this node reads its own again: a header that says something else than
 * the body is looked at no further, so that whatever a body may hold comes to
 * be written the same. Sealed then, it is a block to everybody, but for the
 * order of what is in it.
 */
#include <assert.h>
#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "proto/block.h"

#define DIM_MAX 4096

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static bool
in_order(const struct block *b)
{
	for (uint16_t i = 1; i < b->header.nattests; i++)
		if (b->attests[i].validator <= b->attests[i - 1].validator)
			return false;
	for (uint16_t i = 1; i < b->header.nevidence; i++)
		if (evidence_compare(b->evidence[i - 1], b->evidence[i]) >= 0)
			return false;
	return true;
}

static void
sealed(struct block *b)
{
	struct bytes_writer w = BYTES_WRITER_INIT;
	struct bytes_reader r;
	struct block *again;
	int rc = block_seal(b);

	assert(rc == 0 || rc == -EMSGSIZE);
	if (rc < 0)
		return;
	assert(block_sealed(b) == in_order(b));
	block_put_full(&w, b);
	r = bytes_reader_of(w.data, w.len);
	again = block_get_full(&r, DIM_MAX);
	assert((again != NULL) == in_order(b));
	assert(again == NULL || hash_equal(&again->id, &b->id));
	block_free(again);
	bytes_writer_close(&w);
}

static void
stored(const uint8_t *data, size_t len)
{
	struct bytes_reader r = bytes_reader_of(data, len);
	struct bytes_writer w = BYTES_WRITER_INIT;
	struct block *b = block_get_stored(&r, DIM_MAX);

	if (b == NULL)
		return;
	block_put_full(&w, b);
	assert(w.error == 0 && w.len == r.pos);
	assert(memcmp(w.data, data, w.len) == 0);
	bytes_writer_close(&w);
	sealed(b);
	block_free(b);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct bytes_writer w = BYTES_WRITER_INIT;
	struct bytes_reader r;
	struct block *b;
	bool full;

	if (len == 0)
		return 0;
	stored(data + 1, len - 1);
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
