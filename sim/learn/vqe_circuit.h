/*
 * vqe_circuit.h - circuits of an eigensolver: a basis state, then H, CNOT and
 * turns exp(-i a P / 2) about Pauli strings, a = coef * theta[param].
 *
 * State vectors with portable loops and our own sincos; every sum has one
 * order. So energies and gradients are the same on every machine.
 */
#ifndef QML_SIM_LEARN_VQE_CIRCUIT_H
#define QML_SIM_LEARN_VQE_CIRCUIT_H

#include <stddef.h>
#include <stdint.h>

#include "sim/observable/pauli.h"
#include "sim/state/vector.h"

#define VQE_CIRCUIT_MAX_OPS (1u << 20)

struct program;

enum vqe_gate { VQE_TURN, VQE_H, VQE_CX };

struct vqe_op {
	enum vqe_gate gate;
	uint32_t param; /* of a turn */
	double coef;
	uint64_t x, z;     /* of a turn */
	uint32_t qubit[2]; /* H: one; CX: control, target */
};

struct vqe_circuit {
	uint32_t nqubits, nparams;
	uint64_t start;     /* the basis state */
	struct vqe_op *ops; /* owned */
	size_t nops, cap;
};

#define VQE_CIRCUIT_INIT    \
	{                   \
		.ops = NULL \
	}

void vqe_circuit_close(struct vqe_circuit *c);

/* Appends. -ENOMEM; -E2BIG. A turn's param may be at most nparams, which then
 * grows by one. */
int vqe_circuit_turn(struct vqe_circuit *c, uint32_t param, double coef,
    const struct pauli_term *string);
int vqe_circuit_h(struct vqe_circuit *c, uint32_t qubit);
int vqe_circuit_cx(struct vqe_circuit *c, uint32_t control, uint32_t target);

/* A turn exp(theta A) with A = i times a sum of strings that commute, as one
 * parameter. */
int vqe_circuit_exponential(struct vqe_circuit *c, uint32_t param,
    const struct pauli_sum *generator);

void vqe_circuit_run(const struct vqe_circuit *c, const double *theta,
    struct vector *v);

/* Three vectors of nqubits. */
struct vqe_room {
	struct vector psi, lambda, work;
};

#define VQE_ROOM_INIT              \
	{                          \
		.psi = VECTOR_INIT \
	}

int vqe_room_init(struct vqe_room *r, uint32_t nqubits);
void vqe_room_close(struct vqe_room *r);

/* grad[nparams] of <S> at r->psi, which vqe_circuit_run() left and which is
 * kept; returns <S>. */
double vqe_circuit_gradient(const struct vqe_circuit *c,
    const struct pauli_sum *s, const double *theta, struct vqe_room *r,
    double *grad);

/* Im <a| P |b>. */
double vqe_string_imag(const struct pauli_term *p, const struct vector *a,
    const struct vector *b);

/* The same circuit as gates, for noise, shots and OpenQASM; inputs are named
 * theta0 ..; unset. p: PROGRAM_INIT. */
int vqe_circuit_program(const struct vqe_circuit *c, struct program *p);

#endif
