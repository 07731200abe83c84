/*
 * train_state.h - what a trainer keeps from round to round, if its job says so:
 * moments of the optimiser, momentum of its updates, its control variates
 * (SCAFFOLD), its place in the rows. As bytes it can be hashed and stored.
 */
#ifndef QML_SIM_LEARN_TRAIN_STATE_H
#define QML_SIM_LEARN_TRAIN_STATE_H

#include <stddef.h>
#include <stdint.h>

#include "sim/learn/optimiser.h"

struct train_state {
	size_t n; /* parameters */
	struct moments moments;
	double *momentum; /* of updates, n, as in train.c; owned */
	double fading;    /* beta^t of it: what zero, its start, still weighs */
	int64_t *control; /* own control variates, n, Q24; owned */
	uint64_t at;      /* next row, for TRAIN_IN_ORDER */
	uint64_t steps;   /* taken so far */
};

#define TRAIN_STATE_INIT            \
	{                           \
		.n = 0, .fading = 1 \
	}

/* All zero. -ENOMEM. */
int train_state_init(struct train_state *s, size_t n);
void train_state_close(struct train_state *s);

/* Big-endian, doubles by their bits: equal states have equal bytes. */
size_t train_state_size(size_t n);
void train_state_write(const struct train_state *s, uint8_t *out);
/* Into an initialised state. -EINVAL: another size, or numbers that are not
 * finite; *s is unchanged. */
int train_state_read(struct train_state *s, const uint8_t *in, size_t len);

#endif
