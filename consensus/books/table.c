#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "consensus/books/state.h"

int
table_reserve(struct table *t)
{
	size_t cap = t->cap ? 2 * t->cap : 8;
	uint8_t *rows;

	if (t->n < t->cap)
		return 0;
	rows = realloc(t->rows, cap * t->size);
	if (!rows)
		return -ENOMEM;
	t->rows = rows;
	t->cap = cap;
	return 0;
}

void *
table_insert(struct table *t, size_t at)
{
	uint8_t *row = t->rows + at * t->size;

	assert(t->n < t->cap && at <= t->n);
	memmove(row + t->size, row, (t->n - at) * t->size);
	memset(row, 0, t->size);
	t->n++;
	return row;
}

struct blob *
blob_new(uint32_t len)
{
	struct blob *b = calloc(1, sizeof(*b) + len);

	if (b) {
		atomic_init(&b->nrefs, 1);
		b->len = len;
	}
	return b;
}

struct blob *
blob_ref(struct blob *b)
{
	if (b)
		(void)atomic_fetch_add(&b->nrefs, 1);
	return b;
}

void
blob_unref(struct blob *b)
{
	if (b && atomic_fetch_sub(&b->nrefs, 1) == 1)
		free(b);
}
