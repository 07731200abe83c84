/*
 * vqse.h - principal components by a variational circuit: the eigensolver of
 * Cerezo et al. (npj Quantum Information 8, 113, 2022), on the batch engine.
 *
 * V(theta) is trained so that p_z = <z| V rho V^dag |z> puts the largest
 * eigenvalue at z = 0, the next at 1, and so on: cost sum_z p_z h_z with h
 * rising, least exactly there. Linear in rho, so costs and gradients of sites
 * average; one copy of rho at a time. rho comes as at most 2^n pure states
 * from its Cholesky factor. Analysis only; no speed-up is claimed.
 */
#ifndef QML_SIM_LEARN_VQSE_H
#define QML_SIM_LEARN_VQSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sim/circuit/bind.h"
#include "sim/circuit/plan.h"
#include "sim/gradient/adjoint.h"

#define VQSE_MAX_QUBITS 6
#define VQSE_MAX_LAYERS 64
#define VQSE_SEED_BYTES 32

enum vqse_ansatz {
	VQSE_COMPLEX, /* RY, RZ a qubit, then a ring of CNOTs, a layer; RY, RZ
		       * at the end. Two qubits: CNOT(0, 1) alone */
	VQSE_REAL     /* RY alone: enough for a real rho */
};

struct vqse {
	struct plan plan;
	struct bind bind;
	struct adjoint adjoint;
	size_t n; /* 2^nqubits */
	size_t nparams;
	size_t nstates;
	double *states;    /* prepared rows, owned */
	double *weights;   /* of the states: they sum to the trace */
	double *levels;    /* h_z, owned */
	double *p;         /* p_z of the last call, owned */
	uint32_t *logical; /* basis state of an address, owned */
};

/* rho[n * n] real, symmetric, positive, n = 2^nqubits, is copied. h_z = z /
 * (n - 1). -EINVAL: a size, or rho is not positive; -ENOMEM. */
int vqse_init(struct vqse *v, const double *rho, uint32_t nqubits,
    enum vqse_ansatz ansatz, uint32_t nlayers);

void vqse_close(struct vqse *v);

/* theta[nparams]; fills v->p. grad[nparams], or NULL. Allocates nothing. */
double vqse_cost(struct vqse *v, const double *theta, double *grad);

/* Tr rho^2 - sum_z p_z^2 of the last call: VQSD's cost (LaRose 2019), which
 * takes two copies of rho. */
double vqse_diagonal_cost(const struct vqse *v);

/* |<z| V |u>|^2 at theta, u[n]: how much of a known component the circuit
 * found at z. -ENOMEM. */
int vqse_overlap(struct vqse *v, const double *theta, const double *u, size_t z,
    double *out);

struct vqse_search {
	uint32_t starts;     /* >= 1, each uniform in +-pi */
	uint32_t iterations; /* of L-BFGS a start, at most */
	uint8_t seed[VQSE_SEED_BYTES];
};

struct vqse_found {
	double cost;
	uint32_t start; /* which one was best */
	uint32_t iterations;
	uint64_t evaluations; /* of all starts */
};

/* theta[nparams]: the best of all starts. -EINVAL, -ENOMEM. */
int vqse_search(struct vqse *v, const struct vqse_search *how, double *theta,
    struct vqse_found *found);

#endif
