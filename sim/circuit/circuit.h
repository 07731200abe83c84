/*
 * circuit.h - a circuit as a list of gates. Data, never code.
 *
 * Qubit 0 is the least significant bit of a basis state's index;
 * RP(a) = exp(-i a P / 2). An angle is coef * value + offset, its value a
 * parameter theta[index] or a feature x[index], or such a value times another
 * one, or nothing. Sums of such terms are gates one after another.
 */
#ifndef QML_SIM_CIRCUIT_CIRCUIT_H
#define QML_SIM_CIRCUIT_CIRCUIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CIRCUIT_MAX_QUBITS 30

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
	CIRCUIT_SWAP,
	CIRCUIT_RXX, /* exp(-i a X X / 2) */
	CIRCUIT_RYY,
	CIRCUIT_CRX, /* q[0] controls q[1] */
	CIRCUIT_CRY,
	CIRCUIT_CRZ,
	CIRCUIT_CPHASE, /* diag(1, 1, 1, exp(i a)) */
	CIRCUIT_NOPS
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
	enum circuit_ref by; /* second factor of the value; CONST: none */
	uint32_t by_index;
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
 * qubit out of range or used twice, an angle that is not finite, a feature that
 * is no amplitude where a sample starts from these; -ENOMEM. */
int circuit_add(struct circuit *c, const struct circuit_gate *g);

/* Whether the gate has an angle. */
bool circuit_turns(enum circuit_op op);

/* How many qubits the gate acts on: 1 or 2. */
unsigned circuit_arity(enum circuit_op op);

#endif
