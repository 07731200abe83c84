/*
 * density.h - one density matrix of n qubits, kept as a vector of 2n qubits:
 * <r| rho |c> is amplitude r + (c << n), bit q of r and of c is qubit q.
 *
 * A gate is applied to the row qubits and, conjugated, to the column qubits; a
 * channel is one pass with its superoperator. The trace need not be 1: a part
 * of a mixture keeps its probability as its trace.
 */
#ifndef QML_SIM_STATE_DENSITY_H
#define QML_SIM_STATE_DENSITY_H

#include "sim/state/vector.h"

#define DENSITY_MAX_QUBITS 16

struct kraus;
struct pauli_sum;
struct pauli_term;

struct density {
	uint32_t nqubits;
	struct vector state; /* owned, 2n qubits */
};

#define DENSITY_INIT         \
	{                    \
		.nqubits = 0 \
	}

/* 16 B x 4^n. UINT64_MAX beyond the maximum. */
uint64_t density_bytes(uint32_t nqubits);

/* |0..0><0..0|. -EINVAL: n > DENSITY_MAX_QUBITS; -EFBIG: more than
 * room->bytes_max; -ENOMEM. room may be NULL. */
int density_init(struct density *d, uint32_t nqubits,
    const struct vector_room *room);
void density_close(struct density *d);

void density_zero(struct density *d); /* |0..0><0..0| again */
void density_copy(struct density *d, const struct density *from);
void density_from_vector(struct density *d, const struct vector *v);
/* d += weight * from. */
void density_add(struct density *d, double weight, const struct density *from);
void density_scale(struct density *d, double by);

void density_apply(struct density *d, const struct vector_gate *g);
/* qubits: as many as the channel's, all different. */
void density_channel(struct density *d, const struct kraus *c,
    const uint32_t *qubits);

double density_trace(const struct density *d);
double density_purity(const struct density *d); /* Tr rho^2 */
/* <psi| rho |psi>. */
double density_fidelity(const struct density *d, const struct vector *psi);
/* Probability, not divided by the trace, that qubit q is 1. */
double density_one(const struct density *d, uint32_t q);
/* weight[0] times the part with qubit q = 0 plus weight[1] times that with
 * q = 1: what is left after a reading that has these probabilities. With 0, 1
 * the trace is the probability of q = 1. */
void density_read(struct density *d, uint32_t q, const double weight[static 2]);
void density_reset(struct density *d, uint32_t q); /* to |0> */

/* out[2^n] += weight * diagonal. */
void density_probs(const struct density *d, double weight, double *out);

/* Tr(rho P), without the coefficient. */
double density_string_expect(const struct pauli_term *t,
    const struct density *d);
double density_expect(const struct pauli_sum *s, const struct density *d);

#endif
