/*
 * circuit.h - a circuit as a list of gates. Data, never code.
 *
 * Qubit 0 is the least significant bit of a basis state's index;
 * RP(a) = exp(-i a P / 2). An angle is coef * value + offset, its value a
 * parameter theta[index], a feature x[index], or nothing.
 */
#ifndef QML_SIM_CIRCUIT_CIRCUIT_H
#define QML_SIM_CIRCUIT_CIRCUIT_H

#include <stddef.h>
#include <stdint.h>

#define CIRCUIT_MAX_QUBITS 20

enum circuit_op {
	CIRCUIT_RX,
	CIRCUIT_RY,
	CIRCUIT_RZ,
	CIRCUIT_RZZ, /* exp(-i a Z Z / 2) */
	CIRCUIT_H,
	CIRCUIT_X,
	CIRCUIT_Y,
	CIRCUIT_Z,
	CIRCUIT_S,
	CIRCUIT_SDG,
	CIRCUIT_T,
	CIRCUIT_TDG,
	CIRCUIT_CNOT, /* q[0] controls q[1] */
	CIRCUIT_CZ,
	CIRCUIT_SWAP
};

enum circuit_ref {
	CIRCUIT_CONST, /* the angle is the offset */
	CIRCUIT_PARAM,
	CIRCUIT_FEATURE
};

struct circuit_angle {
	enum circuit_ref ref;
	uint32_t index;
	double coef;
	double offset;
};

struct circuit_gate {
	enum circuit_op op;
	uint32_t q[2];
	struct circuit_angle angle;
};

/* What the register holds before the first gate. */
enum circuit_start {
	CIRCUIT_ZERO,      /* |0...0> */
	CIRCUIT_AMPLITUDES /* each sample's features, normalised */
};

struct circuit {
	uint32_t nqubits;
	uint32_t nparams;
	uint32_t nfeatures;
	enum circuit_start start;
	struct circuit_gate *gates; /* owned */
	size_t ngates;
	size_t capacity;
};

#define CIRCUIT_INIT          \
	{                     \
		.gates = NULL \
	}

/* -EINVAL unless 1 <= nqubits <= CIRCUIT_MAX_QUBITS. */
int circuit_init(struct circuit *c, uint32_t nqubits);

void circuit_close(struct circuit *c);

/* Appends. nparams and nfeatures grow to cover the angle's index. -EINVAL: a
 * qubit out of range or used twice, an angle that is not finite; -ENOMEM. */
int circuit_add(struct circuit *c, const struct circuit_gate *g);

/* How many qubits the gate acts on: 1 or 2. */
unsigned circuit_arity(enum circuit_op op);

#endif
