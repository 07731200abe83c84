/*
 * unitary.h - small dense unitary matrices: rows of re, im pairs.
 */
#ifndef QML_SIM_CIRCUIT_UNITARY_H
#define QML_SIM_CIRCUIT_UNITARY_H

#include <stdint.h>

#define UNITARY_MAX_DIM 32

/* m (dim x dim) becomes its power r on the principal branch: an eigenvalue
 * exp(i a), -pi < a <= pi, becomes exp(i r a); -1 within 1e-9 counts as
 * a = pi. -EDOM when m is not unitary within 1e-8. */
int unitary_power(double *m, uint32_t dim, double r);

/* a[0..3]: theta, phi, lambda, gamma with m = exp(i gamma) U(theta, phi,
 * lambda), U in Qiskit's phase. m: 2 x 2. */
void unitary_angles(const double *m, double a[static 4]);

#endif
