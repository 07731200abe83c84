#include "consensus/books/shard.h"

#include <assert.h>

#include "consensus/books/state.h"
#include "proto/merkle.h"

void
body_shard_put(struct bytes_writer *w, const struct body_shard *b)
{
	assert(b->npath <= SHARD_DEPTH_MAX && b->len <= SHARD_BYTES_MAX);
	bytes_put_u32(w, b->index);
	bytes_put_u8(w, b->npath);
	for (uint8_t i = 0; i < b->npath; i++)
		bytes_put_hash(w, &b->path[i]);
	bytes_put_blob(w, b->data, b->len);
}

void
body_shard_get(struct bytes_reader *r, struct body_shard *out)
{
	*out = (struct body_shard){.index = bytes_get_u32(r)};
	out->npath = bytes_get_u8(r);
	if (out->npath > SHARD_DEPTH_MAX)
		bytes_reader_fail(r);
	for (uint8_t i = 0; !r->bad && i < out->npath; i++)
		out->path[i] = bytes_get_hash(r);
	out->len = bytes_get_u32(r);
	if (out->len <= SHARD_SALT_LEN || out->len > SHARD_BYTES_MAX)
		bytes_reader_fail(r);
	out->data = bytes_get_slice(r, r->bad ? 0 : out->len);
}

struct hash
shard_leaf(const uint8_t *data, size_t len)
{
	return hash_bytes("qml.shard", data, len);
}

bool
shard_verify(const struct body_shard *b, uint32_t n, const struct hash *root)
{
	const struct hash leaf = shard_leaf(b->data, b->len);
	const struct merkle_place at = {b->index, n};

	return b->index < n &&
	    merkle_verify(&leaf, at, b->path, b->npath, root);
}

/* The open valuation that waits for this shard. */
static struct valuation *
waiting(const struct books *b, uint32_t index)
{
	struct valuation *rows = BOOKS_ROWS(struct valuation, b->valuations);

	for (size_t i = 0; i < b->valuations.n; i++)
		if (rows[i].shard == index + 1u)
			return &rows[i];
	return NULL;
}

static enum books_verdict
check_shard(const struct books *b, const struct step *s)
{
	const struct books_validation *terms = &b->terms.validation;
	const struct body_shard *x = &s->u.shard;
	const struct valuation *v = waiting(b, x->index);

	if (member_of(b, &s->t->sender) == NO_MEMBER)
		return BOOKS_NOT_MEMBER;
	if (!v)
		return BOOKS_UNKNOWN; /* not its turn: it stays sealed */
	if (v->shown)
		return BOOKS_EXISTS;
	return shard_verify(x, terms->shards, &terms->root) ? BOOKS_OK
							    : BOOKS_BODY;
}

static void
commit_shard(struct books *b, struct step *s)
{
	waiting(b, s->u.shard.index)->shown = true;
}

const struct kind_row kind_shard = {check_shard, commit_shard};
