/*
 * tile.h - how large.h cuts a plan into passes over tiles.
 *
 * A pass holds stages: a diagonal, then rotations whose columns lie in the
 * tile's subspace. What of a plan's later steps depends only on what is done
 * joins the same pass, so that several steps cost one pass over memory.
 */
#ifndef QML_SIM_CIRCUIT_TILE_H
#define QML_SIM_CIRCUIT_TILE_H

#include <stddef.h>
#include <stdint.h>

#include "sim/state/amp.h"

struct plan;

#define TILE_MAX_QUBITS 16

struct tile_shape {
	uint32_t dim;   /* of a tile */
	uint32_t line;  /* its first vectors are the unit vectors below */
	uint32_t inner; /* coordinates that fit L1 */
};

struct tile_block {
	struct amp_block walk;     /* rot: the plan's */
	uint32_t row[AMP_RY_ROTS]; /* in coordinates */
};

struct tile_stage {
	size_t phase0, nphases;         /* of order */
	size_t block0, ninner, nblocks; /* blocks within inner first */
};

/* Address x = base ^ sum of basis[j] over the bits j of u. */
struct tile_pass {
	uint32_t basis[TILE_MAX_QUBITS];
	uint32_t outer[LANES_MAX_QUBITS]; /* of the bases, n - dim vectors */
	size_t stage0, nstages;
};

struct tile_plan {
	const struct plan *plan; /* kept */
	struct tile_shape shape;
	struct tile_pass *passes;
	struct tile_stage *stages;
	struct tile_block *blocks;
	uint32_t *order; /* phases, each once */
	size_t npasses, nstages, nblocks, norder;
};

#define TILE_PLAN_INIT       \
	{                    \
		.plan = NULL \
	}

/* From step first on, but the last step's phases. At least one pass. -ENOMEM.
 */
int tile_plan_init(struct tile_plan *t, const struct plan *p,
    const struct tile_shape *shape, size_t first);
void tile_plan_close(struct tile_plan *t);

/* Bit j: parity(mask & basis[j]). */
uint32_t tile_mask(const struct tile_pass *t, uint32_t dim, uint32_t mask);

#endif
