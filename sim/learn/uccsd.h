/*
 * uccsd.h - unitary coupled cluster with singles and doubles, one Trotter step
 * from Hartree-Fock.
 *
 * Excitations keep the spin of each electron: singles up, singles down, then
 * doubles up-up, down-down, up-down; occupied and empty orbitals ascend. Each
 * is exp(theta (T - T+)) exactly, as its Pauli strings commute; theta has the
 * period 2 pi.
 */
#ifndef QML_SIM_LEARN_UCCSD_H
#define QML_SIM_LEARN_UCCSD_H

#include <stddef.h>
#include <stdint.h>

#define UCCSD_MAX 4096 /* excitations */

struct hamiltonian;
struct pauli_sum;
struct vqe_circuit;

/* Generators G of turns exp(i theta G), strings of each commute. */
struct uccsd_pool {
	struct pauli_sum *items; /* owned */
	size_t n, cap;
};

#define UCCSD_POOL_INIT       \
	{                     \
		.items = NULL \
	}

/* G = -i (T - T+) of every excitation, in the Hamiltonian's mapping, whose
 * electrons must be known. -ENOMEM; -E2BIG. p: UCCSD_POOL_INIT. */
int uccsd_pool_init(struct uccsd_pool *p, const struct hamiltonian *h);
void uccsd_pool_close(struct uccsd_pool *p);

/* Takes *item. -ENOMEM; -E2BIG: and then closes it. */
int uccsd_pool_add(struct uccsd_pool *p, struct pauli_sum *item);

/* c: VQE_CIRCUIT_INIT. -EDOM: no electrons known, or nothing to excite. */
int uccsd_circuit(struct vqe_circuit *c, const struct hamiltonian *h);

#endif
