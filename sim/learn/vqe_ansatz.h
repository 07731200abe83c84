/*
 * vqe_ansatz.h - circuits whose angles an eigensolver looks for.
 *
 * Hardware efficient, layers L: RY, RZ with parameters 2 (l n + q) + 0, 1 on
 * each qubit, then CNOT(q, q + 1 mod n), L times; RY, RZ once more. Two qubits
 * have one CNOT.
 * Hamiltonian variational: with a field (terms on one qubit) the ground state
 * of the field, then per layer one angle for all terms of one letter, the
 * field's last; without, singlets on qubits 0 1, 2 3, .., then per layer one
 * angle for each set of disjoint pairs, the singlets' own last. An angle is
 * multiplied by coefficient / largest |coefficient| of its set, signs relative
 * to that one's.
 * uccsd.h and adapt.h have the others.
 */
#ifndef QML_SIM_LEARN_VQE_ANSATZ_H
#define QML_SIM_LEARN_VQE_ANSATZ_H

#include <stdint.h>

struct hamiltonian;
struct vqe_circuit;

/* c: VQE_CIRCUIT_INIT. -ENOMEM. */
int vqe_hea(struct vqe_circuit *c, uint32_t nqubits, uint32_t layers);

/* -EDOM: the Hamiltonian has terms of several letters, a field along Y, or
 * without a field terms that are no pairs. */
int vqe_hva(struct vqe_circuit *c, const struct hamiltonian *h,
    uint32_t layers);

#endif
