/*
 * tile.h - how large.h cuts a step of a plan into passes over tiles.
 */
#ifndef QML_SIM_CIRCUIT_TILE_H
#define QML_SIM_CIRCUIT_TILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sim/state/amp.h"

struct plan;

#define TILE_MAX_QUBITS 16
#define TILE_BLOCKS_MAX 16

struct tile_shape {
	uint32_t dim;   /* of a tile */
	uint32_t line;  /* its first vectors are the unit vectors below */
	uint32_t inner; /* coordinates that fit L1 */
};

/* Address x = base ^ sum of basis[j] over the bits j of u. */
struct tile_pass {
	size_t step;
	bool diagonal; /* the step's, before the rotations */
	uint32_t basis[TILE_MAX_QUBITS];
	uint32_t outer[LANES_MAX_QUBITS]; /* of the bases, n - dim vectors */
	uint32_t ninner, nblocks;         /* blocks within inner, all */
	uint32_t row[TILE_BLOCKS_MAX][AMP_BLOCK_ROTS]; /* in coordinates */
	struct amp_block blocks[TILE_BLOCKS_MAX];      /* rot: the plan's */
};

/* Appends the passes of step k to *passes (malloc'd, *n of them). -ENOMEM. */
int tile_plan_step(const struct plan *p, const struct tile_shape *shape,
    size_t k, struct tile_pass **passes, size_t *n);

/* Bit j: parity(mask & basis[j]). */
uint32_t tile_mask(const struct tile_pass *t, uint32_t dim, uint32_t mask);

#endif
