/*
 * batches.h - which rows a training step sees.
 *
 * Shuffled: a new order each epoch, its remainder left out. In order: rows as
 * they lie, the last batch of an epoch is what is left, then from the start.
 */
#ifndef QML_SIM_LEARN_BATCHES_H
#define QML_SIM_LEARN_BATCHES_H

#include <stddef.h>
#include <stdint.h>

#include "sim/learn/rng.h"
#include "sim/learn/train_hyper.h"

struct batches {
	uint32_t *order; /* n, owned */
	size_t n;
	size_t at; /* in order */
	size_t batch;
	enum train_order kind;
	struct rng rng;
};

#define BATCHES_INIT          \
	{                     \
		.order = NULL \
	}

/* n > 0. at: the first row when in order, taken modulo n. -ENOMEM. */
int batches_init(struct batches *b, const struct train_hyper *h, size_t n,
    uint64_t at);
void batches_close(struct batches *b);

/* From the start again, as after init. */
void batches_rewind(struct batches *b, const struct train_hyper *h,
    uint64_t at);

/* The next rows, valid until the next call; how many. */
size_t batches_next(struct batches *b, const uint32_t **rows);

#endif
