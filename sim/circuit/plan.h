/*
 * plan.h - a circuit compiled for batches: steps of one diagonal and one set
 * of commuting RYs, and nothing else.
 *
 * CNOT, SWAP and X move no amplitudes. The plan keeps an affine map over
 * GF(2): logical qubit q of the state stored at address x is
 * parity(row[q] & x) xor flip[q], and toggling it is x ^ col[q]. An RY or a
 * string of Zs is compiled in the map of its moment, so every gate becomes a
 * Y-like pair (row, col) or a parity mask. RX and H are a diagonal, an RY, a
 * diagonal. Each gate moves to the earliest step it commutes into.
 *
 * Features as amplitudes, or as RY on |0> before anything else that touches the
 * qubit, are where a sample starts from. Elsewhere (data re-uploading) they
 * make an angle differ from lane to lane: such phases and rotations come after
 * the shared ones of their step.
 */
#ifndef QML_SIM_CIRCUIT_PLAN_H
#define QML_SIM_CIRCUIT_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sim/circuit/circuit.h"
#include "sim/circuit/spread.h"
#include "sim/state/lanes.h"

/* exp(-i a Z(mask) / 2), Z(mask) = (-1)^parity(mask & x); a holds the sign. */
struct plan_phase {
	uint32_t mask;
	uint32_t step;
	struct circuit_angle angle;
	bool lane;     /* depends on features */
	uint32_t next; /* for the compiler */
};

/* RY between x (parity(row & x) = 0) and x ^ col. */
struct plan_rot {
	uint32_t row;
	uint32_t col;
	uint32_t step;
	struct circuit_angle angle;
	bool lane;
	uint32_t term0, nterms; /* more of its angle */
	uint32_t next, id;      /* for the compiler */
};

/* A rotation's angle is the sum of its own and these. */
struct plan_term {
	uint32_t rot;
	struct circuit_angle angle;
};

struct plan_block {
	struct lanes_block walk;
	uint32_t first; /* its rotations: first .. first+nrots-1 */
};

/* First the diagonal, then the rotations. The last step has none of these:
 * its diagonal cannot be seen by Z observables. */
struct plan_step {
	size_t phase0, nphases; /* shared by all lanes */
	size_t block0, nblocks;
	size_t rot0, nrots;
	size_t lane_phase0, nlane_phases;
	size_t lane_block0, nlane_blocks;
	size_t lane_rot0, nlane_rots;
	struct spread spread; /* of its lane phases */
};

struct plan {
	uint32_t nqubits;
	uint32_t nparams;
	uint32_t nfeatures;
	enum circuit_start start;
	struct circuit_angle *input; /* nqubits: RY before the first step */
	struct plan_phase *phases;   /* by step */
	struct plan_rot *rots;       /* by step */
	struct plan_term *terms;     /* by rotation */
	struct plan_block *blocks;
	struct plan_step *steps;
	size_t nsteps; /* the last is diagonal only */
	size_t nphases, nrots, nterms, nblocks;
	bool lanewise; /* some phase or rotation depends on features */
	bool inputs;   /* some RY before the first step does */
	uint32_t row[CIRCUIT_MAX_QUBITS]; /* the map at the end */
	bool flip[CIRCUIT_MAX_QUBITS];
};

#define PLAN_INIT           \
	{                   \
		.nsteps = 0 \
	}

/* -ENOMEM. The circuit may be closed afterwards. */
int plan_compile(struct plan *p, const struct circuit *c);

void plan_close(struct plan *p);

#endif
