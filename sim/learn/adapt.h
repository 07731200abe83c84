/*
 * adapt.h - ADAPT-VQE (Grimsley et al., Nature Comm. 10 (2019) 3007): a circuit
 * that grows by the operator whose gradient is largest, then all angles again.
 *
 * Pool: with electrons all of UCCSD's excitations from Hartree-Fock; without,
 * strings of one to three qubits with one Y (arXiv:1911.10205), from the basis
 * state of lowest energy. (With two at most, Heisenberg chains stop at a
 * product of singlets, where all their gradients are 0.) Operators may come
 * more than once. Ties go to the earlier one; everything is in fixed order, so
 * all machines find the same circuit.
 */
#ifndef QML_SIM_LEARN_ADAPT_H
#define QML_SIM_LEARN_ADAPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct hamiltonian;
struct vqe_circuit;

struct adapt {
	uint32_t operators_max;
	double gradient_min; /* of the pool: no operator is worth it */
	double energy_min;   /* stops when this is reached; -INFINITY */
	/* Told of each operator; may be NULL. */
	void (*grown)(void *arg, uint32_t noperators, double gradient,
	    double energy);
	void *arg;
};

/* The circuit, and its angles in *theta (c->nparams, for the caller to free).
 * -ENOMEM; -EDOM: not one operator has a gradient. c: VQE_CIRCUIT_INIT. */
int adapt_circuit(const struct adapt *a, const struct hamiltonian *h,
    struct vqe_circuit *c, double **theta);

#endif
