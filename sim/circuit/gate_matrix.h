/*
 * gate_matrix.h - a circuit's gates as matrices, by their definition: for what
 * needs phases or derivatives gate by gate. The batch engine does not.
 */
#ifndef QML_SIM_CIRCUIT_GATE_MATRIX_H
#define QML_SIM_CIRCUIT_GATE_MATRIX_H

#include <stdbool.h>

#include "sim/circuit/circuit.h"

/* Of the angle at these parameters and features. */
double gate_angle(const struct circuit_angle *a, const double *theta,
    const double *features);

/* m: rows of re, im pairs, 2^arity x 2^arity; bit j of an index is q[j]. */
void gate_matrix(enum circuit_op op, double angle, double *m);

/* d m / d angle; zeros if the gate has none. */
void gate_matrix_slope(enum circuit_op op, double angle, double *m);

#endif
