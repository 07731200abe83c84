/*
 * qkernel.h - fidelity kernels K[i][j] = |<psi(x_i)|psi(x_j)>|^2 of feature
 * maps that are Hadamards and diagonals.
 *
 * The phase of basis state b is sum_q s_q b_q + sum_{j<q} p_jq (b_j xor b_q);
 * it is made by doubling, one complex product an amplitude, and the Hadamards
 * are Walsh-Hadamard transforms. Then one Hermitian product.
 */
#ifndef QML_SIM_LEARN_QKERNEL_H
#define QML_SIM_LEARN_QKERNEL_H

#include <stddef.h>
#include <stdint.h>

#include "sim/state/lanes.h"

#define QKERNEL_MAX_QUBITS 16
#define QKERNEL_MAX_REPS 8

struct pool;

enum qkernel_kind {
	QKERNEL_ZZ, /* s_q = 2 x_q, p_jq = 2 (pi - x_j)(pi - x_q) */
	QKERNEL_Z,  /* s_q = 2 x_q, p_jq = 0 */
	QKERNEL_IQP /* s_q = x_q, p_jq = x_j x_q */
};

struct qkernel_map {
	enum qkernel_kind kind;
	uint32_t nqubits; /* and features */
	uint32_t reps;
	enum lanes_isa isa;
};

/* States of n rows, eight in the lanes of each group; not normalised: the
 * square of a state's length is 2^(nqubits reps). */
struct qkernel_states {
	struct qkernel_map map;
	size_t n;
	double *amp; /* groups of 2 x 2^nqubits x LANES */
};

#define QKERNEL_STATES_INIT \
	{                   \
		.amp = NULL \
	}

/* From x[n * nqubits]. 16 B x 2^nqubits x n, n rounded up to 8, and 24 B x
 * 2^nqubits x 8 a thread. -EINVAL: a size out of range; -ENOTSUP: the CPU
 * lacks the ISA; -ENOMEM. */
int qkernel_states_init(struct qkernel_states *s, const struct qkernel_map *m,
    const double *x, size_t n, struct pool *pool);
void qkernel_states_close(struct qkernel_states *s);

/* k[i * b->n + j], i < a->n, j < b->n; a == b: symmetric, half the work. Both
 * of the same map. */
void qkernel_gram(const struct qkernel_states *a,
    const struct qkernel_states *b, double *k, struct pool *pool);

#endif
