/*
 * dense.h - the oracle: a circuit as a product of full 2^n x 2^n matrices,
 * each written from the gate's definition. Slow, and shares nothing with sim.
 */
#ifndef QML_TESTS_SIM_CIRCUIT_DENSE_H
#define QML_TESTS_SIM_CIRCUIT_DENSE_H

#include <complex.h>
#include <stdint.h>

#include "sim/circuit/circuit.h"

#define DENSE_MAX_QUBITS 6
#define DENSE_MAX (1 << DENSE_MAX_QUBITS)

/* state[2^n] after the circuit, from state as given. */
void dense_run(const struct circuit *c, const double *theta,
    const double *features, double complex *state);

/* 1 - |<a|b>|^2, 0 when the two are equal up to a phase. */
double dense_distance(const double complex *a, const double complex *b,
    uint32_t nqubits);

#endif
