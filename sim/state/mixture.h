/*
 * mixture.h - run a noisy program exactly: density matrices, one for each
 * course that its measurements may take.
 */
#ifndef QML_SIM_STATE_MIXTURE_H
#define QML_SIM_STATE_MIXTURE_H

#include "sim/state/density.h"
#include "sim/state/shots.h"

struct noisy_plan;

#define MIXTURE_MAX_OPEN 64 /* courses waiting, each with a matrix */

struct mixture {
	/* Owned. Summed over courses, before the measurements that nothing
	 * depends on. */
	struct density density;
	/* Probabilities of the classical bits at the end, with the errors of
	 * reading; of all qubits when the program measures none. Owned. */
	struct outcomes outcomes;
};

#define MIXTURE_INIT                       \
	{                                  \
		.density = {.nqubits = 0 } \
	}

/* Courses of a probability below 1e-14 are left out. -EFBIG, -EINVAL, -ENOMEM
 * as of density_init(), for (2 + courses open) matrices; -E2BIG: too many
 * measurements in the middle. */
int mixture_run(struct mixture *m, const struct noisy_plan *n,
    const struct vector_room *room);
void mixture_close(struct mixture *m);

#endif
