/*
 * template.h - named circuits: encodings, and layers with parameters.
 *
 * x'_i = scale x_i + shift. Angle: feature i turns qubit i mod n, by RY the
 * first n, by RZ the next n, and so on in turns. IQP: H on all, RZ(x'_i),
 * RZZ(x'_i x'_j) for i < j. ZZ: H on all, phases 2 x'_i, then 2 (pi - x'_i)
 * (pi - x'_j) of the parity of i and j (Qiskit's ZZFeatureMap without its
 * global phases). Amplitude: the register starts in the normalised features.
 *
 * Strongly entangling layer l: on each qubit q RZ, RY, RZ, then CNOT(q, q + r
 * mod n) for q = 0 .. n-1, the range r = 1 + l mod (n - 1), as in PennyLane.
 * Hardware efficient: RY, RZ on each qubit, then CNOT(q, q + 1 mod n).
 * RX RZ RX: CNOT(q, q + 1) for q = 0 .. n-2, then these on each qubit.
 * Parameters qubit by qubit, the first acts first. One qubit has no ring; two
 * have CNOT(0, 1) and CNOT(1, 0).
 */
#ifndef QML_SIM_CIRCUIT_TEMPLATE_H
#define QML_SIM_CIRCUIT_TEMPLATE_H

#include <stdbool.h>
#include <stdint.h>

#include "sim/circuit/circuit.h"

/* RY(pi x_i) of features 0 .. count-1 on qubits 0 .. count-1; count <=
 * nqubits. */
int template_angle(struct circuit *c, uint32_t count);

/* The register starts in count <= 2^nqubits amplitudes; before any gate. */
int template_amplitude(struct circuit *c, uint32_t count);

struct template_input {
	uint32_t count; /* features */
	double scale, shift;
	/* Angles only: the turn is theta[factor0 + i] x'_i + theta[offset0 +
	 * i]. */
	bool trained;
	uint32_t factor0, offset0;
};

int template_angles(struct circuit *c, const struct template_input *in);

/* count <= nqubits. */
int template_iqp(struct circuit *c, const struct template_input *in);
int template_zz(struct circuit *c, const struct template_input *in);

enum template_kind {
	TEMPLATE_STRONGLY_ENTANGLING,
	TEMPLATE_HARDWARE_EFFICIENT,
	TEMPLATE_RX_RZ_RX
};

struct template_layer {
	enum template_kind kind;
	uint32_t index;  /* l, for the range */
	uint32_t param0; /* its first parameter */
	/* The gates backwards: with the same parameters backwards and negated
	 * it undoes the layer. */
	bool mirrored;
};

uint32_t template_layer_size(enum template_kind kind, uint32_t nqubits);
int template_layer(struct circuit *c, const struct template_layer *l);

/* Parameters continue after those c already has. */
int template_strongly_entangling(struct circuit *c, uint32_t nlayers);
int template_hardware_efficient(struct circuit *c, uint32_t nlayers);

/*
 * Circuits that narrow: of the qubits left, each layer lets half go (an odd one
 * stays), at least one remains. Convolutional (arXiv:1810.03787): a block of 15
 * angles on neighbours 2i, 2i+1, then 2i+1, 2i+2 (the last with the first, if
 * more than two), the same angles everywhere; then each 2i controls a half turn
 * of 2i+1 about a trained axis (2 angles, the same everywhere) and goes. Tree
 * (arXiv:1804.03680): on each pair RZ RY RZ a qubit, angles of its own, and
 * CNOT; the control goes.
 */
struct template_left {
	uint32_t qubit[CIRCUIT_MAX_QUBITS];
	uint32_t n;
};

#define TEMPLATE_CONVOLUTION_SIZE 17
int template_convolution(struct circuit *c, struct template_left *left,
    uint32_t param0);
uint32_t template_tree_size(uint32_t nleft);
int template_tree(struct circuit *c, struct template_left *left,
    uint32_t param0);

#endif
