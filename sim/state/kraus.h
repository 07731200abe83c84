/*
 * kraus.h - channels: noise on one to three qubits as Kraus operators, rho
 * becomes the sum of K rho K^dagger.
 *
 * Matrices are rows of re, im pairs; bit j of an index is the channel's qubit
 * j, as in vector.h. A probability outside its range, or operators whose sum
 * of K^dagger K is further than 1e-10 from 1, is -EINVAL.
 */
#ifndef QML_SIM_STATE_KRAUS_H
#define QML_SIM_STATE_KRAUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define KRAUS_MAX_QUBITS 3
#define KRAUS_MAX_OPERATORS 64
#define KRAUS_TOLERANCE 1e-10

struct kraus {
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

#define KRAUS_INIT            \
	{                     \
		.kraus = NULL \
	}

/* All fill *c, which kraus_close() empties; -ENOMEM. Operators that are 0
 * are left out. */
int kraus_init(struct kraus *c, uint32_t nqubits, uint32_t nkraus,
    const double *kraus);
void kraus_close(struct kraus *c);

/* rho -> (1 - p) rho + p Tr(rho) 1/2^n on n = 1 or 2 qubits: p is the
 * probability of total mixing (Qiskit's depolarizing_error), so that of some
 * Pauli error is 3p/4 or 15p/16. 0 <= p <= 4/3 or 16/15. */
int kraus_depolarizing(struct kraus *c, uint32_t nqubits, double p);

/* K0 = diag(1, sqrt(1 - g)), K1 = sqrt(g) |0><1|. */
int kraus_amplitude_damping(struct kraus *c, double g);

/* The same towards a mixture with |1> of weight excited. */
int kraus_generalized_damping(struct kraus *c, double g, double excited);

/* K0 = diag(1, sqrt(1 - l)), K1 = diag(0, sqrt(l)): coherences times
 * sqrt(1 - l). */
int kraus_phase_damping(struct kraus *c, double l);

int kraus_bit_flip(struct kraus *c, double p);   /* X with p */
int kraus_phase_flip(struct kraus *c, double p); /* Z with p */

/* p[4^n]: of the Pauli whose letter at qubit j is i >> 2j & 3, 0 1 2 3 for I
 * X Y Z. p[0] must be the rest to 1, within 1e-10. */
int kraus_pauli(struct kraus *c, uint32_t nqubits, const double *p);

/* Times in one unit, all of them > 0 (time >= 0; T1 and T2 may be INFINITY);
 * T2 <= 2 T1. Populations decay to excited with T1, coherences with T2. */
struct kraus_thermal {
	double t1, t2, time;
	double excited; /* 0 .. 1 */
};
int kraus_thermal(struct kraus *c, const struct kraus_thermal *t);

/* A unitary error exp(-i a P / 2), P = X, Y, Z for 'x', 'y', 'z' on each of n
 * qubits as one product: 'z', n = 2 is RZZ(a). */
int kraus_rotation(struct kraus *c, uint32_t nqubits, char axis, double a);

/* First, then second; both on the same qubits. -E2BIG, also of the next: more
 * than KRAUS_MAX_OPERATORS operators or KRAUS_MAX_QUBITS qubits. */
int kraus_compose(struct kraus *c, const struct kraus *first,
    const struct kraus *second);

/* a on the low qubits, b above them. */
int kraus_tensor(struct kraus *c, const struct kraus *a, const struct kraus *b);

/* Average of <psi| E(psi) |psi> over all pure psi: (d F + 1) / (d + 1). */
double kraus_fidelity(const struct kraus *c);

#endif
