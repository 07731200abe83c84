/*
 * lower.h - from gates to what a plan is made of: phases, rotations and the
 * index map. Internal to the compiler.
 */
#ifndef QML_SIM_CIRCUIT_LOWER_H
#define QML_SIM_CIRCUIT_LOWER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sim/circuit/plan.h"

/* The plan in the making. Steps count sets of RYs; phases may lie one past.
 * Heads and next: 1 + index of the last of a step and of the one before. */
struct lower {
	struct plan *p;
	uint32_t col[CIRCUIT_MAX_QUBITS];
	bool touched[CIRCUIT_MAX_QUBITS];
	size_t phases_max, rots_max, terms_max;
	uint32_t *phase_head, *rot_head;
	size_t phase_heads_max, rot_heads_max;
	uint32_t nsets;
};

/* -ENOMEM. */
int lower_gate(struct lower *b, const struct circuit_gate *g);

/* exp(-i +-a Z(mask) / 2) to the earliest step it commutes into. */
int lower_phase(struct lower *b, uint32_t mask, bool minus,
    struct circuit_angle a);

/* RY of qubit q, likewise. */
int lower_rot(struct lower *b, uint32_t q, struct circuit_angle a);

#endif
