/*
 * feature_map_pauli.h - the blocks of a Pauli feature map: which letters on
 * which qubits. For feature_map.c.
 */
#ifndef QML_SIM_LEARN_FEATURE_MAP_PAULI_H
#define QML_SIM_LEARN_FEATURE_MAP_PAULI_H

#include <stddef.h>
#include <stdint.h>

#include "sim/learn/feature_map.h"

struct circuit;

struct feature_map_block {
	const char *letters; /* the last acts on qubit[0] */
	uint32_t len, qubit[QKERNEL_MAX_QUBITS];
};

struct feature_map_blocks {
	struct feature_map_block *items; /* owned */
	size_t n;
};

#define FEATURE_MAP_BLOCKS_INIT \
	{                       \
		.items = NULL   \
	}

/* One rep's, in order. -E2BIG: over FEATURE_MAP_MAX_BLOCKS; -ENOMEM. */
int feature_map_blocks_init(struct feature_map_blocks *b,
    const struct feature_map *m);
void feature_map_blocks_close(struct feature_map_blocks *b);

/* phi of each block, for a row of features; out[b->n]. */
void feature_map_blocks_angles(const struct feature_map_blocks *b,
    const double *x, double *out);

/* The gates; feature k of the circuit is phi of block k. c: initialised. */
int feature_map_blocks_circuit(const struct feature_map_blocks *b,
    const struct feature_map *m, struct circuit *c);

#endif
