/*
 * vector_low.h - gates of vector.h on one of the lowest qubits, whose pairs of
 * amplitudes are a few places apart: one loop over all, not one for each run of
 * neighbours. The bits of the general loops.
 */
#ifndef QML_SIM_STATE_VECTOR_LOW_H
#define QML_SIM_STATE_VECTOR_LOW_H

#include <stdint.h>

#define VECTOR_LOW_QUBITS 3

/* Pairs first .. first + n - 1 of qubit target < VECTOR_LOW_QUBITS, both
 * multiples of 2^target. m: rows of re, im, as vector_gate has them. */
struct vector_low {
	double *re, *im;
	const double *m;
	uint32_t target;
	uint64_t first, n;
};

void vector_low_flip(const struct vector_low *l);
void vector_low_real(const struct vector_low *l);
void vector_low_dense(const struct vector_low *l);

#endif
