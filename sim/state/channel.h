/*
 * channel.h - noise on one to three qubits as Kraus operators: rho becomes
 * the sum of K rho K^dagger.
 *
 * Matrices are rows of re, im pairs; bit j of an index is the channel's qubit
 * j, as in vector.h. A probability outside its range, or operators whose sum
 * of K^dagger K is further than 1e-10 from 1, is -EINVAL.
 */
#ifndef QML_SIM_STATE_CHANNEL_H
#define QML_SIM_STATE_CHANNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CHANNEL_MAX_QUBITS 3
#define CHANNEL_MAX_KRAUS 64
#define CHANNEL_TOLERANCE 1e-10

struct channel {
	uint32_t nqubits;
	uint32_t nkraus;
	double *kraus; /* owned: nkraus x 2 x 4^nqubits */
	/* Owned: nkraus x 2 x 4^nqubits, the products K^dagger K. */
	double *effect;
	/* Each K is sqrt(weight) times a unitary: then the draw of one does not
	 * depend on the state. weight is owned, nkraus of them. */
	bool mixture;
	double *weight;
	/* Owned: the nonzero entries of the superoperator, by rows; bit j of
	 * an index is qubit j of rho's row, bit nqubits + j of its column. */
	uint32_t *row, *col;
	double *value; /* 2 x nvalues */
	uint32_t nvalues;
};

#define CHANNEL_INIT          \
	{                     \
		.kraus = NULL \
	}

/* All fill *c, which channel_close() empties; -ENOMEM. Operators that are 0
 * are left out. */
int channel_kraus(struct channel *c, uint32_t nqubits, uint32_t nkraus,
    const double *kraus);
void channel_close(struct channel *c);

/* rho -> (1 - p) rho + p Tr(rho) 1/2^n on n = 1 or 2 qubits: p is the
 * probability of total mixing (Qiskit's depolarizing_error), so that of some
 * Pauli error is 3p/4 or 15p/16. 0 <= p <= 4/3 or 16/15. */
int channel_depolarizing(struct channel *c, uint32_t nqubits, double p);

/* K0 = diag(1, sqrt(1 - g)), K1 = sqrt(g) |0><1|. */
int channel_amplitude_damping(struct channel *c, double g);

/* The same towards a mixture with |1> of weight excited. */
int channel_generalized_damping(struct channel *c, double g, double excited);

/* K0 = diag(1, sqrt(1 - l)), K1 = diag(0, sqrt(l)): coherences times
 * sqrt(1 - l). */
int channel_phase_damping(struct channel *c, double l);

int channel_bit_flip(struct channel *c, double p);   /* X with p */
int channel_phase_flip(struct channel *c, double p); /* Z with p */

/* p[4^n]: of the Pauli whose letter at qubit j is i >> 2j & 3, 0 1 2 3 for I
 * X Y Z. p[0] must be the rest to 1, within 1e-10. */
int channel_pauli(struct channel *c, uint32_t nqubits, const double *p);

/* Times in one unit, all of them > 0 (time >= 0; T1 and T2 may be INFINITY);
 * T2 <= 2 T1. Populations decay to excited with T1, coherences with T2. */
struct channel_thermal {
	double t1, t2, time;
	double excited; /* 0 .. 1 */
};
int channel_thermal(struct channel *c, const struct channel_thermal *t);

/* A unitary error exp(-i a P / 2), P = X, Y, Z for 'x', 'y', 'z' on each of n
 * qubits as one product: 'z', n = 2 is RZZ(a). */
int channel_rotation(struct channel *c, uint32_t nqubits, char axis, double a);

/* First, then second; both on the same qubits. -E2BIG, also of the next: more
 * than CHANNEL_MAX_KRAUS operators or CHANNEL_MAX_QUBITS qubits. */
int channel_compose(struct channel *c, const struct channel *first,
    const struct channel *second);

/* a on the low qubits, b above them. */
int channel_tensor(struct channel *c, const struct channel *a,
    const struct channel *b);

/* Average of <psi| E(psi) |psi> over all pure psi: (d F + 1) / (d + 1). */
double channel_fidelity(const struct channel *c);

#endif
