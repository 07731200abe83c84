#include "sim/learn/batches.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

void
batches_rewind(struct batches *b, const struct train_hyper *h, uint64_t at)
{
	size_t i;

	assert(b->n > 0);
	for (i = 0; i < b->n; i++)
		b->order[i] = (uint32_t)i;
	b->at = b->kind == TRAIN_IN_ORDER ? (size_t)(at % b->n)
					  : b->n; /* shuffle first */
	rng_init(&b->rng, h->seed, 0);
}

int
batches_init(struct batches *b, const struct train_hyper *h, size_t n,
    uint64_t at)
{
	*b = (struct batches)BATCHES_INIT;
	b->order = calloc(n + 1, sizeof(*b->order));
	if (b->order == NULL)
		return -ENOMEM;
	b->n = n;
	b->batch = h->batch < n ? h->batch : n;
	b->kind = h->order;
	batches_rewind(b, h, at);
	return 0;
}

void
batches_close(struct batches *b)
{
	free(b->order);
	*b = (struct batches)BATCHES_INIT;
}

size_t
batches_next(struct batches *b, const uint32_t **rows)
{
	size_t n = b->batch;

	if (b->kind == TRAIN_IN_ORDER) {
		if (b->at >= b->n)
			b->at = 0;
		if (n > b->n - b->at)
			n = b->n - b->at;
	} else if (b->at + n > b->n) {
		rng_shuffle(&b->rng, b->order, b->n);
		b->at = 0;
	}
	*rows = b->order + b->at;
	b->at += n;
	return n;
}
