/*
 * feature_map.h - rows of features as quantum states, for kernels: of any of
 * the named maps.
 *
 * zz, z, iqp: qkernel.h, between all pairs of qubits. angle: a rotation by
 * scale x_q on qubit q. amplitude: the row itself, normalised. pauli, as
 * Qiskit has it: reps times H on all qubits, then for each string of letters,
 * on each choice of as many qubits, exp(-i alpha phi P / 2), phi = x of one
 * qubit or the product of pi - x; the string's last letter acts on the first
 * qubit of the choice.
 */
#ifndef QML_SIM_LEARN_FEATURE_MAP_H
#define QML_SIM_LEARN_FEATURE_MAP_H

#include <stddef.h>
#include <stdint.h>

#include "sim/learn/qkernel.h"

#define FEATURE_MAP_MAX_STRINGS 16
#define FEATURE_MAP_MAX_BLOCKS 4096 /* of one rep */

struct circuit;

enum feature_map_kind {
	FEATURE_MAP_ZZ,
	FEATURE_MAP_Z,
	FEATURE_MAP_IQP,
	FEATURE_MAP_PAULI,
	FEATURE_MAP_ANGLE,
	FEATURE_MAP_AMPLITUDE
};

/* Which qubits a string of pauli acts on together. */
enum feature_map_choice {
	FEATURE_MAP_FULL,    /* all choices, in lexicographic order */
	FEATURE_MAP_LINEAR,  /* neighbours */
	FEATURE_MAP_CIRCULAR /* first those across the end, then neighbours */
};

struct feature_map {
	enum feature_map_kind kind;
	uint32_t nqubits;   /* 1 .. QKERNEL_MAX_QUBITS */
	uint32_t nfeatures; /* nqubits; amplitude: at most 2^nqubits */
	uint32_t reps;      /* 1 .. QKERNEL_MAX_REPS */
	enum feature_map_choice choice;
	const char *strings[FEATURE_MAP_MAX_STRINGS]; /* of X, Y, Z; borrowed */
	size_t nstrings;
	double alpha; /* of pauli; Qiskit's is 2 */
	char axis;    /* of angle: 'x', 'y' or 'z' */
	double scale; /* of angle */
	enum lanes_isa isa;
};

/* NULL if the map can be made, else why not. */
const char *feature_map_check(const struct feature_map *m);

/* States of x[n * nfeatures], qubit 0 the least significant bit, up to a phase
 * for each row; for qkernel_gram() and projected.h. Memory: 16 B x 2^nqubits
 * x n, n rounded up to 8, and for each thread adjoint.h's. -EINVAL:
 * feature_map_check() objects, or a feature is not finite; -ENOTSUP: the CPU
 * lacks the ISA; -ENOMEM. */
int feature_map_states(const struct feature_map *m, const double *x, size_t n,
    struct pool *pool, struct qkernel_states *s);

/* What feature_map_states() allocates for n rows, about; SIZE_MAX: too much. */
size_t feature_map_bytes(const struct feature_map *m, size_t n,
    size_t nthreads);

#endif
