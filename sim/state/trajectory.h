/*
 * trajectory.h - run a noisy program many times on state vectors, each time
 * with one Kraus operator drawn for each channel: the mean over runs is what
 * mixture.h computes exactly.
 *
 * Run i draws from stream i of the seed, and sums go by the number of the run:
 * results do not depend on threads.
 */
#ifndef QML_SIM_STATE_TRAJECTORY_H
#define QML_SIM_STATE_TRAJECTORY_H

#include <stdbool.h>

#include "sim/state/shots.h"
#include "sim/state/vector.h"

struct noisy_plan;
struct pool;

struct trajectory_wish {
	uint64_t runs;
	const uint8_t *seed; /* RNG_SEED_BYTES */
	const struct pauli_sum *observables;
	size_t nobservables;
	bool counts;       /* one shot per run */
	struct pool *pool; /* or NULL */
	/* For all vectors, one for each thread; may be NULL. */
	const struct vector_room *room;
};

struct trajectory {
	/* Owned: of each observable, before the measurements that nothing
	 * depends on, without errors of reading (see readout_observable). */
	struct estimate *estimates;
	struct counts counts; /* with errors of reading */
};

#define TRAJECTORY_INIT           \
	{                         \
		.estimates = NULL \
	}

/* -EINVAL: no run; -EFBIG; -ENOMEM. Memory: one vector per thread and 8 B x
 * runs x (observables + 1). */
int trajectory_run(struct trajectory *t, const struct noisy_plan *n,
    const struct trajectory_wish *wish);
void trajectory_close(struct trajectory *t);

#endif
