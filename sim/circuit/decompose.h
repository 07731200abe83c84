/*
 * decompose.h - any unitary of one or two qubits as gates that a circuit has:
 * RZ RY RZ, or at most six controlled turns and a diagonal. So whatever is no
 * gate of its own runs on the batch engine all the same, gradients included.
 */
#ifndef QML_SIM_CIRCUIT_DECOMPOSE_H
#define QML_SIM_CIRCUIT_DECOMPOSE_H

#include <stdint.h>

struct circuit;

/* q[n], n = 1 or 2; m: rows of re, im pairs, 2^n x 2^n, bit j of an index is
 * q[j]. Right up to a global phase. -EDOM: not unitary to 1e-9; -EINVAL: the
 * qubits; -ENOMEM. */
int decompose(struct circuit *c, const uint32_t *q, uint32_t n,
    const double *m);

#endif
