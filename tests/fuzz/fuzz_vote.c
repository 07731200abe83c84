/* Votes, proposals and certificates; the first byte says which. */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "proto/vote.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void
same(struct bytes_writer *w, const struct bytes_reader *r)
{
	assert(w->error == 0 && w->len == r->pos);
	assert(memcmp(w->data, r->data, w->len) == 0);
	bytes_writer_close(w);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct bytes_writer w = BYTES_WRITER_INIT;
	struct bytes_reader r;
	struct vote v;
	struct proposal p;
	struct commit c;

	if (len == 0)
		return 0;
	r = bytes_reader_of(data + 1, len - 1);
	if (data[0] == 0)
		vote_get(&r, &v);
	else if (data[0] == 1)
		proposal_get(&r, &p);
	else
		commit_get(&r, &c);
	if (r.bad)
		return 0;
	if (data[0] == 0)
		vote_put(&w, &v);
	else if (data[0] == 1)
		proposal_put(&w, &p);
	else
		commit_put(&w, &c);
	same(&w, &r);
	return 0;
}
